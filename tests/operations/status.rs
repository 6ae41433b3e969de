//! `speil status`, and the page of how things stand.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use speil::run::ExitCode;

use super::{BAD, deliver_bad};
use crate::support::{AS_OF, Root};

fn status(root: &Root, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_speil"));
    command.arg("status").args(arguments).arg("--config").arg(root.path().join("speil.toml")).output().unwrap()
}

pub(super) fn json(root: &Root) -> Value {
    let output = status(root, &["--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn words(root: &Root) -> String {
    let output = status(root, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn page(root: &Root) -> String {
    fs::read_to_string(root.path().join("runs/status.html")).unwrap()
}

#[test]
fn before_the_first_run_nothing_is_there_and_that_is_said() {
    let root = Root::empty();
    let status = json(&root);
    assert_eq!((&status["format"], &status["under_way"]), (&1.into(), &"nei".into()));
    assert_eq!((&status["runs"], &status["release"]), (&serde_json::json!([]), &Value::Null));
    assert_eq!(status["sources"]["utlevering"]["level"], "mangler");
    assert_eq!(status["products"]["reservasjon"]["as_of"], Value::Null);
    assert!(words(&root).contains("none yet") && words(&root).contains("nothing is published yet"));
    assert!(!root.path().join("runs").exists(), "status changes nothing");
}

#[test]
fn what_was_refused_and_what_failed_is_told_since_when_and_the_exit_code_is_0() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let good = json(&root);
    assert_eq!(good["release"]["as_of"], AS_OF);
    assert_eq!(good["products"]["reservasjon"]["failed_since"], Value::Null);
    let source = &good["sources"]["utlevering"];
    assert_eq!((&source["level"], &source["deliveries"]), (&"i_bruk".into(), &14.into()));
    assert_eq!(source["last"]["period"], "2026-10");
    assert_eq!(source["last"]["taken"], good["runs"][0]["started"]);
    assert_eq!(good["last_success"], good["runs"][0]["ended"]);
    assert_eq!(good["sources"]["lege"]["last"]["period"].as_str().map(str::len), Some(10));

    // A file that is refused night after night, and a month that is missing.
    deliver_bad(&root);
    let october = fs::read_to_string(root.landing("utlevering/utlevering_2026-10.csv")).unwrap();
    fs::write(root.landing("utlevering/utlevering_2026-12.csv"), october.replace(";2026-10-", ";2026-12-")).unwrap();
    let nights: Vec<Value> = (0..2)
        .map(|_| {
            assert_eq!(root.run_as_of("2027-01-05").unwrap().code, ExitCode::CheckFailed);
            json(&root)
        })
        .collect();
    let since = nights[0]["runs"][0]["started"].clone();
    assert_ne!(nights[1]["runs"][0]["started"], since);
    for night in &nights {
        let product = &night["products"]["reservasjon"];
        assert_eq!((&product["failed_since"], &product["as_of"]), (&since, &AS_OF.into()));
        assert!(product["error"].to_string().contains("hull_mellom_maaneder"), "{product}");
        let refused = &night["sources"]["utlevering"]["refused"];
        assert_eq!((refused.as_array().unwrap().len(), &refused[0]["since"]), (1, &since));
        assert_eq!(night["last_success"], good["last_success"]);
        assert_eq!((&night["runs"][0]["exit"], &night["runs"][0]["code"]), (&30.into(), &"CheckFailed".into()));
    }
    let told = words(&root);
    for part in ["ended with 30", "mend what the error names", "refused since", "utlevering_2026-11.csv", "fails since"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    let shown = page(&root);
    for part in
        ["En kontroll slo ut", "utlevering_2026-11.csv", "feiler siden", "hull_mellom_maaneder", "10. november 2026"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }

    fs::remove_file(root.landing(BAD)).unwrap();
    fs::remove_file(root.landing("utlevering/utlevering_2026-12.csv")).unwrap();
    fs::remove_file(root.path().join("state.json")).unwrap();
    root.run_to(ExitCode::Done);
    let mended = json(&root);
    assert_eq!(mended["products"]["reservasjon"]["failed_since"], Value::Null);
    assert_eq!(mended["sources"]["utlevering"]["refused"], serde_json::json!([]));
    assert!(page(&root).contains("Vellykket") && !page(&root).contains("feiler siden"));
}

#[test]
fn quarantine_is_told_by_delivery_and_rule_as_long_as_the_delivery_is_in_force() {
    let root = Root::tiny();
    let october = root.landing("utlevering/utlevering_2026-10.csv");
    let text = fs::read_to_string(&october).unwrap();
    let first = text.lines().nth(1).unwrap();
    fs::write(&october, format!("{text}{first}\n")).unwrap();
    root.run_to(ExitCode::Done);
    root.run_to(ExitCode::Done);
    let source = &json(&root)["sources"]["utlevering"];
    assert_eq!(source["quarantined"]["noekkel_gjentatt"], 2);
    assert_eq!(source["quarantine"][0]["file"], "utlevering_2026-10.csv");
    assert_eq!(source["quarantine"][0]["rules"]["noekkel_gjentatt"], 2);
    assert!(words(&root).contains("in quarantine: noekkel_gjentatt 2"));
    assert!(page(&root).contains("<code>noekkel_gjentatt</code></td><td class=\"n\">2</td>"), "{}", page(&root));
    fs::write(root.landing("utlevering/utlevering_2026-10_v2.csv"), text).unwrap();
    root.run_to(ExitCode::Done);
    assert_eq!(json(&root)["sources"]["utlevering"]["quarantined"], serde_json::json!({}));
    assert!(!page(&root).contains("noekkel_gjentatt"));
}

/// A run that stands still until it is ended.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_run_that_is_under_way_and_one_that_was_killed_are_told_apart() {
    let root = Root::tiny();
    let mut run = Stopped(root.command(&["run"]).stdout(Stdio::null()).spawn().unwrap());
    while !root.path().join("lake").exists() {
        assert!(run.0.try_wait().unwrap().is_none(), "the run ended");
        std::thread::sleep(Duration::from_millis(1));
    }
    let stopped = Command::new("kill").args(["-STOP", &run.0.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    let under_way = json(&root);
    assert_eq!((&under_way["under_way"], &under_way["runs"][0]["state"]), (&"ja".into(), &"under_way".into()));
    assert!(words(&root).contains("a run is under way") && words(&root).contains("wait until it has ended"));
    run.0.kill().unwrap();
    run.0.wait().unwrap();
    let killed = json(&root);
    assert_eq!((&killed["under_way"], &killed["runs"][0]["state"]), (&"nei".into(), &"killed".into()));
    assert_eq!(killed["runs"][0]["exit"], Value::Null);
    assert!(words(&root).contains("was killed") && words(&root).contains("nothing is lost"));
    // Afterwards it is told among the earlier ones.
    root.run_to(ExitCode::Done);
    let after = json(&root);
    assert_eq!((&after["runs"][0]["state"], &after["runs"][1]["state"]), (&"ended".into(), &"killed".into()));
    assert!(page(&root).contains("Avbrutt"));
}

#[test]
fn damaged_files_are_told_and_the_rest_is_still_said() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    fs::write(root.path().join("state.json"), "{").unwrap();
    fs::write(root.path().join("runs/2020-01.jsonl"), [0xff, 0xfe, b'\n', b'{']).unwrap();
    let status = json(&root);
    assert_eq!(status["damaged"].as_array().unwrap().len(), 3, "{}", status["damaged"]);
    assert_eq!(status["release"]["as_of"], AS_OF);
    assert!(words(&root).contains("Passed over: 2020-01.jsonl:1: "));
    // Nothing can be said when the ledger's folder cannot be read at all.
    fs::remove_dir_all(root.path().join("runs")).unwrap();
    fs::write(root.path().join("runs"), "").unwrap();
    assert_eq!(super::status::status(&root, &[]).status.code(), Some(75));
}

#[test]
fn the_page_works_from_disk_and_is_served_beside_the_release_and_the_ledger_is_not() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let html = page(&root);
    let style =
        html.split("href=\"").map(|rest| rest.split('"').next().unwrap()).find(|to| to.ends_with(".css")).unwrap();
    assert!(root.path().join("runs").join(style).is_file(), "{style}");
    assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("<script"), "{html}");
    assert!(speil::publish::verify(&root.current()).unwrap().is_empty());

    let mut command = Command::new(env!("CARGO_BIN_EXE_speil"));
    command.args(["serve", "--port", "0", "--config"]).arg(root.path().join("speil.toml"));
    let mut served = Stopped(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut first = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(served.0.stdout.as_mut().unwrap()), &mut first).unwrap();
    let address = first.split("http://").nth(1).unwrap().trim().trim_end_matches('/').to_owned();
    let ask = |path: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(ask("/drift/").ends_with(&html));
    assert!(ask(&format!("/drift/{style}")).contains("Content-Type: text/css"));
    assert!(ask("/drift").contains("Location: /drift/\r\n"));
    assert!(ask("/").contains("href=\"/drift/\""));
    let month = format!("{}.jsonl", &json(&root)["runs"][0]["started"].as_str().unwrap()[..7]);
    assert!(root.path().join("runs").join(&month).is_file());
    for path in [&format!("/drift/{month}"), "/drift/speil.prom", "/drift/assets/", "/drift/assets/..%2fspeil.prom"] {
        assert!(ask(path).starts_with("HTTP/1.1 404"), "{path}");
    }
}

#[test]
fn a_site_that_is_broken_does_not_hide_how_things_stand() {
    let root = Root::empty();
    let site = root.path().join("site");
    let repository = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("site");
    for file in speil::disk::files_below(&repository).unwrap() {
        fs::create_dir_all(site.join(file.parent().unwrap())).unwrap();
        fs::copy(repository.join(&file), site.join(&file)).unwrap();
    }
    super::configure(&root, "[paths]\nsite = \"site\"\n");
    fs::write(site.join("templates/drift.html"), "{{ text(\"nei\") }}").unwrap();
    let output = root.output(&["run"]);
    assert_eq!(output.status.code(), Some(10), "{output:?}");
    assert!(page(&root).contains("Feil i oppsettet") && page(&root).contains("there is no text"), "{}", page(&root));
}
