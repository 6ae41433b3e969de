//! The pages of a release: which there are this time, with which tables, and what becomes of those of a product that
//! is carried or off. Must not know what a page says.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::release::{About, Draft};
use super::switch::Turns;
use super::{Making, PublishError, Publisher, about, complete, pages, revision, tree};
use crate::config::Product;
use crate::contract::Contract;
use crate::disclosure::Disclosed;
use crate::export;
use crate::lake::Entry;
use crate::model::{Audience, Model};
use crate::render::{self, Late};

/// The file of pages that all products share.
pub(super) const SHARED_PAGES: &str = "felles";
/// Pages rendered at a time: enough to keep the cores busy, few enough to keep memory flat.
const PAGES_AT_A_TIME: usize = 512;

impl Publisher<'_> {
    pub(super) fn put_pages(
        &self,
        tables: &[(&Model, &Entry, RecordBatch)],
        disclosed: &[(&Model, Disclosed)],
        withheld: &BTreeMap<String, String>,
        turns: &Turns,
        draft: &mut Draft,
    ) -> Result<(), PublishError> {
        let older = self.older(draft.before.as_ref());
        let mut gone = self.not_there(draft);
        gone.retain(|name| older.tables.iter().all(|(model, _)| model.name != *name));
        let mut open = self.open_to_all(disclosed, withheld, turns);
        let not_open = self.not_open(&open, turns);
        let private = tables.iter().filter(|(model, _, _)| model.audience != Audience::Offentlig);
        open.extend(private.map(|(model, _, batch)| (model.name.as_str(), (*model, batch))));
        open.extend(older.tables.iter().map(|(model, batch)| (model.name.as_str(), (*model, batch))));
        let about_page = render::About {
            synthetic: self.config.synthetic,
            published: self.as_of.date(),
            withheld: not_open.keys().cloned().chain(gone).collect(),
            older: older.since,
            coming: not_open.into_iter().filter_map(|(name, date)| Some((name, date?))).collect(),
            late: Vec::new(),
            thresholds: BTreeMap::new(),
            legal_bases: self.of_products(|product| product.legal_basis),
            contacts: self.of_products(|product| product.contact),
            made: self.made()?.into(),
            cubes: self.cube_links(draft),
            variables: self.variables()?.into(),
            revisions: revision::for_page(&turns.history).into(),
        };
        for page in self.site.pages() {
            let of_product = |error: PublishError| error.of(&page.product);
            let product = About { product: Some(page.product.clone()), ..About::default() };
            if self.of_product_off(page) || turns.keeps(page) {
                continue;
            }
            // A page that products share is made anew, with a carried product's older tables.
            if page.product != SHARED_PAGES && page.tables.iter().any(|name| self.of_carried_product(name)) {
                self.carry_page(page, draft)?;
                continue;
            }
            let about_page = render::About {
                late: self.late_on(page),
                thresholds: self.printed_thresholds(page),
                ..about_page.clone()
            };
            let named: Vec<(&Model, &RecordBatch)> =
                page.tables.iter().filter_map(|name| open.get(name.as_str()).copied()).collect();
            let Some(key_column) = &page.mappe else {
                let tables = named
                    .iter()
                    .map(|(model, batch)| Ok((model.name.clone(), pages::table(model, batch)?)))
                    .collect::<anyhow::Result<_>>()
                    .map_err(|error| of_product(error.into()))?;
                let html = self.site.render(page, None, &tables, &about_page);
                let html = html.map_err(|error| of_product(PublishError::Site(error)))?;
                draft.put(&page.file(None), html.as_bytes(), &product)?;
                continue;
            };
            let (keyed, whole): (Vec<_>, Vec<_>) =
                named.into_iter().partition(|(_, batch)| batch.schema().column_with_name(key_column).is_some());
            let whole: BTreeMap<String, render::Table> = whole
                .into_iter()
                .map(|(model, batch)| Ok((model.name.clone(), pages::table(model, batch)?)))
                .collect::<anyhow::Result<_>>()
                .map_err(|error| of_product(error.into()))?;
            let parts: Vec<(&Model, BTreeMap<String, RecordBatch>, RecordBatch)> = keyed
                .into_iter()
                .map(|(model, batch)| Ok((model, pages::by_key(model, batch, key_column)?, batch.slice(0, 0))))
                .collect::<anyhow::Result<_>>()
                .map_err(|error| of_product(error.into()))?;
            let is_open = page.tables.first().is_some_and(|name| open.contains_key(name.as_str()));
            let keys: BTreeSet<String> = match &page.complete {
                // Before its date comes nobody is in the first table, and everybody has a page that says so.
                Some(table) if !is_open => complete::keys(self.state, self.lake, table, key_column)
                    .map_err(|error| of_product(error.into()))?,
                // The first table decides who has a page.
                _ => parts.first().into_iter().flat_map(|(_, parts, _)| parts.keys().cloned()).collect(),
            };
            let keys: Vec<&String> = keys.iter().collect();
            for some in keys.chunks(PAGES_AT_A_TIME) {
                let rendered: Vec<(&String, String)> = some
                    .par_iter()
                    .map(|key| {
                        let mut tables = whole.clone();
                        for (model, parts, none) in &parts {
                            let part = parts.get(*key).unwrap_or(none);
                            tables.insert(model.name.clone(), pages::table(model, part)?);
                        }
                        Ok((*key, self.site.render(page, Some(key), &tables, &about_page)?))
                    })
                    .collect::<anyhow::Result<_>>()
                    .map_err(|error| of_product(PublishError::Site(error)))?;
                for (key, html) in rendered {
                    draft.put(&page.file(Some(key)), html.as_bytes(), &product)?;
                    put_empty(key, &parts, draft)?;
                }
            }
        }
        Ok(())
    }

    /// Product → what its configuration says, where it says it.
    fn of_products(&self, said: fn(Product) -> Option<String>) -> BTreeMap<String, String> {
        let products = self.models.products().into_iter();
        products.filter_map(|name| Some((name.to_owned(), said(self.config.product(name))?))).collect()
    }

    /// Late sources of the page's product; of all products for a page that they share.
    fn late_on(&self, page: &render::Page) -> Vec<Late> {
        let concerns = |product: &str| page.product == SHARED_PAGES || page.product == product;
        self.late.iter().filter(|(product, _)| concerns(product)).flat_map(|(_, late)| late.clone()).collect()
    }

    /// What the manifest says of a product's late sources.
    pub(super) fn late_sources(&self, product: &str) -> Vec<String> {
        let late = self.late.get(product).into_iter().flatten();
        late.map(|late| format!("{}: {}", late.title, late.until)).collect()
    }

    /// A page of a product that has no models here. Pages that products share do without its tables.
    fn of_product_off(&self, page: &render::Page) -> bool {
        page.product != SHARED_PAGES && page.tables.iter().any(|table| self.models.find(table).is_none())
    }

    fn of_carried_product(&self, table: &str) -> bool {
        self.models.find(table).is_some_and(|model| self.carried.contains(&model.product))
    }

    /// What pages must do without: tables of products that are carried or off, and such products' public pages, unless
    /// an earlier release has them.
    fn not_there(&self, draft: &Draft) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for page in self.site.pages() {
            let gone = |table: &&String| self.models.find(table).is_none() || self.of_carried_product(table);
            let tables: Vec<&String> = page.tables.iter().filter(gone).collect();
            let own = page.product != SHARED_PAGES && page.mappe.is_none() && !tables.is_empty();
            let carried = || draft.before.as_ref().is_some_and(|before| before.files.contains_key(&page.file(None)));
            if own && (self.of_product_off(page) || !carried()) {
                names.insert(page.path.clone());
            }
            names.extend(tables.into_iter().cloned());
        }
        names
    }

    /// Takes a page over from the release before, with all its copies.
    fn carry_page(&self, page: &render::Page, draft: &mut Draft) -> anyhow::Result<()> {
        let Some(before) = draft.before.clone() else { return Ok(()) };
        let single = page.file(None);
        let is_copy = |path: &str| match &page.mappe {
            Some(_) => path.starts_with(&format!("{}/", page.tree)) && path.ends_with(&format!("/{}", page.path)),
            None => path == single,
        };
        for (path, file) in before.files.iter().filter(|(path, _)| is_copy(path)) {
            if !draft.files.contains_key(path) {
                draft.carry(path, file)?;
            }
        }
        Ok(())
    }

    /// Each tree that has a page has its own assets; those that carried pages name are carried too.
    pub(super) fn put_assets(&self, turns: &Turns, draft: &mut Draft) -> anyhow::Result<()> {
        let trees: BTreeSet<String> = draft
            .files
            .keys()
            .filter(|path| path.ends_with(".html"))
            .filter_map(|path| tree_of(path).map(str::to_owned))
            .collect();
        for tree in trees {
            for (name, bytes) in self.site.assets() {
                draft.put(&format!("{tree}/assets/{name}"), bytes, &About::default())?;
            }
            let Some(before) = draft.before.clone().filter(|_| !self.carried.is_empty() || turns.keeps_any()) else {
                continue;
            };
            let prefix = format!("{tree}/assets/");
            for (path, file) in before.files.iter().filter(|(path, _)| path.starts_with(&prefix)) {
                if !draft.files.contains_key(path) {
                    draft.carry(path, file)?;
                }
            }
        }
        Ok(())
    }

    /// How the tables that pages may show are made.
    fn made(&self) -> anyhow::Result<BTreeMap<String, render::Made>> {
        let contracts = Contract::embedded()?;
        let models = self.models.ordered.iter().collect();
        let making = Making { models, contracts: &contracts, state: self.state };
        let day = self.as_of.date().to_string();
        let published = self.models.ordered.iter().filter(|model| model.audience != Audience::Arbeid);
        let thresholds = |model: &Model| self.models.settings(self.config, &model.product).thresholds;
        Ok(published.map(|model| (model.name.clone(), making.made(model, &thresholds(model), &day))).collect())
    }

    /// The page's product's own, which another product may have set otherwise; a page that products share has the first's.
    fn printed_thresholds(&self, page: &render::Page) -> BTreeMap<String, String> {
        let products = self.models.products();
        let product = products.iter().copied().find(|product| *product == page.product || page.product == SHARED_PAGES);
        let thresholds = self.models.settings(self.config, product.unwrap_or(&page.product)).thresholds;
        thresholds.into_iter().map(|(name, value)| (name, value.to_string())).collect()
    }
}

/// The tree a file lies in: the first folder, and for staff the product's below it.
pub(super) fn tree_of(path: &str) -> Option<&str> {
    let (first, rest) = path.split_once('/')?;
    match (first, rest.split_once('/')) {
        ("intern", Some((product, _))) => path.get(..first.len() + 1 + product.len()),
        _ => Some(first),
    }
}

/// A page offers all its tables: a folder without rows of one of them gets a file with the heading alone.
fn put_empty(
    key: &str,
    parts: &[(&Model, BTreeMap<String, RecordBatch>, RecordBatch)],
    draft: &mut Draft,
) -> anyhow::Result<()> {
    for (model, parts, none) in parts.iter().filter(|(model, ..)| model.audience != Audience::Offentlig) {
        if !parts.contains_key(key) {
            draft.put(
                &format!("{}/{key}/{}.csv", tree(model), model.name),
                &export::csv(model, none)?,
                &about(model, 0),
            )?;
        }
    }
    Ok(())
}
