//! The tables of a state without the rows of erased courses.
//!
//! Delivered tables are written anew without them. Computed tables that hold ids of courses or events leave the state
//! whole, since they can be computed again; figures stay.

use anyhow::Context;
use arrow::array::{AsArray, BooleanArray, RecordBatch};

use crate::contract::{Contract, TableContract};
use crate::lake::{Entry, Lake, State, TableWriter};

/// What columns with ids of courses and events are called, delivered or computed.
pub const IDS: [&str; 6] = ["forlop_id", "hendelse_guid", "gjelder_guid", "original", "hendelseGUID", "tjenesteID"];

/// The ids in a state that `wanted` knows, each once per file: to `each`.
pub fn ids(lake: &Lake, state: &State, contracts: &[Contract], each: &mut dyn FnMut(&[u8])) -> anyhow::Result<()> {
    for (table, column) in erasable(contracts) {
        for (_, entry) in state.partitions(&table.name) {
            for batch in lake.read_column(entry, &column)? {
                texts(&batch, &column)?.for_each(&mut *each);
            }
        }
    }
    Ok(())
}

/// A state without the rows that are erased; `None` when its delivered tables have none. New files are in the lake when
/// this returns, and no committed state names them yet.
pub fn purge(
    lake: &Lake,
    state: &State,
    contracts: &[Contract],
    is_erased: &dyn Fn(&[u8]) -> bool,
) -> anyhow::Result<Option<State>> {
    let mut purged = state.clone();
    let mut changed = false;
    for (table, column) in erasable(contracts) {
        for (partition, entry) in state.partitions(&table.name) {
            let columns = lake.read_column(entry, &column)?;
            let mut holds = false;
            for batch in &columns {
                holds |= texts(batch, &column)?.any(is_erased);
            }
            if holds {
                purged.put(&table.name, partition, without(lake, table, &column, partition, entry, is_erased)?);
                changed = true;
            }
        }
    }
    if !changed {
        return Ok(None);
    }
    drop_computed(lake, &mut purged, contracts)?;
    Ok(Some(purged))
}

/// Takes the computed tables that hold ids out of a state. Says whether there was one.
pub fn drop_computed(lake: &Lake, state: &mut State, contracts: &[Contract]) -> anyhow::Result<bool> {
    let delivered = |name: &str| contracts.iter().flat_map(|contract| &contract.tables).any(|table| table.name == name);
    let mut holding = Vec::new();
    for (name, entries) in state.tables.iter().filter(|(name, _)| !delivered(name)) {
        let Some(entry) = entries.values().next() else { continue };
        let schema = lake.schema(entry)?;
        if schema.fields().iter().any(|field| IDS.contains(&field.name().as_str())) {
            holding.push(name.clone());
        }
    }
    holding.iter().for_each(|name| drop(state.tables.remove(name)));
    Ok(!holding.is_empty())
}

/// The tables whose rows can be erased, with the stored column of ids.
fn erasable(contracts: &[Contract]) -> impl Iterator<Item = (&TableContract, String)> {
    let tables = contracts.iter().flat_map(|contract| &contract.tables);
    tables.filter_map(|table| Some((table, table.columns[table.erased_by?].stored.clone())))
}

fn texts<'b>(batch: &'b RecordBatch, column: &str) -> anyhow::Result<impl Iterator<Item = &'b [u8]>> {
    let column = batch.column_by_name(column).with_context(|| format!("no column {column}"))?;
    let column = column.as_string_opt::<i32>().context("a column of ids is no text")?;
    Ok(column.iter().flatten().map(str::as_bytes))
}

/// A file without the rows that are erased, in the same order and with everything else the same.
fn without(
    lake: &Lake,
    table: &TableContract,
    column: &str,
    partition: &str,
    entry: &Entry,
    is_erased: &dyn Fn(&[u8]) -> bool,
) -> anyhow::Result<Entry> {
    let mut writer = TableWriter::start(lake.folder(), lake.schema(entry)?, &table.order_names())?;
    for batch in lake.batches(entry)? {
        let batch = batch?;
        let keep: BooleanArray = texts(&batch, column)?.map(|id| Some(!is_erased(id))).collect();
        writer.write(&arrow::compute::filter_record_batch(&batch, &keep).context("leaving rows out")?)?;
    }
    let written = writer.finish(lake.folder(), &table.name, partition, entry.version)?;
    Ok(Entry { touches: entry.touches.clone(), ..written })
}
