//! Counties, from outside: population and classifications as Statistics Norway delivers them, and the limit of bad rows
//! per county.

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
fn fixture(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ssb").join(name)).unwrap()
}

fn deliver(root: &Root, source: &str, name: &str, text: &str) {
    let file = root.landing(&format!("{source}/{name}"));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

fn configure(root: &Root, sources: &[&str]) {
    let file = root.path().join("speil.toml");
    let mut text = fs::read_to_string(&file).unwrap_or_else(|_| "root = \".\"\n".to_owned());
    for source in sources {
        write!(text, "\n[source.{source}]\nurl = \"landing/{source}/{source}_*\"\n").unwrap();
    }
    fs::write(file, text).unwrap();
}

fn ingest(root: &Root) -> Outcome {
    let as_of = speil::calendar::as_of("2026-11-10").unwrap();
    run::run(&root.config(), &Options { as_of, steps: &[Step::Ingest], progress: &|_| {} }).unwrap()
}

fn column(root: &Root, table: &str, name: &str) -> Vec<String> {
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

/// A hundred events of a county; the first `bad` are dated after they were registered.
fn events(county: &str, bad: usize) -> String {
    let mut text = String::new();
    for nth in 0..100 {
        let day = if nth < bad { "2026-10-31" } else { "2026-10-01" };
        writeln!(
            text,
            "{county}000000-0000-4000-8000-0000000000{nth:02};N;;{county}-{nth};henvist;{day};2026-10-20T10:00:00+02:00;{county};;\
             974760673;selv;25-44;;;;;;;;tilskudd"
        )
        .unwrap();
    }
    text
}

const HEADER: &str = "hendelse_guid;status;gjelder_guid;forlop_id;hendelse_type;hendelse_dato;registrert_tid;fylkesnr;\
                      fra_fylkesnr;enhet_orgnr;henvisningskilde;aldersgruppe;maalgruppe;behandlingsbehov;oppmote;\
                      pauseaarsak;avslutningsaarsak;ferdig_odontologisk;ferdig_psykologisk;finansiering\n";

const SEVERAL: &str = "too_hendelse_00_2026-10.csv";

#[test]
fn a_county_with_too_many_bad_rows_is_refused_and_the_others_stand() {
    let root = Root::bare();
    configure(&root, &["too_hendelse", "too_leveranse", "enhet"]);
    // Three of 200 rows of too_hendelse are bad and would refuse the file; Oslo's one of 100 is within the limit, Rogaland's two are not.
    deliver(&root, "too_hendelse", SEVERAL, &format!("{HEADER}{}{}", events("03", 1), events("11", 2)));
    let judged =
        speil::inspect::judge(&root.config(), &root.landing(&format!("too_hendelse/{SEVERAL}")), None).unwrap();
    assert!(
        judged.refused && judged.verdict.contains("county 11: 2 of 100 rows of too_hendelse are bad"),
        "{}",
        judged.verdict
    );
    assert!(judged.verdict.contains("of 100 rows 99 stored"), "{}", judged.verdict);

    let outcome = ingest(&root);
    assert_eq!(outcome.code, ExitCode::Refused);
    let [refused] = outcome.ingested.refused.as_slice() else { panic!("{:?}", outcome.ingested.refused) };
    assert_eq!(refused.file, SEVERAL);
    assert!(
        refused.reason.starts_with("county 11: 2 of 100 rows of too_hendelse are bad (dato_etter_registrering 2)"),
        "{refused:?}"
    );
    assert!(refused.reason.ends_with("and deliver them again as too_hendelse_11_2026-10.csv"), "{refused:?}");
    assert_eq!(column(&root, "too_hendelse", "fylkesnr"), vec!["3"; 99]);
    assert_eq!(column(&root, "mottak", "fylkesnr"), ["03"; 3]);
    assert_eq!(column(&root, "mottak", "regel"), ["dato_etter_registrering", "lagret", "mottatt"]);

    deliver(&root, "too_hendelse", "too_hendelse_11_2026-10.csv", &format!("{HEADER}{}", events("11", 0)));
    let outcome = ingest(&root);
    assert_eq!((outcome.code, outcome.ingested.taken.len()), (ExitCode::Done, 1), "{:?}", outcome.ingested.refused);
    assert_eq!(column(&root, "too_hendelse", "fylkesnr").len(), 199);
}

#[test]
fn repeated_keys_count_for_their_county() {
    let root = Root::bare();
    configure(&root, &["too_hendelse", "too_leveranse", "enhet"]);
    let twice: String = events("11", 0).lines().take(1).map(|row| format!("{row}\n")).collect();
    deliver(&root, "too_hendelse", SEVERAL, &format!("{HEADER}{}{}{twice}", events("03", 0), events("11", 0)));
    let outcome = ingest(&root);
    let [refused] = outcome.ingested.refused.as_slice() else { panic!("{:?}", outcome.ingested.refused) };
    assert!(
        refused.reason.starts_with("county 11: 2 of 101 rows of too_hendelse are bad (noekkel_gjentatt 2)"),
        "{refused:?}"
    );
    assert_eq!(column(&root, "too_hendelse", "fylkesnr"), vec!["3"; 100]);
}

#[test]
fn a_file_whose_counties_are_all_bad_is_refused_whole() {
    let root = Root::bare();
    configure(&root, &["too_hendelse", "too_leveranse", "enhet"]);
    deliver(&root, "too_hendelse", SEVERAL, &format!("{HEADER}{}{}", events("03", 9), events("11", 2)));
    let outcome = ingest(&root);
    let [refused] = outcome.ingested.refused.as_slice() else { panic!("{:?}", outcome.ingested.refused) };
    assert!(refused.reason.starts_with("11 of 200 rows of too_hendelse are bad"), "{refused:?}");
    assert!(!root.state().tables.contains_key("too_hendelse"));
}

#[test]
fn rows_whose_county_cannot_be_read_count_for_the_whole_file() {
    let root = Root::bare();
    configure(&root, &["too_hendelse", "too_leveranse", "enhet"]);
    // Two of 202: within the limit, and no county's.
    let oslo = events("03", 0);
    let unplaced = oslo.lines().take(2).map(|row| row.replace(";03;", ";99;").replace("03000000", "99000000") + "\n");
    let unplaced: String = unplaced.collect();
    deliver(&root, "too_hendelse", SEVERAL, &format!("{HEADER}{oslo}{}{unplaced}", events("11", 0)));
    let outcome = ingest(&root);
    assert_eq!(outcome.code, ExitCode::Done, "{:?}", outcome.ingested.refused);
    assert_eq!(column(&root, "too_hendelse", "fylkesnr").len(), 200);
    let counties = column(&root, "mottak", "fylkesnr");
    assert_eq!(counties, ["00", "00", "00", "03", "03", "11", "11"]);
}
