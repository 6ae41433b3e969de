//! The lake: immutable Parquet files, one state that names those in force, and how they become tables of a session.
//!
//! Knows no statistics. Besides `engine` this is the only module that knows DataFusion's sessions.

mod finished;
mod query;
mod stage;
mod state;
mod writer;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::prelude::SessionContext;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::statistics::Statistics;

pub use finished::Finished;
pub use query::{Parameter, Query, parameters_named, tables_named};
pub use stage::{Stage, Staged};
pub use state::{Delivery, Entry, State};
pub use writer::{TableWriter, stored_schema};

use crate::disk;
use crate::engine::reduce;

/// A file that the state names is not there, or is another: figures would be smaller without an error.
#[derive(Debug, thiserror::Error)]
#[error(
    "lake file {path}: {what}; restore it from backup, or remove state.json and run again to rebuild everything from the deliveries"
)]
pub struct Damaged {
    path: String,
    what: String,
}

/// A table's files, ready to be registered: every file has been compared with the state.
pub struct Table<'a> {
    /// The table's name in SQL.
    pub name: &'a str,
    /// Its schema.
    pub schema: SchemaRef,
    /// Its files.
    pub entries: Vec<&'a Entry>,
}

/// The lake's folder.
#[derive(Clone, Debug)]
pub struct Lake {
    folder: PathBuf,
}

impl Lake {
    /// The lake in a folder, which is made when a first file is written.
    pub fn at(folder: &Path) -> Lake {
        Lake { folder: folder.to_owned() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where an entry's file is.
    pub fn path(&self, entry: &Entry) -> PathBuf {
        self.folder.join(&entry.file)
    }

    /// Compares a file's presence and size with the state. `ListingTable` would take a missing file for an empty one.
    pub fn check(&self, entry: &Entry) -> anyhow::Result<()> {
        let path = self.path(entry);
        let damaged = |what: String| Damaged { path: path.display().to_string(), what };
        match std::fs::metadata(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("reading {}", path.display()))
            }
            Err(_) => bail!(damaged("is missing".to_owned())),
            Ok(found) if found.len() != entry.bytes => {
                bail!(damaged(format!("has {} bytes where the state says {}", found.len(), entry.bytes)))
            }
            Ok(_) => Ok(()),
        }
    }

    /// The same, and its hash: for files whose rows are published as they are.
    pub fn check_content(&self, entry: &Entry) -> anyhow::Result<()> {
        self.check(entry)?;
        let path = self.path(entry);
        if disk::sha256_of_file(&path)? != entry.sha256 {
            let what = "has another hash than the state says".to_owned();
            bail!(Damaged { path: path.display().to_string(), what });
        }
        Ok(())
    }

    /// Compares every file that a state names with the disk.
    pub fn check_all(&self, state: &State) -> anyhow::Result<()> {
        state.tables.values().flat_map(|table| table.values()).try_for_each(|entry| self.check(entry))
    }

    /// The schema that a file was written with.
    pub fn schema(&self, entry: &Entry) -> anyhow::Result<SchemaRef> {
        self.check(entry)?;
        let path = self.path(entry);
        let builder = ParquetRecordBatchReaderBuilder::try_new(disk::open(&path)?)
            .with_context(|| format!("{} is not readable as Parquet", path.display()))?;
        Ok(builder.schema().clone())
    }

    /// The greatest date of a column, as days since 1970-01-01, from the file's own statistics; absent when the column
    /// is empty.
    pub fn greatest_day(&self, entry: &Entry, column: &str) -> anyhow::Result<Option<i32>> {
        self.check(entry)?;
        let path = self.path(entry);
        let builder = ParquetRecordBatchReaderBuilder::try_new(disk::open(&path)?)
            .with_context(|| format!("{} is not readable as Parquet", path.display()))?;
        let at = builder.schema().index_of(column).with_context(|| format!("{}: {column}", path.display()))?;
        let greatest = |statistics: &Statistics| match statistics {
            Statistics::Int32(days) => days.max_opt().copied(),
            _ => None,
        };
        Ok(builder
            .metadata()
            .row_groups()
            .iter()
            .filter_map(|group| group.column(at).statistics().and_then(greatest))
            .max())
    }

    /// Every batch of a file, for tables small enough to be read whole.
    pub fn read(&self, entry: &Entry) -> anyhow::Result<Vec<RecordBatch>> {
        self.batches(entry)?.collect()
    }

    /// Every batch of a file, one after the other.
    pub fn batches(&self, entry: &Entry) -> anyhow::Result<impl Iterator<Item = anyhow::Result<RecordBatch>>> {
        self.check(entry)?;
        let path = self.path(entry);
        let broken = format!("{} is not readable as Parquet", path.display());
        let builder = ParquetRecordBatchReaderBuilder::try_new(disk::open(&path)?).with_context(|| broken.clone())?;
        let reader = builder.build().with_context(|| broken.clone())?;
        Ok(reader.map(move |batch| batch.with_context(|| broken.clone())))
    }

    /// One column of a file.
    pub fn read_column(&self, entry: &Entry, column: &str) -> anyhow::Result<Vec<RecordBatch>> {
        self.check(entry)?;
        let path = self.path(entry);
        let broken = || format!("{} is not readable as Parquet", path.display());
        let builder = ParquetRecordBatchReaderBuilder::try_new(disk::open(&path)?).with_context(broken)?;
        let columns = ProjectionMask::columns(builder.parquet_schema(), [column]);
        let reader = builder.with_projection(columns).build().with_context(broken)?;
        reader.map(|batch| batch.with_context(broken)).collect()
    }

    /// Makes a table known to a session.
    pub fn register(&self, session: &SessionContext, table: &Table<'_>) -> anyhow::Result<()> {
        let provider: Arc<dyn datafusion::catalog::TableProvider> = if table.entries.is_empty() {
            Arc::new(EmptyTable::new(table.schema.clone()))
        } else {
            let mut urls = Vec::new();
            for entry in &table.entries {
                self.check(entry)?;
                let path = std::path::absolute(self.path(entry)).context("the lake's folder")?;
                let Ok(url) = url::Url::from_file_path(&path) else { bail!("{} is no file path", path.display()) };
                urls.push(ListingTableUrl::parse(url.as_str()).map_err(|error| reduce(&error))?);
            }
            // The files are sorted, but the engine is not told. Told, DataFusion 55.2 left out sorts and merges that it
            // needed on larger tables (groups in two parts, rows out of order; the grain check caught both).
            let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
            let config = ListingTableConfig::new_with_multi_paths(urls)
                .with_listing_options(options)
                .with_schema(table.schema.clone());
            Arc::new(ListingTable::try_new(config).map_err(|error| reduce(&error))?)
        };
        session.register_table(table.name, provider).map_err(|error| reduce(&error))?;
        Ok(())
    }

    /// Removes files that none of the kept states names. Returns how many.
    pub fn sweep(&self, kept: &[State]) -> anyhow::Result<usize> {
        let named: BTreeSet<&str> = kept
            .iter()
            .flat_map(|state| state.tables.values().flat_map(|table| table.values()))
            .map(|entry| entry.file.as_str())
            .collect();
        let mut removed = 0;
        for file in disk::files_below(&self.folder)? {
            if !named.contains(file.to_string_lossy().as_ref()) {
                let file = self.folder.join(&file);
                disk::remove(&file)?;
                disk::remove_empty(file.parent().unwrap_or(&self.folder), &self.folder);
                removed += 1;
            }
        }
        Ok(removed)
    }
}
