//! Tables as files for people and programs: CSV with `;` and decimal comma, rounded once (A4), and Parquet.
//!
//! Knows a model's header and its rows; who may see them was decided before, where files go is decided after.

pub mod cube;
pub mod variables;

use anyhow::{Context, bail};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::calendar;
use crate::model::Model;

/// A table's rows as CSV: header row, `;`, decimal comma, empty = absent.
pub fn csv(model: &Model, batch: &RecordBatch) -> anyhow::Result<Vec<u8>> {
    let schema = batch.schema();
    let columns: Vec<Vec<Option<String>>> = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| texts(model, batch, field.name(), column).with_context(|| field.name().clone()))
        .collect::<anyhow::Result<_>>()
        .with_context(|| format!("writing {} as CSV", model.name))?;
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    writer.write_record(schema.fields().iter().map(|field| field.name())).context("writing CSV")?;
    for row in 0..batch.num_rows() {
        writer
            .write_record(columns.iter().map(|column| column[row].as_deref().unwrap_or("")))
            .context("writing CSV")?;
    }
    writer.into_inner().context("writing CSV")
}

/// A table's rows as Parquet.
pub fn parquet(batch: &RecordBatch) -> anyhow::Result<Vec<u8>> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).context("zstd level")?))
        .set_created_by("speil".to_owned())
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).context("writing Parquet")?;
    writer.write(batch).context("writing Parquet")?;
    writer.close().context("writing Parquet")?;
    Ok(bytes)
}

/// One column as texts; a share from its numerator and denominator where it has them.
fn texts(model: &Model, batch: &RecordBatch, name: &str, column: &ArrayRef) -> anyhow::Result<Vec<Option<String>>> {
    let spec = model.columns.get(name);
    match column.data_type() {
        DataType::Utf8 => Ok(column.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()),
        DataType::Date32 => Ok(column
            .as_primitive::<Date32Type>()
            .iter()
            .map(|days| days.and_then(calendar::date_from_days).map(|date| date.to_string()))
            .collect()),
        kind if kind.is_integer() => Ok(integers(column)?.iter().map(|n| n.map(|n| n.to_string())).collect()),
        DataType::Float64 => {
            let numbers = column.as_primitive::<Float64Type>();
            let derived = spec.map(|spec| spec.avledet_av.as_slice()).unwrap_or_default();
            if let [part, whole] = derived
                && let (Some(part), Some(whole)) = (batch.column_by_name(part), batch.column_by_name(whole))
            {
                let (part, whole) = (integers(part)?, integers(whole)?);
                let share = |row: usize| match (part[row], whole[row]) {
                    (Some(part), Some(whole)) if numbers.is_valid(row) && whole > 0 => Some(thousandths(part, whole)),
                    _ => numbers.is_valid(row).then(|| rounded(numbers.value(row), 3)),
                };
                return Ok((0..column.len()).map(share).collect());
            }
            let decimals = spec.and_then(|spec| spec.desimaler).unwrap_or(3);
            Ok(numbers.iter().map(|number| number.map(|number| rounded(number, decimals))).collect())
        }
        other => bail!("a column of type {other} has no form in CSV"),
    }
}

fn integers(column: &ArrayRef) -> anyhow::Result<Vec<Option<i64>>> {
    let numbers = arrow::compute::cast(column, &DataType::Int64).context("reading integers")?;
    Ok(numbers.as_primitive::<Int64Type>().iter().collect())
}

/// A share to tenths of a percentage point, by integers: (2000·part + whole) div (2·whole), half away from zero.
fn thousandths(part: i64, whole: i64) -> String {
    let tenths = (2000 * part + whole) / (2 * whole);
    format!("{},{:03}", tenths / 1000, tenths % 1000)
}

/// A number with so many decimals and a comma, half away from zero.
fn rounded(number: f64, decimals: u32) -> String {
    // Rust formats half to even on the exact binary value; `round` is half away from zero as A4 asks.
    let scale = 10_f64.powi(i32::try_from(decimals).unwrap_or(0));
    let places = usize::try_from(decimals).unwrap_or(0);
    let text = format!("{:.places$}", (number * scale).round() / scale);
    let text = if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
        text.trim_start_matches('-').to_owned()
    } else {
        text
    };
    text.replace('.', ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_from_integers_half_away_from_zero() {
        assert_eq!(thousandths(1, 24), "0,042");
        assert_eq!(thousandths(1, 2000), "0,001");
        assert_eq!(thousandths(0, 7), "0,000");
        assert_eq!(thousandths(7, 7), "1,000");
        // 0.0625 of 80: 5 / 80 = 6.25 % is 6.3 %.
        assert_eq!(thousandths(5, 80), "0,063");
    }

    #[test]
    fn numbers_have_a_comma_and_no_negative_zero() {
        assert_eq!(rounded(1.25, 1), "1,3");
        assert_eq!(rounded(-0.04, 1), "0,0");
        assert_eq!(rounded(12.0, 0), "12");
    }
}
