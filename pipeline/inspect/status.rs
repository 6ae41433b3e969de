//! `speil status`: how things stand, in words. The figures and their shape as JSON are `run`'s (see [`Status`]).

use std::fmt::Write;

use jiff::Timestamp;

use crate::publish::HandedOver;
use crate::run::Status;
use crate::run::freshness::{Freshness, Level};
use crate::run::status::{RunState, RunStatus, SourceStatus, UnderWay};

/// How many runs are told of in words.
const RUNS: usize = 7;

/// How things stand, for people.
pub fn in_words(status: &Status) -> String {
    let mut text = String::new();
    runs(&mut text, status);
    let release = status.release.as_ref();
    let shown = release.map(|release| format!("{} (of {})", release.release, release.as_of));
    line(&mut text, format_args!("Shown:     {}", shown.as_deref().unwrap_or("nothing is published yet")));
    line(&mut text, format_args!("Products:"));
    for (name, product) in &status.products {
        let pages = product.as_of.as_ref().map_or("no pages yet".to_owned(), |as_of| format!("pages of {as_of}"));
        let failed = product.failed_since.map_or("holds".to_owned(), |at| format!("fails since {}", oslo(at)));
        line(&mut text, format_args!("  {name}: {pages}; {failed}"));
        error(&mut text, &product.error);
        for (table, done) in &product.handed_over {
            line(&mut text, format_args!("    {table}: {}", to_kpr(done)));
        }
    }
    line(&mut text, format_args!("Sources:"));
    for (name, status) in &status.sources {
        source(&mut text, name, status);
    }
    for damaged in &status.damaged {
        line(&mut text, format_args!("Passed over: {damaged}"));
    }
    text
}

fn to_kpr(done: &HandedOver) -> String {
    match done {
        HandedOver::NoKey => "not handed over to KPR, since `kpr_nokkel` is not set".to_owned(),
        HandedOver::File { rows, .. } => format!("{rows} rows lie encrypted for KPR in the outbox"),
    }
}

fn runs(text: &mut String, status: &Status) {
    let now = match status.under_way {
        UnderWay::Ja => "a run is under way",
        UnderWay::Nei => "no run is under way",
        UnderWay::Ukjent => "a run has not ended, and whether it goes on cannot be seen from here",
    };
    line(text, format_args!("Now:       {now}"));
    let Some(last) = status.runs.first() else { return line(text, format_args!("Runs:      none yet")) };
    line(text, format_args!("Last run:  {}", told(last)));
    line(text, format_args!("           {}", last.advice));
    error(text, &last.error);
    for hook in last.told.iter().filter(|hook| !hook.done) {
        line(text, format_args!("    {} was not told of the {}: {}", hook.hook, hook.why, hook.error.join(": ")));
    }
    for run in status.runs.iter().take(RUNS).skip(1) {
        line(text, format_args!("Before:    {}", told(run)));
    }
    if let Some(at) = status.last_success {
        line(text, format_args!("Last good: {}", oslo(at)));
    }
}

fn told(run: &RunStatus) -> String {
    let started = run.started.map_or("?".to_owned(), oslo);
    let as_of = run.as_of.as_ref().map(|as_of| format!(" as of {as_of}")).unwrap_or_default();
    let took = run.seconds.map(|seconds| format!(" in {seconds} s")).unwrap_or_default();
    let end = match (run.state, run.exit, run.code) {
        (RunState::Ended, Some(exit), Some(code)) => format!("ended with {exit} ({code:?}){took}"),
        (RunState::Ended, ..) => "ended".to_owned(),
        (RunState::UnderWay, ..) => "is under way".to_owned(),
        (RunState::Killed, ..) => "was killed".to_owned(),
        (RunState::Unknown, ..) => "has not said that it ended".to_owned(),
    };
    format!("{} of {started}{as_of} {end} [{}]", run.command, run.run)
}

fn source(text: &mut String, name: &str, status: &SourceStatus) {
    match &status.last {
        None => line(text, format_args!("  {name}: nothing in force")),
        Some(last) => {
            let taken = last.taken.map(|at| format!(", taken in {}", oslo(at))).unwrap_or_default();
            let rows = match (last.stored, last.received) {
                (Some(stored), Some(received)) => format!(", {stored} of {received} rows stored"),
                _ => String::new(),
            };
            line(
                text,
                format_args!(
                    "  {name}: {} in force, the last of {} ({}, version {}{taken}{rows})",
                    status.deliveries, last.period, last.file, last.version
                ),
            );
        }
    }
    let late = status.freshness.as_ref().filter(|freshness| freshness.level != Level::IRute);
    if let Some((due, days)) = late.and_then(|freshness| freshness.due.zip(freshness.late_days)) {
        let counties = late.map(Freshness::late_counties_in_words).unwrap_or_default();
        line(text, format_args!("    late: the next was due {due}, {days} days before the last run{counties}"));
    }
    if !status.quarantined.is_empty() {
        let rules: Vec<String> = status.quarantined.iter().map(|(rule, rows)| format!("{rule} {rows}")).collect();
        line(text, format_args!("    in quarantine: {}", rules.join(", ")));
    }
    for failed in &status.not_fetched {
        let since = failed.since.map_or("?".to_owned(), oslo);
        line(text, format_args!("    not fetched since {since}: {}: {}", failed.what, failed.reason));
    }
    for note in &status.notes {
        line(text, format_args!("    to look at: {note}"));
    }
    for refused in &status.refused {
        let since = refused.since.map_or("?".to_owned(), oslo);
        line(text, format_args!("    refused since {since}: {}: {}", refused.file, refused.reason));
    }
}

fn error(text: &mut String, chain: &[String]) {
    if !chain.is_empty() {
        line(text, format_args!("    {}", chain.join(": ")));
    }
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{what}");
}

/// A moment as clocks in Oslo show it.
fn oslo(at: Timestamp) -> String {
    at.in_tz("Europe/Oslo").map_or_else(|_| at.to_string(), |oslo| oslo.strftime("%Y-%m-%d %H:%M").to_string())
}
