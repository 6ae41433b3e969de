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

/// The rows of a batch by the folder they belong in, in the table's order. A row with the key `alle` belongs in each; one
/// without a key in none, which is an error unless the header says why it can be absent.
pub(super) fn by_key(
    model: &Model,
    batch: &RecordBatch,
    column: &str,
) -> anyhow::Result<BTreeMap<String, RecordBatch>> {
    let may_be_absent = model.columns.get(column).is_some_and(|spec| spec.mangler.is_some());
    let mut rows: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (row, key) in (0_u64..).zip(keys(batch, column)?) {
        match key {
            Some(key) => rows.entry(key).or_default().push(row),
            None if may_be_absent => {}
            None => bail!(
                "{}: row {} has no {column}, so it is in nobody's folder; give it one, or say in the header why it can \
                 be absent (mangler)",
                model.at("mappe"),
                row + 1
            ),
        }
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

/// Whose folder each row belongs in; absent for nobody's.
pub(super) fn keys(batch: &RecordBatch, column: &str) -> anyhow::Result<Vec<Option<String>>> {
    let column_of = batch.column_by_name(column).with_context(|| format!("no column {column}"))?;
    let key = |cell| match cell {
        Cell::Integer(number) => Ok(Some(number.to_string())),
        Cell::Text(text) => Ok(Some(text)),
        Cell::Absent => Ok(None),
        Cell::Number(_) | Cell::Date(_) => bail!("{column} is neither a number nor a code and names no folder"),
    };
    cells(column_of.as_ref())?.into_iter().map(key).collect()
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    fn divided(header: &str, keys: Vec<Option<&str>>) -> anyhow::Result<Vec<(String, usize)>> {
        let header = format!(
            "/*---\ntitle = \"T\"\naudience = \"fylke\"\ngrain = [\"n\"]\nmappe = \"fylkesnr\"\nversjon = 1\n\
             [columns.n]\nunit = \"stk\"\n{header}---*/\nselect fylkesnr, n from t order by n\n"
        );
        let model = Model::parse("too", "m", &header)?;
        let numbers: ArrayRef = Arc::new((0..).take(keys.len()).collect::<Int64Array>());
        let keys: ArrayRef = Arc::new(StringArray::from(keys));
        let batch = RecordBatch::try_from_iter([("fylkesnr", keys), ("n", numbers)])?;
        let parts = by_key(&model, &batch, "fylkesnr")?;
        Ok(parts.into_iter().map(|(key, part)| (key, part.num_rows())).collect())
    }

    #[test]
    fn rows_are_in_the_folder_of_their_key_and_shared_ones_in_each() {
        let found = divided("", vec![Some("03"), Some("alle"), Some("11"), Some("03")]).unwrap();
        assert_eq!(found, [("03".to_owned(), 3), ("11".to_owned(), 2)]);
    }

    #[test]
    fn a_row_without_a_key_is_an_error_unless_the_header_says_why_it_can_be_absent() {
        let keys = vec![Some("03"), None];
        let error = divided("", keys.clone()).unwrap_err().to_string();
        assert!(
            error.starts_with("queries/too/m.sql:5: row 2 has no fylkesnr, so it is in nobody's folder"),
            "{error}"
        );
        let allowed = divided("[columns.fylkesnr]\nmangler = \"raden gjelder en region\"\n", keys).unwrap();
        assert_eq!(allowed, [("03".to_owned(), 1)]);
    }
}
