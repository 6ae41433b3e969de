//! The pharmacy's counter: which package is handed out on a day, under which number, and what it costs.
//!
//! Must not know who prescribes, or why somebody holds on to a package.

use crate::calendar::Month;

use super::medicines::{Item, Package, World, unknown_varenr};
use super::prices::month_index;
use super::random::{Dice, Seed, Subject, index, scale};

/// The days after a renumbering in which both numbers are sold.
const BOTH_NUMBERS: i32 = 90;

/// The counter on a day.
pub(super) struct Counter<'a> {
    pub(super) world: &'a World,
    pub(super) seed: Seed,
    pub(super) month: Month,
    pub(super) day: i32,
}

impl<'a> Counter<'a> {
    /// The package handed out: the one held on to, or the month's favoured copy more often than another.
    ///
    /// `held` is a number of the prescription's own, so that it holds on to the same package every time.
    pub(super) fn package(&self, item: &Item, held: Option<u32>, dice: &mut Dice) -> &'a Package {
        let packages = self.world.packages(item);
        for _ in 0..4 {
            let place = match held {
                // Three of four hold on to the originator's.
                Some(own) if own.is_multiple_of(4) => scale(u64::from(own) << 32, item.packages),
                Some(_) => 0,
                None if item.packages > 1 && dice.chance(750) => {
                    let key = [u64::from(item.first), u64::from(self.month.number().unsigned_abs())];
                    1 + scale(self.seed.hash(Subject::Favoured, &key), item.packages - 1)
                }
                None => dice.below(item.packages),
            };
            let package = &packages[index(place)];
            // A copy that is outside the group on the day is seldom handed out in its place.
            let fits = held.is_some() || package.substitutable(self.day) || dice.chance(100);
            if fits && package.sold(self.day) {
                return package;
            }
        }
        packages.iter().find(|package| package.sold(self.day)).unwrap_or(&packages[0])
    }

    /// The price of one package in øre: the step price or the maximum price, less the pharmacy's discount.
    pub(super) fn price(&self, package: &Package, held: bool, dice: &mut Dice) -> i64 {
        let month = month_index(self.month);
        let discount = i64::from(match (package.original, held) {
            (_, true) => dice.below(20),
            (true, _) => dice.below(60),
            (false, _) => dice.below(220),
        });
        match self.world.step_price(package, month) {
            Some((step, _)) => step.min(package.price.retail(month)) * (1000 - discount / 10) / 1000,
            None => package.price.retail(month) * (1000 - discount) / 1000,
        }
    }

    /// The number on the package: the old or the new one around a renumbering, seldom one that no FEST knows.
    pub(super) fn varenr(&self, package: &Package, dice: &mut Dice) -> u32 {
        if dice.chance(3) {
            return unknown_varenr(dice);
        }
        match package.renumbered {
            Some((since, before)) if self.day < since => before,
            Some((since, before)) if self.day < since + BOTH_NUMBERS && dice.chance(400) => before,
            _ => package.number,
        }
    }
}
