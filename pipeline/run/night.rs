//! The steps of a night, each with its line in the ledger. What one step leaves the next one works on.
//!
//! Knows what a step needs and which exit code its failure means; the order of steps stands in `run`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::ledger::{Ledger, Recorder, reduced};
use super::workshop::{WORKING_FOLDER, Workshop};
use super::{ExitCode, Failure, Options, OrExit, Outcome, RUNS_FOLDER, Step, erase, freshness, sweep};
use crate::config::Config;
use crate::contract::Contract;
use crate::erasure::Erasures;
use crate::lake::{Finished, State};
use crate::model::{Built, Model};
use crate::publish::{self, PublishError, Published, Publisher, Releases};
use crate::{disk, fetch, ingest};

/// A night under way.
pub(super) struct Night<'a> {
    config: &'a Config,
    options: &'a Options<'a>,
    contracts: &'a [Contract],
    recorder: &'a Recorder,
    outcome: &'a mut Outcome,
    workshop: Workshop,
    /// The products that are asked for; absent = all.
    asked: Option<BTreeSet<String>>,
    state_file: PathBuf,
    state: State,
}

/// Folders with rows of persons, or figures that are not public: a web server whose root is wrong must not reach them.
const FOR_THE_OWNER: [&str; 3] = ["lake", "quarantine", publish::PUBLIC_FOLDER];

impl<'a> Night<'a> {
    /// Opens what all steps work with; what is in force must be whole.
    pub(super) fn open(
        config: &'a Config,
        options: &'a Options<'a>,
        contracts: &'a [Contract],
        recorder: &'a Recorder,
        outcome: &'a mut Outcome,
    ) -> Result<Night<'a>, Failure> {
        let state_file = config.root.join("state.json");
        if Erasures::load(&config.root).or_exit(ExitCode::CheckFailed)?.is_unfinished() {
            tracing::warn!("an erasure was stopped; it is finished first");
            recorder.step("erase", |facts| erase::finish(config, contracts, options.as_of.date(), facts))?;
        }
        let (workshop, state) = recorder.step("open", |facts| {
            remove_leftovers(&config.root).or_exit(ExitCode::TryAgain)?;
            let workshop = Workshop::open(config, contracts, options.as_of.date()).or_exit(ExitCode::Configuration)?;
            workshop.check_product(options.only).or_exit(ExitCode::Usage)?;
            // Whether new figures give something away cannot be told without what was public.
            publish::releases_of_dates(&config.root).or_exit(ExitCode::Disclosure)?;
            let publishes = options.steps.contains(&Step::Publish);
            let announce = if publishes { publish::announce } else { publish::check_announced };
            announce(config, options.as_of).or_exit(ExitCode::Configuration)?;
            for folder in FOR_THE_OWNER {
                disk::keep_to_owner(&config.root.join(folder)).or_exit(ExitCode::TryAgain)?;
            }
            facts.sql = Some(workshop.sql());
            facts.partitions = Some(workshop.partitions());
            let state = State::load(&state_file).map_err(|error| damaged_state(config, error))?;
            workshop.lake.check_all(&state).or_exit(ExitCode::CheckFailed)?;
            Ok((workshop, state))
        })?;
        let asked = workshop.asked(options.only);
        Ok(Night { config, options, contracts, recorder, outcome, workshop, asked, state_file, state })
    }

    fn takes(&self, step: Step) -> bool {
        self.options.steps.contains(&step)
    }

    fn asked_for(&self, product: &str) -> bool {
        self.asked.as_ref().is_none_or(|asked| asked.contains(product))
    }

    /// Brings what servers have. A source that fails does not stop the others.
    pub(super) fn fetch(&mut self) -> Result<(), Failure> {
        if !self.takes(Step::Fetch) {
            return Ok(());
        }
        let fetch = fetch::Fetch {
            config: self.config,
            contracts: self.contracts,
            state: &self.state,
            only: self.asked.as_ref(),
            as_of: self.options.as_of.date(),
            now: jiff::Timestamp::now(),
            progress: self.options.progress,
        };
        self.outcome.fetched = self.recorder.step("fetch", |facts| {
            let fetched = fetch::bring(&fetch);
            facts.fetched(&fetched);
            Ok(fetched)
        })?;
        Ok(())
    }

    /// Takes deliveries in, and commits them.
    pub(super) fn ingest(&mut self) -> Result<(), Failure> {
        if !self.takes(Step::Ingest) {
            return Ok(());
        }
        let (workshop, state, options) = (&self.workshop, &mut self.state, self.options);
        self.outcome.ingested = self.recorder.step("ingest", |facts| {
            let delivered = fetch::delivered(self.config, jiff::Timestamp::now()).or_exit(ExitCode::TryAgain)?;
            let erasures = Erasures::load(&self.config.root).or_exit(ExitCode::CheckFailed)?;
            let asked = self.asked.as_ref();
            let today = options.as_of.date();
            let ingest = workshop.ingest(self.config, self.contracts, &delivered, &erasures, asked, today);
            let commit = |state: &State| state.commit(&self.state_file);
            let report = ingest.run(state, options.progress, &commit).or_exit(ExitCode::TryAgain)?;
            facts.ingested(&report);
            Ok(report)
        })?;
        Ok(())
    }

    /// Computes what changed, and commits it.
    pub(super) fn build(&mut self) -> Result<(), Failure> {
        if !self.takes(Step::Build) {
            return Ok(());
        }
        let finished = Finished::load(&self.config.root).or_exit(ExitCode::TryAgain)?;
        let (options, state) = (self.options, &mut self.state);
        let (as_of, asked) = (options.as_of.date(), self.asked.as_ref());
        let builder = self.workshop.builder(self.config, self.contracts, as_of, &finished, asked);
        self.outcome.built = self.recorder.step("build", |facts| {
            let mut built = builder.run(state, options.progress);
            facts.built(&built);
            take_disk_failure(&mut built)?;
            state.commit(&self.state_file).and_then(|()| finished.forget()).or_exit(ExitCode::TryAgain)?;
            Ok(built)
        })?;
        Ok(())
    }

    /// One window over months that were selected by different paragraphs would compare what cannot be compared; and what
    /// is far too late is no news.
    pub(super) fn stop_what_is_mixed_or_late(&mut self) {
        let mixed = ingest::mixed(self.config, self.contracts, &self.state);
        self.outcome.freshness = freshness::of(self.config, self.contracts, &self.state, self.options.as_of);
        freshness::warn(&self.outcome.freshness);
        for (product, error) in mixed.into_iter().chain(freshness::too_late(&self.outcome.freshness)) {
            if self.asked_for(&product) {
                self.outcome.built.failed.entry(product).or_insert(error);
            }
        }
        self.workshop.models.fail_with(&mut self.outcome.built.failed);
    }

    /// Compares the night as a whole with what it should be. A product that breaks a rule fails.
    pub(super) fn check(&mut self) -> Result<(), Failure> {
        let carried = self.carried();
        if !self.publishes(&carried) {
            return Ok(());
        }
        let finished = Finished::load(&self.config.root).or_exit(ExitCode::TryAgain)?;
        let (config, options) = (self.config, self.options);
        let (as_of, asked) = (options.as_of.date(), self.asked.as_ref());
        let builder = self.workshop.builder(config, self.contracts, as_of, &finished, asked);
        self.outcome.checked = self.recorder.step("check", |facts| {
            if let Some(model) = builder.stale(&self.state, &carried) {
                return Err(not_built(model));
            }
            self.workshop.check_contents(&self.state, &carried).or_exit(ExitCode::CheckFailed)?;
            let shown = publish::computed(&Releases::at(&config.root));
            let checks = self.workshop.checks(config, self.contracts, &builder, &self.state, shown.as_ref());
            let checked = checks.check(&carried, options.progress);
            facts.checked(&checked);
            Ok(checked)
        })?;
        self.outcome.built.failed.append(&mut self.outcome.checked.failed);
        self.workshop.models.fail_with(&mut self.outcome.built.failed);
        Ok(())
    }

    /// Publishes the products that hold, and removes what no kept release needs.
    pub(super) fn publish(&mut self) -> Result<(), Failure> {
        let carried = self.carried();
        if !self.publishes(&carried) {
            return Ok(());
        }
        (self.options.progress)("publishing");
        let finished = Finished::load(&self.config.root).or_exit(ExitCode::TryAgain)?;
        let (as_of, asked) = (self.options.as_of, self.asked.as_ref());
        let builder = self.workshop.builder(self.config, self.contracts, as_of.date(), &finished, asked);
        let done = self.recorder.step("publish", |facts| {
            let done = publish_what_holds(
                &self.workshop,
                self.outcome,
                |workshop, outcome, carried| {
                    let held = &outcome.checked.held;
                    let publisher = workshop.publisher(self.config, &builder, &self.state, as_of, carried, held);
                    Publisher { late: freshness::notes(&outcome.freshness), ..publisher }.publish()
                },
                carried,
            )?;
            facts.published(&done);
            Ok(done)
        })?;
        // Before the sweep, which may fail: the ledger must know what is shown.
        self.outcome.published = Some(done);
        self.recorder.step("sweep", |facts| {
            let swept = sweep::sweep(self.config, &self.workshop.lake, self.state.clone());
            facts.swept = swept.or_exit(ExitCode::Publishing)?;
            Ok(())
        })
    }

    /// Products whose part of the release before is taken over.
    fn carried(&self) -> BTreeSet<String> {
        let mut carried = self.workshop.not_asked_for(self.asked.as_ref());
        carried.extend(self.outcome.built.failed.keys().cloned());
        carried
    }

    fn publishes(&self, carried: &BTreeSet<String>) -> bool {
        let products = self.workshop.models.products();
        self.takes(Step::Publish) && products.iter().any(|product| !carried.contains(*product))
    }

    /// Several causes: the highest code.
    pub(super) fn exit_code(&self) -> ExitCode {
        let refused = if self.outcome.ingested.refused.is_empty() { ExitCode::Done } else { ExitCode::Refused };
        let failed = if self.outcome.built.failed.is_empty() { ExitCode::Done } else { ExitCode::CheckFailed };
        let not_fetched = self.outcome.fetched.failed().next().map_or(ExitCode::Done, |_| ExitCode::TryAgain);
        refused.max(failed).max(not_fetched).max(self.outcome.unpublished)
    }
}

/// Publishes; a product that turns out not to be publishable is taken over from the release before, as one that failed
/// earlier is, unless there is nothing left to publish.
fn publish_what_holds(
    workshop: &Workshop,
    outcome: &mut Outcome,
    publish: impl Fn(&Workshop, &Outcome, BTreeSet<String>) -> Result<Published, PublishError>,
    mut carried: BTreeSet<String>,
) -> Result<Published, Failure> {
    loop {
        let (product, cause) = match publish(workshop, outcome, carried.clone()) {
            Ok(done) => return Ok(done),
            Err(PublishError::OfProduct { product, cause }) => (product, cause),
            Err(error) => return Err(error.into()),
        };
        let failure = Failure::from(*cause);
        let built_on_it = workshop.models.products().into_iter();
        carried.extend(
            built_on_it.filter(|other| workshop.models.foundation(other).contains(&*product)).map(str::to_owned),
        );
        carried.insert(product.clone());
        if workshop.models.products().iter().all(|product| carried.contains(*product)) {
            return Err(failure);
        }
        tracing::error!("{product} is not published: {}", super::told(&failure.error));
        outcome.unpublished = outcome.unpublished.max(failure.code);
        outcome.built.failed.insert(product, failure.error);
        workshop.models.fail_with(&mut outcome.built.failed);
    }
}

/// That the machine failed says nothing of the product, and the next one would meet the same.
fn take_disk_failure(built: &mut Built) -> Result<(), Failure> {
    let by_disk = built.failed.iter().find(|(_, error)| disk::advice(error).is_some());
    let product = by_disk.map(|(product, _)| product.clone());
    let error = product.and_then(|product| built.failed.remove(&product));
    error.map_or(Ok(()), |error| Err(Failure::new(ExitCode::TryAgain, error)))
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
pub(super) fn damaged_state(config: &Config, error: anyhow::Error) -> Failure {
    if disk::advice(&error).is_some() {
        return Failure::new(ExitCode::TryAgain, error);
    }
    let kept = Releases::at(&config.root).all().unwrap_or_default().into_iter();
    let whole: Vec<String> = kept
        .map(|release| release.join("state.json"))
        .filter(|file| State::load_existing(file).is_ok())
        .map(|file| file.display().to_string())
        .collect();
    let gone = gone(config);
    let first = match gone.is_empty() {
        true => String::new(),
        false => format!(
            "put these deliveries back where their sources look, since nothing can be rebuilt without them ({}), then ",
            gone.join(", ")
        ),
    };
    let rebuild = format!("{first}remove it and run again to rebuild everything from the deliveries");
    let advice = if whole.is_empty() {
        rebuild
    } else {
        format!(
            "copy the state of a release over it and run again (these are whole: {}), or {rebuild}",
            whole.join(", ")
        )
    };
    let error = error.context(format!("{} is damaged; {advice}", config.root.join("state.json").display()));
    Failure { code: ExitCode::CheckFailed, error }
}

/// Deliveries that were the last ones taken in of their period, as far as the ledger goes back, and whose files are
/// neither where they were delivered nor kept.
fn gone(config: &Config) -> Vec<String> {
    let ledger = Ledger::read(&config.root).unwrap_or_default();
    let steps = ledger.runs.iter().flat_map(|run| &run.steps);
    let last: BTreeMap<(&str, &str), &str> = steps
        .flat_map(|step| &step.facts.taken)
        .map(|taken| ((taken.source.as_str(), taken.partition.as_str()), taken.file.as_str()))
        .collect();
    let mut there: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for source in config.sources.keys() {
        let files = fetch::files(config, source).unwrap_or_default();
        let names = files.iter().filter_map(|file| file.file_name()).map(|name| reduced(&name.to_string_lossy()));
        there.insert(source, names.collect());
    }
    let is_gone = |(source, file): &(&str, &str)| there.get(source).is_some_and(|names| !names.contains(*file));
    let known = last.into_iter().map(|((source, _), file)| (source, file));
    known.filter(is_gone).map(|(source, file)| format!("{file} of {source}")).collect()
}

/// What a killed run left: its working folder, and files that it was writing beside their place. Only for who holds
/// the lock.
pub(super) fn remove_leftovers(root: &Path) -> anyhow::Result<()> {
    let listed = |folder: &Path| std::fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()));
    for entry in listed(root)?.chain(listed(&root.join(RUNS_FOLDER))?) {
        let path = entry.with_context(|| format!("listing {}", root.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(WORKING_FOLDER) {
            disk::remove_folder(&path)?;
        } else if name.starts_with(disk::HALF_WRITTEN) {
            disk::remove(&path)?;
        }
    }
    // `slett` writes manifests and states of releases anew.
    for release in Releases::at(root).all()? {
        for entry in listed(&release)? {
            let path = entry.with_context(|| format!("listing {}", release.display()))?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(disk::HALF_WRITTEN)) {
                disk::remove(&path)?;
            }
        }
    }
    let public = root.join(publish::PUBLIC_FOLDER);
    for path in disk::files_below(&public)? {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(disk::HALF_WRITTEN)) {
            disk::remove(&public.join(path))?;
        }
    }
    Ok(())
}
