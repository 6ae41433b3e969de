//! A working root in a temporary folder, and what the tests ask of it. Knows the library's outside only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use speil::config::Config;
use speil::lake::State;
use speil::publish::Manifest;
use speil::run::{self, ExitCode, Failure, Options, Outcome, Step};

use crate::oracle::world;
use crate::oracle_too::world as too;

/// The day on which the tiny world's 14 months are all over.
pub const AS_OF: &str = "2026-11-10";

/// A working root; it is gone when the test ends.
pub struct Root {
    folder: tempfile::TempDir,
}

impl Root {
    /// An empty one with the tiny world's configuration.
    pub fn empty() -> Root {
        let root = Root { folder: tempfile::tempdir().unwrap() };
        let other = Root::tiny();
        root.copy_from(&other, |name| name == "speil.toml");
        root
    }

    /// One with all deliveries of the tiny world.
    pub fn tiny() -> Root {
        let root = Root { folder: tempfile::tempdir().unwrap() };
        world::tiny_world(root.path());
        root
    }

    /// Takes the other products' sources out of the configuration.
    pub fn keep_reservasjon(&self) {
        let config = self.path().join("speil.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        let others = ["[source.too_", "[source.enhet]", "[source.befolkning]", "[product.reservasjon_kontroll]"];
        let mut sections = vec![String::new()];
        for line in text.lines() {
            if line.starts_with('[') {
                sections.push(String::new());
            }
            *sections.last_mut().unwrap() += &format!("{line}\n");
        }
        let kept = sections.into_iter().filter(|section| !others.iter().any(|other| section.starts_with(other)));
        std::fs::write(config, kept.collect::<String>()).unwrap();
    }

    /// One with all deliveries of the tiny world of TOO.
    pub fn tiny_too() -> Root {
        let root = Root::bare();
        too::tiny_world(root.path());
        root
    }

    /// One with all deliveries of the tiny worlds of both products, and room for Klass.
    pub fn of_both_products() -> Root {
        let root = Root::bare();
        too::tiny_world(root.path());
        root.copy_from(&Root::tiny(), |_| true);
        let config = root.path().join("speil.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        let klass = "[source.klass]\nurl = \"landing/klass/klass_*\"\n";
        let sources = format!("\n{}\n{klass}\n[product.", too::SOURCES);
        std::fs::write(config, text.replacen("\n[product.", &sources, 1)).unwrap();
        std::fs::create_dir_all(root.landing("klass")).unwrap();
        root
    }

    /// One that somebody else fills.
    pub fn bare() -> Root {
        Root { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn landing(&self, file: &str) -> PathBuf {
        self.path().join("landing").join(file)
    }

    /// Copies deliveries (and the configuration) whose path below the root is wanted.
    pub fn copy_from(&self, other: &Root, wanted: impl Fn(&str) -> bool) {
        for file in speil::disk::files_below(other.path()).unwrap() {
            let name = file.to_string_lossy().into_owned();
            if wanted(&name) && (name.starts_with("landing/") || name == "speil.toml") {
                let to = self.path().join(&file);
                std::fs::create_dir_all(to.parent().unwrap()).unwrap();
                std::fs::copy(other.path().join(&file), to).unwrap();
            }
        }
    }

    pub fn config(&self) -> Config {
        Config::load(&self.path().join("speil.toml")).unwrap()
    }

    /// A whole run in this process.
    pub fn run(&self) -> Outcome {
        self.run_as_of(AS_OF).unwrap()
    }

    pub fn run_as_of(&self, as_of: &str) -> Result<Outcome, Failure> {
        self.run_with(&self.config(), as_of)
    }

    pub fn run_with(&self, config: &Config, as_of: &str) -> Result<Outcome, Failure> {
        let as_of = speil::calendar::as_of(as_of).unwrap();
        run::run(config, &Options { as_of, steps: Step::ALL, only: None, progress: &|_| {} })
    }

    /// A run that must end with this code.
    pub fn run_to(&self, code: ExitCode) -> Outcome {
        let outcome = self.run();
        assert_eq!(outcome.code, code, "{:?} {:?}", outcome.ingested.refused, outcome.built.failed);
        outcome
    }

    /// The program itself, as an operator calls it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_speil"));
        command.args(arguments).arg("--config").arg(self.path().join("speil.toml")).args(["--as-of", AS_OF]);
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn state(&self) -> State {
        State::load(&self.path().join("state.json")).unwrap()
    }

    /// The release that is shown.
    pub fn current(&self) -> PathBuf {
        self.path().join("releases/current")
    }

    pub fn manifest(&self) -> Manifest {
        Manifest::load(&self.current()).unwrap().unwrap()
    }

    /// Path → SHA-256 of every file of the release that is shown, but the manifest.
    pub fn release_hashes(&self) -> BTreeMap<String, String> {
        let folder = std::fs::canonicalize(self.current()).unwrap();
        let files = speil::disk::files_below(&folder).unwrap().into_iter();
        files
            .filter(|file| file != Path::new("manifest.json"))
            .map(|file| (file.to_string_lossy().into_owned(), speil::disk::sha256_of_file(&folder.join(file)).unwrap()))
            .collect()
    }

    /// Path → text of what is handed over outside the portal.
    pub fn handed_over(&self) -> BTreeMap<PathBuf, String> {
        let folder = self.path().join("utboks");
        let files = speil::disk::files_below(&folder).unwrap().into_iter();
        files.map(|file| (file.clone(), std::fs::read_to_string(folder.join(file)).unwrap())).collect()
    }

    /// The same without the log of revisions, which tells of earlier releases too.
    pub fn figure_hashes(&self) -> BTreeMap<String, String> {
        self.release_hashes().into_iter().filter(|(file, _)| !file.contains("revisjoner")).collect()
    }

    /// All rows of a table of the lake.
    pub fn table(&self, name: &str) -> Vec<RecordBatch> {
        let state = self.state();
        let files = state.tables[name].values().map(|entry| self.path().join("lake").join(&entry.file));
        files.flat_map(|file| batches(&file)).collect()
    }
}

/// Says that something is not shown for want of a tool. Where `CI=true` that is a failure: a test that is silent there
/// would be missed by nobody.
pub fn not_shown(why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "CI must show this, and cannot: {why}");
    eprintln!("not shown here: {why}");
}

/// The lines of a root's ledger, the oldest first.
pub fn ledger(root: &Path) -> Vec<serde_json::Value> {
    let runs = root.join("runs");
    let files = speil::disk::files_below(&runs).unwrap();
    let months = files.into_iter().filter(|file| file.extension().is_some_and(|kind| kind == "jsonl"));
    let text: String = months.map(|file| std::fs::read_to_string(runs.join(file)).unwrap()).collect();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The rows of a Parquet file.
pub fn batches(file: &Path) -> Vec<RecordBatch> {
    let file = std::fs::File::open(file).unwrap();
    ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().map(Result::unwrap).collect()
}

/// A column as integers.
pub fn integers(batch: &RecordBatch, name: &str) -> Vec<Option<i64>> {
    let column = arrow::compute::cast(batch.column_by_name(name).unwrap(), &DataType::Int64).unwrap();
    column.as_primitive::<Int64Type>().iter().collect()
}

/// A column as texts; doubles with all their digits.
pub fn texts(column: &ArrayRef) -> Vec<String> {
    let text = arrow::compute::cast(column, &DataType::Utf8).unwrap();
    let text = text.as_string::<i32>();
    (0..text.len()).map(|row| if text.is_null(row) { String::new() } else { text.value(row).to_owned() }).collect()
}

/// A Parquet file as `;`-separated text with every digit.
pub fn as_csv(file: &Path) -> String {
    let opened = std::fs::File::open(file).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(opened).unwrap();
    let names: Vec<&str> = builder.schema().fields().iter().map(|field| field.name().as_str()).collect();
    let mut lines = vec![names.join(";")];
    for batch in batches(file) {
        let columns: Vec<Vec<String>> = batch.columns().iter().map(texts).collect();
        for row in 0..batch.num_rows() {
            lines.push(columns.iter().map(|column| column[row].clone()).collect::<Vec<_>>().join(";"));
        }
    }
    lines.join("\n") + "\n"
}
