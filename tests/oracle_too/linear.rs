//! Solves sums of named cells exactly for those that are not known.
//!
//! It must not know what a cell is.

use std::collections::{BTreeMap, BTreeSet};

/// The name of a count.
pub type Cell = String;

/// A sum: each cell with the number of times that it counts; together they are 0.
pub type Sum = Vec<(Cell, i64)>;

/// Cells that follow from those that are shown: Gaussian elimination over the hidden ones, in the integers modulo a prime. What a
/// shown cell is does not matter, only that it is known.
pub fn solve(sums: &[Sum], shown: &BTreeSet<Cell>) -> BTreeSet<Cell> {
    let mut index: BTreeMap<&str, usize> = BTreeMap::new();
    for (cell, _) in sums.iter().flatten().filter(|(cell, _)| !shown.contains(cell)) {
        let next = index.len();
        index.entry(cell).or_insert(next);
    }
    let mut pivots: BTreeMap<usize, BTreeMap<usize, i128>> = BTreeMap::new();
    for sum in sums {
        let mut row: BTreeMap<usize, i128> = BTreeMap::new();
        for (cell, times) in sum.iter().filter(|(cell, _)| !shown.contains(cell)) {
            *row.entry(index[cell.as_str()]).or_default() += i128::from(*times);
        }
        for (at, pivot) in &pivots {
            if let Some(times) = row.get(at).copied() {
                add(&mut row, pivot, -times);
            }
        }
        reduce(&mut row);
        let Some((first, leading)) = row.iter().next().map(|(at, times)| (*at, *times)) else { continue };
        let inverse = power(leading, PRIME - 2);
        for times in row.values_mut() {
            *times = (*times * inverse).rem_euclid(PRIME);
        }
        for pivot in pivots.values_mut() {
            if let Some(times) = pivot.get(&first).copied() {
                add(pivot, &row, -times);
            }
        }
        pivots.insert(first, row);
    }
    let alone: BTreeSet<usize> = pivots.iter().filter(|(_, row)| row.len() == 1).map(|(at, _)| *at).collect();
    index.into_iter().filter(|(_, at)| alone.contains(at)).map(|(cell, _)| cell.to_owned()).collect()
}

const PRIME: i128 = (1 << 61) - 1;

fn add(row: &mut BTreeMap<usize, i128>, other: &BTreeMap<usize, i128>, factor: i128) {
    for (at, times) in other {
        let sum = row.entry(*at).or_default();
        *sum = (*sum + factor.rem_euclid(PRIME) * times).rem_euclid(PRIME);
    }
    reduce(row);
}

fn reduce(row: &mut BTreeMap<usize, i128>) {
    row.retain(|_, times| {
        *times = times.rem_euclid(PRIME);
        *times != 0
    });
}

fn power(mut base: i128, mut exponent: i128) -> i128 {
    let mut result = 1;
    base = base.rem_euclid(PRIME);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % PRIME;
        }
        base = base * base % PRIME;
        exponent >>= 1;
    }
    result
}
