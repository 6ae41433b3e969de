//! A night costs what arrived: months and snapshots that come one by one, late or corrected, end in the same bytes as
//! a build from scratch, and only what they touch is run.

use std::collections::BTreeMap;
use std::fs;

use speil::run::{ExitCode, Outcome};

use crate::support::Root;

const SEPTEMBER: &str = "landing/utlevering/utlevering_2026-09.csv";
const OCTOBER: &str = "landing/utlevering/utlevering_2026-10.csv";

/// Month → models that ran for it.
fn ran(outcome: &Outcome) -> BTreeMap<String, Vec<String>> {
    let mut months: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (model, partition) in &outcome.built.ran {
        months.entry(partition.clone()).or_default().push(model.clone());
    }
    months
}

fn months_of(outcome: &Outcome, model: &str) -> Vec<String> {
    outcome.built.ran.iter().filter(|(name, _)| name == model).map(|(_, month)| month.clone()).collect()
}

const FEST_MODELS: [&str; 7] = [
    "byttegruppe_medlem",
    "byttegruppe_periode",
    "fest_dekning",
    "vare_brudd",
    "vare_oppslag",
    "vare_periode",
    "vare_uttrekk",
];

#[test]
fn months_and_snapshots_one_by_one_end_where_a_build_from_scratch_ends() {
    let world = Root::tiny();
    let snapshots: Vec<String> = speil::disk::files_below(&world.landing("fest"))
        .unwrap()
        .into_iter()
        .map(|file| format!("landing/fest/{}", file.display()))
        .collect();
    let late = snapshots.iter().find(|file| file.contains("2026-06")).unwrap().clone();
    let root = Root::empty();
    root.copy_from(&world, |file| file != SEPTEMBER && file != OCTOBER && file != late);
    root.run_to(ExitCode::Done);

    // Month 13: its own tables, and the corrections it holds of earlier months.
    root.copy_from(&world, |file| file == SEPTEMBER);
    let step = root.run_to(ExitCode::Done);
    println!("month 13: {:?}", ran(&step));
    for model in FEST_MODELS.iter().chain(&["lege_maaned"]) {
        assert_eq!(months_of(&step, model), ["2026-09"], "{model}");
    }
    let touched = touched_by(&root, "2026-09");
    assert_eq!(months_of(&step, "korreksjon"), touched);
    assert!(months_of(&step, "linje_klasse").len() < 13);

    // Month 14.
    root.copy_from(&world, |file| file == OCTOBER);
    let step = root.run_to(ExitCode::Done);
    println!("month 14: {:?}", ran(&step));
    for model in FEST_MODELS {
        assert_eq!(months_of(&step, model), ["2026-10"], "{model}");
    }
    assert_eq!(months_of(&step, "korreksjon"), touched_by(&root, "2026-10"));

    // Month 13 corrected: one line is no longer reserved. No snapshot is read again, no other month's lines.
    let september = fs::read_to_string(root.path().join(SEPTEMBER)).unwrap();
    let corrected = without_reservation(&september, &a_reserved_prescription(&root, "2026-09"));
    let september_v2 = "landing/utlevering/utlevering_2026-09_v2.csv";
    fs::write(root.path().join(september_v2), corrected).unwrap();
    let step = root.run_to(ExitCode::Done);
    println!("month 13 corrected: {:?}", ran(&step));
    for model in FEST_MODELS {
        assert!(months_of(&step, model).is_empty(), "{model}");
    }
    for model in ["linje_klasse", "lege_gruppe_maaned", "lege_sum_maaned", "lege_maaned"] {
        assert_eq!(months_of(&step, model), ["2026-09"], "{model}");
    }
    // It counted in the figures of a doctor, of the nation and in what others are expected to have.
    for model in ["lege_gruppe", "stratum", "lege_sum", "reservasjonsgrad_lege", "reservasjonsgrad_landet"] {
        assert_eq!(months_of(&step, model), ["alle"], "{model}");
    }
    // The classes of its lines are the same as before: what is made of their counts alone is not run.
    for model in ["linjeklasser", "reservasjon_maaned", "reservasjon_vindu", "byttegruppe_atc"] {
        assert!(months_of(&step, model).is_empty(), "{model}");
    }
    assert_eq!(months_of(&step, "korreksjon"), touched_by(&root, "2026-09"));

    // A cancellation of a line two months back, in a new version of month 14: that month's lines change too.
    let october = fs::read_to_string(root.path().join(OCTOBER)).unwrap();
    let (cancelled, id) = with_cancellation(&october, &root);
    let october_v2 = "landing/utlevering/utlevering_2026-10_v2.csv";
    fs::write(root.path().join(october_v2), cancelled).unwrap();
    let step = root.run_to(ExitCode::Done);
    println!("cancellation: {:?}", ran(&step));
    assert_eq!(months_of(&step, "korreksjon"), touched_by(&root, "2026-10"));
    assert_eq!(months_of(&step, "linje_klasse"), ["2026-08", "2026-10"]);
    // The new row of October is no line of October: what is computed from its lines stops there.
    for model in ["lege_gruppe_maaned", "lege_klasse_maaned", "lege_sum_maaned"] {
        assert_eq!(months_of(&step, model), ["2026-08"], "{model}");
    }
    let august = root.state().tables["linje_klasse"]["2026-08"].clone();
    let lines = crate::support::batches(&root.path().join("lake").join(&august.file));
    let ids = lines.iter().flat_map(|batch| crate::support::texts(batch.column_by_name("linje_id").unwrap()));
    assert!(!ids.into_iter().any(|found| found == id), "the cancelled line still counts");

    // A snapshot that arrives late: the months it is in force in, and no line of any other.
    root.copy_from(&world, |file| file == late);
    let step = root.run_to(ExitCode::Done);
    println!("late snapshot {late}: {:?}", ran(&step));
    let fest_months = months_of(&step, "fest_dekning");
    assert!(!fest_months.is_empty() && fest_months.len() <= 3, "{fest_months:?}");
    assert!(fest_months.contains(&"2026-06".to_owned()), "{fest_months:?}");
    assert!(months_of(&step, "korreksjon").is_empty() && months_of(&step, "lege_maaned").is_empty());
    for month in months_of(&step, "linje_klasse") {
        assert!(fest_months.contains(&month));
    }

    let scratch = Root::empty();
    scratch.copy_from(&root, |_| true);
    scratch.run_to(ExitCode::Done);
    assert_eq!(root.state().released(), scratch.state().released());
    assert_eq!(root.release_hashes(), scratch.release_hashes());
    assert_eq!(root.manifest(), scratch.manifest());
}

/// The months that a delivery's rows concern, its own among them.
fn touched_by(root: &Root, month: &str) -> Vec<String> {
    let entry = &root.state().tables["utlevering"][month];
    let mut months: Vec<String> =
        entry.touches.iter().map(|number| format!("{}-{:02}", number / 100, number % 100)).collect();
    months.push(month.to_owned());
    months.sort();
    months
}

fn column(text: &str, name: &str) -> usize {
    text.lines().next().unwrap().split(';').position(|column| column == name).unwrap()
}

/// The id of a line of the month that counts as a reserved prescription.
fn a_reserved_prescription(root: &Root, month: &str) -> String {
    let entry = &root.state().tables["linje_klasse"][month];
    for batch in crate::support::batches(&root.path().join("lake").join(&entry.file)) {
        let column = |name: &str| crate::support::integers(&batch, name);
        let (class, number, reserved) = (column("klasse"), column("utlevering_nr"), column("reservasjon"));
        let ids = crate::support::texts(batch.column_by_name("linje_id").unwrap());
        let counts = |row: &usize| class[*row] == Some(9) && number[*row] == Some(1) && reserved[*row] == Some(1);
        if let Some(row) = (0..batch.num_rows()).find(counts) {
            return ids[row].clone();
        }
    }
    panic!("no reserved prescription in {month}");
}

fn without_reservation(text: &str, id: &str) -> String {
    let (own, reserved) = (column(text, "linje_id"), column(text, "reservasjon"));
    let lines = text.lines().map(|line| {
        let mut fields: Vec<&str> = line.split(';').collect();
        if fields[own] == id {
            fields[reserved] = "0";
        }
        fields.join(";") + "\n"
    });
    let changed: String = lines.collect();
    assert_ne!(changed, text);
    changed
}

/// The month's text with a cancellation of a line of 2026-08 that no correction concerns, and that line's id.
fn with_cancellation(october: &str, root: &Root) -> (String, String) {
    let mut corrected = std::collections::BTreeSet::new();
    for batch in root.table("korreksjon") {
        corrected.extend(crate::support::texts(batch.column_by_name("gjelder_linje_id").unwrap()));
    }
    let mut counted = std::collections::BTreeSet::new();
    for batch in root.table("linje_klasse") {
        counted.extend(crate::support::texts(batch.column_by_name("linje_id").unwrap()));
    }
    let august = fs::read_to_string(root.path().join("landing/utlevering/utlevering_2026-08.csv")).unwrap();
    let at = |name: &str| column(&august, name);
    let line = august
        .lines()
        .skip(1)
        .map(|line| line.split(';').collect::<Vec<_>>())
        .find(|fields| counted.contains(fields[at("linje_id")]) && !corrected.contains(fields[at("linje_id")]))
        .unwrap();
    let header: Vec<&str> = october.lines().next().unwrap().split(';').collect();
    let fields: Vec<String> = header
        .iter()
        .map(|name| {
            let own = line[at(name)];
            match *name {
                "linje_id" => "ANNULLERING-1".to_owned(),
                "linjetype" => "A".to_owned(),
                "gjelder_linje_id" => line[at("linje_id")].to_owned(),
                "gjelder_utleveringsdato" => line[at("utleveringsdato")].to_owned(),
                "utleveringsdato" => "2026-10-20".to_owned(),
                "antall_pakninger" | "utsalgspris" => format!("-{own}"),
                _ => own.to_owned(),
            }
        })
        .collect();
    (format!("{october}{}\n", fields.join(";")), line[at("linje_id")].to_owned())
}
