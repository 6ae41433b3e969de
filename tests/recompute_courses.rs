//! The tables about the course by a second, slow route that shares no code with the pipeline, on worlds made for their traps
//! and on generated national deliveries; and an attack on what of them is public.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use speil::demo::{self, Settings};
use speil::run::ExitCode;

use crate::oracle_too::{self, Figures, course_attack, course_compare, csv, linear, payers, periods, world};
use crate::support::{AS_OF, Root, as_csv};

/// The sources that only these tables need.
const MORE_SOURCES: &str = r#"[source.befolkning]
url = "landing/befolkning/befolkning_*"
[source.too_kapasitet]
url = "landing/too_kapasitet/too_kapasitet_*"
[source.too_tilskudd]
url = "landing/too_tilskudd/too_tilskudd_*"
"#;

fn published(root: &Root, table: &str) -> PathBuf {
    let path = root.path().join(format!("{table}.csv"));
    fs::write(&path, as_csv(&root.current().join(format!("tabeller/{table}.parquet")))).unwrap();
    path
}

/// Runs the pipeline, compares the counties' tables with figures recomputed from `landing`, and attacks the public ones.
/// Returns the figures and how many counts are public.
fn agree(root: &Root, as_of: &str) -> (Figures, usize) {
    let outcome = root.run_as_of(as_of).unwrap();
    assert_eq!(outcome.code, ExitCode::Done, "{:?} {:?}", outcome.ingested.refused, outcome.built.failed);
    let figures = oracle_too::compute(&root.path().join("landing"), as_of);
    let first = figures.in_force.iter().map(|event| event.hendelse_dato).min().unwrap();
    let periods = periods::until(csv::Month::of(first), csv::parse_date(as_of).unwrap());
    for table in &course_compare::TABLES {
        assert_none(&course_compare::differences(table, &figures, &periods, &published(root, table.name)));
    }
    assert_none(&course_compare::impossible(&figures.course_rows));
    let (found, referred_by_right) = payers::differences(&figures, &published(root, "too_finansiering"));
    assert_none(&found);
    assert!(referred_by_right > 0);
    assert_none(&payers::public_faults(&figures, &published(root, "too_finansiering_offentlig")));
    let (faults, n_shown) = course_attack::faults(&figures, &periods, |table| published(root, table));
    assert_none(&faults);
    (figures, n_shown)
}

#[track_caller]
fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "{} differences: {:#?}", found.len(), &found[..found.len().min(12)]);
}

#[test]
fn every_count_of_the_tiny_world_agrees() {
    let root = Root::bare();
    world::tiny_world(root.path());
    let (figures, _) = agree(&root, world::AS_OF);
    assert!(figures.course_rows.len() > 1000, "{}", figures.course_rows.len());
}

#[test]
fn every_count_of_generated_national_deliveries_agrees_and_nothing_small_can_be_worked_out() {
    let root = Root::bare();
    let settings = Settings { doctors: 1, months: 1, ..Settings::default() };
    demo::generate(root.path(), &settings, &|_, _, _| {}).unwrap();
    fs::write(
        root.path().join("speil.toml"),
        format!("root = \".\"\nsyntetisk = true\nhenting.ro_sekunder = 0\n\n{}{MORE_SOURCES}", world::SOURCES),
    )
    .unwrap();
    let (figures, n_shown) = agree(&root, AS_OF);
    assert!(figures.known_courses.len() > 10_000, "{}", figures.known_courses.len());
    // Nation and regions, and most counties: what is held back is less than what is shown.
    assert!(n_shown > 2000, "{n_shown}");
    the_places_of_counties_agree(&root);
}

/// The funnel of each indicator, worked out again from teller, nevner and what the counties have together.
fn the_places_of_counties_agree(root: &Root) {
    let mut n_limits = 0;
    csv::read(&published(root, "too_prioritering"), |header, row| {
        let of = |name: &str| row.text(header.required(name)).map(|text| text.parse::<f64>().unwrap());
        let indikator = row.filled(header.required("indikator"));
        let Some([nevner, verdi, samlet, nedre, ovre]) = ["nevner", "verdi", "samlet", "nedre_95", "ovre_95"]
            .map(of)
            .into_iter()
            .collect::<Option<Vec<f64>>>()
            .map(|all| <[f64; 5]>::try_from(all).unwrap())
        else {
            assert!(row.text(header.required("plassering")).is_none());
            return;
        };
        let limits = if indikator.starts_with("andel") {
            share_limits(samlet, nevner, 1.959_964)
        } else {
            rate_limits(samlet / 10_000.0, nevner, 10_000.0, 1.959_964)
        };
        for (wanted, told) in limits.into_iter().zip([nedre, ovre]) {
            assert!((wanted - told).abs() <= 1e-9 * wanted.abs().max(1e-3), "{indikator}: {wanted} {told}");
        }
        let place = if verdi < nedre {
            "under"
        } else if verdi > ovre {
            "over"
        } else {
            "innenfor"
        };
        assert_eq!(row.text(header.required("plassering")), Some(place));
        n_limits += 1;
    });
    assert!(n_limits > 100, "{n_limits}");
    // No league: the rows stand by county.
    let counties: Vec<String> = {
        let mut counties = Vec::new();
        csv::read(&published(root, "too_prioritering_offentlig"), |header, row| {
            counties.push(row.filled(header.required("omraade")).to_owned());
        });
        counties
    };
    assert!(counties.is_sorted() && counties.iter().collect::<BTreeSet<_>>().len() >= 15);
}

/// p0 ∓ z·√(p0(1 − p0)/n), within 0 and 1.
fn share_limits(p0: f64, n: f64, z: f64) -> [f64; 2] {
    let s = (p0 * (1.0 - p0) / n).sqrt();
    [(p0 - z * s).max(0.0), (p0 + z * s).min(1.0)]
}

/// Where the root of the ratio to what is expected is z of its standard errors away.
fn rate_limits(p0: f64, n: f64, factor: f64, z: f64) -> [f64; 2] {
    let expected = (p0 * n).sqrt();
    let at = |z: f64| (expected + z / 2.0).max(0.0).powi(2) / n * factor;
    [at(-z), at(z)]
}

#[test]
fn limits_of_the_second_route_are_those_of_the_fixture() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/traktgrenser.csv");
    let mut n = 0;
    csv::read(&path, |header, row| {
        let of = |name: &str| row.filled(header.required(name)).parse::<f64>().unwrap();
        let p0 = of("teller0") / of("nevner0");
        for (z, names) in [(1.959_964, ["nedre_95", "ovre_95"]), (3.090_232, ["nedre_998", "ovre_998"])] {
            let limits = match row.filled(header.required("slag")) {
                "andel" => share_limits(p0, of("nevner"), z),
                _ => rate_limits(p0, of("nevner"), of("faktor"), z),
            };
            for (limit, name) in limits.into_iter().zip(names) {
                assert!((limit - of(name)).abs() <= 1e-9 * of(name).abs(), "{name}: {limit} {}", of(name));
            }
        }
        n += 1;
    });
    assert_eq!(n, 10);
}

#[test]
fn the_attack_works_out_what_sums_give_away_and_nothing_else() {
    let sum = |cells: &[&str]| -> Vec<(String, i64)> {
        let whole = cells.len() - 1;
        cells.iter().enumerate().map(|(at, cell)| ((*cell).to_owned(), if at == whole { -1 } else { 1 })).collect()
    };
    let known = |sums: &[Vec<(String, i64)>], shown: &[&str]| -> Vec<String> {
        linear::solve(sums, &shown.iter().map(|cell| (*cell).to_owned()).collect()).into_iter().collect()
    };
    // Two counties of a region, by year and by two parts: with both margins shown the inside stays hidden …
    let table = [sum(&["a1", "a2", "a"]), sum(&["b1", "b2", "b"]), sum(&["a1", "b1", "r1"]), sum(&["a2", "b2", "r2"])];
    assert!(known(&table, &["a", "b", "r1", "r2"]).is_empty());
    // … and one shown cell gives the other three away, over two sums.
    assert_eq!(known(&table, &["a", "b", "r1", "r2", "b2"]), ["a1", "a2", "b1"]);
    // A hidden total whose parts are shown.
    assert_eq!(known(&[sum(&["a1", "a2", "a"])], &["a1", "a2"]), ["a"]);
}
