//! A system of sums, reduced: each sum says one hidden count by counts that are free. Whether any sum of hidden counts is
//! determined is then read off. Exact: integers modulo a prime.
//!
//! It must not know what a count is.

use std::collections::{BTreeMap, BTreeSet};

const PRIME: i128 = (1 << 61) - 1;

type Row = BTreeMap<usize, i128>;

/// Each sum solved for one of its counts.
#[derive(Default)]
pub struct Reduced {
    /// Count → what it is less itself: other counts with their factors, together 0.
    rows: BTreeMap<usize, Row>,
    /// Free count → the counts whose rows have it.
    users: BTreeMap<usize, BTreeSet<usize>>,
}

impl Reduced {
    pub fn of(sums: impl IntoIterator<Item = Vec<(usize, i64)>>) -> Reduced {
        let mut reduced = Reduced::default();
        for sum in sums {
            reduced.take(&sum);
        }
        reduced
    }

    /// The sum in free counts alone.
    fn free(&self, sum: &[(usize, i64)]) -> Row {
        let mut row = Row::new();
        for (at, times) in sum {
            match self.rows.get(at) {
                // The count is minus the others of its row.
                Some(own) => own.iter().filter(|(other, _)| *other != at).for_each(|(other, factor)| {
                    add(&mut row, *other, -i128::from(*times) * factor);
                }),
                None => add(&mut row, *at, i128::from(*times)),
            }
        }
        row
    }

    fn take(&mut self, sum: &[(usize, i64)]) {
        let mut row = self.free(sum);
        // The one that fewest rows have is solved for.
        let users = |at: &usize| self.users.get(at).map_or(0, BTreeSet::len);
        let Some(pivot) = row.keys().copied().min_by_key(users) else { return };
        let inverse = power(row[&pivot], PRIME - 2);
        for factor in row.values_mut() {
            *factor = *factor * inverse % PRIME;
        }
        for user in self.users.remove(&pivot).unwrap_or_default() {
            let mut own = self.rows.remove(&user).expect("a user has a row");
            let times = own[&pivot];
            for (other, factor) in &row {
                let before = own.contains_key(other);
                add(&mut own, *other, -times * factor);
                match (before, own.contains_key(other)) {
                    (false, true) => drop(self.users.entry(*other).or_default().insert(user)),
                    (true, false) if *other != pivot => {
                        if let Some(users) = self.users.get_mut(other) {
                            users.remove(&user);
                        }
                    }
                    _ => {}
                }
            }
            self.rows.insert(user, own);
        }
        for other in row.keys().filter(|other| **other != pivot) {
            self.users.entry(*other).or_default().insert(pivot);
        }
        self.rows.insert(pivot, row);
    }

    /// Whether a sum of counts follows.
    pub fn determines(&self, sum: &[(usize, i64)]) -> bool {
        self.free(sum).is_empty()
    }

    /// Counts that follow.
    pub fn alone(&self) -> Vec<usize> {
        self.rows.iter().filter(|(_, row)| row.len() == 1).map(|(at, _)| *at).collect()
    }
}

fn add(row: &mut Row, at: usize, factor: i128) {
    let sum = (row.get(&at).copied().unwrap_or(0) + factor).rem_euclid(PRIME);
    if sum == 0 {
        row.remove(&at);
    } else {
        row.insert(at, sum);
    }
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
