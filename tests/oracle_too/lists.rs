//! The table `too_venteliste`: each list followed day by day (C7). Where a course is, is asked for every day of every wait; who
//! opens and closes a month is counted on its first morning and its last evening.
//!
//! It must not know how events become courses, nor how long anybody waits.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;

use super::courses::{Course, End};
use super::csv::Month;
use super::deliveries::Unit;
use super::events::Kind;
use super::geography;
use super::periods::Period;
use super::waits::{self, STEPS};

pub const MEASURES: [&str; 15] = [
    "inngaaende",
    "kommet_til",
    "overfort_inn",
    "naadd",
    "hoppet_over",
    "ikke_kvalifisert",
    "ferdigbehandlet",
    "avbrutt_pasient",
    "avbrutt_team",
    "ikke_kontakt",
    "flyttet",
    "dod",
    "uoppgitt",
    "overfort_ut",
    "utgaaende",
];

/// A row: its key `steg omraade periodetype periode`, and how many of each measure.
pub type Lists = BTreeMap<String, BTreeMap<&'static str, i64>>;

/// What happened, by step, county and month.
type Monthly = BTreeMap<(&'static str, String, Month), BTreeMap<&'static str, i64>>;

/// Every row.
pub fn table(courses: &[Course], complete_until: &BTreeMap<String, Date>, units: &[Unit], periods: &[Period]) -> Lists {
    let months: Vec<&Period> = periods.iter().filter(|period| period.periodetype == "maaned").collect();
    let monthly = monthly(courses, units, &months);
    let mut lists = Lists::new();
    for period in periods.iter().filter(|period| period.periodetype != "rullerende12") {
        let areas =
            waits::areas(period.last, |county| complete_until.get(county).is_some_and(|last| *last >= period.last));
        for (omraade, members) in areas.iter().filter(|(area, _)| !area.starts_with("region_")) {
            for step in &STEPS {
                let row = lists.entry([step.steg, omraade, period.periodetype, &period.periode].join(" ")).or_default();
                for measure in MEASURES {
                    row.insert(measure, 0);
                }
                for county in members {
                    for month in Month::of(period.first).0..=Month::of(period.last).0 {
                        let Some(counts) = monthly.get(&(step.steg, county.clone(), Month(month))) else { continue };
                        for (measure, count) in counts {
                            let counts_here = match *measure {
                                "inngaaende" => month == Month::of(period.first).0,
                                "utgaaende" => month == Month::of(period.last).0,
                                _ => true,
                            };
                            *row.get_mut(measure).expect("a measure") += if counts_here { *count } else { 0 };
                        }
                    }
                }
            }
        }
    }
    lists
}

fn monthly(courses: &[Course], units: &[Unit], months: &[&Period]) -> Monthly {
    let (Some(first), Some(last)) = (months.first(), months.last()) else { return Monthly::new() };
    let mut found = Monthly::new();
    for course in waits::counted(courses) {
        let mut places = Places { course, units, known: BTreeMap::new() };
        for step in &STEPS {
            for wait in step.of(course) {
                let mut add = |county: &str, day: Date, measure| {
                    let counts = found.entry((step.steg, county.to_owned(), Month::of(day))).or_default();
                    *counts.entry(measure).or_default() += 1;
                };
                assert!(wait.from >= first.first, "no wait begins before the first event");
                let until = wait.until.map_or(last.last, |(until, _)| until.min(last.last));
                let mut day = wait.from;
                while day <= until {
                    let here = places.evening(day);
                    if day == wait.from {
                        add(&here, day, "kommet_til");
                    } else {
                        let before = places.morning(day);
                        if day.day() == 1 {
                            add(&before, day, "inngaaende");
                        }
                        if before != here {
                            add(&before, day, "overfort_ut");
                            add(&here, day, "overfort_inn");
                        }
                    }
                    match wait.until {
                        Some((end, how)) if end == day => add(&here, day, outcome(course, how)),
                        _ if day == day.last_of_month() => add(&here, day, "utgaaende"),
                        _ => {}
                    }
                    day += Span::new().days(1);
                }
            }
        }
    }
    found
}

/// Where a course is on a day.
struct Places<'a> {
    course: &'a Course,
    units: &'a [Unit],
    /// What was found out already: by day, and whether the structure is that of the day after.
    known: BTreeMap<(Date, bool), String>,
}

impl Places<'_> {
    /// After the day's events.
    fn evening(&mut self, day: Date) -> String {
        self.on(day, false)
    }

    /// Before the day's events, in the structure of the day.
    fn morning(&mut self, day: Date) -> String {
        let before = day - Span::new().days(1);
        self.on(before, day.year() == 2024 && before.year() == 2023)
    }

    fn on(&mut self, day: Date, next_structure: bool) -> String {
        let (course, units) = (self.course, self.units);
        let place = || {
            let at = course.last_event(day).expect("the course has begun");
            let structure = if next_structure { day + Span::new().days(1) } else { day };
            geography::county_on(&at.fylkesnr, &at.enhet_orgnr, structure, units)
        };
        self.known.entry((day, next_structure)).or_insert_with(place).clone()
    }
}

fn outcome(course: &Course, how: End) -> &'static str {
    match how {
        End::Reached => return "naadd",
        End::HoppetOver => return "hoppet_over",
        End::Ended => {}
    }
    let end = course.events.iter().find(|event| matches!(event.kind, Kind::Avsluttet | Kind::IkkeKvalifisert));
    let end = end.expect("M5 is an event");
    if end.kind == Kind::IkkeKvalifisert {
        return "ikke_kvalifisert";
    }
    let cause = end.avslutningsaarsak.as_deref();
    MEASURES.into_iter().find(|measure| Some(*measure) == cause).unwrap_or("uoppgitt")
}
