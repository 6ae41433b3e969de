//! What is handed over outside the portal: each county's rejected courses, by course, event and delivery. No release and
//! no line of the ledger has a course's id.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use speil::run::ExitCode;

use crate::oracle_too::world;
use crate::support::{Root, as_csv};

/// Begins every course id of the world, so that none is found by chance.
pub const ID: &str = "et-forlop-ingen-skal-se-";

pub fn world_with_long_ids() -> Root {
    let root = Root::bare();
    world::tiny_world(root.path());
    for file in speil::disk::files_below(&root.landing("too_hendelse")).unwrap() {
        let path = root.landing("too_hendelse").join(file);
        let text = fs::read_to_string(&path).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        let at = header.split(';').position(|column| column == "forlop_id").unwrap();
        let renamed = rows.lines().map(|row| {
            let mut fields: Vec<String> = row.split(';').map(str::to_owned).collect();
            fields[at].insert_str(0, ID);
            fields.join(";") + "\n"
        });
        fs::write(&path, format!("{header}\n{}", renamed.collect::<String>())).unwrap();
    }
    root
}

fn run(root: &Root) {
    let outcome = root.run_as_of(world::AS_OF).unwrap();
    assert_eq!(outcome.code, ExitCode::Done, "{:?} {:?}", outcome.ingested.refused, outcome.built.failed);
}

fn list(root: &Root, county: &str) -> PathBuf {
    root.path().join(format!("utboks/fylke/{county}/avviste_forlop.csv"))
}

/// The lists' rows as `county course rule`, and their other fields.
fn listed(root: &Root) -> BTreeMap<String, Vec<String>> {
    let mut rows = BTreeMap::new();
    for county in world::UNITS.iter().map(|(_, county, _, _)| *county).collect::<BTreeSet<_>>() {
        let Ok(text) = fs::read_to_string(list(root, county)) else { continue };
        let (header, own) = text.split_once('\n').unwrap();
        assert_eq!(header, "fylkesnr;forlop_id;forlop_nr;regel;hendelse_guid;hendelse_dato;leveranse");
        assert!(!own.is_empty(), "the list of {county} has no rows");
        for row in own.lines() {
            let fields: Vec<String> = row.split(';').map(str::to_owned).collect();
            assert_eq!(fields[0], county);
            rows.insert(
                format!("{county} {} {}", fields[1].strip_prefix(ID).unwrap(), fields[3]),
                fields[4..].to_vec(),
            );
        }
    }
    rows
}

/// The files that hold a text, in any form.
pub fn holding(folder: &Path, text: &str) -> Vec<PathBuf> {
    let holds = |file: &PathBuf| {
        let path = folder.join(file);
        // The link to the release that is shown.
        if path.is_dir() {
            return false;
        }
        if file.extension().is_some_and(|ending| ending == "parquet") {
            return as_csv(&path).contains(text);
        }
        fs::read(&path).unwrap().windows(text.len()).any(|part| part == text.as_bytes())
    };
    speil::disk::files_below(folder).unwrap().into_iter().filter(holds).collect()
}

#[test]
fn a_county_is_told_its_rejected_courses_outside_the_portal_and_no_release_has_their_ids() {
    let root = world_with_long_ids();
    run(&root);
    let found = listed(&root);
    // The courses that the second route rejects (`oracle_too/tests_world.rs`), in the county of their last event.
    let wanted = [
        "03 C08 team_slutt_uten_team",
        "03 C09 pause_til_uten_pause",
        "18 B07 team_slutt_uten_team",
        "18 C10 hendelse_etter_slutt",
        "50 C11 hendelse_etter_slutt",
        "50 C12 hendelse_etter_slutt",
    ];
    assert_eq!(found.keys().collect::<Vec<_>>(), wanted);
    for (row, fields) in &found {
        let [guid, date, delivery] = fields.as_slice() else { panic!("{row}") };
        let delivered = fs::read_to_string(root.landing(&format!("too_hendelse/{delivery}.csv"))).unwrap();
        assert!(delivered.lines().any(|line| line.contains(guid) && line.contains(date)), "{row}: {delivery}");
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let own = list(&root, "03");
    assert_eq!((mode(&own), mode(own.parent().unwrap())), (0o600, 0o700));
    assert_eq!((mode(&root.path().join("utboks")), mode(&root.path().join("utboks/fylke"))), (0o700, 0o700));

    // The receipt counts them and says that there is a list; it names none.
    let page = fs::read_to_string(root.current().join("fylke/03/index.html")).unwrap();
    assert!(page.contains("med en umulig rekkefølge (2)"));
    let other = fs::read_to_string(root.current().join("fylke/46/index.html")).unwrap();
    assert!(!other.contains("umulig rekkefølge ("));
    let releases = fs::canonicalize(root.current()).unwrap();
    assert_eq!(holding(&releases, ID), Vec::<PathBuf>::new());
    for fields in found.values() {
        assert_eq!(holding(&releases, &fields[0]), Vec::<PathBuf>::new());
    }
    assert_eq!(holding(&root.path().join("runs"), ID), Vec::<PathBuf>::new());
    // The search would have found one.
    assert!(!holding(&root.path().join("lake"), ID).is_empty() && !holding(&root.path().join("utboks"), ID).is_empty());
}

/// A delivery that cancels these events; deliveries differ in the order of their columns.
fn cancel(root: &Root, guids: &BTreeSet<String>, version: usize) {
    let mut cancelled: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for file in speil::disk::files_below(&root.landing("too_hendelse")).unwrap() {
        let text = fs::read_to_string(root.landing("too_hendelse").join(file)).unwrap();
        let mut lines = text.trim_start_matches('\u{feff}').lines();
        let names: Vec<&str> = lines.next().unwrap().split(';').collect();
        for line in lines {
            let mut row: BTreeMap<String, String> =
                names.iter().zip(line.split(';')).map(|(name, field)| ((*name).to_owned(), field.to_owned())).collect();
            let guid = row["hendelse_guid"].clone();
            if guids.contains(&guid) {
                row.insert("hendelse_guid".to_owned(), format!("c{}", &guid[1..]));
                row.insert("status".to_owned(), "C".to_owned());
                row.insert("gjelder_guid".to_owned(), guid.clone());
                row.insert("registrert_tid".to_owned(), "2026-11-05T10:00:00+01:00".to_owned());
                cancelled.insert(guid, row);
            }
        }
    }
    assert_eq!(cancelled.keys().collect::<Vec<_>>(), guids.iter().collect::<Vec<_>>());
    let joined = |fields: Vec<&String>| fields.into_iter().map(String::as_str).collect::<Vec<_>>().join(";") + "\n";
    let header = joined(cancelled.values().next().unwrap().keys().collect());
    let rows: String = cancelled.values().map(|row| joined(row.values().collect())).collect();
    fs::write(root.landing(&format!("too_hendelse/too_hendelse_03_2026-11_v{version}.csv")), header + &rows).unwrap();
}

#[test]
fn the_list_is_rewritten_by_each_run_and_gone_when_nothing_is_rejected() {
    let root = world_with_long_ids();
    run(&root);
    let first = fs::read_to_string(list(&root, "03")).unwrap();
    fs::write(list(&root, "03"), "changed by hand").unwrap();
    run(&root);
    assert_eq!(fs::read_to_string(list(&root, "03")).unwrap(), first);
    // One of a course's events is listed at a time: cancelled, the next impossible one takes its place.
    for night in 1..6 {
        let guids: BTreeSet<String> = listed(&root).into_values().map(|fields| fields[0].clone()).collect();
        if guids.is_empty() {
            break;
        }
        cancel(&root, &guids, night);
        run(&root);
    }
    assert!(!list(&root, "03").exists());
    let page = fs::read_to_string(root.current().join("fylke/03/index.html")).unwrap();
    assert!(!page.contains("umulig rekkefølge ("));
}
