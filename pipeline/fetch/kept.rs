//! Local deliveries that were taken in from outside the root: each is kept below it too, in `landing/<source>/` under its
//! name with a card beside it, so that all can be computed anew when whoever delivered it has tidied up.
//!
//! Knows no contract: whether a file was taken in is its caller's business.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::{landing, told};
use crate::config::Config;
use crate::disk::{self, Beside};

/// Ends the name of the card beside a file.
pub(super) const CARD: &str = ".levert.json";

/// What is known of a kept file. When it was taken in stands in the ledger.
#[derive(Serialize, Deserialize)]
struct Card {
    /// Where it was delivered.
    fra: String,
    sha256: String,
    bytes: u64,
}

/// Keeps a file that was taken in with this SHA-256, once. One of a fetched source, and one that lies in the landing
/// folder already, is kept as it is. A second name of the same bytes where the file system can give one, else a copy.
pub fn keep(config: &Config, source: &str, path: &Path, sha256: &str) -> anyhow::Result<()> {
    let is_local = config.sources.get(source).is_some_and(|source| source.files.is_some());
    let folder = landing::folder(&config.root, source);
    let (Some(name), true) = (path.file_name(), is_local && !is_inside(path, &folder)) else { return Ok(()) };
    let place = folder.join(name);
    let card = folder.join(format!("{}{CARD}", name.to_string_lossy()));
    if place.exists() && card.exists() {
        return Ok(());
    }
    disk::create_private_folder(&folder)?;
    if !place.exists() {
        // A link to a link would not hold the bytes.
        let from = std::fs::canonicalize(path).with_context(|| format!("looking at {}", path.display()))?;
        if std::fs::hard_link(&from, &place).is_err() {
            copy(&from, &folder)?.keep(&place)?;
        }
        if disk::sha256_of_file(&place)? != sha256 {
            tracing::warn!("{} was changed after it was taken in, and is not kept in landing", path.display());
            return disk::remove(&place);
        }
    }
    let about = Card { fra: path.display().to_string(), sha256: sha256.to_owned(), bytes: disk::look(&place)?.bytes };
    let text = serde_json::to_string_pretty(&about).context("writing a card as JSON")? + "\n";
    disk::write(&card, text.as_bytes())
}

/// The kept files of a source that are no longer among these. Where the landing folder cannot be read there are none, and
/// it is said: what is delivered elsewhere can be taken in all the same.
pub(super) fn gone(root: &Path, source: &str, found: &[PathBuf]) -> Vec<PathBuf> {
    list(&landing::folder(root, source), found).unwrap_or_else(|error| {
        tracing::warn!(source, "what is kept is passed over: {}", told(&error));
        Vec::new()
    })
}

fn list(folder: &Path, found: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let there: BTreeSet<_> = found.iter().filter_map(|path| path.file_name()).collect();
    let mut gone = Vec::new();
    for card in disk::files_below(folder)? {
        let Some(name) = card.to_str().and_then(|card| card.strip_suffix(CARD)) else { continue };
        let file = folder.join(name);
        let about = disk::read_text(&folder.join(&card))?;
        let bytes = serde_json::from_str::<Card>(&about).map(|card| card.bytes).ok();
        let whole = file.is_file() && Some(disk::look(&file)?.bytes) == bytes;
        gone.extend((whole && !there.contains(file.file_name().unwrap_or_default())).then_some(file));
    }
    Ok(gone)
}

/// Every file of a source that is kept below the root, whether what was delivered is still there or not.
pub fn copies(root: &Path, source: &str) -> anyhow::Result<Vec<PathBuf>> {
    let folder = landing::folder(root, source);
    let cards = disk::files_below(&folder)?;
    let names = cards.iter().filter_map(|card| card.to_str()?.strip_suffix(CARD));
    Ok(names.map(|name| folder.join(name)).filter(|file| file.is_file()).collect())
}

/// Tells the card of a kept file that the file was shortened.
pub(super) fn note_shortened(file: &Path) -> anyhow::Result<()> {
    let place = PathBuf::from(format!("{}{CARD}", file.display()));
    if !place.exists() {
        return Ok(());
    }
    let card = serde_json::from_str::<Card>(&disk::read_text(&place)?);
    let mut card = card.with_context(|| format!("{} is not readable", place.display()))?;
    card.bytes = disk::look(file)?.bytes;
    card.sha256 = disk::sha256_of_file(file)?;
    disk::write(&place, (serde_json::to_string_pretty(&card).context("writing a card as JSON")? + "\n").as_bytes())
}

fn copy(from: &Path, folder: &Path) -> anyhow::Result<Beside> {
    let mut file = disk::open(from)?;
    let mut beside = Beside::start(folder)?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        let n = file.read(&mut buffer).with_context(|| format!("reading {}", from.display()))?;
        if n == 0 {
            return Ok(beside);
        }
        beside.add(&buffer[..n])?;
    }
}

/// Whether a file lies in a folder or below it, whatever links lead there.
fn is_inside(path: &Path, folder: &Path) -> bool {
    let parent = path.parent().and_then(|parent| std::fs::canonicalize(parent).ok());
    let folder = std::fs::canonicalize(folder).ok();
    parent.zip(folder).is_some_and(|(parent, folder)| parent.starts_with(folder))
}
