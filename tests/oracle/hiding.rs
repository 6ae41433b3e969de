//! What is left of a recomputed public table when D1 and D7 have hidden what they hide, and which tables wait.
//!
//! It must not know where the numbers come from.

use super::table::{Cell, Table};

/// D1: a count of 1 up to one less than this is hidden, and so is a share of fewer.
const LEAST_COUNT: i64 = 5;
/// D7: doctors and lines behind a row.
const LEAST_DOCTORS: i64 = 10;
const LEAST_LINES: i64 = 30;

/// The table as the public sees it: hidden cells are absent, their row is `skjult`, the largest doctors' parts are gone.
pub fn hide(table: &Table) -> Table {
    let helper = |column: &str| column.starts_with("storste") || column.starts_with("nest_storste");
    let kept: Vec<usize> = (0..table.columns.len()).filter(|at| !helper(table.columns[*at])).collect();
    let rows = table.rows.iter().map(|row| {
        let hidden = hidden(table, row);
        let cell = |at: &usize| match table.columns[*at] {
            "status" if hidden.contains(&true) => Cell::text("skjult"),
            _ if hidden[*at] => Cell::Absent,
            _ => row[*at].clone(),
        };
        kept.iter().map(cell).collect()
    });
    Table { name: table.name, columns: kept.iter().map(|at| table.columns[*at]).collect(), rows: rows.collect() }
}

/// Which cells of a row are hidden.
fn hidden(table: &Table, row: &[Cell]) -> Vec<bool> {
    let number = |column: &str| match table.at(column).map(|at| &row[at]) {
        Some(Cell::Count(count)) => Some(*count),
        _ => None,
    };
    let small = |count: i64| (1..LEAST_COUNT).contains(&count);
    let mut names: Vec<&str> = Vec::new();

    let doctors = number("n_leger");
    let lines = number("forskrivninger").or(number("linjer"));
    let few_doctors = doctors.is_some_and(|count| (1..LEAST_DOCTORS).contains(&count));
    let few_lines = doctors.is_some() && lines.is_some_and(|count| (1..LEAST_LINES).contains(&count));
    for column in ["n_leger", "forskrivninger", "linjer", "reservert"] {
        let Some(count) = number(column) else { continue };
        // total − x₁ − x₂ ≥ 0.10 · x₁.
        let of_column = |what: &str| number(&format!("{what}_{column}")).or(number(what));
        let dominated = match (of_column("storste"), of_column("nest_storste")) {
            (Some(first), Some(second)) if column != "n_leger" => 10 * (count - first - second) < first,
            _ => false,
        };
        if small(count) || dominated || few_doctors || few_lines {
            names.push(column);
        }
    }
    if let (Some(part), Some(whole)) = (number("reservert"), number("forskrivninger"))
        && (small(part) || small(whole - part) || whole < LEAST_COUNT)
    {
        names.push("reservert");
    }
    // D3: whatever is made of a hidden count goes with it.
    if !names.is_empty() {
        names.extend(["p10", "p25", "p50", "p75", "p90"]);
        if names.contains(&"reservert") || names.contains(&"forskrivninger") {
            names.push("reservasjonsgrad");
        }
    }
    table.columns.iter().map(|column| names.contains(column)).collect()
}

/// The tables that wait, of those that `hide` has been through: the months add up to the year, so while a cell of one
/// is hidden the other would give it back.
pub fn withheld(tables: &[Table]) -> Vec<&'static str> {
    let hides = |name: &str| {
        let table = tables.iter().find(|table| table.name == name);
        table.is_some_and(|table| table.rows.iter().any(|row| row.last() == Some(&Cell::text("skjult"))))
    };
    let waits = hides("reservasjon_nasjonal_maaned") || hides("reservasjonsgrad_landet");
    waits.then_some("reservasjon_nasjonal_maaned").into_iter().collect()
}
