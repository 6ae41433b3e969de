//! One product's failure never stops the other's: whatever is delivered for TOO, `reservasjon` publishes tonight, and
//! the other way round. What was published the night before stays and says its date.

use std::fs;

use speil::run::{ExitCode, Outcome};

use crate::support::{AS_OF, Root};

const RESERVASJON: [&str; 3] = ["utlevering", "lege", "fest"];
const TOO: [&str; 3] = ["too_hendelse", "too_leveranse", "enhet"];
const RESERVASJON_PAGE: &str = "offentlig/nasjonalt/index.html";
const TOO_PAGE: &str = "offentlig/too/index.html";

/// Puts something else in the place of every delivery of these sources.
fn break_all(root: &Root, sources: &[&str]) -> usize {
    let mut broken = 0;
    for source in sources {
        for file in speil::disk::files_below(&root.landing(source)).unwrap() {
            fs::write(root.landing(source).join(file), "ikke;en;leveranse\n1;2;3\n").unwrap();
            broken += 1;
        }
    }
    broken
}

fn page(root: &Root, path: &str) -> String {
    fs::read_to_string(root.current().join(path)).unwrap()
}

fn failed(outcome: &Outcome) -> Vec<&str> {
    outcome.built.failed.keys().map(String::as_str).collect()
}

#[test]
fn reservasjon_publishes_when_every_too_file_is_broken() {
    let root = Root::of_both_products();
    let broken = break_all(&root, &TOO);
    let outcome = root.run_to(ExitCode::Refused);
    assert_eq!(outcome.ingested.refused.len(), broken);
    assert!(root.current().join(RESERVASJON_PAGE).exists());
    // Without any delivery there is nothing to count, and the page says so.
    assert!(page(&root, TOO_PAGE).contains("Ingen fylker har levert komplette tall"));
    assert!(!page(&root, TOO_PAGE).contains("<svg"));
    assert_eq!(speil::publish::verify(&root.current()).unwrap(), []);
    mended(&root, &TOO);
    assert!(!page(&root, TOO_PAGE).contains("Ingen fylker har levert komplette tall"));
}

#[test]
fn too_publishes_when_every_reservasjon_file_is_broken() {
    let root = Root::of_both_products();
    let broken = break_all(&root, &RESERVASJON);
    let outcome = root.run_to(ExitCode::CheckFailed);
    assert_eq!(outcome.ingested.refused.len(), broken);
    assert_eq!(failed(&outcome), ["reservasjon"]);
    assert!(root.current().join(TOO_PAGE).exists());
    assert!(!root.current().join(RESERVASJON_PAGE).exists());
    assert!(!root.manifest().products.contains_key("reservasjon"));
    assert_eq!(speil::publish::verify(&root.current()).unwrap(), []);
    mended(&root, &RESERVASJON);
    assert!(root.current().join(RESERVASJON_PAGE).exists());
}

/// When the files are mended, everything is what it is when they were never broken.
fn mended(root: &Root, sources: &[&str]) {
    let good = Root::of_both_products();
    root.copy_from(&good, |file| sources.iter().any(|source| file.starts_with(&format!("landing/{source}/"))));
    root.run_to(ExitCode::Done);
    good.run_to(ExitCode::Done);
    assert_eq!(root.release_hashes(), good.release_hashes());
}

#[test]
fn files_that_are_broken_on_a_second_night_change_no_figure() {
    for sources in [TOO, RESERVASJON] {
        let root = Root::of_both_products();
        root.run_to(ExitCode::Done);
        let before = root.release_hashes();
        let in_force: usize = sources.iter().map(|source| root.state().deliveries[*source].len()).sum();
        let broken = break_all(&root, &sources);
        let outcome = root.run_to(ExitCode::Refused);
        // Of deliveries that newer ones have replaced nothing is said.
        assert!((in_force..=broken).contains(&outcome.ingested.refused.len()));
        assert_eq!(root.release_hashes(), before);
    }
}

/// A second night on which all of a product's files are broken, and one more stops it.
fn a_night_that_stops(product: &str, sources: &[&str], as_of: &str, (file, text): (&str, &str)) -> Root {
    let root = Root::of_both_products();
    root.run_to(ExitCode::Done);
    break_all(&root, sources);
    fs::write(root.landing(file), text).unwrap();
    let outcome = root.run_as_of(as_of).unwrap();
    assert_eq!((outcome.code, failed(&outcome)), (ExitCode::CheckFailed, vec![product]));
    assert_eq!(speil::publish::verify(&root.current()).unwrap(), []);
    root
}

#[test]
fn pages_of_a_product_that_fails_on_a_second_night_stay_and_say_their_date() {
    let night_before = Root::of_both_products();
    night_before.run_to(ExitCode::Done);
    let (too, reservasjon) = (page(&night_before, TOO_PAGE), page(&night_before, RESERVASJON_PAGE));
    assert!(too.contains("10. november 2026") && reservasjon.contains("10. november 2026"));

    // December without November: a month that is missing.
    let october = fs::read_to_string(night_before.landing("utlevering/utlevering_2026-10.csv")).unwrap();
    let december = ("utlevering/utlevering_2026-12.csv", october.replace(";2026-10-", ";2026-12-"));
    let root = a_night_that_stops("reservasjon", &RESERVASJON, "2027-01-05", (december.0, &december.1));
    assert_eq!(page(&root, RESERVASJON_PAGE), reservasjon);
    assert!(page(&root, TOO_PAGE).contains("5. januar 2027"));
    let as_of = |product: &str| root.manifest().products[product].as_of.clone();
    assert_eq!((as_of("reservasjon").as_str(), as_of("too").as_str()), (AS_OF, "2027-01-05"));

    // Klass names another county than the figures are made for.
    let klass = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ssb/klass_104_koder_2026-11-01.json");
    let other = fs::read_to_string(klass).unwrap().replace("\"code\": \"56\"", "\"code\": \"57\"");
    let root = a_night_that_stops("too", &TOO, "2026-11-11", ("klass/klass_104_koder_2026-11-01.json", &other));
    assert_eq!(page(&root, TOO_PAGE), too);
    assert!(page(&root, RESERVASJON_PAGE).contains("11. november 2026"));
}
