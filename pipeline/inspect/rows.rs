//! Rows for a terminal: which are asked for, how their values are written, and how they stand below each other.
//!
//! Knows nothing of where rows come from.

use std::fmt::Write;

use anyhow::{Context, ensure};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::lake::Parameter;
use crate::model::Model;

/// `column=value`, with the value as the column's type.
pub(super) struct Key {
    /// The column.
    pub(super) column: String,
    /// The value.
    pub(super) value: Parameter,
}

impl Key {
    /// Reads what was written; the column must be one of the table's.
    pub(super) fn parse(written: &str, model: &Model, schema: &SchemaRef) -> anyhow::Result<Key> {
        let (column, text) =
            written.split_once('=').with_context(|| format!("'{written}' is not written as KEY=VALUE"))?;
        let field = schema.field_with_name(column).ok().with_context(|| {
            format!("{} has no column `{column}`; its keys are {}", model.name, key_names(model, schema))
        })?;
        let value = match field.data_type() {
            DataType::Utf8 => Parameter::Text(text.to_owned()),
            DataType::Date32 => {
                let date = text.parse().with_context(|| format!("{column}: '{text}' is not a date like 2026-01-31"))?;
                Parameter::Date(date)
            }
            kind => {
                ensure!(kind.is_integer(), "{column} is no key; name columns of whole numbers, texts or dates");
                let number = text.parse().with_context(|| format!("{column}: '{text}' is not a whole number"))?;
                Parameter::Integer(number)
            }
        };
        Ok(Key { column: column.to_owned(), value })
    }
}

/// `maaned (whole number), klasse (text)`.
pub(super) fn key_names(model: &Model, schema: &SchemaRef) -> String {
    let kind = |name: &String| match schema.field_with_name(name).map(|field| field.data_type().clone()) {
        Ok(DataType::Utf8) => format!("{name} (text)"),
        Ok(DataType::Date32) => format!("{name} (date)"),
        _ => format!("{name} (whole number)"),
    };
    model.grain.iter().map(kind).collect::<Vec<_>>().join(", ")
}

/// Rows as texts; an absent value is `None`.
pub(super) type Rows = Vec<Vec<Option<String>>>;

/// The rows of a batch.
pub(super) fn texts(batch: &RecordBatch) -> anyhow::Result<Rows> {
    let options = FormatOptions::default();
    let columns = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).context("writing values"))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let cell = |at: usize, row: usize| {
        (!batch.column(at).is_null(row)).then(|| columns.get(at).map(|column| column.value(row).to_string())).flatten()
    };
    Ok((0..batch.num_rows()).map(|row| (0..columns.len()).map(|at| cell(at, row)).collect()).collect())
}

/// Columns as wide as their widest value.
pub(super) fn put_table(names: &[String], rows: &Rows, out: &mut String) -> anyhow::Result<()> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let mut lines: Vec<Vec<String>> = vec![names.to_vec()];
    lines.extend(rows.iter().map(|row| row.iter().map(text).collect()));
    let width = |at: usize| lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..names.len()).map(|at| width(at).unwrap_or(0)).collect();
    for line in &lines {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(out, "  {}", cells.join("  ").trim_end())?;
    }
    Ok(())
}
