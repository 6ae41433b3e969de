//! Same inputs, same bytes: whatever the root, the number of partitions, and the order of rows and files.

use std::path::Path;

use crate::support::{AS_OF, Root};

/// Turns the order of a CSV delivery's rows round, but for the header.
fn turn_rows(file: &Path) {
    let text = std::fs::read_to_string(file).unwrap();
    let (header, body) = text.split_once('\n').unwrap();
    let mut rows: Vec<&str> = body.lines().collect();
    rows.reverse();
    let middle = rows.len() / 3;
    rows.rotate_left(middle);
    std::fs::write(file, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
}

/// Gives one of two versions of a month another number, so that files come in another order.
fn renumber(root: &Root) {
    let folder = root.landing("utlevering");
    std::fs::rename(folder.join("utlevering_2026-05_v10.csv"), folder.join("utlevering_2026-05_v3.csv")).unwrap();
}

#[test]
fn releases_are_identical_but_for_the_engine_settings() {
    let plain = Root::tiny();
    plain.run();
    let (hashes, manifest) = (plain.release_hashes(), plain.manifest());
    assert!(hashes.len() > 50, "{} files", hashes.len());
    for partitions in [1, 2, 8] {
        let other = Root::tiny();
        for file in speil::disk::files_below(&other.landing("utlevering")).unwrap() {
            turn_rows(&other.landing("utlevering").join(file));
        }
        renumber(&other);
        let mut config = other.config();
        config.engine.target_partitions = Some(partitions);
        config.engine.memory_mib = 300 + partitions;
        other.run_with(&config, AS_OF).unwrap();
        assert_eq!(other.release_hashes(), hashes, "with {partitions} partitions");
        let mut found = other.manifest();
        assert_eq!(found.settings["target_partitions"], partitions.to_string());
        found.settings = manifest.settings.clone();
        assert_eq!(found, manifest, "with {partitions} partitions");
    }
}

#[test]
fn a_lost_state_is_rebuilt_to_the_same_hashes() {
    let root = Root::tiny();
    root.run();
    let (hashes, state) = (root.release_hashes(), root.state());
    std::fs::remove_file(root.path().join("state.json")).unwrap();
    root.run();
    assert_eq!((root.release_hashes(), root.state()), (hashes, state));
}

#[test]
fn a_second_run_changes_nothing() {
    let root = Root::tiny();
    root.run();
    let (hashes, state) = (root.release_hashes(), root.state());
    let again = root.run();
    assert!(again.ingested.taken.is_empty() && again.built.ran.is_empty(), "{:?}", again.built.ran);
    assert!(!again.published.unwrap().new);
    assert_eq!((root.release_hashes(), root.state()), (hashes, state));
}
