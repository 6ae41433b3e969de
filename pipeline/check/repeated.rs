//! The same rows again: a month that holds its rows twice under other ids, or an earlier month's rows with new dates.
//!
//! Rows are the same when the columns that the contract names are, and the day of the month. Counts only leave here.

use super::{Checks, Findings, grouped, or_accept};
use crate::calendar::Month;
use crate::contract::{Contract, Repeated, TableContract};
use crate::lake::Entry;
use crate::model::CheckFailed;

const RULE: &str = "gjentatt";
/// In so small a month shares mean nothing.
const FEWEST_ROWS: u64 = 100;

pub(super) fn check(checks: &Checks<'_>, product: &str, found: &mut Findings) -> anyhow::Result<()> {
    for (contract, table) in checks.delivered(product) {
        if let Some(repeated) = &table.repeated {
            let mut broken = Vec::new();
            for (at, entry) in checks.state.partitions(&table.name) {
                let is_new = checks.is_new(product, &table.name, at, entry) && entry.rows >= FEWEST_ROWS;
                if let Some(month) = at.parse().ok().filter(|_| is_new) {
                    broken.extend(of_month(checks, contract, table, repeated, (month, entry))?);
                }
            }
            broken.retain(|broken| !checks.accepts(contract, RULE, broken));
            found.add(&table.name, RULE, broken);
        }
    }
    Ok(())
}

fn of_month(
    checks: &Checks<'_>,
    contract: &Contract,
    table: &TableContract,
    repeated: &Repeated,
    (month, entry): (Month, &Entry),
) -> anyhow::Result<Option<CheckFailed>> {
    for back in &repeated.months_back {
        let earlier = month.plus(-back);
        let same = if *back == 0 {
            twins(checks, table, repeated, entry)?
        } else if let Some(before) = checks.state.entry(&table.name, &earlier.to_string()) {
            shared(checks, table, repeated, entry, before)?
        } else {
            continue;
        };
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

/// How many rows have another one like them.
fn twins(checks: &Checks<'_>, table: &TableContract, repeated: &Repeated, entry: &Entry) -> anyhow::Result<u64> {
    let sql = format!(
        "select coalesce(sum(case when n > 1 then n end), 0) as n from (select count(*) as n from ny group by {})",
        signature(repeated)
    );
    let counts = checks.numbers(&sql, vec![checks.part(&table.name, "ny", vec![entry])?])?;
    Ok(counts.first().copied().unwrap_or(0))
}

/// How many rows have one like them, each another, in the earlier month.
fn shared(
    checks: &Checks<'_>,
    table: &TableContract,
    repeated: &Repeated,
    entry: &Entry,
    before: &Entry,
) -> anyhow::Result<u64> {
    let signature = signature(repeated);
    let part = |name: &str, here: u8, there: u8| {
        format!("select {signature} as dag_i_maaned, {here} as ny, {there} as gammel from {name}")
    };
    let sql = format!(
        "select coalesce(sum(least(ny, gammel)), 0) as n from (select sum(ny) as ny, sum(gammel) as gammel from ({} \
         union all {}) group by {}, dag_i_maaned)",
        part("ny", 1, 0),
        part("gammel", 0, 1),
        repeated.same.join(", ")
    );
    let tables = vec![checks.part(&table.name, "ny", vec![entry])?, checks.part(&table.name, "gammel", vec![before])?];
    Ok(checks.numbers(&sql, tables)?.first().copied().unwrap_or(0))
}

/// The columns that make rows the same; the last expression is the day of the month.
fn signature(repeated: &Repeated) -> String {
    format!("{}, date_part('day', {})", repeated.same.join(", "), repeated.day)
}
