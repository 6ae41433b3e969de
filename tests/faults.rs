//! Every fault that `speil generate --faults` plants is caught where the list says, by the rule that it says, and
//! counted; nothing else is; and what is published is what would be without them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use arrow::array::Array;
use speil::contract::{Contract, Format, Kind};
use speil::demo::{self, Settings};
use speil::run::{ExitCode, Outcome};

use crate::support::{AS_OF, Root, as_csv, integers, texts};

/// One planted fault, as `feil.csv` tells it.
struct Listed {
    source: String,
    file: String,
    line: Option<usize>,
    column: String,
    rule: String,
    expected: String,
}

const QUARANTINE: &str = "karantene";
const REFUSED: &str = "avvist fil";
const COUNTY: &str = "avvist fylke";
const NO_EFFECT: &str = "uten virkning";

/// What the message of a refusal must say, by the rule of the list.
const SAYS: [(&str, &str); 36] = [
    ("for_mange_feil", "are bad (mangler"),
    ("ukjent_kolonne", "column `pasient_id` is not in the contract"),
    ("kolonne_mangler", "is missing; add it"),
    ("kolonne_gjentatt", "stands twice in the header"),
    ("uten_rader", "no row could be stored"),
    ("tom_fil", "the file is empty"),
    ("avkortet", "the file ends in the middle of a row"),
    ("feil_tegnsett", "the header is not UTF-8"),
    ("feil_skilletegn", "the columns are divided by commas"),
    ("aapent_anfoerselstegn", "a quote opens here"),
    ("avkortet_parquet", "is not readable as Parquet"),
    ("feil_filendelse", "the file ending tells no format"),
    ("feil_filnavn", "does not look like"),
    ("samme_versjon", "are the same version with different content"),
    ("feil_desimaltegn", "are bad (ikke_desimaltall"),
    ("feil_maaned", "are bad (utenfor_maaned"),
    ("utenfor_grense", "are bad (utenfor_grense 1)"),
    ("ikke_heltall", "are bad (ikke_heltall 1)"),
    ("for_faa_rader", "fewer than 50 per cent"),
    ("avkortet_zip", "the zip is cut off or damaged"),
    ("zip_uten_xml", "XML files, not one"),
    ("avkortet_xml", "the XML ends inside <FEST>"),
    ("tom_xml", "HentetDato"),
    ("ikke_m30", "is this an M30 file?"),
    ("uten_pakninger", "a snapshot without packages is refused"),
    ("umulig_dato", "HentetDato"),
    ("uten_hentet_dato", "HentetDato"),
    ("samme_hentet_dato", "HentetDato"),
    ("avkortet_json", "the file ends too early"),
    ("ikke_json", "this is not JSON"),
    ("annen_json", "see the contract for what to ask for"),
    ("feil_kodeverk", "there is no `codes` in the file"),
    ("annet_innhold", "the contents `Fodte` are not persons"),
    ("ukjent_dimensjon", "dimension `Sivilstand` is not in the contract"),
    ("overlappende_aldre", "overlap; ask for one grouping"),
    ("ikke_aar", "holds other periods than years"),
];

fn settings() -> Settings {
    Settings { doctors: 300, months: 12, ..Settings::default() }
}

fn generated(faults: bool) -> Root {
    let root = Root::bare();
    demo::generate(root.path(), &settings(), &|_, _, _| {}).unwrap();
    if faults {
        demo::plant_faults(root.path(), &settings()).unwrap();
    }
    root
}

/// The same, as an operator has it made.
fn generated_by_the_program() -> Root {
    let root = Root::bare();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_speil"));
    program.args(["generate", "--doctors", "300", "--months", "12", "--faults", "--out"]).arg(root.path());
    let output = program.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("feil.csv"));
    root
}

fn listed(root: &Root) -> Vec<Listed> {
    let text = fs::read_to_string(root.path().join("feil.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("kilde;fil;linje;kolonne;regel;hva;forventet"));
    let row = |line: &str| {
        let fields: Vec<String> = line.split(';').map(str::to_owned).collect();
        let [source, file, line, column, rule, _, expected] = <[String; 7]>::try_from(fields).unwrap();
        Listed { source, file, line: line.parse().ok(), column, rule, expected }
    };
    lines.map(row).collect()
}

#[test]
fn each_planted_fault_is_caught_named_located_and_counted_and_the_rest_is_published() {
    let (faulty, clean) = std::thread::scope(|scope| {
        let clean = scope.spawn(|| {
            let root = generated(false);
            root.run_to(ExitCode::Done);
            root
        });
        let faulty = generated(true);
        let outcome = faulty.run();
        ((faulty, outcome), clean.join().unwrap())
    });
    let (faulty, outcome) = faulty;
    assert_eq!(outcome.code, ExitCode::Refused, "{:?}", outcome.built.failed);
    let list = listed(&faulty);
    refused_files_are_those_of_the_list(&outcome, &list);
    quarantine_is_that_of_the_list(&faulty, &list);
    receipts_agree(&faulty, &list);
    lines_are_classed(&faulty, &clean, &list);
    courses_are_classed(&faulty, &clean, &list);
    the_rest_is_published(&faulty, &clean);
}

fn refused_files_are_those_of_the_list(outcome: &Outcome, list: &[Listed]) {
    let wanted: BTreeMap<(&str, &str), &str> = list
        .iter()
        .filter(|fault| [REFUSED, COUNTY].contains(&fault.expected.as_str()))
        .map(|fault| ((fault.source.as_str(), fault.file.as_str()), fault.rule.as_str()))
        .collect();
    let refused = &outcome.ingested.refused;
    let found: BTreeMap<(&str, &str), &str> =
        refused.iter().map(|file| ((file.source.as_str(), file.file.as_str()), file.reason.as_str())).collect();
    assert_eq!(refused.len(), found.len(), "a file is refused twice");
    assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
    for (file, rule) in wanted {
        let of_county = format!("are bad ({rule} 1)");
        let known = SAYS.iter().find(|(known, _)| *known == rule);
        let says = known.map_or_else(|| of_county.as_str(), |(_, says)| *says);
        assert!(found[&file].contains(says), "{file:?} {rule}: {}", found[&file]);
    }
}

fn quarantine_is_that_of_the_list(root: &Root, list: &[Listed]) {
    let folder = root.path().join("quarantine");
    let mut found = Vec::new();
    for file in speil::disk::files_below(&folder).unwrap() {
        let source = file.iter().next().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(folder.join(&file)).unwrap();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.splitn(5, ';').collect();
            assert!(!fields[4].is_empty(), "{line} gives no reason");
            found.push([&source, fields[0], fields[1], fields[2], fields[3]].map(str::to_owned));
        }
    }
    let of_list = |fault: &Listed| {
        let line = fault.line.unwrap().to_string();
        [&fault.source, &fault.file, &line, &fault.column, &fault.rule].map(|part| part.clone())
    };
    let bad = |fault: &&Listed| [QUARANTINE, COUNTY].contains(&fault.expected.as_str());
    let mut wanted: Vec<_> = list.iter().filter(bad).map(of_list).collect();
    found.sort();
    wanted.sort();
    let missed: Vec<_> = wanted.iter().filter(|row| !found.contains(row)).collect();
    let surplus: Vec<_> = found.iter().filter(|row| !wanted.contains(row)).collect();
    assert!(missed.is_empty() && surplus.is_empty(), "missed {missed:#?}, not on the list {surplus:#?}");
    assert_eq!(found, wanted);
}

fn receipts_agree(root: &Root, list: &[Listed]) {
    let mut counted: BTreeMap<(String, String), i64> = BTreeMap::new();
    for batch in root.table("mottak") {
        let [sources, rules] = ["kilde", "regel"].map(|name| texts(batch.column_by_name(name).unwrap()));
        for ((source, rule), count) in sources.into_iter().zip(rules).zip(integers(&batch, "antall")) {
            *counted.entry((source, rule)).or_default() += count.unwrap();
        }
    }
    let mut wanted: BTreeMap<(String, String), i64> = BTreeMap::new();
    for fault in list.iter().filter(|fault| fault.expected == QUARANTINE) {
        *wanted.entry((fault.source.clone(), fault.rule.clone())).or_default() += 1;
    }
    let of_row = |rule: &str| !["mottatt", "lagret", "utenfor_hjemmel", "fylke_utenfor_aaret"].contains(&rule);
    let bad: BTreeMap<_, _> =
        counted.iter().filter(|((_, rule), _)| of_row(rule)).map(|(k, v)| (k.clone(), *v)).collect();
    assert_eq!(bad, wanted);
    for source in list.iter().map(|fault| &fault.source).collect::<BTreeSet<_>>() {
        let of = |wanted: &dyn Fn(&str) -> bool| -> i64 {
            counted.iter().filter(|((of, rule), _)| of == source && wanted(rule)).map(|(_, count)| count).sum()
        };
        assert_eq!(of(&|rule| rule == "mottatt"), of(&|rule| rule != "mottatt"), "{source}");
    }
}

/// The field of a listed row.
fn field(root: &Root, fault: &Listed, column: &str) -> String {
    let text = fs::read_to_string(root.landing(&format!("{}/{}", fault.source, fault.file)));
    // A delivery may hold a row in another encoding.
    let text = text.unwrap_or_else(|_| {
        let bytes = fs::read(root.landing(&format!("{}/{}", fault.source, fault.file))).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let at = text.lines().next().unwrap().split(';').position(|name| name == column).unwrap();
    text.lines().nth(fault.line.unwrap() - 1).unwrap().split(';').nth(at).unwrap().to_owned()
}

fn classed<'a>(list: &'a [Listed], source: &'a str) -> impl Iterator<Item = &'a Listed> {
    let class = |fault: &&Listed| ![QUARANTINE, REFUSED, COUNTY, NO_EFFECT].contains(&fault.expected.as_str());
    list.iter().filter(class).filter(move |fault| fault.source == source)
}

fn lines_are_classed(root: &Root, clean: &Root, list: &[Listed]) {
    let mut status = BTreeMap::new();
    for batch in root.table("korreksjon") {
        let [ids, classes] = ["linje_id", "status"].map(|name| texts(batch.column_by_name(name).unwrap()));
        status.extend(ids.into_iter().zip(classes));
    }
    let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
    for fault in classed(list, "utlevering") {
        *wanted.entry(fault.rule.clone()).or_default() += 1;
        assert_eq!(status.get(&field(root, fault, "linje_id")), Some(&fault.rule), "line {:?}", fault.line);
    }
    assert_eq!(wanted.len(), 6, "{wanted:?}");
    // The national table of classes counts them, too, and no class else is changed.
    let mut more = national_classes(root);
    for (class, count) in national_classes(clean) {
        *more.entry(class).or_default() -= count;
    }
    more.retain(|_, count| *count != 0);
    assert_eq!(more, wanted);
}

/// Lines by class, before disclosure control.
fn national_classes(root: &Root) -> BTreeMap<String, i64> {
    let of = |batch| -> Vec<_> {
        let classes = texts(arrow::array::RecordBatch::column_by_name(batch, "klasse").unwrap());
        classes.into_iter().zip(integers(batch, "linjer").into_iter().map(Option::unwrap)).collect()
    };
    root.table("klasse_sum").iter().flat_map(of).collect()
}

fn courses_are_classed(root: &Root, clean: &Root, list: &[Listed]) {
    let known: BTreeSet<String> = root
        .table("too_kjede")
        .iter()
        .flat_map(|batch| texts(batch.column_by_name("hendelse_guid").unwrap()))
        .collect();
    let mut courses: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for batch in root.table("too_forlop") {
        let ids = texts(batch.column_by_name("forlop_id").unwrap());
        let [rejected, doubled] = ["avvist_rekkefolge", "dobbel_henvisning"].map(|name| integers(&batch, name));
        let referred = batch.column_by_name("m0").unwrap();
        for (row, id) in ids.into_iter().enumerate() {
            let classes = courses.entry(id).or_default();
            classes.extend((rejected[row] == Some(1)).then_some("avvist_rekkefolge"));
            classes.extend((doubled[row] > Some(0)).then_some("dobbel_henvisning"));
            classes.extend(referred.is_null(row).then_some("uten_henvist"));
        }
    }
    let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
    for fault in classed(list, "too_hendelse") {
        *wanted.entry(fault.rule.clone()).or_default() += 1;
        match fault.rule.as_str() {
            "ukjent_maal" | "avvist_gjentatt_guid" => {
                assert!(!known.contains(&field(root, fault, "hendelse_guid")), "line {:?}", fault.line)
            }
            rule => {
                let classes = courses.get(&field(root, fault, "forlop_id"));
                assert!(classes.is_some_and(|classes| classes.contains(&rule)), "line {:?}: {classes:?}", fault.line);
            }
        }
    }
    assert_eq!(wanted.len(), 5, "{wanted:?}");
    // The county's receipt counts them, too.
    let (with, without) = (county_receipt(root), county_receipt(clean));
    for (rule, count) in wanted {
        let [with, without] = [&with, &without].map(|receipt| receipt.get(&rule).copied().unwrap_or(0));
        assert_eq!(with - without, count, "{rule}");
    }
}

/// Oslo's counts by rule.
fn county_receipt(root: &Root) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for row in as_csv(&root.current().join("tabeller/too_kvittering.parquet")).lines().skip(1) {
        let fields: Vec<&str> = row.split(';').collect();
        if fields[0] == "03" {
            *counts.entry(fields[2].to_owned()).or_default() += fields[3].parse::<i64>().unwrap();
        }
    }
    counts
}

/// The tables that count what was rejected, and the pages that show them.
const COUNTS_REJECTED: [&str; 5] =
    ["too_kvittering", "too_fylke_status", "reservasjon_klasser", "fylke/03/index.html", "nasjonalt/index.html"];

/// Every table and page of both products but those that count what was rejected is what it is without the faults.
fn the_rest_is_published(faulty: &Root, clean: &Root) {
    let manifest = faulty.manifest();
    assert_eq!(manifest.products.keys().collect::<Vec<_>>(), clean.manifest().products.keys().collect::<Vec<_>>());
    assert!(manifest.products.values().all(|product| product.as_of == AS_OF));
    assert_eq!(speil::publish::verify(&faulty.current()).unwrap(), []);
    let compared = |root: &Root| {
        let mut files = root.release_hashes();
        files.retain(|file, _| file != "state.json" && !COUNTS_REJECTED.iter().any(|counts| file.contains(counts)));
        files
    };
    let (with, without) = (compared(faulty), compared(clean));
    assert!(with.len() > 300 && with.keys().any(|file| file.starts_with("offentlig/too/")), "{}", with.len());
    let differ: Vec<&String> = with
        .keys()
        .chain(without.keys())
        .filter(|file| with.get(*file) != without.get(*file))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    assert!(differ.is_empty(), "{} files differ: {:#?}", differ.len(), &differ[..differ.len().min(20)]);
}

/// Rules of a contract that no row can be planted for, and why.
const NOT_PLANTED: [(&str, &str, &str); 6] = [
    ("lege", "noekkel_gjentatt", "two periods that begin on one day overlap, which is found first"),
    ("enhet", "noekkel_gjentatt", "the same"),
    ("too_leveranse", "mangler", "the delivery has fewer than a hundred rows for each rule"),
    ("befolkning", "mangler", "a number that is missing makes no row"),
    ("befolkning", "ikke_siffer", "a region that is no county is counted outside"),
    ("befolkning", "noekkel_gjentatt", "a code stands once in its dimension"),
];

/// Sources whose every rule is planted in rows. Those with one row per county bear none: each bad row refuses its county.
const BY_ROW: [&str; 8] =
    ["utlevering", "lege", "fest", "too_hendelse", "too_leveranse", "enhet", "klass", "befolkning"];

#[test]
fn every_rule_of_the_contracts_is_planted_and_the_same_seed_gives_the_same_bytes() {
    let root = generated(true);
    let planted: BTreeSet<(String, String)> =
        listed(&root).into_iter().map(|fault| (fault.source, fault.rule)).collect();
    for contract in Contract::embedded().unwrap() {
        if !BY_ROW.contains(&contract.source.as_str()) {
            continue;
        }
        for rule in rules(&contract) {
            let excused = NOT_PLANTED.iter().any(|(source, excused, _)| *source == contract.source && *excused == rule);
            let is = planted.contains(&(contract.source.clone(), rule.clone()));
            assert_ne!(is, excused, "{} {rule}", contract.source);
        }
    }
    let other = generated_by_the_program();
    let hashes = |root: &Root| -> BTreeMap<_, _> {
        let files = speil::disk::files_below(root.path()).unwrap().into_iter();
        files.map(|file| (file.clone(), speil::disk::sha256_of_file(&root.path().join(file)).unwrap())).collect()
    };
    assert_eq!(hashes(&root), hashes(&other));
}

/// The names of all rules that a contract's rows can break.
fn rules(contract: &Contract) -> BTreeSet<String> {
    let mut rules = BTreeSet::from(["noekkel_gjentatt".to_owned()]);
    let is_csv = contract.formats.contains(&Format::Csv);
    for table in &contract.tables {
        rules.extend(table.rules.iter().map(|rule| rule.name.clone()));
        rules.extend(table.disjoint.as_ref().map(|periods| periods.rule.clone()));
        for column in &table.columns {
            let of_kind: &[&str] = match column.kind {
                // XML and JSON are text in one encoding, or not XML and JSON.
                Kind::Text { .. } if !is_csv => &["for_lang"],
                Kind::Text { .. } => &["for_lang", "ikke_utf8"],
                Kind::Code(_) | Kind::Set(_) => &["ukjent_kode"],
                Kind::Guid => &["ikke_guid"],
                Kind::Organisation => &["ikke_orgnr"],
                Kind::Instant | Kind::DateInOslo => &["ikke_tidspunkt"],
                Kind::Month => &["ikke_maaned"],
                Kind::Integer { .. } => &["ikke_heltall", "utenfor_grense"],
                Kind::Digits { .. } => &["ikke_siffer"],
                Kind::Decimal { .. } => &["ikke_desimaltall"],
                Kind::Date => &["ikke_dato"],
            };
            rules.extend(of_kind.iter().map(|rule| (*rule).to_owned()));
            rules.extend((!column.may_be_empty).then(|| "mangler".to_owned()));
        }
    }
    if is_csv {
        rules.insert("antall_felter".to_owned());
    }
    rules
}
