//! No course's id in any release: not on a page, not in a file of figures, not in `tabeller/`.
//!
//! The ids are those of the events that the release is made from. Shorter ones than [`SHORTEST_TOLD`] are not looked for:
//! they could be anything's code. A product that reads no events cannot hold one, and is not looked through.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::manifest::{File, Manifest};
use crate::disk;
use crate::lake::{Lake, State};

/// The table of events, and the column of their course.
const EVENTS: (&str, &str) = ("too_hendelse", "forlop_id");

/// Ids of courses are pseudonyms, far longer than this.
const SHORTEST_TOLD: usize = 8;

/// What the files of a release are compared with.
pub(super) struct Courses {
    ids: BTreeSet<String>,
    /// Most words of a page are as long as no id.
    lengths: BTreeSet<usize>,
    /// The products that read events.
    readers: BTreeSet<String>,
}

impl Courses {
    /// Those of a release. Without a lake none are known.
    pub(super) fn of(release: &Path, manifest: &Manifest, lake: Option<&Lake>) -> anyhow::Result<Courses> {
        let (table, column) = EVENTS;
        let mut ids = BTreeSet::new();
        if let Some(lake) = lake {
            let state = State::load_existing(&release.join("state.json"))?;
            for (_, entry) in state.partitions(table) {
                for batch in lake.read_column(entry, column)? {
                    ids.extend(texts(&batch, 0)?.into_iter().filter(|id| id.len() >= SHORTEST_TOLD));
                }
            }
        }
        let readers = manifest.products.iter().filter(|(_, product)| product.inputs.contains_key(table));
        let readers = readers.map(|(name, _)| name.clone()).collect();
        Ok(Courses { lengths: ids.iter().map(String::len).collect(), ids, readers })
    }

    /// What is wrong with a file of a release, which holds these bytes.
    pub(super) fn in_file(
        &self,
        release: &Path,
        path: &str,
        file: &File,
        bytes: &[u8],
    ) -> anyhow::Result<Option<String>> {
        let may_hold = file.product.as_ref().is_none_or(|product| self.readers.contains(product));
        if !may_hold || path.contains("/assets/") || path == "state.json" {
            return Ok(None);
        }
        let told = match std::str::from_utf8(bytes) {
            Ok(text) => path.ends_with(".csv") && has_column(text) || self.in_text(text),
            // One that is damaged is told elsewhere.
            Err(_) if path.ends_with(".parquet") => self.in_table(&release.join(path)).unwrap_or(false),
            Err(_) => false,
        };
        Ok(told.then(|| "holds the id of a course".to_owned()))
    }

    fn in_text(&self, text: &str) -> bool {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        let is_told = |word: &str| self.lengths.contains(&word.len()) && self.ids.contains(word);
        text.split(|c| !is_part(c)).any(is_told)
    }

    fn in_table(&self, place: &Path) -> anyhow::Result<bool> {
        let broken = "reading a table of the release";
        let reader = ParquetRecordBatchReaderBuilder::try_new(disk::open(place)?).context(broken)?.build();
        for batch in reader.context(broken)? {
            let batch = batch.context(broken)?;
            for (at, field) in batch.schema().fields().iter().enumerate() {
                let is_text = *field.data_type() == DataType::Utf8;
                if field.name() == EVENTS.1 || is_text && texts(&batch, at)?.iter().any(|cell| self.in_text(cell)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// A page may tell what the column is; a table that has it holds ids.
fn has_column(csv: &str) -> bool {
    csv.lines().next().is_some_and(|header| header.split(';').any(|name| name == EVENTS.1))
}

fn texts(batch: &RecordBatch, at: usize) -> anyhow::Result<Vec<String>> {
    let column = batch.column(at);
    let column = column.as_string_opt::<i32>().context("a column is no text")?;
    Ok(column.iter().flatten().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_told_wherever_it_stands_as_a_word() {
        let ids = BTreeSet::from(["f-2b9c01d4e5".to_owned()]);
        let courses = Courses { lengths: [12].into(), ids, readers: ["too".to_owned()].into() };
        let file = |product: &str| File {
            product: Some(product.to_owned()),
            sha256: String::new(),
            bytes: 0,
            table: None,
            rows: None,
        };
        let told = |product, path: &str, text: &str| {
            courses.in_file(Path::new("r"), path, &file(product), text.as_bytes()).unwrap().is_some()
        };
        for text in ["a;f-2b9c01d4e5;3", "<a href=\"x/f-2b9c01d4e5/y\">", "\"f-2b9c01d4e5\"", "forlop_id;n"] {
            assert!(told("too", "offentlig/data/t.csv", text), "{text}");
            assert!(!told("reservasjon", "offentlig/data/t.csv", text), "{text}");
        }
        for text in ["f-2b9c01d4e", "f-2b9c01d4e55", "12 forløp"] {
            assert!(!told("too", "offentlig/data/t.csv", text), "{text}");
        }
        assert!(!told("too", "offentlig/datadefinisjoner.html", "<th>forlop_id</th>"));
    }
}
