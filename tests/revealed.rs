//! What has been public cannot be taken back (D5, D6): it is kept, later figures are weighed against it, and what
//! changed is told in a public log.

use std::collections::BTreeMap;
use std::fs;

use speil::publish::verify;
use speil::run::ExitCode;

use crate::oracle_too::world;
use crate::support::Root;

const WAITS: &str = "offentlig/data/too_ventetid_offentlig.csv";
const FROM: &str = "too_leveranse/too_leveranse_2026-11-03.csv";
const LATER: &str = "too_leveranse/too_leveranse_2026-11-20.csv";

/// Nation's months of a public file: key → figures by column.
fn months(root: &Root) -> BTreeMap<String, BTreeMap<String, String>> {
    let text = fs::read_to_string(root.current().join(WAITS)).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split(';').collect();
    let rows = text.lines().skip(1).map(|line| {
        let row: BTreeMap<String, String> =
            header.iter().map(|name| (*name).to_owned()).zip(line.split(';').map(str::to_owned)).collect();
        let key = ["steg", "periode", "populasjon", "pauser"].map(|name| row[name].clone()).join(" ");
        (key, row)
    });
    rows.filter(|(_, row)| row["omraade"] == "landet" && row["periodetype"] == "maaned").collect()
}

fn count(row: &BTreeMap<String, String>, column: &str) -> Option<i64> {
    row[column].parse().ok()
}

/// The tiny world, whose few figures may move as far as they will.
fn tolerant() -> Root {
    let root = Root::tiny();
    let config = root.path().join("speil.toml");
    let text = fs::read_to_string(&config).unwrap();
    let limits = "endring_maaned_promille = 1000\nendring_landet_promille = 1000\n";
    fs::write(&config, format!("{text}\n[product.reservasjon.terskler]\n{limits}")).unwrap();
    root
}

/// The tiny world, in which counts from 3 may be shown, with a county that falls behind when `LATER` is delivered.
fn too_world() -> (Root, String) {
    let root = Root::bare();
    world::tiny_world(root.path());
    let config = root.path().join("speil.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[product.too.terskler]\nminste_antall = 2\n")).unwrap();
    let announced = fs::read_to_string(root.landing(FROM)).unwrap();
    let header: Vec<&str> = announced.lines().next().unwrap().split(';').collect();
    let at = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let mut changed = false;
    let behind: String = announced
        .lines()
        .map(|line| {
            let mut fields: Vec<String> = line.split(';').map(str::to_owned).collect();
            if fields[at("fylkesnr")] == "18" && fields[at("maaned")] == "2025-09" {
                let more = fields[at("antall_hendelser")].parse::<i64>().unwrap() + 1;
                fields[at("antall_hendelser")] = more.to_string();
                changed = true;
            }
            fields.join(";") + "\n"
        })
        .collect();
    assert!(changed);
    (root, behind)
}

#[test]
fn a_month_of_the_nation_that_a_county_left_does_not_give_that_county_away() {
    let (root, behind) = too_world();
    assert_eq!(root.run_as_of(world::AS_OF).unwrap().code, ExitCode::Done);
    let before = months(&root);
    fs::write(root.landing(LATER), &behind).unwrap();
    assert_eq!(root.run_as_of(world::AS_OF).unwrap().code, ExitCode::Done);
    let after = months(&root);
    // The same deliveries where nothing was public before.
    let scratch = Root::bare();
    scratch.copy_from(&root, |_| true);
    let outcome = scratch.run_as_of(world::AS_OF).unwrap();
    assert_eq!(outcome.code, ExitCode::Done, "{:?} {:?}", outcome.ingested.refused, outcome.built.failed);
    let unaware = months(&scratch);

    let columns = ["n", "over_8", "over_26", "over_52", "over_104", "over_208"];
    let gives_away = |now: &BTreeMap<String, BTreeMap<String, String>>| {
        let rows = now.iter().filter(|(key, row)| before[*key]["n_fylker"] != row["n_fylker"]);
        let cells = rows.flat_map(|(key, row)| {
            columns.map(|column| Some((count(&before[key], column)? - count(row, column)?).abs()))
        });
        cells.flatten().filter(|difference| *difference == 1).count()
    };
    assert!(gives_away(&unaware) > 0, "a build that does not know the past would give single courses away");
    assert_eq!(gives_away(&after), 0);
    // What was public and is hidden now is told.
    let told = &root.manifest().products["too"].newly_hidden["too_ventetid_offentlig"];
    assert!(told["n"] > 0, "{told:?}");
    let hidden = after.iter().filter(|(key, row)| row["n"].is_empty() && !unaware[*key]["n"].is_empty());
    assert!(hidden.count() > 0);
    assert_eq!(verify(&root.current()).unwrap(), []);
}

/// October and September, where fewer prescriptions of September are reserved in a second version.
fn corrected(root: &Root) {
    let text = fs::read_to_string(root.landing("utlevering/utlevering_2026-09.csv")).unwrap();
    let at = text.lines().next().unwrap().split(';').position(|name| name == "reservasjon").unwrap();
    let lines = text.lines().map(|line| {
        let mut fields: Vec<&str> = line.split(';').collect();
        fields[at] = if fields[at] == "1" { "0" } else { fields[at] };
        fields.join(";") + "\n"
    });
    let text: String = lines.collect();
    fs::write(root.landing("utlevering/utlevering_2026-09_v2.csv"), text).unwrap();
}

fn log(root: &Root, file: &str) -> Vec<String> {
    let text = fs::read_to_string(root.current().join(format!("offentlig/data/{file}.csv"))).unwrap();
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn revisions_are_told_with_their_cause_and_no_smaller_than_five() {
    let root = tolerant();
    root.run_to(ExitCode::Done);
    assert!(log(&root, "revisjoner").is_empty());
    corrected(&root);
    root.run_to(ExitCode::Done);
    let told = log(&root, "revisjoner");
    let month = "2026-11-10;reservasjon_nasjonal_maaned;2026-09;rettet_leveranse;1;5";
    assert!(told.iter().any(|line| line == month), "{told:?}");
    // Other months of that table stand as they were.
    assert_eq!(told.iter().filter(|line| line.contains(";reservasjon_nasjonal_maaned;")).count(), 1);
    for cell in log(&root, "revisjoner_celler") {
        let fields: Vec<&str> = cell.split(';').collect();
        let [old, new] = [fields[5], fields[6]].map(|text| text.parse::<i64>().unwrap());
        assert!((old - new).abs() >= 5, "{cell}");
    }
    assert!(log(&root, "revisjoner_celler").iter().any(|cell| cell.contains(";2026-09;;reservert;")));
    let page = fs::read_to_string(root.current().join("offentlig/revisjoner/index.html")).unwrap();
    assert!(page.contains("rettet leveranse") && page.contains("september 2026"), "{page}");
    // A definition that changed is another cause.
    let config = root.path().join("speil.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\ntrakt_forskrivninger = 60\n")).unwrap();
    root.run_to(ExitCode::Done);
    assert!(log(&root, "revisjoner").iter().any(|line| line.contains(";endret_definisjon;")));
}

#[test]
fn what_was_public_is_kept_and_verify_misses_it() {
    let root = tolerant();
    root.run_to(ExitCode::Done);
    let kept = |root: &Root| -> Vec<String> {
        let files = speil::disk::files_below(&root.path().join("offentliggjort")).unwrap();
        files.into_iter().map(|file| file.to_string_lossy().into_owned()).filter(|f| f.contains('/')).collect()
    };
    let first = kept(&root);
    assert_eq!(first.len(), 7, "{first:?}");
    corrected(&root);
    root.run_to(ExitCode::Done);
    let second = kept(&root);
    assert!(second.len() > first.len() && first.iter().all(|file| second.contains(file)));
    // Once more: nothing is added.
    root.run_to(ExitCode::Done);
    assert_eq!(kept(&root), second);

    let lost = root.path().join("offentliggjort").join(&second[0]);
    let bytes = fs::read(&lost).unwrap();
    fs::remove_file(&lost).unwrap();
    let told: Vec<String> = verify(&root.current()).unwrap().iter().map(ToString::to_string).collect();
    assert!(told.len() == 1 && told[0].contains("offentliggjort/") && told[0].contains("is missing"), "{told:?}");
    fs::write(&lost, bytes).unwrap();
    let index = root.path().join("offentliggjort/index.json");
    let whole = fs::read_to_string(&index).unwrap();
    fs::remove_file(&index).unwrap();
    let told: Vec<String> = verify(&root.current()).unwrap().iter().map(ToString::to_string).collect();
    assert!(told.len() == 7 && told[0].contains("is public, and offentliggjort/ does not have it"), "{told:?}");
    // A run that cannot tell what was public publishes nothing.
    fs::write(&index, &whole[..whole.len() / 2]).unwrap();
    corrected(&root);
    let output = root.output(&["run"]);
    assert_eq!(output.status.code(), Some(40), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_run_that_was_killed_before_its_release_was_shown_leaves_no_gap_and_no_false_revision() {
    let root = tolerant();
    root.run_to(ExitCode::Done);
    let first = fs::read_link(root.current()).unwrap();
    corrected(&root);
    root.run_to(ExitCode::Done);
    let revisions = log(&root, "revisjoner");
    let hashes = root.release_hashes();
    // Killed between: the index has the switch, the link still leads to the release before.
    let index = root.path().join("offentliggjort/index.json");
    let text = fs::read_to_string(&index).unwrap();
    let mut parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
    let switches = parsed["switches"].as_array_mut().unwrap();
    let basis = switches[1]["basis"].clone();
    switches[0]["basis"] = basis;
    switches[1]["shown"] = false.into();
    fs::write(&index, serde_json::to_string(&parsed).unwrap()).unwrap();
    fs::remove_dir_all(root.path().join("releases").join(fs::read_link(root.current()).unwrap())).unwrap();
    fs::remove_file(root.path().join("releases/current")).unwrap();
    std::os::unix::fs::symlink(first, root.path().join("releases/current")).unwrap();

    root.run_to(ExitCode::Done);
    assert_eq!(log(&root, "revisjoner").len(), revisions.len());
    let same = |file: &str| root.release_hashes()[file] == hashes[file];
    assert!(same("offentlig/data/reservasjon_nasjonal_maaned.csv"));
    assert_eq!(verify(&root.current()).unwrap(), []);
}

/// Tables that tell of made-up counts: a public one whose counts are small, a work table, and a public one made from that.
const CHAIN: [(&str, &str, &str); 3] = [
    ("too_prove_offentlig", "offentlig", "select fylkesnr as omraade, cast(3 as bigint) as n from too_fylke"),
    ("too_prove_mellom", "arbeid", "select omraade, n + 10 as n from too_prove_offentlig"),
    ("too_prove_sum_offentlig", "offentlig", "select omraade, n from too_prove_mellom"),
];

#[test]
fn a_public_table_made_from_another_by_way_of_a_work_table_shows_nothing_that_the_other_hides() {
    let root = Root::tiny_too();
    let queries = root.path().join("queries");
    let repository = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
    let copied = std::process::Command::new("cp").arg("-r").arg(&repository).arg(&queries).status().unwrap();
    assert!(copied.success());
    for (name, audience, sql) in CHAIN {
        let (dimensions, base) = match audience {
            "offentlig" => ("dimensjoner = [\"omraade\"]\n", "grunnlag = true\n"),
            _ => ("", ""),
        };
        let text = format!(
            "/*---\ntitle = \"Prøve\"\naudience = \"{audience}\"\ngrain = [\"omraade\"]\n{dimensions}versjon = 1\n\
             [columns.n]\nunit = \"forløp\"\n{base}mangler = \"skjult\"\n---*/\nselect omraade, n, 'vist' as status from \
             ({sql}) as t order by omraade\n"
        );
        fs::write(queries.join(format!("too/{name}.sql")), text).unwrap();
    }
    let config = root.path().join("speil.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[paths]\nqueries = \"queries\"\n")).unwrap();
    root.run_to(ExitCode::Done);
    for table in ["too_prove_offentlig", "too_prove_sum_offentlig"] {
        let public = fs::read_to_string(root.current().join(format!("offentlig/data/{table}.csv"))).unwrap();
        let mut rows = public.lines().skip(1).peekable();
        assert!(rows.peek().is_some() && rows.all(|row| row.split(';').nth(1) == Some("")), "{public}");
    }
}
