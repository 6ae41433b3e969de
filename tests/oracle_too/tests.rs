//! Tests of the recomputation itself: worlds of a few courses whose results are worked out by hand in the comments. Here the
//! events in force (C1), completeness (C2), files and the comparison; courses, waits and areas have files of their own.
//!
//! They must not know the pipeline either.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::csv::Month;
use super::world_files::{self, Count};
use super::{Figures, Wait, compare, compute, world};

/// A folder of deliveries that is removed when the test ends.
pub(super) struct World(pub(super) PathBuf);

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl World {
    pub(super) fn empty(name: &str) -> Self {
        let world = Self(std::env::temp_dir().join(format!("speil-oracle-too-{}-{name}", std::process::id())));
        let _ = std::fs::remove_dir_all(&world.0);
        world
    }

    /// These courses, each event registered on its day, with the months that each county is complete for.
    pub(super) fn new(name: &str, lines: &[&str], counties: &[(&str, &str, &str)]) -> Self {
        Self::changed(name, lines, counties, |_| {})
    }

    /// As `new`, but what is announced in `too_leveranse` is changed before it is written.
    pub(super) fn changed(
        name: &str,
        lines: &[&str],
        counties: &[(&str, &str, &str)],
        change: impl FnOnce(&mut Count),
    ) -> Self {
        let world = Self::empty(name);
        let rows = world_files::rows(lines, |date| date);
        let mut announced = Count::new();
        for (county, first, last) in counties {
            world_files::announce(&mut announced, &world_files::counts(&rows), county, first, last);
        }
        change(&mut announced);
        world_files::write_events(&world.0, &rows);
        world_files::write_leveranse(&world.0, "2026-11-01", &announced);
        world_files::write_units(&world.0, "2026-11-01", &world::UNITS);
        world
    }
}

/// The figures on 2026-11-01 when 03, 18 and 50 are complete for 2026-01 to 2026-10.
pub(super) fn figures(name: &str, lines: &[&str]) -> Figures {
    let counties = [("03", "2026-01", "2026-10"), ("18", "2026-01", "2026-10"), ("50", "2026-01", "2026-10")];
    compute(&World::new(name, lines, &counties).0, "2026-11-01")
}

/// The row of `steg omraade periodetype periode populasjon pauser`.
pub(super) fn wait<'a>(figures: &'a Figures, key: &str) -> &'a Wait {
    let found = figures.waits.iter().find(|wait| compare::key(wait) == key);
    found.unwrap_or_else(|| panic!("no row {key}"))
}

/// `n mean median p80 p90 over_maal`, `-` where absent.
pub(super) fn shown(wait: &Wait) -> String {
    let mut text = wait.n.to_string();
    for number in [
        wait.gjennomsnitt,
        wait.median.map(|d| d as f64),
        wait.p80.map(|d| d as f64),
        wait.p90.map(|d| d as f64),
        wait.over_maal,
    ] {
        match number {
            Some(number) => write!(text, " {number}").unwrap(),
            None => text += " -",
        }
    }
    text
}

/// Each course's first milestone and the ones after it in days: `A#1 2026-01-05 +10 - - -`.
pub(super) fn milestones(courses: &[super::Course]) -> Vec<String> {
    let one = |course: &super::Course| {
        let start = course.m.iter().flatten().min().copied();
        let days = course.m.iter().map(|m| match (m, start) {
            (Some(m), Some(start)) => format!(" {}", super::courses::days_between(start, *m)),
            _ => " -".to_owned(),
        });
        course.id() + &days.collect::<String>()
    };
    courses.iter().map(one).collect()
}

fn ids(figures: &Figures) -> Vec<String> {
    let known = |guid: &String| (0..3000).find(|id| world_files::guid(*id) == *guid).unwrap().to_string();
    figures.in_force.iter().map(|event| known(&event.hendelse_guid)).collect()
}

#[test]
fn the_last_correction_of_an_original_wins() {
    // 1 is replaced by 2, which is replaced by 3. 4 is replaced by 6, then by 5 (registered later). 7 is cancelled through its
    // replacement 8. 10 is cancelled by 11 and then replaced by 12.
    let figures = figures(
        "last",
        &[
            "A 03: 2026-01-05 henvist id=1, 2026-01-06 henvist M=1 id=2 reg=2026-02-01, 2026-01-07 henvist M=2 id=3 reg=2026-02-02, \
           2026-01-08 vurdert id=4, 2026-01-09 vurdert M=4 id=6 reg=2026-02-03, 2026-01-10 vurdert M=4 id=5 reg=2026-02-04, \
           2026-01-11 time id=7, 2026-01-11 time M=7 id=8 reg=2026-02-05, 2026-01-11 time C=8 id=9 reg=2026-02-06, \
           2026-01-12 time id=10, 2026-01-12 time C=10 id=11 reg=2026-02-07, 2026-01-13 time M=10 id=12 reg=2026-02-08",
        ],
    );
    assert_eq!(ids(&figures), ["3", "5", "12"]);
    assert_eq!(milestones(&figures.courses), ["A#1 0 3 - - - -"]);
}

#[test]
fn corrections_in_the_same_second_go_by_guid_whatever_the_offset() {
    // 11:00 UTC and 13:00 in summer are one moment: 3 has the higher guid. 5 is a second earlier than 4, though its text is later.
    let figures = figures(
        "second",
        &["A 03: 2026-05-05 henvist id=1, 2026-05-06 henvist M=1 id=2 reg=2026-06-01T13:00:00+02:00, \
           2026-05-07 henvist M=1 id=3 reg=2026-06-01T11:00:00Z, 2026-05-08 vurdert id=6, \
           2026-05-09 vurdert M=6 id=4 reg=2026-06-01T11:00:01Z, 2026-05-10 vurdert M=6 id=5 reg=2026-06-01T13:00:00+02:00"],
    );
    assert_eq!(ids(&figures), ["3", "4"]);
}

#[test]
fn a_correction_without_its_target_waits_and_so_do_those_of_it() {
    // 2 names nothing that is there, 3 names 2; 4 and 5 name each other.
    let figures = figures(
        "unknown",
        &["A 03: 2026-01-05 henvist id=1, 2026-01-06 vurdert M=99 id=2, 2026-01-06 vurdert C=2 id=3, \
           2026-01-06 vurdert M=5 id=4, 2026-01-06 vurdert M=4 id=5"],
    );
    assert_eq!(ids(&figures), ["1"]);
    assert_eq!(figures.unknown_target, [2, 3, 4, 5].map(world_files::guid));
}

#[test]
fn a_replacement_may_change_type_course_and_county() {
    // Course B gets the assessment that was written on A; in county 18.
    let figures = figures(
        "moved",
        &[
            "A 03: 2026-01-05 henvist, 2026-01-09 time id=1",
            "B 03: 2026-01-05 henvist, 2026-01-12 vurdert M=1 id=2 fylke=18 reg=2026-02-01",
        ],
    );
    assert_eq!(milestones(&figures.courses), ["A#1 0 - - - - -", "B#1 0 7 - - - -"]);
    assert_eq!(wait(&figures, "m0_m1 18 maaned 2026-01 avviklet med").n, 1);
}

#[test]
fn completeness_is_an_unbroken_run_from_the_first_delivered_month() {
    // 03 agrees to the end. 18's March says one too many, though April agrees. 50 leaves March out. 46's first month is wrong.
    // 15 delivered nothing in two months and says so. 11 has rows but announced none.
    let lines = [
        "A 03: 2026-01-05 henvist, 2026-02-05 vurdert",
        "B 18: 2026-02-05 henvist, 2026-03-05 vurdert",
        "C 50: 2026-01-05 henvist",
        "D 46: 2026-01-05 henvist",
        "E 11: 2026-01-05 henvist",
    ];
    let all = ["03", "18", "50", "46", "15"].map(|county| (county, "2026-01", "2026-04"));
    let world = World::changed("complete", &lines, &all, |announced| {
        *announced.get_mut(&("18".to_owned(), Month::parse("2026-03").unwrap())).unwrap() += 1;
        announced.remove(&("50".to_owned(), Month::parse("2026-03").unwrap()));
        announced.insert(("46".to_owned(), Month::parse("2026-01").unwrap()), 0);
        announced.retain(|(county, month), _| county != "15" || *month <= Month::parse("2026-02").unwrap());
    });
    let until = compute(&world.0, "2026-05-01").complete_until;
    let until: Vec<String> = until.iter().map(|(county, last)| format!("{county} {last}")).collect();
    assert_eq!(until, ["03 2026-04-30", "15 2026-02-28", "18 2026-02-28", "50 2026-02-28"]);
}

#[test]
fn rows_of_any_status_count_in_the_month_of_registration_in_norway() {
    // 22:30 UTC on 30 April is May in Norway (summer); 22:30 UTC on 31 January is still January (winter). So January has 2 rows
    // (one of them a cancellation without a target), April 0, May 1.
    let lines = [
        "A 03: 2026-01-05 henvist reg=2026-01-31T22:30:00Z, 2026-01-05 time C=99 id=1, 2026-04-30 vurdert reg=2026-04-30T22:30:00Z",
    ];
    let rows = [("2026-01", 2), ("2026-02", 0), ("2026-03", 0), ("2026-04", 0), ("2026-05", 1)];
    let world = World::changed("norway", &lines, &[], |announced| {
        announced.extend(rows.map(|(month, n)| (("03".to_owned(), Month::parse(month).unwrap()), n)));
    });
    assert_eq!(compute(&world.0, "2026-11-01").complete_until["03"].to_string(), "2026-05-31");
}

#[test]
fn the_last_delivery_of_months_and_of_units_holds_alone() {
    // In March the register of units still had 5 in 32, and 03 was thought incomplete.
    let world = World::new(
        "register",
        &["A 30: 2023-12-05 henvist"],
        &[("30", "2023-12", "2023-12"), ("31", "2024-01", "2024-02")],
    );
    world_files::write_units(&world.0, "2024-03-01", &[(5, "32", "2024-01-01", "")]);
    world_files::write_leveranse(&world.0, "2024-03-01", &Count::new());
    let figures = compute(&world.0, "2024-03-01");
    assert_eq!(wait(&figures, "m0_m1 31 maaned 2024-01 ventende med").n, 1);
}

#[test]
fn the_comparison_finds_every_kind_of_difference() {
    let figures = figures("compare", &["A 03: 2026-01-05 henvist, 2026-02-05 vurdert", "B 18: 2026-01-05 henvist"]);
    let world = World::empty("compare-file");
    std::fs::create_dir_all(&world.0).unwrap();
    let path = world.0.join("too_ventetid.csv");
    let header = "merknad;steg;omraade;periodetype;periode;populasjon;pauser;n;gjennomsnitt;median;p80;p90;over_maal;over_8;\
                  over_26;over_52;over_104;over_208;paa_pause;n_fylker;forelopig;status\n";
    let opt = |n: Option<u64>| n.map_or_else(String::new, |n| n.to_string());
    let ratio = |n: Option<f64>| n.map_or_else(String::new, |n| n.to_string());
    let days = |n: Option<i64>| n.map_or_else(String::new, |n| format!("{n}.0"));
    let mut lines: Vec<String> = Vec::new();
    for w in &figures.waits {
        let key = compare::key(w).replace(' ', ";");
        let (mean, median, p80, p90, over) =
            (ratio(w.gjennomsnitt), days(w.median), days(w.p80), days(w.p90), ratio(w.over_maal));
        let weeks = [w.over_8, w.over_26, w.over_52, w.over_104, w.over_208, w.paa_pause].map(opt).join(";");
        lines.push(format!(
            "x;{key};{};{mean};{median};{p80};{p90};{over};{weeks};{};{};{}\n",
            w.n,
            opt(w.n_fylker),
            w.forelopig,
            w.status
        ));
    }
    lines.reverse();
    let differences = |lines: &[String]| {
        std::fs::write(&path, header.to_owned() + &lines.concat()).unwrap();
        compare::differences(&figures.waits, &path)
    };
    assert_eq!(differences(&lines), Vec::<String>::new());

    let at = lines.iter().position(|line| line.starts_with("x;m0_m1;03;maaned;2026-02;avviklet;med;")).unwrap();
    assert_eq!(lines[at], "x;m0_m1;03;maaned;2026-02;avviklet;med;1;31;31.0;31.0;31.0;0;;;;;;;;0;vist\n");
    lines[at] = "x;m0_m1;03;maaned;2026-02;avviklet;med;2;31.0000001;;31.0;31.0;0;0;;;;;;;0;skjult\n".to_owned();
    let key = "m0_m1 03 maaned 2026-02 avviklet med";
    assert_eq!(
        differences(&lines),
        [
            format!("{key}, status: recomputed vist, published skjult"),
            format!("{key}, n: recomputed 1, published 2"),
            format!("{key}, over_8: recomputed absent, published 0"),
            format!("{key}, gjennomsnitt: recomputed 31, published 31.0000001"),
            format!("{key}, median: recomputed 31, published absent"),
        ]
    );
    lines[at] = lines[at + 1].clone();
    assert_eq!(differences(&lines).len(), 2);
}
