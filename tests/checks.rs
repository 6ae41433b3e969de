//! Whole-night checks: each stops the product with 30, says where, which rule, how much and what to do, and leaves what is
//! shown; beside each stands a near miss that does not stop.

mod doubled;
mod tables;

use std::fs;

use speil::run::{ExitCode, Outcome};

use crate::support::{AS_OF, Root, ledger};

const MONTH: &str = "utlevering/utlevering_2026-10.csv";

fn lines(text: &str) -> Vec<String> {
    text.trim_start_matches('\u{feff}').lines().map(str::to_owned).collect()
}

fn join(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

/// The place of a column in a delivery.
fn place(header: &str, name: &str) -> usize {
    header.split(';').position(|column| column == name).unwrap()
}

/// A delivery with one field of some rows replaced.
fn with(text: &str, name: &str, wanted: impl Fn(usize) -> bool, value: impl Fn(usize) -> String) -> String {
    let mut lines = lines(text);
    let at = place(&lines[0], name);
    for (row, line) in lines.iter_mut().enumerate().skip(1).filter(|(row, _)| wanted(*row)) {
        let mut fields: Vec<String> = line.split(';').map(str::to_owned).collect();
        fields[at] = value(row);
        *line = fields.join(";");
    }
    join(&lines)
}

/// A root whose 13 first months are published, and the 14th month as it ought to be.
fn without_october() -> (Root, String) {
    let root = Root::tiny();
    let october = fs::read_to_string(root.landing(MONTH)).unwrap();
    fs::remove_file(root.landing(MONTH)).unwrap();
    root.run_to(ExitCode::Done);
    (root, october)
}

/// Why the product failed.
fn told(outcome: &Outcome) -> String {
    assert_eq!(outcome.code, ExitCode::CheckFailed, "{:?}", outcome.ingested.refused);
    format!("{:#}", outcome.built.failed["reservasjon"])
}

/// Runs with that October: it must stop, and what is shown stays. Returns why.
fn stops(root: &Root, october: &str) -> String {
    let before = root.release_hashes();
    fs::write(root.landing(MONTH), october).unwrap();
    let why = told(&root.run());
    assert_eq!(root.release_hashes(), before);
    why
}

fn configure(root: &Root, change: impl Fn(&str) -> String) {
    let file = root.path().join("speil.toml");
    fs::write(&file, change(&fs::read_to_string(&file).unwrap())).unwrap();
}

fn accept(root: &Root, names: &str) {
    configure(root, |text| text.replace("[source.utlevering]\n", &format!("[source.utlevering]\ngodta = [{names}]\n")));
}

fn no_longer_accept(root: &Root) {
    configure(root, |text| text.lines().filter(|line| !line.starts_with("godta")).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_month_that_is_cut_off_stops_and_a_small_one_does_not() {
    let (root, october) = without_october();
    let rows = lines(&october);
    let why = stops(&root, &join(&rows[..rows.len() * 2 / 5]));
    assert!(why.starts_with("pipeline/contracts/utlevering.toml:"), "{why}");
    assert!(why.contains("rule volum: utlevering 2026-10 has ") && why.contains("50 to 180 per cent"), "{why}");
    assert!(why.contains("deliver it whole, as a new version") && why.contains("godta = [\"volum\"] below"), "{why}");

    let (root, october) = without_october();
    fs::write(root.landing(MONTH), join(&rows[..rows.len() * 7 / 10])).unwrap();
    root.run_to(ExitCode::Done);
    assert_eq!(lines(&october), rows);
}

#[test]
fn a_month_that_holds_its_rows_twice_stops_until_it_is_mended() {
    let (root, october) = without_october();
    let again = with(&october, "linje_id", |_| true, |row| format!("D{row:05}"));
    let doubled = october.clone() + &join(&lines(&again)[1..]);
    let why = stops(&root, &doubled);
    assert!(why.contains("rule volum: ") && why.contains("also ") && why.contains("rule gjentatt: "), "{why}");
    assert!(why.contains("rows of utlevering 2026-10 are there twice"), "{why}");
    // The next night stops as well: nothing has become better.
    assert!(told(&root.run()).contains("rule gjentatt: "));
    fs::write(root.landing("utlevering/utlevering_2026-10_v2.csv"), &october).unwrap();
    root.run_to(ExitCode::Done);
    let good = Root::tiny();
    good.run_to(ExitCode::Done);
    assert_eq!(root.figure_hashes(), good.figure_hashes());
}

#[test]
fn what_an_operator_accepts_for_one_run_stays_accepted() {
    let (root, october) = without_october();
    let again = with(&october, "linje_id", |_| true, |row| format!("D{row:05}"));
    let why = stops(&root, &(october.clone() + &join(&lines(&again)[1..])));
    assert!(why.contains("rule volum: ") && why.contains("rule gjentatt: "), "{why}");
    accept(&root, "\"volum\"");
    let why = told(&root.run());
    assert!(!why.contains("rule volum: ") && why.contains("rule gjentatt: "), "{why}");
    no_longer_accept(&root);
    accept(&root, "\"volum\", \"gjentatt\"");
    root.run_to(ExitCode::Done);
    let shown = root.release_hashes();
    no_longer_accept(&root);
    root.run_to(ExitCode::Done);
    assert_eq!(root.release_hashes(), shown);
    accept(&root, "\"volumm\"");
    let error = speil::config::Config::load(&root.path().join("speil.toml")).unwrap_err();
    assert!(format!("{error:#}").contains("no check `volumm`; the nearest is `volum`"), "{error:#}");
}

#[test]
fn last_months_rows_under_new_dates_stop_and_some_of_them_do_not() {
    let (root, october) = without_october();
    let september = fs::read_to_string(root.landing("utlevering/utlevering_2026-09.csv")).unwrap();
    let moved = september.replace(";2026-09-", ";2026-10-");
    let why = stops(&root, &moved);
    assert!(why.contains("rule gjentatt: ") && why.contains("also in 2026-09, on the same days"), "{why}");

    let (root, _) = without_october();
    let (moved, own) = (lines(&moved), lines(&october));
    assert_eq!(moved[0], own[0]);
    let some = moved.len() * 2 / 5;
    let mixed =
        with(&join(&[&moved[..some], &own[some..]].concat()), "linje_id", |row| row < some, |row| format!("S{row}"));
    fs::write(root.landing(MONTH), mixed).unwrap();
    root.run_to(ExitCode::Done);
}

#[test]
fn last_years_files_under_new_names_are_refused() {
    let (root, october) = without_october();
    let before = root.release_hashes();
    fs::copy(root.landing("utlevering/utlevering_2025-10.csv"), root.landing(MONTH)).unwrap();
    let outcome = root.run_to(ExitCode::Refused);
    assert!(outcome.ingested.refused[0].reason.contains("utenfor_maaned"), "{}", outcome.ingested.refused[0].reason);
    assert_eq!(root.release_hashes(), before);
    fs::write(root.landing(MONTH), october).unwrap();

    let newest = newest_lege(&root);
    let text = fs::read_to_string(&newest).unwrap();
    let rows = lines(&text);
    let from = place(&rows[0], "gyldig_fra");
    let old: Vec<String> = rows.iter().filter(|row| row.split(';').nth(from) < Some("2026")).cloned().collect();
    let kept: Vec<String> = rows[..1].iter().chain(&old).cloned().collect();
    assert!(old.len() > 5 && kept.len() < rows.len() + 1);
    let later = root.landing("lege/lege_2026-11-05.csv");
    fs::write(&later, join(&kept)).unwrap();
    let outcome = root.run_to(ExitCode::Refused);
    let reason = &outcome.ingested.refused[0].reason;
    assert!(
        reason.contains("its newest gyldig_fra is ") && reason.contains("older register under a newer name"),
        "{reason}"
    );
    // The same register once more is no older.
    fs::write(&later, text).unwrap();
    root.run_to(ExitCode::Done);
}

#[test]
fn a_register_that_is_dated_ahead_is_refused_and_the_next_true_one_is_taken_in() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let before = root.release_hashes();
    let newest = newest_lege(&root);
    let ahead = root.landing("lege/lege_2062-10-31.csv");
    fs::copy(&newest, &ahead).unwrap();
    let outcome = root.run_to(ExitCode::Refused);
    let reason = &outcome.ingested.refused[0].reason;
    let ahead_of = format!("it is dated 2062-10-31, more than 1100 days after the run's date, {AS_OF}; ");
    assert!(reason.starts_with(&ahead_of), "{reason}");
    assert_eq!(root.release_hashes(), before);

    fs::copy(&newest, root.landing("lege/lege_2026-11-30.csv")).unwrap();
    let outcome = root.run_as_of("2026-12-10").unwrap();
    let taken: Vec<&str> = outcome.ingested.taken.iter().map(|taken| taken.file.as_str()).collect();
    assert_eq!((outcome.code, taken), (ExitCode::Refused, vec!["lege_2026-11-30.csv"]));
    fs::remove_file(ahead).unwrap();
    assert_eq!(root.run_as_of("2026-12-10").unwrap().code, ExitCode::Done);
}

fn newest_lege(root: &Root) -> std::path::PathBuf {
    let folder = root.landing("lege");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.pop().unwrap()
}

#[test]
fn lines_of_packages_that_no_snapshot_knows_stop_when_they_are_many() {
    let (root, october) = without_october();
    let why = stops(&root, &with(&october, "varenr", |row| row % 4 == 0, |_| "987654".to_owned()));
    assert!(why.contains("rule referanse: ") && why.contains("rows of utlevering 2026-10 have a varenr"), "{why}");
    assert!(why.contains("not in fest_pakning.varenr or fest_pakning.varenr_utgaaende"), "{why}");
    assert!(!why.contains("987654"), "{why}");

    let (root, october) = without_october();
    fs::write(root.landing(MONTH), with(&october, "varenr", |row| row % 40 == 0, |_| "987654".to_owned())).unwrap();
    root.run_to(ExitCode::Done);
}

#[test]
fn prescribers_that_the_register_does_not_know_stop_when_they_are_many() {
    let (root, october) = without_october();
    let why = stops(&root, &with(&october, "rekvirent_hpr", |row| row % 3 == 0, |_| "9876543".to_owned()));
    assert!(why.contains("have a rekvirent_hpr that is not in lege.rekvirent_hpr"), "{why}");
    assert!(!why.contains("9876543"), "{why}");
}

#[test]
fn prescribers_with_far_fewer_lines_than_usual_stop() {
    let (root, october) = without_october();
    let numbers = |row: usize| (5_000_000 + row).to_string();
    let why = stops(&root, &with(&october, "rekvirent_hpr", |row| row % 10 > 0, numbers));
    assert!(why.contains("rows per rekvirent_hpr, where the median is "), "{why}");
}

#[test]
fn events_of_units_that_the_register_does_not_know_stop_the_product_when_they_are_many() {
    let root = Root::of_both_products();
    let folder = root.landing("enhet");
    for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        let rows = lines(&fs::read_to_string(&file).unwrap());
        fs::write(&file, join(&rows[..2])).unwrap();
    }
    let outcome = root.run_to(ExitCode::CheckFailed);
    let why = format!("{:#}", outcome.built.failed["too"]);
    assert!(why.contains("pipeline/contracts/too_hendelse.toml:") && why.contains("rule referanse: "), "{why}");
    assert!(why.contains("have a enhet_orgnr that is not in enhet.enhet_orgnr; 200 per thousand is borne"), "{why}");
    assert!(root.manifest().products.contains_key("reservasjon"));
}

#[test]
fn a_reordered_column_is_read_by_its_name() {
    let (root, october) = without_october();
    let turn = |line: &String| line.split(';').rev().collect::<Vec<_>>().join(";");
    fs::write(root.landing(MONTH), join(&lines(&october).iter().map(turn).collect::<Vec<_>>())).unwrap();
    root.run_to(ExitCode::Done);
    let good = Root::tiny();
    good.run_to(ExitCode::Done);
    assert_eq!(root.figure_hashes(), good.figure_hashes());
}

#[test]
fn an_empty_and_a_truncated_delivery_are_refused_and_change_nothing() {
    let (root, october) = without_october();
    let before = root.release_hashes();
    let header = lines(&october)[0].clone() + "\n";
    for (text, what) in [
        (String::new(), "the file is empty; write the header row"),
        (header, "no row could be stored"),
        (
            october.lines().take(1000).collect::<Vec<_>>().join("\n") + "\nL9;U;;",
            "the file ends in the middle of a row",
        ),
    ] {
        fs::write(root.landing(MONTH), &text).unwrap();
        let outcome = root.run_to(ExitCode::Refused);
        let reason = &outcome.ingested.refused[0].reason;
        assert!(reason.contains(what), "{what}: {reason}");
        assert_eq!(root.release_hashes(), before, "{what}");
    }
}

#[test]
fn a_clock_that_is_set_back_publishes_what_was_over_then_and_the_next_night_catches_up() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let shown = root.figure_hashes();
    // Before the last two months were over: an older window, and no check takes it for a change of figures.
    let earlier = root.run_as_of("2026-09-05").unwrap();
    assert_eq!(earlier.code, ExitCode::Done, "{:?}", earlier.built.failed);
    // Before any month was over there is nothing to say, and what is shown stays.
    let back = root.release_hashes();
    assert_eq!(root.run_as_of("2001-01-01").unwrap().code, ExitCode::CheckFailed);
    assert_eq!(root.release_hashes(), back);
    root.run_to(ExitCode::Done);
    assert_eq!(root.figure_hashes(), shown);
}

#[test]
fn a_clock_behind_the_release_that_is_shown_publishes_nothing() {
    let root = Root::tiny();
    assert_eq!(root.run_as_of("9000-01-01").unwrap().code, ExitCode::Done);
    let shown = root.release_hashes();
    let config = root.path().join("speil.toml");
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_speil"));
        command.arg("run").arg("--config").arg(&config).args(arguments).output().unwrap()
    };
    let output = run(&[]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(75), "{message}");
    assert!(
        message
            .contains("before 9000-01-01, when the release that is shown was made. Is the clock wrong? Then set it."),
        "{message}"
    );
    assert_eq!(root.release_hashes(), shown);
    let ledger = ledger(root.path());
    assert!(ledger.iter().any(|line| line["event"] == "ended" && line["exit"] == 75), "{ledger:?}");
    // Who says so means it.
    assert_eq!(run(&["--as-of", AS_OF]).status.code(), Some(0));
    assert_ne!(root.release_hashes(), shown);
}

#[test]
fn a_clock_far_ahead_of_the_last_run_publishes_nothing_until_it_is_confirmed() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let shown = root.release_hashes();
    let runs = root.path().join("runs");
    let file = fs::read_dir(&runs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    let file = file.unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let at: String = ledger(root.path())[0]["at"].as_str().unwrap().chars().take(7).collect();
    fs::write(&file, text.replace(&format!("\"at\":\"{at}"), "\"at\":\"2020-01")).unwrap();
    let config = root.path().join("speil.toml");
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_speil"));
        command.arg("run").arg("--config").arg(&config).args(arguments).output().unwrap()
    };
    // Twice: that it was asked is no reason to believe it.
    for _ in 0..2 {
        let output = run(&[]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(75), "{message}");
        assert!(message.contains("days after the last run. Is it wrong? Then set it."), "{message}");
        assert_eq!(root.release_hashes(), shown);
    }
    assert_eq!(run(&["--as-of", AS_OF]).status.code(), Some(0));
    assert_ne!(run(&[]).status.code(), Some(75));
}
