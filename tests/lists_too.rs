//! Lists as stock and flow (C7) on national deliveries with every planted fault, and what happens when they do not balance.

use std::collections::BTreeMap;
use std::fs;

use speil::demo::{self, Settings};
use speil::run::ExitCode;

use crate::support::{AS_OF, Root, as_csv};
use crate::whole::with_sql;

const IN: [&str; 3] = ["inngaaende", "kommet_til", "overfort_inn"];
const OUT: [&str; 11] = [
    "naadd",
    "hoppet_over",
    "ikke_kvalifisert",
    "ferdigbehandlet",
    "avbrutt_pasient",
    "avbrutt_team",
    "ikke_kontakt",
    "flyttet",
    "dod",
    "uoppgitt",
    "overfort_ut",
];

type Row = BTreeMap<String, String>;

fn rows(root: &Root, table: &str) -> Vec<Row> {
    let text = as_csv(&root.current().join(format!("tabeller/{table}.parquet")));
    let mut lines = text.lines().map(|line| line.split(';').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next().unwrap();
    lines.map(|fields| header.iter().cloned().zip(fields).collect()).collect()
}

fn count(row: &Row, name: &str) -> i64 {
    row[name].parse().unwrap()
}

/// `steg periodetype periode`
fn group(row: &Row) -> String {
    ["steg", "periodetype", "periode"].map(|name| row[name].as_str()).join(" ")
}

#[test]
fn national_lists_balance_and_counties_are_the_nation_with_every_fault_planted() {
    let root = Root::bare();
    let settings = Settings { doctors: 20, months: 12, ..Settings::default() };
    demo::generate(root.path(), &settings, &|_, _, _| {}).unwrap();
    demo::plant_faults(root.path(), &settings).unwrap();
    let outcome = root.run_as_of(AS_OF).unwrap();
    assert!(outcome.ingested.refused.len() > 20, "{:?}", outcome.ingested.refused);
    assert!(!outcome.built.failed.contains_key("too"), "{:?}", outcome.built.failed);

    let lists = rows(&root, "too_venteliste");
    let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in &lists {
        let sum = |names: &[&str]| names.iter().map(|name| count(row, name)).sum::<i64>();
        assert_eq!(sum(&IN) - sum(&OUT), count(row, "utgaaende"), "{row:?}");
        let sign = if row["omraade"] == "landet" { 1 } else { -1 };
        for name in IN.iter().chain(&OUT).chain(&["utgaaende"]) {
            *sums.entry((group(row), (*name).to_owned())).or_default() += sign * count(row, name);
        }
    }
    let differing: Vec<_> = sums.iter().filter(|(_, sum)| **sum != 0).collect();
    assert!(differing.is_empty(), "{differing:?}");
    // Fifteen counties with faults of every kind: every way onto a list and off it was taken.
    let nation = || lists.iter().filter(|row| row["omraade"] == "landet");
    for name in IN.iter().chain(&OUT) {
        let taken = nation().map(|row| count(row, name)).sum::<i64>();
        assert!(taken > 0 || *name == "uoppgitt", "nobody ever was {name}");
    }

    // What ends one month begins the next, wherever the same counties count and are called the same.
    let mut months: BTreeMap<(&str, &str), Vec<&Row>> = BTreeMap::new();
    for row in lists.iter().filter(|row| row["periodetype"] == "maaned" && row["omraade"] != "landet") {
        months.entry((&row["steg"], &row["omraade"])).or_default().push(row);
    }
    let mut followed = 0;
    for (of, rows) in months {
        for pair in rows.windows(2).filter(|pair| of.1 != "99" || pair[1]["periode"] != "2024-01") {
            assert_eq!(count(pair[0], "utgaaende"), count(pair[1], "inngaaende"), "{of:?} {}", pair[1]["periode"]);
            followed += 1;
        }
    }
    assert!(followed > 4000, "{followed}");

    let mut cohorts: BTreeMap<String, i64> = BTreeMap::new();
    for row in rows(&root, "too_maaloppnaaelse").iter().filter(|row| row["periodetype"] == "aar") {
        *cohorts.entry(group(row)).or_default() +=
            if row["omraade"] == "landet" { count(row, "n") } else { -count(row, "n") };
    }
    assert!(cohorts.len() > 20 && cohorts.values().all(|sum| *sum == 0), "{cohorts:?}");
    nothing_public_gives_a_small_count(&root);
}

fn is_small(count: i64) -> bool {
    count != 0 && count.abs() < 5
}

/// What is public of curves, goals and lists, with all that somebody may know who knows every shown row exactly.
fn nothing_public_gives_a_small_count(root: &Root) {
    goals_hide_no_county_alone(root);
    curves_part_nobody(root);
    let mut shown = 0;
    let mut before: BTreeMap<String, String> = BTreeMap::new();
    for row in rows(root, "too_venteliste_offentlig") {
        assert_eq!(row["omraade"], "landet");
        let flows = ["kommet_til", "naadd", "andre_ut"];
        if row["kommet_til"].is_empty() {
            assert!(flows.iter().all(|name| row[*name].is_empty()), "flows are shown together: {row:?}");
        } else {
            shown += 1;
            assert!(flows.iter().all(|name| !is_small(count(&row, name))), "{row:?}");
        }
        let closing = before.insert(row["steg"].clone(), row["utgaaende"].clone()).unwrap_or_default();
        assert!(row["inngaaende"].is_empty() || row["inngaaende"] == closing, "{row:?} opens with {closing}");
    }
    assert!(shown > 50, "{shown}");
}

fn goals_hide_no_county_alone(root: &Root) {
    let public: BTreeMap<String, Row> = rows(root, "too_maaloppnaaelse_offentlig")
        .into_iter()
        .map(|row| (format!("{} {}", group(&row), row["omraade"]), row))
        .collect();
    // Per step and year: how many counties (and 99) are hidden, and of their courses those within the goal and the others.
    let mut hidden: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    let mut shown = 0;
    for row in rows(root, "too_maaloppnaaelse").iter().filter(|row| !row["maal"].is_empty()) {
        let (within, all) = (count(row, "naadd_innen_maal"), count(row, "n"));
        let open = public.get(&format!("{} {}", group(row), row["omraade"])).is_some_and(|row| row["status"] == "vist");
        if open {
            shown += 1;
            assert!(!is_small(within) && !is_small(all - within), "{row:?}");
        } else if row["periodetype"] == "aar" && row["omraade"] != "landet" {
            let sum = hidden.entry(group(row)).or_default();
            *sum = [sum[0] + 1, sum[1] + within, sum[2] + all - within];
        }
    }
    assert!(shown > 100 && !hidden.is_empty(), "{shown} {hidden:?}");
    for (of, [counties, within, others]) in hidden {
        assert!(counties >= 2 && !is_small(within) && !is_small(others), "{of}: {counties} {within} {others}");
    }
}

fn curves_part_nobody(root: &Root) {
    let public: BTreeMap<String, String> = rows(root, "too_ventekurve_offentlig")
        .into_iter()
        .map(|row| (format!("{} {}", group(&row), row["uker"]), row["status"].clone()))
        .collect();
    let mut before: BTreeMap<String, [i64; 2]> = BTreeMap::new();
    let mut shown = 0;
    // The rows of a curve follow each other by week.
    for row in rows(root, "too_ventekurve").iter().filter(|row| row["omraade"] == "landet") {
        if public[&format!("{} {}", group(row), row["uker"])] == "vist" {
            shown += 1;
            assert!(count(row, "i_fare") >= 10, "{row:?}");
            let now = ["naadd", "andre"].map(|name| count(row, name));
            let then = before.insert(group(row), now).unwrap_or_default();
            assert!((0..2).all(|at| !is_small(now[at] - then[at])), "{row:?} after {then:?}");
            if row["periodetype"] == "aar" {
                // A tertial that is hidden alone would be the year less the others: all are shown, or none is.
                let years_alone = ["m1_m2", "narkose"].contains(&row["steg"].as_str());
                for tertial in 1..=3 {
                    let own = format!("{} tertial {}-T{tertial} {}", row["steg"], row["periode"], row["uker"]);
                    let status = public.get(&own).map_or("skjult", String::as_str);
                    assert_eq!(status == "vist", !years_alone, "{own}");
                }
            }
        }
    }
    assert!(shown > 100, "{shown}");
}

#[test]
fn a_list_that_does_not_balance_stops_publication() {
    let root = Root::tiny_too();
    let outcome = root.run_as_of(AS_OF).unwrap();
    assert_eq!(outcome.code, ExitCode::Done, "{:?}", outcome.built.failed);
    let shown = root.release_hashes();
    for (file, change) in [
        // Whoever is transferred is in neither list.
        ("too/too_venteliste_bevegelse.sql", ["'overfort_inn', 'overfort_ut'", "'overfort_ut', 'overfort_ut_igjen'"]),
        // Whoever leaves is never taken off the list.
        ("too/too_venteliste_bevegelse.sql", ["where v.utfall <> 'venter'", "where v.utfall = 'naadd'"]),
    ] {
        with_sql(&root, file, |text| text.replace(change[0], change[1]));
        let outcome = root.run_as_of(AS_OF).unwrap();
        assert_eq!(outcome.code, ExitCode::CheckFailed);
        let why = format!("{:#}", outcome.built.failed["too"]);
        assert!(why.contains("rule bestand_og_stroem") && why.contains("too_venteliste.sql:"), "{why}");
        assert_eq!(root.release_hashes(), shown);
        fs::remove_dir_all(root.path().join("queries")).unwrap();
    }
    with_sql(&root, "too/too_venteliste_bestand.sql", |text| text.replace("1 as utgaaende", "2 as utgaaende"));
    let outcome = root.run_as_of(AS_OF).unwrap();
    let why = format!("{:#}", outcome.built.failed["too"]);
    assert!(outcome.code == ExitCode::CheckFailed && why.contains("utgaaende_er_ventende"), "{why}");
    assert_eq!(root.release_hashes(), shown);
}
