//! The counts of the tables about the course (C3, C4, C10, C11) per area and period, without disclosure control.
//!
//! It must not know how events become courses, how files are read or what is public.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use super::courses::Course;
use super::csv::Month;
use super::deliveries::Unit;
use super::events::{Event, Kind};
use super::geography;
use super::periods::Period;
use super::waits;

/// What courses are counted against.
pub struct World<'a> {
    pub complete_until: &'a BTreeMap<String, Date>,
    pub units: &'a [Unit],
    /// By year and county.
    pub adults: BTreeMap<(i16, String), i64>,
}

/// One row of a table: what it is about, and its counts. A count that is not there is 0.
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub table: &'static str,
    /// Phase, target group or source; `-` where the table has none.
    pub slice: &'static str,
    pub omraade: String,
    pub periodetype: &'static str,
    pub periode: String,
    pub counts: BTreeMap<&'static str, i64>,
}

pub const PHASES: [&str; 6] = ["alle", "henvist", "vurdert", "team", "etter_team", "tannbehandling"];
pub const GROUPS: [&str; 4] = ["ikke_oppgitt", "odontofobi", "overgrep", "tortur"];
pub const SOURCES: [&str; 9] =
    ["annet", "asyl_flyktning", "fastlege", "ikke_oppgitt", "parorende", "psykolog", "selv", "tannlege", "tannpleier"];

/// A count: its table, slice and column.
type Cell = (&'static str, &'static str, &'static str);
/// Where it belongs before a period's structure says the county: month, `fylkesnr`, `enhet_orgnr`.
type Place = (Month, String, String);

/// Every row of every table that has a count.
pub fn rows(courses: &[Course], world: &World<'_>, periods: &[Period]) -> Vec<Row> {
    let counted: Vec<&Course> =
        courses.iter().filter(|course| !course.avvist_rekkefolge && course.tilskudd()).collect();
    let mut flows: BTreeMap<Place, BTreeMap<Cell, i64>> = BTreeMap::new();
    for course in &counted {
        for (day, cell) in happened(course) {
            let at = course.last_event(day).expect("something happened that day");
            let place = (Month::of(day), at.fylkesnr.clone(), at.enhet_orgnr.clone());
            *flows.entry(place).or_default().entry(cell).or_default() += 1;
        }
    }
    let last = periods.iter().map(|period| period.last).max();
    let mut rows = Vec::new();
    for period in periods.iter().filter(|period| has_rows(period)) {
        let mut by_county: BTreeMap<(String, Cell), i64> = BTreeMap::new();
        for ((month, fylkesnr, orgnr), cells) in &flows {
            if month.last_day() < period.first || month.last_day() > period.last {
                continue;
            }
            let county = geography::county_on(fylkesnr, orgnr, period.last, world.units);
            for (cell, count) in cells {
                *by_county.entry((county.clone(), *cell)).or_default() += count;
            }
        }
        let stock = |event: &Event| geography::county_on(&event.fylkesnr, &event.enhet_orgnr, period.last, world.units);
        for course in &counted {
            for (event, cell) in open(course, period.last) {
                *by_county.entry((stock(event), cell)).or_default() += 1;
            }
            if period.periodetype == "aar"
                && let Some(m0) = course.m[0].filter(|m0| period.first <= *m0 && *m0 <= period.last)
            {
                let county = stock(course.last_event(m0).expect("M0 is an event"));
                for column in became(course, world, last.expect("there is a period")) {
                    *by_county.entry((county.clone(), ("too_gjennomforing", "-", column))).or_default() += 1;
                }
            }
        }
        rows.extend(areas(period, &by_county, world));
    }
    rows
}

/// Rolling years are given at the end of a tertial.
pub fn has_rows(period: &Period) -> bool {
    period.periodetype != "rullerende12" || period.last.month() % 4 == 0
}

/// The areas of a period with the counties that count in each.
pub fn areas_of(period: &Period, complete_until: &BTreeMap<String, Date>) -> BTreeMap<String, Vec<String>> {
    waits::areas(period.last, |county| complete_until.get(county).is_some_and(|last| *last >= period.last))
}

fn areas(period: &Period, by_county: &BTreeMap<(String, Cell), i64>, world: &World<'_>) -> Vec<Row> {
    let mut rows: BTreeMap<(&'static str, &'static str, String), Row> = BTreeMap::new();
    for (omraade, members) in areas_of(period, world.complete_until) {
        let mut add = |(table, slice, column): Cell, count: i64| {
            let row = rows.entry((table, slice, omraade.clone())).or_insert_with(|| Row {
                table,
                slice,
                omraade: omraade.clone(),
                periodetype: period.periodetype,
                periode: period.periode.clone(),
                ..Row::default()
            });
            *row.counts.entry(column).or_default() += count;
        };
        for ((_, cell), count) in by_county.iter().filter(|((county, _), _)| members.contains(county)) {
            add(*cell, *count);
        }
        let known: Vec<&String> = members.iter().filter(|county| *county != geography::UNKNOWN).collect();
        let adults: Option<i64> =
            known.iter().map(|county| world.adults.get(&(period.last.year(), (*county).clone())).copied()).sum();
        if let Some(adults) = adults.filter(|_| !known.is_empty()) {
            add(("too_dekning", "-", "voksne"), adults);
        }
    }
    rows.into_values().collect()
}

/// The phase after some events of a course, in their order.
fn phase<'a>(events: impl Iterator<Item = &'a Event>) -> &'static str {
    let (mut phase, mut treated) = ("henvist", false);
    for event in events {
        match event.kind {
            Kind::Vurdert if phase == "henvist" => phase = "vurdert",
            Kind::TeamStart => phase = "team",
            Kind::TeamSlutt if treated => phase = "tannbehandling",
            Kind::TeamSlutt => phase = "etter_team",
            Kind::TannbehandlingStart => {
                treated = true;
                phase = "tannbehandling";
            }
            _ => {}
        }
    }
    phase
}

fn in_treatment(phase: &str) -> bool {
    ["team", "etter_team", "tannbehandling"].contains(&phase)
}

/// What happened in a course, with its day.
fn happened(course: &Course) -> Vec<(Date, Cell)> {
    let mut found: Vec<(Date, Cell)> = Vec::new();
    let mut need_open = false;
    let mut assessed = false;
    for (at, event) in course.events.iter().enumerate() {
        let day = event.hendelse_dato;
        let morning = phase(course.events.iter().take_while(|other| other.hendelse_dato < day));
        let mut both =
            |table, slice, column| found.extend([(day, (table, slice, column)), (day, (table, "alle", column))]);
        match event.kind {
            Kind::Time => {
                let column = match event.oppmote.as_deref() {
                    Some("mott") => "mott",
                    Some("ikke_mott") => "ikke_mott",
                    Some("avbestilt") => "avbestilt",
                    _ => "uten_oppmote",
                };
                both("too_oppmote", morning, column);
            }
            Kind::NarkoseBehov if !need_open => {
                need_open = true;
                both("too_narkose", morning, "narkose_behov");
            }
            Kind::NarkoseUtfort => {
                both("too_narkose", morning, "narkose_gjort");
                if !need_open {
                    both("too_narkose", morning, "narkose_uten_behov");
                }
                if !in_treatment(morning) {
                    both("too_narkose", morning, "narkose_foer_team");
                }
                need_open = false;
            }
            Kind::Henvist if at == 0 => {
                let source = event.henvisningskilde.as_deref().unwrap_or("ikke_oppgitt");
                let source = SOURCES.iter().find(|known| **known == source).expect("a known source");
                found.push((day, ("too_henvisning", *source, "henviste_fra")));
                found.push((day, ("too_dekning", "-", "henviste")));
            }
            Kind::Vurdert if !assessed => {
                assessed = true;
                found.push((day, ("too_maalgruppe", "-", "vurderte")));
                found.extend(groups(course).into_iter().map(|group| (day, ("too_maalgruppe", group, "vurderte_med"))));
            }
            Kind::Avsluttet | Kind::IkkeKvalifisert => {
                let now = phase(course.events.iter());
                if need_open {
                    both("too_narkose", now, "narkose_bortfalt");
                }
                if in_treatment(now) {
                    found.push((day, ("too_dekning", "-", "avsluttede_behandlinger")));
                    found.push((day, ("too_dekning", "-", "behandlede")));
                }
                if event.avslutningsaarsak.as_deref() == Some("ferdigbehandlet") && event.kind == Kind::Avsluttet {
                    found.push((day, ("too_dekning", "-", "ferdigbehandlet")));
                    let one = |test: &Option<String>| test.as_deref() == Some("1");
                    if one(&event.ferdig_odontologisk) && one(&event.ferdig_psykologisk) {
                        found.push((day, ("too_dekning", "-", "ferdigbehandlet_begge")));
                    }
                    if assessed {
                        let groups = groups(course).into_iter();
                        found.extend(groups.map(|group| (day, ("too_maalgruppe", group, "ferdigbehandlet_med"))));
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The target groups that the last assessment tells.
fn groups(course: &Course) -> Vec<&'static str> {
    let last = course.events.iter().rfind(|event| event.kind == Kind::Vurdert);
    match last.and_then(|event| event.maalgruppe.as_deref()) {
        Some(told) => GROUPS.into_iter().filter(|group| told.split('+').any(|one| one == *group)).collect(),
        None => vec!["ikke_oppgitt"],
    }
}

/// What an open course counts as on a day, with its last event then; nothing when it has not begun or is over.
fn open(course: &Course, day: Date) -> Vec<(&Event, Cell)> {
    let Some(last) = course.last_event(day) else { return Vec::new() };
    if course.m[5].is_some_and(|end| end <= day) {
        return Vec::new();
    }
    let so_far = || course.events.iter().take_while(|event| event.hendelse_dato <= day);
    let now = phase(so_far());
    let mut found = Vec::new();
    if in_treatment(now) {
        found.extend(["i_behandling", "behandlede"].map(|column| (last, ("too_dekning", "-", column))));
    }
    let narkose = so_far().filter(|event| matches!(event.kind, Kind::NarkoseBehov | Kind::NarkoseUtfort)).last();
    if narkose.is_some_and(|event| event.kind == Kind::NarkoseBehov) {
        found.extend([now, "alle"].map(|phase| (last, ("too_narkose", phase, "narkose_aapne"))));
    }
    if so_far().any(|event| event.kind == Kind::Vurdert) {
        found.extend(groups(course).into_iter().map(|group| (last, ("too_maalgruppe", group, "aapne_med"))));
    }
    found
}

/// What became of a referred course, as columns of `too_gjennomforing`. `last` is the last day of the last month that is over.
fn became(course: &Course, world: &World<'_>, last: Date) -> Vec<&'static str> {
    let mut found = vec!["henviste"];
    let reached = ["naadd_m1", "naadd_m2", "naadd_m3", "naadd_m4", "naadd_m5"];
    found.extend(reached.into_iter().enumerate().filter(|(at, _)| course.m[at + 1].is_some()).map(|(_, name)| name));
    if course.tilbakesendt > 0 {
        found.push("tilbakesendt");
    }
    if course.somlos {
        found.push("somlos");
    }
    let end = course.events.iter().find(|event| matches!(event.kind, Kind::Avsluttet | Kind::IkkeKvalifisert));
    match end {
        Some(event) if event.kind == Kind::IkkeKvalifisert => found.push(match course.m[1] {
            Some(_) => "slutt_ikke_kvalifisert_vurdert",
            None => "slutt_ikke_kvalifisert_papir",
        }),
        Some(event) => {
            let cause = match event.avslutningsaarsak.as_deref() {
                Some("ferdigbehandlet") => "slutt_ferdigbehandlet",
                Some("avbrutt_pasient") => "slutt_avbrutt_pasient",
                Some("avbrutt_team") => "slutt_avbrutt_team",
                Some("ikke_kontakt") => "slutt_ikke_kontakt",
                Some("flyttet") => "slutt_flyttet",
                Some("dod") => "slutt_dod",
                other => {
                    assert_eq!(other, None);
                    "slutt_uten_aarsak"
                }
            };
            found.push(cause);
            if cause == "slutt_ferdigbehandlet" {
                let tests =
                    [&event.ferdig_odontologisk, &event.ferdig_psykologisk].map(|test| test.as_deref() == Some("1"));
                let names = ["ferdig_odontologisk", "ferdig_psykologisk"];
                found.extend(names.into_iter().zip(tests).filter(|(_, told)| *told).map(|(name, _)| name));
                if tests == [true, true] {
                    found.push("ferdig_begge");
                }
            }
        }
        None => {
            found.push("aapne");
            let at = course.events.last().expect("a course has events");
            let county = geography::county_on(&at.fylkesnr, &at.enhet_orgnr, last, world.units);
            // Of a county that is not known: what the code that was delivered is known to.
            let until = world.complete_until.get(&county).or_else(|| world.complete_until.get(&at.fylkesnr));
            let known = *until.expect("its event is known").min(&last);
            let m0 = course.m[0].expect("it is in a cohort");
            for (months, column) in [(12, "aapne_over_12_mnd"), (24, "aapne_over_24_mnd")] {
                if known > m0 + months.months() {
                    found.push(column);
                }
            }
        }
    }
    found
}
