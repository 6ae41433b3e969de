//! `manifest.json`: every file of a release with product, hash, rows and source table, and what it was made from.
//!
//! Knows no clock but the run's date. Engine settings stand in it and nowhere else in a release.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::disk;
use crate::erasure::{Erasures, Tombstone};

/// A release's manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Raised when this file's shape changes.
    pub format: u32,
    /// `<as-of>-<first 12 hex of the content hash>`.
    pub release: String,
    /// The run's date.
    pub as_of: String,
    /// Whether the figures are made from generated deliveries.
    pub synthetic: bool,
    /// How the engine ran; no figure depends on it.
    pub settings: BTreeMap<String, String>,
    /// Product → what it was made from.
    pub products: BTreeMap<String, Product>,
    /// Path → file.
    pub files: BTreeMap<String, File>,
    /// Courses that are erased; absent when none ever was. Not part of what the release is called after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<Erased>,
}

/// The tombstones that a release bears.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// Hash of a course's id → the day on which it was erased, and how many delivered rows went.
    pub courses: BTreeMap<String, (String, u64)>,
    /// SHA-256 of `state.json` without their rows, when the release was made with them: its figures still count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_sha256: Option<String>,
}

impl Erased {
    /// The tombstones of a root; absent when there are none.
    pub fn of(erasures: &Erasures) -> Option<Erased> {
        let stone = |(hash, stone): (&String, &Tombstone)| (hash.clone(), (stone.date.clone(), stone.rows));
        let courses: BTreeMap<_, _> = erasures.courses.iter().map(stone).collect();
        (!courses.is_empty()).then_some(Erased { courses, state_sha256: None })
    }
}

/// One product's part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// The date of the run that made it; older than the release's when later runs of the product failed.
    pub as_of: String,
    /// The date of the first run that could not renew it; absent when the release's own run made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands_since: Option<String>,
    /// What allows the product, for one that needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// Source table → partition → content hash.
    pub inputs: BTreeMap<String, BTreeMap<String, String>>,
    /// Model → hash of its file.
    pub models: BTreeMap<String, String>,
    /// The thresholds it was made with.
    pub thresholds: BTreeMap<String, i64>,
    /// The reimbursement paragraphs whose lines it counts.
    #[serde(default)]
    pub paragraphs: BTreeSet<i64>,
    /// Sources that were late, as its pages say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<String>,
    /// The checks that held: table → rules.
    pub checks: BTreeMap<String, Vec<String>>,
    /// Pages by key, `lege/<key>/index.html` → key column, and the table of all keys that should have one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub complete: BTreeMap<String, (String, String)>,
    /// Public tables that are not published yet → why.
    pub withheld: BTreeMap<String, String>,
    /// Trees whose figures change on dates of their own → what they show.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shown: BTreeMap<String, Shown>,
    /// Table → column → cells that were public before these figures and are not shown any more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub newly_hidden: BTreeMap<String, BTreeMap<String, usize>>,
}

/// The figures that one tree of a product shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// The date of the run that made them.
    pub as_of: String,
    /// The announced date on which they were due; absent for figures from before the product had dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The product it belongs to; absent for files that all share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// SHA-256.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// The table it shows, for data files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Rows, for data files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

/// Its file name.
pub const MANIFEST: &str = "manifest.json";

impl Manifest {
    /// The manifest of a release folder; `None` when there is no release there.
    pub fn load(release: &Path) -> anyhow::Result<Option<Manifest>> {
        let path = release.join(MANIFEST);
        if !path.exists() {
            return Ok(None);
        }
        let text = disk::read_text(&path)?;
        serde_json::from_str(&text).map(Some).with_context(|| format!("{} is not a manifest", path.display()))
    }

    /// As JSON with sorted keys.
    pub fn to_json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self).context("writing the manifest")? + "\n")
    }

    /// What the release is called: its date and the beginning of its content's hash.
    pub fn id(&self) -> anyhow::Result<String> {
        Ok(format!("{}-{}", self.as_of, &self.content()?[..12]))
    }

    /// SHA-256 of everything in the release but how the engine ran and what the release is called.
    pub fn content(&self) -> anyhow::Result<String> {
        let unnamed = Manifest { release: String::new(), settings: BTreeMap::new(), erased: None, ..self.clone() };
        Ok(disk::sha256(unnamed.to_json()?.as_bytes()))
    }
}
