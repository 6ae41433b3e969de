//! What those who look after the pipeline get to know: the ledger, `speil status`, the status page, metrics and hooks.

mod hooks;
mod metrics;
mod status;

use std::fs;

use serde_json::Value;
use speil::run::ExitCode;

use crate::support::{AS_OF, Root, ledger};

/// A delivery that is refused.
const BAD: &str = "utlevering/utlevering_2026-11.csv";

fn deliver_bad(root: &Root) {
    fs::create_dir_all(root.landing("utlevering")).unwrap();
    fs::write(root.landing(BAD), "ikke;en;leveranse\n1;2;3\n").unwrap();
}

fn configure(root: &Root, text: &str) {
    let file = root.path().join("speil.toml");
    let before = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{before}\n{text}")).unwrap();
}

/// The last run's line of an event; of a step by its name.
fn line(root: &Root, event: &str) -> Value {
    let is = |line: &&Value| line["event"] == event || line["step"] == event;
    ledger(root.path()).iter().rfind(is).cloned().unwrap_or_else(|| panic!("there is no line {event}"))
}

#[test]
fn the_ledger_tells_what_each_step_was_given_did_and_cost() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let lines = ledger(root.path());
    let steps: Vec<&str> = lines.iter().map(|line| line["step"].as_str().or(line["event"].as_str()).unwrap()).collect();
    assert_eq!(steps, ["started", "open", "fetch", "ingest", "build", "check", "publish", "sweep", "ended"]);
    let run = lines[0]["run"].as_str().unwrap();
    assert!(lines.iter().all(|line| line["run"] == run && line["format"] == 1), "{lines:?}");
    let month = run[..6].to_owned();
    let file = format!("runs/{}-{}.jsonl", &month[..4], &month[4..]);
    assert!(root.path().join(&file).is_file(), "{file}");

    let started = &lines[0];
    assert_eq!((&started["command"], &started["as_of"]), (&"run".into(), &format!("{AS_OF}T23:59:00").into()));
    assert_eq!(started["steps"], serde_json::json!(["fetch", "ingest", "build", "publish"]));
    assert_eq!(started["program"], env!("CARGO_PKG_VERSION"));
    assert!(started["settings"]["engine"]["memory_mib"].is_u64(), "{started}");
    let thresholds = &started["settings"]["thresholds"];
    let (reservasjon, too) = (&thresholds["reservasjon"]["stratum_linjer"], &thresholds["too"]["minste_n_median"]);
    assert!(reservasjon.is_i64() && too.is_i64(), "{started}");
    assert_eq!(started["settings"]["hjemler"]["reservasjon"], serde_json::json!([200, 300, 301, 302, 400]));
    assert_eq!(line(&root, "open")["sql"].as_str().unwrap().len(), 64);

    let ingest = line(&root, "ingest");
    let taken = ingest["taken"].as_array().unwrap();
    let october = taken.iter().find(|taken| taken["file"] == "utlevering_2026-10.csv").unwrap();
    let delivered = root.landing("utlevering/utlevering_2026-10.csv");
    assert_eq!(october["sha256"], speil::disk::sha256_of_file(&delivered).unwrap().as_str());
    let rows = fs::read_to_string(&delivered).unwrap().lines().count() - 1;
    let sum = |by_rule: &Value| by_rule.as_object().map_or(0, |all| all.values().map(|n| n.as_u64().unwrap()).sum());
    let parts = october["stored"].as_u64().unwrap() + sum(&october["outside"]) + sum(&october["quarantined"]);
    assert_eq!((october["received"].as_u64().unwrap(), parts), (rows as u64, rows as u64), "{october}");
    assert_eq!((&october["source"], &october["partition"]), (&"utlevering".into(), &"2026-10".into()));

    let build = line(&root, "build");
    let model = build["ran"].as_array().unwrap().iter().find(|ran| ran["model"] == "reservasjonsgrad_lege").unwrap();
    let made: usize = root.table("reservasjonsgrad_lege").iter().map(arrow::array::RecordBatch::num_rows).sum();
    assert_eq!(model["rows_out"].as_u64().unwrap(), made as u64);
    assert!(model["rows_in"].as_u64().unwrap() > 0 && model["seconds"].is_f64(), "{model}");
    let sql = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/queries/reservasjon/reservasjonsgrad_lege.sql")).unwrap();
    assert_eq!(model["sql"], speil::disk::sha256(&sql).as_str());
    assert_eq!(line(&root, "publish")["release"], root.manifest().release.as_str());
    let ended = line(&root, "ended");
    assert_eq!((&ended["exit"], &ended["shown"]), (&0.into(), &root.manifest().release.as_str().into()));
    assert!(ended["peak_memory_bytes"].as_u64().unwrap() > 1 << 20, "{ended}");

    // A night with nothing new: what there was is counted, and nothing is run.
    root.run_to(ExitCode::Done);
    let ingest = line(&root, "ingest");
    assert!(ingest.get("taken").is_none(), "{ingest}");
    assert_eq!(ingest["n_unchanged"]["utlevering"], 14);
    assert!(ingest.to_string().len() < 1000, "{ingest}");
    let build = line(&root, "build");
    assert!(build.get("ran").is_none() && build["up_to_date"].as_u64().unwrap() > 20, "{build}");
    assert_eq!(line(&root, "publish")["new"], false);
    assert_ne!(line(&root, "ended")["run"], run);
}

#[test]
fn a_refusal_and_a_failure_are_in_the_ledger_with_their_causes() {
    let root = Root::tiny();
    fs::remove_file(root.landing("utlevering/utlevering_2026-03.csv")).unwrap();
    deliver_bad(&root);
    root.run_to(ExitCode::CheckFailed);
    let refused = line(&root, "ingest")["refused"][0].clone();
    let sha256 = speil::disk::sha256_of_file(&root.landing(BAD)).unwrap();
    assert_eq!((&refused["file"], &refused["sha256"]), (&"utlevering_2026-11.csv".into(), &sha256.into()));
    assert!(refused["reason"].as_str().unwrap().contains("write a header row first"), "{refused}");
    let ended = line(&root, "ended");
    assert_eq!((&ended["exit"], &ended["refused"][0]), (&30.into(), &"utlevering_2026-11.csv".into()));
    assert!(ended["failed"]["reservasjon"].to_string().contains("hull_mellom_maaneder"), "{ended}");

    // A run that ends before its time: the step where it did, and the causes one by one.
    fs::write(root.path().join("state.json"), "{").unwrap();
    assert_eq!(root.output(&["run"]).status.code(), Some(30));
    let open = line(&root, "open");
    assert_eq!(open["exit"], 30);
    let causes = open["error"].as_array().unwrap();
    assert!(causes.len() > 1 && causes[0].as_str().unwrap().contains("is damaged; remove it"), "{causes:?}");
    assert_eq!(line(&root, "ended")["error"], open["error"]);
}

#[test]
fn a_line_that_was_cut_short_is_passed_over_and_swallows_no_other() {
    let root = Root::empty();
    let code = root.run().code;
    let file = fs::read_dir(root.path().join("runs")).unwrap().map(|entry| entry.unwrap().path());
    let file = file.filter(|path| path.extension().is_some_and(|kind| kind == "jsonl")).max().unwrap();
    let torn = fs::read_to_string(&file).unwrap() + "{\"format\":1,\"run\":\"2026";
    fs::write(&file, torn).unwrap();
    root.run_to(code);
    let status = status::json(&root);
    assert_eq!(status["runs"].as_array().unwrap().len(), 2);
    assert!(status["runs"].as_array().unwrap().iter().all(|run| run["state"] == "ended"), "{status}");
    let damaged = status["damaged"].as_array().unwrap();
    assert!(damaged.len() == 1 && damaged[0].as_str().unwrap().ends_with("is cut short or no JSON"), "{damaged:?}");
}

#[test]
fn a_run_that_cannot_be_recorded_is_not_begun_and_somebody_is_told() {
    let root = Root::tiny();
    configure(&root, "[varsling]\nkommando = [\"sh\", \"-c\", \"cat > varsel.txt\"]\n");
    fs::write(root.path().join("runs"), "").unwrap();
    let output = root.output(&["run"]);
    assert_eq!(output.status.code(), Some(75), "{output:?}");
    assert!(!root.path().join("lake").exists());
    let told: Value = serde_json::from_slice(&fs::read(root.path().join("varsel.txt")).unwrap()).unwrap();
    assert_eq!((&told["event"], &told["exit"]), (&"failure".into(), &75.into()));
}
