//! A delivered file without the rows of erased courses. Every other byte stays, and a line that is taken out leaves its
//! line break, so that the numbers of the lines after it are those of the delivery.
//!
//! Looks at single fields only: whether the file or a row is as the contract says does not matter here, since a file
//! that was refused lies there too. Returns bytes; writes nothing.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;

use super::Place;
use crate::calendar::{self, Month};
use crate::contract::{Column, Contract, TableContract};
use crate::disk;

/// What is left of a file, and what went.
#[derive(Debug)]
pub struct Stripped {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// The rows that went: key and place.
    pub gone: Vec<Gone>,
}

/// A row that went.
#[derive(Debug, PartialEq, Eq)]
pub struct Gone {
    /// Its id, as it stood there.
    pub id: Vec<u8>,
    /// The contract's key, as it stood there; absent when the row does not tell.
    pub key: Option<Vec<u8>>,
    /// Where it counts.
    pub place: Place,
}

/// A file without the rows whose id is erased; `None` when it has none, or its contract knows no ids.
pub fn strip(file: &Path, contract: &Contract, is_erased: &dyn Fn(&[u8]) -> bool) -> anyhow::Result<Option<Stripped>> {
    let Some(table) = contract.tables.first().filter(|table| table.erased_by.is_some()) else { return Ok(None) };
    let bytes = disk::read(file)?;
    let is_parquet = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
    let stripped = match is_parquet {
        true => parquet(file, table, is_erased).with_context(|| format!("reading {}", file.display()))?,
        false => text(&bytes, table, contract.decimal_mark, is_erased),
    };
    Ok((!stripped.gone.is_empty()).then_some(stripped))
}

/// The columns of a file that are looked at.
struct Places<'c> {
    id: Option<usize>,
    key: Option<usize>,
    county: Option<(usize, &'c Column)>,
    day: Option<(usize, &'c Column)>,
    width: usize,
}

impl<'c> Places<'c> {
    fn of(table: &'c TableContract, header: &[String]) -> Places<'c> {
        let at = |column: usize| header.iter().position(|name| *name == table.columns[column].delivered);
        let with_column = |column: usize| Some((at(column)?, &table.columns[column]));
        Places {
            id: table.erased_by.and_then(at),
            key: table.key.first().copied().and_then(at),
            county: table.county.and_then(with_column),
            day: table.receipt_month.and_then(with_column),
            width: header.len(),
        }
    }

    fn gone(&self, id: &[u8], fields: &[&[u8]], decimal_mark: u8) -> Gone {
        let number = |place: Option<(usize, &Column)>| {
            let (at, column) = place?;
            column.read(fields.get(at)?, decimal_mark).ok()?.integer()
        };
        let day = number(self.day).and_then(|days| i32::try_from(days).ok()).and_then(calendar::date_from_days);
        let place = Place { county: number(self.county), month: day.map(|day| Month::of(day).number()) };
        let key = self.key.and_then(|at| fields.get(at)).map(|key| key.to_vec());
        Gone { id: id.to_vec(), key, place }
    }
}

fn text(bytes: &[u8], table: &TableContract, decimal_mark: u8, is_erased: &dyn Fn(&[u8]) -> bool) -> Stripped {
    let mut stripped = Stripped { bytes: Vec::with_capacity(bytes.len()), gone: Vec::new() };
    let mut places: Option<Places<'_>> = None;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        let fields = fields(content);
        let Some(places) = &places else {
            if !content.is_empty() {
                let name =
                    |name: &Vec<u8>| String::from_utf8_lossy(name).trim_start_matches('\u{feff}').trim().to_owned();
                places = Some(Places::of(table, &fields.iter().map(name).collect::<Vec<_>>()));
            }
            stripped.bytes.extend(line);
            continue;
        };
        let fields: Vec<&[u8]> = fields.iter().map(Vec::as_slice).collect();
        let whole = places.id.filter(|_| fields.len() == places.width).map(|at| fields[at]);
        let id = match whole {
            Some(field) => is_erased(field).then_some(field),
            // Whatever the line is, it may not hold the id.
            None => words(content).find(|word| is_erased(word)),
        };
        match id {
            Some(id) => {
                stripped.gone.push(places.gone(id, if whole.is_some() { &fields } else { &[] }, decimal_mark));
                stripped.bytes.extend(&line[content.len()..]);
            }
            None => stripped.bytes.extend(line),
        }
    }
    stripped
}

fn fields(line: &[u8]) -> Vec<Vec<u8>> {
    if !line.contains(&b'"') {
        return line.split(|byte| *byte == b';').map(<[u8]>::to_vec).collect();
    }
    let reader =
        csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(line).into_byte_records().next();
    let record = reader.and_then(Result::ok);
    record.map_or_else(Vec::new, |record| record.iter().map(<[u8]>::to_vec).collect())
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| matches!(byte, b';' | b',' | b'\t' | b'"' | b' ')).filter(|word| !word.is_empty())
}

fn parquet(file: &Path, table: &TableContract, is_erased: &dyn Fn(&[u8]) -> bool) -> anyhow::Result<Stripped> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(disk::open(file)?)?;
    let schema = builder.schema().clone();
    let header: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let places = Places::of(table, &header);
    let properties = WriterProperties::builder().set_created_by("speil".to_owned()).build();
    let mut stripped = Stripped { bytes: Vec::new(), gone: Vec::new() };
    let mut writer = ArrowWriter::try_new(&mut stripped.bytes, schema, Some(properties))?;
    for batch in builder.build()? {
        let batch = batch?;
        let Some(at) = places.id else { continue };
        let texts = as_texts(&batch)?;
        let field = |column: usize, row: usize| {
            if texts[column].is_null(row) { &b""[..] } else { texts[column].value(row).as_bytes() }
        };
        let mut keep = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let id = field(at, row);
            let erased = is_erased(id);
            if erased {
                let fields: Vec<&[u8]> = (0..texts.len()).map(|column| field(column, row)).collect();
                stripped.gone.push(places.gone(id, &fields, b'.'));
            }
            keep.push(!erased);
        }
        writer.write(&arrow::compute::filter_record_batch(&batch, &BooleanArray::from(keep))?)?;
    }
    writer.close()?;
    Ok(stripped)
}

fn as_texts(batch: &RecordBatch) -> anyhow::Result<Vec<Arc<StringArray>>> {
    let text = |column: &Arc<dyn Array>| {
        let text = arrow::compute::cast(column, &DataType::Utf8).context("reading a column as text")?;
        Ok(Arc::new(text.as_string::<i32>().clone()))
    };
    batch.columns().iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract() -> Contract {
        Contract::embedded().unwrap().into_iter().find(|contract| contract.source == "too_hendelse").unwrap()
    }

    fn without(text: &str) -> (String, Vec<Gone>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("too_hendelse_03_2026-01.csv");
        disk::write(&file, text.as_bytes()).unwrap();
        let stripped = strip(&file, &contract(), &|id| id == b"c-1").unwrap();
        stripped.map_or_else(
            || (text.to_owned(), Vec::new()),
            |stripped| (String::from_utf8(stripped.bytes).unwrap(), stripped.gone),
        )
    }

    #[test]
    fn a_row_leaves_its_line_and_every_other_byte_stays() {
        let text = "\u{feff}hendelse_guid;forlop_id;fylkesnr;registrert_tid\r\n\r\na;c-1;03;2026-01-31T23:30:00Z\r\n\
                    b;c-2;03;x\r\nc;\"c-1\";03;x\nd;c-2;\"03\";x\ne;c-1;46;2026-01-05T10:00:00Z";
        let (left, gone) = without(text);
        assert_eq!(
            left,
            "\u{feff}hendelse_guid;forlop_id;fylkesnr;registrert_tid\r\n\r\n\r\nb;c-2;03;x\r\n\nd;c-2;\"03\";x\n"
        );
        let places: Vec<_> = gone.iter().map(|gone| (gone.key.clone().unwrap(), gone.place.clone())).collect();
        let place = |county, month| Place { county: Some(county), month };
        let wanted = [
            // By the clock in Oslo it is February.
            (b"a".to_vec(), place(3, Some(202_602))),
            (b"c".to_vec(), place(3, None)),
            (b"e".to_vec(), place(46, Some(202_601))),
        ];
        assert_eq!(places, wanted);
        // A part of an id is another id.
        let other = "hendelse_guid;forlop_id\na;c-11\nc-1x;c\n";
        assert_eq!(without(other), (other.to_owned(), vec![]));
    }

    #[test]
    fn a_line_that_is_no_row_may_not_hold_the_id_either() {
        let (left, gone) = without("hendelse_guid;forlop_id\na;c-1;03\nb;c-2;03\nc-1\n");
        assert_eq!(left, "hendelse_guid;forlop_id\n\nb;c-2;03\n\n");
        let nowhere = Place { county: None, month: None };
        assert!(gone.iter().all(|gone| gone.key.is_none() && gone.place == nowhere) && gone.len() == 2);
        // A file that is refused: other columns, other marks.
        assert_eq!(without("guid,forlop\na,c-1\nb,c-2\n").0, "guid,forlop\n\nb,c-2\n");
        assert_eq!(without("").1, []);
    }
}
