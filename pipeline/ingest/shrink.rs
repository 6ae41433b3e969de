//! Whether a delivery is so much smaller than what is in force that something must be missing.
//!
//! Sees counts only. A delivery is compared with what it replaces, a snapshot with the nearest one before it.

use crate::config::Source;
use crate::contract::{Contract, Partition, TableContract};
use crate::lake::State;

use super::intake::Tally;

/// Why the table is too small, and what to do, when it is. A shrink that only the configuration allows is logged.
pub(super) fn fault(
    contract: &Contract,
    source: Option<&Source>,
    table: &TableContract,
    partition: &str,
    tally: &Tally,
    state: &State,
) -> Option<String> {
    let shrink = contract.shrink?;
    let in_force = match contract.partition {
        Partition::Snapshot => state.partitions(&table.name).take_while(|(at, _)| at.as_str() < partition).last()?.1,
        _ => state.entry(&table.name, partition)?,
    };
    let least = source.and_then(|source| source.minste_prosent).unwrap_or(shrink.least_percent);
    let below = |percent: u64| tally.stored() * 100 < in_force.rows * percent;
    if in_force.rows < shrink.from_rows || !below(least.max(shrink.least_percent)) {
        return None;
    }
    let what = format!("{} rows of {} where {} are in force", tally.stored(), table.name, in_force.rows);
    if below(least) {
        let percent = tally.stored() * 100 / in_force.rows;
        return Some(format!(
            "{what}: fewer than {least} per cent. Is the delivery cut off? Then deliver all of it, as a new version. Is \
             it right? Then write minste_prosent = {percent} below [source.{}] in speil.toml, and take that out again \
             after the run",
            contract.source
        ));
    }
    tracing::warn!(source = contract.source, partition, "{what}: a shrink that minste_prosent = {least} allows");
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::Entry;

    fn in_force(rows: u64) -> Entry {
        Entry {
            file: String::new(),
            bytes: 0,
            rows,
            sha256: String::new(),
            content: String::new(),
            version: 1,
            touches: Vec::new(),
            key: None,
        }
    }

    fn refused(source: usize, partition: &str, stored: u64, least: Option<u64>) -> Option<String> {
        let contract = Contract::embedded().unwrap().remove(source);
        let table = contract.tables.iter().find(|table| table.name != "fest_snapshot").unwrap();
        let mut state = State::default();
        for (at, rows) in [("2026-01", 2000), ("2026-02", 999), ("20260101000000", 2000), ("20260301000000", 10_000)] {
            state.put(&table.name, at, in_force(rows));
        }
        let source = Source { minste_prosent: least, ..Source::default() };
        let tally = Tally { received: stored, ..Tally::default() };
        fault(&contract, Some(&source), table, partition, &tally, &state)
    }

    #[test]
    fn fewer_than_the_share_of_the_rows_in_force_are_refused_from_a_certain_size() {
        assert_eq!(refused(0, "2026-01", 1000, None), None);
        let reason = refused(0, "2026-01", 999, None).unwrap();
        assert!(
            reason.starts_with("999 rows of utlevering where 2000 are in force: fewer than 50 per cent"),
            "{reason}"
        );
        assert!(reason.contains("minste_prosent = 49 below [source.utlevering]"), "{reason}");
        // A small table, and a month that nothing is in force for.
        assert_eq!(refused(0, "2026-02", 1, None), None);
        assert_eq!(refused(0, "2026-03", 1, None), None);
    }

    #[test]
    fn a_source_may_bear_more_or_less() {
        assert_eq!(refused(0, "2026-01", 999, Some(49)), None);
        assert!(refused(0, "2026-01", 979, Some(49)).is_some());
        assert!(refused(0, "2026-01", 1700, Some(90)).is_some());
        assert_eq!(refused(0, "2026-01", 1, Some(0)), None);
    }

    #[test]
    fn a_snapshot_is_compared_with_the_one_before_it() {
        assert!(refused(2, "20260201000000", 999, None).is_some());
        assert_eq!(refused(2, "20260201000000", 1000, None), None);
        assert_eq!(refused(2, "20251201000000", 1, None), None);
        assert!(refused(2, "20260301000000", 999, None).is_some());
    }
}
