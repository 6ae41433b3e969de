//! What goes wrong: refused deliveries, damaged files, killed runs, missing months. Each ends with its exit code and a
//! message that says what to mend, and what was in force stays in force.

use std::fs;
use std::time::{Duration, Instant};

use speil::run::ExitCode;

use crate::support::Root;

const MONTH: &str = "utlevering/utlevering_2026-10.csv";

fn edit(root: &Root, file: &str, change: impl Fn(&str) -> String) {
    let path = root.landing(file);
    fs::write(&path, change(&fs::read_to_string(&path).unwrap())).unwrap();
}

fn quarantine(root: &Root) -> Vec<String> {
    let files = speil::disk::files_below(&root.path().join("quarantine")).unwrap();
    files.into_iter().map(|file| file.to_string_lossy().into_owned()).collect()
}

/// A root whose 13 first months are published; the 14th comes later, changed.
fn with_last_month_changed(change: impl Fn(&str) -> String) -> Root {
    let root = Root::tiny();
    let held_back = fs::read_to_string(root.landing(MONTH)).unwrap();
    fs::remove_file(root.landing(MONTH)).unwrap();
    root.run_to(ExitCode::Done);
    fs::write(root.landing(MONTH), change(&held_back)).unwrap();
    root
}

#[test]
fn a_few_bad_rows_are_quarantined_with_file_line_column_rule_and_reason() {
    let root = with_last_month_changed(|text| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[3] = lines[3].replacen(";2026-10-", ";2026-11-", 1);
        lines.join("\n") + "\n"
    });
    let outcome = root.run_to(ExitCode::Done);
    assert_eq!(outcome.ingested.taken[0].tally.bad_rows(), 1);
    assert_eq!(quarantine(&root), ["utlevering/utlevering_2026-10.csv.csv"]);
    let text = fs::read_to_string(root.path().join("quarantine/utlevering/utlevering_2026-10.csv.csv")).unwrap();
    let row = text.lines().nth(1).unwrap();
    assert!(row.starts_with("utlevering_2026-10.csv;4;"), "{row}");
    assert_eq!(text.lines().count(), 2);
}

#[test]
fn a_delivery_with_too_many_bad_rows_is_refused_and_leaves_nothing() {
    let root = with_last_month_changed(|text| {
        let bad =
            |(at, line): (usize, &str)| if at % 20 == 7 { line.replacen(";U;", ";X;", 1) } else { line.to_owned() };
        text.lines().enumerate().map(bad).collect::<Vec<_>>().join("\n") + "\n"
    });
    let (state, release, lake) = (root.state(), root.release_hashes(), lake_files(&root));
    let outcome = root.run_to(ExitCode::Refused);
    let reason = &outcome.ingested.refused[0].reason;
    assert!(reason.contains("rows of utlevering are bad (ukjent_kode"), "{reason}");
    assert!(reason.contains("linjetype: 'X' is not in the code list"), "{reason}");
    assert!(reason.contains("mend these rows and deliver again"), "{reason}");
    assert_eq!((root.state(), root.release_hashes(), lake_files(&root)), (state, release, lake));
    assert!(quarantine(&root).is_empty());
}

fn lake_files(root: &Root) -> Vec<std::path::PathBuf> {
    speil::disk::files_below(&root.path().join("lake")).unwrap()
}

#[test]
fn an_unknown_and_a_missing_column_are_refused_by_name() {
    let root = with_last_month_changed(|text| text.replacen("reservasjon;", "reservert;", 1));
    let outcome = root.run_to(ExitCode::Refused);
    let reason = &outcome.ingested.refused[0].reason;
    assert!(
        reason.contains("column `reservert` is not in the contract (the nearest that is, is `reservasjon`)"),
        "{reason}"
    );
    edit(&root, MONTH, |text| {
        let at = text.lines().next().unwrap().split(';').position(|name| name == "reservert").unwrap();
        let without = |line: &str| {
            let mut fields: Vec<&str> = line.split(';').collect();
            fields.remove(at);
            fields.join(";") + "\n"
        };
        text.lines().map(without).collect()
    });
    let reason = &root.run_to(ExitCode::Refused).ingested.refused[0].reason;
    assert!(reason.contains("column `reservasjon` is missing; add it"), "{reason}");
}

#[test]
fn the_same_version_with_other_bytes_is_refused_and_a_new_version_replaces() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let before = root.release_hashes();
    edit(&root, MONTH, |text| text.lines().take(500).collect::<Vec<_>>().join("\n") + "\n");
    let reason = &root.run_to(ExitCode::Refused).ingested.refused[0].reason;
    assert!(reason.contains("name it _v2"), "{reason}");
    assert_eq!(root.release_hashes(), before);
    fs::rename(root.landing(MONTH), root.landing("utlevering/utlevering_2026-10_v2.csv")).unwrap();
    let outcome = root.run_to(ExitCode::Done);
    assert_eq!(outcome.ingested.taken.len(), 1);
    assert_ne!(root.release_hashes(), before);
}

#[test]
fn rows_that_share_a_key_are_all_quarantined() {
    let root = with_last_month_changed(|text| {
        let first = text.lines().nth(1).unwrap();
        format!("{text}{first}\n")
    });
    let outcome = root.run_to(ExitCode::Done);
    assert_eq!(outcome.ingested.taken[0].tally.bad["noekkel_gjentatt"].rows, 2);
}

#[test]
fn parquet_with_the_same_rows_gives_the_same_figures() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let from_csv = root.release_hashes();
    let other = Root::tiny();
    to_parquet(&other, MONTH);
    other.run_to(ExitCode::Done);
    assert_eq!(other.release_hashes(), from_csv);
}

/// Replaces a CSV delivery by Parquet with the same columns: text, with a decimal point.
fn to_parquet(root: &Root, file: &str) {
    use arrow::array::{ArrayRef, RecordBatch, StringArray};
    let text = fs::read_to_string(root.landing(file)).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(';').collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(';').collect()).collect();
    let columns = header.iter().enumerate().map(|(at, name)| {
        let cells = rows.iter().map(|row| (!row[at].is_empty()).then(|| row[at].replace(',', ".")));
        (*name, std::sync::Arc::new(cells.collect::<StringArray>()) as ArrayRef)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap();
    let out = fs::File::create(root.landing(&file.replace(".csv", ".parquet"))).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(out, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    fs::remove_file(root.landing(file)).unwrap();
}

#[test]
fn a_lake_file_that_is_gone_stops_the_run_with_30_and_never_gives_a_smaller_figure() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let before = root.release_hashes();
    let entry = root.state().tables["utlevering"]["2026-03"].clone();
    fs::remove_file(root.path().join("lake").join(&entry.file)).unwrap();
    let output = root.output(&["run"]);
    assert_eq!(output.status.code(), Some(30), "{}", String::from_utf8_lossy(&output.stderr));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("is missing; restore it from backup"), "{message}");
    assert_eq!(root.release_hashes(), before);
}

#[test]
fn a_gap_between_months_stops_the_product_with_30() {
    let root = Root::tiny();
    fs::remove_file(root.landing("utlevering/utlevering_2026-03.csv")).unwrap();
    let output = root.output(&["run"]);
    assert_eq!(output.status.code(), Some(30));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("queries/reservasjon/reservasjon_maaned.sql:"), "{message}");
    assert!(message.contains("hull_mellom_maaneder"), "{message}");
    assert!(!root.current().exists());
}

#[test]
fn a_date_before_the_first_month_is_over_stops_the_product_with_30() {
    let root = Root::tiny();
    let outcome = root.run_as_of("2025-09-30").unwrap();
    assert_eq!(outcome.code, ExitCode::CheckFailed);
    let message = format!("{:#}", outcome.built.failed["reservasjon"]);
    assert!(message.starts_with("queries/reservasjon/reservasjon_vindu.sql:"), "{message}");
    assert!(message.contains("no delivered month of utlevering is over before the run's date"), "{message}");
    assert!(!root.current().exists());
}

#[test]
fn misspelt_and_missing_sources_end_with_10_before_anything_is_done() {
    let root = Root::tiny();
    edit_configuration(&root, |text| text.replace("source.fest", "source.feest"));
    let output = root.output(&["run"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(10), "{message}");
    assert!(message.contains("speil.toml:8: there is no source `feest`; the nearest is `fest`"), "{message}");
    edit_configuration(&root, |text| text.replace("[source.feest]\nurl = \"landing/fest/fest_*\"\n", ""));
    let output = root.output(&["run"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(10), "{message}");
    assert!(message.contains("product reservasjon also needs [source.fest]"), "{message}");
    assert!(!root.path().join("lake").exists());
}

fn edit_configuration(root: &Root, change: impl Fn(&str) -> String) {
    let file = root.path().join("speil.toml");
    fs::write(&file, change(&fs::read_to_string(&file).unwrap())).unwrap();
}

#[test]
fn absurd_arguments_of_generate_end_with_10_and_leave_what_is_there() {
    let root = Root::tiny();
    for (option, value) in [("--until", "9999-12"), ("--months", "4294967295"), ("--doctors", "0")] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_speil"));
        let output = command.args(["generate", option, value, "--out"]).arg(root.path()).output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(10), "{option} {value}: {message}");
        assert!(message.contains("a demo") && !message.contains("panicked"), "{message}");
        assert!(root.landing(MONTH).exists());
    }
}

#[test]
fn a_history_shorter_than_12_months_publishes_and_says_so() {
    let root = Root::tiny();
    let old = |file: &str| !file.contains("utlevering_2025-");
    let short = Root::empty();
    short.copy_from(&root, old);
    short.run_to(ExitCode::Done);
    let pages: Vec<String> = short.release_hashes().into_keys().filter(|file| file.ends_with("/index.html")).collect();
    let doctor = pages.iter().find(|page| page.starts_with("lege/")).unwrap();
    let html = fs::read_to_string(short.current().join(doctor)).unwrap();
    assert!(html.contains("færre enn tolv måneder"), "{doctor}");
    let rows = crate::support::as_csv(&short.current().join("tabeller/reservasjonsgrad_lege.parquet"));
    assert!(rows.lines().skip(1).all(|row| row.ends_with(";;;;;;;;;;;mangler")), "{rows}");
}

#[test]
fn a_killed_run_leaves_figures_as_if_nothing_had_happened() {
    killed(Root::tiny, ["lake/fest_pakning", "lake/linje_klasse"]);
}

#[test]
fn a_killed_run_of_too_leaves_figures_and_lists_as_if_nothing_had_happened() {
    killed(Root::tiny_too, ["lake/too_hendelse", "lake/too_forlop"]);
}

/// `taken_in` and `computed` are made in the midst of these steps.
fn killed(deliveries: fn() -> Root, [taken_in, computed]: [&str; 2]) {
    let calm = deliveries();
    calm.run_to(ExitCode::Done);
    let wanted = (calm.release_hashes(), calm.manifest(), calm.handed_over());
    // Killed while taking in, between ingest's commit and the models, while computing, and while publishing.
    for (at, made) in [taken_in, "state.json", computed, "releases/.bygges/offentlig"].into_iter().enumerate() {
        let root = deliveries();
        let reached = |root: &Root| root.path().join(made).exists();
        let mut child = root.command(&["run"]).spawn().unwrap();
        let started = Instant::now();
        while !reached(&root) && child.try_wait().unwrap().is_none() && started.elapsed() < Duration::from_secs(120) {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let folders = working_folders(&root);
        assert_eq!(folders.len(), 1, "killed at moment {at}: {folders:?}");
        root.run_to(ExitCode::Done);
        assert!(working_folders(&root).is_empty(), "killed at moment {at}");
        assert_eq!((root.release_hashes(), root.manifest(), root.handed_over()), wanted, "killed at moment {at}");
        let left: Vec<_> =
            fs::read_dir(root.path().join("releases")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }
}

fn working_folders(root: &Root) -> Vec<String> {
    let entries = fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name());
    entries.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.starts_with(".arbeid-")).collect()
}

#[test]
fn a_second_run_at_the_same_time_is_told_to_try_again() {
    let root = Root::tiny();
    let lock = fs::File::create(root.path().join("run.lock")).unwrap();
    lock.lock().unwrap();
    let output = root.output(&["run"]);
    assert_eq!(output.status.code(), Some(75));
    assert!(String::from_utf8_lossy(&output.stderr).contains("try again"));
}

#[test]
fn a_changed_file_of_a_release_is_found_by_verify() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    assert!(speil::publish::verify(&root.current()).unwrap().is_empty());
    let page = root.current().join("offentlig/index.html");
    let text = fs::read_to_string(&page).unwrap();
    fs::remove_file(&page).unwrap();
    fs::write(&page, text + " ").unwrap();
    fs::write(root.current().join("offentlig/mer.html"), "x").unwrap();
    let problems: Vec<String> =
        speil::publish::verify(&root.current()).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        ["offentlig/index.html: has another hash than the manifest says", "offentlig/mer.html: is not in the manifest"]
    );
}
