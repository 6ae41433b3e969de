//! The units that treat: one delivery of `enhet`, with the county each belonged to and when.
//!
//! Organisation numbers are valid and begin with 3, as no real one does. Must not know courses.

use std::collections::BTreeSet;

use crate::calendar::days_since_epoch;

use super::county::{COUNTIES, SPLIT};
use super::{Chance, Draw};
use crate::demo::random::{count, index};
use crate::demo::text;

/// What a unit does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Psychologist and dentist: from referral to the end of the team.
    Team,
    /// Dental treatment after it.
    Clinic,
}

struct Unit {
    orgnr: u64,
    role: Role,
    from: i32,
    /// The last day, if there is one.
    to: Option<i32>,
}

/// All units, by county.
pub(super) struct Units(Vec<Vec<Unit>>);

/// Clinics per team.
const CLINICS: u32 = 3;

impl Units {
    pub(super) fn new(chance: Chance) -> Units {
        let start = days_since_epoch(jiff::civil::date(2020, 1, 1));
        let mut used = BTreeSet::new();
        let of_county = |nth: usize| {
            let county = &COUNTIES[nth];
            let units = county.teams * (1 + CLINICS);
            (0..units)
                .map(|number| {
                    let dice = &mut chance.dice(Draw::Unit, &[u64::from(count(nth)), u64::from(number)]);
                    let mut orgnr = orgnr(30_000_000 + dice.below(10_000_000));
                    while !used.insert(orgnr) {
                        orgnr = self::orgnr(30_000_000 + dice.below(10_000_000));
                    }
                    let role = if number < county.teams { Role::Team } else { Role::Clinic };
                    // The first team of a county is always there; the last clinic of a split one ends with 2023.
                    let (from, to) = match dice.below(100) {
                        _ if number == 0 => (start, None),
                        _ if number + 1 == units && county.was_split() => (start, Some(SPLIT - 1)),
                        0..10 => (start + dice.between(400, 1700), None),
                        10..18 => (start, Some(start + dice.between(700, 2300))),
                        _ => (start, None),
                    };
                    Unit { orgnr, role, from, to }
                })
                .collect()
        };
        Units((0..COUNTIES.len()).map(of_county).collect())
    }

    /// The unit of a course in a county: always the same one, or the first team when that one is closed.
    pub(super) fn on(&self, county: usize, role: Role, day: i32, course: u64) -> u64 {
        let units = &self.0[county];
        let of_role: Vec<&Unit> = units.iter().filter(|unit| unit.role == role).collect();
        let place = crate::demo::random::scale(course, count(of_role.len()));
        let open = |unit: &Unit| unit.from <= day && unit.to.is_none_or(|to| day <= to);
        match of_role.get(index(place)) {
            Some(unit) if open(unit) => unit.orgnr,
            _ => units.first().map_or(0, |unit| unit.orgnr),
        }
    }

    /// The delivery, as it was known on the day `last`.
    pub(super) fn csv(&self, last: i32) -> Vec<u8> {
        let mut out = b"enhet_orgnr;fylkesnr;gyldig_fra;gyldig_til\n".to_vec();
        for (county, units) in COUNTIES.iter().zip(&self.0) {
            for unit in units {
                let end = unit.to.unwrap_or(i32::MAX);
                let spans = match county.was_split() {
                    true => vec![(unit.from, end.min(SPLIT - 1)), (unit.from.max(SPLIT), end)],
                    false => vec![(unit.from, end)],
                };
                for (from, to) in spans.into_iter().filter(|(from, to)| from <= to && *from <= last) {
                    text::whole(&mut out, unit.orgnr);
                    out.push(b';');
                    out.extend_from_slice(county.code_on(from).as_bytes());
                    out.push(b';');
                    text::date(&mut out, from);
                    out.push(b';');
                    if to <= last {
                        text::date(&mut out, to);
                    }
                    out.push(b'\n');
                }
            }
        }
        out
    }
}

/// The number with its check digit (mod 11), of these eight digits or the first after them that has one.
pub(in crate::demo) fn orgnr(eight: u32) -> u64 {
    const WEIGHTS: [u32; 8] = [2, 3, 4, 5, 6, 7, 2, 3];
    let mut digits = eight;
    loop {
        let mut left = digits;
        let sum: u32 = WEIGHTS
            .iter()
            .map(|weight| {
                let digit = left % 10;
                left /= 10;
                weight * digit
            })
            .sum();
        match (11 - sum % 11) % 11 {
            10 => digits += 1,
            check => return u64::from(digits) * 10 + u64::from(check),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_register() {
        // Directorates of health and of public health, and two counties.
        for known in [983_544_622, 983_744_516, 930_580_694, 971_045_698] {
            assert_eq!(orgnr(known / 10), u64::from(known));
        }
    }

    #[test]
    fn a_unit_of_a_split_county_has_a_row_under_each_code() {
        let units = Units::new(Chance::new(1));
        let csv = String::from_utf8(units.csv(SPLIT + 1000)).unwrap();
        let in_viken: Vec<&str> = csv.lines().filter(|line| line.contains(";30;")).collect();
        assert!(in_viken.iter().all(|line| line.split(';').next_back().is_some_and(|to| !to.is_empty())));
        let gone = in_viken.iter().filter(|line| csv.matches(&line[..9]).count() == 1).count();
        assert!((3..in_viken.len() / 2).contains(&gone), "{gone} of {}", in_viken.len());
    }
}
