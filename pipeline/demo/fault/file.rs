//! Faults of whole CSV files, for any source: made from a good delivery.
//!
//! Must not know what the columns mean, or how files of a source are called.

use super::csv::Csv;
use super::{Expected, Landing};

/// One kind of bad file.
pub(super) struct FileFault {
    pub(super) rule: &'static str,
    pub(super) what: &'static str,
    pub(super) ending: &'static str,
    pub(super) make: fn(&Csv) -> Vec<u8>,
}

/// Files that must be refused.
pub(super) const REFUSED: [FileFault; 13] = [
    refused("for_mange_feil", "hver tjuende rad mangler nøkkel", |good| {
        let mut bad = good.first(200);
        for row in bad.rows.iter_mut().step_by(20) {
            let first = row.iter().position(|byte| *byte == b';').unwrap_or(0);
            row.drain(..first);
        }
        bad.bytes()
    }),
    refused("ukjent_kolonne", "en kolonne som ikke er avtalt", |good| {
        let mut bad = good.first(200);
        bad.header += ";pasient_id";
        bad.rows.iter_mut().for_each(|row| row.extend_from_slice(b";1"));
        bad.bytes()
    }),
    refused("kolonne_mangler", "en avtalt kolonne mangler", |good| without_first_column(good).bytes()),
    refused("kolonne_gjentatt", "en kolonne står to ganger", |good| {
        let mut bad = good.first(200);
        let name = bad.columns().first().map(|name| format!(";{name}")).unwrap_or_default();
        bad.header += &name;
        bad.rows.iter_mut().for_each(|row| row.extend_from_slice(b";"));
        bad.bytes()
    }),
    refused("uten_rader", "bare overskriften", |good| good.first(0).bytes()),
    refused("tom_fil", "ingenting", |_| Vec::new()),
    refused("avkortet", "slutter midt i en rad", |good| {
        let mut bad = good.first(40);
        let last = bad.rows.last_mut();
        let cut = |row: &mut Vec<u8>| row.truncate(row.iter().position(|byte| *byte == b';').map_or(1, |at| at + 1));
        last.map(cut);
        let mut bytes = bad.bytes();
        bytes.pop();
        bytes
    }),
    refused("feil_tegnsett", "UTF-16 i stedet for UTF-8", |good| {
        let text = good.first(200).text();
        [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    }),
    refused("feil_skilletegn", "komma mellom feltene", |good| good.first(200).text().replace(';', ",").into_bytes()),
    refused("aapent_anfoerselstegn", "et anførselstegn som ikke lukkes", |good| {
        let mut bad = good.first(200);
        bad.rows.iter_mut().skip(2).take(1).for_each(|row| row.insert(0, b'"'));
        bad.bytes()
    }),
    FileFault {
        rule: "avkortet_parquet",
        what: "en Parquet-fil uten slutt",
        ending: "parquet",
        make: |good| [b"PAR1", &good.first(20).bytes()[..]].concat(),
    },
    FileFault {
        rule: "feil_filendelse",
        what: "filendelsen sier ikke hvilket format",
        ending: "txt",
        make: |good| good.first(200).bytes(),
    },
    FileFault {
        rule: "feil_filnavn",
        what: "pakket med gzip",
        ending: "csv.gz",
        make: |good| [&[0x1f, 0x8b, 8][..], &good.first(20).bytes()].concat(),
    },
];

/// Files that look odd and hold what the good one holds.
pub(super) const HARMLESS: [FileFault; 2] = [
    harmless("andre_kolonner_foerst", "kolonnene i omvendt rekkefølge", |good| {
        let turned = |row: &str| row.split(';').rev().collect::<Vec<_>>().join(";") + "\n";
        good.text().lines().map(turned).collect::<String>().into_bytes()
    }),
    harmless("bom_og_crlf", "BOM og linjeskift som i Windows", |good| {
        format!("\u{feff}{}", good.text().replace('\n', "\r\n")).into_bytes()
    }),
];

const fn refused(rule: &'static str, what: &'static str, make: fn(&Csv) -> Vec<u8>) -> FileFault {
    FileFault { rule, what, ending: "csv", make }
}

const fn harmless(rule: &'static str, what: &'static str, make: fn(&Csv) -> Vec<u8>) -> FileFault {
    FileFault { rule, what, ending: "csv", make }
}

fn without_first_column(good: &Csv) -> Csv {
    let mut bad = good.first(200);
    bad.header = bad.header.split_once(';').map_or(String::new(), |(_, rest)| rest.to_owned());
    for row in &mut bad.rows {
        let first = row.iter().position(|byte| *byte == b';').map_or(0, |at| at + 1);
        row.drain(..first);
    }
    bad
}

/// Lays two files that name the same version and hold something else.
pub(super) fn lay_same_version(
    landing: &mut Landing,
    source: &'static str,
    stem: &str,
    good: &Csv,
) -> anyhow::Result<()> {
    for (ending, bytes) in [("csv", good.first(200).bytes()), ("parquet", good.first(100).bytes())] {
        let about = ("samme_versjon", "to filer med samme versjon og ulikt innhold", Expected::Refused);
        landing.lay(source, &format!("{stem}.{ending}"), &bytes, about)?;
    }
    Ok(())
}
