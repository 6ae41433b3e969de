//! The same rows again: a month that holds its rows twice under other ids, or an earlier month's rows with new dates.
//!
//! Rows are the same when the columns that the contract names are, and the day of the month. Counts only leave here.

use std::panic::resume_unwind;

use super::{Checks, Findings, grouped, or_accept};
use crate::calendar::Month;
use crate::contract::{Contract, Repeated, TableContract};
use crate::engine::Exhausted;
use crate::lake::Entry;
use crate::model::CheckFailed;

const RULE: &str = "gjentatt";
/// In so small a month shares mean nothing.
const FEWEST_ROWS: u64 = 100;

pub(super) fn check(checks: &Checks<'_>, product: &str, found: &mut Findings) -> anyhow::Result<()> {
    for (contract, table) in checks.delivered(product) {
        if let Some(repeated) = &table.repeated {
            let new = checks
                .state
                .partitions(&table.name)
                .filter(|(at, entry)| checks.is_new(product, &table.name, at, entry) && entry.rows >= FEWEST_ROWS);
            let months: Vec<(Month, &Entry)> = new.filter_map(|(at, entry)| Some((at.parse().ok()?, entry))).collect();
            let mut broken =
                side_by_side(checks, &months, |checks, month| of_month(checks, contract, table, repeated, month))?;
            broken.retain(|broken| !checks.accepts(contract, RULE, broken));
            found.add(&table.name, RULE, broken);
        }
    }
    Ok(())
}

/// What is found of each month, in their order, as many months at the same time as the engine divides into. One that has too
/// little memory beside another is looked at again alone.
fn side_by_side(
    checks: &Checks<'_>,
    months: &[(Month, &Entry)],
    of_month: impl Fn(&Checks<'_>, (Month, &Entry)) -> anyhow::Result<Option<CheckFailed>> + Sync,
) -> anyhow::Result<Vec<CheckFailed>> {
    let (engine, at_once) = checks.engine.divided();
    let mut broken = Vec::new();
    for months in months.chunks(at_once) {
        let found = std::thread::scope(|scope| {
            let one = |month| of_month(&Checks { engine: &engine, ..*checks }, month);
            let running: Vec<_> = months.iter().map(|month| scope.spawn(move || one(*month))).collect();
            running.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic))).collect::<Vec<_>>()
        });
        for (month, found) in months.iter().zip(found) {
            let is_crowded = |error: &anyhow::Error| at_once > 1 && error.is::<Exhausted>();
            let found = if found.as_ref().is_err_and(is_crowded) { of_month(checks, *month) } else { found };
            broken.extend(found?);
        }
    }
    Ok(broken)
}

fn of_month(
    checks: &Checks<'_>,
    contract: &Contract,
    table: &TableContract,
    repeated: &Repeated,
    (month, entry): (Month, &Entry),
) -> anyhow::Result<Option<CheckFailed>> {
    let back = |back: &i32| Some((*back, checks.state.entry(&table.name, &month.plus(-back).to_string())?));
    let months: Vec<(i32, &Entry)> = repeated.months_back.iter().filter_map(back).collect();
    if months.is_empty() {
        return Ok(None);
    }
    for ((back, _), same) in months.iter().zip(rows_that_are_the_same(checks, table, repeated, entry, &months)?) {
        let earlier = month.plus(-back);
        if same * 1000 > entry.rows * repeated.most_permille {
            let (where_, what) = match back {
                0 => ("there twice".to_owned(), "Was the file doubled"),
                _ => (format!("also in {earlier}, on the same days"), "Was an earlier month sent again"),
            };
            return Ok(Some(CheckFailed {
                place: contract.at("[tabell.gjentatt]"),
                rule: RULE.to_owned(),
                what: format!(
                    "{} of {} rows of {} {month} are {where_}; {} per thousand is usual at most. {what}? Then \
                     deliver the right one, as a new version. {}",
                    grouped(same),
                    grouped(entry.rows),
                    table.name,
                    repeated.most_permille,
                    or_accept(contract, RULE)
                ),
            }));
        }
    }
    Ok(None)
}

/// How many rows have one like them, each another, in each of these months; where that is none back, elsewhere in their own.
fn rows_that_are_the_same(
    checks: &Checks<'_>,
    table: &TableContract,
    repeated: &Repeated,
    entry: &Entry,
    months: &[(i32, &Entry)],
) -> anyhow::Result<Vec<u64>> {
    let signature = signature(repeated);
    let (mut names, mut tables) = (vec!["ny".to_owned()], vec![entry]);
    for (back, before) in months.iter().filter(|(back, _)| *back > 0) {
        names.push(format!("for_{back}"));
        tables.push(before);
    }
    let joined = |of: &dyn Fn(&String) -> String, with: &str| names.iter().map(of).collect::<Vec<_>>().join(with);
    let part = |name: &String| {
        let counts = joined(&|other| format!("{} as {other}", u8::from(other == name)), ", ");
        format!("select {signature} as dag_i_maaned, {counts} from {name}")
    };
    let counted = joined(&|name| format!("sum({name}) as {name}"), ", ");
    let same = |(back, _): &(i32, &Entry)| match back {
        0 => "coalesce(sum(case when ny > 1 then ny end), 0)".to_owned(),
        back => format!("coalesce(sum(least(ny, for_{back})), 0)"),
    };
    let sql = format!(
        "select {} from (select {counted} from ({}) group by {}, dag_i_maaned)",
        months.iter().map(same).collect::<Vec<_>>().join(", "),
        joined(&part, " union all "),
        repeated.same.join(", ")
    );
    let tables = names.iter().zip(tables).map(|(name, entry)| checks.part(&table.name, name, vec![entry]));
    checks.numbers(&sql, tables.collect::<anyhow::Result<_>>()?)
}

/// The columns that make rows the same; the last expression is the day of the month.
fn signature(repeated: &Repeated) -> String {
    format!("{}, date_part('day', {})", repeated.same.join(", "), repeated.day)
}
