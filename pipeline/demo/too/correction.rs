//! Rows of a course: the events as they were first registered, those that replace them and those that cancel.
//!
//! What holds in the end is the course as it ran; the first row is the one that is wrong. Must not know deliveries.

use crate::demo::random::{Dice, count};

use super::code;
use super::county::SPLIT;
use super::event::{Event, Registered, Row, Status, What};
use super::record;
use super::{Chance, Draw};

/// Of 10,000 events: corrected by a later row.
const REPLACED: u32 = 70;
/// Registered twice, the second of which is cancelled.
const CANCELLED: u32 = 35;
/// Followed by a correction of a row that nobody knows.
const UNKNOWN: u32 = 1;

/// The rows of a course, by event.
pub(super) fn rows(chance: Chance, course: u64, events: &[Event]) -> Vec<Row> {
    let mut rows = Vec::with_capacity(events.len() + events.len() / 50);
    for (nth, event) in events.iter().enumerate() {
        let nth = u64::from(count(nth));
        let dice = &mut chance.dice(Draw::Correction, &[course, nth]);
        let writer = Writer { chance, course, nth };
        match dice.below(10_000) {
            0..REPLACED => writer.replaced(dice, event, &mut rows),
            at if at < REPLACED + CANCELLED => writer.cancelled(dice, event, &mut rows),
            at if at < REPLACED + CANCELLED + UNKNOWN => {
                rows.push(writer.first(*event));
                // No row is ever written as version 9.
                if let Some(registered) = record::correction(dice, event, event.registered) {
                    rows.push(writer.row(1, Status::Replaces, Some(9), Event { registered, ..*event }));
                }
            }
            _ => rows.push(writer.first(*event)),
        }
    }
    rows
}

/// Writes the rows of one event; each has a version of its own.
struct Writer {
    chance: Chance,
    course: u64,
    nth: u64,
}

impl Writer {
    fn guid(&self, version: u64) -> u128 {
        let half = |part| self.chance.hash(Draw::Guid, &[self.course, self.nth, version, part]);
        u128::from(half(0)) << 64 | u128::from(half(1))
    }

    fn row(&self, version: u64, status: Status, concerns: Option<u64>, event: Event) -> Row {
        let concerns = concerns.map(|version| self.guid(version));
        Row { guid: self.guid(version), status, concerns, course: self.course, event }
    }

    fn first(&self, event: Event) -> Row {
        self.row(0, Status::New, None, event)
    }

    /// First as it was not, then, once or twice, a row in its place.
    fn replaced(&self, dice: &mut Dice, event: &Event, rows: &mut Vec<Row>) {
        let Some(registered) = record::correction(dice, event, event.registered) else {
            return rows.push(self.first(*event));
        };
        rows.push(self.first(mistaken(dice, event)));
        let last = if dice.chance(50) { record::correction(dice, event, registered) } else { None };
        if let Some(registered) = last {
            rows.push(self.row(2, Status::Replaces, Some(0), Event { registered, ..*event }));
        }
        // Where a second correction follows, the first was wrong as well.
        let event = if last.is_some() { mistaken(dice, event) } else { *event };
        rows.push(self.row(1, Status::Replaces, Some(0), Event { registered, ..event }));
    }

    /// The event twice, then a row that cancels the second.
    fn cancelled(&self, dice: &mut Dice, event: &Event, rows: &mut Vec<Row>) {
        rows.push(self.first(*event));
        // Twice the same is possible for these only, so that the course is in order at any time.
        let harmless = matches!(
            event.what,
            What::Referred { .. } | What::Assessed { .. } | What::NeedAssessed(_) | What::Contacted | What::Visit(_)
        );
        let cancelled = record::correction(dice, event, event.registered);
        if let (true, Some(registered)) = (harmless, cancelled) {
            // Pressed twice, seconds apart.
            let second = event.registered.second + 1 + dice.below(40);
            let again = Event { registered: Registered { second, ..event.registered }, ..*event };
            rows.push(self.row(1, Status::New, None, again));
            rows.push(self.row(2, Status::Cancels, Some(1), Event { registered, ..*event }));
        }
    }
}

/// The event with something wrong: what it tells, or else its day.
fn mistaken(dice: &mut Dice, event: &Event) -> Event {
    let what = match event.what {
        What::Referred { .. } => code::referral(dice),
        What::Assessed { .. } => code::assessment(dice),
        What::PauseFrom(_) => code::pause(dice),
        What::Visit(_) => code::visit(dice, 300),
        What::NeedAssessed(_) => What::NeedAssessed("middels"),
        What::Ended { cause: "ikke_kontakt", tests } => What::Ended { cause: "avbrutt_pasient", tests },
        What::Ended { cause, .. } => What::Ended { cause, tests: None },
        what => what,
    };
    let earlier = event.day - dice.between(1, 3);
    let day = if what == event.what && (earlier < SPLIT) == (event.day < SPLIT) { earlier } else { event.day };
    Event { what, day, ..*event }
}
