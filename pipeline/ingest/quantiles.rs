//! The generated source `statistikk_tabell`: what SQL has no functions for, made once and joined on integer keys.
//!
//! - `poisson95`: exact 95 % limits of a Poisson mean for a count O = 0 … 20,000: `nedre` = χ²⁻¹(.025; 2O)/2 (0 when
//!   O = 0), `ovre` = χ²⁻¹(.975; 2O+2)/2. Garwood (1936), Biometrika 28, 437–442.
//! - `phi`: the standard normal distribution function at z = noekkel/1000, −40 … 40, in `verdi`.
//!
//! Knows nothing of doctors. Beyond the table's range a model must stop, never extrapolate.

use std::sync::Arc;

use anyhow::{Context, ensure};
use arrow::array::{ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::gamma::ln_gamma;

use crate::lake::{Lake, State, TableWriter};

/// The table's name.
pub const STATISTIKK_TABELL: &str = "statistikk_tabell";

/// Raised when a value in the table changes.
const VERSION: u32 = 1;
const LARGEST_COUNT: i32 = 20_000;
const LARGEST_Z: i32 = 40_000;

/// `tabell, noekkel, nedre, ovre, verdi`.
pub fn schema() -> SchemaRef {
    let number = |name: &str| Field::new(name, DataType::Float64, true);
    Arc::new(Schema::new(vec![
        Field::new("tabell", DataType::Utf8, false),
        Field::new("noekkel", DataType::Int32, false),
        number("nedre"),
        number("ovre"),
        number("verdi"),
    ]))
}

/// Puts the table in force, unless this version of it is already.
pub(super) fn put(lake: &Lake, state: &mut State) -> anyhow::Result<()> {
    const ALL: &str = super::arrivals::ALL;
    if let Some(entry) = state.entry(STATISTIKK_TABELL, ALL)
        && entry.version == VERSION
        && lake.check(entry).is_ok()
    {
        return Ok(());
    }
    let limits: Vec<(f64, f64)> =
        (0..=LARGEST_COUNT).into_par_iter().map(poisson_limits).collect::<anyhow::Result<_>>()?;
    let normal = Normal::new(0.0, 1.0).context("the standard normal distribution")?;
    let phi: Vec<f64> = (-LARGEST_Z..=LARGEST_Z).map(|z| normal.cdf(f64::from(z) / 1000.0)).collect();
    let counts = limits.len();
    let points = phi.len();
    let tables = std::iter::repeat_n("phi", points).chain(std::iter::repeat_n("poisson95", counts));
    let none = || std::iter::repeat_n(None, points);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(tables.map(Some).collect::<StringArray>()),
        Arc::new((-LARGEST_Z..=LARGEST_Z).chain(0..=LARGEST_COUNT).collect::<Int32Array>()),
        Arc::new(none().chain(limits.iter().map(|(lower, _)| Some(*lower))).collect::<Float64Array>()),
        Arc::new(none().chain(limits.iter().map(|(_, upper)| Some(*upper))).collect::<Float64Array>()),
        Arc::new(phi.into_iter().map(Some).chain(std::iter::repeat_n(None, counts)).collect::<Float64Array>()),
    ];
    let batch = RecordBatch::try_new(schema(), columns).context("making statistikk_tabell")?;
    let mut writer = TableWriter::start(lake.folder(), schema(), &["tabell".to_owned(), "noekkel".to_owned()])?;
    writer.write(&batch)?;
    state.put(STATISTIKK_TABELL, ALL, writer.finish(lake.folder(), STATISTIKK_TABELL, ALL, VERSION)?);
    Ok(())
}

/// Exact 95 % limits of a Poisson mean for a count.
///
/// The limits solve P(Poisson(x) ≥ O) = .025 and P(Poisson(x) ≤ O) = .025. Both tails are sums of positive terms that
/// begin with the probability of O itself, so that no digits cancel; `statrs`' gamma distribution is off by 5·10⁻⁶
/// near O = 140 and is not used.
fn poisson_limits(count: i32) -> anyhow::Result<(f64, f64)> {
    let shape = f64::from(count);
    let lower = if count == 0 { 0.0 } else { solve(shape, -Z, |x| upper_tail(shape, x), 1.0)? };
    let upper = solve(shape + 1.0, Z, |x| lower_tail(shape, x), -1.0)?;
    Ok((lower, upper))
}

/// The normal quantile of .975: only a starting value.
const Z: f64 = 1.959_963_984_540_054;
const TAIL: f64 = 0.025;

/// Newton's method on the logarithm of a tail, from the Wilson–Hilferty approximation (1931), to the last bits of a
/// double. `rising` is 1 for a tail that grows with x, −1 for one that falls.
fn solve(shape: f64, z: f64, tail: impl Fn(f64) -> (f64, f64), rising: f64) -> anyhow::Result<f64> {
    let spread = 1.0 / (9.0 * shape);
    let mut x = (shape * (1.0 - spread + z * spread.sqrt()).powi(3)).max(shape * 1e-3);
    for _ in 0..100 {
        let (probability, slope) = tail(x);
        let step = rising * (probability / TAIL).ln() * probability / slope;
        // Halving keeps x positive where the approximation starts too far out.
        let next = if x - step > 0.0 { x - step } else { x / 2.0 };
        let moved = (next - x).abs();
        x = next;
        if moved <= x * 1e-12 {
            break;
        }
    }
    let (probability, _) = tail(x);
    ensure!((probability / TAIL - 1.0).abs() < 1e-9, "the limit of a Poisson mean was not found at {shape}");
    Ok(x)
}

/// P(Poisson(x) ≥ count) and the size of its derivative by x, P(Poisson(x) = count − 1).
fn upper_tail(count: f64, x: f64) -> (f64, f64) {
    let first = probability_of(count, x);
    let (mut sum, mut term, mut k) = (1.0, 1.0, count);
    while term > sum * 1e-17 {
        k += 1.0;
        term *= x / k;
        sum += term;
    }
    (first * sum, first * count / x)
}

/// P(Poisson(x) ≤ count) and the size of its derivative by x, P(Poisson(x) = count).
fn lower_tail(count: f64, x: f64) -> (f64, f64) {
    let first = probability_of(count, x);
    let (mut sum, mut term, mut k) = (1.0, 1.0, count);
    while term > sum * 1e-17 && k > 0.0 {
        term *= k / x;
        sum += term;
        k -= 1.0;
    }
    (first * sum, first)
}

/// P(Poisson(x) = count) = exp(count·ln x − x − ln count!).
fn probability_of(count: f64, x: f64) -> f64 {
    (count * x.ln() - x - ln_gamma(count + 1.0)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_agree_with_reference_values() {
        // scipy.stats.chi2.ppf, see tests/fixtures/intervaller.py.
        let reference = include_str!("../../tests/fixtures/intervaller.csv");
        let mut compared = 0;
        for line in reference.lines().skip(1) {
            let mut fields = line.split(';');
            let count: i32 = fields.next().unwrap().parse().unwrap();
            let expected: Vec<f64> = fields.map(|field| field.parse().unwrap()).collect();
            let (lower, upper) = poisson_limits(count).unwrap();
            for (found, expected) in [(lower, expected[0]), (upper, expected[1])] {
                assert!((found - expected).abs() <= 1e-9 * expected.abs(), "O = {count}: {found} {expected}");
            }
            compared += 1;
        }
        assert!(compared > 2000);
        assert_eq!(poisson_limits(0).unwrap().0.to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn phi_agrees_with_reference_values() {
        let normal = Normal::new(0.0, 1.0).unwrap();
        for line in include_str!("../../tests/fixtures/intervaller_phi.csv").lines().skip(1) {
            let (z, phi) = line.split_once(';').unwrap();
            let (z, phi): (f64, f64) = (z.parse().unwrap(), phi.parse().unwrap());
            assert!((normal.cdf(z) - phi).abs() <= 1e-9 * phi, "{z}");
        }
    }
}
