//! A night's run, as one list of steps: take in, compute, publish, sweep. One lock per root; a ledger of what was done.
//!
//! Knows the order of steps and what a failure means for the exit code; how a step works is its module's business.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::civil::Date;
use serde::Serialize;

use crate::config::Config;
use crate::contract::Contract;
use crate::disk;
use crate::embedded::{self, Files};
use crate::engine::Engine;
use crate::ingest::{self, Ingest};
use crate::lake::{Lake, Parameter, State};
use crate::model::{Builder, Built, Model, Models};
use crate::publish::{self, Published, Publisher};

/// What a run is asked to do.
pub struct Options<'a> {
    /// The run's date: months that are over before it can be published.
    pub as_of: Date,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum ExitCode {
    /// Done, also when there was nothing new.
    Done = 0,
    /// The configuration, a contract, a model or a template is wrong.
    Configuration = 10,
    /// A delivery was refused; the rest was published.
    Refused = 20,
    /// A data check failed; that product's old release stays.
    CheckFailed = 30,
    /// Disclosure control failed.
    Disclosure = 40,
    /// Publishing failed.
    Publishing = 50,
    /// Another run is under way, or the program's own machinery failed.
    TryAgain = 75,
}

/// What a run did.
#[derive(Debug)]
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

/// Runs the steps.
pub fn run(config: &Config, options: &Options<'_>) -> Result<Outcome, Failure> {
    let _lock = lock(&config.root).or_exit(ExitCode::TryAgain)?;
    let contracts = Contract::embedded().or_exit(ExitCode::Configuration)?;
    let workshop = Workshop::open(config, &contracts, options.as_of).or_exit(ExitCode::Configuration)?;
    let state_file = config.root.join("state.json");
    let mut state = State::load(&state_file).or_exit(ExitCode::TryAgain)?;
    workshop.lake.check_all(&state).or_exit(ExitCode::CheckFailed)?;

    let mut ingested = ingest::Report::default();
    if options.steps.contains(&Step::Ingest) {
        ingested = workshop.ingest(config, &contracts).run(&mut state, options.progress).or_exit(ExitCode::TryAgain)?;
        state.commit(&state_file).or_exit(ExitCode::TryAgain)?;
    }

    let mut built = Built::default();
    if options.steps.contains(&Step::Build) {
        built = workshop.builder(config, &contracts, options.as_of).run(&mut state, options.progress);
        state.commit(&state_file).or_exit(ExitCode::TryAgain)?;
    }

    let mut published = None;
    let nothing_holds = workshop.models.products().iter().all(|product| built.failed.contains_key(*product));
    if options.steps.contains(&Step::Publish) && !nothing_holds {
        (options.progress)("publishing");
        let failed = built.failed.keys().cloned().collect();
        let done = workshop.publisher(config, &state, options.as_of, failed).publish().map_err(Failure::from)?;
        let mut kept = done.kept_states.clone();
        kept.push(state);
        workshop.lake.sweep(&kept).or_exit(ExitCode::Publishing)?;
        published = Some(done);
    }

    let refused = if ingested.refused.is_empty() { ExitCode::Done } else { ExitCode::Refused };
    let failed = if built.failed.is_empty() { ExitCode::Done } else { ExitCode::CheckFailed };
    let code = refused.max(failed);
    let outcome = Outcome { code, ingested, built, published };
    write_ledger(&config.root, options, &outcome).or_exit(ExitCode::TryAgain)?;
    Ok(outcome)
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

/// Everything that is opened once and used by all steps.
struct Workshop {
    engine: Engine,
    lake: Lake,
    models: Models,
    site: crate::render::Site,
    temporary: PathBuf,
    _cleanup: tempfile::TempDir,
}

impl Workshop {
    fn open(config: &Config, contracts: &[Contract], as_of: Date) -> anyhow::Result<Workshop> {
        disk::create_folder(&config.root)?;
        let cleanup = tempfile::Builder::new()
            .prefix(".arbeid-")
            .tempdir_in(&config.root)
            .with_context(|| format!("writing in {}", config.root.display()))?;
        let temporary = cleanup.path().to_owned();
        let engine = Engine::start(&config.engine, &temporary)?;
        let lake = Lake::at(&config.root.join("lake"));
        let sources = source_schemas(contracts);
        let parsed = parse_models(&embedded::queries(config)?)?;
        let products: Vec<String> = parsed.iter().map(|model| model.product.clone()).collect();
        let mut parameters = BTreeMap::new();
        for product in &products {
            parameters.extend(parameters_of(config, product, as_of));
        }
        for name in ["maaned", "maaned_start", "maaned_slutt"] {
            let value = if name == "maaned" { Parameter::Integer(202_601) } else { Parameter::Date(as_of) };
            parameters.insert(name.to_owned(), value);
        }
        let models = Models::plan(parsed, &sources, &parameters, &engine, &lake)?;
        let site = publish::load_site(embedded::site(config)?)?;
        Ok(Workshop { engine, lake, models, site, temporary, _cleanup: cleanup })
    }

    fn ingest<'a>(&'a self, config: &'a Config, contracts: &'a [Contract]) -> Ingest<'a> {
        Ingest { config, contracts, engine: &self.engine, lake: &self.lake, temporary: &self.temporary }
    }

    fn publisher<'a>(
        &'a self,
        config: &'a Config,
        state: &'a State,
        as_of: Date,
        failed: BTreeSet<String>,
    ) -> Publisher<'a> {
        Publisher {
            config,
            models: &self.models,
            lake: &self.lake,
            state,
            site: &self.site,
            as_of,
            failed,
            partitions: self.engine.partitions(),
        }
    }

    fn builder<'a>(&'a self, config: &Config, contracts: &[Contract], as_of: Date) -> Builder<'a> {
        let tables =
            || contracts.iter().flat_map(|contract| contract.tables.iter().map(move |table| (contract, table)));
        Builder {
            models: &self.models,
            delivered: tables().map(|(_, table)| table.name.clone()).collect(),
            parameters: self
                .models
                .ordered
                .iter()
                .map(|model| (model.product.clone(), parameters_of(config, &model.product, as_of)))
                .collect(),
            engine: &self.engine,
            lake: &self.lake,
        }
    }
}

/// `$as_of` and the product's thresholds.
fn parameters_of(config: &Config, product: &str, as_of: Date) -> BTreeMap<String, Parameter> {
    let thresholds = config.product(product).thresholds.into_iter();
    let mut parameters: BTreeMap<String, Parameter> =
        thresholds.map(|(name, value)| (name, Parameter::Integer(value))).collect();
    parameters.insert("as_of".to_owned(), Parameter::Date(as_of));
    parameters
}

/// The columns of every table that ingest fills.
fn source_schemas(contracts: &[Contract]) -> BTreeMap<String, arrow::datatypes::SchemaRef> {
    let delivered = contracts.iter().flat_map(|contract| &contract.tables);
    let mut schemas: BTreeMap<_, _> = delivered.map(|table| (table.name.clone(), table.schema())).collect();
    schemas.insert(ingest::MOTTAK.to_owned(), ingest::mottak_schema());
    schemas.insert(ingest::STATISTIKK_TABELL.to_owned(), ingest::statistikk_schema());
    schemas
}

fn parse_models(files: &Files) -> anyhow::Result<Vec<Model>> {
    files
        .iter()
        .filter_map(|(path, bytes)| Some((path.strip_suffix(".sql")?, bytes)))
        .map(|(path, bytes)| {
            let text = std::str::from_utf8(bytes).with_context(|| format!("queries/{path}.sql is not UTF-8"))?;
            let (product, name) =
                path.split_once('/').with_context(|| format!("queries/{path}.sql lies in no product's folder"))?;
            Model::parse(product, name, text)
        })
        .collect()
}

/// One run at a time per root. The lock is the file's, so that it ends with the process however that ends.
fn lock(root: &Path) -> anyhow::Result<File> {
    disk::create_folder(root)?;
    let path = root.join("run.lock");
    let file = disk::create(&path)?;
    file.try_lock()
        .map_err(|_| anyhow::anyhow!("another run holds {}; try again when it has ended", path.display()))?;
    Ok(file)
}

/// One line per run in `runs/ledger.jsonl`: the only place that knows when and how long.
fn write_ledger(root: &Path, options: &Options<'_>, outcome: &Outcome) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        ended: String,
        as_of: String,
        code: ExitCode,
        taken: Vec<&'a str>,
        refused: Vec<(&'a str, &'a str)>,
        ran: &'a [(String, String)],
        skipped: usize,
        failed: BTreeMap<&'a str, String>,
        release: Option<&'a str>,
    }
    let line = Line {
        ended: jiff::Timestamp::now().to_string(),
        as_of: options.as_of.to_string(),
        code: outcome.code,
        taken: outcome.ingested.taken.iter().map(|taken| taken.file.as_str()).collect(),
        refused: outcome
            .ingested
            .refused
            .iter()
            .map(|refused| (refused.file.as_str(), refused.reason.as_str()))
            .collect(),
        ran: &outcome.built.ran,
        skipped: outcome.built.skipped,
        failed: outcome.built.failed.iter().map(|(product, error)| (product.as_str(), format!("{error:#}"))).collect(),
        release: outcome.published.as_ref().map(|published| published.release.as_str()),
    };
    let path = root.join("runs").join("ledger.jsonl");
    let mut text = if path.exists() { disk::read_text(&path)? } else { String::new() };
    text += &serde_json::to_string(&line).context("writing the ledger")?;
    text.push('\n');
    disk::write(&path, text.as_bytes())
}
