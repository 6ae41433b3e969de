//! What each source has delivered last against when the next delivery was due: in time, late, or too late to publish on.
//!
//! Knows due times, the run's time and what the state says of deliveries: no clock and no time of arrival, so that what
//! it finds may stand in a release.

use std::collections::BTreeMap;
use std::fmt;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use serde::{Serialize, Serializer};

use crate::calendar::Month;
use crate::config::{Config, Schedule};
use crate::contract::{self, Contract, Partition};
use crate::lake::State;
use crate::render::{Late, Until};

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
    /// What its newest delivery in force is of; absent when there is none.
    pub last: Option<Period>,
    /// When the delivery that comes after that was or is due, in Oslo; absent without `cron`.
    pub due: Option<DateTime>,
    /// Whole days since then; absent while it is not due.
    pub late_days: Option<i32>,
    /// `frist_dager`; absent = any delay is borne.
    pub grace_days: Option<u32>,
    /// What becomes of it.
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

/// What a delivery is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// A year.
    Year(i16),
    /// A month.
    Month(Month),
    /// All that was known on a date.
    Date(Date),
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Period::Year(year) => write!(f, "{year}"),
            Period::Month(month) => write!(f, "{month}"),
            Period::Date(date) => write!(f, "{date}"),
        }
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How every configured source stands at a time in Oslo, by the deliveries in force.
pub fn of(config: &Config, contracts: &[Contract], state: &State, as_of: DateTime) -> Vec<Freshness> {
    let mut all = Vec::new();
    for contract in contracts {
        let Some(source) = config.sources.get(&contract.source) else { continue };
        let last = last(contract, state);
        let schedule = source.expected.as_ref().map(|expected| &expected.schedule);
        let due = schedule.and_then(|schedule| next_due(schedule, last, as_of));
        let grace_days = source.expected.as_ref().and_then(|expected| expected.grace_days);
        all.push(Freshness {
            source: contract.source.clone(),
            title: contract.title.clone(),
            product: contract.product.clone(),
            optional: contract.optional,
            last,
            due,
            late_days: due.filter(|due| *due <= as_of).map(|due| (as_of.date() - due.date()).get_days()),
            grace_days,
            level: due.map_or(Level::IRute, |due| level(due, grace_days, as_of)),
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

/// `utlevering was due 2026-11-10 06:00 and is 3 days late; the newest is of 2026-09`.
impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let newest =
            self.last.map_or("nothing was delivered yet".to_owned(), |last| format!("the newest is of {last}"));
        match (self.due, self.late_days) {
            (Some(due), Some(days)) => {
                let due = due.strftime("%F %H:%M");
                write!(f, "{} was due {due} and is {days} days late; {newest}", self.source)
            }
            (Some(due), None) => write!(f, "{} is due {}; {newest}", self.source, due.strftime("%F %H:%M")),
            (None, _) => write!(f, "{}: {newest}", self.source),
        }
    }
}

/// What the newest delivery in force is of. Of several kinds that are delivered apart, the one that is furthest behind.
fn last(contract: &Contract, state: &State) -> Option<Period> {
    let deliveries = state.deliveries.get(&contract.source)?;
    let periods = deliveries.iter().filter_map(|(partition, delivery)| match contract.partition {
        Partition::Snapshot => snapshot_date(partition),
        _ => period(contract.partition, &contract.file_name.read(&delivery.file).ok()?.period),
    });
    if contract.partition == Partition::LatestOfKind { periods.min() } else { periods.max() }
}

/// The date in a snapshot's key, `20260115041200`.
fn snapshot_date(key: &str) -> Option<Period> {
    let number = |range: std::ops::Range<usize>| key.get(range)?.parse::<i16>().ok();
    let (month, day) = (i8::try_from(number(4..6)?).ok()?, i8::try_from(number(6..8)?).ok()?);
    Date::new(number(0..4)?, month, day).ok().map(Period::Date)
}

fn period(partition: Partition, named: &str) -> Option<Period> {
    match partition {
        Partition::Month => named.parse().ok().map(Period::Month),
        Partition::Year => named.parse().ok().map(Period::Year),
        Partition::Delivery => contract::county_and_month(named).map(|(_, month)| Period::Month(month)),
        Partition::LatestOfKind => contract::kind_and_date(named)?.1.parse().ok().map(Period::Date),
        Partition::Latest | Partition::Snapshot => named.parse().ok().map(Period::Date),
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
            "cron = \"0 6 10 * *\"",
            &counties,
            "2026-10",
            "2026-12-10 06:00",
            &[("2026-12-01", IRute)],
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
