//! How a table's row is led back to delivered lines: `queries/<product>/<table>.spor.toml`, beside the table's SQL.
//!
//! Knows the file only; nothing of which columns there are, and no data.

use serde::Deserialize;

use crate::closed;
use crate::embedded::Files;

/// What a file name ends with.
const ENDING: &str = ".spor.toml";

/// The parameter that holds the name of the column that is asked about; empty when it is the whole row.
pub(super) const COLUMN: &str = "kolonne";

/// One file. In its statements `$x` is the row's `x`, for every column of the table's key.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    /// Path for messages.
    pub(super) file: String,
    /// The table whose rows are led back.
    pub(super) table: String,
    /// The source that delivers the lines.
    pub(super) source: String,
    /// The stored column that tells the source's lines apart.
    pub(super) id: String,
    /// The column of `lines` with the month whose delivery holds the line; absent when any delivery may.
    pub(super) month: Option<String>,
    /// What is looked at on the way.
    pub(super) overviews: Vec<Listing>,
    /// The lines that count; the id is among the columns. Absent where the lines have no id of their own.
    pub(super) lines: Option<Listing>,
    /// One row that must have the figures of the table's row; columns are compared by name. Absent without lines.
    pub(super) totals: Option<String>,
}

/// A statement with its heading.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    pub(super) heading: String,
    pub(super) sql: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    kilde: String,
    id: String,
    maaned: Option<String>,
    #[serde(default)]
    med: String,
    #[serde(default)]
    oversikt: Vec<WrittenListing>,
    linjer: Option<WrittenListing>,
    sum: Option<WrittenTotals>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenListing {
    tittel: String,
    sql: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTotals {
    sql: String,
}

impl Trace {
    /// Every trace among the files of `queries/`, or why it cannot be read.
    pub(super) fn all(files: &Files) -> impl Iterator<Item = anyhow::Result<Trace>> {
        files.iter().filter(|(path, _)| path.ends_with(ENDING)).map(|(path, bytes)| Trace::parse(path, bytes))
    }

    /// Reads the file at `path` below `queries/`.
    fn parse(path: &str, bytes: &[u8]) -> anyhow::Result<Trace> {
        let file = format!("queries/{path}");
        let text = std::str::from_utf8(bytes).map_err(|_| anyhow::anyhow!("{file}:1: the file is not UTF-8"))?;
        let written: Written = closed::parse(text, &file, 1)?;
        let statement = |sql: &str| at_its_line(text, &at_its_line(text, "", &written.med), sql);
        let listing =
            |listing: &WrittenListing| Listing { heading: listing.tittel.clone(), sql: statement(&listing.sql) };
        Ok(Trace {
            table: path.trim_end_matches(ENDING).rsplit('/').next().unwrap_or(path).to_owned(),
            overviews: written.oversikt.iter().map(listing).collect(),
            lines: written.linjer.as_ref().map(listing),
            totals: written.sum.map(|sum| statement(&sum.sql)),
            source: written.kilde,
            id: written.id,
            month: written.maaned,
            file,
        })
    }

    /// All its statements.
    pub(super) fn statements(&self) -> impl Iterator<Item = &str> {
        let listings = self.overviews.iter().chain(&self.lines);
        listings.map(|listing| listing.sql.as_str()).chain(self.totals.as_deref())
    }
}

/// Puts a part of a file after what stands before it, led by line breaks, so that lines are counted as in the file.
fn at_its_line(file: &str, before: &str, part: &str) -> String {
    let lines = |text: &str| text.matches('\n').count();
    let at = file.find(part).map_or(0, |at| lines(&file[..at]));
    format!("{before}{}{part}", "\n".repeat(at.saturating_sub(lines(before))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "kilde = \"k\"\nid = \"i\"\nmed = '''\nwith a as (select 1 as i)\n'''\n[linjer]\ntittel = \"T\"\n\
                        sql = '''\nselect i\nfrom a\n'''\n[sum]\nsql = 'select 1 as n from a'\n";

    #[test]
    fn statements_keep_the_lines_of_the_file() {
        let trace = Trace::parse("p/t.spor.toml", FILE.as_bytes()).unwrap();
        assert_eq!((trace.table.as_str(), trace.file.as_str()), ("t", "queries/p/t.spor.toml"));
        for sql in trace.statements() {
            for (at, line) in sql.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
                assert!(FILE.lines().nth(at).unwrap().contains(line), "{line} is not line {}", at + 1);
            }
        }
        assert!(trace.statements().filter(|sql| sql.contains("with a as")).count() == 2);
    }

    #[test]
    fn an_unknown_key_names_file_and_line() {
        let error = Trace::parse("p/t.spor.toml", FILE.replace("tittel", "titel").as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "queries/p/t.spor.toml:7: unknown key `titel`; the nearest known one is `tittel`"
        );
    }
}
