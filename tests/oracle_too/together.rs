//! Plays the one who has all public tables of TOO, of this release and of those before it, and knows the definitions: all that
//! is shown and all that must hold, solved together for what is hidden; and how small and large the rest can be.
//!
//! It must not know the pipeline, nor why a count is hidden.

use std::collections::{BTreeMap, BTreeSet};

use super::bounds::Bounds;
use super::cells::Cells;
use super::identities::Identities;
use super::nested::{nested, tells_of_all};
use super::reduced::Reduced;

const SMALLEST: i64 = 5;

/// What came out.
pub struct Attack {
    /// Small counts that follow, in words.
    pub leaks: Vec<String>,
    /// Sums that hold, and those that one would expect and that are off.
    pub n_sums: usize,
    pub broken: Vec<String>,
    /// Hidden counts that stand in sums, and those of them that follow.
    pub n_hidden: usize,
    pub n_solved: usize,
}

/// Counts by number.
struct System {
    names: Vec<String>,
    numbers: BTreeMap<String, usize>,
    truth: Vec<i64>,
    known: Vec<bool>,
    sums: Vec<Vec<(usize, i64)>>,
    signed: BTreeSet<usize>,
}

impl System {
    fn number(&mut self, name: &str, truth: i64, known: bool) -> usize {
        if let Some(at) = self.numbers.get(name) {
            return *at;
        }
        let at = self.names.len();
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), at);
        self.truth.push(truth);
        self.known.push(known);
        at
    }

    /// The sums of what is hidden, a system for each part that hangs together.
    fn reduced(&self) -> Reduced {
        let hidden = self
            .sums
            .iter()
            .map(|sum| sum.iter().filter(|(at, _)| !self.known[*at]).copied().collect::<Vec<(usize, i64)>>());
        let mut hidden: Vec<Vec<(usize, i64)>> = hidden.filter(|sum| !sum.is_empty()).collect();
        // Short sums first: they make the long ones shorter.
        hidden.sort_by_key(Vec::len);
        Reduced::of(hidden)
    }

    fn bounds(&self, nested: &[(usize, usize)], between: &BTreeMap<String, (i64, i64)>) -> Bounds {
        let known = |at: usize| self.known[at].then(|| self.truth[at]);
        let mut bounds = Bounds::start(self.names.len(), known, |at| self.signed.contains(&at));
        for (name, ends) in between {
            if let Some(at) = self.numbers.get(name) {
                bounds.between(*at, *ends);
            }
        }
        bounds.narrow(&self.sums, nested);
        bounds
    }
}

/// The attack on what `cells` shows, with what earlier releases showed and still is so.
pub fn attack(cells: &Cells, earlier: &[&Cells]) -> Attack {
    let identities = Identities::of(cells);
    let shown = |name: &str| {
        cells.shown.contains(name)
            || earlier.iter().any(|then| then.shown.contains(name) && then.count(name) == cells.count(name))
    };
    let mut system = System {
        names: vec![],
        numbers: BTreeMap::new(),
        truth: vec![],
        known: vec![],
        sums: vec![],
        signed: BTreeSet::new(),
    };
    for sum in &identities.sums {
        let terms = sum.iter().map(|(name, times)| {
            let truth = identities.named.get(name).copied().unwrap_or_else(|| cells.count(name));
            (system.number(name, truth, shown(name)), *times)
        });
        let mut terms: Vec<(usize, i64)> = terms.collect();
        terms.sort_unstable();
        system.sums.push(terms);
    }
    for name in &cells.shown {
        system.number(name, cells.count(name), true);
    }
    system.signed = identities.signed.iter().filter_map(|name| system.numbers.get(name).copied()).collect();
    let pairs = pairs(&mut system, cells, &shown);
    let n_hidden = system.known.iter().filter(|known| !**known).count();

    // What follows is known, and more may follow from it.
    let asked = system.known.clone();
    let (reduced, bounds) = loop {
        let reduced = system.reduced();
        let alone = reduced.alone();
        alone.iter().for_each(|at| system.known[*at] = true);
        let bounds = system.bounds(&pairs, &cells.between);
        let pinned: Vec<usize> =
            (0..system.names.len()).filter(|at| !system.known[*at] && bounds.0[*at].0 == bounds.0[*at].1).collect();
        pinned.iter().for_each(|at| system.known[*at] = true);
        if pinned.is_empty() {
            break (system.reduced(), bounds);
        }
    };
    let n_solved = asked.iter().zip(&system.known).filter(|(before, now)| **now && !**before).count();
    let mut leaks = Vec::new();
    let small = |count: i64| (1..SMALLEST).contains(&count);
    for (at, name) in system.names.iter().enumerate() {
        let count = system.truth[at];
        if !small(count.abs()) || earlier_itself(name, cells, earlier) {
            continue;
        }
        if system.known[at] {
            let how = if asked[at] { "is shown" } else { "follows" };
            leaks.push(format!("{name} {how}, and is {count}"));
        } else if 1 <= bounds.0[at].0 && bounds.0[at].1 < SMALLEST {
            leaks.push(format!("{name} is {} to {}", bounds.0[at].0, bounds.0[at].1));
        }
    }
    for (whole, part) in &pairs {
        let left = system.truth[*whole] - system.truth[*part];
        let names = || format!("{} less {}", system.names[*whole], system.names[*part]);
        let all = left == 0 && system.truth[*part] > 0 && tells_of_all(&system.names[*part]);
        if !small(left) && !all {
            continue;
        }
        let terms: Vec<(usize, i64)> =
            [(*whole, 1), (*part, -1)].into_iter().filter(|(at, _)| !system.known[*at]).collect();
        if reduced.determines(&terms) {
            leaks.push(format!("{} is {left}", names()));
        } else if all {
            continue;
        } else {
            let (whole, part) = (bounds.0[*whole], bounds.0[*part]);
            if whole.0 - part.1 >= 1 && whole.1 - part.0 < SMALLEST {
                leaks.push(format!("{} is {} to {}", names(), whole.0 - part.1, whole.1 - part.0));
            }
        }
    }
    leaks.sort();
    Attack { leaks, n_sums: system.sums.len(), broken: identities.broken, n_hidden, n_solved }
}

/// Nothing can be taken back: what was public itself is told of, not protected (D5).
fn earlier_itself(name: &str, cells: &Cells, earlier: &[&Cells]) -> bool {
    !cells.shown.contains(name) && earlier.iter().any(|then| then.shown.contains(name))
}

/// The pairs of counts, of all areas and periods, of which one holds the other.
fn pairs(system: &mut System, cells: &Cells, shown: &impl Fn(&str) -> bool) -> Vec<(usize, usize)> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in &system.names {
        let (what, place) = name.split_once('|').expect("a count has a place");
        places.entry(what.to_owned()).or_default().push(place.to_owned());
    }
    let mut found = Vec::new();
    for (whole, part) in nested() {
        for place in places.get(&part).into_iter().flatten() {
            let [whole, part] = [&whole, &part].map(|what| format!("{what}|{place}"));
            if !cells.truth.contains_key(&whole) || !cells.truth.contains_key(&part) {
                continue;
            }
            let [whole, part] = [whole, part].map(|name| {
                let (truth, known) = (cells.count(&name), shown(&name));
                system.number(&name, truth, known)
            });
            found.push((whole, part));
        }
    }
    found
}
