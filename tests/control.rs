//! The control list: off until a legal basis is named, then for its staff alone; it never stops the product that it is built on, and
//! is never of another night than that.

#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers, read back from text")]

use std::collections::BTreeSet;
use std::fs;

use speil::demo;
use speil::run::{self, ExitCode, Options, Outcome, Step};

use crate::oracle::areas::control_list;
use crate::recompute_areas::{SPREAD_DOCTORS, compare_counties, compare_priorities, costs, recomputed};
use crate::support::{AS_OF, Root, as_csv, integers};

/// Of so few doctors few are far outside; so not only the dearest tenth of them is asked for.
const LEAST_PERCENTILE: usize = 20;
const BASIS: &str = "Oppdiktet lov § 1-1, for testen";
const PRODUCT: &str = "reservasjon_kontroll";
const TABLES: [&str; 3] = ["reservasjon_kontroll", "reservasjon_kontroll_legemiddel", "reservasjon_kontroll_utvalg"];

fn configure(root: &Root, change: impl Fn(String) -> String) {
    let file = root.path().join("speil.toml");
    fs::write(&file, change(fs::read_to_string(&file).unwrap())).unwrap();
}

/// Every key of the product's heading goes; with a basis, a new one comes.
fn with_basis(root: &Root, basis: Option<&str>) {
    configure(root, |text| {
        let without = text.split("\n[product.reservasjon_kontroll]").next().unwrap().to_owned();
        basis.map_or(without.clone(), |basis| {
            format!("{without}\n[product.reservasjon_kontroll]\nrettsgrunnlag = \"{basis}\"\n")
        })
    });
}

/// The paths in the release that is shown.
fn files(root: &Root) -> BTreeSet<String> {
    let folder = fs::canonicalize(root.current()).unwrap();
    let files = speil::disk::files_below(&folder).unwrap().into_iter();
    files.map(|file| file.to_string_lossy().into_owned()).collect()
}

fn run_only(root: &Root, only: &str, as_of: &str) -> Outcome {
    let as_of = speil::calendar::as_of(as_of).unwrap();
    run::run(&root.config(), &Options { as_of, steps: Step::ALL, only: Some(only), progress: &|_| {} }).unwrap()
}

fn page(root: &Root) -> String {
    fs::read_to_string(root.current().join("intern/reservasjon_kontroll/index.html")).unwrap()
}

#[test]
fn it_is_off_without_a_legal_basis_on_with_one_and_gone_when_it_is_taken_away() {
    let root = Root::tiny();
    with_basis(&root, None);
    root.run_to(ExitCode::Done);
    let without = root.figure_hashes();
    assert!(!without.keys().any(|path| path.contains("kontroll") || path.starts_with("intern/")), "{without:?}");
    assert!(!root.manifest().products.contains_key(PRODUCT));
    assert!(!root.state().tables.keys().any(|table| table.contains("kontroll")));

    with_basis(&root, Some(BASIS));
    root.run_to(ExitCode::Done);
    assert_eq!(root.manifest().products[PRODUCT].legal_basis.as_deref(), Some(BASIS));
    assert!(page(&root).contains(BASIS) && page(&root).contains("aldri et funn"));
    for table in TABLES {
        assert!(root.current().join(format!("intern/reservasjon_kontroll/{table}.csv")).exists(), "{table}");
    }
    assert_eq!(speil::publish::verify(&root.current()).unwrap(), []);
    // No other file knows of it, but doctors' pages: these say who may see single doctors, and by what right.
    let with = root.figure_hashes();
    let of_doctor = |path: &str| path.starts_with("lege/") && path.ends_with("/index.html");
    let own = |path: &str| {
        path.starts_with("intern/reservasjon_kontroll/") || path.starts_with("tabeller/reservasjon_kontroll")
    };
    let compared = |path: &str| !own(path) && !of_doctor(path) && path != "state.json";
    let others: BTreeSet<(&String, &String)> = with.iter().filter(|(path, _)| compared(path)).collect();
    assert_eq!(others, without.iter().filter(|(path, _)| compared(path)).collect());
    let pages: Vec<&String> = with.keys().filter(|path| of_doctor(path)).collect();
    assert!(!pages.is_empty() && pages.iter().all(|path| with[*path] != without[*path]));
    for path in pages {
        let page = fs::read_to_string(root.current().join(path)).unwrap();
        assert!(page.contains(BASIS) && !page.contains("intern/"), "{path}");
    }

    // Another basis is printed, though no figure is new.
    with_basis(&root, Some("Oppdiktet lov § 2-2"));
    root.run_to(ExitCode::Done);
    assert!(page(&root).contains("§ 2-2"));

    with_basis(&root, None);
    root.run_to(ExitCode::Done);
    assert_eq!(root.figure_hashes(), without);
}

#[test]
fn a_basis_where_none_is_needed_or_that_says_nothing_is_a_wrong_configuration() {
    for (product, basis) in [("reservasjon", BASIS), ("reservasjon_kontroll", " ")] {
        let root = Root::tiny();
        with_basis(&root, None);
        let key = format!("rettsgrunnlag = \"{basis}\"");
        configure(&root, |text| match product {
            "reservasjon" => text.replacen("[product.reservasjon]\n", &format!("[product.reservasjon]\n{key}\n"), 1),
            other => format!("{text}\n[product.{other}]\n{key}\n"),
        });
        let output = root.output(&["run"]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(10), "{told}");
        assert!(told.contains("rettsgrunnlag"), "{told}");
    }
}

#[test]
fn a_contact_for_doctors_where_no_doctor_has_a_page_is_a_wrong_configuration() {
    let root = Root::tiny();
    with_basis(&root, Some(BASIS));
    configure(&root, |text| format!("{text}henvendelse = \"tall@example.no\"\n"));
    let output = root.output(&["run"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(10), "{told}");
    assert!(told.contains("[product.reservasjon_kontroll]") && told.contains("`henvendelse`"), "{told}");
}

#[test]
fn a_short_history_gives_an_empty_list_and_a_page_that_says_so() {
    let root = Root::tiny();
    with_basis(&root, Some(BASIS));
    let outcome = root.run_as_of("2026-06-10").unwrap();
    assert_eq!(outcome.code, ExitCode::Done);
    assert!(page(&root).contains("Ingen lege fyller alle vilkårene"));
}

/// A statement of the control product that finds a fault in every night.
fn broken_queries(root: &Root) {
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
    for file in speil::disk::files_below(&from).unwrap() {
        let to = root.path().join("queries").join(&file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let text = fs::read_to_string(from.join(&file)).unwrap();
        let broken = text.replace(
            "from trakt_grense\n    where\n        vindu = 1\n        and avstand",
            "from trakt_grense\n    where\n        vindu = 3\n        and avstand",
        );
        fs::write(to, if file.ends_with("kontroll_p.sql") { broken } else { text }).unwrap();
    }
    configure(root, |text| format!("{text}\n[paths]\nqueries = \"queries\"\n"));
}

#[test]
fn its_failure_does_not_stop_what_it_is_built_on() {
    let root = Root::tiny();
    with_basis(&root, None);
    root.run_to(ExitCode::Done);
    let alone = root.figure_hashes();
    with_basis(&root, Some(BASIS));
    broken_queries(&root);
    // The tiny world's doctors are in the funnel when it needs little.
    configure(&root, |text| {
        text.replace(
            "[product.reservasjon]\n",
            "[product.reservasjon]\nterskler = { trakt_forskrivninger = 10, trakt_forventet = 1 }\n",
        )
    });
    let outcome = root.run_to(ExitCode::CheckFailed);
    assert_eq!(outcome.built.failed.keys().collect::<Vec<_>>(), [PRODUCT]);
    assert!(!files(&root).iter().any(|path| path.starts_with("intern/")));
    assert_ne!(root.figure_hashes(), alone);
    assert_eq!(speil::publish::verify(&root.current()).unwrap(), []);
}

#[test]
fn it_fails_with_what_it_is_built_on_and_is_brought_up_to_date_with_it() {
    let root = Root::tiny();
    with_basis(&root, Some(BASIS));
    let october = fs::read(root.landing("utlevering/utlevering_2026-10.csv")).unwrap();
    fs::remove_file(root.landing("utlevering/utlevering_2026-10.csv")).unwrap();
    root.run_to(ExitCode::Done);
    let before = root.release_hashes();

    // Asking for it asks for what it is built on: both get October.
    fs::write(root.landing("utlevering/utlevering_2026-10.csv"), &october).unwrap();
    assert_eq!(run_only(&root, PRODUCT, "2026-11-11").code, ExitCode::Done);
    let as_of = |product: &str| root.manifest().products[product].as_of.clone();
    assert_eq!((as_of("reservasjon").as_str(), as_of(PRODUCT).as_str()), ("2026-11-11", "2026-11-11"));
    let page_before = page(&root);
    assert!(page_before.contains("2025") && root.release_hashes() != before);

    // Asking for the other alone leaves it, with its date.
    assert_eq!(run_only(&root, "reservasjon", "2026-11-12").code, ExitCode::Done);
    assert_eq!((as_of("reservasjon").as_str(), as_of(PRODUCT).as_str()), ("2026-11-12", "2026-11-11"));
    assert_eq!(page(&root), page_before);

    // A month is missing between two: neither is renewed, and each is told.
    let text = String::from_utf8(october).unwrap().replace(";2026-10-", ";2026-12-");
    fs::write(root.landing("utlevering/utlevering_2026-12.csv"), text).unwrap();
    let outcome = root.run_as_of("2027-01-05").unwrap();
    assert_eq!(outcome.code, ExitCode::CheckFailed);
    let failed: Vec<&str> = outcome.built.failed.keys().map(String::as_str).collect();
    assert_eq!(failed, ["reservasjon", PRODUCT]);
    assert!(outcome.built.failed[PRODUCT].to_string().contains("is built on reservasjon"));
    assert_eq!(page(&root), page_before);
    assert_eq!(speil::publish::verify(&root.current()).unwrap(), []);
}

#[test]
fn counties_priorities_and_the_list_agree_with_a_second_route_and_the_list_stays_with_its_staff() {
    let root = Root::bare();
    let settings = demo::Settings { doctors: 130, months: 24, until: "2026-10".parse().unwrap(), seed: 1 };
    demo::generate(root.path(), &settings, &|_, _, _| {}).unwrap();
    with_basis(&root, Some(BASIS));
    configure(&root, |text| {
        format!("{text}terskler = {{ utvalg_linjer = 5, kontroll_persentil = {LEAST_PERCENTILE} }}\n")
    });
    configure(&root, |text| {
        let lower = format!("[product.reservasjon]\nterskler = {{ spredning_leger = {SPREAD_DOCTORS} }}\n");
        text.replacen("[product.reservasjon]\n", &lower, 1)
    });
    root.run_to(ExitCode::Done);

    let figures = recomputed(&root);
    let areas = figures.areas.as_ref().unwrap();
    compare_counties(&root, areas);
    compare_priorities(&root, areas);
    let mut cost = std::collections::BTreeMap::new();
    for (hpr, ore) in costs(&root, &areas.now).values().flatten() {
        *cost.entry(*hpr).or_default() += ore;
    }
    let wanted = control_list(areas, &cost, LEAST_PERCENTILE);
    assert!(!wanted.is_empty(), "nobody is listed, so nothing is tested; take another seed");
    let text = as_csv(&root.current().join("tabeller/reservasjon_kontroll.parquet"));
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(';').collect();
    let at = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let found: Vec<Vec<&str>> = lines.map(|line| line.split(';').collect()).collect();
    assert_eq!(found.len(), wanted.len());
    for (row, wanted) in found.iter().zip(&wanted) {
        let number = |name: &str| row[at(name)].parse::<f64>().unwrap();
        assert_eq!(row[at("rekvirent_hpr")], wanted.hpr.to_string());
        assert!((number("p") - wanted.p).abs() <= 1e-7 && (number("q") - wanted.q).abs() <= 1e-5, "{row:?} {wanted:?}");
        assert_eq!(number("merutgift") as i64, (cost[&wanted.hpr] + 50) / 100);
    }

    // Drawn lines are the listed doctors' own reserved ones, as many as there should be, each once.
    let (mut drawn, mut of_whom) = (BTreeSet::new(), Vec::new());
    for batch in root.table("reservasjon_kontroll_utvalg") {
        drawn.extend(crate::support::texts(batch.column_by_name("linje_id").unwrap()));
        of_whom.extend(integers(&batch, "rekvirent_hpr").into_iter().flatten());
    }
    let mut reserved = BTreeSet::new();
    for batch in root.table("linje_merutgift") {
        let ids = crate::support::texts(batch.column_by_name("linje_id").unwrap()).into_iter();
        reserved.extend(ids.zip(integers(&batch, "rekvirent_hpr").into_iter().flatten()));
    }
    assert_eq!(drawn.len(), of_whom.len());
    let listed: BTreeSet<i64> = wanted.iter().map(|listed| listed.hpr).collect();
    assert_eq!(of_whom.iter().copied().collect::<BTreeSet<i64>>(), listed);
    assert!(listed.iter().all(|hpr| of_whom.iter().filter(|of| *of == hpr).count() == 5));
    assert!(drawn.iter().all(|id| listed.iter().any(|hpr| reserved.contains(&(id.clone(), *hpr)))));

    // Nothing of it stands anywhere else.
    for path in files(&root) {
        let inside = path.starts_with("intern/reservasjon_kontroll/") || path.starts_with("tabeller/");
        if inside || path == "state.json" || path == "manifest.json" {
            continue;
        }
        assert!(!path.contains("kontroll"), "{path}");
        let text = String::from_utf8_lossy(&fs::read(root.current().join(&path)).unwrap()).into_owned();
        assert!(!drawn.iter().any(|id| text.contains(id.as_str())), "{path} holds a drawn line");
    }
    assert_eq!(speil::publish::verify(&root.current()).unwrap(), []);
    assert!(wanted.iter().all(|listed| page(&root).contains(&format!("HPR-nummer {}", listed.hpr))));
    assert_eq!(root.manifest().as_of, AS_OF);
}
