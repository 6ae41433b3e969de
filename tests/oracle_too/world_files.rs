//! How courses that are written as short lines become rows of `too_hendelse`, and rows become the files of a landing folder.
//!
//! It must not know which courses there are, nor how anything is computed.
//!
//! A line: `A01 03: 2022-01-03 henvist, 2022-02-28 vurdert id=1, …`, that is `forlop_id`, `fylkesnr`, then events. Behind an
//! event: `fylke=` (also for the events after it), `org=` (number of a unit; also for those after it, until `fylke=`), `aarsak=`,
//! `fin=rettighet`, `reg=` (date or full timestamp), `id=` (a number to be named by), `M=` or `C=` (the number of the event that it
//! replaces or cancels), `forlop=`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::csv::Month;

const COLUMNS: [&str; 20] = [
    "hendelse_guid",
    "status",
    "gjelder_guid",
    "forlop_id",
    "hendelse_type",
    "hendelse_dato",
    "registrert_tid",
    "fylkesnr",
    "fra_fylkesnr",
    "enhet_orgnr",
    "henvisningskilde",
    "aldersgruppe",
    "maalgruppe",
    "behandlingsbehov",
    "oppmote",
    "pauseaarsak",
    "avslutningsaarsak",
    "ferdig_odontologisk",
    "ferdig_psykologisk",
    "finansiering",
];

/// Events without `id=` are numbered from here.
const FIRST_ID: u64 = 1440;

/// A row of `too_hendelse`: the text of each column.
pub type Row = BTreeMap<&'static str, String>;

/// The county and the month in Norway that a row is counted under.
pub type Count = BTreeMap<(String, Month), i64>;

/// The rows of all lines. `register` says on which day an event is registered when the line does not.
pub fn rows(lines: &[impl AsRef<str>], register: impl Fn(Date) -> Date) -> Vec<Row> {
    let mut rows = Vec::new();
    for line in lines {
        let (course, events) = line.as_ref().split_once(": ").expect("a line is `forlop_id fylkesnr: events`");
        let (forlop_id, county) = course.split_once(' ').expect("forlop_id and fylkesnr");
        let (mut county, mut unit) = (county, usual_unit(county));
        for event in events.split(", ") {
            let mut words = event.split_whitespace();
            let date: Date =
                words.next().and_then(|date| date.parse().ok()).unwrap_or_else(|| panic!("date in {event}"));
            let kind = words.next().unwrap_or_else(|| panic!("type in {event}"));
            let (mut id, mut registered) = (FIRST_ID + rows.len() as u64, register(date).to_string());
            let before = county;
            let mut row = Row::from([("forlop_id", forlop_id.to_owned()), ("status", "N".to_owned())]);
            row.insert("finansiering", "tilskudd".to_owned());
            for word in words {
                let (name, value) = word.split_once('=').unwrap_or_else(|| panic!("{word} in {event}"));
                match name {
                    "fylke" => (county, unit) = (value, usual_unit(value)),
                    "org" => unit = value.parse().unwrap(),
                    "aarsak" => drop(row.insert(
                        if kind == "pause_fra" { "pauseaarsak" } else { "avslutningsaarsak" },
                        value.to_owned(),
                    )),
                    "fin" => drop(row.insert("finansiering", value.to_owned())),
                    "reg" => value.clone_into(&mut registered),
                    "id" => id = value.parse().unwrap(),
                    "forlop" => drop(row.insert("forlop_id", value.to_owned())),
                    "M" | "C" => {
                        row.insert("status", name.to_owned());
                        row.insert("gjelder_guid", guid(value.parse().unwrap()));
                    }
                    _ => panic!("{word} in {event}"),
                }
            }
            if kind == "overfort" {
                row.insert("fra_fylkesnr", before.to_owned());
            }
            row.insert("hendelse_guid", guid(id));
            row.insert("hendelse_type", kind.to_owned());
            row.insert("hendelse_dato", date.to_string());
            row.insert("registrert_tid", if registered.contains('T') { registered } else { time(&registered, id) });
            row.insert("fylkesnr", county.to_owned());
            row.insert("enhet_orgnr", orgnr(unit));
            details(&mut row, kind, usize::try_from(id).unwrap());
            rows.push(row);
        }
    }
    assert!(rows.len() <= 720, "ids beyond {} would not be registered in their order", FIRST_ID + 720);
    rows
}

/// The columns that belong to one type of event and that no wait depends on.
fn details(row: &mut Row, kind: &str, id: usize) {
    let mut put = |name, all: &[&str]| {
        row.entry(name).or_insert_with(|| all[id % all.len()].to_owned());
    };
    match kind {
        "henvist" => {
            put("henvisningskilde", &["selv", "parorende", "tannlege", "fastlege", "psykolog", ""]);
            put("aldersgruppe", &["18–20", "21–24", "25–44", "45–66", "67+", ""]);
        }
        "vurdert" => put("maalgruppe", &["odontofobi", "overgrep", "overgrep+odontofobi", "tortur", ""]),
        "behov_vurdert" => put("behandlingsbehov", &["lite", "middels", "stort", ""]),
        "time" => put("oppmote", &["mott", "ikke_mott", "avbestilt", ""]),
        "avsluttet" => {
            put("avslutningsaarsak", &["ferdigbehandlet", "avbrutt_pasient", "ikke_kontakt", ""]);
            put("ferdig_odontologisk", &["1", "0", ""]);
            put("ferdig_psykologisk", &["1", "1", ""]);
        }
        _ => {}
    }
}

/// Some minutes after 8 UTC, later for a higher id, written with one of three offsets.
fn time(date: &str, id: u64) -> String {
    let (hour, minute) = (8 + id % 720 / 60, id % 60);
    match id % 3 {
        0 => format!("{date}T{hour:02}:{minute:02}:00Z"),
        1 => format!("{date}T{:02}:{minute:02}:00+01:00", hour + 1),
        _ => format!("{date}T{:02}:{minute:02}:00+02:00", hour + 2),
    }
}

pub fn guid(id: u64) -> String {
    format!("{id:08x}-0000-4000-8000-{:012x}", id * 97)
}

/// Unit `n`'s number, with its check digit.
pub fn orgnr(n: u32) -> String {
    // Of two neighbouring numbers at most one has no check digit.
    let number = (0..2).map(|k| 81_000_000 + 20 * n + k).find_map(|base| {
        let digits = base.to_string();
        let sum: u32 =
            digits.bytes().zip([3, 2, 7, 6, 5, 4, 3, 2]).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        let check = (11 - sum % 11) % 11;
        (check < 10).then(|| format!("{digits}{check}"))
    });
    number.expect("a check digit")
}

fn usual_unit(county: &str) -> u32 {
    match county {
        "03" => 1,
        "46" => 2,
        "50" => 3,
        "18" => 4,
        "30" | "31" => 5,
        "32" => 6,
        "33" => 7,
        _ => 12,
    }
}

/// How many rows were delivered per county and month.
pub fn counts(rows: &[Row]) -> Count {
    let mut counts = Count::new();
    for row in rows {
        *counts.entry(file_of(row)).or_default() += 1;
    }
    counts
}

fn file_of(row: &Row) -> (String, Month) {
    let time: Timestamp = row["registrert_tid"].parse().unwrap();
    let oslo = time.to_zoned(TimeZone::get("Europe/Oslo").unwrap()).date();
    (row["fylkesnr"].clone(), Month::of(oslo))
}

/// Adds months from `first` to `last` of a county: as many rows as `counted`, 0 when there are none.
pub fn announce(announced: &mut Count, counted: &Count, county: &str, first: &str, last: &str) {
    for month in Month::parse(first).unwrap().0..=Month::parse(last).unwrap().0 {
        let key = (county.to_owned(), Month(month));
        announced.insert(key.clone(), counted.get(&key).copied().unwrap_or(0));
    }
}

/// Writes one file per county and month that has rows; some in another shape, some in two versions.
pub fn write_events(landing: &Path, rows: &[Row]) {
    let mut files: BTreeMap<(String, Month), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        files.entry(file_of(row)).or_default().push(row);
    }
    for (number, ((county, month), mut rows)) in files.into_iter().enumerate() {
        // The order of rows and columns means nothing.
        rows.reverse();
        let mut columns = COLUMNS.to_vec();
        if number % 5 == 1 {
            columns.reverse();
        }
        let text = |rows: &[&Row]| {
            let mut text =
                if number % 7 == 2 { "\u{feff}".to_owned() } else { String::new() } + &columns.join(";") + "\n";
            for row in rows {
                let fields: Vec<&str> = columns.iter().map(|name| row.get(name).map_or("", String::as_str)).collect();
                writeln!(text, "{}", fields.join(";")).unwrap();
            }
            if number % 4 == 3 { text.replace('\n', "\r\n") } else { text }
        };
        let stem = format!("too_hendelse/too_hendelse_{county}_{month}");
        match (rows.len(), number % 6) {
            // The second version only adds, or only repeats.
            (2.., 0) => {
                write(landing, &format!("{stem}.csv"), &text(&rows[..1]));
                write(landing, &format!("{stem}_v2.csv"), &text(&rows[1..]));
            }
            (_, 4) => {
                write(landing, &format!("{stem}.csv"), &text(&rows));
                write(landing, &format!("{stem}_v2.csv"), &text(&rows));
            }
            _ => write(landing, &format!("{stem}.csv"), &text(&rows)),
        }
    }
}

/// Writes `too_leveranse` as it stood on `date`.
pub fn write_leveranse(landing: &Path, date: &str, announced: &Count) {
    let mut text = "fylkesnr;maaned;levert_tid;antall_hendelser\n".to_owned();
    for ((county, month), count) in announced {
        let delivered = (month.last_day() + Span::new().days(3)).to_string();
        writeln!(text, "{county};{month};{delivered}T06:30:00+01:00;{count}").unwrap();
    }
    write(landing, &format!("too_leveranse/too_leveranse_{date}.csv"), &text);
}

/// Writes the units as they stood on `date`: (number, county, first day, last day or nothing).
pub fn write_units(landing: &Path, date: &str, units: &[(u32, &str, &str, &str)]) {
    let mut text = "enhet_orgnr;fylkesnr;gyldig_fra;gyldig_til\n".to_owned();
    for (number, county, first, last) in units {
        writeln!(text, "{};{county};{first};{last}", orgnr(*number)).unwrap();
    }
    write(landing, &format!("enhet/enhet_{date}.csv"), &text);
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
