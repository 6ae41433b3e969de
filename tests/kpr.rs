//! What KPR gets: the event file, encrypted to KPR's key in the outbox and nowhere else, with the rows that were delivered.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use age::x25519::Identity;
use speil::run::{ExitCode, Options, Step};

use crate::oracle_too::world;
use crate::support::{Root, ledger};

const HEADER: &str = "hendelseGUID;statusNotifikasjon;notifikasjonForrigeGUID;hendelseElement;hendelseType;hendelseDato;\
                      hendelseRegTid;tjenesteID;tjenesteType;tjenesteOrgNr;fylkesnr;fraFylkesnr;henvisningskilde;\
                      maalgruppe;behandlingsbehov;oppmote;pauseaarsak;avslutningsaarsak;ferdigOdontologisk;\
                      ferdigPsykologisk;finansiering";

/// Adds settings of the product to the configuration.
fn configure(root: &Root, settings: &str) {
    let file = root.path().join("speil.toml");
    let text = fs::read_to_string(&file).unwrap();
    let text = text.split("\n[product.too]").next().unwrap().to_owned();
    fs::write(&file, format!("{text}\n[product.too]\n{settings}\n")).unwrap();
}

fn with_key(key: &Identity) -> Root {
    let root = Root::tiny_too();
    configure(&root, &format!("kpr_nokkel = \"{}\"", key.to_public()));
    root
}

fn run(root: &Root) {
    let outcome = root.run_as_of(world::AS_OF).unwrap();
    assert_eq!(outcome.code, ExitCode::Done, "{:?} {:?}", outcome.ingested.refused, outcome.built.failed);
}

fn file(root: &Root) -> PathBuf {
    root.path().join("utboks/kpr/too_kpr_hendelse.csv.age")
}

fn text(root: &Root, key: &Identity) -> String {
    String::from_utf8(age::decrypt(key, &fs::read(file(root)).unwrap()).unwrap()).unwrap()
}

type Fields = BTreeMap<String, String>;

/// Rows by the field that tells them apart.
fn rows(text: &str, key: &str) -> BTreeMap<String, Fields> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let names: Vec<&str> = lines.next().unwrap().split(';').collect();
    let fields = |line: &str| -> Fields {
        names.iter().map(|name| (*name).to_owned()).zip(line.split(';').map(str::to_owned)).collect()
    };
    lines.map(|line| (fields(line)[key].clone(), fields(line))).collect()
}

/// What was delivered, each event once, by its guid.
fn delivered(root: &Root) -> BTreeMap<String, Fields> {
    let files = speil::disk::files_below(&root.landing("too_hendelse")).unwrap().into_iter();
    let texts = files.map(|file| fs::read_to_string(root.landing("too_hendelse").join(file)).unwrap());
    texts.flat_map(|text| rows(&text, "hendelse_guid")).collect()
}

/// The event as KPR should have it, from the delivered row.
fn expected(event: &Fields) -> String {
    let element = match event["hendelse_type"].as_str() {
        "henvist" => "TjenesteStart",
        "avsluttet" | "ikke_kvalifisert" => "TjenesteSlutt",
        "overfort" => "TjenesteutforerEndret",
        "pause_fra" => "MidlertidigStoppFra",
        "pause_til" => "MidlertidigStoppTil",
        _ => "",
    };
    let registered: jiff::Timestamp = event["registrert_tid"].parse().unwrap();
    let registered = registered.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let own = |name: &str| event[name].clone();
    let sorted = |set: &str| {
        let order = ["tortur", "overgrep", "odontofobi"];
        order.into_iter().filter(|group| set.split('+').any(|of| of == *group)).collect::<Vec<_>>().join("+")
    };
    [
        own("hendelse_guid"),
        own("status"),
        own("gjelder_guid"),
        element.to_owned(),
        own("hendelse_type"),
        own("hendelse_dato"),
        registered,
        own("forlop_id"),
        "TOO".to_owned(),
        own("enhet_orgnr"),
        own("fylkesnr"),
        own("fra_fylkesnr"),
        own("henvisningskilde"),
        sorted(&event["maalgruppe"]),
        own("behandlingsbehov"),
        own("oppmote"),
        own("pauseaarsak"),
        own("avslutningsaarsak"),
        own("ferdig_odontologisk"),
        own("ferdig_psykologisk"),
        own("finansiering"),
    ]
    .join(";")
}

#[test]
fn the_event_file_decrypts_to_the_delivered_events_without_the_person() {
    let key = Identity::generate();
    let root = with_key(&key);
    run(&root);
    let text = text(&root, &key);
    let delivered = delivered(&root);
    let wanted: String = delivered.values().map(|event| expected(event) + "\n").collect();
    assert_eq!(text, format!("{HEADER}\n{wanted}"));
    assert!(delivered.len() > 300);
    for status in ["N", "M", "C"] {
        assert!(delivered.values().any(|event| event["status"] == status), "{status}");
    }
    // An age group is the only thing that deliveries say of the person.
    assert!(delivered.values().any(|event| event["aldersgruppe"] == "25–44"));
    assert!(!text.contains("25–44") && !HEADER.contains("alder"));
    assert!(age::decrypt(&Identity::generate(), &fs::read(file(&root)).unwrap()).is_err());
}

#[test]
fn the_event_file_is_the_owners_alone_and_lies_in_no_release_nor_in_clear_anywhere() {
    let key = Identity::generate();
    let root = with_key(&key);
    run(&root);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = root.path().join("utboks/kpr");
    assert_eq!((mode(&root.path().join("utboks")), mode(&folder)), (0o700, 0o700));
    let files = speil::disk::files_below(&folder).unwrap();
    assert_eq!(files, [PathBuf::from("too_kpr_hendelse.csv.age"), PathBuf::from("too_kpr_hendelse.json")]);
    assert!(files.iter().all(|file| mode(&folder.join(file)) == 0o600));

    let sealed = fs::read(file(&root)).unwrap();
    let release = fs::canonicalize(root.current()).unwrap();
    for path in speil::disk::files_below(&release).unwrap() {
        let name = path.to_string_lossy();
        assert!(!name.contains("kpr_hendelse") && !name.ends_with(".age"), "{name}");
        let bytes = fs::read(release.join(&path)).unwrap();
        // A page tells what the columns are called; no file has rows under them.
        assert!(bytes != sealed && !bytes.windows(13).any(|part| part == b"hendelseGUID;"), "{name}");
    }
    // Nowhere in the root does the text stand as text.
    for path in speil::disk::files_below(root.path()).unwrap() {
        let bytes = fs::read(root.path().join(&path)).unwrap_or_default();
        assert!(!bytes.windows(30).any(|part| part == &HEADER.as_bytes()[..30]), "{}", path.display());
    }
}

#[test]
fn a_file_that_would_say_the_same_is_left_alone_and_another_key_or_damage_makes_it_anew() {
    let key = Identity::generate();
    let root = with_key(&key);
    run(&root);
    let first = fs::read(file(&root)).unwrap();
    let changed = || fs::metadata(file(&root)).unwrap().modified().unwrap();
    let at = changed();
    run(&root);
    assert_eq!((fs::read(file(&root)).unwrap(), changed()), (first.clone(), at));
    let text_of = text(&root, &key);

    // A run that was killed while it wrote leaves half a file; the next one removes it.
    fs::write(root.path().join("utboks/kpr/.halv-x"), &first[..100]).unwrap();
    fs::write(file(&root), &first[..first.len() - 1]).unwrap();
    run(&root);
    assert_eq!(text(&root, &key), text_of);
    assert!(!root.path().join("utboks/kpr/.halv-x").exists());

    let other = Identity::generate();
    configure(&root, &format!("kpr_nokkel = \"{}\"", other.to_public()));
    run(&root);
    assert_eq!(text(&root, &other), text_of);
    assert!(age::decrypt(&key, &fs::read(file(&root)).unwrap()).is_err());

    configure(&root, "");
    run(&root);
    assert_eq!(speil::disk::files_below(&root.path().join("utboks/kpr")).unwrap(), Vec::<PathBuf>::new());
}

#[test]
fn without_a_key_there_is_no_file_and_status_and_ledger_say_so() {
    let root = Root::tiny_too();
    run(&root);
    assert!(!root.path().join("utboks/kpr").exists());
    let told = |root: &Root| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_speil"))
            .args(["status", "--config"])
            .arg(root.path().join("speil.toml"))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(told(&root).contains("too_kpr_hendelse: not handed over to KPR, since `kpr_nokkel` is not set"));
    let done = |root: &Root| {
        let lines = ledger(root.path());
        let step = lines.iter().rev().find(|line| line["step"] == "publish").unwrap();
        step["handed_over"]["too"]["too_kpr_hendelse"].clone()
    };
    assert_eq!(done(&root), "no_key");

    let key = Identity::generate();
    configure(&root, &format!("kpr_nokkel = \"{}\"", key.to_public()));
    run(&root);
    let rows = delivered(&root).len();
    assert!(told(&root).contains(&format!("too_kpr_hendelse: {rows} rows lie encrypted for KPR")), "{}", told(&root));
    let file = done(&root)["file"].clone();
    assert_eq!((file["rows"].as_u64(), file["written"].as_bool()), (Some(rows as u64), Some(true)));
    assert_eq!(file["sha256"], speil::disk::sha256(text(&root, &key).as_bytes()));
}

#[test]
fn only_a_product_that_is_published_is_handed_over() {
    let key = Identity::generate();
    let root = Root::of_both_products();
    configure(&root, &format!("kpr_nokkel = \"{}\"", key.to_public()));
    let as_of = speil::calendar::as_of(world::AS_OF).unwrap();
    let only = |only| Options { as_of, steps: Step::ALL, only, progress: &|_| {} };
    let outcome = speil::run::run(&root.config(), &only(Some("reservasjon"))).unwrap();
    assert_eq!(outcome.code, ExitCode::Done);
    assert!(!file(&root).exists());
    speil::run::run(&root.config(), &only(None)).unwrap();
    let before = text(&root, &key);

    // A night in which TOO fails: the file stays as it was, though there is another event.
    let events = root.landing("too_hendelse/too_hendelse_03_2026-10_v7.csv");
    let any = speil::disk::files_below(&root.landing("too_hendelse")).unwrap().remove(0);
    let header = fs::read_to_string(root.landing("too_hendelse").join(any)).unwrap();
    let (header, row) = header.trim_start_matches('\u{feff}').split_once('\n').unwrap();
    let mut fields: Vec<String> = row.lines().next().unwrap().split(';').map(str::to_owned).collect();
    let guid = header.trim().split(';').position(|name| name == "hendelse_guid").unwrap();
    fields[guid].replace_range(..1, "f");
    fs::write(&events, format!("{}\n{}\n", header.trim(), fields.join(";").trim())).unwrap();
    fs::remove_dir_all(root.landing("enhet")).unwrap();
    let units = root.path().join("speil.toml");
    let text_of = fs::read_to_string(&units)
        .unwrap()
        .replace("[source.enhet]\n", "[source.enhet]\ncron = \"0 6 1 * *\"\nfrist_dager = 0\n");
    fs::write(&units, text_of).unwrap();
    let outcome = speil::run::run(&root.config(), &only(None)).unwrap();
    assert!(outcome.built.failed.contains_key("too"), "{:?}", outcome.built.failed);
    assert_eq!(text(&root, &key), before);
}

#[test]
fn a_key_that_is_none_ends_with_10_and_is_not_repeated() {
    let root = Root::tiny_too();
    configure(&root, "kpr_nokkel = \"age1hemmelignoe\"");
    for command in ["run", "check"] {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_speil"));
        let output = program.arg(command).arg("--config").arg(root.path().join("speil.toml")).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(10), "{told}");
        assert!(
            told.contains("[product.too] `kpr_nokkel` is no public key") && !told.contains("hemmelignoe"),
            "{told}"
        );
    }
    let other = Root::tiny();
    let text = fs::read_to_string(other.path().join("speil.toml")).unwrap();
    let key = Identity::generate().to_public();
    let text = match text.contains("[product.reservasjon]") {
        true => text.replace("[product.reservasjon]", &format!("[product.reservasjon]\nkpr_nokkel = \"{key}\"")),
        false => format!("{text}\n[product.reservasjon]\nkpr_nokkel = \"{key}\"\n"),
    };
    fs::write(other.path().join("speil.toml"), text).unwrap();
    let failure = other.run_as_of("2026-11-10").err().unwrap();
    assert_eq!(failure.code, ExitCode::Configuration);
    assert!(format!("{:#}", failure.error).contains("nothing of reservasjon is handed over to KPR"), "{failure:?}");
}

/// The yearly files' rows by place, year, step and measure.
fn yearly(root: &Root, kind: &str) -> (String, BTreeMap<[String; 4], Vec<String>>) {
    let name = format!("offentlig/data/kpr/too_2026-11-29-23-59_{kind}.csv");
    let text = fs::read_to_string(root.current().join(name)).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let row = |line: &str| {
        let fields: Vec<String> = line.split(';').map(str::to_owned).collect();
        let key = [0, 1, 5, 6].map(|at| fields[at].clone());
        (key, fields)
    };
    (header.to_owned(), rows.lines().map(row).collect())
}

/// The rows of a public file by column.
fn public_rows(root: &Root, table: &str) -> Vec<Fields> {
    let text = fs::read_to_string(root.current().join(format!("offentlig/data/{table}.csv"))).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(';').collect();
    let fields = |line: &str| {
        names.iter().zip(line.split(';')).map(|(name, cell)| ((*name).to_owned(), cell.to_owned())).collect()
    };
    lines.map(fields).collect()
}

#[test]
fn the_yearly_files_say_what_the_public_table_says_and_why_a_value_is_absent() {
    let root = Root::tiny_too();
    run(&root);
    let (header, codes) = yearly(&root, "koder");
    assert_eq!(header, "GEO;AAR;KJONN;ALDER;MAALGRUPPE;STEG;MAALTALL;TELLER;NEVNER;VERDI;SPVFLAGG");
    let public = public_rows(&root, "too_ventetid_offentlig");
    let measures = [
        ("ANTALL_AVVIKLET", "avviklet", "n", "n", ""),
        ("MEDIAN_AVVIKLET", "avviklet", "median", "", "n"),
        ("P80_AVVIKLET", "avviklet", "p80", "", "n"),
        ("P90_AVVIKLET", "avviklet", "p90", "", "n"),
        ("ANTALL_VENTENDE", "ventende", "n", "n", ""),
        ("MEDIAN_VENTENDE", "ventende", "median", "", "n"),
        ("VENTENDE_OVER_52_UKER", "ventende", "over_52", "over_52", "n"),
    ];
    let mut flags: BTreeMap<String, usize> = BTreeMap::new();
    for (measure, population, value, numerator, denominator) in measures {
        for ([geo, year, step, _], fields) in codes.iter().filter(|(key, _)| key[3] == measure) {
            let (from, to) = year.split_once('_').unwrap();
            assert_eq!(from, to);
            assert_eq!(fields[2..5], ["0", "0_120", "0"]);
            let row = public.iter().find(|row| {
                [&row["omraade"], &row["periode"], &row["steg"]] == [geo, from, step]
                    && [&row["periodetype"], &row["populasjon"], &row["pauser"]] == ["aar", population, "med"]
            });
            let cell = |name: &str| if name.is_empty() { "" } else { row.map_or("", |row| row[name].as_str()) };
            let wanted = match row {
                None => ["", "", "", "1"],
                Some(_) if !cell(value).is_empty() => [cell(numerator), cell(denominator), cell(value), "0"],
                Some(row) if row["status"] == "vist" && row["n"] == "0" && value != "n" => ["", "", "", "2"],
                Some(_) => ["", "", "", "3"],
            };
            assert_eq!(fields[7..11], wanted, "{geo} {year} {step} {measure}");
            *flags.entry(fields[10].clone()).or_default() += 1;
        }
    }
    // Every county has a row for each year and step; those that did not deliver say so.
    let places = codes.keys().filter(|key| key[3] == "ANTALL_AVVIKLET").map(|key| &key[0]);
    // 15 counties of today, and one of 2020 that was split.
    assert_eq!(places.collect::<std::collections::BTreeSet<_>>().len(), 16);
    assert!(flags["1"] > 0 && flags["3"] > 0, "{flags:?}");
    assert!(codes.iter().filter(|(key, _)| key[0] == "56").all(|(_, fields)| fields[10] == "1"));
    // Other tables' figures stand as these show them, the nation under 0; health regions are no places of KPR.
    assert!(!codes.keys().any(|key| key[0].starts_with("region")));
    let mut shown = 0;
    for row in public_rows(&root, "too_dekning_offentlig") {
        let geo = if row["omraade"] == "landet" { "0".to_owned() } else { row["omraade"].clone() };
        if geo.starts_with("region") {
            continue;
        }
        let year = format!("{0}_{0}", row["periode"]);
        let fields = &codes[&[geo, year, "0".to_owned(), "HENVISTE".to_owned()]];
        let wanted = match row["henviste"].as_str() {
            "" if row["status"] == "mangler" => ["", "", "", "1"],
            "" => ["", "", "", "3"],
            count => [count, "", count, "0"],
        };
        assert_eq!(fields[7..11], wanted, "{row:?}");
        shown += usize::from(wanted[3] == "0");
    }
    assert!(shown > 0);
    for measure in ["INNEN_MAAL", "IKKE_MOTT", "VURDERTE", "FERDIGBEHANDLET_PER_10000"] {
        assert!(codes.keys().any(|key| key[3] == measure), "{measure}");
    }
    // No goal for the whole way.
    let no_goal = codes.iter().filter(|(key, _)| key[2] == "m0_m4" && key[3] == "ANDEL_OVER_MAAL");
    assert!(no_goal.clone().count() > 0);
    assert!(no_goal.clone().all(|(_, fields)| fields[10] != "0"));

    let (_, labels) = yearly(&root, "navn");
    assert_eq!(labels.len(), codes.len());
    assert!(labels.keys().any(|key| key[0] == "Finnmark" && key[2] == "Fra henvisning til vurdering"));
    let page = fs::read_to_string(root.current().join("offentlig/too/kpr.html")).unwrap();
    assert!(page.contains("../data/kpr/too_2026-11-29-23-59_koder.csv"));
    assert!(page.contains("KPR har ennå ikke gjort noen fast melding for tannhelse offentlig kjent"));
}
