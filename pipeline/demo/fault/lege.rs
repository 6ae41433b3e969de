//! Faults in the register of doctors.

use crate::calendar::Month;

use super::csv::Csv;
use super::row::{self, Base, RowFault};
use super::{Expected, Landing, file};

const SOURCE: &str = "lege";

const ROWS: [RowFault; 11] = [
    RowFault::bad("mangler", "profesjon", "tom profesjon", &[&[("profesjon", "")]]),
    RowFault::bad("ikke_heltall", "hpr", "bokstav i HPR-nummer", &[&[("hpr", "12a")]]),
    RowFault::bad("utenfor_grense", "listetredel", "fjerde tredel", &[&[("listetredel", "4")]]),
    RowFault::bad("for_lang", "profesjon", "for lang profesjon", &[&[("profesjon", "LEGEN")]]),
    RowFault::bad("ukjent_kode", "er_fastlege", "kode som ikke finnes", &[&[("er_fastlege", "ja")]]),
    RowFault::bad("ikke_siffer", "kommunenr", "uten ledende null", &[&[("kommunenr", "301")]]),
    RowFault::bad("ikke_dato", "gyldig_fra", "dato på norsk", &[&[("gyldig_fra", "01.01.2020")]]),
    RowFault::bad("slutter_foer_start", "gyldig_fra", "slutter før den begynner", &[&[("gyldig_til", "2019-12-31")]]),
    RowFault::bad(
        "perioder_overlapper",
        "gyldig_fra",
        "to perioder som begge gjelder i desember 2020",
        &[&[], &[("gyldig_fra", "2020-12-01"), ("gyldig_til", "2021-12-31")]],
    ),
    RowFault::cut("hpr"),
    RowFault::latin1("profesjon", &[&[("profesjon", "LØ")]]),
];

/// A doctor who prescribed nothing and left years ago.
fn base() -> Base {
    [
        ("hpr", "99{nr}1"),
        ("profesjon", "LE"),
        ("er_fastlege", "0"),
        ("kommunenr", "0301"),
        ("gyldig_fra", "2020-01-01"),
        ("gyldig_til", "2020-12-31"),
    ]
    .map(|(column, text)| (column, text.to_owned()))
    .into()
}

/// Plants all. The newest delivery holds, so that bad files are later ones.
pub(super) fn plant(landing: &mut Landing) -> anyhow::Result<()> {
    let name = format!("lege_{}.csv", landing.last.last_day());
    let mut csv = landing.read(SOURCE, &name)?;
    lay_later(landing, SOURCE, landing.last, &csv)?;
    // A small register bears few bad rows; doctors who left long ago fill it up.
    for nth in 0..row::lacking(&csv, &ROWS) {
        let row = format!("98{nth:06}1;LE;;0;0301;;2020-01-01;2020-12-31");
        csv.add(row.into_bytes());
    }
    row::plant(landing, (SOURCE, &name, ""), &mut csv, &base(), (1, &ROWS.each_ref()))?;
    landing.write(SOURCE, &name, &csv.bytes())
}

/// Lays bad deliveries of a source whose newest delivery holds, each newer than the good one.
pub(super) fn lay_later(landing: &mut Landing, source: &'static str, last: Month, good: &Csv) -> anyhow::Result<()> {
    let day = last.plus(1).first_day().with().day(20).build()?;
    for (version, fault) in (2..).zip(&file::REFUSED) {
        let name = format!("{source}_{day}_v{version}.{}", fault.ending);
        landing.lay(source, &name, &(fault.make)(good), (fault.rule, fault.what, Expected::Refused))?;
    }
    let about = ("feil_filnavn", "måned i stedet for dato", Expected::Refused);
    landing.lay(source, &format!("{source}_{last}.csv"), &good.bytes(), about)
}
