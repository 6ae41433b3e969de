//! Checked rows gathered into Arrow batches of a contract table's schema, with the delivery's line number beside them.

use std::sync::Arc;

use anyhow::Context;
use arrow::array::{
    ArrayRef, Date32Builder, Int8Builder, Int16Builder, Int32Array, Int32Builder, Int64Builder, RecordBatch,
    StringArray, StringBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::TableContract;
use super::column::Value;
use crate::calendar::Month;

/// The column that carries the delivery's line number while a delivery is taken in; it is not stored.
pub const LINE: &str = "_linje";

/// Rows per batch.
const BATCH_ROWS: usize = 8192;

/// Gathers checked rows; hands out a batch whenever `BATCH_ROWS` are there.
pub struct Batcher {
    schema: SchemaRef,
    columns: Vec<Builder>,
    lines: Int64Builder,
    month: Option<i32>,
    delivery: Option<String>,
    rows: usize,
}

enum Builder {
    Int8(Int8Builder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Date(Date32Builder),
    Text(StringBuilder),
}

impl Batcher {
    /// For a table, of a month where the table stores one.
    pub fn new(table: &TableContract, month: Option<Month>) -> Batcher {
        let mut fields: Vec<Arc<Field>> = table.schema().fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new(LINE, DataType::Int64, false)));
        Batcher {
            schema: Arc::new(Schema::new(fields)),
            columns: table.columns.iter().map(|column| Builder::new(&column.data_type())).collect(),
            lines: Int64Builder::new(),
            month: month.filter(|_| table.stores_month).map(Month::number),
            delivery: table.stores_delivery.then(String::new),
            rows: 0,
        }
    }

    /// Tells which delivery the rows come from, for tables that store it.
    pub fn name_delivery(&mut self, name: &str) {
        if let Some(delivery) = &mut self.delivery {
            name.clone_into(delivery);
        }
    }

    /// The schema of the batches: the table's, then [`LINE`].
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// Adds a checked row; a full batch comes back.
    pub fn push(&mut self, row: &[Value<'_>], line: u64) -> anyhow::Result<Option<RecordBatch>> {
        for (builder, value) in self.columns.iter_mut().zip(row) {
            builder.push(*value)?;
        }
        self.lines.append_value(i64::try_from(line).context("line number")?);
        self.rows += 1;
        if self.rows < BATCH_ROWS { Ok(None) } else { self.finish() }
    }

    /// The rows gathered so far, if there are any.
    pub fn finish(&mut self) -> anyhow::Result<Option<RecordBatch>> {
        if self.rows == 0 {
            return Ok(None);
        }
        let mut arrays: Vec<ArrayRef> = self.columns.iter_mut().map(Builder::finish).collect();
        if let Some(month) = self.month {
            arrays.push(Arc::new(Int32Array::from(vec![month; self.rows])));
        }
        if let Some(delivery) = &self.delivery {
            arrays.push(Arc::new(StringArray::from(vec![delivery.as_str(); self.rows])));
        }
        arrays.push(Arc::new(self.lines.finish()));
        self.rows = 0;
        RecordBatch::try_new(self.schema.clone(), arrays).map(Some).context("gathering rows")
    }
}

impl Builder {
    fn new(kind: &DataType) -> Builder {
        match kind {
            DataType::Int8 => Builder::Int8(Int8Builder::new()),
            DataType::Int16 => Builder::Int16(Int16Builder::new()),
            DataType::Int32 => Builder::Int32(Int32Builder::new()),
            DataType::Date32 => Builder::Date(Date32Builder::new()),
            DataType::Utf8 => Builder::Text(StringBuilder::new()),
            _ => Builder::Int64(Int64Builder::new()),
        }
    }

    fn push(&mut self, value: Value<'_>) -> anyhow::Result<()> {
        // The contract chose the type by the range it lets through, so a number always fits.
        let beyond = "a number beyond its column's range";
        match (self, value) {
            (Builder::Int8(b), Value::Integer(n)) => b.append_value(i8::try_from(n).context(beyond)?),
            (Builder::Int16(b), Value::Integer(n)) => b.append_value(i16::try_from(n).context(beyond)?),
            (Builder::Int32(b), Value::Integer(n)) => b.append_value(i32::try_from(n).context(beyond)?),
            (Builder::Int64(b), Value::Integer(n)) => b.append_value(n),
            (Builder::Date(b), Value::Integer(n)) => b.append_value(i32::try_from(n).context(beyond)?),
            (Builder::Text(b), Value::Text(text)) => b.append_value(text),
            (Builder::Int8(b), _) => b.append_null(),
            (Builder::Int16(b), _) => b.append_null(),
            (Builder::Int32(b), _) => b.append_null(),
            (Builder::Int64(b), _) => b.append_null(),
            (Builder::Date(b), _) => b.append_null(),
            (Builder::Text(b), _) => b.append_null(),
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Builder::Int8(b) => Arc::new(b.finish()),
            Builder::Int16(b) => Arc::new(b.finish()),
            Builder::Int32(b) => Arc::new(b.finish()),
            Builder::Int64(b) => Arc::new(b.finish()),
            Builder::Date(b) => Arc::new(b.finish()),
            Builder::Text(b) => Arc::new(b.finish()),
        }
    }
}
