//! Dates of publication: the public sees figures on announced dates and not before, also not on the pages of others;
//! doctors' pages change on their day of the month; a date that nobody was told of in time is refused.

use std::collections::BTreeMap;
use std::fs;

use speil::publish::{Manifest, verify};
use speil::run::ExitCode;

use crate::support::{AS_OF, Root};

const OCTOBER: &str = "utlevering/utlevering_2026-10.csv";
const PAGE: &str = "offentlig/nasjonalt/index.html";
const MONTHS: &str = "offentlig/data/reservasjon_nasjonal_maaned.csv";

/// Puts keys into `[product.reservasjon]`.
fn configure(root: &Root, keys: &str) {
    let file = root.path().join("speil.toml");
    let text = fs::read_to_string(&file).unwrap();
    let without: String = text
        .lines()
        .filter(|line| !line.starts_with("utgivelse") && !line.starts_with("lege_dag"))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(&file, without.replace("[product.reservasjon]\n", &format!("[product.reservasjon]\n{keys}\n"))).unwrap();
}

fn read(root: &Root, file: &str) -> String {
    fs::read_to_string(root.current().join(file)).unwrap()
}

/// Public files of the products. Pages that products share bear each release's date.
fn public(root: &Root) -> BTreeMap<String, String> {
    let shared = ["offentlig/index.html", "offentlig/revisjoner/index.html"];
    let kept = |file: &String| file.starts_with("offentlig/") && !file.contains("/assets/");
    let hashes = root.release_hashes().into_iter();
    hashes.filter(|(file, _)| kept(file) && !shared.contains(&file.as_str())).collect()
}

fn a_doctors_page(root: &Root) -> String {
    let files = root.release_hashes().into_keys();
    let mut pages = files.filter(|file| file.starts_with("lege/") && file.ends_with("index.html"));
    pages.find(|file| read(root, file).contains("<svg")).unwrap()
}

fn as_of(root: &Root, time: &str) {
    let outcome = root.run_as_of(time).unwrap();
    assert_eq!(outcome.code, ExitCode::Done, "{:?} {:?}", outcome.ingested.refused, outcome.built.failed);
    assert_eq!(verify(&root.current()).unwrap(), []);
}

fn roll_back(root: &Root, release: &str) {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_speil"));
    let output = program.arg("rollback").arg("--config").arg(root.path().join("speil.toml")).arg(release).output();
    assert_eq!(output.unwrap().status.code(), Some(0));
}

#[test]
fn before_the_first_date_the_public_sees_when_and_no_figure() {
    let root = Root::tiny();
    configure(&root, "utgivelse = [\"2026-11-11\"]");
    as_of(&root, "2026-11-11T07:59");
    assert!(read(&root, PAGE).contains("De første tallene kommer 11. november 2026 klokka 08."));
    assert!(!read(&root, PAGE).contains("<svg") && !read(&root, "offentlig/index.html").contains("<svg"));
    let data = fs::read_dir(root.current().join("offentlig/data")).unwrap();
    let names: Vec<String> = data.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert!(names.iter().all(|name| name.starts_with("revisjoner")), "{names:?}");
    // Tonight's figures wait where no web server looks, and nothing has been public.
    assert!(root.current().join("tabeller/neste/reservasjon_nasjonal_maaned.parquet").exists());
    assert!(!root.current().join("tabeller/reservasjon_nasjonal_maaned.parquet").exists());
    assert!(!root.path().join("offentliggjort/reservasjon_nasjonal_maaned").exists());
    // The doctor's own figures are there, the nation's are not.
    let doctor = read(&root, &a_doctors_page(&root));
    assert!(doctor.contains("Månedstall for hele landet kommer") && !doctor.contains("Landet"));

    as_of(&root, "2026-11-11T08:00");
    assert!(read(&root, PAGE).contains("<svg") && read(&root, PAGE).contains("Utgitt 11. november 2026."));
    assert!(root.current().join(MONTHS).exists() && !root.current().join("tabeller/neste").exists());
    let shown = &root.manifest().products["reservasjon"].shown["offentlig"];
    assert_eq!((shown.as_of.as_str(), shown.date.as_deref()), ("2026-11-11", Some("2026-11-11")));
}

#[test]
fn before_the_first_date_every_county_has_its_pages_whether_it_has_delivered_or_not() {
    let root = Root::of_both_products();
    let file = root.path().join("speil.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}\n[product.too]\nutgivelse = [\"2027-01-20\"]\n")).unwrap();
    as_of(&root, "2026-11-10");
    let files = root.release_hashes();
    let own: Vec<&String> = files.keys().filter(|f| f.starts_with("fylke/") && f.ends_with("index.html")).collect();
    let public: Vec<&String> =
        files.keys().filter(|f| f.starts_with("offentlig/") && f.ends_with("/too.html")).collect();
    assert_eq!((own.len(), public.len()), (15, 15));
    for page in public {
        assert!(read(&root, page).contains("20. januar 2027") && !read(&root, page).contains("<svg"), "{page}");
    }
    assert!(!files.keys().any(|file| file.starts_with("offentlig/data/too")));
}

#[test]
fn between_dates_public_files_are_those_of_the_last_one_and_doctors_see_no_other() {
    let root = Root::tiny();
    let october = fs::read(root.landing(OCTOBER)).unwrap();
    fs::remove_file(root.landing(OCTOBER)).unwrap();
    configure(&root, "utgivelse = [\"2026-10-20\", \"2027-01-20\"]");
    as_of(&root, "2026-10-25");
    let before = public(&root);
    let doctor = a_doctors_page(&root);
    assert!(!read(&root, MONTHS).contains("2026-10"));

    fs::write(root.landing(OCTOBER), october).unwrap();
    as_of(&root, "2026-11-10");
    assert_eq!(public(&root), before);
    let shown = root.manifest().products["reservasjon"].shown["offentlig"].clone();
    assert_eq!((shown.as_of.as_str(), shown.date.as_deref()), ("2026-10-25", Some("2026-10-20")));
    // The doctor's own October is there, and the nation's line ends in September.
    let own = read(&root, &doctor.replace("index.html", "reservasjonsgrad_lege_maaned.csv"));
    assert!(own.contains("2026-10"));
    let page = read(&root, &doctor);
    let (_, page) = page.split_once("id=\"t-maaned\"").unwrap();
    let row =
        |month: &str| page.lines().find(|line| line.contains(&format!("<th scope=\"row\">{month}</th>"))).unwrap();
    assert!(row("oktober 2026").ends_with("<td class=\"n\">ikke tilgjengelig</td></tr>"), "{}", row("oktober 2026"));
    assert!(!row("september 2026").ends_with("ikke tilgjengelig</td></tr>"), "{}", row("september 2026"));
    assert_eq!(root.manifest().products["reservasjon"].as_of, "2026-11-10");
    let staged = fs::read(root.current().join("tabeller/neste/reservasjon_nasjonal_maaned.parquet")).unwrap();
    assert_ne!(staged, fs::read(root.current().join("tabeller/reservasjon_nasjonal_maaned.parquet")).unwrap());

    // What the public sees is explained from the release that made it, also when that would be gone by its age.
    let file = root.path().join("speil.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}\n[utgivelser]\nbehold = 1\n")).unwrap();
    for day in ["2026-11-11", "2026-11-12", "2026-11-13"] {
        as_of(&root, day);
    }
    let keys = ["maaned=2026-09".to_owned()];
    let told =
        speil::inspect::explain(&root.config(), "reservasjon_nasjonal_maaned", &keys, Some("reservert")).unwrap();
    assert!(told.contains("as of release 2026-10-25-") && told.contains("figures of 2026-10-25"), "{told}");
    assert!(told.contains("the row says the same"), "{told}");

    let plan = |as_of: &str| {
        speil::run::plan(&root.config(), speil::calendar::as_of(as_of).unwrap(), None).unwrap().to_string()
    };
    let waits = "reservasjon: public figures stay those of 2026-10-25 until 2027-01-20 08:00";
    assert!(plan("2027-01-20T07:59").contains(waits), "{}", plan("2027-01-20T07:59"));
    assert!(!plan("2027-01-20T08:00").contains("stay those of"));

    as_of(&root, "2027-01-20");
    assert!(read(&root, MONTHS).contains("2026-10"));
}

#[test]
fn doctors_pages_change_on_their_day_of_the_month() {
    let root = Root::tiny();
    let october = fs::read(root.landing(OCTOBER)).unwrap();
    fs::remove_file(root.landing(OCTOBER)).unwrap();
    configure(&root, "lege_dag = 12");
    as_of(&root, "2026-11-09");
    let own = |root: &Root| -> BTreeMap<String, String> {
        root.release_hashes().into_iter().filter(|(file, _)| file.starts_with("lege/")).collect()
    };
    let before = own(&root);
    fs::write(root.landing(OCTOBER), october).unwrap();
    as_of(&root, "2026-11-11");
    assert_eq!(own(&root), before);
    // Public figures are not bound to that day.
    assert!(read(&root, MONTHS).contains("2026-10"));
    as_of(&root, "2026-11-12");
    assert_ne!(own(&root), before);
    assert_eq!(root.manifest().products["reservasjon"].shown["lege"].date.as_deref(), Some("2026-11-12"));
}

#[test]
fn a_date_that_is_announced_too_late_ends_with_10_and_changes_nothing() {
    let root = Root::tiny();
    configure(&root, "utgivelse = [\"2026-11-20\"]");
    as_of(&root, AS_OF);
    let before = Manifest::load(&root.current()).unwrap();
    configure(&root, "utgivelse = [\"2026-11-20\", \"2026-12-20\"]");
    let output = root.output(&["run"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(10), "{told}");
    assert!(told.contains("2026-12-20 was first seen on 2026-11-10") && told.contains("write 2027-02-10"), "{told}");
    assert_eq!(Manifest::load(&root.current()).unwrap(), before);
    configure(&root, "utgivelse = [\"2026-11-20\", \"2027-02-10\"]");
    as_of(&root, AS_OF);
}

/// What `speil check` says; by the clock, but never by a day before the release that is shown was made.
fn checked(root: &Root) -> (Option<i32>, String) {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_speil"));
    let output = program.arg("check").arg("--config").arg(root.path().join("speil.toml")).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_step_as_of_a_day_long_past_announces_nothing_and_check_tells_of_a_date_too_near() {
    let root = Root::tiny();
    configure(&root, "utgivelse = [\"2126-11-20\"]");
    as_of(&root, "2126-11-10");
    let calendar = || fs::read_to_string(root.path().join("offentliggjort/kalender.json")).unwrap();
    let (before, shown) = (calendar(), root.manifest());
    configure(&root, "utgivelse = [\"2126-11-11\", \"2126-11-20\"]");
    for step in ["ingest", "build", "run", "plan"] {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_speil"));
        let config = root.path().join("speil.toml");
        let output = program.args([step, "--as-of", "2026-08-01", "--config"]).arg(config).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(10), "{step}: {told}");
        assert!(told.contains("2126-11-11 was first seen on 2126-11-10"), "{step}: {told}");
    }
    let (code, told) = checked(&root);
    assert_eq!(code, Some(10), "{told}");
    assert!(told.contains("configuration: ") && told.contains("2126-11-11 was first seen on 2126-11-10"), "{told}");
    assert_eq!((calendar(), root.manifest()), (before.clone(), shown));
    // A step that publishes nothing notes nothing, also of a date in good time.
    configure(&root, "utgivelse = [\"2126-11-20\", \"2127-03-01\"]");
    let options = |steps| speil::run::Options {
        as_of: speil::calendar::as_of("2126-11-11").unwrap(),
        steps,
        only: None,
        progress: &|_| {},
    };
    speil::run::run(&root.config(), &options(&[speil::run::Step::Build])).unwrap();
    assert_eq!(calendar(), before);
    assert_eq!(checked(&root).0, Some(0));
}

#[test]
fn public_figures_do_not_change_because_a_line_with_dates_was_lost() {
    let root = Root::tiny();
    let october = fs::read(root.landing(OCTOBER)).unwrap();
    fs::remove_file(root.landing(OCTOBER)).unwrap();
    configure(&root, "utgivelse = [\"2026-10-20\", \"2027-01-20\"]");
    as_of(&root, "2026-10-25");
    let before = root.release_hashes();
    fs::write(root.landing(OCTOBER), october).unwrap();
    configure(&root, "");
    let failure = root.run_as_of("2026-11-10").unwrap_err();
    let told = format!("{:#}", failure.error);
    assert_eq!(failure.code, ExitCode::Configuration, "{told}");
    assert!(told.contains("[product.reservasjon]: `utgivelse` is gone") && told.contains("2027-01-20"), "{told}");
    assert_eq!(root.release_hashes(), before);
    assert!(checked(&root).1.contains("write `utgivelse = []`"), "{}", checked(&root).1);
    configure(&root, "utgivelse = []");
    as_of(&root, "2026-11-10");
    assert!(read(&root, MONTHS).contains("2026-10"));
}

#[test]
fn a_night_with_nothing_new_leaves_the_release_and_says_so() {
    let root = Root::of_both_products();
    root.run_to(ExitCode::Done);
    let (release, hashes) = (root.manifest().release, root.release_hashes());
    let outcome = root.run_as_of("2026-11-11").unwrap();
    let published = outcome.published.unwrap();
    assert_eq!((published.new, published.release.as_str()), (false, release.as_str()));
    assert_eq!(root.release_hashes(), hashes);
    // The plan knows that the next run of that day will do the same.
    let plan = speil::run::plan(&root.config(), speil::calendar::as_of("2026-11-11").unwrap(), None).unwrap();
    assert!(plan.pages.values().all(|pages| *pages == speil::run::Pages::Stay), "{:?}", plan.pages);
    let config = root.path().join("speil.toml");
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_speil"));
    let output = program.args(["run", "--as-of", "2026-11-12", "--config"]).arg(config).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("Nothing new; shown is"), "{told}");
    // A release that was damaged is made anew, as of that day.
    fs::remove_file(root.current().join("offentlig/data/reservasjon_klasser.csv")).unwrap();
    assert!(root.run_as_of("2026-11-12").unwrap().published.unwrap().new);
    assert_eq!(verify(&root.current()).unwrap(), []);
}

#[test]
fn a_date_without_news_is_a_date_and_going_back_past_it_switches_nothing_before_the_next() {
    let root = Root::tiny();
    let october = fs::read(root.landing(OCTOBER)).unwrap();
    fs::remove_file(root.landing(OCTOBER)).unwrap();
    configure(&root, "utgivelse = [\"2026-10-20\", \"2026-11-05\", \"2027-01-20\"]");
    as_of(&root, "2026-10-25");
    let before = public(&root);
    let first = root.manifest().release;
    as_of(&root, "2026-11-06");
    let of_second = speil::publish::releases_of_dates(root.path()).unwrap()["reservasjon"].clone();
    assert_eq!(of_second, root.manifest().release);
    assert_ne!(of_second, first);

    roll_back(&root, &first);
    fs::write(root.landing(OCTOBER), october).unwrap();
    as_of(&root, "2026-11-10");
    assert_eq!(public(&root), before);
    assert!(!read(&root, MONTHS).contains("2026-10"));

    // Nothing is shown at all: the public's figures cannot be told, and are not switched.
    fs::remove_file(root.path().join("releases/current")).unwrap();
    assert_eq!(root.run_as_of("2026-11-11").unwrap_err().code, ExitCode::Publishing);
    assert!(!root.path().join("releases/current").exists());
    roll_back(&root, &of_second);
    as_of(&root, "2026-11-11");
    assert!(!read(&root, MONTHS).contains("2026-10"));
}

#[test]
fn a_damaged_file_that_waits_for_its_date_is_taken_from_a_release_that_has_it_whole() {
    let root = Root::tiny();
    configure(&root, "utgivelse = [\"2026-11-05\", \"2027-02-20\"]");
    as_of(&root, "2026-11-10");
    let before = public(&root);
    // A second release with the same public files, so that another has them whole.
    configure(&root, "utgivelse = [\"2026-11-05\", \"2027-02-20\"]\nlege_dag = 3");
    as_of(&root, "2026-11-11");
    let place = root.current().join(MONTHS);
    let text = fs::read_to_string(&place).unwrap();
    fs::remove_file(&place).unwrap();
    fs::write(&place, format!("{text} ")).unwrap();
    as_of(&root, "2026-11-12");
    assert_eq!(public(&root), before);

    // When none has it, the message names the file and what to do, and nothing is switched.
    let shown = root.manifest().release;
    for release in fs::read_dir(root.path().join("releases")).unwrap() {
        fs::write(release.unwrap().path().join(MONTHS), "x").unwrap();
    }
    let failure = root.run_as_of("2026-11-13").unwrap_err();
    assert_eq!(failure.code, ExitCode::Publishing);
    let told = format!("{:#}", failure.error);
    assert!(told.contains("reservasjon_nasjonal_maaned.csv is shown") && told.contains("Restore it"), "{told}");
    assert_eq!(root.manifest().release, shown);
}
