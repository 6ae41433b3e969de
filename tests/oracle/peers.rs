//! Doctors like the reader (B10): who they are, how their rates spread, and the funnel as it is drawn (B7).
//!
//! It must not know lines, groups of medicines or classes.

use std::collections::BTreeMap;

use super::deliveries::Lege;
use super::doctors::{Count, Counted, Window};
use super::funnel::{self, Point};
use super::table::{Cell, Table};

/// Quartiles are shown from so many doctors, the outermost tenths from so many; a bin holds so many.
const QUARTILE_DOCTORS: usize = 20;
const TENTH_DOCTORS: usize = 50;
const BIN_DOCTORS: i64 = 5;

/// Norway's counties from 2024.
const COUNTIES: [i64; 15] = [3, 11, 15, 18, 31, 32, 33, 34, 39, 40, 42, 46, 50, 55, 56];

/// The groups by the name that the published table gives them, in alphabetical order.
const KINDS: [&str; 6] = ["alle", "fylke", "listetredel", "praksis", "sentralitet", "spesialitet"];

/// Where the drawn funnel has its edges.
const EDGES: [i64; 15] = [5, 7, 10, 14, 20, 28, 40, 56, 80, 112, 160, 240, 480, 960, 1920];

/// Traits of everybody in the register by the window's end, and the counts of those who are compared.
pub struct Peers {
    traits: BTreeMap<i64, BTreeMap<&'static str, i64>>,
    compared: BTreeMap<i64, Count>,
    points: Vec<Point>,
}

impl Peers {
    pub fn of(window: &Window, counted: &Counted, register: &[Lege], centrality: &BTreeMap<i64, i64>) -> Self {
        let last_day = window.to.last_day();
        let mut latest: BTreeMap<i64, &Lege> = BTreeMap::new();
        for period in register.iter().filter(|period| period.gyldig_fra <= last_day) {
            let known = latest.entry(period.hpr).or_insert(period);
            if known.gyldig_fra < period.gyldig_fra {
                *known = period;
            }
        }
        let point = |hpr: &i64, count: &Count| Point { n: count.n, r: count.r, e: counted.expected[hpr] };
        let compared: BTreeMap<i64, Count> = counted
            .observed
            .iter()
            .filter(|(hpr, count)| window.complete && funnel::is_compared(&point(hpr, count)))
            .map(|(hpr, count)| (*hpr, *count))
            .collect();
        let points = compared.iter().map(|(hpr, count)| point(hpr, count)).collect();
        let traits = latest.into_iter().map(|(hpr, period)| (hpr, traits(period, centrality))).collect();
        Self { traits, compared, points }
    }

    /// The code of 7426 that a doctor counts under.
    pub fn specialty(&self, hpr: i64) -> Option<i64> {
        self.traits.get(&hpr)?.get("spesialitet").copied()
    }

    pub fn is_compared(&self, hpr: i64) -> bool {
        self.compared.contains_key(&hpr)
    }

    /// n and r of those who are compared and share a trait, from the lowest rate to the highest.
    fn members(&self, kind: &str, code: i64) -> Vec<(i64, i64)> {
        let alike = |hpr: &i64| self.traits.get(hpr).and_then(|traits| traits.get(kind)) == Some(&code);
        let whole = |count: u64| i64::try_from(count).expect("counts are small");
        let mut members: Vec<(i64, i64)> = self
            .compared
            .iter()
            .filter(|(hpr, _)| alike(hpr))
            .map(|(_, count)| (whole(count.n), whole(count.r)))
            .collect();
        members.sort_by(|(n1, r1), (n2, r2)| (r1 * n2).cmp(&(r2 * n1)));
        members
    }

    /// `reservasjon_kolleger`.
    pub fn percentiles(&self, window: &Window, pages: &[i64]) -> Table {
        let mut rows = Vec::new();
        for (hpr, kind) in pages.iter().flat_map(|hpr| KINDS.map(|kind| (*hpr, kind))) {
            let code = self.traits.get(&hpr).and_then(|traits| traits.get(kind)).copied();
            let members = code.map(|code| self.members(kind, code));
            let n = members.as_ref().map_or(0, Vec::len);
            let known = members.as_ref().filter(|_| window.complete);
            let percentile = |k: usize, least: usize| match &members {
                Some(members) if n >= least => {
                    let (n, r) = members[(k * n).div_ceil(100) - 1];
                    Cell::Ratio((400 * r + n) / (2 * n), 200)
                }
                _ => Cell::Absent,
            };
            rows.push(vec![
                Cell::Count(hpr),
                Cell::text(kind),
                Cell::count(code),
                Cell::count(known.map(|members| i64::try_from(members.len()).expect("counts are small"))),
                percentile(10, TENTH_DOCTORS),
                percentile(25, QUARTILE_DOCTORS),
                percentile(50, QUARTILE_DOCTORS),
                percentile(75, QUARTILE_DOCTORS),
                percentile(90, TENTH_DOCTORS),
                Cell::text(if n >= QUARTILE_DOCTORS { "vist" } else { "mangler" }),
            ]);
        }
        let columns = ["rekvirent_hpr", "gruppe", "kode", "n_leger", "p10", "p25", "p50", "p75", "p90", "status"];
        Table { name: "reservasjon_kolleger", columns: columns.to_vec(), rows }
    }

    /// `reservasjon_kolleger_fordeling`.
    pub fn bins(&self, pages: &[i64]) -> Table {
        let mut rows = Vec::new();
        for (hpr, kind) in pages.iter().flat_map(|hpr| ["alle", "spesialitet"].map(|kind| (*hpr, kind))) {
            let Some(code) = self.traits.get(&hpr).and_then(|traits| traits.get(kind)) else { continue };
            for (from, to, doctors) in bins(&self.members(kind, *code)) {
                rows.push(vec![
                    Cell::Count(hpr),
                    Cell::text(kind),
                    Cell::Count(from),
                    Cell::count((to <= 100).then_some(to)),
                    Cell::Count(doctors),
                    Cell::text("vist"),
                ]);
            }
        }
        let columns = ["rekvirent_hpr", "gruppe", "fra_prosent", "til_prosent", "n_leger", "status"];
        Table { name: "reservasjon_kolleger_fordeling", columns: columns.to_vec(), rows }
    }

    /// `reservasjon_trakt`.
    pub fn funnel(&self, pages: &[i64]) -> Table {
        let mut bands = Vec::new();
        for (at, from) in EDGES.iter().enumerate() {
            let Some(limits) = funnel::limits_of_all(&self.points, *from as f64) else { continue };
            let to = EDGES.get(at + 1).copied();
            let inside = |point: &&Point| point.e >= *from as f64 && to.is_none_or(|to| point.e < to as f64);
            let mut ratios: Vec<f64> =
                self.points.iter().filter(inside).map(|point| point.r as f64 / point.e).collect();
            ratios.sort_by(f64::total_cmp);
            let percentile = |k: usize, least: usize| match ratios.len() {
                n if n >= least => Cell::Real((ratios[(k * n).div_ceil(100) - 1] * 10.0).round() / 10.0, 1),
                _ => Cell::Absent,
            };
            let limit = |limit: f64| Cell::Real(limit, 2);
            let n = i64::try_from(ratios.len()).expect("counts are small");
            bands.push(vec![
                Cell::Count(*from),
                Cell::count(to),
                limit(limits.lower95),
                limit(limits.upper95),
                limit(limits.lower998),
                limit(limits.upper998),
                Cell::count((ratios.len() >= QUARTILE_DOCTORS).then_some(n)),
                percentile(10, TENTH_DOCTORS),
                percentile(25, QUARTILE_DOCTORS),
                percentile(50, QUARTILE_DOCTORS),
                percentile(75, QUARTILE_DOCTORS),
                percentile(90, TENTH_DOCTORS),
                Cell::text("vist"),
            ]);
        }
        let row = |hpr: i64| bands.iter().map(move |band| [vec![Cell::Count(hpr)], band.clone()].concat());
        let columns = [
            "rekvirent_hpr",
            "forventet_fra",
            "forventet_til",
            "trakt95_nedre",
            "trakt95_ovre",
            "trakt998_nedre",
            "trakt998_ovre",
            "n_leger",
            "p10",
            "p25",
            "p50",
            "p75",
            "p90",
            "status",
        ];
        let rows = pages.iter().flat_map(|hpr| row(*hpr)).collect();
        Table { name: "reservasjon_trakt", columns: columns.to_vec(), rows }
    }
}

/// What a doctor shares with others; of centrality only where Klass 128 is delivered.
fn traits(period: &Lege, centrality: &BTreeMap<i64, i64>) -> BTreeMap<&'static str, i64> {
    let specialty = if period.er_fastlege { Some(1) } else { period.spesialiteter.iter().min().copied() };
    let county = period.kommunenr.map(|kommunenr| kommunenr / 100).filter(|county| COUNTIES.contains(county));
    [
        ("alle", Some(0)),
        ("fylke", county),
        ("listetredel", period.listetredel),
        ("praksis", Some(i64::from(period.er_fastlege))),
        ("sentralitet", period.kommunenr.and_then(|kommunenr| centrality.get(&kommunenr).copied())),
        ("spesialitet", specialty),
    ]
    .into_iter()
    .filter_map(|(kind, code)| Some((kind, code?)))
    .collect()
}

/// (first per cent, per cent after the last, doctors) in ascending order: from either edge towards the median's per cent,
/// which belongs to the upper side, each bin closed when it holds enough.
fn bins(members: &[(i64, i64)]) -> Vec<(i64, i64, i64)> {
    if members.len() < QUARTILE_DOCTORS {
        return Vec::new();
    }
    let percent = |(n, r): &(i64, i64)| 100 * r / n;
    let median = percent(&members[members.len().div_ceil(2) - 1]);
    let at = |wanted: i64| -> i64 {
        members.iter().filter(|member| percent(member) == wanted).count().try_into().expect("counts are small")
    };
    // Each bin as (per cents from the edge inwards, doctors).
    let merge = |order: Vec<i64>| {
        let mut all: Vec<(Vec<i64>, i64)> = Vec::new();
        for wanted in order {
            match all.last_mut() {
                Some((percents, doctors)) if *doctors < BIN_DOCTORS => {
                    percents.push(wanted);
                    *doctors += at(wanted);
                }
                _ => all.push((vec![wanted], at(wanted))),
            }
        }
        // What is left at the inner end joins the bin before it.
        if let [.., (before, doctors), (rest, few)] = all.as_mut_slice()
            && *few < BIN_DOCTORS
        {
            before.append(rest);
            *doctors += *few;
            all.pop();
        }
        all
    };
    let mut upper = merge((median..=100).rev().collect());
    let mut lower = merge((0..median).collect());
    // A side with too few altogether joins the other one's innermost bin.
    if let [(percents, doctors)] = lower.as_mut_slice()
        && *doctors < BIN_DOCTORS
        && let Some(innermost) = upper.last_mut()
    {
        innermost.0.append(percents);
        innermost.1 += *doctors;
        lower.clear();
    }
    let mut bins: Vec<(i64, i64, i64)> = lower
        .into_iter()
        .chain(upper)
        .filter_map(|(percents, doctors)| Some((*percents.iter().min()?, *percents.iter().max()? + 1, doctors)))
        .collect();
    bins.sort_unstable();
    bins
}
