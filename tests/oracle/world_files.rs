//! How the tiny world's lines and register become files: a month in each shape a delivery may have, with earlier versions that
//! must not count.
//!
//! It must not know which lines there are, nor how anything is computed.

use std::fmt::Write as _;
use std::path::Path;

use jiff::civil::Date;

const COLUMNS: [&str; 15] = [
    "linje_id",
    "linjetype",
    "gjelder_linje_id",
    "gjelder_utleveringsdato",
    "utleveringsdato",
    "forskrivningsdato",
    "utlevering_nr",
    "rekvirent_hpr",
    "varenr",
    "antall_pakninger",
    "refusjonshjemmel",
    "reservasjon",
    "virkestoffrekvirering",
    "utsalgspris",
    "pasient_aldersgruppe",
];

/// A row of `utlevering` before it is text.
#[derive(Clone)]
pub struct Row {
    pub linje_id: String,
    pub linjetype: char,
    pub gjelder: Option<(String, Date)>,
    pub date: Date,
    pub forskrevet: Option<Date>,
    pub nr: u64,
    pub hpr: u64,
    pub varenr: String,
    /// Thousandths.
    pub antall: i64,
    pub hjemmel: u32,
    pub reservasjon: u64,
    pub virkestoff: bool,
    /// Øre.
    pub pris: i64,
    pub alder: &'static str,
}

/// The HPR number of prescriber `k`: 0–24 ordinary doctors, from 25 the special ones of `write_lege`.
pub fn hpr(k: u64) -> u64 {
    4_000_003 + k * 70_117
}

/// Writes the delivery of a month, each in its own shape, some with earlier versions that must not count.
pub fn write_month(folder: &Path, month: &str, rows: &[Row]) {
    let mut columns: Vec<&str> = COLUMNS.to_vec();
    match month {
        "2025-09" => columns.retain(|name| *name != "utlevering_nr"),
        "2025-10" => columns.retain(|name| *name != "pasient_aldersgruppe"),
        "2026-04" => columns.reverse(),
        _ => {}
    }
    let text = |rows: &[Row]| {
        let mut text = columns.join(";") + "\n";
        for row in rows {
            let fields: Vec<String> = columns.iter().map(|name| field(row, name)).collect();
            writeln!(text, "{}", fields.join(";")).unwrap();
        }
        match month {
            "2026-06" => text.insert(0, '\u{feff}'),
            "2026-07" => text = text.replace('\n', "\r\n"),
            _ => {}
        }
        text
    };
    let write = |version: &str, rows: &[Row]| {
        std::fs::write(folder.join(format!("utlevering_{month}{version}.csv")), text(rows)).unwrap();
    };
    match month {
        "2026-02" => {
            write("", &rows[40..]);
            write("_v2", rows);
        }
        // Ten comes after two.
        "2026-05" => {
            write("", &rows[..200]);
            write("_v2", &rows[100..]);
            write("_v10", rows);
        }
        _ => write("", rows),
    }
}

fn field(row: &Row, name: &str) -> String {
    let reference = row.gjelder.as_ref();
    match name {
        "linje_id" => row.linje_id.clone(),
        "linjetype" => row.linjetype.to_string(),
        "gjelder_linje_id" => reference.map_or_else(String::new, |(id, _)| id.clone()),
        "gjelder_utleveringsdato" => reference.map_or_else(String::new, |(_, date)| date.to_string()),
        "utleveringsdato" => row.date.to_string(),
        "forskrivningsdato" => row.forskrevet.map_or_else(String::new, |date| date.to_string()),
        "utlevering_nr" => row.nr.to_string(),
        "rekvirent_hpr" => row.hpr.to_string(),
        "varenr" => row.varenr.clone(),
        "antall_pakninger" => decimal(row.antall, 3),
        "refusjonshjemmel" => row.hjemmel.to_string(),
        "reservasjon" => row.reservasjon.to_string(),
        "virkestoffrekvirering" => u8::from(row.virkestoff).to_string(),
        "utsalgspris" => decimal(row.pris, 2),
        _ => row.alder.to_owned(),
    }
}

/// `-1250` with two decimals is `-12,50`.
fn decimal(value: i64, decimals: usize) -> String {
    let digits = format!("{:0width$}", value.abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    format!("{}{whole},{fraction}", if value < 0 { "-" } else { "" })
}

/// Three deliveries of the register; only the last holds. The ones before make the dentist a doctor and leave periods out.
pub fn write_lege(folder: &Path) {
    const KOMMUNER: [&str; 8] = ["0301", "1103", "3301", "4601", "5001", "5501", "1804", "3905"];
    let mut rows = Vec::new();
    let mut add = |k: u64, profesjon: &str, fra: &str, til: &str| {
        let specialty = ["1", "", "105+2", "2"][usize::try_from(k % 4).unwrap()];
        let gp = u8::from(k.is_multiple_of(3));
        let third = if gp == 1 { (k % 2 + 1).to_string() } else { String::new() };
        // Doctor 23 moves to another county in March 2026.
        let kommune = KOMMUNER[usize::try_from(if fra == "2026-03-16" { 0 } else { k % 8 }).unwrap()];
        rows.push(format!("{};{profesjon};{specialty};{gp};{kommune};{third};{fra};{til}", hpr(k)));
    };
    for k in 0..22 {
        add(k, "LE", "2010-01-01", "");
    }
    // No page at the end of the window; the lines count for the others.
    add(22, "LE", "2012-05-01", "2026-08-31");
    // Moves without a break.
    add(23, "LE", "2015-01-01", "2026-03-15");
    add(23, "LE", "2026-03-16", "");
    // Without a licence in January 2026.
    add(24, "LE", "2015-01-01", "2025-12-31");
    add(24, "LE", "2026-02-01", "");
    // A dentist has a page, and no line that counts.
    add(25, "TL", "2011-01-01", "");
    // No lines at all; substance prescriptions only; (28 is in no register); a doctor from June; cancelled lines only.
    add(26, "LE", "2011-01-01", "");
    add(27, "LE", "2011-01-01", "2030-12-31");
    add(29, "LE", "2026-06-01", "");
    add(30, "LE", "2011-01-01", "");
    let write = |name: &str, rows: &[String]| {
        let header = "hpr;profesjon;spesialitet;er_fastlege;kommunenr;listetredel;gyldig_fra;gyldig_til";
        std::fs::write(folder.join(name), format!("{header}\n{}\n", rows.join("\n"))).unwrap();
    };
    let as_doctor: Vec<String> = rows.iter().map(|row| row.replace(";TL;", ";LE;")).collect();
    write("lege_2025-09-01.csv", &as_doctor[..20]);
    write("lege_2026-10-31.csv", &as_doctor);
    write("lege_2026-10-31_v2.csv", &rows);
}
