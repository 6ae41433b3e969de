//! Delivered rows on their way in: each is checked against the contract, and goes to a batch, to the count of rows
//! outside the selection, or to quarantine.
//!
//! Knows nothing of formats (the readers hand it fields in the contract's order) or of the lake.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use arrow::array::RecordBatch;

use crate::calendar::{self, Month};
use crate::contract::{self, Batcher, Column, Contract, Fault, MOST_COLUMNS, TableContract, Value};
use crate::erasure::Erasures;

/// Takes in the rows of one table of one delivery.
pub struct Intake<'a> {
    table: &'a TableContract,
    decimal_mark: u8,
    month: Option<Month>,
    selected: Option<BTreeSet<i64>>,
    batcher: Batcher,
    periods: Vec<(i64, i64, i64, u64)>,
    /// Courses that were erased: a row of one refuses the delivery.
    pub refuse_ids_in: Option<&'a Erasures>,
    /// What became of the rows.
    pub tally: Tally,
    /// Optional columns that the delivery does not have.
    pub lacking: BTreeSet<String>,
    /// The same per county, for the rows whose county can be read; absent when the delivery is of one county.
    pub counties: Option<BTreeMap<i64, Tally>>,
    /// Bad rows whose own county and month can be read.
    pub placed: Placed,
}

/// Bad rows by county, month (`202601`) and rule.
pub type Placed = BTreeMap<(i64, i32), BTreeMap<String, BadRows>>;

/// So many lines of bad rows are told to who delivered them; all are in quarantine.
pub const MOST_LINES: usize = 20;

/// Bad rows of one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BadRows {
    /// How many.
    pub rows: u64,
    /// The lines of the first, at most [`MOST_LINES`].
    pub lines: Vec<u64>,
}

impl BadRows {
    /// One more, on a line of the delivery.
    pub fn add(&mut self, line: u64) {
        self.rows += 1;
        if self.lines.len() < MOST_LINES {
            self.lines.push(line);
        }
    }

    /// Adds another's.
    pub fn extend(&mut self, other: &BadRows) {
        self.rows += other.rows;
        self.lines.extend(&other.lines);
        self.lines.sort_unstable();
        self.lines.truncate(MOST_LINES);
    }

    /// Takes some of them out again.
    pub fn subtract(&mut self, part: &BadRows) {
        self.rows -= part.rows;
        self.lines.retain(|line| !part.lines.contains(line));
    }
}

/// Where checked batches and bad rows go.
pub trait Outlet {
    /// Takes a batch of good rows.
    fn batch(&mut self, batch: &RecordBatch) -> anyhow::Result<()>;
    /// Takes a bad row: its line in the delivery and why.
    fn bad(&mut self, line: u64, fault: &Fault) -> anyhow::Result<()>;
}

/// What became of a delivery's rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows in the delivery.
    pub received: u64,
    /// Rows counted, not stored, by the name they are counted under.
    pub outside: BTreeMap<String, u64>,
    /// Bad rows by rule.
    pub bad: BTreeMap<String, BadRows>,
    /// Line, and why, of the first bad rows, for messages.
    pub examples: Vec<(u64, String)>,
}

impl Tally {
    /// Bad rows, all rules together.
    pub fn bad_rows(&self) -> u64 {
        self.bad.values().map(|bad| bad.rows).sum()
    }

    /// Rule → bad rows.
    pub fn bad_by_rule(&self) -> BTreeMap<String, u64> {
        self.bad.iter().map(|(rule, bad)| (rule.clone(), bad.rows)).collect()
    }

    /// Rows that are stored.
    pub fn stored(&self) -> u64 {
        self.received - self.bad_rows() - self.outside.values().sum::<u64>()
    }

    /// Whether more of a table's rows are bad than the contract bears.
    pub fn too_bad(&self, contract: &Contract) -> bool {
        self.bad_rows() * 1000 > self.received * contract.max_bad_permille
    }

    /// Counts a bad row.
    pub fn count_bad(&mut self, line: u64, fault: &Fault) {
        self.bad.entry(fault.rule.clone()).or_default().add(line);
        if self.examples.len() < 3 {
            self.examples.push((line, fault.to_string()));
        }
    }

    /// Takes a part's rows out, as if they had not been delivered.
    pub fn subtract(&mut self, part: &Tally) {
        self.received -= part.received;
        for (rule, rows) in &part.bad {
            if let Some(bad) = self.bad.get_mut(rule) {
                bad.subtract(rows);
            }
        }
        self.bad.retain(|_, bad| bad.rows > 0);
    }

    /// Adds another table's rows of the same delivery.
    pub fn add(&mut self, other: Tally) {
        self.received += other.received;
        for (rule, count) in other.outside {
            *self.outside.entry(rule).or_default() += count;
        }
        for (rule, bad) in &other.bad {
            self.bad.entry(rule.clone()).or_default().extend(bad);
        }
        self.examples.extend(other.examples);
        self.examples.truncate(3);
    }
}

impl<'a> Intake<'a> {
    /// For one table. `selected` are the configured values of the contract's selection.
    pub fn new(
        contract: &Contract,
        table: &'a TableContract,
        month: Option<Month>,
        selected: &[i64],
        decimal_mark: u8,
    ) -> Intake<'a> {
        debug_assert!(contract.tables.iter().any(|of_contract| of_contract.name == table.name));
        Intake {
            table,
            decimal_mark,
            month,
            selected: table.selection.as_ref().map(|_| selected.iter().copied().collect()),
            batcher: Batcher::new(table, month),
            periods: Vec::new(),
            tally: Tally::default(),
            lacking: BTreeSet::new(),
            counties: None,
            placed: Placed::new(),
            refuse_ids_in: None,
        }
    }

    /// Tells which delivery the rows come from, for tables that store it.
    pub fn name_delivery(&mut self, name: &str) {
        self.batcher.name_delivery(name);
    }

    /// Where the contract's columns stand in the delivery; `None` for optional ones that it does not have.
    pub fn match_header(&mut self, header: &[String]) -> anyhow::Result<Vec<Option<usize>>> {
        let places = self.table.match_header(header)?;
        let without_place = self.table.columns.iter().zip(&places).filter(|(_, at)| at.is_none());
        self.lacking = without_place.map(|(column, _)| column.delivered.clone()).collect();
        Ok(places)
    }

    /// Takes a row whose fields stand in the contract's order; `None` where the delivery lacks the column.
    pub fn row(&mut self, line: u64, fields: &[Option<&[u8]>], out: &mut dyn Outlet) -> anyhow::Result<()> {
        self.refuse_erased(line, fields)?;
        self.tally.received += 1;
        let mut values = [Value::Absent; MOST_COLUMNS];
        let values = &mut values[..self.table.columns.len()];
        if let Err(fault) = self.check(fields, values) {
            self.tally.count_bad(line, &fault);
            self.count_for_county(line, fields, Some(&fault));
            self.place(line, fields, &fault);
            return out.bad(line, &fault);
        }
        self.count_for_county(line, fields, None);
        if let (Some(selection), Some(selected)) = (&self.table.selection, &self.selected) {
            let inside = values[selection.column].integer().is_some_and(|value| selected.contains(&value));
            if !inside {
                *self.tally.outside.entry(selection.rule.clone()).or_default() += 1;
                return Ok(());
            }
        }
        if let Some(disjoint) = &self.table.disjoint {
            let number = |at: usize| values[at].integer();
            if let (Some(key), Some(from)) = (number(disjoint.key), number(disjoint.from)) {
                self.periods.push((key, from, number(disjoint.to).unwrap_or(i64::MAX), line));
            }
        }
        match self.batcher.push(values, line)? {
            Some(batch) => out.batch(&batch),
            None => Ok(()),
        }
    }

    /// What was erased does not come in again: whoever delivers must take it out too. The id is not repeated.
    fn refuse_erased(&self, line: u64, fields: &[Option<&[u8]>]) -> anyhow::Result<()> {
        let (Some(erasures), Some(at)) = (self.refuse_ids_in, self.table.erased_by) else { return Ok(()) };
        let erased = fields[at].is_some_and(|id| erasures.has(id));
        ensure!(
            !erased,
            "line {line} is of a {} that was erased; take its rows out and deliver again, or run `speil slett` with the \
             same id, which takes them out of the file",
            self.table.columns[at].delivered
        );
        Ok(())
    }

    /// Counts a delivered row that is not taken, under a name.
    pub fn outside(&mut self, name: &str) {
        self.tally.received += 1;
        *self.tally.outside.entry(name.to_owned()).or_default() += 1;
    }

    /// Takes a row that could not even be split into fields.
    pub fn unreadable(&mut self, line: u64, fault: &Fault, out: &mut dyn Outlet) -> anyhow::Result<()> {
        self.tally.received += 1;
        self.tally.count_bad(line, fault);
        out.bad(line, fault)
    }

    /// Hands out the last rows, and the lines of rows whose periods overlap another row's of the same key: both
    /// are bad, since nobody can tell which is right.
    pub fn finish(&mut self, out: &mut dyn Outlet) -> anyhow::Result<BTreeSet<u64>> {
        if let Some(batch) = self.batcher.finish()? {
            out.batch(&batch)?;
        }
        let mut overlapping = BTreeSet::new();
        if let Some(disjoint) = &self.table.disjoint {
            self.periods.sort_unstable();
            let mut last: Option<(i64, i64, u64)> = None;
            for (key, from, to, line) in &self.periods {
                match last {
                    Some((last_key, last_to, last_line)) if last_key == *key && last_to >= *from => {
                        overlapping.extend([last_line, *line]);
                        last = Some((*key, last_to.max(*to), if *to > last_to { *line } else { last_line }));
                    }
                    _ => last = Some((*key, *to, *line)),
                }
            }
            for line in &overlapping {
                let column = &self.table.columns[disjoint.from].delivered;
                let fault = Fault::new(&disjoint.rule, column, "overlaps another period of the same key");
                self.tally.count_bad(*line, &fault);
                out.bad(*line, &fault)?;
            }
        }
        Ok(overlapping)
    }

    /// A row whose county column is what is wrong belongs to no county.
    fn count_for_county(&mut self, line: u64, fields: &[Option<&[u8]>], fault: Option<&Fault>) {
        let (Some(at), Some(counties)) = (self.table.county, &mut self.counties) else { return };
        let column = &self.table.columns[at];
        if fault.is_some_and(|fault| fault.column == column.delivered) {
            return;
        }
        let Some(county) = number(column, fields[at], self.decimal_mark) else { return };
        let tally = counties.entry(county).or_default();
        tally.received += 1;
        if let Some(fault) = fault {
            tally.count_bad(line, fault);
        }
    }

    /// C2: a bad row counts in its own county and month, where these cells are not what is wrong.
    fn place(&mut self, line: u64, fields: &[Option<&[u8]>], fault: &Fault) {
        let (Some(county_at), Some(day_at)) = (self.table.county, self.table.receipt_month) else { return };
        let own = |at: usize| {
            let column = &self.table.columns[at];
            number(column, fields[at], self.decimal_mark).filter(|_| fault.column != column.delivered)
        };
        if let (Some(county), Some(day)) = (own(county_at), own(day_at)) {
            place(&mut self.placed, county, day, line, fault);
        }
    }

    fn check<'v>(&self, fields: &[Option<&'v [u8]>], values: &mut [Value<'v>]) -> Result<(), Fault> {
        for ((column, field), value) in self.table.columns.iter().zip(fields).zip(values.iter_mut()) {
            if let Some(field) = field {
                *value = column.read(field, self.decimal_mark)?;
            }
        }
        let broken = self.table.rules.iter().find_map(|rule| rule.check(values, &self.table.columns, self.month));
        broken.map_or(Ok(()), Err)
    }
}

fn number(column: &Column, field: Option<&[u8]>, decimal_mark: u8) -> Option<i64> {
    column.read(field?, decimal_mark).ok()?.integer()
}

/// Counts a bad row under a county, when it is one, and the month of a day.
pub(super) fn place(placed: &mut Placed, county: i64, day: i64, line: u64, fault: &Fault) {
    let date = i32::try_from(day).ok().and_then(calendar::date_from_days);
    if let Some(date) = date.filter(|_| contract::is_county(county)) {
        let rules = placed.entry((county, Month::of(date).number())).or_default();
        rules.entry(fault.rule.clone()).or_default().add(line);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Keeps what it is given, for tests.
    #[derive(Default)]
    pub(in crate::ingest) struct Kept {
        pub(in crate::ingest) rows: usize,
        pub(in crate::ingest) bad: Vec<(u64, String)>,
    }

    impl Outlet for Kept {
        fn batch(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
            self.rows += batch.num_rows();
            Ok(())
        }
        fn bad(&mut self, line: u64, fault: &Fault) -> anyhow::Result<()> {
            self.bad.push((line, fault.to_string()));
            Ok(())
        }
    }

    fn lege() -> Contract {
        Contract::embedded().unwrap().remove(1)
    }

    #[test]
    fn overlapping_periods_of_one_doctor_are_both_bad() {
        let contract = lege();
        let mut kept = Kept::default();
        let mut intake = Intake::new(&contract, &contract.tables[0], None, &[], b',');
        let rows: [[&[u8]; 8]; 4] = [
            [b"7", b"LE", b"", b"1", b"0301", b"", b"2025-01-01", b"2025-06-30"],
            [b"7", b"LE", b"", b"1", b"0301", b"", b"2025-06-30", b""],
            [b"8", b"LE", b"", b"1", b"0301", b"", b"2025-01-01", b"2025-06-30"],
            [b"8", b"LE", b"", b"1", b"0301", b"", b"2025-07-01", b""],
        ];
        for (line, row) in (2..).zip(rows) {
            intake.row(line, &row.map(Some), &mut kept).unwrap();
        }
        let overlapping = intake.finish(&mut kept).unwrap();
        assert_eq!(overlapping, BTreeSet::from([2, 3]));
        assert_eq!(intake.tally.bad["perioder_overlapper"], BadRows { rows: 2, lines: vec![2, 3] });
        assert_eq!(intake.tally.stored(), 2);
    }
}
