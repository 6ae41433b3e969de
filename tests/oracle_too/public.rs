//! What `too_ventetid_offentlig` may show (D1, D2), by a second route: recomputed waits beside the published file, and an
//! attack with everything that is shown.
//!
//! It must not know the pipeline. What is held back with a small cell is a choice of the project: a whole level (the
//! counties of a region, the regions, the nation) for a year of ended waits, or for a day of those who wait.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::lists::Lists;
use super::{Wait, compare, csv, geography};

const SMALLEST: i64 = 5;
/// What is counted: all, those over the goal, those over 8, 26, 52, 104 and 208 weeks.
const MEASURES: [&str; 7] = ["n", "over_maal", "over_8", "over_26", "over_52", "over_104", "over_208"];

/// A published row: column → text, absent when hidden.
type Shown = BTreeMap<String, Option<String>>;

/// What does not hold of the file at `path`, given the true waits and lists; and how many figures are shown.
pub fn faults(waits: &[Wait], lists: &Lists, path: &Path) -> (Vec<String>, usize) {
    let published = read(path);
    let mut found = Vec::new();
    let mut n_shown = 0;
    let wanted: BTreeMap<String, &Wait> =
        waits.iter().filter(|wait| is_published(wait)).map(|wait| (compare::key(wait), wait)).collect();
    found.extend(wanted.keys().filter(|key| !published.contains_key(*key)).map(|key| format!("{key} has no row")));
    // Where regions are published, the unknown county is what the nation has more than they.
    let unknown = waits.iter().filter(|wait| wait.omraade == geography::UNKNOWN && wait.periodetype == "tertial");
    let unknown = unknown.filter(|wait| wait.steg != "narkose");
    let counties = counties(waits);
    let with = WithPauses::of(waits);
    let mut groups = groups(wanted.values().copied().chain(unknown), &with);
    groups.extend(few_left(lists));
    for (key, row) in &published {
        let Some(wait) = wanted.get(key) else {
            found.push(format!("{key} is finer than D2 allows"));
            continue;
        };
        for fault in row_faults(wait, row, &groups, &counties, &with) {
            found.push(format!("{key}: {fault}"));
        }
        n_shown += row.values().filter(|value| value.is_some()).count();
    }
    found.extend(leaks(waits, &published));
    (found, n_shown)
}

fn read(path: &Path) -> BTreeMap<String, Shown> {
    let text = std::fs::read_to_string(path).unwrap();
    let names: Vec<&str> = text.lines().next().unwrap().split(';').collect();
    let mut rows = BTreeMap::new();
    csv::read(path, |header, row| {
        let of = |name: &str| row.text(header.required(name)).map(str::to_owned);
        let key = ["steg", "omraade", "periodetype", "periode", "populasjon", "pauser"];
        let figures = MEASURES.iter().chain(&["gjennomsnitt", "median", "p80", "p90"]);
        let shown = figures.filter(|name| names.contains(name)).map(|name| ((*name).to_owned(), of(name))).collect();
        assert!(rows.insert(key.map(|name| of(name).unwrap()).join(" "), shown).is_none());
    });
    rows
}

fn is_county(wait: &Wait) -> bool {
    wait.omraade.len() == 2 && wait.omraade != geography::UNKNOWN
}

/// D2; narkose is for the nation alone; rolling years of ended waits overlap two years and are held back altogether.
fn is_published(wait: &Wait) -> bool {
    if wait.steg == "narkose" && wait.omraade != "landet" {
        return false;
    }
    match wait.periodetype {
        "maaned" => wait.omraade == "landet",
        "tertial" => is_county(wait) || wait.omraade.starts_with("region_"),
        "aar" => is_county(wait),
        _ => {
            let ends_tertial = ["04", "08", "12"].contains(&&wait.periode[5..]);
            is_county(wait) && wait.populasjon == "ventende" && ends_tertial
        }
    }
}

/// The count behind a measure; absent where the row has none.
fn count(wait: &Wait, measure: &str) -> Option<i64> {
    let whole = |n: u64| i64::try_from(n).unwrap();
    match measure {
        "n" => Some(whole(wait.n)),
        "over_maal" => wait.over_maal.map(|share| format!("{:.0}", share * wait.n as f64).parse().unwrap()),
        "over_8" => wait.over_8.map(whole),
        "over_26" => wait.over_26.map(whole),
        "over_52" => wait.over_52.map(whole),
        "over_104" => wait.over_104.map(whole),
        _ => wait.over_208.map(whole),
    }
}

fn is_small(n: i64) -> bool {
    (1..SMALLEST).contains(&n)
}

/// The row with pauses that a row without stands beside.
struct WithPauses<'a>(BTreeMap<String, &'a Wait>);

impl<'a> WithPauses<'a> {
    fn of(waits: &'a [Wait]) -> WithPauses<'a> {
        WithPauses(waits.iter().filter(|wait| wait.pauser == "med").map(|wait| (compare::key(wait), wait)).collect())
    }

    fn beside(&self, wait: &Wait) -> Option<&'a Wait> {
        let key = compare::key(wait);
        key.strip_suffix("uten").and_then(|key| self.0.get(&format!("{key}med")).copied())
    }
}

/// D1 for a count: itself, and what is left of any count before it; the difference is who waited between the two limits.
/// The counts with pauses come before those without: the difference is who is over a limit for a pause.
fn hides(wait: &Wait, measure: &str, with: &WithPauses<'_>) -> bool {
    let Some(own) = count(wait, measure) else { return false };
    let at = MEASURES.iter().position(|name| *name == measure).unwrap();
    let before = MEASURES[..at].iter().filter_map(|name| count(wait, name));
    let with_pauses = with.beside(wait).into_iter();
    let with_pauses = with_pauses.flat_map(|wait| MEASURES[..=at].iter().filter_map(|name| count(wait, name)));
    is_small(own) || before.chain(with_pauses).any(|before| is_small(before - own))
}

/// The last day (ventende) or the year (avviklet) that ties cells together.
fn tie(wait: &Wait) -> String {
    if wait.populasjon == "avviklet" { wait.periode[..4].to_owned() } else { last_month(wait) }
}

/// `2026-04`, the month in which a period ends.
fn last_month(wait: &Wait) -> String {
    match wait.periodetype {
        "tertial" => format!("{}-{:02}", &wait.periode[..4], 4 * wait.periode[6..].parse::<u32>().unwrap()),
        "aar" => format!("{}-12", wait.periode),
        _ => wait.periode.clone(),
    }
}

fn level(wait: &Wait) -> &str {
    level_of(&wait.omraade)
}

fn level_of(area: &str) -> &str {
    match area {
        // What the nation has more than its regions.
        "landet" | geography::UNKNOWN => "landet",
        area if area.starts_with("region_") => "regioner",
        county => geography::region(county),
    }
}

fn group(wait: &Wait, level: &str, measure: &str) -> String {
    [wait.steg, wait.populasjon, wait.pauser, level, &tie(wait), measure].join(" ")
}

/// The groups of ended waits that would tell, with the year's referred and those who wait before and after it, that few left
/// the list otherwise.
fn few_left(lists: &Lists) -> BTreeSet<String> {
    let mut left: BTreeMap<(&str, String, &str), i64> = BTreeMap::new();
    for (key, counts) in lists {
        let fields: Vec<&str> = key.split(' ').collect();
        let [steg, area, "aar", year] = fields[..] else { continue };
        if !["m0_m1", "m0_m4"].contains(&steg) || area == geography::UNKNOWN {
            continue;
        }
        let rest = counts["inngaaende"] + counts["kommet_til"] - counts["naadd"] - counts["utgaaende"];
        *left.entry((steg, area.to_owned(), year)).or_default() += rest;
        if area != "landet" {
            *left.entry((steg, geography::region(area).to_owned(), year)).or_default() += rest;
        }
    }
    let mut found = BTreeSet::new();
    for ((steg, area, year), _) in left.iter().filter(|(_, rest)| is_small(rest.abs())) {
        for pauses in ["med", "uten"] {
            found.insert([steg, "avviklet", pauses, level_of(area), year, "n"].join(" "));
        }
    }
    found
}

/// The groups in which a count is small.
fn groups<'a>(waits: impl Iterator<Item = &'a Wait>, with: &WithPauses<'_>) -> BTreeSet<String> {
    let mut small = BTreeSet::new();
    for wait in waits {
        for measure in MEASURES.iter().filter(|measure| hides(wait, measure, with)) {
            small.insert(group(wait, level(wait), measure));
        }
    }
    small
}

/// The counties that count, by kind of period and period.
fn counties(waits: &[Wait]) -> BTreeMap<(&str, &str), BTreeSet<&str>> {
    let mut counties: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for wait in waits.iter().filter(|wait| is_county(wait)) {
        counties.entry((wait.periodetype, &wait.periode)).or_default().insert(&wait.omraade);
    }
    counties
}

/// `2026-T2`, the tertial of a month.
fn tertial(month: &str) -> String {
    format!("{}-T{}", &month[..4], month[5..].parse::<u32>().unwrap().div_ceil(4))
}

/// Whether a month of the nation has other counties than its tertial, or than that tertial's last month so far.
fn has_other_counties(wait: &Wait, counties: &BTreeMap<(&str, &str), BTreeSet<&str>>) -> bool {
    let own = tertial(&wait.periode);
    let last = || {
        let months = counties.iter().filter(|((kind, month), _)| *kind == "maaned" && tertial(month) == own);
        months.map(|(_, counties)| counties).next_back()
    };
    let of_tertial = counties.get(&("tertial", own.as_str())).or_else(last);
    of_tertial.is_some_and(|of_tertial| counties.get(&("maaned", wait.periode.as_str())) != Some(of_tertial))
}

fn row_faults(
    wait: &Wait,
    row: &Shown,
    small: &BTreeSet<String>,
    counties: &BTreeMap<(&str, &str), BTreeSet<&str>>,
    with: &WithPauses<'_>,
) -> Vec<String> {
    let mut found = Vec::new();
    if wait.populasjon == "avviklet" && wait.omraade == "landet" && has_other_counties(wait, counties) {
        let shown = row.iter().filter(|(_, value)| value.is_some());
        found.extend(shown.map(|(name, _)| format!("{name} is shown, and other counties count than in the tertial")));
        return found;
    }
    let shown = |name: &str| row[name].as_deref();
    let tied = |measure: &str| {
        let levels = if level(wait) == "landet" { vec!["landet"] } else { vec![level(wait), "regioner"] };
        levels.iter().any(|level| small.contains(&group(wait, level, measure)))
    };
    for measure in MEASURES {
        let Some(own) = count(wait, measure) else {
            found.extend(shown(measure).map(|text| format!("{measure} {text} where there is none")));
            continue;
        };
        let enough = measure != "over_maal" || wait.n >= 5;
        match shown(measure) {
            Some(_) if hides(wait, measure, with) || !enough => found.push(format!("{measure} is shown, and is small")),
            Some(text) => {
                let (number, share) = (text.parse::<f64>().unwrap(), own as f64 / wait.n as f64);
                let wanted = if measure == "over_maal" { share } else { own as f64 };
                if !compare::close(number, wanted) {
                    found.push(format!("{measure} is {text} and should be {wanted}"));
                }
            }
            None if enough && !tied(measure) && !tied("n") => found.push(format!("{measure} is hidden needlessly")),
            None => {}
        }
    }
    let wide = !is_county(wait);
    let weeks = |days: Option<f64>| days.map(|days| (days / 7.0).round() * 7.0);
    let days = |days: Option<i64>| days.map(|days| days as f64);
    for (name, truth, least) in [
        ("gjennomsnitt", wait.gjennomsnitt, if wide { 20 } else { u64::MAX }),
        ("median", days(wait.median), 10),
        ("p80", days(wait.p80), 25),
        ("p90", days(wait.p90), 50),
    ] {
        let wanted = weeks(truth).filter(|_| wait.n >= least && !tied("n"));
        let number = shown(name).map(|text| text.parse::<f64>().unwrap());
        if wanted != number {
            found.push(format!("{name} is {number:?} and should be {wanted:?}"));
        }
    }
    found
}

/// A count that somebody may want to know: `steg populasjon pauser measure`, then `omraade periodetype periode`.
type Cell = (String, String);

/// Small counts that follow from what is shown: sums of areas and of periods solved for what is missing, again and again;
/// then differences between the counts of one row.
fn leaks(waits: &[Wait], published: &BTreeMap<String, Shown>) -> Vec<String> {
    let mut truth: BTreeMap<Cell, i64> = BTreeMap::new();
    let mut known: BTreeSet<Cell> = BTreeSet::new();
    for wait in waits {
        for measure in MEASURES {
            let Some(own) = count(wait, measure) else { continue };
            let cell = (
                [wait.steg, wait.populasjon, wait.pauser, measure].join(" "),
                [&wait.omraade, wait.periodetype, &wait.periode].join(" "),
            );
            let row = published.get(&compare::key(wait));
            if row.is_some_and(|row| row[measure].is_some() && (measure != "over_maal" || row["n"].is_some())) {
                known.insert(cell.clone());
            }
            truth.insert(cell, own);
        }
    }
    let sums = sums(waits, &truth);
    loop {
        let mut solved = Vec::new();
        for sum in &sums {
            let mut unknown = sum.iter().filter(|cell| !known.contains(*cell));
            if let (Some(cell), None) = (unknown.next(), unknown.next()) {
                solved.push(cell.clone());
            }
        }
        if solved.is_empty() {
            break;
        }
        known.extend(solved);
    }
    let mut found = months_less_regions(waits, &truth, &known);
    found.extend(pauses(&truth, &known));
    let mut rows: BTreeMap<(String, String), Vec<(usize, i64)>> = BTreeMap::new();
    for (what, place) in &known {
        let (row, measure) = what.rsplit_once(' ').unwrap();
        let at = MEASURES.iter().position(|name| *name == measure).unwrap();
        let own = truth[&(what.clone(), place.clone())];
        rows.entry((row.to_owned(), place.clone())).or_default().push((at, own));
        if is_small(own) {
            found.push(format!("{what} {place} follows from what is shown, and is small"));
        }
    }
    for ((row, place), mut counts) in rows {
        counts.sort_unstable();
        for (at, (from, more)) in counts.iter().enumerate() {
            for (to, fewer) in counts[at + 1..].iter().filter(|(_, fewer)| is_small(more - fewer)) {
                let names = (MEASURES[*from], MEASURES[*to], more, fewer);
                found.push(format!("{row} {place}: {names:?} differ by a small count"));
            }
        }
    }
    found
}

/// Who is over a limit with pauses, and not over it, or over a higher one, without.
fn pauses(truth: &BTreeMap<Cell, i64>, known: &BTreeSet<Cell>) -> Vec<String> {
    let mut found = Vec::new();
    for (what, place) in known.iter().filter(|(what, _)| what.contains(" uten ")) {
        let (row, measure) = what.rsplit_once(' ').unwrap();
        let at = MEASURES.iter().position(|name| *name == measure).unwrap();
        for before in &MEASURES[..=at] {
            let with = (format!("{} {before}", row.replace("uten", "med")), place.clone());
            let more = known.contains(&with).then(|| truth[&with] - truth[&(what.clone(), place.clone())]);
            found.extend(more.filter(|more| is_small(*more)).map(|_| format!("{what} {place}: {before} with pauses")));
        }
    }
    found
}

/// What the nation's four months have more than the regions in their tertial is what a county has that came or went in it.
fn months_less_regions(waits: &[Wait], truth: &BTreeMap<Cell, i64>, known: &BTreeSet<Cell>) -> Vec<String> {
    let mut found = Vec::new();
    for wait in waits.iter().filter(|wait| wait.populasjon == "avviklet" && wait.omraade == "landet") {
        if wait.periodetype != "tertial" {
            continue;
        }
        for measure in MEASURES {
            let what = [wait.steg, wait.populasjon, wait.pauser, measure].join(" ");
            let sum = |places: Vec<String>| -> Option<i64> {
                let cells =
                    places.into_iter().map(|place| (what.clone(), place)).filter(|cell| truth.contains_key(cell));
                cells.map(|cell| known.contains(&cell).then(|| truth[&cell])).sum()
            };
            let last: u32 = last_month(wait)[5..].parse().unwrap();
            let year = &wait.periode[..4];
            let months = sum((last - 3..=last).map(|month| format!("landet maaned {year}-{month:02}")).collect());
            let regions = ["region_nord", "region_midt", "region_vest", "region_sorost"];
            let regions = sum(regions.map(|region| format!("{region} tertial {}", wait.periode)).to_vec());
            if let (Some(months), Some(regions)) = (months, regions)
                && is_small(months - regions)
            {
                found.push(format!("{what} {}: the nation's months less the regions are small", wait.periode));
            }
        }
    }
    found
}

/// Cells where the first is the sum of the others, as far as that is so: counties in a region, regions in the nation,
/// tertials in a year, months in a tertial; and the same stock under several periods.
fn sums(waits: &[Wait], truth: &BTreeMap<Cell, i64>) -> Vec<Vec<Cell>> {
    let mut sums = Vec::new();
    let mut add = |what: &str, whole: String, parts: Vec<String>| {
        let cell = |place: String| (what.to_owned(), place);
        let cells: Vec<Cell> = std::iter::once(whole).chain(parts).map(cell).collect();
        let values: Option<Vec<i64>> = cells.iter().map(|cell| truth.get(cell).copied()).collect();
        // Where a county came or went in between, the parts are not those of the whole.
        if values.is_some_and(|values| values.len() > 1 && values[0] == values[1..].iter().sum::<i64>()) {
            sums.push(cells);
        }
    };
    for wait in waits {
        for measure in MEASURES.iter().filter(|measure| count(wait, measure).is_some()) {
            let what = [wait.steg, wait.populasjon, wait.pauser, measure].join(" ");
            let (area, year) = (&wait.omraade, &wait.periode[..4]);
            let own = [area, wait.periodetype, &wait.periode].join(" ");
            let in_period = |area: &str| format!("{area} {} {}", wait.periodetype, wait.periode);
            let there = |area: &str| truth.contains_key(&(what.clone(), in_period(area)));
            let ends = last_month(wait);
            if wait.periodetype == "tertial" && area == "landet" {
                let regions = ["region_nord", "region_midt", "region_vest", "region_sorost", geography::UNKNOWN];
                let parts = regions.into_iter().filter(|area| there(area)).map(in_period).collect();
                add(&what, own.clone(), parts);
                if wait.populasjon == "avviklet" {
                    let last: u32 = ends[5..].parse().unwrap();
                    let months = (last - 3..=last).map(|month| format!("landet maaned {year}-{month:02}"));
                    add(&what, own.clone(), months.collect());
                }
            } else if wait.periodetype == "tertial" && area.starts_with("region_") {
                let all = geography::counties(format!("{ends}-01").parse().unwrap()).iter();
                let parts = all.filter(|county| geography::region(county) == area && there(county));
                add(&what, own.clone(), parts.map(|county| in_period(county)).collect());
            } else if wait.periodetype == "aar" && wait.populasjon == "avviklet" {
                add(&what, own.clone(), (1..=3).map(|t| format!("{area} tertial {year}-T{t}")).collect());
            }
            if wait.populasjon == "ventende" && wait.periodetype != "maaned" {
                add(&what, own, vec![format!("{area} maaned {ends}")]);
            }
        }
    }
    sums
}
