//! `state.json`: which files are in force, per table and partition. One rename of it commits all tables at once.
//!
//! Knows no clock and no query: times are in the ledger, meaning is in the models.

use std::collections::BTreeMap;
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
}

const FORMAT: u32 = 1;

impl State {
    /// The committed state; an empty one before the first run.
    pub fn load(file: &Path) -> anyhow::Result<State> {
        if !file.exists() {
            return Ok(State { format: FORMAT, ..State::default() });
        }
        let text = disk::read_text(file)?;
        let state: State =
            serde_json::from_str(&text).with_context(|| format!("{} is not a state file", file.display()))?;
        ensure!(state.format == FORMAT, "{} has format {}, this program knows {FORMAT}", file.display(), state.format);
        Ok(state)
    }

    /// Makes this state the one in force: all files are brought to disk, then one rename.
    pub fn commit(&self, file: &Path) -> anyhow::Result<()> {
        let folder = file.parent().unwrap_or(Path::new("."));
        disk::create_folder(folder)?;
        disk::sync(folder)?;
        disk::write(file, self.to_json()?.as_bytes())?;
        disk::sync(folder)
    }

    /// The state as a release carries it: tables only.
    pub fn released(&self) -> State {
        State { format: self.format, tables: self.tables.clone(), deliveries: BTreeMap::new() }
    }

    /// As JSON text with sorted keys.
    pub fn to_json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self).context("writing the state as JSON")? + "\n")
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
