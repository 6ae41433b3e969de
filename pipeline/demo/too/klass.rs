//! Statistics Norway's county codes (104) from 2020 on and centrality (128), as Klass gives codes and changes in JSON.
//!
//! Codes and names are those of the made-up counties, and a municipality is the more central the more doctors it has; the notes
//! say that the file is made up. Must not know courses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::calendar::days_since_epoch;

use super::super::names::MUNICIPALITIES;
use super::county::{COUNTIES, SPLIT, codes_on};

/// First day of the structure before the split, and of the one after it.
const FROM: [&str; 2] = ["2020-01-01", "2024-01-01"];

const NOTES: &str = "Syntetisk fil i formen til Klass";

/// `klass_104_koder`.
pub(super) fn codes() -> anyhow::Result<Vec<u8>> {
    let [before, after] = structures();
    let all: BTreeMap<&str, &str> = before.iter().chain(&after).map(|(code, name)| (*code, *name)).collect();
    let code = |(code, name): (&&str, &&str)| {
        let from = if before.contains_key(code) { FROM[0] } else { FROM[1] };
        let to = if after.contains_key(code) { Value::Null } else { FROM[1].into() };
        json!({
            "code": code, "parentCode": null, "level": "1", "name": name, "shortName": "", "notes": NOTES,
            "validFromInRequestedRange": from, "validToInRequestedRange": to,
        })
    };
    Ok(serde_json::to_vec(&json!({ "codes": all.iter().map(code).collect::<Vec<Value>>() }))?)
}

/// `klass_104_endringer`.
pub(super) fn changes() -> anyhow::Result<Vec<u8>> {
    let split = COUNTIES.iter().filter(|county| county.was_split());
    let pairs: BTreeSet<[&str; 4]> = split
        .map(|county| {
            let names = [county.name_on(SPLIT - 1), county.name_on(SPLIT)];
            [county.code_on(SPLIT - 1), names[0], county.code_on(SPLIT), names[1]]
        })
        .collect();
    let change = |[old, old_name, new, new_name]: &[&str; 4]| {
        json!({
            "oldCode": old, "oldName": old_name, "newCode": new, "newName": new_name, "changeOccurred": FROM[1],
            "notes": NOTES,
        })
    };
    Ok(serde_json::to_vec(&json!({ "codeChanges": pairs.iter().map(change).collect::<Vec<Value>>() }))?)
}

/// The least weight of its doctors that puts a municipality in class 1, 2, … 5; the rest is class 6.
const CENTRAL: [u32; 5] = [300, 90, 50, 30, 18];

/// `klass_128_koder`: the classes, and each municipality below its class.
pub(super) fn centrality() -> anyhow::Result<Vec<u8>> {
    let code = |code: String, parent: Option<String>, level: &str, name: String| {
        json!({
            "code": code, "parentCode": parent, "level": level, "name": name, "shortName": "", "notes": NOTES,
            "validFromInRequestedRange": FROM[1], "validToInRequestedRange": null,
        })
    };
    let classes = (1..=CENTRAL.len() + 1).map(|class| code(class.to_string(), None, "1", format!("Klasse {class}")));
    let municipalities = MUNICIPALITIES.iter().map(|(number, weight)| {
        let class = 1 + CENTRAL.iter().filter(|least| weight < *least).count();
        code(format!("{number:04}"), Some(class.to_string()), "2", format!("Kommune {number:04}"))
    });
    Ok(serde_json::to_vec(&json!({ "codes": classes.chain(municipalities).collect::<Vec<Value>>() }))?)
}

/// Code → name, before the split and from it on.
fn structures() -> [BTreeMap<&'static str, &'static str>; 2] {
    let before = days_since_epoch(jiff::civil::date(2020, 1, 1));
    [before, SPLIT].map(|day| codes_on(day).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_municipality_is_below_one_of_six_classes_and_each_class_has_some() {
        let data: Value = serde_json::from_slice(&centrality().unwrap()).unwrap();
        let codes = data["codes"].as_array().unwrap();
        let level = |wanted: &str| codes.iter().filter(|row| row["level"] == wanted).collect::<Vec<_>>();
        let (classes, municipalities) = (level("1"), level("2"));
        assert_eq!((classes.len(), municipalities.len()), (6, MUNICIPALITIES.len()));
        for class in classes {
            assert!(municipalities.iter().any(|row| row["parentCode"] == class["code"]), "{class}");
        }
        let oslo = municipalities.iter().find(|row| row["code"] == "0301").unwrap();
        assert_eq!(oslo["parentCode"], "1");
    }

    #[test]
    fn each_county_is_there_from_its_first_day_to_its_last() {
        let data: Value = serde_json::from_slice(&codes().unwrap()).unwrap();
        let codes = data["codes"].as_array().unwrap();
        assert_eq!(codes.len(), 18);
        let of = |code: &str| {
            let found = codes.iter().find(|row| row["code"] == code).unwrap();
            ["name", "validFromInRequestedRange", "validToInRequestedRange"].map(|key| found[key].clone())
        };
        assert_eq!(of("30"), [json!("Viken"), json!("2020-01-01"), json!("2024-01-01")]);
        assert_eq!(of("31"), [json!("Østfold"), json!("2024-01-01"), Value::Null]);
        assert_eq!(of("03"), [json!("Oslo"), json!("2020-01-01"), Value::Null]);
        let data: Value = serde_json::from_slice(&changes().unwrap()).unwrap();
        assert_eq!(data["codeChanges"].as_array().unwrap().len(), 7);
    }
}
