//! Line classes and `reservasjonsgrad_lege` by a second, slow route that shares no code with the pipeline: the oracle
//! reads the delivered CSV and XML with its own readers. Every line, every correction and every doctor must agree.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use speil::calendar::Month;
use speil::demo;

use crate::oracle::{self, Figures, Limits, compare};
use crate::support::{AS_OF, Root, as_csv, integers, texts};

const HJEMLER: [u32; 5] = [200, 300, 301, 302, 400];
const CLASSES: [&str; 9] = [
    "maskert",
    "ikke_lege",
    "virkestoff",
    "fest_mangler",
    "ukjent_vare",
    "ikke_byttbar",
    "begrenset_bytte",
    "ingen_alternativ",
    "grunnlag",
];

fn recomputed(root: &Root, as_of: &str) -> Figures {
    let limits = Limits::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/intervaller.csv"));
    oracle::compute(&root.path().join("landing"), as_of, &HJEMLER, &limits)
}

/// (date, line id) → class or status, from the lake.
fn outcomes(root: &Root, table: &str, column: &str) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    for batch in root.table(table) {
        let dates = texts(batch.column_by_name("utleveringsdato").unwrap());
        let ids = texts(batch.column_by_name("linje_id").unwrap());
        let outcomes: Vec<String> = if column == "klasse" {
            let classes = integers(&batch, column).into_iter().map(Option::unwrap);
            classes.map(|class| CLASSES[usize::try_from(class).unwrap() - 1].to_owned()).collect()
        } else {
            texts(batch.column_by_name(column).unwrap())
        };
        found.extend(dates.into_iter().zip(ids).zip(outcomes));
    }
    found
}

fn expected(lines: &[oracle::Outcome]) -> BTreeMap<(String, String), String> {
    let key = |line: &oracle::Outcome| (Date::to_string(&line.utleveringsdato), line.linje_id.clone());
    lines.iter().map(|line| (key(line), line.utfall.to_owned())).collect()
}

fn first_differences<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    wanted: &BTreeMap<K, V>,
    found: &BTreeMap<K, V>,
) -> Vec<String> {
    let keys: std::collections::BTreeSet<&K> = wanted.keys().chain(found.keys()).collect();
    let different = keys.into_iter().filter(|key| wanted.get(key) != found.get(key));
    different
        .map(|key| format!("{key:?}: recomputed {:?}, found {:?}", wanted.get(key), found.get(key)))
        .take(10)
        .collect()
}

fn compare_doctors(root: &Root, figures: &Figures) {
    assert!(!figures.doctors.is_empty());
    let published = root.path().join("publisert.csv");
    let text = as_csv(&root.current().join("tabeller/reservasjonsgrad_lege.parquet"));
    std::fs::write(&published, text).unwrap();
    let differences = compare::differences(&figures.doctors, &published);
    assert!(
        differences.is_empty(),
        "{} differences: {:#?}",
        differences.len(),
        &differences[..differences.len().min(10)]
    );
}

fn compare_lines(root: &Root, figures: &Figures) {
    let none: Vec<String> = Vec::new();
    let (lines, corrections) = (expected(&figures.lines), expected(&figures.correction_lines));
    assert!(lines.len() > 1000 && !corrections.is_empty());
    assert_eq!(first_differences(&lines, &outcomes(root, "linje_klasse", "klasse")), none);
    assert_eq!(first_differences(&corrections, &outcomes(root, "korreksjon", "status")), none);
}

#[test]
fn tiny_world_agrees_line_by_line_and_doctor_by_doctor() {
    let root = Root::tiny();
    root.run();
    let figures = recomputed(&root, AS_OF);
    compare_lines(&root, &figures);
    compare_doctors(&root, &figures);
}

#[test]
fn a_window_of_dispensings_and_a_short_history_agree() {
    let root = Root::tiny();
    for as_of in ["2026-09-10", "2026-10-20", "2026-06-10"] {
        root.run_as_of(as_of).unwrap();
        compare_doctors(&root, &recomputed(&root, as_of));
    }
}

#[test]
fn generated_deliveries_agree() {
    let root = Root::bare();
    let until: Month = "2026-10".parse().unwrap();
    let settings = demo::Settings { doctors: 120, months: 13, until, seed: 7 };
    demo::generate(root.path(), &settings, &|_, _, _| {}).unwrap();
    root.run();
    let figures = recomputed(&root, AS_OF);
    compare_lines(&root, &figures);
    compare_doctors(&root, &figures);
}
