//! What the newest delivery of a source is of, by the names of the files in force: all of it, or county by county.
//!
//! Knows no due times. A period that begins after the run's date counts for nothing: it is a slip in a name, and would
//! hide that nothing comes.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::calendar::Month;
use crate::contract::{self, Contract, Partition};
use crate::lake::State;

/// What a delivery is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// A year.
    Year(i16),
    /// A month.
    Month(Month),
    /// All that was known on a date.
    Date(Date),
}

impl Period {
    fn first_day(self) -> Option<Date> {
        match self {
            Period::Year(year) => Date::new(year, 1, 1).ok(),
            Period::Month(month) => Some(month.first_day()),
            Period::Date(date) => Some(date),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Period::Year(year) => write!(f, "{year}"),
            Period::Month(month) => write!(f, "{month}"),
            Period::Date(date) => write!(f, "{date}"),
        }
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What the newest delivery in force is of. Of several kinds that are delivered apart, the one that is furthest behind.
pub(super) fn last(contract: &Contract, state: &State, as_of: Date) -> Option<Period> {
    let deliveries = state.deliveries.get(&contract.source)?;
    let periods = deliveries.iter().filter_map(|(partition, delivery)| match contract.partition {
        Partition::Snapshot => snapshot_date(partition),
        _ => period(contract.partition, &contract.file_name.read(&delivery.file).ok()?.period),
    });
    let periods = periods.filter(|period| period.first_day().is_some_and(|first| first <= as_of));
    if contract.partition == Partition::LatestOfKind { periods.min() } else { periods.max() }
}

/// Where counties deliver apart, what the newest delivery of each is of. A file of several counties stands for all of
/// them; a county that has never delivered a file of its own is not known here, and one that is no longer a county
/// delivers no more.
pub(super) fn by_county(contract: &Contract, state: &State, as_of: Date) -> BTreeMap<String, Period> {
    let mut newest: BTreeMap<String, Period> = BTreeMap::new();
    if contract.partition != Partition::Delivery {
        return newest;
    }
    let deliveries = state.deliveries.get(&contract.source).into_iter().flatten();
    for (_, delivery) in deliveries {
        let named = contract.file_name.read(&delivery.file).map(|named| named.period).unwrap_or_default();
        let Some((county, month)) = contract::county_and_month(&named) else { continue };
        if month.first_day() <= as_of {
            let newest = newest.entry(county.to_owned()).or_insert(Period::Month(month));
            *newest = (*newest).max(Period::Month(month));
        }
    }
    let of_several = newest.remove(contract::SEVERAL_COUNTIES);
    let counties = contract::county_codes_on(as_of);
    newest.retain(|county, _| county.parse().is_ok_and(|code| counties.contains(&code)));
    if let Some(of_several) = of_several {
        newest.values_mut().for_each(|newest| *newest = (*newest).max(of_several));
    }
    newest
}

/// The date in a snapshot's key, `20260115041200`.
fn snapshot_date(key: &str) -> Option<Period> {
    let number = |range: std::ops::Range<usize>| key.get(range)?.parse::<i16>().ok();
    let (month, day) = (i8::try_from(number(4..6)?).ok()?, i8::try_from(number(6..8)?).ok()?);
    Date::new(number(0..4)?, month, day).ok().map(Period::Date)
}

fn period(partition: Partition, named: &str) -> Option<Period> {
    match partition {
        Partition::Month => named.parse().ok().map(Period::Month),
        Partition::Year => named.parse().ok().map(Period::Year),
        Partition::Delivery => contract::county_and_month(named).map(|(_, month)| Period::Month(month)),
        Partition::LatestOfKind => contract::kind_and_date(named)?.1.parse().ok().map(Period::Date),
        Partition::Latest | Partition::Snapshot => named.parse().ok().map(Period::Date),
    }
}
