//! What goes wrong easily with doctors' figures, one doctor for each, through one whole run on deliveries made here.
//!
//! | trap | here | also |
//! |---|---|---|
//! | 0 reservations | `nothing_reserved` | `reservasjonsgrad_lege.slt` |
//! | all reserved | `all_reserved` | `reservasjonsgrad_lege.slt` |
//! | one line | `one_line` | |
//! | only returns | `only_returns` | `korreksjon.slt`, tiny world (`oracle/world.rs`) |
//! | cancellation across months | `a_cancellation_in_a_later_month` | `incremental.rs`, tiny world |
//! | double cancellation | `a_double_cancellation` | `korreksjon.slt`, tiny world |
//! | a package that leaves its group mid-month | `a_package_that_leaves` | `vare_periode.slt`, tiny world |
//! | a snapshot missing for 60 days | `sixty_days_without_a_snapshot` | `fest_dekning.slt`, tiny world (70 days) |
//! | a price missing | `a_price_missing` | `linje_merutgift.slt`, `oracle/tests_merutgift.rs` |
//! | a mistyped price × 100 | `a_price_mistyped` | `linje_merutgift.slt`, `oracle/tests_merutgift.rs`, tiny world |
//! | a doctor who moves county | `a_doctor_who_moves` | `lege_kjennetegn.slt`, tiny world (doctor 23) |
//! | masked prescriber | `a_masked_prescriber` | `linje_klasse.slt`, tiny world |
//! | two specialties | `two_specialties` | `lege_kjennetegn.slt`, tiny world |
//! | a byttegruppe with one package | `a_group_of_one_package` | `linje_klasse.slt`, tiny world |
//! | limited substitution | `limited_substitution` | `linje_klasse.slt`, tiny world |
//! | a doctor who is most of a stratum | `most_of_a_stratum` | `byttegruppe_grunnlag.slt`, tiny world (group 3) |
//!
//! Netting does not depend on the order of rows or files: `same_bytes.rs`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::sync::OnceLock;

use speil::run::ExitCode;

use crate::support::{Root, as_csv};

const MONTHS: [&str; 12] = [
    "2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08",
    "2026-09", "2026-10",
];

/// Snapshots: none in the 61 days between 1 March and 1 May, so that 16–30 April are covered by none.
const SNAPSHOTS: [&str; 12] = [
    "2025-10-15",
    "2025-11-20",
    "2025-12-20",
    "2026-01-20",
    "2026-03-01",
    "2026-05-01",
    "2026-05-20",
    "2026-06-15",
    "2026-07-20",
    "2026-08-20",
    "2026-09-20",
    "2026-10-20",
];

/// Number, group, trinnpris, AUP; all hold 100 tablets and are sold since 2015.
const PACKAGES: [(u32, u32, &str, &str); 11] = [
    (1, 101, "50", "90"),
    (2, 101, "", "80"),
    (3, 102, "50", "90"),
    (4, 103, "50", "90"),
    (5, 103, "50", "90"),
    (6, 104, "50", "90"),
    (7, 104, "50", "90"),
    (8, 104, "50", "90"),
    (9, 105, "", ""),
    (10, 105, "", ""),
    (11, 104, "50", "90"),
];

fn snapshot(day: &str) -> String {
    let mut text = format!(
        "<FEST xmlns=\"http://www.kith.no/xmlstds/eresept/m30/2014-12-01\"><HentetDato>{day}T04:00:00</HentetDato><KatLegemiddelpakning>"
    );
    for (number, group, step, retail) in PACKAGES {
        // Package 8 loses its group in the snapshot of 15 June.
        let link = match number == 8 && day >= "2026-06-15" {
            true => String::new(),
            false => format!(
                "<PakningByttegruppe><RefByttegruppe>ID_G{group}</RefByttegruppe><GyldigFraDato>2020-01-01</GyldigFraDato></PakningByttegruppe>"
            ),
        };
        let price = |name: &str, kroner: &str| match kroner {
            "" => String::new(),
            kroner => format!(
                "<PrisVare><Type V=\"1\" DN=\"{name}\"/><Pris V=\"{kroner}\" U=\"NOK\"/><GyldigFraDato>2020-01-01</GyldigFraDato></PrisVare>"
            ),
        };
        write!(
            text,
            "<OppfLegemiddelpakning><Legemiddelpakning xmlns=\"http://www.kith.no/xmlstds/eresept/forskrivning/2014-12-01\">\
             <Atc V=\"A02BC01\" DN=\"Omeprazol\"/><NavnFormStyrke>Tablett 20 mg</NavnFormStyrke>{link}<Id>ID_{number}</Id>\
             <Varenr>{number:06}</Varenr><Pakningsinfo><Pakningsstr>100</Pakningsstr><EnhetPakning V=\"01\"/>\
             <Statistikkfaktor>100</Statistikkfaktor></Pakningsinfo>{}{}\
             <Markedsforingsinfo><Markedsforingsdato>2015-01-01</Markedsforingsdato></Markedsforingsinfo>\
             </Legemiddelpakning></OppfLegemiddelpakning>",
            price("Trinnpris", step),
            price("AUP", retail)
        )
        .unwrap();
    }
    text += "</KatLegemiddelpakning><KatByttegruppe>";
    for group in 101..=105 {
        write!(
            text,
            "<OppfByttegruppe><Byttegruppe xmlns=\"http://www.kith.no/xmlstds/eresept/forskrivning/2014-12-01\"><Id>ID_G{group}</Id>\
             <Kode V=\"{group:06}\" DN=\"Gruppe {group}\"/><MerknadTilByttbarhet>{}</MerknadTilByttbarhet></Byttegruppe></OppfByttegruppe>",
            group == 103
        )
        .unwrap();
    }
    text + "</KatByttegruppe></FEST>"
}

/// Lines by month.
#[derive(Default)]
struct Lines {
    rows: BTreeMap<String, Vec<String>>,
    next: u32,
}

impl Lines {
    /// A first dispensing of one package; its id.
    fn line(&mut self, hpr: u32, day: &str, package: u32, reserved: bool, kroner: &str) -> String {
        self.next += 1;
        let id = format!("L{:05}", self.next);
        let (reserved, row) = (u8::from(reserved), self.rows.entry(day[..7].to_owned()).or_default());
        row.push(format!("{id};U;;;{day};{day};1;{hpr};{package:06};1;200;{reserved};0;{kroner}"));
        id
    }

    /// A cancellation (A) or return (R) of a whole line.
    fn correct(&mut self, kind: char, day: &str, (id, of): (&str, &str), hpr: u32, package: u32, kroner: &str) {
        self.next += 1;
        let row = self.rows.entry(day[..7].to_owned()).or_default();
        row.push(format!("K{:05};{kind};{id};{of};{day};;1;{hpr};{package:06};-1;200;0;0;-{kroner}", self.next));
    }
}

const NOTHING: u32 = 1_000_001;
const ALL: u32 = 1_000_002;
const ONE: u32 = 1_000_003;
const RETURNS: u32 = 1_000_004;
const LATER: u32 = 1_000_005;
const TWICE: u32 = 1_000_006;
const LEAVES: u32 = 1_000_007;
const GAP: u32 = 1_000_008;
const NO_PRICE: u32 = 1_000_009;
const MISTYPED: u32 = 1_000_010;
const MOVES: u32 = 1_000_011;
const SPECIALTIES: u32 = 1_000_012;
const SINGLE: u32 = 1_000_013;
const LIMITED: u32 = 1_000_014;
const MOST: u32 = 1_000_015;
/// The first of 21 others.
const OTHERS: u32 = 2_000_000;

fn deliveries() -> Lines {
    let mut lines = Lines::default();
    for day in ["2026-01-05", "2026-02-05", "2026-03-05"] {
        lines.line(NOTHING, day, 1, false, "60");
        lines.line(ALL, day, 1, true, "60");
    }
    lines.line(ONE, "2026-01-05", 1, true, "60");
    let returned = lines.line(RETURNS, "2026-01-05", 1, true, "60");
    lines.correct('R', "2026-01-20", (&returned, "2026-01-05"), RETURNS, 1, "60");
    lines.line(LATER, "2026-01-05", 1, false, "60");
    let cancelled = lines.line(LATER, "2026-01-06", 1, true, "60");
    lines.correct('A', "2026-03-20", (&cancelled, "2026-01-06"), LATER, 1, "60");
    lines.line(TWICE, "2026-01-05", 1, false, "60");
    let twice = lines.line(TWICE, "2026-01-06", 1, true, "60");
    lines.correct('A', "2026-01-20", (&twice, "2026-01-06"), TWICE, 1, "60");
    lines.correct('A', "2026-02-20", (&twice, "2026-01-06"), TWICE, 1, "60");
    lines.line(LEAVES, "2026-06-14", 8, false, "60");
    lines.line(LEAVES, "2026-06-15", 8, false, "60");
    lines.line(GAP, "2026-04-15", 1, false, "60");
    lines.line(GAP, "2026-04-16", 1, false, "60");
    lines.line(GAP, "2026-04-30", 1, false, "60");
    lines.line(GAP, "2026-05-01", 1, false, "60");
    lines.line(NO_PRICE, "2026-01-05", 9, true, "60");
    lines.line(MISTYPED, "2026-01-05", 2, true, "8000");
    for hpr in [MOVES, SPECIALTIES] {
        lines.line(hpr, "2026-01-05", 1, false, "60");
    }
    lines.line(0, "2026-01-05", 1, true, "60");
    lines.line(999_999_999, "2026-01-05", 1, true, "60");
    lines.line(SINGLE, "2026-01-05", 3, true, "60");
    lines.line(LIMITED, "2026-01-05", 4, true, "60");
    for k in 0..500 {
        lines.line(MOST, "2026-08-05", 6, k < 100, "60");
    }
    for hpr in OTHERS..OTHERS + 21 {
        for k in 0..20 {
            lines.line(hpr, "2026-08-05", 6, k == 0, "60");
        }
    }
    lines
}

fn world() -> &'static Root {
    static WORLD: OnceLock<Root> = OnceLock::new();
    WORLD.get_or_init(|| {
        let root = Root::empty();
        let put = |file: String, text: String| {
            let path = root.landing(&file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        // So few lines are no usual volume, and many of them are alike.
        let config = root.path().join("speil.toml");
        let text = fs::read_to_string(&config).unwrap();
        let accepted = text.replace("utlevering_*\"\n", "utlevering_*\"\ngodta = [\"volum\", \"gjentatt\"]\n");
        assert_ne!(text, accepted);
        fs::write(config, accepted).unwrap();
        let mut lines = deliveries();
        for month in MONTHS {
            let header = "linje_id;linjetype;gjelder_linje_id;gjelder_utleveringsdato;utleveringsdato;forskrivningsdato;\
                          utlevering_nr;rekvirent_hpr;varenr;antall_pakninger;refusjonshjemmel;reservasjon;\
                          virkestoffrekvirering;utsalgspris";
            let mut rows = lines.rows.remove(month).unwrap_or_default();
            if rows.is_empty() {
                // A month that has one line of a substance prescription: delivered, and nothing in it counts.
                rows.push(format!("T{month};U;;;{month}-02;;1;{ONE};000001;1;200;0;1;60"));
            }
            put(format!("utlevering/utlevering_{month}.csv"), format!("{header}\n{}\n", rows.join("\n")));
        }
        for day in SNAPSHOTS {
            put(format!("fest/fest_{day}.xml"), snapshot(day));
        }
        let mut register = String::from("hpr;profesjon;spesialitet;er_fastlege;kommunenr;listetredel;gyldig_fra;gyldig_til\n");
        for hpr in (NOTHING..=MOST).chain(OTHERS..OTHERS + 21) {
            let (specialty, kommune) = match hpr {
                SPECIALTIES => ("12+7", "0301"),
                MOVES => {
                    register += &format!("{hpr};LE;3;0;0301;;2015-01-01;2026-08-31\n");
                    register += &format!("{hpr};LE;3;0;4601;;2026-09-01;\n");
                    continue;
                }
                _ => ("3", "0301"),
            };
            register += &format!("{hpr};LE;{specialty};0;{kommune};;2015-01-01;\n");
        }
        put("lege/lege_2026-10-31.csv".to_owned(), register);
        root.run_to(ExitCode::Done);
        root
    })
}

type Row = BTreeMap<String, String>;

/// The rows of a published table that have these values.
fn rows(table: &str, wanted: &[(&str, &str)]) -> Vec<Row> {
    let csv = as_csv(&world().current().join(format!("tabeller/{table}.parquet")));
    select(&csv, wanted)
}

/// The same of a work table.
fn work(table: &str, wanted: &[(&str, &str)]) -> Vec<Row> {
    let state = world().state();
    let csv = as_csv(&world().path().join("lake").join(&state.tables[table]["alle"].file));
    select(&csv, wanted)
}

fn select(csv: &str, wanted: &[(&str, &str)]) -> Vec<Row> {
    let names: Vec<&str> = csv.lines().next().unwrap().split(';').collect();
    let row = |line: &str| names.iter().map(|n| (*n).to_owned()).zip(line.split(';').map(str::to_owned)).collect();
    let all = csv.lines().skip(1).map(row);
    all.filter(|row: &Row| wanted.iter().all(|(name, value)| row[*name] == *value)).collect()
}

fn doctor(hpr: u32) -> Row {
    let mut found = rows("reservasjonsgrad_lege", &[("rekvirent_hpr", &hpr.to_string())]);
    assert_eq!(found.len(), 1, "{hpr}");
    found.remove(0)
}

/// Some columns of a row, in order.
fn of<'r>(row: &'r Row, columns: &[&str]) -> Vec<&'r str> {
    columns.iter().map(|column| row[*column].as_str()).collect()
}

fn page(hpr: u32) -> Option<String> {
    fs::read_to_string(world().current().join(format!("lege/{hpr}/index.html"))).ok()
}

#[test]
fn nothing_reserved() {
    let row = doctor(NOTHING);
    assert_eq!(of(&row, &["forskrivninger", "reservert", "reservasjonsgrad", "nedre"]), ["3", "0", "0.0", "0.0"]);
    assert_eq!(of(&row, &["merutgift", "vurdering", "status"]), ["0.0", "for_lite_grunnlag", "vist"]);
    assert!(page(NOTHING).unwrap().contains("<dd>0,0\u{a0}%</dd>"));
}

#[test]
fn all_reserved() {
    let row = doctor(ALL);
    assert_eq!(of(&row, &["forskrivninger", "reservert", "reservasjonsgrad", "ovre"]), ["3", "3", "1.0", "1.0"]);
    // Three at 60 kr against the package's own trinnpris of 50 kr.
    assert_eq!(row["merutgift"], "30.0");
}

#[test]
fn one_line() {
    let row = doctor(ONE);
    assert_eq!(of(&row, &["forskrivninger", "reservert", "vurdering"]), ["1", "1", "for_lite_grunnlag"]);
    let page = page(ONE).unwrap();
    assert!(page.contains("For lite grunnlag til å sammenligne") && page.contains("1 av 1 forskrivning "));
}

#[test]
fn only_returns() {
    assert!(rows("reservasjonsgrad_lege", &[("rekvirent_hpr", &RETURNS.to_string())]).is_empty());
    assert_eq!(page(RETURNS), None);
}

#[test]
fn a_cancellation_in_a_later_month() {
    assert_eq!(of(&doctor(LATER), &["forskrivninger", "reservert", "utleveringer"]), ["1", "0", "1"]);
}

#[test]
fn a_double_cancellation() {
    assert_eq!(of(&doctor(TWICE), &["forskrivninger", "reservert", "utleveringer"]), ["1", "0", "1"]);
    let rejected = work("klasse_sum", &[("klasse", "avvist_dobbel_annullering")]);
    assert_eq!(rejected[0]["linjer"], "1");
}

#[test]
fn a_package_that_leaves() {
    // It leaves on the date of the first snapshot without it, the 15th; the 14th counts.
    assert_eq!(of(&doctor(LEAVES), &["forskrivninger", "utleveringer"]), ["1", "1"]);
}

#[test]
fn sixty_days_without_a_snapshot() {
    // 1 March is 45 days old on 15 April; on the 16th it says nothing, and from 1 May the next one does.
    assert_eq!(of(&doctor(GAP), &["forskrivninger", "utleveringer"]), ["2", "2"]);
    assert_eq!(work("klasse_sum", &[("klasse", "fest_mangler")])[0]["linjer"], "2");
}

#[test]
fn a_price_missing() {
    let row = doctor(NO_PRICE);
    assert_eq!(of(&row, &["reservert", "merutgift", "uten_referanse", "avvikende_pris"]), ["1", "0.0", "1", "0"]);
    assert!(page(NO_PRICE).unwrap().contains("1 reservert utlevering har ingen pris å sammenligne med"));
}

#[test]
fn a_price_mistyped() {
    // 8000 kr for 100 tablets; the group's lowest trinnpris is 50 kr for 100. B4 has no upper bound: it counts, and is told.
    let row = doctor(MISTYPED);
    assert_eq!(of(&row, &["merutgift", "uten_referanse", "avvikende_pris"]), ["7950.0", "0", "1"]);
    assert!(page(MISTYPED).unwrap().contains("1 utlevering koster mer enn 10 ganger"));
    let of_group = rows("reservasjon_lege_byttegruppe", &[("rekvirent_hpr", &MISTYPED.to_string())]);
    assert_eq!(of(&of_group[0], &["merutgift", "referanse", "avvikende_pris"]), ["7950.0", "laveste_trinnpris", "1"]);
}

#[test]
fn a_doctor_who_moves() {
    let county = rows("reservasjon_kolleger", &[("rekvirent_hpr", &MOVES.to_string()), ("gruppe", "fylke")]);
    assert_eq!(county[0]["kode"], "46");
    assert_eq!(doctor(MOVES)["forskrivninger"], "1");
}

#[test]
fn a_masked_prescriber() {
    assert_eq!(work("klasse_sum", &[("klasse", "maskert")])[0]["linjer"], "2");
    for hpr in [0, 999_999_999] {
        assert_eq!(page(hpr), None);
    }
}

#[test]
fn two_specialties() {
    let specialty =
        rows("reservasjon_kolleger", &[("rekvirent_hpr", &SPECIALTIES.to_string()), ("gruppe", "spesialitet")]);
    assert_eq!(specialty[0]["kode"], "7");
}

#[test]
fn a_group_of_one_package() {
    assert_eq!(of(&doctor(SINGLE), &["forskrivninger", "reservasjonsgrad", "status"]), ["0", "", "mangler"]);
    assert_eq!(work("klasse_sum", &[("klasse", "ingen_alternativ")])[0]["linjer"], "1");
    assert!(page(SINGLE).unwrap().contains("et legemiddel som ikke kunne byttes, som er skrevet"));
}

#[test]
fn limited_substitution() {
    assert_eq!(of(&doctor(LIMITED), &["forskrivninger", "reservasjonsgrad", "status"]), ["0", "", "mangler"]);
    assert_eq!(work("klasse_sum", &[("klasse", "begrenset_bytte")])[0]["linjer"], "1");
}

#[test]
fn most_of_a_stratum() {
    // 500 of the group's 921 lines: no stratum of its own, and none of its ATC code either.
    let stratum = work("stratum", &[("vindu", "1"), ("byttegruppe", "104")]);
    assert_eq!(stratum[0]["stratum"], "øvrige");
    // Nobody's page compares with a group that is mostly one doctor.
    let of_group = |hpr: u32| {
        let wanted = [("rekvirent_hpr", &*hpr.to_string()), ("byttegruppe", "000104")];
        rows("reservasjon_lege_byttegruppe", &wanted).remove(0)
    };
    for hpr in [MOST, OTHERS] {
        assert_eq!(of(&of_group(hpr), &["kolleger_andel", "kolleger"]), ["", ""]);
    }
    assert_eq!(of(&of_group(MOST), &["antall", "reservert", "rekkefolge"]), ["500", "100", "1"]);
}
