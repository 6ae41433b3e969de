//! Values that must be known in another table: `viser_til` in contracts and model headers.
//!
//! Some rows may always refer to what is not there; a share above `hoyst_promille` means that one of the tables is
//! broken. No value is told, only how many rows have one that is not known.

use super::{Checks, Findings, grouped, or_accept};
use crate::calendar::Month;
use crate::contract::{Contract, Reference, TableContract};
use crate::lake::Entry;
use crate::model::CheckFailed;

const RULE: &str = "referanse";
/// Of fewer rows a share means nothing; that none may be unknown means the same of any number.
const FEWEST_ROWS: u64 = 100;

pub(super) fn check(checks: &Checks<'_>, product: &str, found: &mut Findings) -> anyhow::Result<()> {
    for (contract, table) in checks.delivered(product) {
        for reference in &table.references {
            let mut broken = Vec::new();
            for (part, entries) in parts(checks, contract, table, reference) {
                let place = contract.at(&format!("viser_til = [\"{}", reference.targets[0]));
                let of = format!("{}{part}", table.name);
                let stopped = dangling(checks, (&table.name, entries), reference, place, &of)?;
                broken.extend(stopped.map(|stopped| CheckFailed {
                    what: format!("{}. {}", stopped.what, or_accept(contract, RULE)),
                    ..stopped
                }));
            }
            broken.retain(|broken| !checks.accepts(contract, RULE, broken));
            found.add(&table.name, &format!("{RULE} {}", reference.column), broken);
        }
    }
    for model in checks.models.ordered.iter().filter(|model| model.product == product) {
        for reference in &model.references {
            let entries = checks.state.partitions(&model.name).map(|(_, entry)| entry).collect();
            let place = model.at_column(&reference.column);
            let stopped = dangling(checks, (&model.name, entries), reference, place, &model.name)?;
            found.add(&model.name, &format!("{RULE} {}", reference.column), stopped.into_iter().collect());
        }
    }
    Ok(())
}

/// The parts of a delivered table that are looked at, each for itself: of a monthly one those that are new, and the last
/// one when the other table is; of another all of it, when either is.
fn parts<'n>(
    checks: &'n Checks<'_>,
    contract: &Contract,
    table: &TableContract,
    reference: &Reference,
) -> Vec<(String, Vec<&'n Entry>)> {
    let product = contract.product.as_str();
    let target_news = reference.targets.iter().any(|target| checks.has_news(product, &target.table));
    let all: Vec<(&String, &Entry)> = checks.state.partitions(&table.name).collect();
    if !table.stores_month {
        let news = target_news || checks.has_news(product, &table.name);
        return if news {
            vec![(String::new(), all.into_iter().map(|(_, entry)| entry).collect())]
        } else {
            Vec::new()
        };
    }
    let last = all.iter().filter(|(at, _)| at.parse::<Month>().is_ok()).map(|(at, _)| *at).max();
    let wanted = |at: &String, entry: &Entry| {
        checks.is_new(product, &table.name, at, entry) || (target_news && Some(at) == last)
    };
    let wanted = all.into_iter().filter(|(at, entry)| wanted(at, entry));
    wanted.map(|(at, entry)| (format!(" {at}"), vec![entry])).collect()
}

/// What is wrong when more rows than the limit have a value that none of the targets knows.
fn dangling(
    checks: &Checks<'_>,
    (table, entries): (&str, Vec<&Entry>),
    reference: &Reference,
    place: String,
    of: &str,
) -> anyhow::Result<Option<CheckFailed>> {
    let column = &reference.column;
    let known: Vec<String> = reference
        .targets
        .iter()
        .map(|target| format!("select {0} as kjent from {1} where {0} is not null", target.column, target.table))
        .collect();
    let mut except = String::new();
    for value in &reference.except {
        except += &format!(" and {column} <> {value}");
    }
    let sql = format!(
        "select count(*) as rader, coalesce(sum(case when k.kjent is null then 1 else 0 end), 0) as ukjente from \
         (select {column} as verdi from rader where {column} is not null{except}) as r left join (select distinct \
         kjent from ({})) as k on r.verdi = k.kjent",
        known.join(" union all ")
    );
    let mut tables = vec![checks.part(table, "rader", entries)?];
    let mut named: Vec<&str> = reference.targets.iter().map(|target| target.table.as_str()).collect();
    named.dedup();
    for target in &named {
        tables.push(checks.table(target)?);
    }
    let counts = checks.numbers(&sql, tables)?;
    let [rows, unknown] = counts[..] else { return Ok(None) };
    let too_few = rows < FEWEST_ROWS && reference.most_permille > 0;
    if too_few || unknown * 1000 <= rows * reference.most_permille {
        return Ok(None);
    }
    let targets: Vec<String> = reference.targets.iter().map(ToString::to_string).collect();
    Ok(Some(CheckFailed {
        place,
        rule: RULE.to_owned(),
        what: format!(
            "{} of {} rows of {of} have a {column} that is not in {}; {} per thousand is borne. Are {of} and {} whole and \
             of the same time? Deliver what is missing",
            grouped(unknown),
            grouped(rows),
            targets.join(" or "),
            reference.most_permille,
            named.join(" or ")
        ),
    }))
}
