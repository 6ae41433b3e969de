//! How things stand, for people and machines: the last runs, the release that is shown, products and sources.
//!
//! Made from the ledger, `state.json` and the manifest of the release that is shown; takes no lock and changes nothing,
//! so it can be asked for while a run is under way. Reads no clock. What is damaged is told, and the rest is still said.
//! Knows nothing of how it is printed: `inspect` prints it, `status_page` and `metrics` write it.

mod holder;
mod product;
mod source;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::ExitCode;
use super::ledger::{Command, Ended, Ledger, Run, Told};
use crate::config::Config;
use crate::contract::Contract;
use crate::lake::State;
use crate::publish::{Manifest, Releases};

pub use product::ProductStatus;
pub use source::{Delivery, NotFetched, Quarantined, RefusedDelivery, SourceStatus};

/// How many runs are told of.
const RUNS: usize = 30;
/// Raised when the JSON's shape changes.
const FORMAT: u32 = 1;

/// How things stand. As JSON (`speil status --json`) its shape is stable: fields may be added; a field is only removed
/// or changed with a new `format`. Times are UTC, `as_of` is Oslo's; what is not known is `null`.
#[derive(Debug, Serialize)]
pub struct Status {
    /// The shape's version: 1.
    pub format: u32,
    /// Whether a run is under way: `ja`, `nei`, or `ukjent` where the system does not tell.
    pub under_way: UnderWay,
    /// The last runs and rollbacks, the newest first.
    pub runs: Vec<RunStatus>,
    /// When a run that publishes last ended well.
    pub last_success: Option<Timestamp>,
    /// The release that is shown.
    pub release: Option<ReleaseStatus>,
    /// Product → its pages and failures.
    pub products: BTreeMap<String, ProductStatus>,
    /// Source → its deliveries.
    pub sources: BTreeMap<String, SourceStatus>,
    /// Files and lines that could not be read, and are passed over.
    pub damaged: Vec<String>,
}

/// Whether a run is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnderWay {
    /// Somebody holds the lock.
    Ja,
    /// Nobody does.
    Nei,
    /// A run has not ended, and it cannot be seen from here whether it goes on: it was started on another machine.
    Ukjent,
}

/// One run.
#[derive(Debug, Serialize)]
pub struct RunStatus {
    /// Its id.
    pub run: String,
    /// `run`, `rollback` or `slett`.
    pub command: &'static str,
    /// When it started; absent when the line is damaged.
    pub started: Option<Timestamp>,
    /// The run's time in Oslo.
    pub as_of: Option<String>,
    /// How far it is.
    pub state: RunState,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How long it took.
    pub seconds: Option<f64>,
    /// The most memory that the process held, bytes.
    pub peak_memory_bytes: Option<u64>,
    /// How it ended.
    pub code: Option<ExitCode>,
    /// The exit code as a number.
    pub exit: Option<u8>,
    /// What happened and what to do, in one sentence.
    pub advice: String,
    /// What ended it before its time: the error and its causes, the outermost first.
    pub error: Vec<String>,
    /// Products that failed → the error and its causes.
    pub failed: BTreeMap<String, Vec<String>>,
    /// Names of deliveries that were refused.
    pub refused: Vec<String>,
    /// Source → address → why it was not fetched.
    pub not_fetched: BTreeMap<String, BTreeMap<String, String>>,
    /// The steps that ended, in order, and how long each took.
    pub steps: Vec<StepStatus>,
    /// The release that it made or found to be the same.
    pub release: Option<String>,
    /// Hooks that were called.
    pub told: Vec<ToldStatus>,
}

/// A step that ended.
#[derive(Debug, Serialize)]
pub struct StepStatus {
    /// Its name.
    pub step: String,
    /// How long it took.
    pub seconds: f64,
}

/// A hook that was called.
#[derive(Debug, Serialize)]
pub struct ToldStatus {
    /// `webhook` or `kommando`.
    pub hook: String,
    /// `failure` or `recovery`.
    pub why: String,
    /// Whether it was received.
    pub done: bool,
    /// Why it was not.
    pub error: Vec<String>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It ended and said how.
    Ended,
    /// It holds the lock.
    UnderWay,
    /// It neither ended nor holds the lock: it was killed, or the machine stopped.
    Killed,
    /// It was started on another machine and has not ended; whether it goes on cannot be seen from here.
    Unknown,
}

/// The release that is shown.
#[derive(Debug, Serialize)]
pub struct ReleaseStatus {
    /// Its name.
    pub release: String,
    /// The date of the run that made it.
    pub as_of: String,
    /// Whether its figures are made from generated deliveries.
    pub synthetic: bool,
}

impl Status {
    /// Reads how things stand. An error only when the ledger is there and cannot be read at all.
    pub fn read(config: &Config) -> anyhow::Result<Status> {
        Ok(Status::of(config, &Ledger::read(&config.root)?))
    }

    /// The same, with a ledger that was read already.
    pub(super) fn of(config: &Config, ledger: &Ledger) -> Status {
        let mut damaged = ledger.damaged.clone();
        let mut or_damaged = |error: anyhow::Error| damaged.push(super::told(&error));
        let manifest = match Releases::at(&config.root).current().map(|release| Manifest::load(&release)) {
            Some(Err(error)) => {
                or_damaged(error);
                None
            }
            Some(Ok(manifest)) => manifest,
            None => None,
        };
        let state = State::load(&config.root.join("state.json")).map_err(&mut or_damaged).unwrap_or_default();
        let contracts = Contract::embedded().map_err(&mut or_damaged).unwrap_or_default();
        let holder = holder::holder(&config.root);
        let states: Vec<RunState> = ledger.runs.iter().map(|run| run_state(run, holder)).collect();
        let all = ledger.runs.iter().zip(&states).rev();
        Status {
            format: FORMAT,
            under_way: match holder {
                _ if states.contains(&RunState::UnderWay) => UnderWay::Ja,
                holder::Holder::Process(_) => UnderWay::Ja,
                _ if states.last() == Some(&RunState::Unknown) => UnderWay::Ukjent,
                _ => UnderWay::Nei,
            },
            runs: all.take(RUNS).map(|(run, state)| run_status(run, *state)).collect(),
            last_success: ledger.runs.iter().rev().filter(|run| run.publishes()).find_map(ended_well),
            release: manifest.as_ref().map(|manifest| ReleaseStatus {
                release: manifest.release.clone(),
                as_of: manifest.as_of.clone(),
                synthetic: manifest.synthetic,
            }),
            products: product::all(config, &contracts, manifest.as_ref(), ledger),
            sources: source::all(config, &contracts, &state, ledger),
            damaged,
        }
    }
}

fn ended_well(run: &Run) -> Option<Timestamp> {
    run.ended.as_ref().filter(|(_, ended)| ended.code == ExitCode::Done).map(|(at, _)| *at)
}

fn run_state(run: &Run, holder: holder::Holder) -> RunState {
    let Some((_, started)) = run.started.as_ref().filter(|_| run.ended.is_none()) else { return RunState::Ended };
    if started.host != super::ledger::this_host() {
        return RunState::Unknown;
    }
    match holder {
        holder::Holder::Process(pid) if pid == started.pid => RunState::UnderWay,
        holder::Holder::Unknown => RunState::Unknown,
        _ => RunState::Killed,
    }
}

fn run_status(run: &Run, state: RunState) -> RunStatus {
    let started = run.started.as_ref();
    let ended = run.ended.as_ref().map(|(_, ended)| ended);
    let told = |told: &Told| ToldStatus {
        hook: told.hook.clone(),
        why: told.why.clone(),
        done: told.done,
        error: told.error.clone(),
    };
    RunStatus {
        run: run.id.clone(),
        command: match started.map(|(_, started)| started.command) {
            Some(Command::Rollback) => "rollback",
            Some(Command::Slett) => "slett",
            _ => "run",
        },
        started: started.map(|(at, _)| *at),
        as_of: started.and_then(|(_, started)| started.as_of.clone()),
        state,
        ended: run.ended.as_ref().map(|(at, _)| *at),
        seconds: ended.map(|ended| ended.seconds),
        peak_memory_bytes: ended.and_then(|ended| ended.peak_memory_bytes),
        code: ended.map(|ended| ended.code),
        exit: ended.map(|ended| ended.exit),
        advice: ended.map_or_else(|| advice(state).to_owned(), Ended::sentence),
        error: ended.map_or_else(Vec::new, |ended| ended.error.clone()),
        failed: ended.map_or_else(BTreeMap::new, |ended| ended.failed.clone()),
        refused: ended.map_or_else(Vec::new, |ended| ended.refused.clone()),
        not_fetched: ended.map_or_else(BTreeMap::new, |ended| ended.not_fetched.clone()),
        steps: run.steps.iter().map(|step| StepStatus { step: step.step.clone(), seconds: step.seconds }).collect(),
        release: run.release().cloned(),
        told: run.told.iter().map(told).collect(),
    }
}

/// What to do about a run that has not said how it ended.
fn advice(state: RunState) -> &'static str {
    match state {
        RunState::UnderWay => "it is under way; wait until it has ended",
        RunState::Killed => {
            "it was killed or the machine stopped; nothing is lost: the next run does what it did not finish"
        }
        RunState::Unknown => "it was started on another machine and has not said that it ended; look there",
        RunState::Ended => "the ledger's line of its end is damaged",
    }
}
