//! Counties, substances and groups, and the control list by the second route: what is shown must be what it recomputes, and what is
//! hidden must not follow from what is shown. The hidden cells are not compared with a second copy of the rule, they are attacked.

#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers, read back from text")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::oracle::areas::{self, Areas, Doctors, Year, sum};
use crate::oracle::{self, Figures, Limits};
use speil::demo;

use crate::support::{AS_OF, Root, as_csv, integers};

const HJEMLER: [u32; 5] = [200, 300, 301, 302, 400];

/// Doctors that a spread needs in these worlds, where no medicine has fifty.
pub const SPREAD_DOCTORS: usize = 8;

/// Group → doctor → øre.
type Costs = BTreeMap<String, BTreeMap<i64, i64>>;

pub fn recomputed(root: &Root) -> Figures {
    let limits = Limits::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/intervaller.csv"));
    oracle::compute(&root.path().join("landing"), AS_OF, &HJEMLER, &limits)
}

/// What the reserved lines of twelve months cost, as the lake has it line by line.
pub fn costs(root: &Root, year: &Year) -> Costs {
    let mut costs = Costs::new();
    for batch in root.table("linje_merutgift") {
        let column = |name: &str| integers(&batch, name);
        let rows = column("maaned").into_iter().zip(column("byttegruppe")).zip(column("rekvirent_hpr"));
        for (((month, group), hpr), ore) in rows.zip(column("merutgift_ore")) {
            let month = i32::try_from(month.unwrap()).unwrap();
            if (year.from..=year.to).contains(&(month / 100 * 12 + month % 100 - 1)) {
                let group = costs.entry(format!("{:06}", group.unwrap())).or_default();
                *group.entry(hpr.unwrap()).or_default() += ore.unwrap_or_default();
            }
        }
    }
    costs
}

/// The rows of a released table, by column.
fn rows(root: &Root, table: &str) -> Vec<BTreeMap<String, String>> {
    let text = as_csv(&root.current().join(format!("tabeller/{table}.parquet")));
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(';').collect();
    lines
        .map(|line| header.iter().map(|name| (*name).to_owned()).zip(line.split(';').map(str::to_owned)).collect())
        .collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} of {row:?}"))
}

fn near(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() <= 1e-9 * wanted.abs().max(1e-9)
}

/// D1 and D7 of doctors' parts of a sum: whether it may be known.
fn may_be_known(parts: impl Iterator<Item = i64>) -> bool {
    let mut parts: Vec<i64> = parts.filter(|part| *part > 0).collect();
    parts.sort_unstable_by(|a, b| b.cmp(a));
    let total: i64 = parts.iter().sum();
    let largest = |at: usize| parts.get(at).copied().unwrap_or_default();
    10 * (total - largest(0) - largest(1)) >= largest(0)
}

/// Whether prescriptions, reservations and kroner of these doctors may be known together.
fn safe(doctors: &Doctors, costs: &BTreeMap<i64, i64>) -> bool {
    let count = sum(doctors);
    let (n, r) = (i64::try_from(count.n).unwrap(), i64::try_from(count.r).unwrap());
    let small = |count: i64| (1..5).contains(&count);
    let parts = |of: fn(&areas::Count) -> u64| doctors.values().map(move |count| i64::try_from(of(count)).unwrap());
    if n == 0 {
        return costs.values().all(|ore| *ore == 0);
    }
    doctors.values().filter(|count| count.n > 0).count() >= 10
        && n >= 30
        && !small(r)
        && !small(n - r)
        && may_be_known(parts(|count| count.n))
        && may_be_known(parts(|count| count.r))
        // Less than half a krone is shown as none.
        && (costs.values().sum::<i64>() < 50 || may_be_known(costs.values().copied()))
}

fn merge(into: &mut (Doctors, BTreeMap<i64, i64>), doctors: &Doctors, costs: &BTreeMap<i64, i64>) {
    for (hpr, count) in doctors {
        let own = into.0.entry(*hpr).or_default();
        own.n += count.n;
        own.r += count.r;
    }
    for (hpr, ore) in costs {
        *into.1.entry(*hpr).or_default() += ore;
    }
}

pub fn compare_counties(root: &Root, areas: &Areas) {
    let none = BTreeMap::new();
    let (mut shown, mut rest) = (sum(&Doctors::new()), (Doctors::new(), BTreeMap::new()));
    for row in rows(root, "reservasjon_fylke") {
        let county: i64 = row["fylkesnr"].parse().unwrap();
        let truth = areas.counties.get(&county).cloned().unwrap_or_default();
        let count = sum(&truth);
        if row["status"] == "skjult" {
            assert_eq!(
                row["forskrivninger"].clone() + &row["reservert"] + &row["reservasjonsgrad"] + &row["forventet_grad"],
                ""
            );
            merge(&mut rest, &truth, &none);
            continue;
        }
        shown.n += count.n;
        shown.r += count.r;
        let may_be_known = safe(&truth, &none) && (count.n == 0 || areas.lasting_counties.contains(&county));
        assert!(may_be_known, "{county} is shown and should not be");
        assert!(near(number(&row, "forskrivninger"), count.n as f64), "{row:?}");
        assert_eq!(number(&row, "n_leger") as usize, truth.len());
        assert_eq!(row["reservert"].is_empty(), count.n == 0, "{row:?}");
        if count.n > 0 {
            assert!(near(number(&row, "reservert"), count.r as f64), "{row:?}");
            assert!(near(number(&row, "reservasjonsgrad"), count.r as f64 / count.n as f64), "{row:?}");
            assert!((0.0..=1.0).contains(&number(&row, "forventet_grad")), "{row:?}");
        }
    }
    // Doctors = counties with 99 = nation, and what the hidden ones have together may be known.
    let nation = sum(&areas.now.observed);
    let hidden = sum(&rest.0);
    assert_eq!((shown.n + hidden.n, shown.r + hidden.r), (nation.n, nation.r));
    assert!(hidden.n == 0 || safe(&rest.0, &none), "the hidden counties follow from the nation");
}

/// The substance of a group, as the table names it.
fn substances(year: &Year) -> BTreeMap<String, String> {
    year.substance.iter().map(|(group, substance)| (format!("{group:0>6}"), substance.clone())).collect()
}

fn substance_of(substances: &BTreeMap<String, String>, group: &str) -> String {
    substances.get(group).cloned().unwrap_or_else(|| "uten_atc".to_owned())
}

/// What each row's lines cost: groups under their own codes, and substances as the sums of their groups.
fn costs_by_row(costs: &Costs, year: &Year) -> BTreeMap<(&'static str, String), BTreeMap<i64, i64>> {
    let substances = substances(year);
    let mut rows: BTreeMap<(&'static str, String), BTreeMap<i64, i64>> = BTreeMap::new();
    for (group, doctors) in costs {
        for key in [("byttegruppe", group.clone()), ("atc", substance_of(&substances, group))] {
            let row = rows.entry(key).or_default();
            doctors.iter().for_each(|(hpr, ore)| *row.entry(*hpr).or_default() += ore);
        }
    }
    rows
}

pub fn compare_priorities(root: &Root, areas: &Areas) {
    let (year, costs) = (&areas.now, costs(root, &areas.now));
    let (truth, by_row, substances) = (year.rows(), costs_by_row(&costs, year), substances(year));
    let before: Option<BTreeMap<(&str, String), Doctors>> = areas.before.as_ref().map(Year::rows);
    let (nation, lasting) = (sum(&year.observed), year.lasting());
    // What is hidden, by what its sum is known of: the nation, or a substance that is shown.
    let mut rest: BTreeMap<String, (Doctors, BTreeMap<i64, i64>)> = BTreeMap::new();
    let published = rows(root, "reservasjon_prioritering");
    let hidden_substances: BTreeSet<&String> = published
        .iter()
        .filter(|row| row["nivaa"] == "atc" && row["status"] == "skjult")
        .map(|row| &row["kode"])
        .collect();
    let mut spreads = 0;
    for row in &published {
        if row["nivaa"] == "landet" {
            let ore: i64 = costs.values().flat_map(BTreeMap::values).sum();
            assert_eq!((number(row, "forskrivninger") as u64, number(row, "reservert") as u64), (nation.n, nation.r));
            assert_eq!(number(row, "merutgift") as i64, (ore + 50) / 100);
            continue;
        }
        let level = if row["nivaa"] == "atc" { "atc" } else { "byttegruppe" };
        let key = (level, row["kode"].clone());
        let doctors = &truth[&key];
        let cost = by_row.get(&key).cloned().unwrap_or_default();
        let count = sum(doctors);
        if row["status"] == "skjult" {
            for column in
                ["forskrivninger", "reservert", "reservasjonsgrad", "endring", "spredning", "merutgift", "potensial"]
            {
                assert_eq!(row[column], "", "{column} of {key:?}");
            }
            let substance = if row["atc"].is_empty() { "uten_atc".to_owned() } else { row["atc"].clone() };
            match level {
                "atc" => merge(rest.entry("landet".to_owned()).or_default(), doctors, &cost),
                _ if hidden_substances.contains(&substance) => {}
                _ => merge(rest.entry(substance).or_default(), doctors, &cost),
            }
            continue;
        }
        assert!(safe(doctors, &cost) && lasting.contains(&key), "{key:?} is shown and should not be");
        let ore: i64 = cost.values().sum();
        assert_eq!(number(row, "forskrivninger") as u64, count.n, "{key:?}");
        assert_eq!(number(row, "reservert") as u64, count.r, "{key:?}");
        let kroner = (ore + 50) / 100;
        assert_eq!(number(row, "merutgift") as i64, kroner, "{key:?}");
        let rate = count.r as f64 / count.n as f64;
        assert!(near(number(row, "reservasjonsgrad"), rate), "{key:?}");
        let share = if count.r == 0 { 0.0 } else { (1.0 - nation.r as f64 / nation.n as f64 / rate).max(0.0) };
        let saved = ore as f64 * share / 100.0;
        // Halves may fall either way where the share is off in its last digit.
        assert!((number(row, "potensial") - saved).abs() <= 0.5 + 1e-6, "{key:?}");
        if !row["endring"].is_empty() {
            let earlier = sum(&before.as_ref().unwrap()[&key]);
            assert!(near(number(row, "endring"), rate - earlier.r as f64 / earlier.n as f64), "{key:?}");
        }
        let spread = areas::spread(doctors, SPREAD_DOCTORS);
        assert_eq!(row["spredning"].is_empty(), spread.is_none(), "{key:?}");
        if let Some(spread) = spread {
            assert!(near(number(row, "spredning"), spread), "{key:?}: {} and {spread}", row["spredning"]);
            spreads += 1;
        }
    }
    let shown: BTreeSet<(&str, &str)> = published
        .iter()
        .map(|row| (row["nivaa"].as_str(), row["kode"].as_str()))
        .filter(|(level, _)| *level != "landet")
        .collect();
    assert_eq!(shown, truth.keys().map(|(level, code)| (*level, code.as_str())).collect());
    // Kroner of groups that nobody prescribed of in the window have no row, and count in what is left all the same.
    for (group, cost) in costs.iter().filter(|(group, _)| !truth.contains_key(&("byttegruppe", (*group).clone()))) {
        let substance = substance_of(&substances, group);
        let place = match truth.contains_key(&("atc", substance.clone())) {
            true if hidden_substances.contains(&substance) => continue,
            true => substance,
            false => "landet".to_owned(),
        };
        merge(rest.entry(place).or_default(), &Doctors::new(), cost);
    }
    for (place, (doctors, cost)) in rest {
        assert!(safe(&doctors, &cost), "what is hidden of {place} follows from what is shown");
    }
    assert!(spreads > 0, "no row has a spread");
}

#[test]
fn doctors_who_move_and_codes_of_former_counties_agree() {
    let root = Root::tiny();
    // Two doctors keep the codes of 2018 and 2020, one has none that exists; the others are as they were.
    let file = root.landing("lege/lege_2026-10-31_v2.csv");
    let text = std::fs::read_to_string(&file).unwrap();
    let codes = ["1201", "3005", "9999"];
    let changed = text.lines().enumerate().map(|(at, line)| {
        let mut cells: Vec<&str> = line.split(';').collect();
        if (1..=3).contains(&at) {
            cells[4] = codes[at - 1];
        }
        cells.join(";") + "\n"
    });
    std::fs::write(&file, changed.collect::<String>()).unwrap();
    root.run();
    let figures = recomputed(&root);
    let areas = figures.areas.as_ref().unwrap();
    assert!(areas.counties.contains_key(&99) && areas.counties.contains_key(&46));
    let mut found: BTreeMap<(i64, i64), (i64, i64)> = BTreeMap::new();
    for batch in root.table("fylke_lege") {
        let column = |name: &str| integers(&batch, name).into_iter().map(Option::unwrap);
        let keys = column("fylkesnr").zip(column("rekvirent_hpr"));
        found.extend(keys.zip(column("n").zip(column("r"))).filter(|(_, (n, _))| *n > 0));
    }
    let wanted = areas.counties.iter().flat_map(|(county, doctors)| {
        doctors
            .iter()
            .map(|(hpr, count)| ((*county, *hpr), (i64::try_from(count.n).unwrap(), i64::try_from(count.r).unwrap())))
    });
    assert_eq!(found, wanted.collect());
    compare_counties(&root, areas);
}

#[test]
fn a_group_without_lines_in_the_first_or_the_last_month_is_not_shown() {
    let root = Root::bare();
    let settings = demo::Settings { doctors: 130, months: 13, until: "2026-10".parse().unwrap(), seed: 1 };
    demo::generate(root.path(), &settings, &|_, _, _| {}).unwrap();
    root.keep_reservasjon();
    let config = root.path().join("speil.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let lower = format!("[product.reservasjon]\nterskler = {{ spredning_leger = {SPREAD_DOCTORS} }}\n");
    std::fs::write(&config, text.replacen("[product.reservasjon]\n", &lower, 1)).unwrap();
    root.run();
    let shown = |root: &Root| -> Vec<(String, String)> {
        let groups = rows(root, "reservasjon_prioritering").into_iter().filter(|row| row["nivaa"] == "byttegruppe");
        groups.filter(|row| row["status"] == "vist").map(|row| (row["kode"].clone(), row["atc"].clone())).collect()
    };
    let groups = shown(&root);
    // Of two substances, or the one could be hidden because the other is.
    let one = groups[0].clone();
    let other = groups.iter().find(|(_, substance)| *substance != one.1).unwrap().clone();
    let [first, last] = [&one, &other].map(|(code, _)| code.parse::<i64>().unwrap());
    let mut ids = [BTreeSet::new(), BTreeSet::new()];
    for batch in root.table("linje_klasse") {
        let lines = crate::support::texts(batch.column_by_name("linje_id").unwrap());
        for (id, group) in lines.into_iter().zip(integers(&batch, "byttegruppe")) {
            for (ids, _) in ids.iter_mut().zip([first, last]).filter(|(_, of)| group == Some(*of)) {
                ids.insert(id.clone());
            }
        }
    }
    for (month, ids) in ["2025-11", "2026-10"].iter().zip(&ids) {
        let file = root.landing(&format!("utlevering/utlevering_{month}.csv"));
        let text = std::fs::read_to_string(&file).unwrap();
        let kept = text.lines().filter(|line| !line.split(';').next().is_some_and(|id| ids.contains(id)));
        let version = root.landing(&format!("utlevering/utlevering_{month}_v2.csv"));
        std::fs::write(version, kept.collect::<Vec<_>>().join("\n") + "\n").unwrap();
    }
    root.run();
    let left = shown(&root);
    assert!(!left.contains(&one) && !left.contains(&other) && !left.is_empty());
    let figures = recomputed(&root);
    compare_priorities(&root, figures.areas.as_ref().unwrap());
}
