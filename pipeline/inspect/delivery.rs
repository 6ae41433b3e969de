//! `speil check --delivery`: one file before it is sent, with the verdict and the words that ingest would give.
//!
//! Ingest itself takes the file in, beside a copy of the state and into a lake that is thrown away afterwards.

use std::path::Path;

use anyhow::Context;
use jiff::civil::Date;

use super::fail;
use crate::config::Config;
use crate::contract::Contract;
use crate::engine::Engine;
use crate::erasure::Erasures;
use crate::fetch::Delivered;
use crate::ingest::{Ingest, Report, Taken};
use crate::lake::{Lake, State};
use crate::run::{ExitCode, Failure};
use crate::{closed, disk};

/// What would become of a delivery.
#[derive(Debug)]
pub struct Judged {
    /// Whether ingest would refuse it.
    pub refused: bool,
    /// The verdict, with what to mend.
    pub verdict: String,
}

/// Judges one file. Without a source, the file's name tells it.
pub fn judge(config: &Config, file: &Path, source: Option<&str>) -> Result<Judged, Failure> {
    let contracts = Contract::embedded().map_err(fail(ExitCode::Configuration))?;
    let file = std::path::absolute(file).context("the delivery's path").map_err(fail(ExitCode::Usage))?;
    let sha256 = disk::sha256_of_file(&file).map_err(fail(ExitCode::Usage))?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let contract = match source {
        Some(source) => named(&contracts, source).map_err(fail(ExitCode::Usage))?,
        None => match by_file_name(&contracts, &name) {
            Ok(contract) => contract,
            Err(reason) => return Ok(refused(&name, &reason)),
        },
    };
    let before = State::load(&config.root.join("state.json")).map_err(fail(ExitCode::TryAgain))?;
    let report = take_in(config, contract, &file, before.clone()).map_err(fail(ExitCode::TryAgain))?;
    if let (Some(taken), Some(part)) = (report.taken.first(), report.refused.first()) {
        let verdict = format!("{}\n  {}", accepted(&name, taken), part.reason);
        return Ok(Judged { refused: true, verdict });
    }
    if let Some(reason) = report.refused.first() {
        return Ok(refused(&name, &reason.reason));
    }
    let verdict = match report.taken.first() {
        Some(taken) => accepted(&name, taken),
        None => {
            let deliveries = before.deliveries.get(&contract.source);
            let same = deliveries.is_some_and(|known| known.values().any(|delivery| delivery.sha256 == sha256));
            let why = if same { "it is in force" } else { "a newer version is in force, or the same content" };
            format!("{name} would be nothing new: {why}")
        }
    };
    Ok(Judged { refused: false, verdict })
}

fn refused(name: &str, reason: &str) -> Judged {
    Judged { refused: true, verdict: format!("{name} would be refused: {reason}") }
}

fn named<'c>(contracts: &'c [Contract], source: &str) -> anyhow::Result<&'c Contract> {
    contracts.iter().find(|contract| contract.source == source).with_context(|| {
        let near = closed::nearest(source, contracts.iter().map(|contract| contract.source.as_str()));
        format!("--source: there is no contract for source `{source}`; the nearest is `{}`", near.unwrap_or(""))
    })
}

/// The contract whose file names look like this one; otherwise how they should look.
fn by_file_name<'c>(contracts: &'c [Contract], name: &str) -> Result<&'c Contract, String> {
    let mut fitting = Vec::new();
    let mut others = Vec::new();
    for contract in contracts {
        match contract.file_name.read(name) {
            Ok(_) => fitting.push(contract),
            Err(error) => others.push(format!("{}: {error}", contract.source)),
        }
    }
    match fitting.as_slice() {
        [one] => Ok(one),
        [] => Err(format!("no source is delivered in files of that name ({})", others.join("; "))),
        several => {
            let names: Vec<&str> = several.iter().map(|contract| contract.source.as_str()).collect();
            Err(format!("the name fits {}; say which with --source", names.join(" and ")))
        }
    }
}

/// Takes the file in as if it were alone in the landing folder.
fn take_in(config: &Config, contract: &Contract, file: &Path, mut state: State) -> anyhow::Result<Report> {
    let folder = tempfile::tempdir().context("making a folder for temporary files")?;
    let files = [(contract.source.clone(), vec![file.to_owned()])].into();
    let delivered = Delivered::of_files(files);
    let before_root = config.root.join("lake");
    let erasures = Erasures::load(&config.root)?;
    let mut config = config.clone();
    config.root = folder.path().to_owned();
    // A delivery is judged by the contract alone.
    config.sources.clear();
    lend_lake(&before_root, contract, &state, &folder.path().join("lake"))?;
    let engine = Engine::start(&config.engine, &folder.path().join("spill"))?;
    let lake = Lake::at(&folder.path().join("lake"));
    let ingest = Ingest {
        config: &config,
        delivered: &delivered,
        contracts: std::slice::from_ref(contract),
        engine: &engine,
        lake: &lake,
        temporary: folder.path(),
        erasures: &erasures,
        only: None,
        // Whether its date has come shows on the night that takes it in.
        as_of: Date::MAX,
    };
    ingest.run(&mut state, &|_| {}, &|_| Ok(()))
}

/// Links what is in force of a contract's tables into the lake that is thrown away: a refused county keeps its rows.
fn lend_lake(lake: &Path, contract: &Contract, state: &State, to: &Path) -> anyhow::Result<()> {
    for (_, entry) in contract.tables.iter().flat_map(|table| state.partitions(&table.name)) {
        let (from, link) =
            (std::path::absolute(lake.join(&entry.file)).context("the lake's folder")?, to.join(&entry.file));
        disk::create_folder(link.parent().unwrap_or(to))?;
        std::os::unix::fs::symlink(&from, link).with_context(|| format!("linking {}", from.display()))?;
    }
    Ok(())
}

fn accepted(name: &str, taken: &Taken) -> String {
    let by_rule = |counts: &std::collections::BTreeMap<String, u64>| {
        let counts: Vec<String> = counts.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
        if counts.is_empty() { String::new() } else { format!(" ({})", counts.join(", ")) }
    };
    let tally = &taken.tally;
    let mut verdict = format!(
        "{name} would be accepted as {} {}: of {} rows {} stored, {} counted outside{}, {} quarantined{}",
        taken.source,
        taken.partition,
        tally.received,
        tally.stored(),
        tally.outside.values().sum::<u64>(),
        by_rule(&tally.outside),
        tally.bad_rows(),
        by_rule(&tally.bad_by_rule())
    );
    for (line, why) in &tally.examples {
        verdict += &format!("\n  line {line}: {why}");
    }
    verdict
}
