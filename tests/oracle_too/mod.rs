//! A second, independent route from TOO's deliveries to its waiting times and to what becomes of its courses: it recomputes
//! them from the files in the landing folder, by `definitions.md` A, C1–C6, C10 and C11, so that a mistake of the pipeline has to be made twice
//! to go unseen.
//!
//! It must not know the pipeline: no code, no reader and no table of it. Written for clarity, not speed. Bad input ends in a panic.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "test code: a panic is its way to report, counts are far below 2^52, worlds are written into temporary folders, not every test uses every part"
)]

pub mod bounds;
pub mod cells;
pub mod compare;
pub mod course_attack;
pub mod course_compare;
pub mod course_tables;
pub mod courses;
pub mod curves;
mod deliveries;
mod events;
mod geography;
pub mod identities;
pub mod linear;
pub mod lists;
mod nested;
pub mod payers;
pub mod periods;
pub mod public;
mod public_tables;
pub mod reduced;
pub mod status;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_areas;
#[cfg(test)]
mod tests_attack;
#[cfg(test)]
mod tests_courses;
#[cfg(test)]
mod tests_waits;
#[cfg(test)]
mod tests_world;
pub mod together;
mod waits;
pub mod world;
mod world_courses;
pub mod world_files;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;

pub use crate::oracle::csv;
pub use courses::Course;
pub use events::Event;
pub use waits::Wait;

/// Everything that is recomputed.
pub struct Figures {
    /// The events that hold after N, M and C, by `hendelse_guid`.
    pub in_force: Vec<Event>,
    /// The M and C whose target is not there (or is itself such a one), by `hendelse_guid`.
    pub unknown_target: Vec<String>,
    /// The `hendelse_guid`s that were delivered with different content, none of which is an event.
    pub conflicting: Vec<String>,
    /// Per county code the last day that may be computed (c_f); a code without one has no figures.
    pub complete_until: BTreeMap<String, Date>,
    /// Courses of all events in force, by (`forlop_id`, number).
    pub courses: Vec<Course>,
    /// Courses of the events that are not after their county's c_f: what `waits` is computed from.
    pub known_courses: Vec<Course>,
    /// The table `too_ventetid` without disclosure control.
    pub waits: Vec<Wait>,
    /// The tables `too_ventekurve` and `too_maaloppnaaelse`.
    pub curves: Vec<curves::Point>,
    /// The table `too_venteliste`.
    pub lists: lists::Lists,
    /// The counts of the tables about the course, without disclosure control.
    pub course_rows: Vec<course_tables::Row>,
    /// `waits` and `course_rows` of the courses that a right pays for.
    pub by_right: payers::Headline,
    /// The table `too_fylke_status`, by county.
    pub statuses: BTreeMap<String, status::Status>,
}

/// Recomputes everything from `landing`. `as_of` (`YYYY-MM-DD`) decides which periods are over and which are preliminary, nothing
/// else: every delivery is read.
pub fn compute(landing: &Path, as_of: &str) -> Figures {
    let as_of = csv::parse_date(as_of).expect("as_of is YYYY-MM-DD");
    let delivered = deliveries::read_events(landing);
    let complete_until = deliveries::complete_until(landing, &delivered);
    let units = deliveries::read_units(landing);
    // Delivered with different content: nobody can tell which is right, so it is no event.
    let (known, conflicting): (Vec<_>, Vec<_>) = delivered.into_iter().partition(|(_, contents)| contents.len() == 1);
    let known =
        known.into_iter().flat_map(|(guid, contents)| contents.into_iter().map(move |event| (guid.clone(), event)));
    let (in_force, unknown_target) = events::in_force(&known.collect());
    let conflicting = conflicting.into_iter().map(|(guid, _)| guid).collect();

    let courses = courses::build(&in_force);
    let known: Vec<Event> = in_force
        .iter()
        .filter(|event| complete_until.get(&event.fylkesnr).is_some_and(|last| event.hendelse_dato <= *last))
        .cloned()
        .collect();
    let known_courses = courses::build(&known);

    let first_event = in_force.iter().map(|event| event.hendelse_dato).min();
    let periods = first_event.map_or_else(Vec::new, |date| periods::until(csv::Month::of(date), as_of));
    let waits = waits::table(&known_courses, &complete_until, &units, &periods, as_of);
    let curves = curves::table(&known_courses, &complete_until, &units, &periods, as_of);
    let lists = lists::table(&known_courses, &complete_until, &units, &periods);
    let last_day = csv::Month(csv::Month::of(as_of).0 - 1).last_day();
    let statuses = status::table(&known_courses, &complete_until, &units, last_day, as_of);
    let world = course_tables::World {
        complete_until: &complete_until,
        units: &units,
        adults: deliveries::read_adults(landing),
    };
    let course_rows = course_tables::rows(&known_courses, &world, &periods);
    let of_right = courses::build(&payers::swapped(&known));
    let by_right = payers::Headline {
        waits: waits::table(&of_right, &complete_until, &units, &periods, as_of),
        course_rows: course_tables::rows(&of_right, &world, &periods),
    };
    Figures {
        in_force,
        unknown_target,
        conflicting,
        complete_until,
        courses,
        known_courses,
        waits,
        curves,
        lists,
        course_rows,
        by_right,
        statuses,
    }
}
