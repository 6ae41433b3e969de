//! What can be written on the command line. Knows nothing of what becomes of it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::civil::DateTime;

use speil::calendar::{self, Month};

/// From deliveries to a portal where each doctor sees their own figures.
#[derive(Parser)]
#[command(name = "speil", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Logs as `text` for people or `json` for machines; both to stderr, level from SPEIL_LOG.
    #[arg(long, global = true, default_value = "text", value_parser = ["text", "json"])]
    pub(crate) log: String,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make up national deliveries, run the whole pipeline on them, and say where to look.
    Demo(Generated),
    /// Make up deliveries and a configuration only.
    Generate {
        #[command(flatten)]
        generated: Generated,
        /// Plant each kind of bad row and bad file once, and list them in OUT/feil.csv.
        #[arg(long)]
        faults: bool,
    },
    /// Tell what a run would do, and why; nothing is changed.
    Plan(RunArguments),
    /// Fetch, take in what is delivered, compute, publish.
    Run(RunArguments),
    /// Fetch, and take in what is delivered.
    Ingest(RunArguments),
    /// Compute what the deliveries in force call for.
    Build(RunArguments),
    /// Publish what is computed.
    Publish(RunArguments),
    /// Show an earlier release again.
    Rollback {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// The release's name; without it, the one before the one that is shown.
        release: Option<String>,
    },
    /// Hash and check every file of a release again.
    Verify {
        /// The release's folder.
        release: PathBuf,
    },
    /// Check configuration, contracts, SQL, templates and texts without data; or one delivery before it is sent.
    Check {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// A delivery: would it be taken in? Nothing is changed.
        #[arg(long, value_name = "FILE")]
        delivery: Option<PathBuf>,
        /// The delivery's source; without it, the file's name tells.
        #[arg(long, value_name = "NAME", requires = "delivery")]
        source: Option<String>,
    },
    /// Lead one published figure back to the rows it is made from.
    Explain {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// The table.
        table: String,
        /// Which row: columns of the table's key.
        #[arg(value_name = "KEY=VALUE", required = true)]
        keys: Vec<String>,
        /// The figure in one column: only the lines that it counts.
        #[arg(long)]
        column: Option<String>,
    },
    /// Erase courses from everything that is kept: deliveries, lake, quarantine, outbox, kept releases' states.
    Slett {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// The courses' ids; `-` reads them from standard input, one a line, so that no list of processes shows them.
        #[arg(long, value_name = "ID", required = true, num_args = 1..)]
        forlop: Vec<String>,
    },
    /// How things stand: the last runs, what is shown, products and sources. Ends with 0 when that could be told, also
    /// when the last run failed.
    Status {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// As JSON of a stable shape, for machines.
        #[arg(long)]
        json: bool,
    },
    /// Preview the release that is shown, on this machine only.
    Serve {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// The port; 0 takes a free one.
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
}

#[derive(Args)]
pub(crate) struct Generated {
    /// Where the deliveries go.
    #[arg(long, default_value = "demo")]
    pub(crate) out: PathBuf,
    /// How many doctors.
    #[arg(long, default_value_t = 800)]
    pub(crate) doctors: u32,
    /// How many months.
    #[arg(long, default_value_t = 36)]
    pub(crate) months: u32,
    /// The last month.
    #[arg(long, default_value = "2026-10")]
    pub(crate) until: Month,
    /// Other seeds give other deliveries; the same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Args)]
pub(crate) struct RunArguments {
    /// The configuration file.
    #[arg(long)]
    pub(crate) config: PathBuf,
    /// The run's time in Oslo (2026-11-10T08:00; a bare date means 23:59): months that are over before it can be
    /// published. Default: now.
    #[arg(long, value_parser = calendar::as_of)]
    pub(crate) as_of: Option<DateTime>,
    /// One product: only its sources, models and pages; the others' stay as they are.
    #[arg(long, value_name = "PRODUCT")]
    pub(crate) only: Option<String>,
}
