//! Compares recomputed waits with those that were written as CSV, and says in words where they differ.
//!
//! It must not know how either side came about.

use std::collections::BTreeMap;
use std::path::Path;

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
