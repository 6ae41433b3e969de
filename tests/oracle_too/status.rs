//! The table `too_fylke_status`: how far each county has delivered, and which of its courses have stood open for long (C2,
//! C6), by asking every course where it is by now.
//!
//! It must not know how events become courses, nor which months are complete.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::courses::Course;
use super::csv::{self, Month};
use super::deliveries::Unit;
use super::geography;
use super::waits::{self, PRELIMINARY_DAYS};

/// A row but for its county; all is absent where no month is complete.
pub type Status = BTreeMap<&'static str, Option<String>>;

const COUNTS: [&str; 4] = ["aapne", "aapne_over_12", "aapne_over_24", "uten_henvisning"];

/// Every county of today. `last_day` is the last day of the last month that is over.
pub fn table(
    courses: &[Course],
    complete_until: &BTreeMap<String, Date>,
    units: &[Unit],
    last_day: Date,
    as_of: Date,
) -> BTreeMap<String, Status> {
    let mut counts: BTreeMap<String, [i64; 4]> = BTreeMap::new();
    for course in waits::counted(courses) {
        let last = course.events.last().expect("a course has events");
        let county = geography::county_on(&last.fylkesnr, &last.enhet_orgnr, last_day, units);
        let Some(known) = complete_until.get(&county) else { continue };
        let is_open = course.m[5].is_none();
        let stood = |months: i32| is_open && course.m[0].is_some_and(|m0| m0 + months.months() < *known);
        let told = [is_open, stood(12), stood(24), course.uten_henvist()];
        let sums = counts.entry(county).or_default();
        for (sum, told) in sums.iter_mut().zip(told) {
            *sum += i64::from(told);
        }
    }
    let row = |county: &&str| {
        let known = complete_until.get(*county);
        let month = known.map(|day| Month::of(*day));
        let so_long = |month: &Month| as_of <= month.last_day() + Span::new().days(PRELIMINARY_DAYS);
        let preliminary = month.and_then(|last| (0..).map(|back| Month(last.0 - back)).take_while(so_long).last());
        let mut row = Status::from([
            ("komplett_til", month.map(|month| month.to_string())),
            ("forelopig_fra", preliminary.map(|month| month.to_string())),
            ("status", Some(if known.is_some() { "vist" } else { "mangler" }.to_owned())),
        ]);
        let sums = counts.get(*county).copied().unwrap_or_default();
        row.extend(COUNTS.iter().zip(sums).map(|(name, sum)| (*name, known.map(|_| sum.to_string()))));
        ((*county).to_owned(), row)
    };
    geography::counties(last_day).iter().map(row).collect()
}

/// One line per difference from the CSV of the table at `path`.
pub fn differences(wanted: &BTreeMap<String, Status>, path: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = wanted.clone();
    csv::read(path, |header, row| {
        let county = row.filled(header.required("fylkesnr"));
        let Some(own) = left.remove(county) else { return found.push(format!("{county} was not recomputed")) };
        for (name, wanted) in own {
            let published = row.text(header.required(name));
            if published != wanted.as_deref() {
                found.push(format!("{county}, {name}: recomputed {wanted:?}, published {published:?}"));
            }
        }
    });
    found.extend(left.keys().map(|county| format!("{county} has no row")));
    found
}
