//! A night's run, as one list of steps: fetch, take in, compute, publish, sweep. One lock per root; a ledger of what was done.
//!
//! Knows the order of steps and what a failure means for the exit code; how a step works is its module's business.

mod advice;
mod erase;
pub mod freshness;
mod ledger;
mod lock;
mod metrics;
mod night;
mod notify;
mod plan;
pub mod status;
mod status_page;
mod sweep;
mod tell;
mod workshop;

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use crate::check::Checked;
use crate::config::{Config, OSLO};
use crate::contract::Contract;
use crate::model::Built;
use crate::publish::{self, Published, Releases};
use crate::{disk, fetch, ingest};

pub use erase::{Erased, erase};
pub(crate) use ledger::FOLDER as RUNS_FOLDER;
use ledger::{Command, Ended, Ledger, Recorder, Started};
pub use ledger::{reduced, told};
use lock::{check_user, lock};
use night::{Night, damaged_state};
pub use plan::{Pages, Plan, Planned, plan};
pub use status::Status;
pub(crate) use status_page::{FILE as STATUS_PAGE, check as check_status_page};
pub(crate) use workshop::{check_config, check_lost, parse_model, parse_models, planning_parameters, source_schemas};

/// What a run is asked to do.
pub struct Options<'a> {
    /// The run's time in Oslo: months that are over before its date can be published.
    pub as_of: DateTime,
    /// Which steps to take; their order is fixed.
    pub steps: &'a [Step],
    /// The one product whose sources, models and pages are touched; the others' files are taken over from the release
    /// that is shown. Absent = all.
    pub only: Option<&'a str>,
    /// Told what is being done, for people at a terminal; while fetching from several threads.
    pub progress: &'a (dyn Fn(&str) + Sync),
}

/// A step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Fetch deliveries from servers.
    Fetch,
    /// Take in deliveries.
    Ingest,
    /// Compute.
    Build,
    /// Publish what is computed.
    Publish,
}

impl Step {
    /// All steps.
    pub const ALL: &'static [Step] = &[Step::Fetch, Step::Ingest, Step::Build, Step::Publish];

    fn name(self) -> &'static str {
        match self {
            Step::Fetch => "fetch",
            Step::Ingest => "ingest",
            Step::Build => "build",
            Step::Publish => "publish",
        }
    }
}

/// How a run ended. Several causes → the highest code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ExitCode {
    /// Done, also when there was nothing new.
    #[default]
    Done = 0,
    /// The command line names what is not there.
    Usage = 2,
    /// The configuration, a contract, a model or a template is wrong.
    Configuration = 10,
    /// A delivery was refused; the rest was published.
    Refused = 20,
    /// A data check failed and that product's old release stays; or the state or a lake file is damaged, or what is to
    /// be published was not built, and everything stays.
    CheckFailed = 30,
    /// Disclosure control could not be carried out; nothing was published.
    Disclosure = 40,
    /// Publishing, rolling back or verifying failed; the release that was shown stays.
    Publishing = 50,
    /// Another run is under way, a source was not fetched, or the disk failed.
    TryAgain = 75,
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The exit code.
    pub code: ExitCode,
    /// What was fetched, and what was not.
    pub fetched: fetch::Report,
    /// What was taken in and refused.
    pub ingested: ingest::Report,
    /// How each source stands against when it is due.
    pub freshness: Vec<freshness::Freshness>,
    /// Which (model, month) were run.
    pub built: Built,
    /// What the whole-night checks found, when it was to be published; products that they stopped stand in `built`.
    pub checked: Checked,
    /// What was published, when that step was reached.
    pub published: Option<Published>,
    /// The code of what kept a product from being published, whose error stands in `built`; `Done` when nothing did.
    pub unpublished: ExitCode,
}

/// A failure that ends a run, with its exit code.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: ExitCode,
    /// What went wrong.
    pub error: anyhow::Error,
}

trait OrExit<T> {
    fn or_exit(self, code: ExitCode) -> Result<T, Failure>;
}

impl<T> OrExit<T> for anyhow::Result<T> {
    fn or_exit(self, code: ExitCode) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(code, error))
    }
}

impl Failure {
    /// A failure with this code, unless the machine caused it: then it may be tried again when that is mended.
    fn new(code: ExitCode, error: anyhow::Error) -> Failure {
        match disk::advice(&error) {
            Some(advice) => Failure { code: ExitCode::TryAgain, error: error.context(advice) },
            None => Failure { code, error },
        }
    }
}

/// Runs the steps. Whatever the end, the ledger has it, and those who look after the pipeline are told.
pub fn run(config: &Config, options: &Options<'_>) -> Result<Outcome, Failure> {
    let steps_asked = options.steps.iter().map(|step| step.name().to_owned()).collect();
    let started = Started {
        only: options.only.map(str::to_owned),
        ..Started::of(config, Command::Run, Some(options.as_of.to_string()), steps_asked)
    };
    recorded(config, started, |recorder| {
        let mut outcome = Outcome::default();
        let ended = steps(config, options, recorder, &mut outcome);
        outcome.code = ended.as_ref().map_or_else(|failure| failure.code, |code| *code);
        let line = Ended::of_run(&outcome, ended.as_ref().err());
        (ended.map(|_| outcome), line)
    })
}

/// A clock that is so many days after the last run is doubted until somebody confirms it.
const LONGEST_PAUSE_DAYS: i32 = 35;

/// The run's time when nobody names one: the clock's, unless that cannot be believed. A run in the past would replace
/// what is shown by older figures; one in the future would show figures before their announced dates.
pub fn time(config: &Config, clock: DateTime) -> Result<DateTime, Failure> {
    let Some(doubt) = doubt(config, clock.date()).or_exit(ExitCode::TryAgain)? else { return Ok(clock) };
    let failure = Failure { code: ExitCode::TryAgain, error: anyhow::anyhow!(doubt) };
    recorded(config, Started::of(config, Command::Run, Some(clock.to_string()), Vec::new()), |_| {
        let ended = Ended::with(failure.code, Some(&failure));
        (Err(failure), ended)
    })
}

/// Why the clock cannot be believed, and what to do.
fn doubt(config: &Config, today: Date) -> anyhow::Result<Option<String>> {
    let shown =
        Releases::at(&config.root).current().and_then(|release| publish::Manifest::load(&release).ok().flatten());
    let made = shown.and_then(|manifest| manifest.as_of.parse::<Date>().ok());
    if let Some(made) = made.filter(|made| today < *made) {
        return Ok(Some(format!(
            "the clock says {today}, before {made}, when the release that is shown was made. Is the clock wrong? Then set \
             it. Was it wrong then? Then show the release before that one (`speil rollback`). Or give --as-of"
        )));
    }
    // Runs that took no step, like one that was stopped here, say nothing of the time.
    let ran = Ledger::read(&config.root)?.runs.into_iter().filter_map(|run| run.started);
    let last = ran.filter(|(_, started)| !started.steps.is_empty()).filter_map(|(at, _)| at.in_tz(OSLO).ok()).max();
    let pause = last.map_or(0, |last| (today - last.date()).get_days());
    Ok((pause > LONGEST_PAUSE_DAYS).then(|| {
        format!(
            "the clock says {today}, {pause} days after the last run. Is it wrong? Then set it. Is it right? Then say so \
             once with --as-of {today}"
        )
    }))
}

/// Shows an earlier release again: the one named, or the one that was published before the one that is shown.
/// Returns its folder.
pub fn roll_back(config: &Config, id: Option<&str>) -> Result<PathBuf, Failure> {
    let releases = Releases::at(&config.root);
    let switch = || {
        let id = match id {
            Some(id) => id.to_owned(),
            None => published_before(&config.root, &releases)?,
        };
        releases.roll_back(&id)?;
        Ok(releases.folder(&id))
    };
    recorded(config, Started::of(config, Command::Rollback, None, Vec::new()), |_| {
        let shown = switch().or_exit(ExitCode::Publishing);
        let code = shown.as_ref().map_or_else(|failure| failure.code, |_| ExitCode::Done);
        let line = Ended::with(code, shown.as_ref().err());
        (shown, line)
    })
}

/// Does something under the lock, with a line in the ledger before and after it; tells of its end.
fn recorded<T>(
    config: &Config,
    started: Started,
    work: impl FnOnce(&Recorder) -> (Result<T, Failure>, Ended),
) -> Result<T, Failure> {
    check_user(&config.root)?;
    let lock = lock(&config.root);
    let recorder = Recorder::start(&config.root, jiff::Timestamp::now(), started);
    // What cannot be recorded is not done.
    let begun = lock.and_then(|lock| recorder.holds().or_exit(ExitCode::TryAgain).map(|()| lock));
    let (lock, (done, ended)) = match begun {
        Ok(lock) => (Some(lock), work(&recorder)),
        Err(failure) => {
            let ended = Ended::with(failure.code, Some(&failure));
            (None, (Err(failure), ended))
        }
    };
    let written = tell::everybody(config, &recorder, ended, lock).or_exit(ExitCode::TryAgain);
    let done = done?;
    written?;
    Ok(done)
}

/// Names do not tell: `--as-of` may go back. The ledger does.
fn published_before(root: &Path, releases: &Releases) -> anyhow::Result<String> {
    let kept = releases.names()?;
    let shown = releases.shown().context("no release is shown")?;
    let mut published = Ledger::read(root)?.published();
    published.retain(|release| kept.contains(release));
    let at = published.iter().position(|release| *release == shown).with_context(|| {
        format!("the ledger does not tell when {shown} was published; name one of: {}", kept.join(", "))
    })?;
    let before = at.checked_sub(1).context("there is no earlier release")?;
    Ok(published.swap_remove(before))
}

/// The night's list.
fn steps(
    config: &Config,
    options: &Options<'_>,
    recorder: &Recorder,
    outcome: &mut Outcome,
) -> Result<ExitCode, Failure> {
    let contracts = Contract::embedded().or_exit(ExitCode::Configuration)?;
    let mut night = Night::open(config, options, &contracts, recorder, outcome)?;
    night.fetch()?;
    night.ingest()?;
    night.build()?;
    night.stop_what_is_mixed_or_late();
    night.check()?;
    night.publish()?;
    Ok(night.exit_code())
}

impl From<publish::PublishError> for Failure {
    fn from(error: publish::PublishError) -> Failure {
        match error {
            publish::PublishError::Disclosure(error) => Failure::new(ExitCode::Disclosure, error),
            publish::PublishError::Damaged(error) => Failure::new(ExitCode::CheckFailed, error),
            publish::PublishError::Site(error) => Failure::new(ExitCode::Configuration, error),
            publish::PublishError::Publishing(error) => Failure::new(ExitCode::Publishing, error),
            publish::PublishError::OfProduct { cause, .. } => Failure::from(*cause),
        }
    }
}
