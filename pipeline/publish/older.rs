//! What a product that failed tonight has in the release that is shown: its figures stand on the pages that products share,
//! and in the release's state, with the date they were made on.
//!
//! Its own pages and files are carried as they are; see `site` and `mod`. Knows no reason for the failure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use jiff::civil::Date;

use super::manifest::Manifest;
use super::public::History;
use super::release::Releases;
use super::{Publisher, site};
use crate::check::{Made, Shown, ShownTable};
use crate::disclosure::{self, Thresholds};
use crate::lake::State;
use crate::model::{Audience, Model};

/// What the run computed that made the release that is shown: where public figures wait for their date, these. For the
/// checks, which compare tonight's figures with those of the last run, whoever has seen them.
pub fn computed(releases: &Releases) -> Option<Shown> {
    let mut computed = shown(releases)?;
    let waiting = |(name, table): (&String, &ShownTable)| Some((name.strip_prefix(WAITING)?.to_owned(), table.clone()));
    let waiting: Vec<(String, ShownTable)> = computed.tables.iter().filter_map(waiting).collect();
    computed.tables.extend(waiting);
    Some(computed)
}

/// The products that readers have seen: those of the release that is shown, or where its manifest cannot be read those
/// whose figures have been public.
pub fn known_products(root: &Path) -> BTreeSet<String> {
    let shown = Releases::at(root).current().and_then(|release| Manifest::load(&release).ok().flatten());
    match shown {
        Some(manifest) => manifest.products.into_keys().collect(),
        None => History::load(root).map(|history| history.products()).unwrap_or_default(),
    }
}

/// Begins the names of tables that wait for their date.
const WAITING: &str = "neste/";

/// The release that is shown; `None` when there is none whose manifest can be read.
fn shown(releases: &Releases) -> Option<Shown> {
    let folder = releases.current()?;
    let manifest = Manifest::load(&folder).ok().flatten()?;
    let made = |product: super::Product| Made {
        inputs: product.inputs,
        models: product.models,
        thresholds: product.thresholds,
        paragraphs: product.paragraphs,
    };
    let table = |(path, file): (&String, &super::File)| {
        let name = path.strip_prefix("tabeller/")?.strip_suffix(".parquet")?.to_owned();
        let rows = file.rows.unwrap_or_default();
        Some((name, ShownTable { file: folder.join(path), sha256: file.sha256.clone(), rows }))
    };
    Some(Shown {
        release: manifest.release.clone(),
        state: State::load_existing(&folder.join("state.json")).unwrap_or_default(),
        tables: manifest.files.iter().filter_map(table).collect(),
        products: manifest.products.into_iter().map(|(name, product)| (name, made(product))).collect(),
    })
}

/// The older figures of products that failed.
#[derive(Default)]
pub(super) struct Older<'m> {
    /// Product → the date its figures were made on; absent for one that has never been published.
    pub(super) since: BTreeMap<String, Option<Date>>,
    /// Tables of shared pages as they are shown.
    pub(super) tables: Vec<(&'m Model, RecordBatch)>,
}

impl Publisher<'_> {
    /// Reads what shared pages show of the products that failed. A table that cannot be shown is left out: its file is
    /// damaged, or the statement has other columns now than the page expects.
    pub(super) fn older(&self, before: Option<&Manifest>) -> Older<'_> {
        if self.carried.is_empty() {
            return Older::default();
        }
        let shown = shown(&Releases::at(&self.config.root)).unwrap_or_default();
        let since = |product: &String| {
            let made = before.and_then(|before| before.products.get(product));
            (product.clone(), made.and_then(|made| made.as_of.parse().ok()))
        };
        let shared = self.site.pages().iter().filter(|page| page.product == site::SHARED_PAGES);
        let names: BTreeSet<&String> = shared.flat_map(|page| &page.tables).collect();
        let failed = names.into_iter().filter_map(|name| self.models.find(name));
        let failed = failed.filter(|model| self.carried.contains(&model.product));
        let table = |model| Some((model, self.older_table(model, shown.tables.get(&model.name)?)?));
        Older { since: self.carried.iter().map(since).collect(), tables: failed.filter_map(table).collect() }
    }

    fn older_table(&self, model: &Model, table: &ShownTable) -> Option<RecordBatch> {
        let batch = table.read().map_err(|error| tracing::warn!("not on shared pages: {error:#}")).ok()?;
        let none = RecordBatch::new_empty(self.models.schemas.get(&model.name)?.clone());
        // What disclosure control leaves of it: the columns that it works with are not published.
        let expected = match model.audience {
            Audience::Offentlig => {
                let thresholds = Thresholds::of(&self.config.product(&model.product).thresholds).ok()?;
                disclosure::primary(model, &none, thresholds).ok()?.batch.schema()
            }
            _ => none.schema(),
        };
        let names = |schema: &Schema| schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
        let same = names(&batch.schema()) == names(&expected);
        if !same {
            tracing::warn!("{} is not on shared pages: its columns are others now", model.name);
        }
        same.then_some(batch)
    }
}
