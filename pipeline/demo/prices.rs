//! What a package costs in a month: maximum prices that are revised once a year, and step prices (trinnpris).
//!
//! Prices change on the first of a month, so a price is a function of the month. Must not know packages or groups.

use num_traits::ToPrimitive;

use crate::calendar::Month;

use super::random::{Dice, index};

/// A month counted from January 2000.
pub(super) fn month_index(month: Month) -> i32 {
    month.since(Month::of(jiff::civil::date(2000, 1, 1)))
}

/// The month that [`month_index`] came from.
pub(super) fn month_at(index: i32) -> Month {
    Month::of(jiff::civil::date(2000, 1, 1)).plus(index)
}

/// January 2016, where the yearly revisions begin.
const FIRST_REVISION: i32 = 192;
const REVISIONS: usize = 24;
/// How far back the price before the first revision goes.
const LONG_AGO: i32 = 120;

/// The maximum price of a package through the years.
pub(super) struct PackagePrice {
    /// Pharmacy purchase price (AIP) before the first revision, in øre.
    base: i64,
    /// Month of the year, counted from 0, in which the price is revised.
    revised_in: i32,
    /// Level after each revision in thousandths of the base.
    levels: [u16; REVISIONS],
}

impl PackagePrice {
    /// A price whose base is about `ore`.
    pub(super) fn draw(dice: &mut Dice, ore: f64) -> PackagePrice {
        let mut level = 1000;
        let levels = std::array::from_fn(|_| {
            // Four of ten revisions change nothing.
            if !dice.chance(400) {
                level = (level * (955 + dice.below(65)) / 1000).max(100);
            }
            u16::try_from(level).unwrap_or(1000)
        });
        PackagePrice { base: ore.to_i64().unwrap_or(0).clamp(800, 3_000_000), revised_in: dice.between(0, 11), levels }
    }

    fn level(&self, month: i32) -> i64 {
        let revision = (month - FIRST_REVISION - self.revised_in).div_euclid(12);
        if revision < 0 {
            return 1000;
        }
        let last = REVISIONS - 1;
        i64::from(self.levels[usize::try_from(revision).unwrap_or(last).min(last)])
    }

    /// Maximum purchase price in øre.
    pub(super) fn purchase(&self, month: i32) -> i64 {
        self.base * self.level(month) / 1000
    }

    /// Maximum retail price in øre: purchase price, margin in per cent and kroner, and VAT.
    pub(super) fn retail(&self, month: i32) -> i64 {
        (self.purchase(month) * 102 / 100 + 2900) * 125 / 100
    }

    /// The month since which the price of `month` holds.
    pub(super) fn since(&self, month: i32) -> i32 {
        let mut since = month;
        while since > FIRST_REVISION - LONG_AGO && self.level(since - 1) == self.level(month) {
            since -= 1;
        }
        since
    }
}

/// The step price of a byttegruppe: one or two cuts of the originator's retail price at the first cut.
#[derive(Clone, Copy)]
pub(super) struct StepPrice {
    /// The month of the first cut.
    pub(super) first: i32,
    second: Option<i32>,
    /// What is left of the price after each cut, in thousandths.
    left: [i64; 2],
    /// Whether the originator too is sold at the step price.
    pub(super) with_original: bool,
}

impl StepPrice {
    /// A step price that begins no earlier than the group.
    pub(super) fn draw(dice: &mut Dice, earliest: i32) -> StepPrice {
        let drawn = if dice.chance(850) { dice.between(96, FIRST_REVISION) } else { dice.between(FIRST_REVISION, 432) };
        let first = drawn.max(earliest);
        let second = dice.chance(650).then(|| first + dice.between(6, 24));
        let left = dice.pick(&[[410, 300], [410, 250], [190, 120], [550, 350]]).unwrap_or([410, 300]);
        StepPrice { first, second, left, with_original: dice.chance(300) }
    }

    /// Thousandths of the originator's price in a month, and since which month; none before the first cut.
    pub(super) fn left(&self, month: i32) -> Option<(i64, i32)> {
        match self.second {
            _ if month < self.first => None,
            Some(second) if month >= second => Some((self.left[index(1)], second)),
            _ => Some((self.left[index(0)], self.first)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::{Seed, Subject};
    use super::*;

    #[test]
    fn retail_is_above_purchase_and_holds_since_its_month() {
        let mut dice = Seed(3).dice(Subject::Test, &[]);
        for _ in 0..200 {
            let price = PackagePrice::draw(&mut dice, 9_000.0);
            for month in [150, 250, 310, 321, 400] {
                assert!(price.purchase(month) < price.retail(month));
                let since = price.since(month);
                assert!(since <= month);
                assert_eq!(price.retail(since), price.retail(month));
            }
        }
    }

    #[test]
    fn a_step_price_falls_and_never_begins_early() {
        let mut dice = Seed(3).dice(Subject::Test, &[]);
        for _ in 0..200 {
            let step = StepPrice::draw(&mut dice, 300);
            assert!(step.first >= 300 && step.left(step.first - 1).is_none());
            assert!(step.left(step.first + 30) <= step.left(step.first));
        }
    }
}
