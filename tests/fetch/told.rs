//! Everybody is told what was not fetched: the ledger, who looks after the pipeline, `status` in words, as JSON and as a
//! page, and the measures; and that it is well again.

use std::fs;

use serde_json::Value;
use speil::run::{ExitCode, Status};

use super::served;
use super::server::{file, status};
use crate::support::{Root, ledger};

fn json(root: &Root) -> Value {
    serde_json::to_value(Status::read(&root.config()).unwrap()).unwrap()
}

fn page(root: &Root) -> String {
    fs::read_to_string(root.path().join("runs/status.html")).unwrap()
}

fn measured(root: &Root) -> bool {
    let measures = fs::read_to_string(root.path().join("runs/speil.prom")).unwrap();
    let has = |n: u32| measures.contains(&format!("speil_source_not_fetched{{source=\"lege\"}} {n}\n"));
    assert_ne!(has(0), has(1), "{measures}");
    has(1)
}

#[test]
fn a_source_that_was_not_fetched_is_named_everywhere_until_it_is() {
    let (root, server, lege) = served();
    let path = root.path().join("speil.toml");
    let hook = "[varsling]\nkommando = [\"sh\", \"-c\", \"cat > varsel.txt\"]\n";
    fs::write(&path, fs::read_to_string(&path).unwrap() + hook).unwrap();
    root.run_to(ExitCode::Done);
    assert_eq!((json(&root)["sources"]["lege"]["level"].as_str(), measured(&root)), (Some("i_bruk"), false));
    assert!(!page(&root).contains("Ikke hentet"));

    server.always(status("500 Internal Server Error", &[]));
    root.run_to(ExitCode::TryAgain);
    let since = json(&root)["runs"][0]["started"].clone();
    root.run_to(ExitCode::TryAgain);
    let last = |event: &str| {
        let lines = ledger(root.path());
        lines.into_iter().rfind(|line| line["event"] == event || line["step"] == event).unwrap()
    };
    let address = server.url(super::LEGE);
    assert_eq!((&last("fetch")["exit"], &last("fetch")["code"]), (&75.into(), &"TryAgain".into()));
    // The port is a number of five digits.
    let why = last("ended")["not_fetched"]["lege"][&address].clone();
    assert!(why.as_str().unwrap().starts_with("the server answers 500"), "{}", last("ended"));
    let message: Value = serde_json::from_slice(&fs::read(root.path().join("varsel.txt")).unwrap()).unwrap();
    assert_eq!((&message["not_fetched"], &message["exit"]), (&serde_json::json!(["lege"]), &75.into()));

    let told = json(&root);
    assert_eq!(told["runs"][0]["not_fetched"]["lege"][&address], why);
    let source = &told["sources"]["lege"];
    assert_eq!(source["level"], "ikke_hentet");
    assert_eq!(source["not_fetched"], serde_json::json!([{"what": address, "since": since, "reason": why}]));
    let words = speil::inspect::in_words(&Status::read(&root.config()).unwrap());
    assert!(
        words.contains("not fetched since ") && words.contains(&format!("{address}: the server answers")),
        "{words}"
    );
    let shown = page(&root);
    for part in ["Ikke hentet</h2>", "ikke hentet</td>", "the server answers 500", super::LEGE] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(measured(&root));

    server.now(move |_, _| file(&lege, &[]));
    root.run_to(ExitCode::Done);
    assert_eq!(json(&root)["sources"]["lege"]["not_fetched"], serde_json::json!([]));
    assert!(!measured(&root) && !page(&root).contains("Ikke hentet"));
    let message: Value = serde_json::from_slice(&fs::read(root.path().join("varsel.txt")).unwrap()).unwrap();
    assert_eq!((&message["event"], &message["not_fetched"]), (&"recovery".into(), &serde_json::json!([])));
}
