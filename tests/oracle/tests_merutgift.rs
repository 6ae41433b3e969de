//! Tests of the recomputed merutgift (B4), worked out by hand: each rule of the ladder, units that differ, a missing and a
//! mistyped price, returns.
//!
//! They must not know the pipeline either.

use super::tests::World;

/// Number, Pakningsstr, EnhetPakning, Statistikkfaktor, trinnpris, AUP, first day of sale; "" = not given.
type Pack = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

/// All packages in one group.
fn snapshot(world: &World, packs: &[Pack]) {
    let mut text =
        String::from("<FEST xmlns='urn:m30'><HentetDato>2025-12-31T03:00:00</HentetDato><KatLegemiddelpakning>");
    for (varenr, size, unit, doses, step, retail, first) in packs {
        let tag = |name: &str, value: &str| match value {
            "" => String::new(),
            value => format!("<{name}>{value}</{name}>"),
        };
        let price = |name: &str, kroner: &str| match kroner {
            "" => String::new(),
            kroner => format!("<PrisVare><Type V='9' DN='{name}'/><Pris V='{kroner}' U='NOK'/></PrisVare>"),
        };
        text += &format!(
            "<OppfLegemiddelpakning><Legemiddelpakning><Atc V='C10AA05'/>\
             <PakningByttegruppe><RefByttegruppe>G</RefByttegruppe><GyldigFraDato>2020-01-01</GyldigFraDato></PakningByttegruppe>\
             <Id>ID_{varenr}</Id><Varenr>{varenr}</Varenr><Pakningsinfo>{}<EnhetPakning V='{unit}'/>{}</Pakningsinfo>{}{}\
             <Markedsforingsinfo>{}</Markedsforingsinfo></Legemiddelpakning></OppfLegemiddelpakning>",
            tag("Pakningsstr", size),
            tag("Statistikkfaktor", doses),
            price("Trinnpris", step),
            price("AUP", retail),
            tag("Markedsforingsdato", first)
        );
    }
    text += "</KatLegemiddelpakning><KatByttegruppe><OppfByttegruppe><Byttegruppe><Id>G</Id><Kode V='000101'/>\
             <MerknadTilByttbarhet>false</MerknadTilByttbarhet></Byttegruppe></OppfByttegruppe></KatByttegruppe></FEST>";
    world.write("fest/fest_2025-12-31T030000.xml", &text);
}

/// A reserved line of doctor 11 in January.
fn line(id: &str, varenr: &str, packages: &str, kroner: &str) -> String {
    format!("{id};U;;;2026-01-05;;1;11;{varenr};{packages};200;1;0;{kroner}")
}

/// `id rule øre` of every reserved line; `-` without a reference, `!` where the price is unusual.
fn extras(world: &World, rows: &[String]) -> String {
    world.month("2026-01", &rows.iter().map(String::as_str).collect::<Vec<_>>());
    let all = world.compute("2026-02-10").extras;
    let one = |extra: &super::Extra| {
        let ore = extra.ore.map_or("-".to_owned(), |ore| ore.to_string());
        format!("{} {} {ore}{}", extra.linje_id, extra.rule, if extra.unusual { "!" } else { "" })
    };
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[test]
fn own_trinnpris_then_the_groups_lowest_per_unit() {
    let world = World::new("trinnpris");
    // 0.50 each and 0.40 each; the third has none and 98 units.
    snapshot(
        &world,
        &[
            ("000001", "100", "stk", "", "50", "80", "2015-01-01"),
            ("000002", "100", "stk", "", "40", "80", "2015-01-01"),
            ("000003", "98", "stk", "", "", "1", "2015-01-01"),
        ],
    );
    let rows = [
        line("a", "000001", "2", "130"),   // 130 − 2 · 50 = 30
        line("b", "000003", "1", "80"),    // 80 − 98 · 0.40 = 40.80; the AUP of 1 kr does not count
        line("c", "000002", "1", "39,99"), // cheaper than the reference
        line("d", "000003", "1", "8000"),  // mistyped × 100: 8000 − 39.20 = 7960.80, and marked
    ];
    assert_eq!(extras(&world, &rows), "a 1 3000, b 2 4080, c 1 0, d 2 796080!");
}

#[test]
fn lowest_aup_of_what_is_sold_and_the_lowest_tenth_of_what_was_paid() {
    let world = World::new("aup");
    // Per unit 0.30 (not sold before February), 0.70, 0.60.
    snapshot(
        &world,
        &[
            ("000001", "100", "stk", "", "", "30", "2026-02-01"),
            ("000002", "100", "stk", "", "", "70", "2015-01-01"),
            ("000003", "50", "stk", "", "", "30", "2015-01-01"),
        ],
    );
    assert_eq!(extras(&world, &[line("a", "000002", "1", "75,55")]), "a 3 1555");

    // No price anywhere; 20 unreserved lines at 1.01, 1.02 … 1.20 each: rank (10 · 20 + 99) / 100 = 2, so 1.02.
    snapshot(
        &world,
        &[("000001", "100", "stk", "", "", "", "2015-01-01"), ("000002", "50", "stk", "", "", "", "2015-01-01")],
    );
    let paid = |n: u64| {
        let unreserved = |k: u64| format!("P{k};U;;;2026-01-06;;1;11;000001;1;200;0;0;{}", 100 + k);
        let mut rows: Vec<String> = (1..=n).map(unreserved).collect();
        rows.push(line("a", "000002", "1", "60")); // 60 − 50 · 1.02 = 9.00
        rows
    };
    assert_eq!(extras(&world, &paid(20)), "a 4 900");
    assert_eq!(extras(&world, &paid(19)), "a 0 -");
}

#[test]
fn units_that_differ_are_compared_by_ddd_or_not_at_all() {
    let world = World::new("units");
    snapshot(
        &world,
        &[
            ("000001", "100", "tablett", "50", "100", "", ""), // 2.00 per DDD, 1.00 each
            ("000002", "200", "ml", "20", "60", "", ""),       // 3.00 per DDD, 0.30 each
            ("000003", "10", "ml", "30", "", "", ""),
            ("000004", "10", "ml", "", "", "", ""),
        ],
    );
    // 100 − 30 · 2.00 = 40; without DDD there is nothing to compare by.
    let rows = [line("a", "000003", "1", "100"), line("b", "000004", "1", "100")];
    assert_eq!(extras(&world, &rows), "a 2 4000, b 0 -");
}

#[test]
fn returns_are_deducted_before_the_comparison_and_halves_go_up() {
    let world = World::new("returns");
    snapshot(&world, &[("000001", "3", "stk", "", "0.01", "", ""), ("000002", "2", "stk", "", "", "", "")]);
    let rows = [
        // 4 packages for 2.00, of which 3 go back for 1.50: 0.50 − 2 · 1/3 øre = 49.33 øre → 49; much over it, and marked.
        line("a", "000002", "4", "2"),
        "R1;R;a;2026-01-05;2026-01-20;;1;11;000002;-3;200;1;0;-1,50".to_owned(),
        // Half a package is 1 unit: 0.01 − 1/3 øre = 0.67 → 1. Three quarters of one are 1.5 units: 0.5 → 1.
        line("b", "000002", "0,5", "0,01"),
        line("c", "000002", "0,75", "0,01"),
        // All of it comes back: no line, no merutgift.
        line("d", "000002", "1", "5"),
        "R2;R;d;2026-01-05;2026-01-20;;1;11;000002;-1;200;1;0;-5".to_owned(),
    ];
    assert_eq!(extras(&world, &rows), "a 2 49!, b 2 1, c 2 1");
}
