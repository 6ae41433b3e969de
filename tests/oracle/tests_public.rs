//! Tests of the public tables and of what is hidden in them, worked out by hand.
//!
//! They must not know the pipeline either.

use super::hiding::{hide, withheld};
use super::table::{Cell, Table};

const COLUMNS: [&str; 8] = [
    "maaned",
    "n_leger",
    "forskrivninger",
    "reservert",
    "reservasjonsgrad",
    "storste_forskrivninger",
    "nest_storste_forskrivninger",
    "status",
];

/// One month: doctors, prescriptions, reserved, and the two largest doctors' prescriptions.
fn month(numbers: [i64; 5]) -> Table {
    let [doctors, n, r, first, second] = numbers;
    let count = Cell::Count;
    let row = vec![
        Cell::text("2026-01"),
        count(doctors),
        count(n),
        count(r),
        Cell::Ratio(r, n),
        count(first),
        count(second),
        Cell::text("vist"),
    ];
    Table { name: "reservasjon_nasjonal_maaned", columns: COLUMNS.to_vec(), rows: vec![row] }
}

/// Which of n_leger, forskrivninger, reservert and reservasjonsgrad are shown.
fn shown(numbers: [i64; 5]) -> String {
    let table = hide(&month(numbers));
    assert_eq!(table.columns, ["maaned", "n_leger", "forskrivninger", "reservert", "reservasjonsgrad", "status"]);
    let row = &table.rows[0];
    let letters: String =
        row[1..5].iter().zip("dnrg".chars()).filter(|(cell, _)| **cell != Cell::Absent).map(|(_, c)| c).collect();
    assert_eq!(row[5] == Cell::text("vist"), letters == "dnrg");
    letters
}

#[test]
fn small_thin_and_dominated_counts_are_hidden() {
    assert_eq!(shown([20, 100, 50, 10, 5]), "dnrg");
    // 0 and 5 show, 1 to 4 do not; nor do 96 of 100, which leave 4.
    assert_eq!(shown([20, 100, 0, 10, 5]), "dnrg");
    assert_eq!(shown([20, 100, 5, 10, 5]), "dnrg");
    assert_eq!(shown([20, 100, 4, 10, 5]), "dn");
    assert_eq!(shown([20, 100, 96, 10, 5]), "dn");
    // Ten doctors and 30 lines are enough, one less is not.
    assert_eq!(shown([10, 30, 10, 3, 3]), "dnrg");
    assert_eq!(shown([9, 30, 10, 3, 3]), "");
    assert_eq!(shown([10, 29, 10, 3, 3]), "");
    // 100 − 60 − 34 = 6 = 10 % of 60; 35 leave 5.
    assert_eq!(shown([20, 100, 50, 60, 34]), "dnrg");
    assert_eq!(shown([20, 100, 50, 60, 35]), "dr");
}

#[test]
fn months_wait_while_one_of_them_is_hidden() {
    assert!(withheld(&[hide(&month([20, 100, 50, 10, 5]))]).is_empty());
    assert_eq!(withheld(&[hide(&month([20, 100, 4, 10, 5]))]), ["reservasjon_nasjonal_maaned"]);
}

#[test]
fn tables_agree_to_the_last_bit_and_csv_to_three_decimals() {
    let table = hide(&month([20, 800, 10, 10, 5]));
    let header = "maaned;n_leger;forskrivninger;reservert;reservasjonsgrad;status\n";
    let none: [String; 0] = [];
    assert_eq!(table.differs_from(&format!("{header}2026-01;20;800;10;0.0125;vist\n")), none);
    assert_eq!(table.differs_from(&format!("{header}2026-01;20;800;10;0.012500000000000002;vist\n")).len(), 1);
    // 1.25 % is 1.3 %: half away from zero.
    assert_eq!(table.differs_from_csv(&format!("{header}2026-01;20;800;10;0,013;vist\n")), none);
    assert_eq!(table.differs_from_csv(&format!("{header}2026-01;20;800;10;0,012;vist\n")).len(), 1);
    assert_eq!(table.differs_from_csv(header).len(), 1);
    assert_eq!(table.differs_from_csv("maaned\n").len(), 1);
}
