//! Logs: to stderr, for people or machines, at the level of `SPEIL_LOG`. What is said above debug level leaves the
//! program without numbers that could be a person's, whoever says it.

use std::io::{IsTerminal, Write};

use speil::run;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Starts logging, as `text` or `json`.
pub(crate) fn start(form: &str) {
    let filter = EnvFilter::try_from_env("SPEIL_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(Reduced);
    match form {
        "json" => logs.json().init(),
        _ => logs.without_time().with_target(false).with_ansi(std::io::stderr().is_terminal()).init(),
    }
}

/// Makes a writer per event.
struct Reduced;

/// Writes one event, whole or reduced.
struct Event {
    whole: bool,
}

impl<'a> MakeWriter<'a> for Reduced {
    type Writer = Event;

    fn make_writer(&'a self) -> Event {
        Event { whole: false }
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Event {
        Event { whole: *about.level() >= Level::DEBUG }
    }
}

/// An event comes in one piece.
impl Write for Event {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.whole {
            return std::io::stderr().write(bytes);
        }
        std::io::stderr().write_all(run::reduced(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}
