//! `state.json`: which files are in force, per table and partition. One rename of it commits all tables at once.
//!
//! Knows no clock and no query: times are in the ledger, meaning is in the models.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::disk;

/// The files in force.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Raised when this file's shape changes.
    pub format: u32,
    /// Table → partition (`2026-01`, `alle`, a snapshot's time) → file. Source tables and models alike.
    pub tables: BTreeMap<String, BTreeMap<String, Entry>>,
    /// Source → partition → the delivery in force. Not part of a release: the same content may be delivered in
    /// files with other bytes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deliveries: BTreeMap<String, BTreeMap<String, Delivery>>,
}

/// One immutable Parquet file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Path below the lake folder.
    pub file: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// SHA-256 of schema and sorted rows, whatever the file's encoding.
    pub content: String,
    /// A source's contract version, or a model's `versjon`.
    pub version: u32,
    /// Months (`202601`) that these rows concern besides their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub touches: Vec<i32>,
    /// A model's key: it is not run again while the key stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// The delivered file that a partition came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The file's name.
    pub file: String,
    /// The version its name gives.
    pub version: u32,
    /// SHA-256 of the file as delivered.
    pub sha256: String,
    /// Hash of the contract version and settings it was taken in with; when these change it is taken in again.
    pub taken_with: String,
    /// The reimbursement paragraphs whose rows are stored; absent for a source that is stored whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paragraphs: Option<BTreeSet<i64>>,
    /// Optional columns that the file does not have.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub lacking: BTreeSet<String>,
    /// The greatest date in the column that the contract's `ikke_eldre` names, as days since 1970-01-01.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<i32>,
    /// SHA-256 of other files that were read and have the same content: they are not read again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub copies: BTreeSet<String>,
    /// Counties whose rows in the file were refused: theirs are those of an earlier file, where one had any.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub refused_counties: BTreeSet<i64>,
    /// SHA-256 of the earlier files that those rows were looked for in.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub earlier: BTreeSet<String>,
}

impl Delivery {
    /// Whether a file with this SHA-256 is this delivery or a copy of it.
    pub fn is_of(&self, sha256: &str) -> bool {
        self.sha256 == sha256 || self.copies.contains(sha256)
    }
}

const FORMAT: u32 = 1;

impl State {
    /// The committed state; an empty one before the first run. A file that is there but cannot be read is an error and
    /// never an empty state: with that, everything in force would be forgotten.
    pub fn load(file: &Path) -> anyhow::Result<State> {
        if std::fs::symlink_metadata(file).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return Ok(State { format: FORMAT, ..State::default() });
        }
        State::load_existing(file)
    }

    /// The state in a file that must be there.
    pub fn load_existing(file: &Path) -> anyhow::Result<State> {
        let text = disk::read_text(file)?;
        let state: State =
            serde_json::from_str(&text).with_context(|| format!("{} is not a state file", file.display()))?;
        ensure!(state.format == FORMAT, "{} has format {}, this program knows {FORMAT}", file.display(), state.format);
        Ok(state)
    }

    /// Makes this state the one in force: all files are brought to disk, then one rename.
    pub fn commit(&self, file: &Path) -> anyhow::Result<()> {
        disk::commit(file, self.to_json()?.as_bytes())
    }

    /// The state as a release carries it: tables only.
    pub fn released(&self) -> State {
        State { format: self.format, tables: self.tables.clone(), deliveries: BTreeMap::new() }
    }

    /// As JSON text with sorted keys.
    pub fn to_json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self).context("writing the state as JSON")? + "\n")
    }

    /// The delivery in force for a source's partition.
    pub fn delivery(&self, source: &str, partition: &str) -> Option<&Delivery> {
        self.deliveries.get(source)?.get(partition)
    }

    /// A table's partitions; none when there is no such table.
    pub fn partitions(&self, table: &str) -> impl Iterator<Item = (&String, &Entry)> {
        self.tables.get(table).into_iter().flatten()
    }

    /// The file of one partition.
    pub fn entry(&self, table: &str, partition: &str) -> Option<&Entry> {
        self.tables.get(table)?.get(partition)
    }

    /// Puts a file in force.
    pub fn put(&mut self, table: &str, partition: &str, entry: Entry) {
        self.tables.entry(table.to_owned()).or_default().insert(partition.to_owned(), entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_an_empty_state_and_a_damaged_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.json");
        assert_eq!(State::load(&file).unwrap(), State { format: FORMAT, ..State::default() });
        assert!(State::load_existing(&file).is_err());
        let mut state = State { format: FORMAT, ..State::default() };
        state.tables.insert("t".to_owned(), BTreeMap::new());
        state.commit(&file).unwrap();
        assert_eq!(State::load(&file).unwrap(), state);
        let text = disk::read_text(&file).unwrap();
        for damaged in ["", &text[..text.len() / 2], "{}", &text.replace("\"format\": 1", "\"format\": 2")] {
            disk::write(&file, damaged.as_bytes()).unwrap();
            assert!(State::load(&file).is_err(), "{damaged}");
        }
        disk::remove(&file).unwrap();
        std::os::unix::fs::symlink("nowhere", &file).unwrap();
        assert!(State::load(&file).is_err());
    }
}
