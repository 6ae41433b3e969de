//! `speil explain`: a figure is led back to the delivered lines that it counts, by what stands beside the table's SQL.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use speil::inspect::explain;
use speil::run::ExitCode;

use super::{append, assert_told, faults, put, replace, speil, with_copies};
use crate::oracle_too::world;
use crate::support::{Root, as_csv};

/// Column → value of every row of a published table.
fn rows(root: &Root, table: &str) -> Vec<BTreeMap<String, String>> {
    let csv = as_csv(&root.current().join(format!("tabeller/{table}.parquet")));
    let names: Vec<&str> = csv.lines().next().unwrap().split(';').collect();
    let row = |line: &str| names.iter().map(|n| (*n).to_owned()).zip(line.split(';').map(str::to_owned)).collect();
    csv.lines().skip(1).map(row).collect()
}

/// A doctor of the release with the most reserved prescriptions.
pub(super) fn a_doctor(root: &Root) -> BTreeMap<String, String> {
    let rows = rows(root, "reservasjonsgrad_lege").into_iter();
    rows.max_by_key(|row| row["reservert"].parse::<u32>().unwrap_or(0)).unwrap()
}

#[test]
fn a_doctors_rate_is_led_back_to_delivered_lines() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let doctor = a_doctor(&root);
    let hpr = &doctor["rekvirent_hpr"];
    let (code, told, errors) = speil(&root, &["explain", "reservasjonsgrad_lege", &format!("rekvirent_hpr={hpr}")]);
    assert_eq!(code, Some(0), "{told}{errors}");
    assert!(errors.is_empty(), "{errors}");
    // The row, the SQL, its parameters, and what it is made from with hashes.
    for part in [
        "Reservasjonsgrad per lege, siste 12 måneder",
        "queries/reservasjon/reservasjonsgrad_lege.sql",
        "$as_of = 2026-11-10",
        "with sider as (",
        "linje_klasse",
    ] {
        // `$as_of` stands with the models that use it.
        assert!(told.contains(part), "no {part} in\n{told}");
    }
    let content = &root.state().tables["utlevering"]["2026-03"].content;
    assert!(told.contains(&format!("2026-03 {}", &content[..12])), "{told}");
    // The lines: as many as the row counts, each at its place in a delivered file.
    let places: Vec<&str> = told.lines().filter(|line| line.contains("utlevering_20")).collect();
    assert_eq!(places.len().to_string(), doctor["forskrivninger"], "{told}");
    let mut reserved = 0;
    for place in places {
        let words: Vec<&str> = place.split_whitespace().collect();
        let (file, line) = words.last().unwrap().rsplit_once(':').unwrap();
        let delivered = fs::read_to_string(root.landing(&format!("utlevering/{file}"))).unwrap();
        let row = delivered.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
        let fields: Vec<&str> = row.split(';').collect();
        assert!(fields.contains(&hpr.as_str()) && fields.contains(&words[2]), "{place}\n{row}");
        reserved += u32::from(words[words.len() - 2] == "1");
    }
    assert_eq!(reserved.to_string(), doctor["reservert"]);
    assert!(told.contains("the row says the same"), "{told}");
    // One column: its own lines only.
    let key = format!("rekvirent_hpr={hpr}");
    for column in ["reservert", "utleveringer", "utleveringer_andre"] {
        let (_, told, errors) = speil(&root, &["explain", "reservasjonsgrad_lege", &key, "--column", column]);
        assert_eq!(told.matches("utlevering_20").count().to_string(), doctor[column], "{told}{errors}");
        assert!(!told.contains("forventet   ") && told.contains("the row says the same"), "{told}");
    }
    assert_ne!(doctor["utleveringer_andre"], "0");
    let substances = rows(&root, "reservasjon_lege_substans_maaned");
    let later = substances.iter().find(|row| row["reserverte_uttak"] != row["reservert"]).unwrap();
    let keys = ["rekvirent_hpr", "atc", "maaned"].map(|name| format!("{name}={}", later[name]));
    let told = explain(&root.config(), "reservasjon_lege_substans_maaned", &keys, Some("reserverte_uttak")).unwrap();
    assert_eq!(told.matches("utlevering_20").count().to_string(), later["reserverte_uttak"], "{told}");
    assert!(told.contains("the row says the same"), "{told}");
}

#[test]
fn any_computed_row_is_explained_and_a_missing_one_names_the_keys() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let (code, told, errors) = speil(&root, &["explain", "reservasjon_klasser", "klasse=grunnlag"]);
    assert_eq!(code, Some(0), "{told}{errors}");
    assert!(told.contains("lege_klasse_maaned") && told.contains("mottak"), "{told}");
    let (code, told, errors) = speil(&root, &["explain", "reservasjonsgrad_lege", "rekvirent_hpr=1"]);
    assert_eq!((code, told.as_str()), (Some(30), ""));
    assert!(errors.contains("no such row") && errors.contains("rekvirent_hpr"), "{errors}");
    for (arguments, message) in [
        (["explain", "reservasjonsgrad_leg", "rekvirent_hpr=1"], "the nearest is `reservasjonsgrad_lege`"),
        (["explain", "reservasjonsgrad_lege", "hpr=1"], "its keys are rekvirent_hpr (whole number)"),
        (["explain", "reservasjonsgrad_lege", "rekvirent_hpr=1 or 1=1"], "is not a whole number"),
        (["explain", "reservasjonsgrad_lege", "rekvirent_hpr"], "KEY=VALUE"),
    ] {
        let (code, _, errors) = speil(&root, &arguments);
        assert_eq!(code, Some(2), "{errors}");
        assert!(errors.contains(message), "{errors}");
    }
    let arguments = ["explain", "reservasjonsgrad_lege", "rekvirent_hpr=1", "--column", "reservet"];
    let (code, _, errors) = speil(&root, &arguments);
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("the nearest is `reservert`"), "{errors}");
    let (code, told, _) = speil(&root, &["explain", "reservasjon_klasser", "klasse=x' or 'a'='a"]);
    assert_eq!((code, told.as_str()), (Some(30), ""));
}

/// The tiny world of TOO after a run, one of its deliveries of events as Parquet.
fn too_world() -> (Root, String) {
    let root = Root::bare();
    world::tiny_world(root.path());
    let mut files: Vec<_> = fs::read_dir(root.landing("too_hendelse")).unwrap().map(|f| f.unwrap().path()).collect();
    // One of several rows, none of which is delivered again.
    let only = |file: &Path| {
        file.file_stem().is_some_and(|name| {
            let name = name.to_string_lossy();
            !name.contains("_v2") && !root.landing(&format!("too_hendelse/{name}_v2.csv")).exists()
        })
    };
    files.retain(|file| file.to_string_lossy().contains("_03_2022-") && only(file));
    let longest = files.iter().max_by_key(|file| (fs::metadata(file).unwrap().len(), (*file).clone())).unwrap();
    let file = as_parquet(longest);
    assert_eq!(root.run_as_of(world::AS_OF).unwrap().code, ExitCode::Done);
    (root, file)
}

/// Replaces a CSV delivery by a Parquet file of the same rows. Returns its name.
fn as_parquet(csv: &Path) -> String {
    let text = fs::read_to_string(csv).unwrap();
    let text = text.trim_start_matches('\u{feff}');
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(';').collect()).collect();
    let column = |at: usize| -> ArrayRef {
        let filled = |field: &&str| if field.is_empty() { None } else { Some((*field).to_owned()) };
        Arc::new(StringArray::from_iter(lines[1..].iter().map(|line| filled(&line[at]))))
    };
    let columns = lines[0].iter().enumerate().map(|(at, name)| (*name, column(at), true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let file = csv.with_extension("parquet");
    let mut writer = ArrowWriter::try_new(fs::File::create(&file).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    fs::remove_file(csv).unwrap();
    file.file_name().unwrap().to_string_lossy().into_owned()
}

/// guid → every place it was delivered at, as `explain` writes places.
fn delivered(root: &Root, parquet: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in fs::read_dir(root.landing("too_hendelse")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = if name == parquet { as_csv(&path) } else { fs::read_to_string(&path).unwrap() };
        let text = text.trim_start_matches('\u{feff}');
        let at = text.lines().next().unwrap().split(';').position(|column| column == "hendelse_guid").unwrap();
        for (row, line) in text.lines().enumerate().skip(1) {
            let place = if name == parquet { format!("{name} row {row}") } else { format!("{name}:{}", row + 1) };
            places.entry(line.split(';').nth(at).unwrap().to_owned()).or_default().insert(place);
        }
    }
    places
}

#[test]
fn a_cell_of_waits_is_led_back_to_delivered_events_also_in_parquet() {
    let (root, parquet) = too_world();
    let places = delivered(&root, &parquet);
    let config = root.config();
    let mut seen_parquet = false;
    let mut n_lines = 0;
    let wanted = [
        ("maaned", "2022-07", "avviklet"),
        ("maaned", "2022-09", "avviklet"),
        ("tertial", "2022-T2", "ventende"),
        ("aar", "2022", "avviklet"),
        ("rullerende12", "2024-12", "ventende"),
        ("maaned", "2025-03", "ventende"),
    ];
    let cells: Vec<_> = rows(&root, "too_ventetid")
        .into_iter()
        .filter(|row| {
            let cell = (row["periodetype"].as_str(), row["periode"].as_str(), row["populasjon"].as_str());
            let area = ["landet", "03", "31", "99", "region_sorost"].contains(&row["omraade"].as_str());
            wanted.contains(&cell) && area && row["steg"] != "m3_m4" && row["n"] != "0"
        })
        .collect();
    assert!(cells.len() > 40, "{}", cells.len());
    for cell in cells {
        let keys: Vec<String> = ["steg", "omraade", "periodetype", "periode", "populasjon", "pauser"]
            .map(|name| format!("{name}={}", cell[name]))
            .to_vec();
        let told = explain(&config, "too_ventetid", &keys, None).unwrap();
        assert!(told.contains("queries/too/too_ventetid.sql") && told.contains(": the row says the same."), "{told}");
        let lines: Vec<&str> =
            told.lines().filter(|line| line.contains(".csv:") || line.contains(".parquet row ")).collect();
        let courses: BTreeSet<Vec<&str>> = lines.iter().map(|line| line.split_whitespace().take(2).collect()).collect();
        assert_eq!(courses.len().to_string(), cell["n"], "{told}");
        for line in lines {
            let (before, told) = line.split_once("too_hendelse_").unwrap();
            let guid = before.split_whitespace().last().unwrap();
            let told: BTreeSet<String> = format!("too_hendelse_{told}").split(", ").map(str::to_owned).collect();
            assert_eq!(told, places[guid], "{line}");
            seen_parquet |= told.iter().any(|place| place.contains(".parquet row "));
            n_lines += 1;
        }
    }
    assert!(seen_parquet && n_lines > 1000, "{n_lines}");
}

#[test]
fn a_column_of_a_cell_shows_the_courses_that_it_counts() {
    let (root, _) = too_world();
    let key =
        ["steg=m0_m1", "omraade=03", "periodetype=maaned", "periode=2026-10", "populasjon=ventende", "pauser=med"];
    let of = |column: Option<&str>| explain(&root.config(), "too_ventetid", &key.map(str::to_owned), column).unwrap();
    let courses = |told: &str| {
        let of_courses = told.split("Courses that count").nth(1).unwrap().split("\n\n").next().unwrap();
        of_courses.lines().skip(2).count()
    };
    let shown = rows(&root, "too_ventetid")
        .into_iter()
        .find(|row| key.iter().all(|key| key.split_once('=').is_some_and(|(name, value)| row[name] == value)));
    let shown = shown.unwrap();
    assert_eq!(courses(&of(None)).to_string(), shown["n"]);
    for column in ["over_8", "over_26", "over_52", "over_104", "over_208", "paa_pause"] {
        let told = of(Some(column));
        assert_eq!(courses(&told).to_string(), shown[column], "{column}");
        assert!(told.contains(&format!("they give {column} {}: the row says the same", shown[column])), "{told}");
    }
}

#[test]
fn what_stands_in_the_way_of_a_line_is_told() {
    let (root, parquet) = too_world();
    let key = ["steg=m0_m1", "omraade=03", "periodetype=aar", "periode=2022", "populasjon=avviklet", "pauser=med"];
    let told = || explain(&root.config(), "too_ventetid", &key.map(str::to_owned), None).unwrap();
    assert!(!told().contains("(not found)"));
    fs::remove_file(root.landing("too_hendelse").join(&parquet)).unwrap();
    assert!(told().contains(&format!("  {parquet} is not where it was delivered")) && told().contains("(not found)"));
    fs::write(root.landing("too_hendelse").join(&parquet), "x").unwrap();
    assert!(told().contains(&format!("  {parquet} is not the file that was taken in")));
}

#[test]
fn faults_in_a_trace_are_told_with_file_and_line() {
    let root = with_copies();
    let trace = |name: &str| format!("queries/{name}.spor.toml");
    let too = trace("too/too_ventetid");
    let column = replace(&root, &too, "        v.fra_dato,\n", "        v.fradato,\n");
    let source = replace(&root, &too, "kilde = \"too_hendelse\"", "kilde = \"too_hendelsr\"");
    let told = faults(&root);
    assert_told(&told, &format!("{too}:{column}"), "fradato");
    assert_told(&told, &format!("{too}:{source}"), "the nearest is `too_hendelse`");
    let doctors = trace("reservasjon/reservasjonsgrad_lege");
    let key = replace(&root, &doctors, "id = \"linje_id\"", "idd = \"linje_id\"");
    assert_told(&faults(&root), &format!("{doctors}:{key}"), "unknown key `idd`; the nearest known one is `id`");
    replace(&root, &doctors, "idd = \"linje_id\"", "id = \"linje_nr\"");
    let parameter = replace(&root, &doctors, "= $rekvirent_hpr", "= $rekvirent");
    let table = replace(&root, &doctors, "from reservasjon_vindu", "from reservasjon_vind");
    let told = faults(&root);
    assert_told(&told, &format!("{doctors}:{key}"), "no column `linje_nr`; the nearest is `linje_id`");
    assert_told(&told, &format!("{doctors}:{parameter}"), "there is no parameter $rekvirent");
    assert_told(&told, &format!("{doctors}:{table}"), "no table `reservasjon_vind`");
    append(&root, &doctors, "[slutt]\n");
    let last = super::read(&root, &doctors).lines().count();
    assert_told(&faults(&root), &format!("{doctors}:{last}"), "unknown key `slutt`");
    put(&root, &trace("too/too_ventetider"), super::read(&root, &too).as_bytes());
    assert_told(&faults(&root), &format!("{}:1", trace("too/too_ventetider")), "the nearest is `too_ventetid`");
}

/// Published tables with their keys, and whether delivered lines give the figures again.
const PUBLISHED: [(&str, &[&str], bool); 40] = [
    ("reservasjon_klasser", &["klasse"], true),
    ("reservasjon_fordeling", &["til_maaned"], true),
    ("reservasjonsgrad_histogram", &["fra_prosent"], true),
    ("reservasjonsgrad_landet", &["til_maaned"], true),
    ("reservasjon_nasjonal_maaned", &["maaned"], true),
    ("reservasjonsgrad_lege", &["rekvirent_hpr"], true),
    ("reservasjonsgrad_lege_maaned", &["rekvirent_hpr", "maaned"], true),
    ("reservasjon_fylke", &["fylkesnr"], true),
    ("reservasjon_prioritering", &["nivaa", "kode"], true),
    ("reservasjonsgrad_lege_rullerende", &["rekvirent_hpr", "maaned"], true),
    ("reservasjon_lege_byttegruppe", &["rekvirent_hpr", "byttegruppe"], true),
    ("reservasjon_lege_substans_maaned", &["rekvirent_hpr", "atc", "maaned"], true),
    ("reservasjon_kolleger", &["rekvirent_hpr", "gruppe"], false),
    ("reservasjon_kolleger_fordeling", &["rekvirent_hpr", "gruppe", "fra_prosent"], false),
    ("reservasjon_trakt", &["rekvirent_hpr", "forventet_fra"], false),
    ("too_fylke", &["fylkesnr"], false),
    ("too_ventetid", &["steg", "omraade", "periodetype", "periode", "populasjon", "pauser"], true),
    ("too_ventetid_offentlig", &["steg", "omraade", "periodetype", "periode", "populasjon", "pauser"], true),
    ("too_kvittering", &["fylkesnr", "maaned", "regel"], true),
    ("too_ventekurve", &["steg", "omraade", "periodetype", "periode", "uker"], true),
    ("too_ventekurve_offentlig", &["steg", "omraade", "periodetype", "periode", "uker"], true),
    ("too_maaloppnaaelse", &["steg", "omraade", "periodetype", "periode"], true),
    ("too_maaloppnaaelse_offentlig", &["steg", "omraade", "periodetype", "periode"], true),
    ("too_venteliste", &["steg", "omraade", "periodetype", "periode"], true),
    ("too_venteliste_offentlig", &["steg", "omraade", "periode"], true),
    ("too_venteliste_oppfolging", &["omraade", "periode"], true),
    ("too_venteliste_oppfolging_offentlig", &["omraade", "periode"], true),
    ("too_oppmote", &["fase", "omraade", "periodetype", "periode"], true),
    ("too_narkose", &["fase", "omraade", "periodetype", "periode"], true),
    ("too_maalgruppe", &["maalgruppe", "omraade", "periodetype", "periode"], true),
    ("too_henvisning", &["henvisningskilde", "omraade", "periodetype", "periode"], true),
    ("too_dekning", &["omraade", "periodetype", "periode"], true),
    ("too_gjennomforing", &["omraade", "kohort"], true),
    ("too_trakt_offentlig", &["steg", "omraade", "periode"], true),
    ("too_finansiering", &["finansiering", "omraade", "periodetype", "periode"], true),
    ("too_finansiering_offentlig", &["periode"], true),
    ("too_prioritering", &["omraade", "aar", "indikator"], true),
    ("too_prioritering_offentlig", &["omraade", "aar", "indikator"], true),
    ("too_fylke_status", &["fylkesnr"], true),
    ("too_fylke_over_tid", &["struktur", "fylkesnr"], true),
];

#[test]
fn a_row_of_every_published_table_is_led_back_and_says_what_the_public_sees() {
    let root = Root::of_both_products();
    root.run_to(ExitCode::Done);
    let config = root.config();
    let mut hidden = 0;
    for (table, grain, has_lines) in PUBLISHED {
        let all = rows(&root, table);
        // Of a world so small nothing is said of how doctors are spread.
        assert!(!all.is_empty() || !has_lines, "{table}");
        let mut given_again = 0;
        // Some that are shown, and some that are hidden or have no figure.
        let (shown, others): (Vec<_>, Vec<_>) = all.iter().partition(|row| row["status"] == "vist");
        let some = [shown, others].into_iter().flat_map(|rows| {
            let step = rows.len().div_ceil(4).max(1);
            rows.into_iter().step_by(step)
        });
        for row in some {
            let keys: Vec<String> = grain.iter().map(|name| format!("{name}={}", row[*name])).collect();
            let told = explain(&config, table, &keys, None).unwrap();
            assert!(told.contains("Computed by queries/") && told.contains("One row for each"), "{told}");
            assert!(!told.contains("ANOTHER THING"), "{keys:?}\n{told}");
            given_again += usize::from(told.contains("the row says the same"));
            let is_public = root.current().join(format!("offentlig/data/{table}.csv")).exists();
            assert_eq!(told.contains("Shown to the public, figures of 2026-11-10"), is_public, "{told}");
            assert_eq!(told.contains("HIDDEN FROM THE PUBLIC"), is_public && row["status"] == "skjult", "{told}");
            hidden += usize::from(told.contains("HIDDEN FROM THE PUBLIC"));
        }
        // Of a table that shows nothing of so small a world nothing can be compared.
        let nothing_shown = all.iter().all(|row| row["status"] != "vist");
        assert!(if has_lines { given_again > 0 || nothing_shown } else { given_again == 0 }, "{table}");
    }
    assert!(hidden > 0);
    let (code, told, errors) = speil(&root, &["explain", "too_ventetid", "steg=m0_m1", "omraade=03"]);
    assert_eq!((code, told.as_str()), (Some(2), ""));
    let wanted = "pauser, periode, periodetype, populasjon of the key is not given; the table's keys are steg (text)";
    assert!(errors.contains(wanted), "{errors}");
}
