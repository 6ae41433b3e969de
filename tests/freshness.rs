//! Late deliveries over several nights: a warning, then a note on the pages, then a product that fails and keeps them;
//! and all is well again on the night the delivery comes.

use std::fs;

use speil::run::ExitCode;
use speil::run::freshness::Level;

use crate::support::Root;

const PUBLIC: &str = "offentlig/nasjonalt/index.html";
const NOTE: &str = "Vi venter på nyere tall. Utleverte reseptlinjer: tall per oktober 2026.";

/// The tiny world, whose lines are due on every 10th.
fn expected() -> Root {
    let root = Root::tiny();
    let path = root.path().join("speil.toml");
    let cron = "[source.utlevering]\ncron = \"0 6 10 * *\"\nfrist_dager = 20";
    let text = fs::read_to_string(&path).unwrap().replace("[source.utlevering]", cron);
    fs::write(path, text).unwrap();
    root
}

fn page(root: &Root, path: &str) -> String {
    fs::read_to_string(root.current().join(path)).unwrap()
}

/// A doctor's page.
fn private(root: &Root) -> String {
    let pages = root.release_hashes().into_keys();
    page(root, &pages.into_iter().find(|page| page.starts_with("lege/") && page.ends_with("index.html")).unwrap())
}

/// November's lines: October's dispensings, a month later.
fn deliver_november(root: &Root) {
    let october = fs::read_to_string(root.landing("utlevering/utlevering_2026-10.csv")).unwrap();
    let wanted = |line: &&str| line.starts_with("linje_id") || (line.contains(";U;") && !line.contains("2026-10-31"));
    let lines: String = october.lines().filter(wanted).map(|line| line.to_owned() + "\n").collect();
    let november = lines.replace(";2026-10-", ";2026-11-");
    fs::write(root.landing("utlevering/utlevering_2026-11.csv"), november).unwrap();
}

#[test]
fn late_data_is_a_warning_and_a_note_then_a_failed_product_and_then_all_is_well_again() {
    let root = expected();
    let outcome = root.run_to(ExitCode::Done);
    let of = |outcome: &speil::run::Outcome| {
        let mut all = outcome.freshness.iter();
        all.find(|source| source.source == "utlevering").map(|source| (source.level, source.late_days)).unwrap()
    };
    assert_eq!(of(&outcome), (Level::IRute, None));
    assert!(!page(&root, PUBLIC).contains("Vi venter"));

    let outcome = root.run_as_of("2026-12-10T05:59").unwrap();
    assert_eq!((outcome.code, of(&outcome)), (ExitCode::Done, (Level::IRute, None)));
    let outcome = root.run_as_of("2026-12-12").unwrap();
    assert_eq!((outcome.code, of(&outcome)), (ExitCode::Done, (Level::Forsinket, Some(2))));
    for text in [page(&root, PUBLIC), private(&root), page(&root, "offentlig/index.html")] {
        assert_eq!(text.matches(NOTE).count(), 1, "{text}");
    }
    let status = speil::run::Status::read(&root.config()).unwrap();
    assert_eq!(status.sources["utlevering"].level, "forsinket");
    assert!(speil::inspect::in_words(&status).contains("late: the next was due 2026-12-10T06:00:00, 2 days before"));
    // The note is of what was delivered and the run's date alone: the same night again is the same release.
    let before = (root.release_hashes(), root.manifest().release);
    root.run_as_of("2026-12-12").unwrap();
    assert_eq!((root.release_hashes(), root.manifest().release), before);

    let outcome = root.run_as_of("2026-12-31").unwrap();
    assert_eq!((outcome.code, of(&outcome)), (ExitCode::CheckFailed, (Level::ForSent, Some(21))));
    let told = outcome.built.failed["reservasjon"].to_string();
    assert!(
        told.starts_with("utlevering was due 2026-12-10 06:00 and is 21 days late; the newest is of 2026-10"),
        "{told}"
    );
    assert!(told.contains("frist_dager"), "{told}");
    assert_eq!(root.release_hashes()[PUBLIC], before.0[PUBLIC]);

    // As many lines as in October, on the same days: an operator says that this once it is right.
    let config = root.path().join("speil.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("frist_dager = 20", "frist_dager = 20\ngodta = [\"gjentatt\"]")).unwrap();
    deliver_november(&root);
    let outcome = root.run_as_of("2026-12-31").unwrap();
    assert_eq!((outcome.code, of(&outcome)), (ExitCode::Done, (Level::IRute, None)));
    assert!(!page(&root, PUBLIC).contains("Vi venter") && !private(&root).contains("Vi venter"));
}

#[test]
fn a_late_source_concerns_its_own_product_and_the_shared_pages() {
    let root = Root::of_both_products();
    let path = root.path().join("speil.toml");
    let cron = "[source.enhet]\ncron = \"0 6 1 * *\"";
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("[source.enhet]", cron)).unwrap();
    let outcome = root.run_as_of("2027-03-10").unwrap();
    assert!(outcome.built.failed.is_empty(), "{:?}", outcome.built.failed);
    for (path, noted) in [("offentlig/too/index.html", true), ("offentlig/index.html", true), (PUBLIC, false)] {
        assert_eq!(
            page(&root, path).contains("Vi venter på nyere tall. Enheter og fylker: tall per "),
            noted,
            "{path}"
        );
    }
}

#[test]
fn check_knows_the_keys_of_a_source_and_tells_file_and_line() {
    let root = Root::tiny();
    let path = root.path().join("speil.toml");
    let text = fs::read_to_string(&path).unwrap();
    let https = "[source.lege]\nurl = \"https://example.no/lege.csv\"\nnavn = \"lege_{dato}.csv\"\n";
    for (written, line, what) in [
        ("cron = \"0 6 10 *\"", 9, "five fields"),
        ("frist_dager = 3", 6, "add `cron`"),
        ("krom = \"0 6 10 * *\"", 9, "unknown key `krom`; the nearest known one is `cron`"),
        ("token_fil = \"ikke/der\"", 9, "there is no file"),
        ("token_fil = \"speil.toml\"\ntoken_miljo = \"A\"", 6, "keep one"),
    ] {
        let source = format!("{https}{written}\n");
        let (before, rest) = text.split_once("[source.lege]\n").unwrap();
        let (_, after) = rest.split_once("[source.fest]").unwrap();
        fs::write(&path, format!("{before}{source}[source.fest]{after}")).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_speil"));
        let output = command.args(["check", "--config"]).arg(&path).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(10), "{written}: {said}");
        assert!(said.contains(&format!("speil.toml:{line}: ")) && said.contains(what), "{written}: {said}");
    }
    let good = format!("{https}token_miljo = \"A\"\ncron = \"0 6 5 * *\"\nfrist_dager = 30\n");
    let (before, rest) = text.split_once("[source.lege]\n").unwrap();
    let (_, after) = rest.split_once("[source.fest]").unwrap();
    fs::write(&path, format!("{before}{good}[source.fest]{after}")).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_speil"));
    let output = command.args(["check", "--config"]).arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
