//! Tests of the classes (B1) and of the byttegruppe on a day (B3), worked out by hand in the comments.
//!
//! They must not know the pipeline either.

use std::collections::BTreeMap;

use super::Figures;
use super::tests::{World, classes};

/// One dispensing by doctor 11 on each day, with the day as its id.
fn dispensed(world: &World, varenr: &str, days: &[&str]) -> Figures {
    let mut months: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for day in days {
        months
            .entry(&day[..7])
            .or_default()
            .push(format!("{};U;;;{day};;1;11;{varenr};1,000;200;0;0;10,00", &day[5..]));
    }
    for (month, rows) in months {
        world.month(month, &rows.iter().map(String::as_str).collect::<Vec<_>>());
    }
    world.compute("2027-12-31")
}

#[test]
fn package_leaves_on_the_first_snapshot_without_it_and_45_days_are_not_too_old() {
    let world = World::new("leaves");
    // A leaves on 02-10, and comes again on 03-10 with a date between. B and C keep the group at two.
    let (b, c) = (("B", "000002", "", "000101", "2020-01-01"), ("C", "000003", "", "000101", "2020-01-01"));
    world.fest("2026-02-10T23:59:00", &[("A", "000001", "", "", ""), b, c], &[]);
    world.fest("2026-03-10T01:00:00", &[("A", "000001", "", "000101", "2026-03-05"), b, c], &[]);
    // 04-24 is 45 days after 03-10, 04-25 is 46. Before the first snapshot there is none.
    let days = [
        "2025-12-30",
        "2025-12-31",
        "2026-01-01",
        "2026-02-09",
        "2026-02-10",
        "2026-03-04",
        "2026-03-05",
        "2026-04-24",
        "2026-04-25",
    ];
    assert_eq!(
        classes(&dispensed(&world, "000001", &days)),
        "12-30 fest_mangler, 12-31 grunnlag, 01-01 grunnlag, 02-09 grunnlag, 02-10 ikke_byttbar, 03-04 ikke_byttbar, \
         03-05 grunnlag, 04-24 grunnlag, 04-25 fest_mangler"
    );
}

#[test]
fn old_snapshot_is_too_old_though_the_next_one_is_there() {
    let world = World::new("gap");
    // 2025-12-31 + 45 days = 2026-02-14.
    world.fest(
        "2026-03-10T01:00:00",
        &[("A", "000001", "", "000101", "2020-01-01"), ("B", "000002", "", "000101", "2020-01-01")],
        &[],
    );
    let days = ["2026-02-14", "2026-02-15", "2026-03-10"];
    assert_eq!(classes(&dispensed(&world, "000001", &days)), "02-14 grunnlag, 02-15 fest_mangler, 03-10 grunnlag");
}

#[test]
fn date_of_a_snapshot_is_as_written_and_the_last_of_a_day_holds() {
    let world = World::new("as-written");
    // In Oslo already the 11th, and written later in the day than the one that has no link.
    world.fest(
        "2026-01-10T23:30:00Z",
        &[("A", "000001", "", "000101", "2020-01-01"), ("B", "000002", "", "000101", "2020-01-01")],
        &[],
    );
    world.fest("2026-01-10T03:00:00Z", &[("A", "000001", "", "", "")], &[]);
    world.fest("2026-01-20T00:30:00+01:00", &[("A", "000001", "", "", "")], &[]);
    let days = ["2026-01-09", "2026-01-10", "2026-01-19", "2026-01-20"];
    assert_eq!(
        classes(&dispensed(&world, "000001", &days)),
        "01-09 grunnlag, 01-10 grunnlag, 01-19 grunnlag, 01-20 ikke_byttbar"
    );
}

#[test]
fn next_snapshot_tells_what_began_before_it() {
    let world = World::new("next");
    let known = [("A", "000001", "", "000101", "2020-01-01"), ("B", "000002", "", "000101", "2020-01-01")];
    world.fest("2026-01-15T03:00:00", &known, &[]);
    // N is new on the 29th, a member from the 22nd: unknown until the 15th, then known, then a member. Limited counts from the 29th.
    world.fest(
        "2026-01-29T03:00:00",
        &[known[0], known[1], ("N", "000009", "", "000109", "2026-01-22"), ("M", "000008", "", "000109", "2026-01-24")],
        &["000109"],
    );
    // On the 22nd N is alone in its group; M joins on the 24th.
    let days = ["2026-01-14", "2026-01-15", "2026-01-22", "2026-01-23", "2026-01-24", "2026-01-28", "2026-01-29"];
    assert_eq!(
        classes(&dispensed(&world, "000009", &days)),
        "01-14 ukjent_vare, 01-15 ikke_byttbar, 01-22 ingen_alternativ, 01-23 ingen_alternativ, 01-24 grunnlag, \
         01-28 grunnlag, 01-29 begrenset_bytte"
    );
}

#[test]
fn renumbered_package_is_found_by_both_numbers_while_both_are_sold() {
    let world = World::new("renumbered");
    let b = ("B", "000002", "", "000101", "2020-01-01");
    world.fest("2026-01-15T03:00:00", &[("A", "000007", "000001", "000101", "2020-01-01"), b], &[]);
    world.fest("2026-01-29T03:00:00", &[("A", "000007", "", "000101", "2020-01-01"), b], &[]);
    // The old number is known by S until the 28th. The new one is known on the 1st because the next snapshot has it. A's two
    // numbers are one package, so with B there are two in the group.
    let days = ["2026-01-01", "2026-01-15", "2026-01-28", "2026-01-29"];
    assert_eq!(
        classes(&dispensed(&world, "000001", &days)),
        "01-01 grunnlag, 01-15 grunnlag, 01-28 grunnlag, 01-29 ukjent_vare"
    );
    assert_eq!(
        classes(&dispensed(&world, "000007", &days)),
        "01-01 grunnlag, 01-15 grunnlag, 01-28 grunnlag, 01-29 grunnlag"
    );
}

#[test]
fn number_goes_before_former_number_and_lowest_id_before_the_rest() {
    let world = World::new("numbers");
    world.fest(
        "2026-01-01T03:00:00",
        &[
            // 000005 is P's number and was O's. 000006 is on two packages, and the lower Id has no group.
            ("O", "000004", "000005", "000101", "2020-01-01"),
            ("P", "000005", "", "", ""),
            ("R", "000006", "", "000101", "2020-01-01"),
            ("Q", "000006", "", "", ""),
            // The same Id twice is one package.
            ("S", "000011", "", "000102", "2020-01-01"),
            ("S", "000012", "", "000102", "2020-01-01"),
        ],
        &[],
    );
    for (varenr, class) in
        [("000005", "ikke_byttbar"), ("000006", "ikke_byttbar"), ("000004", "grunnlag"), ("000011", "ingen_alternativ")]
    {
        assert_eq!(classes(&dispensed(&world, varenr, &["2026-01-05"])), format!("01-05 {class}"), "{varenr}");
    }
}

#[test]
fn first_class_that_fits_and_the_licence_on_the_day_of_prescribing() {
    let world = World::new("classes");
    world.write(
        "lege/lege_2026-01-02.csv",
        "\u{feff}gyldig_til;hpr;profesjon;gyldig_fra\n2025-12-31;11;LE;2000-01-01\n;12;TL;2000-01-01\n",
    );
    world.month(
        "2026-01",
        &[
            "L1;U;;;2026-01-10;;1;0;000099;1,000;200;0;1;10,00",
            "L2;U;;;2026-01-10;;1;999999999;000099;1,000;200;0;1;10,00",
            "L3;U;;;2026-01-10;2026-01-10;1;12;000099;1,000;200;0;1;10,00",
            "L4;U;;;2026-01-10;;1;11;000099;1,000;200;0;1;10,00",
            "L5;U;;;2026-01-10;2026-01-01;1;11;000099;1,000;200;0;1;10,00",
            "L6;U;;;2026-01-10;2025-12-31;1;11;000099;1,000;200;0;1;10,00",
            "L7;U;;;2026-01-10;2025-12-31;1;11;000099;1,000;200;0;0;10,00",
            "L8;U;;;2026-01-10;2025-12-31;1;11;000001;1,000;400;0;0;10,00",
        ],
    );
    assert_eq!(
        classes(&world.compute("2026-02-10")),
        "L1 maskert, L2 maskert, L3 ikke_lege, L4 ikke_lege, L5 ikke_lege, L6 virkestoff, L7 ukjent_vare, L8 grunnlag"
    );
}
