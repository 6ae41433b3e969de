//! What is told of a run that has ended: the ledger's last line, metrics, the status page, and the hooks.
//!
//! Nothing here changes a figure or a run's outcome: what cannot be told is a warning.

use super::ledger::{Ended, Ledger, Recorder};
use super::lock::Lock;
use super::status::Status;
use super::{metrics, notify, status_page};
use crate::config::Config;
use crate::publish::Releases;

/// Tells everybody. The lock is given back before hooks are called, which may be slow. An error when the ledger lacks
/// a line of the run.
pub(super) fn everybody(config: &Config, recorder: &Recorder, ended: Ended, lock: Option<Lock>) -> anyhow::Result<()> {
    let shown = Releases::at(&config.root).shown();
    let ended = Ended { shown, ..ended };
    let written = recorder.end(&ended);
    let ledger = write(config);
    drop(lock);
    if notify::call(config, recorder, &ended, &ledger) {
        // Page and measures say whether it was heard.
        write(config);
    }
    written
}

/// Writes measures and page from the ledger as it is now, which is returned.
fn write(config: &Config) -> Ledger {
    let ledger = Ledger::read(&config.root).unwrap_or_else(|error| {
        tracing::warn!("measures and status page lack what the ledger holds: {error:#}");
        Ledger::default()
    });
    let status = Status::of(config, &ledger);
    warn("the metrics are not written", metrics::write(config, &ledger, &status));
    warn("the status page is not written", status_page::write(config, &status));
    ledger
}

fn warn(what: &str, done: anyhow::Result<()>) {
    if let Err(error) = done {
        tracing::warn!("{what}: {error:#}");
    }
}
