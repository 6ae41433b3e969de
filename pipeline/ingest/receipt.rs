//! Receipts: the lake table `mottak` says per delivery how many rows were received, stored, counted outside, and
//! put in quarantine by each rule. Knows nothing of runs or times: those are in the ledger.

use std::collections::BTreeMap;
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

/// Which month and county a delivery concerns, where it concerns one.
pub(super) struct Concerns<'a> {
    pub(super) month: Option<Month>,
    pub(super) county: Option<&'a str>,
}

/// Writes one delivery's receipt; of several counties, what each delivered, and under `00` what could not be placed.
pub(super) fn write(
    lake: &Lake,
    source: &str,
    partition: &str,
    concerns: &Concerns<'_>,
    tally: &Tally,
    counties: Option<&BTreeMap<i64, Tally>>,
) -> anyhow::Result<Entry> {
    let mut counts: Vec<(Option<String>, String, u64)> = Vec::new();
    let mut count = |county: Option<&str>, tally: &Tally| {
        let county = county.map(str::to_owned);
        counts.push((county.clone(), RECEIVED.to_owned(), tally.received));
        counts.push((county.clone(), STORED.to_owned(), tally.stored()));
        let by_rule = tally.outside.iter().chain(&tally.bad);
        counts.extend(by_rule.map(|(rule, count)| (county.clone(), rule.clone(), *count)));
    };
    let mut rest = tally.clone();
    for (county, of_county) in counties.into_iter().flatten() {
        count(Some(&format!("{county:02}")), of_county);
        rest.subtract(of_county);
    }
    if counties.is_none() || rest.received > 0 {
        count(concerns.county, &rest);
    }
    counts.sort();
    let n = counts.len();
    let numbers: Vec<i64> =
        counts.iter().map(|(_, _, count)| i64::try_from(*count).context("row count")).collect::<anyhow::Result<_>>()?;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec![source; n])),
        Arc::new(Int32Array::from(vec![concerns.month.map(Month::number); n])),
        Arc::new(counts.iter().map(|(county, _, _)| county.as_deref()).collect::<StringArray>()),
        Arc::new(counts.iter().map(|(_, rule, _)| Some(rule.as_str())).collect::<StringArray>()),
        Arc::new(Int64Array::from(numbers)),
    ];
    let batch = RecordBatch::try_new(schema(), columns).context("writing the receipt")?;
    let order = if counties.is_some() { ["fylkesnr", "regel"].as_slice() } else { &["regel"] };
    let order: Vec<String> = order.iter().map(|name| (*name).to_owned()).collect();
    let mut writer = TableWriter::start(lake.folder(), schema(), &order)?;
    writer.write(&batch)?;
    writer.finish(lake.folder(), MOTTAK, &format!("{source}-{partition}"), 1)
}
