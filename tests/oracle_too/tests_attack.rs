//! The attack on all public tables together finds what is planted, and nothing where nothing follows.

use super::bounds::Bounds;
use super::cells::{Cells, cell};
use super::public_tables::TABLES;
use super::reduced::Reduced;
use super::together::attack;

#[test]
fn a_sum_of_hidden_counts_follows_where_its_parts_do_not() {
    // 0 + 1 = 2 + 3 + known, 3 = 4: 0 + 1 − 2 − 4 follows, none of them alone.
    let reduced = Reduced::of([vec![(0, 1), (1, 1), (2, -1), (3, -1)], vec![(3, 1), (4, -1)]]);
    assert!(reduced.determines(&[(0, 1), (1, 1), (2, -1), (4, -1)]));
    assert!(!reduced.determines(&[(0, 1), (1, 1)]) && !reduced.determines(&[(3, 1)]));
    assert!(reduced.alone().is_empty());
    // With two more sums of the same, all is known but for what stands in one sum.
    let reduced =
        Reduced::of([vec![(0, 1), (1, 1), (2, -1)], vec![(0, 1), (1, -1)], vec![(0, 1), (1, 2)], vec![(5, 1), (6, 1)]]);
    let mut alone = reduced.alone();
    alone.sort_unstable();
    assert_eq!(alone, [0, 1, 2]);
}

#[test]
fn bounds_narrow_by_what_is_not_below_zero_and_by_what_holds_what() {
    // 12 = 0 + 1 + 2; 1 is 8 to 9; 0 holds 3, which is at least 2.
    let mut bounds = Bounds::start(5, |at| (at == 4).then_some(12), |_| false);
    bounds.between(1, (8, 9));
    bounds.between(3, (2, 100));
    bounds.narrow(&[vec![(0, 1), (1, 1), (2, 1), (4, -1)]], &[(0, 3)]);
    assert_eq!(bounds.0[..4], [(2, 4), (8, 9), (0, 2), (2, 4)]);
}

/// A world of two regions with two counties each, in which as many were referred in 2025 as are told of; what is in `hidden`
/// is not shown.
fn world(counts: &[(&str, i64)], hidden: &[&str]) -> Cells {
    let mut cells = Cells::default();
    let counties = ["03", "34", "11", "46", "99"].map(str::to_owned);
    cells.counties.insert("2025".to_owned(), counties.into_iter().collect());
    cells.told_of.insert("dekning ferdigbehandlet".to_owned());
    for (area, count) in counts {
        let name = cell("dekning ferdigbehandlet", area, "2025");
        cells.truth.insert(name.clone(), *count);
        if *area != "99" && !hidden.contains(area) {
            cells.shown.insert(name);
        }
    }
    cells
}

const COUNTS: [(&str, i64); 8] = [
    ("03", 3),
    ("34", 20),
    ("11", 20),
    ("46", 30),
    ("region_sorost", 23),
    ("region_vest", 50),
    ("landet", 73),
    ("99", 0),
];

#[test]
fn a_small_county_follows_from_its_region_and_its_neighbour_or_from_the_nation() {
    let leaks = attack(&world(&COUNTS, &["03", "34"]), &[]).leaks;
    assert!(leaks.is_empty(), "{leaks:?}");
    let follows = ["dekning ferdigbehandlet|03|2025 follows, and is 3"];
    assert_eq!(attack(&world(&COUNTS, &["03"]), &[]).leaks, follows);
    assert_eq!(attack(&world(&COUNTS, &["03", "region_sorost"]), &[]).leaks.len(), 0);
    let shown = ["dekning ferdigbehandlet|03|2025 is shown, and is 3"];
    assert_eq!(attack(&world(&COUNTS, &[]), &[]).leaks, shown);
}

#[test]
fn what_was_public_before_is_known_unless_it_is_no_longer_so() {
    let now = world(&COUNTS, &["03", "34"]);
    let mut before = world(&COUNTS, &["03"]);
    assert_eq!(attack(&now, &[&before]).leaks, ["dekning ferdigbehandlet|03|2025 follows, and is 3"]);
    before.truth.insert(cell("dekning ferdigbehandlet", "34", "2025"), 21);
    assert!(attack(&now, &[&before]).leaks.is_empty());
}

#[test]
fn what_a_part_leaves_of_its_whole_is_a_count_too() {
    let of = |part: i64| {
        let mut cells = world(&COUNTS, &["03", "34"]);
        for (area, count) in [("11", part), ("46", 30), ("landet", part + 30)] {
            let name = cell("maalgruppe odontofobi ferdigbehandlet_med", area, "2025");
            cells.truth.insert(name.clone(), count);
            cells.shown.insert(name);
        }
        attack(&cells, &[]).leaks
    };
    assert_eq!(of(15).len(), 1, "46's 30 are all: {:?}", of(15));
    let leaks = of(17);
    assert!(
        leaks.iter().any(|leak| leak.starts_with("dekning ferdigbehandlet|11|2025 less ") && leak.ends_with("is 3"))
    );
}

/// Read by the attack beside the tables of plain counts; of courses that nothing else counts, by `payers`; of nobody.
const OTHERS: [&str; 8] = [
    "too_ventetid_offentlig",
    "too_trakt_offentlig",
    "too_ventekurve_offentlig",
    "too_maaloppnaaelse_offentlig",
    "too_prioritering_offentlig",
    "too_finansiering_offentlig",
    "too_fylke",
    "too_fylke_over_tid",
];

#[test]
fn no_public_table_is_left_out() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("queries/too");
    let mut n = 0;
    for file in speil::disk::files_below(&folder).unwrap() {
        let name = file.to_string_lossy().into_owned();
        let Some(name) = name.strip_suffix(".sql") else { continue };
        let text = std::fs::read_to_string(folder.join(&file)).unwrap();
        if text.contains("audience = \"offentlig\"") {
            let is_plain = TABLES.iter().any(|table| format!("{}_offentlig", table.name) == name);
            assert!(is_plain || OTHERS.contains(&name), "{name} is public and nobody attacks it");
            n += 1;
        }
    }
    assert_eq!(n, TABLES.len() + OTHERS.len());
}
