//! Courses: the events of one `forlop_id` cut into courses, with their milestones and flags (C3, C4) and pauses (C5).
//!
//! It must not know periods, areas or completeness of deliveries.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::events::{Event, Kind};

/// One course.
#[derive(Clone, Debug, Default)]
pub struct Course {
    pub forlop_id: String,
    /// 1 for the first course of the `forlop_id`.
    pub nr: u32,
    /// M0–M5. M3 is M4 when `somlos`.
    pub m: [Option<Date>; 6],
    /// The team was still open when the treatment of the teeth began.
    pub somlos: bool,
    /// How often a team started after M4.
    pub tilbakesendt: u32,
    /// How often it was referred while it was open.
    pub dobbel_henvisning: u32,
    /// It has an order that cannot be, and counts in nothing.
    pub avvist_rekkefolge: bool,
    /// In the order of C3.
    pub events: Vec<Event>,
    pub pauses: Vec<Pause>,
    team_open: bool,
}

/// A pause; without `til` it is open.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pause {
    pub fra: Date,
    pub til: Option<Date>,
    /// Its cause is `pasient` or `medisinsk`.
    pub deducted: bool,
}

/// The wait for a milestone from an earlier one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Waiting {
    pub from: Date,
    pub until: Option<(Date, End)>,
}

/// How a wait came to its end.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum End {
    Reached,
    /// A later milestone came first.
    HoppetOver,
    /// M5 came first.
    Ended,
}

impl Course {
    /// `forlop_id#1`.
    pub fn id(&self) -> String {
        format!("{}#{}", self.forlop_id, self.nr)
    }

    pub fn uten_henvist(&self) -> bool {
        self.m[0].is_none()
    }

    /// The wait for milestone `b` from milestone `a`; absent where there never was one, as when it would end before it begins.
    pub fn wait(&self, a: usize, b: usize) -> Option<Waiting> {
        let from = self.m[a]?;
        // On one and the same day the earlier milestone comes first.
        let later = (b..5).filter_map(|at| Some((self.m[at]?, at))).min();
        let until = match (later, self.m[5]) {
            (Some((date, at)), end) if end.is_none_or(|end| date <= end) => {
                Some((date, if at == b { End::Reached } else { End::HoppetOver }))
            }
            (_, end) => end.map(|end| (end, End::Ended)),
        };
        until.is_none_or(|(until, _)| from <= until).then_some(Waiting { from, until })
    }

    /// The waits for narkose, one after the other: from a need to the next narkose, or to the end.
    pub fn narkose_waits(&self) -> Vec<Waiting> {
        let mut waits: Vec<Waiting> = Vec::new();
        let mut open = false;
        for event in &self.events {
            match event.kind {
                Kind::NarkoseBehov if !open => {
                    waits.push(Waiting { from: event.hendelse_dato, until: None });
                    open = true;
                }
                Kind::NarkoseUtfort if open => {
                    waits.last_mut().expect("one is open").until = Some((event.hendelse_dato, End::Reached));
                    open = false;
                }
                _ => {}
            }
        }
        if let (true, Some(last)) = (open, waits.last_mut()) {
            last.until = self.m[5].map(|end| (end, End::Ended));
        }
        waits
    }

    /// Whether the last event is paid by the grant.
    pub fn tilskudd(&self) -> bool {
        self.events.last().is_some_and(|event| event.finansiering == "tilskudd")
    }

    /// The last event on or before `day`: it says where the course is.
    pub fn last_event(&self, day: Date) -> Option<&Event> {
        self.events.iter().rfind(|event| event.hendelse_dato <= day)
    }

    /// Days of [`from`, `to`) inside pauses that are deducted, each day once.
    pub fn paused_days(&self, from: Date, to: Date) -> i64 {
        let mut days = 0;
        let mut done = from;
        // Pauses are in the order of their first day.
        for pause in self.pauses.iter().filter(|pause| pause.deducted) {
            let start = pause.fra.max(done);
            let end = pause.til.unwrap_or(to).min(to);
            if start < end {
                days += days_between(start, end);
                done = end;
            }
        }
        days
    }

    fn take(&mut self, event: Event) {
        let date = event.hendelse_dato;
        if self.m[5].is_some() && event.kind != Kind::Henvist {
            self.avvist_rekkefolge = true;
        }
        match event.kind {
            Kind::Henvist if self.events.is_empty() => self.m[0] = Some(date),
            Kind::Henvist => self.dobbel_henvisning += 1,
            Kind::Vurdert => self.reach(1, date),
            Kind::TeamStart => {
                self.reach(2, date);
                self.team_open = true;
                if self.m[4].is_some() {
                    self.tilbakesendt += 1;
                } else {
                    self.m[3] = None;
                }
            }
            Kind::TeamSlutt => {
                self.avvist_rekkefolge |= !self.team_open;
                self.team_open = false;
                if self.m[4].is_none() {
                    self.m[3] = Some(date);
                }
            }
            Kind::TannbehandlingStart => {
                if self.m[4].is_none() && self.team_open {
                    self.somlos = true;
                    self.m[3] = Some(date);
                }
                self.reach(4, date);
            }
            Kind::Avsluttet | Kind::IkkeKvalifisert => self.reach(5, date),
            Kind::PauseFra => self.pauses.push(Pause {
                fra: date,
                til: None,
                deducted: matches!(event.pauseaarsak.as_deref(), Some("pasient" | "medisinsk")),
            }),
            // Ends the pause that has been open longest.
            Kind::PauseTil => match self.pauses.iter_mut().find(|pause| pause.til.is_none()) {
                Some(pause) => pause.til = Some(date),
                None => self.avvist_rekkefolge = true,
            },
            Kind::BehovVurdert | Kind::NarkoseBehov | Kind::NarkoseUtfort | Kind::Time | Kind::Other => {}
        }
        self.events.push(event);
    }

    /// The first time counts.
    fn reach(&mut self, milestone: usize, date: Date) {
        self.m[milestone].get_or_insert(date);
    }
}

/// Cuts events into courses, by (`forlop_id`, number).
pub fn build(events: &[Event]) -> Vec<Course> {
    let mut days: BTreeMap<(&str, Date), Vec<&Event>> = BTreeMap::new();
    for event in events {
        days.entry((&event.forlop_id, event.hendelse_dato)).or_default().push(event);
    }
    let mut courses: Vec<Course> = Vec::new();
    for ((forlop_id, _), mut day) in days {
        let last = courses.last().filter(|course| course.forlop_id == forlop_id);
        let open_before = last.is_some_and(|course| course.m[5].is_none());
        day.sort_by_key(|event| (place_in_day(event.kind, open_before), event.registrert_tid, &event.hendelse_guid));
        for event in day {
            let last = courses.last().filter(|course| course.forlop_id == forlop_id);
            let starts = last.is_none_or(|course| course.m[5].is_some() && event.kind == Kind::Henvist);
            if starts {
                let nr = last.map_or(1, |course| course.nr + 1);
                courses.push(Course { forlop_id: forlop_id.to_owned(), nr, ..Course::default() });
            }
            courses.last_mut().expect("a course was just made sure of").take(event.clone());
        }
    }
    courses
}

/// The order of events of one day; `open_before` = a course was open when the day began.
fn place_in_day(kind: Kind, open_before: bool) -> u8 {
    match kind {
        Kind::Avsluttet if open_before => 0,
        Kind::Henvist => 1,
        Kind::Vurdert => 2,
        Kind::IkkeKvalifisert => 3,
        Kind::BehovVurdert => 4,
        Kind::TeamStart => 5,
        Kind::TeamSlutt => 6,
        Kind::TannbehandlingStart => 7,
        Kind::PauseFra | Kind::PauseTil | Kind::NarkoseBehov | Kind::NarkoseUtfort | Kind::Time | Kind::Other => 8,
        Kind::Avsluttet => 9,
    }
}

/// Whole days from `a` to `b`.
pub fn days_between(a: Date, b: Date) -> i64 {
    i64::from((b - a).get_days())
}
