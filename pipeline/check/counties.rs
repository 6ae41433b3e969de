//! A county's newest month against its months before: an unusual number of rows is told to the operator and stops nothing.
//!
//! A county has tens of events a month, so that natural variation is large; what its completeness rests on is counted
//! elsewhere (C2). The counts are those of the receipts.

use std::collections::BTreeMap;

use anyhow::Context;
use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int64Type};

use super::{Checks, Findings, grouped};
use crate::contract::{CountyVolume, TableContract};
use crate::ingest::MOTTAK;
use crate::lake::Query;

/// How many months the newest one is compared with, and how many there must be.
const MONTHS: (usize, usize) = (3, 12);

/// County → month (`202610`) → rows.
type Counts = BTreeMap<String, BTreeMap<i64, u64>>;

pub(super) fn check(checks: &Checks<'_>, product: &str, found: &mut Findings) -> anyhow::Result<()> {
    for (contract, table) in checks.delivered(product) {
        let Some(limits) = &table.county_volume else { continue };
        if !checks.has_news(product, &table.name) {
            continue;
        }
        for (county, months) in received(checks, &contract.source)? {
            found.notes.extend(unusual(table, limits, &county, &months));
        }
    }
    Ok(())
}

fn received(checks: &Checks<'_>, source: &str) -> anyhow::Result<Counts> {
    let sql = format!(
        "select fylkesnr, maaned, sum(antall) as antall from {MOTTAK} where kilde = '{source}' and regel = 'mottatt' and \
         fylkesnr <> '00' group by fylkesnr, maaned order by fylkesnr, maaned"
    );
    let mut counts = Counts::new();
    let query = Query { sql: &sql, tables: vec![checks.table(MOTTAK)?], parameters: &BTreeMap::new() };
    checks.lake.stream(checks.engine, &query, |batch| {
        let text = arrow::compute::cast(batch.column(0), &DataType::Utf8).context("reading counties")?;
        let number = |at: usize| arrow::compute::cast(batch.column(at), &DataType::Int64).context("reading counts");
        let (months, rows) = (number(1)?, number(2)?);
        let (months, rows) = (months.as_primitive::<Int64Type>(), rows.as_primitive::<Int64Type>());
        for (at, county) in text.as_string::<i32>().iter().enumerate() {
            let rows = u64::try_from(rows.value(at)).context("a count is negative")?;
            counts.entry(county.unwrap_or_default().to_owned()).or_default().insert(months.value(at), rows);
        }
        Ok(())
    })?;
    Ok(counts)
}

/// What to tell of a county's newest month.
fn unusual(table: &TableContract, limits: &CountyVolume, county: &str, months: &BTreeMap<i64, u64>) -> Option<String> {
    let (newest, rows) = months.last_key_value()?;
    let mut before: Vec<u64> = months.iter().rev().skip(1).take(MONTHS.1).map(|(_, rows)| *rows).collect();
    if before.len() < MONTHS.0 {
        return None;
    }
    before.sort_unstable();
    let median = before[(50 * before.len()).div_ceil(100) - 1];
    let usual = rows * 100 >= median * limits.least_percent && rows * 100 <= median * limits.most_percent;
    (median >= limits.from_rows && !usual).then(|| {
        format!(
            "{}: county {county} has delivered {} rows for {}-{:02}, and in its usual month {} (the median of {} \
             months before); from {} to {} per cent of that is usual. Nothing is stopped; ask the county whether rows are \
             missing, or were delivered twice",
            table.name,
            grouped(*rows),
            newest / 100,
            newest % 100,
            grouped(median),
            before.len(),
            limits.least_percent,
            limits.most_percent
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Contract;

    fn told(newest: u64, before: &[u64]) -> Option<String> {
        let contract = Contract::embedded().unwrap().into_iter().find(|contract| contract.source == "too_hendelse");
        let table = contract.unwrap().tables.remove(0);
        let months = (202_601..).zip(before.iter().chain([&newest]).copied()).collect();
        let limits = CountyVolume { least_percent: 40, most_percent: 250, from_rows: 20 };
        unusual(&table, &limits, "18", &months)
    }

    #[test]
    fn a_countys_unusual_month_is_told_when_there_is_something_to_compare_with() {
        let told_of = told(7, &[20, 18, 30]).unwrap();
        let words =
            "too_hendelse: county 18 has delivered 7 rows for 2026-04, and in its usual month 20 (the median of 3";
        assert!(told_of.starts_with(words) && told_of.contains("from 40 to 250 per cent"), "{told_of}");
        assert!(told(51, &[20, 18, 30]).is_some());
        assert_eq!(told(8, &[20, 18, 30]), None);
        assert_eq!(told(50, &[20, 18, 30]), None);
        assert_eq!(told(0, &[19, 18, 30]), None);
        assert_eq!(told(0, &[20, 30]), None);
    }
}
