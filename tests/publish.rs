//! What may become of releases: what is published was built, what is shown is whole, going back goes back in time, and
//! the ledger tells of everything that was tried.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Command, Output};

use speil::publish::{Manifest, verify};
use speil::run::{self, ExitCode, Options, Step};

use crate::support::Root;

const MONTH: &str = "utlevering/utlevering_2026-10.csv";

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn rollback(root: &Root, release: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_speil"));
    command.arg("rollback").arg("--config").arg(root.path().join("speil.toml")).args(release).output().unwrap()
}

fn shown(root: &Root) -> String {
    fs::read_link(root.current()).unwrap().to_string_lossy().into_owned()
}

fn ledger(root: &Root) -> Vec<serde_json::Value> {
    let lines = crate::support::ledger(root.path()).into_iter();
    lines.filter(|line| line["event"] == "ended").collect()
}

fn problems(root: &Root) -> Vec<String> {
    verify(&root.current()).unwrap().iter().map(ToString::to_string).collect()
}

/// Replaces a file of the release that is shown, in place: every other name of it changes too.
fn damage(root: &Root, file: &str, change: impl Fn(&str) -> String) -> PathBuf {
    let path = root.current().join(file);
    fs::write(&path, change(&fs::read_to_string(&path).unwrap())).unwrap();
    path
}

#[test]
fn publish_alone_refuses_what_was_not_built() {
    let root = Root::tiny();
    let october = fs::read(root.landing(MONTH)).unwrap();
    fs::remove_file(root.landing(MONTH)).unwrap();
    root.run_to(ExitCode::Done);
    let before = root.release_hashes();

    let refused = |arguments: &[&str]| {
        let output = root.output(arguments);
        assert_eq!(output.status.code(), Some(30), "{}", told(&output));
        assert!(told(&output).contains("run `speil build` with the same --as-of first"), "{}", told(&output));
        assert_eq!(root.release_hashes(), before);
    };
    // A month is taken in and not computed.
    fs::write(root.landing(MONTH), october).unwrap();
    assert_eq!(root.output(&["ingest"]).status.code(), Some(0));
    refused(&["publish"]);
    // Computed, but as of another date.
    assert_eq!(root.output(&["build"]).status.code(), Some(0));
    let other = Options {
        as_of: speil::calendar::as_of("2026-10-10").unwrap(),
        steps: &[Step::Publish],
        only: None,
        progress: &|_| {},
    };
    assert_eq!(run::run(&root.config(), &other).unwrap_err().code, ExitCode::CheckFailed);
    // A threshold was changed since.
    let configuration = root.path().join("speil.toml");
    let text = fs::read_to_string(&configuration).unwrap();
    fs::write(&configuration, format!("{text}[product.reservasjon.terskler]\nstratum_linjer = 400\n")).unwrap();
    refused(&["publish"]);
    fs::write(&configuration, text).unwrap();

    assert_eq!(root.output(&["publish"]).status.code(), Some(0));
    assert_ne!(root.release_hashes(), before);
}

#[test]
fn publish_after_a_failed_build_keeps_the_old_release() {
    let root = Root::tiny();
    let gap = root.landing("utlevering/utlevering_2026-03.csv");
    let held_back = fs::read(&gap).unwrap();
    fs::remove_file(&gap).unwrap();
    root.run_to(ExitCode::CheckFailed);
    let output = root.output(&["publish"]);
    assert_eq!(output.status.code(), Some(30), "{}", told(&output));
    assert!(!root.current().exists());
    fs::write(&gap, held_back).unwrap();
    root.run_to(ExitCode::Done);
}

#[test]
fn a_release_that_was_damaged_is_built_again() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let (whole, manifest) = (root.release_hashes(), root.manifest());
    let damages: [&dyn Fn(); 3] = [
        &|| drop(damage(&root, "offentlig/index.html", |text| text.replace("href", "herf"))),
        &|| fs::remove_file(root.current().join("offentlig/data/reservasjon_klasser.csv")).unwrap(),
        &|| drop(damage(&root, "manifest.json", |text| text[..text.len() / 2].to_owned())),
    ];
    for (at, damage) in damages.into_iter().enumerate() {
        damage();
        root.run_to(ExitCode::Done);
        assert_eq!((root.release_hashes(), root.manifest()), (whole.clone(), manifest.clone()), "damage {at}");
        assert!(problems(&root).is_empty(), "{:?}", problems(&root));
        let left = fs::read_dir(root.path().join("releases")).unwrap().count();
        assert_eq!(left, 2, "the release and the link to it");
    }
}

#[test]
fn a_table_that_changed_under_both_its_names_stops_the_run_with_30() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let (hashes, table) = (root.release_hashes(), root.current().join("tabeller/reservasjonsgrad_lege.parquet"));
    let mut bytes = fs::read(&table).unwrap();
    bytes[100] ^= 1;
    fs::write(&table, bytes).unwrap();
    let output = root.output(&["run"]);
    assert_eq!(output.status.code(), Some(30), "{}", told(&output));
    assert!(told(&output).contains("has another hash than the state says; restore it"), "{}", told(&output));
    fs::remove_file(root.path().join("state.json")).unwrap();
    root.run_to(ExitCode::Done);
    assert_eq!(root.release_hashes(), hashes);
    assert!(problems(&root).is_empty(), "{:?}", problems(&root));
}

#[test]
fn dates_at_the_ends_of_the_calendar_end_with_a_message() {
    let root = Root::tiny();
    assert_eq!(root.run_as_of("0001-01-01").unwrap().code, ExitCode::CheckFailed);
    assert_eq!(root.run_as_of("9999-12-31").unwrap().code, ExitCode::Done);
}

#[test]
fn a_damaged_file_of_the_release_that_is_shown_is_not_linked_into_the_next() {
    let root = Root::tiny();
    let october = fs::read(root.landing(MONTH)).unwrap();
    fs::remove_file(root.landing(MONTH)).unwrap();
    root.run_to(ExitCode::Done);
    let style = root.release_hashes().into_keys().find(|file| file.starts_with("offentlig/assets/style")).unwrap();
    let icon = root.release_hashes().into_keys().find(|file| file.starts_with("offentlig/assets/icon")).unwrap();
    // Of the same size, so that only its hash tells.
    let damaged = fs::metadata(damage(&root, &style, |text| text.replacen('a', "b", 1))).unwrap().ino();
    let whole = fs::metadata(root.current().join(&icon)).unwrap().ino();
    fs::write(root.landing(MONTH), october).unwrap();
    root.run_to(ExitCode::Done);
    assert_ne!(fs::metadata(root.current().join(&style)).unwrap().ino(), damaged);
    assert_eq!(fs::metadata(root.current().join(&icon)).unwrap().ino(), whole);
    assert!(problems(&root).is_empty(), "{:?}", problems(&root));
}

#[test]
fn rollback_goes_back_in_time_takes_the_lock_and_is_in_the_ledger() {
    let root = Root::tiny();
    root.run_as_of("2026-11-10").unwrap();
    let first = shown(&root);
    root.run_as_of("2026-10-10").unwrap();
    let second = shown(&root);
    assert!(second < first, "the later release has the earlier name");

    let lock = fs::File::create(root.path().join("run.lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(rollback(&root, &[]).status.code(), Some(75));
    assert_eq!(shown(&root), second);
    lock.unlock().unwrap();

    assert_eq!(rollback(&root, &[]).status.code(), Some(0));
    assert_eq!(shown(&root), first);
    let line = ledger(&root).pop().unwrap();
    assert_eq!((&line["exit"], &line["shown"]), (&0.into(), &first.as_str().into()));
    // Back once more: before the first there is none, and the second is not before it.
    let output = rollback(&root, &[]);
    assert_eq!(output.status.code(), Some(50));
    assert!(told(&output).contains("there is no earlier release"), "{}", told(&output));
    assert_eq!(ledger(&root).pop().unwrap()["exit"], 50);
    assert_eq!(rollback(&root, &[&second]).status.code(), Some(0));
    assert_eq!(shown(&root), second);
}

#[test]
fn rollback_takes_names_of_whole_releases_only() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let release = shown(&root);
    let outside = root.path().join("x");
    fs::create_dir(&outside).unwrap();
    fs::copy(root.current().join("manifest.json"), outside.join("manifest.json")).unwrap();
    fs::create_dir(root.path().join("releases/.bygges")).unwrap();
    fs::copy(root.current().join("manifest.json"), root.path().join("releases/.bygges/manifest.json")).unwrap();
    for wrong in ["current", ".bygges", "../x", ".", "", &format!("./{release}"), &format!("{release}/")] {
        let output = rollback(&root, &[wrong]);
        assert_eq!(output.status.code(), Some(50), "{wrong}: {}", told(&output));
        assert!(told(&output).contains("there is no release"), "{wrong}: {}", told(&output));
        assert_eq!(shown(&root), release);
    }
    damage(&root, "offentlig/index.html", |text| format!("{text} "));
    let output = rollback(&root, &[&release]);
    assert_eq!(output.status.code(), Some(50));
    assert!(told(&output).contains("is damaged"), "{}", told(&output));
}

#[test]
fn verify_tells_a_manifest_that_was_changed_with_its_file() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let page = "offentlig/data/reservasjon_klasser.csv";
    let changed = damage(&root, page, |text| text.replacen("grunnlag;", "grunnlag;1", 1));
    let mut manifest: Manifest = root.manifest();
    let file = manifest.files.get_mut(page).unwrap();
    file.sha256 = speil::disk::sha256_of_file(&changed).unwrap();
    file.bytes += 1;
    fs::write(root.current().join("manifest.json"), manifest.to_json().unwrap()).unwrap();
    let found = problems(&root);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("manifest.json: is not that of 2026-11-10-"), "{found:?}");
    // Named anew after what it holds now, it is not what its folder is called.
    manifest.release = manifest.id().unwrap();
    fs::write(root.current().join("manifest.json"), manifest.to_json().unwrap()).unwrap();
    let found = problems(&root);
    assert!(found.iter().any(|problem| problem.starts_with("manifest.json: is that of 2026-11-10-")), "{found:?}");
}

#[test]
fn verify_tells_the_number_of_a_doctor_who_has_no_page() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let register = root.table("lege");
    let registered = register.iter().flat_map(|batch| crate::support::integers(batch, "rekvirent_hpr"));
    let has_page = |hpr: &i64| root.current().join(format!("lege/{hpr}")).exists();
    let hpr = registered.flatten().find(|hpr| !has_page(hpr)).unwrap().to_string();
    damage(&root, "offentlig/index.html", |text| text.replacen("<p", &format!("<p id=\"l{hpr}\""), 1));
    damage(&root, "offentlig/data/reservasjon_klasser.csv", |text| text.replacen("grunnlag;", &format!("{hpr};"), 1));
    let found = problems(&root);
    for wanted in [
        "offentlig/index.html: holds another doctor's number",
        "offentlig/data/reservasjon_klasser.csv: has a doctor's number in column klasse",
    ] {
        assert!(found.iter().any(|problem| problem == wanted), "{found:?}");
    }
    assert!(found.iter().all(|problem| !problem.contains(&hpr)));
}

#[test]
fn a_public_table_that_lacks_what_disclosure_needs_ends_with_10() {
    let root = Root::tiny();
    let queries = root.path().join("queries");
    let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("queries");
    for file in speil::disk::files_below(&repository).unwrap() {
        let text = fs::read_to_string(repository.join(&file)).unwrap();
        let without = |line: &&str| !(file.ends_with("reservasjon_klasser.sql") && line.starts_with("nest_storste ="));
        let kept: String = text.lines().filter(without).map(|line| format!("{line}\n")).collect();
        fs::create_dir_all(queries.join(file.parent().unwrap())).unwrap();
        fs::write(queries.join(file), kept).unwrap();
    }
    let configuration = root.path().join("speil.toml");
    let text = fs::read_to_string(&configuration).unwrap();
    fs::write(&configuration, format!("{text}[paths]\nqueries = \"queries\"\n")).unwrap();
    let output = root.output(&["run"]);
    assert_eq!(output.status.code(), Some(10), "{}", told(&output));
    assert!(
        told(&output).contains("queries/reservasjon/reservasjon_klasser.sql:7: rule D7: `linjer`"),
        "{}",
        told(&output)
    );
}

#[test]
fn a_damaged_state_stops_the_run_with_30_and_a_releases_own_state_mends_it() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let (hashes, state, file) = (root.release_hashes(), root.state(), root.path().join("state.json"));
    let text = fs::read_to_string(&file).unwrap();
    for damaged in ["", &text[..text.len() / 2]] {
        fs::write(&file, damaged).unwrap();
        let output = root.output(&["run"]);
        assert_eq!(output.status.code(), Some(30), "{}", told(&output));
        let advice = format!("releases/{}/state.json", shown(&root));
        assert!(told(&output).contains("is damaged; copy the state of a release over it"), "{}", told(&output));
        assert!(told(&output).contains(&advice), "{}", told(&output));
        assert_eq!(fs::read_to_string(&file).unwrap(), damaged);
    }
    fs::copy(root.current().join("state.json"), &file).unwrap();
    root.run_to(ExitCode::Done);
    assert_eq!((root.release_hashes(), root.state()), (hashes, state));
}

#[test]
fn a_failed_run_is_in_the_ledger_without_numbers_of_persons() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let line = ledger(&root).pop().unwrap();
    assert_eq!((&line["code"], &line["exit"], &line["error"]), (&"Done".into(), &0.into(), &serde_json::Value::Null));

    let entry = root.state().tables["utlevering"]["2026-03"].clone();
    let lost = root.path().join("lake").join(&entry.file);
    let bytes = fs::read(&lost).unwrap();
    fs::remove_file(&lost).unwrap();
    assert_eq!(root.output(&["run"]).status.code(), Some(30));
    let line = ledger(&root).pop().unwrap();
    assert_eq!((&line["code"], &line["exit"]), (&"CheckFailed".into(), &30.into()));
    assert!(line["error"].to_string().contains("is missing; restore it from backup"), "{line}");
    fs::write(&lost, bytes).unwrap();

    let lock = fs::File::create(root.path().join("run.lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(root.output(&["run"]).status.code(), Some(75));
    assert_eq!(ledger(&root).pop().unwrap()["exit"], 75);
    assert_eq!(ledger(&root).len(), 3);
}

#[test]
fn whole_tables_and_rows_of_persons_are_the_owners_alone() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    for folder in ["lake", "quarantine", "offentliggjort", "releases/current/tabeller"] {
        let mode = fs::metadata(root.path().join(folder)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
    let shown = fs::metadata(root.current().join("offentlig/data")).unwrap().permissions().mode();
    assert_eq!(shown & 0o055, 0o055);
}
