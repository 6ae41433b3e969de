//! The counties of the made-up TOO: codes before and after 2024, how many live there, and how long one waits.
//!
//! Codes and names are real; everything counted is of the right order and made up. Must not know courses.

/// 2024-01-01, when three counties were split into seven.
pub(super) const SPLIT: i32 = 19_723;

/// A county as it is from 2024 on; before that some shared a code.
pub(super) struct County {
    /// The code from 2024 on.
    pub(super) code: &'static str,
    /// The code from 2020 through 2023.
    before: &'static str,
    pub(super) name: &'static str,
    name_before: &'static str,
    /// Thousand persons in 2024.
    pub(super) thousands: u32,
    /// How much older than the nation the county is; negative when younger.
    pub(super) ageing: f64,
    /// Teams of psychologist and dentist.
    pub(super) teams: u32,
    /// Median days from referral to assessment.
    pub(super) assessment: f64,
    /// Median days from assessment to the team.
    pub(super) team: f64,
    /// Median days from the team to dental treatment.
    pub(super) treatment: f64,
}

impl County {
    /// The code that is valid on a day.
    pub(super) fn code_on(&self, day: i32) -> &'static str {
        if day < SPLIT { self.before } else { self.code }
    }

    /// The name that goes with [`code_on`](County::code_on).
    pub(super) fn name_on(&self, day: i32) -> &'static str {
        if day < SPLIT { self.name_before } else { self.name }
    }

    /// Whether the county shared a code before 2024.
    pub(super) fn was_split(&self) -> bool {
        self.code != self.before
    }
}

const VIKEN: Option<(&str, &str)> = Some(("30", "Viken"));
const VESTFOLD_OG_TELEMARK: Option<(&str, &str)> = Some(("38", "Vestfold og Telemark"));
const TROMS_OG_FINNMARK: Option<(&str, &str)> = Some(("54", "Troms og Finnmark"));

/// All counties, by code.
pub(super) const COUNTIES: [County; 15] = [
    county("03", None, "Oslo", 717, -0.5, 5, [44.0, 24.0, 21.0]),
    county("11", None, "Rogaland", 498, -0.2, 4, [410.0, 60.0, 48.0]),
    county("15", None, "Møre og Romsdal", 271, 0.2, 2, [880.0, 95.0, 70.0]),
    county("18", None, "Nordland", 243, 0.3, 4, [50.0, 30.0, 45.0]),
    county("31", VIKEN, "Østfold", 312, 0.2, 3, [210.0, 40.0, 30.0]),
    county("32", VIKEN, "Akershus", 728, -0.1, 5, [150.0, 35.0, 26.0]),
    county("33", VIKEN, "Buskerud", 270, 0.1, 3, [330.0, 55.0, 36.0]),
    county("34", None, "Innlandet", 376, 0.4, 4, [47.0, 22.0, 24.0]),
    county("39", VESTFOLD_OG_TELEMARK, "Vestfold", 256, 0.2, 3, [120.0, 28.0, 40.0]),
    county("40", VESTFOLD_OG_TELEMARK, "Telemark", 177, 0.3, 2, [260.0, 45.0, 33.0]),
    county("42", None, "Agder", 319, 0.0, 3, [360.0, 50.0, 42.0]),
    county("46", None, "Vestland", 651, 0.0, 6, [300.0, 42.0, 35.0]),
    county("50", None, "Trøndelag", 482, -0.1, 4, [180.0, 33.0, 28.0]),
    county("55", TROMS_OG_FINNMARK, "Troms", 170, 0.1, 3, [95.0, 38.0, 52.0]),
    county("56", TROMS_OG_FINNMARK, "Finnmark", 75, 0.1, 1, [520.0, 80.0, 90.0]),
];

const fn county(
    code: &'static str,
    shared: Option<(&'static str, &'static str)>,
    name: &'static str,
    thousands: u32,
    ageing: f64,
    teams: u32,
    [assessment, team, treatment]: [f64; 3],
) -> County {
    let (before, name_before) = match shared {
        Some(shared) => shared,
        None => (code, name),
    };
    County { code, before, name, name_before, thousands, ageing, teams, assessment, team, treatment }
}

/// The codes that are valid on a day, ascending, each with its name.
pub(super) fn codes_on(day: i32) -> Vec<(&'static str, &'static str)> {
    let mut codes: Vec<_> = COUNTIES.iter().map(|county| (county.code_on(day), county.name_on(day))).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::days_since_epoch;

    #[test]
    fn eleven_counties_become_fifteen_in_2024() {
        assert_eq!(SPLIT, days_since_epoch(jiff::civil::date(2024, 1, 1)));
        let before: Vec<&str> = codes_on(SPLIT - 1).into_iter().map(|(code, _)| code).collect();
        assert_eq!(before, ["03", "11", "15", "18", "30", "34", "38", "42", "46", "50", "54"]);
        let after: Vec<&str> = codes_on(SPLIT).into_iter().map(|(code, _)| code).collect();
        assert_eq!(after.len(), 15);
        assert!(after.iter().eq(COUNTIES.iter().map(|county| &county.code)));
        assert_eq!(COUNTIES.iter().map(|county| county.teams).sum::<u32>(), 52);
    }
}
