//! Hooks: who is told when a run fails, and when the pipeline is well again.
//!
//! Every run that does not end with 0 is told of, each night anew as long as it lasts. The first run that publishes and
//! ends with 0 after such a one is told of as the recovery; other good runs are not. What was before is read from the
//! ledger: runs that ended, not those that were killed, since nobody was told of them.
//!
//! Changes no figure and no outcome: a hook that fails is a warning, and a line in the ledger.

mod command;
mod webhook;

use std::time::{Duration, Instant};

use serde::Serialize;

use super::ExitCode;
use super::ledger::{self, Ended, Ledger, Recorder, Run, Told, seconds};
use crate::config::Config;

/// What is sent, as JSON. Names of products, sources and files only: no row, no reason, no number of a person.
#[derive(Serialize)]
struct Message<'a> {
    /// Raised when this shape changes.
    format: u32,
    /// `failure` or `recovery`.
    event: &'static str,
    /// The run's id in the ledger.
    run: &'a str,
    /// `run` or `rollback`.
    command: &'static str,
    /// The run's time in Oslo; null for a rollback.
    as_of: Option<&'a str>,
    code: ExitCode,
    exit: u8,
    /// What happened and what to do.
    sentence: String,
    products_failed: Vec<&'a str>,
    deliveries_refused: &'a [String],
    /// Sources of which something was not fetched.
    not_fetched: Vec<&'a str>,
    /// The release that is shown.
    release: Option<&'a str>,
}

/// Calls the hooks if this run's end calls for it. Whether anybody was called.
pub(super) fn call(config: &Config, recorder: &Recorder, ended: &Ended, ledger: &Ledger) -> bool {
    let notice = &config.notice;
    // A disk that is full may have kept the run's lines out of the ledger: then it must be told of all the more.
    let unknown = Run { id: recorder.run().to_owned(), ..Run::default() };
    let at = ledger.runs.iter().position(|run| run.id == recorder.run()).unwrap_or(ledger.runs.len());
    let run = ledger.runs.get(at).unwrap_or(&unknown);
    let Some(why) = reason(&ledger.runs[..at], run, ended) else { return false };
    let text = match serde_json::to_string(&message(why, run, ended)) {
        Ok(text) => text,
        Err(error) => {
            tracing::warn!("nobody is told of the run: {error}");
            return false;
        }
    };
    let patience = Duration::from_secs(notice.seconds);
    if let Some(hook) = &notice.webhook {
        record(recorder, "webhook", why, || webhook::post(hook, &text, patience));
    }
    if let Some(words) = &notice.command {
        record(recorder, "kommando", why, || (1, command::run(words, &config.base, &text, patience)));
    }
    notice.webhook.is_some() || notice.command.is_some()
}

fn record(recorder: &Recorder, hook: &str, why: &str, call: impl FnOnce() -> (u32, anyhow::Result<()>)) {
    let begun = Instant::now();
    let (tries, done) = call();
    if let Err(error) = &done {
        tracing::warn!("{hook}: nobody was told of the {why}: {}", ledger::told(error));
    }
    recorder.told(Told {
        hook: hook.to_owned(),
        why: why.to_owned(),
        done: done.is_ok(),
        tries,
        seconds: seconds(begun.elapsed()),
        error: done.err().map_or_else(Vec::new, |error| ledger::chain(&error)),
    });
}

/// Whether a run that ended so after these is to be told of, and as what.
fn reason(before: &[Run], run: &Run, ended: &Ended) -> Option<&'static str> {
    if ended.code != ExitCode::Done {
        return Some("failure");
    }
    let ended_well = |run: &Run| run.ended.as_ref().map(|(_, ended)| ended.code == ExitCode::Done);
    let decides = |run: &&Run| ended_well(run) == Some(false) || (ended_well(run) == Some(true) && run.publishes());
    let failed_before = before.iter().rev().find(decides).is_some_and(|run| ended_well(run) == Some(false));
    (failed_before && run.publishes()).then_some("recovery")
}

fn message<'a>(event: &'static str, run: &'a Run, ended: &'a Ended) -> Message<'a> {
    Message {
        format: 1,
        event,
        run: &run.id,
        command: if run.is_rollback() { "rollback" } else { "run" },
        as_of: run.started.as_ref().and_then(|(_, started)| started.as_of.as_deref()),
        code: ended.code,
        exit: ended.exit,
        sentence: ended.sentence(),
        products_failed: ended.failed.keys().map(String::as_str).collect(),
        deliveries_refused: &ended.refused,
        not_fetched: ended.not_fetched.keys().map(String::as_str).collect(),
        release: ended.shown.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::run::ledger::{Command, Started};

    /// A run by a letter: `g`ood, `f`ailed, `k`illed, `i`ngest alone that was good, `r`olled back well.
    fn run(kind: char) -> Run {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("speil.toml");
        crate::disk::write(&file, b"root = \".\"\n").unwrap();
        let command = if kind == 'r' { Command::Rollback } else { Command::Run };
        let steps = match kind {
            'i' => vec!["ingest".to_owned()],
            'r' => vec![],
            _ => vec!["ingest".to_owned(), "publish".to_owned()],
        };
        let started = Started::of(&Config::load(&file).unwrap(), command, None, steps);
        let code = if kind == 'f' { ExitCode::Refused } else { ExitCode::Done };
        let now = jiff::Timestamp::UNIX_EPOCH;
        let ended = (kind != 'k').then(|| (now, Ended::with(code, None)));
        Run { started: Some((now, started)), ended, ..Run::default() }
    }

    #[test]
    fn every_failure_and_the_first_good_run_after_one_are_told_of() {
        for (nights, told) in [
            ("g", None),
            ("f", Some("failure")),
            ("ff", Some("failure")),
            ("fg", Some("recovery")),
            ("fgg", None),
            ("gg", None),
            ("gkg", None),
            ("fkg", Some("recovery")),
            ("fi", None),
            ("fig", Some("recovery")),
            ("fr", None),
            ("frg", Some("recovery")),
            ("fgr", None),
        ] {
            let mut runs: Vec<Run> = nights.chars().map(run).collect();
            let mut last = runs.pop().unwrap();
            // The last one's own end may not have found its way into the ledger.
            let Some((_, ended)) = last.ended.take() else { continue };
            assert_eq!(reason(&runs, &last, &ended), told, "{nights}");
        }
    }
}
