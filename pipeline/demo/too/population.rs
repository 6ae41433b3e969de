//! Persons by county and age on 1 January, as Statistics Norway's table 07459 gives them in JSON-stat 2.
//!
//! The numbers are made up, and the label says so. Must not know courses.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use anyhow::Context;
use num_traits::ToPrimitive;
use serde_json::{Map, Value, json};

use crate::calendar::days_since_epoch;
use crate::demo::random::{count, index};

use super::county::{COUNTIES, County, codes_on};
use super::{Chance, Draw};

/// The last age group: this old and older.
const OLDEST: u32 = 105;

/// Persons of an age, relative to others, between which the rest lie on straight lines.
const PYRAMID: [(u32, f64); 12] = [
    (0, 1.0),
    (10, 1.15),
    (20, 1.25),
    (30, 1.4),
    (40, 1.3),
    (52, 1.38),
    (60, 1.23),
    (76, 0.93),
    (82, 0.52),
    (90, 0.16),
    (100, 0.01),
    (OLDEST, 0.002),
];

fn density(county: &County, age: u32) -> f64 {
    let after = PYRAMID.partition_point(|(knot, _)| *knot < age).max(1);
    let (left, right) = (PYRAMID[after - 1], PYRAMID[after]);
    let along = f64::from(age - left.0) / f64::from(right.0 - left.0);
    let nation = left.1 + (right.1 - left.1) * along;
    nation * (1.0 + county.ageing * (f64::from(age) - 40.0) / 100.0).max(0.2)
}

/// Persons of a county in a year, by age.
fn persons(chance: Chance, nth: usize, year: i16) -> Vec<u64> {
    let county = &COUNTIES[nth];
    let all: f64 = (0..=OLDEST).map(|age| density(county, age)).sum();
    let grown = f64::from(county.thousands) * 1000.0 * (1.0 + 0.008 * f64::from(year - 2024));
    let dice = &mut chance.dice(Draw::Population, &[u64::from(count(nth)), u64::from(year.unsigned_abs())]);
    (0..=OLDEST)
        .map(|age| (grown * density(county, age) / all * (0.98 + 0.04 * dice.unit())).round().to_u64().unwrap_or(0))
        .collect()
}

/// `befolkning` of these years, in one file. A county has no number in years when it was not there.
pub(super) fn json(chance: Chance, years: RangeInclusive<i16>) -> anyhow::Result<Vec<u8>> {
    let years: Vec<Year> = years.map(|year| Year::new(chance, year)).collect();
    let codes: BTreeMap<&str, &str> = years.iter().flat_map(|year| year.counties.clone()).collect();
    let (mut value, mut status) = (Vec::new(), Map::new());
    for code in codes.keys() {
        for age in 0..=OLDEST {
            for year in &years {
                let persons = year.persons(code, age);
                if persons.is_none() {
                    status.insert(value.len().to_string(), ".".into());
                }
                value.push(persons);
            }
        }
    }
    let ages: Vec<(String, String)> = (0..=OLDEST)
        .map(|age| match age {
            OLDEST => (format!("{age}+"), format!("{age} år eller eldre")),
            _ => (format!("{age:03}"), format!("{age} år")),
        })
        .collect();
    let names: Vec<String> = years.iter().map(|year| year.year.to_string()).collect();
    let last = names.last().context("no year of population")?;
    let dataset = json!({
        "version": "2.0",
        "class": "dataset",
        "label": "Syntetiske tall i formen til 07459: Befolkning, etter region, alder, statistikkvariabel og år",
        "source": "Syntetisk",
        "updated": format!("{last}-02-20T07:00:00Z"),
        "id": ["Region", "Alder", "ContentsCode", "Tid"],
        "size": [codes.len(), ages.len(), 1, years.len()],
        "role": { "time": ["Tid"], "geo": ["Region"], "metric": ["ContentsCode"] },
        "dimension": {
            "Region": { "label": "region", "category": category(codes.iter().map(|(code, name)| (*code, *name))) },
            "Alder": { "label": "alder", "category": category(ages.iter().map(|(code, label)| (&**code, &**label))) },
            "ContentsCode": {
                "label": "statistikkvariabel",
                "category": {
                    "index": { "Personer1": 0 },
                    "label": { "Personer1": "Personer" },
                    "unit": { "Personer1": { "base": "personer", "decimals": 0 } },
                },
            },
            "Tid": { "label": "år", "category": category(names.iter().map(|year| (&**year, &**year))) },
        },
        "value": value,
        "status": status,
    });
    Ok(serde_json::to_vec(&dataset)?)
}

/// A year's counties, and the persons of each part of them by age.
struct Year {
    year: i16,
    day: i32,
    counties: Vec<(&'static str, &'static str)>,
    parts: Vec<Vec<u64>>,
}

impl Year {
    fn new(chance: Chance, year: i16) -> Year {
        let day = days_since_epoch(jiff::civil::date(year, 1, 1));
        let parts = (0..COUNTIES.len()).map(|nth| persons(chance, nth, year)).collect();
        Year { year, day, counties: codes_on(day), parts }
    }

    /// Persons of an age in a county; absent when the code was not there.
    fn persons(&self, code: &str, age: u32) -> Option<u64> {
        self.counties.iter().find(|(known, _)| *known == code)?;
        let members = COUNTIES.iter().zip(&self.parts).filter(|(county, _)| county.code_on(self.day) == code);
        Some(members.map(|(_, persons)| persons[index(age)]).sum())
    }
}

fn category<'a>(codes: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Value {
    let index: Map<String, Value> =
        codes.clone().zip(0_u32..).map(|((code, _), at)| (code.into(), at.into())).collect();
    let label: Map<String, Value> = codes.map(|(code, label)| (code.into(), label.into())).collect();
    json!({ "index": index, "label": label })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nation_has_five_and_a_half_million_in_the_counties_of_each_year() {
        let data: Value = serde_json::from_slice(&json(Chance::new(1), 2023..=2024).unwrap()).unwrap();
        assert_eq!(data["size"], json!([18, 106, 1, 2]));
        let values = data["value"].as_array().unwrap();
        assert_eq!(values.len(), 18 * 106 * 2);
        assert_eq!(data["status"].as_object().unwrap().len(), (7 + 3) * 106);
        for (nth, regions) in [(0, 11), (1, 15)] {
            let of_year: Vec<Option<u64>> = values.iter().skip(nth).step_by(2).map(Value::as_u64).collect();
            let counties: Vec<&[Option<u64>]> = of_year.chunks(106).filter(|ages| ages[0].is_some()).collect();
            assert_eq!(counties.len(), regions);
            let sum = |from: usize| -> u64 { counties.iter().flat_map(|ages| &ages[from..]).map(|n| n.unwrap()).sum() };
            assert!((5_400_000..5_600_000).contains(&sum(0)), "{}", sum(0));
            assert!((4_000_000..4_400_000).contains(&sum(21)), "{}", sum(21));
        }
    }
}
