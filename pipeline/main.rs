//! The command line: arguments are parsed, logging starts, the library is called, and its outcome becomes an exit code.

mod cli;
mod log;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::ensure;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::DateTime;
use jiff::{ToSpan, Zoned};

use cli::{Cli, Command, Generated, RunArguments};
use speil::config::Config;
use speil::run::{self, Failure, Options, Outcome, Status, Step};
use speil::{calendar, demo, disk, inspect, publish};

fn main() -> ExitCode {
    let cli = Cli::parse();
    log::start(&cli.log);
    let code = match carry_out(cli.command) {
        Ok(code) => code,
        Err(failure) => {
            tracing::error!("{}", run::told(&failure.error));
            failure.code
        }
    };
    ExitCode::from(code as u8)
}

fn carry_out(command: Command) -> Result<run::ExitCode, Failure> {
    match command {
        Command::Demo(arguments) => demonstrate(&arguments),
        Command::Generate { generated, faults } => generate(&generated, faults).map(|()| run::ExitCode::Done),
        Command::Plan(arguments) => plan(&arguments),
        Command::Run(arguments) => run_steps(&arguments, Step::ALL).map(|outcome| outcome.code),
        Command::Ingest(arguments) => run_steps(&arguments, &[Step::Fetch, Step::Ingest]).map(|outcome| outcome.code),
        Command::Build(arguments) => run_steps(&arguments, &[Step::Build]).map(|outcome| outcome.code),
        Command::Publish(arguments) => run_steps(&arguments, &[Step::Publish]).map(|outcome| outcome.code),
        Command::Rollback { config, release } => roll_back(&config, release.as_deref()),
        Command::Verify { release } => verify(&release),
        Command::Check { config, delivery: None, .. } => check(&config),
        Command::Check { config, delivery: Some(file), source } => judge(&config, &file, source.as_deref()),
        Command::Explain { config, table, keys, column } => explain(&config, &table, &keys, column.as_deref()),
        Command::Slett { config, forlop } => erase(&config, forlop),
        Command::Status { config, json } => status(&config, json),
        Command::Serve { config, port } => serve(&config, port),
    }
}

fn demonstrate(arguments: &Generated) -> Result<run::ExitCode, Failure> {
    generate(arguments, false)?;
    let arguments = RunArguments {
        config: arguments.out.join("speil.toml"),
        as_of: Some(calendar::end_of(arguments.until.plus(1).first_day() + 9.days())),
        only: None,
    };
    let outcome = run_steps(&arguments, Step::ALL)?;
    let current = arguments.config.with_file_name("releases").join("current");
    say(&format!("Front page:  {}", current.join("offentlig/index.html").display()));
    if let Some(page) = a_doctors_page(&current).map_err(publishing)? {
        say(&format!("A doctor:    {}", page.display()));
    }
    if let Some(page) = a_countys_page(&current).map_err(publishing)? {
        say(&format!("A county:    {}", page.display()));
    }
    Ok(outcome.code)
}

/// The page of the first doctor who has figures to show.
fn a_doctors_page(release: &Path) -> anyhow::Result<Option<PathBuf>> {
    for file in disk::files_below(&release.join("lege"))? {
        if file.ends_with("reservasjonsgrad_lege.csv") {
            let folder = release.join("lege").join(file);
            let shown = disk::read_text(&folder)?.lines().nth(1).is_some_and(|row| row.ends_with(";vist"));
            if shown {
                return Ok(Some(folder.with_file_name("index.html")));
            }
        }
    }
    Ok(None)
}

/// The first county's own page.
fn a_countys_page(release: &Path) -> anyhow::Result<Option<PathBuf>> {
    let files = disk::files_below(&release.join("fylke"))?;
    let page = files.into_iter().find(|file| file.ends_with("index.html"));
    Ok(page.map(|page| release.join("fylke").join(page)))
}

fn generate(arguments: &Generated, faults: bool) -> Result<(), Failure> {
    let bar = progress_bar();
    let settings = demo::Settings {
        doctors: arguments.doctors,
        months: arguments.months,
        until: arguments.until,
        seed: arguments.seed,
    };
    settings
        .check()
        .and_then(|()| if faults { demo::check_faults(&settings) } else { Ok(()) })
        .and_then(|()| clear(&arguments.out))
        .and_then(|()| {
            demo::generate(&arguments.out, &settings, &|what, done, of| {
                bar.set_message(format!("making {what} {done}/{of}"));
            })
        })
        .and_then(|()| if faults { demo::plant_faults(&arguments.out, &settings) } else { Ok(()) })
        .map_err(|error| Failure { code: run::ExitCode::Configuration, error })?;
    bar.finish_and_clear();
    say(&format!("Deliveries:  {}", arguments.out.join("landing").display()));
    if faults {
        say(&format!("Faults:      {}", arguments.out.join("feil.csv").display()));
    }
    Ok(())
}

/// Empties a folder that holds generated deliveries; any other folder with something in it is left alone.
fn clear(out: &Path) -> anyhow::Result<()> {
    if disk::files_below(out)?.is_empty() {
        return Ok(());
    }
    let generated = Config::load(&out.join("speil.toml")).is_ok_and(|config| config.synthetic);
    ensure!(generated, "{} is not empty and holds no generated deliveries; name another --out", out.display());
    disk::remove_folder(out)
}

fn run_steps(arguments: &RunArguments, steps: &[Step]) -> Result<Outcome, Failure> {
    let config = load(&arguments.config)?;
    let bar = progress_bar();
    let options = Options {
        as_of: arguments.as_of.map_or_else(|| run::time(&config, now()), Ok)?,
        steps,
        only: arguments.only.as_deref(),
        progress: &|what| bar.set_message(what.to_owned()),
    };
    let ended = run::run(&config, &options);
    bar.finish_and_clear();
    let outcome = ended.inspect_err(|failure| say(&advice(failure.code, failure.code.advice())))?;
    for refused in &outcome.ingested.refused {
        tracing::error!("refused: {} ({}): {}", refused.file, refused.source, refused.reason);
    }
    for note in &outcome.checked.notes {
        tracing::warn!("{note}");
    }
    for (product, error) in &outcome.built.failed {
        tracing::error!("{product} failed and keeps its old release: {}", run::told(error));
    }
    let not_fetched = match outcome.fetched.failed().count() {
        0 => String::new(),
        n => format!(", did not get {n} that were to be fetched"),
    };
    say(&format!(
        "Taken in {} deliveries, refused {}{not_fetched}; ran {} models, {} up to date.",
        outcome.ingested.taken.len(),
        outcome.ingested.refused.len(),
        outcome.built.ran.len(),
        outcome.built.skipped
    ));
    if let Some(published) = &outcome.published {
        let what = if published.new { "Published" } else { "Nothing new; shown is" };
        say(&format!("{what} {}", published.folder.display()));
    }
    if outcome.code != run::ExitCode::Done {
        say(&advice(outcome.code, &outcome.sentence()));
    }
    Ok(outcome)
}

/// The last line of a run that did not end with 0.
fn advice(code: run::ExitCode, sentence: &str) -> String {
    format!("Ended with {}: {sentence}.", code as u8)
}

fn plan(arguments: &RunArguments) -> Result<run::ExitCode, Failure> {
    let config = load(&arguments.config)?;
    let plan = run::plan(&config, arguments.as_of.unwrap_or_else(now), arguments.only.as_deref())?;
    say(&plan.to_string());
    Ok(run::ExitCode::Done)
}

fn roll_back(config: &Path, release: Option<&str>) -> Result<run::ExitCode, Failure> {
    let config = load(config)?;
    let shown = run::roll_back(&config, release)?;
    say(&format!("Shown is {}", shown.display()));
    Ok(run::ExitCode::Done)
}

fn verify(release: &Path) -> Result<run::ExitCode, Failure> {
    let problems = publish::verify(release).map_err(publishing)?;
    for problem in &problems {
        say(&problem.to_string());
    }
    for tombstone in publish::erased(release).map_err(publishing)? {
        say(&tombstone);
    }
    if problems.is_empty() {
        say(&format!("{} holds.", release.display()));
        return Ok(run::ExitCode::Done);
    }
    Ok(run::ExitCode::Publishing)
}

fn check(file: &Path) -> Result<run::ExitCode, Failure> {
    let checked = inspect::check(file, now())?;
    for fault in &checked.faults {
        say(&fault.to_string());
    }
    if checked.faults.is_empty() {
        say(&format!("{} holds: {}.", file.display(), checked.what));
        return Ok(run::ExitCode::Done);
    }
    Ok(run::ExitCode::Configuration)
}

fn judge(config: &Path, file: &Path, source: Option<&str>) -> Result<run::ExitCode, Failure> {
    let judged = inspect::judge(&load(config)?, file, source)?;
    say(&judged.verdict);
    Ok(if judged.refused { run::ExitCode::Refused } else { run::ExitCode::Done })
}

fn explain(config: &Path, table: &str, keys: &[String], column: Option<&str>) -> Result<run::ExitCode, Failure> {
    say(inspect::explain(&load(config)?, table, keys, column)?.trim_end());
    Ok(run::ExitCode::Done)
}

fn erase(config: &Path, mut ids: Vec<String>) -> Result<run::ExitCode, Failure> {
    let config = load(config)?;
    if ids.iter().any(|id| id == "-") {
        let told = std::io::read_to_string(std::io::stdin());
        let told = told.map_err(|error| Failure { code: run::ExitCode::TryAgain, error: error.into() })?;
        ids.retain(|id| id != "-");
        ids.extend(told.lines().map(str::to_owned));
    }
    let erased = run::erase(&config, &ids, now().date())?;
    say(&format!("Erased {} courses, {} delivered rows.", erased.courses, erased.rows));
    if erased.before > 0 {
        say(&format!("{} of those named had been erased before.", erased.before));
    }
    say("Figures without them come with the next run; copies and backups elsewhere are yours to see to.");
    Ok(run::ExitCode::Done)
}

fn status(config: &Path, json: bool) -> Result<run::ExitCode, Failure> {
    let try_again = |error| Failure { code: run::ExitCode::TryAgain, error };
    let status = Status::read(&load(config)?).map_err(try_again)?;
    let as_json = || serde_json::to_string_pretty(&status).map_err(|error| try_again(error.into()));
    say(&if json { as_json()? } else { inspect::in_words(&status).trim_end().to_owned() });
    Ok(run::ExitCode::Done)
}

fn serve(config: &Path, port: u16) -> Result<run::ExitCode, Failure> {
    let machinery = |error| Failure { code: run::ExitCode::TryAgain, error };
    let server = inspect::Server::bind(&load(config)?, port).map_err(machinery)?;
    say(&format!("Serving the release that is shown at http://{}/", server.address().map_err(machinery)?));
    server.run().map_err(machinery)?;
    Ok(run::ExitCode::Done)
}

fn load(config: &Path) -> Result<Config, Failure> {
    Config::load(config).map_err(|error| Failure { code: run::ExitCode::Configuration, error })
}

fn publishing(error: anyhow::Error) -> Failure {
    Failure { code: run::ExitCode::Publishing, error }
}

/// The only clock of the program: what `--as-of` is when it is not given.
fn now() -> DateTime {
    let now = Zoned::now();
    now.in_tz("Europe/Oslo").map_or(now.datetime(), |oslo| oslo.datetime())
}

fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed:>4} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Results go to stdout; a reader that has gone away is no reason to fail.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
