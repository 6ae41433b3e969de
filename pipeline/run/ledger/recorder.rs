//! Writes a run's lines as it goes: one at its start, one as each step ends, one at its end.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use jiff::{Timestamp, tz::TimeZone};

use super::line::{Ended, Event, Facts, Line, Started, Step, Told, seconds};
use super::reduce::chain;
use super::{FOLDER, FORMAT};
use crate::disk;
use crate::run::Failure;

/// A run that is being recorded.
pub(crate) struct Recorder {
    file: PathBuf,
    run: String,
    started: Timestamp,
    begun: Instant,
    /// The first line that could not be written: the run goes on, and does not end well.
    unwritten: RefCell<Option<anyhow::Error>>,
}

impl Recorder {
    /// Records that a run starts.
    pub(crate) fn start(root: &Path, now: Timestamp, started: Started) -> Recorder {
        let recorder = Recorder {
            file: root.join(FOLDER).join(now.strftime("%Y-%m.jsonl").to_string()),
            run: id(now, &started),
            started: now,
            begun: Instant::now(),
            unwritten: RefCell::default(),
        };
        recorder.try_to_write(Event::Started(Box::new(started)));
        recorder
    }

    /// Whether all lines so far could be written; an error tells why not, once.
    pub(crate) fn holds(&self) -> anyhow::Result<()> {
        self.unwritten.take().map_or(Ok(()), Err)
    }

    /// The run's id: when it started (UTC), and what tells it from another of the same second.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// Takes a step, and records how it went. The step tells what it did in the facts, also when it fails.
    pub(crate) fn step<T>(
        &self,
        name: &str,
        work: impl FnOnce(&mut Facts) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let begun = Instant::now();
        let mut facts = Facts::default();
        let done = work(&mut facts);
        let failure = done.as_ref().err();
        let code = failure.map_or_else(|| facts.code(), |failure| failure.code);
        self.try_to_write(Event::Step(Box::new(Step {
            step: name.to_owned(),
            seconds: seconds(begun.elapsed()),
            peak_memory_bytes: peak_memory(),
            code,
            exit: code as u8,
            error: failure.map_or_else(Vec::new, |failure| chain(&failure.error)),
            facts,
        })));
        done
    }

    /// Records the end. An error when some line of the run could not be written.
    pub(crate) fn end(&self, ended: &Ended) -> anyhow::Result<()> {
        let ended = Ended { seconds: seconds(self.begun.elapsed()), peak_memory_bytes: peak_memory(), ..ended.clone() };
        self.try_to_write(Event::Ended(Box::new(ended)));
        self.holds()
    }

    /// Records that somebody was told of the end, or could not be.
    pub(crate) fn told(&self, told: Told) {
        self.try_to_write(Event::Told(told));
    }

    fn try_to_write(&self, event: Event) {
        if let Err(error) = self.write(event) {
            tracing::warn!("the ledger lacks a line: {error:#}");
            self.unwritten.borrow_mut().get_or_insert(error);
        }
    }

    /// Times follow from the start, so that a clock that is set does not turn them around.
    fn write(&self, event: Event) -> anyhow::Result<()> {
        let at = self.started + self.begun.elapsed();
        let line = Line { format: FORMAT, run: self.run.clone(), at, event };
        disk::append_line(&self.file, &serde_json::to_string(&line).context("writing the ledger")?)
    }
}

fn id(now: Timestamp, started: &Started) -> String {
    let unique = format!("{}/{}/{}", now.as_nanosecond(), started.host, started.pid);
    let tail: String = disk::sha256(unique.as_bytes()).chars().take(6).collect();
    format!("{}-{tail}", now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ"))
}

/// The most memory that this process has held, bytes; absent where `/proc` does not tell.
fn peak_memory() -> Option<u64> {
    let status = disk::read_text(Path::new("/proc/self/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
