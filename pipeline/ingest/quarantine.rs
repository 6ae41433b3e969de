//! Bad rows of accepted deliveries: one CSV per delivery with file, line, column, rule and reason.
//!
//! Written beside and renamed when the delivery is accepted; nothing is left of a refused one.

use std::fs::File;
use std::path::Path;

use anyhow::Context;

use crate::contract::Fault;
use crate::disk;

/// The bad rows of one delivery, under way.
pub(super) struct Quarantine {
    writer: csv::Writer<File>,
    path: tempfile::TempPath,
    delivery: String,
    rows: u64,
}

impl Quarantine {
    /// An empty quarantine file in a folder for temporary files.
    pub(super) fn start(temporary: &Path, delivery: &str) -> anyhow::Result<Quarantine> {
        let (file, path) = tempfile::Builder::new()
            .prefix("karantene-")
            .tempfile_in(temporary)
            .with_context(|| format!("writing in {}", temporary.display()))?
            .into_parts();
        let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(file);
        writer.write_record(["fil", "linje", "kolonne", "regel", "aarsak"]).context("writing quarantine")?;
        Ok(Quarantine { writer, path, delivery: delivery.to_owned(), rows: 0 })
    }

    /// Adds a bad row.
    pub(super) fn add(&mut self, line: u64, fault: &Fault) -> anyhow::Result<()> {
        self.rows += 1;
        let line = line.to_string();
        self.writer
            .write_record([&self.delivery, &line, &fault.column, &fault.rule, &fault.in_quarantine()])
            .context("writing quarantine")
    }

    /// Gives the file its place, `<folder>/<source>/<delivery>.csv`. A delivery without bad rows has none.
    pub(super) fn keep(mut self, folder: &Path, source: &str) -> anyhow::Result<()> {
        let place = folder.join(source).join(format!("{}.csv", self.delivery));
        if self.rows == 0 {
            return disk::remove(&place);
        }
        self.writer.flush().context("writing quarantine")?;
        disk::create_folder(&folder.join(source))?;
        disk::put_in_place(self.path, &place)
    }
}
