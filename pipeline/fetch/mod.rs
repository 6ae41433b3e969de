//! How deliveries arrive: files that others put into a folder are found, what lies on a server is fetched and lands as
//! a file. Afterwards both look the same to ingest.
//!
//! One source's failure stops no other, and nothing half-written is ever seen. Knows no rows: of a contract only which
//! file names it takes.

mod checksum;
mod deadline;
mod header_text;
mod http;
mod kept;
mod landing;
mod local;
mod remote;
mod retry;

pub use landing::note_shortened;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::config::{Config, Remote};
use crate::contract::Contract;
use crate::disk;
use crate::lake::State;
use deadline::Deadline;
pub use kept::{copies, keep};
use landing::Landed;

/// What fetching works with.
pub struct Fetch<'a> {
    /// Where sources are.
    pub config: &'a Config,
    /// Which file names they may have.
    pub contracts: &'a [Contract],
    /// What is in force: a file that landed and is not is asked for again, whatever the server said of it.
    pub state: &'a State,
    /// The products whose sources are asked for; absent = all.
    pub only: Option<&'a BTreeSet<String>>,
    /// The run's date: months that are over before it are asked for.
    pub as_of: Date,
    /// When the run began: goes beside what lands, and nowhere else.
    pub now: Timestamp,
    /// Told what is being fetched, from several threads.
    pub progress: &'a (dyn Fn(&str) + Sync),
}

/// What fetching did, by source.
#[derive(Debug, Default)]
pub struct Report {
    /// One entry per source that is fetched, and per source of local files that there is something to say of.
    pub sources: BTreeMap<String, Fetched>,
}

impl Report {
    /// What was not fetched, with its source.
    pub fn failed(&self) -> impl Iterator<Item = (&str, &Failed)> {
        self.sources.iter().flat_map(|(source, fetched)| fetched.failed.iter().map(move |it| (source.as_str(), it)))
    }
}

/// What was fetched of one source.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Names of the files that landed.
    pub new: Vec<String>,
    /// Names of the files that landed before and are still what the server has.
    pub unchanged: Vec<String>,
    /// Months that the server does not have (yet), `2026-01`.
    pub absent: Vec<String>,
    /// What was not fetched though it should have been.
    pub failed: Vec<Failed>,
    /// What stops nothing and somebody should look at.
    pub notes: Vec<String>,
}

/// A file that was not fetched.
#[derive(Debug, PartialEq, Eq)]
pub struct Failed {
    /// Its address, without a query; of local files, their glob.
    pub what: String,
    /// Why, and what to do.
    pub reason: String,
}

/// Fetches everything that is new, all sources at once: one whose server is slow keeps no other waiting. What fails, and
/// what has not come by the end of the step, is in the report.
pub fn bring(fetch: &Fetch<'_>) -> Report {
    let deadline = Deadline::from_now(&fetch.config.fetching);
    let asked_for = |contract: &&Contract| fetch.only.is_none_or(|only| only.contains(&contract.product));
    let remotes = |contract: &Contract| fetch.config.sources.get(&contract.source).map(|source| &source.remotes);
    let fetched = fetch
        .contracts
        .iter()
        .filter(asked_for)
        .filter_map(|contract| Some((contract, remotes(contract).filter(|remotes| !remotes.is_empty())?)));
    let sources = std::thread::scope(|scope| {
        let started: Vec<_> = fetched
            .map(|(contract, remotes)| {
                (contract.source.clone(), scope.spawn(move || bring_source(fetch, deadline, contract, remotes)))
            })
            .collect();
        let whole = |(source, thread): (String, std::thread::ScopedJoinHandle<'_, Fetched>)| match thread.join() {
            Ok(fetched) => (source, fetched),
            Err(panic) => std::panic::resume_unwind(panic),
        };
        started.into_iter().map(whole).collect::<BTreeMap<_, _>>()
    });
    let mut report = Report { sources };
    for contract in fetch.contracts.iter().filter(asked_for) {
        let looked = look_for(fetch, &contract.source).filter(|looked| *looked != Fetched::default());
        report.sources.extend(looked.map(|looked| (contract.source.clone(), looked)));
    }
    report
}

/// Where a source of local files has delivered before, its folder must be there: an unmounted share would otherwise look
/// like a sender with nothing to say. The sender may empty it, since what was taken in is kept; that is told.
fn look_for(fetch: &Fetch<'_>, source: &str) -> Option<Fetched> {
    let glob = fetch.config.sources.get(source)?.files.as_ref()?;
    fetch.state.deliveries.get(source).filter(|deliveries| !deliveries.is_empty())?;
    let folder = local::folder(&fetch.config.base, glob);
    let mut fetched = Fetched::default();
    if local::is_missing(&folder) {
        let reason = format!(
            "there is no folder {}; is its disk mounted, was it renamed or removed? Put it back, or mend `url` of \
             [source.{source}]. What was delivered before stands",
            folder.display()
        );
        tracing::warn!(source, "{reason}");
        fetched.failed.push(Failed { what: glob.clone(), reason });
    } else if local::matching(&fetch.config.base, glob).is_ok_and(|(files, errors)| (files.len() + errors.len()) == 0) {
        fetched.notes.push(format!(
            "no file matches {glob}, where there were deliveries before. Has the sender tidied up? Then all is well. Else \
             look whether {} is mounted, and mend `url` of [source.{source}]",
            folder.display()
        ));
    }
    Some(fetched)
}

/// A source's addresses one after the other: they share a landing folder.
fn bring_source(fetch: &Fetch<'_>, deadline: Deadline, contract: &Contract, remotes: &[Remote]) -> Fetched {
    let mut fetched = Fetched::default();
    for remote in remotes {
        remote::bring(fetch, deadline, contract, remote, &mut fetched);
    }
    fetched
}

/// An error with its causes, and before them what the operator can do when the machine is the cause.
fn told(error: &anyhow::Error) -> String {
    disk::advice(error).map_or_else(|| format!("{error:#}"), |advice| format!("{advice}: {error:#}"))
}

/// The files that are there for ingest.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Source → its files, sorted.
    pub files: BTreeMap<String, Vec<PathBuf>>,
    /// Files that somebody is still writing; they are left for the next run.
    pub unfinished: Vec<PathBuf>,
    /// Places that could not be listed.
    pub unlisted: Vec<Unlisted>,
    /// Source → what was fetched of it, in the order in which it landed.
    landed: BTreeMap<String, Vec<Landed>>,
}

impl Delivered {
    /// Files of which no more is known than that they are whole.
    pub fn of_files(files: BTreeMap<String, Vec<PathBuf>>) -> Delivered {
        Delivered { files, ..Delivered::default() }
    }

    /// SHA-256 of the files that came later from the address that a file was fetched from: what its server has shown in
    /// its place since. None for a file that was not fetched.
    pub fn came_later<'a>(&'a self, source: &str, file: &str) -> impl Iterator<Item = &'a str> {
        let landed = self.landed.get(source).map_or([].as_slice(), Vec::as_slice);
        let at = landed.iter().position(|landed| landed.name == file);
        let after = at.map_or([].as_slice(), |at| &landed[at..]);
        let address = after.first().map(|landed| landed.card.adresse.as_str());
        let later = after.iter().skip(1).filter(move |landed| Some(landed.card.adresse.as_str()) == address);
        later.map(|landed| landed.card.sha256.as_str())
    }

    /// The places of a source that could not be listed.
    pub fn unlisted_of(&self, source: &str) -> impl Iterator<Item = &Unlisted> {
        self.unlisted.iter().filter(move |place| place.source == source)
    }
}

/// A place where deliveries may be, and nobody can tell.
#[derive(Clone, Debug)]
pub struct Unlisted {
    /// The source.
    pub source: String,
    /// Its glob.
    pub url: String,
    /// Why, and what to do.
    pub reason: String,
}

fn unlisted_of(source: &str, url: &str, error: &anyhow::Error) -> Unlisted {
    let advice = disk::advice(error).unwrap_or("it cannot be read");
    Unlisted { source: source.to_owned(), url: url.to_owned(), reason: format!("{advice}: {error:#}") }
}

/// Everything that has been delivered or has landed, and is whole; deliveries that were taken in from elsewhere and are
/// gone from there as they were kept. Asks no server.
pub fn delivered(config: &Config, now: Timestamp) -> anyhow::Result<Delivered> {
    let (mut files, mut unlisted, mut landed) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
    for (name, source) in &config.sources {
        let found = match &source.files {
            None => {
                let folder = landing::folder(&config.root, name);
                landed.insert(name.clone(), landing::landed(&folder)?);
                landing::files(&folder)?
            }
            Some(glob) => {
                let (mut found, errors) =
                    local::matching(&config.base, glob).with_context(|| format!("[source.{name}]"))?;
                if found.is_empty() && errors.is_empty() {
                    tracing::warn!(source = name, "no file matches {}", config.base.join(glob).display());
                }
                unlisted.extend(errors.into_iter().map(|error| unlisted_of(name, glob, &error)));
                found.extend(kept::gone(&config.root, name, &found));
                found
            }
        };
        files.insert(name.clone(), found);
    }
    let put_there = config.sources.iter().filter(|(_, source)| source.files.is_some());
    let put_there: Vec<&PathBuf> = put_there.filter_map(|(name, _)| files.get(name)).flatten().collect();
    let unfinished = local::unfinished(&put_there, now.into(), config.fetching.settle, &pause)?;
    for path in &unfinished {
        tracing::warn!("{} is being written; it is left for the next run", path.display());
    }
    files.values_mut().for_each(|files| files.retain(|file| !unfinished.contains(file)));
    Ok(Delivered { files, unfinished, unlisted, landed })
}

/// The files of a source that lie where they are delivered, have landed or are kept. Asks no server.
pub fn files(config: &Config, source: &str) -> anyhow::Result<Vec<PathBuf>> {
    let configured = config.sources.get(source).with_context(|| format!("[source.{source}] is not configured"))?;
    match &configured.files {
        None => landing::files(&landing::folder(&config.root, source)),
        Some(glob) => {
            let (mut found, _) = local::matching(&config.base, glob).with_context(|| format!("[source.{source}]"))?;
            found.extend(kept::gone(&config.root, source, &found));
            Ok(found)
        }
    }
}

fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_disk_says_what_to_do_and_any_other_what_was_wrong() {
        let full = anyhow::Error::new(std::io::Error::from_raw_os_error(28)).context("writing /r/landing/x");
        let text = told(&full);
        assert!(text.starts_with("the disk is full; free space on it and run again: writing /r/landing/x"), "{text}");
        assert_eq!(told(&anyhow::anyhow!("no plain name").context("x")), "x: no plain name");
    }
}
