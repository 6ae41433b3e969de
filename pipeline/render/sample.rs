//! Tests of the real pages with small tables: which sentence stands on which doctor's page, and what a page says
//! where a figure is absent, hidden or not published.

use std::collections::{BTreeMap, BTreeSet};

use super::tidy::site;
use super::{About, Cell, Column, Table};

const HPR: i64 = 9_144_900;

fn table(name: &str, columns: &str, rows: Vec<Vec<Cell>>) -> Table {
    let column = |name: &str| Column {
        name: name.to_owned(),
        unit: None,
        missing: Some("mindre enn 12 måneder levert".to_owned()),
    };
    let columns = columns.split_whitespace().map(column).collect();
    Table { name: name.to_owned(), title: format!("Tabell {name}"), columns, rows }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn integers(values: &[i64]) -> Vec<Cell> {
    values.iter().map(|value| Cell::Integer(*value)).collect()
}

fn numbers(values: &[f64]) -> Vec<Cell> {
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
            "reservasjonsgrad_maaned",
            "maaned n_leger forskrivninger reservert reservasjonsgrad status",
            vec![shown.concat(), hidden.concat()],
        ),
        table(
            "reservasjonsgrad_fordeling",
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
            "linjeklasser",
            "klasse linjer status",
            vec![
                vec![text("grunnlag"), Cell::Integer(250_000), text("vist")],
                vec![text("avvist_belop"), Cell::Integer(0), text("vist")],
            ],
        ),
    ];
    tables.into_iter().map(|table| (table.name.clone(), table)).collect()
}

/// What is left out is absent.
#[derive(Default)]
struct Doctor {
    prescriptions: Option<i64>,
    reserved: Option<i64>,
    rate: Option<f64>,
    expected: Option<f64>,
    /// The ratio's interval; the rate's is there with it.
    ratio: Option<(f64, f64)>,
    dispensings: Option<i64>,
}

fn own_page(doctor: &Doctor, withheld: &[&str]) -> anyhow::Result<String> {
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
        text(if doctor.rate.is_some() { "vist" } else { "mangler" }),
    ];
    let mut tables = national();
    tables.retain(|name, _| !withheld.contains(&name.as_str()));
    for table in [
        table(
            "reservasjonsgrad_lege",
            "rekvirent_hpr fra_maaned til_maaned forskrivninger reservert reservasjonsgrad nedre ovre forventet \
             standardisert_ratio sr_nedre sr_ovre utleveringer status",
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
    ] {
        tables.insert(table.name.clone(), table);
    }
    render("lege.html", Some(&HPR.to_string()), &tables, withheld)
}

fn render(
    template: &str,
    key: Option<&str>,
    tables: &BTreeMap<String, Table>,
    withheld: &[&str],
) -> anyhow::Result<String> {
    let site = site();
    let page = site.pages().iter().find(|page| page.template == template).unwrap();
    let thresholds = [
        ("trakt_forskrivninger", "100"),
        ("trakt_forventet", "5"),
        ("offentlig_leger", "10"),
        ("offentlig_linjer", "30"),
        ("minste_antall", "5"),
        ("dominans_prosent", "10"),
    ];
    let about = About {
        synthetic: true,
        published: jiff::civil::date(2026, 11, 10),
        withheld: withheld.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>(),
        thresholds: thresholds.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    };
    site.render(page, key, tables, &about)
}

fn ordinary() -> Doctor {
    Doctor {
        prescriptions: Some(1248),
        reserved: Some(52),
        rate: Some(52.0 / 1248.0),
        expected: Some(48.7),
        ratio: Some((0.8, 1.4)),
        dispensings: Some(2500),
    }
}

#[test]
fn the_sentence_follows_from_the_ratios_interval_and_from_how_much_there_is() {
    let few = Doctor { prescriptions: Some(99), ..ordinary() };
    let rare = Doctor { expected: Some(4.9), ..ordinary() };
    for (doctor, sentence) in [
        (ordinary(), "Kan ikke skilles fra kollegene"),
        (Doctor { ratio: Some((1.01, 1.4)), ..ordinary() }, "Høyere enn gjennomsnittet"),
        (Doctor { ratio: Some((0.2, 0.99)), ..ordinary() }, "Lavere enn gjennomsnittet"),
        (few, "For lite grunnlag til å sammenligne"),
        (rare, "For lite grunnlag til å sammenligne"),
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
    let doctor = Doctor { prescriptions: None, ratio: None, ..ordinary() };
    let page = own_page(&doctor, &[]).unwrap();
    assert!(page.contains("gjelder utleveringer, ikke forskrivninger"));
    assert!(page.contains("52 av 2\u{202f}500 utleveringer"));
    assert!(page.contains("Kan ikke vurderes") && !page.contains("95 % intervall:"));
}

#[test]
fn a_short_history_and_a_withheld_table_are_said_and_never_zero() {
    let page = own_page(&Doctor::default(), &[]).unwrap();
    assert!(page.contains("Det er levert færre enn tolv måneder"));
    assert!(!page.contains("id=\"vurdering\"") && !page.contains("0,0\u{a0}%</dd>"));
    let withheld = ["reservasjonsgrad_maaned", "reservasjonsgrad_fordeling", "reservasjonsgrad_histogram"];
    let page = own_page(&ordinary(), &withheld).unwrap();
    assert!(page.contains("Disse tallene er ikke publisert ennå"));
    assert!(page.contains("4,2\u{a0}%") && !page.contains("Landet"));
}

#[test]
fn no_prescription_that_could_be_swapped_is_not_a_short_history() {
    for prescriptions in [Some(0), None] {
        let doctor = Doctor { prescriptions, dispensings: Some(0), ..Doctor::default() };
        let page = own_page(&doctor, &[]).unwrap();
        assert!(page.contains("ingen resepter fra deg") && !page.contains("færre enn tolv"));
    }
}

#[test]
fn public_pages_name_what_is_hidden_and_link_within_their_tree() {
    let page = render("nasjonalt.html", None, &national(), &[]).unwrap();
    assert!(page.contains("skjult av personvernhensyn"));
    assert!(page.contains("<code>avvist_belop</code>"));
    assert!(page.contains("href=\"../data/linjeklasser.csv\""));
    assert!(!page.contains(&HPR.to_string()));
    let page = render("forside.html", None, &national(), &[]).unwrap();
    assert!(page.contains("href=\"nasjonalt/index.html\""));
    assert!(page.contains("<dd class=\"absent\">skjult av personvernhensyn</dd>"));
    let all = [
        "reservasjonsgrad_landet",
        "reservasjonsgrad_maaned",
        "reservasjonsgrad_fordeling",
        "reservasjonsgrad_histogram",
        "linjeklasser",
    ];
    assert!(render("nasjonalt.html", None, &BTreeMap::new(), &all).unwrap().contains("ikke publisert ennå"));
}
