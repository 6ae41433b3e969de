//! Which (model, month) a build would run if these deliveries were taken in, and why: the same comparison of keys as the
//! build's, on contents that are not known yet.
//!
//! Two worlds are followed. In one a table that is made again comes out as it was: what runs there runs for certain. In
//! the other it comes out different, and corrections concern every month that they may: what runs only there may run.

use std::collections::BTreeSet;

use super::build::{Builder, key, partition_name};
use super::graph::Models;
use super::header::Model;
use crate::calendar::Month;
use crate::lake::{Entry, State};

/// A table's partition that a delivery would fill.
#[derive(Clone, Debug)]
pub struct Arriving {
    /// The table.
    pub table: String,
    /// Its partition.
    pub partition: String,
    /// Stands for the content that is not known yet; nothing in force has it.
    pub content: String,
    /// Months (`202601`) that its rows may concern besides their own.
    pub may_touch: Vec<i32>,
    /// Whether the content is another one for certain where something is in force.
    pub certain: bool,
}

/// A (model, month) that would or may run.
#[derive(Debug)]
pub struct Foreseen<'m> {
    /// The model.
    pub model: &'m Model,
    /// Its month, or `alle`.
    pub partition: String,
    /// Whether it runs for certain; otherwise only if something that it reads comes out different.
    pub certain: bool,
    /// The tables, with partition, that it reads and that change, or may.
    pub inputs: BTreeSet<(String, String)>,
    /// Why it would run even if nothing were delivered.
    pub own: Option<Own>,
}

/// Why a model runs without a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// There is no result of it.
    NeverRun,
    /// The result was made with other SQL, thresholds, date or inputs.
    Other,
}

/// What a build would do.
#[derive(Debug, Default)]
pub struct Forecast<'m> {
    /// In the order of the build.
    pub runs: Vec<Foreseen<'m>>,
    /// How many (model, month) are up to date.
    pub up_to_date: usize,
    /// How many a build that was stopped has computed.
    pub finished: usize,
}

impl<'b> Builder<'b> {
    /// What a build would do after these deliveries.
    pub fn forecast(&self, state: &State, arriving: &[Arriving]) -> Forecast<'b> {
        let (mut same, mut other) = (state.clone(), state.clone());
        for arrival in arriving {
            let known = state.entry(&arrival.table, &arrival.partition);
            let entry = unknown(known, &arrival.content);
            let touches: BTreeSet<i32> = entry.touches.iter().chain(&arrival.may_touch).copied().collect();
            if arrival.certain || known.is_none() {
                same.put(&arrival.table, &arrival.partition, entry.clone());
            }
            let entry = Entry { touches: touches.into_iter().collect(), ..entry };
            other.put(&arrival.table, &arrival.partition, entry);
        }
        let mut forecast = Forecast::default();
        let models: &'b Models = self.models;
        for model in models.ordered.iter().filter(|model| self.is_asked_for(model)) {
            for month in self.partitions(model, &other) {
                self.foresee(model, month, state, &mut same, &mut other, &mut forecast);
            }
        }
        forecast
    }

    fn foresee(
        &self,
        model: &'b Model,
        month: Option<Month>,
        state: &State,
        same: &mut State,
        other: &mut State,
        forecast: &mut Forecast<'b>,
    ) {
        let partition = partition_name(&month);
        let parameters = self.parameters(model, month);
        let in_force = state.entry(&model.name, &partition);
        let has_key = |world: &State| {
            let wanted = key(model, &parameters, &self.inputs(model, month, world));
            in_force.is_some_and(|entry| entry.key.as_ref() == Some(&wanted))
        };
        if has_key(other) {
            forecast.up_to_date += 1;
            return;
        }
        let wanted = key(model, &parameters, &self.inputs(model, month, same));
        if let Some(entry) = self.finished.entry(self.lake, &model.name, &partition, &wanted) {
            forecast.finished += 1;
            same.put(&model.name, &partition, entry.clone());
            other.put(&model.name, &partition, entry);
            return;
        }
        let certain = self.partitions(model, same).contains(&month) && !has_key(same);
        let own = match in_force {
            None => Some(Own::NeverRun),
            Some(_) if !has_key(state) => Some(Own::Other),
            Some(_) => None,
        };
        let unchanged = self.inputs(model, month, state);
        let inputs = self.inputs(model, month, other).into_iter().flat_map(|(table, entries)| {
            let known: BTreeSet<(String, String)> = unchanged
                .get(&table)
                .into_iter()
                .flatten()
                .map(|(partition, entry)| (partition.clone(), entry.content.clone()))
                .collect();
            let is_changed = move |(partition, entry): &(String, Entry)| {
                !known.contains(&(partition.clone(), entry.content.clone()))
            };
            entries.into_iter().filter(is_changed).map(move |(partition, _)| (table.clone(), partition))
        });
        let inputs = inputs.collect();
        let result = unknown(in_force, &format!("{}/{partition}, not computed", model.name));
        other.put(&model.name, &partition, result.clone());
        if certain && in_force.is_none() {
            same.put(&model.name, &partition, result);
        }
        forecast.runs.push(Foreseen { model, partition, certain, inputs, own });
    }
}

/// An entry with a content that is not known; it touches what the one in force touches.
fn unknown(in_force: Option<&Entry>, content: &str) -> Entry {
    Entry {
        file: String::new(),
        bytes: 0,
        rows: 0,
        sha256: String::new(),
        content: content.to_owned(),
        version: 0,
        touches: in_force.map_or(Vec::new(), |entry| entry.touches.clone()),
        key: None,
    }
}
