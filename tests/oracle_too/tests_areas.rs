//! Tests of where a course is counted: completeness, transfers, the split of counties, regions and the nation (C2, C6, D2).
//!
//! They must not know the pipeline either.

use super::tests::{World, figures, shown, wait};
use super::{Figures, compute};

/// `omraade n` of every area that has a row of `steg … populasjon` (with pauses), and `/n_fylker` where there is one.
fn areas(figures: &Figures, steg: &str, period: (&str, &str), populasjon: &str) -> String {
    let mut all: Vec<String> = Vec::new();
    for wait in &figures.waits {
        if (wait.steg, wait.periodetype, wait.periode.as_str(), wait.populasjon, wait.pauser)
            == (steg, period.0, period.1, populasjon, "med")
        {
            let counties = wait.n_fylker.map_or_else(String::new, |n| format!("/{n}"));
            all.push(format!("{} {}{counties}", wait.omraade, wait.n));
        }
    }
    all.join(", ")
}

#[test]
fn a_county_has_rows_as_far_as_it_is_complete_and_the_nation_counts_those() {
    // 18's last month is February. In March only 03 counts, though 18's B is still open.
    let lines = ["A 03: 2026-01-05 henvist", "B 18: 2026-01-05 henvist"];
    let world = World::new("nation", &lines, &[("03", "2026-01", "2026-03"), ("18", "2026-01", "2026-02")]);
    let figures = compute(&world.0, "2026-06-01");
    let stock = |month| areas(&figures, "m0_m1", ("maaned", month), "ventende");
    assert_eq!(stock("2026-02"), "03 1, 18 1, 99 0, landet 2/2, region_nord 1/1, region_sorost 1/1");
    assert_eq!(stock("2026-03"), "03 1, 99 0, landet 1/1, region_sorost 1/1");
    assert_eq!(stock("2026-04"), "");
    // A longer period needs the county to its end.
    assert_eq!(areas(&figures, "m0_m1", ("tertial", "2026-T1"), "ventende"), "");
}

#[test]
fn what_happens_in_a_county_after_it_went_silent_is_not_known() {
    // A's assessment on 1 March is after 18's last day: it waited in February, and nobody knows of March. B moves to 18 in March
    // and is still in 03's stock. C moves there in February and is in nobody's. D comes back to 03, assessed there.
    let lines = [
        "A 18: 2026-01-05 henvist, 2026-03-01 vurdert",
        "B 03: 2026-01-05 henvist, 2026-03-02 overfort fylke=18, 2026-03-03 vurdert",
        "C 03: 2026-01-05 henvist, 2026-02-02 overfort fylke=18",
        "D 03: 2026-01-05 henvist, 2026-03-02 overfort fylke=18, 2026-03-09 overfort fylke=03, 2026-03-31 vurdert",
    ];
    let world = World::new("silent", &lines, &[("03", "2026-01", "2026-03"), ("18", "2026-01", "2026-02")]);
    let figures = compute(&world.0, "2026-06-01");
    assert_eq!(
        areas(&figures, "m0_m1", ("maaned", "2026-02"), "ventende"),
        "03 2, 18 2, 99 0, landet 4/2, region_nord 2/1, region_sorost 2/1"
    );
    assert_eq!(
        areas(&figures, "m0_m1", ("maaned", "2026-03"), "ventende"),
        "03 1, 99 0, landet 1/1, region_sorost 1/1"
    );
    assert_eq!(
        areas(&figures, "m0_m1", ("maaned", "2026-03"), "avviklet"),
        "03 1, 99 0, landet 1/1, region_sorost 1/1"
    );
    // Of all events, A and B are assessed.
    assert_eq!(figures.courses.iter().filter(|course| course.m[1].is_some()).count(), 3);
    assert_eq!(figures.known_courses.iter().filter(|course| course.m[1].is_some()).count(), 1);
}

#[test]
fn a_course_whose_beginning_of_a_team_is_unknown_is_rejected_by_its_end() {
    let lines =
        ["A 18: 2026-01-05 henvist, 2026-03-02 team_start, 2026-03-09 overfort fylke=03, 2026-03-16 team_slutt"];
    let world = World::new("half", &lines, &[("03", "2026-01", "2026-03"), ("18", "2026-01", "2026-02")]);
    let figures = compute(&world.0, "2026-06-01");
    assert!(!figures.courses[0].avvist_rekkefolge && figures.known_courses[0].avvist_rekkefolge);
    assert_eq!(wait(&figures, "m0_m1 18 maaned 2026-01 ventende med").n, 0);
}

#[test]
fn a_transfer_takes_the_wait_along() {
    // A is assessed in 18 and counts there with the whole wait. B is moved on the day of its assessment: the day's last event
    // says where it is. C is moved after it. D: any event moves it.
    let figures = figures(
        "transfer",
        &[
            "A 03: 2026-01-05 henvist, 2026-02-01 overfort fylke=18, 2026-02-14 vurdert",
            "B 03: 2026-01-05 henvist, 2026-02-13 overfort fylke=18, 2026-02-13 vurdert fylke=03",
            "C 03: 2026-01-05 henvist, 2026-02-12 vurdert, 2026-02-15 overfort fylke=18",
            "D 03: 2026-01-05 henvist, 2026-02-12 kontakt_venteliste fylke=50",
        ],
    );
    assert_eq!(shown(wait(&figures, "m0_m1 18 maaned 2026-02 avviklet med")), "2 39.5 39 40 40 0");
    assert_eq!(shown(wait(&figures, "m0_m1 03 maaned 2026-02 avviklet med")), "1 38 38 38 38 0");
    assert_eq!(
        areas(&figures, "m0_m1", ("maaned", "2026-01"), "ventende"),
        "03 4, 18 0, 50 0, 99 0, landet 4/3, region_midt 0/1, region_nord 0/1, region_sorost 4/1"
    );
    assert_eq!(
        areas(&figures, "m1_m2", ("maaned", "2026-02"), "ventende"),
        "03 0, 18 3, 50 0, 99 0, landet 3/3, region_midt 0/1, region_nord 3/1, region_sorost 0/1"
    );
    assert_eq!(wait(&figures, "m0_m1 50 maaned 2026-02 ventende med").n, 1);
}

/// Units 5–8 go to 31, 32, 33 and 31 (33 from March 2025); 9 was closed; 10 is still said to be in 30; 11 is unknown.
const SPLIT: [&str; 7] = [
    "A 30: 2023-06-01 henvist",
    "B 30: 2023-06-01 henvist org=7, 2023-07-03 time org=6",
    "C 30: 2023-06-01 henvist org=7",
    "D 30: 2023-06-01 henvist org=8",
    "E 30: 2023-06-01 henvist org=9",
    "F 30: 2023-06-01 henvist org=10",
    "G 30: 2023-06-01 henvist org=11",
];

fn after_split(name: &str, lines: &[&str]) -> Figures {
    let counties = [
        ("30", "2023-06", "2023-12"),
        ("31", "2024-01", "2025-03"),
        ("32", "2024-01", "2025-03"),
        ("33", "2024-02", "2025-03"),
    ];
    compute(&World::new(name, lines, &counties).0, "2025-04-01")
}

#[test]
fn a_split_county_is_one_before_2024_and_goes_by_unit_after() {
    let figures = after_split("split", &SPLIT);
    let stock = |month| areas(&figures, "m0_m1", ("maaned", month), "ventende");
    assert_eq!(stock("2023-12"), "30 7, 99 0, landet 7/1, region_sorost 7/1");
    // 33's run has a first month of its own, but reaches beyond January all the same. 9, 10 and 11 are unknown: nation only.
    assert_eq!(stock("2024-01"), "31 2, 32 1, 33 1, 99 3, landet 7/3, region_sorost 4/3");
    // Unit 8 moves to 33.
    assert_eq!(stock("2025-02"), "31 2, 32 1, 33 1, 99 3, landet 7/3, region_sorost 4/3");
    assert_eq!(stock("2025-03"), "31 1, 32 1, 33 2, 99 3, landet 7/3, region_sorost 4/3");
}

#[test]
fn a_period_over_the_split_has_the_counties_of_its_end() {
    // Assessed in 2023 in unit 7, and in 2024 in 31: the twelve months to May 2024 have both under the new codes.
    let figures = after_split(
        "over",
        &[
            "A 30: 2023-06-01 henvist, 2023-07-01 vurdert org=7",
            "B 30: 2023-06-01 henvist, 2024-02-01 vurdert fylke=31",
            "C 30: 2023-06-02 henvist org=9, 2023-07-02 vurdert",
        ],
    );
    assert_eq!(
        areas(&figures, "m0_m1", ("rullerende12", "2024-05"), "avviklet"),
        "31 1, 32 0, 33 1, 99 1, landet 3/3, region_sorost 2/3"
    );
    assert_eq!(
        areas(&figures, "m0_m1", ("maaned", "2023-07"), "avviklet"),
        "30 2, 99 0, landet 2/1, region_sorost 2/1"
    );
}

#[test]
fn late_rows_of_the_old_county_count_in_the_old_county() {
    // Registered in 2024 for December 2023. 30 announced no month after December: its days are complete to 31 December.
    let figures = after_split("late", &["A 30: 2023-06-01 henvist, 2023-12-20 vurdert reg=2024-01-10"]);
    assert_eq!(
        areas(&figures, "m0_m1", ("maaned", "2023-12"), "avviklet"),
        "30 1, 99 0, landet 1/1, region_sorost 1/1"
    );
}

#[test]
fn old_codes_that_were_merged_are_read_as_their_successor() {
    // 12 became 46 and 19 became 54 in 2020; 54 was split, and unit 12 is in no register.
    let lines = ["A 12: 2019-06-03 henvist", "B 19: 2019-06-03 henvist", "C 54: 2022-01-03 henvist"];
    let counties = [
        ("12", "2019-06", "2022-12"),
        ("19", "2019-06", "2022-12"),
        ("46", "2020-01", "2024-01"),
        ("54", "2020-01", "2023-12"),
    ];
    let figures = compute(&World::new("merged", &lines, &counties).0, "2024-02-01");
    assert_eq!(
        areas(&figures, "m0_m1", ("maaned", "2022-01"), "ventende"),
        "46 1, 54 2, 99 0, landet 3/2, region_nord 2/1, region_vest 1/1"
    );
    assert_eq!(areas(&figures, "m0_m1", ("maaned", "2024-01"), "ventende"), "46 1, 99 2, landet 3/1, region_vest 1/1");
}

#[test]
fn every_county_is_in_its_region() {
    let lines: Vec<String> = ["03", "11", "15", "18", "31", "32", "33", "34", "39", "40", "42", "46", "50", "55", "56"]
        .iter()
        .map(|county| format!("A{county} {county}: 2026-01-05 henvist"))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let counties: Vec<(&str, &str, &str)> = lines.iter().map(|line| (&line[1..3], "2026-01", "2026-01")).collect();
    let figures = compute(&World::new("regions", &lines, &counties).0, "2026-02-01");
    let text = areas(&figures, "m0_m1", ("maaned", "2026-01"), "ventende");
    assert!(
        text.ends_with("99 0, landet 15/15, region_midt 2/2, region_nord 3/3, region_sorost 8/8, region_vest 2/2"),
        "{text}"
    );
}
