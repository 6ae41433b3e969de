//! County codes over time, the county of an event in the structure of a later day (C6), and the health regions (D2).
//!
//! It must not know courses, waits or deliveries' completeness.

use jiff::civil::Date;

use super::deliveries::Unit;

/// Where a course is when its county after a split cannot be told: it counts in the nation only.
pub const UNKNOWN: &str = "99";

const FROM_2020: [&str; 11] = ["03", "11", "15", "18", "30", "34", "38", "42", "46", "50", "54"];
const FROM_2024: [&str; 15] =
    ["03", "11", "15", "18", "31", "32", "33", "34", "39", "40", "42", "46", "50", "55", "56"];
const SPLIT_IN_2024: [&str; 3] = ["30", "38", "54"];

/// The first day of the structure that a day is in; before 2024 it does not matter which.
pub fn structure_of(day: Date) -> Date {
    if day.year() < 2024 { Date::MIN } else { jiff::civil::date(2024, 1, 1) }
}

/// The county codes of a period that ends on `last`.
pub fn counties(last: Date) -> &'static [&'static str] {
    if last.year() < 2024 { &FROM_2020 } else { &FROM_2024 }
}

pub fn region(county: &str) -> &'static str {
    match county {
        "18" | "54" | "55" | "56" => "region_nord",
        "15" | "50" => "region_midt",
        "11" | "46" => "region_vest",
        "03" | "30" | "31" | "32" | "33" | "34" | "38" | "39" | "40" | "42" => "region_sorost",
        other => panic!("county {other} is in no region"),
    }
}

/// `fylkesnr` of an event in the structure of `day`; where the county was split since, the county of the unit on `day`.
pub fn county_on(fylkesnr: &str, enhet_orgnr: &str, day: Date, units: &[Unit]) -> String {
    let code = merged(fylkesnr);
    if day.year() < 2024 || !SPLIT_IN_2024.contains(&code) {
        assert!(counties(day).contains(&code), "county {fylkesnr} is not known on {day}");
        return code.to_owned();
    }
    let unit = units.iter().find(|unit| {
        unit.enhet_orgnr == enhet_orgnr && unit.gyldig_fra <= day && unit.gyldig_til.is_none_or(|last| day <= last)
    });
    let county = unit.map_or(UNKNOWN, |unit| unit.fylkesnr.as_str());
    if FROM_2024.contains(&county) { county.to_owned() } else { UNKNOWN.to_owned() }
}

/// The code after the mergers of 2018 and 2020.
fn merged(code: &str) -> &str {
    match code {
        "01" | "02" | "06" => "30",
        "04" | "05" => "34",
        "07" | "08" => "38",
        "09" | "10" => "42",
        "12" | "14" => "46",
        "16" | "17" => "50",
        "19" | "20" => "54",
        same => same,
    }
}
