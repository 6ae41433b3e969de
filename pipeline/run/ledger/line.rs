//! What a line of the ledger says: the same types are written and read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::reduce::{chain, reduced};
use crate::check::Checked;
use crate::config::{Config, EngineSettings};
use crate::contract::Contract;
use crate::erasure::Tombstone;
use crate::model::Built;
use crate::publish::{HandedOver, Published};
use crate::run::{ExitCode, Failure, Outcome};
use crate::{fetch, ingest};

/// One line.
#[derive(Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) format: u32,
    pub(super) run: String,
    pub(super) at: Timestamp,
    #[serde(flatten)]
    pub(super) event: Event,
}

/// What happened.
#[derive(Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    Started(Box<Started>),
    Step(Box<Step>),
    Ended(Box<Ended>),
    Told(Told),
}

/// What was asked for, where, with which settings.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Started {
    /// `run`, `rollback`, or `slett`.
    pub(crate) command: Command,
    /// The run's time in Oslo; absent for a rollback and an erasure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) as_of: Option<String>,
    /// The steps that were asked for.
    pub(crate) steps: Vec<String>,
    /// The one product that was asked for; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) only: Option<String>,
    /// The machine's (or container's) name.
    pub(crate) host: String,
    /// The process.
    pub(crate) pid: u32,
    /// The program's version.
    pub(crate) program: String,
    /// What figures and speed depend on.
    pub(crate) settings: Settings,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Command {
    Run,
    Rollback,
    Slett,
}

/// The settings of a run, as configured.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    engine: EngineSettings,
    thresholds: BTreeMap<String, BTreeMap<String, i64>>,
    hjemler: BTreeMap<String, Vec<i64>>,
    synthetic: bool,
}

impl Started {
    /// A run of these steps for all products, or a rollback.
    pub(crate) fn of(config: &Config, command: Command, as_of: Option<String>, steps: Vec<String>) -> Started {
        // Products that the configuration does not mention have settings too.
        let known = Contract::embedded().unwrap_or_default().into_iter().map(|contract| contract.product);
        let names = known.chain(config.products.keys().cloned());
        let products: BTreeMap<_, _> = names.map(|name| (name.clone(), config.product(&name))).collect();
        let settings = Settings {
            engine: config.engine.clone(),
            thresholds: products.iter().map(|(name, product)| (name.clone(), product.thresholds.clone())).collect(),
            hjemler: products.into_iter().map(|(name, product)| (name, product.paragraphs)).collect(),
            synthetic: config.synthetic,
        };
        let (host, program) = (super::read::this_host(), env!("CARGO_PKG_VERSION").to_owned());
        Started { command, as_of, steps, only: None, host, pid: std::process::id(), program, settings }
    }
}

/// How a step went.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Step {
    /// `open`, `fetch`, `ingest`, `build`, `check`, `publish`, `sweep`, `erase`.
    pub(crate) step: String,
    /// How long it took.
    pub(crate) seconds: f64,
    /// The most memory that the process had held by its end, bytes; absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) peak_memory_bytes: Option<u64>,
    /// `Done`; for `fetch` and `ingest` also that something was not fetched or was refused; or why the whole run ended
    /// here.
    pub(crate) code: ExitCode,
    /// The same as a number.
    pub(crate) exit: u8,
    /// Why it ended here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) error: Vec<String>,
    /// What it did.
    #[serde(flatten)]
    pub(crate) facts: Facts,
}

/// What a step did. A step that has more to tell gets a field here, and fills it in where it is run.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    /// SHA-256 of all models' SQL with their headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sql: Option<String>,
    /// How many partitions the engine spreads a query over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) partitions: Option<usize>,
    /// Source → what was fetched of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) fetched: BTreeMap<String, Fetched>,
    /// Deliveries taken in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) taken: Vec<Taken>,
    /// Deliveries refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) refused: Vec<Refused>,
    /// Source → how many deliveries had nothing new. Which they are stands in the lines of the runs that took them in, and
    /// in the state that the release carries; named here each night they would be nearly all that a ledger holds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) n_unchanged: BTreeMap<String, usize>,
    /// Models that were run, in order. What models reject they keep as rows of a class of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) ran: Vec<Ran>,
    /// How many (model, partition) were up to date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) up_to_date: Option<usize>,
    /// Product → table → rules of the whole night that held.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) held: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Shown figures that changed, and what explains them; and what looks unusual and stops nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
    /// The release that was made, or found to be the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) release: Option<String>,
    /// Whether another release was shown before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) new: Option<bool>,
    /// Public tables that are held back → why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) withheld: BTreeMap<String, String>,
    /// Product → table of events for KPR → what became of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) handed_over: BTreeMap<String, BTreeMap<String, HandedOver>>,
    /// Hash of a course's id → what was erased of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) erased: BTreeMap<String, Tombstone>,
    /// Files that the sweep removed from the lake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) swept: Option<usize>,
}

/// What was fetched of a source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fetched {
    /// Files that landed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) new: Vec<String>,
    /// How many files landed before and are still what the server has.
    pub(crate) n_unchanged: usize,
    /// Months that the server does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) absent: Vec<String>,
    /// Address → why it could not be fetched.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) failed: BTreeMap<String, String>,
    /// What stops nothing and somebody should look at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
}

/// A delivery that was taken in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub(crate) source: String,
    pub(crate) file: String,
    pub(crate) version: u32,
    pub(crate) sha256: String,
    /// What it filled: a month, `alle` or a snapshot's time.
    pub(crate) partition: String,
    /// Rows in the delivery.
    pub(crate) received: u64,
    /// Rows stored.
    pub(crate) stored: u64,
    /// Rows counted, not stored, by what they are counted under.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) outside: BTreeMap<String, u64>,
    /// Bad rows by rule.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) quarantined: BTreeMap<String, u64>,
    pub(crate) seconds: f64,
}

/// A delivery that was refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Refused {
    pub(crate) source: String,
    pub(crate) file: String,
    /// Absent when the file's name or beginning was enough to refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
    /// Why, and what to do.
    pub(crate) reason: String,
}

/// A model that was run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ran {
    pub(crate) model: String,
    pub(crate) partition: String,
    /// SHA-256 of its file.
    pub(crate) sql: String,
    pub(crate) rows_in: u64,
    pub(crate) rows_out: u64,
    pub(crate) seconds: f64,
}

impl Facts {
    /// What the step did not get done, as the code that the run's end has from it.
    pub(super) fn code(&self) -> ExitCode {
        if self.fetched.values().any(|fetched| !fetched.failed.is_empty()) {
            ExitCode::TryAgain
        } else if self.refused.is_empty() {
            ExitCode::Done
        } else {
            ExitCode::Refused
        }
    }

    /// What ingest did.
    pub(crate) fn ingested(&mut self, report: &ingest::Report) {
        self.taken = report.taken.iter().map(taken).collect();
        self.refused = report.refused.iter().map(refused).collect();
        for one in &report.unchanged {
            *self.n_unchanged.entry(one.source.clone()).or_default() += 1;
        }
    }

    /// What was fetched, and what was not.
    pub(crate) fn fetched(&mut self, report: &fetch::Report) {
        let fetched = |fetched: &fetch::Fetched| Fetched {
            new: fetched.new.iter().map(|name| reduced(name)).collect(),
            n_unchanged: fetched.unchanged.len(),
            absent: fetched.absent.clone(),
            failed: reasons(fetched),
            notes: fetched.notes.iter().map(|note| reduced(note)).collect(),
        };
        self.fetched = report.sources.iter().map(|(name, source)| (name.clone(), fetched(source))).collect();
    }

    /// What the checks of the whole night found to hold. What they found to be wrong is the products' failure.
    pub(crate) fn checked(&mut self, checked: &Checked) {
        self.held = checked.held.clone();
        self.notes = checked.notes.iter().map(|note| reduced(note)).collect();
    }

    /// What a build did.
    pub(crate) fn built(&mut self, built: &Built) {
        let ran = built.ran.iter().map(|ran| Ran {
            model: ran.model.clone(),
            partition: ran.partition.clone(),
            sql: ran.sql.clone(),
            rows_in: ran.rows_in,
            rows_out: ran.rows_out,
            seconds: seconds(ran.took),
        });
        self.ran = ran.collect();
        self.up_to_date = Some(built.skipped);
    }

    /// What publishing did.
    pub(crate) fn published(&mut self, published: &Published) {
        self.release = Some(published.release.clone());
        self.new = Some(published.new);
        self.withheld = published.withheld.clone();
        self.handed_over = published.handed_over.clone();
    }
}

/// Address → why it was not fetched.
fn reasons(fetched: &fetch::Fetched) -> BTreeMap<String, String> {
    fetched.failed.iter().map(|failed| (reduced(&failed.what), reduced(&failed.reason))).collect()
}

fn taken(taken: &ingest::Taken) -> Taken {
    Taken {
        source: taken.source.clone(),
        file: reduced(&taken.file),
        version: taken.version,
        sha256: taken.sha256.clone(),
        partition: taken.partition.clone(),
        received: taken.tally.received,
        stored: taken.tally.stored(),
        outside: taken.tally.outside.clone(),
        quarantined: taken.tally.bad_by_rule(),
        seconds: seconds(taken.took),
    }
}

fn refused(refused: &ingest::Refused) -> Refused {
    Refused {
        source: refused.source.clone(),
        file: reduced(&refused.file),
        sha256: refused.sha256.clone(),
        reason: reduced(&refused.reason),
    }
}

/// How a run ended, as far as it came.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ended {
    /// How the run ended.
    pub(crate) code: ExitCode,
    /// The same as a number.
    pub(crate) exit: u8,
    /// How long it took.
    pub(crate) seconds: f64,
    /// The most memory that the process has held, bytes; absent where the system does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peak_memory_bytes: Option<u64>,
    /// What ended the run before its time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) error: Vec<String>,
    /// Products that failed → why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) failed: BTreeMap<String, Vec<String>>,
    /// Names of deliveries that were refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) refused: Vec<String>,
    /// Source → address → why it was not fetched.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) not_fetched: BTreeMap<String, BTreeMap<String, String>>,
    /// The release that was made, or found to be the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) release: Option<String>,
    /// The release that is shown now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shown: Option<String>,
}

impl Ended {
    /// A run's end.
    pub(crate) fn of_run(outcome: &Outcome, failure: Option<&Failure>) -> Ended {
        let failed = outcome.built.failed.iter();
        let not_fetched = outcome.fetched.sources.iter().filter(|(_, fetched)| !fetched.failed.is_empty());
        Ended {
            not_fetched: not_fetched.map(|(source, fetched)| (source.clone(), reasons(fetched))).collect(),
            failed: failed.map(|(product, error)| (product.clone(), chain(error))).collect(),
            refused: outcome.ingested.refused.iter().map(|refused| reduced(&refused.file)).collect(),
            release: outcome.published.as_ref().map(|published| published.release.clone()),
            ..Ended::with(outcome.code, failure)
        }
    }

    /// An end with nothing more to say.
    pub(crate) fn with(code: ExitCode, failure: Option<&Failure>) -> Ended {
        let error = failure.map_or_else(Vec::new, |failure| chain(&failure.error));
        Ended { code, exit: code as u8, error, ..Ended::default() }
    }
}

/// What became of telling somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    /// `webhook` or `kommando`.
    pub(crate) hook: String,
    /// `failure` or `recovery`.
    pub(crate) why: String,
    /// Whether it was received.
    pub(crate) done: bool,
    /// How often it was tried.
    pub(crate) tries: u32,
    /// How long it took.
    pub(crate) seconds: f64,
    /// Why it was not received.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) error: Vec<String>,
}

/// Whole milliseconds are enough.
pub(crate) fn seconds(took: std::time::Duration) -> f64 {
    (took.as_secs_f64() * 1000.0).round() / 1000.0
}
