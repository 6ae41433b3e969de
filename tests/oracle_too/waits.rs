//! The table `too_ventetid`: waits per step, area, period and population (C2, C5, C6, A1, A3), without disclosure control.
//!
//! It must not know how events become courses or how files are read.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;

use super::courses::{Course, End, Waiting, days_between};
use super::deliveries::Unit;
use super::geography;
use super::periods::Period;

/// Figures of a period are preliminary until this many days after it.
pub const PRELIMINARY_DAYS: i64 = 90;

/// One row of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wait {
    pub steg: &'static str,
    pub omraade: String,
    pub periodetype: &'static str,
    pub periode: String,
    /// `avviklet` or `ventende`.
    pub populasjon: &'static str,
    /// `med` or `uten`.
    pub pauser: &'static str,
    pub n: u64,
    /// Days, as the percentiles. Absent when n is 0.
    pub gjennomsnitt: Option<f64>,
    pub median: Option<i64>,
    pub p80: Option<i64>,
    pub p90: Option<i64>,
    /// The share that waited, or has waited, longer than the goal. Absent when n is 0 or the step has no goal.
    pub over_maal: Option<f64>,
    /// How many have waited longer than so many weeks. Absent for `avviklet`.
    pub over_8: Option<u64>,
    pub over_26: Option<u64>,
    pub over_52: Option<u64>,
    pub over_104: Option<u64>,
    pub over_208: Option<u64>,
    /// How many of those who wait have a pause. Absent for `avviklet`.
    pub paa_pause: Option<u64>,
    /// How many counties a region or the nation has here. Absent for a county and 99.
    pub n_fylker: Option<u64>,
    pub forelopig: u64,
    pub status: &'static str,
}

/// What is waited for, and the goal in days.
pub struct Step {
    pub steg: &'static str,
    /// From one milestone to another; without, from a need of narkose to the narkose.
    between: Option<(usize, usize)>,
    pub goal: Option<i64>,
}

impl Step {
    /// A course's waits: one at most, but for narkose.
    pub fn of(&self, course: &Course) -> Vec<Waiting> {
        match self.between {
            Some((a, b)) => course.wait(a, b).into_iter().collect(),
            None => course.narkose_waits(),
        }
    }
}

pub const STEPS: [Step; 5] = [
    Step { steg: "m0_m1", between: Some((0, 1)), goal: Some(56) },
    Step { steg: "m1_m2", between: Some((1, 2)), goal: Some(28) },
    Step { steg: "m3_m4", between: Some((3, 4)), goal: Some(28) },
    Step { steg: "m0_m4", between: Some((0, 4)), goal: None },
    Step { steg: "narkose", between: None, goal: None },
];

/// Courses that count: paid by the grant, in an order that can be.
pub fn counted(courses: &[Course]) -> Vec<&Course> {
    courses.iter().filter(|course| !course.avvist_rekkefolge && course.tilskudd()).collect()
}

/// Every row: by period, step, area, population, pauses.
pub fn table(
    courses: &[Course],
    complete_until: &BTreeMap<String, Date>,
    units: &[Unit],
    periods: &[Period],
    as_of: Date,
) -> Vec<Wait> {
    let counted = counted(courses);
    let mut rows = Vec::new();
    for period in periods {
        let complete = |county: &str| complete_until.get(county).is_some_and(|last| *last >= period.last);
        let areas = areas(period.last, complete);
        let forelopig = u64::from(as_of <= period.last + Span::new().days(PRELIMINARY_DAYS));
        for step in &STEPS {
            let done = waits(&counted, step, period, units, true);
            let waiting = waits(&counted, step, period, units, false);
            for (omraade, members) in &areas {
                for (populasjon, by_county) in [("avviklet", &done), ("ventende", &waiting)] {
                    let here: Vec<&Found> =
                        members.iter().filter_map(|county| by_county.get(county)).flatten().collect();
                    for pauser in ["med", "uten"] {
                        let days = here.iter().map(|found| if pauser == "med" { found.days } else { found.unpaused });
                        let row = Wait {
                            steg: step.steg,
                            omraade: omraade.clone(),
                            periodetype: period.periodetype,
                            periode: period.periode.clone(),
                            populasjon,
                            pauser,
                            n_fylker: n_fylker(omraade, members),
                            forelopig,
                            paa_pause: (populasjon == "ventende")
                                .then(|| here.iter().filter(|found| found.has_pause).count() as u64),
                            ..Wait::default()
                        };
                        rows.push(fill(row, step.goal, days.collect()));
                    }
                }
            }
        }
    }
    rows
}

/// One wait in a period.
struct Found {
    days: i64,
    unpaused: i64,
    has_pause: bool,
}

/// The waits that ended with Mb in the period (`done`), or those that go on at its end; by county.
fn waits(
    courses: &[&Course],
    step: &Step,
    period: &Period,
    units: &[Unit],
    done: bool,
) -> BTreeMap<String, Vec<Found>> {
    let mut found: BTreeMap<String, Vec<Found>> = BTreeMap::new();
    for course in courses {
        for wait in step.of(course) {
            let to = match wait.until {
                Some((until, End::Reached)) if done && period.first <= until && until <= period.last => until,
                until if !done && wait.from <= period.last && until.is_none_or(|(until, _)| until > period.last) => {
                    period.last
                }
                _ => continue,
            };
            let at = course.last_event(to).expect("Ma is an event");
            // The county on the day; of a day before a new structure, where its unit came when that began.
            let day = to.max(geography::structure_of(period.last));
            let county = geography::county_on(&at.fylkesnr, &at.enhet_orgnr, day, units);
            let days = days_between(wait.from, to);
            let unpaused = days - course.paused_days(wait.from, to);
            let has_pause = course.pauses.iter().any(|pause| pause.fra <= to && pause.til.is_none_or(|end| end > to));
            found.entry(county).or_default().push(Found { days, unpaused, has_pause });
        }
    }
    found
}

/// The areas that have rows for a period with this last day, and the counties that count in each.
pub fn areas(last: Date, complete: impl Fn(&str) -> bool) -> BTreeMap<String, Vec<String>> {
    let mut areas: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for county in geography::counties(last).iter().filter(|county| complete(county)) {
        for area in [*county, geography::region(county), "landet"] {
            areas.entry(area.to_owned()).or_default().push((*county).to_owned());
        }
    }
    if let Some(nation) = areas.get_mut("landet") {
        nation.push(geography::UNKNOWN.to_owned());
        areas.insert(geography::UNKNOWN.to_owned(), vec![geography::UNKNOWN.to_owned()]);
    }
    areas
}

pub fn n_fylker(omraade: &str, members: &[String]) -> Option<u64> {
    let known = members.iter().filter(|county| *county != geography::UNKNOWN).count();
    (omraade == "landet" || omraade.starts_with("region_")).then_some(known as u64)
}

/// The statistics of these waits.
fn fill(mut row: Wait, goal: Option<i64>, mut days: Vec<i64>) -> Wait {
    days.sort_unstable();
    let over = |limit: i64| days.iter().filter(|wait| **wait > limit).count() as u64;
    let n = days.len();
    row.n = n as u64;
    row.status = if n > 0 { "vist" } else { "mangler" };
    if row.populasjon == "ventende" {
        row.over_8 = Some(over(56));
        row.over_26 = Some(over(182));
        row.over_52 = Some(over(364));
        row.over_104 = Some(over(728));
        row.over_208 = Some(over(1456));
    }
    if n > 0 {
        row.gjennomsnitt = Some(days.iter().sum::<i64>() as f64 / n as f64);
        row.over_maal = goal.map(|goal| over(goal) as f64 / n as f64);
        let percentile = |k: usize| Some(days[(k * n).div_ceil(100) - 1]);
        row.median = percentile(50);
        row.p80 = percentile(80);
        row.p90 = percentile(90);
    }
    row
}
