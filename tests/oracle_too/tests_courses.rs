//! Tests of how events become courses: order, numbers, classes, milestones and pauses (C3–C5). Numbers in the results are days
//! from the course's first milestone to M0–M5.
//!
//! They must not know the pipeline either.

use super::tests::{figures, milestones};
use super::{Course, courses::End};

/// The courses of these lines.
fn courses(name: &str, lines: &[&str]) -> Vec<Course> {
    figures(&format!("courses-{name}"), lines).courses
}

/// The ids of the courses that are rejected.
fn rejected(courses: &[Course]) -> Vec<String> {
    courses.iter().filter(|course| course.avvist_rekkefolge).map(Course::id).collect()
}

#[test]
fn a_second_referral_counts_and_changes_nothing_while_the_course_is_open() {
    let all =
        courses("double", &["A 03: 2026-01-05 henvist, 2026-01-10 henvist, 2026-01-12 henvist, 2026-01-15 vurdert"]);
    assert_eq!(milestones(&all), ["A#1 0 10 - - - -"]);
    assert_eq!(all[0].dobbel_henvisning, 2);
}

#[test]
fn a_referral_after_the_end_starts_the_next_course() {
    let all = courses(
        "again",
        &[
            "A 03: 2026-01-05 henvist, 2026-01-15 avsluttet, 2026-02-05 henvist, 2026-02-08 ikke_kvalifisert, 2026-03-05 henvist",
        ],
    );
    assert_eq!(milestones(&all), ["A#1 0 - - - - 10", "A#2 0 - - - - 3", "A#3 0 - - - - -"]);
}

#[test]
fn the_end_comes_first_on_a_day_only_when_a_course_was_open_before() {
    // A: ended and referred again, the assessment is the new course's. B: all on one day, the end comes last. C: a rejection does
    // not come before a referral: it is a double referral of the old course.
    let all = courses(
        "end",
        &[
            "A 03: 2026-01-05 henvist, 2026-02-05 vurdert, 2026-02-05 henvist, 2026-02-05 avsluttet",
            "B 03: 2026-02-05 avsluttet, 2026-02-05 vurdert, 2026-02-05 henvist",
            "C 03: 2026-01-05 henvist, 2026-02-05 henvist, 2026-02-05 ikke_kvalifisert",
        ],
    );
    assert_eq!(milestones(&all), ["A#1 0 - - - - 31", "A#2 0 0 - - - -", "B#1 0 0 - - - 0", "C#1 0 - - - - 31"]);
    assert_eq!(all[3].dobbel_henvisning, 1);
    assert!(rejected(&all).is_empty());
}

#[test]
fn a_visit_on_the_day_of_the_end_comes_after_it_and_rejects_the_course() {
    // C3 as it is written. B's visit was the day before.
    let all = courses(
        "visit",
        &[
            "A 03: 2026-01-05 henvist, 2026-02-05 time, 2026-02-05 avsluttet",
            "B 03: 2026-01-05 henvist, 2026-02-04 time, 2026-02-05 avsluttet",
        ],
    );
    assert_eq!(rejected(&all), ["A#1"]);
}

#[test]
fn events_of_one_day_have_an_order_of_their_own() {
    let all = courses(
        "day",
        &[
            "A 03: 2026-01-05 tannbehandling_start, 2026-01-05 team_slutt, 2026-01-05 team_start, 2026-01-05 vurdert, 2026-01-05 henvist",
        ],
    );
    assert_eq!(milestones(&all), ["A#1 0 0 0 0 0 -"]);
    assert!(!all[0].somlos && !all[0].avvist_rekkefolge && !all[0].uten_henvist());
    // Events of equal rank go by time of registration: the pause ends before it begins, or the other way round.
    let all = courses(
        "rank",
        &[
            "A 03: 2026-01-05 henvist, 2026-01-07 pause_fra reg=2026-01-08, 2026-01-07 pause_til reg=2026-01-09",
            "B 03: 2026-01-05 henvist, 2026-01-07 pause_fra reg=2026-01-09, 2026-01-07 pause_til reg=2026-01-08",
        ],
    );
    assert_eq!(rejected(&all), ["B#1"]);
}

#[test]
fn a_course_without_referral_has_no_m0() {
    // Also when it is referred later, while it is open.
    let all = courses(
        "none",
        &[
            "A 03: 2026-01-05 vurdert, 2026-01-15 team_start",
            "B 03: 2026-01-05 time, 2026-01-07 henvist, 2026-01-15 vurdert",
        ],
    );
    assert_eq!(milestones(&all), ["A#1 - 0 10 - - -", "B#1 - 0 - - - -"]);
    assert!(all[0].uten_henvist() && all[1].uten_henvist());
    assert_eq!(all[1].dobbel_henvisning, 1);
}

#[test]
fn an_order_that_cannot_be_rejects_that_course_only() {
    // A: the end of a team that never began. B: of one that had ended. C: an end of no pause. D: a visit after the end; D#2 is fine.
    let all = courses(
        "impossible",
        &[
            "A 03: 2026-01-05 henvist, 2026-01-10 team_slutt",
            "B 03: 2026-01-05 henvist, 2026-01-10 team_start, 2026-01-12 team_slutt, 2026-01-13 team_slutt",
            "C 03: 2026-01-05 henvist, 2026-01-10 pause_fra, 2026-01-12 pause_til, 2026-01-13 pause_til",
            "D 03: 2026-01-05 henvist, 2026-01-10 avsluttet, 2026-01-12 time, 2026-02-05 henvist",
            "E 03: 2026-01-05 henvist, 2026-01-10 ikke_kvalifisert, 2026-01-12 avsluttet",
        ],
    );
    assert_eq!(rejected(&all), ["A#1", "B#1", "C#1", "D#1", "E#1"]);
    assert_eq!(all.len(), 6);
}

#[test]
fn m3_is_the_last_end_of_the_team_before_the_dentist() {
    // A: two rounds; what the team does after M4 does not move M3. B: no dentist, so the last one. C: the team began again.
    let all = courses(
        "m3",
        &[
            "A 03: 2026-01-05 henvist, 2026-01-06 team_start, 2026-01-10 team_slutt, 2026-01-15 team_start, 2026-01-25 team_slutt, \
             2026-02-04 tannbehandling_start, 2026-02-05 team_start, 2026-02-06 team_slutt, 2026-02-07 tannbehandling_start",
            "B 03: 2026-01-05 team_start, 2026-01-10 team_slutt, 2026-01-15 team_start, 2026-01-25 team_slutt",
            "C 03: 2026-01-05 team_start, 2026-01-10 team_slutt, 2026-01-15 team_start",
        ],
    );
    assert_eq!(milestones(&all), ["A#1 0 - 1 20 30 -", "B#1 - - 0 20 - -", "C#1 - - 0 - - -"]);
    assert_eq!(all[0].tilbakesendt, 1);
    assert!(!all[0].somlos);
}

#[test]
fn a_team_that_is_open_when_the_dentist_begins_means_no_wait() {
    // B had an earlier round, C none at all.
    let all = courses(
        "somlos",
        &[
            "A 03: 2026-01-05 team_start, 2026-01-15 tannbehandling_start, 2026-01-20 team_slutt",
            "B 03: 2026-01-05 team_start, 2026-01-06 team_slutt, 2026-01-07 team_start, 2026-01-15 tannbehandling_start",
            "C 03: 2026-01-05 henvist, 2026-01-15 tannbehandling_start, 2026-01-20 team_start, 2026-01-21 team_slutt",
        ],
    );
    assert_eq!(milestones(&all), ["A#1 - - 0 10 10 -", "B#1 - - 0 10 10 -", "C#1 0 - 15 - 10 -"]);
    assert_eq!(all.iter().map(|course| course.somlos).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn a_later_milestone_ends_a_wait_even_when_the_milestone_itself_comes_after() {
    // A is never assessed. B is assessed ten days after its team began: no wait for M1 is completed, none for M2 ever was.
    // C: assessed and begun on one day. D: ended before the assessment.
    let all = courses(
        "skipped",
        &[
            "A 03: 2026-01-05 henvist, 2026-01-15 team_start",
            "B 03: 2026-01-05 henvist, 2026-01-15 team_start, 2026-01-25 vurdert",
            "C 03: 2026-01-05 henvist, 2026-01-15 team_start, 2026-01-15 vurdert",
            "D 03: 2026-01-05 henvist, 2026-01-15 avsluttet",
        ],
    );
    let ends = |a, b| -> Vec<Option<End>> {
        all.iter().map(|course| course.wait(a, b).and_then(|wait| wait.until).map(|(_, end)| end)).collect()
    };
    use End::{Ended, HoppetOver, Reached};
    assert_eq!(ends(0, 1), [Some(HoppetOver), Some(HoppetOver), Some(Reached), Some(Ended)]);
    assert_eq!(ends(1, 2), [None, None, Some(Reached), None]);
    assert_eq!(all[1].wait(1, 2), None);
}

#[test]
fn paused_days_count_once_inside_the_wait_for_two_causes_only() {
    // From 5 January (0) to 5 February (31). A: 10–20 and 15–25 overlap: 15 days. B: of the service 10–20, unknown 20–22: none.
    // C: begins before, [.., 10) = 10 days; open from 20 = 11 days. D: overlapping pauses of two kinds; each end closes the one
    // that is open longest: the service's 5–10, the patient's 8–20 = 12 days. E: of no length.
    let all = courses(
        "pauses",
        &[
            "A 03: 2026-01-05 henvist, 2026-01-15 pause_fra aarsak=pasient, 2026-01-20 pause_fra aarsak=medisinsk, 2026-01-25 pause_til, 2026-01-30 pause_til",
            "B 03: 2026-01-05 henvist, 2026-01-15 pause_fra aarsak=tjeneste, 2026-01-25 pause_til, 2026-01-25 pause_fra, 2026-01-27 pause_til",
            "C 03: 2026-01-01 henvist, 2026-01-02 pause_fra aarsak=pasient, 2026-01-15 pause_til, 2026-01-25 pause_fra aarsak=medisinsk",
            "D 03: 2026-01-05 henvist, 2026-01-10 pause_fra aarsak=tjeneste, 2026-01-13 pause_fra aarsak=pasient, 2026-01-15 pause_til, 2026-01-25 pause_til",
            "E 03: 2026-01-05 henvist, 2026-01-10 pause_fra aarsak=pasient, 2026-01-10 pause_til",
        ],
    );
    let (from, to) = (jiff::civil::date(2026, 1, 5), jiff::civil::date(2026, 2, 5));
    let days: Vec<i64> = all.iter().map(|course| course.paused_days(from, to)).collect();
    assert_eq!(days, [15, 0, 21, 12, 0]);
}
