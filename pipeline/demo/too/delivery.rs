//! Deliveries of events, one per county and month, and what the counties say they delivered.
//!
//! One county delivers late, one has stopped, and one says a wrong number. Must not know how a course runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::tz::TimeZone;
use rayon::prelude::*;

use crate::calendar::{Month, date_from_days, days_since_epoch};
use crate::demo::random::count;
use crate::disk;

use super::county::codes_on;
use super::event::{self, Registered, Row};
use super::workday::workday;
use super::{Chance, Draw};

/// The county whose deliveries come two months after the others'.
pub(super) const LATE: &str = "18";
/// The county that has delivered nothing for half a year.
pub(super) const STOPPED: &str = "42";
/// The county whose count of two months ago disagrees with its delivery.
pub(super) const DISAGREES: &str = "34";

/// How many months late.
const LATENESS: i32 = 2;
/// How many months nothing came.
const SILENCE: i32 = 6;
/// How many months ago the count is wrong.
const WRONG_COUNT: i32 = 2;

/// The deliveries of all counties, through a month.
pub(super) struct Deliveries {
    last: Month,
    rows: BTreeMap<(&'static str, Month), Vec<Row>>,
}

impl Deliveries {
    /// Sorts rows into deliveries; what is registered after `last` is not delivered yet.
    pub(super) fn new(rows: Vec<Row>, first: Month, last: Month) -> Deliveries {
        let mut deliveries: BTreeMap<(&'static str, Month), Vec<Row>> = BTreeMap::new();
        for month in (0..=last.since(first)).map(|n| first.plus(n)) {
            for (code, _) in codes_on(days_since_epoch(month.first_day())) {
                if is_delivered(code, month, last) {
                    deliveries.insert((code, month), Vec::new());
                }
            }
        }
        for row in rows {
            let month = date_from_days(row.event.registered.day).map(Month::of);
            if let Some(delivery) = month.and_then(|month| deliveries.get_mut(&(row.event.code(), month))) {
                delivery.push(row);
            }
        }
        for delivery in deliveries.values_mut() {
            delivery.sort_unstable_by_key(|row| (row.event.registered, row.guid));
        }
        Deliveries { last, rows: deliveries }
    }

    /// Writes every delivery into a folder.
    pub(super) fn write(
        &self,
        folder: &Path,
        oslo: &TimeZone,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> anyhow::Result<()> {
        let done = AtomicU64::new(0);
        let total = u64::from(count(self.rows.len()));
        let all: Vec<_> = self.rows.iter().collect();
        all.into_par_iter().try_for_each(|((code, month), rows)| {
            disk::write(&folder.join(format!("too_hendelse_{code}_{month}.csv")), &event::csv(rows, oslo)?)?;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            anyhow::Ok(())
        })
    }

    /// What the counties say: month, when it was delivered, and how many rows.
    pub(super) fn csv(&self, chance: Chance, oslo: &TimeZone) -> anyhow::Result<Vec<u8>> {
        let mut out = String::from("fylkesnr;maaned;levert_tid;antall_hendelser\n");
        for ((code, month), rows) in &self.rows {
            let key = [code.parse()?, u64::from(month.number().unsigned_abs())];
            let dice = &mut chance.dice(Draw::Delivery, &key);
            let lateness = if *code == LATE { LATENESS } else { 0 };
            let after = days_since_epoch(month.plus(1 + lateness).first_day());
            let at = Registered { day: workday(after + dice.between(0, 5)), second: 7 * 3600 + dice.below(9 * 3600) };
            let wrong = *code == DISAGREES && *month == self.last.plus(-WRONG_COUNT);
            let number = rows.len() + if wrong { 3 } else { 0 };
            let line = format!("{code};{month};{};{number}\n", event::time(at, oslo)?);
            out.push_str(&line);
        }
        Ok(out.into_bytes())
    }
}

fn is_delivered(code: &str, month: Month, last: Month) -> bool {
    let age = last.since(month);
    match code {
        LATE => age >= LATENESS,
        STOPPED => age >= SILENCE,
        _ => true,
    }
}
