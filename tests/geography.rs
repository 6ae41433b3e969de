//! Counties, from outside: population and classifications as Statistics Norway delivers them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use speil::run::{self, ExitCode, Options, Outcome, Step};

use crate::oracle_too::world;
use crate::support::{Root, integers, texts};

const KODER: &str = "klass_104_koder_2026-11-01.json";
const ENDRINGER: &str = "klass_104_endringer_2026-11-01.json";
const BEFOLKNING: &str = "befolkning_2026-02-20.json";

/// As Statistics Norway would give it; the persons are made up.
pub fn fixture(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ssb").join(name)).unwrap()
}

pub fn deliver(root: &Root, source: &str, name: &str, text: &str) {
    let file = root.landing(&format!("{source}/{name}"));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

pub fn configure(root: &Root, sources: &[&str]) {
    let file = root.path().join("speil.toml");
    let mut text = fs::read_to_string(&file).unwrap_or_else(|_| "root = \".\"\nhenting.ro_sekunder = 0\n".to_owned());
    for source in sources {
        write!(text, "\n[source.{source}]\nurl = \"landing/{source}/{source}_*\"\n").unwrap();
    }
    fs::write(file, text).unwrap();
}

pub fn ingest(root: &Root) -> Outcome {
    let as_of = speil::calendar::as_of("2026-11-10").unwrap();
    run::run(&root.config(), &Options { as_of, steps: &[Step::Ingest], only: None, progress: &|_| {} }).unwrap()
}

pub fn column(root: &Root, table: &str, name: &str) -> Vec<String> {
    root.table(table).iter().flat_map(|batch| texts(batch.column_by_name(name).unwrap())).collect()
}

#[test]
fn a_klass_that_disagrees_stops_the_product_and_names_the_code() {
    let root = Root::bare();
    world::tiny_world(root.path());
    configure(&root, &["klass", "befolkning"]);
    deliver(&root, "klass", KODER, &fixture(KODER));
    deliver(&root, "klass", ENDRINGER, &fixture(ENDRINGER));
    deliver(&root, "befolkning", BEFOLKNING, &fixture(BEFOLKNING));
    let outcome = root.run_as_of(world::AS_OF).unwrap();
    assert!(outcome.ingested.refused.is_empty(), "{:?}", outcome.ingested.refused);
    assert!(outcome.built.failed.is_empty(), "{:?}", outcome.built.failed);
    assert!(column(&root, "klass_kode", "navn").contains(&"Troms - Romsa - Tromssa".to_owned()));
    assert_eq!(column(&root, "klass_endring", "fra_kode").len(), 21);
    let persons: Vec<_> = root.table("befolkning").iter().flat_map(|batch| integers(batch, "antall")).collect();
    assert_eq!(persons, [15_207, 76_007, 187, 8_607, 42_007].map(Some));
    let before = root.release_hashes();

    let other = fixture(KODER).replace("\"code\": \"56\"", "\"code\": \"57\"");
    deliver(&root, "klass", "klass_104_koder_2026-11-02.json", &other);
    let outcome = root.run_as_of(world::AS_OF).unwrap();
    assert_eq!(outcome.code, ExitCode::CheckFailed);
    let told = format!("{:#}", outcome.built.failed["too"]);
    assert!(told.contains("klass_avvik.sql:") && told.contains("56 on 2024-01-01, 57 on 2024-01-01"), "{told}");
    assert_eq!(root.release_hashes(), before);
}

#[test]
fn an_optional_source_alone_switches_no_product_on() {
    let root = Root::tiny();
    configure(&root, &["klass"]);
    deliver(&root, "klass", KODER, &fixture(KODER));
    let outcome = root.run_to(ExitCode::Done);
    assert!(outcome.ingested.taken.iter().any(|taken| taken.partition == "104_koder"));
    assert!(!root.state().tables.contains_key("klass_avvik"));
    assert!(!root.state().tables.contains_key("too_fylke"));
}

#[test]
fn check_judges_a_file_of_each_source_before_it_is_sent() {
    let root = Root::bare();
    configure(&root, &["klass", "befolkning"]);
    for (name, told) in [
        (KODER, "as klass 104_koder: of 32 rows 32 stored"),
        (ENDRINGER, "as klass 104_endringer: of 21 rows 21 stored"),
        (BEFOLKNING, "as befolkning alle: of 24 rows 5 stored, 19 counted outside"),
    ] {
        let file = root.path().join(name);
        fs::write(&file, fixture(name)).unwrap();
        let judged = speil::inspect::judge(&root.config(), &file, None).unwrap();
        assert!(!judged.refused && judged.verdict.contains(told), "{}", judged.verdict);
    }
    let file = root.path().join("befolkning_2026-02-21.json");
    fs::write(&file, fixture(BEFOLKNING).replace("Personer1", "Fodte")).unwrap();
    let judged = speil::inspect::judge(&root.config(), &file, None).unwrap();
    assert!(judged.refused && judged.verdict.contains("contents `Fodte` are not persons"), "{}", judged.verdict);
}
