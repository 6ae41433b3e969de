//! `cron`: the times at which a delivery is due, in Oslo. Knows no clock: every question names a time.

use std::fmt;
use std::str::FromStr;

use croner::Cron;
use jiff::civil::DateTime;
use serde::Deserialize;

/// The time zone of every date and time in the program.
pub const OSLO: &str = "Europe/Oslo";

/// Times by a pattern of five fields: minute, hour, day of month, month, day of week (`0 6 10 * *`: 06:00 on every
/// 10th; `L` in the third field is the month's last day).
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Schedule {
    pattern: String,
    cron: Cron,
}

impl Schedule {
    /// The first time that is not before `from`. A time that the clock skips in spring is due when the clock has
    /// skipped; one that it shows twice in autumn is due the first time. Absent when there is none within centuries.
    pub fn first_from(&self, from: DateTime) -> Option<DateTime> {
        self.find(from, true)
    }

    /// The first time after `after`.
    pub fn first_after(&self, after: DateTime) -> Option<DateTime> {
        self.find(after, false)
    }

    /// The last time that is not after `until`.
    pub fn last_until(&self, until: DateTime) -> Option<DateTime> {
        let until = until.in_tz(OSLO).ok()?;
        self.cron.find_previous_occurrence(&until, true).ok().map(|time| time.datetime())
    }

    fn find(&self, from: DateTime, inclusive: bool) -> Option<DateTime> {
        let from = from.in_tz(OSLO).ok()?;
        self.cron.find_next_occurrence(&from, inclusive).ok().map(|time| time.datetime())
    }
}

impl TryFrom<String> for Schedule {
    type Error = String;

    fn try_from(pattern: String) -> Result<Schedule, String> {
        let wrong = |why: String| {
            format!("`cron`: {why}; write minute, hour, day of month, month and day of week, such as \"0 6 10 * *\"")
        };
        if pattern.split_whitespace().count() != 5 {
            return Err(wrong("the pattern has not five fields".to_owned()));
        }
        let cron = Cron::from_str(&pattern).map_err(|error| wrong(error.to_string()))?;
        let schedule = Schedule { pattern, cron };
        match schedule.first_from(jiff::civil::date(2026, 1, 1).at(0, 0, 0, 0)) {
            Some(_) => Ok(schedule),
            None => Err(wrong("there is no such day".to_owned())),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pattern)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schedule({})", self.pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(pattern: &str) -> Schedule {
        Schedule::try_from(pattern.to_owned()).unwrap()
    }

    fn time(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    #[test]
    fn due_times_by_months_and_their_ends() {
        let tenth = schedule("0 6 10 * *");
        assert_eq!(tenth.first_from(time("2026-11-10T06:00")), Some(time("2026-11-10T06:00")));
        assert_eq!(tenth.first_after(time("2026-11-10T06:00")), Some(time("2026-12-10T06:00")));
        assert_eq!(tenth.last_until(time("2026-11-10T05:59")), Some(time("2026-10-10T06:00")));
        assert_eq!(tenth.last_until(time("2026-11-10T06:00")), Some(time("2026-11-10T06:00")));
        // A day that some months lack, and the last day of each.
        let on_31st = schedule("0 6 31 * *");
        assert_eq!(on_31st.first_from(time("2026-09-01T00:00")), Some(time("2026-10-31T06:00")));
        let last_day = schedule("0 6 L * *");
        assert_eq!(last_day.first_from(time("2028-02-01T00:00")), Some(time("2028-02-29T06:00")));
        let year = schedule("0 6 1 3 *");
        assert_eq!(year.first_after(time("2026-03-01T06:00")), Some(time("2027-03-01T06:00")));
    }

    #[test]
    fn hours_that_the_clock_skips_or_shows_twice_are_due_once() {
        let night = schedule("30 2 * * *");
        // 29 March 2026: from 02:00 to 03:00. 25 October: 02:30 twice.
        assert_eq!(night.first_after(time("2026-03-28T02:30")), Some(time("2026-03-29T03:00")));
        assert_eq!(night.first_after(time("2026-03-29T03:00")), Some(time("2026-03-30T02:30")));
        assert_eq!(night.first_after(time("2026-10-24T02:30")), Some(time("2026-10-25T02:30")));
        assert_eq!(night.last_until(time("2026-10-25T23:59")), Some(time("2026-10-25T02:30")));
    }

    #[test]
    fn a_pattern_that_means_nothing_says_how_to_write_one() {
        for pattern in ["", "0 6 10 *", "0 0 6 10 * *", "61 6 * * *", "0 6 30 2 *", "tenth"] {
            let error = Schedule::try_from(pattern.to_owned()).unwrap_err();
            assert!(error.contains("such as \"0 6 10 * *\""), "{pattern}: {error}");
        }
    }
}
