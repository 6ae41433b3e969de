//! When a product's figures change for their readers (D4): the dates that were announced for the public, and the day of
//! the month for doctors.
//!
//! Knows dates as they are written; whether one has passed is a run's business.

use anyhow::{Context, ensure};
use jiff::civil::Date;

/// When a product's figures change. What is absent changes on every run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dates {
    /// The dates on which public figures change, first to last; at least one.
    pub public: Option<Vec<Date>>,
    /// `utgivelse = []`: dates that were announced are given up on purpose, and public figures change on every run.
    pub given_up: bool,
    /// The day of the month, 1–28, on which doctors' pages change.
    pub doctors: Option<i8>,
}

impl Dates {
    /// Whether figures wait for any date at all.
    pub fn is_any(&self) -> bool {
        self.public.is_some() || self.doctors.is_some()
    }

    pub(super) fn check(public: Option<&[String]>, doctors: Option<i8>) -> anyhow::Result<Dates> {
        if let Some(day) = doctors {
            ensure!((1..=28).contains(&day), "`lege_dag` is {day}; write a day that every month has, 1 to 28");
        }
        let given_up = public.is_some_and(<[String]>::is_empty);
        let public = public.filter(|written| !written.is_empty()).map(dates).transpose()?;
        Ok(Dates { public, given_up, doctors })
    }
}

fn dates(written: &[String]) -> anyhow::Result<Vec<Date>> {
    let mut dates: Vec<Date> = Vec::new();
    for text in written {
        let date = text.parse::<Date>().ok().filter(|date| date.to_string() == *text);
        let date = date.with_context(|| format!("`utgivelse`: \"{text}\" is no date; write it as \"2026-12-01\""))?;
        if let Some(before) = dates.last() {
            ensure!(*before < date, "`utgivelse`: {date} stands after {before}; write each date once, first to last");
        }
        dates.push(date);
    }
    Ok(dates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(dates: &[&str]) -> Result<usize, String> {
        let written: Vec<String> = dates.iter().map(|date| (*date).to_owned()).collect();
        let checked = Dates::check(Some(&written), None).map_err(|error| error.to_string())?;
        Ok(checked.public.map_or(0, |dates| dates.len()))
    }

    #[test]
    fn dates_are_real_sorted_and_written_once() {
        assert_eq!(check(&["2026-12-01", "2027-02-02"]), Ok(2));
        for (wrong, message) in [
            (&["2026-13-01"][..], "\"2026-13-01\" is no date"),
            (&["1. desember"], "is no date"),
            (&["2027-02-02", "2026-12-01"], "2026-12-01 stands after 2027-02-02"),
            (&["2026-12-01", "2026-12-01"], "write each date once"),
        ] {
            let error = check(wrong).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn an_empty_list_says_that_dates_are_given_up_and_no_list_says_nothing() {
        let dates = |public: Option<&[String]>| Dates::check(public, None).unwrap();
        assert_eq!((dates(Some(&[])).public, dates(Some(&[])).given_up), (None, true));
        assert_eq!(dates(None), Dates::default());
    }

    #[test]
    fn doctors_pages_change_on_a_day_that_every_month_has() {
        assert!(Dates::check(None, Some(28)).is_ok());
        assert!([0, 29, -1].into_iter().all(|day| Dates::check(None, Some(day)).is_err()));
    }
}
