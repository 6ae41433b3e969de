//! A course that is erased (R3): gone from every place, with a tombstone; the next run's figures are those of deliveries
//! that never had it; a kill at any point is mended by calling it again, or by the next run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use jiff::civil::{Date, date};
use speil::run::{self, Erased, ExitCode};

use crate::kills::{NEVER, copy, erase_until, kind};
use crate::oracle_too::world;
use crate::outbox::{ID, holding, world_with_long_ids};
use crate::support::{Root, ledger};

const TODAY: Date = date(2026, 11, 29);

/// Two courses of one id, in several months' files; one whose order is impossible, so that a county is told of it.
const COURSES: [&str; 2] = ["C01", "C08"];

fn id(course: &str) -> String {
    format!("{ID}{course}")
}

fn run(root: &Root) {
    let outcome = root.run_as_of(world::AS_OF).unwrap();
    assert_eq!(outcome.code, ExitCode::Done, "{:?} {:?}", outcome.ingested.refused, outcome.built.failed);
}

fn erase(root: &Root, courses: &[&str]) -> Result<Erased, run::Failure> {
    run::erase(&root.config(), &courses.iter().map(|course| id(course)).collect::<Vec<_>>(), TODAY)
}

/// Every file of a root that holds a course's id.
fn places(root: &Root, course: &str) -> Vec<PathBuf> {
    holding(root.path(), &id(course))
}

/// Header and rows of a delivered file.
fn table(text: &str) -> (Vec<&str>, Vec<Vec<&str>>) {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let header = lines.next().unwrap().split(';').collect();
    (header, lines.filter(|line| !line.is_empty()).map(|line| line.split(';').collect()).collect())
}

/// Takes a course out of the deliveries by hand, and out of what the counties announced, each event once.
fn never_delivered(root: &Root, course: &str) {
    let mut announced: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for file in speil::disk::files_below(&root.landing("too_hendelse")).unwrap() {
        let path = root.landing("too_hendelse").join(file);
        let text = fs::read_to_string(&path).unwrap();
        let (header, rows) = table(&text);
        let at = |name: &str| header.iter().position(|column| *column == name).unwrap();
        for row in rows.iter().filter(|row| row[at("forlop_id")] == id(course)) {
            let time: jiff::Timestamp = row[at("registrert_tid")].parse().unwrap();
            let month = time.in_tz("Europe/Oslo").unwrap().strftime("%Y-%m").to_string();
            let place = (row[at("fylkesnr")].to_owned(), month);
            announced.entry(place).or_default().insert(row[at("hendelse_guid")].to_owned());
        }
        let left: Vec<&str> = text.split_inclusive('\n').filter(|line| !line.contains(&id(course))).collect();
        fs::write(&path, left.concat()).unwrap();
    }
    assert!(!announced.is_empty());
    for file in speil::disk::files_below(&root.landing("too_leveranse")).unwrap() {
        let path = root.landing("too_leveranse").join(file);
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().map(|line| {
            let fields: Vec<&str> = line.split(';').collect();
            let gone = announced.get(&(fields[0].to_owned(), fields[1].to_owned())).map_or(0, BTreeSet::len);
            match fields[3].parse::<usize>() {
                Ok(count) if gone > 0 => format!("{};{};{};{}\n", fields[0], fields[1], fields[2], count - gone),
                _ => format!("{line}\n"),
            }
        });
        fs::write(&path, lines.collect::<String>()).unwrap();
    }
}

/// The figures of the release that is shown: all tables but the receipt, which tells what was erased.
fn figures(root: &Root) -> BTreeMap<String, String> {
    let is_figures = |path: &str| path.starts_with("tabeller/") || path.ends_with(".csv");
    let all = root.figure_hashes().into_iter();
    all.filter(|(path, _)| is_figures(path) && !path.contains("kvittering") && !path.contains("/kpr/")).collect()
}

#[test]
fn a_course_that_was_delivered_elsewhere_is_gone_from_what_is_kept_of_it_too() {
    let root = world_with_long_ids();
    fs::rename(root.landing("too_hendelse"), root.path().join("levert")).unwrap();
    let config = root.path().join("speil.toml");
    let text = fs::read_to_string(&config).unwrap();
    let elsewhere = text.replace("landing/too_hendelse/", "levert/");
    assert_ne!(text, elsewhere);
    fs::write(&config, elsewhere).unwrap();
    run(&root);
    let kept = |place: &PathBuf| place.starts_with("landing/too_hendelse");
    assert!(places(&root, "C01").iter().any(kept), "{:?}", places(&root, "C01"));
    erase(&root, &["C01"]).unwrap();
    assert_eq!(places(&root, "C01"), Vec::<PathBuf>::new());
    // What is kept is whole all the same: with the deliveries gone, another root would be built from it.
    fs::remove_dir_all(root.path().join("levert")).unwrap();
    fs::create_dir(root.path().join("levert")).unwrap();
    let files = speil::fetch::files(&root.config(), "too_hendelse").unwrap();
    assert!(files.len() > 5 && files.iter().all(|file| file.starts_with(root.landing("too_hendelse"))), "{files:?}");
}

#[test]
fn an_erased_course_is_gone_from_everything_that_is_kept() {
    let root = world_with_long_ids();
    run(&root);
    for course in COURSES {
        let before: Vec<String> =
            places(&root, course).iter().map(|path| path.to_string_lossy().into_owned()).collect();
        assert!(before.iter().any(|path| path.starts_with("landing/")), "{before:?}");
        assert!(before.iter().any(|path| path.starts_with("lake/too_hendelse/")), "{before:?}");
        assert!(before.iter().any(|path| path.starts_with("lake/too_forlop/")), "{before:?}");
    }
    assert_eq!(places(&root, "C08").iter().filter(|path| path.starts_with("utboks")).count(), 1);
    let modes = |root: &Root| {
        use std::os::unix::fs::PermissionsExt;
        let files = speil::disk::files_below(&root.landing("too_hendelse")).unwrap().into_iter();
        let mode = |file: PathBuf| fs::metadata(root.landing("too_hendelse").join(file)).unwrap().permissions().mode();
        files.map(mode).collect::<Vec<_>>()
    };
    let before = modes(&root);
    let erased = erase(&root, &COURSES).unwrap();
    assert_eq!((erased.courses, erased.before), (2, 0));
    assert!(erased.rows >= 10, "{erased:?}");
    for course in COURSES {
        assert_eq!(places(&root, course), Vec::<PathBuf>::new());
    }
    assert_eq!(modes(&root), before);
    // The others are where they were, the county's list too.
    assert!(!places(&root, "C09").is_empty());
    let list = fs::read_to_string(root.path().join("utboks/fylke/03/avviste_forlop.csv")).unwrap();
    assert!(list.contains(&id("C09")) && !list.contains(&id("C08")), "{list}");
    run(&root);
    for course in COURSES {
        assert_eq!(places(&root, course), Vec::<PathBuf>::new());
    }
}

#[test]
fn the_next_runs_figures_are_those_of_deliveries_without_the_course() {
    for course in ["C01", "A07"] {
        let (erased, never) = (world_with_long_ids(), world_with_long_ids());
        run(&erased);
        let before = figures(&erased);
        erase(&erased, &[course]).unwrap();
        run(&erased);
        never_delivered(&never, course);
        run(&never);
        let (found, wanted) = (figures(&erased), figures(&never));
        assert_eq!(found, wanted, "{course}");
        if course == "C01" {
            assert_ne!(found, before);
        }
        // Replayed from the deliveries as they are now, they are the same, and no month has become incomplete.
        let replayed = Root::bare();
        replayed.copy_from(&erased, |_| true);
        fs::copy(erased.path().join("slettinger.json"), replayed.path().join("slettinger.json")).unwrap();
        run(&replayed);
        assert_eq!(replayed.figure_hashes(), erased.figure_hashes(), "{course}");
        assert_eq!(replayed.state().tables, erased.state().tables, "{course}");
    }
}

#[test]
fn verify_and_explain_say_erased_and_not_broken() {
    let root = world_with_long_ids();
    run(&root);
    let release = fs::canonicalize(root.current()).unwrap();
    erase(&root, &["C01"]).unwrap();
    assert_eq!(speil::publish::verify(&release).unwrap(), []);
    let told = speil::publish::erased(&release).unwrap();
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("erased: course ") && told[0].contains("on 2026-11-29"), "{told:?}");
    let keys = ["steg=m0_m1", "omraade=03", "periodetype=aar", "periode=2023", "populasjon=avviklet", "pauser=med"];
    let keys = keys.map(str::to_owned);
    let explained = run_explain(&root, &keys);
    assert!(explained.contains("erased: course ") && explained.contains("run `speil run` for figures"), "{explained}");

    // The release may still be shown again, and the ledger has the tombstone, without the id.
    run(&root);
    assert_eq!(speil::publish::verify(&root.current()).unwrap(), []);
    assert_eq!(speil::publish::erased(&root.current()).unwrap(), Vec::<String>::new());
    assert!(root.manifest().erased.is_some_and(|erased| erased.courses.len() == 1 && erased.state_sha256.is_none()));
    assert!(!run_explain(&root, &keys).contains("erased"));
    run::roll_back(&root.config(), None).unwrap();
    assert_eq!(fs::canonicalize(root.current()).unwrap(), release);
    let lines = ledger(root.path());
    let step = lines.iter().find(|line| line["step"] == "erase").unwrap();
    let tombstones = step["erased"].as_object().unwrap();
    assert_eq!(tombstones.len(), 1);
    assert!(tombstones.values().all(|stone| stone["date"] == "2026-11-29" && stone["rows"].as_u64() > Some(5)));
    assert!(lines.iter().any(|line| line["command"] == "slett"));
    assert_eq!(holding(&root.path().join("runs"), ID), Vec::<PathBuf>::new());
    assert!(!fs::read_to_string(root.path().join("slettinger.json")).unwrap().contains(ID));
    // What was changed otherwise is still told.
    fs::write(release.join("state.json"), "{}").unwrap();
    assert!(!speil::publish::verify(&release).unwrap().is_empty());
}

fn run_explain(root: &Root, keys: &[String]) -> String {
    speil::inspect::explain(&root.config(), "too_ventetid", keys, None).unwrap()
}

#[test]
fn an_unknown_id_erases_nothing_and_one_that_is_erased_is_told() {
    let root = world_with_long_ids();
    run(&root);
    let state = root.state();
    let failure = erase(&root, &["C01", "finnes-ikke"]).unwrap_err();
    assert_eq!(failure.code, ExitCode::Usage);
    let told = format!("{:#}", failure.error);
    assert!(told.contains("1 of the 2 ids given") && told.contains("nothing was erased"), "{told}");
    assert!(!told.contains("finnes-ikke"));
    assert_eq!(root.state(), state);
    assert!(!root.path().join("slettinger.json").exists());
    assert_eq!(erase(&root, &["C01"]).unwrap().courses, 1);
    let after = root.state();
    let again = erase(&root, &["C01"]).unwrap();
    assert_eq!(again, Erased { courses: 0, before: 1, rows: 0 });
    assert_eq!(root.state(), after);

    // The program says the same, and reads ids from standard input.
    let speil = |arguments: &[&str], input: &str| {
        use std::io::Write;
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_speil"))
            .args(["slett", "--config"])
            .arg(root.path().join("speil.toml"))
            .args(arguments)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap(), told)
    };
    assert_eq!(speil(&["--forlop", "finnes-ikke"], "").0, 2);
    let (code, told) = speil(&["--forlop", "-"], &format!("{}\n{}\n", id("C08"), id("C01")));
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("Erased 1 courses") && told.contains("1 of those named had been erased before"), "{told}");
    assert!(!told.contains(ID), "{told}");
}

#[test]
fn a_course_that_is_delivered_again_is_refused_until_it_is_taken_out() {
    let root = world_with_long_ids();
    run(&root);
    let files = speil::disk::files_below(&root.landing("too_hendelse")).unwrap().into_iter();
    let originals: BTreeMap<PathBuf, Vec<u8>> = files
        .map(|file| root.landing("too_hendelse").join(file))
        .map(|path| (path.clone(), fs::read(&path).unwrap()))
        .collect();
    erase(&root, &["C01"]).unwrap();
    run(&root);
    let calm = figures(&root);
    let is_first = |path: &PathBuf| !path.to_string_lossy().contains("_v2");
    let changed = |path: &&PathBuf| is_first(path) && fs::read(path).unwrap() != originals[*path];
    let one = originals.keys().find(changed).unwrap().clone();

    // Under a new name: refused, with the line and without the id; what was in force stays.
    let name = one.file_name().unwrap().to_str().unwrap();
    let again = one.with_file_name(name.replace(".csv", "_v8.csv"));
    fs::write(&again, &originals[&one]).unwrap();
    let outcome = root.run_as_of(world::AS_OF).unwrap();
    assert_eq!(outcome.code, ExitCode::Refused);
    let reason = &outcome.ingested.refused[0].reason;
    assert!(reason.starts_with("line ") && reason.contains("that was erased; take its rows out"), "{reason}");
    assert!(!reason.contains(ID));
    assert_eq!(figures(&root), calm);
    let judged = speil::inspect::judge(&root.config(), &again, None).unwrap();
    assert!(judged.refused && judged.verdict.contains("that was erased"), "{}", judged.verdict);

    // The same words again take it out, and the file is taken in.
    assert_eq!(erase(&root, &["C01"]).unwrap().before, 1);
    assert!(places(&root, "C01").is_empty());
    // The original bytes put back in their place are not believed either.
    fs::remove_file(&again).unwrap();
    fs::write(&one, &originals[&one]).unwrap();
    assert_eq!(root.run_as_of(world::AS_OF).unwrap().code, ExitCode::Refused);
    erase(&root, &["C01"]).unwrap();
    run(&root);
    assert_eq!(figures(&root), calm);
    assert!(places(&root, "C01").is_empty());
}

#[test]
fn kill_9_at_every_kind_of_point_is_mended_by_calling_it_again_or_by_the_next_run() {
    let before = world_with_long_ids();
    run(&before);
    let calm = copy(&before);
    let changes = erase_until(&calm, &id("C01"), NEVER);
    let mut kinds: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, change) in changes.iter().enumerate() {
        kinds.entry(kind(change)).or_default().push(at);
    }
    for point in ["wrote slettinger.json", "renamed state.json", "wrote lake", "removed lake"] {
        assert!(kinds.contains_key(point), "no {point} among {:?}", kinds.keys());
    }
    run(&calm);
    let wanted = figures(&calm);
    for (number, (kind, points)) in kinds.iter().enumerate() {
        let root = copy(&before);
        erase_until(&root, &id("C01"), points[points.len() / 2]);
        assert_eq!(speil::publish::verify(&root.current()).unwrap(), [], "{kind}");
        // Every other time the next run has to end it; before it has begun there is nothing to end.
        let has_begun = root.path().join("slettinger.json").exists();
        if number % 2 == 0 || !has_begun {
            erase(&root, &["C01"]).unwrap();
            assert!(places(&root, "C01").is_empty(), "{kind}");
        }
        run(&root);
        assert!(places(&root, "C01").is_empty(), "{kind}: {:?}", places(&root, "C01"));
        assert_eq!(figures(&root), wanted, "{kind}");
        assert_eq!(speil::publish::verify(&root.current()).unwrap(), [], "{kind}");
    }
}

/// Tables that hold ids are known by the names of their columns.
#[test]
fn every_table_that_holds_an_id_has_a_column_that_says_so() {
    let root = world_with_long_ids();
    run(&root);
    let ids = |name: &str| speil::erasure::IDS.contains(&name);
    let guids: BTreeSet<String> = root
        .table("too_hendelse")
        .iter()
        .flat_map(|batch| crate::support::texts(batch.column_by_name("hendelse_guid").unwrap()))
        .collect();
    let mut found = 0;
    for name in root.state().tables.keys() {
        for batch in root.table(name) {
            let schema = batch.schema();
            let named = schema.fields().iter().any(|field| ids(field.name()));
            let holds = batch.columns().iter().filter(|column| column.data_type().is_string()).any(|column| {
                crate::support::texts(column).iter().any(|cell| cell.starts_with(ID) || guids.contains(cell))
            });
            assert!(named || !holds, "{name} holds ids, and none of its columns is in erasure::IDS");
            found += usize::from(holds);
        }
    }
    assert!(found > 10);
}
