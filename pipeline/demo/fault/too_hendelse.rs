//! Faults in the events of TOO courses.

use std::collections::BTreeMap;

use crate::calendar::Month;

use super::csv::Csv;
use super::row::{self, Base, Fields, RowFault};
use super::{Expected, Landing, file};

const SOURCE: &str = "too_hendelse";

/// The county whose deliveries get faults: its code is the same in all structures, and its deliveries are complete.
pub(super) const COUNTY: &str = "03";

const LONG: &str = "et-pseudonym-som-er-lengre-enn-de-seksti-fire-tegnene-som-kontrakten-tillater";

/// One a month, from the last backwards.
const ROWS: [RowFault; 33] = [
    RowFault::bad("mangler", "hendelse_guid", "tom nøkkel", &[&[("hendelse_guid", "")]]),
    RowFault::bad("ikke_guid", "hendelse_guid", "store bokstaver", &[&[("hendelse_guid", UPPER)]]),
    RowFault::bad(
        "noekkel_gjentatt",
        "hendelse_guid",
        "samme nøkkel i to rader",
        &[&[], &[("forlop_id", "feil-{nr}-2")]],
    ),
    RowFault::bad("ukjent_kode", "status", "status som ikke finnes", &[&[("status", "D")]]),
    RowFault::bad("ikke_guid", "gjelder_guid", "for kort", &[&[("status", "C"), ("gjelder_guid", "fe000000-0000")]]),
    RowFault::bad("gjelder_mangler", "gjelder_guid", "erstatter ingenting", &[&[("status", "M")]]),
    RowFault::bad("gjelder_mangler", "gjelder_guid", "annullerer ingenting", &[&[("status", "C")]]),
    RowFault::bad("mangler", "forlop_id", "tomt pseudonym", &[&[("forlop_id", "")]]),
    RowFault::bad("for_lang", "forlop_id", "for langt pseudonym", &[&[("forlop_id", LONG)]]),
    RowFault::latin1("forlop_id", &[&[("forlop_id", "forløp-{nr}")]]),
    RowFault::bad("ukjent_kode", "hendelse_type", "stor forbokstav", &[&[("hendelse_type", "Henvist")]]),
    RowFault::bad("mangler", "hendelse_dato", "tom dato", &[&[("hendelse_dato", "")]]),
    RowFault::bad("ikke_dato", "hendelse_dato", "en dag som ikke finnes", &[&[("hendelse_dato", "2025-02-30")]]),
    RowFault::bad(
        "dato_etter_registrering",
        "hendelse_dato",
        "registrert dagen før",
        &[&[("hendelse_dato", "{maaned}-11")]],
    ),
    RowFault::bad(
        "ikke_tidspunkt",
        "registrert_tid",
        "uten tidssone",
        &[&[("registrert_tid", "{maaned}-10T10:00:00")]],
    ),
    RowFault::bad("ikke_siffer", "fylkesnr", "uten ledende null", &[&[("fylkesnr", "3")]]),
    RowFault::bad("fylke_finnes_ikke", "fylkesnr", "fylket fantes ikke den dagen", &[&[("fylkesnr", "99")]]),
    RowFault::bad("fylke_finnes_ikke", "fylkesnr", "et fylke før 2018", &[&[("fylkesnr", "16")]]),
    RowFault::bad("ikke_siffer", "fra_fylkesnr", "navn i stedet for nummer", &[&[("fra_fylkesnr", "Vestland")]]),
    RowFault::bad("fra_fylke_mangler", "fra_fylkesnr", "overført fra intet fylke", &[&[("hendelse_type", "overfort")]]),
    RowFault::bad("mangler", "enhet_orgnr", "tomt nummer", &[&[("enhet_orgnr", "")]]),
    RowFault::bad("ikke_orgnr", "enhet_orgnr", "galt kontrollsiffer", &[&[("enhet_orgnr", "983544621")]]),
    RowFault::bad("ikke_orgnr", "enhet_orgnr", "åtte siffer", &[&[("enhet_orgnr", "98354462")]]),
    RowFault::bad("ukjent_kode", "henvisningskilde", "annen kilde", &[&[("henvisningskilde", "naboen")]]),
    RowFault::bad("ukjent_kode", "aldersgruppe", "under 18", &[&[("aldersgruppe", "0-17")]]),
    RowFault::bad("ukjent_kode", "maalgruppe", "samme gruppe to ganger", &[&[("maalgruppe", "tortur+tortur")]]),
    RowFault::bad("ukjent_kode", "behandlingsbehov", "annet behov", &[&[("behandlingsbehov", "enormt")]]),
    RowFault::bad("ukjent_kode", "oppmote", "annet oppmøte", &[&[("oppmote", "for sent")]]),
    RowFault::bad("ukjent_kode", "pauseaarsak", "annen årsak", &[&[("pauseaarsak", "ferie")]]),
    RowFault::bad("ukjent_kode", "avslutningsaarsak", "annen årsak", &[&[("avslutningsaarsak", "ukjent")]]),
    RowFault::bad("ukjent_kode", "ferdig_odontologisk", "ja i stedet for 1", &[&[("ferdig_odontologisk", "ja")]]),
    RowFault::bad("mangler", "finansiering", "tom finansiering", &[&[("finansiering", "")]]),
    RowFault::cut("hendelse_guid"),
];

const OTHER: &[Fields] = &[&[("fylkesnr", "46"), ("hendelse_dato", "")]];

const UPPER: &str = "FE000000-0000-4000-8000-{nr}000000";
const FIRST: &str = "fe000000-0000-4000-8000-{nr}000001";
const SECOND: &str = "fe000000-0000-4000-8000-{nr}000002";
const THIRD: &str = "fe000000-0000-4000-8000-{nr}000003";
const FOURTH: &str = "fe000000-0000-4000-8000-{nr}000004";
const NOBODY: &str = "fe000000-0000-4000-8000-999999999999";

const REFERRED: Fields = &[("hendelse_guid", FIRST), ("hendelse_type", "henvist"), ("hendelse_dato", "{maaned}-02")];

/// What only the whole course shows (C1, C3): all in courses of their own, which are in no figure.
const CLASSED: [RowFault; 9] = [
    RowFault::classed(
        "avvist_rekkefolge",
        "team slutter uten å ha begynt",
        &[REFERRED, &[("hendelse_guid", SECOND), ("hendelse_type", "team_slutt")]],
    ),
    RowFault::classed(
        "avvist_rekkefolge",
        "flere pauser slutter enn begynner",
        &[
            REFERRED,
            &[("hendelse_guid", SECOND), ("hendelse_type", "pause_fra"), ("hendelse_dato", "{maaned}-03")],
            &[("hendelse_guid", THIRD), ("hendelse_type", "pause_til"), ("hendelse_dato", "{maaned}-05")],
            &[("hendelse_guid", FOURTH), ("hendelse_type", "pause_til")],
        ],
    ),
    RowFault::classed(
        "avvist_rekkefolge",
        "time etter avslutning",
        &[
            REFERRED,
            &[("hendelse_guid", SECOND), ("hendelse_type", "avsluttet"), ("hendelse_dato", "{maaned}-05")],
            &[("hendelse_guid", THIRD), ("hendelse_type", "time"), ("oppmote", "mott")],
        ],
    ),
    RowFault::classed("uten_henvist", "forløpet begynner uten henvisning", &[&[]]),
    RowFault::classed(
        "ukjent_maal",
        "erstatter en hendelse som ingen kjenner",
        &[&[("status", "M"), ("gjelder_guid", NOBODY)]],
    ),
    RowFault::classed(
        "ukjent_maal",
        "annullerer en hendelse som ingen kjenner",
        &[&[("status", "C"), ("gjelder_guid", NOBODY)]],
    ),
    RowFault::classed(
        "ukjent_maal",
        "erstatter seg selv",
        &[&[("hendelse_guid", FIRST), ("status", "M"), ("gjelder_guid", FIRST)]],
    ),
    RowFault::harmless(
        "erstatter_annullert",
        "en annullert hendelse erstattes, og annulleres igjen",
        &[
            &[("hendelse_guid", FIRST)],
            &[
                ("hendelse_guid", SECOND),
                ("status", "C"),
                ("gjelder_guid", FIRST),
                ("registrert_tid", "{maaned}-11T10:00:00+01:00"),
            ],
            &[
                ("hendelse_guid", THIRD),
                ("status", "M"),
                ("gjelder_guid", FIRST),
                ("registrert_tid", "{maaned}-12T10:00:00+01:00"),
            ],
            &[
                ("hendelse_guid", FOURTH),
                ("status", "C"),
                ("gjelder_guid", THIRD),
                ("registrert_tid", "{maaned}-13T10:00:00+01:00"),
            ],
        ],
    ),
    RowFault::harmless(
        "dobbel_annullering",
        "en hendelse annulleres to ganger",
        &[
            &[("hendelse_guid", FIRST)],
            &[
                ("hendelse_guid", SECOND),
                ("status", "C"),
                ("gjelder_guid", FIRST),
                ("registrert_tid", "{maaned}-11T10:00:00+01:00"),
            ],
            &[
                ("hendelse_guid", THIRD),
                ("status", "C"),
                ("gjelder_guid", FIRST),
                ("registrert_tid", "{maaned}-12T10:00:00+01:00"),
            ],
        ],
    ),
];

/// One guid in two deliveries, with different content: of the two rows one is here, and one in the month before.
const IN_TWO_FILES: [RowFault; 1] = [RowFault::classed(
    "avvist_gjentatt_guid",
    "samme nøkkel med ulikt innhold i to leveranser",
    &[&[("hendelse_guid", FIRST)]],
)];
const IN_THE_OTHER_FILE: Fields = &[("hendelse_guid", FIRST), ("forlop_id", "feil-{nr}-2")];

/// A referral of a delivered course once more, on the same day.
const REFERRED_AGAIN: [RowFault; 1] =
    [RowFault::classed("dobbel_henvisning", "henvist mens forløpet er åpent", &[&[("hendelse_guid", FIRST)]])];

/// A good event, in a course of its own.
fn base() -> Base {
    [
        ("hendelse_guid", UPPER.to_ascii_lowercase().as_str()),
        ("status", "N"),
        ("forlop_id", "feil-{nr}"),
        ("hendelse_type", "kontakt_venteliste"),
        ("hendelse_dato", "{maaned}-10"),
        ("registrert_tid", "{maaned}-10T10:00:00+01:00"),
        ("fylkesnr", COUNTY),
        ("enhet_orgnr", "983544622"),
        ("finansiering", "tilskudd"),
    ]
    .map(|(column, text)| (column, text.to_owned()))
    .into()
}

/// Plants all; gives how many rows each month of the county got.
pub(super) fn plant(landing: &mut Landing) -> anyhow::Result<BTreeMap<Month, usize>> {
    lay_files(landing)?;
    let mut added = BTreeMap::new();
    for (back, fault) in (0..).zip(&ROWS) {
        let month = landing.last.plus(-back);
        let name = format!("too_hendelse_{COUNTY}_{month}.csv");
        let mut csv = landing.read(SOURCE, &name)?;
        let host = (back == 0).then(|| referral_of(&csv)).flatten();
        let month_name = month.to_string();
        let place = (SOURCE, name.as_str(), month_name.as_str());
        if back == 1 {
            // Registered in the last month, so that both are of one; the county announces the row once.
            let last = landing.last.to_string();
            row::accompany(&mut csv, &base(), (300, &IN_TWO_FILES[0]), &last, IN_THE_OTHER_FILE);
        }
        let number = usize::try_from(back)?;
        let mut rows = row::plant(landing, place, &mut csv, &base(), (number, &[fault]))?;
        if let Some(host) = host {
            rows += row::plant(landing, place, &mut csv, &base(), (100, &CLASSED.each_ref()))?;
            rows += row::plant(landing, place, &mut csv, &host, (200, &REFERRED_AGAIN.each_ref()))?;
            rows += row::plant(landing, place, &mut csv, &base(), (300, &IN_TWO_FILES.each_ref()))?;
        }
        landing.write(SOURCE, &name, &csv.bytes())?;
        added.insert(month, rows);
    }
    Ok(added)
}

/// Every version is a delivery of its own, so that bad ones lie beside good ones.
fn lay_files(landing: &mut Landing) -> anyhow::Result<()> {
    let last = landing.last;
    let good = landing.read(SOURCE, &format!("too_hendelse_{COUNTY}_{last}.csv"))?;
    let known = |version: i32| format!("too_hendelse_{COUNTY}_{last}_v{version}");
    for (version, fault) in (2..).zip(&file::REFUSED) {
        let name = format!("{}.{}", known(version), fault.ending);
        // A county may have had no event, and every version only adds.
        let expected = if fault.rule == "uten_rader" { Expected::Nothing } else { Expected::Refused };
        landing.lay(SOURCE, &name, &(fault.make)(&good), (fault.rule, fault.what, expected))?;
    }
    file::lay_same_version(landing, SOURCE, &known(30), &good)?;
    let about = ("feil_filnavn", "fylkets navn i stedet for nummer", Expected::Refused);
    landing.lay(SOURCE, &format!("too_hendelse_Oslo_{last}.csv"), &good.bytes(), about)?;
    for (version, fault) in (40..).zip(&file::HARMLESS) {
        let name = format!("{}.csv", known(version));
        landing.lay(SOURCE, &name, &(fault.make)(&good), (fault.rule, fault.what, Expected::Nothing))?;
    }
    lay_several_counties(landing, &good)?;
    let about = ("samme_fil_to_ganger", "samme bytes levert som ny versjon", Expected::Nothing);
    landing.lay(SOURCE, &format!("{}.csv", known(50)), &good.bytes(), about)
}

/// A file of two counties: rows that were delivered before, and of the other county bad ones alone.
fn lay_several_counties(landing: &mut Landing, good: &Csv) -> anyhow::Result<()> {
    let file = format!("too_hendelse_00_{}.csv", landing.last);
    let mut csv = good.first(100);
    let faults =
        [RowFault::refused_county("mangler", "hendelse_dato", "et fylke med bare feil, i en fil for flere", OTHER)];
    let month = landing.last.to_string();
    row::plant(landing, (SOURCE, &file, &month), &mut csv, &base(), (400, &faults.each_ref()))?;
    landing.write(SOURCE, &file, &csv.bytes())
}

/// A delivered referral that nothing in its delivery concerns.
fn referral_of(csv: &Csv) -> Option<Base> {
    let concerned: std::collections::BTreeSet<String> =
        (0..csv.rows.len()).map(|row| csv.field(row, "gjelder_guid")).collect();
    let row = (0..csv.rows.len()).find(|row| {
        csv.field(*row, "hendelse_type") == "henvist"
            && csv.field(*row, "status") == "N"
            && !concerned.contains(&csv.field(*row, "hendelse_guid"))
    })?;
    const REPEATED: [&str; 9] = [
        "status",
        "forlop_id",
        "hendelse_type",
        "hendelse_dato",
        "registrert_tid",
        "fylkesnr",
        "enhet_orgnr",
        "henvisningskilde",
        "finansiering",
    ];
    Some(REPEATED.iter().map(|column| (*column, csv.field(row, column))).collect())
}
