//! Kept releases after courses were erased: their states name files without the courses' rows, and their manifests bear
//! tombstones. Figures and names stay: what was published was published.
//!
//! Knows which files a release has; how rows are left out is `erasure`'s business.

use std::path::Path;

use anyhow::Context;

use super::manifest::{Erased, MANIFEST, Manifest};
use super::release::Releases;
use crate::contract::Contract;
use crate::disk;
use crate::erasure::{self, Erasures};
use crate::lake::{Lake, State};

/// The state in a release.
const STATE: &str = "state.json";

/// Whether a file with this hash is the release's own without the rows of erased courses.
pub(super) fn is_without(manifest: &Manifest, path: &str, sha256: &str) -> bool {
    let erased = manifest.erased.as_ref().and_then(|erased| erased.state_sha256.as_deref());
    path == STATE && erased == Some(sha256)
}

/// Takes erased courses out of the states of all kept releases. Where it is stopped, doing it again ends it: the manifest
/// comes first and names both states.
pub fn bury(releases: &Releases, lake: &Lake, contracts: &[Contract], erasures: &Erasures) -> anyhow::Result<()> {
    for release in releases.all()? {
        let file = release.join(STATE);
        let state = State::load_existing(&file)?;
        let Some(purged) = erasure::purge(lake, &state, contracts, &|id| erasures.has(id))? else { continue };
        let text = purged.to_json()?;
        let mut manifest =
            Manifest::load(&release)?.with_context(|| format!("{} has no {MANIFEST}", release.display()))?;
        let state_sha256 = Some(disk::sha256(text.as_bytes()));
        manifest.erased = Erased::of(erasures).map(|erased| Erased { state_sha256, ..erased });
        disk::commit(&release.join(MANIFEST), manifest.to_json()?.as_bytes())?;
        disk::commit(&file, text.as_bytes())?;
    }
    Ok(())
}

/// What a release tells of erased courses that its figures count, for people; empty when there is nothing to tell.
pub fn told(release: &Path) -> anyhow::Result<Vec<String>> {
    let erased = Manifest::load(release)?.and_then(|manifest| manifest.erased);
    let Some(erased) = erased.filter(|erased| erased.state_sha256.is_some()) else { return Ok(Vec::new()) };
    Ok(tombstones(&erased))
}

/// One line for each tombstone.
pub(crate) fn tombstones(erased: &Erased) -> Vec<String> {
    let line = |(hash, (date, rows)): (&String, &(String, u64))| {
        let hash = hash.get(..12).unwrap_or(hash);
        format!("erased: course {hash}… on {date}, {rows} delivered rows; figures from before still count it")
    };
    erased.courses.iter().map(line).collect()
}
