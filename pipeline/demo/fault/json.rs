//! Faults in deliveries that come as JSON: Klass's codes and the population by county.
//!
//! A row of such a file stands on no line: its place among the file's codes or numbers stands for it.

use anyhow::Context;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::disk;

use super::{Expected, Landing, Planted, ROWS_PER_BAD_ONE};

const KLASS: &str = "klass";
const BEFOLKNING: &str = "befolkning";

/// One kind of bad file: rule, what, and how it is made of a good one.
type BadFile = (&'static str, &'static str, fn(&Value) -> Vec<u8>);

const ANY: [BadFile; 4] = [
    ("avkortet_json", "halve filen", |good| {
        let whole = written(good);
        whole.get(..whole.len() / 2).unwrap_or_default().to_vec()
    }),
    ("avkortet_json", "ingenting", |_| Vec::new()),
    ("ikke_json", "XML i stedet for JSON", |_| b"<codes/>".to_vec()),
    ("annen_json", "JSON som er noe annet", |_| b"[]".to_vec()),
];

const OF_KLASS: [BadFile; 3] = [
    ("uten_rader", "ingen koder", |_| written(&json!({ "codes": [] }))),
    ("feil_kodeverk", "endringer under navnet til koder", |_| written(&json!({ "codeChanges": [] }))),
    ("for_mange_feil", "hver kode mangler navn", |good| {
        let mut bad = good.clone();
        bad["codes"].as_array_mut().into_iter().flatten().for_each(|code| code["name"] = Value::Null);
        written(&bad)
    }),
];

const OF_POPULATION: [BadFile; 5] = [
    ("uten_rader", "bare manglende tall", |good| {
        let mut bad = good.clone();
        bad["value"].as_array_mut().into_iter().flatten().for_each(|number| *number = Value::Null);
        written(&bad)
    }),
    ("annet_innhold", "fødte i stedet for personer", |good| replaced(good, "Personer1", "Fodte")),
    ("ukjent_dimensjon", "sivilstand i stedet for alder", |good| replaced(good, "\"Alder\"", "\"Sivilstand\"")),
    ("overlappende_aldre", "to aldersgrupper med samme alder", |good| replaced(good, "\"105+\"", "\"104+\"")),
    ("ikke_aar", "kvartal i stedet for år", |good| replaced(good, "\"2023\"", "\"2023K1\"")),
];

/// One bad code: rule, column, what, and what differs from a good one.
type BadCode = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const CODES: [BadCode; 8] = [
    ("mangler", "navn", "tomt navn", &[("name", "")]),
    ("for_lang", "kode", "for lang kode", &[("code", "fylke-nummer-femti-fem")]),
    ("ikke_heltall", "nivaa", "nivået med bokstaver", &[("level", "to")]),
    ("utenfor_grense", "nivaa", "nivå ti", &[("level", "10")]),
    ("ikke_dato", "gyldig_fra", "en dag som ikke finnes", &[("validFromInRequestedRange", "2020-02-30")]),
    ("slutter_foer_start", "gyldig_fra", "slutter før den begynner", &[("validToInRequestedRange", "2019-12-31")]),
    ("noekkel_gjentatt", "kodeverk+kode+gyldig_fra", "samme kode to ganger", &[("code", "F-TO")]),
    ("noekkel_gjentatt", "kodeverk+kode+gyldig_fra", "samme kode to ganger", &[("code", "F-TO")]),
];

/// One bad number: rule, column, what, and the number as it is written.
type BadNumber = (&'static str, &'static str, &'static str, &'static str);

/// All stand where a county was not there, and so take no good number's place.
const NUMBERS: [BadNumber; 3] = [
    ("fylke_finnes_ikke", "fylkesnr", "personer i et fylke som ikke fantes det året", "5"),
    ("ikke_heltall", "antall", "en halv person", "0.5"),
    ("utenfor_grense", "antall", "flere enn i hele landet", "10000001"),
];

/// Plants all; files that are bad are later ones than the good.
pub(super) fn plant(landing: &mut Landing) -> anyhow::Result<()> {
    let (last, later) = (landing.last.last_day(), landing.last.plus(1).first_day().with().day(20).build()?);
    plant_codes(landing, last, later)?;
    plant_numbers(landing, last, later)
}

fn plant_codes(landing: &mut Landing, last: Date, later: Date) -> anyhow::Result<()> {
    let name = format!("klass_104_koder_{last}.json");
    let mut good = read(landing, KLASS, &name)?;
    lay(landing, KLASS, &format!("klass_104_koder_{later}"), &good, &[&ANY[..], &OF_KLASS[..]].concat())?;
    let about = ("feil_filnavn", "navnet på kodeverket i stedet for nummeret", Expected::Refused);
    landing.lay(KLASS, &format!("klass_fylker_{later}.json"), &written(&good), about)?;

    let codes = good["codes"].as_array_mut().context("there are no codes")?;
    // Codes of a level that nothing reads fill the file up, so that it bears the bad ones.
    let filling = (CODES.len() * ROWS_PER_BAD_ONE).saturating_sub(codes.len());
    codes.extend((0..filling).map(|nth| code(&format!("F-{nth:04}"))));
    for (nth, (rule, column, what, differs)) in CODES.iter().enumerate() {
        let mut bad = code(&format!("F-FEIL-{nth}"));
        for (key, text) in *differs {
            bad[*key] = (*text).into();
        }
        codes.push(bad);
        landing.planted.push(planted(KLASS, &name, codes.len(), (rule, column, what)));
    }
    landing.write(KLASS, &name, &written(&good))
}

fn code(code: &str) -> Value {
    json!({
        "code": code, "parentCode": "03", "level": "2", "name": "Utfylling", "shortName": "",
        "validFromInRequestedRange": "2020-01-01", "validToInRequestedRange": null,
    })
}

fn plant_numbers(landing: &mut Landing, last: Date, later: Date) -> anyhow::Result<()> {
    let name = format!("befolkning_{last}.json");
    let mut good = read(landing, BEFOLKNING, &name)?;
    lay(landing, BEFOLKNING, &format!("befolkning_{later}"), &good, &[&ANY[..], &OF_POPULATION[..]].concat())?;
    let about = ("feil_filnavn", "år i stedet for dato", Expected::Refused);
    landing.lay(BEFOLKNING, &format!("befolkning_{}.json", later.year()), &written(&good), about)?;

    let numbers = good["value"].as_array_mut().context("there are no numbers")?;
    let free: Vec<usize> = (0..numbers.len()).filter(|at| numbers[*at].is_null()).collect();
    for ((rule, column, what, number), at) in NUMBERS.iter().zip(&free) {
        numbers[*at] = serde_json::from_str(number)?;
        landing.planted.push(planted(BEFOLKNING, &name, at + 1, (rule, column, what)));
    }
    // A number that the file calls missing would be none.
    let status = good["status"].as_object_mut().context("no number is said to be missing")?;
    for at in free.iter().take(NUMBERS.len()) {
        status.remove(&at.to_string());
    }
    landing.write(BEFOLKNING, &name, &written(&good))
}

fn planted(
    source: &'static str,
    file: &str,
    place: usize,
    (rule, column, what): (&'static str, &'static str, &'static str),
) -> Planted {
    Planted { source, file: file.to_owned(), line: Some(place), column, rule, what, expected: Expected::Quarantine }
}

fn lay(
    landing: &mut Landing,
    source: &'static str,
    stem: &str,
    good: &Value,
    faults: &[BadFile],
) -> anyhow::Result<()> {
    for (version, (rule, what, make)) in (2..).zip(faults) {
        landing.lay(source, &format!("{stem}_v{version}.json"), &make(good), (rule, what, Expected::Refused))?;
    }
    Ok(())
}

fn read(landing: &Landing, source: &str, file: &str) -> anyhow::Result<Value> {
    let path = landing.path(source, file);
    serde_json::from_str(&disk::read_text(&path)?).with_context(|| format!("{} is not JSON", path.display()))
}

fn written(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn replaced(good: &Value, from: &str, to: &str) -> Vec<u8> {
    good.to_string().replace(from, to).into_bytes()
}
