//! `runs/ledger.jsonl`: one line per run or rollback, also for those that failed. The only place that knows when.
//!
//! Reads no clock and takes no lock. What it keeps of an error holds no number that could be a person's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{ExitCode, Failure, Outcome};
use crate::disk;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Command {
    Run,
    Rollback,
}

/// One line. Fields that a command has nothing to say about are empty.
#[derive(Serialize)]
pub(super) struct Line {
    ended: String,
    command: Command,
    as_of: Option<String>,
    code: ExitCode,
    exit: u8,
    error: Option<String>,
    taken: Vec<String>,
    refused: Vec<(String, String)>,
    ran: Vec<(String, String)>,
    skipped: usize,
    failed: BTreeMap<String, String>,
    release: Option<String>,
}

impl Line {
    /// A run's line: as far as it came, and how it ended.
    pub(super) fn of_run(ended: Timestamp, as_of: Date, outcome: &Outcome, failure: Option<&Failure>) -> Line {
        let refused = outcome.ingested.refused.iter();
        let failed = outcome.built.failed.iter();
        Line {
            as_of: Some(as_of.to_string()),
            taken: outcome.ingested.taken.iter().map(|taken| taken.file.clone()).collect(),
            refused: refused.map(|refused| (refused.file.clone(), without_numbers(&refused.reason))).collect(),
            ran: outcome.built.ran.clone(),
            skipped: outcome.built.skipped,
            failed: failed.map(|(product, error)| (product.clone(), told(error))).collect(),
            release: outcome.published.as_ref().map(|published| published.release.clone()),
            ..Line::empty(ended, Command::Run, outcome.code, failure)
        }
    }

    /// A rollback's line: the release that is shown now, or why it was not.
    pub(super) fn of_rollback(ended: Timestamp, shown: Result<&str, &Failure>) -> Line {
        let code = shown.map_or_else(|failure| failure.code, |_| ExitCode::Done);
        Line { release: shown.ok().map(str::to_owned), ..Line::empty(ended, Command::Rollback, code, shown.err()) }
    }

    fn empty(ended: Timestamp, command: Command, code: ExitCode, failure: Option<&Failure>) -> Line {
        Line {
            ended: ended.to_string(),
            command,
            as_of: None,
            code,
            exit: code as u8,
            error: failure.map(|failure| told(&failure.error)),
            taken: Vec::new(),
            refused: Vec::new(),
            ran: Vec::new(),
            skipped: 0,
            failed: BTreeMap::new(),
            release: None,
        }
    }

    /// Adds the line to the ledger of a root.
    pub(super) fn write(&self, root: &Path) -> anyhow::Result<()> {
        disk::append_line(&place(root), &serde_json::to_string(self).context("writing the ledger")?)
    }
}

/// The releases that runs have published, each once, by when that was done last.
pub(super) fn published(root: &Path) -> anyhow::Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Read {
        command: Option<Command>,
        release: Option<String>,
    }
    let place = place(root);
    let text = if place.exists() { disk::read_text(&place)? } else { String::new() };
    let mut order: Vec<String> = Vec::new();
    // A line that a full disk or a lost machine cut short says nothing.
    for line in text.lines().filter_map(|line| serde_json::from_str::<Read>(line).ok()) {
        if let (None | Some(Command::Run), Some(release)) = (line.command, line.release) {
            order.retain(|earlier| *earlier != release);
            order.push(release);
        }
    }
    Ok(order)
}

/// An error with its causes, without numbers that could be a person's.
pub fn told(error: &anyhow::Error) -> String {
    without_numbers(&format!("{error:#}"))
}

/// Words of 6 to 9 digits may be a doctor's, a package's or a unit's number (they stand in paths of pages, too).
/// Dates, months, counts of rows in a message and parts of hashes are shorter, longer or no words of their own.
fn without_numbers(text: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let is_number = |word: &str| (6..=9).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    let hide = |piece: &str| {
        let word = piece.trim_end_matches(|c| !is_part(c));
        if is_number(word) { format!("…{}", &piece[word.len()..]) } else { piece.to_owned() }
    };
    text.split_inclusive(|c| !is_part(c)).map(hide).collect()
}

fn place(root: &Path) -> PathBuf {
    root.join("runs").join("ledger.jsonl")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_may_be_a_persons_are_not_kept() {
        assert_eq!(
            without_numbers("lege/4000003/index.html: 999999999, lake/t/2026-03/a1234567b.parquet"),
            "lege/…/index.html: …, lake/t/2026-03/a1234567b.parquet"
        );
        assert_eq!(without_numbers("x.csv:12345: row 12 on 2026-11-10"), "x.csv:12345: row 12 on 2026-11-10");
        assert_eq!(without_numbers("4000003"), "…");
    }

    #[test]
    fn releases_come_by_their_last_publication_and_rollbacks_do_not_count() {
        let root = tempfile::tempdir().unwrap();
        assert!(published(root.path()).unwrap().is_empty());
        let line = |command: &str, release: &str| format!(r#"{{"command":"{command}","release":{release}}}"#);
        let lines = [
            r#"{"ended":"x","release":"b"}"#.to_owned(),
            line("run", "\"a\""),
            line("run", "\"c\""),
            line("rollback", "\"a\""),
            line("run", "null"),
            line("run", "\"b\""),
            r#"{"command":"run","rele"#.to_owned(),
        ];
        for line in lines {
            disk::append_line(&place(root.path()), &line).unwrap();
        }
        assert_eq!(published(root.path()).unwrap(), ["a", "c", "b"]);
    }
}
