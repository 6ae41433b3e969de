//! What may be taken in: deliveries that are cut off, empty, shrunk, misnamed or in conflict, and what is kept then.
//!
//! Small deliveries written here, and the ingest step alone. Each refusal leaves what was in force in force.

use std::fs;
use std::io::Write;
use std::sync::Mutex;

use speil::run::{self, ExitCode, Options, Outcome, Step};

use crate::support::{AS_OF, Root};

const JANUARY: &str = "utlevering/utlevering_2026-01.csv";
const SNAPSHOT: &str = "fest/fest_2026-01-15.xml";
const FETCHED: &str = "2026-01-15T04:12:00";
const HEADER: &str = "linje_id;linjetype;gjelder_linje_id;gjelder_utleveringsdato;utleveringsdato;forskrivningsdato;\
                      utlevering_nr;rekvirent_hpr;varenr;antall_pakninger;refusjonshjemmel;reservasjon;\
                      virkestoffrekvirering;utsalgspris\n";

fn utlevering(month: &str, rows: u32) -> String {
    let row = |at| format!("L{at:06};U;;;{month}-02;{month}-01;1;4000003;038448;1,000;200;0;0;100,50\n");
    HEADER.to_owned() + &(0..rows).map(row).collect::<String>()
}

fn lege(rows: u32) -> String {
    let row = |at| format!("{};LE;1;1;0301;2;2010-01-01;\n", 4_000_003 + at);
    "hpr;profesjon;spesialitet;er_fastlege;kommunenr;listetredel;gyldig_fra;gyldig_til\n".to_owned()
        + &(0..rows).map(row).collect::<String>()
}

/// A snapshot whose elements all stand on one line.
fn fest(fetched: &str, packages: u32, groups: &[&str]) -> String {
    const FORSKRIVNING: &str = "http://www.kith.no/xmlstds/eresept/forskrivning/2014-12-01";
    let package = |at: u32| {
        format!(
            "<OppfLegemiddelpakning><Legemiddelpakning xmlns=\"{FORSKRIVNING}\"><NavnFormStyrke>Tab {at}</NavnFormStyrke>\
             <Id>ID_{at:05}</Id><Varenr>{at:06}</Varenr></Legemiddelpakning></OppfLegemiddelpakning>"
        )
    };
    let group = |code: &&str| {
        format!(
            "<OppfByttegruppe><Byttegruppe xmlns=\"{FORSKRIVNING}\"><Id>ID_{code}</Id><Kode V=\"{code}\" DN=\"G\"/>\
             <MerknadTilByttbarhet>false</MerknadTilByttbarhet></Byttegruppe></OppfByttegruppe>"
        )
    };
    format!(
        "<FEST xmlns=\"http://www.kith.no/xmlstds/eresept/m30/2014-12-01\"><HentetDato>{fetched}</HentetDato>\
         <KatLegemiddelpakning>{}</KatLegemiddelpakning><KatByttegruppe>{}</KatByttegruppe></FEST>",
        (1..=packages).map(package).collect::<String>(),
        groups.iter().map(group).collect::<String>()
    )
}

fn zipped(text: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("FEST251.XML", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

fn deliver(root: &Root, file: &str, bytes: impl AsRef<[u8]>) {
    let path = root.landing(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// The ingest step, and the files that it read.
fn ingest(root: &Root) -> (Outcome, Vec<String>) {
    let read = Mutex::new(Vec::new());
    let progress = |file: &str| read.lock().unwrap().push(file.to_owned());
    let options = Options {
        as_of: speil::calendar::as_of(AS_OF).unwrap(),
        steps: &[Step::Ingest],
        only: None,
        progress: &progress,
    };
    let outcome = run::run(&root.config(), &options).unwrap();
    (outcome, read.into_inner().unwrap())
}

fn accepted(root: &Root) {
    let (outcome, _) = ingest(root);
    assert_eq!(outcome.code, ExitCode::Done, "{:?}", outcome.ingested.refused);
}

/// The reasons of a run that refuses so many files, and changes nothing.
fn refused(root: &Root, files: usize) -> Vec<String> {
    let before = root.path().join("state.json").exists().then(|| root.state());
    let (outcome, _) = ingest(root);
    assert_eq!(outcome.code, ExitCode::Refused);
    assert_eq!(outcome.ingested.refused.len(), files, "{:?}", outcome.ingested.refused);
    if let Some(before) = before {
        assert_eq!(root.state(), before);
    }
    outcome.ingested.refused.into_iter().map(|refused| refused.reason).collect()
}

fn configure(root: &Root, change: impl Fn(String) -> String) {
    let path = root.path().join("speil.toml");
    fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
}

fn rows(root: &Root, table: &str, partition: &str) -> Option<u64> {
    let state = root.state();
    state.entry(table, partition).map(|entry| entry.rows)
}

fn stderr(root: &Root) -> String {
    String::from_utf8(root.output(&["ingest"]).stderr).unwrap()
}

#[test]
fn a_much_smaller_delivery_is_refused_unless_the_source_allows_it() {
    let root = Root::empty();
    deliver(&root, JANUARY, utlevering("2026-01", 2000));
    deliver(&root, "lege/lege_2026-01-31.csv", lege(2000));
    deliver(&root, "fest/fest_a.xml", fest("2026-01-01T04:00:00", 2000, &["101"]));
    accepted(&root);
    deliver(&root, "utlevering/utlevering_2026-01_v2.csv", utlevering("2026-01", 900));
    deliver(&root, "lege/lege_2026-02-28.csv", lege(999));
    deliver(&root, "fest/fest_b.xml", fest(FETCHED, 999, &["101"]));
    let reasons = refused(&root, 3);
    for (reason, what) in reasons.iter().zip(["900 rows of utlevering", "999 rows of lege", "999 rows of fest_pakning"])
    {
        assert!(reason.starts_with(&format!("{what} where 2000 are in force: fewer than 50 per cent")), "{reason}");
        assert!(reason.contains("below [source."), "{reason}");
    }
    configure(&root, |text| text.replace("lege_*\"\n", "lege_*\"\nminste_prosent = 40\n"));
    let logged = stderr(&root);
    assert!(
        logged.contains("999 rows of lege where 2000 are in force: a shrink that minste_prosent = 40 allows"),
        "{logged}"
    );
    assert_eq!(rows(&root, "lege", "alle"), Some(999));
    assert_eq!(
        (rows(&root, "utlevering", "2026-01"), rows(&root, "fest_pakning", "20260115041200")),
        (Some(2000), None)
    );
}

#[test]
fn versions_that_come_in_one_night_are_compared_like_those_that_come_in_several() {
    let root = Root::empty();
    deliver(&root, JANUARY, utlevering("2026-01", 2000));
    deliver(&root, "utlevering/utlevering_2026-01_v2.csv", utlevering("2026-01", 900));
    deliver(&root, "utlevering/utlevering_2026-01_v3.csv", utlevering("2026-01", 800));
    deliver(&root, "lege/lege_2026-01-31.csv", lege(2000));
    deliver(&root, "lege/lege_2026-02-28.csv", lege(999));
    let (outcome, _) = ingest(&root);
    assert_eq!(outcome.ingested.refused.len(), 3, "{:?}", outcome.ingested.refused);
    let taken: Vec<&str> = outcome.ingested.taken.iter().map(|taken| taken.file.as_str()).collect();
    assert_eq!(taken, ["utlevering_2026-01.csv", "lege_2026-01-31.csv"]);
    assert_eq!((rows(&root, "utlevering", "2026-01"), rows(&root, "lege", "alle")), (Some(2000), Some(2000)));
}

#[test]
fn the_same_delivery_under_fewer_paragraphs_is_no_shrink() {
    let root = Root::empty();
    deliver(&root, JANUARY, utlevering("2026-01", 2000).replacen(";200;0", ";300;0", 100));
    accepted(&root);
    configure(&root, |text| text.replace("hjemler = [200, 300, 301, 302, 400]", "hjemler = [300]"));
    accepted(&root);
    assert_eq!(rows(&root, "utlevering", "2026-01"), Some(100));
}

#[test]
fn a_delivery_without_content_or_cut_off_is_refused() {
    let xml = fest(FETCHED, 200, &["101"]);
    let zip = zipped(&xml);
    let utf16: Vec<u8> = utlevering("2026-01", 3).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(&str, Vec<u8>, &str); 11] = [
        (JANUARY, Vec::new(), "the file is empty"),
        (JANUARY, HEADER.into(), "no row could be stored"),
        (JANUARY, utlevering("2026-01", 3).replacen(HEADER, "", 1).into(), "this is no header"),
        (JANUARY, utlevering("2026-01", 3).replace(',', ".").replace(';', ",").into(), "divided by commas"),
        (JANUARY, utlevering("2026-01", 3).replace(';', "\t").into(), "divided by tabs"),
        (JANUARY, utf16, "the header is not UTF-8"),
        (SNAPSHOT, Vec::new(), "no FEST/HentetDato"),
        (SNAPSHOT, fest(FETCHED, 0, &["101"]).into(), "without packages"),
        (SNAPSHOT, xml[..xml.len() / 2].into(), "the XML"),
        ("fest/fest_2026-01-15.zip", zip[..zip.len() / 2].into(), "the zip is cut off or damaged; fetch it again"),
        ("fest/fest_2026-01-15.zip", zip[..20].into(), "the zip is cut off or damaged; fetch it again"),
    ];
    let root = Root::empty();
    for (file, bytes, wanted) in cases {
        deliver(&root, file, &bytes);
        let reason = refused(&root, 1).remove(0);
        assert!(reason.contains(wanted), "{wanted}: {reason}");
        assert!(root.state().deliveries.is_empty());
        fs::remove_file(root.landing(file)).unwrap();
    }
}

#[test]
fn a_file_in_latin_1_is_told_by_its_encoding() {
    let root = Root::empty();
    let text = utlevering("2026-01", 100).replace("L0000", "LØ");
    let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    deliver(&root, JANUARY, bytes);
    let reason = refused(&root, 1).remove(0);
    assert!(reason.contains("100 of 100 rows of utlevering are bad (ikke_utf8 100)"), "{reason}");
    assert!(reason.contains("save the whole file as UTF-8"), "{reason}");
}

#[test]
fn packages_that_share_a_line_are_all_kept() {
    let root = Root::empty();
    deliver(&root, SNAPSHOT, fest(FETCHED, 2, &["101", "102"]));
    accepted(&root);
    assert_eq!(rows(&root, "fest_pakning", "20260115041200"), Some(2));
    assert_eq!(rows(&root, "fest_byttegruppe", "20260115041200"), Some(2));
}

#[test]
fn bad_rows_are_limited_in_each_table() {
    let root = Root::empty();
    // One group of two is bad, one row in a thousand.
    deliver(&root, SNAPSHOT, fest(FETCHED, 1000, &["101", "x"]));
    let reason = refused(&root, 1).remove(0);
    assert!(reason.starts_with("1 of 2 rows of fest_byttegruppe are bad (ikke_heltall 1)"), "{reason}");
    deliver(&root, SNAPSHOT, fest("2026-02-31T04:12:00", 1000, &["101"]));
    let reason = refused(&root, 1).remove(0);
    assert!(reason.starts_with("no FEST/HentetDato with a date and time that exist"), "{reason}");
    assert!(root.state().deliveries.is_empty());
}

#[test]
fn a_delivery_that_lost_an_optional_column_is_warned_of() {
    let root = Root::empty();
    let without = |text: String| -> String {
        let cells = |line: &str| {
            let mut cells: Vec<&str> = line.split(';').collect();
            cells.remove(6);
            cells.join(";") + "\n"
        };
        text.lines().map(cells).collect()
    };
    deliver(&root, JANUARY, utlevering("2026-01", 200));
    assert!(!stderr(&root).contains("utlevering_nr"));
    deliver(&root, "utlevering/utlevering_2026-02.csv", without(utlevering("2026-02", 200)));
    let logged = stderr(&root);
    assert!(logged.contains("column utlevering_nr is not delivered; utlevering_2026-01.csv had it"), "{logged}");
    // Told once, when it happens.
    deliver(&root, "utlevering/utlevering_2026-03.csv", without(utlevering("2026-03", 200)));
    assert!(!stderr(&root).contains("utlevering_nr"));
}

#[test]
fn an_empty_cell_of_an_optional_column_is_a_bad_row() {
    let root = Root::empty();
    deliver(&root, JANUARY, utlevering("2026-01", 200).replacen(";1;4000003", ";;4000003", 1));
    let (outcome, _) = ingest(&root);
    assert_eq!(outcome.code, ExitCode::Done, "{:?}", outcome.ingested.refused);
    assert_eq!(outcome.ingested.taken[0].tally.bad["mangler"].rows, 1);
    assert_eq!(rows(&root, "utlevering", "2026-01"), Some(199));
}

#[test]
fn two_snapshots_of_one_time_are_refused_in_any_order_until_one_is_a_higher_version() {
    let (right, wrong) = (fest(FETCHED, 300, &["101"]), fest(FETCHED, 200, &["101"]));
    let key = "20260115041200";
    let mut states = Vec::new();
    for names in [["fest/fest_a.xml", "fest/fest_b.xml"], ["fest/fest_b.xml", "fest/fest_a.xml"]] {
        let root = Root::empty();
        deliver(&root, names[0], &wrong);
        deliver(&root, names[1], &right);
        for reason in refused(&root, 2) {
            assert!(reason.contains("fest_a.xml and fest_b.xml hold different snapshots"), "{reason}");
            assert!(reason.contains("name the right one _v2"), "{reason}");
        }
        assert_eq!(rows(&root, "fest_pakning", key), None);
        fs::remove_file(root.landing(names[1])).unwrap();
        deliver(&root, "fest/fest_a_v2.xml", &right);
        accepted(&root);
        assert_eq!(rows(&root, "fest_pakning", key), Some(300));
        states.push(root.state().tables);
        // On another night the wrong one comes first, or last: the same is in force.
        for first in [names[0], "fest/fest_a_v2.xml"] {
            let other = Root::empty();
            for file in [first, names[0], "fest/fest_a_v2.xml"] {
                deliver(&other, file, fs::read(root.landing(file)).unwrap());
                accepted(&other);
            }
            states.push(other.state().tables);
        }
    }
    assert!(states.iter().all(|state| *state == states[0]));
}

#[test]
fn what_is_in_force_stands_when_another_snapshot_of_its_time_and_version_comes() {
    let root = Root::empty();
    deliver(&root, "fest/fest_b.xml", fest(FETCHED, 300, &["101"]));
    accepted(&root);
    deliver(&root, "fest/fest_a.xml", fest(FETCHED, 301, &["101"]));
    let reason = refused(&root, 1).remove(0);
    assert!(reason.starts_with("fest_b.xml, as it was taken in, holds another snapshot"), "{reason}");
}

#[test]
fn a_copy_with_other_bytes_is_read_once() {
    let root = Root::empty();
    let xml = fest(FETCHED, 300, &["101"]);
    deliver(&root, "fest/fest_a.xml", &xml);
    assert_eq!(ingest(&root).1, ["fest_a.xml"]);
    deliver(&root, "fest/FEST_is_not.zip", "");
    deliver(&root, "fest/fest_b.ZIP", zipped(&xml));
    deliver(&root, "fest/fest_c.xml", &xml);
    let state = root.state();
    assert_eq!(ingest(&root).1, ["fest_b.ZIP"]);
    assert_eq!(root.state().tables, state.tables);
    assert_eq!(ingest(&root).1, Vec::<String>::new());
    // Both at once, in another root.
    let other = Root::empty();
    other.copy_from(&root, |file| !file.contains("is_not"));
    assert_eq!(ingest(&other).1, ["fest_a.xml", "fest_b.ZIP"]);
    assert_eq!(ingest(&other).1, Vec::<String>::new());
    assert_eq!(other.state().tables, root.state().tables);
}

#[test]
fn two_registers_of_one_date_and_version_are_refused_in_any_order() {
    for rows_of_first in [300, 200] {
        let root = Root::empty();
        deliver(&root, "lege/lege_2026-01-31.csv", lege(rows_of_first));
        deliver(&root, "lege/lege_2026-01-31.CSV", lege(500 - rows_of_first));
        assert!(refused(&root, 2)[0].contains("are the same version with different content"));
        deliver(&root, "lege/lege_2026-01-31_v2.csv", lege(300));
        accepted(&root);
        assert_eq!(rows(&root, "lege", "alle"), Some(300));
    }
}

#[test]
fn endings_in_capitals_are_read() {
    let root = Root::empty();
    deliver(&root, "utlevering/utlevering_2026-01.CSV", utlevering("2026-01", 200));
    deliver(&root, "fest/fest_a.XML", fest(FETCHED, 300, &["101"]));
    deliver(&root, "fest/fest_b.ZIP", zipped(&fest("2026-02-01T04:00:00", 300, &["101"])));
    accepted(&root);
    assert_eq!(root.state().deliveries["fest"].len(), 2);
    assert_eq!(root.state().deliveries["utlevering"].len(), 1);
}

#[test]
fn a_source_that_finds_nothing_is_warned_of() {
    let root = Root::empty();
    deliver(&root, JANUARY, utlevering("2026-01", 200));
    let logged = stderr(&root);
    let lines: Vec<&str> = logged.lines().filter(|line| line.contains("no file matches")).collect();
    assert_eq!(lines.len(), 2, "{logged}");
    for source in ["fest", "lege"] {
        let told = format!("source=\"{source}\"");
        assert!(
            lines.iter().any(|line| line.contains(&told) && line.contains(&format!("landing/{source}/{source}_*")))
        );
    }
}

/// The months of the tiny world under other paragraphs than the last one, whose file alone is still there.
#[test]
fn months_under_other_paragraphs_stop_the_product_until_they_are_taken_in_again() {
    let world = Root::tiny();
    let root = Root::empty();
    root.copy_from(&world, |_| true);
    root.run_to(ExitCode::Done);
    let before = root.release_hashes();
    assert_eq!(root.manifest().products["reservasjon"].paragraphs, [200, 300, 301, 302, 400].into());
    let september = root.landing("utlevering/utlevering_2026-09.csv");
    let text = fs::read_to_string(&september).unwrap();
    fs::remove_file(&september).unwrap();

    configure(&root, |text| text.replace("hjemler = [200, 300, 301, 302, 400]", "hjemler = [200, 300]"));
    let outcome = root.run_to(ExitCode::CheckFailed);
    let reason = outcome.built.failed["reservasjon"].to_string();
    assert!(reason.starts_with("2026-09 (utlevering_2026-09.csv) of utlevering is stored under other"), "{reason}");
    assert!(reason.contains("put these files back where [source.utlevering] looks"), "{reason}");
    assert_eq!(root.release_hashes(), before);

    fs::write(&september, text).unwrap();
    root.run_to(ExitCode::Done);
    assert_eq!(root.manifest().products["reservasjon"].paragraphs, [200, 300].into());
    // The order in which they are written means nothing.
    configure(&root, |text| text.replace("hjemler = [200, 300]", "hjemler = [300, 200]"));
    let again = root.run_to(ExitCode::Done);
    assert!(again.ingested.taken.is_empty() && again.built.ran.is_empty(), "{:?}", again.ingested.taken);
}

#[test]
fn a_root_with_brackets_in_its_name_gives_the_same_release() {
    let plain = Root::tiny();
    plain.run_to(ExitCode::Done);
    let root = Root::tiny();
    let folder = root.path().join("a[1]b {x}*?");
    fs::create_dir(&folder).unwrap();
    for name in ["landing", "speil.toml"] {
        fs::rename(root.path().join(name), folder.join(name)).unwrap();
    }
    let config = speil::config::Config::load(&folder.join("speil.toml")).unwrap();
    let options =
        Options { as_of: speil::calendar::as_of(AS_OF).unwrap(), steps: Step::ALL, only: None, progress: &|_| {} };
    let outcome = run::run(&config, &options).unwrap();
    assert_eq!(outcome.code, ExitCode::Done);
    assert_eq!(outcome.published.unwrap().release, plain.manifest().release);
}
