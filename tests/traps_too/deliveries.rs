//! Traps of deliveries, pauses and narkose in a world of their own: rows that ingest puts aside, counties of which nothing comes, and
//! courses that nobody ends. The list is in `traps_too.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use speil::run::ExitCode;

use super::{Row, rows};
use crate::oracle_too::csv::Month;
use crate::oracle_too::world;
use crate::oracle_too::world_files::{self, Count, orgnr};
use crate::support::{Root, as_csv};

const AS_OF: &str = "2026-04-10";

const COURSES: &[&str] = &[
    // Two pauses open at once and one end: it closes the one that has been open longest, the other runs to the assessment.
    "P1 03: 2026-01-01 henvist, 2026-01-10 pause_fra aarsak=pasient, 2026-01-15 pause_fra aarsak=medisinsk, 2026-01-20 pause_til, 2026-02-10 vurdert",
    // The same where the service's own is the one that stays open: the patient's ten days are all that is deducted.
    "P2 03: 2026-01-01 henvist, 2026-01-10 pause_fra aarsak=pasient, 2026-01-15 pause_fra aarsak=tjeneste, 2026-01-20 pause_til, 2026-02-10 vurdert",
    // Both still open: every day is deducted once.
    "P3 03: 2026-01-01 henvist, 2026-01-11 pause_fra aarsak=pasient, 2026-01-21 pause_fra aarsak=medisinsk",
    // Needed twice while open is needed once; done while not needed is nothing; needed again, and the course ends first.
    "N1 03: 2025-02-03 henvist, 2025-03-03 narkose_behov, 2025-03-10 narkose_behov, 2025-04-01 narkose_utfort, 2025-04-02 narkose_utfort, 2025-06-02 narkose_behov, 2025-09-01 avsluttet aarsak=dod",
    // Before any assessment, and not done.
    "N2 18: 2025-02-04 narkose_behov, 2025-03-03 henvist",
    // Nobody ends it.
    "O1 18: 2022-01-03 henvist",
    // Assessed under the old code in December; the team is registered under it in January, when the code is no more.
    "Q1 30: 2023-06-01 henvist, 2023-12-29 vurdert reg=2024-01-10, 2024-01-05 team_start reg=2024-01-10",
    // The assessment's unit fails modulus 11 (see below).
    "R1 18: 2026-01-05 henvist, 2026-01-22 vurdert org=9",
    // Moved to a county that delivers nothing.
    "T1 03: 2025-11-03 henvist, 2026-02-02 overfort fylke=11",
];

struct Small {
    root: Root,
    tables: BTreeMap<&'static str, Vec<Row>>,
}

static SMALL: LazyLock<Small> = LazyLock::new(|| {
    let root = Root::bare();
    let landing = root.path().join("landing");
    let mut lines: Vec<String> = COURSES.iter().map(|line| (*line).to_owned()).collect();
    // So many good rows that one bad one does not refuse the file.
    let visits = |from: u32, to: u32, month: &str, registered: &str| -> String {
        let visits: Vec<String> = (from..=to).map(|day| format!("{month}-{day:02} time{registered}")).collect();
        visits.join(", ")
    };
    lines.extend((0..6).map(|k| format!("V{k} 18: 2026-01-05 henvist, {}", visits(6, 28, "2026-01", ""))));
    lines.extend(
        (0..6).map(|k| format!("W{k} 30: 2023-11-01 henvist, {}", visits(1, 23, "2023-12", " reg=2024-01-10"))),
    );
    let rows_delivered = world_files::rows(&lines, |date| date);
    let counted = world_files::counts(&rows_delivered);
    let mut announced = Count::new();
    for (county, first, last) in [
        ("03", "2022-01", "2026-03"),
        ("18", "2022-01", "2026-03"),
        ("30", "2022-01", "2024-01"),
        ("31", "2024-01", "2026-03"),
    ] {
        world_files::announce(&mut announced, &counted, county, first, last);
    }
    world_files::write_events(&landing, &rows_delivered);
    world_files::write_units(&landing, "2026-04-01", &world::UNITS);
    // County 50 says that it delivered three events in March, and two came.
    announced.insert(("50".to_owned(), Month::parse("2026-03").unwrap()), 3);
    world_files::write_leveranse(&landing, "2026-04-05", &announced);
    break_unit(&root);
    let config = format!("root = \".\"\nsyntetisk = true\nhenting.ro_sekunder = 0\n\n{}", world::SOURCES);
    fs::write(root.path().join("speil.toml"), config).unwrap();
    let outcome = root.run_as_of(AS_OF).unwrap();
    assert_eq!(outcome.code, ExitCode::Done, "{:?} {:?}", outcome.ingested.refused, outcome.built.failed);
    let names = [
        "too_forlop",
        "too_vent",
        "too_maaling",
        "too_maaling_periode",
        "too_komplett",
        "too_kvittering",
        "too_kohort",
        "too_omraade",
        "too_ventetid",
        "too_venteliste",
        "too_fylke",
        "mottak",
    ];
    let tables = names.into_iter().map(|name| (name, rows(&root, name))).collect();
    Small { root, tables }
});

/// Unit 9's check digit becomes another one.
fn break_unit(root: &Root) {
    let good = orgnr(9);
    let (body, check) = good.split_at(8);
    let bad = format!("{body}{}", (check.parse::<u32>().unwrap() + 1) % 10);
    let mut broken = 0;
    for file in fs::read_dir(root.landing("too_hendelse")).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        broken += text.matches(&good).count();
        fs::write(&path, text.replace(&good, &bad)).unwrap();
    }
    assert!((1..=2).contains(&broken), "{broken}");
}

fn find(table: &str, wanted: &[(&str, &str)]) -> Vec<&'static Row> {
    SMALL.tables[table].iter().filter(|row| wanted.iter().all(|(name, value)| row[*name] == *value)).collect()
}

#[track_caller]
fn one(table: &str, wanted: &[(&str, &str)]) -> &'static Row {
    let found = find(table, wanted);
    let [row] = found.as_slice() else { panic!("{} rows of {table} with {wanted:?}", found.len()) };
    row
}

#[track_caller]
fn days(id: &str, steg: &str, populasjon: &str, dag: &str) -> [String; 2] {
    let row = one("too_maaling", &[("forlop_id", id), ("steg", steg), ("populasjon", populasjon), ("dag", dag)]);
    ["dager", "dager_uten"].map(|name| row[name].clone())
}

#[test]
fn two_open_pauses_and_one_end_close_the_one_that_has_been_open_longest() {
    // 10 January – 10 February without a gap; 10–20 January alone.
    assert_eq!(days("P1", "m0_m1", "avviklet", "2026-02-10"), ["40", "9"]);
    assert_eq!(days("P2", "m0_m1", "avviklet", "2026-02-10"), ["40", "30"]);
}

#[test]
fn two_pauses_that_both_stay_open_are_deducted_once_to_the_day() {
    assert_eq!(days("P3", "m0_m1", "ventende", "2026-03-31"), ["89", "10"]);
    let paused = one(
        "too_ventetid",
        &[
            ("steg", "m0_m1"),
            ("omraade", "03"),
            ("periodetype", "maaned"),
            ("periode", "2026-03"),
            ("populasjon", "ventende"),
            ("pauser", "med"),
        ],
    );
    assert_eq!(paused["paa_pause"], "1");
}

#[test]
fn narkose_a_need_opens_and_the_next_narkose_closes() {
    let waits: Vec<String> = find("too_vent", &[("steg", "narkose"), ("forlop_id", "N1")])
        .iter()
        .map(|row| ["vent_nr", "fra_dato", "til_dato", "utfall"].map(|name| row[name].as_str()).join(" "))
        .collect();
    assert_eq!(waits, ["1 2025-03-03 2025-04-01 naadd", "2 2025-06-02 2025-09-01 avsluttet"]);
    assert_eq!(days("N1", "narkose", "avviklet", "2025-04-01"), ["29", "29"]);
    let ended = one(
        "too_venteliste",
        &[("steg", "narkose"), ("omraade", "03"), ("periodetype", "maaned"), ("periode", "2025-09")],
    );
    assert_eq!(["inngaaende", "dod", "utgaaende"].map(|name| ended[name].as_str()), ["1", "1", "0"]);
}

#[test]
fn an_event_before_the_referral_leaves_the_course_without_clocks_from_it() {
    assert_eq!(one("too_forlop", &[("forlop_id", "N2")])["m0"], "");
    assert_eq!(one("too_forlop", &[("forlop_id", "N2")])["dobbel_henvisning"], "1");
    assert!(find("too_vent", &[("forlop_id", "N2"), ("steg", "m0_m1")]).is_empty());
    assert_eq!(days("N2", "narkose", "ventende", "2025-02-28"), ["24", "24"]);
}

#[test]
fn a_course_without_an_end_waits_on_and_is_followed_to_the_last_complete_day() {
    assert_eq!(days("O1", "m0_m1", "ventende", "2026-03-31"), ["1548", "1548"]);
    let cohort = one("too_kohort", &[("forlop_id", "O1"), ("steg", "m0_m1"), ("periodetype", "aar")]);
    assert_eq!(["periode", "dager", "utgang"].map(|name| cohort[name].as_str()), ["2022", "1548", "0"]);
    let list =
        one("too_venteliste", &[("steg", "m0_m1"), ("omraade", "18"), ("periodetype", "aar"), ("periode", "2024")]);
    assert_eq!(["inngaaende", "utgaaende"].map(|name| list[name].as_str()), ["1", "1"]);
}

#[test]
fn a_county_code_that_was_valid_last_year_only_is_valid_for_last_years_events_only() {
    assert_eq!(one("too_komplett", &[("fylkesnr", "30")])["komplett_til"], "202401");
    let course = one("too_forlop", &[("forlop_id", "Q1")]);
    assert_eq!(["m0", "m1", "m2"].map(|name| course[name].as_str()), ["2023-06-01", "2023-12-29", ""]);
    let aside = one("mottak", &[("kilde", "too_hendelse"), ("fylkesnr", "30"), ("regel", "fylke_finnes_ikke")]);
    assert_eq!((aside["antall"].as_str(), aside["maaned"].as_str()), ("1", "202401"));
    // It waits on for the team, from January in the county that its unit came under.
    let in_period = |periode: &str| {
        let wanted = [("forlop_id", "Q1"), ("steg", "m1_m2"), ("periodetype", "maaned"), ("periode", periode)];
        one("too_maaling_periode", &wanted)["fylkesnr"].clone()
    };
    assert_eq!([in_period("2023-12"), in_period("2024-01")], ["30", "31"]);
    // A new code is no transfer: county 31 begins 2024 with those whom 30 had.
    let list = |omraade: &str, periode: &str| {
        one(
            "too_venteliste",
            &[("steg", "m0_m1"), ("omraade", omraade), ("periodetype", "maaned"), ("periode", periode)],
        )
    };
    assert_eq!(list("30", "2023-12")["utgaaende"], "6");
    assert_eq!((&*list("31", "2024-01")["inngaaende"], &*list("31", "2024-01")["overfort_inn"]), ("6", "0"));
}

#[test]
fn a_row_whose_unit_fails_modulus_11_is_put_aside_counted_and_without_effect() {
    assert_eq!(one("too_forlop", &[("forlop_id", "R1")])["m1"], "");
    let receipt = one("too_kvittering", &[("fylkesnr", "18"), ("regel", "ikke_orgnr")]);
    assert_eq!((receipt["antall"].as_str(), receipt["maaned"].as_str()), ("1", "2026-01"));
    // It counts towards what was announced.
    assert_eq!(one("too_komplett", &[("fylkesnr", "18")])["komplett_til"], "202603");
}

#[test]
fn a_county_that_delivers_nothing_is_named_as_missing_and_has_no_figures() {
    let county = one("too_fylke", &[("fylkesnr", "11")]);
    assert_eq!((county["status"].as_str(), county["komplett_til"].as_str()), ("mangler", ""));
    for table in ["too_ventetid", "too_venteliste"] {
        assert!(find(table, &[("omraade", "11")]).is_empty(), "{table}");
    }
    let nation = find("too_ventetid", &[("omraade", "landet"), ("periode", "2026-03")]);
    assert!(!nation.is_empty() && nation.iter().all(|row| row["n_fylker"] == "3"));
    // A course that was moved there stays in the list it was in.
    assert_eq!(days("T1", "m0_m1", "ventende", "2026-03-31"), ["148", "148"]);
    let list = one(
        "too_venteliste",
        &[("steg", "m0_m1"), ("omraade", "03"), ("periodetype", "maaned"), ("periode", "2026-02")],
    );
    assert_eq!(list["overfort_ut"], "0");
}

#[test]
fn a_county_that_delivers_fewer_events_than_it_says_has_no_figures_for_the_month() {
    assert!(find("too_komplett", &[("fylkesnr", "50")]).is_empty());
    assert!(find("too_omraade", &[("omraade", "50")]).is_empty());
    let public = as_csv(&SMALL.root.current().join("tabeller/too_fylke.parquet"));
    assert!(public.lines().any(|line| line.starts_with("50;") && line.ends_with("mangler")), "{public}");
}
