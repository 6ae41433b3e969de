//! Chance without state: every draw belongs to a generator that is named by the seed, a subject and its keys.
//!
//! So a prescription or a snapshot can be drawn again anywhere, in any order and on any thread, with the same
//! result. Must not know what is drawn, and never the clock.

use num_traits::ToPrimitive;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, LogNormal, Poisson};
use rand_pcg::Pcg64Mcg;

/// What a generator is for; two subjects never share draws.
#[derive(Clone, Copy)]
pub(super) enum Subject {
    Substance,
    Group,
    Package,
    Renumbering,
    Identifier,
    #[cfg(test)]
    Test,
    Register,
    Volume,
    Survival,
    Prescription,
    Dispensing,
    Affinity,
    Favoured,
    Reversal,
    LineId,
    Snapshot,
}

/// A seed to which subjects and keys are added.
#[derive(Clone, Copy)]
pub(super) struct Seed(pub(super) u64);

impl Seed {
    /// A well-mixed number that is a function of the seed, the subject and the keys only.
    pub(super) fn hash(self, subject: Subject, keys: &[u64]) -> u64 {
        let mut state = splitmix(self.0 ^ splitmix(subject as u64 + 1));
        for key in keys {
            state = splitmix(state ^ key.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        state
    }

    /// The generator of a subject with these keys.
    pub(super) fn dice(self, subject: Subject, keys: &[u64]) -> Dice {
        let high = self.hash(subject, keys);
        Dice(Pcg64Mcg::new(u128::from(high) << 64 | u128::from(splitmix(high))))
    }
}

fn splitmix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One generator and the draws that the demo needs.
pub(super) struct Dice(Pcg64Mcg);

impl Dice {
    /// Uniform in `0..n`; 0 when `n` is 0.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        scale(self.0.next_u64(), n)
    }

    /// Uniform in `first..=last`.
    pub(super) fn between(&mut self, first: i32, last: i32) -> i32 {
        let width = u32::try_from(i64::from(last) - i64::from(first) + 1).unwrap_or(1);
        first.saturating_add(i32::try_from(self.below(width)).unwrap_or(0))
    }

    /// True in `per_mille` of 1,000 draws.
    pub(super) fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    /// Uniform in `[0, 1)`.
    pub(super) fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// Log-normal with this median and standard deviation of the logarithm.
    pub(super) fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        LogNormal::new(median.ln(), sigma).map_or(median, |d| d.sample(&mut self.0))
    }

    /// Poisson with this mean; 0 when the mean is not positive.
    pub(super) fn poisson(&mut self, mean: f64) -> u32 {
        Poisson::new(mean).map_or(0, |d| d.sample(&mut self.0).to_u32().unwrap_or(0))
    }

    /// Failures before the first success, where one in `per_mille` of 1,000 succeeds.
    pub(super) fn failures(&mut self, per_mille: u32) -> u32 {
        let miss = 1.0 - f64::from(per_mille) / 1000.0;
        ((1.0 - self.unit()).ln() / miss.ln()).to_u32().unwrap_or(u32::MAX)
    }

    /// One of `choices`, each with its weight; the first when there are no weights.
    pub(super) fn weighted<T: Copy>(&mut self, choices: &[(T, u32)]) -> Option<T> {
        let mut left = self.below(choices.iter().map(|(_, weight)| weight).sum());
        for (choice, weight) in choices {
            if left < *weight {
                return Some(*choice);
            }
            left -= weight;
        }
        choices.first().map(|(choice, _)| *choice)
    }

    /// One of `choices`, all alike.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        choices.get(index(self.below(count(choices.len())))).copied()
    }
}

/// A table of weights from which a position is drawn in logarithmic time.
pub(super) struct Weights(Vec<u32>);

impl Weights {
    /// Cumulative weights on a scale of 2³².
    pub(super) fn new(weights: impl IntoIterator<Item = f64>) -> Weights {
        let mut sum = 0.0;
        let sums: Vec<f64> = weights
            .into_iter()
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        Weights(sums.iter().map(|s| (s / sum * f64::from(u32::MAX)).to_u32().unwrap_or(u32::MAX)).collect())
    }

    /// A position, drawn by weight.
    pub(super) fn draw(&self, dice: &mut Dice) -> usize {
        let at = dice.below(u32::MAX);
        self.0.partition_point(|cumulative| *cumulative <= at).min(self.0.len().saturating_sub(1))
    }
}

/// A 64-bit number moved to `0..n`.
pub(super) fn scale(random: u64, n: u32) -> u32 {
    u32::try_from(((random >> 32) * u64::from(n)) >> 32).unwrap_or(0)
}

/// A 32-bit position as an index.
pub(super) fn index(position: u32) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// A length as a 32-bit count.
pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generator_is_its_name() {
        let seed = Seed(7);
        let draw = |subject, keys: &[u64]| seed.dice(subject, keys).below(u32::MAX);
        assert_eq!(draw(Subject::Package, &[1, 2]), draw(Subject::Package, &[1, 2]));
        assert_ne!(draw(Subject::Package, &[1, 2]), draw(Subject::Package, &[2, 1]));
        assert_ne!(draw(Subject::Package, &[1, 2]), draw(Subject::Group, &[1, 2]));
        assert_ne!(draw(Subject::Package, &[1, 2]), Seed(8).dice(Subject::Package, &[1, 2]).below(u32::MAX));
    }

    #[test]
    fn draws_have_the_shares_they_promise() {
        let mut dice = Seed(1).dice(Subject::Test, &[]);
        let hits = (0..100_000).filter(|_| dice.chance(40)).count();
        assert!((3_700..4_300).contains(&hits), "{hits}");
        let table = Weights::new([1.0, 0.0, 3.0]);
        let mut drawn = [0_u32; 3];
        for _ in 0..40_000 {
            drawn[table.draw(&mut dice)] += 1;
        }
        assert_eq!(drawn[1], 0);
        assert!((9_500..10_500).contains(&drawn[0]), "{drawn:?}");
    }
}
