//! The traps of C3–C6: what becomes of single courses, their waits and their counties. The list is in `traps_too.rs`.

use super::{county, course, days, find, n_courses, receipt, wait};

// C3: where courses begin and end.

#[test]
fn c3_a_referral_while_a_course_is_open_is_counted_and_changes_nothing() {
    assert_eq!(course("C01"), "2022-03-01 2022-05-02 - - - 2022-06-01 dobbel_henvisning=1");
    assert_eq!(receipt("03", "dobbel_henvisning"), 1);
}

#[test]
fn c3_a_referral_after_the_end_starts_the_next_course() {
    assert_eq!(course("C01#2"), "2023-01-09 2023-03-06 2023-04-03 - - -");
}

#[test]
fn c3_ended_and_referred_on_one_day_the_end_comes_first() {
    assert_eq!(course("C02"), "2022-03-02 - - - - 2022-09-01");
    assert_eq!(course("C02#2"), "2022-09-01 2022-09-01 - - - -");
}

#[test]
fn c3_begun_and_ended_on_one_day_the_end_comes_last() {
    assert_eq!(course("C03"), "2022-09-05 2022-09-05 - - - 2022-09-05");
}

#[test]
fn c3_a_whole_course_on_one_day_has_an_order_of_its_own() {
    assert_eq!(course("C04"), "2023-02-01 2023-02-01 2023-02-01 2023-02-01 2023-02-01 -");
}

#[test]
fn c3_rejected_on_the_day_of_a_second_referral_is_one_course() {
    assert_eq!((course("C05").as_str(), n_courses("C05")), ("2022-05-02 - - - - 2022-08-01 dobbel_henvisning=1", 1));
}

#[test]
fn c3_without_a_referral_there_is_no_clock_from_it_and_that_is_counted() {
    assert_eq!(course("C06"), "- 2022-05-03 2022-06-14 - - -");
    assert_eq!([wait("C06", "m0_m1"), wait("C06", "m0_m4")], ["none", "none"]);
    assert_eq!(wait("C06", "m1_m2"), "2022-05-03 2022-06-14 naadd");
    assert_eq!(receipt("46", "uten_henvist"), 1);
}

#[test]
fn c3_a_referral_in_an_open_course_without_one_is_a_double_one() {
    assert_eq!(course("C07"), "- 2022-07-01 2022-08-01 - - - dobbel_henvisning=1");
}

#[test]
fn c3_an_impossible_order_rejects_the_whole_course() {
    // The end of no team, the end of no pause, an event after the end.
    for id in ["C08", "C09", "C10"] {
        assert!(course(id).ends_with("avvist_rekkefolge=1"), "{id} {}", course(id));
        assert_eq!(wait(id, "m0_m1"), "none", "{id}");
    }
    assert_eq!(wait("C10#2", "m0_m1"), "2022-10-03 - venter");
    assert_eq!(receipt("03", "avvist_rekkefolge"), 2);
}

#[test]
fn c3_what_stands_after_the_end_on_its_day_rejects_the_course() {
    for id in ["C11", "C12"] {
        assert!(course(id).ends_with("avvist_rekkefolge=1"), "{id} {}", course(id));
    }
}

// C4: milestones.

#[test]
fn c4_m3_is_the_last_end_of_the_team_before_the_dentist() {
    assert_eq!(course("D01"), "2022-06-01 2022-07-01 2022-08-01 2023-03-01 2023-03-30 2023-10-02");
}

#[test]
fn c4_without_a_dentist_m3_is_the_last_end_unless_the_team_starts_again() {
    assert_eq!(course("D02"), "2022-06-02 2022-07-04 2022-08-01 2022-11-01 - -");
    assert_eq!(course("D03"), "2022-06-03 2022-07-04 2022-08-01 - - -");
}

#[test]
fn c4_a_team_open_at_the_dentist_means_no_wait_and_is_flagged() {
    assert_eq!(course("D04"), "2022-06-07 2022-07-05 2022-08-02 2022-12-01 2022-12-01 - somlos=1");
    assert_eq!(course("D05"), "2022-06-08 2022-07-06 2022-08-03 2022-12-05 2022-12-05 - somlos=1");
    assert_eq!(days("D05", "m3_m4", "avviklet", "2022-12-05"), [0, 0]);
}

#[test]
fn c4_sent_back_to_the_team_is_counted_and_starts_no_clock() {
    let sent_back = "2022-06-09 2022-07-07 2022-08-04 2022-10-04 2022-11-02 2024-01-08 tilbakesendt=1";
    assert_eq!(course("D06"), sent_back);
}

#[test]
fn c4_a_later_milestone_ends_the_wait_for_one_that_was_left_out() {
    assert_eq!(wait("D07", "m0_m1"), "2022-06-10 2022-08-08 hoppet_over");
    assert_eq!(wait("D09", "m0_m1"), "2022-06-14 2023-01-16 hoppet_over");
    assert_eq!(wait("D09", "m0_m4"), "2022-06-14 2023-01-16 naadd");
    assert_eq!(wait("D10", "m1_m2"), "2022-08-15 2023-01-17 hoppet_over");
    assert_eq!(course("D10"), "2022-06-15 2022-08-15 2023-04-17 - 2023-01-17 - tilbakesendt=1");
}

#[test]
fn c4_a_milestone_that_comes_after_a_later_one_begins_no_wait_that_is_over() {
    assert_eq!([wait("D08", "m0_m1"), wait("D08", "m1_m2")], ["2022-06-13 2022-08-08 hoppet_over", "none"]);
}

// C5: who waits, and pauses.

#[test]
fn c5_a_goal_is_met_to_the_day() {
    for (id, wanted) in [("E01", [56, 28, 28]), ("E02", [57, 29, 29])] {
        let measures = [("m0_m1", 1), ("m1_m2", 2), ("m3_m4", 4)].map(|(steg, m)| {
            let day = course(id).split(' ').nth(m).unwrap().to_owned();
            days(id, steg, "avviklet", &day)[0]
        });
        assert_eq!(measures, wanted, "{id}");
    }
}

#[test]
fn c5_pauses_of_patient_and_medicine_are_deducted_not_the_services_or_unknown() {
    assert_eq!(days("E03", "m0_m1", "avviklet", "2022-09-12"), [70, 49]);
    assert_eq!(days("E04", "m0_m1", "avviklet", "2022-09-13"), [70, 70]);
    assert_eq!(days("E05", "m0_m1", "avviklet", "2022-09-14"), [70, 49]);
}

#[test]
fn c5_pauses_that_overlap_are_deducted_once() {
    assert_eq!(days("E06", "m0_m1", "avviklet", "2022-09-15"), [70, 49]);
}

#[test]
fn c5_of_a_pause_over_the_borders_of_a_step_the_days_inside_are_deducted() {
    // 12 August – 16 September; then 16–30 September and 10–28 October.
    assert_eq!(days("E07", "m0_m1", "avviklet", "2022-09-16"), [70, 35]);
    assert_eq!(days("E07", "m1_m2", "avviklet", "2022-10-28"), [42, 10]);
}

#[test]
fn c5_an_open_pause_runs_to_the_milestone_or_to_the_day() {
    assert_eq!(days("E08", "m0_m1", "avviklet", "2022-09-19"), [70, 35]);
    assert_eq!(days("E09", "m0_m1", "ventende", "2022-08-31"), [50, 35]);
    assert_eq!(days("E09", "m0_m1", "ventende", "2022-09-30"), [80, 35]);
}

#[test]
fn c5_a_pause_of_no_length_takes_nothing_off() {
    assert_eq!(days("E10", "m0_m1", "avviklet", "2022-09-20"), [69, 69]);
}

#[test]
fn c5_a_pause_over_a_months_end_is_deducted_to_that_day() {
    assert_eq!(days("E11", "m0_m1", "ventende", "2022-08-31"), [48, 35]);
    assert_eq!(days("E11", "m0_m1", "ventende", "2022-09-30"), [78, 35]);
}

#[test]
fn c5_limits_are_met_to_the_day() {
    for (id, day, wanted) in [
        ("E12", "2026-09-30", 56),
        ("E13", "2026-10-31", 56),
        ("E14", "2026-09-30", 57),
        ("E15", "2026-09-30", 182),
        ("E16", "2026-10-31", 182),
        ("E17", "2026-09-30", 364),
        ("E18", "2026-09-30", 728),
        ("E19", "2026-09-30", 1456),
        ("E20", "2026-10-31", 1457),
    ] {
        assert_eq!(days(id, "m0_m1", "ventende", day)[0], wanted, "{id}");
    }
}

#[test]
fn c5_rejected_on_paper_ends_the_wait_for_the_assessment() {
    assert_eq!(wait("D11", "m0_m1"), "2022-06-16 2022-07-15 avsluttet");
}

#[test]
fn c5_rejected_after_the_assessment_ends_the_next_waits_also_on_the_same_day() {
    assert_eq!(wait("D12", "m0_m1"), "2022-06-17 2022-07-18 naadd");
    assert_eq!(wait("D12", "m1_m2"), "2022-07-18 2022-08-19 avsluttet");
    assert_eq!(wait("D12", "m0_m4"), "2022-06-17 2022-08-19 avsluttet");
    assert_eq!(wait("D13", "m0_m1"), "2022-06-20 2022-07-19 naadd");
    assert_eq!(wait("D13", "m1_m2"), "2022-07-19 2022-07-19 avsluttet");
}

#[test]
fn c5_the_last_day_of_a_period_belongs_to_it() {
    assert_eq!(county("E21", "m0_m1", "avviklet", "tertial", "2024-T2"), "31");
    assert_eq!(days("E21", "m0_m1", "ventende", "2024-04-30"), [0, 0]);
    assert!(find("too_maaling", &[("forlop_id", "E21"), ("steg", "m0_m1"), ("dag", "2024-08-31")]).len() == 1);
}

// C6: where a course is counted.

#[test]
fn c6_a_transfer_takes_the_wait_along() {
    assert_eq!(days("F01", "m0_m1", "avviklet", "2023-05-02"), [120, 120]);
    assert_eq!(county("F01", "m0_m1", "ventende", "maaned", "2023-02"), "3");
    assert_eq!(county("F01", "m0_m1", "ventende", "maaned", "2023-03"), "18");
    assert_eq!(county("F01", "m0_m1", "avviklet", "maaned", "2023-05"), "18");
}

#[test]
fn c6_on_the_day_of_a_transfer_the_days_last_event_says_where() {
    assert_eq!(county("F02", "m0_m1", "avviklet", "maaned", "2023-05"), "18");
    assert_eq!(county("F03", "m0_m1", "avviklet", "maaned", "2023-05"), "46");
    assert_eq!(county("F03", "m1_m2", "ventende", "maaned", "2023-05"), "50");
}

#[test]
fn c6_any_event_says_where_the_course_is() {
    assert_eq!(county("F04", "m0_m1", "ventende", "maaned", "2023-05"), "46");
    assert_eq!(county("F04", "m0_m1", "ventende", "maaned", "2023-06"), "50");
}

#[test]
fn c6_a_split_county_is_one_before_2024_and_the_units_county_after() {
    for (id, county_after) in [("F05", "31"), ("F06", "32"), ("F12", "32")] {
        assert_eq!(county(id, "m0_m1", "ventende", "maaned", "2023-12"), "30", "{id}");
        assert_eq!(county(id, "m0_m1", "ventende", "maaned", "2024-01"), county_after, "{id}");
    }
    assert_eq!(county("F07", "m1_m2", "ventende", "maaned", "2024-01"), "33");
}

#[test]
fn c6_a_unit_that_changes_county_takes_its_courses_along() {
    assert_eq!(county("F08", "m1_m2", "ventende", "maaned", "2025-02"), "31");
    assert_eq!(county("F08", "m1_m2", "ventende", "maaned", "2025-03"), "33");
}

#[test]
fn c6_a_unit_that_is_closed_still_in_the_old_county_or_unknown_gives_no_county() {
    assert_eq!(county("F09", "m1_m2", "ventende", "maaned", "2024-01"), "99");
    assert_eq!(county("F10", "m0_m1", "ventende", "maaned", "2024-01"), "99");
    assert_eq!(county("F11", "m1_m2", "ventende", "maaned", "2024-01"), "99");
}

#[test]
fn the_last_events_financing_decides() {
    assert_eq!([wait("G01", "m0_m1"), wait("G03", "m0_m1")], ["none", "none"]);
    assert_eq!(wait("G02", "m0_m1"), "2022-08-02 2022-10-04 naadd");
}
