//! What the checks need to know of the release that is shown. `publish` reads it from the release's manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, ensure};
use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::disk;
use crate::lake::State;

/// The release that is shown.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Its name.
    pub release: String,
    /// Product → what its figures are made from.
    pub products: BTreeMap<String, Made>,
    /// Table → its file.
    pub tables: BTreeMap<String, ShownTable>,
    /// The state that its figures are made from.
    pub state: State,
}

/// What a product's shown figures are made from.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// Source table → partition → content hash.
    pub inputs: BTreeMap<String, BTreeMap<String, String>>,
    /// Model → hash of its file.
    pub models: BTreeMap<String, String>,
    /// The thresholds.
    pub thresholds: BTreeMap<String, i64>,
    /// The reimbursement paragraphs.
    pub paragraphs: BTreeSet<i64>,
}

/// A published table.
#[derive(Clone, Debug)]
pub struct ShownTable {
    /// Its Parquet file in the release.
    pub file: PathBuf,
    /// The file's SHA-256, as the manifest says.
    pub sha256: String,
    /// Its rows.
    pub rows: u64,
}

impl ShownTable {
    /// All rows. An error when the file is not the one that was published.
    pub fn read(&self) -> anyhow::Result<RecordBatch> {
        let path = self.file.display();
        let broken = || format!("{path} is not readable as Parquet");
        ensure!(disk::sha256_of_file(&self.file)? == self.sha256, "{path} has another hash than its manifest says");
        let builder = ParquetRecordBatchReaderBuilder::try_new(disk::open(&self.file)?).with_context(broken)?;
        let schema = builder.schema().clone();
        let batches: Vec<RecordBatch> =
            builder.build().with_context(broken)?.collect::<Result<_, _>>().with_context(broken)?;
        arrow::compute::concat_batches(&schema, &batches).with_context(broken)
    }
}
