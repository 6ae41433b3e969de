//! CSV deliveries: `;`, a header row, UTF-8 with or without BOM (or ISO-8859-1 when the contract says so).
//!
//! Splits rows into fields in the contract's order; what the fields mean is the intake's business.

use std::borrow::Cow;
use std::io::Read;

use anyhow::{Context, bail};
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
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').has_headers(false).flexible(true).from_reader(input);
    let mut record = ByteRecord::new();
    if !next(&mut reader, &mut record)? {
        bail!("the file is empty; write the header row even when there are no rows");
    }
    let header: Vec<String> = record
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let name = if at == 0 { name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name) } else { name };
            text(name, contract.latin1).map(|name| name.trim().to_owned())
        })
        .collect::<anyhow::Result<_>>()
        .context("line 1")?;
    let places = intake.table().match_header(&header).context("line 1")?;

    while next(&mut reader, &mut record)? {
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().any(|field| field.contains(&b'\n')) {
            bail!("line {line}: a quote opens here and is not closed on the line; rows after it cannot be told apart");
        }
        if record.len() != header.len() {
            let reason = format!("{} fields where the header has {}", record.len(), header.len());
            let fault = Fault { rule: "antall_felter".to_owned(), column: header[0].clone(), reason };
            intake.unreadable(line, &fault, out)?;
            continue;
        }
        if contract.latin1 {
            let decoded: Vec<Cow<'_, str>> = record.iter().map(encoding_rs::mem::decode_latin1).collect();
            let fields: Vec<&[u8]> = places.iter().map(|at| at.map_or(&b""[..], |at| decoded[at].as_bytes())).collect();
            intake.row(line, &fields, out)?;
        } else {
            let fields: Vec<&[u8]> = places.iter().map(|at| at.map_or(&b""[..], |at| &record[at])).collect();
            intake.row(line, &fields, out)?;
        }
    }
    Ok(())
}

fn next<R: Read>(reader: &mut csv::Reader<R>, record: &mut ByteRecord) -> anyhow::Result<bool> {
    let line = reader.position().line();
    reader.read_byte_record(record).with_context(|| format!("line {line}"))
}

fn text(bytes: &[u8], latin1: bool) -> anyhow::Result<String> {
    if latin1 {
        return Ok(encoding_rs::mem::decode_latin1(bytes).into_owned());
    }
    String::from_utf8(bytes.to_vec()).context("the header is not UTF-8; save the file as UTF-8")
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
                "4 utenfor_grense: hpr: '0' is not from 1 to 999999998",
                "5 ikke_siffer: kommunenr: '301' is not 4 digits",
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
        let text = [HEADER.as_bytes(), b"7;L\xd8;;1;0301;;2025-01-01;\n"].concat();
        assert_eq!(take(&text, false).unwrap().0.bad.len(), 1);
        assert_eq!(take(&text, true).unwrap().0.rows, 1);
    }
}
