//! Reads the deliveries of `utlevering` and `lege` as they lie in the landing folder.
//!
//! It must not know rules of statistics. It takes the rows for clean: what the contract would put in quarantine is not found here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::csv::{self, Month};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Utlevering,
    Annullering,
    Retur,
}

/// One row of `utlevering`, with the columns that the recomputation uses.
pub struct Line {
    pub linje_id: String,
    pub kind: Kind,
    /// `gjelder_linje_id` and `gjelder_utleveringsdato`.
    pub gjelder: Option<(String, Date)>,
    pub utleveringsdato: Date,
    pub forskrivningsdato: Option<Date>,
    pub utlevering_nr: Option<i64>,
    pub rekvirent_hpr: i64,
    /// As a number: leading zeros do not tell two packages apart.
    pub varenr: i64,
    /// Thousandths of a package.
    pub antall_pakninger: i64,
    pub reservasjon: i64,
    pub virkestoffrekvirering: bool,
    /// Øre.
    pub utsalgspris: i64,
}

/// Every line within `hjemler`, and the months that have a delivery (also one without such lines).
pub struct Utlevering {
    pub months: BTreeSet<Month>,
    pub lines: Vec<Line>,
    /// Rows of other paragraphs, by the month of the delivery; a month without any is not there.
    pub outside: BTreeMap<Month, u64>,
}

/// One validity period in the register of doctors.
pub struct Lege {
    pub hpr: i64,
    pub profesjon: String,
    /// Codes of 7426; none in a register that has no such column.
    pub spesialiteter: Vec<i64>,
    pub er_fastlege: bool,
    pub kommunenr: Option<i64>,
    pub listetredel: Option<i64>,
    pub gyldig_fra: Date,
    pub gyldig_til: Option<Date>,
}

impl Lege {
    pub fn valid_on(&self, date: Date) -> bool {
        self.gyldig_fra <= date && self.gyldig_til.is_none_or(|last| date <= last)
    }
}

/// The highest version of each month's delivery.
pub fn read_utlevering(landing: &Path, hjemler: &[u32]) -> Utlevering {
    let mut out = Utlevering { months: BTreeSet::new(), lines: Vec::new(), outside: BTreeMap::new() };
    for (stamp, path) in highest_versions(&landing.join("utlevering"), "utlevering_") {
        let month = Month::parse(&stamp).unwrap_or_else(|| panic!("no month in {}", path.display()));
        out.months.insert(month);
        read_month(&path, month, hjemler, &mut out);
    }
    out
}

fn read_month(path: &Path, month: Month, hjemler: &[u32], out: &mut Utlevering) {
    let mut seen = BTreeSet::new();
    let mut places = None;
    csv::read(path, |header, row| {
        let at = places.get_or_insert_with(|| Places::of(header));
        let utleveringsdato = row.date(at.utleveringsdato).expect("utleveringsdato");
        assert_eq!(Month::of(utleveringsdato), month, "{}: date outside the month", row.place);
        let hjemmel = row.whole(at.refusjonshjemmel).expect("refusjonshjemmel");
        if !hjemler.iter().any(|wanted| i64::from(*wanted) == hjemmel) {
            *out.outside.entry(month).or_default() += 1;
            return;
        }
        let kind = match row.filled(at.linjetype) {
            "U" => Kind::Utlevering,
            "A" => Kind::Annullering,
            "R" => Kind::Retur,
            other => panic!("{}: linjetype {other}", row.place),
        };
        let gjelder = row.text(at.gjelder_linje_id).map(str::to_owned).zip(row.date(at.gjelder_utleveringsdato));
        assert_eq!(gjelder.is_some(), kind != Kind::Utlevering, "{}: reference", row.place);
        let linje_id = row.filled(at.linje_id).to_owned();
        assert!(seen.insert(linje_id.clone()), "{}: linje_id {linje_id} twice", row.place);
        out.lines.push(Line {
            linje_id,
            kind,
            gjelder,
            utleveringsdato,
            forskrivningsdato: row.date(at.forskrivningsdato),
            utlevering_nr: at.utlevering_nr.and_then(|column| row.whole(column)),
            rekvirent_hpr: row.whole(at.rekvirent_hpr).expect("rekvirent_hpr"),
            varenr: row.whole(at.varenr).expect("varenr"),
            antall_pakninger: row.scaled(at.antall_pakninger, 3),
            reservasjon: row.whole(at.reservasjon).expect("reservasjon"),
            virkestoffrekvirering: row.whole(at.virkestoffrekvirering) == Some(1),
            utsalgspris: row.scaled(at.utsalgspris, 2),
        });
    });
}

/// Where each column of `utlevering` is.
struct Places {
    linje_id: usize,
    linjetype: usize,
    gjelder_linje_id: usize,
    gjelder_utleveringsdato: usize,
    utleveringsdato: usize,
    forskrivningsdato: usize,
    utlevering_nr: Option<usize>,
    rekvirent_hpr: usize,
    varenr: usize,
    antall_pakninger: usize,
    refusjonshjemmel: usize,
    reservasjon: usize,
    virkestoffrekvirering: usize,
    utsalgspris: usize,
}

impl Places {
    fn of(header: &csv::Header) -> Self {
        Self {
            linje_id: header.required("linje_id"),
            linjetype: header.required("linjetype"),
            gjelder_linje_id: header.required("gjelder_linje_id"),
            gjelder_utleveringsdato: header.required("gjelder_utleveringsdato"),
            utleveringsdato: header.required("utleveringsdato"),
            forskrivningsdato: header.required("forskrivningsdato"),
            utlevering_nr: header.optional("utlevering_nr"),
            rekvirent_hpr: header.required("rekvirent_hpr"),
            varenr: header.required("varenr"),
            antall_pakninger: header.required("antall_pakninger"),
            refusjonshjemmel: header.required("refusjonshjemmel"),
            reservasjon: header.required("reservasjon"),
            virkestoffrekvirering: header.required("virkestoffrekvirering"),
            utsalgspris: header.required("utsalgspris"),
        }
    }
}

/// The whole register: the last delivery, by date and then version.
pub fn read_lege(landing: &Path) -> Vec<Lege> {
    let deliveries = highest_versions(&landing.join("lege"), "lege_");
    let (_, path) = deliveries.last_key_value().unwrap_or_else(|| panic!("no delivery of lege"));
    let mut rows = Vec::new();
    csv::read(path, |header, row| {
        rows.push(Lege {
            hpr: row.whole(header.required("hpr")).expect("hpr"),
            profesjon: row.filled(header.required("profesjon")).to_owned(),
            spesialiteter: header
                .optional("spesialitet")
                .and_then(|at| row.text(at))
                .map(|codes| codes.split('+').map(|code| code.parse().expect("a code of 7426")).collect())
                .unwrap_or_default(),
            er_fastlege: header.optional("er_fastlege").is_some_and(|at| row.whole(at) == Some(1)),
            kommunenr: header.optional("kommunenr").and_then(|at| row.whole(at)),
            listetredel: header.optional("listetredel").and_then(|at| row.whole(at)),
            gyldig_fra: row.date(header.required("gyldig_fra")).expect("gyldig_fra"),
            gyldig_til: row.date(header.required("gyldig_til")),
        });
    });
    rows
}

/// Files named `<prefix><stamp>[_vN].csv`: per stamp the one with the highest N (1 when the name has none).
fn highest_versions(folder: &Path, prefix: &str) -> BTreeMap<String, PathBuf> {
    let mut best: BTreeMap<String, (u32, PathBuf)> = BTreeMap::new();
    for path in files(folder, prefix) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let stem = name
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_suffix(".csv"))
            .unwrap_or_else(|| panic!("not a delivery: {}", path.display()));
        let (stamp, version) = match stem.split_once("_v") {
            Some((stamp, version)) => (stamp, version.parse().expect("version")),
            None => (stem, 1),
        };
        if best.get(stamp).is_none_or(|(highest, _)| *highest < version) {
            best.insert(stamp.to_owned(), (version, path));
        }
    }
    best.into_iter().map(|(stamp, (_, path))| (stamp, path)).collect()
}

/// The files of a folder whose names begin with `prefix`, by name.
pub fn files(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display())).path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
        .collect();
    paths.sort();
    paths
}

/// Municipality → class of centrality, by the delivered Klass 128; nothing where there is none.
pub fn centrality(landing: &Path) -> BTreeMap<i64, i64> {
    let files =
        std::fs::read_dir(landing.join("klass")).into_iter().flatten().map(|file| file.expect("readable").path());
    let is_centrality =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("klass_128"));
    let Some(file) = files.filter(is_centrality).max() else { return BTreeMap::new() };
    let text = std::fs::read_to_string(file).expect("readable");
    let data: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let codes = data["codes"].as_array().expect("a list of codes");
    let number = |text: &serde_json::Value| text.as_str().and_then(|text| text.parse().ok());
    codes.iter().filter_map(|code| Some((number(&code["code"])?, number(&code["parentCode"])?))).collect()
}
