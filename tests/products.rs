//! One product's failure never stops the other's: whatever is delivered for TOO, `reservasjon` publishes tonight, and
//! the other way round. What was published the night before stays and says its date.

use std::fs;

use speil::run::{ExitCode, Outcome};

use crate::support::{AS_OF, Root};

const RESERVASJON: [&str; 3] = ["utlevering", "lege", "fest"];
const TOO: [&str; 3] = ["too_hendelse", "too_leveranse", "enhet"];
const RESERVASJON_PAGE: &str = "offentlig/nasjonalt/index.html";
const FRONT: &str = "offentlig/index.html";
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
    assert_eq!(root.figure_hashes(), good.figure_hashes());
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
    let front = page(&root, FRONT);
    assert!(front.contains("Utgitt 5. januar 2027."), "{front}");
    assert_eq!(front.matches(OLDER).count(), 1);
    assert!(between(&front, "id=\"medisinbytte\"", "</section>").contains(OLDER));
    let figures = |page: &str| between(page, "<dl class=\"figures\">", "</dl>").to_owned();
    assert_eq!(figures(&front), figures(&page(&night_before, FRONT)));
    let as_of = |product: &str| root.manifest().products[product].as_of.clone();
    assert_eq!((as_of("reservasjon").as_str(), as_of("too").as_str()), (AS_OF, "2027-01-05"));

    // Klass names another county than the figures are made for.
    let klass = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ssb/klass_104_koder_2026-11-01.json");
    let other = fs::read_to_string(klass).unwrap().replace("\"code\": \"56\"", "\"code\": \"57\"");
    let root = a_night_that_stops("too", &TOO, "2026-11-11", ("klass/klass_104_koder_2026-11-01.json", &other));
    assert_eq!(page(&root, TOO_PAGE), too);
    assert!(page(&root, RESERVASJON_PAGE).contains("11. november 2026"));
    let front = page(&root, FRONT);
    assert!(between(&front, "id=\"too\"", "</section>").contains(OLDER));
    assert!(!between(&front, "id=\"medisinbytte\"", "</section>").contains(OLDER));
}

/// What a shared page says above figures that the night could not renew.
const OLDER: &str = "Disse tallene er fra 10. november 2026. Nyere tall er ikke klare ennå";
const NOT_YET: &str = "Tallene er ikke klare ennå. De kommer når kontrollen av dem er ferdig.";

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    text.split(from).nth(1).unwrap_or_else(|| panic!("{from}: {text}")).split(to).next().unwrap()
}

/// December's lines without November's: a month that is missing.
fn deliver_december(root: &Root) {
    let october = fs::read_to_string(root.landing("utlevering/utlevering_2026-10.csv")).unwrap();
    fs::write(root.landing("utlevering/utlevering_2026-12.csv"), october.replace(";2026-10-", ";2026-12-")).unwrap();
}

#[test]
fn a_product_that_fails_for_several_nights_keeps_its_date_and_comes_back() {
    let root = Root::of_both_products();
    root.run_to(ExitCode::Done);
    let (first, state) = (root.manifest(), root.state());
    deliver_december(&root);
    for night in ["2027-01-05", "2027-01-06", "2027-01-07"] {
        let outcome = root.run_as_of(night).unwrap();
        assert_eq!((outcome.code, failed(&outcome)), (ExitCode::CheckFailed, vec!["reservasjon"]));
        let manifest = root.manifest();
        let stands = &manifest.products["reservasjon"];
        // Only the first of these nights has something to tell.
        assert_eq!(outcome.published.unwrap().new, night == "2027-01-05");
        assert_eq!((manifest.as_of.as_str(), stands.as_of.as_str()), ("2027-01-05", AS_OF));
        assert_eq!(stands.stands_since.as_deref(), Some("2027-01-05"));
        assert_eq!(manifest.products["too"].stands_since, None);
        assert_eq!(stands.inputs, first.products["reservasjon"].inputs);
        assert!(page(&root, FRONT).contains(OLDER));
        assert_eq!(speil::publish::verify(&root.current()).unwrap(), []);
        // The release's state is what its figures are made from: December is not.
        let released = speil::lake::State::load_existing(&root.current().join("state.json")).unwrap();
        for table in ["utlevering", "lege", "reservasjonsgrad_lege"] {
            assert_eq!(released.tables[table], state.tables[table], "{table}");
        }
        assert_ne!(root.state().tables["utlevering"], state.tables["utlevering"]);
    }
    let october = fs::read_to_string(root.landing("utlevering/utlevering_2026-10.csv")).unwrap();
    let november = october.replace(";2026-10-31", ";2026-10-30").replace(";2026-10-", ";2026-11-");
    fs::write(root.landing("utlevering/utlevering_2026-11.csv"), november).unwrap();
    // Both months are October's lines again, which the operator knows.
    let config = root.path().join("speil.toml");
    let text = fs::read_to_string(&config).unwrap();
    let accepts = text.replace("[source.utlevering]\n", "[source.utlevering]\ngodta = [\"gjentatt\"]\n");
    fs::write(&config, accepts).unwrap();
    let outcome = root.run_as_of("2027-01-08").unwrap();
    assert_eq!(outcome.code, ExitCode::Done, "{:?} {:?}", outcome.ingested.refused, outcome.built.failed);
    assert!(!page(&root, FRONT).contains("Nyere tall er ikke klare"));
    assert_eq!(root.manifest().products["reservasjon"].stands_since, None);
    // What failed nights left behind is in nothing that is published.
    let calm = Root::of_both_products();
    calm.copy_from(&root, |file| file.starts_with("landing/utlevering/") || file == "speil.toml");
    assert_eq!(calm.run_as_of("2027-01-08").unwrap().code, ExitCode::Done);
    assert_eq!(calm.figure_hashes(), root.figure_hashes());
    assert_eq!(calm.manifest().products["reservasjon"].inputs, root.manifest().products["reservasjon"].inputs);
}

#[test]
fn a_product_that_fails_on_the_first_night_is_not_there_yet_and_shared_pages_say_so() {
    let root = Root::of_both_products();
    let missing = root.landing("utlevering/utlevering_2026-03.csv");
    let march = fs::read(&missing).unwrap();
    fs::remove_file(&missing).unwrap();
    let outcome = root.run_to(ExitCode::CheckFailed);
    assert_eq!(failed(&outcome), ["reservasjon"]);
    let front = page(&root, FRONT);
    assert!(between(&front, "id=\"medisinbytte\"", "</section>").contains(NOT_YET), "{front}");
    assert!(!front.contains("av personvernhensyn") && !front.contains("nasjonalt/index.html"), "{front}");
    assert!(!between(&front, "id=\"too\"", "</section>").contains(NOT_YET));
    assert!(root.current().join(TOO_PAGE).exists() && !root.manifest().products.contains_key("reservasjon"));
    assert_eq!(speil::publish::verify(&root.current()).unwrap(), []);
    fs::write(missing, march).unwrap();
    root.run_to(ExitCode::Done);
    assert!(!page(&root, FRONT).contains(NOT_YET));
}

#[test]
fn when_both_products_fail_nothing_is_published() {
    let root = Root::of_both_products();
    root.run_to(ExitCode::Done);
    let (link, hashes) = (fs::read_link(root.current()).unwrap(), root.release_hashes());
    deliver_december(&root);
    let klass = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ssb/klass_104_koder_2026-11-01.json");
    let other = fs::read_to_string(klass).unwrap().replace("\"code\": \"56\"", "\"code\": \"57\"");
    fs::write(root.landing("klass/klass_104_koder_2026-11-01.json"), other).unwrap();
    let outcome = root.run_as_of("2027-01-05").unwrap();
    assert_eq!((outcome.code, failed(&outcome)), (ExitCode::CheckFailed, vec!["reservasjon", "too"]));
    assert!(outcome.published.is_none());
    assert_eq!((fs::read_link(root.current()).unwrap(), root.release_hashes()), (link, hashes));
}

/// `speil.toml` without the tables whose headings begin so, and with more at its end.
fn configuration(root: &Root, without: &[&str], more: &str) {
    let file = root.path().join("speil.toml");
    let text = fs::read_to_string(&file).unwrap();
    let mut kept = String::new();
    let mut keeps = true;
    for line in text.lines() {
        if line.starts_with('[') {
            keeps = !without.iter().any(|heading| line.starts_with(heading));
        }
        if keeps {
            kept += &format!("{line}\n");
        }
    }
    fs::write(file, kept + more).unwrap();
}

#[test]
fn a_product_whose_sections_were_lost_ends_with_10_and_goes_only_when_somebody_says_so() {
    let root = Root::of_both_products();
    root.run_to(ExitCode::Done);
    let before = root.release_hashes();
    let whole = fs::read_to_string(root.path().join("speil.toml")).unwrap();
    let refused = |words: &[&str]| {
        for command in ["run", "plan", "build"] {
            let output = root.output(&[command]);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(10), "{command}: {told}");
            assert!(words.iter().all(|word| told.contains(word)), "{command}: {told}");
        }
        let mut check = std::process::Command::new(env!("CARGO_BIN_EXE_speil"));
        let output = check.arg("check").arg("--config").arg(root.path().join("speil.toml")).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(10), "{told}");
        assert!(words.iter().all(|word| told.contains(word)), "{told}");
        assert_eq!(root.release_hashes(), before);
    };
    configuration(&root, &["["], "");
    refused(&["has product reservasjon, and nothing here switches it on", "av = true"]);
    fs::write(root.path().join("speil.toml"), &whole).unwrap();
    let of_too = ["[source.too_hendelse", "[source.too_leveranse", "[source.enhet", "[product.too"];
    configuration(&root, &of_too, "");
    refused(&["has product too,", "[source.too_hendelse]", "below [product.too]"]);
    fs::write(root.path().join("speil.toml"), format!("{whole}\n[product.too]\nav = true\n")).unwrap();
    refused(&["`av = true` ends too, and [source.", "is still there"]);
    configuration(&root, &["["], "[product.too]\nav = true\n[product.reservasjon]\nav = true\n");
    refused(&["every product is ended"]);

    fs::write(root.path().join("speil.toml"), &whole).unwrap();
    configuration(&root, &of_too, "\n[product.too]\nav = true\n");
    root.run_to(ExitCode::Done);
    assert!(!root.current().join(TOO_PAGE).exists() && root.current().join(RESERVASJON_PAGE).exists());
    assert!(!root.manifest().products.contains_key("too"));
    assert_eq!(speil::publish::verify(&root.current()).unwrap(), []);
    // It is known no more.
    configuration(&root, &["[product.too"], "");
    root.run_to(ExitCode::Done);
}
