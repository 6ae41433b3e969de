//! `root/landing/<source>/`: the files that were fetched, kept untouched, each with a card beside it that says where it
//! came from, when, and what it hashes to. Nothing here is ever overwritten: other bytes under a name that is taken
//! become the next `_vN`, which ingest understands as a correction.
//!
//! Knows nothing of the network.

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::http::Validators;
use super::kept;
use crate::config::is_half_written;
use crate::disk::{self, Beside};

/// Ends the name of the card beside a file.
const CARD: &str = ".hentet.json";

/// What is known of a file that landed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Card {
    /// Where it came from, without a query, which may hold a secret.
    pub(super) url: String,
    /// Tells the whole address, query included, from others.
    pub(super) adresse: String,
    pub(super) sha256: String,
    pub(super) bytes: u64,
    /// When the run that fetched it began.
    pub(super) hentet: Timestamp,
    /// The date that run was as of.
    pub(super) per: Date,
    /// Counts the source's files in the order in which they landed.
    pub(super) nummer: u64,
    #[serde(flatten)]
    pub(super) validators: Validators,
}

/// A file that landed, with its card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Landed {
    pub(super) name: String,
    pub(super) card: Card,
}

/// The landing folder of one source.
pub(super) struct Shelf {
    folder: PathBuf,
    landed: Vec<Landed>,
}

/// Where what is fetched lands.
pub(super) fn folder(root: &Path, source: &str) -> PathBuf {
    root.join("landing").join(source)
}

/// The files of a landing folder that ingest may see.
pub(super) fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let there = disk::files_below(folder)?.into_iter();
    Ok(there.filter(|file| file.to_str().is_some_and(is_delivery)).map(|file| folder.join(file)).collect())
}

fn is_delivery(path: &str) -> bool {
    !path.contains('/') && ![CARD, kept::CARD].iter().any(|card| path.ends_with(card)) && !is_half_written(path)
}

/// The files of a landing folder that were fetched, in the order in which they landed. Changes nothing.
pub(super) fn landed(folder: &Path) -> anyhow::Result<Vec<Landed>> {
    let mut landed = Vec::new();
    for path in disk::files_below(folder)? {
        if let Some(of) = path.to_str().and_then(|name| name.strip_suffix(CARD)) {
            landed.extend(read_card(folder, of)?.map(|card| Landed { name: of.to_owned(), card }));
        }
    }
    landed.sort_by_key(|landed| landed.card.nummer);
    Ok(landed)
}

/// Tells the card of a file that landed that the file was shortened: it still is what came from its address, and is not
/// fetched again.
pub fn note_shortened(file: &Path) -> anyhow::Result<()> {
    super::kept::note_shortened(file)?;
    let place = PathBuf::from(format!("{}{CARD}", file.display()));
    if !place.exists() {
        return Ok(());
    }
    let card = serde_json::from_str::<Card>(&disk::read_text(&place)?);
    let mut card = card.with_context(|| format!("{} is not readable", place.display()))?;
    card.bytes = disk::look(file)?.bytes;
    disk::write(&place, (serde_json::to_string_pretty(&card).context("writing a card as JSON")? + "\n").as_bytes())
}

impl Shelf {
    /// Opens a source's folder, and removes what a killed run was writing there.
    pub(super) fn open(folder: PathBuf) -> anyhow::Result<Shelf> {
        disk::create_private_folder(&folder)?;
        for path in disk::files_below(&folder)? {
            if path.to_str().is_some_and(|name| name.starts_with(disk::HALF_WRITTEN)) {
                disk::remove(&folder.join(path))?;
            }
        }
        let landed = landed(&folder)?;
        Ok(Shelf { folder, landed })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file that landed last from an address.
    pub(super) fn last_from(&self, address: &str) -> Option<&Landed> {
        self.landed.iter().rev().find(|landed| landed.card.adresse == address)
    }

    /// What is there under a name, whatever its version: the highest one.
    fn highest(&self, name: &str) -> anyhow::Result<Option<(u32, PathBuf)>> {
        let wanted = parts(name).0;
        let versions = files(&self.folder)?.into_iter().filter_map(|path| {
            let (stem, version) = parts(path.file_name()?.to_str()?);
            (stem == wanted).then_some((version, path.clone()))
        });
        Ok(versions.max())
    }

    /// Keeps a file that arrived under its name, or under the next version of it when that is taken by other bytes.
    /// When the bytes are those of the file that came last, only its card is renewed. Returns the file, and whether it
    /// is new.
    pub(super) fn keep(&mut self, name: &str, mut card: Card, file: Beside) -> anyhow::Result<(String, bool)> {
        let last = self.last_from(&card.adresse);
        if let Some(last) = last.filter(|last| last.card.sha256 == card.sha256) {
            let name = last.name.clone();
            self.renew(&name, Card { nummer: last.card.nummer, hentet: last.card.hentet, per: last.card.per, ..card })?;
            return Ok((name, false));
        }
        card.nummer = self.landed.last().map_or(1, |landed| landed.card.nummer + 1);
        let name = match self.highest(name)? {
            None => name.to_owned(),
            // Put there by hand, or fetched from another address.
            Some((_, path)) if disk::sha256_of_file(&path)? == card.sha256 => {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                self.renew(&name, card)?;
                return Ok((name, false));
            }
            Some((highest, _)) => versioned(name, highest + 1),
        };
        // The card first: a file without a card would be fetched again, a card without a file says nothing.
        self.renew(&name, card)?;
        file.keep(&self.folder.join(&name))?;
        Ok((name, true))
    }

    fn renew(&mut self, name: &str, card: Card) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(&card).context("writing a card as JSON")? + "\n";
        disk::write(&self.folder.join(format!("{name}{CARD}")), text.as_bytes())?;
        self.landed.retain(|landed| landed.name != name);
        self.landed.push(Landed { name: name.to_owned(), card });
        self.landed.sort_by_key(|landed| landed.card.nummer);
        Ok(())
    }
}

/// A file's card. Absent when the file is not there whole, or the card is not readable: the file is then fetched and
/// compared by its bytes.
fn read_card(folder: &Path, name: &str) -> anyhow::Result<Option<Card>> {
    let place = folder.join(format!("{name}{CARD}"));
    let card = match serde_json::from_str::<Card>(&disk::read_text(&place)?) {
        Ok(card) => card,
        Err(_) => {
            tracing::warn!("{} is not readable; the file is fetched again", place.display());
            return Ok(None);
        }
    };
    let file = folder.join(name);
    let whole = file.exists() && disk::look(&file)?.bytes == card.bytes;
    Ok(Some(card).filter(|_| whole))
}

/// `utlevering_2026-01_v2.csv` → `utlevering_2026-01`, 2.
fn parts(name: &str) -> (&str, u32) {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let version = stem.rsplit_once("_v").and_then(|(base, version)| Some((base, version.parse().ok()?)));
    version.filter(|(_, version)| *version > 0).unwrap_or((stem, 1))
}

fn versioned(name: &str, version: u32) -> String {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    format!("{}_v{version}.{ending}", parts(name).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(url: &str, bytes: &[u8]) -> Card {
        Card {
            url: url.to_owned(),
            adresse: url.to_owned(),
            sha256: disk::sha256(bytes),
            bytes: bytes.len() as u64,
            hentet: "2026-11-10T03:00:00Z".parse().unwrap(),
            per: jiff::civil::date(2026, 11, 10),
            nummer: 0,
            validators: Validators::default(),
        }
    }

    fn keep(shelf: &mut Shelf, name: &str, url: &str, bytes: &[u8]) -> (String, bool) {
        let mut file = Beside::start(shelf.folder()).unwrap();
        file.add(bytes).unwrap();
        shelf.keep(name, card(url, bytes), file).unwrap()
    }

    fn names(shelf: &Shelf) -> Vec<String> {
        let files = files(shelf.folder()).unwrap();
        files.iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn other_bytes_become_the_next_version_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let mut shelf = Shelf::open(folder.path().join("lege")).unwrap();
        let mut put = |bytes: &[u8]| keep(&mut shelf, "lege_2026-10-31.csv", "u", bytes);
        assert_eq!(put(b"one"), ("lege_2026-10-31.csv".to_owned(), true));
        assert_eq!(put(b"one"), ("lege_2026-10-31.csv".to_owned(), false));
        assert_eq!(put(b"two"), ("lege_2026-10-31_v2.csv".to_owned(), true));
        // What the server shows last counts, also when it takes a correction back.
        assert_eq!(put(b"one"), ("lege_2026-10-31_v3.csv".to_owned(), true));
        assert_eq!(put(b"one"), ("lege_2026-10-31_v3.csv".to_owned(), false));
        assert_eq!(disk::read(&shelf.folder().join("lege_2026-10-31.csv")).unwrap(), b"one");
        assert_eq!(names(&shelf).len(), 3);
        let again = Shelf::open(shelf.folder().to_owned()).unwrap();
        assert_eq!(again.landed, shelf.landed);
        assert_eq!(again.last_from("u").unwrap().name, "lege_2026-10-31_v3.csv");
        assert!(again.last_from("v").is_none());
    }

    #[test]
    fn a_file_put_there_by_hand_stands_and_the_same_bytes_do_not_land_twice() {
        let folder = tempfile::tempdir().unwrap();
        disk::write(&folder.path().join("fest_a.zip"), b"by hand").unwrap();
        let mut shelf = Shelf::open(folder.path().to_owned()).unwrap();
        assert_eq!(keep(&mut shelf, "fest_a.zip", "u", b"by hand"), ("fest_a.zip".to_owned(), false));
        assert!(shelf.last_from("u").is_some());
        // The same bytes from a moving address, on another day.
        assert_eq!(keep(&mut shelf, "fest_b.zip", "u", b"by hand"), ("fest_a.zip".to_owned(), false));
        assert_eq!(names(&shelf), ["fest_a.zip"]);
    }

    #[test]
    fn what_a_killed_run_left_is_no_delivery() {
        let folder = tempfile::tempdir().unwrap();
        let mut shelf = Shelf::open(folder.path().to_owned()).unwrap();
        keep(&mut shelf, "a.csv", "u", b"whole");
        keep(&mut shelf, "b.csv", "v", b"whole");
        disk::write(&folder.path().join(".halv-x"), b"ha").unwrap();
        disk::write(&folder.path().join(format!("c.csv{CARD}")), b"{").unwrap();
        disk::remove(&folder.path().join("a.csv")).unwrap();
        disk::write(&folder.path().join("b.csv"), b"wh").unwrap();
        let shelf = Shelf::open(folder.path().to_owned()).unwrap();
        assert!(shelf.landed.is_empty());
        assert_eq!(names(&shelf), ["b.csv"]);
        assert!(!folder.path().join(".halv-x").exists());
    }
}
