//! What a reserved line costs more than its reference (B4), with fractions of whole numbers throughout.
//!
//! It must not know windows, doctors or how lines got their class.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::civil::Date;

use super::Classed;
use super::csv::Month;
use super::fest::Archive;
use super::goods::Offer;

/// Unreserved lines that the last rule needs.
const LINES: usize = 20;

/// The extra cost of one reserved line of the grunnlag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    pub utleveringsdato: Date,
    pub linje_id: String,
    pub hpr: i64,
    /// 0 without a reference, 1 own trinnpris, 2 lowest trinnpris, 3 lowest AUP, 4 lowest tenth of what was paid.
    pub rule: i64,
    pub ore: Option<i64>,
    /// The price is more than ten times the reference.
    pub unusual: bool,
}

/// So many øre for so many thousandths (of FEST) or millionths (of lines) of a unit.
#[derive(Clone, Copy, Debug)]
struct Rate {
    ore: i128,
    units: i128,
}

impl Rate {
    fn cmp(&self, other: &Rate) -> Ordering {
        (self.ore * other.units).cmp(&(other.ore * self.units))
    }
}

/// Pakningsstr or DDD of an offer.
fn held(offer: &Offer, by_size: bool) -> Option<i128> {
    let held = if by_size { offer.size } else { offer.ddd };
    held.filter(|held| *held > 0).map(i128::from)
}

/// Whether all packages of a group have the same EnhetPakning.
fn units_agree(offers: &[Offer]) -> bool {
    offers.iter().all(|offer| offer.unit.is_some() && offer.unit == offers[0].unit)
}

/// The lowest of a kind of price per unit.
fn lowest(offers: &[Offer], by_size: bool, price: impl Fn(&Offer) -> Option<i64>) -> Option<Rate> {
    let rates = offers.iter().filter_map(|offer| {
        let (ore, units) = (price(offer)?, held(offer, by_size)?);
        Some(Rate { ore: i128::from(ore), units: 1000 * units })
    });
    rates.min_by(Rate::cmp)
}

/// Every reserved line of the grunnlag, by (`utleveringsdato`, `linje_id`).
pub fn extras(net: &[Classed], archive: &Archive) -> Vec<Extra> {
    let mut offers: BTreeMap<Date, BTreeMap<String, Vec<Offer>>> = BTreeMap::new();
    for Classed { line, .. } in net.iter().filter(|net| net.group.is_some()) {
        let day = line.utleveringsdato;
        offers.entry(day).or_insert_with(|| archive.offers(day));
    }
    let own = |net: &Classed| -> Option<(&Vec<Offer>, &Offer)> {
        let all = offers.get(&net.line.utleveringsdato)?.get(net.group.as_ref()?)?;
        Some((all, all.iter().find(|offer| offer.varenr == net.line.varenr)?))
    };

    // What was paid per unit on unreserved lines, by month, group and kind of unit.
    let mut paid: BTreeMap<(Month, &str, bool), Vec<Rate>> = BTreeMap::new();
    for net in net.iter().filter(|net| net.line.reservasjon == 0 && net.price > 0) {
        let (Some((all, offer)), Some(group)) = (own(net), &net.group) else { continue };
        for by_size in [true, false].into_iter().filter(|by_size| !by_size || units_agree(all)) {
            if let Some(units) = held(offer, by_size) {
                let rate = Rate { ore: i128::from(net.price), units: i128::from(net.packages) * units };
                paid.entry((Month::of(net.line.utleveringsdato), group, by_size)).or_default().push(rate);
            }
        }
    }
    let tenth = |key: &(Month, &str, bool)| {
        let mut rates = paid.get(key)?.clone();
        rates.sort_by(Rate::cmp);
        (rates.len() >= LINES).then(|| rates[(10 * rates.len()).div_ceil(100) - 1])
    };

    let mut extras: Vec<Extra> = net
        .iter()
        .filter(|net| net.group.is_some() && net.line.reservasjon == 1)
        .map(|net| {
            let (all, offer) = own(net).expect("a line of the grunnlag has an offer on its day");
            let group = net.group.as_deref().expect("a group");
            let by_size = units_agree(all) && held(offer, true).is_some();
            let units = held(offer, by_size);
            let reference = units.and_then(|units| {
                let own = offer.trinnpris.map(|ore| (1, Rate { ore: i128::from(ore), units: 1000 * units }));
                own.or_else(|| lowest(all, by_size, |offer| offer.trinnpris).map(|rate| (2, rate)))
                    .or_else(|| lowest(all, by_size, |offer| offer.aup).map(|rate| (3, rate)))
                    .or_else(|| tenth(&(Month::of(net.line.utleveringsdato), group, by_size)).map(|rate| (4, rate)))
            });
            let bought = i128::from(net.packages) * units.unwrap_or_default();
            let extra = reference.map(|(_, rate)| {
                // Øre times rate.units; rounded half up, which is away from zero since nothing below zero is left.
                let over = (i128::from(net.price) * rate.units - bought * rate.ore).max(0);
                i64::try_from((2 * over + rate.units) / (2 * rate.units)).expect("a price")
            });
            Extra {
                utleveringsdato: net.line.utleveringsdato,
                linje_id: net.line.linje_id.clone(),
                hpr: net.line.rekvirent_hpr,
                rule: reference.map_or(0, |(rule, _)| rule),
                ore: extra,
                unusual: reference.is_some_and(|(_, rate)| i128::from(net.price) * rate.units > 10 * bought * rate.ore),
            }
        })
        .collect();
    extras.sort_by(|a, b| (a.utleveringsdato, &a.linje_id).cmp(&(b.utleveringsdato, &b.linje_id)));
    extras
}
