//! A county's events that come again under other keys: the night stops before any of them is counted, until the county
//! cancels them or somebody says that they are right. Corrections of as many events do not stop.

use std::collections::BTreeMap;
use std::fs;

use speil::run::ExitCode;

use super::configure;
use crate::support::Root;

const COURSES: u32 = 12;
/// Begins the ids of courses that are made here.
const OWN: &str = "DD";

/// A referral that was delivered in the last month that has one, column by column, and the file it stands in.
fn a_referral(root: &Root) -> (Vec<String>, BTreeMap<String, String>, String) {
    let mut files = speil::disk::files_below(&root.landing("too_hendelse")).unwrap();
    files.sort_by_key(|file| std::cmp::Reverse(file.to_string_lossy()[16..].to_owned()));
    for file in files {
        let text = fs::read_to_string(root.landing("too_hendelse").join(&file)).unwrap();
        let mut lines = text.trim_start_matches('\u{feff}').lines();
        let header: Vec<String> = lines.next().unwrap().split(';').map(str::to_owned).collect();
        for line in lines {
            let row: BTreeMap<_, _> = header.iter().cloned().zip(line.split(';').map(str::to_owned)).collect();
            let is_own = row["forlop_id"].starts_with(OWN);
            if row["hendelse_type"] == "henvist" && row["status"] == "N" && !is_own {
                let stem = file.to_string_lossy().split(['.', 'v']).next().unwrap().trim_end_matches('_').to_owned();
                return (header, row, stem);
            }
        }
    }
    panic!("no referral in the tiny world");
}

fn guid(number: u32) -> String {
    format!("dd000000-0000-4000-8000-{number:012}")
}

/// Delivers as many rows, each of a course of its own, as this version of the county's month.
fn deliver(root: &Root, version: u32, change: impl Fn(&mut BTreeMap<String, String>, u32)) {
    let (header, referral, stem) = a_referral(root);
    let mut text = header.join(";") + "\n";
    for number in 1..=COURSES {
        let mut row = referral.clone();
        row.insert("forlop_id".to_owned(), format!("{OWN}{number:02}"));
        row.insert("hendelse_guid".to_owned(), guid(100 * version + number));
        change(&mut row, number);
        text += &(header.iter().map(|name| row[name].as_str()).collect::<Vec<_>>().join(";") + "\n");
    }
    fs::write(root.landing(&format!("too_hendelse/{stem}_v{version}.csv")), text).unwrap();
}

fn corrects(row: &mut BTreeMap<String, String>, status: &str, guid: String) {
    row.insert("status".to_owned(), status.to_owned());
    row.insert("gjelder_guid".to_owned(), guid);
}

#[test]
fn events_that_come_again_under_other_keys_stop_until_they_are_cancelled_or_accepted() {
    let root = Root::tiny_too();
    deliver(&root, 5, |_, _| {});
    root.run_to(ExitCode::Done);
    // Each is replaced by one like it.
    deliver(&root, 6, |row, number| corrects(row, "M", guid(500 + number)));
    root.run_to(ExitCode::Done);
    let shown = root.release_hashes();
    deliver(&root, 8, |_, _| {});
    deliver(&root, 9, |_, _| {});
    let outcome = root.run_to(ExitCode::CheckFailed);
    let why = format!("{:#}", outcome.built.failed["too"]);
    assert!(why.starts_with("pipeline/contracts/too_hendelse.toml:") && why.contains("rule gjentatt: "), "{why}");
    assert!(
        why.contains("24 of 24 new rows of too_hendelse that county ") && why.contains("Was the file doubled"),
        "{why}"
    );
    assert!(!why.contains("DD0") && !why.contains("dd000000"), "{why}");
    assert_eq!(root.release_hashes(), shown);

    deliver(&root, 10, |row, number| corrects(row, "C", guid(900 + number)));
    root.run_to(ExitCode::Done);
    assert!(root.manifest().products["too"].checks["too_hendelse"].iter().any(|held| held == "gjentatt"));
}

#[test]
fn doubled_events_that_somebody_accepts_are_published_and_not_looked_at_again() {
    let root = Root::tiny_too();
    deliver(&root, 5, |_, _| {});
    deliver(&root, 6, |_, _| {});
    root.run_to(ExitCode::CheckFailed);
    assert!(!root.current().exists());
    let accepted = "[source.too_hendelse]\ngodta = [\"gjentatt\"]\n";
    configure(&root, |text| text.replace("[source.too_hendelse]\n", accepted));
    root.run_to(ExitCode::Done);
    configure(&root, |text| text.replace(accepted, "[source.too_hendelse]\n"));
    root.run_to(ExitCode::Done);
}
