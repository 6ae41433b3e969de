//! SQL without data: each model file is read, all are planned together against the real schemas, read-only, and so are
//! the checks in their headers and the statements of their traces.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use arrow::datatypes::{DataType, SchemaRef};
use jiff::civil::Date;

use super::fault::{Fault, Sources, line_of};
use super::trace::{self, Trace};
use crate::closed;
use crate::config::Config;
use crate::contract::Contract;
use crate::embedded::{self, Files};
use crate::engine::Engine;
use crate::lake::{Lake, Parameter, Query, Table, tables_named};
use crate::model::{Missing, Model, Models};
use crate::run::{self, ExitCode, Failure};

/// The models as far as they hold.
pub(super) struct Planned {
    /// All that could be read; a schema is there for those that could be planned.
    pub(super) models: Models,
    /// Tables whose files could not be read.
    pub(super) unread: BTreeSet<String>,
    /// What does not hold.
    pub(super) faults: Vec<Fault>,
}

impl Planned {
    /// The products that have a model.
    pub(super) fn products(&self) -> impl Iterator<Item = &str> {
        self.models.ordered.iter().map(|model| model.product.as_str())
    }
}

/// Reads and plans. Where a table has no columns because of a fault, those of the built-in file of that name stand in,
/// so that what reads it is planned as well.
pub(super) fn check(
    config: &Config,
    contracts: &[Contract],
    queries: &Files,
    day: Date,
    sources: &Sources,
) -> Result<Planned, Failure> {
    let spill =
        tempfile::tempdir().context("making a folder for temporary files").map_err(super::fail(ExitCode::TryAgain))?;
    let engine = Engine::start(&config.engine, spill.path()).map_err(super::fail(ExitCode::TryAgain))?;
    let lake = Lake::at(&config.root.join("lake"));
    let delivered = run::source_schemas(contracts);
    let survey = |files: &Files, stand_ins: BTreeMap<String, SchemaRef>| {
        let mut faults = Vec::new();
        let mut missing = Missing { unread: BTreeSet::new(), stand_ins };
        let mut parsed = Vec::new();
        for (path, bytes) in files.iter().filter_map(|(path, bytes)| Some((path.strip_suffix(".sql")?, bytes))) {
            match run::parse_model(path, bytes) {
                Ok(model) => parsed.push(model),
                Err(error) => {
                    missing.unread.insert(path.rsplit('/').next().unwrap_or(path).to_owned());
                    faults.push(Fault::told(&error, "sql", sources));
                }
            }
        }
        let parameters = run::planning_parameters(config, &parsed, day);
        let (models, told) = Models::survey(parsed, &delivered, &missing, &parameters, &engine, &lake);
        faults.extend(told.iter().map(|error| Fault::told(error, "sql", sources)));
        for model in models.ordered.iter().filter(|model| models.schemas.contains_key(&model.name)) {
            faults.extend(own_checks(model, &models.schemas, &parameters, &engine, &lake, sources));
        }
        Planned { models, unread: missing.unread, faults }
    };
    let mut planned = survey(queries, BTreeMap::new());
    if !planned.faults.is_empty() && config.queries.is_some() {
        let mut built_in = config.clone();
        built_in.queries = None;
        let built_in = embedded::queries(&built_in).map_err(super::fail(ExitCode::Configuration))?;
        let stand_ins = survey(&built_in, BTreeMap::new()).models.schemas;
        planned = survey(queries, stand_ins);
    }
    for trace in Trace::all(queries) {
        match trace {
            Ok(trace) => {
                let plan = |query: &Query<'_>| lake.plan(&engine, query);
                let found = trace_faults(&trace, &planned, contracts, day, &plan, sources);
                planned.faults.extend(found);
            }
            Err(error) => planned.faults.push(Fault::told(&error, "trace", sources)),
        }
    }
    Ok(planned)
}

/// What does not hold of a table's trace: what it names is not there, or a statement cannot be planned.
fn trace_faults(
    trace: &Trace,
    planned: &Planned,
    contracts: &[Contract],
    day: Date,
    plan: &dyn Fn(&Query<'_>) -> anyhow::Result<SchemaRef>,
    sources: &Sources,
) -> Vec<Fault> {
    let fault = |at: &str, what: String| Fault::by(sources, &trace.file, at, "trace", what);
    let schemas = &planned.models.schemas;
    let mut faults: Vec<Fault> = source_fault(trace, contracts).into_iter().map(|(at, what)| fault(at, what)).collect();
    let Some(model) = planned.models.find(&trace.table) else {
        if !planned.unread.contains(&trace.table) {
            let known = planned.models.ordered.iter().map(|model| model.name.as_str());
            let nearest = closed::nearest(&trace.table, known).unwrap_or("");
            let what = format!("there is no table `{}` that is computed; the nearest is `{nearest}`", trace.table);
            faults.push(fault("", what));
        }
        return faults;
    };
    let Some(schema) = schemas.get(&model.name) else { return faults };
    let parameters = some_key(model, schema, day);
    for sql in trace.statements() {
        let columns = tables_named(sql).and_then(|names| {
            let mut tables = Vec::new();
            for name in &names {
                let nearest = || closed::nearest(name, schemas.keys().map(String::as_str)).unwrap_or("");
                let schema = schemas.get(name);
                let schema = schema.with_context(|| format!("no table `{name}`; the nearest is `{}`", nearest()))?;
                tables.push(Table { name, schema: schema.clone(), entries: Vec::new() });
            }
            plan(&Query { sql, tables, parameters: &parameters })
        });
        match columns {
            Ok(columns) if trace.lines.as_ref().is_some_and(|lines| lines.sql == sql) => {
                let missing = trace.month.iter().chain([&trace.id]).filter(|name| columns.index_of(name).is_err());
                faults.extend(missing.map(|name| fault("[linjer]", format!("no column `{name}`"))));
            }
            Ok(_) => {}
            Err(error) => faults.push(Fault::told(&error.context(trace.file.clone()), "trace", sources)),
        }
    }
    faults
}

/// The source or the id that a trace names is not there: what stands on the line, and what to say.
fn source_fault(trace: &Trace, contracts: &[Contract]) -> Option<(&'static str, String)> {
    let Some(contract) = contracts.iter().find(|contract| contract.source == trace.source) else {
        let known = contracts.iter().map(|contract| contract.source.as_str());
        let nearest = closed::nearest(&trace.source, known).unwrap_or("");
        return Some(("kilde =", format!("no contract for source `{}`; the nearest is `{nearest}`", trace.source)));
    };
    let columns = || contract.tables.iter().flat_map(|table| &table.columns).map(|column| column.stored.as_str());
    if columns().any(|column| column == trace.id) {
        return None;
    }
    let nearest = closed::nearest(&trace.id, columns()).unwrap_or("");
    Some(("id =", format!("{} has no column `{}`; the nearest is `{nearest}`", trace.source, trace.id)))
}

/// Parameters of the types that a row of the table would give.
fn some_key(model: &Model, schema: &SchemaRef, day: Date) -> BTreeMap<String, Parameter> {
    let fields = model.grain.iter().filter_map(|name| schema.field_with_name(name).ok());
    let key = fields.map(|field| {
        let value = match field.data_type() {
            DataType::Utf8 => Parameter::Text(String::new()),
            DataType::Date32 => Parameter::Date(day),
            _ => Parameter::Integer(1),
        };
        (field.name().clone(), value)
    });
    key.chain([(trace::COLUMN.to_owned(), Parameter::Text(String::new()))]).collect()
}

/// The checks in a model's header may name the model and what it reads; its agreements any table.
fn own_checks(
    model: &Model,
    schemas: &BTreeMap<String, SchemaRef>,
    parameters: &BTreeMap<String, Parameter>,
    engine: &Engine,
    lake: &Lake,
    sources: &Sources,
) -> Vec<Fault> {
    let read: BTreeSet<String> = model.reads.iter().chain([&model.name]).cloned().collect();
    let mut faults = Vec::new();
    let own = model.checks.iter().map(|check| (check, true));
    for (check, is_own) in own.chain(model.agreements.iter().map(|check| (check, false))) {
        let planned = tables_named(&check.sql).and_then(|named| {
            let mut tables = Vec::new();
            for name in if is_own { &read } else { &named } {
                let schema = schemas.get(name).with_context(|| format!("{name} was not planned"))?.clone();
                tables.push(Table { name: name.as_str(), schema, entries: Vec::new() });
            }
            lake.plan(engine, &Query { sql: &check.sql, tables, parameters })
        });
        if let Err(error) = planned {
            let what = format!("the header's check {}: {error:#}", check.navn);
            let found = line_of(sources, &model.file, &check.sql).is_some();
            let at = if found { &check.sql } else { &check.navn };
            faults.push(Fault::by(sources, &model.file, at, "sql", what));
        }
    }
    faults
}
