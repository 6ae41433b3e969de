//! Hooks, against a server on this machine and a script: who is told when, and that a hook that fails changes nothing.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use speil::run::ExitCode;

use super::{BAD, configure, deliver_bad, line};
use crate::support::{Root, ledger};

/// A server that answers each request with the next status, the last one for ever after; with 0 it says nothing.
fn server(statuses: &[u16]) -> (String, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/varsel", listener.local_addr().unwrap());
    let (sender, received) = channel();
    let statuses = statuses.to_vec();
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for (at, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head).unwrap() == 0 {
                    break;
                }
            }
            let length = head.to_lowercase().split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse();
            let mut body = vec![0; length.unwrap()];
            reader.read_exact(&mut body).unwrap();
            if sender.send((head, String::from_utf8(body).unwrap())).is_err() {
                return;
            }
            match statuses[at.min(statuses.len() - 1)] {
                0 => silent.push(stream),
                status => {
                    let _ = write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                }
            }
        }
    });
    (address, received)
}

fn told(root: &Root) -> Vec<Value> {
    ledger(root.path()).into_iter().filter(|line| line["event"] == "told").collect()
}

#[test]
fn each_failing_night_and_the_first_good_one_are_told_of_and_no_other() {
    let root = Root::tiny();
    let (address, received) = server(&[200]);
    fs::write(root.path().join("token"), "hemmelig-token\n").unwrap();
    configure(
        &root,
        &format!(
            "[varsling]\nwebhook = \"{address}\"\ntoken_fil = \"token\"\n\
             kommando = [\"sh\", \"-c\", \"cat >> varsel.txt; echo >> varsel.txt\"]\n"
        ),
    );
    let script = || fs::read_to_string(root.path().join("varsel.txt")).unwrap_or_default();
    let mut calls = 0;
    let mut night = |code: ExitCode, event: Option<&str>| -> Option<Value> {
        root.run_to(code);
        let message = received.try_recv().ok();
        assert_eq!(message.is_some(), event.is_some(), "{code:?}");
        assert!(received.try_recv().is_err(), "told once");
        calls += usize::from(event.is_some());
        assert_eq!(script().lines().count(), calls);
        let (head, body) = message?;
        assert!(head.starts_with("POST /varsel HTTP/1.1\r\n"), "{head}");
        let head = head.to_lowercase();
        assert!(
            head.contains("content-type: application/json") && head.contains("authorization: bearer hemmelig-token")
        );
        assert_eq!(script().lines().last(), Some(body.as_str()));
        let message: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(message["event"].as_str(), event);
        assert_eq!(message["run"], line(&root, "ended")["run"]);
        Some(message)
    };
    night(ExitCode::Done, None);
    deliver_bad(&root);
    let first = night(ExitCode::Refused, Some("failure")).unwrap();
    assert_eq!((&first["format"], &first["code"], &first["exit"]), (&1.into(), &"Refused".into(), &20.into()));
    assert_eq!(first["deliveries_refused"], serde_json::json!(["utlevering_2026-11.csv"]));
    assert_eq!((&first["products_failed"], &first["as_of"]), (&serde_json::json!([]), &"2026-11-10T23:59:00".into()));
    assert_eq!(first["release"], root.manifest().release.as_str());
    assert!(first["sentence"].as_str().unwrap().contains("deliver again"), "{first}");
    night(ExitCode::Refused, Some("failure"));
    fs::remove_file(root.landing(BAD)).unwrap();
    let well = night(ExitCode::Done, Some("recovery")).unwrap();
    assert_eq!((&well["exit"], &well["deliveries_refused"]), (&0.into(), &serde_json::json!([])));
    night(ExitCode::Done, None);
    let told = told(&root);
    assert_eq!(told.len(), 6);
    assert!(told.iter().all(|told| told["done"] == true && told["tries"] == 1), "{told:?}");
    assert!(!fs::read_to_string(root.path().join("runs/status.html")).unwrap().contains("hemmelig-token"));
}

#[test]
fn a_hook_that_fails_is_a_warning_and_the_run_ends_with_its_own_code() {
    let root = Root::empty();
    deliver_bad(&root);
    let code = root.run().code;
    assert_ne!(code, ExitCode::Done);
    let configuration = fs::read_to_string(root.path().join("speil.toml")).unwrap();
    let (busy, _keep_busy) = server(&[500]);
    let (silent, _keep_silent) = server(&[0]);
    let (moved, _keep_moved) = server(&[302]);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (setting, tries, why) in [
        (format!("webhook = \"{busy}\""), 3, "the webhook answered 500"),
        (format!("webhook = \"{silent}\""), 3, "the webhook did not answer within 1 s"),
        (format!("webhook = \"{moved}\""), 1, "the webhook answered 302"),
        (format!("webhook = \"http://{nobody}/hemmelig\""), 3, "calling the webhook"),
        (format!("webhook = \"{busy}\"\ntoken_fil = \"borte\""), 0, "borte"),
        ("kommando = [\"/no/such/program\"]".to_owned(), 1, "starting /no/such/program"),
        ("kommando = [\"sleep\", \"600\"]".to_owned(), 1, "had not ended after 1 s"),
        ("kommando = [\"false\"]".to_owned(), 1, "false ended with exit status: 1"),
    ] {
        let text = format!("{configuration}\n[varsling]\ntidsfrist_sekunder = 1\n{setting}\n");
        fs::write(root.path().join("speil.toml"), text).unwrap();
        let output = root.output(&["run"]);
        assert_eq!(output.status.code(), Some(code as i32), "{setting}");
        let warned = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(warned.contains("nobody was told of the failure") && warned.contains(why), "{setting}: {warned}");
        assert!(!warned.contains("hemmelig"), "an address may hold a secret: {warned}");
        let told = told(&root).pop().unwrap();
        assert_eq!((&told["done"], &told["tries"]), (&false.into(), &tries.into()), "{setting}: {told}");
        assert!(told["error"].to_string().contains(why), "{told}");
        assert_eq!(line(&root, "ended")["run"], told["run"]);
        let read = |file: &str| fs::read_to_string(root.path().join("runs").join(file)).unwrap();
        let hook = setting.split(' ').next().unwrap();
        assert!(read("status.html").contains(&format!("Varselet om denne kjøringen kom ikke fram ({hook}).")));
        assert!(read("speil.prom").contains(&format!("speil_last_run_hook_failed{{hook=\"{hook}\"}} 1\n")));
    }
}

#[test]
fn a_webhook_that_is_busy_at_first_is_tried_again() {
    let root = Root::empty();
    let (address, received) = server(&[503, 200]);
    configure(&root, &format!("[varsling]\nwebhook = \"{address}\"\n"));
    assert_ne!(root.run().code, ExitCode::Done);
    let told = told(&root).pop().unwrap();
    assert_eq!((&told["done"], &told["tries"]), (&true.into(), &2.into()));
    let messages: Vec<String> = (0..2).map(|_| received.recv_timeout(Duration::from_secs(5)).unwrap().1).collect();
    assert_eq!(messages[0], messages[1]);
}

#[test]
fn check_tells_what_would_keep_hooks_and_measures_from_working() {
    let root = Root::empty();
    let configuration = fs::read_to_string(root.path().join("speil.toml")).unwrap();
    let check = |text: &str| {
        fs::write(root.path().join("speil.toml"), format!("{configuration}\n{text}\n")).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_speil"));
        let output = command.arg("check").arg("--config").arg(root.path().join("speil.toml")).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let line = configuration.lines().count() + 1;
    assert_eq!(check("[varsling]\nkommando = [\"true\"]\n[maaling]\nfil = \"maal/speil.prom\"").0, Some(0));
    for (text, at, why) in [
        ("[varsling]\nkommando = [\"/no/such/program\"]", 2, "is no program that can be run"),
        ("[varsling]\nwebhook = \"https://a.no\"\ntoken_fil = \"/no/such/token\"", 3, "reading /no/such/token"),
        ("[varsling]\nwebhok = \"https://a.no\"", 2, "the nearest known one is `webhook`"),
        ("[varsling]\nwebhook = \"http://a.no\"", 2, "must begin with https://"),
        ("[maaling]\nfil = \".\"", 2, "is a folder; name a file"),
    ] {
        let (code, told) = check(text);
        assert_eq!(code, Some(10), "{text}: {told}");
        assert!(
            told.contains(why) && told.contains(&format!("speil.toml:{}: ", line + at)),
            "{line}+{at} {text}: {told}"
        );
    }
}
