//! What each source has delivered last against when the next delivery was due: in time, late, or too late to publish on.
//!
//! Knows due times, the run's time and what the state says of deliveries: no clock and no time of arrival, so that what
//! it finds may stand in a release.

mod period;

use std::collections::BTreeMap;
use std::fmt;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use serde::Serialize;

use crate::config::{Config, Schedule};
use crate::contract::Contract;
use crate::lake::State;
use crate::render::{Late, Until};
pub use period::Period;
use period::{by_county, last};

/// How a source stands.
#[derive(Clone, Debug, Serialize)]
pub struct Freshness {
    /// The source.
    pub source: String,
    /// What it delivers, as its contract calls it.
    pub title: String,
    /// The product that stands or falls with it.
    pub product: String,
    /// Whether that product is made without it too.
    pub optional: bool,
    /// What its newest delivery in force is of; of a source that counties deliver apart, the newest of the county that is
    /// furthest behind. Absent when there is none.
    pub last: Option<Period>,
    /// Counties that are late and what their newest is of, where counties deliver apart; none while nothing is late.
    pub late_counties: BTreeMap<String, Period>,
    /// When the delivery that comes after that was or is due, in Oslo; absent without `cron`.
    pub due: Option<DateTime>,
    /// Whole days since then; absent while it is not due.
    pub late_days: Option<i32>,
    /// `frist_dager`; absent = any delay is borne.
    pub grace_days: Option<u32>,
    /// What becomes of it; too late is a source that counties deliver apart when all of them are.
    pub level: Level,
}

/// What becomes of a delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing is late, or nobody waits.
    IRute,
    /// A warning, and a note on the product's pages.
    Forsinket,
    /// The product fails and keeps its pages, unless it can do without the source.
    ForSent,
}

/// How every configured source stands at a time in Oslo, by the deliveries in force.
pub fn of(config: &Config, contracts: &[Contract], state: &State, as_of: DateTime) -> Vec<Freshness> {
    let mut all = Vec::new();
    for contract in contracts {
        let Some(source) = config.sources.get(&contract.source) else { continue };
        let by_county = by_county(contract, state, as_of.date());
        let last = by_county.values().min().copied().or_else(|| last(contract, state, as_of.date()));
        let schedule = source.expected.as_ref().map(|expected| &expected.schedule);
        let due = schedule.and_then(|schedule| next_due(schedule, last, as_of));
        let grace_days = source.expected.as_ref().and_then(|expected| expected.grace_days);
        let level_of = |due: Option<DateTime>| due.map_or(Level::IRute, |due| level(due, grace_days, as_of));
        // A county that does not deliver is shown as missing, and stops no other county's figures.
        let foremost = by_county.values().max().map(|last| {
            let due = schedule.and_then(|schedule| next_due(schedule, Some(*last), as_of));
            level_of(due).max(Level::Forsinket)
        });
        let is_late = |last: Period| {
            let due = schedule.and_then(|schedule| next_due(schedule, Some(last), as_of));
            due.is_some_and(|due| due <= as_of)
        };
        all.push(Freshness {
            late_counties: by_county.into_iter().filter(|(_, last)| is_late(*last)).collect(),
            source: contract.source.clone(),
            title: contract.title.clone(),
            product: contract.product.clone(),
            optional: contract.optional,
            last,
            due,
            late_days: due.filter(|due| *due <= as_of).map(|due| (as_of.date() - due.date()).get_days()),
            grace_days,
            level: level_of(due).min(foremost.unwrap_or(Level::ForSent)),
        });
    }
    all
}

/// Products that a source is too late for → what to do. Each is named once, by its first such source.
pub(super) fn too_late(all: &[Freshness]) -> BTreeMap<String, anyhow::Error> {
    let mut failed = BTreeMap::new();
    for source in all.iter().filter(|source| source.level == Level::ForSent && !source.optional) {
        let error = anyhow::anyhow!(
            "{source}; that is more than `frist_dager` = {} of [source.{}] bears. Deliver it, or raise `frist_dager`",
            source.grace_days.unwrap_or(0),
            source.source
        );
        failed.entry(source.product.clone()).or_insert(error);
    }
    failed
}

/// By product, what its pages say of sources that are late. A source that was never delivered is not among them: the
/// pages have no figures of it.
pub(super) fn notes(all: &[Freshness]) -> BTreeMap<String, Vec<Late>> {
    let mut notes: BTreeMap<String, Vec<Late>> = BTreeMap::new();
    for source in all.iter().filter(|source| source.level != Level::IRute) {
        let until = source.last.map(|last| match last {
            Period::Year(year) => Until::Year(year),
            Period::Month(month) => Until::Month(month.number()),
            Period::Date(date) => Until::Date(date),
        });
        let late = until.map(|until| Late { title: source.title.clone(), until });
        notes.entry(source.product.clone()).or_default().extend(late);
    }
    notes
}

/// Tells of every source that is late.
pub(super) fn warn(all: &[Freshness]) {
    for source in all.iter().filter(|source| source.level != Level::IRute) {
        tracing::warn!("{source}");
    }
}

impl Freshness {
    /// `; late are county 18 (2026-08), county 55 (2026-09)`; empty when there are none.
    pub fn late_counties_in_words(&self) -> String {
        let counties: Vec<String> =
            self.late_counties.iter().map(|(county, last)| format!("county {county} ({last})")).collect();
        if counties.is_empty() { String::new() } else { format!("; late are {}", counties.join(", ")) }
    }
}

/// `utlevering was due 2026-11-10 06:00 and is 3 days late; the newest is of 2026-09`.
impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let newest =
            self.last.map_or("nothing was delivered yet".to_owned(), |last| format!("the newest is of {last}"));
        match (self.due, self.late_days) {
            (Some(due), Some(days)) => {
                let due = due.strftime("%F %H:%M");
                let counties = self.late_counties_in_words();
                write!(f, "{} was due {due} and is {days} days late; {newest}{counties}", self.source)
            }
            (Some(due), None) => write!(f, "{} is due {}; {newest}", self.source, due.strftime("%F %H:%M")),
            (None, _) => write!(f, "{}: {newest}", self.source),
        }
    }
}

/// When the first delivery is due that those in force do not answer to. A delivery of a month or year answers to due
/// times until the second month or year after it begins: what is due in November is October. One of a date answers to
/// the first due time from that date on, and to those before.
fn next_due(schedule: &Schedule, last: Option<Period>, as_of: DateTime) -> Option<DateTime> {
    let midnight = |date: Date| date.at(0, 0, 0, 0);
    match last {
        None => schedule.last_until(as_of).or_else(|| schedule.first_from(as_of)),
        Some(Period::Month(month)) => schedule.first_from(midnight(month.plus(2).first_day())),
        Some(Period::Year(year)) => schedule.first_from(midnight(Date::new(year.checked_add(2)?, 1, 1).ok()?)),
        Some(Period::Date(date)) => schedule.first_after(schedule.first_from(midnight(date))?),
    }
}

fn level(due: DateTime, grace_days: Option<u32>, as_of: DateTime) -> Level {
    let borne_until = grace_days.and_then(|days| due.checked_add(i64::from(days).days()).ok());
    match borne_until {
        _ if as_of < due => Level::IRute,
        Some(until) if as_of > until => Level::ForSent,
        _ => Level::Forsinket,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::Delivery;

    fn config(keys: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("speil.toml");
        crate::disk::write(&file, format!("root = \".\"\n{keys}").as_bytes()).unwrap();
        Config::load(&file).unwrap()
    }

    fn state(source: &str, deliveries: &[(&str, &str)]) -> State {
        let delivery = |file: &str| Delivery {
            file: file.to_owned(),
            version: 1,
            sha256: String::new(),
            taken_with: String::new(),
            paragraphs: None,
            lacking: Default::default(),
            newest: None,
            refused_counties: Default::default(),
            earlier: Default::default(),
            copies: Default::default(),
        };
        let deliveries = deliveries.iter().map(|(partition, file)| ((*partition).to_owned(), delivery(file))).collect();
        State { deliveries: [(source.to_owned(), deliveries)].into(), ..State::default() }
    }

    /// Last period, due time and level of the one source.
    fn told(source: &str, keys: &str, deliveries: &[(&str, &str)], as_of: &str) -> (String, String, Level) {
        let config = config(&format!("[source.{source}]\nurl = \"x\"\n{keys}\n"));
        let as_of = crate::calendar::as_of(as_of).unwrap();
        let all = of(&config, &Contract::embedded().unwrap(), &state(source, deliveries), as_of);
        let [one] = all.as_slice() else { panic!("{all:?}") };
        let due = one.due.map(|due| due.strftime("%F %H:%M").to_string()).unwrap_or_default();
        (one.last.map(|last| last.to_string()).unwrap_or_default(), due, one.level)
    }

    fn expect(source: &str, keys: &str, deliveries: &[(&str, &str)], last: &str, due: &str, levels: &[(&str, Level)]) {
        for (as_of, level) in levels {
            let wanted = (last.to_owned(), due.to_owned(), *level);
            assert_eq!(told(source, keys, deliveries, as_of), wanted, "{source} as of {as_of}");
        }
    }

    use Level::{ForSent, Forsinket, IRute};

    #[test]
    fn a_month_is_due_in_the_month_after_it() {
        let months = [("2026-08", "utlevering_2026-08.csv"), ("2026-09", "utlevering_2026-09_v2.csv")];
        expect(
            "utlevering",
            "cron = \"0 6 10 * *\"\nfrist_dager = 20",
            &months,
            "2026-09",
            "2026-11-10 06:00",
            &[
                ("2026-10-31", IRute),
                ("2026-11-10T05:59", IRute),
                ("2026-11-10T06:00", Forsinket),
                ("2026-11-30T06:00", Forsinket),
                ("2026-11-30T06:01", ForSent),
            ],
        );
        // Nobody waits; and any delay is borne.
        expect("utlevering", "", &months, "2026-09", "", &[("2027-11-10", IRute)]);
        expect(
            "utlevering",
            "cron = \"0 6 10 * *\"",
            &months,
            "2026-09",
            "2026-11-10 06:00",
            &[("2027-11-10", Forsinket)],
        );
        // Deliveries every quarter: what is due in January is the months to December.
        let quarter = [("2026-09", "utlevering_2026-09.csv")];
        expect(
            "utlevering",
            "cron = \"0 6 15 1,4,7,10 *\"",
            &quarter,
            "2026-09",
            "2027-01-15 06:00",
            &[("2026-12-31", IRute)],
        );
        // The last day of each month, over a leap year's February and the change to summer time.
        let december = [("2027-12", "utlevering_2027-12.csv")];
        let last_day = "cron = \"30 2 L * *\"\nfrist_dager = 29";
        expect(
            "utlevering",
            last_day,
            &december,
            "2027-12",
            "2028-02-29 02:30",
            &[("2028-02-29T02:29", IRute), ("2028-03-29T02:30", Forsinket), ("2028-03-29T02:31", ForSent)],
        );
    }

    #[test]
    fn a_dated_delivery_answers_to_the_first_due_time_from_its_date_on() {
        let lege = [("alle", "lege_2026-10-31.csv")];
        let keys = "cron = \"0 6 5 * *\"\nfrist_dager = 0";
        expect(
            "lege",
            keys,
            &lege,
            "2026-10-31",
            "2026-12-05 06:00",
            &[("2026-12-04", IRute), ("2026-12-05", ForSent)],
        );
        let snapshots = [("20261015041200", "fest_a.zip"), ("20261101041200", "fest_b.zip")];
        let keys = "cron = \"0 12 1,15 * *\"";
        expect(
            "fest",
            keys,
            &snapshots,
            "2026-11-01",
            "2026-11-15 12:00",
            &[("2026-11-15T11:59", IRute), ("2026-11-15", Forsinket)],
        );
        // Of several kinds, the one that is furthest behind.
        let klass =
            [("104_koder", "klass_104_koder_2026-11-01.json"), ("131_koder", "klass_131_koder_2026-02-01.json")];
        expect("klass", "cron = \"0 6 1 1,7 *\"", &klass, "2026-02-01", "2027-01-01 06:00", &[("2026-11-10", IRute)]);
    }

    #[test]
    fn years_counties_and_sources_without_deliveries() {
        let year = [("2025", "too_tilskudd_2025.csv")];
        expect("too_tilskudd", "cron = \"0 6 1 3 *\"", &year, "2025", "2027-03-01 06:00", &[("2027-03-01", Forsinket)]);
        let counties =
            [("03_2026-10", "too_hendelse_03_2026-10.csv"), ("18_2026-08_v2", "too_hendelse_18_2026-08_v2.csv")];
        expect(
            "too_hendelse",
            "cron = \"0 6 10 * *\"\nfrist_dager = 40",
            &counties,
            "2026-08",
            "2026-10-10 06:00",
            &[("2026-11-10", Forsinket), ("2026-12-01", Forsinket), ("2027-01-18", Forsinket), ("2027-01-19", ForSent)],
        );
        expect(
            "enhet",
            "cron = \"0 6 10 * *\"\nfrist_dager = 5",
            &[],
            "",
            "2026-11-10 06:00",
            &[("2026-11-12", Forsinket)],
        );
    }

    fn too(deliveries: &[(&str, &str)], as_of: &str) -> Freshness {
        let config = config("[source.too_hendelse]\nurl = \"x\"\ncron = \"0 6 10 * *\"\n");
        let state = state("too_hendelse", deliveries);
        of(&config, &Contract::embedded().unwrap(), &state, crate::calendar::as_of(as_of).unwrap()).remove(0)
    }

    #[test]
    fn the_county_that_is_furthest_behind_decides_and_all_that_are_late_are_named() {
        let mut counties = vec![
            ("03_2026-09", "too_hendelse_03_2026-09.csv"),
            ("03_2026-10", "too_hendelse_03_2026-10.csv"),
            ("18_2026-08", "too_hendelse_18_2026-08.csv"),
            ("55_2026-09", "too_hendelse_55_2026-09.csv"),
            // Troms og Finnmark was one county until 2023: nobody waits for it.
            ("54_2023-12", "too_hendelse_54_2023-12.csv"),
        ];
        let late = too(&counties, "2026-11-12");
        assert_eq!(
            late.to_string(),
            "too_hendelse was due 2026-10-10 06:00 and is 33 days late; the newest is of 2026-08; late are county 18 \
             (2026-08), county 55 (2026-09)"
        );
        let json = serde_json::to_value(&late).unwrap();
        assert_eq!(json["late_counties"], serde_json::json!({"18": "2026-08", "55": "2026-09"}));
        assert!(too(&counties, "2026-10-09").late_counties.is_empty());
        // A file of several counties is of those two as well.
        counties.push(("00_2026-10", "too_hendelse_00_2026-10.csv"));
        assert_eq!(too(&counties, "2026-11-12").level, IRute);
        // With files of several counties alone there is no county to name.
        let alone = too(&counties[5..], "2026-12-12");
        assert_eq!(
            (alone.level, alone.last.unwrap().to_string(), alone.late_counties.len()),
            (Forsinket, "2026-10".to_owned(), 0)
        );
    }

    #[test]
    fn a_period_that_has_not_begun_hides_no_delay() {
        let keys = "cron = \"0 6 10 * *\"";
        let months = [("2026-08", "utlevering_2026-08.csv"), ("2062-09", "utlevering_2062-09.csv")];
        expect("utlevering", keys, &months, "2026-08", "2026-10-10 06:00", &[("2026-11-10", Forsinket)]);
        expect("lege", keys, &[("alle", "lege_2062-10-31.csv")], "", "2026-11-10 06:00", &[("2026-11-10", Forsinket)]);
        let years = [("2025", "too_tilskudd_2025.csv"), ("2027", "too_tilskudd_2027.csv")];
        expect("too_tilskudd", keys, &years, "2025", "2027-01-10 06:00", &[("2026-11-10", IRute)]);
        let counties = [("03_2026-09", "too_hendelse_03_2026-09.csv"), ("03_2062-10", "too_hendelse_03_2062-10.csv")];
        assert_eq!(too(&counties, "2026-11-12").last.unwrap().to_string(), "2026-09");
    }

    #[test]
    fn only_what_a_product_needs_makes_it_fail_and_every_delay_is_noted() {
        let keys = "[source.befolkning]\nurl = \"x\"\ncron = \"0 6 1 3 *\"\nfrist_dager = 1\n\
                    [source.enhet]\nurl = \"x\"\ncron = \"0 6 1 3 *\"\nfrist_dager = 1\n\
                    [source.lege]\nurl = \"x\"\ncron = \"0 6 1 3 *\"\n";
        let mut state = state("befolkning", &[("alle", "befolkning_2024-02-20.json")]);
        state.deliveries.extend(self::state("lege", &[("alle", "lege_2025-02-01.csv")]).deliveries);
        let as_of = crate::calendar::as_of("2026-11-10").unwrap();
        let all = of(&config(keys), &Contract::embedded().unwrap(), &state, as_of);
        let failed = too_late(&all);
        let told: Vec<String> = failed.iter().map(|(product, error)| format!("{product}: {error}")).collect();
        assert_eq!(
            told,
            ["too: enhet was due 2026-03-01 06:00 and is 254 days late; nothing was delivered yet; that is more than \
              `frist_dager` = 1 of [source.enhet] bears. Deliver it, or raise `frist_dager`"]
        );
        let notes = notes(&all);
        assert_eq!((notes["too"].len(), notes["reservasjon"].len()), (1, 1));
        assert_eq!(notes["reservasjon"][0].until, Until::Date(jiff::civil::date(2025, 2, 1)));
    }
}
