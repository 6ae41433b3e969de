//! The tables of TOO's pages, and what the pages make of them.

use std::collections::BTreeMap;

use super::sample::{by_name, integers, render, table, text};
use super::{Cell, Table};

/// Waiting times of one tertial: Oslo shown, Rogaland hidden; Agder has not delivered it. The nation by month.
fn waits(public: bool, median: i64) -> Table {
    let columns = "steg omraade periodetype periode populasjon pauser n gjennomsnitt median p80 p90 over_maal over_8 \
                   over_26 over_52 over_104 over_208 paa_pause n_fylker forelopig status";
    let mut rows = Vec::new();
    for step in ["m0_m1", "m1_m2", "m3_m4", "m0_m4"] {
        for (place, kind, period) in
            [("03", "tertial", "2026-T2"), ("11", "tertial", "2026-T2"), ("landet", "maaned", "2026-10")]
        {
            for (group, pauses) in
                [("avviklet", "med"), ("avviklet", "uten"), ("ventende", "med"), ("ventende", "uten")]
            {
                let hidden = public && place == "11";
                let days = |days: i64| if public { Cell::Number(days as f64) } else { Cell::Integer(days) };
                let shown = |cell: Cell| if hidden { Cell::Absent } else { cell };
                let queue = |n: i64| if group == "ventende" { shown(Cell::Integer(n)) } else { Cell::Absent };
                let names = [step, place, kind, period, group, pauses].map(text);
                let waited = [Cell::Integer(60), Cell::Absent, days(median), days(120), days(180)].map(shown);
                let share = if step == "m0_m4" { Cell::Absent } else { shown(Cell::Number(0.625)) };
                let counties = if place == "landet" { Cell::Integer(2) } else { Cell::Absent };
                let status = text(if hidden { "skjult" } else { "vist" });
                let own = if public { vec![] } else { vec![text(if place == "landet" { "alle" } else { place })] };
                rows.push(
                    [
                        own,
                        names.to_vec(),
                        waited.to_vec(),
                        vec![share],
                        [40, 30, 20, 6, 0].map(queue).to_vec(),
                        if public { vec![] } else { vec![queue(3)] },
                        vec![counties, Cell::Integer(1), status],
                    ]
                    .concat(),
                );
            }
        }
    }
    if public {
        table("too_ventetid_offentlig", &columns.replace("paa_pause ", ""), rows)
    } else {
        rows.retain(|row| row[0] == text("03") || row[0] == text("alle"));
        table("too_ventetid", &format!("fylkesnr {columns}"), rows)
    }
}

fn counties(only: Option<&str>) -> Table {
    let mut rows = vec![
        vec![text("03"), text("Oslo"), text("region_sorost"), text("2026-10"), text("vist")],
        vec![text("11"), text("Rogaland"), text("region_vest"), text("2026-10"), text("vist")],
        vec![text("42"), text("Agder"), text("region_sorost"), text("2026-05"), text("vist")],
        vec![text("56"), text("Finnmark"), text("region_nord"), Cell::Absent, text("mangler")],
    ];
    rows.retain(|row| only.is_none_or(|only| row[0] == text(only)));
    table("too_fylke", "fylkesnr navn region komplett_til status", rows)
}

#[test]
fn all_counties_stand_by_number_with_those_without_figures_last_and_why() {
    let page = render("too/oversikt.html", None, &by_name([counties(None), waits(true, 74)]), &[]).unwrap();
    assert!(page.contains("href=\"../03/too.html\"") && page.contains("href=\"../data/too_fylke.csv\""));
    assert!(page.contains("11\u{a0}uker") && page.contains("62,5\u{a0}%") && page.contains("foreløpig"));
    assert!(page.contains("Har bare levert komplett til og med mai 2026"));
    assert!(page.contains("Har ikke levert komplette tall"));
    let of = |name: &str| page.find(&format!("{name}</text>")).unwrap();
    assert!(of("Oslo") < of("Rogaland") && of("Rogaland") < of("Agder"));
    assert!(page.contains("skjult av personvernhensyn</text>"));
    // No figure and no drawing on a public page is finer than whole weeks.
    let near = render("too/oversikt.html", None, &by_name([counties(None), waits(true, 80)]), &[]).unwrap();
    let far = render("too/oversikt.html", None, &by_name([counties(None), waits(true, 81)]), &[]).unwrap();
    assert!(page == near && page != far);
}

#[test]
fn a_page_without_waiting_times_says_so() {
    let none = ["too_fylke", "too_ventetid_offentlig"];
    assert!(render("too/oversikt.html", None, &BTreeMap::new(), &none).unwrap().contains("ikke publisert ennå"));
    let empty = [counties(None), table("too_ventetid_offentlig", "steg", vec![])];
    let page = render("too/oversikt.html", None, &by_name(empty), &[]).unwrap();
    assert!(page.contains("Ingen fylker har levert komplette tall ennå"));
    assert!(render("too/fylke.html", Some("03"), &BTreeMap::new(), &none).unwrap().contains("ikke publisert ennå"));
    let page = render("too/fylke.html", Some("56"), &by_name([counties(Some("56")), waits(true, 74)]), &[]).unwrap();
    assert!(page.contains("Fylket har ikke levert noen komplett måned ennå") && !page.contains("<svg"));
}

#[test]
fn a_hidden_figure_is_on_the_countys_own_page_only() {
    let page = render("too/fylke.html", Some("11"), &by_name([counties(Some("11")), waits(true, 74)]), &[]).unwrap();
    assert!(page.contains("skjult av personvernhensyn") && !page.contains("11\u{a0}uker"));
    let receipt = [("lagret", 96), ("mottatt", 100), ("noe_nytt", 1), ("ukjent_kode", 3), ("uten_henvist", 2)];
    let receipt = receipt.map(|(rule, n)| {
        let lines = if rule == "ukjent_kode" { text("too_hendelse_03_2026-10.csv: 4, 7, 9") } else { Cell::Absent };
        vec![text("03"), text("2026-10"), text(rule), Cell::Integer(n), lines, text("vist")]
    });
    let own = || {
        [
            counties(Some("03")),
            waits(false, 74),
            table("too_kvittering", "fylkesnr maaned regel antall linjer status", receipt.to_vec()),
            table(
                "too_fylke_status",
                "fylkesnr komplett_til forelopig_fra aapne aapne_over_12 aapne_over_24 uten_henvisning status",
                vec![
                    [vec![text("03"), text("2026-10"), text("2026-08")], integers(&[40, 7, 2, 1]), vec![text("vist")]]
                        .concat(),
                ],
            ),
        ]
    };
    let page = render("too/eget_fylke.html", Some("03"), &by_name(own()), &[]).unwrap();
    assert!(page.contains("11\u{a0}uker") && !page.contains("skjult av personvernhensyn"));
    assert!(page.contains("<td class=\"n\">100</td><td class=\"n\">96</td><td class=\"n\">4</td>"));
    assert!(page.contains("Koden finnes ikke i kodelisten") && page.contains("<code>noe_nytt</code>"));
    assert!(page.contains("<td>too_hendelse_03_2026-10.csv: 4, 7, 9</td>"));
    assert!(page.contains("href=\"too_kvittering.csv\"") && page.contains("noindex"));
    let nameless = by_name(own().into_iter().skip(1));
    assert!(render("too/eget_fylke.html", Some("03"), &nameless, &["too_fylke"]).unwrap().contains("TOO: 03"));
    let others = render("too/eget_fylke.html", Some("11"), &by_name(own()), &[]).unwrap_err();
    assert!(format!("{others:#}").contains("belongs to another fylkesnr"));
}

#[test]
fn a_county_whose_figure_is_hidden_has_no_point_in_the_funnel() {
    // Oslo over its limits; Rogaland's share is hidden, and its limits with it.
    let of = |county: &str, figures: [Cell; 7], place: Cell, status: &str| {
        [vec![text(county), text("2025"), text("andel_ikke_mott")], figures.to_vec(), vec![place, text(status)]]
            .concat()
    };
    let shown =
        [Cell::Integer(400), Cell::Number(0.14)].into_iter().chain([0.1, 0.07, 0.13, 0.054, 0.146].map(Cell::Number));
    let shown: [Cell; 7] = shown.collect::<Vec<Cell>>().try_into().unwrap();
    let mut hidden = [const { Cell::Absent }; 7];
    hidden[2] = Cell::Number(0.1);
    let rows = vec![of("03", shown, text("over"), "vist"), of("11", hidden, Cell::Absent, "mangler")];
    let columns = "omraade aar indikator nevner verdi samlet nedre_95 ovre_95 nedre_998 ovre_998 plassering status";
    let tables = [counties(None), table("too_prioritering_offentlig", columns, rows)];
    let page = render("too/forlop.html", None, &by_name(tables), &[]).unwrap();
    // One drawing for wide screens and one for narrow.
    assert_eq!(page.matches("<circle class=\"point outside\"").count(), 2);
    assert_eq!(page.matches("<circle").count(), 2);
    assert!(page.contains(">Oslo</text>") && !page.contains(">Rogaland</text>"));
    assert!(page.contains("1 av 4 fylker har tall å vise"));
    // The axis ends where the figures do, and the place stands in words beside it.
    assert!(page.contains(">15\u{a0}%</text>") && !page.contains(">100\u{a0}%</text>"));
    assert!(page.contains("<td>over</td>"));
}
