//! Faults in the registers that go with TOO courses: units, counts of what is delivered, capacity and grants.

use std::collections::BTreeMap;

use anyhow::Context;

use crate::calendar::Month;
use crate::demo::too::organisation_number;

use super::csv::Csv;
use super::lege::lay_later;
use super::row::{self, Base, RowFault};
use super::too_hendelse::COUNTY;
use super::{Expected, Landing, Planted, ROWS_PER_BAD_ONE};

const UNITS: [RowFault; 7] = [
    RowFault::bad("mangler", "enhet_orgnr", "tomt nummer", &[&[("enhet_orgnr", "")]]),
    RowFault::bad("ikke_orgnr", "enhet_orgnr", "galt kontrollsiffer", &[&[("enhet_orgnr", "983544621")]]),
    RowFault::bad("ikke_siffer", "fylkesnr", "uten ledende null", &[&[("fylkesnr", "3")]]),
    RowFault::bad("ikke_dato", "gyldig_fra", "måned i stedet for dato", &[&[("gyldig_fra", "2020-01")]]),
    RowFault::bad("slutter_foer_start", "gyldig_fra", "slutter før den begynner", &[&[("gyldig_til", "2019-12-31")]]),
    RowFault::bad(
        "perioder_overlapper",
        "gyldig_fra",
        "i to fylker på samme dag",
        &[&[], &[("fylkesnr", "46"), ("gyldig_fra", "2020-12-31"), ("gyldig_til", "2021-12-31")]],
    ),
    RowFault::cut("enhet_orgnr"),
];

const COUNTS: [RowFault; 7] = [
    RowFault::bad("ikke_siffer", "fylkesnr", "navn i stedet for nummer", &[&[("fylkesnr", "Oslo")]]),
    RowFault::bad("ikke_maaned", "maaned", "trettende måned", &[&[("maaned", "2020-13")]]),
    RowFault::bad("ikke_tidspunkt", "levert_tid", "dato uten klokke", &[&[("levert_tid", "2020-02-03")]]),
    RowFault::bad("ikke_heltall", "antall_hendelser", "tall med bokstaver", &[&[("antall_hendelser", "ti")]]),
    RowFault::bad("utenfor_grense", "antall_hendelser", "negativt antall", &[&[("antall_hendelser", "-1")]]),
    RowFault::bad("noekkel_gjentatt", "fylkesnr+maaned", "samme måned to ganger", &[&[], &[("antall_hendelser", "7")]]),
    RowFault::cut("fylkesnr"),
];

/// Plants all. `added` says how many rows the months of the county with planted events got: it announces them, too.
pub(super) fn plant(landing: &mut Landing, added: &BTreeMap<Month, usize>) -> anyhow::Result<()> {
    plant_units(landing)?;
    plant_counts(landing, added)?;
    // Tables of one row per county: one bad row is more than a county's part of a file bears, and its row stands.
    let year = landing.last.first_day().year();
    for (source, column, rule, what) in [
        ("too_kapasitet", 2, "utenfor_grense", "et negativt antall team"),
        ("too_tilskudd", 2, "ikke_heltall", "kroner med mellomrom"),
    ] {
        let mut csv = landing.read(source, &format!("{source}_{year}.csv"))?;
        let text = if rule == "utenfor_grense" { "-1" } else { "1 000 000" };
        if let Some(row) = csv.rows.first_mut() {
            let of_row = String::from_utf8_lossy(row).into_owned();
            let fields = of_row.split(';').enumerate().map(|(at, field)| if at == column { text } else { field });
            *row = fields.collect::<Vec<_>>().join(";").into_bytes();
        }
        let file = format!("{source}_{year}_v2.csv");
        landing.write(source, &file, &csv.bytes())?;
        let column = if source == "too_kapasitet" { "antall_team" } else { "tildelt_kr" };
        landing.planted.push(Planted { source, file, line: Some(2), column, rule, what, expected: Expected::County });
    }
    Ok(())
}

fn plant_units(landing: &mut Landing) -> anyhow::Result<()> {
    let name = format!("enhet_{}.csv", landing.last.last_day());
    let mut csv = landing.read("enhet", &name)?;
    lay_later(landing, "enhet", landing.last, &csv)?;
    // Units that were closed before any course fill the register up, so that it bears the bad rows.
    for nth in 0..row::lacking(&csv, &UNITS) {
        // Ten apart, so that no two become the same number by their check digit.
        let number = organisation_number(80_000_000 + 10 * u32::try_from(nth)?);
        csv.add(format!("{number};{COUNTY};2020-01-01;2020-12-31").into_bytes());
    }
    let base = good_row([
        ("enhet_orgnr", "983544622"),
        ("fylkesnr", COUNTY),
        ("gyldig_fra", "2020-01-01"),
        ("gyldig_til", "2020-12-31"),
    ]);
    row::plant(landing, ("enhet", &name, ""), &mut csv, &base, (1, &UNITS.each_ref()))?;
    landing.write("enhet", &name, &csv.bytes())
}

fn plant_counts(landing: &mut Landing, added: &BTreeMap<Month, usize>) -> anyhow::Result<()> {
    let told = landing.last.plus(1).first_day().with().day(9).build()?;
    let name = format!("too_leveranse_{told}.csv");
    let mut csv = landing.read("too_leveranse", &name)?;
    lay_later(landing, "too_leveranse", landing.last, &csv)?;
    announce(&mut csv, added);
    // Months without events before the scheme's first fill the county's part up, so that it bears the bad rows.
    let bad: usize = COUNTS.iter().map(RowFault::rows).sum();
    let first = months_of(&csv).min().with_context(|| format!("{name} has no month of {COUNTY}"))?;
    for back in 1..=i32::try_from(bad * ROWS_PER_BAD_ONE)? {
        csv.add(format!("{COUNTY};{};2020-02-03T10:00:00+01:00;0", first.plus(-back)).into_bytes());
    }
    let base = good_row([
        ("fylkesnr", COUNTY),
        ("maaned", "1950-01"),
        ("levert_tid", "2020-02-03T10:00:00+01:00"),
        ("antall_hendelser", "0"),
    ]);
    row::plant(landing, ("too_leveranse", &name, ""), &mut csv, &base, (1, &COUNTS.each_ref()))?;
    landing.write("too_leveranse", &name, &csv.bytes())
}

fn good_row(fields: [(&'static str, &str); 4]) -> Base {
    fields.map(|(column, text)| (column, text.to_owned())).into()
}

/// Adds planted rows to the counts that the county announced: it counts what it delivers, good or bad.
fn announce(csv: &mut Csv, added: &BTreeMap<Month, usize>) {
    for row in &mut csv.rows {
        let text = String::from_utf8_lossy(row).into_owned();
        let fields: Vec<&str> = text.split(';').collect();
        let [county, month, at, number] = fields[..] else { continue };
        let more = month.parse().ok().and_then(|month: Month| added.get(&month)).filter(|_| county == COUNTY);
        if let (Some(more), Ok(number)) = (more, number.parse::<usize>()) {
            *row = format!("{county};{month};{at};{}", number + more).into_bytes();
        }
    }
}

/// The months that the county announces.
fn months_of(csv: &Csv) -> impl Iterator<Item = Month> {
    let of_county = (0..csv.rows.len()).filter(|row| csv.field(*row, "fylkesnr") == COUNTY);
    of_county.filter_map(|row| csv.field(row, "maaned").parse().ok())
}
