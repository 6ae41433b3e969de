//! Brings models up to date: for each (model, month) the key of what it reads is compared with the state; same key, not
//! run. Models that do not read each other form a wave, whose tasks may be run side by side.
//!
//! Knows keys and files; how one is run is `task`'s business.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::graph::{Models, SHARED};
use super::header::{Model, Touch};
use super::task::{ALL, Task, side_by_side};
use crate::calendar::Month;
use crate::disk;
use crate::engine::Engine;
use crate::lake::{Entry, Finished, Lake, Parameter, State, parameters_named};

/// What a build works with.
pub struct Builder<'a> {
    /// Ordered and planned.
    pub models: &'a Models,
    /// The tables that ingest fills from deliveries.
    pub delivered: BTreeSet<String>,
    /// `$as_of` and thresholds, per product.
    pub parameters: BTreeMap<String, BTreeMap<String, Parameter>>,
    /// Runs statements.
    pub engine: &'a Engine,
    /// Where tables are.
    pub lake: &'a Lake,
    /// What a build that was stopped had computed; what this one computes is added.
    pub finished: &'a Finished,
    /// The products to bring up to date, with what all share; absent = all.
    pub only: Option<&'a BTreeSet<String>>,
}

/// A model that was run for one of its partitions.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The model's name.
    pub model: String,
    /// A month, or `alle`.
    pub partition: String,
    /// SHA-256 of its file.
    pub sql: String,
    /// Rows of all files that it read.
    pub rows_in: u64,
    /// Rows that it made.
    pub rows_out: u64,
    /// How long it took with its checks.
    pub took: Duration,
}

/// What a build did.
#[derive(Debug, Default)]
pub struct Built {
    /// What was run, in order.
    pub ran: Vec<Ran>,
    /// How many (model, partition) were up to date, or computed by a build that was stopped.
    pub skipped: usize,
    /// Products that failed, and why; their tables stay as they were.
    pub failed: BTreeMap<String, anyhow::Error>,
}

impl Built {
    /// The products that failed.
    pub fn failed_products(&self) -> BTreeSet<String> {
        self.failed.keys().cloned().collect()
    }

    /// Whether a failure stops this model.
    fn stops(&self, model: &Model) -> bool {
        self.failed.contains_key(&model.product) || self.failed.contains_key(SHARED)
    }
}

impl Builder<'_> {
    /// Brings every model up to date in `state`; the caller commits it. One product's failure stops its own models and
    /// those of products that are built on it, no others. `progress` is told each model when a part of it is run.
    pub fn run(&self, state: &mut State, progress: &(dyn Fn(&str) + Sync)) -> Built {
        let mut built = Built::default();
        let before = state.clone();
        for wave in self.models.waves() {
            let is_run = |model: &&Model| self.is_asked_for(model) && !built.stops(model);
            let models: Vec<&Model> = wave.iter().filter(is_run).collect();
            let tasks = models.into_iter().flat_map(|model| self.tasks(model, state, &mut built.skipped)).collect();
            for (task, outcome) in side_by_side(self, tasks, progress) {
                match outcome {
                    Ok((entry, ran)) => {
                        state.put(&task.model.name, &task.partition, entry);
                        built.ran.push(ran);
                    }
                    Err(error) => drop(built.failed.entry(task.model.product.clone()).or_insert(error)),
                }
            }
            self.models.fail_with(&mut built.failed);
        }
        if let Some(error) = built.failed.remove(SHARED) {
            let message = format!("{error:#}");
            let mut causes = std::iter::once(error).chain(std::iter::repeat_with(|| anyhow::anyhow!("{message}")));
            let products = self
                .models
                .products()
                .into_iter()
                .filter(|product| self.only.is_none_or(|only| only.contains(*product)));
            built.failed.extend(products.map(str::to_owned).zip(causes.by_ref()));
        }
        for model in self.models.ordered.iter().filter(|model| built.failed.contains_key(&model.product)) {
            match before.tables.get(&model.name) {
                Some(table) => state.tables.insert(model.name.clone(), table.clone()),
                None => state.tables.remove(&model.name),
            };
        }
        let gone: Vec<String> = self.gone(state);
        for table in gone {
            state.tables.remove(&table);
        }
        built
    }

    /// Whether a model is of the products to bring up to date, or shared by all.
    pub(super) fn is_asked_for(&self, model: &Model) -> bool {
        model.product == SHARED || self.only.is_none_or(|only| only.contains(&model.product))
    }

    /// Models that are no longer there: their tables have a key, and no file defines them.
    fn gone(&self, state: &State) -> Vec<String> {
        let is_model = |table: &BTreeMap<String, Entry>| table.values().any(|entry| entry.key.is_some());
        let tables = state.tables.iter().filter(|(name, table)| is_model(table) && self.models.find(name).is_none());
        tables.map(|(name, _)| name.clone()).collect()
    }

    /// The parts of a model that must be run. Those that are up to date, or were computed by a build that was stopped, are
    /// counted; parts that the model no longer has leave the state.
    fn tasks<'m>(&self, model: &'m Model, state: &mut State, skipped: &mut usize) -> Vec<Task<'m>> {
        let mut tasks = Vec::new();
        let partitions = self.partitions(model, state);
        let names: BTreeSet<String> = partitions.iter().map(partition_name).collect();
        for month in partitions {
            let partition = partition_name(&month);
            let parameters = self.parameters(model, month);
            let inputs = self.inputs(model, month, state);
            let key = key(model, &parameters, &inputs);
            if state.entry(&model.name, &partition).is_some_and(|entry| entry.key.as_ref() == Some(&key)) {
                *skipped += 1;
            } else if let Some(entry) = self.finished.entry(self.lake, &model.name, &partition, &key) {
                state.put(&model.name, &partition, entry);
                *skipped += 1;
            } else {
                tasks.push(Task { model, month, partition, parameters, inputs, key });
            }
        }
        if let Some(table) = state.tables.get_mut(&model.name) {
            table.retain(|partition, _| names.contains(partition));
        }
        tasks
    }

    /// A table of the products that did not fail which is not what the state's inputs, SQL and parameters call for.
    /// `None` when everything is built.
    pub fn stale(&self, state: &State, failed: &BTreeSet<String>) -> Option<&Model> {
        let is_built = |model: &Model| {
            let partitions = self.partitions(model, state);
            let has_key = |month: &Option<Month>| {
                let wanted = key(model, &self.parameters(model, *month), &self.inputs(model, *month, state));
                let entry = state.entry(&model.name, &partition_name(month));
                entry.is_some_and(|entry| entry.key.as_ref() == Some(&wanted))
            };
            state.partitions(&model.name).count() == partitions.len() && partitions.iter().all(has_key)
        };
        self.models.ordered.iter().find(|model| !failed.contains(&model.product) && !is_built(model))
    }

    /// What a model is divided into: its months, or one part that is all of it.
    pub(super) fn partitions(&self, model: &Model, state: &State) -> Vec<Option<Month>> {
        if model.incremental { self.months(model, state).into_iter().map(Some).collect() } else { vec![None] }
    }

    /// The months that a model has: those of its own-month inputs, else those of all its monthly inputs, with the
    /// months that their rows concern; a model of snapshots alone has the months of the monthly sources.
    fn months(&self, model: &Model, state: &State) -> BTreeSet<Month> {
        let months_of = |table: &str, with_touched: bool| {
            let mut months = BTreeSet::new();
            for (partition, entry) in state.partitions(table) {
                months.extend(partition.parse::<Month>().ok());
                if with_touched {
                    months.extend(entry.touches.iter().filter_map(|number| Month::from_number(*number)));
                }
            }
            months
        };
        let inputs_by = |wanted: Touch| model.reads.iter().filter(move |name| self.touch(model, name) == wanted);
        let own: BTreeSet<Month> = inputs_by(Touch::EgenMaaned).flat_map(|name| months_of(name, false)).collect();
        if !own.is_empty() {
            return own;
        }
        let monthly: Vec<&String> = inputs_by(Touch::Maaned).collect();
        if monthly.is_empty() {
            return self.delivered.iter().flat_map(|name| months_of(name, false)).collect();
        }
        monthly.into_iter().flat_map(|name| months_of(name, true)).collect()
    }

    /// How an input touches a month of the model; a model's monthly table touches its own month unless it is said.
    fn touch(&self, model: &Model, input: &str) -> Touch {
        if let Some(touch) = model.inputs.get(input) {
            return *touch;
        }
        let monthly = self.models.find(input).is_some_and(|input| input.incremental);
        if model.incremental && monthly { Touch::Maaned } else { Touch::Hele }
    }

    pub(super) fn inputs(
        &self,
        model: &Model,
        month: Option<Month>,
        state: &State,
    ) -> BTreeMap<String, Vec<(String, Entry)>> {
        let of = |name: &String| {
            let all = state.partitions(name);
            let kept: Vec<(String, Entry)> = match (month, self.touch(model, name)) {
                (None, _) | (_, Touch::Hele) => all.map(owned).collect(),
                (Some(month), Touch::EgenMaaned) => {
                    all.filter(|(at, _)| **at == month.to_string()).map(owned).collect()
                }
                (Some(month), Touch::Maaned) => all
                    .filter(|(at, entry)| **at == month.to_string() || entry.touches.contains(&month.number()))
                    .map(owned)
                    .collect(),
                (Some(month), Touch::Gyldighet) => in_force(all.map(owned).collect(), month),
            };
            (name.clone(), kept)
        };
        model.reads.iter().map(of).collect()
    }

    pub(super) fn parameters(&self, model: &Model, month: Option<Month>) -> BTreeMap<String, Parameter> {
        let mut parameters = self.parameters.get(&model.product).cloned().unwrap_or_default();
        if let Some(month) = month {
            parameters.insert("maaned".to_owned(), Parameter::Integer(i64::from(month.number())));
            parameters.insert("maaned_start".to_owned(), Parameter::Date(month.first_day()));
            parameters.insert("maaned_slutt".to_owned(), Parameter::Date(month.last_day()));
        }
        let used = parameters_named(&model.sql);
        parameters.retain(|name, _| used.contains(name));
        parameters
    }

    /// A model that is not incremental, run again where some of its inputs are other files than the state's. Its file is in
    /// the lake and in no state, so the next sweep removes it.
    pub fn made_from(&self, model: &Model, state: &State, instead: &BTreeMap<String, Entry>) -> anyhow::Result<Entry> {
        let mut inputs = self.inputs(model, None, state);
        for (name, entry) in instead {
            if let Some(files) = inputs.get_mut(name) {
                *files = vec![(ALL.to_owned(), entry.clone())];
            }
        }
        let (parameters, partition) = (self.parameters(model, None), ALL.to_owned());
        let key = key(model, &parameters, &inputs);
        Task { model, month: None, partition, parameters, inputs, key }.compute(self, self.engine)
    }
}

fn owned((partition, entry): (&String, &Entry)) -> (String, Entry) {
    (partition.clone(), entry.clone())
}

pub(super) fn partition_name(month: &Option<Month>) -> String {
    month.map_or(ALL.to_owned(), |month| month.to_string())
}

/// The snapshots that say something about a month: those dated in it, the last before it, and the first after it.
/// Partitions are named by the snapshot's time, `20260115041200`.
fn in_force(snapshots: Vec<(String, Entry)>, month: Month) -> Vec<(String, Entry)> {
    let day = |date: jiff::civil::Date| format!("{:04}{:02}{:02}", date.year(), date.month(), date.day());
    let (first, last) = (day(month.first_day()), day(month.last_day()));
    let date = |partition: &String| partition.chars().take(8).collect::<String>();
    let start = snapshots.iter().rposition(|(at, _)| date(at) < first).unwrap_or(0);
    let end = snapshots.iter().position(|(at, _)| date(at) > last).map_or(snapshots.len(), |at| at + 1);
    snapshots.into_iter().take(end).skip(start).collect()
}

/// SHA-256 of everything that decides a model's rows: its file, the values of its parameters, the content it reads.
pub(super) fn key(
    model: &Model,
    parameters: &BTreeMap<String, Parameter>,
    inputs: &BTreeMap<String, Vec<(String, Entry)>>,
) -> String {
    let mut text = format!("{}\n{}\n", model.hash(), model.version);
    for (name, value) in parameters {
        text += &format!("${name}={value}\n");
    }
    for (name, entries) in inputs {
        for (partition, entry) in entries {
            text += &format!("{name}/{partition}={}\n", entry.content);
        }
    }
    disk::sha256(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_touched_by_the_snapshots_around_it() {
        let entry = Entry {
            file: String::new(),
            bytes: 0,
            rows: 0,
            sha256: String::new(),
            content: String::new(),
            version: 1,
            touches: vec![],
            key: None,
        };
        let at = |days: &[&str]| -> Vec<(String, Entry)> {
            days.iter().map(|day| (format!("{day}041200"), entry.clone())).collect()
        };
        let all = at(&["20251201", "20251215", "20260101", "20260115", "20260201", "20260215"]);
        let kept = |month: &str| -> Vec<String> {
            in_force(all.clone(), month.parse().unwrap()).into_iter().map(|(at, _)| at[..8].to_owned()).collect()
        };
        assert_eq!(kept("2026-01"), ["20251215", "20260101", "20260115", "20260201"]);
        assert_eq!(kept("2026-02"), ["20260115", "20260201", "20260215"]);
        assert_eq!(kept("2025-11"), ["20251201"]);
        assert_eq!(kept("2026-06"), ["20260215"]);
    }
}
