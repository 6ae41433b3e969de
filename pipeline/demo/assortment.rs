//! Draws the world of medicines from the seed.
//!
//! On a fixed era of twenty years, so that every snapshot and every month of any run looks at the same world.
//! Must not know doctors, lines or file formats.

use crate::calendar::{Month, date_from_days, days_since_epoch};

use super::medicines::{Area, Brand, Group, Item, NEVER, Package, Substance, World};
use super::names::{self, AREAS, FORMS, Form, STRENGTHS, Unit};
use super::prices::{PackagePrice, StepPrice, month_index};
use super::random::{Dice, Seed, Subject, Weights, count, index};

/// The mean share of reserved prescriptions where substitution is possible.
pub(super) const MEAN_RESERVATION: f64 = 0.04;

const SUBSTITUTED_SUBSTANCES: u32 = 450;
const OTHER_SUBSTANCES: u32 = 290;
/// How much more a byttegruppe is prescribed than a package outside all groups.
const GROUP_WEIGHT: f64 = 5.0;

impl World {
    /// The world of a seed.
    pub(super) fn new(seed: Seed) -> World {
        let mut world = World {
            substances: Vec::new(),
            brands: Vec::new(),
            groups: Vec::new(),
            packages: Vec::new(),
            items: Vec::new(),
            areas: Vec::new(),
            substitutable: 0.0,
        };
        for number in 0..SUBSTITUTED_SUBSTANCES + OTHER_SUBSTANCES {
            world.add_substance(seed, number);
        }
        world.areas = (0..AREAS.len()).map(|area| world.area(area)).collect();
        world.calibrate();
        world
    }

    fn add_substance(&mut self, seed: Seed, number: u32) {
        let mut dice = seed.dice(Subject::Substance, &[u64::from(number)]);
        // Every area gets one substance of each kind before the rest are drawn by weight.
        let within = if number < SUBSTITUTED_SUBSTANCES { number } else { number - SUBSTITUTED_SUBSTANCES };
        let by_weight: Vec<(u32, u32)> = (0..).zip(AREAS.iter().map(|area| area.1)).collect();
        let area = if index(within) < AREAS.len() { within } else { dice.weighted(&by_weight).unwrap_or(0) };
        let (code, _, ending) = AREAS[index(area)];
        let before = self.substances.iter().filter(|s| s.atc.starts_with(code)).count();
        let letters = [b'A' + letter(before / 30), b'A' + letter(before / 10 % 3)];
        self.substances.push(Substance {
            atc: format!("{code}{}{}{:02}", char::from(letters[0]), char::from(letters[1]), before % 10 + 1),
            name: names::substance(&mut dice, ending),
            reservation: dice.lognormal(0.03, 0.85),
            dose: 0,
        });
        let strongest = dice.below(count(STRENGTHS.len() - 3)) + 2;
        let dose = STRENGTHS[index(strongest)] * (1 + dice.below(2));
        if let Some(substance) = self.substances.last_mut() {
            substance.dose = dose;
        }
        let originator = names::brand(&mut dice);
        let strengths = 1 + dice.below(if number < SUBSTITUTED_SUBSTANCES { 4 } else { 7 });
        for weaker in 0..strengths {
            let strength = STRENGTHS[index((strongest + 1).saturating_sub(weaker))];
            let forms: Vec<(&Form, u32)> = FORMS.iter().map(|(form, weight)| (form, *weight)).collect();
            let form =
                if weaker > 0 && dice.chance(750) { &FORMS[0].0 } else { dice.weighted(&forms).unwrap_or(&FORMS[0].0) };
            let product = Product { substance: number, strength, form, originator: &originator };
            let sizes = if dice.chance(580) { 2 } else { 1 };
            for large in 0..sizes {
                if number < SUBSTITUTED_SUBSTANCES {
                    self.add_group(seed, &product, large == 1);
                } else {
                    self.add_singles(seed, &product, large == 1);
                }
            }
        }
    }

    fn add_group(&mut self, seed: Seed, product: &Product, large: bool) {
        let group = count(self.groups.len());
        let mut dice = seed.dice(Subject::Group, &[u64::from(group)]);
        let begins = if dice.chance(100) { dice.between(era_day(0), era_day(20)) } else { era_day(-3) };
        let members = match dice.below(100) {
            0..4 => 1,
            4..22 => 2,
            _ => 3 + dice.failures(300).min(12),
        };
        let limited = dice.chance(30);
        let mixed_units = dice.chance(20);
        let step = (members > 1 && dice.chance(600)).then(|| StepPrice::draw(&mut dice, first_month(begins)));
        let unit_price = product.unit_price(&mut dice);
        let first = count(self.packages.len());
        for position in 0..members {
            let from = if position > 1 && dice.chance(250) { dice.between(era_day(0), era_day(20)) } else { begins };
            let from = from.max(begins);
            let to = if position > 1 && dice.chance(220) {
                dice.between(from.max(era_day(0)) + 200, era_day(21))
            } else {
                NEVER
            };
            let mut package = self.package(seed, product, large, position, unit_price);
            package.group = Some((group, from.max(package.marketed), to));
            if mixed_units && position > 0 && product.form.unit == Unit::Piece {
                // Syringes counted in millilitres beside syringes counted in pieces.
                package.unit = Unit::Millilitre;
            }
            self.packages.push(package);
        }
        let substance = &self.substances[index(product.substance)];
        let size = if large { product.form.large[0] } else { product.form.small[0] };
        self.groups.push(Group {
            id: identifier(seed, &[1, u64::from(group)]),
            code: 100 + group * 7 % 9973,
            name: format!(
                "{} {} {} mg, {} {}",
                substance.name,
                product.form.name,
                product.strength,
                size,
                product.form.unit.code().1
            ),
            limited,
            begins,
            original: first,
            step,
        });
        let weight = GROUP_WEIGHT * dice.lognormal(1.0, 1.5);
        self.items.push(Item {
            substance: product.substance,
            first,
            packages: members,
            group: Some(group),
            weight,
            substitutable: members > 1 && !limited,
        });
    }

    fn add_singles(&mut self, seed: Seed, product: &Product, large: bool) {
        let mut dice = seed.dice(Subject::Group, &[u64::from(count(self.packages.len())), 1]);
        let unit_price = product.unit_price(&mut dice) * 2.0;
        for position in 0..=dice.failures(550).min(3) {
            let first = count(self.packages.len());
            let package = self.package(seed, product, large, position, unit_price);
            self.packages.push(package);
            let weight = dice.lognormal(1.0, 1.5);
            self.items.push(Item {
                substance: product.substance,
                first,
                packages: 1,
                group: None,
                weight,
                substitutable: false,
            });
        }
    }

    fn package(&mut self, seed: Seed, product: &Product, large: bool, position: u32, unit_price: f64) -> Package {
        let number = count(self.packages.len());
        let mut dice = seed.dice(Subject::Package, &[u64::from(number)]);
        let original = position == 0;
        // The originator's and the first copy stay, so that most groups always have an alternative.
        let marketed = if position > 1 && dice.chance(200) {
            dice.between(era_day(0), era_day(20))
        } else {
            dice.between(era_day(-12), era_day(-4))
        };
        let retired = if position > 1 && dice.chance(170) {
            dice.between(marketed.max(era_day(0)) + 200, era_day(24))
        } else {
            NEVER
        };
        let mut renumbering = seed.dice(Subject::Renumbering, &[u64::from(number)]);
        let renumbered =
            renumbering.chance(400).then(|| (renumbering.between(era_day(0), era_day(20)), varenr(number * 2 + 1)));
        let size = dice.pick(if large { &product.form.large } else { &product.form.small }).unwrap_or(1);
        let dose = self.substances[index(product.substance)].dose;
        let doses = (product.form.dosed && !dice.chance(15)).then(|| size * product.strength * 1000 / dose.max(1));
        let brand = self.brand(seed, product, position);
        let share = if original { 1.0 } else { 0.55 + 0.4 * dice.unit() };
        Package {
            id: identifier(seed, &[2, u64::from(number)]),
            brand,
            number: varenr(number * 2),
            renumbered,
            size,
            unit: product.form.unit,
            doses,
            group: None,
            marketed,
            retired,
            original,
            price: PackagePrice::draw(&mut dice, unit_price * share * f64::from(size)),
        }
    }

    fn brand(&mut self, seed: Seed, product: &Product, position: u32) -> u32 {
        let substance = &self.substances[index(product.substance)];
        let name = if position == 0 {
            product.originator.to_owned()
        } else {
            // A substance's makers follow one another, so that its packages share brands.
            let maker = names::MAKERS[index(position + product.substance) % names::MAKERS.len()];
            format!("{} {maker}", substance.name)
        };
        let full_name = format!("{name} {} {} mg", product.form.name, product.strength);
        // A substance's brands stand together, at the end while its packages are added.
        let mut of_substance =
            self.brands.iter().enumerate().rev().take_while(|(_, b)| b.substance == product.substance);
        if let Some((known, _)) = of_substance.find(|(_, brand)| brand.full_name == full_name) {
            return count(known);
        }
        let number = count(self.brands.len());
        self.brands.push(Brand {
            id: identifier(seed, &[3, u64::from(number)]),
            name,
            full_name,
            substance: product.substance,
        });
        number
    }

    fn area(&self, area: usize) -> Area {
        let code = AREAS[area].0;
        let items: Vec<u32> = (0_u32..)
            .zip(&self.items)
            .filter(|(_, item)| self.substances[index(item.substance)].atc.starts_with(code))
            .map(|(number, _)| number)
            .collect();
        let weights = Weights::new(items.iter().map(|item| self.items[index(*item)].weight));
        Area { items, weights }
    }

    /// Scales the substances' propensities until their national mean is [`MEAN_RESERVATION`].
    fn calibrate(&mut self) {
        let mut volume = vec![0.0; self.substances.len()];
        for (area, (_, share, _)) in self.areas.iter().zip(AREAS) {
            let sum: f64 = area.items.iter().map(|item| self.items[index(*item)].weight).sum();
            for item in area.items.iter().map(|item| &self.items[index(*item)]).filter(|item| item.substitutable) {
                volume[index(item.substance)] += item.weight / sum * f64::from(share);
            }
        }
        let all: f64 = volume.iter().sum();
        self.substitutable = all / AREAS.iter().map(|(_, share, _)| f64::from(*share)).sum::<f64>();
        for _ in 0..30 {
            let reserved: f64 = self.substances.iter().zip(&volume).map(|(s, volume)| s.reservation * volume).sum();
            let factor = MEAN_RESERVATION * all / reserved;
            for substance in &mut self.substances {
                substance.reservation = (substance.reservation * factor).clamp(0.005, 0.20);
            }
        }
    }
}

/// One substance in one form and strength.
struct Product<'a> {
    substance: u32,
    strength: u32,
    form: &'a Form,
    originator: &'a str,
}

impl Product<'_> {
    /// The originator's purchase price per unit in øre.
    fn unit_price(&self, dice: &mut Dice) -> f64 {
        dice.lognormal(9_000.0, 0.9) / f64::from(self.form.small[0])
    }
}

/// The first day of a year of the era, which begins with 2016.
fn era_day(year: i32) -> i32 {
    days_since_epoch(jiff::civil::date(2016, 1, 1)) + year * 1461 / 4
}

fn first_month(day: i32) -> i32 {
    month_index(date_from_days(day).map_or(Month::of(jiff::civil::date(2016, 1, 1)), Month::of)) + 1
}

/// A package number below 900000, different for every `number`: the factor has no divisor in common with the range.
fn varenr(number: u32) -> u32 {
    u32::try_from(100 + u64::from(number) * 618_033 % 899_900).unwrap_or(0)
}

fn identifier(seed: Seed, keys: &[u64]) -> u128 {
    let high = seed.hash(Subject::Identifier, keys);
    u128::from(high) << 64 | u128::from(Seed(high).hash(Subject::Identifier, keys))
}

fn letter(position: usize) -> u8 {
    u8::try_from(position % 26).unwrap_or(0)
}
