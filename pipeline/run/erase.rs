//! `speil slett`: takes courses out of everything that is kept (R3), whole or, when it is stopped, again.
//!
//! First the list of erasures says what is to go; from then on each step does what is still to be done, so that another
//! call, or the next run, ends what one that was killed began. Ids are in arguments and delivered files only: lists,
//! ledger and messages have their hashes or their number.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use jiff::civil::Date;

use super::ledger::{Command, Ended, Facts, Started};
use super::night::{damaged_state, remove_leftovers};
use super::workshop::Workshop;
use super::{ExitCode, Failure, OrExit, recorded};
use crate::config::Config;
use crate::contract::Contract;
use crate::disk;
use crate::erasure::{self, Erasures, Found, Tombstone};
use crate::fetch::{self, Delivered};
use crate::lake::{Finished, Lake, State};
use crate::publish::{self, OUTBOX_FOLDER, Releases};

/// What was erased.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Courses that are gone now.
    pub courses: usize,
    /// Of those that were named, how many had been erased before.
    pub before: usize,
    /// Delivered rows that went.
    pub rows: u64,
}

/// Erases the courses of these ids. An id that is nowhere is a wrong use, and then nothing is erased.
pub fn erase(config: &Config, ids: &[String], today: Date) -> Result<Erased, Failure> {
    let ids: BTreeSet<&str> = ids.iter().map(|id| id.trim()).filter(|id| !id.is_empty()).collect();
    recorded(config, Started::of(config, Command::Slett, None, Vec::new()), |recorder| {
        let done = recorder.step("erase", |facts| {
            let contracts = Contract::embedded().or_exit(ExitCode::Configuration)?;
            let (erased, list) = begin(config, &contracts, &ids, today)?;
            if list.is_unfinished() {
                finish(config, &contracts, today, facts)?;
            }
            Ok(erased)
        });
        let code = done.as_ref().map_or_else(|failure| failure.code, |_| ExitCode::Done);
        let line = Ended::with(code, done.as_ref().err());
        (done, line)
    })
}

/// Notes what is to go. Nothing else is changed.
fn begin(
    config: &Config,
    contracts: &[Contract],
    ids: &BTreeSet<&str>,
    today: Date,
) -> Result<(Erased, Erasures), Failure> {
    let mut list = Erasures::load(&config.root).or_exit(ExitCode::CheckFailed)?;
    list.begin().or_exit(ExitCode::TryAgain)?;
    let is_new = |id: &&&str| !list.courses.contains_key(&list.hash(id.as_bytes()));
    let new: BTreeSet<&[u8]> = ids.iter().filter(is_new).map(|id| id.as_bytes()).collect();
    let found = in_files(config, contracts, &|id| new.contains(id) || list.has(id)).or_exit(ExitCode::TryAgain)?;
    let mut rows: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for gone in found.iter().flat_map(|found| &found.stripped.gone) {
        *rows.entry(gone.id.clone()).or_default() += 1;
    }
    in_lake(config, contracts, &new, &mut rows)?;
    let unknown = new.iter().filter(|id| !rows.contains_key(**id)).count();
    if unknown > 0 {
        let error = anyhow!(
            "{unknown} of the {} ids given are in no delivery and in no table, so nothing was erased; look for a misprint",
            ids.len()
        );
        return Err(Failure::new(ExitCode::Usage, error));
    }
    for id in &new {
        let rows = rows.get(*id).copied().unwrap_or(0);
        let tombstone = Tombstone { date: today.to_string(), rows, done: false };
        list.courses.insert(list.hash(id), tombstone);
    }
    note_losses(&mut list, &found).or_exit(ExitCode::TryAgain)?;
    if !new.is_empty() || !found.is_empty() {
        // A course that was erased before and stands in a file again.
        let again: Vec<String> =
            found.iter().flat_map(|found| &found.stripped.gone).map(|gone| list.hash(&gone.id)).collect();
        for hash in again {
            list.courses.entry(hash).and_modify(|tombstone| tombstone.done = false);
        }
        list.commit(&config.root).or_exit(ExitCode::TryAgain)?;
    }
    let rows = new.iter().filter_map(|id| rows.get(*id)).sum();
    Ok((Erased { courses: new.len(), before: ids.len() - new.len(), rows }, list))
}

/// The delivered files that hold rows of these courses.
fn in_files(config: &Config, contracts: &[Contract], is_erased: &dyn Fn(&[u8]) -> bool) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    for (contract, path) in files(config, contracts)? {
        if let Some(stripped) = erasure::strip(&path, contract, is_erased)? {
            found.push(Found { source: contract.source.clone(), path, stripped });
        }
    }
    Ok(found)
}

/// The files of sources whose rows can be erased, in order.
fn files<'c>(config: &Config, contracts: &'c [Contract]) -> anyhow::Result<Vec<(&'c Contract, PathBuf)>> {
    let erasable = |contract: &&Contract| contract.tables.iter().any(|table| table.erased_by.is_some());
    let mut all = Vec::new();
    for contract in contracts.iter().filter(erasable).filter(|it| config.sources.contains_key(&it.source)) {
        let mut own = fetch::files(config, &contract.source)?;
        // What was delivered elsewhere is kept below the root too.
        own.extend(fetch::copies(&config.root, &contract.source)?);
        let mut seen = BTreeSet::new();
        own.retain(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
        all.extend(own.into_iter().map(|path| (contract, path)));
    }
    Ok(all)
}

/// A course may be in the lake though its delivered files are gone.
fn in_lake(
    config: &Config,
    contracts: &[Contract],
    new: &BTreeSet<&[u8]>,
    rows: &mut BTreeMap<Vec<u8>, u64>,
) -> Result<(), Failure> {
    let state_file = config.root.join("state.json");
    let in_force = State::load(&state_file).map_err(|error| damaged_state(config, error))?;
    let mut states = Releases::at(&config.root).states().or_exit(ExitCode::CheckFailed)?;
    states.push(in_force);
    let lake = Lake::at(&config.root.join("lake"));
    for state in &states {
        let mut in_state: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
        let mut note = |id: &[u8]| {
            if new.contains(id) {
                *in_state.entry(id.to_vec()).or_default() += 1;
            }
        };
        erasure::ids(&lake, state, contracts, &mut note).or_exit(ExitCode::CheckFailed)?;
        for (id, n) in in_state {
            let known = rows.entry(id).or_default();
            *known = n.max(*known);
        }
    }
    Ok(())
}

/// Notes what each file loses. An event that several files hold counts once, as it does in the tables (C2).
fn note_losses(list: &mut Erasures, found: &[Found]) -> anyhow::Result<()> {
    let mut counted: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for (at, Found { source, path, stripped }) in found.iter().enumerate() {
        let before = disk::sha256_of_file(path)?;
        let loss = list.loss_mut(source, &erasure::name_of(path));
        let is_known = loss.before.contains(&before);
        if !is_known && loss.after != before {
            // Another file has come under the name.
            *loss = erasure::Loss::default();
        }
        loss.before.insert(before);
        loss.after = disk::sha256(&stripped.bytes);
        for gone in stripped.gone.iter().filter(|_| !is_known) {
            let is_first = gone.key.as_ref().is_none_or(|key| *counted.entry(key.clone()).or_insert(at) == at);
            if is_first {
                *loss.rows.entry(gone.place.clone()).or_default() += 1;
            }
        }
    }
    Ok(())
}

/// Does what is still to be done.
pub(super) fn finish(config: &Config, contracts: &[Contract], today: Date, facts: &mut Facts) -> Result<(), Failure> {
    remove_leftovers(&config.root).or_exit(ExitCode::TryAgain)?;
    let mut list = Erasures::load(&config.root).or_exit(ExitCode::CheckFailed)?;
    rewrite_files(config, contracts, &list).or_exit(ExitCode::TryAgain)?;
    let workshop = Workshop::open(config, contracts, today).or_exit(ExitCode::Configuration)?;
    let state_file = config.root.join("state.json");
    let mut state = State::load(&state_file).map_err(|error| damaged_state(config, error))?;
    workshop.lake.check_all(&state).or_exit(ExitCode::CheckFailed)?;
    take_in_again(config, contracts, &workshop, &list, &mut state, &state_file)?;
    if let Some(purged) =
        erasure::purge(&workshop.lake, &state, contracts, &|id| list.has(id)).or_exit(ExitCode::CheckFailed)?
    {
        warn_of_gone_files(contracts, &state, &purged);
        state = purged;
    }
    erasure::drop_computed(&workshop.lake, &mut state, contracts).or_exit(ExitCode::CheckFailed)?;
    state.commit(&state_file).or_exit(ExitCode::TryAgain)?;
    Finished::load(&config.root).and_then(|finished| finished.forget()).or_exit(ExitCode::TryAgain)?;

    let releases = Releases::at(&config.root);
    publish::bury(&releases, &workshop.lake, contracts, &list).or_exit(ExitCode::Publishing)?;
    empty_outbox(config, &list).or_exit(ExitCode::TryAgain)?;
    let mut kept = releases.states().or_exit(ExitCode::Publishing)?;
    kept.push(state);
    facts.swept = Some(workshop.lake.sweep(&kept).or_exit(ExitCode::TryAgain)?);

    let open = list.courses.iter_mut().filter(|(_, tombstone)| !tombstone.done);
    for (hash, tombstone) in open {
        tombstone.done = true;
        facts.erased.insert(hash.clone(), tombstone.clone());
    }
    list.commit(&config.root).or_exit(ExitCode::TryAgain)
}

/// Delivered files without the courses' rows, under their names.
fn rewrite_files(config: &Config, contracts: &[Contract], list: &Erasures) -> anyhow::Result<()> {
    for (contract, path) in files(config, contracts)? {
        let name = erasure::name_of(&path);
        if list.files.get(&contract.source).is_none_or(|files| !files.contains_key(&name)) {
            continue;
        }
        if let Some(stripped) = erasure::strip(&path, contract, &|id| list.has(id))? {
            disk::replace(&path, &stripped.bytes)?;
        }
        // Also when a call that was stopped had come no further than to the file.
        fetch::note_shortened(&path)?;
    }
    disk::sync(&config.root)
}

/// What the shortened files hold, with receipts and quarantine: as if they had been delivered so.
fn take_in_again(
    config: &Config,
    contracts: &[Contract],
    workshop: &Workshop,
    list: &Erasures,
    state: &mut State,
    state_file: &std::path::Path,
) -> Result<(), Failure> {
    let mut delivered = Delivered::default();
    for (contract, path) in files(config, contracts).or_exit(ExitCode::TryAgain)? {
        let name = erasure::name_of(&path);
        let in_force = state.deliveries.get(&contract.source).into_iter().flatten();
        let is_in_force = in_force.map(|(_, delivery)| delivery).any(|delivery| delivery.file == name);
        if is_in_force && list.files.get(&contract.source).is_some_and(|files| files.contains_key(&name)) {
            delivered.files.entry(contract.source.clone()).or_default().push(path);
        }
    }
    // In force already: whether its date has come is no question any more.
    let ingest = workshop.ingest(config, contracts, &delivered, list, None, Date::MAX);
    let report = ingest.run(state, &|_| {}, &|state| state.commit(state_file)).or_exit(ExitCode::TryAgain)?;
    match report.refused.first() {
        None => Ok(()),
        Some(refused) => {
            let error = anyhow!("{}: {}", refused.file, refused.reason);
            Err(Failure::new(ExitCode::Refused, error.context("a delivery does not hold without the course's rows")))
        }
    }
}

/// Rows whose delivered file is gone leave the lake alone: the receipt cannot be made anew, so a month may lack rows.
fn warn_of_gone_files(contracts: &[Contract], before: &State, after: &State) {
    for contract in contracts {
        for (partition, entry) in contract.tables.iter().flat_map(|table| before.partitions(&table.name)) {
            let now = contract.tables.iter().find_map(|table| after.entry(&table.name, partition));
            if now.is_some_and(|now| now.sha256 != entry.sha256) {
                tracing::warn!(
                    source = contract.source,
                    partition,
                    "its delivered file is gone, so its receipt still counts the rows that went as stored, and the \
                     county's month is not complete until it is announced with so many fewer"
                );
            }
        }
    }
}

/// Counties' lists lose the courses' rows; the file for KPR goes, and comes again without them with the next release.
fn empty_outbox(config: &Config, list: &Erasures) -> anyhow::Result<()> {
    let folder = config.root.join(OUTBOX_FOLDER);
    for file in disk::files_below(&folder)? {
        let path = folder.join(&file);
        if file.extension().is_none_or(|ending| ending != "csv") {
            disk::remove(&path)?;
            continue;
        }
        let text = disk::read_text(&path)?;
        let holds = |line: &&str| line.split(';').any(|field| list.has(field.trim_matches('"').as_bytes()));
        if text.lines().any(|line| holds(&line)) {
            let left: Vec<&str> = text.lines().filter(|line| !holds(line)).collect();
            match left.len() {
                0 | 1 => disk::remove(&path)?,
                _ => disk::write_private(&path, (left.join("\n") + "\n").as_bytes()).context("the outbox")?,
            }
        }
    }
    Ok(())
}
