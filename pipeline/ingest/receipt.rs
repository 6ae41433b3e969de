//! Receipts: the lake table `mottak` says per delivery how many rows were received, stored, counted outside, and
//! put in quarantine by each rule. Knows nothing of runs or times: those are in the ledger.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::intake::{Placed, Tally};
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

/// Rows by month, county and what they are counted under.
pub(super) type Counts = BTreeMap<(Option<i32>, Option<String>, String), u64>;

/// What became of a delivery's rows; of several counties, what each delivered, and under `00` what could not be placed.
/// A bad row whose own county and month can be read counts there (C2).
pub(super) fn counts(
    concerns: &Concerns<'_>,
    tally: &Tally,
    counties: Option<&BTreeMap<i64, Tally>>,
    placed: &Placed,
) -> anyhow::Result<Counts> {
    let month = concerns.month.map(Month::number);
    let mut counts = Counts::new();
    let mut rest = tally.clone();
    for (county, of_county) in counties.into_iter().flatten() {
        count(&mut counts, month, Some(code(*county)), of_county);
        rest.subtract(of_county);
    }
    if counties.is_none() || rest.received > 0 {
        count(&mut counts, month, concerns.county.map(str::to_owned), &rest);
    }
    for ((county, own_month), rules) in placed {
        let own = (Some(*own_month), Some(code(*county)));
        let counted = (month, if counties.is_some() { own.1.clone() } else { concerns.county.map(str::to_owned) });
        if own != counted {
            rules.iter().try_for_each(|(rule, n)| move_rows(&mut counts, &counted, &own, rule, *n))?;
        }
    }
    Ok(counts)
}

fn code(county: i64) -> String {
    format!("{county:02}")
}

fn count(counts: &mut Counts, month: Option<i32>, county: Option<String>, tally: &Tally) {
    let of = |rule: &str, count: u64| ((month, county.clone(), rule.to_owned()), count);
    let by_rule = tally.outside.iter().chain(&tally.bad).map(|(rule, count)| of(rule, *count));
    counts.extend([of(RECEIVED, tally.received), of(STORED, tally.stored())].into_iter().chain(by_rule));
}

/// Counts bad rows under another month and county than their delivery's.
fn move_rows(
    counts: &mut Counts,
    from: &(Option<i32>, Option<String>),
    to: &(Option<i32>, Option<String>),
    rule: &str,
    rows: u64,
) -> anyhow::Result<()> {
    let at = |place: &(Option<i32>, Option<String>), name: &str| (place.0, place.1.clone(), name.to_owned());
    for name in [RECEIVED, rule] {
        let counted = counts.get_mut(&at(from, name)).and_then(|n| n.checked_sub(rows).map(|less| *n = less));
        counted
            .with_context(|| format!("more rows under {name} have a month and county of their own than there are"))?;
        *counts.entry(at(to, name)).or_default() += rows;
    }
    counts.entry(at(to, STORED)).or_default();
    counts.retain(|(_, _, name), count| *count > 0 || [RECEIVED, STORED].contains(&name.as_str()));
    Ok(())
}

/// Writes one delivery's receipt.
pub(super) fn write(lake: &Lake, source: &str, partition: &str, counts: &Counts) -> anyhow::Result<Entry> {
    let number = |count: &u64| i64::try_from(*count).context("row count");
    let numbers: Vec<i64> = counts.values().map(number).collect::<anyhow::Result<_>>()?;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec![source; counts.len()])),
        Arc::new(counts.keys().map(|(month, _, _)| *month).collect::<Int32Array>()),
        Arc::new(counts.keys().map(|(_, county, _)| county.as_deref()).collect::<StringArray>()),
        Arc::new(counts.keys().map(|(_, _, rule)| Some(rule.as_str())).collect::<StringArray>()),
        Arc::new(Int64Array::from(numbers)),
    ];
    let batch = RecordBatch::try_new(schema(), columns).context("writing the receipt")?;
    let order = ["maaned", "fylkesnr", "regel"].map(str::to_owned);
    let mut writer = TableWriter::start(lake.folder(), schema(), &order)?;
    writer.write(&batch)?;
    writer.finish(lake.folder(), MOTTAK, &format!("{source}-{partition}"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_row_counts_in_its_own_county_and_month() {
        let bad = BTreeMap::from([("mangler".to_owned(), 2), ("ikke_dato".to_owned(), 1)]);
        let tally = Tally { received: 10, bad, ..Tally::default() };
        let rules = |n| BTreeMap::from([("mangler".to_owned(), n)]);
        let placed = Placed::from([((3, 202_610), rules(1)), ((46, 202_609), rules(1))]);
        let concerns = Concerns { month: Month::from_number(202_610), county: Some("03") };
        let counts = counts(&concerns, &tally, None, &placed).unwrap();
        let rows: Vec<String> = counts
            .iter()
            .map(|((month, county, rule), count)| {
                format!("{} {} {rule} {count}", month.unwrap(), county.as_deref().unwrap())
            })
            .collect();
        let wanted = [
            "202609 46 lagret 0",
            "202609 46 mangler 1",
            "202609 46 mottatt 1",
            "202610 03 ikke_dato 1",
            "202610 03 lagret 7",
            "202610 03 mangler 1",
            "202610 03 mottatt 9",
        ];
        assert_eq!(rows, wanted);
    }
}
