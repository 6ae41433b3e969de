//! Receipts: the lake table `mottak` says per delivery how many rows were received, stored, counted outside, and
//! put in quarantine by each rule, and on which lines. Knows nothing of runs or times: those are in the ledger.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::intake::{BadRows, Placed, Tally};
use crate::calendar::Month;
use crate::lake::{Entry, Lake, TableWriter};

/// The table's name.
pub const MOTTAK: &str = "mottak";

/// The names that rows are counted under beside the rules.
const RECEIVED: &str = "mottatt";
const STORED: &str = "lagret";

/// `kilde, maaned, fylkesnr, regel, antall, linjer`; the last names the file and the lines of the first rows in quarantine.
pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("kilde", DataType::Utf8, false),
        Field::new("maaned", DataType::Int32, true),
        Field::new("fylkesnr", DataType::Utf8, true),
        Field::new("regel", DataType::Utf8, false),
        Field::new("antall", DataType::Int64, false),
        Field::new("linjer", DataType::Utf8, true),
    ]))
}

/// Which month and county a delivery concerns, where it concerns one.
pub(super) struct Concerns<'a> {
    pub(super) month: Option<Month>,
    pub(super) county: Option<&'a str>,
}

/// Rows by month, county and what they are counted under; lines are those of rows in quarantine.
pub(super) type Counts = BTreeMap<(Option<i32>, Option<String>, String), BadRows>;

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
            rules.iter().try_for_each(|(rule, bad)| move_rows(&mut counts, &counted, &own, rule, bad))?;
        }
    }
    Ok(counts)
}

fn code(county: i64) -> String {
    format!("{county:02}")
}

fn count(counts: &mut Counts, month: Option<i32>, county: Option<String>, tally: &Tally) {
    let of = |rule: &str, rows: BadRows| ((month, county.clone(), rule.to_owned()), rows);
    let only = |rows: u64| BadRows { rows, lines: Vec::new() };
    counts.extend([of(RECEIVED, only(tally.received)), of(STORED, only(tally.stored()))]);
    counts.extend(tally.outside.iter().map(|(rule, count)| of(rule, only(*count))));
    counts.extend(tally.bad.iter().map(|(rule, bad)| of(rule, bad.clone())));
}

/// Counts bad rows under another month and county than their delivery's.
fn move_rows(
    counts: &mut Counts,
    from: &(Option<i32>, Option<String>),
    to: &(Option<i32>, Option<String>),
    rule: &str,
    bad: &BadRows,
) -> anyhow::Result<()> {
    let at = |place: &(Option<i32>, Option<String>), name: &str| (place.0, place.1.clone(), name.to_owned());
    let received = BadRows { rows: bad.rows, lines: Vec::new() };
    for (name, moved) in [(RECEIVED, &received), (rule, bad)] {
        let counted = counts.get_mut(&at(from, name)).filter(|counted| counted.rows >= moved.rows);
        counted
            .with_context(|| format!("more rows under {name} have a month and county of their own than there are"))?
            .subtract(moved);
        counts.entry(at(to, name)).or_default().extend(moved);
    }
    counts.entry(at(to, STORED)).or_default();
    counts.retain(|(_, _, name), count| count.rows > 0 || [RECEIVED, STORED].contains(&name.as_str()));
    Ok(())
}

/// `too_hendelse_03_2026-10.csv: 7, 12, 40 …`.
fn lines(file: &str, bad: &BadRows) -> Option<String> {
    let numbers: Vec<String> = bad.lines.iter().map(u64::to_string).collect();
    let more = if numbers.len() as u64 == bad.rows { "" } else { " …" };
    (!numbers.is_empty()).then(|| format!("{file}: {}{more}", numbers.join(", ")))
}

/// Writes one delivery's receipt.
pub(super) fn write(lake: &Lake, source: &str, partition: &str, file: &str, counts: &Counts) -> anyhow::Result<Entry> {
    let number = |count: &BadRows| i64::try_from(count.rows).context("row count");
    let numbers: Vec<i64> = counts.values().map(number).collect::<anyhow::Result<_>>()?;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec![source; counts.len()])),
        Arc::new(counts.keys().map(|(month, _, _)| *month).collect::<Int32Array>()),
        Arc::new(counts.keys().map(|(_, county, _)| county.as_deref()).collect::<StringArray>()),
        Arc::new(counts.keys().map(|(_, _, rule)| Some(rule.as_str())).collect::<StringArray>()),
        Arc::new(Int64Array::from(numbers)),
        Arc::new(counts.values().map(|bad| lines(file, bad)).collect::<StringArray>()),
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
        let on = |lines: &[u64]| BadRows { rows: lines.len() as u64, lines: lines.to_vec() };
        let bad = BTreeMap::from([("mangler".to_owned(), on(&[3, 9])), ("ikke_dato".to_owned(), on(&[4]))]);
        let tally = Tally { received: 10, bad, ..Tally::default() };
        let rules = |line| BTreeMap::from([("mangler".to_owned(), on(&[line]))]);
        let placed = Placed::from([((3, 202_610), rules(3)), ((46, 202_609), rules(9))]);
        let concerns = Concerns { month: Month::from_number(202_610), county: Some("03") };
        let counts = counts(&concerns, &tally, None, &placed).unwrap();
        let rows: Vec<String> = counts
            .iter()
            .map(|((month, county, rule), count)| {
                let lines = lines("a.csv", count).unwrap_or_default();
                format!("{} {} {rule} {} {lines}", month.unwrap(), county.as_deref().unwrap(), count.rows)
            })
            .collect();
        let wanted = [
            "202609 46 lagret 0 ",
            "202609 46 mangler 1 a.csv: 9",
            "202609 46 mottatt 1 ",
            "202610 03 ikke_dato 1 a.csv: 4",
            "202610 03 lagret 7 ",
            "202610 03 mangler 1 a.csv: 3",
            "202610 03 mottatt 9 ",
        ];
        assert_eq!(rows, wanted);
    }
    #[test]
    fn more_bad_rows_than_are_named_end_in_dots() {
        let mut bad = BadRows::default();
        (2..40).for_each(|line| bad.add(line));
        let told = lines("a.csv", &bad).unwrap();
        assert!(told.starts_with("a.csv: 2, 3,") && told.ends_with(", 20, 21 …"), "{told}");
        assert_eq!(lines("a.csv", &BadRows { rows: 4, lines: Vec::new() }), None);
    }
}
