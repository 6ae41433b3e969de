//! Rows on their way into the lake, in delivery order, in a file of their own until they are sorted.
//!
//! Both sorts (by key, to find repeated keys; by the contract's order) read this file and spill when they must,
//! so that memory does not grow with the delivery.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::prelude::{ParquetReadOptions, col};
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::writer::TableWriter;
use crate::engine::{Engine, reduce};

/// An unsorted file under way. The last column is the delivery's line number.
pub struct Stage {
    writer: ArrowWriter<std::fs::File>,
    schema: SchemaRef,
    path: tempfile::TempPath,
}

/// A closed stage, ready to be sorted.
pub struct Staged {
    path: tempfile::TempPath,
    /// Rows that were added when it was closed; absent when none were.
    added: Option<Box<Staged>>,
    schema: SchemaRef,
}

impl Stage {
    /// A new stage in a folder for temporary files.
    pub fn start(folder: &Path, schema: SchemaRef) -> anyhow::Result<Stage> {
        let (file, path) = tempfile::Builder::new()
            .prefix("mottak-")
            .suffix(".parquet")
            .tempfile_in(folder)
            .with_context(|| format!("writing in {}", folder.display()))?
            .into_parts();
        // Written once, read twice and thrown away: neither compression nor statistics pay.
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(false)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_max_row_group_row_count(Some(65_536))
            .build();
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))
            .with_context(|| format!("writing {}", path.display()))?;
        Ok(Stage { writer, schema, path })
    }

    /// Adds rows.
    pub fn write(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        self.writer.write(batch).with_context(|| format!("writing {}", self.path.display()))
    }

    /// Closes the stage.
    pub fn finish(self) -> anyhow::Result<Staged> {
        self.writer.close().with_context(|| format!("writing {}", self.path.display()))?;
        Ok(Staged { path: self.path, added: None, schema: self.schema })
    }
}

impl Staged {
    /// Adds rows that were stored before, whose line is 0. `folder` is one for temporary files.
    pub fn add_stored(&mut self, folder: &Path, batches: &[RecordBatch]) -> anyhow::Result<()> {
        let mut stage = Stage::start(folder, self.schema.clone())?;
        for batch in batches {
            let lines: ArrayRef = Arc::new(Int64Array::from(vec![0; batch.num_rows()]));
            let columns = batch.columns().iter().cloned().chain([lines]).collect();
            stage.write(&RecordBatch::try_new(self.schema.clone(), columns).context("taking stored rows over")?)?;
        }
        self.added = Some(Box::new(stage.finish()?));
        Ok(())
    }

    /// The lines of rows that share their key with another row, all of them; stops looking after `most` lines.
    pub fn repeated(&self, engine: &Engine, key: &[String], most: u64) -> anyhow::Result<BTreeSet<u64>> {
        let mut columns = key.to_vec();
        columns.push(self.line_column());
        let mut repeated = BTreeSet::new();
        let mut last: Option<(OwnedRow, u64)> = None;
        let mut converter: Option<RowConverter> = None;
        self.sorted(engine, &columns, key, |batch| {
            let keys: Vec<ArrayRef> = (0..key.len()).map(|at| batch.column(at).clone()).collect();
            let converter = match &mut converter {
                Some(converter) => converter,
                None => {
                    let fields = keys.iter().map(|key| SortField::new(key.data_type().clone())).collect();
                    converter.insert(RowConverter::new(fields).context("comparing keys")?)
                }
            };
            let rows = converter.convert_columns(&keys).context("comparing keys")?;
            let lines = lines(&batch, key.len())?;
            let mut previous: Option<(usize, u64)> = None;
            for (at, line) in lines.into_iter().enumerate() {
                let same = match (previous, &last) {
                    (Some((before, _)), _) => rows.row(before) == rows.row(at),
                    (None, Some((key, _))) => key.row() == rows.row(at),
                    (None, None) => false,
                };
                if same {
                    repeated.insert(line);
                    repeated.extend(previous.map(|(_, line)| line).or(last.as_ref().map(|(_, line)| *line)));
                }
                previous = Some((at, line));
            }
            if let Some((at, line)) = previous {
                last = Some((rows.row(at).owned(), line));
            }
            Ok(repeated.len() as u64 <= most)
        })?;
        Ok(repeated)
    }

    /// Hands the line and the number in a column of every row to `each`, by line; rows without a number are left out.
    pub fn numbers(&self, engine: &Engine, column: &str, mut each: impl FnMut(u64, i64)) -> anyhow::Result<()> {
        let line = self.line_column();
        self.sorted(engine, &[column.to_owned(), line.clone()], &[line], |batch| {
            let numbers = arrow::compute::cast(batch.column(0), &DataType::Int64).context("reading numbers")?;
            for (line, number) in lines(&batch, 1)?.into_iter().zip(numbers.as_primitive::<Int64Type>()) {
                if let Some(number) = number {
                    each(line, number);
                }
            }
            Ok(true)
        })
    }

    /// Writes the rows, but those of `without`, in order into a table file.
    pub fn write_sorted(
        &self,
        engine: &Engine,
        order: &[String],
        without: &BTreeSet<u64>,
        writer: &mut TableWriter,
    ) -> anyhow::Result<()> {
        let all: Vec<String> = self.schema.fields().iter().map(|field| field.name().clone()).collect();
        let line_at = all.len() - 1;
        self.sorted(engine, &all, order, |batch| {
            let stored: Vec<usize> = (0..line_at).collect();
            let kept = if without.is_empty() {
                batch
            } else {
                let keep: BooleanArray =
                    lines(&batch, line_at)?.iter().map(|line| Some(!without.contains(line))).collect();
                arrow::compute::filter_record_batch(&batch, &keep).context("leaving bad rows out")?
            };
            writer.write(&kept.project(&stored).context("storing rows")?)?;
            Ok(true)
        })
    }

    /// As a URL: a plain path is read as a glob when its folders are named with brackets.
    fn url(&self) -> anyhow::Result<String> {
        let path = std::path::absolute(&self.path).context("the folder for temporary files")?;
        let Ok(url) = url::Url::from_file_path(&path) else { bail!("{} is no file path", path.display()) };
        Ok(url.to_string())
    }

    fn line_column(&self) -> String {
        self.schema.field(self.schema.fields().len() - 1).name().clone()
    }

    /// Hands the rows to `each` in order, until it says stop.
    fn sorted(
        &self,
        engine: &Engine,
        columns: &[String],
        order: &[String],
        mut each: impl FnMut(RecordBatch) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let session = engine.sorting_session();
        let urls: Vec<String> = [Some(self), self.added.as_deref()]
            .into_iter()
            .flatten()
            .map(Staged::url)
            .collect::<anyhow::Result<_>>()?;
        engine.wait(async {
            let options = ParquetReadOptions::default().schema(&self.schema);
            let frame = session.read_parquet(urls, options).await.map_err(|error| reduce(&error))?;
            let names: Vec<&str> = columns.iter().map(String::as_str).collect();
            let by = order.iter().map(|name| col(format!("\"{name}\"")).sort(true, false)).collect();
            let sorted =
                frame.select_columns(&names).and_then(|frame| frame.sort(by)).map_err(|error| reduce(&error))?;
            let mut stream = sorted.execute_stream().await.map_err(|error| reduce(&error))?;
            while let Some(batch) = stream.next().await {
                if !each(batch.map_err(|error| reduce(&error))?)? {
                    break;
                }
            }
            Ok(())
        })
    }
}

fn lines(batch: &RecordBatch, at: usize) -> anyhow::Result<Vec<u64>> {
    let lines = batch.column(at).as_primitive::<Int64Type>();
    lines.values().iter().map(|line| u64::try_from(*line).context("line number")).collect()
}
