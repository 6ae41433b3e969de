//! How deliveries arrive: files that others put into a folder are found, what lies on a server is fetched and lands as
//! a file. Afterwards both look the same to ingest.
//!
//! One source's failure stops no other, and nothing half-written is ever seen. Knows no rows: of a contract only which
//! file names it takes.

mod checksum;
mod header_text;
mod http;
mod landing;
mod local;
mod remote;
mod retry;

pub use landing::note_shortened;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::config::Config;
use crate::contract::Contract;
use crate::disk;

/// What fetching works with.
pub struct Fetch<'a> {
    /// Where sources are.
    pub config: &'a Config,
    /// Which file names they may have.
    pub contracts: &'a [Contract],
    /// The one product whose sources are asked for; absent = all.
    pub only: Option<&'a str>,
    /// The run's date: months that are over before it are asked for.
    pub as_of: Date,
    /// When the run began: goes beside what lands, and nowhere else.
    pub now: Timestamp,
    /// Told what is being fetched.
    pub progress: &'a dyn Fn(&str),
}

/// What fetching did, by source. Sources of local files are not in it.
#[derive(Debug, Default)]
pub struct Report {
    /// One entry per source that is fetched.
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
}

/// A file that was not fetched.
#[derive(Debug, PartialEq, Eq)]
pub struct Failed {
    /// Its address, without a query.
    pub what: String,
    /// Why, and what to do.
    pub reason: String,
}

/// Fetches everything that is new, source by source. What fails is in the report.
pub fn bring(fetch: &Fetch<'_>) -> Report {
    let mut report = Report::default();
    let asked_for = |contract: &&Contract| fetch.only.is_none_or(|only| contract.product == only);
    for contract in fetch.contracts.iter().filter(asked_for) {
        let source = fetch.config.sources.get(&contract.source);
        for remote in source.map_or([].as_slice(), |source| source.remotes.as_slice()) {
            let fetched = report.sources.entry(contract.source.clone()).or_default();
            remote::bring(fetch, contract, remote, fetched);
        }
    }
    report
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
}

impl Delivered {
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

/// Everything that has been delivered or has landed, and is whole. Asks no server.
pub fn delivered(config: &Config, now: Timestamp) -> anyhow::Result<Delivered> {
    let (mut files, mut unlisted) = (BTreeMap::new(), Vec::new());
    for (name, source) in &config.sources {
        let found = match &source.files {
            None => landing::files(&landing::folder(&config.root, name))?,
            Some(glob) => {
                let (found, errors) =
                    local::matching(&config.base, glob).with_context(|| format!("[source.{name}]"))?;
                if found.is_empty() && errors.is_empty() {
                    tracing::warn!(source = name, "no file matches {}", config.base.join(glob).display());
                }
                unlisted.extend(errors.into_iter().map(|error| unlisted_of(name, glob, &error)));
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
    Ok(Delivered { files, unfinished, unlisted })
}

/// The files of a source that lie where they are delivered or have landed, sorted. Asks no server.
pub fn files(config: &Config, source: &str) -> anyhow::Result<Vec<PathBuf>> {
    let configured = config.sources.get(source).with_context(|| format!("[source.{source}] is not configured"))?;
    match &configured.files {
        None => landing::files(&landing::folder(&config.root, source)),
        Some(glob) => Ok(local::matching(&config.base, glob).with_context(|| format!("[source.{source}]"))?.0),
    }
}

fn pause(time: Duration) {
    std::thread::sleep(time);
}
