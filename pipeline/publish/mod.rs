//! From computed tables to a release: disclosure control, export, pages; built beside the current release, verified,
//! and switched to by one rename. The files of a product that failed, or was not asked for, are taken over from the release
//! before.
//!
//! Knows what a release consists of; figures and texts come from models and site.

mod again;
mod carried;
mod complete;
mod courses;
mod cubes;
mod dates;
mod erased;
mod identity;
mod keep;
mod made;
mod manifest;
mod older;
mod outbox;
mod pages;
mod public;
mod release;
mod revision;
mod sealed;
mod site;
mod switch;
mod unchanged;
mod variables;
mod verify;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Context;
use arrow::array::RecordBatch;
use jiff::civil::DateTime;

pub use dates::{announce, check_announced, falls_due, waits};
pub(crate) use erased::tombstones;
pub use erased::{bury, told as erased};
pub use made::Making;
pub use manifest::{Erased, File, MANIFEST, Manifest, Product, Shown};
pub use older::{computed, known_products};
pub(crate) use outbox::FOLDER as OUTBOX_FOLDER;
pub(crate) use public::FOLDER as PUBLIC_FOLDER;
pub use public::releases_of_dates;
pub use release::Releases;
pub use revision::sample_revisions;
pub use sealed::HandedOver;
pub(crate) use sealed::check_keys;
pub use verify::{Problem, verify};

use crate::check::Held;
use crate::config::Config;
use crate::disclosure::{self, Disclosed, Thresholds};
use crate::embedded::Files;
use crate::erasure::Erasures;
use crate::export::cube::Cube;
use crate::lake::{Damaged, Entry, Lake, State};
use crate::model::{Audience, Builder, Model, Models, SHARED};
use crate::render::{Late, Site, SiteFiles};
use crate::{disk, export};
use release::{About, Draft};
use switch::Turns;

const ALL: &str = "alle";

/// What publishing works with.
pub struct Publisher<'a> {
    /// Thresholds, and whether deliveries are made up.
    pub config: &'a Config,
    /// Headers of the tables.
    pub models: &'a Models,
    /// Runs a public table's model again where tables that it is made from show less than they hold.
    pub builder: &'a Builder<'a>,
    /// Yearly figures in the layout of other registers' cubes.
    pub cubes: &'a [Cube],
    /// Where tables are.
    pub lake: &'a Lake,
    /// The files in force.
    pub state: &'a State,
    /// Templates, texts, pages and assets.
    pub site: &'a Site,
    /// The run's time in Oslo.
    pub as_of: DateTime,
    /// Products that failed or were not asked for: their files are taken over from the release before.
    pub carried: BTreeSet<String>,
    /// Product → what the whole-night checks found to hold; recorded in the manifest.
    pub held: &'a BTreeMap<String, Held>,
    /// By product, sources that are late: its pages say so.
    pub late: BTreeMap<String, Vec<Late>>,
    /// Recorded in the manifest.
    pub partitions: usize,
}

/// What was published.
#[derive(Debug)]
pub struct Published {
    /// The release's name.
    pub release: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Whether it was shown before this run.
    pub new: bool,
    /// Public tables that are not published yet → why.
    pub withheld: BTreeMap<String, String>,
    /// Product → table of events for KPR → what became of it.
    pub handed_over: BTreeMap<String, BTreeMap<String, HandedOver>>,
}

/// Why nothing was published.
#[derive(Debug)]
pub enum PublishError {
    /// Disclosure control could not be carried out.
    Disclosure(anyhow::Error),
    /// A table's file is not what the state says.
    Damaged(anyhow::Error),
    /// A template or text is wrong.
    Site(anyhow::Error),
    /// Writing, verifying or switching failed.
    Publishing(anyhow::Error),
    /// One of these, and it concerns one product alone: the others can be published without it.
    OfProduct {
        /// The product.
        product: String,
        /// What failed.
        cause: Box<PublishError>,
    },
}

impl PublishError {
    /// The same, as one product's own, unless the machine failed: then the next product would meet the same.
    fn of(self, product: &str) -> PublishError {
        let by_disk = match &self {
            PublishError::Disclosure(error)
            | PublishError::Damaged(error)
            | PublishError::Site(error)
            | PublishError::Publishing(error) => disk::advice(error).is_some(),
            PublishError::OfProduct { .. } => true,
        };
        if by_disk || product == SHARED {
            return self;
        }
        PublishError::OfProduct { product: product.to_owned(), cause: Box::new(self) }
    }
}

impl From<anyhow::Error> for PublishError {
    fn from(error: anyhow::Error) -> PublishError {
        if error.is::<Damaged>() { PublishError::Damaged(error) } else { PublishError::Publishing(error) }
    }
}

/// Reads and checks the files of `site/`.
pub fn load_site(files: Files) -> anyhow::Result<Site> {
    let mut site = SiteFiles::default();
    for (path, bytes) in files {
        let Some((kind, name)) = path.split_once('/') else { continue };
        let text = || String::from_utf8(bytes.clone()).with_context(|| format!("site/{path} is not UTF-8"));
        let stem = name.trim_end_matches(".toml").to_owned();
        match kind {
            "templates" => drop(site.templates.insert(name.to_owned(), text()?)),
            "texts" => drop(site.texts.insert(stem, text()?)),
            "pages" => drop(site.pages.insert(stem, text()?)),
            "assets" => drop(site.assets.insert(name.to_owned(), bytes)),
            _ => {}
        }
    }
    Site::load(site)
}

impl Publisher<'_> {
    /// Builds, verifies and shows a release.
    pub fn publish(&self) -> Result<Published, PublishError> {
        let releases = Releases::at(&self.config.root);
        let mut draft = releases.begin()?;
        let dated = |product: &str| self.config.product(product).dates.is_any();
        let takes_over = !self.carried.is_empty() || self.models.products().into_iter().any(dated);
        if takes_over && draft.before.is_none() && releases.shown().is_some() {
            let what = "the release that is shown has no readable manifest, so it cannot be told what it shows, and \
                        nothing can be taken over from it; roll back to one that holds (`speil rollback`), and run \
                        again";
            return Err(PublishError::Publishing(anyhow::anyhow!(what)));
        }
        let mut turns = self.turns(&draft).map_err(PublishError::Disclosure)?;
        if let Some(product) = self.models.products().into_iter().find(|product| dated(product))
            && draft.before.is_none()
            && turns.history.last(product).is_some()
        {
            return Err(PublishError::Publishing(anyhow::anyhow!(
                "figures of {product} are public until its next date, and no release is shown that has them; show one \
                 (`speil rollback`) or restore releases/ from backup, and run again"
            )));
        }
        if self.is_nothing_new(&draft, &turns) {
            return Ok(self.keep_shown(&releases, draft, turns)?);
        }
        let tables = self.tables()?;
        let disclosed = self.disclose(&tables).and_then(|tables| self.audit(tables, &mut turns))?;
        let pairs: Vec<(&Model, &Disclosed)> = disclosed.iter().map(|(model, table)| (*model, table)).collect();
        let withheld = disclosure::withheld(&pairs);
        for (table, why) in &withheld {
            tracing::warn!(table, why, "not published yet");
        }

        self.put_public(&disclosed, &withheld, &mut turns, &mut draft)?;
        self.put_cubes(&disclosed, &withheld, &turns, &mut draft)?;
        self.put_private(&tables, &turns, &mut draft)?;
        self.put_pages(&tables, &disclosed, &withheld, &turns, &mut draft)?;
        self.put_variables(&mut draft)?;
        self.carry_files(&mut draft)?;
        self.carry_kept(&turns, &mut draft)?;
        self.put_assets(&turns, &mut draft)?;
        let state = self.released_state(&draft)?.to_json()?;
        draft.put("state.json", state.as_bytes(), &About::default())?;

        let erased = Erased::of(&Erasures::load(&self.config.root)?);
        let mut manifest = self.manifest(&draft, &withheld, &turns, erased);
        manifest.release = manifest.id()?;
        disk::write_new(&draft.folder().join(MANIFEST), manifest.to_json()?.as_bytes())?;
        let problems = verify::verify_with(draft.folder(), self.lake)?;
        if let Some(first) = problems.first() {
            let more = problems.len() - 1;
            return Err(PublishError::Publishing(anyhow::anyhow!(
                "the release does not hold: {first} (and {more} more)"
            )));
        }

        outbox::write(self)?;
        let new = draft.before.as_ref().is_none_or(|before| before.release != manifest.release);
        // Before anything of it can be seen.
        turns.history.commit()?;
        let folder = releases.show(draft, &manifest.release)?;
        turns.history.confirm(&manifest)?;
        let handed_over = self.hand_over()?;
        Ok(Published { release: manifest.release, folder, new, withheld, handed_over })
    }

    /// Nothing is new: what is shown stays.
    fn keep_shown(&self, releases: &Releases, draft: Draft, mut turns: Turns) -> anyhow::Result<Published> {
        disk::remove_folder(draft.folder())?;
        outbox::write(self)?;
        let before = draft.before.context("a release that stays has a manifest")?;
        turns.history.confirm(&before)?;
        let withheld = before.products.into_values().flat_map(|product| product.withheld).collect();
        let folder = releases.folder(&before.release);
        let handed_over = self.hand_over()?;
        Ok(Published { release: before.release, folder, new: false, withheld, handed_over })
    }

    /// Only what is shown is handed over, so this comes last.
    fn hand_over(&self) -> anyhow::Result<outbox::ToKpr> {
        outbox::hand_over(self).context("the release is shown, and what is handed over is not that of tonight")
    }

    /// Every published table of the products that are not carried, whole.
    fn tables(&self) -> Result<Vec<(&Model, &Entry, RecordBatch)>, PublishError> {
        let published = self.models.ordered.iter().filter(|model| model.audience != Audience::Arbeid);
        published
            .filter(|model| !self.carried.contains(&model.product))
            .map(|model| {
                let (entry, batch) = self.table(model).map_err(|error| PublishError::from(error).of(&model.product))?;
                Ok((model, entry, batch))
            })
            .collect()
    }

    fn table(&self, model: &Model) -> anyhow::Result<(&Entry, RecordBatch)> {
        let entry = self.state.entry(&model.name, ALL).with_context(|| format!("{} was not built", model.name))?;
        self.lake.check_content(entry)?;
        Ok((entry, self.rows(entry)?))
    }

    fn rows(&self, entry: &Entry) -> anyhow::Result<RecordBatch> {
        let batches = self.lake.read(entry)?;
        arrow::compute::concat_batches(&self.lake.schema(entry)?, &batches).context("reading a table")
    }

    fn disclose<'m>(
        &self,
        tables: &[(&'m Model, &Entry, RecordBatch)],
    ) -> Result<Vec<(&'m Model, Disclosed)>, PublishError> {
        let public = tables.iter().filter(|(model, _, _)| model.audience == Audience::Offentlig);
        public.map(|(model, _, batch)| Ok((*model, self.disclose_one(model, batch)?))).collect()
    }

    fn disclose_one(&self, model: &Model, batch: &RecordBatch) -> Result<Disclosed, PublishError> {
        Thresholds::of(&self.config.product(&model.product).thresholds)
            .and_then(|thresholds| disclosure::primary(model, batch, thresholds))
            .with_context(|| model.name.clone())
            .map_err(|error| PublishError::Disclosure(error).of(&model.product))
    }

    /// Tables that are not public: whole for those who run the pipeline, and row by row in the folder of whom they
    /// are about.
    fn put_private(
        &self,
        tables: &[(&Model, &Entry, RecordBatch)],
        turns: &Turns,
        draft: &mut Draft,
    ) -> Result<(), PublishError> {
        for (model, entry, batch) in tables.iter().filter(|(model, _, _)| model.audience != Audience::Offentlig) {
            let of_product = |error: anyhow::Error| PublishError::from(error).of(&model.product);
            let path = format!("tabeller/{}.parquet", model.name);
            draft.link(&path, &self.lake.path(entry), &entry.sha256, &about(model, batch.num_rows()))?;
            let tree = tree(model);
            if !self.fills(&tree, model, turns) {
                continue;
            }
            match &model.folder_column {
                Some(column) => {
                    for (key, part) in pages::by_key(model, batch, column).map_err(of_product)? {
                        let path = format!("{tree}/{key}/{}.csv", model.name);
                        draft.put(&path, &export::csv(model, &part)?, &about(model, part.num_rows()))?;
                    }
                }
                None => {
                    let path = format!("{tree}/{}.csv", model.name);
                    draft.put(&path, &export::csv(model, batch)?, &about(model, batch.num_rows()))?;
                }
            }
        }
        Ok(())
    }

    fn manifest(
        &self,
        draft: &Draft,
        withheld: &BTreeMap<String, String>,
        turns: &Turns,
        erased: Option<Erased>,
    ) -> Manifest {
        let mut products = BTreeMap::new();
        for product in self.models.products() {
            let before = draft.before.as_ref().and_then(|before| before.products.get(product));
            if self.carried.contains(product) {
                let since =
                    |before: &Product| before.stands_since.clone().unwrap_or_else(|| self.as_of.date().to_string());
                let stands = |before: &Product| Product { stands_since: Some(since(before)), ..before.clone() };
                products.extend(before.map(|before| (product.to_owned(), stands(before))));
                continue;
            }
            let is_own = move |model: &&Model| model.product == product || model.product == SHARED;
            let own = || self.models.ordered.iter().filter(is_own);
            let basis = self.basis(product);
            let rules = |model: &Model| {
                let mut rules = vec!["grain".to_owned(), "mangler".to_owned(), "between".to_owned()];
                rules.extend(model.checks.iter().map(|check| check.navn.clone()));
                (model.name.clone(), rules)
            };
            let part = Product {
                as_of: self.as_of.date().to_string(),
                stands_since: None,
                legal_basis: self.config.product(product).legal_basis,
                inputs: basis.inputs,
                models: basis.models,
                thresholds: basis.thresholds,
                paragraphs: basis.paragraphs,
                late: self.late_sources(product),
                checks: self.checks(product, own().map(rules).collect()),
                complete: complete::declared(self.site, product, turns),
                withheld: withheld
                    .iter()
                    .filter(|(table, _)| self.models.find(table).is_some_and(|model| model.product == product))
                    .map(|(table, why)| (table.clone(), why.clone()))
                    .collect(),
                shown: turns.shown(product, self.as_of.date()),
                newly_hidden: self.newly_hidden(product, turns),
            };
            products.insert(product.to_owned(), part);
        }
        let engine = &self.config.engine;
        let settings = [
            ("target_partitions", self.partitions.to_string()),
            ("memory_mib", engine.memory_mib.to_string()),
            (
                "skip_partial_aggregation_probe_ratio_threshold",
                engine.skip_partial_aggregation_probe_ratio_threshold.to_string(),
            ),
        ];
        Manifest {
            format: 1,
            release: String::new(),
            as_of: self.as_of.date().to_string(),
            synthetic: self.config.synthetic,
            settings: settings
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .chain([self.pages_setting()])
                .collect(),
            products,
            files: draft.files.clone(),
            erased,
        }
    }

    /// What was checked while a product's models were computed, and what was checked of the whole night.
    fn checks(&self, product: &str, mut checks: Held) -> Held {
        for (table, rules) in self.held.get(product).into_iter().flatten() {
            checks.entry(table.clone()).or_default().extend(rules.iter().cloned());
        }
        checks
    }
}

/// The output tree of a table that is not public.
fn tree(model: &Model) -> String {
    match model.audience {
        Audience::Lege => "lege".to_owned(),
        Audience::Fylke => "fylke".to_owned(),
        _ => format!("intern/{}", model.product),
    }
}

fn about(model: &Model, rows: usize) -> About {
    About { product: Some(model.product.clone()), table: Some(model.name.clone()), rows: Some(rows as u64) }
}
