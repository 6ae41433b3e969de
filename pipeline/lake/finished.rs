//! What a build has computed so far: a line per (model, partition) in `ferdig.jsonl`, so that a build that was stopped
//! goes on where it was.
//!
//! Not part of the state, which switches all tables of a product at once: until then a line says no more than that a
//! file holds what a key calls for. Lines are not synced; what they name is hashed before it is believed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::{Entry, Lake};
use crate::disk;

/// The computed tables that no state names yet.
pub struct Finished {
    file: PathBuf,
    known: BTreeMap<(String, String), Entry>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    table: String,
    partition: String,
    entry: Entry,
}

impl Finished {
    /// What a stopped build left below a root; nothing when the last one came to its end.
    pub fn load(root: &Path) -> anyhow::Result<Finished> {
        let file = root.join("ferdig.jsonl");
        let text = if file.exists() { disk::read(&file)? } else { Vec::new() };
        // A line that was cut short says nothing.
        let lines = text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok());
        let known = lines.map(|line| ((line.table, line.partition), line.entry)).collect();
        Ok(Finished { file, known })
    }

    /// The file that was computed for this key, if it is whole.
    pub fn entry(&self, lake: &Lake, table: &str, partition: &str, key: &str) -> Option<Entry> {
        let entry = self.known.get(&(table.to_owned(), partition.to_owned()))?;
        let is_right = entry.key.as_deref() == Some(key) && lake.check_content(entry).is_ok();
        is_right.then(|| entry.clone())
    }

    /// Adds what was computed. The entry has its key.
    pub fn add(&self, table: &str, partition: &str, entry: &Entry) -> anyhow::Result<()> {
        let line = Line { table: table.to_owned(), partition: partition.to_owned(), entry: entry.clone() };
        disk::append_line(&self.file, &serde_json::to_string(&line).context("writing what is computed")?)
    }

    /// Ends it: the state names everything now.
    pub fn forget(&self) -> anyhow::Result<()> {
        disk::remove(&self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(lake: &Path, bytes: &str, key: &str) -> Entry {
        let sha256 = disk::sha256(bytes.as_bytes());
        let file = format!("t/alle/{sha256}.parquet");
        disk::write(&lake.join(&file), bytes.as_bytes()).unwrap();
        Entry {
            file,
            bytes: 4,
            rows: 1,
            content: sha256.clone(),
            sha256,
            version: 1,
            touches: Vec::new(),
            key: Some(key.to_owned()),
        }
    }

    #[test]
    fn what_was_computed_is_found_by_its_key_when_its_file_is_whole() {
        let root = tempfile::tempdir().unwrap();
        let lake = Lake::at(&root.path().join("lake"));
        let (one, two) = (entry(lake.folder(), "en\n\n", "k1"), entry(lake.folder(), "to\n\n", "k2"));
        let build = Finished::load(root.path()).unwrap();
        build.add("a", "alle", &two).unwrap();
        build.add("a", "alle", &one).unwrap();
        build.add("b", "alle", &two).unwrap();
        // A process that is killed may leave half a line, a machine that loses power anything.
        std::fs::OpenOptions::new()
            .append(true)
            .open(root.path().join("ferdig.jsonl"))
            .and_then(|mut file| std::io::Write::write_all(&mut file, b"{\"table\":\"c\xff"))
            .unwrap();

        let next = Finished::load(root.path()).unwrap();
        assert_eq!(next.entry(&lake, "a", "alle", "k1"), Some(one));
        assert_eq!(next.entry(&lake, "a", "alle", "k2"), None);
        assert_eq!(next.entry(&lake, "c", "alle", "k2"), None);
        disk::write(&lake.path(&two), b"tom\n").unwrap();
        assert_eq!(next.entry(&lake, "b", "alle", "k2"), None);
        next.forget().unwrap();
        assert!(Finished::load(root.path()).unwrap().known.is_empty());
    }
}
