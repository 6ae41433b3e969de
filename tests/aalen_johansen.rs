//! The curves of waits (C8) against exact values, and what must hold of any cohort.
//!
//! `tests/fixtures/aalen_johansen.py` tells where the cohorts come from and makes the values in exact fractions, compared with
//! scikit-survival. The published statements are run unedited, one after the other, from cohort to limits.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Float64Type, Int64Type};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::oracle_too::compare::close;
use crate::support::texts;

/// From the days of a cohort to its limits, in the order in which one is made from the other.
const MODELS: [&str; 5] =
    ["too_kurve_dag", "too_kurve", "too_ventekurve_punkt", "too_ventekurve", "too_maaloppnaaelse"];

/// One course: what became of it, and when.
struct Member {
    cohort: String,
    days: i64,
    outcome: i64,
}

/// What the models make of cohorts, each of which stands for a year of a nation of one county.
struct Made {
    tables: BTreeMap<&'static str, RecordBatch>,
}

impl Made {
    fn of(members: &[Member], partitions: usize) -> Made {
        let config = SessionConfig::new().with_target_partitions(partitions).with_batch_size(8192 / partitions);
        let session = SessionContext::new_with_config(config);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for statement in inputs(members) {
                session.sql(&statement).await.unwrap().collect().await.unwrap();
            }
            let mut tables = BTreeMap::new();
            for model in MODELS {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("queries/too/{model}.sql"));
                let text = std::fs::read_to_string(path).unwrap();
                let statement = text.split_once("---*/").unwrap().1;
                session.sql(&format!("create table {model} as {statement}")).await.unwrap().collect().await.unwrap();
                let frame = session.sql(statement).await.unwrap();
                let schema = frame.schema().inner().clone();
                let batches = frame.collect().await.unwrap();
                tables.insert(model, concat_batches(&schema, &batches).unwrap());
            }
            Made { tables }
        })
    }

    fn doubles(&self, table: &str, column: &str) -> Vec<Option<f64>> {
        let column = self.tables[table].column_by_name(column).unwrap();
        column.as_primitive::<Float64Type>().iter().collect()
    }

    fn integers(&self, table: &str, column: &str) -> Vec<Option<i64>> {
        let column = self.tables[table].column_by_name(column).unwrap();
        column.as_primitive::<Int64Type>().iter().collect()
    }

    /// `cohort key`, in the order of the rows.
    fn keys(&self, table: &str, key: &str) -> Vec<String> {
        let cohorts = texts(self.tables[table].column_by_name("periode").unwrap());
        let keys = texts(self.tables[table].column_by_name(key).unwrap());
        cohorts.iter().zip(keys).map(|(cohort, key)| format!("{cohort} {key}")).collect()
    }
}

fn inputs(members: &[Member]) -> Vec<String> {
    let mut cohorts: Vec<&str> = members.iter().map(|member| member.cohort.as_str()).collect();
    cohorts.dedup();
    let mut rows = String::new();
    for (nr, member) in members.iter().enumerate() {
        let comma = if nr == 0 { "" } else { "," };
        let Member { cohort, days, outcome } = member;
        write!(rows, "{comma}('m0_m1', 'aar', '{cohort}', 'F{nr}', 1, 1, 3, {days}, {outcome})").unwrap();
    }
    let per_cohort = |row: &dyn Fn(&str) -> String| {
        let rows: Vec<String> = cohorts.iter().map(|cohort| row(cohort)).collect();
        rows.join(",")
    };
    let areas =
        per_cohort(&|cohort| format!("('aar', '{cohort}', 'landet', 3), ('aar', '{cohort}', 'region_sorost', 3)"));
    let periods = per_cohort(&|cohort| format!("('aar', '{cohort}', 0)"));
    vec![
        format!(
            "create table too_kohort (steg varchar, periodetype varchar, periode varchar, forlop_id varchar, forlop_nr bigint, \
             vent_nr bigint, fylkesnr bigint, dager int, utgang bigint) as values {rows}"
        ),
        format!(
            "create table too_omraade (periodetype varchar, periode varchar, omraade varchar, fylkesnr bigint) as values \
             {areas}"
        ),
        format!(
            "create table too_periode (periodetype varchar, periode varchar, forelopig bigint) as values {periods}"
        ),
        "create table fylke (struktur bigint, fylkesnr bigint) as values (2024, 3)".to_owned(),
    ]
}

fn fixture(name: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/aalen_johansen{name}.csv"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line.split(';').map(str::to_owned).collect()).collect()
}

fn reference_members() -> Vec<Member> {
    let mut members = Vec::new();
    for row in fixture("_kohorter") {
        let [cohort, days, outcome, count] = row.as_slice() else { panic!("{row:?}") };
        for _ in 0..count.parse::<usize>().unwrap() {
            members.push(Member {
                cohort: cohort.clone(),
                days: days.parse().unwrap(),
                outcome: outcome.parse().unwrap(),
            });
        }
    }
    members
}

/// Equal to 1e-9 relative, and absent where it is absent.
#[track_caller]
fn assert_close(what: &str, found: Option<f64>, wanted: &str) {
    match (found, wanted) {
        (None, "") => {}
        (Some(found), wanted) if !wanted.is_empty() => {
            let wanted: f64 = wanted.parse().unwrap();
            // What is nothing in exact figures may be some bits of it in doubles.
            assert!(close(found, wanted) || (wanted == 0.0 && found.abs() < 1e-15), "{what}: {found} and not {wanted}");
        }
        _ => panic!("{what}: {found:?} and not {wanted:?}"),
    }
}

#[test]
fn every_day_of_six_cohorts_is_that_of_exact_fractions() {
    let made = Made::of(&reference_members(), 2);
    let keys = made.keys("too_kurve", "dag");
    let counts = ["i_fare", "naadd", "andre", "sensurert"].map(|name| made.integers("too_kurve", name));
    let shares = ["igjen", "andel_naadd", "andel_andre", "varians"].map(|name| made.doubles("too_kurve", name));
    let wanted = fixture("");
    assert_eq!(keys.len(), wanted.len());
    assert!(wanted.iter().map(|row| &row[0]).collect::<std::collections::BTreeSet<_>>().len() >= 6);
    for row in wanted {
        let key = format!("{} {}", row[0], row[1]);
        let at = keys.iter().position(|found| *found == key).unwrap_or_else(|| panic!("{key} has no row"));
        for (nr, counts) in counts.iter().enumerate() {
            assert_eq!(counts[at], row[2 + nr].parse().ok(), "{key}, count {nr}");
        }
        for (nr, shares) in shares.iter().enumerate() {
            assert_close(&format!("{key}, share {nr}"), shares[at], &row[6 + nr]);
        }
    }
}

#[test]
fn limits_and_medians_are_those_of_exact_fractions() {
    let made = Made::of(&reference_members(), 2);
    let keys = made.keys("too_ventekurve", "uker");
    let at_risk = made.integers("too_ventekurve", "i_fare");
    let shares = ["andel_naadd", "nedre", "ovre"].map(|name| made.doubles("too_ventekurve", name));
    let medians: BTreeMap<String, Option<i64>> = made
        .keys("too_maaloppnaaelse", "steg")
        .into_iter()
        .zip(made.integers("too_maaloppnaaelse", "median"))
        .collect();
    let goal = made.doubles("too_maaloppnaaelse", "innen_maal");
    let cohorts = made.keys("too_maaloppnaaelse", "steg");
    let wanted = fixture("_punkter");
    assert_eq!(keys.len(), wanted.len());
    for row in wanted {
        let key = format!("{} {}", row[0], row[1]);
        let at = keys.iter().position(|found| *found == key).unwrap_or_else(|| panic!("{key} has no row"));
        assert_eq!(at_risk[at], row[2].parse().ok(), "{key}, at risk");
        for (nr, shares) in shares.iter().enumerate() {
            assert_close(&format!("{key}, share {nr}"), shares[at], &row[3 + nr]);
        }
        let cohort = format!("{} m0_m1", row[0]);
        assert_eq!(medians[&cohort], row[6].parse().ok(), "{cohort}, median");
        if row[1] == "8" {
            let at = cohorts.iter().position(|found| *found == cohort).unwrap();
            assert_close(&format!("{cohort}, within the goal"), goal[at], &row[3]);
        }
    }
}

#[test]
fn the_curves_have_the_same_bits_in_any_number_of_partitions() {
    let members = reference_members();
    let bits = |partitions: usize| {
        let made = Made::of(&members, partitions);
        ["igjen", "andel_naadd", "andel_andre", "varians"].map(|name| {
            made.doubles("too_kurve", name).into_iter().map(|share| share.map(f64::to_bits)).collect::<Vec<_>>()
        })
    };
    let one = bits(1);
    assert_eq!(one, bits(2));
    assert_eq!(one, bits(7));
}

/// Cohorts that look random: ties on few days, days without, none or nearly all censored.
fn random_members() -> Vec<Member> {
    let mut state = 20_261_128_u64;
    let mut below = |n: i64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(state >> 33).unwrap() % n
    };
    let mut members = Vec::new();
    for cohort in 0..120 {
        let (size, span, censored) = (1 + below(60), 1 + below(400), below(4));
        for _ in 0..size {
            let outcome = if below(4) < censored { 0 } else { 1 + below(2) };
            members.push(Member { cohort: format!("K{cohort:03}"), days: below(span), outcome });
        }
    }
    members
}

#[test]
fn of_any_cohort_the_shares_grow_and_are_together_all_of_it() {
    let members = random_members();
    let made = Made::of(&members, 3);
    let cohorts = texts(made.tables["too_kurve"].column_by_name("periode").unwrap());
    let [left, reached, others, variance] = ["igjen", "andel_naadd", "andel_andre", "varians"]
        .map(|name| made.doubles("too_kurve", name).into_iter().map(Option::unwrap).collect::<Vec<_>>());
    for at in 0..cohorts.len() {
        assert!((left[at] + reached[at] + others[at] - 1.0).abs() < 1e-12, "{} {at}", cohorts[at]);
        assert!(reached[at] + others[at] <= 1.0 + 1e-12 && variance[at] >= 0.0, "{} {at}", cohorts[at]);
        if at > 0 && cohorts[at] == cohorts[at - 1] {
            assert!(reached[at] >= reached[at - 1] && others[at] >= others[at - 1] && left[at] <= left[at - 1] + 1e-12);
        }
    }
    // Where nobody is censored the share is a count: reached so far ÷ all.
    let mut whole = 0;
    for cohort in cohorts.iter().collect::<std::collections::BTreeSet<_>>() {
        let own: Vec<&Member> = members.iter().filter(|member| member.cohort == *cohort).collect();
        if own.iter().all(|member| member.outcome != 0) {
            let last = cohorts.iter().rposition(|found| found == cohort).unwrap();
            let share = own.iter().filter(|member| member.outcome == 1).count() as f64 / own.len() as f64;
            assert!((reached[last] - share).abs() < 1e-12 && left[last].abs() < 1e-12, "{cohort}");
            whole += 1;
        }
    }
    assert!(whole > 10, "{whole}");
}
