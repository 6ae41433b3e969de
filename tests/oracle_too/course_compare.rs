//! Compares recomputed counts of courses with the counties' tables as they were written, and says in words where they differ.
//!
//! It must not know how either side came about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::compare::close;
use super::course_tables::{self, Row};
use super::{Figures, csv, geography, periods::Period};

/// A table: its column for the slice, the slices, its column for the period, and its counts.
pub struct Table {
    pub name: &'static str,
    slice: Option<(&'static str, &'static [&'static str])>,
    counts: &'static [&'static str],
    /// Share or rate, its numerator, its denominator, and what it is multiplied by.
    ratios: &'static [(&'static str, &'static str, &'static str, f64)],
}

pub const TABLES: [Table; 6] = [
    Table {
        name: "too_oppmote",
        slice: Some(("fase", &course_tables::PHASES)),
        counts: &["mott", "ikke_mott", "avbestilt", "uten_oppmote"],
        ratios: &[],
    },
    Table {
        name: "too_narkose",
        slice: Some(("fase", &course_tables::PHASES)),
        counts: &[
            "narkose_behov",
            "narkose_gjort",
            "narkose_uten_behov",
            "narkose_foer_team",
            "narkose_bortfalt",
            "narkose_aapne",
        ],
        ratios: &[],
    },
    Table {
        name: "too_maalgruppe",
        slice: Some(("maalgruppe", &course_tables::GROUPS)),
        counts: &["vurderte_med", "ferdigbehandlet_med", "aapne_med"],
        ratios: &[("andel_vurderte_med", "vurderte_med", "vurderte", 1.0)],
    },
    Table {
        name: "too_henvisning",
        slice: Some(("henvisningskilde", &course_tables::SOURCES)),
        counts: &["henviste_fra"],
        ratios: &[("andel_henviste_fra", "henviste_fra", "henviste", 1.0)],
    },
    Table {
        name: "too_dekning",
        slice: None,
        counts: &[
            "henviste",
            "i_behandling",
            "avsluttede_behandlinger",
            "behandlede",
            "ferdigbehandlet",
            "ferdigbehandlet_begge",
        ],
        ratios: &[
            ("henviste_per_10000", "henviste", "voksne", 10_000.0),
            ("behandlede_per_10000", "behandlede", "voksne", 10_000.0),
            ("ferdigbehandlet_per_10000", "ferdigbehandlet", "voksne", 10_000.0),
            ("ferdigbehandlet_begge_per_10000", "ferdigbehandlet_begge", "voksne", 10_000.0),
        ],
    },
    Table {
        name: "too_gjennomforing",
        slice: None,
        counts: &[
            "henviste",
            "naadd_m1",
            "naadd_m2",
            "naadd_m3",
            "naadd_m4",
            "naadd_m5",
            "slutt_ferdigbehandlet",
            "slutt_avbrutt_pasient",
            "slutt_avbrutt_team",
            "slutt_ikke_kontakt",
            "slutt_flyttet",
            "slutt_dod",
            "slutt_uten_aarsak",
            "slutt_ikke_kvalifisert_vurdert",
            "slutt_ikke_kvalifisert_papir",
            "aapne",
            "aapne_over_12_mnd",
            "aapne_over_24_mnd",
            "ferdig_odontologisk",
            "ferdig_psykologisk",
            "ferdig_begge",
            "tilbakesendt",
            "somlos",
        ],
        ratios: &[
            ("andel_naadd_m1", "naadd_m1", "henviste", 1.0),
            ("andel_naadd_m4", "naadd_m4", "henviste", 1.0),
            ("andel_ferdigbehandlet", "slutt_ferdigbehandlet", "henviste", 1.0),
        ],
    },
];

impl Table {
    fn has(&self, period: &Period) -> bool {
        let kinds: &[&str] = match self.name {
            "too_gjennomforing" => &["aar"],
            "too_dekning" => &["aar", "rullerende12"],
            _ => &["maaned", "tertial", "aar", "rullerende12"],
        };
        kinds.contains(&period.periodetype) && course_tables::has_rows(period)
    }
}

/// `table slice omraade periodetype periode`.
pub fn key(table: &str, slice: &str, omraade: &str, periodetype: &str, periode: &str) -> String {
    [table, slice, omraade, periodetype, periode].join(" ")
}

/// Recomputed counts by `key` and column.
pub type Truth = BTreeMap<String, BTreeMap<&'static str, i64>>;

/// The recomputed rows by their keys.
pub fn truth(rows: &[Row]) -> Truth {
    let key = |row: &Row| key(row.table, row.slice, &row.omraade, row.periodetype, &row.periode);
    rows.iter().map(|row| (key(row), row.counts.clone())).collect()
}

/// One line per difference between the recomputed figures and the CSV of a table at `path`.
pub fn differences(table: &Table, figures: &Figures, periods: &[Period], path: &Path) -> Vec<String> {
    let truth = truth(&figures.course_rows);
    let count = |key: &str, column: &str| truth.get(key).and_then(|counts| counts.get(column)).copied().unwrap_or(0);
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    let slices: &[&str] = table.slice.map_or(&["-"], |(_, slices)| slices);
    for period in periods.iter().filter(|period| table.has(period)) {
        for omraade in course_tables::areas_of(period, &figures.complete_until).keys() {
            let keys = slices.iter().map(|slice| key(table.name, slice, omraade, period.periodetype, &period.periode));
            wanted.extend(keys);
        }
    }
    let mut found = Vec::new();
    csv::read(path, |header, row| {
        let of = |name: &str| row.filled(header.required(name));
        let slice = table.slice.map_or("-", |(column, _)| of(column));
        let (kind, periode) =
            if table.name == "too_gjennomforing" { ("aar", of("kohort")) } else { (of("periodetype"), of("periode")) };
        let key = key(table.name, slice, of("omraade"), kind, periode);
        if !wanted.remove(&key) {
            found.push(format!("{key} is in the file but was not recomputed (or is there twice)"));
        }
        for column in table.counts {
            let published = row.whole(header.required(column));
            if published != Some(count(&key, column)) {
                found.push(format!("{key}, {column}: recomputed {}, published {published:?}", count(&key, column)));
            }
        }
        // What a share is of stands in a row of its own.
        let whole = super::course_compare::key(table.name, "-", of("omraade"), kind, periode);
        let dekning = super::course_compare::key("too_dekning", "-", of("omraade"), kind, periode);
        for (ratio, part, of_what, factor) in table.ratios {
            let denominator = match *of_what {
                "vurderte" => count(&whole, of_what),
                "henviste" if table.name == "too_henvisning" => count(&dekning, of_what),
                _ => count(&key, of_what),
            };
            let wanted = (denominator > 0).then(|| count(&key, part) as f64 * factor / denominator as f64);
            let published = row.text(header.required(ratio)).map(|text| text.parse::<f64>().unwrap());
            let same = match (wanted, published) {
                (Some(wanted), Some(published)) => close(wanted, published),
                (None, None) => true,
                _ => false,
            };
            if !same {
                found.push(format!("{key}, {ratio}: recomputed {wanted:?}, published {published:?}"));
            }
        }
    });
    found.extend(wanted.into_iter().map(|key| format!("{key} was recomputed but is not in the file")));
    found
}

/// What must hold of the recomputed cohorts whatever the world: parts add up, and no part is larger than its whole.
pub fn impossible(rows: &[Row]) -> Vec<String> {
    let mut found = Vec::new();
    for row in rows.iter().filter(|row| row.table == "too_gjennomforing") {
        let n = |column: &str| row.counts.get(column).copied().unwrap_or(0);
        let ended: i64 = row.counts.iter().filter(|(name, _)| name.starts_with("slutt_")).map(|(_, count)| count).sum();
        let holds = ended == n("naadd_m5")
            && ended + n("aapne") == n("henviste")
            && n("ferdig_begge") <= n("ferdig_odontologisk").min(n("ferdig_psykologisk"))
            && n("ferdig_odontologisk").max(n("ferdig_psykologisk")) <= n("slutt_ferdigbehandlet")
            && n("aapne_over_24_mnd") <= n("aapne_over_12_mnd")
            && n("aapne_over_12_mnd") <= n("aapne")
            && n("somlos").max(n("tilbakesendt")) <= n("naadd_m4");
        if !holds {
            found.push(format!("{row:?}"));
        }
    }
    found
}

/// The region of a county, for those who look for sums.
pub fn region(county: &str) -> &'static str {
    geography::region(county)
}
