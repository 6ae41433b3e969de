//! Counties (B12), substances and groups (B11) and the control list (B9), from classed lines and the register, in the order of the
//! definitions.
//!
//! It must not know how a line got its class, what it cost, or what is hidden afterwards.

use std::collections::{BTreeMap, BTreeSet};

use super::Classed;
use super::csv::Month;
use super::deliveries::Lege;
pub use super::doctors::Count;
use super::doctors::{self, Window};
use super::fest::Archive;
use super::funnel::{self, Limits, Point};

/// Counties of 2024 (Klass 104); codes of before 2020 that became one of them; everything else is 99.
const COUNTIES: [i64; 15] = [3, 11, 15, 18, 31, 32, 33, 34, 39, 40, 42, 46, 50, 55, 56];
const MERGED: [(i64, i64); 6] = [(4, 34), (5, 34), (9, 42), (10, 42), (12, 46), (14, 46)];
const UNKNOWN: i64 = 99;

/// What each doctor of a spread is expected to reserve.
const SPREAD_EXPECTED: f64 = 1.0;

/// n and r per doctor.
pub type Doctors = BTreeMap<i64, Count>;

/// What the window and the one before it hold; the second is `None` when its months are not all there.
pub struct Areas {
    /// County → doctor, in the window.
    pub counties: BTreeMap<i64, Doctors>,
    /// Those that have prescriptions in the window's first month and in its last.
    pub lasting_counties: BTreeSet<i64>,
    pub now: Year,
    pub before: Option<Year>,
}

/// Twelve months.
pub struct Year {
    pub from: i32,
    pub to: i32,
    pub observed: Doctors,
    /// Group → doctor, and the group's substance in the last snapshot by the window's end.
    pub groups: BTreeMap<String, Doctors>,
    /// Groups with prescriptions in the first month, and in the last.
    edges: [BTreeSet<String>; 2],
    pub substance: BTreeMap<String, String>,
    /// Doctors who can be compared, with their limits.
    pub funnel: BTreeMap<i64, (Point, Limits)>,
}

/// `None` when there are no twelve months.
pub(super) fn areas(
    window: &Window,
    net: &[Classed],
    register: &[Lege],
    archive: &Archive,
    first: Month,
) -> Option<Areas> {
    if !window.complete {
        return None;
    }
    let earlier = Window { from: Month(window.from.0 - 12), to: Month(window.to.0 - 12), complete: true };
    let before = (first <= earlier.from).then(|| year(&earlier, net, archive));
    let now = year(window, net, archive);
    let mut counties: BTreeMap<i64, Doctors> = BTreeMap::new();
    let mut edges = [BTreeSet::new(), BTreeSet::new()];
    for line in headline(window, net) {
        let date = line.line.forskrivningsdato.unwrap_or(line.line.utleveringsdato);
        let of_doctor =
            |period: &&Lege| period.hpr == line.line.rekvirent_hpr && period.profesjon == "LE" && period.valid_on(date);
        let code = register.iter().find(of_doctor).and_then(|period| period.kommunenr).map(|kommune| kommune / 100);
        let merged = |code: i64| MERGED.iter().find(|(old, _)| *old == code).map_or(code, |(_, new)| *new);
        let county = code.map(merged).filter(|code| COUNTIES.contains(code)).unwrap_or(UNKNOWN);
        add(counties.entry(county).or_default(), line);
        on_edges(window, line, &county, &mut edges);
    }
    let lasting_counties = &edges[0] & &edges[1];
    Some(Areas { counties, lasting_counties, now, before })
}

fn headline<'n>(window: &Window, net: &'n [Classed]) -> impl Iterator<Item = &'n Classed<'n>> {
    let (from, to) = (window.from, window.to);
    net.iter().filter(move |net| {
        let month = Month::of(net.line.utleveringsdato);
        (from..=to).contains(&month) && net.group.is_some() && net.line.utlevering_nr == Some(1)
    })
}

fn add(doctors: &mut Doctors, net: &Classed) {
    let count = doctors.entry(net.line.rekvirent_hpr).or_default();
    count.n += 1;
    count.r += u64::from(net.line.reservasjon == 1);
}

/// Notes of what a line is, where it is in the window's first or last month.
fn on_edges<T: Ord + Clone>(window: &Window, net: &Classed, of: &T, edges: &mut [BTreeSet<T>; 2]) {
    let month = Month::of(net.line.utleveringsdato);
    for (edge, found) in [window.from, window.to].into_iter().zip(edges) {
        if month == edge {
            found.insert(of.clone());
        }
    }
}

fn year(window: &Window, net: &[Classed], archive: &Archive) -> Year {
    let counted = doctors::count(window, net, archive);
    let mut groups: BTreeMap<String, Doctors> = BTreeMap::new();
    let mut edges = [BTreeSet::new(), BTreeSet::new()];
    for line in headline(window, net) {
        let group = line.group.clone().unwrap_or_default();
        on_edges(window, line, &group, &mut edges);
        add(groups.entry(group).or_default(), line);
    }
    let point = |(hpr, count): (&i64, &Count)| (*hpr, Point { n: count.n, r: count.r, e: counted.expected[hpr] });
    let points: BTreeMap<i64, Point> = counted.observed.iter().map(point).collect();
    let limits = funnel::limits(&points);
    Year {
        from: window.from.0,
        to: window.to.0,
        observed: counted.observed,
        groups,
        edges,
        substance: archive.atc_of_groups(window.to.last_day()),
        funnel: limits.into_iter().map(|(hpr, limits)| (hpr, (points[&hpr], limits))).collect(),
    }
}

impl Year {
    /// The rows that a group counts in.
    fn keys(&self, group: &str) -> [(&'static str, String); 2] {
        let substance = self.substance.get(group).cloned().unwrap_or_else(|| "uten_atc".to_owned());
        [("byttegruppe", format!("{group:0>6}")), ("atc", substance)]
    }

    /// Rows with prescriptions in the first month and in the last. Of others, the next window less this one would be a month.
    pub fn lasting(&self) -> BTreeSet<(&'static str, String)> {
        let [first, last] = self
            .edges
            .each_ref()
            .map(|groups| -> BTreeSet<_> { groups.iter().flat_map(|group| self.keys(group)).collect() });
        &first & &last
    }

    /// Groups under their own codes, and substances as the sums of their groups.
    pub fn rows(&self) -> BTreeMap<(&'static str, String), Doctors> {
        let mut rows: BTreeMap<(&'static str, String), Doctors> = BTreeMap::new();
        for (group, doctors) in &self.groups {
            for key in self.keys(group) {
                let row = rows.entry(key).or_default();
                for (hpr, count) in doctors {
                    let sum = row.entry(*hpr).or_default();
                    sum.n += count.n;
                    sum.r += count.r;
                }
            }
        }
        rows
    }
}

pub fn sum(doctors: &Doctors) -> Count {
    doctors.values().fold(Count::default(), |sum, count| Count { n: sum.n + count.n, r: sum.r + count.r })
}

/// B11: τ² of the doctors who have enough to expect at the row's own rate, where there are `least` of them (50 by the
/// definition).
pub fn spread(doctors: &Doctors, least: usize) -> Option<f64> {
    let Count { n, r } = sum(doctors);
    let expected = |count: &Count| (count.n * r) as f64 / n as f64;
    let points: Vec<Point> = doctors
        .values()
        .map(|count| Point { n: count.n, r: count.r, e: expected(count) })
        .filter(|point| point.e >= SPREAD_EXPECTED)
        .collect();
    (points.len() >= least).then(|| funnel::spread(&points).1)
}

/// One listed doctor.
#[derive(Debug, PartialEq)]
pub struct Listed {
    pub hpr: i64,
    pub p: f64,
    pub q: f64,
}

/// B9. `cost` is each doctor's merutgift in the window, øre; its `percentile` among funnel doctors is asked for, 90 by the definition.
pub fn control_list(areas: &Areas, cost: &BTreeMap<i64, i64>, percentile: usize) -> Vec<Listed> {
    let Some(before) = &areas.before else { return Vec::new() };
    let funnel = &areas.now.funnel;
    let distance = |point: &Point, limits: &Limits| {
        let sigma = (limits.upper998.sqrt() - 1.0) / 3.090232;
        ((point.r as f64 / point.e).sqrt() - 1.0) / sigma
    };
    let p: Vec<(i64, f64)> =
        funnel.iter().map(|(hpr, (point, limits))| (*hpr, upper_tail(distance(point, limits)))).collect();
    let q = benjamini_hochberg(&p.iter().map(|(_, p)| *p).collect::<Vec<_>>());
    let mut costs: Vec<i64> = funnel.keys().map(|hpr| cost.get(hpr).copied().unwrap_or_default()).collect();
    costs.sort_unstable();
    let Some(least) = costs.get((percentile * costs.len()).div_ceil(100).saturating_sub(1)).copied() else {
        return Vec::new();
    };
    let outside = |funnel: &BTreeMap<i64, (Point, Limits)>, hpr: &i64| {
        funnel.get(hpr).is_some_and(|(point, limits)| point.r as f64 / point.e > limits.upper998)
    };
    p.into_iter()
        .zip(q)
        .filter(|((hpr, _), q)| {
            let own = cost.get(hpr).copied().unwrap_or_default();
            outside(funnel, hpr) && outside(&before.funnel, hpr) && own > 0 && own >= least && *q <= 0.05
        })
        .map(|((hpr, p), q)| Listed { hpr, p, q })
        .collect()
}

/// q in the order given: from the greatest p down, the least of p·m/rank so far.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut q = vec![1.0; p.len()];
    let mut least = 1.0_f64;
    for (rank, at) in order.iter().enumerate().rev() {
        least = least.min(p[*at] * p.len() as f64 / (rank + 1) as f64);
        q[*at] = least;
    }
    q
}

/// 1 − Φ(z), by the series of Φ near zero and by the continued fraction of Mills' ratio far from it.
pub fn upper_tail(z: f64) -> f64 {
    if z < 0.0 {
        return 1.0 - upper_tail(-z);
    }
    let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if z < 3.0 {
        // Φ(z) = 1/2 + φ(z) · (z + z³/3 + z⁵/(3·5) + …).
        let (mut term, mut sum, mut k) = (z, z, 1.0);
        while term > 1e-18 {
            k += 2.0;
            term *= z * z / k;
            sum += term;
        }
        return 0.5 - density * sum;
    }
    let fraction = (1..=200).rev().fold(z, |below, k| z + f64::from(k) / below);
    density / fraction
}

#[test]
fn p_and_q_agree_with_scipy() {
    use super::csv;
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kontroll.csv");
    let mut cases: BTreeMap<String, Vec<[f64; 3]>> = BTreeMap::new();
    csv::read(&path, |header, row| {
        let numbers = ["avstand", "p", "q"].map(|name| row.filled(header.required(name)).parse().unwrap());
        cases.entry(row.filled(header.required("fall")).to_owned()).or_default().push(numbers);
    });
    assert_eq!(cases.len(), 4);
    for (case, rows) in cases {
        let q = benjamini_hochberg(&rows.iter().map(|[_, p, _]| *p).collect::<Vec<_>>());
        for ([z, wanted_p, wanted_q], q) in rows.into_iter().zip(q) {
            let p = upper_tail(z);
            assert!((p - wanted_p).abs() <= 1e-9 * wanted_p.max(1e-9), "{case}: {p} and {wanted_p}");
            assert!((q - wanted_q).abs() <= 1e-9 * wanted_q, "{case}: {q} and {wanted_q}");
        }
    }
}
