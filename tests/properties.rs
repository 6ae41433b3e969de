//! What holds of reservations whatever the lines are: on worlds of several seeds, and on each again with its lines in
//! another order.

use std::collections::BTreeMap;

use arrow::array::AsArray;
use arrow::datatypes::Float64Type;

use crate::oracle::world;
use crate::recompute::{compare_doctors, compare_lines, compare_tables, recomputed};
use crate::same_bytes::turn_rows;
use crate::support::{AS_OF, Root, integers, texts};

const SEEDS: [u64; 3] = [1, 4_711, 99_991];

fn whole(root: &Root, table: &str, column: &str) -> Vec<i64> {
    root.table(table).iter().flat_map(|batch| integers(batch, column)).flatten().collect()
}

fn real(root: &Root, table: &str, column: &str) -> Vec<f64> {
    let batches = root.table(table);
    let of = |batch: &arrow::array::RecordBatch| -> Vec<f64> {
        let column = batch.column_by_name(column).unwrap().as_primitive::<Float64Type>();
        column.iter().flatten().collect()
    };
    batches.iter().flat_map(of).collect()
}

/// The sum of a column over the newest window's rows.
fn of_this_window(root: &Root, table: &str, column: &str) -> i64 {
    whole(root, table, "vindu")
        .into_iter()
        .zip(whole(root, table, column))
        .filter(|(w, _)| *w == 1)
        .map(|(_, n)| n)
        .sum()
}

/// Table and partition → content, of every table that models make.
fn contents(root: &Root) -> BTreeMap<(String, String), String> {
    let state = root.state();
    let of = |(table, partitions): (&String, &BTreeMap<String, speil::lake::Entry>)| {
        let made = partitions.iter().filter(|(_, entry)| entry.key.is_some());
        made.map(|(at, entry)| ((table.clone(), at.clone()), entry.content.clone())).collect::<Vec<_>>()
    };
    state.tables.iter().flat_map(of).collect()
}

#[test]
fn sums_and_bounds_hold_on_worlds_of_several_seeds_in_any_order_of_their_lines() {
    for seed in SEEDS {
        let root = Root::bare();
        world::tiny_world_of(root.path(), seed);
        root.run();
        let figures = recomputed(&root, AS_OF);
        compare_lines(&root, &figures);
        compare_doctors(&root, &figures);
        compare_tables(&root, &figures);

        // Doctors are counties with the unknown are the nation.
        for count in ["n", "r"] {
            let nation = of_this_window(&root, "landet_tall", count);
            assert!(nation > 0);
            assert_eq!(of_this_window(&root, "lege_sum", count), nation, "{seed} {count}");
            assert_eq!(whole(&root, "fylke_sum", count).iter().sum::<i64>(), nation, "{seed} {count}");
        }
        // What is expected is what was observed, and rates and their limits lie between 0 and 1, in their order.
        let windows = whole(&root, "lege_sum", "vindu").into_iter();
        let expected = windows.zip(real(&root, "lege_sum", "forventet")).filter(|(window, _)| *window == 1);
        let expected: f64 = expected.map(|(_, expected)| expected).sum();
        let observed = of_this_window(&root, "lege_sum", "r");
        assert!((expected - observed as f64).abs() < 1e-6 * expected.max(1.0), "{seed}: {expected} and {observed}");
        let of = |column| real(&root, "reservasjonsgrad_lege", column);
        let rates = of("reservasjonsgrad");
        assert!(rates.len() > 10 && rates.iter().all(|rate| (0.0..=1.0).contains(rate)), "{seed}");
        for ((low, rate), high) in of("nedre").into_iter().zip(&rates).zip(of("ovre")) {
            assert!(0.0 <= low && low <= *rate && *rate <= high && high <= 1.0, "{seed}: {low} {rate} {high}");
        }
        // Every net line is of one class.
        let lines: usize = root.table("linje_klasse").iter().map(arrow::array::RecordBatch::num_rows).sum();
        let classes = whole(&root, "linje_klasse", "klasse");
        assert!(classes.len() == lines && classes.iter().all(|class| (1..=9).contains(class)), "{seed}");
        let mut ids: Vec<(String, String)> = Vec::new();
        for batch in root.table("linje_klasse") {
            let of = |name| texts(batch.column_by_name(name).unwrap());
            ids.extend(of("utleveringsdato").into_iter().zip(of("linje_id")));
        }
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), lines, "{seed}");

        // Netting, and all that follows, knows no order.
        let turned = Root::bare();
        turned.copy_from(&root, |_| true);
        for file in speil::disk::files_below(&turned.landing("utlevering")).unwrap() {
            turn_rows(&turned.landing("utlevering").join(file));
        }
        turned.run();
        assert!(contents(&turned) == contents(&root), "{seed}: the order of lines matters");
    }
}
