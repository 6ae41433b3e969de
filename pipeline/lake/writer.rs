//! Sorted rows to one immutable Parquet file, as a stream: memory does not grow with the table.
//!
//! While rows pass, their order and uniqueness are checked and their content is hashed. Knows nothing of what the
//! rows mean. The bytes depend on the rows alone: batches are cut anew to one size before they are written.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::BatchCoalescer;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::row::{OwnedRow, RowConverter, SortField};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use sha2::{Digest, Sha256};

use super::Entry;
use crate::disk;

const BATCH_ROWS: usize = 8192;
const ROW_GROUP_ROWS: usize = 250_000;

/// Writes one table file. The order is not declared in the file: DataFusion would infer it and plan by it, see
/// `Lake::register`.
pub struct TableWriter {
    schema: SchemaRef,
    order: Vec<usize>,
    order_names: Vec<String>,
    converter: RowConverter,
    order_converter: RowConverter,
    last: Option<OwnedRow>,
    coalescer: BatchCoalescer,
    writer: ArrowWriter<Hashed>,
    temporary: tempfile::TempPath,
    content: Sha256,
    rows: u64,
}

struct Hashed {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.hash.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// The schema as it is stored: text in one form, whatever form the engine computed it in.
pub fn stored_schema(schema: &Schema) -> SchemaRef {
    let fields: Vec<Arc<Field>> = schema
        .fields()
        .iter()
        .map(|field| match field.data_type() {
            DataType::Utf8View | DataType::LargeUtf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8)),
            _ => field.clone(),
        })
        .collect();
    Arc::new(Schema::new(fields))
}

impl TableWriter {
    /// Starts a file in the lake. `order` names the columns by which rows come strictly ascending.
    pub fn start(lake: &Path, schema: SchemaRef, order: &[String]) -> anyhow::Result<TableWriter> {
        let schema = stored_schema(&schema);
        let places: Vec<usize> = order
            .iter()
            .map(|name| schema.index_of(name).with_context(|| format!("column {name} is not in the result")))
            .collect::<anyhow::Result<_>>()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).context("zstd level")?))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_created_by("speil".to_owned())
            .build();
        disk::create_folder(lake)?;
        let (file, temporary) = tempfile::Builder::new()
            .prefix(disk::HALF_WRITTEN)
            .tempfile_in(lake)
            .with_context(|| format!("writing in {}", lake.display()))?
            .into_parts();
        let out = Hashed { file, hash: Sha256::new(), bytes: 0 };
        let writer = ArrowWriter::try_new(out, schema.clone(), Some(properties))
            .with_context(|| format!("writing {}", temporary.display()))?;
        let sort = |at: &usize| SortField::new(schema.field(*at).data_type().clone());
        let all: Vec<usize> = (0..schema.fields().len()).collect();
        let mut content = Sha256::new();
        for field in schema.fields() {
            content.update(format!("{}:{};", field.name(), field.data_type()));
        }
        Ok(TableWriter {
            converter: RowConverter::new(all.iter().map(sort).collect()).context("hashing rows")?,
            order_converter: RowConverter::new(places.iter().map(sort).collect()).context("ordering rows")?,
            coalescer: BatchCoalescer::new(schema.clone(), BATCH_ROWS),
            order: places,
            order_names: order.to_vec(),
            last: None,
            schema,
            writer,
            temporary,
            content,
            rows: 0,
        })
    }

    /// Writes the next rows.
    pub fn write(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let columns: Vec<ArrayRef> = batch
            .columns()
            .iter()
            .zip(self.schema.fields())
            .map(|(column, field)| arrow::compute::cast(column, field.data_type()).context("storing a column"))
            .collect::<anyhow::Result<_>>()?;
        self.check_order(&columns)?;
        self.hash(&columns)?;
        self.rows += batch.num_rows() as u64;
        let batch = RecordBatch::try_new(self.schema.clone(), columns).context("storing rows")?;
        self.coalescer.push_batch(batch).context("storing rows")?;
        while let Some(full) = self.coalescer.next_completed_batch() {
            self.writer.write(&full).with_context(|| format!("writing {}", self.temporary.display()))?;
        }
        Ok(())
    }

    fn check_order(&mut self, columns: &[ArrayRef]) -> anyhow::Result<()> {
        let order: Vec<ArrayRef> = self.order.iter().map(|at| columns[*at].clone()).collect();
        if order.is_empty() {
            return Ok(());
        }
        let rows = self.order_converter.convert_columns(&order).context("ordering rows")?;
        let mut last = self.last.as_ref().map(OwnedRow::row);
        for row in rows.iter() {
            match last.map(|last| last.cmp(&row)) {
                Some(std::cmp::Ordering::Equal) => {
                    bail!("two rows share the same ({}): the grain is not unique", self.order_names.join(", "))
                }
                Some(std::cmp::Ordering::Greater) => {
                    bail!("rows are not ordered by ({})", self.order_names.join(", "))
                }
                _ => last = Some(row),
            }
        }
        self.last = last.map(|row| row.owned());
        Ok(())
    }

    fn hash(&mut self, columns: &[ArrayRef]) -> anyhow::Result<()> {
        let rows = self.converter.convert_columns(columns).context("hashing rows")?;
        for row in rows.iter() {
            let bytes: &[u8] = row.as_ref();
            self.content.update(bytes.len().to_le_bytes());
            self.content.update(bytes);
        }
        Ok(())
    }

    /// Closes the file and gives it its place, `<table>/<partition>/<sha256>.parquet` in the lake.
    pub fn finish(mut self, lake: &Path, table: &str, partition: &str, version: u32) -> anyhow::Result<Entry> {
        self.coalescer.finish_buffered_batch().context("storing rows")?;
        while let Some(rest) = self.coalescer.next_completed_batch() {
            self.writer.write(&rest).with_context(|| format!("writing {}", self.temporary.display()))?;
        }
        let out = self.writer.into_inner().with_context(|| format!("writing {}", self.temporary.display()))?;
        let sha256 = disk::hex(&out.hash.finalize());
        let file = format!("{table}/{partition}/{sha256}.parquet");
        let path = lake.join(&file);
        disk::create_folder(path.parent().unwrap_or(lake))?;
        use std::os::unix::fs::PermissionsExt;
        out.file
            .set_permissions(std::fs::Permissions::from_mode(0o644))
            .with_context(|| format!("setting the mode of {}", path.display()))?;
        disk::put_in_place(self.temporary, &path)?;
        Ok(Entry {
            file,
            bytes: out.bytes,
            rows: self.rows,
            sha256,
            content: disk::hex(&self.content.finalize()),
            version,
            touches: Vec::new(),
            key: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int32Array, StringArray};

    fn batch(numbers: &[i32], texts: &[&str]) -> RecordBatch {
        let schema =
            Schema::new(vec![Field::new("nr", DataType::Int32, false), Field::new("navn", DataType::Utf8, true)]);
        let columns: Vec<ArrayRef> =
            vec![Arc::new(Int32Array::from(numbers.to_vec())), Arc::new(StringArray::from(texts.to_vec()))];
        RecordBatch::try_new(Arc::new(schema), columns).unwrap()
    }

    fn write(lake: &Path, batches: &[RecordBatch]) -> anyhow::Result<Entry> {
        let mut writer = TableWriter::start(lake, batches[0].schema(), &["nr".to_owned()])?;
        for batch in batches {
            writer.write(batch)?;
        }
        writer.finish(lake, "t", "alle", 1)
    }

    #[test]
    fn the_same_rows_give_the_same_bytes_however_they_are_cut() {
        let lake = tempfile::tempdir().unwrap();
        let whole = write(lake.path(), &[batch(&[1, 2, 3], &["a", "b", "c"])]).unwrap();
        let cut = write(lake.path(), &[batch(&[1], &["a"]), batch(&[2, 3], &["b", "c"])]).unwrap();
        assert_eq!(whole, cut);
        let other = write(lake.path(), &[batch(&[1, 2, 3], &["a", "b", ""])]).unwrap();
        assert_ne!(whole.content, other.content);
    }

    #[test]
    fn a_repeated_or_misplaced_key_is_an_error() {
        let lake = tempfile::tempdir().unwrap();
        let twice = write(lake.path(), &[batch(&[1], &["a"]), batch(&[1], &["b"])]).unwrap_err();
        assert!(twice.to_string().contains("the grain is not unique"));
        assert!(write(lake.path(), &[batch(&[2, 1], &["a", "b"])]).is_err());
    }
}
