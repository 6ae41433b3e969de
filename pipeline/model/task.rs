//! One model for one of its partitions: run with its checks, alone or with others at the same time.
//!
//! Knows nothing of keys that match or of what a build skips.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context;
use arrow::datatypes::SchemaRef;

use super::build::{Builder, Ran};
use super::check::{self, CheckFailed};
use super::graph::SHARED;
use super::header::Model;
use crate::calendar::Month;
use crate::disk;
use crate::engine::{Engine, Exhausted};
use crate::lake::{Entry, Parameter, Query, Table, TableWriter};

/// The partition of a model that is not incremental.
pub(super) const ALL: &str = "alle";

/// A model for one of its partitions, with all that decides its rows.
pub(super) struct Task<'m> {
    pub(super) model: &'m Model,
    /// Absent for a model that is not incremental.
    pub(super) month: Option<Month>,
    pub(super) partition: String,
    pub(super) parameters: BTreeMap<String, Parameter>,
    /// Table → partition and file.
    pub(super) inputs: BTreeMap<String, Vec<(String, Entry)>>,
    pub(super) key: String,
}

/// The file that a task made, with its key, and what is told of it.
type Outcome = anyhow::Result<(Entry, Ran)>;

/// Runs tasks that do not read each other, as many at the same time as the engine bears. Returns those that were begun in
/// their order: once a task has failed, no other of its product is begun, and none at all if it was shared.
pub(super) fn side_by_side<'m>(
    builder: &Builder<'_>,
    tasks: Vec<Task<'m>>,
    progress: &(dyn Fn(&str) + Sync),
) -> Vec<(Task<'m>, Outcome)> {
    let (divided, most) = builder.engine.divided();
    let at_once = most.min(tasks.len());
    at_most(at_once, tasks, &|task, is_alone| {
        progress(&task.model.name);
        task.run(builder, if is_alone { builder.engine } else { &divided })
    })
}

/// Runs tasks, so many at the same time, in their order. What had too little memory beside another is run again after them,
/// alone. `run` is told whether a task is alone.
fn at_most<'m>(
    at_once: usize,
    tasks: Vec<Task<'m>>,
    run: &(dyn Fn(&Task<'m>, bool) -> Outcome + Sync),
) -> Vec<(Task<'m>, Outcome)> {
    let is_alone = at_once <= 1;
    let queue = Mutex::new(Queue { waiting: tasks.into_iter().enumerate().collect(), ..Queue::default() });
    // A panic in one thread ends the scope, so what another one finds in the queue is whole.
    let locked = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    let work = || {
        loop {
            let Some((at, task)) = locked().next() else { break };
            match run(&task, is_alone) {
                Err(error) if !is_alone && error.is::<Exhausted>() => drop(locked().alone.insert(at, task)),
                outcome => drop(locked().done.insert(at, (task, outcome))),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..at_once {
            scope.spawn(work);
        }
        work();
    });
    let mut queue = queue.into_inner().unwrap_or_else(PoisonError::into_inner);
    queue.waiting = std::mem::take(&mut queue.alone);
    while let Some((at, task)) = queue.next() {
        tracing::info!(model = task.model.name, partition = task.partition, "run again alone, with all of the memory");
        let outcome = run(&task, true);
        queue.done.insert(at, (task, outcome));
    }
    queue.done.into_values().collect()
}

/// Tasks by their place.
#[derive(Default)]
struct Queue<'m> {
    waiting: BTreeMap<usize, Task<'m>>,
    /// To be run again when nothing else is.
    alone: BTreeMap<usize, Task<'m>>,
    done: BTreeMap<usize, (Task<'m>, Outcome)>,
}

impl<'m> Queue<'m> {
    /// The first that is waiting and not stopped by a failure.
    fn next(&mut self) -> Option<(usize, Task<'m>)> {
        let failures = self.done.values().filter(|(_, outcome)| outcome.is_err());
        let failed: BTreeSet<&str> = failures.map(|(task, _)| task.model.product.as_str()).collect();
        if failed.contains(SHARED) {
            return None;
        }
        self.waiting.retain(|_, task| !failed.contains(task.model.product.as_str()));
        self.waiting.pop_first()
    }
}

impl Task<'_> {
    /// Computes the rows, checks them, and notes that they are computed.
    fn run(&self, builder: &Builder<'_>, engine: &Engine) -> Outcome {
        tracing::debug!(model = self.model.name, partition = self.partition, "running");
        let begun = Instant::now();
        let entry = Entry { key: Some(self.key.clone()), ..self.compute(builder, engine)? };
        self.own_checks(builder, engine, &entry)?;
        builder.finished.add(&self.model.name, &self.partition, &entry)?;
        let ran = Ran {
            model: self.model.name.clone(),
            partition: self.partition.clone(),
            sql: self.model.hash(),
            rows_in: self.inputs.values().flatten().map(|(_, entry)| entry.rows).sum(),
            rows_out: entry.rows,
            took: begun.elapsed(),
        };
        Ok((entry, ran))
    }

    /// Runs the statement into a file of the lake. The entry has no key.
    pub(super) fn compute(&self, builder: &Builder<'_>, engine: &Engine) -> anyhow::Result<Entry> {
        let Task { model, month, .. } = self;
        let tables = tables(builder, &self.inputs)?;
        let query = Query { sql: &model.sql, tables, parameters: &self.parameters };
        let schema = with_units(model, builder.models.schemas.get(&model.name).context("not planned")?);
        let mut writer = TableWriter::start(builder.lake.folder(), schema, &model.grain)?;
        let month_name = month.map(|month| month.to_string());
        builder
            .lake
            .stream(engine, &query, |batch| {
                check::batch(model, batch, month_name.as_deref())?;
                writer.write(batch).map_err(|error| {
                    if disk::advice(&error).is_some() {
                        return error;
                    }
                    let place = model.at("grain");
                    let what = format!("{error:#}{}", month.map(|month| format!(" in {month}")).unwrap_or_default());
                    anyhow::Error::new(CheckFailed { place, rule: "grain".to_owned(), what })
                })
            })
            .map_err(|error| match error.is::<CheckFailed>() || error.is::<crate::lake::Damaged>() {
                true => error,
                false => error.context(model.file.clone()),
            })?;
        writer.finish(builder.lake.folder(), &model.name, &self.partition, model.version)
    }

    /// The header's own checks: each statement must find nothing.
    fn own_checks(&self, builder: &Builder<'_>, engine: &Engine, entry: &Entry) -> anyhow::Result<()> {
        for check in &self.model.checks {
            let mut inputs = self.inputs.clone();
            inputs.insert(self.model.name.clone(), vec![(ALL.to_owned(), entry.clone())]);
            let tables = tables(builder, &inputs)?;
            let query = Query { sql: &check.sql, tables, parameters: &self.parameters };
            if let Some(broken) = check::found_by(self.model, check, &query, engine, builder.lake)? {
                return Err(anyhow::Error::new(broken));
            }
        }
        Ok(())
    }
}

fn tables<'t>(
    builder: &'t Builder<'_>,
    inputs: &'t BTreeMap<String, Vec<(String, Entry)>>,
) -> anyhow::Result<Vec<Table<'t>>> {
    inputs
        .iter()
        .map(|(name, entries)| {
            let schema = builder.models.schemas.get(name).with_context(|| format!("{name} was not planned"))?;
            let entries = entries.iter().map(|(_, entry)| entry).collect();
            Ok(Table { name, schema: schema.clone(), entries })
        })
        .collect()
}

/// Units go into the Parquet file as field metadata.
fn with_units(model: &Model, schema: &SchemaRef) -> SchemaRef {
    let fields: Vec<arrow::datatypes::Field> = schema
        .fields()
        .iter()
        .map(|field| {
            let unit = model.columns.get(field.name()).and_then(|spec| spec.unit.clone());
            let field = field.as_ref().clone().with_nullable(true);
            match unit {
                Some(unit) => field.with_metadata([("unit".to_owned(), unit)].into()),
                None => field.with_metadata(Default::default()),
            }
        })
        .collect();
    std::sync::Arc::new(arrow::datatypes::Schema::new(fields))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn model(product: &str, name: &str) -> Model {
        let header = "/*---\ntitle = \"T\"\naudience = \"arbeid\"\ngrain = [\"a\"]\nversjon = 1\n[columns.a]\nunit = \"stk\"\n---*/\n";
        Model::parse(product, name, &format!("{header}select 1 as a\n")).unwrap()
    }

    fn task(model: &Model) -> Task<'_> {
        let (parameters, inputs) = (BTreeMap::new(), BTreeMap::new());
        Task { model, month: None, partition: ALL.to_owned(), parameters, inputs, key: model.name.clone() }
    }

    fn outcome(task: &Task<'_>) -> (Entry, Ran) {
        let entry = Entry {
            file: String::new(),
            bytes: 0,
            rows: 0,
            sha256: String::new(),
            content: String::new(),
            version: 1,
            touches: vec![],
            key: Some(task.key.clone()),
        };
        let (model, partition, sql) = (task.model.name.clone(), task.partition.clone(), String::new());
        (entry, Ran { model, partition, sql, rows_in: 0, rows_out: 0, took: Duration::ZERO })
    }

    #[test]
    fn what_has_too_little_memory_beside_another_is_run_again_alone_and_last() {
        let models = [("a", "large"), ("a", "small"), ("b", "other")].map(|(product, name)| model(product, name));
        let seen = Mutex::new(Vec::new());
        let run = |task: &Task<'_>, is_alone: bool| {
            seen.lock().unwrap().push((task.model.name.clone(), is_alone));
            if task.model.name == "large" && !is_alone {
                return Err(anyhow::Error::new(Exhausted).context("queries/a/large.sql"));
            }
            Ok(outcome(task))
        };
        let done = at_most(2, models.iter().map(task).collect(), &run);
        let names: Vec<&str> = done.iter().map(|(task, _)| task.model.name.as_str()).collect();
        assert_eq!(names, ["large", "small", "other"]);
        assert!(done.iter().all(|(_, outcome)| outcome.is_ok()));
        assert_eq!(seen.lock().unwrap().last().unwrap(), &("large".to_owned(), true));
        assert_eq!(seen.lock().unwrap().len(), 4);
    }

    #[test]
    fn what_has_too_little_memory_alone_fails_and_stops_its_product() {
        let models = [("a", "large"), ("a", "small"), ("b", "other")].map(|(product, name)| model(product, name));
        let run = |task: &Task<'_>, _: bool| match task.model.name.as_str() {
            "large" => Err(anyhow::Error::new(Exhausted)),
            _ => Ok(outcome(task)),
        };
        for at_once in [1, 2] {
            let done = at_most(at_once, models.iter().map(task).collect(), &run);
            let failed: Vec<&str> =
                done.iter().filter(|(_, outcome)| outcome.is_err()).map(|(task, _)| task.model.name.as_str()).collect();
            assert_eq!(failed, ["large"]);
            assert!(done.iter().any(|(task, outcome)| task.model.name == "other" && outcome.is_ok()));
            // Alone, nothing of the product is begun after it.
            assert_eq!(done.iter().any(|(task, _)| task.model.name == "small"), at_once == 2);
        }
    }
}
