//! A read-only SQL statement over tables of the lake: planned, or run as a stream of batches.
//!
//! Knows nothing of models: what the columns must be is checked by the caller.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::DataFrame;
use datafusion::sql::parser::DFParser;
use datafusion::sql::resolve::resolve_table_references;
use futures::StreamExt;
use jiff::civil::Date;

use super::{Lake, Table, stored_schema};
use crate::calendar;
use crate::engine::{Engine, reduce};

/// A statement with its tables and named parameters.
pub struct Query<'a> {
    /// One SQL statement; `$name` stands for a parameter.
    pub sql: &'a str,
    /// The tables it may name.
    pub tables: Vec<Table<'a>>,
    /// Its parameters; the statement need not use all.
    pub parameters: &'a BTreeMap<String, Parameter>,
}

/// A parameter's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// A whole number.
    Integer(i64),
    /// A civil date.
    Date(Date),
    /// Text.
    Text(String),
}

impl std::fmt::Display for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Parameter::Integer(number) => number.fmt(f),
            Parameter::Date(date) => date.fmt(f),
            Parameter::Text(text) => text.fmt(f),
        }
    }
}

/// The tables that a statement names, in the engine's own reading of it; its CTEs are not among them.
pub fn tables_named(sql: &str) -> anyhow::Result<BTreeSet<String>> {
    let mut statements = DFParser::parse_sql(sql).map_err(|error| reduce(&error))?;
    let statement = statements.pop_front().context("there is no statement")?;
    ensure!(statements.is_empty(), "there is more than one statement; one file holds one");
    let (tables, _) = resolve_table_references(&statement, true).map_err(|error| reduce(&error))?;
    Ok(tables.iter().map(|table| table.table().to_owned()).collect())
}

/// The parameters that a statement names.
pub fn parameters_named(sql: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in sql.split('$').skip(1) {
        let name: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        found.insert(name);
    }
    found.remove("");
    found
}

impl Lake {
    /// The result's schema, without running anything.
    pub fn plan(&self, engine: &Engine, query: &Query<'_>) -> anyhow::Result<SchemaRef> {
        let frame = engine.wait(self.frame(engine, query))?;
        Ok(stored_schema(frame.schema().as_arrow()))
    }

    /// Runs a statement and hands over its batches in order.
    pub fn stream(
        &self,
        engine: &Engine,
        query: &Query<'_>,
        mut each: impl FnMut(&RecordBatch) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        engine.wait(async {
            let frame = self.frame(engine, query).await?;
            let mut batches = frame.execute_stream().await.map_err(|error| reduce(&error))?;
            while let Some(batch) = batches.next().await {
                each(&batch.map_err(|error| reduce(&error))?)?;
            }
            Ok(())
        })
    }

    async fn frame(&self, engine: &Engine, query: &Query<'_>) -> anyhow::Result<DataFrame> {
        let session = engine.session();
        for table in &query.tables {
            self.register(&session, table)?;
        }
        let read_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let frame = session.sql_with_options(query.sql, read_only).await.map_err(|error| reduce(&error))?;
        let used = parameters_named(query.sql);
        if used.is_empty() {
            return Ok(frame);
        }
        let values: Vec<(String, ScalarValue)> = used
            .into_iter()
            .map(|name| {
                let value = query.parameters.get(&name).with_context(|| format!("there is no parameter ${name}"))?;
                Ok((name, scalar(value)))
            })
            .collect::<anyhow::Result<_>>()?;
        frame.with_param_values(ParamValues::from(values)).map_err(|error| reduce(&error))
    }
}

fn scalar(value: &Parameter) -> ScalarValue {
    match value {
        Parameter::Integer(number) => ScalarValue::Int64(Some(*number)),
        Parameter::Date(date) => ScalarValue::Date32(Some(calendar::days_since_epoch(*date))),
        Parameter::Text(text) => ScalarValue::Utf8(Some(text.clone())),
    }
}
