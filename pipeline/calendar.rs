//! Calendar months and civil dates, as the deliveries and the definitions use them.
//!
//! Knows nothing of clocks, files or tables: the only "today" in the program is the `--as-of` argument.

use std::fmt;
use std::str::FromStr;

use anyhow::Context;
use jiff::civil::{Date, DateTime};

/// A calendar month, ordered by time. Prints as `2026-01`; its [`number`](Month::number) is `202601`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month that holds a date.
    pub fn of(date: Date) -> Month {
        Month { year: date.year(), month: date.month() }
    }

    /// The month written as an integer, `year · 100 + month`: the form that tables hold in column `maaned`.
    pub fn number(self) -> i32 {
        i32::from(self.year) * 100 + i32::from(self.month)
    }

    /// The month that [`number`](Month::number) came from; `None` when there is no such month.
    pub fn from_number(number: i32) -> Option<Month> {
        let year = i16::try_from(number / 100).ok()?;
        let month = i8::try_from(number % 100).ok()?;
        Date::new(year, month, 1).ok().map(Month::of)
    }

    /// The first day of the month.
    pub fn first_day(self) -> Date {
        jiff::civil::date(self.year, self.month, 1)
    }

    /// The last day of the month.
    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }

    /// The month `n` months later (earlier when `n` is negative).
    pub fn plus(self, n: i32) -> Month {
        let index = i32::from(self.year) * 12 + i32::from(self.month) - 1 + n;
        // A year outside i16 cannot come from a checked date and a shift of some years.
        let year = i16::try_from(index.div_euclid(12)).unwrap_or(i16::MAX);
        let month = i8::try_from(index.rem_euclid(12) + 1).unwrap_or(1);
        Month { year, month }
    }

    /// Whole months from `earlier` to this month.
    pub fn since(self, earlier: Month) -> i32 {
        (i32::from(self.year) - i32::from(earlier.year)) * 12 + i32::from(self.month) - i32::from(earlier.month)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Month> {
        let wrong = || anyhow::anyhow!("'{text}' is not a month; write it as 2026-01");
        let (year, month) = text.split_once('-').ok_or_else(wrong)?;
        if year.len() != 4 || month.len() != 2 {
            return Err(wrong());
        }
        let year = year.parse().map_err(|_| wrong())?;
        let month = month.parse().map_err(|_| wrong())?;
        Date::new(year, month, 1).map(Month::of).map_err(|_| wrong())
    }
}

/// Days from 1970-01-01 to a date: how Parquet and Arrow store dates.
pub fn days_since_epoch(date: Date) -> i32 {
    const EPOCH: Date = jiff::civil::date(1970, 1, 1);
    (date - EPOCH).get_days()
}

/// The date that [`days_since_epoch`] came from; `None` beyond the calendar's range.
pub fn date_from_days(days: i32) -> Option<Date> {
    let span = jiff::Span::new().try_days(days).ok()?;
    jiff::civil::date(1970, 1, 1).checked_add(span).ok()
}

/// The last minute of a day: what a bare `--as-of` date means.
pub fn end_of(date: Date) -> DateTime {
    date.at(23, 59, 0, 0)
}

/// The run's time as it is written: a time (`2026-11-10T08:00`), or a date, which stands for its [last minute](end_of).
/// Both are civil, in Oslo.
pub fn as_of(text: &str) -> anyhow::Result<DateTime> {
    match text.parse::<Date>() {
        Ok(date) if text.len() == 10 => Ok(end_of(date)),
        _ => text.parse().context("write a date as 2026-11-10 or a time as 2026-11-10T08:00"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_shift_over_years_and_print_back() {
        let month: Month = "2026-01".parse().unwrap();
        assert_eq!(month.plus(-1).to_string(), "2025-12");
        assert_eq!(month.plus(11).to_string(), "2026-12");
        assert_eq!(month.plus(14).since(month), 14);
        assert_eq!(Month::from_number(month.number()), Some(month));
        assert_eq!(Month::from_number(202613), None);
        assert_eq!(month.last_day(), jiff::civil::date(2026, 1, 31));
    }

    #[test]
    fn only_the_written_form_is_a_month() {
        for text in ["2026-1", "2026", "2026-13", "202601", "26-01", ""] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }

    #[test]
    fn days_count_from_1970() {
        let date = jiff::civil::date(2026, 10, 31);
        assert_eq!(date_from_days(days_since_epoch(date)), Some(date));
        assert_eq!(days_since_epoch(jiff::civil::date(1970, 1, 2)), 1);
        // Beyond the calendar, and beyond what a span of days can hold.
        assert_eq!([3_000_000, 9_000_000, i32::MIN].map(date_from_days), [None; 3]);
    }

    #[test]
    fn a_bare_date_is_its_last_minute() {
        assert_eq!(as_of("2026-11-10").unwrap().to_string(), "2026-11-10T23:59:00");
        assert_eq!(as_of("2026-11-10T08:00").unwrap().to_string(), "2026-11-10T08:00:00");
        assert!(as_of("10.11.2026").is_err());
    }
}
