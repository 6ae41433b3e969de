//! A delivery as text: its header, its rows, and rows added to it.
//!
//! Must not know what the columns mean.

use std::path::Path;

use anyhow::Context;

use crate::disk;

/// A delivery in memory.
#[derive(Clone)]
pub(super) struct Csv {
    pub(super) header: String,
    pub(super) rows: Vec<Vec<u8>>,
}

impl Csv {
    pub(super) fn read(path: &Path) -> anyhow::Result<Csv> {
        let text = disk::read_text(path)?;
        let (header, rows) = text.split_once('\n').with_context(|| format!("{} has no header", path.display()))?;
        Ok(Csv { header: header.to_owned(), rows: rows.lines().map(|row| row.as_bytes().to_vec()).collect() })
    }

    pub(super) fn columns(&self) -> Vec<&str> {
        self.header.split(';').collect()
    }

    /// A row's fields.
    pub(super) fn fields(&self, row: usize) -> Vec<String> {
        let row = self.rows.get(row).map(|row| String::from_utf8_lossy(row)).unwrap_or_default();
        row.split(';').map(str::to_owned).collect()
    }

    /// A field of a row that has that column.
    pub(super) fn field(&self, row: usize, column: &str) -> String {
        let at = self.columns().iter().position(|name| *name == column);
        at.and_then(|at| self.fields(row).into_iter().nth(at)).unwrap_or_default()
    }

    /// Adds a row and gives its line; the header is line 1.
    pub(super) fn add(&mut self, row: Vec<u8>) -> usize {
        self.rows.push(row);
        self.rows.len() + 1
    }

    /// The first rows only.
    pub(super) fn first(&self, rows: usize) -> Csv {
        Csv { header: self.header.clone(), rows: self.rows.iter().take(rows).cloned().collect() }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = self.header.clone().into_bytes();
        out.push(b'\n');
        for row in &self.rows {
            out.extend_from_slice(row);
            out.push(b'\n');
        }
        out
    }

    /// As text, when every row is UTF-8.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }
}
