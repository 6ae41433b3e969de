//! What changed in figures that were public (D6): per table and period the cause and the number of changed cells in
//! steps of five, and a cell's old and new value only where both are counts that are shown and differ by five or more.
//!
//! A table whose rows have no period shows a window of months: when that moves on, its figures are others, not revised.
//! Knows two tables and what they were made from; where they are kept is no concern of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context, ensure};
use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::public::{Basis, History};
use crate::calendar::Month;
use crate::export;
use crate::model::{Model, Models};
use crate::render;

/// Changed cells are counted in steps of so many, and smaller changes of a count are not told one by one.
const STEP: i64 = 5;

/// The public tables of revisions: how many cells, and which.
pub(super) const TABLES: [&str; 2] = ["revisjoner", "revisjoner_celler"];

/// Why figures of a period changed. A closed list: pages name each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cause {
    /// A delivery that was in force was replaced by another.
    RettetLeveranse,
    /// A delivery came that was not there before.
    SenLeveranse,
    /// A definition changed: SQL, a threshold, the paragraphs that are counted.
    EndretDefinisjon,
    /// Nothing of these: the run's date, or what disclosure control took into account.
    Annet,
}

impl Cause {
    fn name(self) -> &'static str {
        match self {
            Cause::RettetLeveranse => "rettet_leveranse",
            Cause::SenLeveranse => "sen_leveranse",
            Cause::EndretDefinisjon => "endret_definisjon",
            Cause::Annet => "annet",
        }
    }
}

/// The changes of one table in one period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Revision {
    table: String,
    period: String,
    causes: Vec<Cause>,
    /// Changed cells lie between these, both included: 1–5, 6–10 …
    at_least: i64,
    at_most: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cells: Vec<Cell>,
}

/// A changed count that may be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cell {
    /// The row's key but the period, joined by commas.
    row: String,
    column: String,
    old: i64,
    new: i64,
}

/// What a table was and is, with what it was and is made from.
pub(super) struct Two<'a> {
    pub(super) model: &'a Model,
    pub(super) old: (&'a RecordBatch, &'a Basis),
    pub(super) new: (&'a RecordBatch, &'a Basis),
}

impl Two<'_> {
    /// What changed, by period.
    pub(super) fn revisions(&self, models: &Models) -> anyhow::Result<Vec<Revision>> {
        let upstream = upstream(self.model, models);
        let window = |basis: &Basis| last_month(basis, &upstream);
        let period = self.model.period_column();
        if period.is_none() && window(self.old.1) != window(self.new.1) {
            return Ok(Vec::new());
        }
        let fallback = window(self.new.1).map(|month| month.to_string()).unwrap_or_default();
        let causes = self.causes(&upstream);
        let (old, new) = (Rows::of(self.model, self.old.0)?, Rows::of(self.model, self.new.0)?);
        let mut changed: BTreeMap<String, (i64, Vec<Cell>)> = BTreeMap::new();
        for (key, (at, period, row)) in &new.keys {
            let Some((then, _, _)) = old.keys.get(key) else { continue };
            let period = period.clone().unwrap_or_else(|| fallback.clone());
            for (column, cells) in &new.figures {
                let was = old.figures.get(column).map(|cells| cells[*then].as_str()).unwrap_or_default();
                let is = cells[*at].as_str();
                if was.is_empty() || is.is_empty() || was == is {
                    continue;
                }
                let (cells, told) = changed.entry(period.clone()).or_default();
                *cells += 1;
                if let (true, Ok(old), Ok(new)) = (new.counts.contains(column), was.parse::<i64>(), is.parse::<i64>())
                    && (new - old).abs() >= STEP
                {
                    told.push(Cell { row: row.clone(), column: column.clone(), old, new });
                }
            }
        }
        Ok(changed
            .into_iter()
            .map(|(period, (cells, told))| {
                let at_most = (cells + STEP - 1) / STEP * STEP;
                let at_least = at_most - STEP + 1;
                Revision {
                    table: self.model.name.clone(),
                    period,
                    causes: causes.clone(),
                    at_least,
                    at_most,
                    cells: told,
                }
            })
            .collect())
    }

    fn causes(&self, upstream: &BTreeSet<String>) -> Vec<Cause> {
        let (old, new) = (self.old.1, self.new.1);
        let of = |map: &BTreeMap<String, String>| -> BTreeMap<String, String> {
            map.iter().filter(|(name, _)| upstream.contains(*name)).map(|(k, v)| (k.clone(), v.clone())).collect()
        };
        let mut causes = BTreeSet::new();
        if of(&old.models) != of(&new.models) || old.thresholds != new.thresholds || old.paragraphs != new.paragraphs {
            causes.insert(Cause::EndretDefinisjon);
        }
        // Receipts of ingest change with every delivery and are the cause of nothing.
        let sources = new.inputs.iter().filter(|(name, _)| upstream.contains(*name) && *name != crate::ingest::MOTTAK);
        for (source, partitions) in sources {
            for (partition, content) in partitions {
                match old.inputs.get(source).and_then(|before| before.get(partition)) {
                    Some(before) if before == content => {}
                    Some(_) => drop(causes.insert(Cause::RettetLeveranse)),
                    None => drop(causes.insert(Cause::SenLeveranse)),
                }
            }
        }
        if causes.is_empty() {
            causes.insert(Cause::Annet);
        }
        causes.into_iter().collect()
    }
}

/// Everything that a table is made from, and the table itself.
fn upstream(model: &Model, models: &Models) -> BTreeSet<String> {
    let mut found = BTreeSet::from([model.name.clone()]);
    let mut open: Vec<&String> = model.reads.iter().collect();
    while let Some(name) = open.pop() {
        if found.insert(name.clone()) {
            open.extend(models.find(name).into_iter().flat_map(|model| &model.reads));
        }
    }
    found
}

/// The last month that is delivered.
fn last_month(basis: &Basis, upstream: &BTreeSet<String>) -> Option<Month> {
    let inputs = basis.inputs.iter().filter(|(name, _)| upstream.contains(*name));
    inputs.flat_map(|(_, partitions)| partitions.keys()).filter_map(|partition| partition.parse().ok()).max()
}

/// A table's rows by key: row, period, key without period.
type Keys = BTreeMap<String, (usize, Option<String>, String)>;

/// A table as its public file shows it: what is rounded away has not changed.
struct Rows {
    keys: Keys,
    /// Column of figures → cells; an absent one is empty.
    figures: BTreeMap<String, Vec<String>>,
    /// Those that are counts.
    counts: BTreeSet<String>,
}

impl Rows {
    fn of(model: &Model, batch: &RecordBatch) -> anyhow::Result<Rows> {
        let csv = export::csv(model, batch)?;
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(csv.as_slice());
        let header = reader.headers().context("reading CSV")?.clone();
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().context("reading CSV")?;
        let cells = |name: &str| {
            let at = header.iter().position(|column| column == name);
            let at = at.with_context(|| format!("{} has no column {name}", model.name))?;
            anyhow::Ok(rows.iter().map(|row| row.get(at).unwrap_or("").to_owned()).collect::<Vec<_>>())
        };
        let grain: Vec<Vec<String>> = model.grain.iter().map(|name| cells(name)).collect::<anyhow::Result<_>>()?;
        let period = model.period_column().and_then(|period| model.grain.iter().position(|name| name == period));
        let mut keys = Keys::new();
        for row in 0..rows.len() {
            let own = |wanted: &dyn Fn(usize) -> bool, by: &str| {
                let kept = grain.iter().enumerate().filter(|(at, _)| wanted(*at));
                kept.map(|(_, texts)| texts[row].as_str()).collect::<Vec<_>>().join(by)
            };
            let of_period = period.map(|at| grain[at][row].clone());
            let value = (row, of_period, own(&|at| Some(at) != period, ", "));
            ensure!(keys.insert(own(&|_| true, "\u{1f}"), value).is_none(), "{}: a row is there twice", model.name);
        }
        let (mut figures, mut counts) = (BTreeMap::new(), BTreeSet::new());
        for field in batch.schema().fields() {
            let name = field.name();
            if field.data_type().is_numeric() && !model.grain.contains(name) && !model.dimensions.contains(name) {
                figures.insert(name.clone(), cells(name)?);
                counts.extend(field.data_type().is_integer().then(|| name.clone()));
            }
        }
        Ok(Rows { keys, figures, counts })
    }
}

/// One of the two public tables of revisions: as rows for programs, and as lines of CSV.
pub(super) struct Log {
    pub(super) name: &'static str,
    pub(super) batch: RecordBatch,
    pub(super) csv: Vec<u8>,
}

/// The public log of revisions, the latest first.
pub(super) fn logs(history: &History) -> anyhow::Result<[Log; 2]> {
    let mut counted = Columns::new(&["dato", "tabell", "periode", "aarsak"], &["endret_fra", "endret_til"], "celler");
    let mut told = Columns::new(&["dato", "tabell", "periode", "rad", "kolonne"], &["gammel", "ny"], "antall");
    for (switch, revision) in history.revisions() {
        let date = switch.figures.date.as_ref().unwrap_or(&switch.figures.as_of).as_str();
        let causes = revision.causes.iter().map(|cause| cause.name()).collect::<Vec<_>>().join("+");
        let (table, period) = (revision.table.as_str(), revision.period.as_str());
        counted.push(&[date, table, period, &causes], &[revision.at_least, revision.at_most]);
        for cell in &revision.cells {
            told.push(&[date, table, period, &cell.row, &cell.column], &[cell.old, cell.new]);
        }
    }
    let [first, second] = TABLES;
    Ok([counted.into_log(first)?, told.into_log(second)?])
}

/// The log for the page that shows it, the latest first.
pub(super) fn for_page(history: &History) -> Vec<render::Revision> {
    history
        .revisions()
        .map(|(switch, revision)| render::Revision {
            date: switch.figures.date.as_ref().unwrap_or(&switch.figures.as_of).clone(),
            table: revision.table.clone(),
            period: revision.period.clone(),
            causes: revision.causes.iter().map(|cause| cause.name().to_owned()).collect(),
            at_least: revision.at_least,
            at_most: revision.at_most,
        })
        .collect()
}

/// A made-up log with every cause, for checks of the site without data.
pub fn sample_revisions(day: Date) -> Vec<render::Revision> {
    let causes = [Cause::RettetLeveranse, Cause::SenLeveranse, Cause::EndretDefinisjon, Cause::Annet];
    vec![render::Revision {
        date: day.to_string(),
        table: String::new(),
        period: "2026-01".to_owned(),
        causes: causes.map(|cause| cause.name().to_owned()).into(),
        at_least: 1,
        at_most: STEP,
    }]
}

/// Columns of texts, then of numbers.
struct Columns {
    names: Vec<&'static str>,
    unit: &'static str,
    texts: Vec<Vec<String>>,
    numbers: Vec<Vec<i64>>,
}

impl Columns {
    fn new(texts: &[&'static str], numbers: &[&'static str], unit: &'static str) -> Columns {
        let names = [texts, numbers].concat();
        Columns { names, unit, texts: vec![Vec::new(); texts.len()], numbers: vec![Vec::new(); numbers.len()] }
    }

    fn push(&mut self, texts: &[&str], numbers: &[i64]) {
        self.texts.iter_mut().zip(texts).for_each(|(column, text)| column.push((*text).to_owned()));
        self.numbers.iter_mut().zip(numbers).for_each(|(column, number)| column.push(*number));
    }

    fn into_log(self, name: &'static str) -> anyhow::Result<Log> {
        let mut csv = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
        csv.write_record(&self.names).context("writing CSV")?;
        for row in 0..self.texts.first().map_or(0, Vec::len) {
            let texts = self.texts.iter().map(|column| column[row].clone());
            csv.write_record(texts.chain(self.numbers.iter().map(|column| column[row].to_string())))
                .context("writing CSV")?;
        }
        let unit = [("unit".to_owned(), self.unit.to_owned())];
        let of_texts = self.texts.into_iter().map(|column| Arc::new(StringArray::from(column)) as ArrayRef);
        let of_numbers = self.numbers.into_iter().map(|column| Arc::new(Int64Array::from(column)) as ArrayRef);
        let columns: Vec<ArrayRef> = of_texts.chain(of_numbers).collect();
        let fields: Vec<Field> = self
            .names
            .iter()
            .zip(&columns)
            .map(|(name, column)| {
                let field = Field::new(*name, column.data_type().clone(), false);
                if column.data_type().is_numeric() { field.with_metadata(unit.clone().into()) } else { field }
            })
            .collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).context("writing revisions")?;
        Ok(Log { name, batch, csv: csv.into_inner().context("writing CSV")? })
    }
}
