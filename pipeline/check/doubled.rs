//! The same events again under other keys: a county's file that was doubled. Events are only added, so that no later
//! delivery takes them out again; they must not get into a figure in the first place.
//!
//! A row that a correction replaces or cancels is no double, and neither is one that was delivered twice under its own
//! key. Of deliveries that are published nothing is looked at again. Counts only leave here.

use std::collections::BTreeMap;

use anyhow::Context;
use arrow::array::{AsArray, Int64Array};
use arrow::datatypes::{DataType, Int64Type};

use super::{Checks, Findings, grouped, or_accept};
use crate::contract::{Contract, Doubled, TableContract};
use crate::lake::{Entry, Query};
use crate::model::CheckFailed;

/// Accepted and told of as rows that stand twice in a month are (see `repeated`).
const RULE: &str = "gjentatt";

/// The rows of one county that new deliveries have registered in one month, and how many of them stand elsewhere too.
struct Month {
    county: i64,
    month: i64,
    rows: u64,
    doubled: u64,
}

pub(super) fn check(checks: &Checks<'_>, product: &str, found: &mut Findings) -> anyhow::Result<()> {
    for (contract, table) in checks.delivered(product) {
        let Some(doubled) = &table.doubled else { continue };
        let parts = checks.state.partitions(&table.name);
        let new: Vec<&Entry> = parts
            .filter(|(at, entry)| checks.is_new(product, &table.name, at, entry))
            .map(|(_, entry)| entry)
            .collect();
        let months = if new.is_empty() { Vec::new() } else { count(checks, table, doubled, new)? };
        let broken = months.iter().filter_map(|month| told(contract, table, doubled, month));
        let broken = broken.filter(|broken| !checks.accepts(contract, RULE, broken)).collect();
        found.add(&table.name, RULE, broken);
    }
    Ok(())
}

fn count(
    checks: &Checks<'_>,
    table: &TableContract,
    doubled: &Doubled,
    new: Vec<&Entry>,
) -> anyhow::Result<Vec<Month>> {
    let sql = statement(doubled);
    let mut months = Vec::new();
    let all = checks.state.partitions(&table.name).map(|(_, entry)| entry).collect();
    let tables = vec![checks.part(&table.name, "alle", all)?, checks.part(&table.name, "ny", new)?];
    let query = Query { sql: &sql, tables, parameters: &BTreeMap::new() };
    checks.lake.stream(checks.engine, &query, |batch| {
        let number = |at: usize| arrow::compute::cast(batch.column(at), &DataType::Int64).context("reading counts");
        let columns = [number(0)?, number(1)?, number(2)?, number(3)?];
        let [county, month, rows, twice] = columns.each_ref().map(|column| column.as_primitive::<Int64Type>());
        for at in 0..batch.num_rows() {
            let count = |column: &Int64Array| u64::try_from(column.value(at)).context("a count is negative");
            let (county, month) = (county.value(at), month.value(at));
            months.push(Month { county, month, rows: count(rows)?, doubled: count(twice)? });
        }
        Ok(())
    })?;
    Ok(months)
}

/// Of each county's month: the new rows in force, and those that are the same as a row in force under another key.
fn statement(doubled: &Doubled) -> String {
    let Doubled { same, key, corrects, county, registered, .. } = doubled;
    let same = same.join(", ");
    let in_force = |table: &str| {
        format!(
            "select {same}, {key}, {registered} from {table} where {key} not in (select {corrects} from alle where \
             {corrects} is not null)"
        )
    };
    let on: Vec<String> = doubled.same.iter().map(|name| format!("n.{name} = d.{name}")).collect();
    format!(
        "with dobbelt as (select {same} from ({}) group by {same} having count(distinct {key}) > 1), nye as ({}) \
         select n.{county}, cast(date_part('year', n.{registered}) * 100 + date_part('month', n.{registered}) as int) as \
         maaned, count(distinct n.{key}) as rader, count(distinct case when d.{county} is not null then n.{key} end) as \
         dobbelt from nye as n left join dobbelt as d on {} group by 1, 2 order by 1, 2",
        in_force("alle"),
        in_force("ny"),
        on.join(" and ")
    )
}

fn told(contract: &Contract, table: &TableContract, doubled: &Doubled, found: &Month) -> Option<CheckFailed> {
    let Month { county, month, rows, doubled: twice } = found;
    let most = doubled.most_permille;
    (*twice >= doubled.from_rows && twice * 1000 > rows * most).then(|| CheckFailed {
        place: contract.at("[tabell.dobbelt]"),
        rule: RULE.to_owned(),
        what: format!(
            "{} of {} new rows of {} that county {county:02} registered in {}-{:02} stand there under other keys too; {most} \
             per thousand is usual at most. Was the file doubled, or sent again with new keys? Then let the county cancel \
             them (status C) in a new version. {}",
            grouped(*twice),
            grouped(*rows),
            table.name,
            month / 100,
            month % 100,
            or_accept(contract, RULE)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_that_corrections_do_not_reach_stops() {
        let contracts = Contract::embedded().unwrap();
        let contract = contracts.iter().find(|contract| contract.source == "too_hendelse").unwrap();
        let (table, doubled) = (&contract.tables[0], contract.tables[0].doubled.as_ref().unwrap());
        let told = |rows, twice| {
            told(contract, table, doubled, &Month { county: 3, month: 202_610, rows, doubled: twice })
                .map(|broken| broken.to_string())
        };
        assert_eq!([told(9, 9), told(100, 20)], [None, None]);
        let why = told(1000, 1000).unwrap();
        assert!(why.contains("1 000 of 1 000 new rows of too_hendelse that county 03 registered in 2026-10"), "{why}");
        assert!(why.starts_with("pipeline/contracts/too_hendelse.toml:") && why.contains("godta"), "{why}");
    }
}
