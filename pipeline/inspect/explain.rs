//! `speil explain`: one published figure from its raw rows. The row, the model that made it with its parameters, what
//! that is made from with content hashes, and, for tables that have a trace, the delivered lines (`lines`).
//!
//! Reads the release that is shown; rows go to the caller and never to a log.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use arrow::datatypes::SchemaRef;

use super::fail;
use super::rows::{Key, Rows, key_names, texts};
use super::trace::{self, Trace};
use crate::config::Config;
use crate::contract::Contract;
use crate::engine::Engine;
use crate::lake::{Lake, Parameter, Query, State, Table, parameters_named, tables_named};
use crate::model::{Audience, Model};
use crate::publish::{self, Making, Manifest, Releases};
use crate::run::{self, ExitCode, Failure};
use crate::{closed, embedded};

/// Hexadecimal digits of a content hash that are shown.
const SHORT: usize = 12;

/// What is read, and with what.
pub(super) struct Look<'a> {
    pub(super) config: &'a Config,
    engine: Engine,
    lake: Lake,
    /// The tables of the release that is shown; before the first, of the last run.
    pub(super) state: State,
    pub(super) manifest: Option<Manifest>,
    pub(super) models: Vec<Model>,
    traces: Vec<Trace>,
}

/// What is asked for.
pub(super) struct Asked<'a> {
    pub(super) model: &'a Model,
    schema: SchemaRef,
    /// Which row.
    pub(super) keys: Vec<Key>,
    /// The column; absent when it is all of them.
    column: Option<&'a str>,
}

/// Explains the row of a table that has these values, or its figure in one column. The text is for a terminal.
pub fn explain(config: &Config, table: &str, keys: &[String], column: Option<&str>) -> Result<String, Failure> {
    let spill = tempfile::tempdir().context("making a folder for temporary files").map_err(fail(ExitCode::TryAgain))?;
    let look = Look::open(config, table, spill.path())?;
    let model = look.model(table).map_err(fail(ExitCode::Usage))?;
    let schema = look.schema(table).map_err(fail(ExitCode::CheckFailed))?;
    let keys = keys.iter().map(|key| Key::parse(key, model, &schema)).collect::<anyhow::Result<Vec<_>>>();
    let keys = keys.map_err(fail(ExitCode::Usage))?;
    if let Some(column) = column.filter(|column| schema.index_of(column).is_err()) {
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let nearest = closed::nearest(column, names).unwrap_or("");
        let error = anyhow::anyhow!("{table} has no column `{column}`; the nearest is `{nearest}`");
        return Err(fail(ExitCode::Usage)(error));
    }
    let asked = Asked { model, schema, keys, column };
    asked.ensure_complete().map_err(fail(ExitCode::Usage))?;
    look.tell(&asked).map_err(fail(ExitCode::CheckFailed))
}

/// What the release tells of courses that were erased since it was made.
fn tombstones(manifest: &Manifest) -> Vec<String> {
    let erased = manifest.erased.as_ref().filter(|erased| erased.state_sha256.is_some());
    erased.map_or_else(Vec::new, publish::tombstones)
}

impl Asked<'_> {
    /// Every column of the key is given, and no other.
    fn ensure_complete(&self) -> anyhow::Result<()> {
        let given: BTreeSet<&str> = self.keys.iter().map(|key| key.column.as_str()).collect();
        let grain: BTreeSet<&str> = self.model.grain.iter().map(String::as_str).collect();
        let missing: Vec<&str> = grain.difference(&given).copied().collect();
        let other: Vec<&str> = given.difference(&grain).copied().collect();
        let keys = key_names(self.model, &self.schema);
        ensure!(missing.is_empty(), "{} of the key is not given; the table's keys are {keys}", missing.join(", "));
        ensure!(other.is_empty(), "{} is not part of the key; the table's keys are {keys}", other.join(", "));
        Ok(())
    }
}

/// A row's values with their units, or why they are absent; of one column only, when that is asked about.
pub(super) fn put_row<'r>(
    asked: &Asked<'_>,
    row: impl Iterator<Item = (&'r String, &'r Option<String>)>,
    absent: &str,
    out: &mut String,
) -> anyhow::Result<()> {
    let model = asked.model;
    let shown = |name: &String| match asked.column {
        Some(column) => model.grain.contains(name) || name == column || name == "status",
        None => true,
    };
    for (name, value) in row.filter(|(name, _)| shown(name)) {
        let spec = model.columns.get(name);
        let about = match value {
            Some(_) => spec.and_then(|spec| spec.unit.as_deref()),
            None => spec.and_then(|spec| spec.mangler.as_deref()),
        };
        let value = value.as_deref().unwrap_or(absent);
        writeln!(out, "{}", format!("  {name:<32} {value:<24} {}", about.unwrap_or("")).trim_end())?;
    }
    Ok(())
}

/// The release that made what the public sees of a table until its product's next date, where that is not the one that is
/// shown.
fn public_release(config: &Config, models: &[Model], table: &str) -> anyhow::Result<Option<PathBuf>> {
    let public = models.iter().find(|model| model.name == table && model.audience == Audience::Offentlig);
    let Some(model) = public else { return Ok(None) };
    let releases = Releases::at(&config.root);
    let of_dates = publish::releases_of_dates(&config.root)?;
    let kept = of_dates.get(&model.product).map(|release| releases.folder(release));
    Ok(kept.filter(|release| release.join(publish::MANIFEST).is_file()))
}

impl<'a> Look<'a> {
    fn open(config: &'a Config, table: &str, spill: &std::path::Path) -> Result<Look<'a>, Failure> {
        let files = embedded::queries(config).map_err(fail(ExitCode::Configuration))?;
        let models = run::parse_models(&files).map_err(fail(ExitCode::Configuration))?;
        let traces = Trace::all(&files).collect::<anyhow::Result<_>>().map_err(fail(ExitCode::Configuration))?;
        let shown = public_release(config, &models, table).map_err(fail(ExitCode::CheckFailed))?;
        let shown = shown.or_else(|| Releases::at(&config.root).current());
        let state_file = shown.as_ref().unwrap_or(&config.root).join("state.json");
        let state = State::load(&state_file).map_err(fail(ExitCode::CheckFailed))?;
        let manifest = match &shown {
            Some(release) => Manifest::load(release).map_err(fail(ExitCode::CheckFailed))?,
            None => None,
        };
        let engine = Engine::start(&config.engine, spill).map_err(fail(ExitCode::TryAgain))?;
        Ok(Look { config, engine, lake: Lake::at(&config.root.join("lake")), state, manifest, models, traces })
    }

    /// Whether courses were erased since the release was made: its figures count rows that are gone.
    pub(super) fn is_bereft(&self) -> bool {
        self.manifest.as_ref().is_some_and(|manifest| !tombstones(manifest).is_empty())
    }

    fn model(&self, table: &str) -> anyhow::Result<&Model> {
        self.models.iter().find(|model| model.name == table).with_context(|| {
            let names = self.models.iter().map(|model| model.name.as_str());
            format!(
                "there is no table `{table}` that is computed; the nearest is `{}`",
                closed::nearest(table, names).unwrap_or("")
            )
        })
    }

    fn schema(&self, table: &str) -> anyhow::Result<SchemaRef> {
        let entry = self.state.partitions(table).next();
        let (_, entry) = entry.with_context(|| match self.is_bereft() {
            true => format!(
                "{table} held rows of courses that have been erased, so the figures of this release cannot be led back \
                 any more; run `speil run` for figures without them"
            ),
            false => format!("{table} is not computed yet; run `speil run` first"),
        })?;
        self.lake.schema(entry)
    }

    /// A statement's columns and all its rows.
    pub(super) fn rows(
        &self,
        sql: &str,
        parameters: &BTreeMap<String, Parameter>,
    ) -> anyhow::Result<(Vec<String>, Rows)> {
        let mut rows = Vec::new();
        let columns = self.each_row(sql, parameters, |row| rows.push(row))?;
        Ok((columns, rows))
    }

    /// Hands over a statement's rows in order. Returns its columns.
    fn each_row(
        &self,
        sql: &str,
        parameters: &BTreeMap<String, Parameter>,
        mut each: impl FnMut(Vec<Option<String>>),
    ) -> anyhow::Result<Vec<String>> {
        let names = tables_named(sql)?;
        let tables = names
            .iter()
            .map(|name| {
                let entries = self.state.partitions(name).map(|(_, entry)| entry).collect();
                Ok(Table { name, schema: self.schema(name)?, entries })
            })
            .collect::<anyhow::Result<_>>()?;
        let query = Query { sql, tables, parameters };
        let schema = self.lake.plan(&self.engine, &query)?;
        let columns = schema.fields().iter().map(|field| field.name().clone()).collect();
        self.lake.stream(&self.engine, &query, |batch| {
            texts(batch)?.into_iter().for_each(&mut each);
            Ok(())
        })?;
        Ok(columns)
    }

    fn tell(&self, asked: &Asked<'_>) -> anyhow::Result<String> {
        let model = asked.model;
        let (columns, row) = self.find(asked)?;
        let mut out = format!("{}: {}\n", model.name, model.title);
        match &self.manifest {
            Some(manifest) => writeln!(out, "as of release {}", manifest.release)?,
            None => writeln!(out, "as computed; nothing is published yet")?,
        }
        for tombstone in self.manifest.as_ref().map_or_else(Vec::new, tombstones) {
            writeln!(out, "{tombstone}")?;
        }
        writeln!(out, "\nRow")?;
        put_row(asked, columns.iter().zip(&row), "(absent)", &mut out)?;
        self.tell_public(asked, &mut out)?;
        self.tell_model(model, &mut out)?;
        self.tell_made(model, &mut out)?;
        self.tell_inputs(model, &mut out)?;
        let Some(trace) = self.traces.iter().find(|trace| trace.table == model.name) else { return Ok(out) };
        if self.is_bereft() {
            writeln!(
                out,
                "\nThe lines behind it: erased with the courses they belong to, or not to be told apart from them;"
            )?;
            writeln!(out, "run `speil run` for figures without them.")?;
            return Ok(out);
        }
        let row: BTreeMap<&str, Option<&str>> =
            columns.iter().map(String::as_str).zip(row.iter().map(Option::as_deref)).collect();
        let column = Parameter::Text(asked.column.unwrap_or_default().to_owned());
        let mut parameters = BTreeMap::from([(trace::COLUMN.to_owned(), column)]);
        parameters.extend(asked.keys.iter().map(|key| (key.column.clone(), key.value.clone())));
        // Of a row that is asked about in one column, that column alone is counted again.
        let row = row.into_iter().filter(|(name, _)| asked.column.is_none_or(|column| column == *name)).collect();
        self.tell_lines(trace, &row, &parameters, &mut out)?;
        Ok(out)
    }

    /// The row with these values; none is a failure that says which keys there are.
    fn find(&self, asked: &Asked<'_>) -> anyhow::Result<(Vec<String>, Vec<Option<String>>)> {
        // Names come from the file's schema, values are parameters.
        let table = &asked.model.name;
        let keys = || asked.keys.iter().enumerate();
        let conditions: Vec<String> = keys().map(|(at, key)| format!("\"{}\" = $k{at}", key.column)).collect();
        let parameters = keys().map(|(at, key)| (format!("k{at}"), key.value.clone())).collect();
        let sql = format!("select * from \"{table}\" where {}", conditions.join(" and "));
        let (columns, rows) = self.rows(&sql, &parameters)?;
        let keys = key_names(asked.model, &asked.schema);
        let row = rows.into_iter().next();
        Ok((
            columns,
            row.with_context(|| {
                format!("{table}: there is no such row; the table's keys are {keys}, written as in its file")
            })?,
        ))
    }

    /// The deliveries and thresholds that shape the table: the facts that its pages print.
    fn tell_made(&self, model: &Model, out: &mut String) -> anyhow::Result<()> {
        let contracts = Contract::embedded()?;
        let making = Making { models: self.models.iter().collect(), contracts: &contracts, state: &self.state };
        let product = self.manifest.as_ref().and_then(|manifest| manifest.products.get(&model.product));
        let configured = || self.config.product(&model.product).thresholds;
        let thresholds = product.map_or_else(configured, |product| product.thresholds.clone());
        let made = making.made(model, &thresholds, product.map_or("", |product| &product.as_of));
        writeln!(out, "\nOne row for each {}", made.grain.join(", "))?;
        for source in &made.sources {
            let span = source.span.as_ref().map(|(first, last)| format!(": {first} to {last}"));
            writeln!(out, "  {}{}", source.name, span.unwrap_or_default())?;
        }
        for (name, value) in &made.thresholds {
            writeln!(out, "  {name} = {value}")?;
        }
        Ok(())
    }

    fn tell_model(&self, model: &Model, out: &mut String) -> anyhow::Result<()> {
        writeln!(out, "\nComputed by {} (versjon {}, SHA-256 {})", model.file, model.version, model.hash())?;
        let product = self.manifest.as_ref().and_then(|manifest| manifest.products.get(&model.product));
        if product.and_then(|product| product.models.get(&model.name)).is_some_and(|hash| *hash != model.hash()) {
            writeln!(out, "  the file has changed since the release was made")?;
        }
        writeln!(out)?;
        for line in model.sql.trim().lines() {
            writeln!(out, "{}", format!("    {line}").trim_end())?;
        }
        Ok(())
    }

    /// The value of a parameter when the release was made.
    fn parameter(&self, model: &Model, name: &str) -> String {
        let product = self.manifest.as_ref().and_then(|manifest| manifest.products.get(&model.product));
        let configured = || self.config.product(&model.product).thresholds.get(name).map(ToString::to_string);
        let value = match (name, product) {
            ("maaned" | "maaned_start" | "maaned_slutt", _) => Some("each month's own".to_owned()),
            ("as_of", Some(product)) => Some(product.as_of.clone()),
            (_, Some(product)) => product.thresholds.get(name).map(ToString::to_string).or_else(configured),
            (_, None) => configured(),
        };
        value.unwrap_or_else(|| "(the run's)".to_owned())
    }

    /// Everything that the model is made from, inputs first, with the files in force.
    fn tell_inputs(&self, model: &Model, out: &mut String) -> anyhow::Result<()> {
        writeln!(out, "\nMade from, with the first {SHORT} digits of each file's content hash")?;
        let mut told = BTreeSet::new();
        self.tell_input(&model.name, &mut told, out)
    }

    fn tell_input(&self, table: &str, told: &mut BTreeSet<String>, out: &mut String) -> anyhow::Result<()> {
        if !told.insert(table.to_owned()) {
            return Ok(());
        }
        let model = self.models.iter().find(|model| model.name == table);
        let Some(model) = model else {
            writeln!(out, "  {table}: delivered, or made by ingest")?;
            return self.tell_files(table, out);
        };
        for read in &model.reads {
            self.tell_input(read, told, out)?;
        }
        writeln!(out, "  {table}: {}, {}", model.title, model.file)?;
        for name in parameters_named(&model.sql) {
            writeln!(out, "      ${name} = {}", self.parameter(model, &name))?;
        }
        let reads: Vec<&str> = model.reads.iter().map(String::as_str).collect();
        writeln!(out, "      reads {}", reads.join(", "))?;
        self.tell_files(table, out)
    }

    fn tell_files(&self, table: &str, out: &mut String) -> anyhow::Result<()> {
        let files: Vec<String> = self
            .state
            .partitions(table)
            .map(|(partition, entry)| format!("{partition} {}", entry.content.get(..SHORT).unwrap_or(&entry.content)))
            .collect();
        for some in files.chunks(4) {
            writeln!(out, "      {}", some.join("   "))?;
        }
        Ok(())
    }
}
