//! Which delivered files there are, and which of them are news.
//!
//! The same file twice is once; the highest version wins; the same version with other bytes is refused, but that two
//! files of one snapshot may differ in bytes (plain or zipped) as long as they hold the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::{Refused, other_content, snapshot};
use crate::contract::{self, Contract, Partition};
use crate::disk::{self, Look};
use crate::erasure::Erasures;
use crate::lake::{Delivery, State};

/// A delivered file.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) path: PathBuf,
    pub(super) name: String,
    /// What the name says; a snapshot's key, which the file says.
    pub(super) period: String,
    pub(super) version: u32,
    pub(super) sha256: String,
    /// How it looked before it was hashed.
    seen: Look,
}

impl Arrival {
    /// Whether it has changed since it was hashed: somebody writes it, and its rows are not those of the hash.
    pub(super) fn has_changed(&self) -> bool {
        disk::look(&self.path).map_or(true, |look| look != self.seen)
    }
}

/// What to do with the files of one version.
pub(super) enum Verdict<'a> {
    NothingNew,
    Refuse(String),
    /// Read these, which have different bytes. Only a snapshot has more than one.
    Take(Vec<&'a Arrival>),
}

/// The partition of a source that keeps its last delivery only.
pub(super) const ALL: &str = "alle";

/// So many days may a delivery be dated after the run's date: a run of the past is made with deliveries of today.
const FURTHEST_AHEAD_DAYS: i32 = 1100;

/// Delivered files by what they are deliveries of; those that cannot be placed are refused. So is one that is dated far
/// after the run where the newest date wins: it would stand in the way of every delivery until that day.
pub(super) fn place_all(
    files: &[PathBuf],
    contract: &Contract,
    today: Date,
    state: &State,
    refused: &mut Vec<Refused>,
) -> anyhow::Result<Vec<Arrival>> {
    let unreadable = |file: String, error: anyhow::Error| {
        let advice = disk::advice(&error).unwrap_or("it cannot be read");
        Refused { source: contract.source.clone(), file, sha256: None, reason: format!("{advice}: {error:#}") }
    };
    let mut found = Vec::new();
    for path in files.iter().cloned() {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let looked = disk::look(&path).and_then(|seen| Ok((seen, disk::sha256_of_file(&path)?)));
        let (seen, sha256) = match looked {
            Ok(looked) => looked,
            Err(error) => {
                refused.push(unreadable(name, error));
                continue;
            }
        };
        match place(contract, &path, &name) {
            Ok((period, version)) => {
                let arrival = Arrival { path, name, period, version, sha256, seen };
                match date_ahead(contract, &arrival, today, state) {
                    None => found.push(arrival),
                    Some(date) => refused.push(Refused {
                        source: contract.source.clone(),
                        file: arrival.name,
                        sha256: Some(arrival.sha256),
                        reason: format!(
                            "it is dated {date}, more than {FURTHEST_AHEAD_DAYS} days after the run's date, {today}; the \
                             newest date wins, so it would keep out every delivery until then. Name it by the day that it \
                             was made"
                        ),
                    }),
                }
            }
            Err(error) => {
                let source = contract.source.clone();
                refused.push(Refused { source, file: name, sha256: None, reason: format!("{error:#}") })
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The date in a file's name, where the newest wins and it is far ahead; absent for the file in force.
fn date_ahead(contract: &Contract, arrival: &Arrival, today: Date, state: &State) -> Option<Date> {
    let date: Date = match contract.partition {
        Partition::Latest => arrival.period.parse().ok(),
        Partition::LatestOfKind => contract::kind_and_date(&arrival.period).and_then(|(_, date)| date.parse().ok()),
        _ => None,
    }?;
    let in_force = state.delivery(&contract.source, &partition_of(contract, arrival));
    let is_in_force = in_force.is_some_and(|delivery| delivery.file == arrival.name);
    ((date - today).get_days() > FURTHEST_AHEAD_DAYS && !is_in_force).then_some(date)
}

/// Period and version of a file.
fn place(contract: &Contract, path: &Path, name: &str) -> anyhow::Result<(String, u32)> {
    let named = contract.file_name.read(name)?;
    match contract.partition {
        Partition::Snapshot => Ok((snapshot::key(path)?, named.version)),
        _ => Ok((named.period, named.version)),
    }
}

/// Per partition, the files by falling version; files of one version stand together.
pub(super) fn by_partition(contract: &Contract, arrivals: Vec<Arrival>) -> Vec<Vec<Vec<Arrival>>> {
    let mut partitions: BTreeMap<String, BTreeMap<(String, u32), Vec<Arrival>>> = BTreeMap::new();
    for arrival in arrivals {
        let rank = match contract.partition {
            // Every delivery stands; a later version adds to an earlier one.
            Partition::Delivery => (String::new(), 1),
            _ => (arrival.period.clone(), arrival.version),
        };
        partitions.entry(partition_of(contract, &arrival)).or_default().entry(rank).or_default().push(arrival);
    }
    partitions.into_values().map(|ranks| ranks.into_values().rev().collect()).collect()
}

/// The partition that a delivery fills.
pub(super) fn partition_of(contract: &Contract, arrival: &Arrival) -> String {
    match contract.partition {
        Partition::Month | Partition::Year | Partition::Snapshot => arrival.period.clone(),
        Partition::Delivery if arrival.version > 1 => format!("{}_v{}", arrival.period, arrival.version),
        Partition::Delivery => arrival.period.clone(),
        Partition::LatestOfKind => {
            contract::kind_and_date(&arrival.period).map_or_else(|| ALL.to_owned(), |(kind, _)| kind.to_owned())
        }
        Partition::Latest => ALL.to_owned(),
    }
}

/// Compares the files of one version with what is in force.
pub(super) fn judge<'a>(
    contract: &Contract,
    same_version: &'a [Arrival],
    taken_with: &str,
    state: &State,
    erasures: &Erasures,
) -> Verdict<'a> {
    let mut different: Vec<&Arrival> = Vec::new();
    for arrival in same_version {
        if different.iter().all(|other| other.sha256 != arrival.sha256) {
            different.push(arrival);
        }
    }
    let Some(&arrival) = different.first() else { return Verdict::NothingNew };
    let may_differ = contract.partition == Partition::Snapshot;
    if different.len() > 1 && !may_differ {
        return Verdict::Refuse(format!(
            "{} are the same version with different content; keep one, or name the newer _v{}",
            names(same_version.iter()),
            arrival.version + 1
        ));
    }
    let Some(in_force) = state.delivery(&contract.source, &partition_of(contract, arrival)) else {
        return Verdict::Take(different);
    };
    match rank_in_force(contract, arrival, in_force) {
        Some(rank) if rank > (arrival.period.clone(), arrival.version) => return Verdict::NothingNew,
        Some(rank) if rank == (arrival.period.clone(), arrival.version) => {}
        _ => return Verdict::Take(different),
    }
    if in_force.taken_with == taken_with {
        different.retain(|arrival| !in_force.is_of(&arrival.sha256));
    }
    if different.is_empty() {
        return Verdict::NothingNew;
    }
    let was = |before: &str| in_force.is_of(before);
    if erasures.made(&contract.source, &arrival.name, &arrival.sha256, was) {
        return Verdict::Take(different);
    }
    if !may_differ && !in_force.is_of(&arrival.sha256) {
        return Verdict::Refuse(other_content::reason(arrival, in_force));
    }
    Verdict::Take(different)
}

/// Period and version of the delivery in force; absent when the contract no longer knows its name.
fn rank_in_force(contract: &Contract, arrival: &Arrival, in_force: &Delivery) -> Option<(String, u32)> {
    let named = contract.file_name.read(&in_force.file).ok()?;
    let period = if contract.partition == Partition::Snapshot { arrival.period.clone() } else { named.period };
    Some((period, named.version))
}

/// The files' names, for messages.
pub(super) fn names<'a>(arrivals: impl Iterator<Item = &'a Arrival>) -> String {
    arrivals.map(|arrival| arrival.name.as_str()).collect::<Vec<_>>().join(" and ")
}
