//! Same inputs, same bytes: whatever the root, the number of partitions, the order of rows, elements and files, and the
//! files' age.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::support::{AS_OF, Root};

/// Turns the order of a CSV delivery's rows round, but for the header.
pub fn turn_rows(file: &Path) {
    let text = std::fs::read_to_string(file).unwrap();
    let (header, body) = text.split_once('\n').unwrap();
    let mut rows: Vec<&str> = body.lines().collect();
    rows.reverse();
    let middle = rows.len() / 3;
    rows.rotate_left(middle);
    std::fs::write(file, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
}

/// Turns the order of a snapshot's catalogues, of the entries in each and of each package's prices.
fn turn_elements(file: &Path) {
    let zipped = file.extension().is_some_and(|extension| extension == "zip");
    let text = if zipped { unzipped(file) } else { std::fs::read_to_string(file).unwrap() };
    let starts: Vec<usize> =
        ["<KatByttegruppe>", "<KatLegemiddelpakning>", "</FEST>"].map(|tag| text.find(tag).unwrap()).into();
    let (first, second, end) = (starts[0].min(starts[1]), starts[0].max(starts[1]), starts[2]);
    let catalogues = [&text[second..end], &text[first..second]].map(turn_entries).concat();
    let turned = format!("{}{catalogues}{}", &text[..first], &text[end..]);
    assert_ne!(turned, text);
    if !zipped {
        return std::fs::write(file, turned).unwrap();
    }
    let mut zip = zip::ZipWriter::new(File::create(file).unwrap());
    zip.start_file("fest251.xml", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(turned.as_bytes()).unwrap();
    zip.finish().unwrap();
}

fn unzipped(file: &Path) -> String {
    let mut text = String::new();
    let mut archive = zip::ZipArchive::new(File::open(file).unwrap()).unwrap();
    archive.by_index(0).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// A catalogue with the last entry first; the tiny world writes one entry a line, the catalogue's tags apart.
fn turn_entries(catalogue: &str) -> String {
    let mut lines: Vec<String> = catalogue.lines().map(turn_prices).collect();
    let last = lines.len() - 1;
    assert!(last > 3 && lines[1..last].iter().all(|line| line.starts_with("<Oppf")));
    lines[1..last].reverse();
    lines.join("\n") + "\n"
}

fn turn_prices(entry: &str) -> String {
    const END: &str = "</PrisVare>";
    let (Some(start), Some(end)) = (entry.find("<PrisVare>"), entry.rfind(END)) else { return entry.to_owned() };
    let end = end + END.len();
    let mut prices: Vec<&str> = entry[start..end].split_inclusive(END).collect();
    prices.reverse();
    format!("{}{}{}", &entry[..start], prices.concat(), &entry[end..])
}

/// Writes all deliveries anew, the last by name first, so that the folder and the files' times have another order.
fn turn_files(root: &Root) {
    let names = speil::disk::files_below(&root.landing("")).unwrap();
    let contents: Vec<Vec<u8>> = names.iter().map(|name| std::fs::read(root.landing("").join(name)).unwrap()).collect();
    for name in &names {
        std::fs::remove_file(root.landing("").join(name)).unwrap();
    }
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for (age, (name, content)) in (0..).zip(names.iter().zip(contents).rev()) {
        let path = root.landing("").join(name);
        std::fs::write(&path, content).unwrap();
        File::options().write(true).open(path).unwrap().set_modified(long_ago + Duration::from_secs(age)).unwrap();
    }
}

/// Gives files other names of the same meaning, so that they come in another order: one of two versions of a month
/// another number, and two snapshots of one day each other's names.
fn rename(root: &Root) {
    let rename = |from: &str, to: &str| std::fs::rename(root.landing(from), root.landing(to)).unwrap();
    rename("utlevering/utlevering_2026-05_v10.csv", "utlevering/utlevering_2026-05_v3.csv");
    rename("fest/fest_2025-12-19.xml", "fest/aside");
    rename("fest/fest_2025-12-19_2.xml", "fest/fest_2025-12-19.xml");
    rename("fest/aside", "fest/fest_2025-12-19_2.xml");
}

#[test]
fn releases_are_identical_but_for_the_engine_settings() {
    let plain = Root::of_both_products();
    plain.run();
    let (hashes, manifest) = (plain.release_hashes(), plain.manifest());
    assert!(hashes.len() > 50 && hashes.keys().any(|file| file.contains("too_ventetid")));
    for partitions in [1, 2, 8] {
        let other = Root::of_both_products();
        let files = |folder: &str| {
            let names = speil::disk::files_below(&other.landing(folder)).unwrap();
            names.into_iter().map(|name| other.landing(folder).join(name)).collect::<Vec<_>>()
        };
        for source in ["utlevering", "lege", "too_hendelse", "too_leveranse", "enhet"] {
            files(source).iter().for_each(|file| turn_rows(file));
        }
        files("fest").iter().for_each(|file| turn_elements(file));
        rename(&other);
        turn_files(&other);
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
    let root = Root::of_both_products();
    root.run();
    let (hashes, state) = (root.release_hashes(), root.state());
    std::fs::remove_file(root.path().join("state.json")).unwrap();
    root.run();
    assert_eq!((root.release_hashes(), root.state()), (hashes, state));
}

#[test]
fn a_second_run_changes_nothing() {
    let root = Root::of_both_products();
    root.run();
    let (hashes, state) = (root.release_hashes(), root.state());
    let again = root.run();
    assert!(again.ingested.taken.is_empty() && again.built.ran.is_empty(), "{:?}", again.built.ran);
    assert!(!again.published.unwrap().new);
    assert_eq!((root.release_hashes(), root.state()), (hashes, state));
}
