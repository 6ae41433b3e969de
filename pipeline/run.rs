//! A night's run, as one list of steps: take in, compute, publish, sweep. One lock per root; a ledger of what was done.
//!
//! Knows the order of steps and what a failure means for the exit code; how a step works is its module's business.

mod ledger;
mod workshop;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::civil::DateTime;
use serde::Serialize;

use crate::config::Config;
use crate::contract::Contract;
use crate::disk;
use crate::ingest;
use crate::lake::State;
use crate::model::{Built, Model};
use crate::publish::{self, Published, Releases};

pub use ledger::told;
use workshop::{WORKING_FOLDER, Workshop};
pub(crate) use workshop::{check_config, parse_model, parse_models, planning_parameters, source_schemas};

/// What a run is asked to do.
pub struct Options<'a> {
    /// The run's time in Oslo: months that are over before its date can be published.
    pub as_of: DateTime,
    /// Which steps to take; their order is fixed.
    pub steps: &'a [Step],
    /// Told what is being done, for people at a terminal.
    pub progress: &'a dyn Fn(&str),
}

/// A step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Take in deliveries.
    Ingest,
    /// Compute.
    Build,
    /// Publish what is computed.
    Publish,
}

impl Step {
    /// All steps.
    pub const ALL: &'static [Step] = &[Step::Ingest, Step::Build, Step::Publish];
}

/// How a run ended. Several causes → the highest code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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
    /// Another run is under way, or the disk failed.
    TryAgain = 75,
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The exit code.
    pub code: ExitCode,
    /// What was taken in and refused.
    pub ingested: ingest::Report,
    /// Which (model, month) were run.
    pub built: Built,
    /// What was published, when that step was reached.
    pub published: Option<Published>,
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
        self.map_err(|error| Failure { code, error })
    }
}

/// Runs the steps. Whatever the end, the ledger has a line of it.
pub fn run(config: &Config, options: &Options<'_>) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let (_lock, ended) = match lock(&config.root) {
        Ok(lock) => (Some(lock), steps(config, options, &mut outcome)),
        Err(failure) => (None, Err(failure)),
    };
    outcome.code = ended.as_ref().map_or_else(|failure| failure.code, |code| *code);
    let line = ledger::Line::of_run(jiff::Timestamp::now(), options.as_of.date(), &outcome, ended.as_ref().err());
    let written = line.write(&config.root).or_exit(ExitCode::TryAgain);
    ended?;
    written?;
    Ok(outcome)
}

/// Shows an earlier release again: the one named, or the one that was published before the one that is shown.
/// Returns its folder.
pub fn roll_back(config: &Config, id: Option<&str>) -> Result<PathBuf, Failure> {
    let releases = Releases::at(&config.root);
    let shown = lock(&config.root).and_then(|_lock| {
        let id = match id {
            Some(id) => id.to_owned(),
            None => published_before(&config.root, &releases).or_exit(ExitCode::Publishing)?,
        };
        releases.roll_back(&id).or_exit(ExitCode::Publishing)?;
        Ok(id)
    });
    let line = ledger::Line::of_rollback(jiff::Timestamp::now(), shown.as_deref());
    let written = line.write(&config.root).or_exit(ExitCode::TryAgain);
    let id = shown?;
    written?;
    Ok(releases.folder(&id))
}

/// Names do not tell: `--as-of` may go back. The ledger does.
fn published_before(root: &Path, releases: &Releases) -> anyhow::Result<String> {
    let kept = releases.names()?;
    let shown = releases.shown().context("no release is shown")?;
    let mut published = ledger::published(root)?;
    published.retain(|release| kept.contains(release));
    let at = published.iter().position(|release| *release == shown).with_context(|| {
        format!("the ledger does not tell when {shown} was published; name one of: {}", kept.join(", "))
    })?;
    let before = at.checked_sub(1).context("there is no earlier release")?;
    Ok(published.swap_remove(before))
}

fn steps(config: &Config, options: &Options<'_>, outcome: &mut Outcome) -> Result<ExitCode, Failure> {
    let as_of = options.as_of.date();
    remove_leftovers(&config.root).or_exit(ExitCode::TryAgain)?;
    let contracts = Contract::embedded().or_exit(ExitCode::Configuration)?;
    let workshop = Workshop::open(config, &contracts, as_of).or_exit(ExitCode::Configuration)?;
    let state_file = config.root.join("state.json");
    let mut state = State::load(&state_file).map_err(|error| damaged_state(config, error))?;
    workshop.lake.check_all(&state).or_exit(ExitCode::CheckFailed)?;

    if options.steps.contains(&Step::Ingest) {
        let ingest = workshop.ingest(config, &contracts);
        outcome.ingested = ingest.run(&mut state, options.progress).or_exit(ExitCode::TryAgain)?;
        state.commit(&state_file).or_exit(ExitCode::TryAgain)?;
    }

    let builder = workshop.builder(config, &contracts, as_of);
    if options.steps.contains(&Step::Build) {
        outcome.built = builder.run(&mut state, options.progress);
        state.commit(&state_file).or_exit(ExitCode::TryAgain)?;
    }

    // One window over months that were selected by different paragraphs would compare what cannot be compared.
    outcome.built.failed.extend(ingest::mixed(config, &contracts, &state));

    let failed: BTreeSet<String> = outcome.built.failed.keys().cloned().collect();
    let nothing_holds = workshop.models.products().iter().all(|product| failed.contains(*product));
    if options.steps.contains(&Step::Publish) && !nothing_holds {
        (options.progress)("publishing");
        if let Some(model) = builder.stale(&state, &failed) {
            return Err(not_built(model));
        }
        let done = workshop.publisher(config, &state, as_of, failed).publish().map_err(Failure::from)?;
        let kept = done.kept_states.clone();
        // Before the sweep, which may fail: the ledger must know what is shown.
        outcome.published = Some(done);
        if let Some(mut kept) = kept {
            kept.push(state);
            workshop.lake.sweep(&kept).or_exit(ExitCode::Publishing)?;
        }
    }

    let refused = if outcome.ingested.refused.is_empty() { ExitCode::Done } else { ExitCode::Refused };
    let failed = if outcome.built.failed.is_empty() { ExitCode::Done } else { ExitCode::CheckFailed };
    Ok(refused.max(failed))
}

fn not_built(model: &Model) -> Failure {
    let error = anyhow::anyhow!(
        "{}: what is computed is not what deliveries, SQL, thresholds and the run's date call for, so it is not \
         published; run `speil build` with the same --as-of first, or `speil run`",
        model.file
    );
    Failure { code: ExitCode::CheckFailed, error }
}

/// Nothing may be computed without knowing what is in force; a release carries what was when it was made.
fn damaged_state(config: &Config, error: anyhow::Error) -> Failure {
    let kept = Releases::at(&config.root).all().unwrap_or_default().into_iter();
    let whole: Vec<String> = kept
        .map(|release| release.join("state.json"))
        .filter(|file| State::load_existing(file).is_ok())
        .map(|file| file.display().to_string())
        .collect();
    let advice = if whole.is_empty() {
        "remove it and run again to rebuild everything from the deliveries".to_owned()
    } else {
        format!(
            "copy the state of a release over it and run again (these are whole: {}), or remove it and run again to \
             rebuild everything from the deliveries",
            whole.join(", ")
        )
    };
    let error = error.context(format!("{} is damaged; {advice}", config.root.join("state.json").display()));
    Failure { code: ExitCode::CheckFailed, error }
}

/// What a killed run left: its working folder, and files that it was writing beside their place. Only for who holds
/// the lock.
fn remove_leftovers(root: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(root).with_context(|| format!("listing {}", root.display()))? {
        let path = entry.with_context(|| format!("listing {}", root.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(WORKING_FOLDER) {
            disk::remove_folder(&path)?;
        } else if name.starts_with(disk::HALF_WRITTEN) {
            disk::remove(&path)?;
        }
    }
    Ok(())
}

impl From<publish::PublishError> for Failure {
    fn from(error: publish::PublishError) -> Failure {
        match error {
            publish::PublishError::Disclosure(error) => Failure { code: ExitCode::Disclosure, error },
            publish::PublishError::Damaged(error) => Failure { code: ExitCode::CheckFailed, error },
            publish::PublishError::Site(error) => Failure { code: ExitCode::Configuration, error },
            publish::PublishError::Publishing(error) => Failure { code: ExitCode::Publishing, error },
        }
    }
}

/// One run at a time per root. The lock is the file's, so that it ends with the process however that ends.
struct Lock(File);

/// Closing the file is not enough: a child that another thread is just starting may hold it open for a moment longer.
impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

fn lock(root: &Path) -> Result<Lock, Failure> {
    let path = root.join("run.lock");
    let file = disk::create_folder(root).and_then(|()| disk::create(&path)).or_exit(ExitCode::TryAgain)?;
    file.try_lock()
        .map_err(|_| anyhow::anyhow!("another run holds {}; try again when it has ended", path.display()))
        .or_exit(ExitCode::TryAgain)?;
    Ok(Lock(file))
}
