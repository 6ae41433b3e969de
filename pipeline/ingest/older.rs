//! Whether a register is older than the one it replaces: last year's file under a new name.
//!
//! Sees the newest date of each only. A register grows in time, so its newest period is never older than before.

use crate::calendar;
use crate::config::Source;
use crate::contract::{Contract, TableContract};
use crate::lake::{Entry, Lake, State};

/// The newest date in the column that the contract names; absent when it names none or no row has a date.
pub(super) fn newest(lake: &Lake, table: &TableContract, entry: &Entry) -> anyhow::Result<Option<i32>> {
    table.not_older.as_ref().map_or(Ok(None), |column| lake.greatest_day(entry, column))
}

/// Why the delivery is too old, and what to do, when it is. One that only the configuration allows is logged.
pub(super) fn fault(
    contract: &Contract,
    source: Option<&Source>,
    partition: &str,
    newest: Option<i32>,
    state: &State,
) -> Option<String> {
    let known = state.delivery(&contract.source, partition)?;
    let (before, now) = (known.newest?, newest?);
    if now >= before {
        return None;
    }
    let column = contract.tables.iter().find_map(|table| table.not_older.as_deref()).unwrap_or_default();
    let day = |days| calendar::date_from_days(days).map(|date| date.to_string()).unwrap_or_default();
    let what = format!("its newest {column} is {}, and that of {} is {}", day(now), known.file, day(before));
    if source.is_some_and(|source| source.accepted.iter().any(|name| name == "eldre")) {
        tracing::warn!(source = contract.source, partition, "{what}: an older register that `godta` allows");
        return None;
    }
    Some(format!(
        "{what}: an older register under a newer name? Then deliver the new one. Is it right? Then write godta = \
         [\"eldre\"] below [source.{}] in speil.toml, and take that out again after the run",
        contract.source
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::Delivery;

    fn refused(before: Option<i32>, now: Option<i32>, accepted: &[&str]) -> Option<String> {
        let contract = Contract::embedded().unwrap().remove(1);
        let delivery = Delivery {
            file: "lege_2026-10-31.csv".to_owned(),
            version: 1,
            sha256: String::new(),
            taken_with: String::new(),
            paragraphs: None,
            lacking: std::collections::BTreeSet::new(),
            newest: before,
            refused_counties: std::collections::BTreeSet::new(),
            earlier: std::collections::BTreeSet::new(),
            copies: std::collections::BTreeSet::new(),
        };
        let mut state = State::default();
        state.deliveries.insert("lege".to_owned(), [("alle".to_owned(), delivery)].into());
        let accepted = accepted.iter().map(|name| (*name).to_owned()).collect();
        let source = Source { accepted, ..Source::default() };
        fault(&contract, Some(&source), "alle", now, &state)
    }

    #[test]
    fn a_register_whose_newest_period_is_older_than_before_is_refused() {
        let reason = refused(Some(20_000), Some(19_999), &[]).unwrap();
        assert!(
            reason.starts_with("its newest gyldig_fra is 2024-10-03, and that of lege_2026-10-31.csv is 2024-10-04"),
            "{reason}"
        );
        assert_eq!(refused(Some(20_000), Some(20_000), &[]), None);
        assert_eq!(refused(None, Some(1), &[]), None);
        assert_eq!(refused(Some(20_000), Some(19_999), &["eldre"]), None);
        assert!(refused(Some(20_000), Some(19_999), &["volum"]).is_some());
    }
}
