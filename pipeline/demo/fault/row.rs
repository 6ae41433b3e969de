//! Faults in rows: which fields differ from those of a good row, and how the rows come into a delivery.
//!
//! A fault that is in two rows (a key twice, periods that overlap) or needs other rows (a line that is cancelled twice)
//! brings them along, so that no row of the clean delivery is drawn in. Must not know sources.

use anyhow::ensure;

use super::csv::Csv;
use super::{Expected, Landing, Planted, ROWS_PER_BAD_ONE};

/// Column and text. `{nr}` is the fault's number of six digits, `{maaned}` the delivery's month.
pub(super) type Fields = &'static [(&'static str, &'static str)];

/// A good row that faults are made of.
pub(super) type Base = Vec<(&'static str, String)>;

/// How a row is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Whole,
    /// Without its last field.
    Cut,
    /// In ISO-8859-1.
    Latin1,
}

/// One fault.
pub(super) struct RowFault {
    rule: &'static str,
    column: &'static str,
    what: &'static str,
    /// Per row, what differs from the good row.
    rows: &'static [Fields],
    shape: Shape,
    expected: Expected,
}

impl RowFault {
    /// Bad rows; each goes to quarantine.
    pub(super) const fn bad(
        rule: &'static str,
        column: &'static str,
        what: &'static str,
        rows: &'static [Fields],
    ) -> RowFault {
        RowFault { rule, column, what, rows, shape: Shape::Whole, expected: Expected::Quarantine }
    }

    /// Bad rows of a county that has no others in the file.
    pub(super) const fn refused_county(
        rule: &'static str,
        column: &'static str,
        what: &'static str,
        rows: &'static [Fields],
    ) -> RowFault {
        RowFault { rule, column, what, rows, shape: Shape::Whole, expected: Expected::County }
    }

    /// A row whose last field is missing.
    pub(super) const fn cut(column: &'static str) -> RowFault {
        let what = "raden har et felt for lite";
        RowFault {
            rule: "antall_felter",
            column,
            what,
            rows: &[&[]],
            shape: Shape::Cut,
            expected: Expected::Quarantine,
        }
    }

    /// A row in another encoding than the rest.
    pub(super) const fn latin1(column: &'static str, rows: &'static [Fields]) -> RowFault {
        let what = "raden er skrevet i ISO-8859-1";
        RowFault { rule: "ikke_utf8", column, what, rows, shape: Shape::Latin1, expected: Expected::Quarantine }
    }

    /// Good rows, of which a model classes the last.
    pub(super) const fn classed(rule: &'static str, what: &'static str, rows: &'static [Fields]) -> RowFault {
        RowFault { rule, column: "", what, rows, shape: Shape::Whole, expected: Expected::Class }
    }

    /// Good rows that look wrong and together have no effect.
    pub(super) const fn harmless(rule: &'static str, what: &'static str, rows: &'static [Fields]) -> RowFault {
        RowFault { rule, column: "", what, rows, shape: Shape::Whole, expected: Expected::Nothing }
    }

    /// How many rows it is in.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    fn write(&self, csv: &Csv, base: &Base, differs: Fields, number: &str, month: &str) -> Vec<u8> {
        let of_base = |name: &str| base.iter().find(|(column, _)| *column == name).map_or("", |(_, text)| text);
        let of_row = |name: &str| differs.iter().find(|(column, _)| *column == name).map(|(_, text)| *text);
        let mut columns = csv.columns();
        if self.shape == Shape::Cut {
            columns.pop();
        }
        let fields: Vec<&str> = columns.iter().map(|name| of_row(name).unwrap_or_else(|| of_base(name))).collect();
        let text = fields.join(";").replace("{nr}", number).replace("{maaned}", month);
        match self.shape {
            Shape::Latin1 => text.chars().map(|letter| u8::try_from(letter).unwrap_or(b'?')).collect(),
            Shape::Whole | Shape::Cut => text.into_bytes(),
        }
    }
}

/// Adds the first row of a fault to another delivery than the one it is noted in.
pub(super) fn accompany(csv: &mut Csv, base: &Base, (number, fault): (usize, &RowFault), month: &str, differs: Fields) {
    let row = fault.write(csv, base, differs, &format!("{number:06}"), month);
    csv.add(row);
}

/// Adds the rows of faults to a delivery and notes them; gives how many rows. `number` is that of the first fault.
pub(super) fn plant(
    landing: &mut Landing,
    (source, file, month): (&'static str, &str, &str),
    csv: &mut Csv,
    base: &Base,
    (number, faults): (usize, &[&RowFault]),
) -> anyhow::Result<usize> {
    let before = csv.rows.len();
    let mut bad = 0;
    for (number, fault) in (number..).zip(faults) {
        let number = format!("{number:06}");
        let rows = fault.rows.iter().map(|differs| fault.write(csv, base, differs, &number, month));
        let lines: Vec<usize> = rows.collect::<Vec<_>>().into_iter().map(|row| csv.add(row)).collect();
        let at_fault = match fault.expected {
            Expected::Quarantine | Expected::County => lines.as_slice(),
            _ => lines.last().map_or(&[][..], std::slice::from_ref),
        };
        bad += if fault.expected == Expected::Quarantine { lines.len() } else { 0 };
        landing.planted.extend(at_fault.iter().map(|line| Planted {
            source,
            file: file.to_owned(),
            line: Some(*line),
            column: fault.column,
            rule: fault.rule,
            what: fault.what,
            expected: fault.expected,
        }));
    }
    let rows = csv.rows.len();
    ensure!(bad * ROWS_PER_BAD_ONE <= rows, "{file} has {rows} rows, too few for {bad} bad ones; ask for more doctors");
    Ok(rows - before)
}

/// So many more rows that a delivery can bear these faults; 0 when it is large enough.
pub(super) fn lacking(csv: &Csv, faults: &[RowFault]) -> usize {
    let bad: usize = faults.iter().map(|fault| fault.rows.len()).sum();
    (bad * ROWS_PER_BAD_ONE).saturating_sub(csv.rows.len() + bad)
}
