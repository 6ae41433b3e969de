//! The limit of bad rows per county, in a delivery of several: a county with too many is refused, the others stand.
//!
//! What a county has delivered before stays in force, and none of its rows of this delivery are taken, nor are they in
//! the receipt: its month is not complete until it has delivered again. Knows no formats.

use std::collections::{BTreeMap, BTreeSet};

use super::arrivals::Arrival;
use super::intake::Tally;
use crate::contract::{self, Contract, Fault, TableContract};
use crate::engine::Engine;
use crate::lake::Staged;

/// The counties of a delivery.
pub(super) struct Counties {
    /// What became of the rows of each county that stands.
    pub(super) standing: BTreeMap<i64, Tally>,
    refused: BTreeMap<i64, Tally>,
}

/// Whether a delivery is of several counties, by its name.
pub(super) fn are_several(table: &TableContract, arrival: &Arrival) -> bool {
    let county = contract::county_and_month(&arrival.period).map(|(county, _)| county);
    table.county.is_some() && county == Some(contract::SEVERAL_COUNTIES)
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

    /// Per refused county: why, and what to do.
    pub(super) fn reasons(&self, arrival: &Arrival, why: impl Fn(&Tally) -> String) -> Vec<String> {
        let reason = |(county, tally): (&i64, &Tally)| {
            let several = format!("_{}_", contract::SEVERAL_COUNTIES);
            let own_name = arrival.name.replacen(&several, &format!("_{county:02}_"), 1);
            format!(
                "county {county:02}: {}; none of its rows in this file were taken and what it delivered before stands, \
                 as do the other counties; mend its rows and deliver them again as {own_name}",
                why(tally)
            )
        };
        self.refused.iter().map(reason).collect()
    }
}
