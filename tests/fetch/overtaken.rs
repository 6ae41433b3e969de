//! Files that landed and were refused, or were taken in too early: the next good night catches up, and nobody is told of
//! them for ever.

use std::fs;

use speil::run::{self, ExitCode, Options, Step};

use super::server::{Reply, Server, file, response};
use super::{LEGE, fetched, ingest, landed, served};
use crate::support::Root;

/// The first half, and a little more where that would end with a row.
fn half(whole: &[u8]) -> Vec<u8> {
    let at = whole.len() / 2;
    whole[..at + usize::from(whole[at - 1] == b'\n')].to_vec()
}

/// A server that was sent half a file itself, tells its length and its tag, and has the whole one the next day under the
/// same tag.
#[test]
fn half_a_file_of_the_length_that_was_told_is_asked_for_again_although_its_tag_is_the_same() {
    let (root, server, lege) = served();
    let cut = half(&lege);
    server.now(move |_, _| file(&cut, &["ETag: \"1\""]));
    let outcome = ingest(&root, "2026-11-10");
    assert_eq!((outcome.code, outcome.ingested.refused.len()), (ExitCode::Refused, 1), "{:?}", outcome.ingested);
    assert_eq!(landed(&root), [LEGE]);
    let whole = lege.clone();
    server.now(move |request, _| match request.headers.get("if-none-match").map(String::as_str) {
        Some("\"1\"") => Reply::Bytes(response("304 Not Modified", &[], b"")),
        _ => file(&whole, &["ETag: \"1\""]),
    });
    let outcome = ingest(&root, "2026-11-11");
    assert_eq!((outcome.code, fetched(&outcome).new.len()), (ExitCode::Done, 1), "{:?}", outcome.ingested.refused);
    assert_eq!(outcome.ingested.taken[0].sha256, speil::disk::sha256(&lege));
    // What is in force is asked for on condition again.
    let outcome = ingest(&root, "2026-11-12");
    assert_eq!((outcome.code, fetched(&outcome).unchanged.len()), (ExitCode::Done, 1));
    assert_eq!(server.asked().last().unwrap().headers["if-none-match"], "\"1\"");
}

/// Where the source of FEST is a server, of whatever is newest there: the last snapshot of the tiny world.
fn fest() -> (Root, Server, Vec<u8>) {
    let root = Root::tiny();
    let folder = root.landing("fest");
    let last = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
    let whole = fs::read(&last).unwrap();
    let ending = last.extension().unwrap().to_str().unwrap().to_owned();
    fs::remove_dir_all(folder).unwrap();
    let server = Server::start(|_, _| Reply::Reset);
    let path = root.path().join("speil.toml");
    let keys = format!("url = \"{}\"\nnavn = \"fest_{{dato}}.{ending}\"", server.url(&format!("siste.{ending}")));
    let text = fs::read_to_string(&path).unwrap().replace("url = \"landing/fest/fest_*\"", &keys);
    fs::write(path, text + "forsok = 2\npause_sekunder = 0.001\n").unwrap();
    (root, server, whole)
}

#[test]
fn a_snapshot_that_cannot_be_read_is_told_of_until_the_server_has_a_whole_one_and_no_longer() {
    // Nothing that says which snapshot it is; and half of one.
    for share in [50, 2] {
        let (root, server, whole) = fest();
        let cut = whole[..whole.len() / share].to_vec();
        server.now(move |_, _| file(&cut, &[]));
        for night in ["2026-11-10", "2026-11-11"] {
            let outcome = ingest(&root, night);
            let refused: Vec<&str> = outcome.ingested.refused.iter().map(|refused| refused.file.as_str()).collect();
            assert_eq!((outcome.code, refused.len()), (ExitCode::Refused, 1), "{refused:?}");
        }
        server.now(move |_, _| file(&whole, &[]));
        let outcome = ingest(&root, "2026-11-12");
        assert_eq!(outcome.fetched.sources["fest"].new.len(), 1);
        assert_eq!((outcome.code, outcome.ingested.taken.len()), (ExitCode::Done, 1), "{:?}", outcome.ingested.refused);
        let outcome = ingest(&root, "2026-11-13");
        assert_eq!(outcome.code, ExitCode::Done, "{:?}", outcome.ingested.refused);
        let as_of = speil::calendar::as_of("2026-11-13").unwrap();
        assert!(run::plan(&root.config(), as_of, None).unwrap().deliveries.refused.is_empty());
        // One that came later and is refused stays told of.
        server.now(|_, _| file(b"<?xml version=\"1.0\"?><FEST>", &[]));
        for night in ["2026-11-14", "2026-11-15"] {
            assert_eq!(ingest(&root, night).code, ExitCode::Refused);
        }
    }
}

#[test]
fn a_local_file_that_was_taken_in_before_it_was_whole_is_told_of_as_such() {
    let root = Root::tiny();
    let month = root.landing("utlevering/utlevering_2026-10.csv");
    let whole = fs::read(&month).unwrap();
    let rows: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    fs::write(&month, rows[..rows.len() * 4 / 5].concat()).unwrap();
    let as_of = speil::calendar::as_of("2026-11-10").unwrap();
    let options = Options { as_of, steps: &[Step::Ingest], only: None, progress: &|_| {} };
    assert_eq!(run::run(&root.config(), &options).unwrap().code, ExitCode::Done);
    let refused = |bytes: &[u8]| {
        fs::write(&month, bytes).unwrap();
        let outcome = run::run(&root.config(), &options).unwrap();
        let [refused] = outcome.ingested.refused.as_slice() else { panic!("{:?}", outcome.ingested.refused) };
        refused.reason.clone()
    };
    let told = refused(&whole);
    assert!(told.starts_with("utlevering_2026-10.csv was taken in before it was whole"), "{told}");
    assert!(told.contains("Name the whole file _v2") && told.contains("`ro_sekunder`"), "{told}");
    // Another file under the old name is another matter.
    let told = refused(&[rows[0], rows[2]].concat());
    assert!(told.contains("was taken in before with other content") && told.contains("name it _v2"), "{told}");
    fs::write(&month, rows[..rows.len() * 4 / 5].concat()).unwrap();
    fs::write(root.landing("utlevering/utlevering_2026-10_v2.csv"), &whole).unwrap();
    let outcome = run::run(&root.config(), &options).unwrap();
    assert_eq!((outcome.code, outcome.ingested.taken.len()), (ExitCode::Done, 1));
}
