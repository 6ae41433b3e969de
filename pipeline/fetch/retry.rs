//! How often something is tried, and how long the pauses between are: twice as long each time, never all clients at
//! once, never shorter than the server asks. Knows nothing of HTTP but what a miss allows.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::deadline;
use super::http::Miss;
use crate::config::Fetching;

/// Why nothing came of it, tried as often as it may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum GivenUp {
    /// Nothing comes from this server tonight: there is no use in asking it for more.
    Server(String),
    /// This file does not come; others may.
    File(String),
}

/// How time passes.
pub(super) struct Clock<'a> {
    /// What is left of the time for the whole step.
    pub(super) left: &'a dyn Fn() -> Duration,
    /// Waits.
    pub(super) pause: &'a dyn Fn(Duration),
}

/// Tries until it succeeds, must not be tried again, was tried `forsok` times, or the time for the whole step is over.
/// `what` is for the logs.
pub(super) fn persist<T>(
    fetching: &Fetching,
    what: &str,
    clock: &Clock<'_>,
    mut attempt: impl FnMut() -> Result<T, Miss>,
) -> Result<T, GivenUp> {
    let mut tried = 0;
    loop {
        if (clock.left)().is_zero() {
            return Err(GivenUp::Server(deadline::over(fetching)));
        }
        tried += 1;
        tracing::info!("{what}: attempt {tried} of {}", fetching.attempts);
        let (why, wait) = match attempt() {
            Ok(done) => return Ok(done),
            Err(Miss::Final(why)) => return Err(GivenUp::File(why)),
            Err(Miss::Server(why)) => return Err(GivenUp::Server(why)),
            Err(Miss::Again { why, wait }) => (why, wait),
        };
        if let Some(wait) = wait.filter(|wait| *wait > fetching.longest_pause) {
            let limit = fetching.longest_pause.as_secs_f64();
            return Err(GivenUp::Server(format!(
                "{why} and asks to wait {} s, longer than the {limit} s of `lengste_pause_sekunder`; left for the next \
                 run",
                wait.as_secs()
            )));
        }
        if tried >= fetching.attempts {
            return Err(GivenUp::Server(format!("{why}; tried {tried} times; left for the next run")));
        }
        let next = longest(fetching, tried).mul_f64(share()).max(wait.unwrap_or_default());
        if next >= (clock.left)() {
            return Err(GivenUp::Server(format!("{why}; {}", deadline::over(fetching))));
        }
        tracing::warn!("{what}: attempt {tried} of {}: {why}; next in {:.1} s", fetching.attempts, next.as_secs_f64());
        (clock.pause)(next);
    }
}

/// The longest pause after so many attempts.
fn longest(fetching: &Fetching, tried: u32) -> Duration {
    fetching.pause.saturating_mul(2_u32.saturating_pow(tried - 1)).min(fetching.longest_pause)
}

/// From a half to one, by chance: clients that failed together do not come back together.
fn share() -> f64 {
    let chance = u32::try_from(RandomState::new().hash_one(()) >> 32).unwrap_or(0);
    0.5 + f64::from(chance) / f64::from(u32::MAX) / 2.0
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn fetching() -> Fetching {
        let text = "root = \".\"\n[henting]\nforsok = 4\npause_sekunder = 1\nlengste_pause_sekunder = 3\n";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("speil.toml");
        crate::disk::write(&file, text.as_bytes()).unwrap();
        crate::config::Config::load(&file).unwrap().fetching
    }

    /// What becomes of these misses, and the pauses made.
    fn tried(misses: &[(&str, Option<u64>)]) -> (Result<(), GivenUp>, Vec<f64>) {
        tried_within(1000.0, misses)
    }

    /// The same when there are so many seconds for the whole step, which pauses alone use up.
    fn tried_within(seconds: f64, misses: &[(&str, Option<u64>)]) -> (Result<(), GivenUp>, Vec<f64>) {
        let pauses = RefCell::new(Vec::new());
        let left = || Duration::from_secs_f64((seconds - pauses.borrow().iter().sum::<f64>()).max(0.0));
        let pause = |pause: Duration| pauses.borrow_mut().push(pause.as_secs_f64());
        let mut misses = misses.iter();
        let ended = persist(&fetching(), "a file", &Clock { left: &left, pause: &pause }, || match misses.next() {
            None => Ok(()),
            Some((why, wait)) => Err(Miss::Again { why: (*why).to_owned(), wait: wait.map(Duration::from_secs) }),
        });
        (ended, pauses.into_inner())
    }

    #[test]
    fn nothing_is_asked_for_or_waited_for_beyond_the_time_for_the_whole_step() {
        let (ended, pauses) = tried_within(0.0, &[]);
        let Err(GivenUp::Server(why)) = ended else { panic!("{ended:?}") };
        assert!(why.contains("`samlet_sekunder`") && pauses.is_empty(), "{why} {pauses:?}");
        // The first pause is half a second at least, and there is less.
        let (ended, pauses) = tried_within(0.4, &[("a", None); 9]);
        let Err(GivenUp::Server(why)) = ended else { panic!("{ended:?}") };
        assert!(
            why.starts_with("a; the ") && why.contains("`samlet_sekunder`") && pauses.is_empty(),
            "{why} {pauses:?}"
        );
        assert_eq!(tried_within(4.0, &[("busy", Some(3)); 1]).0, Ok(()));
    }

    #[test]
    fn pauses_double_up_to_the_limit_and_attempts_end() {
        let (ended, pauses) = tried(&[("a", None); 9]);
        assert_eq!(ended, Err(GivenUp::Server("a; tried 4 times; left for the next run".to_owned())));
        for (pause, longest) in pauses.iter().zip([1.0, 2.0, 3.0]) {
            assert!((longest / 2.0..=longest).contains(pause), "{pauses:?}");
        }
        assert_eq!(pauses.len(), 3);
        assert_eq!(tried(&[("a", None); 3]).0, Ok(()));
    }

    #[test]
    fn a_server_that_asks_to_wait_is_heard_or_left_for_the_next_run() {
        let (ended, pauses) = tried(&[("busy", Some(3))]);
        assert_eq!((ended, pauses), (Ok(()), vec![3.0]));
        let (ended, pauses) = tried(&[("busy", Some(4))]);
        let Err(GivenUp::Server(why)) = ended else { panic!("{ended:?}") };
        assert!(why.starts_with("busy and asks to wait 4 s, longer than the 3 s"), "{why}");
        assert!(pauses.is_empty());
    }
}
