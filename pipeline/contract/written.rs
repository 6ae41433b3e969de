//! A contract as it is written in TOML, before anything is checked. Keys are Norwegian, like the data they describe.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::whole::{CountyVolume, Doubled, Repeated, Volume};
use super::{Dimensions, Format, Partition};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenContract {
    pub(super) kilde: String,
    pub(super) tittel: String,
    pub(super) versjon: u32,
    pub(super) produkt: String,
    #[serde(default)]
    pub(super) valgfri: bool,
    pub(super) filnavn: String,
    pub(super) format: Vec<WrittenFormat>,
    pub(super) partisjon: WrittenPartition,
    pub(super) tegnsett: Encoding,
    pub(super) desimaltegn: char,
    pub(super) maks_feil_promille: u64,
    pub(super) krymping: Option<WrittenShrink>,
    pub(super) tabell: Vec<WrittenTable>,
    pub(super) jsonstat: Option<Dimensions>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenShrink {
    pub(super) minste_prosent: u64,
    pub(super) fra_rader: u64,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum WrittenFormat {
    Csv,
    Parquet,
    M30,
    Jsonstat,
    Klass,
}

impl From<WrittenFormat> for Format {
    fn from(format: WrittenFormat) -> Format {
        match format {
            WrittenFormat::Csv => Format::Csv,
            WrittenFormat::Parquet => Format::Parquet,
            WrittenFormat::M30 => Format::M30,
            WrittenFormat::Jsonstat => Format::JsonStat,
            WrittenFormat::Klass => Format::Klass,
        }
    }
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum WrittenPartition {
    Maaned,
    Aar,
    Siste,
    SisteAvHver,
    Leveranse,
    Snapshot,
}

impl From<WrittenPartition> for Partition {
    fn from(partition: WrittenPartition) -> Partition {
        match partition {
            WrittenPartition::Maaned => Partition::Month,
            WrittenPartition::Aar => Partition::Year,
            WrittenPartition::Leveranse => Partition::Delivery,
            WrittenPartition::Siste => Partition::Latest,
            WrittenPartition::SisteAvHver => Partition::LatestOfKind,
            WrittenPartition::Snapshot => Partition::Snapshot,
        }
    }
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "iso-8859-1")]
    Latin1,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTable {
    pub(super) navn: String,
    pub(super) orden: Vec<String>,
    pub(super) noekkel: Vec<String>,
    pub(super) grense_per_fylke: Option<String>,
    pub(super) kvittering_maaned: Option<String>,
    pub(super) slettes_etter: Option<String>,
    pub(super) kolonne: Vec<WrittenColumn>,
    #[serde(default)]
    pub(super) regel: Vec<WrittenRule>,
    pub(super) utvalg: Option<WrittenSelection>,
    pub(super) beroerer: Option<WrittenTouched>,
    pub(super) uten_overlapp: Option<WrittenDisjoint>,
    pub(super) volum: Option<Volume>,
    pub(super) volum_per_fylke: Option<CountyVolume>,
    pub(super) gjentatt: Option<Repeated>,
    pub(super) dobbelt: Option<Doubled>,
    pub(super) ikke_eldre: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenColumn {
    pub(super) navn: String,
    pub(super) lagres: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: WrittenKind,
    pub(super) maks_lengde: Option<usize>,
    pub(super) lengde: Option<usize>,
    pub(super) desimaler: Option<u32>,
    pub(super) min: Option<i64>,
    pub(super) maks: Option<i64>,
    pub(super) koder: Option<BTreeMap<String, i8>>,
    #[serde(default)]
    pub(super) kan_mangle: bool,
    #[serde(default)]
    pub(super) valgfri: bool,
    #[serde(default)]
    pub(super) identifiserer: bool,
    pub(super) enhet: Option<String>,
    #[serde(default)]
    pub(super) viser_til: Vec<String>,
    pub(super) hoyst_promille: Option<u64>,
    #[serde(default)]
    pub(super) utenom: Vec<i64>,
    pub(super) beskrivelse: String,
    pub(super) beskrivelse_nn: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum WrittenKind {
    Tekst,
    Guid,
    Kode,
    Mengde,
    Heltall,
    Siffer,
    Orgnr,
    Desimal,
    Dato,
    Tidspunkt,
    DatoIOslo,
    Maaned,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRule {
    pub(super) navn: String,
    pub(super) slag: WrittenRuleKind,
    pub(super) kolonne: String,
    pub(super) grense: Option<String>,
    pub(super) maaneder: Option<i32>,
    pub(super) naar: Option<String>,
    pub(super) er: Option<Vec<i64>>,
    pub(super) som: Option<String>,
    pub(super) med: Option<String>,
    pub(super) lik: Option<Vec<i64>>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum WrittenRuleKind {
    IMaaned,
    IkkeEtter,
    KrevesNaar,
    HoystMaanederFoer,
    NegativNaar,
    SammeFortegn,
    IkkeSammen,
    FylkePaaDato,
    FylkeIAar,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSelection {
    pub(super) regel: String,
    pub(super) kolonne: String,
    pub(super) innstilling: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTouched {
    pub(super) kolonne: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenDisjoint {
    pub(super) regel: String,
    pub(super) noekkel: String,
    pub(super) fra: String,
    pub(super) til: String,
}
