//! A night costs what arrived: months and snapshots that come one by one, late or corrected, end in the same bytes as
//! a build from scratch, and only what they touch is run. Every step names every (model, month) that runs, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use speil::publish::Product;
use speil::run::{ExitCode, Outcome};

use crate::support::{Root, batches, integers, texts};

const SEPTEMBER: &str = "landing/utlevering/utlevering_2026-09.csv";
const OCTOBER: &str = "landing/utlevering/utlevering_2026-10.csv";

/// What snapshots of FEST become in a month.
const FEST: &str =
    "fest_dekning byttegruppe_medlem byttegruppe_periode vare_oppslag vare_uttrekk vare_brudd vare_periode";
/// What these become where they say something new.
const PRICES: &str = "byttegruppe_referanse";
/// What a month's lines become.
const LINES: &str = "linje_klasse byttegruppe_linjepris linje_merutgift lege_gruppe_maaned lege_klasse_maaned \
                     lege_sum_maaned fylke_gruppe_maaned lege_fylke_maaned";
/// What the window's prescriptions become, from doctor and group to the published tables.
const FIGURES: &str = "lege_gruppe byttegruppe_grunnlag atc_grunnlag stratum lege_sum lege_mengde trakt_lege trakt \
                       trakt_grense reservasjonsgrad_landet \
                       reservasjon_nasjonal_maaned reservasjonsgrad_lege reservasjonsgrad_lege_maaned \
                       reservasjon_fordeling reservasjonsgrad_histogram kollegagruppe_grad kollegagruppe \
                       kollegagruppe_fordeling reservasjon_kolleger reservasjon_kolleger_fordeling trakt_baand \
                       reservasjon_trakt byttegruppe_landet byttegruppe_kolleger reservasjon_lege_byttegruppe \
                       reservasjon_lege_substans_maaned reservasjonsgrad_lege_rullerende atc_skjult atc_tall \
                       byttegruppe_kant byttegruppe_skjult byttegruppe_tall fylke_forventet fylke_kant fylke_lege \
                       fylke_skjult fylke_sum landet_tall lege_atc prioritering_punkt prioritering_spredning \
                       reservasjon_fylke reservasjon_prioritering";
/// What the classes' counts, the delivered months and the window's last snapshot become.
const WINDOW: &str = "reservasjon_maaned reservasjon_vindu reservasjon_vinduer klasse_sum reservasjon_klasser \
                      lege_med_side lege_utenfor fest_siste byttegruppe_atc byttegruppe_navn lege_kjennetegn atc_navn \
                      byttegruppe_varenavn fylke_kode";

/// Fails unless just this ran, each once: (months, models), both separated by spaces.
fn assert_ran(step: &Outcome, parts: &[(&str, &[&str])]) {
    let mut expected = BTreeSet::new();
    for (months, groups) in parts {
        let models: Vec<&str> = groups.iter().flat_map(|group| group.split(' ')).collect();
        expected.extend(months.split(' ').flat_map(|month| models.iter().map(move |model| (month, *model))));
    }
    let ran: Vec<(&str, &str)> =
        step.built.ran.iter().map(|ran| (ran.partition.as_str(), ran.model.as_str())).collect();
    let once: BTreeSet<(&str, &str)> = ran.iter().copied().collect();
    assert_eq!(ran.len(), once.len(), "something ran twice: {ran:?}");
    let needless: Vec<_> = once.difference(&expected).collect();
    let missing: Vec<_> = expected.difference(&once).collect();
    assert!(needless.is_empty() && missing.is_empty(), "needless: {needless:?}; did not run: {missing:?}");
}

#[test]
fn months_and_snapshots_one_by_one_end_where_a_build_from_scratch_ends() {
    let world = Root::tiny();
    let (changing, unchanging) = ("landing/fest/fest_2026-06-19.xml", "landing/fest/fest_2026-06-05.xml");
    let late = [SEPTEMBER, OCTOBER, changing, unchanging];
    let root = Root::empty();
    root.copy_from(&world, |file| !late.contains(&file));
    root.run_to(ExitCode::Done);

    // Month 13: its own tables, and the lines of the nine months that its corrections concern. Of those that concern
    // February none has an effect: its lines come out as before, and only the count of rejected ones is made again. Of
    // the tables over all months everything: the window is another one.
    root.copy_from(&world, |file| file == SEPTEMBER);
    let step = root.run_to(ExitCode::Done);
    assert_ran(
        &step,
        &[
            ("2026-09", &[FEST, PRICES, "lege_maaned korreksjon", LINES]),
            ("2025-12 2026-01 2026-03 2026-04 2026-05 2026-06 2026-07 2026-08", &["korreksjon", LINES]),
            ("2026-02", &["korreksjon linje_klasse lege_klasse_maaned"]),
            ("alle", &[WINDOW, FIGURES]),
        ],
    );

    // Month 14: the same, one month on.
    root.copy_from(&world, |file| file == OCTOBER);
    let step = root.run_to(ExitCode::Done);
    assert_ran(
        &step,
        &[
            ("2026-10", &[FEST, PRICES, "lege_maaned korreksjon", LINES]),
            ("2026-01 2026-02 2026-03 2026-04 2026-05 2026-06 2026-07 2026-08 2026-09", &["korreksjon", LINES]),
            ("alle", &[WINDOW, FIGURES]),
        ],
    );

    // Month 13 corrected: one line is no longer reserved. It counted for its doctor, for the nation and in what others
    // are expected to have, but all classes stay, so what is made of their counts (WINDOW) is not run. The corrections
    // that the delivery holds are read again for each month they concern, come out as before and stop there.
    let september = fs::read_to_string(root.path().join(SEPTEMBER)).unwrap();
    let corrected = without_reservation(&september, &a_reserved_prescription(&root, "2026-09"));
    fs::write(root.path().join("landing/utlevering/utlevering_2026-09_v2.csv"), corrected).unwrap();
    let step = root.run_to(ExitCode::Done);
    assert_ran(
        &step,
        &[
            ("2026-09", &["lege_maaned korreksjon", LINES]),
            ("2025-12 2026-01 2026-02 2026-03 2026-04 2026-05 2026-06 2026-07 2026-08", &["korreksjon"]),
            ("alle", &[FIGURES]),
        ],
    );

    // A cancellation of a reserved prescription two months back, in a new version of month 14. October's lines are read,
    // and are the ones they were; August has one less.
    let october = fs::read_to_string(root.path().join(OCTOBER)).unwrap();
    let (cancelled, id) = with_cancellation(&october, &root);
    fs::write(root.path().join("landing/utlevering/utlevering_2026-10_v2.csv"), cancelled).unwrap();
    let step = root.run_to(ExitCode::Done);
    assert_ran(
        &step,
        &[
            ("2026-10", &["lege_maaned korreksjon linje_klasse"]),
            ("2026-08", &["korreksjon", LINES]),
            ("2026-01 2026-02 2026-03 2026-04 2026-05 2026-06 2026-07 2026-09", &["korreksjon"]),
            // August's classes count one less; there are as many months as before.
            ("alle", &["reservasjon_maaned klasse_sum reservasjon_klasser lege_med_side lege_utenfor", FIGURES]),
        ],
    );
    let august = root.state().tables["linje_klasse"]["2026-08"].clone();
    let lines = batches(&root.path().join("lake").join(&august.file));
    let ids = lines.iter().flat_map(|batch| texts(batch.column_by_name("linje_id").unwrap()));
    assert!(!ids.into_iter().any(|found| found == id), "the cancelled line still counts");

    // A snapshot that arrives late, and in which a package left its group: June and July, in which it is in force, and
    // May, whose last days it is now the next one of. May's lines come out as before.
    root.copy_from(&world, |file| file == changing);
    let step = root.run_to(ExitCode::Done);
    assert_ran(
        &step,
        &[
            // A package that only the next snapshot knew is not known any more; what its group costs stays.
            ("2026-05", &[FEST, PRICES, "linje_klasse byttegruppe_linjepris linje_merutgift"]),
            ("2026-06 2026-07", &[FEST, PRICES, LINES]),
            // `mottak` has a line for the snapshot too, so what reads it is run.
            (
                "alle",
                &[
                    "reservasjon_maaned klasse_sum reservasjon_klasser lege_med_side lege_utenfor fest_siste \
                     byttegruppe_atc byttegruppe_navn atc_navn byttegruppe_varenavn",
                    FIGURES,
                ],
            ),
        ],
    );

    // One that changes nothing: it says of June, and of May's last days, what the one before it said.
    root.copy_from(&world, |file| file == unchanging);
    let step = root.run_to(ExitCode::Done);
    assert_ran(
        &step,
        &[
            ("2026-05 2026-06", &[FEST, "linje_klasse"]),
            (
                "alle",
                &["reservasjon_maaned klasse_sum fest_siste byttegruppe_atc byttegruppe_navn atc_navn \
                       byttegruppe_varenavn"],
            ),
        ],
    );

    let scratch = Root::empty();
    scratch.copy_from(&root, |_| true);
    scratch.run_to(ExitCode::Done);
    assert_eq!(root.state().released(), scratch.state().released());
    assert_eq!(root.figure_hashes(), scratch.figure_hashes());
    // The log of revisions, which a build from scratch has none of, is a file of the manifest. So is what was public of earlier
    // windows and is not shown of this one: rows from which a month would follow.
    let (one_by_one, at_once) = (root.manifest(), scratch.manifest());
    let without =
        |product: &Product| Product { shown: BTreeMap::new(), newly_hidden: BTreeMap::new(), ..product.clone() };
    assert_eq!(without(&one_by_one.products["reservasjon"]), without(&at_once.products["reservasjon"]));
}

fn column(text: &str, name: &str) -> usize {
    text.lines().next().unwrap().split(';').position(|column| column == name).unwrap()
}

/// The id of a line of the month that counts as a reserved prescription and that no correction concerns.
fn a_reserved_prescription(root: &Root, month: &str) -> String {
    let mut corrected = BTreeSet::new();
    for batch in root.table("korreksjon") {
        corrected.extend(texts(batch.column_by_name("gjelder_linje_id").unwrap()));
    }
    let entry = &root.state().tables["linje_klasse"][month];
    for batch in batches(&root.path().join("lake").join(&entry.file)) {
        let column = |name: &str| integers(&batch, name);
        let (class, number, reserved) = (column("klasse"), column("utlevering_nr"), column("reservasjon"));
        let ids = texts(batch.column_by_name("linje_id").unwrap());
        let counts = |row: &usize| class[*row] == Some(9) && number[*row] == Some(1) && reserved[*row] == Some(1);
        if let Some(row) = (0..batch.num_rows()).find(|row| counts(row) && !corrected.contains(&ids[*row])) {
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

/// October's text with a cancellation of a reserved prescription of August, and that line's id.
fn with_cancellation(october: &str, root: &Root) -> (String, String) {
    let id = a_reserved_prescription(root, "2026-08");
    let august = fs::read_to_string(root.path().join("landing/utlevering/utlevering_2026-08.csv")).unwrap();
    let at = |name: &str| column(&august, name);
    let mut lines = august.lines().map(|line| line.split(';').collect::<Vec<_>>());
    let line = lines.find(|fields| fields[at("linje_id")] == id).unwrap();
    let header: Vec<&str> = october.lines().next().unwrap().split(';').collect();
    let fields: Vec<String> = header
        .iter()
        .map(|name| {
            let own = line[at(name)];
            match *name {
                "linje_id" => "ANNULLERING-1".to_owned(),
                "linjetype" => "A".to_owned(),
                "gjelder_linje_id" => id.clone(),
                "gjelder_utleveringsdato" => line[at("utleveringsdato")].to_owned(),
                "utleveringsdato" => "2026-10-20".to_owned(),
                "antall_pakninger" | "utsalgspris" => format!("-{own}"),
                _ => own.to_owned(),
            }
        })
        .collect();
    (format!("{october}{}\n", fields.join(";")), id)
}
