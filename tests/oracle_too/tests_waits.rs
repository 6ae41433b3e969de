//! Tests of the table's statistics, populations and periods (A1, A3, C2, C5).
//!
//! They must not know the pipeline either.

use super::compute;
use super::tests::{World, figures, shown, wait};

#[test]
fn means_and_percentiles_are_over_whole_days() {
    // Ten waits of 10, 20 … 90 and 101 days, all ended in April: mean 551/10; ranks 5, 8 and 9; over 56: five of ten.
    let lines: Vec<String> = (1..=10)
        .map(|k| {
            let days = if k == 10 { 101 } else { k * 10 };
            let start = jiff::civil::date(2026, 4, 30) - jiff::Span::new().days(days);
            format!("A{k} 03: {start} henvist, 2026-04-30 vurdert")
        })
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    // With an eleventh of 0 days: mean 551/11, ranks 649 div 100 = 6, 979 div 100 = 9 and 1089 div 100 = 10: 50, 80, 90.
    let ten = figures("means", &lines);
    assert_eq!(shown(wait(&ten, "m0_m1 03 maaned 2026-04 avviklet med")), "10 55.1 50 80 90 0.5");
    let eleven = figures("means11", &[&lines[..], &["B 03: 2026-04-30 henvist, 2026-04-30 vurdert"]].concat());
    assert_eq!(
        shown(wait(&eleven, "m0_m1 03 maaned 2026-04 avviklet med")),
        format!("11 {} 50 80 90 {}", 551.0 / 11.0, 5.0 / 11.0)
    );
    assert_eq!(wait(&eleven, "m0_m1 03 maaned 2026-04 avviklet med").over_8, None);
}

#[test]
fn a_goal_is_met_on_its_last_day() {
    // 56, 57; 28, 29; 28, 29 days.
    let figures = figures(
        "goal",
        &[
            "A 03: 2026-01-05 henvist, 2026-03-02 vurdert, 2026-03-30 team_start, 2026-04-01 team_slutt, 2026-04-29 tannbehandling_start",
            "B 03: 2026-01-04 henvist, 2026-03-02 vurdert, 2026-03-31 team_start, 2026-04-01 team_slutt, 2026-04-30 tannbehandling_start",
        ],
    );
    assert_eq!(shown(wait(&figures, "m0_m1 03 maaned 2026-03 avviklet med")), "2 56.5 56 57 57 0.5");
    assert_eq!(shown(wait(&figures, "m1_m2 03 maaned 2026-03 avviklet med")), "2 28.5 28 29 29 0.5");
    assert_eq!(shown(wait(&figures, "m3_m4 03 maaned 2026-04 avviklet med")), "2 28.5 28 29 29 0.5");
    assert_eq!(shown(wait(&figures, "m0_m4 03 maaned 2026-04 avviklet med")), "2 115 114 116 116 -");
}

#[test]
fn who_waits_is_seen_on_the_last_day_of_the_period() {
    // On 31 March: A since 3 February (56 days), B since 2 February (57). C is assessed that day, D referred that day (0 days),
    // E the day after, F ended that day, G jumped over that day.
    let figures = figures(
        "census",
        &[
            "A 03: 2026-02-03 henvist, 2026-04-01 vurdert",
            "B 03: 2026-02-02 henvist, 2026-04-02 avsluttet",
            "C 03: 2026-02-02 henvist, 2026-03-31 vurdert",
            "D 03: 2026-03-31 henvist",
            "E 03: 2026-04-01 henvist",
            "F 03: 2026-02-02 henvist, 2026-03-31 avsluttet",
            "G 03: 2026-02-02 henvist, 2026-03-31 team_start",
        ],
    );
    let row = wait(&figures, "m0_m1 03 maaned 2026-03 ventende med");
    assert_eq!(shown(row), format!("3 {} 56 57 57 {}", 113.0 / 3.0, 1.0 / 3.0));
    assert_eq!((row.over_8, row.over_26), (Some(1), Some(0)));
    // M0–M4 has no goal but the weeks; team and assessment do not end it: C and G wait on.
    let row = wait(&figures, "m0_m4 03 maaned 2026-03 ventende med");
    assert_eq!((row.n, row.over_maal, row.over_8), (5, None, Some(3)));
    // C waits for its team from that day on; nobody is between team and dentist.
    assert_eq!(shown(wait(&figures, "m1_m2 03 maaned 2026-03 ventende med")), "1 0 0 0 0 0");
    assert_eq!(wait(&figures, "m3_m4 03 maaned 2026-03 ventende med").n, 0);
}

#[test]
fn long_waits_are_over_a_limit_from_the_day_after() {
    // On 30 September 2026: 182, 364, 728 and 1456 days exactly; on 31 October all are over.
    let lines = [
        "A 03: 2026-04-01 henvist",
        "B 03: 2025-10-01 henvist",
        "C 03: 2024-10-02 henvist",
        "D 03: 2022-10-05 henvist",
    ];
    let figures = compute(&World::new("long", &lines, &[("03", "2022-10", "2026-10")]).0, "2026-11-01");
    let weeks = |key| {
        let row = wait(&figures, key);
        [row.over_8, row.over_26, row.over_52, row.over_104, row.over_208].map(|n| n.unwrap())
    };
    assert_eq!(weeks("m0_m1 03 maaned 2026-09 ventende med"), [4, 3, 2, 1, 0]);
    assert_eq!(weeks("m0_m1 03 maaned 2026-10 ventende med"), [4, 4, 3, 2, 1]);
}

#[test]
fn pauses_are_taken_off_in_their_own_rows_only() {
    // 70 days with 14 paused: 56. Waiting on 28 February: 54 days, paused since 22 February, of which 6 are known that day.
    let figures = figures(
        "taken-off",
        &["A 03: 2026-01-05 henvist, 2026-02-22 pause_fra aarsak=pasient, 2026-03-08 pause_til, 2026-03-16 vurdert"],
    );
    assert_eq!(shown(wait(&figures, "m0_m1 03 maaned 2026-03 avviklet med")), "1 70 70 70 70 1");
    assert_eq!(shown(wait(&figures, "m0_m1 03 maaned 2026-03 avviklet uten")), "1 56 56 56 56 0");
    assert_eq!(shown(wait(&figures, "m0_m1 03 maaned 2026-02 ventende med")), "1 54 54 54 54 0");
    assert_eq!(shown(wait(&figures, "m0_m1 03 maaned 2026-02 ventende uten")), "1 48 48 48 48 0");
}

#[test]
fn a_rejection_ends_the_wait_for_the_assessment_but_not_when_it_follows_one() {
    let figures = figures(
        "rejection",
        &[
            "A 03: 2026-01-05 henvist, 2026-01-15 ikke_kvalifisert",
            "B 03: 2026-01-05 henvist, 2026-01-25 vurdert, 2026-01-25 ikke_kvalifisert",
        ],
    );
    assert_eq!(shown(wait(&figures, "m0_m1 03 maaned 2026-01 avviklet med")), "1 20 20 20 20 0");
    for steg in ["m0_m1", "m1_m2", "m0_m4"] {
        assert_eq!(wait(&figures, &format!("{steg} 03 maaned 2026-01 ventende med")).n, 0);
    }
}

#[test]
fn rejected_courses_and_rettighet_on_the_last_event_count_in_nothing() {
    // A is rejected, B paid by right at last, C only at first.
    let figures = figures(
        "left-out",
        &[
            "A 03: 2026-01-05 henvist, 2026-01-15 vurdert, 2026-02-01 team_slutt",
            "B 03: 2026-01-05 henvist, 2026-01-15 vurdert, 2026-06-01 time fin=rettighet",
            "C 03: 2026-01-05 henvist fin=rettighet, 2026-01-20 vurdert",
        ],
    );
    assert_eq!(shown(wait(&figures, "m0_m1 03 maaned 2026-01 avviklet med")), "1 15 15 15 15 0");
    assert_eq!(wait(&figures, "m1_m2 03 maaned 2026-01 ventende med").n, 1);
}

#[test]
fn a_row_without_anybody_is_there_and_says_that_nothing_is() {
    let figures = figures("nobody", &["A 03: 2026-01-05 henvist"]);
    let row = wait(&figures, "m0_m1 18 maaned 2026-01 ventende med");
    assert_eq!((shown(row).as_str(), row.status, row.over_208), ("0 - - - - -", "mangler", Some(0)));
    let row = wait(&figures, "m0_m1 18 maaned 2026-01 avviklet med");
    assert_eq!((shown(row).as_str(), row.status, row.over_8), ("0 - - - - -", "mangler", None));
}

#[test]
fn periods_lie_wholly_between_the_first_event_and_the_day_before() {
    // Events from February 2025; on 31 August 2026 August is not over, on 1 September it is.
    let world = World::new("periods", &["A 03: 2025-02-05 henvist"], &[("03", "2025-02", "2026-10")]);
    let all = |as_of| -> Vec<String> {
        let rows = compute(&world.0, as_of).waits.into_iter();
        let rows = rows.filter(|wait| {
            wait.omraade == "03" && wait.steg == "m0_m1" && wait.populasjon == "avviklet" && wait.pauser == "med"
        });
        rows.filter(|wait| wait.periodetype != "maaned")
            .map(|wait| format!("{} {}", wait.periodetype, wait.periode))
            .collect()
    };
    let mut wanted = vec!["tertial 2025-T2", "tertial 2025-T3"];
    for month in ["2026-01", "2026-02", "2026-03", "2026-04"] {
        // The first whole year is February 2025 to January 2026. 2025 itself began before the events.
        wanted.push(match month {
            "2026-01" => "rullerende12 2026-01",
            "2026-02" => "rullerende12 2026-02",
            "2026-03" => "rullerende12 2026-03",
            _ => "tertial 2026-T1",
        });
    }
    wanted.extend(["rullerende12 2026-04", "rullerende12 2026-05", "rullerende12 2026-06", "rullerende12 2026-07"]);
    assert_eq!(all("2026-08-31"), wanted);
    wanted.extend(["tertial 2026-T2", "rullerende12 2026-08"]);
    assert_eq!(all("2026-09-01"), wanted);
}

#[test]
fn a_longer_period_holds_the_waits_of_its_months_and_the_stock_of_its_last_day() {
    // A ends on the tertial's first day, B on its last, C on the day after; A is in the year of 12 months to December 2026.
    let world = World::new(
        "longer",
        &[
            "A 03: 2025-12-31 henvist, 2026-01-01 vurdert",
            "B 03: 2026-01-31 henvist, 2026-04-30 vurdert",
            "C 03: 2026-01-31 henvist, 2026-05-01 vurdert",
        ],
        &[("03", "2025-12", "2026-12")],
    );
    let figures = compute(&world.0, "2027-01-01");
    assert_eq!(shown(wait(&figures, "m0_m1 03 tertial 2026-T1 avviklet med")), "2 45 1 89 89 0.5");
    assert_eq!(shown(wait(&figures, "m0_m1 03 tertial 2026-T1 ventende med")), "1 89 89 89 89 1");
    assert_eq!(wait(&figures, "m0_m1 03 aar 2026 avviklet med").n, 3);
    assert_eq!(wait(&figures, "m0_m1 03 rullerende12 2026-12 avviklet med").n, 3);
    assert_eq!(wait(&figures, "m0_m1 03 rullerende12 2026-11 avviklet med").n, 3);
}

#[test]
fn figures_are_preliminary_to_the_ninetieth_day_after_the_period() {
    // 31 January + 90 days is 1 May.
    let world = World::new("preliminary", &["A 03: 2026-01-05 henvist"], &[("03", "2026-01", "2026-10")]);
    let flag = |as_of| wait(&compute(&world.0, as_of), "m0_m1 03 maaned 2026-01 ventende med").forelopig;
    assert_eq!([flag("2026-02-01"), flag("2026-05-01"), flag("2026-05-02")], [1, 1, 0]);
}
