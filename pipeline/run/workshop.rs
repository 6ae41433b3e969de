//! Everything that is opened once and used by all steps of a run: engine, lake, models, site; and what must hold before
//! a step may use it.
//!
//! Knows which products are on; not in which order steps are taken.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, ensure};
use jiff::civil::{Date, DateTime};

use crate::check::{self, Checks, Held, Shown};
use crate::closed;
use crate::config::Config;
use crate::contract::Contract;
use crate::disclosure;
use crate::disk;
use crate::embedded::{self, Files};
use crate::engine::Engine;
use crate::erasure::Erasures;
use crate::export::cube::Cube;
use crate::fetch::Delivered;
use crate::ingest::{self, Ingest};
use crate::lake::{Finished, Lake, Parameter, State};
use crate::model::{Audience, Builder, Model, Models, SHARED};
use crate::publish::{self, Publisher};

/// Begins the name of a run's own folder.
pub(super) const WORKING_FOLDER: &str = ".arbeid-";

/// Everything that is opened once and used by all steps.
pub(super) struct Workshop {
    engine: Engine,
    pub(super) lake: Lake,
    pub(super) models: Models,
    cubes: Vec<Cube>,
    site: crate::render::Site,
    temporary: PathBuf,
    _cleanup: tempfile::TempDir,
}

impl Workshop {
    /// For a run that holds the lock: its own files are below the root.
    pub(super) fn open(config: &Config, contracts: &[Contract], as_of: Date) -> anyhow::Result<Workshop> {
        let folder = tempfile::Builder::new().prefix(WORKING_FOLDER).tempdir_in(&config.root);
        Workshop::start(
            config,
            contracts,
            as_of,
            folder.with_context(|| format!("writing in {}", config.root.display()))?,
        )
    }

    /// For looking only: nothing below the root is touched.
    pub(super) fn beside(config: &Config, contracts: &[Contract], as_of: Date) -> anyhow::Result<Workshop> {
        let folder = tempfile::tempdir().context("making a folder for temporary files")?;
        Workshop::start(config, contracts, as_of, folder)
    }

    fn start(
        config: &Config,
        contracts: &[Contract],
        as_of: Date,
        cleanup: tempfile::TempDir,
    ) -> anyhow::Result<Workshop> {
        let temporary = cleanup.path().to_owned();
        let engine = Engine::start(&config.engine, &temporary)?;
        let lake = Lake::at(&config.root.join("lake"));
        let sources = source_schemas(contracts);
        let queries = embedded::queries(config)?;
        let parsed = parse_models(&queries)?;
        check_config(config, &parsed, contracts)?;
        check_lost(config, &parsed, contracts)?;
        let on = switched_on(&parsed, config, contracts);
        let parsed: Vec<Model> = parsed.into_iter().filter(|model| on.contains(&model.product)).collect();
        let parameters = planning_parameters(config, &parsed, as_of);
        let models = Models::plan(parsed, &sources, &parameters, &engine, &lake)?;
        check::faults(&models, contracts).into_iter().next().map_or(Ok(()), Err)?;
        disclosure::demand(&models, contracts)?;
        let cubes = Cube::all(&queries, &models.ordered.iter().collect::<Vec<_>>())?;
        let site = publish::load_site(embedded::site(config)?)?;
        Ok(Workshop { engine, lake, models, cubes, site, temporary, _cleanup: cleanup })
    }

    /// SHA-256 of all models' SQL with their headers.
    pub(super) fn sql(&self) -> String {
        let hashes: String =
            self.models.ordered.iter().map(|model| format!("{} {}\n", model.file, model.hash())).collect();
        disk::sha256(hashes.as_bytes())
    }

    /// How many partitions a query is spread over.
    pub(super) fn partitions(&self) -> usize {
        self.engine.partitions()
    }

    pub(super) fn ingest<'a>(
        &'a self,
        config: &'a Config,
        contracts: &'a [Contract],
        delivered: &'a Delivered,
        erasures: &'a Erasures,
        only: Option<&'a BTreeSet<String>>,
        as_of: Date,
    ) -> Ingest<'a> {
        Ingest {
            config,
            contracts,
            delivered,
            engine: &self.engine,
            lake: &self.lake,
            temporary: &self.temporary,
            erasures,
            only,
            as_of,
        }
    }

    /// Published tables must hold what the state says before they are compared with anything.
    pub(super) fn check_contents(&self, state: &State, carried: &BTreeSet<String>) -> anyhow::Result<()> {
        let published = self.models.ordered.iter().filter(|model| model.audience != Audience::Arbeid);
        for model in published.filter(|model| !carried.contains(&model.product)) {
            state.partitions(&model.name).try_for_each(|(_, entry)| self.lake.check_content(entry))?;
        }
        Ok(())
    }

    /// The whole-night checks, with the parameters that models are run with.
    pub(super) fn checks<'a>(
        &'a self,
        config: &'a Config,
        contracts: &'a [Contract],
        builder: &'a Builder<'_>,
        state: &'a State,
        shown: Option<&'a Shown>,
    ) -> Checks<'a> {
        Checks {
            config,
            contracts,
            models: &self.models,
            parameters: &builder.parameters,
            engine: &self.engine,
            lake: &self.lake,
            state,
            shown,
        }
    }

    pub(super) fn publisher<'a>(
        &'a self,
        config: &'a Config,
        builder: &'a Builder<'a>,
        state: &'a State,
        as_of: DateTime,
        carried: BTreeSet<String>,
        held: &'a BTreeMap<String, Held>,
    ) -> Publisher<'a> {
        Publisher {
            config,
            models: &self.models,
            builder,
            cubes: &self.cubes,
            lake: &self.lake,
            state,
            site: &self.site,
            as_of,
            carried,
            held,
            late: BTreeMap::new(),
            partitions: self.engine.partitions(),
        }
    }

    pub(super) fn builder<'a>(
        &'a self,
        config: &Config,
        contracts: &[Contract],
        as_of: Date,
        finished: &'a Finished,
        only: Option<&'a BTreeSet<String>>,
    ) -> Builder<'a> {
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
            finished,
            only,
        }
    }

    /// The product that is asked for, with those that it is built on; absent = all.
    pub(super) fn asked(&self, only: Option<&str>) -> Option<BTreeSet<String>> {
        let with_foundation =
            |only| self.models.foundation(only).into_iter().chain([only]).map(str::to_owned).collect();
        only.map(with_foundation)
    }

    /// The products whose part of the release before is taken over because only others were asked for.
    pub(super) fn not_asked_for(&self, asked: Option<&BTreeSet<String>>) -> BTreeSet<String> {
        let is_not = |product: &&str| asked.is_some_and(|asked| !asked.contains(*product));
        self.models.products().into_iter().filter(is_not).map(str::to_owned).collect()
    }

    /// Fails unless the product that was asked for is there and on; names the nearest.
    pub(super) fn check_product(&self, only: Option<&str>) -> anyhow::Result<()> {
        let products = self.models.products();
        let Some(only) = only.filter(|only| !products.contains(only)) else { return Ok(()) };
        let near = closed::nearest(only, products.iter().copied()).unwrap_or("");
        anyhow::bail!(
            "--only: there is no product `{only}`, or speil.toml has none of its sources or not the `rettsgrunnlag` it \
             needs; the nearest is `{near}`"
        )
    }
}

/// A value for every parameter that some model may name: enough to plan with, and no figure.
pub(crate) fn planning_parameters(config: &Config, models: &[Model], as_of: Date) -> BTreeMap<String, Parameter> {
    let mut parameters = BTreeMap::new();
    for model in models {
        parameters.extend(parameters_of(config, &model.product, as_of));
    }
    for name in ["maaned", "maaned_start", "maaned_slutt"] {
        let value = if name == "maaned" { Parameter::Integer(202_601) } else { Parameter::Date(as_of) };
        parameters.insert(name.to_owned(), value);
    }
    parameters
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
pub(crate) fn source_schemas(contracts: &[Contract]) -> BTreeMap<String, arrow::datatypes::SchemaRef> {
    let delivered = contracts.iter().flat_map(|contract| &contract.tables);
    let mut schemas: BTreeMap<_, _> = delivered.map(|table| (table.name.clone(), table.schema())).collect();
    schemas.insert(ingest::MOTTAK.to_owned(), ingest::mottak_schema());
    schemas.insert(ingest::STATISTIKK_TABELL.to_owned(), ingest::statistikk_schema());
    schemas
}

/// The products that are on, and what they share. A product is off when it reads delivered tables and none of the sources
/// that it needs is configured, when it needs a legal basis and none is named, when it is ended, and when one that it is
/// built on is off: it then has no tables and no pages.
fn switched_on(models: &[Model], config: &Config, contracts: &[Contract]) -> BTreeSet<String> {
    let mut configured: BTreeMap<&str, bool> = BTreeMap::new();
    for contract in contracts {
        let is = !contract.optional && config.sources.contains_key(&contract.source);
        configured.extend(contract.tables.iter().map(|table| (table.name.as_str(), is)));
    }
    let mut on: BTreeMap<String, bool> = BTreeMap::new();
    for model in models {
        for is in model.reads.iter().filter_map(|name| configured.get(name.as_str())) {
            *on.entry(model.product.clone()).or_default() |= is;
        }
    }
    for model in models.iter().filter(|model| is_off_on_purpose(model, config)) {
        on.insert(model.product.clone(), false);
    }
    let is_on = |on: &BTreeMap<String, bool>, product: &str| on.get(product).copied().unwrap_or(true);
    while let Some(built_on_it) = models
        .iter()
        .find(|model| is_on(&on, &model.product) && model.products_read.iter().any(|product| !is_on(&on, product)))
    {
        on.insert(built_on_it.product.clone(), false);
    }
    models.iter().map(|model| model.product.clone()).filter(|product| is_on(&on, product)).collect()
}

/// Whether somebody said so: the product is ended, or nothing is named that allows it.
fn is_off_on_purpose(model: &Model, config: &Config) -> bool {
    let product = config.product(&model.product);
    product.ended || (model.needs_legal_basis && product.legal_basis.is_none())
}

/// A product that the shown release has is on, or off on purpose, as one is that is built on such a product. Else a
/// configuration that lost its sections would let figures vanish, or stand still for ever, with 0 each night.
pub(crate) fn check_lost(config: &Config, models: &[Model], contracts: &[Contract]) -> anyhow::Result<()> {
    let known = publish::known_products(&config.root);
    let on = switched_on(models, config, contracts);
    let mut on_purpose: BTreeSet<&str> =
        known.iter().map(String::as_str).filter(|product| config.product(product).ended).collect();
    on_purpose.extend(models.iter().filter(|model| is_off_on_purpose(model, config)).map(|model| &*model.product));
    let built_on = models.iter().filter(|model| model.products_read.iter().any(|read| on_purpose.contains(&**read)));
    on_purpose.extend(built_on.map(|model| &*model.product).collect::<Vec<_>>());
    let is_lost = |product: &&String| !on.contains(*product) && !on_purpose.contains(product.as_str());
    if let Some(product) = known.iter().find(is_lost) {
        let own = contracts.iter().filter(|contract| contract.product == *product && !contract.optional);
        return Err(config.lost(product, &own.map(|contract| &*contract.source).collect::<Vec<_>>()));
    }
    ensure!(
        known.is_empty() || on.iter().any(|product| product != SHARED),
        "every product is ended, so that no release can be made and the one that is shown stays; take it away at the web \
         server, and stop the timers"
    );
    Ok(())
}

/// Every model file, read on its own.
pub(crate) fn parse_models(files: &Files) -> anyhow::Result<Vec<Model>> {
    let sql = files.iter().filter_map(|(path, bytes)| Some((path.strip_suffix(".sql")?, bytes)));
    sql.map(|(path, bytes)| parse_model(path, bytes)).collect()
}

/// The model file `<path>.sql`.
pub(crate) fn parse_model(path: &str, bytes: &[u8]) -> anyhow::Result<Model> {
    let text = std::str::from_utf8(bytes).with_context(|| format!("queries/{path}.sql: the file is not UTF-8"))?;
    let (product, name) =
        path.split_once('/').with_context(|| format!("queries/{path}.sql: the file lies in no product's folder"))?;
    Model::parse(product, name, text)
}

/// The configuration names sources and products that there are, and each product's sources are all there or none.
pub(crate) fn check_config(config: &Config, models: &[Model], contracts: &[Contract]) -> anyhow::Result<()> {
    let products: BTreeSet<&str> =
        models.iter().map(|model| model.product.as_str()).filter(|product| *product != SHARED).collect();
    let sources = contracts.iter().map(|contract| contract.source.clone()).collect();
    config.check_names(&sources, &products.iter().map(|product| (*product).to_owned()).collect())?;
    publish::check_keys(config, models)?;
    for product in products {
        let needs_basis = models.iter().any(|model| model.product == product && model.needs_legal_basis);
        ensure!(
            needs_basis || config.product(product).legal_basis.is_none(),
            "[product.{product}]: the product needs no `rettsgrunnlag`; take the key out"
        );
        let has_doctors = models.iter().any(|model| model.product == product && model.audience == Audience::Lege);
        ensure!(
            has_doctors || config.product(product).contact.is_none(),
            "[product.{product}]: the product has no page for doctors, so nobody would read `henvendelse`; take the key out"
        );
        let own = models.iter().filter(|model| model.product == product);
        let read: BTreeSet<&String> = own.flat_map(|model| &model.reads).collect();
        let required = contracts.iter().filter(|contract| !contract.optional);
        let needed = required.filter(|contract| contract.tables.iter().any(|table| read.contains(&table.name)));
        config.check_complete(product, &needed.map(|contract| contract.source.clone()).collect())?;
        let of_product = contracts.iter().filter(|contract| contract.product == product && !contract.optional);
        config.check_ended(product, &of_product.map(|contract| &*contract.source).collect::<Vec<_>>())?;
    }
    Ok(())
}
