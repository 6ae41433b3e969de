//! Tests of the real pages with small tables: which sentence stands on which doctor's page, and what a page says
//! where a figure is absent, hidden or not published.

use std::collections::{BTreeMap, BTreeSet};

use super::sample_doctor::peers;
use super::tidy::site;
use super::{About, Cell, Column, Table};

pub(super) const HPR: i64 = 9_144_900;

pub(super) fn table(name: &str, columns: &str, rows: Vec<Vec<Cell>>) -> Table {
    let column = |name: &str| Column {
        name: name.to_owned(),
        unit: None,
        missing: Some("mindre enn 12 måneder levert".to_owned()),
    };
    let columns = columns.split_whitespace().map(column).collect();
    Table { name: name.to_owned(), title: format!("Tabell {name}"), columns, rows }
}

pub(super) fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

pub(super) fn integers(values: &[i64]) -> Vec<Cell> {
    values.iter().map(|value| Cell::Integer(*value)).collect()
}

pub(super) fn numbers(values: &[f64]) -> Vec<Cell> {
    values.iter().map(|value| Cell::Number(*value)).collect()
}

/// National tables: one shown and one hidden month, two bins, two classes.
fn national() -> BTreeMap<String, Table> {
    let window = || vec![text("2025-11"), text("2026-10")];
    let shown = [vec![text("2026-09")], integers(&[900, 20_000, 801]), numbers(&[0.04005]), vec![text("vist")]];
    let hidden = [vec![text("2026-10")], vec![Cell::Absent; 4], vec![text("skjult")]];
    let spread = [window(), integers(&[880]), numbers(&[0.0, 0.01, 0.03, 0.055, 0.09]), vec![text("vist")]];
    let nation = [window(), integers(&[950]), vec![Cell::Absent; 3], vec![text("skjult")]];
    let tables = [
        table(
            "reservasjonsgrad_landet",
            "fra_maaned til_maaned n_leger forskrivninger reservert reservasjonsgrad status",
            vec![nation.concat()],
        ),
        table(
            "reservasjon_nasjonal_maaned",
            "maaned n_leger forskrivninger reservert reservasjonsgrad status",
            vec![shown.concat(), hidden.concat()],
        ),
        table(
            "reservasjon_fordeling",
            "fra_maaned til_maaned n_leger p10 p25 p50 p75 p90 status",
            vec![spread.concat()],
        ),
        table(
            "reservasjonsgrad_histogram",
            "fra_prosent til_prosent n_leger status",
            vec![
                [integers(&[0, 5, 700]), vec![text("vist")]].concat(),
                [integers(&[5]), vec![Cell::Absent], integers(&[180]), vec![text("vist")]].concat(),
            ],
        ),
        table(
            "reservasjon_klasser",
            "klasse linjer status",
            vec![
                vec![text("grunnlag"), Cell::Integer(250_000), text("vist")],
                vec![text("avvist_avvik"), Cell::Integer(0), text("vist")],
            ],
        ),
        counties_of_the_nation(),
        priorities(),
    ];
    tables.into_iter().map(|table| (table.name.clone(), table)).collect()
}

/// One shown, one hidden, and nobody of an unknown county.
fn counties_of_the_nation() -> Table {
    let window = || vec![text("2025-11"), text("2026-10")];
    let shown = [integers(&[120, 9000, 700]), numbers(&[0.07778, 0.081])].concat();
    table(
        "reservasjon_fylke",
        "fylkesnr fylke fra_maaned til_maaned n_leger forskrivninger reservert reservasjonsgrad forventet_grad status",
        vec![
            [integers(&[3]), vec![text("Oslo")], window(), shown, vec![text("vist")]].concat(),
            [integers(&[56]), vec![text("Finnmark")], window(), vec![Cell::Absent; 5], vec![text("skjult")]].concat(),
            [integers(&[99]), vec![Cell::Absent], window(), integers(&[0, 0]), vec![Cell::Absent; 3]]
                .into_iter()
                .chain([vec![text("mangler")]])
                .collect::<Vec<_>>()
                .concat(),
        ],
    )
}

/// The hidden one stands first by code, and last on the page; of two shown, the greater potential first.
fn priorities() -> Table {
    let row = |code: &str, name: &str, figures: Option<i64>| {
        let shown = figures.map(|potential| {
            let rates = numbers(&[0.1, -0.004]);
            [integers(&[50, 800, 80]), rates, vec![Cell::Absent], integers(&[9_000, potential])].concat()
        });
        let status = text(if shown.is_some() { "vist" } else { "skjult" });
        let names = vec![text("atc"), text(code), Cell::Absent, text(name), Cell::Absent];
        let window = vec![text("2025-11"), text("2026-10")];
        [names, window, shown.unwrap_or(vec![Cell::Absent; 8]), vec![status]].concat()
    };
    let mut nation = row("alle", "", Some(0));
    nation[0] = text("landet");
    table(
        "reservasjon_prioritering",
        "nivaa kode atc navn varenavn fra_maaned til_maaned n_leger forskrivninger reservert reservasjonsgrad endring \
         spredning merutgift potensial status",
        vec![
            row("A01AA01", "Skjultstoff", None),
            row("C10AA05", "Lavstoff", Some(1_000)),
            row("N05AH04", "Høystoff", Some(5_000)),
            nation,
        ],
    )
}

/// What is left out is absent.
#[derive(Default)]
pub(super) struct Doctor {
    prescriptions: Option<i64>,
    reserved: Option<i64>,
    rate: Option<f64>,
    expected: Option<f64>,
    /// The ratio's interval; the rate's is there with it.
    ratio: Option<(f64, f64)>,
    dispensings: Option<i64>,
    /// Dispensings that count for nothing: prescribed before being a doctor, and for other reasons.
    outside: (i64, i64),
    /// B8, as the table has it.
    verdict: Option<&'static str>,
    differs: Option<i64>,
}

pub(super) fn own_page(doctor: &Doctor, withheld: &[&str]) -> anyhow::Result<String> {
    let integer = |value: Option<i64>| value.map_or(Cell::Absent, Cell::Integer);
    let number = |value: Option<f64>| value.map_or(Cell::Absent, Cell::Number);
    let interval = doctor.ratio.map(|_| 0.01);
    let month = |own| if doctor.rate.is_some() { own } else { Cell::Absent };
    let own = vec![
        Cell::Integer(HPR),
        month(text("2025-11")),
        month(text("2026-10")),
        integer(doctor.prescriptions),
        integer(doctor.reserved),
        number(doctor.rate),
        number(interval),
        number(interval),
        number(doctor.expected),
        number(doctor.ratio.map(|(low, _)| low)),
        number(doctor.ratio.map(|(low, _)| low)),
        number(doctor.ratio.map(|(_, high)| high)),
        integer(doctor.dispensings),
        integer(doctor.dispensings.map(|_| doctor.outside.0)),
        integer(doctor.dispensings.map(|_| doctor.outside.1)),
        number(doctor.ratio.map(|_| 0.6)),
        number(doctor.ratio.map(|_| 1.5)),
        number(doctor.ratio.map(|_| 1.9)),
        integer(doctor.dispensings.map(|_| 300)),
        integer(doctor.dispensings.map(|_| 9)),
        number(doctor.dispensings.map(|_| 12_345.5)),
        integer(doctor.dispensings.map(|_| 2)),
        integer(doctor.dispensings.map(|_| 1)),
        doctor.verdict.map_or(Cell::Absent, text),
        integer(doctor.differs),
        text(if doctor.rate.is_some() { "vist" } else { "mangler" }),
    ];
    let mut tables = national();
    tables.retain(|name, _| !withheld.contains(&name.as_str()));
    for table in [
        table(
            "reservasjonsgrad_lege",
            "rekvirent_hpr fra_maaned til_maaned forskrivninger reservert reservasjonsgrad nedre ovre forventet \
             standardisert_ratio sr_nedre sr_ovre utleveringer utleveringer_ikke_lege utleveringer_andre trakt95_nedre \
             trakt95_ovre trakt998_ovre skrevet_siste reservert_siste merutgift uten_referanse avvikende_pris vurdering skiller_seg status",
            vec![own],
        ),
        table(
            "reservasjonsgrad_lege_maaned",
            "rekvirent_hpr maaned forskrivninger reservert utleveringer reservasjonsgrad status",
            vec![vec![
                Cell::Integer(HPR),
                text("2026-09"),
                Cell::Integer(40),
                Cell::Integer(2),
                Cell::Integer(80),
                Cell::Number(0.05),
                text("vist"),
            ]],
        ),
    ]
    .into_iter()
    .chain(peers(doctor.dispensings.is_some()))
    {
        tables.insert(table.name.clone(), table);
    }
    render("lege.html", Some(&HPR.to_string()), &tables, withheld)
}

pub(super) fn render(
    template: &str,
    key: Option<&str>,
    tables: &BTreeMap<String, Table>,
    withheld: &[&str],
) -> anyhow::Result<String> {
    let site = site();
    let page = site.pages().iter().find(|page| page.template == template).unwrap();
    // Pages of TOO have many tables. A test names those that it is about; the others are there without a row.
    let mut tables = tables.clone();
    for name in page.tables.iter().filter(|name| template.starts_with("too/") && !withheld.contains(&name.as_str())) {
        tables.entry(name.clone()).or_insert_with(|| table(name, "status", vec![]));
    }
    let tables = &tables;
    let thresholds = [
        ("trakt_forskrivninger", "100"),
        ("trakt_forventet", "5"),
        ("persentil_kvartil", "20"),
        ("persentil_desil", "50"),
        ("soyle_leger", "5"),
        ("kolleger_leger", "20"),
        ("kolleger_storste_prosent", "50"),
        ("siste_maaneder", "3"),
        ("merutgift_avvik_ganger", "10"),
        ("offentlig_leger", "10"),
        ("offentlig_linjer", "30"),
        ("minste_antall", "5"),
        ("minste_n_median", "10"),
        ("minste_n_p80", "25"),
        ("minste_n_p90", "50"),
        ("minste_n_gjennomsnitt", "20"),
        ("too_forelopig_dager", "90"),
        ("dominans_prosent", "10"),
        ("spredning_leger", "50"),
        ("kontroll_persentil", "90"),
        ("kontroll_q_promille", "50"),
        ("utvalg_linjer", "20"),
        ("utvalg_fro", "2015"),
    ];
    let about = About {
        synthetic: true,
        published: jiff::civil::date(2026, 11, 10),
        withheld: withheld.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>(),
        thresholds: thresholds.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        legal_bases: BTreeMap::from([("reservasjon_kontroll".to_owned(), "§ 99, oppdiktet".to_owned())]),
        ..About::default()
    };
    site.render(page, key, tables, &about)
}

pub(super) fn ordinary() -> Doctor {
    Doctor {
        prescriptions: Some(1248),
        reserved: Some(52),
        rate: Some(52.0 / 1248.0),
        expected: Some(48.7),
        ratio: Some((0.8, 1.4)),
        dispensings: Some(2500),
        outside: (0, 12),
        verdict: Some("som_forventet"),
        differs: Some(0),
    }
}

#[test]
fn the_sentence_follows_from_the_tables_verdict() {
    let judged = |verdict, differs, ratio| Doctor { verdict: Some(verdict), differs, ratio, ..ordinary() };
    for (doctor, sentence) in [
        (ordinary(), "Kan ikke skilles fra kollegene"),
        (judged("som_forventet", Some(1), Some((1.01, 1.4))), "Høyere enn gjennomsnittet, men innenfor det vanlige"),
        (judged("som_forventet", Some(1), Some((0.2, 0.99))), "Lavere enn gjennomsnittet, men innenfor det vanlige"),
        (judged("over", Some(1), Some((2.1, 2.4))), "Høyere enn det som er vanlig"),
        (judged("under", Some(1), Some((0.1, 0.2))), "Lavere enn det som er vanlig"),
        (judged("for_lite_grunnlag", Some(0), Some((0.5, 2.0))), "For lite grunnlag til å sammenligne"),
        (Doctor { verdict: None, ..ordinary() }, "Kan ikke vurderes"),
    ] {
        let page = own_page(&doctor, &[]).unwrap();
        assert!(page.contains(&format!("<h2 id=\"vurdering\">{sentence}</h2>")), "{sentence}");
        assert_eq!(page.matches("id=\"vurdering\"").count(), 1);
        assert!(page.contains("Syntetiske tall"));
        assert!(page.contains("<meta name=\"robots\" content=\"noindex\">"));
    }
}

#[test]
fn without_prescriptions_the_page_counts_dispensings_and_says_so() {
    let doctor = Doctor { prescriptions: None, ratio: None, differs: None, ..ordinary() };
    let page = own_page(&doctor, &[]).unwrap();
    assert!(page.contains("gjelder utleveringer, ikke forskrivninger"));
    assert!(page.contains("52 av 2\u{202f}500 utleveringer"));
    assert!(page.contains("Innenfor det vanlige") && !page.contains("95 % intervall:"));
    let few = own_page(&Doctor { verdict: Some("for_lite_grunnlag"), ..doctor }, &[]).unwrap();
    assert!(few.contains("2\u{202f}500 utleveringer av byttbare legemidler og"));
}

#[test]
fn a_short_history_and_a_withheld_table_are_said_and_never_zero() {
    let page = own_page(&Doctor::default(), &[]).unwrap();
    assert!(page.contains("Det er levert færre enn tolv måneder"));
    assert!(!page.contains("id=\"vurdering\"") && !page.contains("0,0\u{a0}%</dd>"));
    let page = own_page(&ordinary(), &["reservasjon_nasjonal_maaned"]).unwrap();
    assert!(page.contains("Månedstall for hele landet er ikke publisert ennå"));
    assert!(page.contains("4,2\u{a0}%") && !page.contains("Landet"));
}

#[test]
fn no_prescription_that_could_be_swapped_is_not_a_short_history() {
    for prescriptions in [Some(0), None] {
        for (dispensings, outside, reason) in [
            (4, (0, 0), "ingen resepter fra deg på byttbare legemidler hentet ut for første gang"),
            (0, (0, 1), "gjelder 1 utlevering på en resept fra deg de siste tolv månedene et legemiddel"),
            (0, (7, 9), "gjelder 9 utleveringer på resepter fra deg de siste tolv månedene legemidler som"),
            (0, (7, 9), "I tillegg er 7 utleveringer på resepter fra en tid da du ifølge legeregisteret ikke var"),
            (0, (7, 0), "det 7 utleveringer på resepter fra deg de siste tolv månedene, men ifølge legeregisteret"),
        ] {
            let doctor = Doctor { prescriptions, dispensings: Some(dispensings), outside, ..Doctor::default() };
            let page = own_page(&doctor, &[]).unwrap();
            assert!(page.contains(reason) && !page.contains("færre enn tolv"), "{reason}");
            assert!(!page.contains("et helt år") && !page.contains("minst tolv måneder med tall"), "{reason}");
        }
    }
}

#[test]
fn public_pages_name_what_is_hidden_and_link_within_their_tree() {
    let page = render("nasjonalt.html", None, &national(), &[]).unwrap();
    assert!(page.contains("skjult av personvernhensyn"));
    assert!(page.contains("Rettingen stemmer ikke med linjen den gjelder"));
    assert!(page.contains("href=\"../data/reservasjon_klasser.csv\""));
    assert!(!page.contains(&HPR.to_string()));
    let page = render("forside.html", None, &national(), &[]).unwrap();
    assert!(page.contains("href=\"nasjonalt/index.html\""));
    assert!(page.contains("<dd class=\"absent\">skjult av personvernhensyn</dd>"));
    let all = [
        "reservasjonsgrad_landet",
        "reservasjon_nasjonal_maaned",
        "reservasjon_fordeling",
        "reservasjonsgrad_histogram",
        "reservasjon_klasser",
        "reservasjon_fylke",
        "reservasjon_prioritering",
    ];
    assert!(render("nasjonalt.html", None, &BTreeMap::new(), &all).unwrap().contains("ikke publisert ennå"));
}

pub(super) fn by_name(tables: impl IntoIterator<Item = Table>) -> BTreeMap<String, Table> {
    tables.into_iter().map(|table| (table.name.clone(), table)).collect()
}

#[test]
fn hidden_counties_and_substances_stand_last_and_nothing_of_them_shows() {
    let page = render("nasjonalt.html", None, &national(), &[]).unwrap();
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(place("Høystoff") < place("Lavstoff") && place("Lavstoff") < place("Skjultstoff"));
    assert!(page.contains("−0,4") && page.contains("merutgiften 9\u{202f}000 kr") && page.contains("10,0\u{a0}%"));
    let table = page.split("id=\"t-fylker\"").nth(1).unwrap();
    let table = table.split("</table>").next().unwrap();
    let rows: Vec<&str> = table.split("<tr>").skip(2).collect();
    assert!(rows[0].contains("Oslo") && rows[0].contains("7,8\u{a0}%") && rows[0].contains("8,1\u{a0}%"));
    assert!(rows[1].contains("Finnmark") && rows[1].contains("skjult av personvernhensyn"));
    assert!(rows[2].contains("Ukjent fylke") && rows[2].contains("ingen forskrivninger"));
}

#[test]
fn the_control_page_says_what_a_row_is_and_what_allows_it() {
    let doctor = [
        integers(&[HPR]),
        vec![text("2025-11"), text("2026-10")],
        integers(&[200, 40]),
        numbers(&[0.2, 10.04, 3.984, 3.5, 4.5, 3.0]),
        integers(&[10_100, 8_000, 3, 2]),
        numbers(&[0.000_04, 0.004]),
        vec![text("x"), text("vist")],
    ];
    let medicine = [
        vec![text("000011"), text("Merke"), Cell::Absent, text("2025-11"), text("2026-10")],
        integers(&[40, 10]),
        numbers(&[0.25]),
        integers(&[31, 1, 8]),
        vec![text("vist")],
    ];
    let line = [
        integers(&[HPR, 1, 44]),
        vec![text("l1"), text("2026-01-05"), text("000001"), text("000011"), Cell::Absent, Cell::Absent, text("vist")],
    ];
    let filled = [
        table(
            "reservasjon_kontroll",
            "rekvirent_hpr fra_maaned til_maaned forskrivninger reservert reservasjonsgrad forventet standardisert_ratio \
             trakt998_ovre forrige_ratio forrige_trakt998_ovre merutgift merutgift_grense uten_referanse \
             avvikende_pris p q grunner status",
            vec![doctor.concat()],
        ),
        table(
            "reservasjon_kontroll_legemiddel",
            "byttegruppe merkevare navn fra_maaned til_maaned forskrivninger reservert reservasjonsgrad merutgift \
             uten_referanse merutgift_listet status",
            vec![medicine.concat()],
        ),
        table(
            "reservasjon_kontroll_utvalg",
            "rekvirent_hpr nr reserverte linje_id utleveringsdato varenr byttegruppe navn merutgift status",
            vec![line.concat()],
        ),
    ];
    let with = |rows: bool| {
        let tables = filled.iter().cloned().map(|mut table| {
            table.rows.retain(|_| rows);
            (table.name.clone(), table)
        });
        render("kontroll.html", None, &tables.collect(), &[]).unwrap()
    };
    for (rows, said) in [
        (true, "aldri et funn"),
        (true, "§ 99, oppdiktet"),
        (true, "Reserverte 40 av 200 forskrivninger (20,0\u{a0}%); 10,0 kunne ventes. Forholdet er 3,98"),
        (true, "p er under 0,0001 og q er 0,0040"),
        (true, "HPR-nummer 9144900: 1 av 44 reserverte"),
        (true, "2 utleveringer har en uvanlig høy pris"),
        (true, "<code>l1</code>"),
        (true, "href=\"reservasjon_kontroll_utvalg.csv\""),
        (false, "Ingen lege fyller alle vilkårene"),
        (false, "aldri et funn"),
    ] {
        assert!(with(rows).contains(said), "{said}");
    }
}

#[test]
fn a_product_that_the_release_lacks_is_not_linked_to() {
    let page = render("forside.html", None, &national(), &["too/index.html"]).unwrap();
    assert!(page.contains("href=\"nasjonalt/index.html\"") && !page.contains("too/index.html"));
    let tables = ["reservasjonsgrad_landet", "reservasjon_fordeling"];
    let withheld = [tables[0], tables[1], "nasjonalt/index.html"];
    let page = render("forside.html", None, &BTreeMap::new(), &withheld).unwrap();
    assert!(page.contains("href=\"too/index.html\"") && !page.contains("nasjonalt/index.html"));
}
