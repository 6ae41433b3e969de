//! Runs every `tests/slt/<product>/<model>.slt`: the published `queries/<product>/<model>.sql`, unedited, on literal
//! tables. Knows no statistics; what is right stands in the `.slt` files.
//!
//! Beside sqllogictest's own records there are three more statements:
//!
//! - `-- run: queries/reservasjon/x.sql` runs the model. Its literal inputs must have the columns and types that the
//!   pipeline gives them, and its rows must pass what a run asks of every model: strictly ascending by the grain, no
//!   value absent or out of range where the header says so. The rows must be the same in one partition and in three.
//! - `-- sjekk: queries/reservasjon/x.sql navn` runs one of the header's own checks, which finds nothing in good tables.
//! - `-- set maaned 2026-02`, `-- set as_of 2026-02-10`, `-- set stratum_linjer 5`: a parameter for the records that
//!   follow. Unset, the thresholds are the program's defaults, the month 2026-01 and the date 2026-11-10.
//!
//! Column types: `T` text, `D` date, `I` 64, `i` 32, `s` 16 and `t` 8 bit integer, `R` 64 bit float, `?` any other.
//! NULL prints as `NULL`, the empty text as `(empty)`. `UPDATE_SLT=1` writes what was found: read it, it may be wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test binary without the test harness")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::prelude::{SessionConfig, SessionContext};
use speil::calendar::{Month, days_since_epoch};
use speil::config::{EngineSettings, Product};
use speil::contract::Contract;
use speil::ingest;
use speil::lake::{Lake, Parameter, TableWriter, parameters_named, stored_schema, tables_named};
use speil::model::{Model, Models};
use sqllogictest::harness::{Arguments, Failed, Trial, glob, run};
use sqllogictest::{AsyncDB, ColumnType, DBOutput, Runner};

fn main() {
    let pipeline = Arc::new(Pipeline::plan().expect("the models can be planned"));
    let mut trials = vec![Trial::test("every model has a file of tests that runs it", || {
        every_model_is_tested().map_err(|error| Failed::from(error.to_string()))
    })];
    for path in files_of("tests/slt/**/*.slt") {
        let pipeline = pipeline.clone();
        trials.push(Trial::test(path.clone(), move || check(&path, &pipeline)));
    }
    run(&Arguments::from_args(), trials).exit();
}

/// Runs one file; with `UPDATE_SLT` its expectations are overwritten.
fn check(path: &str, pipeline: &Arc<Pipeline>) -> Result<(), Failed> {
    let mut runner = Runner::new(|| async { Ok(Session::new(pipeline.clone())) });
    runner.with_column_validator(sqllogictest::strict_column_validator);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if std::env::var_os("UPDATE_SLT").is_some() {
        let update = runner.update_test_file(
            path,
            " ",
            sqllogictest::default_validator,
            sqllogictest::default_normalizer,
            sqllogictest::strict_column_validator,
        );
        runtime.block_on(update).map_err(|error| Failed::from(error.to_string()))
    } else {
        runtime.block_on(runner.run_file_async(path)).map_err(|error| Failed::from(error.display(false).to_string()))
    }
}

fn every_model_is_tested() -> anyhow::Result<()> {
    let stems = |pattern: &str, folder: &str, ending: &str| -> BTreeSet<String> {
        let files = files_of(pattern);
        files.iter().map(|file| file.replacen(folder, "", 1).trim_end_matches(ending).to_owned()).collect()
    };
    let models = stems("queries/**/*.sql", "queries/", ".sql");
    let tested = stems("tests/slt/**/*.slt", "tests/slt/", ".slt");
    ensure!(!models.is_empty(), "there is no model in queries/; run from the folder of Cargo.toml");
    ensure!(!tested.is_empty(), "there is no test in tests/slt/");
    for name in &models {
        ensure!(tested.contains(name), "queries/{name}.sql has no test; write tests/slt/{name}.slt");
        let text = std::fs::read_to_string(format!("tests/slt/{name}.slt"))?;
        let runs = text.lines().any(|line| line == format!("-- run: queries/{name}.sql"));
        ensure!(runs, "tests/slt/{name}.slt never runs queries/{name}.sql");
    }
    for name in &tested {
        ensure!(models.contains(name), "tests/slt/{name}.slt tests no model; there is no queries/{name}.sql");
    }
    Ok(())
}

/// Paths below the working folder, which is the package's, in order.
fn files_of(pattern: &str) -> Vec<String> {
    glob(pattern).unwrap().map(|path| path.unwrap().display().to_string()).collect()
}

/// What the program knows of its tables before any data are read.
struct Pipeline {
    models: Models,
}

impl Pipeline {
    fn plan() -> anyhow::Result<Pipeline> {
        let contracts = Contract::embedded()?;
        let delivered = contracts.iter().flat_map(|contract| &contract.tables);
        let mut sources: BTreeMap<String, SchemaRef> =
            delivered.map(|table| (table.name.clone(), table.schema())).collect();
        sources.insert(ingest::MOTTAK.to_owned(), ingest::mottak_schema());
        sources.insert(ingest::STATISTIKK_TABELL.to_owned(), ingest::statistikk_schema());
        let models = files_of("queries/**/*.sql").iter().map(|file| parse(file)).collect::<anyhow::Result<_>>()?;
        let folder = tempfile::tempdir()?;
        let engine = speil::engine::Engine::start(&EngineSettings::default(), folder.path())?;
        let models = Models::plan(models, &sources, &defaults()?, &engine, &Lake::at(folder.path()))?;
        Ok(Pipeline { models })
    }

    fn model(&self, file: &str) -> anyhow::Result<&Model> {
        let found = self.models.ordered.iter().find(|model| model.file == file);
        found.with_context(|| format!("there is no model {file}"))
    }
}

fn parse(file: &str) -> anyhow::Result<Model> {
    let path = file.strip_prefix("queries/").and_then(|path| path.strip_suffix(".sql"));
    let (product, name) = path.and_then(|path| path.split_once('/')).with_context(|| format!("{file} lies astray"))?;
    Model::parse(product, name, &std::fs::read_to_string(file)?)
}

/// The parameters of a record that sets none.
fn defaults() -> anyhow::Result<BTreeMap<String, Parameter>> {
    let thresholds = Product::default().thresholds;
    let mut parameters = thresholds.into_iter().map(|(name, value)| (name, Parameter::Integer(value))).collect();
    set(&mut parameters, "maaned", "2026-01")?;
    set(&mut parameters, "as_of", "2026-11-10")?;
    Ok(parameters)
}

fn set(parameters: &mut BTreeMap<String, Parameter>, name: &str, value: &str) -> anyhow::Result<()> {
    match name {
        "maaned" => {
            let month: Month = value.parse()?;
            parameters.insert("maaned".to_owned(), Parameter::Integer(month.number().into()));
            parameters.insert("maaned_start".to_owned(), Parameter::Date(month.first_day()));
            parameters.insert("maaned_slutt".to_owned(), Parameter::Date(month.last_day()));
        }
        "as_of" => {
            parameters.insert(name.to_owned(), Parameter::Date(value.parse()?));
        }
        _ => {
            let parameter = parameters.get_mut(name).with_context(|| format!("there is no parameter ${name}"))?;
            *parameter = Parameter::Integer(value.parse()?);
        }
    }
    Ok(())
}

/// One file's tables and parameters.
struct Session {
    pipeline: Arc<Pipeline>,
    parameters: BTreeMap<String, Parameter>,
    /// The same tables twice: in one partition, and spread over three with two rows a batch.
    whole: SessionContext,
    spread: SessionContext,
}

type Rows = Vec<Vec<String>>;

impl Session {
    fn new(pipeline: Arc<Pipeline>) -> Session {
        let config = |partitions: usize| SessionConfig::new().with_target_partitions(partitions);
        Session {
            pipeline,
            parameters: defaults().unwrap(),
            whole: SessionContext::new_with_config(config(1)),
            spread: SessionContext::new_with_config(config(3).with_batch_size(2)),
        }
    }

    async fn statement(&mut self, text: &str) -> anyhow::Result<DBOutput<Kind>> {
        let text = text.trim();
        if let Some(setting) = text.strip_prefix("-- set ") {
            let (name, value) = setting.trim().split_once(' ').context("write `-- set name value`")?;
            set(&mut self.parameters, name, value.trim())?;
            return Ok(DBOutput::StatementComplete(0));
        }
        if let Some(file) = text.strip_prefix("-- run:") {
            return self.model(file.trim()).await;
        }
        if let Some(named) = text.strip_prefix("-- sjekk:") {
            let (file, name) = named.trim().split_once(' ').context("write `-- sjekk: queries/x/y.sql navn`")?;
            let model = self.pipeline.model(file)?;
            let mut checks = model.checks.iter().chain(&model.agreements);
            let check = checks.find(|check| check.navn == name).context("the header has no such check")?;
            return self.rows(&check.sql).await.map(|(schema, _, rows)| output(&schema, rows));
        }
        let (schema, _, rows) = self.rows(text).await?;
        Ok(if schema.fields().is_empty() { DBOutput::StatementComplete(0) } else { output(&schema, rows) })
    }

    async fn model(&self, file: &str) -> anyhow::Result<DBOutput<Kind>> {
        let sql = std::fs::read_to_string(file).with_context(|| file.to_owned())?;
        let model = self.pipeline.model(file)?;
        for table in tables_named(&sql)? {
            self.input(&table).await?;
        }
        let (schema, batches, rows) = self.rows(&sql).await?;
        let planned = &self.pipeline.models.schemas[&model.name];
        ensure!(columns(&schema) == columns(planned), "{file}: the columns are not those that were planned");
        accept(model, &schema, &batches)?;
        Ok(output(&schema, rows))
    }

    /// A literal table has the columns and types that the pipeline gives it; it may leave columns out.
    async fn input(&self, table: &str) -> anyhow::Result<()> {
        let literal = self.whole.table(table).await.with_context(|| format!("the test has no table {table}"))?;
        let schema = self.pipeline.models.schemas.get(table).with_context(|| format!("there is no table {table}"))?;
        let known = columns(schema);
        for (name, found) in columns(literal.schema().inner()) {
            match known.iter().find(|(known, _)| *known == name) {
                Some((_, expected)) if *expected == found => {}
                Some((_, expected)) => bail!("table {table}: {name} is {found} here and {expected} in the pipeline"),
                None => bail!("table {table} has no column {name} in the pipeline"),
            }
        }
        Ok(())
    }

    /// Runs a statement on both sets of tables; their rows must agree.
    async fn rows(&self, sql: &str) -> anyhow::Result<(SchemaRef, Vec<RecordBatch>, Rows)> {
        let (schema, batches) = self.collect(&self.whole, sql).await?;
        let (_, spread) = self.collect(&self.spread, sql).await?;
        let rows = texts(&batches)?;
        ensure!(rows == texts(&spread)?, "the rows depend on how the statement is spread over partitions");
        Ok((schema, batches, rows))
    }

    async fn collect(&self, session: &SessionContext, sql: &str) -> anyhow::Result<(SchemaRef, Vec<RecordBatch>)> {
        let mut frame = session.sql(sql).await?;
        let used = parameters_named(sql);
        if !used.is_empty() {
            let values: Vec<(String, ScalarValue)> = used
                .into_iter()
                .map(|name| match self.parameters.get(&name) {
                    Some(Parameter::Integer(number)) => Ok((name, ScalarValue::Int64(Some(*number)))),
                    Some(Parameter::Date(date)) => Ok((name, ScalarValue::Date32(Some(days_since_epoch(*date))))),
                    Some(Parameter::Text(text)) => Ok((name, ScalarValue::Utf8(Some(text.clone())))),
                    None => bail!("there is no parameter ${name}"),
                })
                .collect::<anyhow::Result<_>>()?;
            frame = frame.with_param_values(ParamValues::from(values))?;
        }
        let schema = frame.schema().inner().clone();
        Ok((schema, frame.collect().await?))
    }
}

#[async_trait::async_trait]
impl AsyncDB for Session {
    type Error = DataFusionError;
    type ColumnType = Kind;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<Kind>, DataFusionError> {
        self.statement(sql).await.map_err(|error| DataFusionError::External(error.into()))
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "datafusion"
    }
}

/// What a run asks of a model's rows: the grain from the lake's own writer, absent values and ranges from the header.
fn accept(model: &Model, schema: &SchemaRef, batches: &[RecordBatch]) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let nullable: Vec<_> = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
    let schema = Arc::new(arrow::datatypes::Schema::new(nullable));
    let mut writer = TableWriter::start(folder.path(), schema.clone(), &model.grain)?;
    for batch in batches {
        writer.write(batch)?;
        for (field, column) in schema.fields().iter().zip(batch.columns()) {
            let name = field.name();
            let spec = model.columns.get(name);
            let may_miss = spec.is_some_and(|spec| spec.mangler.is_some());
            ensure!(column.null_count() == 0 || may_miss, "{name} is absent and the header does not say why");
            if let Some([least, most]) = spec.and_then(|spec| spec.between) {
                let numbers = arrow::compute::cast(column, &DataType::Float64)?;
                let mut numbers = numbers.as_primitive::<Float64Type>().iter().flatten();
                ensure!(numbers.all(|number| (least..=most).contains(&number)), "{name} is outside {least} to {most}");
            }
        }
    }
    Ok(())
}

/// Names and stored types.
fn columns(schema: &SchemaRef) -> Vec<(String, DataType)> {
    let stored = stored_schema(schema);
    stored.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect()
}

fn texts(batches: &[RecordBatch]) -> anyhow::Result<Rows> {
    let options = FormatOptions::default().with_null("NULL");
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<ArrayFormatter<'_>> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options)).collect::<Result<_, _>>()?;
        for at in 0..batch.num_rows() {
            let row = columns.iter().map(|column| column.value(at).to_string());
            rows.push(row.map(|text| if text.is_empty() { "(empty)".to_owned() } else { text }).collect());
        }
    }
    Ok(rows)
}

fn output(schema: &SchemaRef, rows: Rows) -> DBOutput<Kind> {
    DBOutput::Rows { types: schema.fields().iter().map(|field| Kind::of(field.data_type())).collect(), rows }
}

/// A column's type as the letter that stands after `query`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kind(char);

impl Kind {
    fn of(data_type: &DataType) -> Kind {
        Kind(match data_type {
            DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => 'T',
            DataType::Date32 => 'D',
            DataType::Int64 => 'I',
            DataType::Int32 => 'i',
            DataType::Int16 => 's',
            DataType::Int8 => 't',
            DataType::Float64 => 'R',
            _ => '?',
        })
    }
}

impl ColumnType for Kind {
    fn from_char(letter: char) -> Option<Kind> {
        "TDIistR?".contains(letter).then_some(Kind(letter))
    }

    fn to_char(&self) -> char {
        self.0
    }
}
