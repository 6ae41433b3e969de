//! The tables `too_ventekurve` and `too_maaloppnaaelse`: what became of all who began to wait in a year (C8), by the definition's
//! own sums: each variance is a sum over all days before, for each point anew.
//!
//! It must not know how events become courses, nor waits of one period.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;

use super::courses::{Course, End, days_between};
use super::deliveries::Unit;
use super::geography;
use super::periods::Period;
use super::waits::{self, STEPS};

const WEEKS: [i64; 8] = [4, 8, 12, 26, 52, 104, 156, 208];
/// The normal quantile of 97.5 %.
const Z: f64 = 1.959_963_984_540_054;

/// The curve of a cohort at one point.
#[derive(Clone, Debug)]
pub struct Point {
    /// `steg omraade periodetype periode`
    pub cohort: String,
    pub uker: i64,
    pub n: u64,
    pub i_fare: u64,
    pub naadd: u64,
    pub andre: u64,
    /// F₁, F₂ and S; absent where nobody was followed so long.
    pub shares: Option<[f64; 3]>,
    pub limits: Option<[f64; 2]>,
    pub n_fylker: Option<u64>,
    pub forelopig: u64,
    /// Of the whole cohort.
    pub median: Option<i64>,
    pub goal: Option<i64>,
}

/// One member: days, and the outcome (0 censored, 1 reached, 2 other).
type Member = (i64, u8);

/// Every point: by cohort and week.
pub fn table(
    courses: &[Course],
    complete_until: &BTreeMap<String, Date>,
    units: &[Unit],
    periods: &[Period],
    as_of: Date,
) -> Vec<Point> {
    let counted = waits::counted(courses);
    let Some(last_day) = periods.iter().map(|period| period.last).max() else { return Vec::new() };
    let mut points = Vec::new();
    for period in periods.iter().filter(|period| ["aar", "tertial"].contains(&period.periodetype)) {
        let areas =
            waits::areas(period.last, |county| complete_until.get(county).is_some_and(|last| *last >= period.last));
        let wanted = areas.iter().filter(|(area, _)| {
            if period.periodetype == "aar" { !area.starts_with("region_") } else { *area == "landet" }
        });
        for (omraade, members) in wanted {
            for step in &STEPS {
                let mut cohort: Vec<Member> = Vec::new();
                for course in &counted {
                    for wait in step.of(course) {
                        let began_here = period.first <= wait.from && wait.from <= period.last && {
                            let at = course.last_event(wait.from).expect("Ma is an event");
                            members.contains(&geography::county_on(&at.fylkesnr, &at.enhet_orgnr, wait.from, units))
                        };
                        if began_here {
                            let member = match wait.until {
                                Some((until, End::Reached)) => (days_between(wait.from, until), 1),
                                Some((until, _)) => (days_between(wait.from, until), 2),
                                None => {
                                    let followed = followed_until(course, complete_until, units, last_day);
                                    (days_between(wait.from, followed), 0)
                                }
                            };
                            cohort.push(member);
                        }
                    }
                }
                let curve = Curve::of(&cohort);
                for uker in WEEKS.iter().filter(|_| !cohort.is_empty()) {
                    let t = uker * 7;
                    let shares = curve.known(t).then(|| curve.at(t));
                    points.push(Point {
                        cohort: [step.steg, omraade, period.periodetype, &period.periode].join(" "),
                        uker: *uker,
                        n: cohort.len() as u64,
                        i_fare: cohort.iter().filter(|(days, _)| *days >= t).count() as u64,
                        naadd: cohort.iter().filter(|(days, outcome)| *days <= t && *outcome == 1).count() as u64,
                        andre: cohort.iter().filter(|(days, outcome)| *days <= t && *outcome == 2).count() as u64,
                        limits: shares.and_then(|[f1, _, _]| limits(f1, curve.variance(t))),
                        shares,
                        n_fylker: waits::n_fylker(omraade, members),
                        forelopig: u64::from(as_of <= period.last + Span::new().days(waits::PRELIMINARY_DAYS)),
                        median: curve.median(),
                        goal: step.goal,
                    });
                }
            }
        }
    }
    points
}

/// The last day on which anything is known of a course: of the county of its last event, or of the one it is in by now.
fn followed_until(course: &Course, complete_until: &BTreeMap<String, Date>, units: &[Unit], last_day: Date) -> Date {
    let last = course.events.last().expect("a course has events");
    let by_now = geography::county_on(&last.fylkesnr, &last.enhet_orgnr, last_day, units);
    let known = [&last.fylkesnr, &by_now].into_iter().filter_map(|county| complete_until.get(county));
    *known.max().expect("its last event is known")
}

/// A day of the curve.
struct Day {
    day: i64,
    n: f64,
    d1: f64,
    d2: f64,
    /// S just before the day.
    before: f64,
    f1: f64,
    f2: f64,
    s: f64,
}

struct Curve {
    days: Vec<Day>,
}

impl Curve {
    fn of(members: &[Member]) -> Curve {
        let mut counts: BTreeMap<i64, [u64; 3]> = BTreeMap::new();
        for (day, outcome) in members {
            counts.entry(*day).or_default()[usize::from(*outcome)] += 1;
        }
        let mut left = members.len() as u64;
        let (mut s, mut f1, mut f2) = (1.0, 0.0, 0.0);
        let mut days = Vec::new();
        for (day, [censored, reached, others]) in counts {
            let (n, d1, d2, before) = (left as f64, reached as f64, others as f64, s);
            f1 += before * d1 / n;
            f2 += before * d2 / n;
            s = before * (n - d1 - d2) / n;
            left -= censored + reached + others;
            days.push(Day { day, n, d1, d2, before, f1, f2, s });
        }
        Curve { days }
    }

    fn last(&self, t: i64) -> Option<&Day> {
        self.days.iter().rfind(|day| day.day <= t)
    }

    /// Whether anybody was followed so long, or nobody was left to follow.
    fn known(&self, t: i64) -> bool {
        self.days.last().is_some_and(|last| last.day >= t || last.s == 0.0)
    }

    /// F₁, F₂, S.
    fn at(&self, t: i64) -> [f64; 3] {
        self.last(t).map_or([0.0, 0.0, 1.0], |day| [day.f1, day.f2, day.s])
    }

    /// Aalen's, of F₁ (Pintilie 2006, 4.5).
    fn variance(&self, t: i64) -> f64 {
        let [f1, _, _] = self.at(t);
        let over = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let term = |u: &Day| {
            let (n, d) = (u.n, u.d1 + u.d2);
            (f1 - u.f1).powi(2) * over(d, (n - 1.0) * (n - d))
                + u.before.powi(2) * over(u.d1 * (n - u.d1), (n - 1.0) * n * n)
                - 2.0 * (f1 - u.f1) * u.before * over(u.d1 * (n - u.d1), n * (n - d) * (n - 1.0))
        };
        self.days.iter().filter(|day| day.day <= t).map(term).sum()
    }

    /// The first day on which half of the cohort had reached the step; a half that is rounded down is one.
    fn median(&self) -> Option<i64> {
        self.days.iter().find(|day| day.f1 > 0.5 - 1e-12).map(|day| day.day)
    }
}

fn limits(f1: f64, variance: f64) -> Option<[f64; 2]> {
    (1e-12 < f1 && f1 < 1.0 - 1e-12 && variance > 0.0).then(|| {
        let width = Z * variance.sqrt() / (f1 * f1.ln());
        [f1.powf((-width).exp()), f1.powf(width.exp())]
    })
}
