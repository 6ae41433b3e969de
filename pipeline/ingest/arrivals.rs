//! Which delivered files there are, and which of them are news.
//!
//! The same file twice is once; the highest version wins; the same version with other bytes is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Refused;
use crate::contract::{Contract, Partition};
use crate::disk;
use crate::lake::State;

/// A delivered file.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) period: String,
    pub(super) version: u32,
    pub(super) sha256: String,
}

/// What to do with the files of one version.
pub(super) enum Verdict<'a> {
    NothingNew,
    Refuse(String),
    Take(&'a Arrival),
}

/// The partition of a source that keeps its last delivery only.
pub(super) const ALL: &str = "alle";

/// The delivered files that a glob finds; files with other names than the contract's are refused.
pub(super) fn find(
    base: &Path,
    url: &str,
    contract: &Contract,
    refused: &mut Vec<Refused>,
) -> anyhow::Result<Vec<Arrival>> {
    let pattern = base.join(url);
    let pattern = pattern.to_string_lossy();
    let mut found = Vec::new();
    for path in glob::glob(&pattern).with_context(|| format!("[source.{}] url: '{url}'", contract.source))? {
        let path = path.with_context(|| format!("listing {pattern}"))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !path.is_file() {
            continue;
        }
        match contract.file_name.read(&name) {
            Ok(named) => {
                let sha256 = disk::sha256_of_file(&path)?;
                found.push(Arrival { path, name, period: named.period, version: named.version, sha256 });
            }
            Err(error) => {
                refused.push(Refused { source: contract.source.clone(), file: name, reason: format!("{error:#}") })
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Per partition, the files by falling version; files of one version stand together.
pub(super) fn by_partition(contract: &Contract, arrivals: Vec<Arrival>) -> Vec<Vec<Vec<Arrival>>> {
    let mut partitions: BTreeMap<String, BTreeMap<(String, u32), Vec<Arrival>>> = BTreeMap::new();
    for arrival in arrivals {
        let (partition, rank) = match contract.partition {
            Partition::Month => (arrival.period.clone(), (String::new(), arrival.version)),
            Partition::Latest => (ALL.to_owned(), (arrival.period.clone(), arrival.version)),
            // A snapshot's time is in the file: each file is a candidate of its own.
            Partition::Snapshot => (arrival.name.clone(), (String::new(), 1)),
        };
        partitions.entry(partition).or_default().entry(rank).or_default().push(arrival);
    }
    partitions.into_values().map(|ranks| ranks.into_values().rev().collect()).collect()
}

/// Compares the files of one version with what is in force.
pub(super) fn judge<'a>(
    contract: &Contract,
    same_version: &'a [Arrival],
    taken_with: &str,
    state: &State,
) -> Verdict<'a> {
    let Some(arrival) = same_version.first() else { return Verdict::NothingNew };
    let of_source = state.deliveries.get(&contract.source);
    if contract.partition == Partition::Snapshot {
        let known = of_source.is_some_and(|deliveries| {
            deliveries.values().any(|known| known.sha256 == arrival.sha256 && known.taken_with == taken_with)
        });
        return if known { Verdict::NothingNew } else { Verdict::Take(arrival) };
    }
    if same_version.iter().any(|other| other.sha256 != arrival.sha256) {
        let names: Vec<&str> = same_version.iter().map(|arrival| arrival.name.as_str()).collect();
        return Verdict::Refuse(format!(
            "{} are the same version with different content; keep one, or name the newer _v{}",
            names.join(" and "),
            arrival.version + 1
        ));
    }
    let partition = if contract.partition == Partition::Latest { ALL } else { &arrival.period };
    let Some(in_force) = of_source.and_then(|deliveries| deliveries.get(partition)) else {
        return Verdict::Take(arrival);
    };
    let rank_in_force = contract.file_name.read(&in_force.file).map(|named| (named.period, named.version));
    let rank = (arrival.period.clone(), arrival.version);
    match rank_in_force {
        Ok(in_force_rank) if rank < in_force_rank => Verdict::NothingNew,
        Ok(in_force_rank) if rank == in_force_rank && arrival.sha256 != in_force.sha256 => Verdict::Refuse(format!(
            "{} was taken in before with other content; a correction needs a new version: name it _v{}",
            arrival.name,
            arrival.version + 1
        )),
        Ok(in_force_rank) if rank == in_force_rank && in_force.taken_with == taken_with => Verdict::NothingNew,
        _ => Verdict::Take(arrival),
    }
}
