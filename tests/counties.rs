//! The limit of bad rows per county: a county with too many is refused, the others stand, and it keeps what it had, in
//! whatever order files come. A bad row counts in its own county and month.

use std::fmt::Write as _;
use std::fs;

use speil::run::ExitCode;

use crate::geography::{column, configure, deliver, ingest};
use crate::support::Root;

/// A hundred events of a county; the first `bad` are dated after they were registered.
fn events(county: &str, bad: usize) -> String {
    let mut text = String::new();
    for nth in 0..100 {
        let day = if nth < bad { "2026-10-31" } else { "2026-10-01" };
        writeln!(
            text,
            "{county}000000-0000-4000-8000-0000000000{nth:02};N;;{county}-{nth};henvist;{day};2026-10-20T10:00:00+02:00;{county};;\
             974760673;selv;25-44;;;;;;;;tilskudd"
        )
        .unwrap();
    }
    text
}

const HEADER: &str = "hendelse_guid;status;gjelder_guid;forlop_id;hendelse_type;hendelse_dato;registrert_tid;fylkesnr;\
                      fra_fylkesnr;enhet_orgnr;henvisningskilde;aldersgruppe;maalgruppe;behandlingsbehov;oppmote;\
                      pauseaarsak;avslutningsaarsak;ferdig_odontologisk;ferdig_psykologisk;finansiering\n";

const SEVERAL: &str = "too_hendelse_00_2026-10.csv";

#[test]
fn a_county_with_too_many_bad_rows_is_refused_and_the_others_stand() {
    let root = Root::bare();
    configure(&root, &["too_hendelse", "too_leveranse", "enhet"]);
    // Three of 200 rows of too_hendelse are bad and would refuse the file; Oslo's one of 100 is within the limit, Rogaland's two are not.
    deliver(&root, "too_hendelse", SEVERAL, &format!("{HEADER}{}{}", events("03", 1), events("11", 2)));
    let judged =
        speil::inspect::judge(&root.config(), &root.landing(&format!("too_hendelse/{SEVERAL}")), None).unwrap();
    assert!(
        judged.refused && judged.verdict.contains("county 11: 2 of 100 rows of too_hendelse are bad"),
        "{}",
        judged.verdict
    );
    assert!(judged.verdict.contains("of 100 rows 99 stored"), "{}", judged.verdict);

    let outcome = ingest(&root);
    assert_eq!(outcome.code, ExitCode::Refused);
    let [refused] = outcome.ingested.refused.as_slice() else { panic!("{:?}", outcome.ingested.refused) };
    assert_eq!(refused.file, SEVERAL);
    assert!(
        refused.reason.starts_with("county 11: 2 of 100 rows of too_hendelse are bad (dato_etter_registrering 2)"),
        "{refused:?}"
    );
    assert!(refused.reason.ends_with("and deliver them again as too_hendelse_11_2026-10.csv"), "{refused:?}");
    assert_eq!(column(&root, "too_hendelse", "fylkesnr"), vec!["3"; 99]);
    assert_eq!(column(&root, "mottak", "fylkesnr"), ["03"; 3]);
    assert_eq!(column(&root, "mottak", "regel"), ["dato_etter_registrering", "lagret", "mottatt"]);

    deliver(&root, "too_hendelse", "too_hendelse_11_2026-10.csv", &format!("{HEADER}{}", events("11", 0)));
    let outcome = ingest(&root);
    assert_eq!((outcome.code, outcome.ingested.taken.len()), (ExitCode::Done, 1), "{:?}", outcome.ingested.refused);
    assert_eq!(column(&root, "too_hendelse", "fylkesnr").len(), 199);
}

#[test]
fn repeated_keys_count_for_their_county() {
    let root = Root::bare();
    configure(&root, &["too_hendelse", "too_leveranse", "enhet"]);
    let twice: String = events("11", 0).lines().take(1).map(|row| format!("{row}\n")).collect();
    deliver(&root, "too_hendelse", SEVERAL, &format!("{HEADER}{}{}{twice}", events("03", 0), events("11", 0)));
    let outcome = ingest(&root);
    let [refused] = outcome.ingested.refused.as_slice() else { panic!("{:?}", outcome.ingested.refused) };
    assert!(
        refused.reason.starts_with("county 11: 2 of 101 rows of too_hendelse are bad (noekkel_gjentatt 2)"),
        "{refused:?}"
    );
    assert_eq!(column(&root, "too_hendelse", "fylkesnr"), vec!["3"; 100]);
}

#[test]
fn a_file_whose_counties_are_all_bad_is_refused_whole() {
    let root = Root::bare();
    configure(&root, &["too_hendelse", "too_leveranse", "enhet"]);
    deliver(&root, "too_hendelse", SEVERAL, &format!("{HEADER}{}{}", events("03", 9), events("11", 2)));
    let outcome = ingest(&root);
    let [refused] = outcome.ingested.refused.as_slice() else { panic!("{:?}", outcome.ingested.refused) };
    assert!(refused.reason.starts_with("11 of 200 rows of too_hendelse are bad"), "{refused:?}");
    assert!(!root.state().tables.contains_key("too_hendelse"));
}

#[test]
fn rows_whose_county_cannot_be_read_count_for_the_whole_file() {
    let root = Root::bare();
    configure(&root, &["too_hendelse", "too_leveranse", "enhet"]);
    // Two of 202: within the limit, and no county's.
    let oslo = events("03", 0);
    let unplaced = oslo.lines().take(2).map(|row| row.replace(";03;", ";99;").replace("03000000", "99000000") + "\n");
    let unplaced: String = unplaced.collect();
    deliver(&root, "too_hendelse", SEVERAL, &format!("{HEADER}{oslo}{}{unplaced}", events("11", 0)));
    let outcome = ingest(&root);
    assert_eq!(outcome.code, ExitCode::Done, "{:?}", outcome.ingested.refused);
    assert_eq!(column(&root, "too_hendelse", "fylkesnr").len(), 200);
    let counties = column(&root, "mottak", "fylkesnr");
    assert_eq!(counties, ["00", "00", "00", "03", "03", "11", "11"]);
}

#[test]
fn a_bad_row_counts_in_its_own_county_and_month() {
    let root = Root::bare();
    configure(&root, &["too_hendelse", "too_leveranse", "enhet"]);
    let mut rows: Vec<String> = events("03", 3).lines().map(str::to_owned).collect();
    // Of 400 rows four are bad: one of Oslo's as delivered, one of Rogaland's, one registered in September, and one whose
    // county cannot be read.
    rows[1] = rows[1].replace(";03;", ";11;");
    rows[2] = rows[2].replace("2026-10-20T", "2026-09-20T");
    rows[3] = rows[3].replace(";03;", ";3;");
    let more: String =
        (1..4).map(|nth| events("03", 0).replace("03000000-0000", &format!("03000000-000{nth}"))).collect();
    deliver(&root, "too_hendelse", "too_hendelse_03_2026-10.csv", &format!("{HEADER}{}\n{more}", rows.join("\n")));
    assert_eq!(ingest(&root).code, ExitCode::Done);
    let of = |name| column(&root, "mottak", name);
    let counted: Vec<String> = [of("maaned"), of("fylkesnr"), of("regel"), of("antall")]
        .iter()
        .fold(vec![String::new(); of("regel").len()], |rows, part| {
            rows.iter().zip(part).map(|(row, field)| format!("{row} {field}")).collect()
        });
    let wanted = [
        " 202609 03 dato_etter_registrering 1",
        " 202609 03 lagret 0",
        " 202609 03 mottatt 1",
        " 202610 03 dato_etter_registrering 1",
        " 202610 03 ikke_siffer 1",
        " 202610 03 lagret 396",
        " 202610 03 mottatt 398",
        " 202610 11 dato_etter_registrering 1",
        " 202610 11 lagret 0",
        " 202610 11 mottatt 1",
    ];
    assert_eq!(counted, wanted);
}

const COUNTS: &str = "fylkesnr;maaned;levert_tid;antall_hendelser\n";

/// A month of each of these counties.
fn counts(rows: &[(&str, &str)]) -> String {
    let row = |(county, n): &(&str, &str)| format!("{county};2026-01;2026-02-03T10:00:00+01:00;{n}\n");
    COUNTS.to_owned() + &rows.iter().map(row).collect::<String>()
}

/// County and number of the rows in force.
fn in_force(root: &Root) -> Vec<String> {
    let of = |name| column(root, "too_leveranse", name);
    of("fylkesnr").iter().zip(of("antall_hendelser")).map(|(county, n)| format!("{county}:{n}")).collect()
}

#[test]
fn a_refused_county_keeps_its_rows_where_a_delivery_replaces_the_one_before_it() {
    let root = Root::bare();
    configure(&root, &["too_leveranse", "too_hendelse", "enhet"]);
    deliver(&root, "too_leveranse", "too_leveranse_2026-02-09.csv", &counts(&[("03", "1"), ("11", "2"), ("15", "3")]));
    assert_eq!(ingest(&root).code, ExitCode::Done);
    // Oslo has a new count, Rogaland a bad one, and Møre og Romsdal is not there any more.
    let file = "too_leveranse_2026-03-09.csv";
    deliver(&root, "too_leveranse", file, &counts(&[("03", "10"), ("11", "to")]));
    let judged = speil::inspect::judge(&root.config(), &root.landing(&format!("too_leveranse/{file}")), None).unwrap();
    assert!(judged.refused && judged.verdict.contains("county 11: 1 of 1 rows"), "{}", judged.verdict);
    let outcome = ingest(&root);
    assert_eq!(outcome.code, ExitCode::Refused);
    let [refused] = outcome.ingested.refused.as_slice() else { panic!("{:?}", outcome.ingested.refused) };
    assert!(
        refused.reason.starts_with("county 11: 1 of 1 rows of too_leveranse are bad (ikke_heltall 1)"),
        "{refused:?}"
    );
    assert!(refused.reason.ends_with("with _v2 at the end of its name or of a later day"), "{refused:?}");
    assert_eq!(in_force(&root), ["3:10", "11:2"]);
    let quarantined =
        fs::read_to_string(root.path().join("quarantine/too_leveranse").join(file).with_extension("csv.csv"));
    assert!(quarantined.unwrap().contains(";3;antall_hendelser;ikke_heltall;"));
    // A second night finds nothing new, and a mended file takes everything's place.
    assert_eq!(ingest(&root).code, ExitCode::Done);
    assert_eq!(in_force(&root), ["3:10", "11:2"]);
    deliver(&root, "too_leveranse", "too_leveranse_2026-03-09_v2.csv", &counts(&[("03", "10"), ("11", "20")]));
    assert_eq!(ingest(&root).code, ExitCode::Done);
    assert_eq!(in_force(&root), ["3:10", "11:20"]);
}

#[test]
fn whatever_order_files_come_in_a_refused_county_has_the_rows_of_its_last_good_one() {
    let files = [
        ("too_leveranse_2026-02-09.csv", counts(&[("03", "1"), ("11", "1"), ("15", "1"), ("18", "1")])),
        ("too_leveranse_2026-03-09.csv", counts(&[("03", "2"), ("11", "x"), ("15", "2"), ("18", "2")])),
        // Nobody knows whose the bad rows are: the file is refused whole.
        ("too_leveranse_2026-04-09.csv", counts(&[("03", "3"), ("x", "3"), ("y", "3")])),
        ("too_leveranse_2026-05-09.csv", counts(&[("03", "x"), ("11", "x"), ("15", "4"), ("46", "4")])),
    ];
    let orders: [&[&[usize]]; 5] = [
        &[&[0, 1, 2, 3]],
        &[&[0], &[1], &[2], &[3]],
        &[&[3], &[2], &[1], &[0]],
        &[&[1], &[3], &[0, 2]],
        &[&[3], &[1], &[0]],
    ];
    let mut found = Vec::new();
    for nights in orders {
        let root = Root::bare();
        configure(&root, &["too_leveranse", "too_hendelse", "enhet"]);
        for night in nights {
            for at in *night {
                deliver(&root, "too_leveranse", files[*at].0, &files[*at].1);
            }
            ingest(&root);
        }
        assert_eq!(in_force(&root), ["3:2", "11:1", "15:4", "46:4"], "{nights:?}");
        assert!(ingest(&root).ingested.taken.is_empty(), "{nights:?}");
        found.push(root.state().released());
    }
    assert!(found.iter().all(|state| *state == found[0]));
}

#[test]
fn what_is_taken_in_anew_under_other_settings_keeps_refused_counties_rows() {
    let root = Root::bare();
    configure(&root, &["too_leveranse", "too_hendelse", "enhet"]);
    let (first, second) = ("too_leveranse_2026-02-09.csv", "too_leveranse_2026-03-09.csv");
    deliver(&root, "too_leveranse", first, &counts(&[("03", "1"), ("11", "1")]));
    deliver(&root, "too_leveranse", second, &counts(&[("03", "2"), ("11", "x")]));
    ingest(&root);
    let anew = |root: &Root| {
        let mut state = root.state();
        let delivery = state.deliveries.get_mut("too_leveranse").unwrap().get_mut("alle").unwrap();
        delivery.taken_with = "other settings".to_owned();
        state.commit(&root.path().join("state.json")).unwrap();
        ingest(root)
    };
    assert_eq!(anew(&root).ingested.taken.len(), 1);
    assert_eq!(in_force(&root), ["3:2", "11:1"]);
    // The earlier file is gone: what is in force has its rows.
    fs::remove_file(root.landing(&format!("too_leveranse/{first}"))).unwrap();
    assert_eq!(ingest(&root).code, ExitCode::Done);
    assert_eq!(in_force(&root), ["3:2", "11:1"]);
    // None of the files can be read any more: what was in force stands.
    deliver(&root, "too_leveranse", second, "");
    assert_eq!(anew(&root).code, ExitCode::Refused);
    assert_eq!(in_force(&root), ["3:2", "11:1"]);
}

#[test]
fn capacity_grants_and_population_are_limited_per_county_too() {
    let root = Root::bare();
    configure(&root, &["too_kapasitet", "too_tilskudd", "too_leveranse", "too_hendelse", "enhet"]);
    let capacity = "aar;fylkesnr;antall_team;arsverk_psykolog;arsverk_tannhelse;narkose_dager\n";
    let grants = "aar;fylkesnr;tildelt_kr\n";
    deliver(
        &root,
        "too_kapasitet",
        "too_kapasitet_2026.csv",
        &format!("{capacity}2026;03;1;1,5;1,5;9\n2026;11;2;1;1;9\n"),
    );
    deliver(
        &root,
        "too_kapasitet",
        "too_kapasitet_2026_v2.csv",
        &format!("{capacity}2026;03;5;1,5;1,5;9\n2026;11;-2;1;1;9\n"),
    );
    deliver(&root, "too_tilskudd", "too_tilskudd_2026.csv", &format!("{grants}2026;03;100\n2026;11;200\n"));
    deliver(&root, "too_tilskudd", "too_tilskudd_2026_v2.csv", &format!("{grants}2026;03;1 000\n2026;11;250\n"));
    let outcome = ingest(&root);
    assert_eq!(outcome.code, ExitCode::Refused);
    let told: Vec<&str> = outcome.ingested.refused.iter().map(|file| &file.reason[..10]).collect();
    assert_eq!(told, ["county 11:", "county 03:"]);
    assert_eq!(column(&root, "too_kapasitet", "antall_team"), ["5", "2"]);
    assert_eq!(column(&root, "too_tilskudd", "tildelt_kr"), ["100", "250"]);
    // Every county of the population table, but for one with half a person in it.
    let text = crate::geography::fixture("befolkning_2026-02-20.json");
    configure(&root, &["befolkning"]);
    deliver(&root, "befolkning", "befolkning_2026-02-20.json", &text);
    ingest(&root);
    let before = [column(&root, "befolkning", "fylkesnr"), column(&root, "befolkning", "antall")];
    let halved = text.replacen("4300", "0.5", 1);
    deliver(&root, "befolkning", "befolkning_2026-02-21.json", &halved);
    let outcome = ingest(&root);
    let [refused] = outcome.ingested.refused.as_slice() else { panic!("{:?}", outcome.ingested.refused) };
    assert!(refused.reason.starts_with("county 32: "), "{refused:?}");
    assert_eq!([column(&root, "befolkning", "fylkesnr"), column(&root, "befolkning", "antall")], before);
}
