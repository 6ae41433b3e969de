//! Files of checksums that are lost or damaged: a failure, and never "not there yet".

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

use speil::run::{ExitCode, Outcome};

use super::server::{Server, file, status};
use super::{SHORT, ingest};
use crate::support::Root;

/// What a server has, by the last part of its addresses.
type Shelf = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// The months of the tiny world on a server, with checksums at an address; those from August on are asked for.
fn served(sums: &str) -> (Root, Server, Shelf) {
    let root = Root::tiny();
    let shelf = Shelf::default();
    let folder = root.landing("utlevering");
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        shelf.lock().unwrap().insert(name, fs::read(path).unwrap());
    }
    fs::remove_dir_all(folder).unwrap();
    let there = shelf.clone();
    let server =
        Server::start(move |request, _| match there.lock().unwrap().get(request.path.trim_start_matches('/')) {
            Some(bytes) => file(bytes, &[]),
            None => status("404 Not Found", &[]),
        });
    let path = root.path().join("speil.toml");
    let (url, sums) = (server.url("utlevering_{maaned}.csv"), server.url(sums));
    let keys = format!("url = \"{url}\"\nsha256_url = \"{sums}\"\nfra_maaned = \"2026-08\"");
    let text = fs::read_to_string(&path).unwrap().replace("url = \"landing/utlevering/utlevering_*\"", &keys);
    fs::write(&path, text + SHORT).unwrap();
    (root, server, shelf)
}

fn month(number: u32) -> String {
    format!("utlevering_2026-{number:02}.csv")
}

fn line(shelf: &Shelf, number: u32) -> String {
    format!("{}  {}\n", speil::disk::sha256(&shelf.lock().unwrap()[&month(number)]), month(number))
}

fn put(shelf: &Shelf, name: &str, text: &str) {
    shelf.lock().unwrap().insert(name.to_owned(), text.as_bytes().to_vec());
}

/// A correction: the last row of a month is taken back.
fn correct(shelf: &Shelf, number: u32) {
    let mut shelf = shelf.lock().unwrap();
    let rows = shelf.get_mut(&month(number)).unwrap();
    let end = rows[..rows.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
    rows.truncate(end + 1);
}

fn told(outcome: &Outcome) -> Vec<String> {
    outcome.fetched.failed().map(|(_, failed)| failed.reason.clone()).collect()
}

#[test]
fn checksums_that_all_months_share_are_there_and_readable_or_the_night_says_so() {
    let (root, _server, shelf) = served("SHA256SUMS");
    put(&shelf, "SHA256SUMS", &[8, 9, 10].map(|number| line(&shelf, number)).concat());
    let outcome = ingest(&root, "2026-11-10");
    assert_eq!((outcome.code, outcome.fetched.sources["utlevering"].new.len()), (ExitCode::Done, 3));
    correct(&shelf, 10);
    // Lost; a page of somebody else; cut short.
    let sums = [8, 9, 10].map(|number| line(&shelf, number)).concat();
    for (damaged, what) in [
        (None, "the server has no such file"),
        (Some("Velkommen til filtjeneren\n"), "has no line like `<64 hex>  name`"),
        (Some(&sums[1..40]), "has no line like `<64 hex>  name`"),
    ] {
        match damaged {
            Some(text) => put(&shelf, "SHA256SUMS", text),
            None => drop(shelf.lock().unwrap().remove("SHA256SUMS")),
        }
        let outcome = ingest(&root, "2026-12-10");
        let told = told(&outcome);
        assert_eq!((outcome.code, told.len()), (ExitCode::TryAgain, 1), "{told:?}");
        assert!(told[0].starts_with("checksums from ") && told[0].contains(what), "{told:?}");
        assert!(told[0].ends_with("(3 more months were not asked for)"), "{told:?}");
        assert!(outcome.fetched.sources["utlevering"].unchanged.is_empty());
    }
    // Well again: the correction comes, and November, which has no line, is not there yet.
    put(&shelf, "SHA256SUMS", &sums);
    let outcome = ingest(&root, "2026-12-10");
    let utlevering = &outcome.fetched.sources["utlevering"];
    assert_eq!((outcome.code, &utlevering.new), (ExitCode::Done, &vec!["utlevering_2026-10_v2.csv".to_owned()]));
    assert_eq!((utlevering.unchanged.len(), &utlevering.absent), (2, &vec!["2026-11".to_owned()]));
}

#[test]
fn a_months_own_checksum_is_lost_only_where_the_month_is_there() {
    let (root, _server, shelf) = served("utlevering_{maaned}.csv.sha256");
    for number in [8, 9, 10] {
        put(&shelf, &format!("{}.sha256", month(number)), &line(&shelf, number));
    }
    let outcome = ingest(&root, "2026-12-10");
    let utlevering = &outcome.fetched.sources["utlevering"];
    assert_eq!((outcome.code, utlevering.new.len()), (ExitCode::Done, 3), "{utlevering:?}");
    assert_eq!(utlevering.absent, ["2026-11"]);
    correct(&shelf, 10);
    shelf.lock().unwrap().remove(&format!("{}.sha256", month(10)));
    // August has left the server with its checksum: it need not keep what was fetched.
    shelf.lock().unwrap().remove(&month(8));
    shelf.lock().unwrap().remove(&format!("{}.sha256", month(8)));
    let outcome = ingest(&root, "2026-12-10");
    let told = told(&outcome);
    assert_eq!((outcome.code, told.len()), (ExitCode::TryAgain, 1), "{told:?}");
    assert!(told[0].contains("utlevering_2026-10.csv.sha256: the server has no such file"), "{told:?}");
    assert_eq!(outcome.fetched.sources["utlevering"].unchanged, [month(8), month(9)]);
}
