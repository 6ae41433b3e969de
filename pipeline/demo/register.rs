//! The register of those who prescribe: doctors with their periods, some dentists, and a few whom no register knows.
//!
//! Also what makes each one different: volume, favourites, and how readily they reserve. Must not know single lines.

use crate::calendar::{Month, days_since_epoch};

use super::assortment::MEAN_RESERVATION;
use super::medicines::{NEVER, World};
use super::names::{AREAS, DENTAL_AREAS, MUNICIPALITIES};
use super::random::{Dice, Seed, Subject, count, index};
use super::text;

/// Median and spread of a doctor's lines a month; the mean is 83.
const MEDIAN_LINES: f64 = 36.0;
const SIGMA_LINES: f64 = 1.3;
const MOST_LINES: f64 = 2500.0;
/// Items that a prescriber comes back to.
const FAVOURITES: u32 = 32;

/// What a prescriber is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Doctor,
    Dentist,
    /// Has an HPR number that is not in the register.
    Unregistered,
}

/// One who prescribes.
pub(super) struct Prescriber {
    pub(super) hpr: u32,
    kind: Kind,
    /// Mean lines a month.
    pub(super) lines: f64,
    /// How much more than the mean doctor this one reserves.
    pub(super) reserving: f64,
    favourites: Vec<u32>,
    areas: Vec<(u32, u32)>,
    pub(super) periods: Vec<Period>,
}

/// A row of the register.
pub(super) struct Period {
    pub(super) from: i32,
    /// The last day; [`NEVER`] when it goes on.
    pub(super) to: i32,
    municipality: u16,
    gp: bool,
    third: Option<u8>,
    specialties: String,
}

impl Prescriber {
    /// Whether the prescriber works on some day from `first` through `last`.
    pub(super) fn works(&self, first: i32, last: i32) -> bool {
        self.periods.iter().any(|period| period.from <= last && first <= period.to)
    }

    /// The day in a period that is nearest before `day`, else the first day of the first period.
    pub(super) fn working_day(&self, day: i32) -> i32 {
        let before = self.periods.iter().rev().find(|period| period.from <= day);
        before.map_or_else(|| self.periods.first().map_or(day, |p| p.from), |period| day.min(period.to))
    }

    /// The item of one prescription.
    pub(super) fn item(&self, world: &World, dice: &mut Dice) -> u32 {
        if dice.chance(700) {
            // The product of two uniform draws prefers the first favourites.
            let at = dice.below(FAVOURITES) * dice.below(FAVOURITES) / FAVOURITES;
            if let Some(item) = self.favourites.get(index(at)) {
                return *item;
            }
        }
        draw_item(world, &self.areas, dice)
    }
}

fn draw_item(world: &World, areas: &[(u32, u32)], dice: &mut Dice) -> u32 {
    let area = match dice.below(10) {
        0 => dice.weighted(&national_areas()),
        _ => dice.weighted(areas),
    };
    let area = &world.areas[index(area.unwrap_or(0))];
    area.items.get(area.weights.draw(dice)).copied().unwrap_or(0)
}

fn national_areas() -> [(u32, u32); AREAS.len()] {
    std::array::from_fn(|area| (count(area), AREAS[area].1))
}

/// All prescribers of a run: doctors first, then dentists, then the unregistered.
pub(super) fn prescribers(world: &World, seed: Seed, doctors: u32, first: Month, last: Month) -> Vec<Prescriber> {
    let kinds =
        [(Kind::Doctor, doctors), (Kind::Dentist, doctors.div_ceil(30)), (Kind::Unregistered, doctors.div_ceil(200))];
    let window = (days_since_epoch(first.first_day()), days_since_epoch(last.last_day()));
    let mut all = Vec::new();
    for (kind, number) in kinds {
        all.extend((0..number).map(|n| prescriber(world, seed, kind, n, window)));
    }
    calibrate(world, &mut all);
    all
}

fn prescriber(world: &World, seed: Seed, kind: Kind, number: u32, window: (i32, i32)) -> Prescriber {
    let of_kind = match kind {
        Kind::Doctor => 0,
        Kind::Dentist => 2_000_000,
        Kind::Unregistered => 4_000_000,
    };
    let dice = &mut seed.dice(Subject::Register, &[u64::from(of_kind + number)]);
    let lines = match kind {
        Kind::Doctor => dice.lognormal(MEDIAN_LINES, SIGMA_LINES).min(MOST_LINES),
        Kind::Dentist => dice.lognormal(9.0, 0.8),
        Kind::Unregistered => dice.lognormal(15.0, 1.0),
    };
    let gp = kind == Kind::Doctor && dice.chance(gp_share(lines));
    let specialties = if kind == Kind::Doctor { specialties(dice, gp) } else { String::new() };
    let areas = match kind {
        Kind::Dentist => DENTAL_AREAS.map(|area| (area, 1)).to_vec(),
        _ => areas(seed, dice, gp, &specialties),
    };
    let favourites = (0..FAVOURITES).map(|_| draw_item(world, &areas, dice)).collect();
    // Most reserve somewhat around the mean; one in seventy out of habit.
    let reserving = dice.lognormal(0.8, 0.65) * if dice.chance(14) { 4.0 + 6.0 * dice.unit() } else { 1.0 };
    let periods = periods(dice, gp, &specialties, window);
    // A number of six or seven digits, different for everyone: the factor is coprime with the range.
    let hpr = 400_000 + u64::from(of_kind + number + 1) * 2_718_281 % 8_000_000;
    Prescriber { hpr: u32::try_from(hpr).unwrap_or(1), kind, lines, reserving, favourites, areas, periods }
}

/// Doctors of small and of very large volume are seldom GPs; per mille.
fn gp_share(lines: f64) -> u32 {
    match lines {
        ..15.0 => 150,
        15.0..50.0 => 380,
        50.0..400.0 => 700,
        _ => 500,
    }
}

/// Codes of 7426 joined by `+`; `1` is general practice.
fn specialties(dice: &mut Dice, gp: bool) -> String {
    let hospital = 2 + dice.below(44);
    match (gp, dice.below(100)) {
        (true, 0..61) => "1".to_owned(),
        (true, 61..64) => format!("1+{hospital}"),
        (false, 0..50) => hospital.to_string(),
        (false, 50..55) => format!("{hospital}+{}", hospital + 1 + dice.below(5)),
        (false, 55..60) => "1".to_owned(),
        _ => String::new(),
    }
}

/// The areas a doctor prescribes in: many for a GP, the specialty's few for a specialist.
fn areas(seed: Seed, dice: &mut Dice, gp: bool, specialties: &str) -> Vec<(u32, u32)> {
    let national = national_areas();
    let first = specialties.split('+').next().filter(|code| *code != "1").and_then(|code| code.parse::<u64>().ok());
    if let (false, Some(code)) = (gp, first) {
        let mut of_specialty = seed.dice(Subject::Favoured, &[code]);
        let drawn: Vec<u32> = (0..3).filter_map(|_| of_specialty.weighted(&national)).collect();
        return drawn.into_iter().zip([6, 3, 1]).collect();
    }
    let breadth = if gp { 12 } else { 5 };
    (0..breadth).filter_map(|_| Some((dice.weighted(&national)?, 1 + dice.below(4)))).collect()
}

fn periods(dice: &mut Dice, gp: bool, specialties: &str, (start, end): (i32, i32)) -> Vec<Period> {
    let began = start - 700 - dice.between(0, 9_000);
    let middle = dice.between(start, end);
    let spans = match dice.below(100) {
        0..4 => vec![(middle, NEVER)],
        4..8 => vec![(began, middle)],
        8..16 => vec![(began, middle - 1), (middle, NEVER)],
        16..18 => vec![(began, start - 200), (start - 199, middle - 1), (middle, NEVER)],
        18..21 => vec![(began, middle), (middle + dice.between(60, 190), NEVER)],
        21 => vec![(began, start - 500 + dice.between(0, 90))],
        _ => vec![(began, NEVER)],
    };
    let third = if gp && dice.chance(950) { u8::try_from(1 + dice.below(3)).ok() } else { None };
    let mut municipality = 301;
    let mut periods = Vec::new();
    for (nth, (from, to)) in spans.into_iter().enumerate() {
        // Every other new period is a move; the others change the list or the role.
        if nth == 0 || dice.chance(500) {
            municipality = dice.weighted(&MUNICIPALITIES).unwrap_or(301);
        }
        let stays_gp = gp && (nth == 0 || dice.chance(850));
        let third = third.filter(|_| stays_gp);
        periods.push(Period { from, to, municipality, gp: stays_gp, third, specialties: specialties.to_owned() });
    }
    periods
}

/// Scales all propensities so that the mean over the prescriptions of this run is [`MEAN_RESERVATION`].
fn calibrate(world: &World, prescribers: &mut [Prescriber]) {
    // Seven of ten prescriptions are favourites, drawn by the density of a product of two uniform draws.
    let weights: Vec<f64> =
        (0..FAVOURITES).map(|place| (f64::from(FAVOURITES) / (f64::from(place) + 0.5)).ln()).collect();
    let sum: f64 = weights.iter().sum();
    let (mut possible, mut reserved) = (0.0, 0.0);
    for prescriber in prescribers.iter() {
        let others = 0.3 * prescriber.lines * world.substitutable;
        possible += others;
        reserved += others * (MEAN_RESERVATION * prescriber.reserving).min(0.9);
        for (weight, item) in weights.iter().zip(&prescriber.favourites) {
            let item = &world.items[index(*item)];
            if item.substitutable {
                let volume = 0.7 * prescriber.lines * weight / sum;
                let propensity = world.substances[index(item.substance)].reservation * prescriber.reserving;
                possible += volume;
                reserved += volume * propensity.min(0.9);
            }
        }
    }
    if reserved > 0.0 {
        for prescriber in prescribers {
            prescriber.reserving *= MEAN_RESERVATION * possible / reserved;
        }
    }
}

/// The delivery of the register, one row per period.
pub(super) fn csv(prescribers: &[Prescriber]) -> Vec<u8> {
    let mut out = b"hpr;profesjon;spesialitet;er_fastlege;kommunenr;listetredel;gyldig_fra;gyldig_til\n".to_vec();
    for prescriber in prescribers {
        let profession: &[u8] = match prescriber.kind {
            Kind::Doctor => b";LE;",
            Kind::Dentist => b";TL;",
            Kind::Unregistered => continue,
        };
        for period in &prescriber.periods {
            text::whole(&mut out, u64::from(prescriber.hpr));
            out.extend_from_slice(profession);
            out.extend_from_slice(period.specialties.as_bytes());
            out.extend_from_slice(if period.gp { b";1;" } else { b";0;" });
            text::padded::<4>(&mut out, u64::from(period.municipality));
            out.push(b';');
            if let Some(third) = period.third {
                text::whole(&mut out, u64::from(third));
            }
            out.push(b';');
            text::date(&mut out, period.from);
            out.push(b';');
            if period.to != NEVER {
                text::date(&mut out, period.to);
            }
            out.push(b'\n');
        }
    }
    out
}
