//! `too_ventetid`, `too_ventekurve`, `too_maaloppnaaelse`, `too_venteliste` and `too_fylke_status` by a second, slow route that shares no code with the pipeline: every row of every period must agree, on
//! worlds made for their traps and on generated deliveries; and what of it is public, by D1 and D2.

use std::fs;
use std::path::{Path, PathBuf};

use speil::demo::{self, Settings};
use speil::run::ExitCode;

use crate::oracle_too::world_files::{self, Count};
use crate::oracle_too::{self, Figures, compare, csv::Month, public, status, world};
use crate::support::{AS_OF, Root, as_csv};

/// Runs the pipeline, and compares all that it publishes of waits with figures recomputed from `landing`.
fn agree_with(root: &Root, landing: &Path, as_of: &str) -> Figures {
    let outcome = root.run_as_of(as_of).unwrap();
    // No source of prescriptions is configured in these worlds: that product is off.
    assert_eq!(outcome.code, ExitCode::Done, "{:?} {:?}", outcome.ingested.refused, outcome.built.failed);
    let figures = oracle_too::compute(landing, as_of);
    let published = |table: &str| {
        let path = root.path().join(format!("{table}.csv"));
        fs::write(&path, as_csv(&root.current().join(format!("tabeller/{table}.parquet")))).unwrap();
        path
    };
    assert_none(&compare::differences(&figures.waits, &published("too_ventetid")));
    let (curves, goals) = (published("too_ventekurve"), published("too_maaloppnaaelse"));
    assert_none(&compare::curve_differences(&figures.curves, &curves, &goals));
    assert_none(&compare::list_differences(&figures.lists, &published("too_venteliste")));
    assert_none(&status::differences(&figures.statuses, &published("too_fylke_status")));
    assert_none(&public::faults(&figures.waits, &figures.lists, &published("too_ventetid_offentlig")).0);
    figures
}

fn agree(root: &Root, as_of: &str) -> Figures {
    agree_with(root, &root.path().join("landing"), as_of)
}

#[track_caller]
fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "{} differences: {:#?}", found.len(), &found[..found.len().min(12)]);
}

/// Courses, each event registered on its day, and the months that each county is complete for. Returns what is announced.
fn deliver(root: &Root, lines: &[impl AsRef<str>], counties: &[(&str, &str, &str)]) -> Count {
    let rows = world_files::rows(lines, |date| date);
    let mut announced = Count::new();
    for (county, first, last) in counties {
        world_files::announce(&mut announced, &world_files::counts(&rows), county, first, last);
    }
    let landing = root.path().join("landing");
    world_files::write_events(&landing, &rows);
    world_files::write_units(&landing, "2026-11-01", &world::UNITS);
    fs::write(
        root.path().join("speil.toml"),
        format!("root = \".\"\nsyntetisk = true\nhenting.ro_sekunder = 0\n\n{}", world::SOURCES),
    )
    .unwrap();
    announced
}

#[test]
fn every_wait_of_the_tiny_world_agrees() {
    let root = Root::bare();
    world::tiny_world(root.path());
    let figures = agree(&root, world::AS_OF);
    assert!(figures.waits.len() > 10_000);
}

#[test]
fn every_wait_of_generated_deliveries_agrees() {
    let root = Root::bare();
    let settings = Settings { doctors: 1, months: 1, ..Settings::default() };
    demo::generate(root.path(), &settings, &|_, _, _| {}).unwrap();
    // Six counties; the others are announced and do not come.
    for file in fs::read_dir(root.landing("too_hendelse")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !["03", "18", "15", "30", "31", "33", "50"].contains(&&name["too_hendelse_".len()..][..2]) {
            fs::remove_file(path).unwrap();
        }
    }
    fs::write(
        root.path().join("speil.toml"),
        format!("root = \".\"\nsyntetisk = true\nhenting.ro_sekunder = 0\n\n{}", world::SOURCES),
    )
    .unwrap();
    let figures = agree(&root, AS_OF);
    assert!(figures.known_courses.len() > 3000, "{}", figures.known_courses.len());
    let shown = figures.waits.iter().filter(|wait| wait.n > 50).count();
    assert!(shown > 1000, "{shown}");
}

#[test]
fn c1_a_correction_that_waited_takes_effect_when_its_target_comes() {
    let root = Root::bare();
    let line =
        "A 03: 2026-01-05 henvist, 2026-01-20 vurdert id=1 reg=2026-03-02, 2026-02-10 vurdert M=1 id=2 reg=2026-02-15";
    let announced = deliver(&root, &[line], &[("03", "2026-01", "2026-03")]);
    let landing = root.path().join("landing");
    let late = root.landing("too_hendelse/too_hendelse_03_2026-03.csv");
    let aside = root.path().join("aside.csv");
    fs::rename(&late, &aside).unwrap();
    let mut first = announced.clone();
    first.retain(|(_, month), _| *month < Month::parse("2026-03").unwrap());
    world_files::write_leveranse(&landing, "2026-03-05", &first);
    let before = agree(&root, "2026-04-10");
    assert_eq!((before.unknown_target.len(), before.known_courses[0].m[1]), (1, None));

    fs::rename(&aside, &late).unwrap();
    world_files::write_leveranse(&landing, "2026-04-05", &announced);
    let after = agree(&root, "2026-04-10");
    assert_eq!(after.known_courses[0].m[1].unwrap().to_string(), "2026-02-10");
}

#[test]
fn c1_a_guid_that_is_delivered_with_different_content_is_no_event() {
    let root = Root::bare();
    let lines = ["A 03: 2026-01-05 henvist, 2026-01-20 vurdert", "B 03: 2026-01-06 henvist, 2026-02-03 vurdert"];
    let announced = deliver(&root, &lines, &[("03", "2026-01", "2026-02")]);
    let landing = root.path().join("landing");
    world_files::write_leveranse(&landing, "2026-03-05", &announced);
    let before = agree(&root, "2026-03-10");
    assert_eq!((before.known_courses.len(), before.conflicting.len()), (2, 0));

    // The first event once more, as another course's: both are out, the rest of all counties stands.
    let text = fs::read_to_string(root.landing("too_hendelse/too_hendelse_03_2026-01.csv")).unwrap();
    let (header, row) = (text.lines().next().unwrap(), text.lines().nth(1).unwrap());
    let mut fields: Vec<&str> = row.split(';').collect();
    let forlop = header.split(';').position(|name| name == "forlop_id").unwrap();
    fields[forlop] = "et-annet-forlop";
    let again = format!("{header}\n{}\n", fields.join(";"));
    fs::write(root.landing("too_hendelse/too_hendelse_03_2026-01_v9.csv"), again).unwrap();
    let after = agree(&root, "2026-03-10");
    assert_eq!((after.in_force.len(), after.conflicting.len()), (3, 1));
    assert_eq!(after.complete_until["03"].to_string(), "2026-02-28");
    let receipt = as_csv(&root.current().join("tabeller/too_kvittering.parquet"));
    assert!(receipt.contains("03;2026-01;avvist_gjentatt_guid;1"), "{receipt}");
}

#[test]
fn c2_a_quarantined_row_counts_towards_a_complete_month() {
    // The second route reads the same deliveries without the bad row and its announcement.
    let times: Vec<String> = (6..=28).map(|day| format!("2026-01-{day:02} time")).collect();
    let lines: Vec<String> =
        (0..6).map(|k| format!("Q{k} 18: 2026-01-05 henvist, {}, 2026-02-02 vurdert", times.join(", "))).collect();
    let landing_of = |root: &Root, quarantined: i64| {
        let mut announced = deliver(root, &lines, &[("18", "2026-01", "2026-02")]);
        *announced.get_mut(&("18".to_owned(), Month::parse("2026-01").unwrap())).unwrap() += quarantined;
        world_files::write_leveranse(&root.path().join("landing"), "2026-03-05", &announced);
        root.path().join("landing")
    };
    let clean = Root::bare();
    let landing = landing_of(&clean, 0);
    let root = Root::bare();
    landing_of(&root, 1);
    let file = longest(&root.landing("too_hendelse"));
    let text = fs::read_to_string(&file).unwrap();
    let last = text.lines().last().unwrap();
    let bad = format!("ffffffff{}", last[8..].replace("tilskudd", "gave"));
    fs::write(&file, format!("{text}{bad}\n")).unwrap();
    let figures = agree_with(&root, &landing, "2026-03-10");
    assert_eq!(figures.complete_until["18"].to_string(), "2026-02-28");
    assert!(as_csv(&root.current().join("tabeller/too_kvittering.parquet")).contains("ukjent_kode;1"));
}

fn longest(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.max_by_key(|file| fs::metadata(file).unwrap().len()).unwrap()
}

#[test]
fn c6_codes_before_2020_are_read_as_their_successors() {
    let root = Root::bare();
    let lines = [
        "A 12: 2019-06-03 henvist, 2020-02-03 vurdert fylke=46",
        "B 19: 2019-06-03 henvist",
        "C 54: 2022-01-03 henvist",
        "D 01: 2019-06-04 henvist org=6",
    ];
    let counties = [
        ("01", "2019-06", "2019-12"),
        ("12", "2019-06", "2019-12"),
        ("19", "2019-06", "2019-12"),
        ("30", "2020-01", "2023-12"),
        ("46", "2020-01", "2024-01"),
        ("54", "2020-01", "2023-12"),
        ("32", "2024-01", "2024-01"),
    ];
    let announced = deliver(&root, &lines, &counties);
    world_files::write_leveranse(&root.path().join("landing"), "2024-02-05", &announced);
    let figures = agree(&root, "2024-02-10");
    let waiting = |omraade: &str, periode: &str| {
        let row = figures.waits.iter().find(|wait| {
            (wait.steg, wait.omraade.as_str(), wait.periodetype, wait.periode.as_str(), wait.populasjon, wait.pauser)
                == ("m0_m1", omraade, "maaned", periode, "ventende", "med")
        });
        row.map(|row| row.n)
    };
    assert_eq!(
        [waiting("46", "2020-01"), waiting("54", "2022-01"), waiting("30", "2023-12")],
        [Some(1), Some(2), Some(1)]
    );
    assert_eq!([waiting("99", "2024-01"), waiting("32", "2024-01")], [Some(2), Some(1)]);
}

#[test]
fn c6_a_wait_that_ended_stays_in_the_county_of_its_day_when_the_unit_moves_on() {
    let root = Root::bare();
    // A is assessed in 30, whose unit comes under 32 in 2024 and under 33 in June. B waits on. C is assessed in 32 and moves after it.
    let lines = [
        "A 30: 2023-06-05 henvist org=6, 2023-10-02 vurdert",
        "B 30: 2023-06-06 henvist org=6",
        "C 32: 2024-01-08 henvist, 2024-02-05 vurdert, 2024-03-04 overfort fylke=33",
    ];
    let counties = [("30", "2023-06", "2023-12"), ("32", "2024-01", "2024-08"), ("33", "2024-01", "2024-08")];
    let announced = deliver(&root, &lines, &counties);
    let landing = root.path().join("landing");
    let units =
        [(6, "30", "2020-01-01", "2023-12-31"), (6, "32", "2024-01-01", "2024-05-31"), (6, "33", "2024-06-01", "")];
    world_files::write_units(&landing, "2026-11-01", &units);
    world_files::write_leveranse(&landing, "2024-09-05", &announced);
    let figures = agree(&root, "2024-09-10");
    let n = |steg: &str, omraade: &str, kind: &str, periode: &str, populasjon: &str| {
        let row = figures.waits.iter().find(|wait| {
            (wait.steg, wait.omraade.as_str(), wait.periodetype, wait.periode.as_str(), wait.populasjon, wait.pauser)
                == (steg, omraade, kind, periode, populasjon, "med")
        });
        row.map(|row| row.n)
    };
    let ended = |omraade| n("m0_m1", omraade, "rullerende12", "2024-08", "avviklet");
    assert_eq!([ended("32"), ended("33"), ended("99"), ended("landet")], [Some(2), Some(0), Some(0), Some(2)]);
    // Who waits is where the unit is by now.
    let waits = |omraade| n("m0_m1", omraade, "rullerende12", "2024-08", "ventende");
    assert_eq!([waits("32"), waits("33")], [Some(0), Some(1)]);
    assert_eq!(n("m0_m1", "32", "tertial", "2024-T1", "avviklet"), Some(1));
    assert_eq!(n("m1_m2", "33", "tertial", "2024-T1", "ventende"), Some(1));
}
