//! From computed tables to a release: disclosure control, export, pages; built beside the current release, verified,
//! and switched to by one rename. A failed product's files are taken over from the release before.
//!
//! Knows what a release consists of; figures and texts come from models and site.

mod identity;
mod manifest;
mod pages;
mod release;
mod site;
mod verify;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Context;
use arrow::array::RecordBatch;
use jiff::civil::Date;

pub use manifest::{File, MANIFEST, Manifest, Product};
pub use release::Releases;
pub use verify::{Problem, verify};

use crate::config::Config;
use crate::disclosure::{self, Disclosed, Thresholds};
use crate::embedded::Files;
use crate::lake::{Damaged, Entry, Lake, State};
use crate::model::{Audience, Model, Models};
use crate::render::{Site, SiteFiles};
use crate::{disk, export};
use release::{About, Draft};

const ALL: &str = "alle";

/// What publishing works with.
pub struct Publisher<'a> {
    /// Thresholds, and whether deliveries are made up.
    pub config: &'a Config,
    /// Headers of the tables.
    pub models: &'a Models,
    /// Where tables are.
    pub lake: &'a Lake,
    /// The files in force.
    pub state: &'a State,
    /// Templates, texts, pages and assets.
    pub site: &'a Site,
    /// The run's date.
    pub as_of: Date,
    /// Products whose files are taken over from the release before.
    pub failed: BTreeSet<String>,
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
    /// The states of all kept releases: what the lake must keep. Absent when one of them cannot be read.
    pub kept_states: Option<Vec<State>>,
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
        if !self.failed.is_empty() && draft.before.is_none() && releases.shown().is_some() {
            let what = "the release that is shown has no readable manifest, so a failed product's files cannot be taken \
                        over from it; roll back to one that holds, and run again";
            return Err(PublishError::Publishing(anyhow::anyhow!(what)));
        }
        let tables = self.tables()?;
        let disclosed = self.disclose(&tables).map_err(PublishError::Disclosure)?;
        let pairs: Vec<(&Model, &Disclosed)> = disclosed.iter().map(|(model, table)| (*model, table)).collect();
        let withheld = disclosure::withheld(&pairs);
        for (table, why) in &withheld {
            tracing::warn!(table, why, "not published yet");
        }

        self.put_public(&disclosed, &withheld, &mut draft)?;
        self.put_private(&tables, &mut draft)?;
        self.put_pages(&tables, &disclosed, &withheld, &mut draft)?;
        self.carry_failed(&mut draft)?;
        self.put_assets(&mut draft)?;
        let state = self.state.released().to_json()?;
        draft.put("state.json", state.as_bytes(), &About::default())?;

        let mut manifest = self.manifest(&draft, &withheld);
        manifest.release = manifest.id()?;
        disk::write_new(&draft.folder().join(MANIFEST), manifest.to_json()?.as_bytes())?;
        let problems = verify::verify_with(draft.folder(), self.lake)?;
        if let Some(first) = problems.first() {
            let more = problems.len() - 1;
            return Err(PublishError::Publishing(anyhow::anyhow!(
                "the release does not hold: {first} (and {more} more)"
            )));
        }

        let new = draft.before.as_ref().is_none_or(|before| before.release != manifest.release);
        let folder = releases.show(draft, &manifest.release)?;
        let kept_states = releases
            .all()?
            .iter()
            .map(|release| State::load_existing(&release.join("state.json")))
            .collect::<anyhow::Result<_>>()
            .map_err(|error| tracing::warn!("the lake is not swept: {error:#}"))
            .ok();
        Ok(Published { release: manifest.release, folder, new, withheld, kept_states })
    }

    /// Every published table of the products that did not fail, whole.
    fn tables(&self) -> Result<Vec<(&Model, &Entry, RecordBatch)>, PublishError> {
        let published = self.models.ordered.iter().filter(|model| model.audience != Audience::Arbeid);
        published
            .filter(|model| !self.failed.contains(&model.product))
            .map(|model| {
                let entry =
                    self.state.entry(&model.name, ALL).with_context(|| format!("{} was not built", model.name))?;
                self.lake.check_content(entry)?;
                let batches = self.lake.read(entry)?;
                let schema = self.lake.schema(entry)?;
                let batch = arrow::compute::concat_batches(&schema, &batches).context("reading a table")?;
                Ok((model, entry, batch))
            })
            .collect()
    }

    fn disclose<'m>(&self, tables: &[(&'m Model, &Entry, RecordBatch)]) -> anyhow::Result<Vec<(&'m Model, Disclosed)>> {
        let public = tables.iter().filter(|(model, _, _)| model.audience == Audience::Offentlig);
        public
            .map(|(model, _, batch)| {
                let thresholds = Thresholds::of(&self.config.product(&model.product).thresholds)?;
                let table = disclosure::primary(model, batch, thresholds).with_context(|| model.name.clone())?;
                Ok((*model, table))
            })
            .collect()
    }

    fn put_public(
        &self,
        disclosed: &[(&Model, Disclosed)],
        withheld: &BTreeMap<String, String>,
        draft: &mut Draft,
    ) -> anyhow::Result<()> {
        for (model, table) in disclosed.iter().filter(|(model, _)| !withheld.contains_key(&model.name)) {
            let about = about(model, table.batch.num_rows());
            draft.put(&format!("offentlig/data/{}.csv", model.name), &export::csv(model, &table.batch)?, &about)?;
            draft.put(&format!("tabeller/{}.parquet", model.name), &export::parquet(&table.batch)?, &about)?;
        }
        Ok(())
    }

    /// Tables that are not public: whole for those who run the pipeline, and row by row in the folder of whom they
    /// are about.
    fn put_private(&self, tables: &[(&Model, &Entry, RecordBatch)], draft: &mut Draft) -> anyhow::Result<()> {
        for (model, entry, batch) in tables.iter().filter(|(model, _, _)| model.audience != Audience::Offentlig) {
            let path = format!("tabeller/{}.parquet", model.name);
            draft.link(&path, &self.lake.path(entry), &entry.sha256, &about(model, batch.num_rows()))?;
            let tree = tree(model);
            match &model.folder_column {
                Some(column) => {
                    for (key, part) in pages::by_key(batch, column)? {
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

    /// Takes a failed product's data files over from the release before.
    fn carry_failed(&self, draft: &mut Draft) -> anyhow::Result<()> {
        let Some(before) = draft.before.clone() else { return Ok(()) };
        for (path, file) in &before.files {
            let failed = file.product.as_ref().is_some_and(|product| self.failed.contains(product));
            if failed && !draft.files.contains_key(path) {
                draft.carry(path, file)?;
            }
        }
        Ok(())
    }

    fn manifest(&self, draft: &Draft, withheld: &BTreeMap<String, String>) -> Manifest {
        let mut products = BTreeMap::new();
        for product in self.models.products() {
            let before = draft.before.as_ref().and_then(|before| before.products.get(product));
            if self.failed.contains(product) {
                products.extend(before.map(|before| (product.to_owned(), before.clone())));
                continue;
            }
            let own = || self.models.ordered.iter().filter(move |model| model.product == product);
            let sources: BTreeSet<&String> =
                own().flat_map(|model| &model.reads).filter(|name| self.models.find(name).is_none()).collect();
            let contents = |name: &String| {
                let partitions = self.state.partitions(name).map(|(at, entry)| (at.clone(), entry.content.clone()));
                (name.clone(), partitions.collect())
            };
            let rules = |model: &Model| {
                let mut rules = vec!["grain".to_owned(), "mangler".to_owned(), "between".to_owned()];
                rules.extend(model.checks.iter().map(|check| check.navn.clone()));
                (model.name.clone(), rules)
            };
            let part = Product {
                as_of: self.as_of.to_string(),
                inputs: sources.into_iter().map(contents).collect(),
                models: own().map(|model| (model.name.clone(), model.hash())).collect(),
                thresholds: self.config.product(product).thresholds,
                paragraphs: self.config.product(product).paragraphs.into_iter().collect(),
                checks: own().map(rules).collect(),
                withheld: withheld
                    .iter()
                    .filter(|(table, _)| self.models.find(table).is_some_and(|model| model.product == product))
                    .map(|(table, why)| (table.clone(), why.clone()))
                    .collect(),
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
            as_of: self.as_of.to_string(),
            synthetic: self.config.synthetic,
            settings: settings.map(|(name, value)| (name.to_owned(), value)).into(),
            products,
            files: draft.files.clone(),
        }
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
