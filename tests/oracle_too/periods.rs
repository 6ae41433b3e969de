//! The periods that figures are given for.
//!
//! It must not know what is counted.

use jiff::civil::Date;

use super::csv::Month;

#[derive(Clone, PartialEq, Debug)]
pub struct Period {
    pub periodetype: &'static str,
    pub periode: String,
    pub first: Date,
    pub last: Date,
}

/// Every period that lies wholly between `first` (a month) and the day before `as_of`. A rolling one ends with every month.
pub fn until(first: Month, as_of: Date) -> Vec<Period> {
    let mut periods = Vec::new();
    let mut month = first;
    while month.last_day() < as_of {
        let (year, number) = (month.0 / 12, month.0 % 12 + 1);
        let mut add = |periodetype, periode, months: i32| {
            let start = Month(month.0 - months + 1);
            if start >= first {
                periods.push(Period {
                    periodetype,
                    periode,
                    first: start.last_day().first_of_month(),
                    last: month.last_day(),
                });
            }
        };
        add("maaned", month.to_string(), 1);
        if number % 4 == 0 {
            add("tertial", format!("{year:04}-T{}", number / 4), 4);
        }
        if number == 12 {
            add("aar", format!("{year:04}"), 12);
        }
        add("rullerende12", month.to_string(), 12);
        month = Month(month.0 + 1);
    }
    periods
}
