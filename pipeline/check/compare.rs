//! A table as it is shown against the same table as it was computed tonight, row by row: how far figures have moved.
//!
//! Rows are the same when grain and period are. No value and no key leaves here, only counts and distances.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch};
use arrow::datatypes::{DataType, Float64Type};
use arrow::row::{OwnedRow, RowConverter, SortField};

use crate::model::Model;

/// The columns that say which period a row is about; windows move, months stay.
const PERIOD: [&str; 4] = ["maaned", "periode", "fra_maaned", "til_maaned"];
/// Flags are no figures: they turn when time passes.
const FLAG: &str = "0 nei, 1 ja";
/// The distance of a row that is no longer there, per thousand.
const GONE: f64 = 1000.0;

/// How far figures have moved, in per thousand: of the greater of both for numbers, in tenths of a percentage point for
/// shares.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Moved {
    /// Rows of which a figure moved by more than the limit, or that are gone though others of their period are there.
    pub(super) rows: usize,
    /// The greatest distance of any figure.
    pub(super) greatest: f64,
    /// The greatest distance per column, whatever the period when both tables have but one row.
    pub(super) columns: BTreeMap<String, f64>,
}

/// Compares two tables; `None` when their rows are not about a period, or their columns are others than before.
pub(super) fn compare(
    model: &Model,
    shown: &RecordBatch,
    now: &RecordBatch,
    limit: f64,
) -> anyhow::Result<Option<Moved>> {
    let both = |name: &str| shown.schema().index_of(name).is_ok() && now.schema().index_of(name).is_ok();
    let period: Vec<&str> = PERIOD.into_iter().filter(|name| both(name)).collect();
    let mut key: Vec<&str> = model.grain.iter().map(String::as_str).collect();
    key.extend(period.iter().filter(|name| !model.grain.iter().any(|column| column == *name)));
    let same_type = |name: &&str| both(name) && column(shown, name).data_type() == column(now, name).data_type();
    if period.is_empty() || !key.iter().all(same_type) {
        return Ok(None);
    }
    let figures: Vec<Figure> = now
        .schema()
        .fields()
        .iter()
        .filter(|field| field.data_type().is_numeric() && both(field.name()) && !key.contains(&field.name().as_str()))
        .filter(|field| unit(model, field.name()) != Some(FLAG))
        .map(|field| Figure::of(model, field.name(), shown, now))
        .collect::<anyhow::Result<_>>()?;
    let (old_keys, new_keys) = rows(&key, shown, now)?;
    let (old_periods, new_periods) = rows(&period, shown, now)?;
    let there: BTreeMap<&OwnedRow, usize> = new_keys.iter().enumerate().map(|(at, key)| (key, at)).collect();
    let periods: BTreeSet<&OwnedRow> = new_periods.iter().collect();

    let mut moved = Moved::default();
    for (old, key) in old_keys.iter().enumerate() {
        let distance = match there.get(key) {
            Some(new) => figures.iter().map(|figure| figure.moved(old, *new, &mut moved.columns)).fold(0.0, f64::max),
            None if periods.contains(&old_periods[old]) => GONE,
            None => continue,
        };
        moved.rows += usize::from(distance > limit);
        moved.greatest = moved.greatest.max(distance);
    }
    if shown.num_rows() == 1 && now.num_rows() == 1 {
        // The window may have moved, and with it what can be told at all.
        for figure in figures.iter().filter(|figure| figure.now.is_valid(0)) {
            figure.moved(0, 0, &mut moved.columns);
        }
    }
    Ok(Some(moved))
}

/// One column of figures, of both tables.
struct Figure {
    name: String,
    is_share: bool,
    shown: Float64Array,
    now: Float64Array,
}

impl Figure {
    fn of(model: &Model, name: &str, shown: &RecordBatch, now: &RecordBatch) -> anyhow::Result<Figure> {
        let numbers = |batch| -> anyhow::Result<Float64Array> {
            let numbers = arrow::compute::cast(column(batch, name), &DataType::Float64).context("comparing figures")?;
            Ok(numbers.as_primitive::<Float64Type>().clone())
        };
        let is_share = unit(model, name) == Some("andel");
        Ok(Figure { name: name.to_owned(), is_share, shown: numbers(shown)?, now: numbers(now)? })
    }

    /// How far the figure has moved from one row to the other. What was not shown cannot have moved.
    fn moved(&self, old: usize, new: usize, columns: &mut BTreeMap<String, f64>) -> f64 {
        let distance = match (self.shown.is_valid(old), self.now.is_valid(new)) {
            (false, _) => 0.0,
            (true, false) => GONE,
            (true, true) => {
                let (shown, now) = (self.shown.value(old), self.now.value(new));
                let of = if self.is_share { 1.0 } else { shown.abs().max(now.abs()) };
                if shown == now { 0.0 } else { (shown - now).abs() / of * 1000.0 }
            }
        };
        let greatest = columns.entry(self.name.clone()).or_default();
        *greatest = greatest.max(distance);
        distance
    }
}

fn unit<'m>(model: &'m Model, name: &str) -> Option<&'m str> {
    model.columns.get(name)?.unit.as_deref()
}

/// Only for columns that both tables have.
fn column<'b>(batch: &'b RecordBatch, name: &str) -> &'b ArrayRef {
    &batch.columns()[batch.schema().index_of(name).unwrap_or_default()]
}

/// The rows of both tables in some columns, in a form that can be compared.
fn rows(names: &[&str], shown: &RecordBatch, now: &RecordBatch) -> anyhow::Result<(Vec<OwnedRow>, Vec<OwnedRow>)> {
    let columns = |batch| -> Vec<ArrayRef> { names.iter().map(|name| column(batch, name).clone()).collect() };
    let fields = columns(now).iter().map(|column| SortField::new(column.data_type().clone())).collect();
    let converter = RowConverter::new(fields).context("comparing rows")?;
    let owned = |batch| -> anyhow::Result<Vec<OwnedRow>> {
        let rows = converter.convert_columns(&columns(batch)).context("comparing rows")?;
        Ok(rows.iter().map(|row| row.owned()).collect())
    };
    Ok((owned(shown)?, owned(now)?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};

    use super::*;

    const HEADER: &str = "title = \"T\"\naudience = \"offentlig\"\ngrain = [\"omraade\"]\nversjon = 1\n[columns.n]\nunit = \
                          \"linjer\"\n[columns.grad]\nunit = \"andel\"\n[columns.fersk]\nunit = \"0 nei, 1 ja\"";

    fn model() -> Model {
        let text = format!("/*---\n{HEADER}\n---*/\nselect omraade from t order by omraade\n");
        Model::parse("p", "m", &text).unwrap()
    }

    fn table(rows: &[(&str, &str, Option<i64>, f64, i64)]) -> RecordBatch {
        let column = |name, array: ArrayRef| (name, array, true);
        RecordBatch::try_from_iter_with_nullable([
            column("omraade", Arc::new(rows.iter().map(|row| Some(row.0)).collect::<StringArray>())),
            column("til_maaned", Arc::new(rows.iter().map(|row| Some(row.1)).collect::<StringArray>())),
            column("n", Arc::new(rows.iter().map(|row| row.2).collect::<Int64Array>())),
            column("grad", Arc::new(rows.iter().map(|row| Some(row.3)).collect::<Float64Array>())),
            column("fersk", Arc::new(rows.iter().map(|row| Some(row.4)).collect::<Int64Array>())),
        ])
        .unwrap()
    }

    #[test]
    fn rows_of_the_same_period_are_compared_and_flags_and_hidden_figures_are_not() {
        let shown = table(&[("03", "2026-10", Some(100), 0.05, 1), ("11", "2026-10", None, 0.05, 1)]);
        let compare = |now: &RecordBatch, limit| compare(&model(), &shown, now, limit).unwrap().unwrap();
        let same = table(&[("03", "2026-10", Some(100), 0.05, 0), ("11", "2026-10", Some(3), 0.05, 0)]);
        assert_eq!(compare(&same, 0.0).rows, 0);
        // 100 of 125 is 200 per thousand; 0.05 and 0.06 differ by ten.
        let moved = table(&[("03", "2026-10", Some(125), 0.05, 1), ("11", "2026-10", None, 0.06, 1)]);
        let found = compare(&moved, 10.5);
        assert_eq!((found.rows, found.greatest), (1, 200.0));
        assert!((found.columns["grad"] - 10.0).abs() < 1e-9);
        assert_eq!(compare(&moved, 200.0).rows, 0);
    }

    #[test]
    fn a_window_that_moved_is_not_compared_and_a_row_that_is_gone_from_its_period_is() {
        let shown = table(&[("03", "2026-10", Some(100), 0.05, 1), ("11", "2026-10", Some(9), 0.05, 1)]);
        let next = table(&[("03", "2026-11", Some(7), 0.5, 1), ("11", "2026-11", Some(9), 0.9, 1)]);
        assert_eq!(compare(&model(), &shown, &next, 0.0).unwrap().unwrap(), Moved::default());
        let gone = table(&[("03", "2026-10", Some(100), 0.05, 1)]);
        let found = compare(&model(), &shown, &gone, 0.0).unwrap().unwrap();
        assert_eq!((found.rows, found.greatest), (1, 1000.0));
    }

    #[test]
    fn a_table_of_one_row_is_compared_whatever_its_period() {
        let shown = table(&[("03", "2026-10", Some(100), 0.05, 1)]);
        let next = table(&[("03", "2026-11", Some(100), 0.08, 1)]);
        let found = compare(&model(), &shown, &next, 0.0).unwrap().unwrap();
        assert_eq!(found.rows, 0);
        assert!((found.columns["grad"] - 30.0).abs() < 1e-9);
    }

    #[test]
    fn a_table_without_a_period_is_not_compared() {
        let shown = table(&[("03", "2026-10", Some(100), 0.05, 1)]).project(&[0, 2]).unwrap();
        assert_eq!(compare(&model(), &shown, &shown, 0.0).unwrap(), None);
    }
}
