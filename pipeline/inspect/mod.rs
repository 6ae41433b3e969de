//! Commands for people who look: is everything as it should be, would this delivery be taken in, where does this figure
//! come from, how will the release look.
//!
//! Nothing here changes the root; what a run does is done by `run`.

mod catalogue;
mod check;
mod codes;
mod delivery;
mod explain;
mod fault;
mod filling;
mod lines;
mod places;
mod public;
mod request;
mod rows;
mod serve;
mod site;
mod sql;
mod status;
mod trace;

pub use check::{Checked, check};
pub use delivery::{Judged, judge};
pub use explain::explain;
pub use fault::Fault;
pub use serve::Server;
pub use status::in_words;

use crate::run::{ExitCode, Failure};

/// A failure with its exit code.
fn fail(code: ExitCode) -> impl FnOnce(anyhow::Error) -> Failure {
    move |error| Failure { code, error }
}
