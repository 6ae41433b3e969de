//! A recomputed table, and how it differs from the same table as somebody published it.
//!
//! It must not know how either came about.

/// One recomputed value.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Absent,
    Text(String),
    Count(i64),
    /// Part and whole; a share or a percentile.
    Ratio(i64, i64),
    /// Øre, published in kroner: whole ones in a CSV.
    Kroner(i64),
    /// A number that is no share, and how many decimals a CSV has.
    Real(f64, usize),
}

impl Cell {
    /// A count, where there is one.
    pub fn count(value: Option<i64>) -> Cell {
        value.map_or(Cell::Absent, Cell::Count)
    }

    /// A share of something; absent of nothing.
    pub fn ratio(part: Option<i64>, whole: Option<i64>) -> Cell {
        match (part, whole) {
            (Some(part), Some(whole)) if whole > 0 => Cell::Ratio(part, whole),
            _ => Cell::Absent,
        }
    }

    pub fn text(text: impl ToString) -> Cell {
        Cell::Text(text.to_string())
    }

    /// As Parquet has it: ratios are not rounded, and agree to the last bit.
    fn is_exactly(&self, found: &str) -> bool {
        match self {
            Cell::Ratio(part, whole) => found.parse() == Ok(*part as f64 / *whole as f64),
            Cell::Kroner(ore) => found.parse() == Ok(*ore as f64 / 100.0),
            Cell::Real(number, _) => found.parse().is_ok_and(|found: f64| is_near(*number, found)),
            other => other.is_rounded(found),
        }
    }

    /// As the CSV has it: three decimals, half away from zero (A4).
    fn is_rounded(&self, found: &str) -> bool {
        match self {
            Cell::Absent => found.is_empty(),
            Cell::Text(text) => found == text,
            Cell::Count(count) => found == count.to_string(),
            Cell::Ratio(part, whole) => {
                let thousandths = (2000 * part + whole) / (2 * whole);
                found == format!("{},{:03}", thousandths / 1000, thousandths % 1000)
            }
            Cell::Kroner(ore) => found == ((ore + 50) / 100).to_string(),
            // Where a number lies halfway, its last bit decides; either neighbour is right.
            Cell::Real(number, decimals) => {
                let written = found.split_once(',').map_or(0, |(_, decimals)| decimals.len());
                let half = 0.5 / 10_f64.powi(i32::try_from(*decimals).unwrap_or(0)) + 1e-9;
                let near = found.replace(',', ".").parse().is_ok_and(|found: f64| (found - number).abs() <= half);
                written == *decimals && near
            }
        }
    }
}

/// To 1e-9 of the larger; what is 0 in whole reservations may be a rest of a subtraction.
fn is_near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

/// A recomputed table in the order in which it is published.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub name: &'static str,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// The place of a column, where the table has it.
    pub fn at(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| *name == column)
    }

    /// The rows whose first column is this number.
    pub fn rows_of(&self, key: i64) -> Table {
        let rows = self.rows.iter().filter(|row| row[0] == Cell::Count(key)).cloned().collect();
        Table { rows, ..self.clone() }
    }

    /// Where `;`-separated text with every digit differs.
    pub fn differs_from(&self, found: &str) -> Vec<String> {
        self.differences(found, Cell::is_exactly)
    }

    /// Where a published CSV differs.
    pub fn differs_from_csv(&self, found: &str) -> Vec<String> {
        self.differences(found, Cell::is_rounded)
    }

    fn differences(&self, found: &str, same: impl Fn(&Cell, &str) -> bool) -> Vec<String> {
        let mut lines = found.lines();
        let header: Vec<&str> = lines.next().unwrap_or_default().split(';').collect();
        if header != self.columns {
            return vec![format!("{}: columns {header:?}, recomputed {:?}", self.name, self.columns)];
        }
        let rows: Vec<Vec<&str>> = lines.map(|line| line.split(';').collect()).collect();
        if rows.len() != self.rows.len() {
            return vec![format!("{}: {} rows, recomputed {}", self.name, rows.len(), self.rows.len())];
        }
        let mut differences = Vec::new();
        for (wanted, found) in self.rows.iter().zip(&rows) {
            for ((column, wanted_cell), found_cell) in self.columns.iter().zip(wanted).zip(found) {
                if !same(wanted_cell, found_cell) {
                    let (name, key) = (self.name, found[0]);
                    let line = format!("{name}, {key}, {column}: recomputed {wanted_cell:?}, found {found_cell:?}");
                    differences.push(line);
                }
            }
        }
        differences
    }
}
