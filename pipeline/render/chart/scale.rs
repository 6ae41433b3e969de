//! Axes: a linear scale, round ticks, and labels that do not overlap.
//!
//! Knows nothing of units or of what is drawn.

/// Maps a domain onto coordinates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Linear {
    domain: (f64, f64),
    range: (f64, f64),
}

impl Linear {
    /// A scale that puts `domain.0` at `range.0` and `domain.1` at `range.1`.
    pub(super) fn new(domain: (f64, f64), range: (f64, f64)) -> Linear {
        Linear { domain, range }
    }

    /// The coordinate of a value; the range's middle when the domain is one point.
    pub(super) fn at(&self, value: f64) -> f64 {
        let width = self.domain.1 - self.domain.0;
        let share = if width == 0.0 { 0.5 } else { (value - self.domain.0) / width };
        self.range.0 + share * (self.range.1 - self.range.0)
    }
}

/// Round ticks from 0 to the first one that is not below `max`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ticks {
    /// The distance between two.
    pub(super) step: f64,
    /// The ticks, from 0.
    pub(super) values: Vec<f64>,
}

impl Ticks {
    /// About `count` steps of 1, 2 or 5 times a power of ten, none finer than `finest`.
    pub(super) fn to(max: f64, count: f64, finest: f64) -> Ticks {
        let rough = (max / count).max(finest);
        let magnitude = 10_f64.powf(rough.log10().floor());
        // The tolerance keeps 0.3 / 3 from becoming a step of 0.2.
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * magnitude)
            .find(|step| *step >= rough * (1.0 - 1e-9))
            .unwrap_or(10.0 * magnitude);
        let steps = (max / step - 1e-9).ceil().max(1.0) as u32;
        Ticks { step, values: (0..=steps).map(|index| f64::from(index) * step).collect() }
    }

    /// The last tick: the axis ends there.
    pub(super) fn max(&self) -> f64 {
        self.values.last().copied().unwrap_or(self.step)
    }
}

/// Moves positions apart until neighbours are at least `gap` from each other, within `low..=high`
/// when there is room. Positions must be in ascending order; the order is kept.
pub(super) fn spread(positions: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let mut moved: Vec<f64> = positions.iter().map(|position| position.clamp(low, high)).collect();
    for index in 1..moved.len() {
        moved[index] = moved[index].max(moved[index - 1] + gap);
    }
    let mut ceiling = high;
    for position in moved.iter_mut().rev() {
        *position = position.min(ceiling);
        ceiling = *position - gap;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_reach_the_maximum() {
        let values = |max, count, finest| Ticks::to(max, count, finest).values;
        assert_eq!(values(4.2, 4.0, 0.1), [0.0, 2.0, 4.0, 6.0]);
        assert_eq!(values(10.0, 5.0, 0.1), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(values(97.0, 4.0, 1.0), [0.0, 50.0, 100.0]);
        assert_eq!(values(3.0, 6.0, 1.0), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(values(0.0, 4.0, 1.0), [0.0, 1.0]);
        assert_eq!(Ticks::to(0.3, 3.0, 0.001).values.len(), 4);
    }

    #[test]
    fn a_scale_maps_ends_to_ends() {
        let down = Linear::new((0.0, 10.0), (200.0, 0.0));
        assert_eq!((down.at(0.0), down.at(10.0), down.at(2.5)), (200.0, 0.0, 150.0));
        assert_eq!(Linear::new((3.0, 3.0), (0.0, 100.0)).at(3.0), 50.0);
    }

    #[test]
    fn labels_are_moved_apart_and_stay_inside() {
        assert_eq!(spread(&[10.0, 12.0, 90.0], 20.0, 0.0, 100.0), [10.0, 30.0, 90.0]);
        assert_eq!(spread(&[95.0, 99.0], 20.0, 0.0, 100.0), [80.0, 100.0]);
        assert_eq!(spread(&[], 20.0, 0.0, 100.0), [] as [f64; 0]);
    }
}
