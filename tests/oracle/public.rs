//! The public tables before anything is hidden, and each doctor's months (A2, A3, B1, B10, D7).
//!
//! It must not know how a line got its class, nor what is hidden afterwards.

use std::collections::{BTreeMap, BTreeSet};

use super::Classed;
use super::csv::Month;
use super::deliveries::Utlevering;
use super::doctors::{Count, Counted, Window};
use super::netting::Netting;
use super::table::{Cell, Table};

/// Who is compared: so many prescriptions, so many expected reservations.
const FUNNEL_PRESCRIPTIONS: u64 = 100;
const FUNNEL_EXPECTED: f64 = 5.0;

/// Quartiles are shown from so many doctors, the outermost tenths from so many.
const QUARTILE_DOCTORS: usize = 20;
const TENTH_DOCTORS: usize = 50;

/// Doctors in a bin of the histogram.
const BIN_DOCTORS: i64 = 10;

fn signed(count: u64) -> i64 {
    count.try_into().expect("counts are small")
}

/// The largest and the second largest; zero where there is none.
fn two_largest(values: impl Iterator<Item = i64>) -> (i64, i64) {
    let mut values: Vec<i64> = values.collect();
    values.sort_unstable_by(|a, b| b.cmp(a));
    let at = |place: usize| values.get(place).copied().unwrap_or_default();
    (at(0), at(1))
}

fn status(shown: bool) -> Cell {
    Cell::text(if shown { "vist" } else { "mangler" })
}

/// The months up to the window's end in which every line tells whether it is a prescription's first dispensing.
fn numbered(window: &Window, net: &[Classed]) -> BTreeSet<Month> {
    let month = |net: &Classed| Month::of(net.line.utleveringsdato);
    let all: BTreeSet<Month> = net.iter().map(month).filter(|month| *month <= window.to).collect();
    let missing: BTreeSet<Month> = net.iter().filter(|net| net.line.utlevering_nr.is_none()).map(month).collect();
    all.difference(&missing).copied().collect()
}

/// First dispensings of the basis per month and doctor.
fn prescriptions(net: &[Classed]) -> BTreeMap<(Month, i64), Count> {
    let mut counts: BTreeMap<(Month, i64), Count> = BTreeMap::new();
    for Classed { line, group, .. } in net {
        if group.is_some() && line.utlevering_nr == Some(1) {
            let count = counts.entry((Month::of(line.utleveringsdato), line.rekvirent_hpr)).or_default();
            count.n += 1;
            count.r += u64::from(line.reservasjon == 1);
        }
    }
    counts
}

/// `reservasjon_nasjonal_maaned`.
pub fn months(window: &Window, net: &[Classed]) -> Table {
    let numbered = numbered(window, net);
    let mut by_month: BTreeMap<Month, Vec<Count>> = BTreeMap::new();
    for ((month, _), count) in prescriptions(net) {
        if numbered.contains(&month) {
            by_month.entry(month).or_default().push(count);
        }
    }
    let mut columns = vec!["maaned", "n_leger", "forskrivninger", "reservert", "reservasjonsgrad"];
    columns.extend(LARGEST);
    columns.push("status");
    let row = |(month, doctors): (Month, Vec<Count>)| {
        let (n, r) = sums(&doctors);
        let mut row = vec![Cell::text(month), Cell::Count(signed(doctors.len() as u64))];
        row.extend([Cell::Count(n), Cell::Count(r), Cell::Ratio(r, n)]);
        row.extend(largest(&doctors));
        row.push(status(true));
        row
    };
    Table { name: "reservasjon_nasjonal_maaned", columns, rows: by_month.into_iter().map(row).collect() }
}

const LARGEST: [&str; 4] =
    ["storste_forskrivninger", "nest_storste_forskrivninger", "storste_reservert", "nest_storste_reservert"];

fn largest(doctors: &[Count]) -> [Cell; 4] {
    let n = two_largest(doctors.iter().map(|count| signed(count.n)));
    let r = two_largest(doctors.iter().map(|count| signed(count.r)));
    [n.0, n.1, r.0, r.1].map(Cell::Count)
}

fn sums(doctors: &[Count]) -> (i64, i64) {
    (signed(doctors.iter().map(|count| count.n).sum()), signed(doctors.iter().map(|count| count.r).sum()))
}

/// `reservasjonsgrad_landet`.
pub fn nation(window: &Window, counted: &Counted) -> Table {
    let doctors: Vec<Count> = counted.observed.values().copied().collect();
    let (n, r) = sums(&doctors);
    let known = window.complete && counted.prescriptions;
    let (n, r) = (known.then_some(n), known.then_some(r));
    let mut columns = vec!["fra_maaned", "til_maaned", "n_leger", "forskrivninger", "reservert", "reservasjonsgrad"];
    columns.extend(LARGEST);
    columns.push("status");
    let mut row = vec![
        Cell::text(window.from),
        Cell::text(window.to),
        Cell::count(window.complete.then_some(signed(doctors.len() as u64))),
        Cell::count(n),
        Cell::count(r),
        Cell::ratio(r, n),
    ];
    row.extend(largest(&doctors));
    row.push(status(n > Some(0)));
    Table { name: "reservasjonsgrad_landet", columns, rows: vec![row] }
}

/// `reservasjon_klasser`: net lines by class, corrections without effect by the rule that stopped them, and what was outside
/// the paragraphs. A class without lines in the window's first month, or in its last, would tell a month (D5).
pub fn classes(window: &Window, net: &[Classed], delivered: &Utlevering, netting: &Netting) -> Table {
    let mut lines: Vec<(&str, i64, Month)> = Vec::new();
    for Classed { line, class, .. } in net.iter().filter(|net| window.contains(net.line.utleveringsdato)) {
        lines.push((class, line.rekvirent_hpr, Month::of(line.utleveringsdato)));
    }
    for (line, status) in delivered.lines.iter().zip(&netting.status) {
        if let (Some(status), Some((_, concerned))) = (status, &line.gjelder)
            && *status != "virker"
            && window.contains(*concerned)
        {
            lines.push((status, line.rekvirent_hpr, Month::of(*concerned)));
        }
    }
    let mut by_class: BTreeMap<&str, BTreeMap<i64, i64>> = BTreeMap::new();
    let mut months: BTreeMap<&str, BTreeSet<Month>> = BTreeMap::new();
    for (class, hpr, month) in lines {
        months.entry(class).or_default().insert(month);
        let prescriber = if hpr == 999_999_999 { 0 } else { hpr };
        *by_class.entry(class).or_default().entry(prescriber).or_default() += 1;
    }
    let in_window = delivered.outside.iter().filter(|(month, _)| (window.from..=window.to).contains(*month));
    let outside: u64 = in_window.map(|(_, rows)| rows).sum();
    if outside > 0 {
        by_class.insert("utenfor_hjemmel", BTreeMap::from([(0, signed(outside))]));
        let with_rows = delivered.outside.iter().filter(|(_, rows)| **rows > 0);
        months.insert("utenfor_hjemmel", with_rows.map(|(month, _)| *month).collect());
    }

    let row = |(class, by_prescriber): (&str, BTreeMap<i64, i64>)| {
        let is_safe = [window.from, window.to].iter().all(|month| months[class].contains(month));
        let known = |value: i64| Cell::count((window.complete && is_safe).then_some(value));
        let total = by_prescriber.values().sum();
        let of_somebody: Vec<i64> =
            by_prescriber.iter().filter(|(hpr, _)| **hpr != 0).map(|(_, lines)| *lines).collect();
        let (first, second) = two_largest(of_somebody.iter().copied());
        let nobodys = matches!(class, "maskert" | "utenfor_hjemmel");
        let of_doctors = |value: i64| if nobodys { Cell::Absent } else { known(value) };
        vec![
            Cell::text(class),
            Cell::text(window.from),
            Cell::text(window.to),
            known(total),
            of_doctors(signed(of_somebody.len() as u64)),
            of_doctors(first),
            of_doctors(second),
            if window.complete && !is_safe { Cell::text("skjult") } else { status(window.complete) },
        ]
    };
    let columns = vec!["klasse", "fra_maaned", "til_maaned", "linjer", "n_leger", "storste", "nest_storste", "status"];
    Table { name: "reservasjon_klasser", columns, rows: by_class.into_iter().map(row).collect() }
}

/// n and r of the doctors that are compared; nobody before 12 months are delivered.
fn funnel(window: &Window, counted: &Counted) -> Vec<(i64, i64)> {
    let compared = counted.observed.iter().filter(|(hpr, count)| {
        window.complete && count.n >= FUNNEL_PRESCRIPTIONS && counted.expected[*hpr] >= FUNNEL_EXPECTED
    });
    compared.map(|(_, count)| (signed(count.n), signed(count.r))).collect()
}

/// `reservasjon_fordeling`.
pub fn percentiles(window: &Window, counted: &Counted) -> Table {
    let mut doctors = funnel(window, counted);
    // r₁ / n₁ before r₂ / n₂, without a rounded quotient.
    doctors.sort_by_key(|doctor| *doctor);
    doctors.sort_by(|(n1, r1), (n2, r2)| (r1 * n2).cmp(&(r2 * n1)));
    let percentile = |k: usize, least: usize| {
        if doctors.len() < least {
            return Cell::Absent;
        }
        let (n, r) = doctors[(k * doctors.len()).div_ceil(100) - 1];
        // To half percentage points, half away from zero: 200 · r / n.
        Cell::Ratio((400 * r + n) / (2 * n), 200)
    };
    let row = vec![
        Cell::text(window.from),
        Cell::text(window.to),
        Cell::count(window.complete.then_some(signed(doctors.len() as u64))),
        percentile(10, TENTH_DOCTORS),
        percentile(25, QUARTILE_DOCTORS),
        percentile(50, QUARTILE_DOCTORS),
        percentile(75, QUARTILE_DOCTORS),
        percentile(90, TENTH_DOCTORS),
        status(doctors.len() >= QUARTILE_DOCTORS),
    ];
    let columns = vec!["fra_maaned", "til_maaned", "n_leger", "p10", "p25", "p50", "p75", "p90", "status"];
    Table { name: "reservasjon_fordeling", columns, rows: vec![row] }
}

/// `reservasjonsgrad_histogram`: whole per cents, put together from the top until ten doctors are in a bin.
pub fn histogram(window: &Window, counted: &Counted) -> Table {
    let mut at: BTreeMap<i64, i64> = BTreeMap::new();
    for (n, r) in funnel(window, counted) {
        *at.entry(100 * r / n).or_default() += 1;
    }
    // (first per cent, per cent after the last, doctors), from the top.
    let mut bins: Vec<(i64, i64, i64)> = Vec::new();
    for percent in (0..=100).rev() {
        let doctors = at.get(&percent).copied().unwrap_or_default();
        match bins.last_mut() {
            Some(bin) if bin.2 < BIN_DOCTORS => *bin = (percent, bin.1, bin.2 + doctors),
            _ => bins.push((percent, percent + 1, doctors)),
        }
    }
    // What is left at the bottom joins the bin above.
    if let [.., above, last] = bins.as_mut_slice()
        && last.2 < BIN_DOCTORS
    {
        *above = (last.0, above.1, above.2 + last.2);
        bins.pop();
    }
    bins.retain(|bin| bin.2 > 0);
    let row = |(from, to, doctors): &(i64, i64, i64)| {
        let to = Cell::count((*to <= 100).then_some(*to));
        vec![
            Cell::Count(*from),
            to,
            Cell::text(window.from),
            Cell::text(window.to),
            Cell::Count(*doctors),
            status(true),
        ]
    };
    let columns = vec!["fra_prosent", "til_prosent", "fra_maaned", "til_maaned", "n_leger", "status"];
    Table { name: "reservasjonsgrad_histogram", columns, rows: bins.iter().rev().map(row).collect() }
}

/// `reservasjonsgrad_lege_maaned`, for the doctors that have a page: every month in which they have a line of any class.
pub fn doctor_months(window: &Window, net: &[Classed], counted: &Counted, pages: &[i64]) -> Table {
    let numbered = numbered(window, net);
    let prescriptions = prescriptions(net);
    // Dispensings of the basis, and those of them that the doctor reserved.
    let mut all: BTreeMap<(i64, Month), Count> = BTreeMap::new();
    for Classed { line, group, .. } in net {
        let month = Month::of(line.utleveringsdato);
        if month <= window.to && pages.contains(&line.rekvirent_hpr) {
            let count = all.entry((line.rekvirent_hpr, month)).or_default();
            count.n += u64::from(group.is_some());
            count.r += u64::from(group.is_some() && line.reservasjon == 1);
        }
    }
    let row = |((hpr, month), dispensed): ((i64, Month), Count)| {
        let first = prescriptions.get(&(month, hpr)).copied().unwrap_or_default();
        let count = match (counted.prescriptions, numbered.contains(&month)) {
            (true, true) => Some(first),
            (true, false) => None,
            (false, _) => Some(dispensed),
        };
        let (n, r) = (count.map(|count| signed(count.n)), count.map(|count| signed(count.r)));
        vec![
            Cell::Count(hpr),
            Cell::text(month),
            Cell::count(n.filter(|_| counted.prescriptions)),
            Cell::count(r),
            Cell::Count(signed(dispensed.n)),
            Cell::ratio(r, n),
            status(n > Some(0)),
        ]
    };
    let columns =
        vec!["rekvirent_hpr", "maaned", "forskrivninger", "reservert", "utleveringer", "reservasjonsgrad", "status"];
    Table { name: "reservasjonsgrad_lege_maaned", columns, rows: all.into_iter().map(row).collect() }
}
