//! Public tables that are made from public tables: where something of those is hidden, by D1 or by what was public before
//! (D5), they are made again from what is left, and with them the work tables between. So they show nothing that the others
//! hide.
//!
//! Knows no rule of disclosure.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;

use super::{PublishError, Publisher};
use crate::disclosure::Disclosed;
use crate::lake::{Entry, TableWriter};
use crate::model::{Audience, Model};

/// Public tables of which something is hidden → a file of what is left.
#[derive(Default)]
pub(super) struct Narrowed(BTreeMap<String, Entry>);

impl Publisher<'_> {
    /// The table as it is, or made again where it is made from tables that are narrowed.
    pub(super) fn made_again(
        &self,
        model: &Model,
        disclosed: Disclosed,
        narrowed: &Narrowed,
    ) -> Result<Disclosed, PublishError> {
        let behind = self.behind(model);
        if !behind.iter().any(|name| narrowed.0.contains_key(*name)) {
            return Ok(disclosed);
        }
        let again = || {
            let mut instead = narrowed.0.clone();
            for between in &self.models.ordered {
                let is_stale = between.reads.iter().any(|name| instead.contains_key(name));
                if is_stale && between.audience != Audience::Offentlig && behind.contains(between.name.as_str()) {
                    let entry = self.builder.made_from(between, self.state, &instead)?;
                    instead.insert(between.name.clone(), entry);
                }
            }
            self.rows(&self.builder.made_from(model, self.state, &instead)?)
        };
        let batch: anyhow::Result<RecordBatch> = again();
        let batch = batch.map_err(|error| PublishError::from(error).of(&model.product))?;
        self.disclose_one(model, &batch)
    }

    /// The tables that a table is made from, directly or through tables that are not public.
    fn behind<'m>(&'m self, model: &'m Model) -> BTreeSet<&'m str> {
        let mut behind: BTreeSet<&str> = model.reads.iter().map(String::as_str).collect();
        // Inputs come first.
        for between in self.models.ordered.iter().rev() {
            if between.audience != Audience::Offentlig && behind.contains(between.name.as_str()) {
                behind.extend(between.reads.iter().map(String::as_str));
            }
        }
        behind
    }

    /// Remembers a table of which something is hidden, where other public tables are made from it.
    pub(super) fn narrow(&self, model: &Model, table: &Disclosed, narrowed: &mut Narrowed) -> Result<(), PublishError> {
        let mut public = self.models.ordered.iter().filter(|other| other.audience == Audience::Offentlig);
        let is_read = public.any(|other| self.behind(other).contains(model.name.as_str()));
        if table.hidden.is_empty() || !is_read {
            return Ok(());
        }
        let store = || {
            let mut writer = TableWriter::start(self.lake.folder(), table.batch.schema(), &model.grain)?;
            writer.write(&table.batch)?;
            writer.finish(self.lake.folder(), &model.name, "vist", model.version)
        };
        let entry: anyhow::Result<Entry> = store();
        let entry = entry.map_err(|error| PublishError::from(error).of(&model.product))?;
        narrowed.0.insert(model.name.clone(), entry);
        Ok(())
    }
}
