//! Compares recomputed waits with those that were written as CSV, and says in words where they differ.
//!
//! It must not know how either side came about.

use std::collections::BTreeMap;
use std::path::Path;

use super::curves::Point;
use super::lists::{Lists, MEASURES};
use super::{Wait, csv};

const KEY: [&str; 6] = ["steg", "omraade", "periodetype", "periode", "populasjon", "pauser"];

/// One line per difference between `wanted` and the CSV at `path` (`;`, decimal point, full precision, empty = absent; columns
/// named like `Wait`'s fields, others are left alone; any order of rows). Counts and text must be equal, ratios and days agree to
/// 1e-9 relative.
pub fn differences(wanted: &[Wait], path: &Path) -> Vec<String> {
    let mut wanted: BTreeMap<String, &Wait> = wanted.iter().map(|wait| (key(wait), wait)).collect();
    let mut found = Vec::new();
    csv::read(path, |header, row| {
        let key = KEY.map(|name| row.filled(header.required(name))).join(" ");
        match wanted.remove(&key) {
            Some(wait) => found.extend(row_differences(wait, |name| row.text(header.required(name)))),
            None => found.push(format!("{key} is in the file but was not recomputed (or is there twice)")),
        }
    });
    found.extend(wanted.keys().map(|key| format!("{key} was recomputed but is not in the file")));
    found
}

/// What names a row: `steg omraade periodetype periode populasjon pauser`.
pub fn key(wait: &Wait) -> String {
    [wait.steg, &wait.omraade, wait.periodetype, &wait.periode, wait.populasjon, wait.pauser].join(" ")
}

fn row_differences<'a>(wait: &Wait, get: impl Fn(&str) -> Option<&'a str>) -> Vec<String> {
    let mut found = Vec::new();
    let mut check = |name: &str, wanted: Option<String>, equal: &dyn Fn(&str) -> bool| {
        let published = get(name);
        let same = match (&wanted, published) {
            (Some(_), Some(text)) => equal(text),
            (None, None) => true,
            _ => false,
        };
        if !same {
            let wanted = wanted.as_deref().unwrap_or("absent");
            let published = published.unwrap_or("absent");
            found.push(format!("{}, {name}: recomputed {wanted}, published {published}", key(wait)));
        }
    };
    check("status", Some(wait.status.to_owned()), &|text| text == wait.status);
    for (name, wanted) in [
        ("n", Some(wait.n)),
        ("over_8", wait.over_8),
        ("over_26", wait.over_26),
        ("over_52", wait.over_52),
        ("over_104", wait.over_104),
        ("over_208", wait.over_208),
        ("paa_pause", wait.paa_pause),
        ("n_fylker", wait.n_fylker),
        ("forelopig", Some(wait.forelopig)),
    ] {
        check(name, wanted.map(|count| count.to_string()), &|text| text.parse().ok() == wanted);
    }
    let days = |days: Option<i64>| days.map(|days| days as f64);
    for (name, wanted) in [
        ("gjennomsnitt", wait.gjennomsnitt),
        ("median", days(wait.median)),
        ("p80", days(wait.p80)),
        ("p90", days(wait.p90)),
        ("over_maal", wait.over_maal),
    ] {
        check(name, wanted.map(|ratio| ratio.to_string()), &|text| match (text.parse(), wanted) {
            (Ok(published), Some(wanted)) => close(published, wanted),
            _ => false,
        });
    }
    found
}

/// Equal to 1e-9 of the larger one; so 0 agrees with 0 only.
pub fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

/// The same for curves, of which each cohort has eight rows in `too_ventekurve` and one in `too_maaloppnaaelse`.
pub fn curve_differences(wanted: &[Point], curves: &Path, goals: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut points: BTreeMap<String, &Point> =
        wanted.iter().map(|point| (format!("{} {}", point.cohort, point.uker), point)).collect();
    csv::read(curves, |header, row| {
        let get = |name: &str| row.text(header.required(name));
        let key =
            ["steg", "omraade", "periodetype", "periode", "uker"].map(|name| get(name).unwrap_or_default()).join(" ");
        let Some(point) = points.remove(&key) else { return found.push(format!("{key} was not recomputed")) };
        let counts = [("n", point.n), ("i_fare", point.i_fare), ("naadd", point.naadd), ("andre", point.andre)];
        let counts = counts.map(|(name, count)| (name, Some(count)));
        for (name, count) in
            counts.into_iter().chain([("n_fylker", point.n_fylker), ("forelopig", Some(point.forelopig))])
        {
            if get(name).map(str::to_owned) != count.map(|count| count.to_string()) {
                found.push(format!("{key}, {name}: recomputed {count:?}, published {:?}", get(name)));
            }
        }
        let shares = [("andel_naadd", 0), ("andel_andre", 1), ("andel_venter", 2)];
        let shares = shares.map(|(name, at)| (name, point.shares.map(|shares| shares[at])));
        let limits = [("nedre", 0), ("ovre", 1)].map(|(name, at)| (name, point.limits.map(|limits| limits[at])));
        for (name, share) in shares.into_iter().chain(limits) {
            if !same(get(name), share) {
                found.push(format!("{key}, {name}: recomputed {share:?}, published {:?}", get(name)));
            }
        }
    });
    found.extend(points.keys().map(|key| format!("{key} is not published")));
    // The goal's point, or for a step without one any.
    let goal = |point: &&Point| point.uker * 7 == point.goal.unwrap_or(28);
    let mut cohorts: BTreeMap<&str, &Point> =
        wanted.iter().filter(goal).map(|point| (point.cohort.as_str(), point)).collect();
    csv::read(goals, |header, row| {
        let get = |name: &str| row.text(header.required(name));
        let key = ["steg", "omraade", "periodetype", "periode"].map(|name| get(name).unwrap_or_default()).join(" ");
        let Some(point) = cohorts.remove(key.as_str()) else { return found.push(format!("{key} was not recomputed")) };
        let reached = point.goal.map(|_| point.naadd);
        let median = point.median.map(|days| days.to_string());
        let within = point.goal.and(point.shares).map(|shares| shares[0]);
        if get("median").map(str::to_owned) != median
            || get("naadd_innen_maal").map(str::to_owned) != reached.map(|count| count.to_string())
            || get("n") != Some(&point.n.to_string())
            || !same(get("innen_maal"), within)
        {
            found.push(format!(
                "{key}: recomputed {reached:?} {within:?} {median:?}, published {:?}",
                get("innen_maal")
            ));
        }
    });
    found.extend(cohorts.keys().map(|key| format!("{key} is not published")));
    found
}

/// A share agrees; what is nothing may be some bits of it where doubles were added in another order.
fn same(published: Option<&str>, wanted: Option<f64>) -> bool {
    match (published.map(str::parse::<f64>), wanted) {
        (None, None) => true,
        (Some(Ok(published)), Some(wanted)) => close(published, wanted) || (published - wanted).abs() < 1e-15,
        _ => false,
    }
}

/// The same for lists.
pub fn list_differences(wanted: &Lists, path: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left: BTreeMap<&String, _> = wanted.iter().collect();
    csv::read(path, |header, row| {
        let get = |name: &str| row.text(header.required(name)).unwrap_or_default();
        let key = ["steg", "omraade", "periodetype", "periode"].map(get).join(" ");
        let Some(counts) = left.remove(&key) else { return found.push(format!("{key} was not recomputed")) };
        for measure in MEASURES {
            if get(measure) != counts[measure].to_string() {
                found.push(format!("{key}, {measure}: recomputed {}, published {}", counts[measure], get(measure)));
            }
        }
    });
    found.extend(left.keys().map(|key| format!("{key} is not published")));
    found
}
