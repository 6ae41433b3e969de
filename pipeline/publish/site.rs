//! The pages of a release: which there are this time, with which tables, and what becomes of those of a product that
//! failed or is off. Must not know what a page says.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::release::{About, Draft};
use super::{PublishError, Publisher, about, pages, tree};
use crate::disclosure::Disclosed;
use crate::export;
use crate::lake::Entry;
use crate::model::{Audience, Model};
use crate::render;

/// The file of pages that all products share.
const SHARED_PAGES: &str = "felles";
/// Pages rendered at a time: enough to keep the cores busy, few enough to keep memory flat.
const PAGES_AT_A_TIME: usize = 512;

impl Publisher<'_> {
    pub(super) fn put_pages(
        &self,
        tables: &[(&Model, &Entry, RecordBatch)],
        disclosed: &[(&Model, Disclosed)],
        withheld: &BTreeMap<String, String>,
        draft: &mut Draft,
    ) -> Result<(), PublishError> {
        let about_page = render::About {
            synthetic: self.config.synthetic,
            published: self.as_of,
            withheld: withheld.keys().cloned().chain(self.not_there(draft)).collect(),
            thresholds: self.printed_thresholds(),
        };
        let open: BTreeMap<&str, (&Model, &RecordBatch)> = disclosed
            .iter()
            .filter(|(model, _)| !withheld.contains_key(&model.name))
            .map(|(model, table)| (model.name.as_str(), (*model, &table.batch)))
            .chain(
                tables
                    .iter()
                    .filter(|(model, _, _)| model.audience != Audience::Offentlig)
                    .map(|(model, _, batch)| (model.name.as_str(), (*model, batch))),
            )
            .collect();
        for page in self.site.pages() {
            let product = About { product: Some(page.product.clone()), ..About::default() };
            if self.of_product_off(page) {
                continue;
            }
            if page.tables.iter().any(|name| self.of_failed_product(name)) {
                // A shared page that no earlier release has is made without the failed product's tables.
                if self.carry_page(page, draft)? || page.product != SHARED_PAGES {
                    continue;
                }
            }
            let named: Vec<(&Model, &RecordBatch)> =
                page.tables.iter().filter_map(|name| open.get(name.as_str()).copied()).collect();
            let Some(key_column) = &page.mappe else {
                let tables = named
                    .iter()
                    .map(|(model, batch)| Ok((model.name.clone(), pages::table(model, batch)?)))
                    .collect::<anyhow::Result<_>>()?;
                let html = self.site.render(page, None, &tables, &about_page).map_err(PublishError::Site)?;
                draft.put(&page.file(None), html.as_bytes(), &product)?;
                continue;
            };
            let (keyed, whole): (Vec<_>, Vec<_>) =
                named.into_iter().partition(|(_, batch)| batch.schema().column_with_name(key_column).is_some());
            let whole: BTreeMap<String, render::Table> = whole
                .into_iter()
                .map(|(model, batch)| Ok((model.name.clone(), pages::table(model, batch)?)))
                .collect::<anyhow::Result<_>>()?;
            let parts: Vec<(&Model, BTreeMap<String, RecordBatch>, RecordBatch)> = keyed
                .into_iter()
                .map(|(model, batch)| Ok((model, pages::by_key(batch, key_column)?, batch.slice(0, 0))))
                .collect::<anyhow::Result<_>>()?;
            // The first table decides who has a page.
            let keys: Vec<&String> = parts.first().into_iter().flat_map(|(_, parts, _)| parts.keys()).collect();
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
                    .map_err(PublishError::Site)?;
                for (key, html) in rendered {
                    draft.put(&page.file(Some(key)), html.as_bytes(), &product)?;
                    put_empty(key, &parts, draft)?;
                }
            }
        }
        Ok(())
    }

    /// A page of a product that has no models here. Pages that products share do without its tables.
    fn of_product_off(&self, page: &render::Page) -> bool {
        page.product != SHARED_PAGES && page.tables.iter().any(|table| self.models.find(table).is_none())
    }

    fn of_failed_product(&self, table: &str) -> bool {
        self.models.find(table).is_some_and(|model| self.failed.contains(&model.product))
    }

    /// What pages must do without: tables of products that failed or are off, and such products' public pages, unless
    /// an earlier release has them.
    fn not_there(&self, draft: &Draft) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for page in self.site.pages() {
            let gone = |table: &&String| self.models.find(table).is_none() || self.of_failed_product(table);
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

    /// Takes a page over from the release before, with all its copies. Whether there was any.
    fn carry_page(&self, page: &render::Page, draft: &mut Draft) -> anyhow::Result<bool> {
        let Some(before) = draft.before.clone() else { return Ok(false) };
        let mut found = false;
        let single = page.file(None);
        let is_copy = |path: &str| match &page.mappe {
            Some(_) => path.starts_with(&format!("{}/", page.tree)) && path.ends_with(&format!("/{}", page.path)),
            None => path == single,
        };
        for (path, file) in before.files.iter().filter(|(path, _)| is_copy(path)) {
            found = true;
            if !draft.files.contains_key(path) {
                draft.carry(path, file)?;
            }
        }
        Ok(found)
    }

    /// Each tree that has a page has its own assets; those that carried pages name are carried too.
    pub(super) fn put_assets(&self, draft: &mut Draft) -> anyhow::Result<()> {
        let trees: BTreeSet<String> = draft
            .files
            .keys()
            .filter(|path| path.ends_with(".html"))
            .filter_map(|path| path.split_once('/').map(|(tree, _)| tree.to_owned()))
            .collect();
        for tree in trees {
            for (name, bytes) in self.site.assets() {
                draft.put(&format!("{tree}/assets/{name}"), bytes, &About::default())?;
            }
            let Some(before) = draft.before.clone().filter(|_| !self.failed.is_empty()) else { continue };
            let prefix = format!("{tree}/assets/");
            for (path, file) in before.files.iter().filter(|(path, _)| path.starts_with(&prefix)) {
                if !draft.files.contains_key(path) {
                    draft.carry(path, file)?;
                }
            }
        }
        Ok(())
    }

    fn printed_thresholds(&self) -> BTreeMap<String, String> {
        let products = self.models.products();
        let all = products.iter().flat_map(|product| self.config.product(product).thresholds);
        all.map(|(name, value)| (name, value.to_string())).collect()
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
