//! The tables of a doctor's page beside the doctor's own figures, and what the page makes of them.

use super::sample::{Doctor, HPR, integers, numbers, ordinary, own_page, table, text};
use super::{Cell, Table};

/// The doctor's other tables; before a year is delivered there are no groups of medicines and no peers.
pub(super) fn peers(whole_year: bool) -> Vec<Table> {
    let own = |cells: Vec<Cell>| [vec![Cell::Integer(HPR)], cells].concat();
    let year = |rows: Vec<Vec<Cell>>| if whole_year { rows } else { vec![] };
    let group = |name: &str, code: Cell, cells: Vec<Cell>, status: &str| {
        own([vec![text(name), code], cells, vec![text(status)]].concat())
    };
    let spread = || [integers(&[880]), numbers(&[0.0, 0.01, 0.03, 0.055, 0.09])].concat();
    let none = || vec![Cell::Absent; 6];
    let alike = match whole_year {
        true => vec![
            group("alle", Cell::Integer(0), spread(), "vist"),
            group("fylke", Cell::Integer(46), [integers(&[12]), vec![Cell::Absent; 5]].concat(), "mangler"),
            group("spesialitet", Cell::Absent, none(), "mangler"),
        ],
        false => vec![
            group("alle", Cell::Integer(0), none(), "mangler"),
            group("spesialitet", Cell::Absent, none(), "mangler"),
        ],
    };
    let medicine = |code: i64, rank: i64, over: f64| {
        own(vec![
            Cell::Integer(code),
            text("Omeprazol 20 mg"),
            Cell::Integer(40),
            Cell::Integer(12),
            Cell::Number(0.1),
            text("landet"),
            Cell::Number(over),
            Cell::Integer(rank),
            Cell::Number(4321.5),
            text("flere"),
        ])
    };
    let band = |from: i64, upper: f64| {
        own([
            integers(&[from, 2 * from]),
            numbers(&[0.4, upper, 0.2, 1.5 * upper]),
            integers(&[60]),
            numbers(&[0.2, 0.6, 0.9, 1.2, 1.7]),
        ]
        .concat())
    };
    vec![
        table("reservasjon_kolleger", "rekvirent_hpr gruppe kode n_leger p10 p25 p50 p75 p90 status", alike),
        table(
            "reservasjon_kolleger_fordeling",
            "rekvirent_hpr gruppe fra_prosent til_prosent n_leger",
            year(vec![own(vec![text("alle"), Cell::Integer(0), Cell::Absent, Cell::Integer(880)])]),
        ),
        table(
            "reservasjon_lege_byttegruppe",
            "rekvirent_hpr byttegruppe legemiddel antall reservert kolleger_andel kolleger over_forventet rekkefolge \
             merutgift referanse",
            year(vec![medicine(11, 2, -1.0), medicine(12, 1, 8.0)]),
        ),
        table(
            "reservasjon_lege_substans_maaned",
            "rekvirent_hpr atc maaned virkestoff antall reservert reserverte_uttak merutgift",
            year(vec![own(vec![
                text("A02BC01"),
                text("2026-09"),
                text("Omeprazol"),
                Cell::Integer(9),
                Cell::Integer(4),
                Cell::Integer(6),
                Cell::Number(321.4),
            ])]),
        ),
        table(
            "reservasjonsgrad_lege_rullerende",
            "rekvirent_hpr maaned antall reservert reservasjonsgrad brudd",
            year(vec![
                own([vec![text("2026-09")], vec![Cell::Absent; 3], integers(&[1])].concat()),
                own([vec![text("2026-10")], integers(&[1248, 52]), numbers(&[0.0417]), integers(&[0])].concat()),
            ]),
        ),
        table(
            "reservasjon_trakt",
            "rekvirent_hpr forventet_fra forventet_til trakt95_nedre trakt95_ovre trakt998_nedre trakt998_ovre n_leger \
             p10 p25 p50 p75 p90",
            year(vec![band(5, 2.5), band(50, 1.5)]),
        ),
    ]
}

#[test]
fn a_page_shows_what_explains_the_gap_what_it_costs_and_where_the_series_is_broken() {
    let page = own_page(&ordinary(), &[]).unwrap();
    // Only what lies over the expected number, with its reference in words, and kroner whole.
    assert_eq!(page.matches("Omeprazol 20 mg").count(), 1);
    assert!(
        page.contains("12 av 40") && page.contains("mot flere slags priser") && page.contains("4\u{202f}322\u{a0}kr")
    );
    assert!(page.contains("12\u{202f}346\u{a0}kr") && page.contains("2 reserverte utleveringer har ingen pris"));
    assert!(page.contains("1 utlevering koster mer enn 10 ganger"));
    assert!(page.contains("For 1 punkt sier leveransene ikke") && page.contains("Brudd: uttakets nummer mangler"));
    assert!(page.contains("Du har ingen registrert spesialitet") && page.contains("Traktdiagram."));
    assert!(page.contains("ikke justert for pasientenes alder") && page.contains("Hvem kan se dem?"));
    // Four grounds, and no ground to believe that anybody is ranked.
    assert_eq!(page.split("id=\"grunner\"").nth(1).unwrap().split("</ol>").next().unwrap().matches("<li>").count(), 4);
    assert!(!page.to_lowercase().contains("rangering") && !page.contains("plass nummer"));
    let short = own_page(&Doctor::default(), &[]).unwrap();
    assert!(!short.contains("Omeprazol") && !short.contains("Traktdiagram."));
}
