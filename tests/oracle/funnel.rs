//! The funnel (B7) and what it says of a doctor (B8), in plain floating point and in the order of the definition.
//!
//! It must not know what is counted or of whom: observed and expected numbers go in.

use std::collections::BTreeMap;

/// Who is compared: at least so many prescriptions, and so many of them expected to be reserved.
const PRESCRIPTIONS: u64 = 100;
const EXPECTED: f64 = 5.0;
const Z95: f64 = 1.959964;
const Z998: f64 = 3.090232;

/// Limits of the ratio O / E.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    pub lower95: f64,
    pub upper95: f64,
    pub lower998: f64,
    pub upper998: f64,
}

/// A doctor's prescriptions, those that are reserved, and how many were expected to be.
#[derive(Clone, Copy)]
pub struct Point {
    pub n: u64,
    pub r: u64,
    pub e: f64,
}

pub fn is_compared(point: &Point) -> bool {
    point.n >= PRESCRIPTIONS && point.e >= EXPECTED
}

/// The limits of everybody who is compared. Nobody has any when there is one doctor only.
pub fn limits(doctors: &BTreeMap<i64, Point>) -> BTreeMap<i64, Limits> {
    let compared: BTreeMap<i64, Point> =
        doctors.iter().filter(|(_, point)| is_compared(point)).map(|(hpr, point)| (*hpr, *point)).collect();
    if compared.len() < 2 {
        return BTreeMap::new();
    }
    let points: Vec<Point> = compared.values().copied().collect();
    let (_, tau2) = spread(&points);
    compared.iter().map(|(hpr, point)| (*hpr, limits_at(point.e, tau2))).collect()
}

/// The limits at one expected number, the same for all; none when there is one doctor only.
pub fn limits_of_all(doctors: &[Point], e: f64) -> Option<Limits> {
    let compared: Vec<Point> = doctors.iter().copied().filter(is_compared).collect();
    (compared.len() > 1).then(|| limits_at(e, spread(&compared).1))
}

/// φ and τ².
pub fn spread(points: &[Point]) -> (f64, f64) {
    let m = points.len() as f64;
    let mut scores: Vec<f64> =
        points.iter().map(|point| ((point.r as f64 / point.e).sqrt() - 1.0) / (0.5 / point.e.sqrt())).collect();
    scores.sort_by(f64::total_cmp);
    let rank = |k: usize| scores[(k * scores.len()).div_ceil(100) - 1];
    let (lowest, highest) = (rank(10), rank(90));
    let phi = scores.iter().map(|v| v.clamp(lowest, highest).powi(2)).sum::<f64>() / m;
    let weight: f64 = points.iter().map(|point| 4.0 * point.e).sum();
    let squares: f64 = points.iter().map(|point| (4.0 * point.e).powi(2)).sum();
    (phi, ((m * phi - (m - 1.0)) / (weight - squares / weight)).max(0.0))
}

fn limits_at(e: f64, tau2: f64) -> Limits {
    let s = (0.25 / e + tau2).sqrt();
    Limits {
        lower95: (1.0 - Z95 * s).max(0.0).powi(2),
        upper95: (1.0 + Z95 * s).powi(2),
        lower998: (1.0 - Z998 * s).max(0.0).powi(2),
        upper998: (1.0 + Z998 * s).powi(2),
    }
}

/// B8's `vurdering`; absent when nobody can be compared with. `chance` is the interval of the ratio, where there is one.
pub fn verdict(point: &Point, limits: Option<&Limits>, chance: Option<(f64, f64)>) -> Option<&'static str> {
    if !is_compared(point) {
        return Some("for_lite_grunnlag");
    }
    let limits = limits?;
    let ratio = point.r as f64 / point.e;
    let excludes_one = chance.is_none_or(|(lower, upper)| lower > 1.0 || upper < 1.0);
    Some(match () {
        () if excludes_one && ratio > limits.upper95 => "over",
        () if excludes_one && ratio < limits.lower95 => "under",
        () => "som_forventet",
    })
}

#[test]
fn the_funnel_agrees_with_the_fixture() {
    use super::{compare::close, csv};
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/trakt.csv");
    let mut cases: BTreeMap<String, Vec<(Point, [f64; 5])>> = BTreeMap::new();
    csv::read(&path, |header, row| {
        let number = |name| row.filled(header.required(name)).parse::<f64>().unwrap();
        let r = row.filled(header.required("r")).parse().unwrap();
        let point = Point { n: 1000, r, e: number("forventet") };
        let wanted = ["phi", "tau2", "trakt95_nedre", "trakt95_ovre", "trakt998_ovre"].map(number);
        cases.entry(row.filled(header.required("fall")).to_owned()).or_default().push((point, wanted));
    });
    assert_eq!(cases.len(), 4);
    for (case, doctors) in cases {
        let points: Vec<Point> = doctors.iter().map(|(point, _)| *point).collect();
        let (phi, tau2) = spread(&points);
        for (point, wanted) in doctors {
            let limits = limits_at(point.e, tau2);
            let found = [phi, tau2, limits.lower95, limits.upper95, limits.upper998];
            for (found, wanted) in found.into_iter().zip(wanted) {
                assert!(close(found, wanted), "{case}: {found} and {wanted}");
            }
        }
    }
}
