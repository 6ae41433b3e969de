//! `speil demo` as somebody who tries the program runs it: small here, through the binary, from nothing to three pages.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn speil(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_speil")).args(arguments).arg(folder).output().unwrap()
}

#[test]
fn the_demo_shows_three_pages_and_its_release_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("demo");
    let ended = speil(&["demo", "--doctors", "60", "--months", "13", "--out"], &out);
    let (stdout, stderr) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert_eq!(ended.status.code(), Some(0), "{stdout}{stderr}");
    for (what, tree) in [("Front page:", "/offentlig/"), ("A doctor:", "/lege/"), ("A county:", "/fylke/")] {
        let line = stdout.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_else(|| panic!("{what} {stdout}"));
        let page = line.trim();
        assert!(page.contains(tree), "{page}");
        let html = fs::read_to_string(page).unwrap();
        assert!(html.contains("<h1>") && html.contains("</html>"), "{page}");
    }
    let verified = speil(&["verify"], &out.join("releases/current"));
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
}
