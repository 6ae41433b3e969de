//! The traps of TOO's definitions C1–C6, each by its name: what the pipeline makes of the course that was written for it
//! (`oracle_too/world_courses.rs`), against dates and days worked out by hand. The whole table of the same world is
//! compared row by row in `recompute_too.rs`.
//!
//! What each scenario that a county may meet is tested by (here, in `courses`, in `deliveries`, and in `recompute_too.rs`):
//!
//! | scenario | test |
//! |---|---|
//! | replace after cancel | `c1_the_last_correction_wins_also_over_a_cancellation` |
//! | replace before its target arrives | `recompute_too::c1_a_correction_that_waited_takes_effect_when_its_target_comes` |
//! | event before referral | `an_event_before_the_referral_leaves_the_course_without_clocks_from_it`, `c3_a_referral_in_an_open_course_without_one_is_a_double_one` |
//! | double referral | `c3_a_referral_while_a_course_is_open_is_counted_and_changes_nothing` |
//! | two open pauses | `two_open_pauses_and_one_end_close_the_one_that_has_been_open_longest`, `two_pauses_that_both_stay_open_are_deducted_once_to_the_day`, `c5_pauses_that_overlap_are_deducted_once` |
//! | the service's own pause | `c5_pauses_of_patient_and_medicine_are_deducted_not_the_services_or_unknown` |
//! | re-referral | `c3_a_referral_after_the_end_starts_the_next_course`, `c3_ended_and_referred_on_one_day_the_end_comes_first` |
//! | transfer | `c6_a_transfer_takes_the_wait_along`, `c6_on_the_day_of_a_transfer_the_days_last_event_says_where` |
//! | county changed mid-course | `c6_any_event_says_where_the_course_is`, `c6_a_unit_that_changes_county_takes_its_courses_along` |
//! | a county code valid last year only | `a_county_code_that_was_valid_last_year_only_is_valid_for_last_years_events_only`, `c2_an_old_countys_late_rows_count_where_it_was` |
//! | course open across 2023/2024 | `c6_a_split_county_is_one_before_2024_and_the_units_county_after` |
//! | course without end | `a_course_without_an_end_waits_on_and_is_followed_to_the_last_complete_day` |
//! | seamless step | `c4_a_team_open_at_the_dentist_means_no_wait_and_is_flagged` |
//! | skipped step | `c4_a_later_milestone_ends_the_wait_for_one_that_was_left_out` |
//! | assessed and not qualified, rejected on paper | `c5_rejected_after_the_assessment_ends_the_next_waits_also_on_the_same_day`, `c5_rejected_on_paper_ends_the_wait_for_the_assessment` |
//! | orgnr failing mod-11 | `a_row_whose_unit_fails_modulus_11_is_put_aside_counted_and_without_effect` |
//! | a county that delivers nothing | `a_county_that_delivers_nothing_is_named_as_missing_and_has_no_figures` |
//! | a county that delivers fewer events than it says | `c2_nothing_is_computed_after_a_month_whose_count_does_not_agree`, `a_county_that_delivers_fewer_events_than_it_says_has_no_figures_for_the_month` |
//!
//! The list. C1: replaced; cancelled; a chain of corrections; cancelled and then replaced; two corrections in another
//! order than registered; in the same second; unknown target; another course; another type; delivered twice; a target
//! that comes later (`recompute_too.rs`). C2: a quarantined row (`recompute_too.rs`); late, under a county that is no more;
//! month of registration in Norway; a wrong count; a county that stops; moved to a silent county, and back; half a team;
//! the nation's counties; a county that begins late; the last list holds; preliminary. C3: referred twice; a second
//! course; ended and referred on a day; begun and ended on a day; a course on one day; rejected on the day of a referral;
//! no referral; impossible orders; what follows the end on its day. C4: rounds in the team; no dentist; the team begins
//! again; the team open at the dentist; sent back; steps left out. C5: goals and limits to the day; whose pause; overlap;
//! over the borders; open; of no length; on a month's end; rejected on paper and after assessment; the last day. C6: moved
//! before, on and after; any event moves; a split county by unit; unknown units; codes before 2020 (`recompute_too.rs`).
//! Financing by the last event. C10: narkose.

mod courses;
mod deliveries;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use speil::run::ExitCode;

use crate::oracle_too::world;
use crate::support::{Root, texts};

/// A row: column → text, empty when absent.
type Row = BTreeMap<String, String>;

/// What the pipeline made of the tiny world.
struct Made {
    tables: BTreeMap<&'static str, Vec<Row>>,
}

static MADE: LazyLock<Made> = LazyLock::new(|| {
    let root = Root::bare();
    world::tiny_world(root.path());
    let outcome = root.run_as_of(world::AS_OF).unwrap();
    assert_eq!(outcome.code, ExitCode::Done, "{:?}", outcome.built.failed);
    let names = [
        "too_hendelse",
        "too_ulik",
        "too_forlop",
        "too_vent",
        "too_maaling",
        "too_maaling_periode",
        "too_komplett",
        "too_periode",
        "too_omraade",
        "too_kvittering",
    ];
    Made { tables: names.into_iter().map(|name| (name, rows(&root, name))).collect() }
});

fn rows(root: &Root, table: &str) -> Vec<Row> {
    let rows_of = |batch: arrow::array::RecordBatch| {
        let schema = batch.schema();
        let columns: Vec<(String, Vec<String>)> =
            schema.fields().iter().zip(batch.columns()).map(|(field, c)| (field.name().clone(), texts(c))).collect();
        (0..batch.num_rows())
            .map(|at| columns.iter().map(|(name, values)| (name.clone(), values[at].clone())).collect())
            .collect::<Vec<Row>>()
    };
    let published = root.current().join(format!("tabeller/{table}.parquet"));
    let batches = if published.exists() { crate::support::batches(&published) } else { root.table(table) };
    batches.into_iter().flat_map(rows_of).collect()
}

/// The rows of a table with these values.
fn find<'a>(table: &str, wanted: &[(&str, &str)]) -> Vec<&'a Row> {
    let rows = MADE.tables[table].iter();
    rows.filter(|row| wanted.iter().all(|(name, value)| row[*name] == *value)).collect()
}

/// `A01#2` → the course's key; without a number it is the first.
fn key(id: &str) -> [(&str, &str); 2] {
    let (id, nr) = id.split_once('#').unwrap_or((id, "1"));
    [("forlop_id", id), ("forlop_nr", nr)]
}

/// M0–M5, then what is counted of the course: `2022-01-03 2022-03-01 - - - - dobbel_henvisning=1`.
#[track_caller]
fn course(id: &str) -> String {
    let found = find("too_forlop", &key(id));
    let [row] = found.as_slice() else { panic!("{} courses {id}", found.len()) };
    let dates = ["m0", "m1", "m2", "m3", "m4", "m5"].map(|m| if row[m].is_empty() { "-" } else { row[m].as_str() });
    let flags = ["somlos", "tilbakesendt", "dobbel_henvisning", "avvist_rekkefolge"];
    let flags = flags.iter().filter(|flag| row[**flag] != "0").map(|flag| format!(" {flag}={}", row[*flag]));
    dates.join(" ") + &flags.collect::<String>()
}

/// How many courses a `forlop_id` has.
fn n_courses(id: &str) -> usize {
    find("too_forlop", &[("forlop_id", id)]).len()
}

/// A wait: `from until outcome`, or `none`.
fn wait(id: &str, steg: &str) -> String {
    let [course, nr] = key(id);
    match find("too_vent", &[course, nr, ("steg", steg)]).as_slice() {
        [] => "none".to_owned(),
        [row] => {
            let until = if row["til_dato"].is_empty() { "-" } else { &row["til_dato"] };
            format!("{} {until} {}", row["fra_dato"], row["utfall"])
        }
        more => panic!("{} waits of {id}", more.len()),
    }
}

/// `[days, days without pauses]` of the wait that ended or went on on that day.
#[track_caller]
fn days(id: &str, steg: &str, populasjon: &str, dag: &str) -> [i64; 2] {
    let [course, nr] = key(id);
    let found = find("too_maaling", &[course, nr, ("steg", steg), ("populasjon", populasjon), ("dag", dag)]);
    let [row] = found.as_slice() else { panic!("{} measures of {id} {steg} {populasjon} {dag}", found.len()) };
    ["dager", "dager_uten"].map(|name| row[name].parse().unwrap())
}

/// The county of a wait in a period, in that period's structure.
#[track_caller]
fn county(id: &str, steg: &str, populasjon: &str, periodetype: &str, periode: &str) -> String {
    let [course, nr] = key(id);
    let wanted =
        [course, nr, ("steg", steg), ("populasjon", populasjon), ("periodetype", periodetype), ("periode", periode)];
    let found = find("too_maaling_periode", &wanted);
    let [row] = found.as_slice() else { panic!("{} rows of {id} {steg} {populasjon} {periode}", found.len()) };
    row["fylkesnr"].clone()
}

/// How often the receipts of a county name a rule.
fn receipt(fylkesnr: &str, regel: &str) -> i64 {
    let found = find("too_kvittering", &[("fylkesnr", fylkesnr), ("regel", regel)]);
    found.iter().map(|row| row["antall"].parse::<i64>().unwrap()).sum()
}

fn complete_until(fylkesnr: &str) -> String {
    find("too_komplett", &[("fylkesnr", fylkesnr)]).first().map_or("none".to_owned(), |row| row["komplett_til"].clone())
}

// C1: events and corrections.

#[test]
fn c1_a_replacement_stands_in_its_originals_place() {
    assert_eq!(wait("A01", "m0_m1"), "2022-01-03 2022-03-01 naadd");
    assert_eq!(days("A01", "m0_m1", "avviklet", "2022-03-01"), [57, 57]);
}

#[test]
fn c1_a_cancelled_assessment_never_was() {
    assert_eq!(wait("A02", "m0_m1"), "2022-01-10 - venter");
}

#[test]
fn c1_a_correction_of_a_correction_concerns_the_original() {
    assert_eq!(wait("A03", "m0_m1"), "2022-01-12 - venter");
}

#[test]
fn c1_the_last_correction_wins_also_over_a_cancellation() {
    assert_eq!(wait("A04", "m0_m1"), "2022-01-14 2022-02-17 naadd");
}

#[test]
fn c1_the_last_is_by_time_of_registration_not_by_place_in_the_file() {
    assert_eq!(wait("A05", "m0_m1"), "2022-02-01 2022-03-05 naadd");
}

#[test]
fn c1_in_the_same_second_the_higher_guid_wins_whatever_the_offset() {
    assert_eq!(wait("A06", "m0_m1"), "2022-02-02 2022-03-10 naadd");
}

#[test]
fn c1_an_unknown_target_waits_and_is_counted_and_so_is_a_correction_of_it() {
    assert_eq!(wait("A07", "m0_m1"), "2022-02-03 - venter");
    assert_eq!(receipt("18", "ukjent_maal"), 2);
}

#[test]
fn c1_a_replacement_may_move_an_event_to_another_course() {
    assert_eq!(wait("A08", "m0_m1"), "2022-02-07 2022-03-21 naadd");
    assert_eq!(course("A07"), "2022-02-03 - - - - -");
}

#[test]
fn c1_a_replacement_may_change_the_type() {
    assert_eq!(course("A09"), "2022-02-08 2022-04-04 2022-05-02 - - -");
}

#[test]
fn c1_an_event_that_is_delivered_twice_is_there_once() {
    let guids = |table: &str| MADE.tables[table].iter().map(|row| row["hendelse_guid"].clone());
    let once: std::collections::BTreeSet<String> = guids("too_ulik").collect();
    assert_eq!(once.len(), guids("too_ulik").count());
    assert!(guids("too_hendelse").count() > once.len() + 20);
}

// C2: how far deliveries are complete.

#[test]
fn c2_an_old_countys_late_rows_count_where_it_was() {
    assert_eq!(complete_until("30"), "202401");
    assert_eq!(wait("B01", "m0_m1"), "2023-06-01 2023-12-20 naadd");
    assert_eq!(county("B01", "m0_m1", "avviklet", "maaned", "2023-12"), "30");
}

#[test]
fn c2_the_month_of_registration_is_norways() {
    // Else September 2024 would have one row too many, and 18 would end with August.
    assert_eq!(complete_until("18"), "202610");
    assert_eq!(wait("B02", "m0_m1"), "2024-05-02 2024-09-20 naadd");
}

#[test]
fn c2_nothing_is_computed_after_a_month_whose_count_does_not_agree() {
    assert_eq!(complete_until("50"), "202408");
    assert_eq!(wait("B03", "m1_m2"), "2024-08-30 - venter");
    assert!(find("too_omraade", &[("omraade", "50"), ("periode", "2024-09")]).is_empty());
    assert_eq!(find("too_omraade", &[("omraade", "50"), ("periode", "2024-08"), ("periodetype", "maaned")]).len(), 1);
}

#[test]
fn c2_nothing_is_computed_after_a_county_stops() {
    assert_eq!(complete_until("46"), "202505");
    assert_eq!(wait("B04", "m1_m2"), "2025-05-31 - venter");
}

#[test]
fn c2_a_course_that_moved_to_a_silent_county_stays_in_the_stock_it_was_in() {
    assert_eq!(wait("B05", "m0_m1"), "2025-04-01 - venter");
    assert_eq!(county("B05", "m0_m1", "ventende", "maaned", "2026-10"), "3");
}

#[test]
fn c2_a_course_that_comes_back_from_a_silent_county_goes_on() {
    assert_eq!(wait("B06", "m0_m1"), "2025-04-02 2026-03-02 naadd");
}

#[test]
fn c2_an_end_of_a_team_whose_start_is_not_known_rejects_the_course() {
    assert!(course("B07").ends_with("avvist_rekkefolge=1"), "{}", course("B07"));
    assert_eq!(wait("B07", "m0_m1"), "none");
}

#[test]
fn c2_the_nation_is_the_counties_that_are_complete() {
    // A county that begins in the middle of a run (33, in March 2024) counts before it as well.
    let counties = |periode: &str| {
        let all = find("too_omraade", &[("omraade", "landet"), ("periodetype", "maaned"), ("periode", periode)]);
        all.iter().filter(|row| row["fylkesnr"] != "99").count()
    };
    assert_eq!(["2023-12", "2024-01", "2024-08", "2024-09", "2025-05", "2025-06"].map(counties), [5, 7, 7, 6, 6, 5]);
}

#[test]
fn c2_the_last_list_of_months_holds_alone() {
    // By the list of January 2026 everything agreed; by that of 2023 May was missing in 18.
    assert_eq!([complete_until("50"), complete_until("18")], ["202408", "202610"]);
}

#[test]
fn c2_figures_are_preliminary_to_the_ninetieth_day() {
    let preliminary =
        |periode: &str| find("too_periode", &[("periodetype", "maaned"), ("periode", periode)])[0]["forelopig"].clone();
    assert_eq!(["2026-07", "2026-08"].map(preliminary), ["0", "1"]);
}
