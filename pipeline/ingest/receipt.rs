//! Receipts: the lake table `mottak` says per delivery how many rows were received, stored, counted outside, and
//! put in quarantine by each rule. Knows nothing of runs or times: those are in the ledger.

use std::sync::Arc;

use anyhow::Context;
use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::intake::Tally;
use crate::calendar::Month;
use crate::lake::{Entry, Lake, TableWriter};

/// The table's name.
pub const MOTTAK: &str = "mottak";

/// The names that rows are counted under beside the rules.
const RECEIVED: &str = "mottatt";
const STORED: &str = "lagret";

/// `kilde, maaned, fylkesnr, regel, antall`.
pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("kilde", DataType::Utf8, false),
        Field::new("maaned", DataType::Int32, true),
        Field::new("fylkesnr", DataType::Utf8, true),
        Field::new("regel", DataType::Utf8, false),
        Field::new("antall", DataType::Int64, false),
    ]))
}

/// Writes one delivery's receipt.
pub(super) fn write(
    lake: &Lake,
    source: &str,
    partition: &str,
    month: Option<Month>,
    tally: &Tally,
) -> anyhow::Result<Entry> {
    let mut counts = vec![(RECEIVED.to_owned(), tally.received), (STORED.to_owned(), tally.stored())];
    counts.extend(tally.outside.iter().chain(&tally.bad).map(|(rule, count)| (rule.clone(), *count)));
    counts.sort();
    let n = counts.len();
    let numbers: Vec<i64> =
        counts.iter().map(|(_, count)| i64::try_from(*count).context("row count")).collect::<anyhow::Result<_>>()?;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec![source; n])),
        Arc::new(Int32Array::from(vec![month.map(Month::number); n])),
        Arc::new(StringArray::from(vec![None::<&str>; n])),
        Arc::new(counts.iter().map(|(rule, _)| Some(rule.as_str())).collect::<StringArray>()),
        Arc::new(Int64Array::from(numbers)),
    ];
    let batch = RecordBatch::try_new(schema(), columns).context("writing the receipt")?;
    let mut writer = TableWriter::start(lake.folder(), schema(), &["regel".to_owned()])?;
    writer.write(&batch)?;
    writer.finish(lake.folder(), MOTTAK, &format!("{source}-{partition}"), 1)
}
