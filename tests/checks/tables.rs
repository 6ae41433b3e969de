//! Checks of what was computed: tables against each other, tables that became empty, and figures against those shown.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Int64Type};
use speil::run::ExitCode;

use super::{MONTH, configure, join, lines, place, told, with};
use crate::support::{AS_OF, Root, batches};

/// The SQL of the repository in the root's own folder, with one file changed.
fn with_query(root: &Root, file: &str, old: &str, new: &str) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
    let to = root.path().join("queries");
    if !to.exists() {
        for path in speil::disk::files_below(&from).unwrap() {
            fs::create_dir_all(to.join(&path).parent().unwrap()).unwrap();
            fs::copy(from.join(&path), to.join(&path)).unwrap();
        }
        configure(root, |text| format!("{text}\n[paths]\nqueries = \"queries\"\n"));
    }
    let text = fs::read_to_string(to.join(file)).unwrap();
    assert!(text.contains(old), "{file}: {old}");
    fs::write(to.join(file), text.replacen(old, new, 1)).unwrap();
}

#[test]
fn tables_that_do_not_agree_stop() {
    let nation = "reservasjon/reservasjonsgrad_landet.sql";
    let classes = "reservasjon/reservasjon_klasser.sql";
    for (file, old, new, rule) in [
        (nation, "    n as forskrivninger,", "    n + 1 as forskrivninger,", "rule maanedene_er_landet: "),
        (nation, "    r as reservert,", "    r - 1 as reservert,", "rule legene_er_landet: "),
        (classes, "then linjer end", "then linjer + 1 end", "rule klassene_er_de_talte: "),
        (
            "reservasjon/klasse_sum.sql",
            "    linjer,\n    n_leger,\n",
            "    linjer + 1 as linjer,\n    n_leger,\n",
            "rule klassene_er_alle_linjer: ",
        ),
    ] {
        let root = Root::tiny();
        with_query(&root, file, old, new);
        let why = told(&root.run());
        let place = if file.contains("klasse") { classes } else { file };
        assert!(why.contains(rule) && why.contains(&format!("queries/{place}:")), "{why}");
        assert!(!root.current().exists());
    }
}

#[test]
fn counties_that_do_not_sum_to_the_nation_stop() {
    let root = Root::of_both_products();
    with_query(
        &root,
        "too/too_ventetid.sql",
        "coalesce(s.n, 0) as n,",
        "coalesce(s.n, 0) + case when k.omraade = '99' then 1 else 0 end as n,",
    );
    let outcome = root.run_to(ExitCode::CheckFailed);
    let why = format!("{:#}", outcome.built.failed["too"]);
    assert!(why.contains("rule fylkene_er_landet: the counties with 99 do not sum to the nation"), "{why}");
    assert!(root.manifest().products.contains_key("reservasjon"));
}

#[test]
fn a_table_that_loses_all_its_rows_stops_unless_its_header_says_that_it_may() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let shown = root.release_hashes();
    with_query(&root, "reservasjon/reservasjon_fordeling.sql", "\norder by", "\nwhere 1 = 0\norder by");
    let why = told(&root.run());
    assert!(why.starts_with("queries/reservasjon/reservasjon_fordeling.sql:2: rule tom: "), "{why}");
    assert!(why.contains("has no row, and 1 in the release that is shown") && why.contains("kan_vaere_tom"), "{why}");
    assert_eq!(root.release_hashes(), shown);

    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    with_query(&root, "reservasjon/reservasjonsgrad_lege_maaned.sql", "\norder by", "\nwhere 1 = 0\norder by");
    with_query(
        &root,
        "reservasjon/reservasjonsgrad_lege_maaned.sql",
        "versjon = 1\n",
        "versjon = 1\nkan_vaere_tom = \"som prøve\"\n",
    );
    root.run_to(ExitCode::Done);
}

#[test]
fn a_product_without_a_row_stops() {
    let root = Root::of_both_products();
    for source in ["too_hendelse", "too_leveranse", "enhet"] {
        fs::remove_dir_all(root.landing(source)).unwrap();
    }
    with_query(&root, "felles/fylke.sql", "\norder by", "\nwhere struktur = 0\norder by");
    let outcome = root.run_to(ExitCode::CheckFailed);
    let why = format!("{:#}", outcome.built.failed["too"]);
    assert!(why.contains("rule tom: no published table of too has a row"), "{why}");
    // With the list of counties alone there is something to read.
    let near_miss = Root::of_both_products();
    for source in ["too_hendelse", "too_leveranse", "enhet"] {
        fs::remove_dir_all(near_miss.landing(source)).unwrap();
    }
    near_miss.run_to(ExitCode::Done);
}

/// Makes the release that is shown say that the first month had so many prescriptions more.
fn as_if_shown(root: &Root, more: i64) {
    let path = "tabeller/reservasjon_nasjonal_maaned.parquet";
    let file = root.current().join(path);
    let [batch] = &batches(&file)[..] else { panic!("one batch") };
    let at = batch.schema().index_of("forskrivninger").unwrap();
    let counts = arrow::compute::cast(batch.column(at), &DataType::Int64).unwrap();
    let mut counts: Vec<Option<i64>> = counts.as_primitive::<Int64Type>().iter().collect();
    let shown = counts.iter().position(Option::is_some).expect("a month that is not hidden");
    counts[shown] = counts[shown].map(|count| count + more);
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    columns[at] =
        arrow::compute::cast(&(Arc::new(Int64Array::from(counts)) as ArrayRef), columns[at].data_type()).unwrap();
    let changed = RecordBatch::try_new(batch.schema(), columns).unwrap();
    fs::remove_file(&file).unwrap();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(fs::File::create(&file).unwrap(), batch.schema(), None).unwrap();
    writer.write(&changed).unwrap();
    writer.close().unwrap();
    let mut manifest = root.manifest();
    manifest.files.get_mut(path).unwrap().sha256 = speil::disk::sha256_of_file(&file).unwrap();
    fs::write(root.current().join("manifest.json"), manifest.to_json().unwrap()).unwrap();
    // It has been public so, too.
    let public = root.path().join("offentliggjort");
    let kept = fs::read_dir(public.join("reservasjon_nasjonal_maaned")).unwrap().next().unwrap().unwrap().path();
    let before = speil::disk::sha256_of_file(&kept).unwrap();
    fs::copy(&file, &kept).unwrap();
    let index = fs::read_to_string(public.join("index.json")).unwrap();
    let after = speil::disk::sha256_of_file(&kept).unwrap();
    fs::write(public.join("index.json"), index.replace(&before, &after)).unwrap();
}

#[test]
fn a_shown_figure_that_changes_without_a_reason_stops() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    as_if_shown(&root, 7);
    let why = told(&root.run_as_of("2026-11-11").unwrap());
    assert!(
        why.contains("rule endring: 1 rows of reservasjon_nasjonal_maaned are others than in 2026-11-10-"),
        "{why}"
    );
    assert!(why.contains("no delivery, statement, threshold or paragraph has changed"), "{why}");
    // Somebody has looked into it.
    let terskler = "[product.reservasjon.terskler]\nendring_uforklart_promille = 1000\n";
    configure(&root, |text| format!("{text}{terskler}"));
    assert_eq!(root.run_as_of("2026-11-11").unwrap().code, ExitCode::Done);
    configure(&root, |text| text.replace(terskler, ""));
    assert_eq!(root.run_as_of("2026-11-11").unwrap().code, ExitCode::Done);
}

#[test]
fn a_change_that_a_delivery_explains_or_that_is_too_small_does_not_stop() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    as_if_shown(&root, 1);
    configure(&root, |text| format!("{text}[product.reservasjon.terskler]\nendring_uforklart_promille = 10\n"));
    let outcome = root.run_as_of("2026-11-11").unwrap();
    assert_eq!((outcome.code, outcome.checked.notes.len()), (ExitCode::Done, 0));

    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let october = fs::read_to_string(root.landing(MONTH)).unwrap();
    let rows = lines(&october);
    fs::write(root.landing("utlevering/utlevering_2026-10_v2.csv"), join(&rows[..rows.len() - 60])).unwrap();
    let outcome = root.run_as_of("2026-11-11").unwrap();
    assert_eq!(outcome.code, ExitCode::Done, "{:?}", outcome.built.failed);
    let change =
        outcome.checked.notes.iter().find(|change| change.starts_with("reservasjon_nasjonal_maaned: ")).unwrap();
    assert!(change.contains("explained by ") && change.contains("utlevering 2026-10"), "{change}");
}

#[test]
fn a_headline_that_leaps_stops_though_deliveries_explain_it() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let shown = root.release_hashes();
    for month in ["2026-08", "2026-09", "2026-10"] {
        let text = fs::read_to_string(root.landing(&format!("utlevering/utlevering_{month}.csv"))).unwrap();
        let rows = lines(&text);
        let (kind, by_substance) = (place(&rows[0], "linjetype"), place(&rows[0], "virkestoffrekvirering"));
        let may = |row: usize| {
            let fields: Vec<&str> = rows[row].split(';').collect();
            fields[kind] == "U" && fields[by_substance] == "0"
        };
        let reserved = with(&text, "reservasjon", |row| may(row) && row % 2 == 0, |_| "1".to_owned());
        fs::write(root.landing(&format!("utlevering/utlevering_{month}_v2.csv")), reserved).unwrap();
    }
    let why = told(&root.run());
    assert!(why.contains("reservasjonsgrad of reservasjonsgrad_landet has moved by "), "{why}");
    assert!(why.contains("endring_landet_promille = 30 is borne"), "{why}");
    assert_eq!(root.release_hashes(), shown);
    let terskler = "[product.reservasjon.terskler]\nendring_landet_promille = 500\nendring_maaned_promille = 900\n";
    configure(&root, |text| format!("{text}{terskler}"));
    root.run_to(ExitCode::Done);
    assert_ne!(root.release_hashes(), shown);
    configure(&root, |text| text.replace(terskler, ""));
    root.run_to(ExitCode::Done);
    assert_eq!(root.manifest().as_of, AS_OF);
}

#[test]
fn the_manifest_says_which_checks_held_and_a_second_run_says_the_same() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let manifest = root.manifest();
    let checks = &manifest.products["reservasjon"].checks;
    assert_eq!(checks["utlevering"], ["volum", "gjentatt", "referanse rekvirent_hpr", "referanse varenr"]);
    let nation = &checks["reservasjonsgrad_landet"];
    for rule in ["grain", "maanedene_er_landet", "legene_er_landet", "tom", "endring"] {
        assert!(nation.iter().any(|held| held == rule), "{rule}: {nation:?}");
    }
    root.run_to(ExitCode::Done);
    assert_eq!(root.manifest(), manifest);
}
