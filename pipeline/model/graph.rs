//! All models together: every table that a statement names is known, there is no cycle, and inputs come first.
//! Planning each statement against empty tables gives its columns, before any data is read.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail, ensure};
use arrow::datatypes::{DataType, SchemaRef};

use super::header::{Audience, Model};
use crate::closed;
use crate::engine::Engine;
use crate::lake::{Lake, Parameter, Query, Table};

/// The models of all products, inputs before what reads them, with the columns of each.
pub struct Models {
    /// In the order they are run.
    pub ordered: Vec<Model>,
    /// Columns of every table: sources and models.
    pub schemas: BTreeMap<String, SchemaRef>,
}

impl Models {
    /// Orders and plans models over source tables with these schemas.
    pub fn plan(
        models: Vec<Model>,
        sources: &BTreeMap<String, SchemaRef>,
        parameters: &BTreeMap<String, Parameter>,
        engine: &Engine,
        lake: &Lake,
    ) -> anyhow::Result<Models> {
        let ordered = order(models, sources)?;
        let mut schemas = sources.clone();
        for model in &ordered {
            let tables = model
                .reads
                .iter()
                .map(|name| {
                    let schema = schemas.get(name).context("an input was not planned")?.clone();
                    Ok(Table { name, schema, entries: Vec::new() })
                })
                .collect::<anyhow::Result<_>>()?;
            let query = Query { sql: &model.sql, tables, parameters };
            let schema = lake.plan(engine, &query).map_err(|error| located(model, &error))?;
            check_columns(model, &schema)?;
            schemas.insert(model.name.clone(), schema);
        }
        Ok(Models { ordered, schemas })
    }

    /// The model of that name.
    pub fn find(&self, name: &str) -> Option<&Model> {
        self.ordered.iter().find(|model| model.name == name)
    }

    /// The products that have a folder, without `felles`.
    pub fn products(&self) -> BTreeSet<&str> {
        self.ordered.iter().map(|model| model.product.as_str()).filter(|product| *product != SHARED).collect()
    }
}

/// The folder of models that every product reads.
pub(super) const SHARED: &str = "felles";

/// The engine names columns and tables, not lines; the first line that holds the name is where to look.
fn located(model: &Model, error: &anyhow::Error) -> anyhow::Error {
    let message = format!("{error:#}");
    let named = message.split("named ").nth(1).and_then(|rest| rest.split([' ', ',']).next());
    let place = match named {
        Some(name) => model.at_name(name.trim_end_matches('.').trim_matches('"').rsplit('.').next().unwrap_or(name)),
        None => model.file.clone(),
    };
    anyhow::anyhow!("{place}: {message}")
}

fn check_columns(model: &Model, schema: &SchemaRef) -> anyhow::Result<()> {
    let has = |name: &String| schema.column_with_name(name).is_some();
    let nearest = |name: &str| {
        let names = schema.fields().iter().map(|field| field.name().as_str());
        closed::nearest(name, names).unwrap_or("").to_owned()
    };
    for column in model.grain.iter().chain(&model.folder_column).chain(&model.dimensions) {
        ensure!(has(column), "{}: `{column}` is no column of the result", model.at(column));
    }
    for (name, spec) in &model.columns {
        ensure!(
            has(name),
            "{}: `{name}` is no column of the result; the nearest is `{}`",
            model.at_column(name),
            nearest(name)
        );
        for other in spec.avledet_av.iter().chain(&spec.storste).chain(&spec.nest_storste) {
            ensure!(has(other), "{}: `{other}` is no column of the result", model.at_column(name));
        }
        ensure!(
            spec.avledet_av.is_empty() || spec.avledet_av.len() == 2,
            "{}: `avledet_av` names numerator and denominator",
            model.at_column(name)
        );
    }
    for field in schema.fields() {
        let numeric = field.data_type().is_numeric() && *field.data_type() != DataType::Boolean;
        let unit = model.columns.get(field.name()).and_then(|spec| spec.unit.as_ref());
        let rounding = model
            .columns
            .get(field.name())
            .is_some_and(|spec| spec.desimaler.is_some() || spec.unit.as_deref() == Some("andel"));
        ensure!(
            model.audience == Audience::Arbeid || !field.data_type().is_floating() || rounding,
            "{}: rule desimaler: `{}` is published and is no share; say to how many decimals",
            model.at_column(field.name()),
            field.name()
        );
        ensure!(
            !numeric || unit.is_some(),
            "{}: rule unit: column `{}` is a number without a unit; give [columns.{}] unit",
            model.at_name(field.name()),
            field.name(),
            field.name()
        );
    }
    let published = model.audience != Audience::Arbeid;
    ensure!(!published || has(&"status".to_owned()), "{}: a published table has a column `status`", model.file);
    Ok(())
}

/// Inputs first; among those that are ready, by name.
fn order(models: Vec<Model>, sources: &BTreeMap<String, SchemaRef>) -> anyhow::Result<Vec<Model>> {
    let mut waiting: BTreeMap<String, Model> = BTreeMap::new();
    for model in models {
        ensure!(!sources.contains_key(&model.name), "{}: a source has the same name", model.file);
        if let Some(other) = waiting.get(&model.name) {
            bail!("{}: {} has the same name", model.file, other.file);
        }
        waiting.insert(model.name.clone(), model);
    }
    for model in waiting.values() {
        for read in &model.reads {
            if let Some(other) = waiting.get(read) {
                ensure!(
                    other.product == model.product || other.product == SHARED,
                    "{}: {read} belongs to {}; a product reads its own tables and those of {SHARED}",
                    model.at_name(read),
                    other.product
                );
            } else if !sources.contains_key(read) {
                let known = waiting.keys().chain(sources.keys()).map(String::as_str);
                bail!(
                    "{}: there is no table `{read}`; the nearest is `{}`",
                    model.at_name(read),
                    closed::nearest(read, known).unwrap_or("")
                );
            }
        }
    }
    let mut ordered: Vec<Model> = Vec::new();
    let mut done: BTreeSet<String> = sources.keys().cloned().collect();
    while !waiting.is_empty() {
        let Some(ready) = waiting.values().find(|model| model.reads.is_subset(&done)).map(|model| model.name.clone())
        else {
            return Err(cycle(&waiting));
        };
        if let Some(model) = waiting.remove(&ready) {
            done.insert(ready);
            ordered.push(model);
        }
    }
    Ok(ordered)
}

/// Follows one input after another until a table comes again.
fn cycle(waiting: &BTreeMap<String, Model>) -> anyhow::Error {
    let mut path: Vec<&Model> = Vec::new();
    let mut next = waiting.values().next();
    while let Some(model) = next {
        if let Some(start) = path.iter().position(|seen| seen.name == model.name) {
            let steps: Vec<String> = path[start..]
                .iter()
                .map(|model| {
                    let read = model.reads.iter().find(|read| waiting.contains_key(*read));
                    model.at_name(read.map_or("", String::as_str))
                })
                .collect();
            return anyhow::anyhow!("{}: these models read each other in a circle: {}", steps[0], steps.join(" → "));
        }
        path.push(model);
        next = model.reads.iter().find_map(|read| waiting.get(read));
    }
    anyhow::anyhow!("models wait for each other")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str, reads: &str) -> Model {
        let text = format!(
            "/*---\ntitle = \"T\"\naudience = \"arbeid\"\ngrain = [\"a\"]\nversjon = 1\n---*/\nselect a\nfrom {reads}\norder by a\n"
        );
        Model::parse("reservasjon", name, &text).unwrap()
    }

    fn sources() -> BTreeMap<String, SchemaRef> {
        BTreeMap::from([("kilde".to_owned(), std::sync::Arc::new(arrow::datatypes::Schema::empty()))])
    }

    #[test]
    fn inputs_come_first() {
        let ordered = order(vec![model("a", "b"), model("b", "c"), model("c", "kilde")], &sources()).unwrap();
        let names: Vec<&str> = ordered.iter().map(|model| model.name.as_str()).collect();
        assert_eq!(names, ["c", "b", "a"]);
    }

    #[test]
    fn a_cycle_and_an_unknown_table_name_file_and_line() {
        let error = order(vec![model("a", "b"), model("b", "a")], &sources()).unwrap_err().to_string();
        assert!(error.starts_with("queries/reservasjon/a.sql:8: these models read each other in a circle"), "{error}");
        let error = order(vec![model("a", "kidle")], &sources()).unwrap_err().to_string();
        assert_eq!(error, "queries/reservasjon/a.sql:8: there is no table `kidle`; the nearest is `kilde`");
    }
}
