//! Who waits for whom: no source for another, and all of fetching no longer than it may.

use std::fs;
use std::sync::mpsc::channel;

use speil::fetch::Fetched;
use speil::run::{ExitCode, Outcome};

use super::server::{Reply, Server, file, response};
use super::{LEGE, SHORT, ingest, served};
use crate::support::Root;

#[test]
fn a_slow_server_keeps_no_other_source_waiting() {
    let (root, slow, lege) = served();
    let folder = root.landing("fest");
    let last = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
    let (name, fest) = (last.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&last).unwrap());
    fs::remove_dir_all(folder).unwrap();
    let (asked, other_is_asked) = channel();
    // One answers only when the other has been asked.
    slow.now(move |_, _| {
        let _ = other_is_asked.recv();
        file(&lege, &[])
    });
    let quick = Server::start(move |_, _| {
        let _ = asked.send(());
        file(&fest, &[])
    });
    let path = root.path().join("speil.toml");
    let url = format!("url = \"{}\"", quick.url(&name));
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("url = \"landing/fest/fest_*\"", &url)).unwrap();
    let outcome = ingest(&root, "2026-11-10");
    assert_eq!(outcome.code, ExitCode::Done, "{:?}", outcome.fetched);
    assert_eq!(outcome.fetched.sources["lege"].new, [LEGE]);
    assert_eq!(outcome.fetched.sources["fest"].new, [name]);
    assert_eq!((slow.asked().len(), quick.asked().len()), (1, 1));
}

/// Months from a server that sends and sends, with a limit; how it ended, and how often the server was asked.
fn endless(limit: &str) -> (Outcome, usize) {
    let root = Root::tiny();
    let head = response("200 OK", &["Transfer-Encoding: chunked"], b"");
    let server = Server::start(move |_, _| Reply::Drip(head.clone(), b"1\r\nx\r\n".to_vec()));
    let path = root.path().join("speil.toml");
    let keys = format!(
        "url = \"{}\"\nfra_maaned = \"2026-08\"\nnavn = \"utlevering_{{maaned}}.csv\"",
        server.url("uttrekk?maaned={maaned}")
    );
    let text = fs::read_to_string(&path).unwrap();
    let text = text.replace("url = \"landing/utlevering/utlevering_*\"", &keys) + SHORT + limit;
    fs::write(&path, text).unwrap();
    fs::remove_dir_all(root.landing("utlevering")).unwrap();
    (ingest(&root, "2026-11-10"), server.asked().len())
}

fn only_reason(fetched: &Fetched) -> &str {
    let [failed] = fetched.failed.as_slice() else { panic!("{fetched:?}") };
    &failed.reason
}

#[test]
fn a_file_that_takes_too_long_is_its_servers_failure_and_no_more_is_asked_of_it() {
    let (outcome, asked) = endless("totalt_sekunder = 0.2\n");
    let told = only_reason(&outcome.fetched.sources["utlevering"]);
    let wanted = "the file took longer than 0.2 s (`totalt_sekunder`) (2 more months were not asked for)";
    assert_eq!((told, asked), (wanted, 1));
}

#[test]
fn when_the_time_for_all_of_fetching_is_over_what_is_there_is_taken_in() {
    let (outcome, asked) = endless("samlet_sekunder = 0.2\n");
    let told = only_reason(&outcome.fetched.sources["utlevering"]);
    assert!(told.contains("the 0.2 s for all of fetching (`samlet_sekunder`) were over"), "{told}");
    assert!(told.ends_with("(2 more months were not asked for)") && asked <= 1, "{told} {asked}");
    let sources: std::collections::BTreeSet<_> = outcome.ingested.taken.iter().map(|taken| &*taken.source).collect();
    assert_eq!((outcome.code, sources), (ExitCode::TryAgain, ["fest", "lege"].into()));
}
