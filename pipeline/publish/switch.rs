//! What changes for readers tonight and what stays: which trees turn to tonight's figures, what the public saw before,
//! and the files that a tree whose date has not come takes over from the release before.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use arrow::array::RecordBatch;
use jiff::civil::Date;

use super::again::Narrowed;
use super::dates::{self, DOCTORS, PUBLIC, Turn};
use super::manifest::{Manifest, Shown};
use super::public::{Basis, History, NewlyHidden, read_table};
use super::release::{About, Draft};
use super::revision::{self, Two};
use super::{PublishError, Publisher, about};
use crate::disclosure::{self, Disclosed, Thresholds};
use crate::export;
use crate::model::{Audience, Model, SHARED};
use crate::render::{Page, Tree};

/// Where tonight's public tables wait in a release for their date; no web root.
pub(super) const STAGED: &str = "tabeller/neste";

/// Tonight, as far as dates and what has been public go.
pub(super) struct Turns {
    pub(super) history: History,
    /// Product → turn; products that failed have none.
    public: BTreeMap<String, Turn>,
    doctors: BTreeMap<String, Turn>,
    /// Public tables that stay as they were.
    pub(super) kept: BTreeMap<String, RecordBatch>,
    newly_hidden: NewlyHidden,
}

impl Turns {
    fn turn(&self, tree: &str, product: &str) -> &Turn {
        let turns = if tree == PUBLIC { &self.public } else { &self.doctors };
        turns.get(product).unwrap_or(&Turn::Now(None))
    }

    /// Whether a product's part of a tree shows tonight's figures.
    pub(super) fn is_now(&self, tree: &str, product: &str) -> bool {
        matches!(self.turn(tree, product), Turn::Now(_))
    }

    /// Whether nothing falls due tonight: what changes on every run changes with its tables alone.
    pub(super) fn is_quiet(&self, tree: &str, product: &str) -> bool {
        !matches!(self.turn(tree, product), Turn::Now(Some(_)))
    }

    /// Whether a page stays as it was.
    pub(super) fn keeps(&self, page: &Page) -> bool {
        let tree = match page.tree {
            Tree::Offentlig => PUBLIC,
            Tree::Lege => DOCTORS,
            Tree::Fylke | Tree::Intern => return false,
        };
        matches!(self.turn(tree, &page.product), Turn::Kept(_))
    }

    /// Whether any file is taken over.
    pub(super) fn keeps_any(&self) -> bool {
        self.public.values().chain(self.doctors.values()).any(|turn| matches!(turn, Turn::Kept(_)))
    }

    /// When the first public figures of a product come, if they have not.
    pub(super) fn coming(&self, product: &str) -> Option<Date> {
        match self.turn(PUBLIC, product) {
            Turn::Coming(date) => Some(*date),
            _ => None,
        }
    }

    /// What the manifest says of a product's trees.
    pub(super) fn shown(&self, product: &str, as_of: Date) -> BTreeMap<String, Shown> {
        let of = |tree: &str| Some((tree.to_owned(), self.turn(tree, product).shown(as_of)?));
        [PUBLIC, DOCTORS].into_iter().filter_map(of).collect()
    }
}

impl Publisher<'_> {
    /// Whose turn it is tonight.
    pub(super) fn turns(&self, draft: &Draft) -> anyhow::Result<Turns> {
        let mut history = History::load(&self.config.root)?;
        history.settle(draft.before.as_ref());
        let before = draft.before.as_ref();
        if let Some(before) = before {
            let lost = history.lacks(public_tables(before));
            ensure!(
                lost.is_empty(),
                "offentliggjort/ does not know that {} is public, so it cannot be told what new figures give away beside \
                 it; restore the folder from backup",
                lost.join(", ")
            );
        }
        let products = || self.models.products().into_iter().filter(|product| !self.carried.contains(*product));
        let dates = |product: &str| self.config.product(product).dates;
        let public = |product: &str| {
            let last = history.last(product).map(|switch| &switch.figures);
            dates::public(dates(product).public.as_deref(), self.as_of, product, before, last)
        };
        let doctors = |product: &str| dates::doctors(dates(product).doctors, self.as_of, product, before);
        let public = products().map(|product| (product.to_owned(), public(product))).collect();
        let mut turns = Turns {
            history,
            public,
            doctors: products().map(|product| (product.to_owned(), doctors(product))).collect(),
            kept: BTreeMap::new(),
            newly_hidden: NewlyHidden::new(),
        };
        for model in self.models.ordered.iter().filter(|model| model.audience == Audience::Offentlig) {
            let is_kept = matches!(turns.public.get(&model.product), Some(Turn::Kept(_)));
            if let (true, Some(place)) = (is_kept, draft.shown_at(&table_path(&model.name))) {
                turns.kept.insert(model.name.clone(), read_table(&place)?);
            }
        }
        Ok(turns)
    }

    /// Takes what has been public into account.
    pub(super) fn audit<'m>(
        &self,
        disclosed: Vec<(&'m Model, Disclosed)>,
        turns: &mut Turns,
    ) -> Result<Vec<(&'m Model, Disclosed)>, PublishError> {
        let mut audited = Vec::new();
        let mut narrowed = Narrowed::default();
        for (model, table) in disclosed {
            let table = self.made_again(model, table, &narrowed)?;
            // Of whom it is that something is damaged cannot be told: what has been public is all products'.
            let mut earlier = turns.history.ever(&model.name).map_err(PublishError::Disclosure)?;
            let has_keys = |batch: &RecordBatch| model.grain.iter().all(|key| batch.column_by_name(key).is_some());
            let all = earlier.len();
            earlier.retain(has_keys);
            if earlier.len() < all {
                tracing::warn!(table = model.name, "was public with other keys, which are not compared with");
            }
            let found = Thresholds::of(&self.config.product(&model.product).thresholds)
                .and_then(|limits| disclosure::against_history(model, table, &earlier, limits.least_count))
                .with_context(|| model.name.clone());
            let found = found.map_err(|error| PublishError::Disclosure(error).of(&model.product))?;
            if found.by_difference > 0 {
                tracing::warn!(
                    table = model.name,
                    rows = found.by_difference,
                    "hidden: they differ too little from what was public of more units"
                );
            }
            if !found.newly_hidden.is_empty() {
                turns.newly_hidden.insert(model.name.clone(), found.newly_hidden);
            }
            self.narrow(model, &found.disclosed, &mut narrowed)?;
            audited.push((model, found.disclosed));
        }
        Ok(audited)
    }

    /// Public tables: those whose date has come in `offentlig/`, the others, which the next night is compared with, where
    /// they wait. What becomes public is kept.
    pub(super) fn put_public(
        &self,
        disclosed: &[(&Model, Disclosed)],
        withheld: &BTreeMap<String, String>,
        turns: &mut Turns,
        draft: &mut Draft,
    ) -> anyhow::Result<()> {
        let mut switching: BTreeMap<&str, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
        for (model, table) in disclosed {
            let is_now = turns.is_now(PUBLIC, &model.product);
            if is_now && withheld.contains_key(&model.name) {
                continue;
            }
            let about = about(model, table.batch.num_rows());
            let parquet = export::parquet(&table.batch)?;
            if is_now {
                draft.put(&format!("offentlig/data/{}.csv", model.name), &export::csv(model, &table.batch)?, &about)?;
                draft.put(&table_path(&model.name), &parquet, &about)?;
                switching.entry(&model.product).or_default().insert(model.name.clone(), parquet);
            } else {
                draft.put(&format!("{STAGED}/{}.parquet", model.name), &parquet, &about)?;
            }
        }
        for (product, tables) in switching {
            self.keep(product, &tables, disclosed, turns)?;
        }
        for log in revision::logs(&turns.history)? {
            let rows = Some(log.batch.num_rows() as u64);
            let about = About { product: None, table: Some(log.name.to_owned()), rows };
            draft.put(&format!("offentlig/data/{}.csv", log.name), &log.csv, &about)?;
            draft.put(&table_path(log.name), &export::parquet(&log.batch)?, &about)?;
        }
        Ok(())
    }

    fn keep(
        &self,
        product: &str,
        tables: &BTreeMap<String, Vec<u8>>,
        disclosed: &[(&Model, Disclosed)],
        turns: &mut Turns,
    ) -> anyhow::Result<()> {
        let date = match turns.turn(PUBLIC, product) {
            Turn::Now(date) => date.map(|date| date.to_string()),
            _ => None,
        };
        let figures = Shown { as_of: self.as_of.date().to_string(), date };
        let basis = self.basis(product);
        let now = basis.clone();
        let gone = std::mem::take(&mut turns.newly_hidden);
        let (own, others): (NewlyHidden, NewlyHidden) =
            gone.into_iter().partition(|(table, _)| tables.contains_key(table));
        turns.newly_hidden = others;
        for (table, cells) in &own {
            let cells: usize = cells.values().sum();
            tracing::warn!(table, cells, "cells that were public are not shown any more; they cannot be taken back");
        }
        turns.history.keep(product, figures, basis, tables, |history| {
            let mut revisions = Vec::new();
            let Some(last) = history.last(product) else { return Ok((revisions, own)) };
            let Some(basis) = &last.basis else { return Ok((revisions, own)) };
            for (model, table) in disclosed.iter().filter(|(model, _)| tables.contains_key(&model.name)) {
                let Some(kept) = last.tables.get(&model.name) else { continue };
                let before = history.read(kept)?;
                if model.grain.iter().all(|key| before.column_by_name(key).is_some()) {
                    let two = Two { model, old: (&before, basis), new: (&table.batch, &now) };
                    revisions.extend(two.revisions(self.models)?);
                }
            }
            Ok((revisions, own))
        })
    }

    /// What a product's tables are made from tonight.
    pub(super) fn basis(&self, product: &str) -> Basis {
        let foundation = self.models.foundation(product);
        let is_own = |model: &&Model| {
            [product, SHARED].contains(&model.product.as_str()) || foundation.contains(model.product.as_str())
        };
        let own = || self.models.ordered.iter().filter(is_own);
        let sources = own().flat_map(|model| &model.reads).filter(|name| self.models.find(name).is_none());
        let contents = |name: &String| {
            let partitions = self.state.partitions(name).map(|(at, entry)| (at.clone(), entry.content.clone()));
            (name.clone(), partitions.collect())
        };
        let settings = self.models.settings(self.config, product);
        Basis {
            inputs: sources.map(contents).collect(),
            models: own().map(|model| (model.name.clone(), model.hash())).collect(),
            thresholds: settings.thresholds,
            paragraphs: settings.paragraphs.into_iter().collect(),
        }
    }

    /// What the pages may show of public tables: tonight's of products whose turn it is, else what was shown before.
    pub(super) fn open_to_all<'t>(
        &'t self,
        disclosed: &'t [(&'t Model, Disclosed)],
        withheld: &BTreeMap<String, String>,
        turns: &'t Turns,
    ) -> BTreeMap<&'t str, (&'t Model, &'t RecordBatch)> {
        let now = disclosed
            .iter()
            .filter(|(model, _)| turns.is_now(PUBLIC, &model.product) && !withheld.contains_key(&model.name));
        let now = now.map(|(model, table)| (model.name.as_str(), (*model, &table.batch)));
        let kept =
            turns.kept.iter().filter_map(|(name, batch)| Some((name.as_str(), (self.models.find(name)?, batch))));
        now.chain(kept).collect()
    }

    /// Public tables that pages must do without → when the first figures come, where that is why.
    pub(super) fn not_open(
        &self,
        open: &BTreeMap<&str, (&Model, &RecordBatch)>,
        turns: &Turns,
    ) -> BTreeMap<String, Option<Date>> {
        let public = self.models.ordered.iter().filter(|model| model.audience == Audience::Offentlig);
        public
            .filter(|model| !self.carried.contains(&model.product) && !open.contains_key(model.name.as_str()))
            .map(|model| (model.name.clone(), turns.coming(&model.product)))
            .collect()
    }

    /// Takes over the files of trees whose date has not come.
    pub(super) fn carry_kept(&self, turns: &Turns, draft: &mut Draft) -> anyhow::Result<()> {
        let Some(before) = draft.before.clone() else { return Ok(()) };
        for (path, file) in &before.files {
            let Some(product) = &file.product else { continue };
            let tree = path.split('/').next().unwrap_or("");
            let is_public = tree == PUBLIC || turns.kept.keys().any(|table| *path == table_path(table));
            let kept = |tree: &str| matches!(turns.turn(tree, product), Turn::Kept(_));
            if (is_public && kept(PUBLIC)) || (tree == DOCTORS && kept(DOCTORS)) {
                ensure!(!draft.files.contains_key(path), "{path} was made though its date has not come");
                draft.carry(path, file)?;
            }
        }
        Ok(())
    }

    /// The turn of private tables: whether rows go to folders of this tree tonight.
    pub(super) fn fills(&self, tree: &str, model: &Model, turns: &Turns) -> bool {
        tree != DOCTORS || turns.is_now(DOCTORS, &model.product)
    }

    /// What the last change of a product's public tables hid of what had been public.
    pub(super) fn newly_hidden(&self, product: &str, turns: &Turns) -> NewlyHidden {
        turns.history.after_tonight(product).map(|switch| switch.newly_hidden.clone()).unwrap_or_default()
    }
}

/// The public tables of a release with the hash of their Parquet files, but for those of revisions, which are made anew
/// from what has been public.
fn public_tables(release: &Manifest) -> impl Iterator<Item = (&str, &str)> {
    let tables =
        release.files.iter().filter(|(path, file)| path.starts_with("offentlig/data/") && file.product.is_some());
    let names: BTreeSet<&str> = tables.filter_map(|(_, file)| file.table.as_deref()).collect();
    names.into_iter().filter_map(|name| Some((name, release.files.get(&table_path(name))?.sha256.as_str())))
}

fn table_path(table: &str) -> String {
    format!("tabeller/{table}.parquet")
}
