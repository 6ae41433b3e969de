//! The measures: a strict reading of Prometheus' text format, and figures that agree with the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use speil::run::ExitCode;

use super::{configure, deliver_bad, line};
use crate::support::{AS_OF, Root};

/// Name with its labels, by name → value.
type Samples = BTreeMap<(String, BTreeMap<String, String>), f64>;

/// Reads the format as strictly as Prometheus' own parser and its linter: one HELP and one TYPE before the samples of a
/// family, families not mixed, no sample twice, names and labels of the allowed letters, base units.
fn parse(text: &str) -> Samples {
    assert!(text.ends_with('\n') && !text.contains('\r'));
    let (mut samples, mut seen, mut helped) = (Samples::new(), BTreeSet::new(), None);
    let mut family: Option<String> = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(!help.trim().is_empty() && seen.insert(name.to_owned()), "{line}");
            helped = Some(name.to_owned());
            family = None;
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!((Some(name.to_owned()), kind), (helped.take(), "gauge"), "{line}");
            family = Some(name.to_owned());
        } else {
            let (key, value) = sample(line);
            assert_eq!(Some(&key.0), family.as_ref(), "{line}");
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
            assert!(value.is_finite(), "{line}");
            assert!(samples.insert(key, value).is_none(), "twice: {line}");
        }
    }
    for name in &seen {
        assert!(name.starts_with("speil_") && !name.ends_with("_total"), "{name}");
        for unit in ["_ms", "_milliseconds", "_minutes", "_hours", "_days", "_kb", "_mb", "_percent"] {
            assert!(!name.ends_with(unit), "{name}");
        }
        assert!(samples.keys().any(|(of, _)| of == name), "{name} has no sample");
    }
    samples
}

/// `name{label="value",…} value`.
fn sample(line: &str) -> ((String, BTreeMap<String, String>), &str) {
    let is_name = |name: &str| {
        let mut letters = name.chars();
        letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let end = line.find(['{', ' ']).unwrap();
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, after) = rest.split_once("=\"").unwrap();
            assert!(is_name(label) && !label.starts_with("__"), "{line}");
            let (mut value, mut letters) = (String::new(), after.char_indices());
            let closed = loop {
                match letters.next().unwrap() {
                    (at, '"') => break at,
                    (_, '\\') => match letters.next().unwrap().1 {
                        'n' => value.push('\n'),
                        c @ ('\\' | '"') => value.push(c),
                        other => panic!("\\{other} in {line}"),
                    },
                    (_, c) => value.push(c),
                }
            };
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            rest = &after[closed + 1..];
            match rest.split_at(1) {
                (",", more) => rest = more,
                ("}", more) => {
                    rest = more;
                    break;
                }
                _ => panic!("{line}"),
            }
        }
    }
    ((name.to_owned(), labels), rest.strip_prefix(' ').unwrap())
}

fn value(samples: &Samples, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    samples.get(&(name.to_owned(), labels)).copied()
}

#[test]
fn the_measures_are_well_formed_and_agree_with_the_ledger() {
    let root = Root::tiny();
    let october = root.landing("utlevering/utlevering_2026-10.csv");
    let text = fs::read_to_string(&october).unwrap();
    fs::write(&october, format!("{text}{}\n", text.lines().nth(1).unwrap())).unwrap();
    root.run_to(ExitCode::Done);
    let file = root.path().join("runs/speil.prom");
    let first = parse(&fs::read_to_string(&file).unwrap());
    let at = |name: &str, labels: &[(&str, &str)]| {
        value(&first, name, labels).unwrap_or_else(|| panic!("{name} {labels:?}"))
    };
    assert!(at("speil_last_run_exit_code", &[]).abs() < 0.5);
    let ended = line(&root, "ended");
    assert_eq!(at("speil_last_run_duration_seconds", &[]), ended["seconds"].as_f64().unwrap());
    assert_eq!(at("speil_last_run_peak_memory_bytes", &[]), ended["peak_memory_bytes"].as_f64().unwrap());
    assert_eq!(at("speil_last_run_timestamp_seconds", &[]), at("speil_last_success_timestamp_seconds", &[]));
    for step in ["open", "ingest", "build", "publish", "sweep"] {
        assert_eq!(
            at("speil_last_run_step_duration_seconds", &[("step", step)]),
            line(&root, step)["seconds"].as_f64().unwrap()
        );
    }
    let rows = |outcome| at("speil_last_run_rows", &[("source", "utlevering"), ("outcome", outcome)]);
    assert_eq!(rows("received"), rows("stored") + rows("outside") + rows("quarantined"));
    assert_eq!(rows("quarantined"), 2.0);
    assert_eq!(at("speil_quarantined_rows", &[("source", "utlevering"), ("rule", "noekkel_gjentatt")]), 2.0);
    assert_eq!(at("speil_last_run_deliveries", &[("source", "utlevering"), ("outcome", "taken")]), 14.0);
    assert_eq!(at("speil_product_failed", &[("product", "reservasjon")]), 0.0);
    // Midnight in Oslo on 10 November 2026.
    assert_eq!(AS_OF, "2026-11-10");
    assert_eq!(at("speil_release_as_of_timestamp_seconds", &[]), 1_794_265_200.0);

    deliver_bad(&root);
    root.run_to(ExitCode::Refused);
    let second = parse(&fs::read_to_string(&file).unwrap());
    let at = |name: &str, labels: &[(&str, &str)]| {
        value(&second, name, labels).unwrap_or_else(|| panic!("{name} {labels:?}"))
    };
    assert_eq!(at("speil_last_run_exit_code", &[]), 20.0);
    assert_eq!(
        at("speil_last_success_timestamp_seconds", &[]),
        value(&first, "speil_last_success_timestamp_seconds", &[]).unwrap()
    );
    assert_eq!(at("speil_source_deliveries_refused", &[("source", "utlevering")]), 1.0);
    assert_eq!(at("speil_last_run_rows", &[("source", "utlevering"), ("outcome", "received")]), 0.0);
    assert_eq!(at("speil_last_run_deliveries", &[("source", "utlevering"), ("outcome", "unchanged")]), 14.0);
}

#[test]
fn a_run_that_failed_at_once_is_measured_where_it_is_configured_and_what_is_not_known_has_no_sample() {
    let root = Root::empty();
    configure(&root, "[maaling]\nfil = \"node/speil.prom\"\n[paths]\nqueries = \"queries\"\n");
    fs::create_dir_all(root.path().join("queries/reservasjon")).unwrap();
    fs::write(root.path().join("queries/reservasjon/x.sql"), "nonsense").unwrap();
    assert_eq!(root.output(&["run"]).status.code(), Some(10));
    let samples = parse(&fs::read_to_string(root.path().join("node/speil.prom")).unwrap());
    assert_eq!(value(&samples, "speil_last_run_exit_code", &[]), Some(10.0));
    assert_eq!(value(&samples, "speil_last_success_timestamp_seconds", &[]), None);
    assert_eq!(value(&samples, "speil_release_as_of_timestamp_seconds", &[]), None);
    assert!(!root.path().join("runs/speil.prom").exists());
}
