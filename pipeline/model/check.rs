//! What must hold of every row that a model computes: values where none may be absent, numbers in their range.
//! Uniqueness and order are checked by the lake's writer while it writes.

use anyhow::Context;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type};

use super::header::{CheckSpec, Model};
use crate::engine::Engine;
use crate::lake::{Lake, Query};

/// A model's data are not what its header says: the product's old release stays.
#[derive(Debug, thiserror::Error)]
#[error("{place}: rule {rule}: {what}")]
pub struct CheckFailed {
    /// `file:line`.
    pub place: String,
    /// The rule's name.
    pub rule: String,
    /// What was found; never a row's values.
    pub what: String,
}

/// How many codes of what a check found are told.
const MOST_SHOWN: usize = 10;

/// What a header's own statement found, if it found anything.
pub fn found_by(
    model: &Model,
    check: &CheckSpec,
    query: &Query<'_>,
    engine: &Engine,
    lake: &Lake,
) -> anyhow::Result<Option<CheckFailed>> {
    let place = model.at(&format!("\"{}\"", check.navn));
    let (mut found, mut shown) = (0, Vec::new());
    lake.stream(engine, query, |batch| {
        found += batch.num_rows();
        show(check, batch, &mut shown)
    })
    .with_context(|| format!("{place}: rule {}", check.navn))?;
    let shown = if shown.is_empty() { String::new() } else { format!(": {}", shown.join(", ")) };
    let what = format!("{} ({found} rows{shown})", check.melding);
    Ok((found > 0).then(|| CheckFailed { place, rule: check.navn.clone(), what }))
}

/// Adds the first codes of what a header's own check found, if it says which column they are in.
fn show(check: &CheckSpec, batch: &RecordBatch, shown: &mut Vec<String>) -> anyhow::Result<()> {
    let Some(name) = &check.viser else { return Ok(()) };
    let column = batch.column_by_name(name).with_context(|| format!("its statement has no column `{name}`"))?;
    let codes = arrow::compute::cast(column, &DataType::Utf8).context("reading codes")?;
    let left = MOST_SHOWN.saturating_sub(shown.len());
    shown.extend(codes.as_string::<i32>().iter().flatten().take(left).map(str::to_owned));
    Ok(())
}

/// Checks one batch of a model's rows.
pub(super) fn batch(model: &Model, batch: &RecordBatch, month: Option<&str>) -> anyhow::Result<()> {
    let where_ = month.map(|month| format!(" in {month}")).unwrap_or_default();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let spec = model.columns.get(field.name());
        let may_miss = spec.is_some_and(|spec| spec.mangler.is_some());
        if column.null_count() > 0 && !may_miss {
            return Err(anyhow::Error::new(CheckFailed {
                place: model.at_column(field.name()),
                rule: "mangler".to_owned(),
                what: format!("{} is absent in {} rows{where_}", field.name(), column.null_count()),
            }));
        }
        if let Some([least, most]) = spec.and_then(|spec| spec.between)
            && field.data_type().is_numeric()
        {
            let numbers = arrow::compute::cast(column, &DataType::Float64).context("comparing numbers")?;
            let numbers = numbers.as_primitive::<Float64Type>();
            let outside = numbers.iter().flatten().filter(|number| !(least..=most).contains(number)).count();
            if outside > 0 {
                return Err(anyhow::Error::new(CheckFailed {
                    place: model.at_column(field.name()),
                    rule: "between".to_owned(),
                    what: format!("{} is outside {least} to {most} in {outside} rows{where_}", field.name()),
                }));
            }
        }
    }
    Ok(())
}
