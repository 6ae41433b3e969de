//! A new month against the months before it: as many rows as usual, and as many per prescriber.
//!
//! The measure is the median of up to 12 months, by rank (A3). A month that was published once is not looked at again,
//! so what was accepted stays accepted.

use std::collections::BTreeMap;

use super::{Checks, Findings, grouped, or_accept};
use crate::calendar::Month;
use crate::contract::{Contract, TableContract, Volume};
use crate::lake::Entry;
use crate::model::CheckFailed;

const RULE: &str = "volum";
/// How many months a new one is compared with.
const MOST_MONTHS: usize = 12;

pub(super) fn check(checks: &Checks<'_>, product: &str, found: &mut Findings) -> anyhow::Result<()> {
    for (contract, table) in checks.delivered(product) {
        if let Some(volume) = &table.volume {
            let mut broken = of_table(checks, contract, table, volume)?;
            broken.retain(|broken| !checks.accepts(contract, RULE, broken));
            found.add(&table.name, RULE, broken);
        }
    }
    Ok(())
}

fn of_table(
    checks: &Checks<'_>,
    contract: &Contract,
    table: &TableContract,
    volume: &Volume,
) -> anyhow::Result<Vec<CheckFailed>> {
    let parts = checks.state.partitions(&table.name);
    let months: BTreeMap<Month, &Entry> =
        parts.filter_map(|(at, entry)| Some((at.parse::<Month>().ok()?, entry))).collect();
    let mut per_value = BTreeMap::new();
    let mut broken = Vec::new();
    for (month, entry) in &months {
        let before: Vec<Month> = months.range(..*month).rev().take(MOST_MONTHS).map(|(month, _)| *month).collect();
        let is_new = checks.is_new(&contract.product, &table.name, &month.to_string(), entry);
        if !is_new || before.len() < volume.from_months {
            continue;
        }
        let mut found = Vec::new();
        let rows = before.iter().map(|month| months[month].rows).collect();
        found.extend(outside(entry.rows, rows, volume).map(|(rows, median)| {
            format!("{} rows, where the median of the months before is {}", grouped(rows), grouped(median))
        }));
        if let Some(column) = &volume.per {
            for at in before.iter().chain([month]) {
                if !per_value.contains_key(at) {
                    per_value.insert(*at, tenths_per_value(checks, table, column, months[at])?);
                }
            }
            let rates = before.iter().map(|month| per_value[month]).collect();
            found.extend(outside(per_value[month], rates, volume).map(|(rate, median)| {
                format!("{} rows per {column}, where the median is {}", decimal(rate), decimal(median))
            }));
        }
        if !found.is_empty() {
            broken.push(CheckFailed {
                place: contract.at("[tabell.volum]"),
                rule: RULE.to_owned(),
                what: format!(
                    "{} {month} has {}; {} to {} per cent of that are usual. Is the file cut off or doubled? Then deliver \
                     it whole, as a new version. {}",
                    table.name,
                    found.join(", and "),
                    volume.least_percent,
                    volume.most_percent,
                    or_accept(contract, RULE)
                ),
            });
        }
    }
    Ok(broken)
}

fn decimal(tenths: u64) -> String {
    format!("{}.{}", grouped(tenths / 10), tenths % 10)
}

/// The number and the median of those before it, when the number lies outside the limits.
fn outside(number: u64, mut before: Vec<u64>, volume: &Volume) -> Option<(u64, u64)> {
    before.sort_unstable();
    let rank = (50 * before.len()).div_ceil(100);
    let median = *before.get(rank.checked_sub(1)?)?;
    let inside = number * 100 >= median * volume.least_percent && number * 100 <= median * volume.most_percent;
    (!inside).then_some((number, median))
}

fn tenths_per_value(checks: &Checks<'_>, table: &TableContract, column: &str, entry: &Entry) -> anyhow::Result<u64> {
    let sql = format!("select count(distinct {column}) as n from maaned");
    let values = checks.numbers(&sql, vec![checks.part(&table.name, "maaned", vec![entry])?])?;
    Ok(values.first().map_or(0, |values| entry.rows * 10 / (*values).max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_shares_of_the_median_by_rank_and_both_are_allowed() {
        let volume = Volume { least_percent: 50, most_percent: 180, from_months: 3, per: None };
        // The median of four is the second, and of three as well.
        let before = || vec![400, 100, 200, 300];
        assert_eq!(outside(100, before(), &volume), None);
        assert_eq!(outside(360, before(), &volume), None);
        assert_eq!(outside(99, before(), &volume), Some((99, 200)));
        assert_eq!(outside(361, before(), &volume), Some((361, 200)));
        assert_eq!(outside(99, vec![100, 200, 300], &volume), Some((99, 200)));
        assert_eq!(outside(1, Vec::new(), &volume), None);
    }
}
