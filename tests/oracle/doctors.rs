//! Each doctor's figures for the 12-month window: rate, expected count, ratio and their intervals (A2, B5, B6, B12).
//!
//! It must not know how a line got its class.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::csv::Month;
use super::deliveries::Lege;
use super::fest::Archive;
use super::funnel::{self, Point};
use super::{Classed, Doctor, Extra, Limits};

/// The standard normal quantile of 0.975 as the definitions print it.
const Z: f64 = 1.959964;

/// A stratum needs at least so many lines and so many doctors.
const STRATUM_LINES: u64 = 500;
const STRATUM_DOCTORS: usize = 20;

/// The 12 months that end with the last one that is delivered and over.
pub struct Window {
    pub from: Month,
    pub to: Month,
    /// False when history begins later than `from`.
    pub complete: bool,
}

impl Window {
    pub fn contains(&self, date: Date) -> bool {
        (self.from..=self.to).contains(&Month::of(date))
    }
}

/// Absent when no delivered month is over before `as_of`.
pub fn window(delivered: &BTreeSet<Month>, as_of: Date) -> Option<Window> {
    for (month, next) in delivered.iter().zip(delivered.iter().skip(1)) {
        assert_eq!(month.0 + 1, next.0, "a gap between the delivered months {month} and {next}");
    }
    let to = *delivered.iter().rfind(|month| month.last_day() < as_of)?;
    let from = Month(to.0 - 11);
    Some(Window { from, to, complete: delivered.contains(&from) })
}

/// A line that counts in the headline, with what B5 and B6 ask of it.
struct Headline<'a> {
    hpr: i64,
    group: &'a str,
    reserved: bool,
}

/// n and r of some lines.
#[derive(Clone, Copy, Default)]
pub struct Count {
    pub n: u64,
    pub r: u64,
}

impl Count {
    pub fn add(&mut self, other: Self) {
        self.n += other.n;
        self.r += other.r;
    }
}

/// Headline lines per stratum and doctor.
type Strata = BTreeMap<String, BTreeMap<i64, Count>>;

/// What the window holds of each doctor, whoever is in the register.
pub struct Counted {
    /// False when `utlevering_nr` is missing on some line of the grunnlag, so that dispensings are counted.
    pub prescriptions: bool,
    /// n and r; nobody without n.
    pub observed: BTreeMap<i64, Count>,
    /// E of everybody in `observed`.
    pub expected: BTreeMap<i64, f64>,
    /// n and r per doctor and byttegruppe.
    pub groups: BTreeMap<(i64, String), Count>,
    /// n and r of the stratum of each byttegruppe.
    pub strata: BTreeMap<String, Count>,
    dispensings: BTreeMap<i64, u64>,
    /// n and r of what was prescribed in the last three months.
    latest: BTreeMap<i64, Count>,
    /// Of the lines that n counts, those that the patient and the pharmacy reserved; and those by virkestoff beside it.
    beside: BTreeMap<i64, Beside>,
}

/// What stands beside the headline.
#[derive(Clone, Copy, Default)]
pub struct Beside {
    patient: u64,
    pharmacy: u64,
    by_substance: u64,
}

/// Counts the lines of the window.
pub fn count(window: &Window, net: &[Classed], archive: &Archive) -> Counted {
    let in_window: Vec<&Classed> = net.iter().filter(|net| window.contains(net.line.utleveringsdato)).collect();
    // `utlevering_nr` missing on one line of the grunnlag: nobody's first dispensings can be told, so all are counted.
    let prescriptions = in_window.iter().all(|net| net.group.is_none() || net.line.utlevering_nr.is_some());
    let mut headline = Vec::new();
    let mut dispensings: BTreeMap<i64, u64> = BTreeMap::new();
    for Classed { line, group, .. } in &in_window {
        let Some(group) = group else { continue };
        *dispensings.entry(line.rekvirent_hpr).or_default() += 1;
        if !prescriptions || line.utlevering_nr == Some(1) {
            headline.push(Headline { hpr: line.rekvirent_hpr, group, reserved: line.reservasjon == 1 });
        }
    }
    let (expected, strata) = expected(&headline, &archive.atc_of_groups(window.to.last_day()));
    let mut groups: BTreeMap<(i64, String), Count> = BTreeMap::new();
    for line in &headline {
        groups.entry((line.hpr, line.group.to_owned())).or_default().add(one(line));
    }
    let mut observed: BTreeMap<i64, Count> = BTreeMap::new();
    for line in &headline {
        observed.entry(line.hpr).or_default().add(one(line));
    }
    let mut latest: BTreeMap<i64, Count> = BTreeMap::new();
    for Classed { line, group, .. } in &in_window {
        let prescribed = Month::of(line.forskrivningsdato.unwrap_or(line.utleveringsdato));
        let counts = group.is_some() && (!prescriptions || line.utlevering_nr == Some(1));
        if counts && prescribed.0 > window.to.0 - 3 {
            latest.entry(line.rekvirent_hpr).or_default().add(Count { n: 1, r: u64::from(line.reservasjon == 1) });
        }
    }
    let mut beside: BTreeMap<i64, Beside> = BTreeMap::new();
    for Classed { line, class, group, .. } in &in_window {
        let counts = !prescriptions || line.utlevering_nr == Some(1);
        let of_doctor = beside.entry(line.rekvirent_hpr).or_default();
        of_doctor.patient += u64::from(counts && group.is_some() && line.reservasjon == 2);
        of_doctor.pharmacy += u64::from(counts && group.is_some() && line.reservasjon == 3);
        of_doctor.by_substance += u64::from(counts && *class == "virkestoff");
    }
    Counted { prescriptions, observed, expected, groups, strata, dispensings, latest, beside }
}

/// One row per doctor with a page.
pub fn figures(
    window: &Window,
    net: &[Classed],
    extras: &[Extra],
    counted: &Counted,
    register: &[Lege],
    limits: &Limits,
) -> Vec<Doctor> {
    let Counted { prescriptions, observed, expected, dispensings, latest, beside, .. } = counted;
    let prescriptions = *prescriptions;
    let point = |hpr: &i64| {
        let Count { n, r } = observed.get(hpr).copied().unwrap_or_default();
        Point { n, r, e: expected.get(hpr).copied().unwrap_or_default() }
    };
    let funnel = funnel::limits(&observed.keys().map(|hpr| (*hpr, point(hpr))).collect());
    let last_day = window.to.last_day();
    let mut costs: BTreeMap<i64, (i64, u64, u64)> = BTreeMap::new();
    for extra in extras.iter().filter(|extra| window.contains(extra.utleveringsdato)) {
        let (ore, without, unusual) = costs.entry(extra.hpr).or_default();
        *ore += extra.ore.unwrap_or_default();
        *without += u64::from(extra.rule == 0);
        *unusual += u64::from(extra.unusual);
    }
    let mut outside: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for net in net.iter().filter(|net| window.contains(net.line.utleveringsdato) && net.class != "grunnlag") {
        let (before, others) = outside.entry(net.line.rekvirent_hpr).or_default();
        *(if net.class == "ikke_lege" { before } else { others }) += 1;
    }
    let in_window = net.iter().filter(|net| window.contains(net.line.utleveringsdato));
    let with_lines: BTreeSet<i64> = in_window.map(|net| net.line.rekvirent_hpr).collect();
    let registered: BTreeSet<i64> =
        register.iter().filter(|period| period.valid_on(last_day)).map(|period| period.hpr).collect();
    let pages = with_lines.intersection(&registered).filter(|hpr| !matches!(hpr, 0 | 999_999_999));
    pages
        .map(|hpr| {
            let blank = Doctor {
                rekvirent_hpr: *hpr,
                fra_maaned: window.from.to_string(),
                til_maaned: window.to.to_string(),
                status: "mangler".to_owned(),
                ..Doctor::default()
            };
            if !window.complete {
                return blank;
            }
            let Count { n, r } = observed.get(hpr).copied().unwrap_or_default();
            let Beside { patient, pharmacy, by_substance } = beside.get(hpr).copied().unwrap_or_default();
            let (ore, without, unusual) = costs.get(hpr).copied().unwrap_or_default();
            let counted = Doctor {
                skrevet_siste: Some(latest.get(hpr).copied().unwrap_or_default().n),
                reservert_siste: Some(latest.get(hpr).copied().unwrap_or_default().r),
                merutgift: Some(ore),
                uten_referanse: Some(without),
                avvikende_pris: Some(unusual),
                reservert_pasient: Some(patient),
                reservert_apotek: Some(pharmacy),
                virkestoff: Some(by_substance),
                utleveringer_ikke_lege: Some(outside.get(hpr).copied().unwrap_or_default().0),
                utleveringer_andre: Some(outside.get(hpr).copied().unwrap_or_default().1),
                vurdering: funnel::verdict(&point(hpr), None, None),
                forskrivninger: prescriptions.then_some(n),
                reservert: Some(r),
                utleveringer: Some(dispensings.get(hpr).copied().unwrap_or_default()),
                ..blank
            };
            if n == 0 {
                return counted;
            }
            let e = expected[hpr];
            let chance = prescriptions.then(|| wilson(n, r));
            let sr_chance =
                (prescriptions && e > 0.0).then(|| limits.of(r)).map(|(lower, upper)| (lower / e, upper / e));
            let own = funnel.get(hpr);
            Doctor {
                reservasjonsgrad: Some(r as f64 / n as f64),
                nedre: chance.map(|(lower, _)| lower),
                ovre: chance.map(|(_, upper)| upper),
                forventet: Some(e),
                standardisert_ratio: (e > 0.0).then(|| r as f64 / e),
                sr_nedre: sr_chance.map(|(lower, _)| lower),
                sr_ovre: sr_chance.map(|(_, upper)| upper),
                trakt95_nedre: own.map(|limits| limits.lower95),
                trakt95_ovre: own.map(|limits| limits.upper95),
                trakt998_ovre: own.map(|limits| limits.upper998),
                vurdering: funnel::verdict(&point(hpr), own, sr_chance),
                skiller_seg: sr_chance.map(|(lower, upper)| u64::from(lower > 1.0 || upper < 1.0)),
                status: "vist".to_owned(),
                ..counted
            }
        })
        .collect()
}

fn one(line: &Headline) -> Count {
    Count { n: 1, r: u64::from(line.reserved) }
}

/// B5: what each doctor would have reserved at the national rate of each stratum, and the stratum of each group.
fn expected(
    headline: &[Headline],
    atc_of_groups: &BTreeMap<String, String>,
) -> (BTreeMap<i64, f64>, BTreeMap<String, Count>) {
    let mut groups = Strata::new();
    for line in headline {
        groups.entry(line.group.to_owned()).or_default().entry(line.hpr).or_default().add(one(line));
    }
    let (mut strata, failed) = split(groups);
    let mut by_atc = Strata::new();
    let mut rest = Strata::new();
    // Where each group's lines are: itself, its ATC code or the rest.
    let mut stratum_of: BTreeMap<String, String> =
        strata.keys().map(|group| (group.clone(), format!("byttegruppe {group}"))).collect();
    for (group, doctors) in failed {
        match atc_of_groups.get(&group) {
            Some(atc) => {
                merge(&mut by_atc, atc, doctors);
                stratum_of.insert(group, format!("atc {atc}"));
            }
            None => {
                merge(&mut rest, "øvrige", doctors);
                stratum_of.insert(group, "øvrige".to_owned());
            }
        }
    }
    let (large, small) = split(by_atc);
    for (atc, doctors) in small {
        merge(&mut rest, "øvrige", doctors);
        let name = format!("atc {atc}");
        stratum_of.values_mut().filter(|stratum| **stratum == name).for_each(|stratum| "øvrige".clone_into(stratum));
    }
    // Codes of groups and ATC codes are not compared any more, so they must not meet either.
    strata = strata.into_iter().map(|(code, doctors)| (format!("byttegruppe {code}"), doctors)).collect();
    strata.extend(large.into_iter().map(|(code, doctors)| (format!("atc {code}"), doctors)));
    strata.extend(rest);

    let mut expected = BTreeMap::new();
    let mut totals: BTreeMap<&str, Count> = BTreeMap::new();
    for (name, doctors) in &strata {
        let mut all = Count::default();
        doctors.values().for_each(|count| all.add(*count));
        for (hpr, count) in doctors {
            *expected.entry(*hpr).or_default() += count.n as f64 * all.r as f64 / all.n as f64;
        }
        totals.insert(name, all);
    }
    let stratum_of = stratum_of.into_iter().map(|(group, stratum)| (group, totals[stratum.as_str()])).collect();
    (expected, stratum_of)
}

/// The strata that pass the test, and those that do not.
fn split(strata: Strata) -> (Strata, Strata) {
    strata.into_iter().partition(|(_, doctors)| {
        let lines: u64 = doctors.values().map(|count| count.n).sum();
        let largest = doctors.values().map(|count| count.n).max().unwrap_or_default();
        lines >= STRATUM_LINES && doctors.len() >= STRATUM_DOCTORS && 2 * largest <= lines
    })
}

fn merge(strata: &mut Strata, name: &str, doctors: BTreeMap<i64, Count>) {
    let into = strata.entry(name.to_owned()).or_default();
    for (hpr, count) in doctors {
        into.entry(hpr).or_default().add(count);
    }
}

/// B6: Wilson's limits of r / n. They are exactly 0 and 1 at the ends, where the subtraction would leave a rest.
fn wilson(n: u64, r: u64) -> (f64, f64) {
    let (rate, lines) = (r as f64 / n as f64, n as f64);
    let below = 1.0 + Z * Z / lines;
    let middle = rate + Z * Z / (2.0 * lines);
    let half = Z * (rate * (1.0 - rate) / lines + Z * Z / (4.0 * lines * lines)).sqrt();
    let lower = if r == 0 { 0.0 } else { (middle - half) / below };
    let upper = if r == n { 1.0 } else { (middle + half) / below };
    (lower, upper)
}

#[test]
fn wilson_agrees_with_the_fixture() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/intervaller_wilson.csv");
    let mut cases = 0;
    super::csv::read(&path, |_, row| {
        let (lower, upper) = wilson(row.filled(0).parse().unwrap(), row.filled(1).parse().unwrap());
        for (found, at) in [(lower, 2), (upper, 3)] {
            let wanted: f64 = row.filled(at).parse().unwrap();
            assert!(super::compare::close(found, wanted), "{}: {found} and {wanted}", row.place);
        }
        cases += 1;
    });
    assert!(cases > 50);
}
