//! Where a course happens and who registers it when: counties, transfers, units, delays, and a few courses that are wrong.
//!
//! Must not know corrections of single rows, or deliveries.

use crate::demo::random::{Dice, count, index};

use super::county::{COUNTIES, SPLIT};
use super::event::{Event, Registered, What};
use super::unit::{Role, Units};
use super::workday::workday;

/// Courses of 1,000 that are transferred to another county.
const TRANSFERRED: u32 = 25;
/// Courses of 1,000 whose referral nobody registered.
const WITHOUT_REFERRAL: u32 = 3;
/// Courses of 10,000 in an order that cannot be.
const IMPOSSIBLE: u32 = 6;

/// The last working day of the shared counties: what happened under a shared code is registered by then.
const BOOKS_CLOSED: i32 = SPLIT - 3;

/// The events of a course that began in a county, with all that is registered about them.
pub(super) fn registered(
    dice: &mut Dice,
    units: &Units,
    course: u64,
    county: usize,
    mut events: Vec<(i32, What)>,
) -> Vec<Event> {
    let transfer = if dice.chance(TRANSFERRED) { transfer(dice, county, &events) } else { None };
    if let Some((day, _)) = transfer {
        events.push((day, What::Transferred { from: county }));
    }
    if dice.chance(WITHOUT_REFERRAL) && events.len() > 1 {
        events.remove(0);
    }
    if dice.below(10_000) < IMPOSSIBLE {
        spoil(dice, &mut events);
    }
    events.sort_by_key(|(day, _)| *day);
    let mut grant = dice.chance(900);
    let changes_payer = dice.chance(10);
    let mut role = Role::Team;
    let place = |(day, what)| {
        let county = match transfer {
            Some((moved, to)) if moved <= day => to,
            _ => county,
        };
        match what {
            What::Referred { .. } | What::TeamStart => role = Role::Team,
            What::DentalStart => role = Role::Clinic,
            What::Assessed { .. } if changes_payer => grant = !grant,
            _ => {}
        }
        let orgnr = units.on(county, role, day, course);
        Event { what, day, county, orgnr, grant, registered: registration(dice, county, day) }
    };
    events.into_iter().map(place).collect()
}

/// A day inside the first course on which nothing else happens, and another county.
fn transfer(dice: &mut Dice, from: usize, events: &[(i32, What)]) -> Option<(i32, usize)> {
    let (start, _) = *events.first()?;
    let ended = |what: &What| matches!(what, What::Ended { .. } | What::NotQualified);
    let (end, _) = *events.iter().find(|(_, what)| ended(what)).or(events.last())?;
    let to = index(dice.below(count(COUNTIES.len())));
    (0..8).map(|_| workday(dice.between(start + 1, end.max(start + 2)))).find_map(|day| {
        let inside = day < end && events.iter().all(|(other, _)| *other != day);
        let differs = COUNTIES[to].code_on(day) != COUNTIES[from].code_on(day);
        (inside && differs).then_some((day, to))
    })
}

/// Adds an event that cannot be where it is.
fn spoil(dice: &mut Dice, events: &mut Vec<(i32, What)>) {
    let start = events.first().map_or(0, |(day, _)| *day);
    let end = events.iter().find(|(_, what)| matches!(what, What::Ended { .. }));
    let wrong = match (dice.below(3), end) {
        (0, Some((end, _))) => (workday(end + 6), What::Visit("mott")),
        (1, _) => (workday(start + 3), What::PauseTo),
        _ => (workday(start + 4), What::TeamEnd),
    };
    events.push(wrong);
}

/// When an event of a day is registered: mostly at once, sometimes months later.
fn registration(dice: &mut Dice, county: usize, day: i32) -> Registered {
    let delay = match dice.below(100) {
        0..72 => 0,
        72..90 => dice.between(1, 4),
        90..98 => dice.between(5, 30),
        _ => dice.between(31, 120),
    };
    let registered = workday(day + delay);
    let registered = if keeps_books(county, day) { registered.min(BOOKS_CLOSED).max(day) } else { registered };
    Registered { day: registered, second: office_hours(dice) }
}

/// A later time at which a row of an event is corrected, if there is one.
pub(super) fn correction(dice: &mut Dice, event: &Event, after: Registered) -> Option<Registered> {
    let day = workday(after.day + 1 + dice.between(0, 20) * dice.between(0, 5));
    let in_time = !keeps_books(event.county, event.day) || day <= BOOKS_CLOSED;
    in_time.then(|| Registered { day, second: office_hours(dice) })
}

fn keeps_books(county: usize, day: i32) -> bool {
    COUNTIES[county].was_split() && day < SPLIT
}

fn office_hours(dice: &mut Dice) -> u32 {
    7 * 3600 + dice.below(10 * 3600)
}
