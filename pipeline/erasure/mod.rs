//! Courses that were erased (R3): which they are and what each delivered file lost by it, in `root/slettinger.json`.
//!
//! An id is nowhere kept, only its hash with a salt of the root's own; the file is for the root's owner alone. It is
//! written before anything is changed, so that an erasure that was stopped is finished by whoever holds the lock next.
//! Rows of an erased course count as received and not stored (`slettet`), so that a county's month stays complete (C2).
//! Knows no tables but by contracts; how an erasure is carried out is `run`'s business.

mod landing;
#[cfg(feature = "engine")]
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

pub use landing::{Stripped, strip};
#[cfg(feature = "engine")]
pub use tables::{IDS, drop_computed, ids, purge};

use crate::disk;

/// What erased rows are counted under.
pub const ERASED: &str = "slettet";

const FILE: &str = "slettinger.json";
const FORMAT: u32 = 1;

/// All erasures of a root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erasures {
    format: u32,
    /// Makes the hashes useless to who has a list of ids and not this file.
    salt: String,
    /// Hash of an id → what was erased.
    pub courses: BTreeMap<String, Tombstone>,
    /// Source → delivered file → what it lost.
    pub files: BTreeMap<String, BTreeMap<String, Loss>>,
}

/// What is left of an erased course.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tombstone {
    /// The day on which it was erased, in Oslo.
    pub date: String,
    /// Delivered rows that were removed.
    pub rows: u64,
    /// Whether it is gone everywhere; false while an erasure is under way, or was stopped.
    pub done: bool,
}

/// What a delivered file lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// SHA-256 of the file as it was, before each erasure.
    pub before: BTreeSet<String>,
    /// SHA-256 of the file as it is.
    pub after: String,
    /// The rows that still count as received, each event once.
    pub rows: BTreeMap<Place, u64>,
}

/// The county and month (`202601`) of a row; absent where the row does not tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The county.
    pub county: Option<i64>,
    /// The month.
    pub month: Option<i32>,
}

/// As one text, since it is a key in JSON: `03 202601`, `- -`.
impl Serialize for Place {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
        let (county, month) = (self.county.map(|county| format!("{county:02}")), self.month.map(|m| m.to_string()));
        serializer.serialize_str(&format!("{} {}", text(county), text(month)))
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Place, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (county, month) =
            text.split_once(' ').ok_or_else(|| serde::de::Error::custom("a place is a county and a month"))?;
        Ok(Place { county: county.parse().ok(), month: month.parse().ok() })
    }
}

impl Erasures {
    /// Those of a root; none where nothing was ever erased.
    pub fn load(root: &Path) -> anyhow::Result<Erasures> {
        let file = root.join(FILE);
        if !file.exists() {
            return Ok(Erasures::default());
        }
        let read = serde_json::from_str::<Erasures>(&disk::read_text(&file)?);
        let damaged = || format!("{} is damaged; restore it from backup: it tells what was erased", file.display());
        let erasures = read.with_context(damaged)?;
        ensure!(erasures.format == FORMAT, "{} has another format than {FORMAT}", file.display());
        Ok(erasures)
    }

    /// Writes them; on the disk when this returns.
    pub fn commit(&self, root: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self).context("writing erasures")? + "\n";
        let file = root.join(FILE);
        disk::write_private(&file, text.as_bytes())?;
        disk::sync(&file)
    }

    /// Gives the root its salt, when it has none.
    pub fn begin(&mut self) -> anyhow::Result<()> {
        self.format = FORMAT;
        if self.salt.is_empty() {
            let mut salt = [0; 32];
            let source = Path::new("/dev/urandom");
            disk::open(source)?.read_exact(&mut salt).with_context(|| format!("reading {}", source.display()))?;
            self.salt = disk::hex(&salt);
        }
        Ok(())
    }

    /// What an id is known by.
    pub fn hash(&self, id: &[u8]) -> String {
        disk::sha256(&[self.salt.as_bytes(), b"/", id].concat())
    }

    /// Whether this id is erased, or being erased.
    pub fn has(&self, id: &[u8]) -> bool {
        !self.courses.is_empty() && self.courses.contains_key(&self.hash(id))
    }

    /// Whether an erasure is under way, or was stopped.
    pub fn is_unfinished(&self) -> bool {
        self.courses.values().any(|tombstone| !tombstone.done)
    }

    /// What a file lost: the one of that source and name, as it is now.
    pub fn loss(&self, source: &str, file: &str, sha256: &str) -> Option<&Loss> {
        self.files.get(source)?.get(file).filter(|loss| loss.after == sha256)
    }

    /// Whether a file is what erasures left of the one with another hash.
    pub fn made(&self, source: &str, file: &str, sha256: &str, of: impl Fn(&str) -> bool) -> bool {
        self.loss(source, file, sha256).is_some_and(|loss| loss.before.iter().any(|before| of(before)))
    }

    /// Where a file of that name stands in the root's list.
    #[cfg(feature = "engine")]
    pub(crate) fn loss_mut(&mut self, source: &str, file: &str) -> &mut Loss {
        self.files.entry(source.to_owned()).or_default().entry(file.to_owned()).or_default()
    }

    /// For messages: the days on which something was erased.
    pub fn days(&self) -> Vec<&str> {
        let days: BTreeSet<&str> = self.courses.values().map(|tombstone| tombstone.date.as_str()).collect();
        days.into_iter().collect()
    }
}

/// A file's name for the list.
pub fn name_of(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A file that holds rows of a course.
#[derive(Debug)]
pub struct Found {
    /// The source.
    pub source: String,
    /// Where it is.
    pub path: PathBuf,
    /// What is left when they are out.
    pub stripped: Stripped,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_known_by_a_hash_of_the_roots_own() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(Erasures::load(root.path()).unwrap(), Erasures::default());
        assert!(!Erasures::default().has(b"c-1"));
        let mut one = Erasures::default();
        one.begin().unwrap();
        let hash = one.hash(b"c-1");
        assert_ne!(hash, disk::sha256(b"c-1"));
        one.courses.insert(hash, Tombstone { date: "2026-11-10".to_owned(), rows: 3, done: false });
        let place = Place { county: Some(3), month: Some(202_601) };
        one.loss_mut("s", "f.csv").rows.extend([(place, 2), (Place { county: None, month: None }, 1)]);
        one.commit(root.path()).unwrap();
        let text = disk::read_text(&root.path().join(FILE)).unwrap();
        assert!(!text.contains("c-1") && text.contains("\"03 202601\": 2") && text.contains("\"- -\": 1"), "{text}");
        let read = Erasures::load(root.path()).unwrap();
        assert_eq!(read, one);
        assert!(read.has(b"c-1") && !read.has(b"c-2") && read.is_unfinished());

        let mut other = Erasures::default();
        other.begin().unwrap();
        assert_ne!(other.hash(b"c-1"), one.hash(b"c-1"));
        disk::write(&root.path().join(FILE), b"{").unwrap();
        assert!(format!("{:#}", Erasures::load(root.path()).unwrap_err()).contains("restore it from backup"));
    }
}
