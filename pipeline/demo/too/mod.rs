//! Generated deliveries of the TOO dental scheme: events since 2021, units, capacity, grants and population.
//!
//! A course is a function of the seed, its county, month of referral and number, so a later `until` adds to what an
//! earlier one gave. Must not know how deliveries are read.

mod code;
mod correction;
mod county;
mod course;
mod delivery;
mod event;
mod klass;
mod population;
mod record;
mod resource;
mod unit;
mod workday;

use std::path::Path;

use anyhow::Context;
use jiff::tz::TimeZone;
use rayon::prelude::*;

use crate::calendar::{Month, days_since_epoch};
use crate::disk;

use super::Settings;
use super::random::{Dice, Seed, Subject, count};

use county::COUNTIES;
use delivery::Deliveries;
use event::Row;
use unit::Units;
pub(super) use unit::orgnr as organisation_number;

/// The lines of `speil.toml` that read these deliveries.
pub(super) const SOURCES: &str = r#"[source.too_hendelse]
url = "landing/too_hendelse/too_hendelse_*"
[source.too_leveranse]
url = "landing/too_leveranse/too_leveranse_*"
[source.enhet]
url = "landing/enhet/enhet_*"
[source.too_kapasitet]
url = "landing/too_kapasitet/too_kapasitet_*"
[source.too_tilskudd]
url = "landing/too_tilskudd/too_tilskudd_*"
[source.befolkning]
url = "landing/befolkning/befolkning_*"
[source.klass]
url = "landing/klass/klass_*"
"#;

/// Referrals a year in the nation, in the first year.
const REFERRALS: f64 = 2400.0;

/// Referrals by month of the year, per mille of the mean.
const SEASON: [f64; 12] = [1.12, 1.06, 1.1, 0.96, 0.98, 0.95, 0.55, 1.0, 1.14, 1.12, 1.14, 0.88];

/// What a draw is for; two never share draws.
#[derive(Clone, Copy)]
enum Draw {
    Referrals,
    Course,
    Record,
    Correction,
    Guid,
    Unit,
    Delivery,
    Means,
    Population,
}

/// The seed of this product, apart from all draws of the other.
#[derive(Clone, Copy)]
struct Chance(Seed);

impl Chance {
    fn new(seed: u64) -> Chance {
        Chance(Seed(Seed(seed).hash(Subject::Identifier, &[u64::from_be_bytes(*b"too\0demo")])))
    }

    fn hash(self, draw: Draw, keys: &[u64]) -> u64 {
        Seed(self.0.hash(Subject::Identifier, &[draw as u64])).hash(Subject::Identifier, keys)
    }

    fn dice(self, draw: Draw, keys: &[u64]) -> Dice {
        Seed(self.0.hash(Subject::Identifier, &[draw as u64])).dice(Subject::Identifier, keys)
    }
}

/// The first month that counties deliver.
pub(super) fn first_month() -> Month {
    Month::of(jiff::civil::date(2021, 1, 1))
}

/// Writes all deliveries to `out/landing/<source>/`: from 2021-01 through `settings.until`, whatever `settings.months`.
///
/// `progress` hears what is being written, how much of it is done, and how much there is.
pub(super) fn generate(
    out: &Path,
    settings: &Settings,
    progress: &(dyn Fn(&str, u64, u64) + Sync),
) -> anyhow::Result<()> {
    let first = first_month();
    let last = settings.until;
    let oslo = TimeZone::get("Europe/Oslo").context("finding the time zone of Oslo")?;
    let chance = Chance::new(settings.seed);
    let landing = out.join("landing");
    let units = Units::new(chance);
    let end = last.last_day();
    disk::write(&landing.join(format!("enhet/enhet_{end}.csv")), &units.csv(days_since_epoch(end)))?;

    let deliveries = Deliveries::new(rows(chance, &units, first, last), first, last);
    let write_progress = |done, total| progress("too_hendelse", done, total);
    deliveries.write(&landing.join("too_hendelse"), &oslo, &write_progress)?;
    // After the last count is in, on the day before a demo runs.
    let told = last.plus(1).first_day().with().day(9).build()?;
    disk::write(&landing.join(format!("too_leveranse/too_leveranse_{told}.csv")), &deliveries.csv(chance, &oslo)?)?;

    for year in first.first_day().year()..=end.year() {
        let capacity = resource::capacity(chance, year);
        disk::write(&landing.join(format!("too_kapasitet/too_kapasitet_{year}.csv")), &capacity)?;
        let grant = resource::grant(chance, year);
        disk::write(&landing.join(format!("too_tilskudd/too_tilskudd_{year}.csv")), &grant)?;
    }
    disk::write(&landing.join(format!("klass/klass_104_koder_{end}.json")), &klass::codes()?)?;
    disk::write(&landing.join(format!("klass/klass_104_endringer_{end}.json")), &klass::changes()?)?;
    disk::write(&landing.join(format!("klass/klass_128_koder_{end}.json")), &klass::centrality()?)?;
    let years = first.first_day().year()..=end.year();
    disk::write(&landing.join(format!("befolkning/befolkning_{end}.json")), &population::json(chance, years)?)
}

/// The rows of every course that begins in these months, to its end.
fn rows(chance: Chance, units: &Units, first: Month, last: Month) -> Vec<Row> {
    let months: Vec<Month> = (0..=last.since(first)).map(|n| first.plus(n)).collect();
    let of_month = |month: &Month| {
        (0..COUNTIES.len()).flat_map(|county| courses(chance, units, county, *month, first)).collect::<Vec<Row>>()
    };
    months.par_iter().flat_map_iter(of_month).collect()
}

fn courses(chance: Chance, units: &Units, county: usize, month: Month, first: Month) -> Vec<Row> {
    let key = [u64::from(count(county)), u64::from(month.number().unsigned_abs())];
    let population: u32 = COUNTIES.iter().map(|county| county.thousands).sum();
    let share = f64::from(COUNTIES[county].thousands) / f64::from(population);
    let growth = 1.0 + 0.02 * f64::from(month.since(first)) / 12.0;
    let season = SEASON[usize::try_from(month.number() % 100 - 1).unwrap_or(0)];
    let mean = REFERRALS / 12.0 * share * growth * season;
    let (start, end) = (days_since_epoch(month.first_day()), days_since_epoch(month.last_day()));
    let mut rows = Vec::new();
    for nth in 0..chance.dice(Draw::Referrals, &key).poisson(mean) {
        let key = [key[0], key[1], u64::from(nth)];
        let course = chance.hash(Draw::Course, &key);
        let dice = &mut chance.dice(Draw::Course, &key);
        let referred = dice.between(start, end);
        let told = course::events(dice, &COUNTIES[county], referred);
        let dice = &mut chance.dice(Draw::Record, &key);
        let events = record::registered(dice, units, course, county, told);
        rows.extend(correction::rows(chance, course, &events));
    }
    rows
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::county::{SPLIT, codes_on};
    use super::*;

    fn generated(until: &str, seed: u64) -> BTreeMap<String, Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { until: until.parse().unwrap(), seed, ..Settings::default() };
        generate(folder.path(), &settings, &|_, _, _| {}).unwrap();
        let names = disk::files_below(folder.path()).unwrap();
        names
            .into_iter()
            .map(|name| (name.display().to_string(), disk::read(&folder.path().join(name)).unwrap()))
            .collect()
    }

    fn lines<'a>(files: &'a BTreeMap<String, Vec<u8>>, name: &str) -> impl Iterator<Item = Vec<&'a str>> {
        str::from_utf8(&files[name]).unwrap().lines().skip(1).map(|line| line.split(';').collect())
    }

    #[test]
    fn the_same_settings_give_the_same_bytes_on_any_number_of_threads() {
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let files = generated("2021-12", 1);
        assert!(files == one.install(|| generated("2021-12", 1)));
        let other = generated("2021-12", 2);
        assert!(files.keys().eq(other.keys()));
        assert!(files.iter().filter(|(name, _)| name.contains("hendelse")).all(|(name, bytes)| other[name] != *bytes));
    }

    #[test]
    fn a_later_run_adds_to_an_earlier_one() {
        let (earlier, later) = (generated("2021-12", 1), generated("2022-09", 1));
        let events = |name: &&String| name.starts_with("landing/too_hendelse/");
        assert!(earlier.keys().filter(events).all(|name| earlier[name] == later[name]));
    }

    #[test]
    fn rows_are_clean_and_counted_except_where_a_county_is_wrong() {
        let files = generated("2024-06", 1);
        let (mut ids, mut counts) = (BTreeSet::new(), BTreeMap::new());
        let (mut replaced, mut known) = (0, BTreeSet::new());
        for name in files.keys().filter(|name| name.contains("too_hendelse_")) {
            let (county, month) = name.rsplit_once("too_hendelse_").unwrap().1.split_at(2);
            let month = month[1..].strip_suffix(".csv").unwrap();
            let mut rows = 0;
            for row in lines(&files, name) {
                rows += 1;
                assert_eq!(row.len(), 20);
                assert!(ids.insert(row[0].to_owned()), "{} twice", row[0]);
                assert!(row[5] <= &row[6][..10] && row[6].starts_with(month) && row[7] == county, "{row:?}");
                let day = if row[5] < "2024-01-01" { SPLIT - 1 } else { SPLIT };
                let valid = |code: &str| codes_on(day).iter().any(|(known, _)| *known == code);
                assert!(valid(row[7]) && (row[8].is_empty() || valid(row[8]) && row[8] != row[7]), "{row:?}");
                assert_eq!(row[8].is_empty(), row[4] != "overfort", "{row:?}");
                assert_eq!(row[1] == "N", row[2].is_empty(), "{row:?}");
                if row[1] != "N" {
                    replaced += 1;
                    known.insert(row[2].to_owned());
                }
            }
            counts.insert((county.to_owned(), month.to_owned()), rows);
        }
        assert!((0.007..0.015).contains(&(f64::from(replaced) / f64::from(count(ids.len())))), "{replaced}");
        assert!((1..40).contains(&known.difference(&ids).count()));
        let told: Vec<_> = lines(&files, "landing/too_leveranse/too_leveranse_2024-07-09.csv").collect();
        assert_eq!(told.len(), counts.len());
        let wrong = told.iter().filter(|row| counts[&(row[0].to_owned(), row[1].to_owned())].to_string() != row[3]);
        let wrong: Vec<_> = wrong.map(|row| (row[0], row[1])).collect();
        assert_eq!(wrong, [(delivery::DISAGREES, "2024-04")]);
        let last = |code: &str| told.iter().filter(|row| row[0] == code).map(|row| row[1]).max();
        assert_eq!(last("03"), Some("2024-06"));
        assert_eq!(last(delivery::LATE), Some("2024-04"));
        assert_eq!(last(delivery::STOPPED), Some("2023-12"));
    }

    #[test]
    fn every_source_is_written_where_its_line_looks() {
        let files = generated("2021-01", 1);
        let wanted = SOURCES.lines().filter_map(|line| line.strip_prefix("url = \"")?.strip_suffix("*\""));
        for start in wanted {
            assert!(files.keys().any(|name| name.starts_with(start)), "{start}");
        }
        assert_eq!(SOURCES.lines().count(), 14);
    }
}
