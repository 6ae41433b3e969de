//! Where lines are in the files as they were delivered, found again by their id.
//!
//! Knows nothing of what the lines are for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use arrow::array::AsArray;
use arrow::datatypes::DataType;
use csv::ByteRecord;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::config::Config;
use crate::lake::{Delivery, State};
use crate::{disk, fetch};

/// Ids to look for, by the partition whose delivery holds them; without a partition, any delivery may.
pub(super) type Wanted = BTreeMap<Option<String>, BTreeSet<String>>;

/// What was found.
#[derive(Default)]
pub(super) struct Places {
    /// `file:line`, or `file row n` in a Parquet file; several when the line was delivered more than once.
    pub(super) found: BTreeMap<(Option<String>, String), Vec<String>>,
    /// What stands in the way of finding more.
    pub(super) notes: BTreeSet<String>,
    /// The partitions that lines were found in, or should have been.
    pub(super) partitions: BTreeSet<String>,
}

/// Looks for ids in the deliveries in force. `column` is the id's name in a delivery.
pub(super) fn places(
    source: &str,
    column: &str,
    wanted: &Wanted,
    config: &Config,
    state: &State,
) -> anyhow::Result<Places> {
    let mut places = Places::default();
    let paths = fetch::files(config, source)?.into_iter();
    let name = |path: PathBuf| Some((path.file_name()?.to_string_lossy().into_owned(), path.clone()));
    let files: BTreeMap<String, PathBuf> = paths.filter_map(name).collect();
    let no_deliveries = BTreeMap::new();
    let deliveries = state.deliveries.get(source).unwrap_or(&no_deliveries);
    for (partition, ids) in wanted {
        if let Some(partition) = partition.as_ref().filter(|partition| !deliveries.contains_key(*partition)) {
            places.notes.insert(format!("no delivery of {partition} is in force"));
        }
        let fitting = deliveries.iter().filter(|(name, _)| partition.as_ref().is_none_or(|only| only == *name));
        for (name, delivery) in fitting {
            let lines = match as_delivered(&files, delivery)? {
                Err(why) => {
                    places.notes.insert(why);
                    continue;
                }
                Ok(path) if path.extension().is_some_and(|ending| ending == "csv") => lines_of(path, column, ids)?,
                Ok(path) => rows_of(path, column, ids)?,
            };
            if !lines.is_empty() || partition.is_some() {
                places.partitions.insert(name.clone());
            }
            for (id, lines) in lines {
                let found = lines.into_iter().map(|line| format!("{}{line}", delivery.file));
                places.found.entry((partition.clone(), id)).or_default().extend(found);
            }
        }
    }
    Ok(places)
}

/// The file as it was delivered, when it is still there with the same bytes.
fn as_delivered<'f>(
    files: &'f BTreeMap<String, PathBuf>,
    delivery: &Delivery,
) -> anyhow::Result<Result<&'f Path, String>> {
    let name = &delivery.file;
    let Some(path) = files.get(name) else {
        return Ok(Err(format!("{name} is not where it was delivered")));
    };
    if !path.extension().is_some_and(|ending| ending == "csv" || ending == "parquet") {
        return Ok(Err(format!("{name} has no lines")));
    }
    let same = disk::sha256_of_file(path)? == delivery.sha256;
    Ok(if same { Ok(path) } else { Err(format!("{name} is not the file that was taken in")) })
}

/// The lines of a CSV file with these ids, `:12`; several when a bad row has the same id.
fn lines_of(path: &Path, column: &str, ids: &BTreeSet<String>) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let broken = || format!("{} is not readable as CSV", path.display());
    let mut input = std::io::BufReader::with_capacity(1 << 18, disk::open(path)?);
    let mut first = Vec::new();
    input.read_until(b'\n', &mut first).with_context(broken)?;
    // A reader that has stopped at a carriage return has not counted the line break after it.
    let uncounted = u64::from(first.ends_with(b"\r\n"));
    let input = std::io::Cursor::new(first).chain(input);
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').has_headers(false).flexible(true).from_reader(input);
    let mut record = ByteRecord::new();
    reader.read_byte_record(&mut record).with_context(broken)?;
    let named = |field: &[u8]| field.strip_prefix(b"\xef\xbb\xbf").unwrap_or(field).trim_ascii() == column.as_bytes();
    let at = record.iter().position(named).with_context(|| format!("{} has no column {column}", path.display()))?;
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    while reader.read_byte_record(&mut record).with_context(broken)? {
        let id = record.get(at).and_then(|field| std::str::from_utf8(field).ok());
        if let Some(id) = id.filter(|id| ids.contains(*id)) {
            let line = record.position().map_or(0, csv::Position::line) + uncounted;
            found.entry(id.to_owned()).or_default().push(format!(":{line}"));
        }
    }
    Ok(found)
}

/// The rows of a Parquet file with these ids, counted from 1 as in quarantine, ` row 12`.
fn rows_of(path: &Path, column: &str, ids: &BTreeSet<String>) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let broken = || format!("{} is not readable as Parquet", path.display());
    let builder = ParquetRecordBatchReaderBuilder::try_new(disk::open(path)?).with_context(broken)?;
    let only = ProjectionMask::columns(builder.parquet_schema(), [column]);
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut row = 0;
    for batch in builder.with_projection(only).build().with_context(broken)? {
        let batch = batch.with_context(broken)?;
        let ids_here = batch.column_by_name(column).with_context(|| format!("{} has no {column}", path.display()))?;
        let ids_here = arrow::compute::cast(ids_here, &DataType::Utf8).with_context(broken)?;
        for id in ids_here.as_string::<i32>() {
            row += 1;
            if let Some(id) = id.filter(|id| ids.contains(*id)) {
                found.entry(id.to_owned()).or_default().push(format!(" row {row}"));
            }
        }
    }
    Ok(found)
}
