//! The world of medicines: substances, packages and byttegrupper with the days on which each comes, changes and goes.
//!
//! How the world is drawn stands in [`assortment`](super::assortment). Must not know doctors, lines or file formats.

use super::names::Unit;
use super::prices::{PackagePrice, StepPrice};
use super::random::{Dice, Weights, index};

/// A day that never comes.
pub(super) const NEVER: i32 = i32::MAX;

/// Everything there is to prescribe.
pub(super) struct World {
    pub(super) substances: Vec<Substance>,
    pub(super) brands: Vec<Brand>,
    pub(super) groups: Vec<Group>,
    pub(super) packages: Vec<Package>,
    pub(super) items: Vec<Item>,
    /// Per area: the items in it and their weights.
    pub(super) areas: Vec<Area>,
    /// Share of all prescribing where substitution is possible.
    pub(super) substitutable: f64,
}

/// An active substance.
pub(super) struct Substance {
    pub(super) atc: String,
    pub(super) name: String,
    /// Share of prescriptions that a mean doctor reserves, 0.005–0.20.
    pub(super) reservation: f64,
    /// Defined daily dose in milligrams.
    pub(super) dose: u32,
}

/// One maker's brand of one substance in one form and strength.
pub(super) struct Brand {
    pub(super) id: u128,
    pub(super) name: String,
    pub(super) full_name: String,
    pub(super) substance: u32,
}

/// A byttegruppe.
pub(super) struct Group {
    pub(super) id: u128,
    pub(super) code: u32,
    pub(super) name: String,
    /// `MerknadTilByttbarhet`: substitution is limited.
    pub(super) limited: bool,
    pub(super) begins: i32,
    /// The originator's package, the first of the group.
    pub(super) original: u32,
    pub(super) step: Option<StepPrice>,
}

/// A package of a brand.
pub(super) struct Package {
    pub(super) id: u128,
    pub(super) brand: u32,
    pub(super) number: u32,
    /// The day of renumbering and the number before it.
    pub(super) renumbered: Option<(i32, u32)>,
    pub(super) size: u32,
    pub(super) unit: Unit,
    /// Defined daily doses per package, in thousandths.
    pub(super) doses: Option<u32>,
    /// The group, the first day in it and the first day out of it.
    pub(super) group: Option<(u32, i32, i32)>,
    pub(super) marketed: i32,
    pub(super) retired: i32,
    /// The originator's, which reservations hold on to.
    pub(super) original: bool,
    pub(super) price: PackagePrice,
}

/// What a doctor chooses: a byttegruppe, or one package outside all groups.
pub(super) struct Item {
    pub(super) substance: u32,
    /// Packages stand together: the first and how many.
    pub(super) first: u32,
    pub(super) packages: u32,
    pub(super) group: Option<u32>,
    pub(super) weight: f64,
    /// Two packages or more, and no limit on substitution.
    pub(super) substitutable: bool,
}

/// The items of one therapeutic area.
pub(super) struct Area {
    pub(super) items: Vec<u32>,
    pub(super) weights: Weights,
}

impl Package {
    /// Whether the package is sold on a day.
    pub(super) fn sold(&self, day: i32) -> bool {
        self.marketed <= day && day < self.retired
    }

    /// Whether the package is in its group on a day; true for one that never has a group.
    pub(super) fn substitutable(&self, day: i32) -> bool {
        self.group.is_none_or(|(_, from, to)| from <= day && day < to)
    }
}

impl World {
    /// The packages of an item.
    pub(super) fn packages(&self, item: &Item) -> &[Package] {
        &self.packages[index(item.first)..index(item.first + item.packages)]
    }

    /// The step price of a package in a month in øre, and since which month.
    pub(super) fn step_price(&self, package: &Package, month: i32) -> Option<(i64, i32)> {
        let group = &self.groups[index(package.group?.0)];
        let step = group.step.filter(|step| !package.original || step.with_original)?;
        let (left, since) = step.left(month)?;
        let original = &self.packages[index(group.original)];
        let whole = original.price.retail(step.first) * i64::from(package.size) / i64::from(original.size);
        Some(((whole * left / 1000).max(100), since))
    }
}

/// A package number that no package has.
pub(super) fn unknown_varenr(dice: &mut Dice) -> u32 {
    900_000 + dice.below(100_000)
}
