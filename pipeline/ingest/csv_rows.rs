//! CSV deliveries: `;`, a header row, UTF-8 with or without BOM (or ISO-8859-1 when the contract says so).
//!
//! Splits rows into fields in the contract's order; what the fields mean is the intake's business.

use std::borrow::Cow;
use std::io::Read;

use anyhow::{Context, bail, ensure};
use csv::ByteRecord;

use super::intake::{Intake, Outlet};
use crate::contract::{Contract, Fault};

/// Reads a whole delivery into an intake. An error refuses the delivery; bad rows go to the outlet.
pub fn read(
    input: impl Read,
    contract: &Contract,
    intake: &mut Intake<'_>,
    out: &mut dyn Outlet,
) -> anyhow::Result<()> {
    let mut rows = Rows::over(input);
    let header: Vec<String> = match rows.next()? {
        Some((line, record)) => header(record, contract.latin1).with_context(|| format!("line {line}"))?,
        None => bail!("the file is empty; write the header row even when there are no rows"),
    };
    let places = intake.match_header(&header).context("line 1")?;

    let mut short = None;
    while let Some((line, record)) = rows.next()? {
        short = (record.len() < header.len()).then_some(line);
        if record.len() != header.len() {
            let reason = format!("{} fields where the header has {}", record.len(), header.len());
            intake.unreadable(line, &Fault::new("antall_felter", &header[0], &reason), out)?;
            continue;
        }
        if contract.latin1 {
            let decoded: Vec<Cow<'_, str>> = record.iter().map(encoding_rs::mem::decode_latin1).collect();
            let fields: Vec<Option<&[u8]>> = places.iter().map(|at| at.map(|at| decoded[at].as_bytes())).collect();
            intake.row(line, &fields, out)?;
        } else {
            let fields: Vec<Option<&[u8]>> = places.iter().map(|at| at.map(|at| &record[at])).collect();
            intake.row(line, &fields, out)?;
        }
    }
    match short.filter(|_| !rows.ended_with_a_line()) {
        Some(line) => bail!("line {line}: the file ends in the middle of a row, so it was cut off; deliver all of it"),
        None => Ok(()),
    }
}

/// Records with the line they begin on. Blank lines are passed over.
struct Rows<R> {
    reader: csv::Reader<std::io::Chain<Watched<R>, &'static [u8]>>,
    record: ByteRecord,
    /// The record without the carriage return of a CRLF file.
    trimmed: ByteRecord,
}

impl<R: Read> Rows<R> {
    fn over(input: R) -> Rows<R> {
        // Every record ends with a line feed, the last one too: lines can then be counted from where a record ends.
        // The position that the reader gives for its beginning is before blank lines, and one short after CRLF.
        let reader = csv::ReaderBuilder::new()
            .delimiter(b';')
            .terminator(csv::Terminator::Any(b'\n'))
            .has_headers(false)
            .flexible(true)
            .from_reader(Watched { input, last: b'\n' }.chain(&b"\n"[..]));
        Rows { reader, record: ByteRecord::new(), trimmed: ByteRecord::new() }
    }

    /// Whether the last byte of the file was a line feed; true when all has been read.
    fn ended_with_a_line(&self) -> bool {
        self.reader.get_ref().get_ref().0.last == b'\n'
    }

    fn next(&mut self) -> anyhow::Result<Option<(u64, &ByteRecord)>> {
        loop {
            let before = self.reader.position().line();
            if !self.reader.read_byte_record(&mut self.record).with_context(|| format!("line {before}"))? {
                return Ok(None);
            }
            let last = self.record.len().saturating_sub(1);
            let inside: usize =
                self.record.iter().map(|field| field.iter().filter(|byte| **byte == b'\n').count()).sum();
            // A quote that is never closed takes the rest of the file, its last line feed too.
            let unclosed = self.record.get(last).is_some_and(|field| field.ends_with(b"\n"));
            let line = if unclosed { before } else { self.reader.position().line().saturating_sub(1 + inside as u64) };
            ensure!(
                inside == 0,
                "line {line}: a quote opens here and is not closed on the line; rows after it cannot be told apart"
            );
            if self.record.get(last).is_none_or(|field| !field.ends_with(b"\r")) {
                return Ok(Some((line, &self.record)));
            }
            self.trimmed.clear();
            for (at, field) in self.record.iter().enumerate() {
                self.trimmed.push_field(if at == last { &field[..field.len() - 1] } else { field });
            }
            if last > 0 || !self.trimmed[0].is_empty() {
                return Ok(Some((line, &self.trimmed)));
            }
        }
    }
}

/// Remembers the last byte that was read.
struct Watched<R> {
    input: R,
    last: u8,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.input.read(buffer)?;
        self.last = buffer[..n].last().copied().unwrap_or(self.last);
        Ok(n)
    }
}

fn header(record: &ByteRecord, latin1: bool) -> anyhow::Result<Vec<String>> {
    let names = record.iter().enumerate().map(|(at, name)| {
        let name = if at == 0 { name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name) } else { name };
        text(name, latin1).map(|name| name.trim().to_owned())
    });
    let names: Vec<String> = names.collect::<anyhow::Result<_>>()?;
    for (mark, called) in [(',', "commas"), ('\t', "tabs")] {
        let wrong = names.len() == 1 && names[0].contains(mark);
        ensure!(!wrong, "the columns are divided by {called}; write ; between them, in every row");
    }
    Ok(names)
}

fn text(bytes: &[u8], latin1: bool) -> anyhow::Result<String> {
    if latin1 {
        return Ok(encoding_rs::mem::decode_latin1(bytes).into_owned());
    }
    // UTF-16 is known by its zero bytes.
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).map(str::to_owned);
    text.context("the header is not UTF-8, as the contract says; save the file as UTF-8")
}

#[cfg(test)]
mod tests {
    use super::super::intake::tests::Kept;
    use super::*;

    const HEADER: &str = "hpr;profesjon;spesialitet;er_fastlege;kommunenr;listetredel;gyldig_fra;gyldig_til\n";

    fn take(text: &[u8], latin1: bool) -> anyhow::Result<(Kept, u64)> {
        let mut contract = Contract::embedded()?.remove(1);
        contract.latin1 = latin1;
        let mut kept = Kept::default();
        let mut intake = Intake::new(&contract, &contract.tables[0], None, &[], b',');
        read(text, &contract, &mut intake, &mut kept)?;
        intake.finish(&mut kept)?;
        let received = intake.tally.received;
        Ok((kept, received))
    }

    #[test]
    fn a_byte_order_mark_and_columns_in_another_order_are_fine() {
        let text = "\u{feff}profesjon;hpr;spesialitet;er_fastlege;kommunenr;listetredel;gyldig_fra;gyldig_til\n\
                    LE;7;1+12;1;0301;2;2025-01-01;\n";
        let (kept, received) = take(text.as_bytes(), false).unwrap();
        assert_eq!((kept.rows, received, kept.bad.len()), (1, 1, 0));
    }

    #[test]
    fn a_file_that_ends_in_the_middle_of_a_row_is_refused_and_one_without_its_last_line_break_is_not() {
        let whole = format!("{HEADER}7;LE;;1;0301;;2025-01-01;\n8;LE;;1;0301;;2025-01-01;");
        assert_eq!(take(whole.as_bytes(), false).unwrap().0.rows, 2);
        let cut = &whole.as_bytes()[..whole.len() - 12];
        let error = format!("{:#}", take(cut, false).err().unwrap());
        assert_eq!(error, "line 3: the file ends in the middle of a row, so it was cut off; deliver all of it");
        // A short row whose line is whole is a bad row like any other.
        let ended = [cut, b"\n"].concat();
        assert_eq!(take(&ended, false).unwrap().0.bad.len(), 1);
    }

    #[test]
    fn bad_rows_are_told_with_their_line() {
        let text = format!(
            "{HEADER}7;LE;;1;0301;;2025-01-01;\n8;LE;;1\n0;LE;;1;0301;;2025-01-01;\n9;LE;;1;301;;2025-01-01;\n"
        );
        let (kept, received) = take(text.as_bytes(), false).unwrap();
        assert_eq!((kept.rows, received), (1, 4));
        let told: Vec<String> = kept.bad.iter().map(|(line, why)| format!("{line} {why}")).collect();
        assert_eq!(
            told,
            [
                "3 antall_felter: hpr: 4 fields where the header has 8",
                "4 utenfor_grense: hpr: is not from 1 to 999999998",
                "5 ikke_siffer: kommunenr: is not 4 digits",
            ]
        );
    }

    #[test]
    fn an_open_quote_refuses_the_delivery() {
        let text = format!("{HEADER}\"7;LE;;1;0301;;2025-01-01;\n8;LE;;1;0301;;2025-01-01;\n");
        let error = take(text.as_bytes(), false).err().unwrap().to_string();
        assert!(error.starts_with("line 2: a quote opens here"), "{error}");
    }

    #[test]
    fn an_empty_file_and_latin_1_are_told_apart() {
        assert!(take(b"", false).is_err());
        assert!(take(b"\n\n", false).is_err());
        let text = [HEADER.as_bytes(), b"7;L\xd8;;1;0301;;2025-01-01;\n8;LE;;1;03\xd8;;2025-01-01;\n"].concat();
        let bad = take(&text, false).unwrap().0.bad;
        assert_eq!(bad.len(), 2);
        for (at, column) in [(0, "profesjon"), (1, "kommunenr")] {
            let wanted = format!(
                "ikke_utf8: {column}: is not UTF-8, as the contract says the file is; save the whole file as UTF-8"
            );
            assert_eq!(bad[at].1, wanted);
        }
        assert_eq!(take(&text, true).unwrap().0.rows, 1);
    }

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        let rows = "7;LE;;1;0301;;2025-01-01;\n\n\n0;LE;;1;0301;;2025-01-01;\n\"0\";LE;;1;0301;;2025-01-01;\"\"\n0\n";
        for ending in ["\n", "\r\n"] {
            let text = format!("{HEADER}{rows}").replace('\n', ending);
            let (kept, received) = take(text.as_bytes(), false).unwrap();
            let lines: Vec<u64> = kept.bad.iter().map(|(line, _)| *line).collect();
            assert_eq!((lines, kept.rows, received), (vec![5, 6, 7], 1, 4), "{ending:?}");
            let open = format!("{HEADER}7;LE;;1;0301;;2025-01-01;\n8;LE;\"a\nb\";1;0301;;2025-01-01;\n");
            let error = take(open.replace('\n', ending).as_bytes(), false).err().unwrap().to_string();
            assert!(error.starts_with("line 3: a quote opens here"), "{ending:?}: {error}");
        }
    }

    #[test]
    fn another_mark_between_columns_is_named() {
        for (mark, called) in [(",", "commas"), ("\t", "tabs")] {
            let text = HEADER.replace(';', mark);
            let error = format!("{:#}", take(text.as_bytes(), false).err().unwrap());
            assert_eq!(
                error,
                format!("line 1: the columns are divided by {called}; write ; between them, in every row")
            );
        }
    }

    #[test]
    fn an_optional_column_is_filled_in_every_row_or_left_out() {
        let contract = Contract::embedded().unwrap().remove(0);
        let table = &contract.tables[0];
        let names: Vec<&str> = table.columns.iter().map(|column| column.delivered.as_str()).collect();
        let row = ["L1", "U", "", "", "2026-01-02", "", "", "7", "000001", "1", "200", "0", "0", "5,00", "80+"];
        let without = |cells: &[&str], left_out: &[&str]| -> String {
            let kept = cells.iter().zip(&names).filter(|(_, name)| !left_out.contains(name)).map(|(cell, _)| *cell);
            kept.collect::<Vec<_>>().join(";") + "\n"
        };
        let take = |left_out: &[&str]| {
            let text = without(&names, left_out) + &without(&row, left_out);
            let mut kept = Kept::default();
            let mut intake = Intake::new(&contract, table, "2026-01".parse().ok(), &[200], b',');
            read(text.as_bytes(), &contract, &mut intake, &mut kept).unwrap();
            intake.finish(&mut kept).unwrap();
            (kept, intake.lacking)
        };
        let (kept, lacking) = take(&[]);
        assert_eq!((kept.rows, lacking.len()), (0, 0));
        assert_eq!(kept.bad, [(2, "mangler: utlevering_nr: is empty".to_owned())]);
        let (kept, lacking) = take(&["utlevering_nr"]);
        assert_eq!((kept.rows, kept.bad.len()), (1, 0));
        assert_eq!(lacking.into_iter().collect::<Vec<_>>(), ["utlevering_nr"]);
    }
}
