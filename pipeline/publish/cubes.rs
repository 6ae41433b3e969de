//! Cubes in the public tree: `offentlig/data/<folder>/<name>_<time>_koder.csv` and `…_navn.csv`, from the public tables
//! that are shown tonight. The time is the release's.

use std::collections::BTreeMap;

use anyhow::Context;

use super::Publisher;
use super::dates::PUBLIC;
use super::release::{About, Draft};
use super::switch::Turns;
use crate::disclosure::Disclosed;
use crate::export::cube::{Cube, Shown};
use crate::model::Model;

impl Publisher<'_> {
    /// Writes the cubes of the products whose public figures change tonight. Those that stay are taken over with the
    /// rest of what is public.
    pub(super) fn put_cubes(
        &self,
        disclosed: &[(&Model, Disclosed)],
        withheld: &BTreeMap<String, String>,
        turns: &Turns,
        draft: &mut Draft,
    ) -> anyhow::Result<()> {
        let is_turn = |cube: &&Cube| !self.carried.contains(&cube.product) && turns.is_now(PUBLIC, &cube.product);
        for cube in self.cubes.iter().filter(is_turn) {
            let shown: BTreeMap<&str, Shown<'_>> = disclosed
                .iter()
                .filter(|(model, _)| !withheld.contains_key(&model.name))
                .map(|(model, table)| (model.name.as_str(), Shown { model, rows: &table.batch }))
                .collect();
            let Some(written) = cube.fill(&shown).context("filling a cube")? else { continue };
            let about = About { product: Some(cube.product.clone()), table: None, rows: Some(written.rows as u64) };
            for (kind, bytes) in [("koder", &written.codes), ("navn", &written.labels)] {
                draft.put(&format!("{PUBLIC}/{}", self.cube_file(cube, kind)), bytes, &about)?;
            }
        }
        Ok(())
    }

    /// The cubes that the draft has, as pages link to them.
    pub(super) fn cube_links(&self, draft: &Draft) -> BTreeMap<String, String> {
        let all = self.cubes.iter().flat_map(|cube| ["koder", "navn"].map(|kind| (cube, kind)));
        let files = all.map(|(cube, kind)| (format!("{}_{kind}", cube.navn), self.cube_file(cube, kind)));
        files.filter(|(_, file)| draft.files.contains_key(&format!("{PUBLIC}/{file}"))).collect()
    }

    /// Below the public tree.
    fn cube_file(&self, cube: &Cube, kind: &str) -> String {
        let time = self.as_of.strftime("%Y-%m-%d-%H-%M");
        format!("data/{}/{}_{time}_{kind}.csv", cube.mappe, cube.navn)
    }
}
