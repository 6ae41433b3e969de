//! What a release must be to be shown: everybody who should have a page has one and nobody else, and no course's id stands
//! anywhere. Each is broken by SQL, and nothing is published then.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::{Root, batches, integers};

/// The root's own copy of `queries/`, with one file changed.
pub fn with_sql(root: &Root, file: &str, change: impl Fn(&str) -> String) {
    let queries = root.path().join("queries");
    let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("queries");
    for path in speil::disk::files_below(&repository).unwrap() {
        let text = fs::read_to_string(repository.join(&path)).unwrap();
        let changed = if path == Path::new(file) { change(&text) } else { text.clone() };
        assert!(path != Path::new(file) || changed != text, "{file} is as it was");
        fs::create_dir_all(queries.join(path.parent().unwrap())).unwrap();
        fs::write(queries.join(path), changed).unwrap();
    }
    let configuration = root.path().join("speil.toml");
    let text = fs::read_to_string(&configuration).unwrap();
    if !text.contains("[paths]") {
        fs::write(&configuration, format!("{text}[paths]\nqueries = \"queries\"\n")).unwrap();
    }
}

fn ends_with_50(root: &Root, words: &str) {
    let output: Output = root.output(&["run"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(50), "{said}");
    assert!(said.contains("the release does not hold: ") && said.contains(words), "no {words}: {said}");
}

#[test]
fn a_doctor_without_a_page_and_a_page_of_nobody_stop_the_release() {
    let root = Root::tiny();
    root.run_to(speil::run::ExitCode::Done);
    let shown = root.release_hashes();
    let table = batches(&root.current().join("tabeller/reservasjonsgrad_lege.parquet"));
    let hpr = integers(&table[0], "rekvirent_hpr")[0].unwrap();

    with_sql(&root, "reservasjon/reservasjonsgrad_lege.sql", |text| {
        text.replace("where d.linjer > 0", &format!("where d.linjer > 0 and d.rekvirent_hpr <> {hpr}"))
    });
    ends_with_50(&root, "is missing: its key is in lege_med_side");
    with_sql(&root, "reservasjon/lege_med_side.sql", |text| {
        text.replace("and k.linjer > 0", &format!("and k.rekvirent_hpr <> {hpr}"))
    });
    ends_with_50(&root, "belongs to nobody who should have a page");
    assert_eq!(root.release_hashes(), shown);
}

#[test]
fn a_county_without_pages_stops_the_release() {
    let root = Root::of_both_products();
    with_sql(&root, "too/fylke_med_side.sql", |text| text.replace("('03'),", "('03'),\n    ('04'),"));
    ends_with_50(&root, "is missing: its key is in fylke_med_side");
    assert!(!root.current().exists());
}

#[test]
fn the_id_of_a_course_stops_the_release_and_is_told_by_verify() {
    const ID: &str = "A01-2b9c01d4e5f6";
    let root = Root::of_both_products();
    for file in speil::disk::files_below(&root.landing("too_hendelse")).unwrap() {
        let path = root.landing("too_hendelse").join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace(";A01;", &format!(";{ID};"))).unwrap();
    }
    root.run_to(speil::run::ExitCode::Done);
    let shown = root.release_hashes();
    let page = root.current().join("offentlig/too/index.html");
    let text = fs::read_to_string(&page).unwrap();
    fs::write(&page, text.replacen("<p", &format!("<p title=\"{ID}\""), 1)).unwrap();
    let problems: Vec<String> =
        speil::publish::verify(&root.current()).unwrap().iter().map(ToString::to_string).collect();
    assert!(problems.contains(&"offentlig/too/index.html: holds the id of a course".to_owned()), "{problems:?}");
    assert!(problems.iter().all(|problem| !problem.contains(ID)));
    fs::write(&page, text).unwrap();
    assert_eq!(root.release_hashes(), shown);

    with_sql(&root, "too/too_fylke.sql", |text| text.replacen("    f.navn,", &format!("    '{ID}' as navn,"), 1));
    ends_with_50(&root, "holds the id of a course");
    assert_eq!(root.release_hashes(), shown);
}
