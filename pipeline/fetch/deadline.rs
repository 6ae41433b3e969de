//! When the whole step must have ended, so that what is there can still be taken in and published tonight.
//!
//! Knows the clock and nothing else.

use std::time::{Duration, Instant};

use crate::config::Fetching;

/// The end of the step; the same for all sources.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    begun: Instant,
    whole: Duration,
}

impl Deadline {
    /// The end of a step that begins now.
    pub(super) fn from_now(fetching: &Fetching) -> Deadline {
        Deadline { begun: Instant::now(), whole: fetching.whole_step }
    }

    /// The time that is left; zero when it is over.
    pub(super) fn left(self) -> Duration {
        self.whole.saturating_sub(self.begun.elapsed())
    }

    /// Whether it is over.
    pub(super) fn is_over(self) -> bool {
        self.left().is_zero()
    }
}

/// What is said of a file that had not come by then.
pub(super) fn over(fetching: &Fetching) -> String {
    let whole = fetching.whole_step.as_secs_f64();
    format!(
        "the {whole} s for all of fetching (`samlet_sekunder`) were over before the file had come; left for the next run"
    )
}
