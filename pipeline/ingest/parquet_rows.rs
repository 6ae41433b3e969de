//! Parquet deliveries: the same columns as in CSV, typed or as text; a decimal point in text.
//!
//! Each value is brought to the text that CSV would have, so that both formats pass the very same checks.

use std::fs::File;
use std::path::Path;

use anyhow::Context;
use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::intake::{Intake, Outlet};

/// Reads a whole delivery into an intake, whose decimal mark must be a point. The "line" of a row is its number.
pub fn read(file: File, path: &Path, intake: &mut Intake<'_>, out: &mut dyn Outlet) -> anyhow::Result<()> {
    let broken = || format!("{} is not readable as Parquet", path.display());
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).with_context(broken)?;
    let header: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    let places = intake.match_header(&header)?;
    let mut line = 0;
    for batch in builder.with_batch_size(8192).build().with_context(broken)? {
        let batch = batch.with_context(broken)?;
        let columns: Vec<StringArray> = batch
            .columns()
            .iter()
            .zip(&header)
            .map(|(column, name)| {
                let text = arrow::compute::cast(column, &DataType::Utf8)
                    .with_context(|| format!("column `{name}` has a type that cannot be read as text"))?;
                Ok(text.as_string::<i32>().clone())
            })
            .collect::<anyhow::Result<_>>()?;
        for row in 0..batch.num_rows() {
            line += 1;
            let field = |at: usize| if columns[at].is_null(row) { &b""[..] } else { columns[at].value(row).as_bytes() };
            let fields: Vec<Option<&[u8]>> = places.iter().map(|at| at.map(field)).collect();
            intake.row(line, &fields, out)?;
        }
    }
    Ok(())
}
