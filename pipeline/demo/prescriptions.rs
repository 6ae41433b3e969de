//! Prescriptions and their dispensings: which lines a prescriber has in a month, and what stands on each.
//!
//! Every line is a function of (prescriber, month, position), so that a repeat or a return can look up a line of
//! another month without anything being kept. Must not know returns, the order of a file, or how lines are written.

use num_traits::ToPrimitive;
use rayon::prelude::*;

use crate::calendar::{Month, days_since_epoch};

use super::medicines::{Item, World};
use super::pharmacy::Counter;
use super::random::{Seed, Subject, count, index, scale};
use super::register::Prescriber;

/// How a prescription is dispensed: the months of its dispensings, and of 1,000 how many come to each.
struct Plan {
    /// Share of all prescriptions, per mille.
    share: u32,
    steps: &'static [(i32, u32)],
}

const PLANS: [Plan; 3] = [
    Plan { share: 450, steps: &[(0, 1000)] },
    Plan { share: 400, steps: &[(0, 1000), (3, 850), (6, 720), (9, 610)] },
    Plan { share: 150, steps: &[(0, 1000), (2, 850), (4, 720)] },
];

/// The longest a repeat comes after its prescription, in months.
pub(super) const REPEAT_REACH: i32 = 9;

/// Prescribing by month of the year, per mille of the mean.
const SEASON: [u32; 12] = [1010, 960, 1040, 980, 1010, 1020, 840, 950, 1030, 1050, 1040, 1070];

/// One dispensed line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) day: i32,
    pub(super) prescribed: Option<i32>,
    pub(super) nth: u32,
    pub(super) hpr: u32,
    pub(super) varenr: u32,
    /// Packages in thousandths.
    pub(super) packages: i64,
    pub(super) hjemmel: u32,
    pub(super) reservation: u8,
    pub(super) by_substance: bool,
    /// Price of the whole line in øre.
    pub(super) price: i64,
    pub(super) age: &'static str,
}

/// All who prescribe in a window of months, with the number of prescriptions of each in each month.
pub(super) struct Practice<'a> {
    pub(super) world: &'a World,
    pub(super) prescribers: &'a [Prescriber],
    pub(super) seed: Seed,
    first: Month,
    /// Per month, then per prescriber: new prescriptions by plan.
    volumes: Vec<Vec<[u16; PLANS.len()]>>,
}

/// The lines of one plan, written in one month, that are dispensed in another.
struct Segment {
    plan: usize,
    step: usize,
    written: Month,
    lines: u32,
}

impl<'a> Practice<'a> {
    /// Prescriptions written from `first` through `last`.
    pub(super) fn new(
        world: &'a World,
        prescribers: &'a [Prescriber],
        seed: Seed,
        first: Month,
        last: Month,
    ) -> Practice<'a> {
        let months: Vec<Month> = (0..=last.since(first)).map(|n| first.plus(n)).collect();
        let volumes = months
            .par_iter()
            .map(|month| (0_u32..).zip(prescribers).map(|(n, who)| volume(seed, n, who, *month)).collect())
            .collect();
        Practice { world, prescribers, seed, first, volumes }
    }

    fn segments(&self, who: u32, month: Month) -> impl Iterator<Item = Segment> + '_ {
        PLANS.iter().enumerate().flat_map(move |(number, plan)| {
            plan.steps.iter().enumerate().map(move |(step, (lag, coming))| {
                let written = month.plus(-lag);
                let volume = usize::try_from(written.since(self.first)).ok().and_then(|at| self.volumes.get(at));
                let prescriptions = volume.map_or(0, |all| u32::from(all[index(who)][number]));
                // One dither per prescriber, month and plan, so that fewer come to each further step.
                let dither = match step {
                    0 => 0,
                    _ => scale(self.seed.hash(Subject::Survival, &keys(who, written, number)), 1000),
                };
                Segment { plan: number, step, written, lines: (prescriptions * coming + dither) / 1000 }
            })
        })
    }

    /// How many lines a prescriber has in a month.
    pub(super) fn lines(&self, who: u32, month: Month) -> u32 {
        self.segments(who, month).map(|segment| segment.lines).sum()
    }

    /// Calls `each` with every line of a prescriber in a month, in the order of their positions.
    pub(super) fn for_each(&self, who: u32, month: Month, mut each: impl FnMut(Line)) {
        for segment in self.segments(who, month) {
            for nth in 0..segment.lines {
                each(self.dispense(who, month, &segment, nth));
            }
        }
    }

    /// The line at a position in a prescriber's month.
    pub(super) fn line(&self, who: u32, month: Month, position: u32) -> Option<Line> {
        let mut left = position;
        for segment in self.segments(who, month) {
            if left < segment.lines {
                return Some(self.dispense(who, month, &segment, left));
            }
            left -= segment.lines;
        }
        None
    }

    fn dispense(&self, who: u32, month: Month, segment: &Segment, nth: u32) -> Line {
        let prescription = self.prescription(who, segment, nth);
        let item = &self.world.items[index(prescription.item)];
        let [who_key, written, plan] = keys(who, segment.written, segment.plan);
        let step = u64::from(count(segment.step));
        let dice = &mut self.seed.dice(Subject::Dispensing, &[who_key, written, plan, u64::from(nth), step]);
        let day = match segment.step {
            0 => prescription.day,
            _ => {
                let place = prescription.day - days_since_epoch(segment.written.first_day()) + dice.between(-6, 6);
                let first = days_since_epoch(month.first_day());
                (first + place).clamp(first, days_since_epoch(month.last_day()))
            }
        };
        let counter = Counter { world: self.world, seed: self.seed, month, day };
        let held = matches!(prescription.reservation, 1 | 2);
        let package = counter.package(item, held.then_some(prescription.loyalty), dice);
        let per_package = counter.price(package, held, dice);
        let packages = prescription.packages;
        Line {
            day,
            prescribed: prescription.prescribed,
            nth: count(segment.step) + 1,
            hpr: prescription.hpr,
            varenr: counter.varenr(package, dice),
            packages,
            hjemmel: prescription.hjemmel,
            reservation: prescription.reservation,
            by_substance: prescription.by_substance,
            price: ((per_package * packages + 500) / 1000).max(1),
            age: prescription.age,
        }
    }

    fn prescription(&self, who: u32, segment: &Segment, nth: u32) -> Prescription {
        let prescriber = &self.prescribers[index(who)];
        let [who_key, written, plan] = keys(who, segment.written, segment.plan);
        let dice = &mut self.seed.dice(Subject::Prescription, &[who_key, written, plan, u64::from(nth)]);
        let (first, last) =
            (days_since_epoch(segment.written.first_day()), days_since_epoch(segment.written.last_day()));
        let mut day = dice.between(first, last);
        // 1970-01-04 was a Sunday, when few pharmacies are open.
        if day.rem_euclid(7) == 3 && day < last && dice.chance(850) {
            day += 1;
        }
        let delay = match dice.below(1000) {
            0..550 => 0,
            550..850 => dice.between(1, 14),
            850..970 => dice.between(15, 90),
            _ => dice.between(91, 330),
        };
        let prescribed = prescriber.working_day(day - delay).min(day);
        let mut chosen = prescriber.item(self.world, dice);
        for _ in 0..3 {
            if self.world.packages(&self.world.items[index(chosen)]).iter().any(|package| package.sold(day)) {
                break;
            }
            chosen = prescriber.item(self.world, dice);
        }
        let item = &self.world.items[index(chosen)];
        let by_substance = item.group.is_some() && dice.chance(50);
        let propensity = match item.group {
            Some(_) => {
                self.world.substances[index(item.substance)].reservation
                    * prescriber.reserving
                    * self.affinity(who, item)
            }
            None => 0.002,
        };
        let by_doctor = dice.unit() < propensity.min(0.9) && !by_substance;
        let other = dice.below(1000);
        let reservation = match item.group {
            _ if by_doctor => 1,
            Some(_) if other < 46 => 2,
            Some(_) if other < 48 => 3,
            None if other < 4 => 2,
            _ => 0,
        };
        let masked = dice.chance(10);
        Prescription {
            item: chosen,
            day,
            prescribed: (!dice.chance(3)).then_some(prescribed),
            hpr: match masked {
                true if dice.chance(500) => 0,
                true => 999_999_999,
                false => prescriber.hpr,
            },
            reservation,
            by_substance,
            hjemmel: dice.weighted(&HJEMLER).unwrap_or(200),
            packages: dice.weighted(&PACKAGES).unwrap_or(1000),
            age: dice.weighted(&AGES).unwrap_or_default(),
            loyalty: dice.below(u32::MAX),
        }
    }

    /// Few doctors have a habit for a single substance; the others reserve it a little less, so that the mean holds.
    fn affinity(&self, who: u32, item: &Item) -> f64 {
        let habit = self.seed.hash(Subject::Affinity, &[u64::from(who), u64::from(item.substance)]);
        if scale(habit, 1000) < 20 { 6.0 } else { 0.9 }
    }
}

/// What all dispensings of a prescription share.
struct Prescription {
    item: u32,
    /// The day of the first dispensing.
    day: i32,
    prescribed: Option<i32>,
    hpr: u32,
    reservation: u8,
    by_substance: bool,
    hjemmel: u32,
    packages: i64,
    age: &'static str,
    loyalty: u32,
}

const HJEMLER: [(u32, u32); 6] = [(200, 880), (300, 60), (400, 20), (100, 12), (500, 18), (950, 10)];
const PACKAGES: [(i64, u32); 7] = [(1000, 830), (2000, 110), (3000, 30), (500, 15), (4000, 8), (250, 4), (333, 3)];
const AGES: [(&str, u32); 5] = [("16–66", 470), ("67–79", 320), ("80+", 150), ("0–15", 55), ("", 5)];

fn volume(seed: Seed, who: u32, prescriber: &Prescriber, month: Month) -> [u16; PLANS.len()] {
    if !prescriber.works(days_since_epoch(month.first_day()), days_since_epoch(month.last_day())) {
        return [0; PLANS.len()];
    }
    let mut dice = seed.dice(Subject::Volume, &[u64::from(who), month_key(month)]);
    let season = SEASON[usize::try_from(month.number() % 100 - 1).unwrap_or(0)];
    let written = prescriber.lines / lines_per_prescription() * f64::from(season) / 1000.0;
    PLANS.map(|plan| u16::try_from(dice.poisson(written * f64::from(plan.share) / 1000.0)).unwrap_or(u16::MAX))
}

fn lines_per_prescription() -> f64 {
    let per_million: u32 =
        PLANS.iter().map(|plan| plan.share * plan.steps.iter().map(|step| step.1).sum::<u32>()).sum();
    per_million.to_f64().unwrap_or(1.0) / 1_000_000.0
}

fn month_key(month: Month) -> u64 {
    u64::from(month.number().unsigned_abs())
}

fn keys(who: u32, written: Month, plan: usize) -> [u64; 3] {
    [u64::from(who), month_key(written), u64::from(count(plan))]
}

#[cfg(test)]
mod tests {
    use super::super::register;
    use super::*;

    fn practice(doctors: u32, test: impl FnOnce(&Practice, Month, u32)) {
        let month = Month::of(jiff::civil::date(2026, 3, 1));
        let world = World::new(Seed(1));
        let prescribers = register::prescribers(&world, Seed(1), doctors, month, month);
        test(
            &Practice::new(&world, &prescribers, Seed(1), month.plus(-15), month.plus(3)),
            month,
            count(prescribers.len()),
        );
    }

    #[test]
    fn a_line_is_the_same_wherever_it_is_looked_up() {
        practice(20, |practice, month, prescribers| {
            for who in 0..prescribers {
                let mut all = Vec::new();
                practice.for_each(who, month, |line| all.push(line));
                assert_eq!(count(all.len()), practice.lines(who, month));
                let looked_up = (0..count(all.len())).map(|at| practice.line(who, month, at).unwrap());
                assert!(looked_up.eq(all));
                assert!(practice.line(who, month, practice.lines(who, month)).is_none());
            }
        });
    }

    #[test]
    fn lines_stay_in_their_month_and_keep_the_contract() {
        practice(200, |practice, month, prescribers| {
            let days = days_since_epoch(month.first_day())..=days_since_epoch(month.last_day());
            for who in 0..prescribers {
                practice.for_each(who, month, |line| {
                    assert!(days.contains(&line.day), "{line:?}");
                    assert!(line.prescribed.is_none_or(|day| day <= line.day), "{line:?}");
                    assert!(line.packages > 0 && line.price > 0 && line.varenr < 1_000_000, "{line:?}");
                    assert!(!(line.by_substance && line.reservation == 1), "{line:?}");
                });
            }
        });
    }

    #[test]
    fn repeats_keep_the_day_of_their_prescription() {
        practice(20, |practice, month, prescribers| {
            for who in 0..prescribers {
                let dispensed = |now: Month, step: usize, nth| {
                    let lines = u32::MAX;
                    practice.dispense(who, now, &Segment { plan: 1, step, written: month, lines }, nth)
                };
                let (first, repeat) = (dispensed(month, 0, 0), dispensed(month.plus(3), 1, 0));
                assert_eq!((first.nth, repeat.nth), (1, 2));
                assert_eq!((first.prescribed, first.hpr), (repeat.prescribed, repeat.hpr));
            }
        });
    }

    #[test]
    fn one_prescription_in_25_is_reserved_where_substitution_is_possible() {
        practice(2000, |practice, month, prescribers| {
            let substitutable: std::collections::BTreeSet<u32> = practice
                .world
                .items
                .iter()
                .filter(|item| item.substitutable)
                .flat_map(|item| practice.world.packages(item).iter().map(|package| package.number))
                .collect();
            let (mut possible, mut reserved) = (0.0, 0.0);
            for who in 0..prescribers {
                practice.for_each(who, month, |line| {
                    if line.nth == 1 && !line.by_substance && substitutable.contains(&line.varenr) {
                        possible += 1.0;
                        reserved += f64::from(u8::from(line.reservation == 1));
                    }
                });
            }
            let rate = reserved / possible;
            assert!((0.036..0.044).contains(&rate), "{rate}");
        });
    }
}
