//! Public tables that are made from public tables: where something of those is hidden, by D1 or by what was public before
//! (D5), they are made again from what is left. So they show nothing that the others hide.
//!
//! Knows no rule of disclosure.

use std::collections::BTreeMap;

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
        if !model.reads.iter().any(|name| narrowed.0.contains_key(name)) {
            return Ok(disclosed);
        }
        let entry = self.builder.made_from(model, self.state, &narrowed.0);
        let batch = entry.and_then(|entry| self.rows(&entry));
        let batch = batch.map_err(|error| PublishError::from(error).of(&model.product))?;
        self.disclose_one(model, &batch)
    }

    /// Remembers a table of which something is hidden, where other public tables are made from it.
    pub(super) fn narrow(&self, model: &Model, table: &Disclosed, narrowed: &mut Narrowed) -> Result<(), PublishError> {
        let public = self.models.ordered.iter().filter(|other| other.audience == Audience::Offentlig);
        let is_read = public.into_iter().any(|other| other.reads.contains(&model.name));
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
