//! The run ledger, `runs/<year>-<month>.jsonl`: what was tried, when, on what, and how it ended. It is only added to,
//! one JSON object a line, each with `format` (1), `run` (the run's id), `at` (UTC) and `event`:
//!
//! | event | written | holds |
//! |---|---|---|
//! | `started` | before anything is done | `command`, `as_of`, `steps`, `host`, `pid`, `program`, `settings` |
//! | `step` | when a step ends, well or not | `step`, `seconds`, `code`, `exit`, `error`, what it did ([`Facts`]) |
//! | `ended` | last | `seconds`, `code`, `exit`, `error`, products failed, deliveries refused, sources not fetched, releases ([`Ended`]) |
//! | `told` | when a hook was called | `hook`, `why`, `done`, `tries`, `seconds`, `error` ([`Told`]) |
//!
//! A run lies whole in the file of the month (UTC) in which it started, so files can be removed when they are old.
//! A run that was killed has no `ended`. A line that a full disk or a lost machine cut short is passed over, and the
//! next one begins on a line of its own. `error` is the error and its causes, the outermost first. Fields without
//! anything to say are left out; a figure that is not known is left out and never 0.
//!
//! Reads no clock and takes no lock. What it keeps of an error holds no number that could be a person's.

mod line;
mod read;
mod recorder;
mod reduce;

pub(crate) use line::{Command, Ended, Facts, Refused, Started, Taken, Told, seconds};
pub(crate) use read::{Ledger, Run, this_host};
pub(crate) use recorder::Recorder;
pub(crate) use reduce::chain;
pub use reduce::{reduced, told};

/// The folder below the root.
pub(crate) const FOLDER: &str = "runs";
/// Raised when a line's shape changes.
const FORMAT: u32 = 1;
