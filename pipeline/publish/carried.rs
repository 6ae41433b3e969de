//! What a release takes over from the one before it: the files of products that failed or were not asked for, and the
//! part of the state that those were made from.
//!
//! Knows no reason why a product is carried.

use std::collections::BTreeSet;

use super::Publisher;
use super::release::{Draft, Releases};
use crate::lake::State;

impl Publisher<'_> {
    /// Takes a carried product's data files over from the release before.
    pub(super) fn carry_files(&self, draft: &mut Draft) -> anyhow::Result<()> {
        let Some(before) = draft.before.clone() else { return Ok(()) };
        for (path, file) in &before.files {
            let is_carried = file.product.as_ref().is_some_and(|product| self.carried.contains(product));
            if is_carried && !draft.files.contains_key(path) {
                draft.carry(path, file)?;
            }
        }
        Ok(())
    }

    /// The state that the release's files are made from: what is in force, but for the tables of carried products alone
    /// those of the release before. So each figure can be made again, whatever was delivered since.
    pub(super) fn released_state(&self, draft: &Draft) -> anyhow::Result<State> {
        let mut state = self.state.released();
        let (Some(before), Some(shown)) = (&draft.before, Releases::at(&self.config.root).current()) else {
            return Ok(state);
        };
        let earlier = State::load_existing(&shown.join("state.json"))?;
        let made_now: BTreeSet<&String> = self
            .models
            .ordered
            .iter()
            .filter(|model| !self.carried.contains(&model.product))
            .flat_map(|model| model.reads.iter().chain([&model.name]))
            .collect();
        for product in self.carried.iter().filter_map(|product| before.products.get(product)) {
            for table in product.inputs.keys().chain(product.models.keys()).filter(|table| !made_now.contains(table)) {
                match earlier.tables.get(table) {
                    Some(partitions) => state.tables.insert(table.clone(), partitions.clone()),
                    None => state.tables.remove(table),
                };
            }
        }
        Ok(state)
    }
}
