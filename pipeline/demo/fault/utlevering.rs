//! Faults in dispensed lines.

use super::csv::Csv;
use super::row::{self, Base, RowFault};
use super::{Expected, Landing, MONTHS_WITH_BAD_ROWS, file};

const SOURCE: &str = "utlevering";

const LONG: &str = "en-id-som-er-lengre-enn-de-seksti-fire-tegnene-som-kontrakten-tillater";

const ROWS: [RowFault; 31] = [
    RowFault::bad("mangler", "linje_id", "tom id", &[&[("linje_id", "")]]),
    RowFault::bad("for_lang", "linje_id", "for lang id", &[&[("linje_id", LONG)]]),
    RowFault::latin1("linje_id", &[&[("linje_id", "rød-{nr}")]]),
    RowFault::bad("noekkel_gjentatt", "linje_id", "samme id i to rader", &[&[], &[("antall_pakninger", "2")]]),
    RowFault::bad("ukjent_kode", "linjetype", "linjetype som ikke finnes", &[&[("linjetype", "X")]]),
    RowFault::bad("ikke_dato", "gjelder_utleveringsdato", "29. februar 2026", &[&CANCELS_ON_NO_DAY]),
    RowFault::bad("mangler", "utleveringsdato", "tom dato", &[&[("utleveringsdato", "")]]),
    RowFault::bad("ikke_dato", "utleveringsdato", "dato på norsk", &[&[("utleveringsdato", "10.10.2026")]]),
    RowFault::bad(
        "utenfor_maaned",
        "utleveringsdato",
        "dato i en annen måned",
        &[&[("utleveringsdato", "2024-12-31")]],
    ),
    RowFault::bad(
        "forskrevet_etter_utlevering",
        "forskrivningsdato",
        "forskrevet dagen etter utlevering",
        &[&[("forskrivningsdato", "{maaned}-11")]],
    ),
    RowFault::bad("mangler", "utlevering_nr", "tomt nummer", &[&[("utlevering_nr", "")]]),
    RowFault::bad("ikke_heltall", "utlevering_nr", "nummer med bokstaver", &[&[("utlevering_nr", "én")]]),
    RowFault::bad("utenfor_grense", "utlevering_nr", "nummer null", &[&[("utlevering_nr", "0")]]),
    RowFault::bad("ikke_heltall", "rekvirent_hpr", "HPR-nummer med mellomrom", &[&[("rekvirent_hpr", "999 111")]]),
    RowFault::bad("utenfor_grense", "rekvirent_hpr", "ti siffer i HPR-nummer", &[&[("rekvirent_hpr", "1000000000")]]),
    RowFault::bad("ikke_siffer", "varenr", "uten ledende null", &[&[("varenr", "12345")]]),
    RowFault::bad("ikke_desimaltall", "antall_pakninger", "desimalpunktum", &[&[("antall_pakninger", "1.5")]]),
    RowFault::bad("utenfor_grense", "refusjonshjemmel", "hjemmel null", &[&[("refusjonshjemmel", "0")]]),
    RowFault::bad("ukjent_kode", "reservasjon", "reservasjon 4", &[&[("reservasjon", "4")]]),
    RowFault::bad("ukjent_kode", "virkestoffrekvirering", "ja i stedet for 1", &[&[("virkestoffrekvirering", "ja")]]),
    RowFault::bad("ikke_desimaltall", "utsalgspris", "tre desimaler i kroner", &[&[("utsalgspris", "99,999")]]),
    RowFault::bad(
        "ukjent_kode",
        "pasient_aldersgruppe",
        "annen inndeling i aldersgrupper",
        &[&[("pasient_aldersgruppe", "0-17")]],
    ),
    RowFault::bad("gjelder_mangler", "gjelder_linje_id", "annullering uten linje", &[&CANCELS_NO_LINE]),
    RowFault::bad("gjelder_mangler", "gjelder_utleveringsdato", "retur uten linjens dato", &[&RETURNS_OF_NO_DAY]),
    RowFault::bad("gjelder_for_langt_tilbake", "gjelder_utleveringsdato", "linjen er fra 2020", &[&CANCELS_OLD]),
    RowFault::bad(
        "gjelder_for_langt_tilbake",
        "gjelder_utleveringsdato",
        "linjen er fra i morgen",
        &[&CANCELS_TOMORROW],
    ),
    RowFault::bad("feil_fortegn", "antall_pakninger", "utlevering av ingenting", &[&[("antall_pakninger", "0")]]),
    RowFault::bad("feil_fortegn", "antall_pakninger", "annullering med positivt antall", &[&CANCELS_UPWARDS]),
    RowFault::bad("feil_fortegn", "utsalgspris", "negativ pris for utlevering", &[&[("utsalgspris", "-150,00")]]),
    RowFault::bad(
        "reservert_virkestoff",
        "virkestoffrekvirering",
        "legen reserverte en resept på virkestoff",
        &[&[("virkestoffrekvirering", "1"), ("reservasjon", "1")]],
    ),
    RowFault::cut("linje_id"),
];

const CANCELS_ON_NO_DAY: [(&str, &str); 3] =
    [("linjetype", "A"), ("gjelder_linje_id", "feil-{nr}-1"), ("gjelder_utleveringsdato", "2026-02-29")];
const CANCELS_NO_LINE: [(&str, &str); 4] = [
    ("linjetype", "A"),
    ("gjelder_utleveringsdato", "{maaned}-10"),
    ("antall_pakninger", "-1"),
    ("utsalgspris", "-150,00"),
];
const RETURNS_OF_NO_DAY: [(&str, &str); 4] =
    [("linjetype", "R"), ("gjelder_linje_id", "feil-{nr}-1"), ("antall_pakninger", "-1"), ("utsalgspris", "-150,00")];
const CANCELS_OLD: [(&str, &str); 5] = [
    ("linjetype", "A"),
    ("gjelder_linje_id", "feil-{nr}-1"),
    ("gjelder_utleveringsdato", "2020-01-10"),
    ("antall_pakninger", "-1"),
    ("utsalgspris", "-150,00"),
];
const CANCELS_TOMORROW: [(&str, &str); 5] = [
    ("linjetype", "A"),
    ("gjelder_linje_id", "feil-{nr}-1"),
    ("gjelder_utleveringsdato", "{maaned}-11"),
    ("antall_pakninger", "-1"),
    ("utsalgspris", "-150,00"),
];
const CANCELS_UPWARDS: [(&str, &str); 3] =
    [("linjetype", "A"), ("gjelder_linje_id", "feil-{nr}-1"), ("gjelder_utleveringsdato", "{maaned}-10")];

/// A line of its own that is dispensed, `feil-…-1`, and rows that concern it.
const LINE: row::Fields = &[("linje_id", "feil-{nr}-1")];
const CANCELLATION: row::Fields = &[
    ("linje_id", "feil-{nr}-2"),
    ("linjetype", "A"),
    ("gjelder_linje_id", "feil-{nr}-1"),
    ("gjelder_utleveringsdato", "{maaned}-10"),
    ("utleveringsdato", "{maaned}-12"),
    ("antall_pakninger", "-1"),
    ("utsalgspris", "-150,00"),
];

/// What only the comparison of rows shows (B2). Each line is cancelled, so that it is in no figure.
const CLASSED: [RowFault; 6] = [
    RowFault::classed("referanse_ukjent", "annullering av en linje som ikke finnes", &[CANCELLATION]),
    RowFault::classed(
        "avvist_dobbel_annullering",
        "annullert to ganger",
        &[
            LINE,
            CANCELLATION,
            &[
                ("linje_id", "feil-{nr}-3"),
                ("linjetype", "A"),
                ("gjelder_linje_id", "feil-{nr}-1"),
                ("gjelder_utleveringsdato", "{maaned}-10"),
                ("utleveringsdato", "{maaned}-13"),
                ("antall_pakninger", "-1"),
                ("utsalgspris", "-150,00"),
            ],
        ],
    ),
    RowFault::classed(
        "avvist_annullering_av_annullering",
        "annullering av en annullering",
        &[
            LINE,
            CANCELLATION,
            &[
                ("linje_id", "feil-{nr}-3"),
                ("linjetype", "A"),
                ("gjelder_linje_id", "feil-{nr}-2"),
                ("gjelder_utleveringsdato", "{maaned}-12"),
                ("utleveringsdato", "{maaned}-13"),
                ("antall_pakninger", "-1"),
                ("utsalgspris", "-150,00"),
            ],
        ],
    ),
    RowFault::classed(
        "avvist_gjelder_ikke_utlevering",
        "retur av en annullering",
        &[
            LINE,
            CANCELLATION,
            &[
                ("linje_id", "feil-{nr}-3"),
                ("linjetype", "R"),
                ("gjelder_linje_id", "feil-{nr}-2"),
                ("gjelder_utleveringsdato", "{maaned}-12"),
                ("utleveringsdato", "{maaned}-13"),
                ("antall_pakninger", "-1"),
                ("utsalgspris", "-150,00"),
            ],
        ],
    ),
    RowFault::classed(
        "avvist_avvik",
        "annullering med en annen pris enn linjens",
        &[
            LINE,
            CANCELLATION,
            &[
                ("linje_id", "feil-{nr}-3"),
                ("linjetype", "A"),
                ("gjelder_linje_id", "feil-{nr}-1"),
                ("gjelder_utleveringsdato", "{maaned}-10"),
                ("utleveringsdato", "{maaned}-13"),
                ("antall_pakninger", "-1"),
                ("utsalgspris", "-149,00"),
            ],
        ],
    ),
    RowFault::classed(
        "avvist_netto_negativ",
        "retur av en linje som er annullert",
        &[
            LINE,
            CANCELLATION,
            &[
                ("linje_id", "feil-{nr}-3"),
                ("linjetype", "R"),
                ("gjelder_linje_id", "feil-{nr}-1"),
                ("gjelder_utleveringsdato", "{maaned}-10"),
                ("utleveringsdato", "{maaned}-13"),
                ("antall_pakninger", "-1"),
                ("utsalgspris", "-150,00"),
            ],
        ],
    ),
];

/// A return of more than was dispensed, of a line of the clean delivery: it has no effect on the line.
const RETURNS_TOO_MUCH: [RowFault; 1] = [RowFault::classed(
    "avvist_netto_negativ",
    "retur av mer enn det ble utlevert",
    &[&[
        ("linje_id", "feil-{nr}"),
        ("linjetype", "R"),
        ("utlevering_nr", "1"),
        ("antall_pakninger", "-9000"),
        ("utsalgspris", "-9000,00"),
    ]],
)];

/// A good line.
fn base() -> Base {
    [
        ("linje_id", "feil-{nr}"),
        ("linjetype", "U"),
        ("utleveringsdato", "{maaned}-10"),
        ("forskrivningsdato", "{maaned}-09"),
        ("utlevering_nr", "1"),
        ("rekvirent_hpr", "990000001"),
        ("varenr", "012345"),
        ("antall_pakninger", "1"),
        ("refusjonshjemmel", "200"),
        ("reservasjon", "0"),
        ("virkestoffrekvirering", "0"),
        ("utsalgspris", "150,00"),
        ("pasient_aldersgruppe", "16-66"),
    ]
    .map(|(column, text)| (column, text.to_owned()))
    .into()
}

/// Plants all: files beside months, then rows in the last months.
pub(super) fn plant(landing: &mut Landing) -> anyhow::Result<()> {
    let (first, last) = (landing.first, landing.last);
    for (month, fault) in (0..).map(|nth| first.plus(nth)).zip(&file::HARMLESS) {
        let good = landing.read(SOURCE, &format!("utlevering_{month}.csv"))?;
        let name = format!("utlevering_{month}_v2.csv");
        landing.lay(SOURCE, &name, &(fault.make)(&good), (fault.rule, fault.what, Expected::Nothing))?;
    }
    let good = landing.read(SOURCE, &format!("utlevering_{last}.csv"))?;
    for (version, fault) in (2..).zip(&file::REFUSED) {
        let name = format!("utlevering_{last}_v{version}.{}", fault.ending);
        landing.lay(SOURCE, &name, &(fault.make)(&good), (fault.rule, fault.what, Expected::Refused))?;
    }
    file::lay_same_version(landing, SOURCE, &format!("utlevering_{}_v2", last.plus(-1)), &good)?;
    let about = ("feil_filnavn", "måneden med bokstaver", Expected::Refused);
    landing.lay(SOURCE, "utlevering_oktober.csv", &good.bytes(), about)?;
    // Half of each is good, so that it is the share of bad rows that tells.
    let point = half_and_half(&good, &good.first(100), |row| row.replace(',', "."));
    let about = ("feil_desimaltegn", "desimalpunktum i halve filen", Expected::Refused);
    landing.lay(SOURCE, &format!("utlevering_{last}_v20.csv"), &point, about)?;
    let before = landing.read(SOURCE, &format!("utlevering_{}.csv", last.plus(-1)))?;
    let about = ("feil_maaned", "halve filen er fra en annen måned enn filnavnet", Expected::Refused);
    let months = half_and_half(&before, &good.first(100), |row| row);
    landing.lay(SOURCE, &format!("utlevering_{}_v3.csv", last.plus(-1)), &months, about)?;
    let about = ("for_faa_rader", "en firedel av linjene", Expected::Refused);
    let quarter = before.first(before.rows.len() / 4);
    landing.lay(SOURCE, &format!("utlevering_{}_v4.csv", last.plus(-1)), &quarter.bytes(), about)?;
    let twice = landing.read(SOURCE, &format!("utlevering_{}.csv", first.plus(2)))?;
    let about = ("samme_fil_to_ganger", "samme bytes under to navn", Expected::Nothing);
    landing.lay(SOURCE, &format!("utlevering_{}_v1.csv", first.plus(2)), &twice.bytes(), about)?;
    plant_rows(landing)
}

/// A hundred good rows, then others, changed.
fn half_and_half(good: &Csv, others: &Csv, change: impl Fn(String) -> String) -> Vec<u8> {
    let mut csv = good.first(100);
    csv.rows.extend(others.rows.iter().map(|row| change(String::from_utf8_lossy(row).into_owned()).into_bytes()));
    csv.bytes()
}

fn plant_rows(landing: &mut Landing) -> anyhow::Result<()> {
    let months = usize::try_from(MONTHS_WITH_BAD_ROWS)?;
    for (back, nth) in (0..MONTHS_WITH_BAD_ROWS).zip(0_usize..) {
        let month = landing.last.plus(-back).to_string();
        let name = format!("utlevering_{month}.csv");
        let mut csv = landing.read(SOURCE, &name)?;
        let host = (back == 0).then(|| line_of(&csv)).flatten();
        let faults: Vec<&RowFault> = ROWS.iter().chain(&CLASSED).skip(nth).step_by(months).collect();
        let place = (SOURCE, name.as_str(), month.as_str());
        row::plant(landing, place, &mut csv, &base(), (100 * nth, &faults))?;
        if let Some(host) = host {
            row::plant(landing, place, &mut csv, &host, (9000, &RETURNS_TOO_MUCH.each_ref()))?;
        }
        landing.write(SOURCE, &name, &csv.bytes())?;
    }
    Ok(())
}

/// A delivered line that nothing in its delivery concerns, as what a return of it repeats.
fn line_of(csv: &Csv) -> Option<Base> {
    let concerned: std::collections::BTreeSet<String> =
        (0..csv.rows.len()).map(|row| csv.field(row, "gjelder_linje_id")).collect();
    let row = (0..csv.rows.len()).find(|row| {
        csv.field(*row, "linjetype") == "U"
            && csv.field(*row, "refusjonshjemmel") == "200"
            && !concerned.contains(&csv.field(*row, "linje_id"))
    })?;
    let of = |column: &str| csv.field(row, column);
    Some(vec![
        ("gjelder_linje_id", of("linje_id")),
        ("gjelder_utleveringsdato", of("utleveringsdato")),
        ("utleveringsdato", of("utleveringsdato")),
        ("rekvirent_hpr", of("rekvirent_hpr")),
        ("varenr", of("varenr")),
        ("refusjonshjemmel", of("refusjonshjemmel")),
        ("reservasjon", "0".to_owned()),
        ("virkestoffrekvirering", "0".to_owned()),
        ("pasient_aldersgruppe", of("pasient_aldersgruppe")),
    ])
}
