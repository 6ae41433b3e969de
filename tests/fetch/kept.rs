//! Deliveries that are put somewhere outside the root are kept below it when they are taken in: all can be computed anew
//! when they are gone from there.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use speil::run::{self, ExitCode, Failure, Options, Outcome, Step};

use crate::support::Root;

/// The tiny world, whose months are put into a folder of somebody else's.
fn delivered_elsewhere() -> (Root, tempfile::TempDir) {
    let root = Root::tiny();
    let elsewhere = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(root.landing("utlevering")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, elsewhere.path().join(path.file_name().unwrap())).unwrap();
    }
    fs::remove_dir_all(root.landing("utlevering")).unwrap();
    let path = root.path().join("speil.toml");
    let url = format!("url = \"{}/utlevering_*\"", elsewhere.path().display());
    let text = fs::read_to_string(&path).unwrap().replace("url = \"landing/utlevering/utlevering_*\"", &url);
    fs::write(path, text).unwrap();
    (root, elsewhere)
}

fn ingest(root: &Root) -> Result<Outcome, Failure> {
    let as_of = speil::calendar::as_of("2026-11-10").unwrap();
    run::run(&root.config(), &Options { as_of, steps: &[Step::Ingest], only: None, progress: &|_| {} })
}

fn kept(root: &Root) -> Vec<PathBuf> {
    speil::disk::files_below(&root.landing("utlevering")).unwrap()
}

#[test]
fn what_was_taken_in_is_kept_once_and_counts_once_and_is_there_when_others_have_tidied_up() {
    let (root, elsewhere) = delivered_elsewhere();
    let month = "utlevering_2026-10.csv";
    // Refused: not kept.
    fs::write(elsewhere.path().join("utlevering_2026-11.csv"), "ikke;en;leveranse\n").unwrap();
    let outcome = ingest(&root).unwrap();
    assert_eq!((outcome.code, outcome.ingested.refused.len()), (ExitCode::Refused, 1));
    fs::remove_file(elsewhere.path().join("utlevering_2026-11.csv")).unwrap();
    let files = kept(&root);
    assert_eq!(files.len(), 2 * 14, "{files:?}");
    assert_eq!(
        fs::read(root.landing("utlevering").join(month)).unwrap(),
        fs::read(elsewhere.path().join(month)).unwrap()
    );
    let card = fs::read_to_string(root.landing(&format!("utlevering/{month}.levert.json"))).unwrap();
    assert!(card.contains(&speil::disk::sha256_of_file(&elsewhere.path().join(month)).unwrap()), "{card}");
    // What lies in the landing folder is not kept a second time.
    assert!(fs::read_dir(root.landing("lege")).unwrap().all(|file| file.unwrap().path().extension().unwrap() == "csv"));

    let number = |root: &Root| fs::metadata(root.landing("utlevering").join(month)).unwrap().ino();
    let before = (files, number(&root), root.state());
    let outcome = ingest(&root).unwrap();
    assert_eq!(outcome.code, ExitCode::Done, "{:?}", outcome.ingested.refused);
    assert!(outcome.ingested.taken.is_empty());
    assert_eq!((kept(&root), number(&root), root.state()), before);

    // Gone from where they were put, and all is to be computed anew.
    for entry in fs::read_dir(elsewhere.path()).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    fs::remove_file(root.path().join("state.json")).unwrap();
    let outcome = ingest(&root).unwrap();
    assert_eq!(outcome.code, ExitCode::Done, "{:?}", outcome.ingested.refused);
    assert_eq!(root.state(), before.2);
}

#[test]
fn who_is_advised_to_rebuild_is_told_which_deliveries_are_not_there_any_more() {
    let (root, elsewhere) = delivered_elsewhere();
    ingest(&root).unwrap();
    let advice = || {
        fs::write(root.path().join("state.json"), "{").unwrap();
        let failure = ingest(&root).unwrap_err();
        assert_eq!(failure.code, ExitCode::CheckFailed);
        format!("{:#}", failure.error)
    };
    let told = advice();
    assert!(told.contains("is damaged; remove it and run again to rebuild"), "{told}");
    let month = "utlevering_2026-10.csv";
    fs::remove_file(elsewhere.path().join(month)).unwrap();
    assert!(!advice().contains("put these deliveries back"));
    fs::remove_file(root.landing("utlevering").join(month)).unwrap();
    let told = advice();
    assert!(
        told.contains(
            "put these deliveries back where their sources look, since nothing can be rebuilt without them \
                       (utlevering_2026-10.csv of utlevering), then remove it and run again"
        ),
        "{told}"
    );
}

#[test]
fn a_folder_that_is_gone_is_a_source_that_was_not_fetched_and_an_empty_one_is_told_of() {
    let (root, elsewhere) = delivered_elsewhere();
    root.run_to(ExitCode::Done);
    let before = (root.release_hashes(), root.state());
    let away = elsewhere.path().with_extension("unmounted");
    fs::rename(elsewhere.path(), &away).unwrap();
    let outcome = root.run_to(ExitCode::TryAgain);
    let failed: Vec<_> = outcome.fetched.failed().collect();
    let [(source, failed)] = failed.as_slice() else { panic!("{failed:?}") };
    assert!(*source == "utlevering" && failed.reason.contains("is its disk mounted"), "{failed:?}");
    assert_eq!((root.release_hashes(), root.state()), before);
    let status = speil::run::Status::read(&root.config()).unwrap();
    assert_eq!(status.sources["utlevering"].level, "ikke_hentet");
    let words = speil::inspect::in_words(&status);
    assert!(words.contains("not fetched since") && words.contains("What was delivered before stands"), "{words}");
    assert!(status.runs[0].not_fetched.contains_key("utlevering"));

    // Empty: the sender may have tidied up.
    fs::create_dir(elsewhere.path()).unwrap();
    root.run_to(ExitCode::Done);
    assert_eq!((root.release_hashes(), root.state()), before);
    let status = speil::run::Status::read(&root.config()).unwrap();
    assert_eq!(status.sources["utlevering"].level, "i_bruk");
    let words = speil::inspect::in_words(&status);
    assert!(words.contains("to look at: no file matches") && words.contains("Has the sender tidied up?"), "{words}");
    fs::remove_dir(elsewhere.path()).unwrap();
    fs::rename(&away, elsewhere.path()).unwrap();
    root.run_to(ExitCode::Done);
    let status = speil::run::Status::read(&root.config()).unwrap();
    assert!(status.sources["utlevering"].notes.is_empty());
}
