//! The periods that rows are about: `2026-08`, `2026-T2`, `2026`.
//!
//! Knows nothing of how a period is written for a reader. Tertials are those of definition A1.

use std::str::FromStr;

use crate::calendar::Month;

/// A month, a tertial or a year, ordered by time within its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Period {
    /// A calendar month.
    Month(Month),
    /// Four months from January, May or September, 1 to 3.
    Tertial {
        /// The calendar year.
        year: i16,
        /// 1, 2 or 3.
        number: i8,
    },
    /// A calendar year.
    Year(i16),
}

impl Period {
    /// The period `n` periods of the same kind later (earlier when `n` is negative).
    pub(super) fn plus(self, n: i32) -> Period {
        let year_of = |index: i32, in_a_year| i16::try_from(index.div_euclid(in_a_year)).unwrap_or(i16::MAX);
        match self {
            Period::Month(month) => Period::Month(month.plus(n)),
            Period::Tertial { .. } => {
                let index = self.index() + n;
                Period::Tertial { year: year_of(index, 3), number: index.rem_euclid(3) as i8 + 1 }
            }
            Period::Year(_) => Period::Year(year_of(self.index() + n, 1)),
        }
    }

    /// Whole periods from `earlier`, which is of the same kind, to this one.
    pub(super) fn since(self, earlier: Period) -> i32 {
        self.index() - earlier.index()
    }

    /// The calendar year.
    pub(super) fn year(self) -> i16 {
        match self {
            Period::Month(month) => month.first_day().year(),
            Period::Tertial { year, .. } | Period::Year(year) => year,
        }
    }

    /// The last month of the period.
    pub(super) fn last_month(self) -> Month {
        match self {
            Period::Month(month) => month,
            Period::Tertial { year, number } => Month::of(jiff::civil::date(year, number.clamp(1, 3) * 4, 1)),
            Period::Year(year) => Month::of(jiff::civil::date(year, 12, 1)),
        }
    }

    /// Whether two periods are of one kind, so that they can stand on one axis.
    pub(super) fn same_kind(self, other: Period) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }

    /// The distances between ticks that suit the kind, in ascending order.
    pub(super) fn strides(self) -> &'static [i32] {
        match self {
            Period::Month(_) => &[1, 2, 3, 6, 12, 24],
            Period::Tertial { .. } => &[1, 3, 6],
            Period::Year(_) => &[1, 2, 5, 10],
        }
    }

    fn index(self) -> i32 {
        match self {
            Period::Month(month) => i32::from(self.year()) * 12 + i32::from(month.first_day().month()) - 1,
            Period::Tertial { year, number } => i32::from(year) * 3 + i32::from(number) - 1,
            Period::Year(year) => i32::from(year),
        }
    }
}

impl FromStr for Period {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Period> {
        let wrong = || anyhow::anyhow!("not a period; write it as 2026-01, 2026-T1 or 2026");
        let year = |digits: &str| {
            let four = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|_| four).ok_or_else(wrong)
        };
        match text.split_once("-T") {
            Some((before, "1")) => Ok(Period::Tertial { year: year(before)?, number: 1 }),
            Some((before, "2")) => Ok(Period::Tertial { year: year(before)?, number: 2 }),
            Some((before, "3")) => Ok(Period::Tertial { year: year(before)?, number: 3 }),
            Some(_) => Err(wrong()),
            None if text.contains('-') => Ok(Period::Month(text.parse().map_err(|_| wrong())?)),
            None => Ok(Period::Year(year(text)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> Period {
        text.parse().unwrap()
    }

    #[test]
    fn only_the_three_written_forms_are_periods() {
        for text in ["2026-T0", "2026-T4", "26-T1", "2026-T", "2026-1", "2026-13", "202601", "x026", ""] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    #[test]
    fn periods_shift_over_years_within_their_kind() {
        assert_eq!(period("2026-T3").plus(1), period("2027-T1"));
        assert_eq!(period("2026-T1").plus(-4), period("2024-T3"));
        assert_eq!(period("2027-T1").since(period("2025-T3")), 4);
        assert_eq!(period("2026-11").plus(2), period("2027-01"));
        assert_eq!(period("2026").plus(-3).year(), 2023);
        assert!(period("2026-T2") > period("2026-T1") && !period("2026").same_kind(period("2026-01")));
    }

    #[test]
    fn a_period_ends_with_a_month() {
        let ends = ["2026-08", "2026-T1", "2026-T2", "2026-T3", "2026"].map(|text| period(text).last_month().number());
        assert_eq!(ends, [202_608, 202_604, 202_608, 202_612, 202_612]);
    }
}
