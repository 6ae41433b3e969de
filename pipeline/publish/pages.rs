//! Tables for the pages: Arrow columns become cells, and rows find the folder they belong in.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use arrow::array::{Array, AsArray, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};

use crate::calendar;
use crate::model::Model;
use crate::render::{Cell, Column, Table};

/// A table as render gets it.
pub(super) fn table(model: &Model, batch: &RecordBatch) -> anyhow::Result<Table> {
    let columns = batch
        .schema()
        .fields()
        .iter()
        .map(|field| {
            let spec = model.columns.get(field.name());
            Column {
                name: field.name().clone(),
                unit: spec.and_then(|spec| spec.unit.clone()),
                missing: spec.and_then(|spec| spec.mangler.clone()),
            }
        })
        .collect();
    let cells: Vec<Vec<Cell>> =
        batch.columns().iter().map(|column| cells(column.as_ref())).collect::<anyhow::Result<_>>()?;
    let rows = (0..batch.num_rows()).map(|row| cells.iter().map(|column| column[row].clone()).collect()).collect();
    Ok(Table { name: model.name.clone(), title: model.title.clone(), columns, rows })
}

/// A row with this key belongs in every folder.
const EVERY_FOLDER: &str = "alle";

/// The rows of a batch by the folder they belong in, in the table's order. A row without a key belongs in none, a row
/// with the key `alle` in each.
pub(super) fn by_key(batch: &RecordBatch, column: &str) -> anyhow::Result<BTreeMap<String, RecordBatch>> {
    let at = batch.schema().index_of(column).with_context(|| format!("no column {column}"))?;
    let mut rows: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (row, cell) in (0_u64..).zip(cells(batch.column(at).as_ref())?) {
        let key = match cell {
            Cell::Integer(number) => number.to_string(),
            Cell::Text(text) => text,
            Cell::Absent => continue,
            Cell::Number(_) | Cell::Date(_) => bail!("{column} is neither a number nor a code and names no folder"),
        };
        rows.entry(key).or_default().push(row);
    }
    let shared = rows.remove(EVERY_FOLDER).unwrap_or_default();
    rows.into_iter()
        .map(|(key, mut own)| {
            own.extend(&shared);
            own.sort_unstable();
            let part = arrow::compute::take_record_batch(batch, &UInt64Array::from(own)).context("dividing rows")?;
            Ok((key, part))
        })
        .collect()
}

fn cells(column: &dyn Array) -> anyhow::Result<Vec<Cell>> {
    let or_absent = |cell: Option<Cell>| cell.unwrap_or(Cell::Absent);
    Ok(match column.data_type() {
        DataType::Utf8 => column
            .as_string::<i32>()
            .iter()
            .map(|text| or_absent(text.map(|text| Cell::Text(text.to_owned()))))
            .collect(),
        DataType::Float64 => {
            column.as_primitive::<Float64Type>().iter().map(|number| or_absent(number.map(Cell::Number))).collect()
        }
        DataType::Date32 => column
            .as_primitive::<Date32Type>()
            .iter()
            .map(|days| or_absent(days.and_then(calendar::date_from_days).map(Cell::Date)))
            .collect(),
        kind if kind.is_integer() => {
            let numbers = arrow::compute::cast(column, &DataType::Int64).context("reading integers")?;
            numbers.as_primitive::<Int64Type>().iter().map(|number| or_absent(number.map(Cell::Integer))).collect()
        }
        other => bail!("a column of type {other} has no form on a page"),
    })
}
