//! Plays the one who wants to know what is hidden in the public tables about the course: everything that is shown, and every
//! sum that must hold (areas, periods, phases, groups, ways to end), solved exactly for what is hidden.
//!
//! It must not know the pipeline, nor why a cell is hidden.

use std::collections::BTreeSet;
use std::path::Path;

use super::compare::close;
use super::course_compare::{Truth, region, truth};
use super::course_tables::{self, PHASES};
use super::linear::{Cell, Sum, solve};
use super::{Figures, csv, geography, periods::Period};

const SMALLEST: i64 = 5;

/// A public table: its own name, that of the counties' table it is made from, its slice and its counts.
const PUBLIC: [(&str, &str, Option<&str>, &[&str]); 6] = [
    ("too_oppmote_offentlig", "too_oppmote", Some("fase"), &["avtalte", "ikke_mott", "avbestilt"]),
    (
        "too_narkose_offentlig",
        "too_narkose",
        Some("fase"),
        &["narkose_behov", "narkose_gjort", "narkose_foer_team", "narkose_aapne"],
    ),
    ("too_henvisning_offentlig", "too_henvisning", Some("henvisningskilde"), &["henviste_fra"]),
    (
        "too_maalgruppe_offentlig",
        "too_maalgruppe",
        Some("maalgruppe"),
        &["vurderte_med", "ferdigbehandlet_med", "aapne_med"],
    ),
    (
        "too_dekning_offentlig",
        "too_dekning",
        None,
        &["henviste", "behandlede", "ferdigbehandlet", "ferdigbehandlet_begge"],
    ),
    (
        "too_gjennomforing_offentlig",
        "too_gjennomforing",
        None,
        &[
            "henviste",
            "naadd_m1",
            "naadd_m2",
            "naadd_m4",
            "slutt_ferdigbehandlet",
            "slutt_avbrutt",
            "slutt_ikke_kvalifisert",
            "slutt_ellers",
            "aapne",
            "slutt_avbrutt_pasient",
            "slutt_avbrutt_team",
            "slutt_ikke_kontakt",
            "slutt_ikke_kvalifisert_vurdert",
            "slutt_ikke_kvalifisert_papir",
            "aapne_over_12_mnd",
            "aapne_over_24_mnd",
            "ferdig_begge",
            "tilbakesendt",
            "somlos",
        ],
    ),
];

/// Counts that add up to another of the same row.
const PARTS: [(&str, &str, &[&str]); 4] = [
    (
        "too_gjennomforing",
        "henviste",
        &["slutt_ferdigbehandlet", "slutt_avbrutt", "slutt_ikke_kvalifisert", "slutt_ellers", "aapne"],
    ),
    ("too_gjennomforing", "slutt_avbrutt", &["slutt_avbrutt_pasient", "slutt_avbrutt_team", "slutt_ikke_kontakt"]),
    (
        "too_gjennomforing",
        "slutt_ikke_kvalifisert",
        &["slutt_ikke_kvalifisert_vurdert", "slutt_ikke_kvalifisert_papir"],
    ),
    ("too_oppmote", "avtalte", &["mott", "ikke_mott"]),
];

/// The groups that sources of referral are public in.
pub const SOURCE_GROUPS: [(&str, &[&str]); 4] = [
    ("gruppe_andre", &["annet", "asyl_flyktning", "ikke_oppgitt", "parorende"]),
    ("gruppe_lege_psykolog", &["fastlege", "psykolog"]),
    ("gruppe_selv", &["selv"]),
    ("gruppe_tannhelse", &["tannlege", "tannpleier"]),
];

/// Counts of which what a part leaves is told too: whole, part.
const LEFT: [(&str, &str, &str); 13] = [
    ("too_gjennomforing", "henviste", "naadd_m1"),
    ("too_gjennomforing", "henviste", "naadd_m2"),
    ("too_gjennomforing", "naadd_m1", "naadd_m2"),
    ("too_gjennomforing", "henviste", "naadd_m4"),
    ("too_gjennomforing", "naadd_m2", "naadd_m4"),
    ("too_gjennomforing", "henviste", "slutt_ferdigbehandlet"),
    ("too_gjennomforing", "naadd_m4", "slutt_ferdigbehandlet"),
    ("too_gjennomforing", "henviste", "aapne"),
    ("too_gjennomforing", "aapne", "aapne_over_12_mnd"),
    ("too_gjennomforing", "aapne_over_12_mnd", "aapne_over_24_mnd"),
    ("too_gjennomforing", "slutt_ferdigbehandlet", "ferdig_begge"),
    ("too_dekning", "behandlede", "ferdigbehandlet"),
    ("too_dekning", "ferdigbehandlet", "ferdigbehandlet_begge"),
];

/// `table slice omraade periodetype periode column`.
fn cell(table: &str, slice: &str, omraade: &str, kind: &str, periode: &str, column: &str) -> Cell {
    [table, slice, omraade, kind, periode, column].join(" ")
}

/// A group's cell for one of its sources.
fn one_source(cell: &str, source: &str) -> Cell {
    let fields: Vec<&str> = cell.split(' ').collect();
    [&[fields[0], source][..], &fields[2..]].concat().join(" ")
}

/// What is shown, and what is true of every cell.
struct World<'a> {
    truth: &'a Truth,
    shown: BTreeSet<Cell>,
}

impl World<'_> {
    /// The true count of a cell; sums of others for those that only the public table has.
    fn count(&self, cell: &str) -> i64 {
        let (row, column) = cell.rsplit_once(' ').unwrap();
        if let Some((_, sources)) = SOURCE_GROUPS.iter().find(|(group, _)| row.contains(&format!(" {group} "))) {
            return sources.iter().map(|source| self.count(&one_source(cell, source))).sum();
        }
        let one = |column: &str| self.truth.get(row).and_then(|counts| counts.get(column)).copied().unwrap_or(0);
        match column {
            "avtalte" => one("mott") + one("ikke_mott"),
            "slutt_avbrutt" => one("slutt_avbrutt_pasient") + one("slutt_avbrutt_team") + one("slutt_ikke_kontakt"),
            "slutt_ikke_kvalifisert" => one("slutt_ikke_kvalifisert_vurdert") + one("slutt_ikke_kvalifisert_papir"),
            "slutt_ellers" => one("slutt_flyttet") + one("slutt_dod") + one("slutt_uten_aarsak"),
            _ => one(column),
        }
    }
}

/// What is wrong with the public tables of a release; and how many counts they show.
pub fn faults(
    figures: &Figures,
    periods: &[Period],
    path: impl Fn(&str) -> std::path::PathBuf,
) -> (Vec<String>, usize) {
    let truth = truth(&figures.course_rows);
    let mut world = World { truth: &truth, shown: BTreeSet::new() };
    let mut found = Vec::new();
    for (table, own, slice, columns) in PUBLIC {
        found.extend(read(&mut world, &path(table), own, slice, columns));
    }
    let n_shown = world.shown.len();
    for cell in &world.shown {
        if (1..SMALLEST).contains(&world.count(cell)) {
            found.push(format!("{cell} is shown, and is small"));
        }
    }
    let years: BTreeSet<&str> = periods.iter().map(|period| &period.periode[..4]).collect();
    for year in years {
        let own: Vec<&Period> = periods
            .iter()
            .filter(|period| period.periode.starts_with(year) && ["aar", "tertial"].contains(&period.periodetype))
            .collect();
        let sums = sums(figures, &own);
        let known = solve(&sums, &world.shown);
        found.extend(known.iter().filter(|cell| !world.shown.contains(*cell)).filter_map(|cell| {
            let count = world.count(cell);
            (1..SMALLEST).contains(&count).then(|| format!("{cell} follows from what is shown, and is {count}"))
        }));
        let all: BTreeSet<&Cell> = known.iter().chain(&world.shown).filter(|cell| cell.contains(year)).collect();
        for cell in &all {
            let (row, column) = cell.rsplit_once(' ').unwrap();
            let table = row.split(' ').next().unwrap();
            for (_, whole, part) in LEFT.iter().filter(|(of, whole, _)| *of == table && *whole == column) {
                let part = format!("{row} {part}");
                let left = world.count(cell) - world.count(&part);
                if all.contains(&part) && (1..SMALLEST).contains(&left) {
                    found.push(format!("{part} leaves {left} of {whole}"));
                }
            }
        }
    }
    (found, n_shown)
}

/// Reads what a public table shows; what it shows must be true.
fn read(world: &mut World<'_>, path: &Path, own: &str, slice: Option<&str>, columns: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    csv::read(path, |header, row| {
        let of = |name: &str| row.filled(header.required(name));
        let kind = header.optional("periodetype").map_or("aar", |at| row.filled(at));
        let periode = header.optional("periode").or(header.optional("kohort")).map(|at| row.filled(at)).unwrap();
        let omraade = of("omraade");
        assert_ne!(omraade, geography::UNKNOWN);
        let fine = match kind {
            "aar" => true,
            "tertial" => ["too_oppmote", "too_narkose"].contains(&own) && slice.is_some_and(|name| of(name) == "alle"),
            _ => false,
        };
        let torture = slice.is_some_and(|name| of(name) == "tortur") && omraade != "landet";
        if !fine || torture {
            found.push(format!("{own} {omraade} {kind} {periode} is finer than D2 allows"));
        }
        let slice = slice.map_or("-", of);
        for column in columns {
            let Some(shown) = row.whole(header.required(column)) else { continue };
            let cell = cell(own, slice, omraade, kind, periode, column);
            if shown != world.count(&cell) {
                found.push(format!("{cell} is {shown} and should be {}", world.count(&cell)));
            }
            world.shown.insert(cell);
        }
        let ratio =
            |name: &str| header.optional(name).and_then(|at| row.text(at)).map(|text| text.parse::<f64>().unwrap());
        for (name, part, whole) in [
            ("andel_ikke_mott", "ikke_mott", "avtalte"),
            ("andel_naadd_m1", "naadd_m1", "henviste"),
            ("andel_naadd_m4", "naadd_m4", "henviste"),
            ("andel_ferdigbehandlet", "slutt_ferdigbehandlet", "henviste"),
        ] {
            let Some(share) = ratio(name) else { continue };
            let [part, whole] = [part, whole].map(|column| cell(own, slice, omraade, kind, periode, column));
            let both = world.shown.contains(&part) && world.shown.contains(&whole);
            if !both || !close(share, world.count(&part) as f64 / world.count(&whole) as f64) {
                found.push(format!("{name} of {part} is {share}"));
            }
        }
        for column in ["henviste", "behandlede", "ferdigbehandlet", "ferdigbehandlet_begge"] {
            let shows = world.shown.contains(&cell(own, slice, omraade, kind, periode, column));
            if ratio(&format!("{column}_per_10000")).is_some() && !shows {
                found.push(format!("{own} {omraade} {periode}: {column} is hidden and its rate is not"));
            }
        }
    });
    found
}

fn sums(figures: &Figures, periods: &[&Period]) -> Vec<Sum> {
    let mut sums = Vec::new();
    for (_, own, slice, columns) in PUBLIC {
        let slices: Vec<&str> = match slice {
            Some("fase") => PHASES.to_vec(),
            Some("maalgruppe") => course_tables::GROUPS.to_vec(),
            Some(_) => course_tables::SOURCES.into_iter().chain(SOURCE_GROUPS.map(|(group, _)| group)).collect(),
            None => vec!["-"],
        };
        for period in periods {
            let areas = course_tables::areas_of(period, &figures.complete_until);
            let at = |slice: &str, omraade: &str, column: &str| {
                cell(own, slice, omraade, period.periodetype, &period.periode, column)
            };
            for column in columns {
                for slice in &slices {
                    let regions: Vec<&String> = areas.keys().filter(|area| area.starts_with("region_")).collect();
                    let parts = regions.iter().map(|area| area.as_str()).chain([geography::UNKNOWN]);
                    let mut sum: Sum = parts.map(|area| (at(slice, area, column), 1)).collect();
                    sum.push((at(slice, "landet", column), -1));
                    sums.push(sum);
                    for area in regions {
                        let counties = areas[area].iter().filter(|county| region(county) == area.as_str());
                        let mut sum: Sum = counties.map(|county| (at(slice, county, column), 1)).collect();
                        sum.push((at(slice, area, column), -1));
                        sums.push(sum);
                    }
                }
            }
            for omraade in areas.keys() {
                for (_, whole, parts) in PARTS.iter().filter(|(table, _, _)| *table == own) {
                    for slice in &slices {
                        let mut sum: Sum = parts.iter().map(|part| (at(slice, omraade, part), 1)).collect();
                        sum.push((at(slice, omraade, whole), -1));
                        sums.push(sum);
                    }
                }
                if own == "too_henvisning" && period.periodetype == "aar" {
                    sums.extend(of_sources(omraade, &period.periode));
                }
                if slice == Some("fase") {
                    for column in columns {
                        let mut sum: Sum = PHASES[1..].iter().map(|phase| (at(phase, omraade, column), 1)).collect();
                        sum.push((at("alle", omraade, column), -1));
                        sums.push(sum);
                    }
                    // What was done before the team is what was done in the two phases before it.
                    for phase in PHASES[1..].iter().filter(|_| own == "too_narkose") {
                        let before = at(phase, omraade, "narkose_foer_team");
                        let mut sum: Sum = vec![(before, -1)];
                        if ["henvist", "vurdert"].contains(phase) {
                            sum.push((at(phase, omraade, "narkose_gjort"), 1));
                        }
                        sums.push(sum);
                    }
                }
            }
        }
        sums.extend(of_the_year(figures, periods, own, if slice == Some("fase") { "alle" } else { "-" }, columns));
    }
    sums
}

/// Sources make up their group, and groups all referrals, which stand in two more tables.
fn of_sources(omraade: &str, year: &str) -> Vec<Sum> {
    let at = |source: &str| cell("too_henvisning", source, omraade, "aar", year, "henviste_fra");
    let all = |table: &str| cell(table, "-", omraade, "aar", year, "henviste");
    let mut sums: Vec<Sum> = Vec::new();
    for (group, sources) in SOURCE_GROUPS {
        let mut sum: Sum = sources.iter().map(|source| (at(source), 1)).collect();
        sum.push((at(group), -1));
        sums.push(sum);
    }
    let mut sum: Sum = SOURCE_GROUPS.iter().map(|(group, _)| (at(group), 1)).collect();
    sum.push((all("too_dekning"), -1));
    sums.push(sum);
    sums.push(vec![(all("too_dekning"), 1), (all("too_gjennomforing"), -1)]);
    sums
}

/// A year is its tertials, where the same counties count; what is open at its end is so at the end of its last tertial.
fn of_the_year(figures: &Figures, periods: &[&Period], own: &str, slice: &str, columns: &[&str]) -> Vec<Sum> {
    let mut sums = Vec::new();
    let Some(year) = periods.iter().find(|period| period.periodetype == "aar") else { return sums };
    let tertials: Vec<&&Period> = periods.iter().filter(|period| period.periodetype == "tertial").collect();
    for (omraade, members) in course_tables::areas_of(year, &figures.complete_until) {
        for column in columns {
            let stock = ["narkose_aapne", "aapne_med", "behandlede"].contains(column);
            if stock || own == "too_gjennomforing" {
                if *column == "narkose_aapne" {
                    let last = tertials.last().unwrap();
                    sums.push(vec![
                        (cell(own, slice, &omraade, "tertial", &last.periode, column), 1),
                        (cell(own, slice, &omraade, "aar", &year.periode, column), -1),
                    ]);
                }
                continue;
            }
            let same = tertials.iter().all(|tertial| {
                course_tables::areas_of(tertial, &figures.complete_until).get(&omraade) == Some(&members)
            });
            if same {
                let parts =
                    tertials.iter().map(|tertial| cell(own, slice, &omraade, "tertial", &tertial.periode, column));
                let mut sum: Sum = parts.map(|cell| (cell, 1)).collect();
                sum.push((cell(own, slice, &omraade, "aar", &year.periode, column), -1));
                sums.push(sum);
            }
        }
    }
    sums
}
