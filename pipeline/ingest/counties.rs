//! The limit of bad rows per county, in a delivery of several: a county with too many is refused, the others stand.
//!
//! What a county has delivered before stays in force, and none of its rows of this delivery are taken, nor are they in
//! the receipt: of events, its month is not complete until it has delivered again; where a delivery replaces the one
//! before it, the county's rows of that one are taken over. Knows no formats.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type};

use super::arrivals::Arrival;
use super::intake::Tally;
use crate::contract::{self, Contract, Fault, TableContract};
use crate::engine::Engine;
use crate::lake::{Entry, Lake, Staged};

/// The counties of a delivery.
pub(super) struct Counties {
    /// What became of the rows of each county that stands.
    pub(super) standing: BTreeMap<i64, Tally>,
    pub(super) refused: BTreeMap<i64, Tally>,
}

/// Whether a delivery is of several counties: the name of one county's tells which.
pub(super) fn are_several(table: &TableContract, arrival: &Arrival) -> bool {
    let county = contract::county_and_month(&arrival.period).map(|(county, _)| county);
    table.county.is_some() && county.is_none_or(|county| county == contract::SEVERAL_COUNTIES)
}

impl Counties {
    /// Parts the counties that stand from those that do not. `repeated` are lines that are bad for their key.
    pub(super) fn part(
        contract: &Contract,
        column: &str,
        mut standing: BTreeMap<i64, Tally>,
        staged: &Staged,
        repeated: &BTreeSet<u64>,
        fault: &Fault,
        engine: &Engine,
    ) -> anyhow::Result<Counties> {
        if !repeated.is_empty() {
            staged.numbers(engine, column, |line, county| {
                if repeated.contains(&line) {
                    standing.entry(county).or_default().count_bad(line, fault);
                }
            })?;
        }
        let refused = standing.iter().filter(|(_, tally)| tally.too_bad(contract));
        let refused: BTreeMap<i64, Tally> = refused.map(|(county, tally)| (*county, tally.clone())).collect();
        standing.retain(|county, _| !refused.contains_key(county));
        Ok(Counties { standing, refused })
    }

    /// Whether there is a county that stands, or none that does not.
    pub(super) fn some_stand(&self) -> bool {
        self.refused.is_empty() || !self.standing.is_empty()
    }

    /// Takes the rows of refused counties out of what is stored and counted. Their lines are held in memory.
    pub(super) fn leave_out(
        &self,
        engine: &Engine,
        column: &str,
        staged: &Staged,
        without: &mut BTreeSet<u64>,
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        for part in self.refused.values() {
            tally.subtract(part);
        }
        if self.refused.is_empty() {
            return Ok(());
        }
        staged.numbers(engine, column, |line, county| {
            if self.refused.contains_key(&county) {
                without.insert(line);
            }
        })
    }

    /// The rows that refused counties have in force.
    pub(super) fn stored_rows(&self, lake: &Lake, entry: &Entry, column: &str) -> anyhow::Result<Vec<RecordBatch>> {
        let of_refused = |batch: RecordBatch| {
            let counties = batch.column_by_name(column).with_context(|| format!("no column {column}"))?;
            let counties = arrow::compute::cast(counties, &DataType::Int64).context("reading counties")?;
            let counties = counties.as_primitive::<Int64Type>().iter();
            let refused: BooleanArray =
                counties.map(|county| county.map(|county| self.refused.contains_key(&county))).collect();
            arrow::compute::filter_record_batch(&batch, &refused).context("taking a county's rows over")
        };
        lake.read(entry)?.into_iter().map(of_refused).collect()
    }

    /// Per refused county: why, and what to do.
    pub(super) fn reasons(&self, arrival: &Arrival, why: impl Fn(&Tally) -> String) -> Vec<String> {
        let reason = |(county, tally): (&i64, &Tally)| {
            format!(
                "county {county:02}: {}; none of its rows in this file were taken and what it delivered before stands, \
                 as do the other counties; mend its rows and deliver {}",
                why(tally),
                again(arrival, *county)
            )
        };
        self.refused.iter().map(reason).collect()
    }
}

/// How the mended rows are delivered: alone where deliveries add to each other, else with the other counties'.
fn again(arrival: &Arrival, county: i64) -> String {
    let several = format!("_{}_", contract::SEVERAL_COUNTIES);
    if contract::county_and_month(&arrival.period).is_some() {
        format!("them again as {}", arrival.name.replacen(&several, &format!("_{county:02}_"), 1))
    } else {
        format!("the whole file again, with _v{} at the end of its name or of a later day", arrival.version + 1)
    }
}
