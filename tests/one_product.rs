//! `--only`: one product is run and the other's files stay as they are, with their date. `plan`: what a run would do, which
//! is then what it does. `behold`: how many releases stay.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use speil::run::{self, ExitCode, Options, Outcome, Pages, Plan, Step};

use crate::support::{AS_OF, Root, ledger};

const OCTOBER: &str = "utlevering/utlevering_2026-10.csv";

fn time(as_of: &str) -> jiff::civil::DateTime {
    speil::calendar::as_of(as_of).unwrap()
}

fn run_only(root: &Root, only: &str, as_of: &str) -> Outcome {
    let options = Options { as_of: time(as_of), steps: Step::ALL, only: Some(only), progress: &|_| {} };
    run::run(&root.config(), &options).unwrap()
}

fn plan(root: &Root, as_of: &str, only: Option<&str>) -> Plan {
    run::plan(&root.config(), time(as_of), only).unwrap()
}

/// The files of a product in the release that is shown, with their hashes.
fn files_of(root: &Root, product: &str) -> BTreeMap<String, String> {
    let files = root.manifest().files.into_iter();
    let own = files.filter(|(_, file)| file.product.as_deref() == Some(product));
    own.map(|(path, file)| (path, file.sha256)).collect()
}

#[test]
fn a_product_whose_page_cannot_be_made_keeps_its_files_and_the_other_publishes() {
    let root = Root::of_both_products();
    root.run_to(ExitCode::Done);
    let too = files_of(&root, "too");
    let repository = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let site = root.path().join("site");
    for file in speil::disk::files_below(&repository.join("site")).unwrap() {
        let text = fs::read(repository.join("site").join(&file)).unwrap();
        speil::disk::write(&site.join(&file), &text).unwrap();
    }
    // Nothing that is seen before there are rows.
    let template = site.join("templates/too/eget_fylke.html");
    let text = fs::read_to_string(&template).unwrap();
    fs::write(
        &template,
        text.replacen(
            "{% endblock %}",
            "{% for row in tables.too_ventetid.rows %}{{ row.n / 0 }}{% endfor %}{% endblock %}",
            1,
        ),
    )
    .unwrap();
    let config = root.path().join("speil.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[paths]\nsite = \"site\"\n")).unwrap();

    let outcome = root.run_as_of("2026-11-11").unwrap();
    assert_eq!(outcome.code, ExitCode::Configuration.max(ExitCode::CheckFailed));
    assert_eq!(outcome.built.failed.keys().collect::<Vec<_>>(), ["too"]);
    assert_eq!(files_of(&root, "too"), too);
    let manifest = root.manifest();
    let as_of = |product: &str| manifest.products[product].as_of.as_str();
    assert_eq!((as_of("reservasjon"), as_of("too")), ("2026-11-11", AS_OF));
    assert_eq!(speil::publish::verify(&root.current()).unwrap(), []);
}

#[test]
fn only_one_product_is_run_and_the_others_files_stay_with_their_date() {
    let root = Root::of_both_products();
    let october = fs::read(root.landing(OCTOBER)).unwrap();
    fs::remove_file(root.landing(OCTOBER)).unwrap();
    let waiting = root.landing("too_leveranse");
    fs::rename(&waiting, root.path().join("waiting")).unwrap();
    root.run_to(ExitCode::Done);
    let too = files_of(&root, "too");
    let reservasjon = files_of(&root, "reservasjon");
    let in_force = root.state();

    // Both have something new; only one is asked for.
    fs::write(root.landing(OCTOBER), october).unwrap();
    fs::rename(root.path().join("waiting"), &waiting).unwrap();
    let outcome = run_only(&root, "reservasjon", "2026-11-11");
    assert_eq!(outcome.code, ExitCode::Done);
    let asked: Vec<_> = ledger(root.path()).into_iter().filter(|line| line["event"] == "started").collect();
    let only: Vec<_> = asked.iter().map(|started| started["only"].as_str()).collect();
    assert_eq!(only, [None, Some("reservasjon")]);
    assert!(outcome.built.failed.is_empty());
    let sources: BTreeSet<&str> = outcome.ingested.taken.iter().map(|taken| taken.source.as_str()).collect();
    assert_eq!(sources, ["utlevering"].into());
    assert!(outcome.built.ran.iter().all(|ran| !ran.model.starts_with("too_") && ran.model != "klass_avvik"));
    assert_eq!(files_of(&root, "too"), too);
    assert_ne!(files_of(&root, "reservasjon"), reservasjon);
    let manifest = root.manifest();
    let as_of = |product: &str| manifest.products[product].as_of.as_str();
    assert_eq!((as_of("reservasjon"), as_of("too")), ("2026-11-11", AS_OF));
    assert_eq!(root.state().deliveries["too_hendelse"], in_force.deliveries["too_hendelse"]);
    assert_eq!(speil::publish::verify(&root.current()).unwrap(), []);

    // The other one, and both are what they are when both are run.
    let outcome = run_only(&root, "too", "2026-11-11");
    assert_eq!(outcome.code, ExitCode::Done);
    assert_ne!(files_of(&root, "too"), too);
    // But for the keys in the state: both read `mottak`, where the other one's deliveries have receipts too.
    let hashes = |root: &Root| {
        let mut hashes = root.release_hashes();
        hashes.remove("state.json").unwrap();
        // It told that the product that was not asked for has older figures.
        hashes.remove("offentlig/index.html").unwrap();
        hashes
    };
    let one_by_one = hashes(&root);
    assert_eq!(root.run_as_of("2026-11-11").unwrap().code, ExitCode::Done);
    assert_eq!(hashes(&root), one_by_one);
}

#[test]
fn the_state_in_a_release_is_the_one_that_carried_figures_were_made_from() {
    let root = Root::of_both_products();
    let october = fs::read(root.landing(OCTOBER)).unwrap();
    fs::remove_file(root.landing(OCTOBER)).unwrap();
    root.run_to(ExitCode::Done);
    let released = |root: &Root| speil::lake::State::load(&root.current().join("state.json")).unwrap();
    let before = released(&root);
    fs::write(root.landing(OCTOBER), october).unwrap();
    assert_eq!(root.output(&["ingest"]).status.code(), Some(0));
    run_only(&root, "too", "2026-11-11");
    assert!(root.state().tables["utlevering"].contains_key("2026-10"));
    for table in ["utlevering", "lege", "linje_klasse", "reservasjonsgrad_lege"] {
        assert_eq!(released(&root).tables[table], before.tables[table], "{table}");
    }
}

#[test]
fn an_unknown_product_ends_with_2_and_the_nearest() {
    let root = Root::tiny();
    for (wrong, nearest) in [("reservasjn", "reservasjon"), ("too", "reservasjon"), ("felles", "reservasjon")] {
        for command in ["run", "plan"] {
            let output = root.output(&[command, "--only", wrong]);
            let message = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{message}");
            assert!(message.contains(&format!("there is no product `{wrong}`")), "{message}");
            assert!(message.contains(&format!("the nearest is `{nearest}`")), "{message}");
        }
    }
    assert!(!root.path().join("lake").exists());
}

/// (model, month) that a plan is sure of, and that it holds for possible.
fn foreseen(plan: &Plan) -> [BTreeSet<(String, String)>; 2] {
    let all = |of: fn(&speil::run::Planned) -> &Vec<String>| {
        let models = plan.models.iter();
        models.flat_map(|one| of(one).iter().map(|month| (one.model.clone(), month.clone()))).collect()
    };
    [all(|planned| &planned.certain), all(|planned| &planned.possible)]
}

#[test]
fn a_plan_changes_nothing_and_tells_what_the_run_then_does() {
    let root = Root::tiny();
    let october = fs::read(root.landing(OCTOBER)).unwrap();
    fs::remove_file(root.landing(OCTOBER)).unwrap();
    root.run_to(ExitCode::Done);

    let nothing = plan(&root, AS_OF, None);
    assert!(nothing.models.is_empty() && nothing.deliveries.new.is_empty() && nothing.deliveries.refused.is_empty());
    assert_eq!(nothing.pages["reservasjon"], Pages::Stay);
    assert_eq!(nothing.shown.as_deref(), Some(root.manifest().release.as_str()));

    fs::write(root.landing(OCTOBER), october).unwrap();
    // The same version with other bytes: refused by its name and hash.
    let september = root.landing("utlevering/utlevering_2026-09.csv");
    let text = fs::read_to_string(&september).unwrap();
    fs::write(&september, text.clone() + "x\n").unwrap();
    let before = speil::disk::files_below(root.path()).unwrap();
    // It works beside a run.
    let lock = fs::File::create(root.path().join("run.lock")).unwrap();
    lock.lock().unwrap();
    let output = root.output(&["plan"]);
    lock.unlock().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_eq!(speil::disk::files_below(root.path()).unwrap(), before);
    for line in [
        "Deliveries: 1 new, 1 would be refused",
        "  new: utlevering_2026-10.csv (utlevering 2026-10)",
        "  refused: utlevering_2026-09.csv (utlevering): utlevering_2026-09.csv was taken in before it was whole",
        "  linje_klasse: 2026-10; may: ",
        "  reservasjon: new figures",
    ] {
        assert!(told.contains(line), "no {line}: {told}");
    }
    fs::write(&september, text).unwrap();

    let [certain, possible] = foreseen(&plan(&root, AS_OF, None));
    let outcome = root.run_to(ExitCode::Done);
    let ran: BTreeSet<(String, String)> = outcome.built.ran.into_iter().map(|ran| (ran.model, ran.partition)).collect();
    assert!(certain.is_subset(&ran), "{:?}", certain.difference(&ran));
    let foreseen: BTreeSet<_> = certain.union(&possible).cloned().collect();
    assert!(ran.is_subset(&foreseen), "{:?}", ran.difference(&foreseen));
    // Neither is all there is.
    assert!(certain.len() > 15 && possible.len() > 20 && outcome.built.skipped > 20);
}

#[test]
fn a_plan_tells_which_threshold_or_date_makes_a_model_run() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let configuration = root.path().join("speil.toml");
    let text = fs::read_to_string(&configuration).unwrap();
    fs::write(&configuration, format!("{text}[product.reservasjon.terskler]\nstratum_linjer = 400\n")).unwrap();
    let why = |plan: &Plan, model: &str| plan.models.iter().find(|one| one.model == model).map(|one| one.why.clone());
    let changed = plan(&root, "2026-11-11", None);
    assert_eq!(
        why(&changed, "atc_grunnlag").as_deref().map(|why| why.split(';').next().unwrap()),
        Some("stratum_linjer 500 → 400")
    );
    assert_eq!(why(&changed, "reservasjon_vindu").unwrap(), "date 2026-11-10 → 2026-11-11");
    assert_eq!(why(&changed, "linje_klasse"), None);
    // What would stop the run is told too.
    let entry = root.state().tables["linje_klasse"].values().next().unwrap().clone();
    fs::remove_file(root.path().join("lake").join(entry.file)).unwrap();
    let notes = plan(&root, "2026-11-11", None).notes;
    assert!(notes.iter().any(|note| note.contains("would stop with 30") && note.contains("is missing")), "{notes:?}");
}

#[test]
fn so_many_releases_stay_and_what_they_need_of_the_lake() {
    let root = Root::tiny();
    let configuration = root.path().join("speil.toml");
    let text = fs::read_to_string(&configuration).unwrap();
    fs::write(&configuration, format!("{text}[utgivelser]\nbehold = 3\n")).unwrap();
    let mut shown = Vec::new();
    for night in ["2026-11-14", "2026-11-13", "2026-11-12", "2026-10-11", "2026-11-10"] {
        root.run_as_of(night).unwrap();
        shown.push(fs::read_link(root.current()).unwrap().to_string_lossy().into_owned());
    }
    let releases: BTreeSet<String> = fs::read_dir(root.path().join("releases"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let mut kept: BTreeSet<String> = shown[2..].iter().cloned().collect();
    kept.insert("current".to_owned());
    assert_eq!(releases, kept);
    // Each can be verified, and everything that its state names is there; nothing else is, nor an empty folder.
    let lake = speil::lake::Lake::at(&root.path().join("lake"));
    let mut named: BTreeSet<String> = BTreeSet::new();
    let mut keep = |state: speil::lake::State| {
        lake.check_all(&state).unwrap();
        named.extend(state.tables.values().flat_map(BTreeMap::values).map(|entry| entry.file.clone()));
    };
    for release in &shown[2..] {
        let folder = root.path().join("releases").join(release);
        assert_eq!(speil::publish::verify(&folder).unwrap(), []);
        keep(speil::lake::State::load(&folder.join("state.json")).unwrap());
    }
    keep(root.state());
    let files = speil::disk::files_below(lake.folder()).unwrap();
    let found: BTreeSet<String> = files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
    assert_eq!(found, named);
    for table in fs::read_dir(lake.folder()).unwrap() {
        for month in fs::read_dir(table.unwrap().path()).unwrap() {
            assert!(fs::read_dir(month.unwrap().path()).unwrap().next().is_some());
        }
    }
    // An older one can be shown again.
    let back = root.path().join("releases").join(&shown[2]);
    run::roll_back(&root.config(), Some(&shown[2])).unwrap();
    assert_eq!(fs::canonicalize(root.current()).unwrap(), fs::canonicalize(back).unwrap());
}
