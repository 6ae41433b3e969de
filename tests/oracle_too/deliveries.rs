//! Reads the deliveries of `too_hendelse`, `too_leveranse` and `enhet` as they lie in the landing folder, and finds how far each
//! county's deliveries are complete (C2).
//!
//! It must not know courses or waits. It takes the rows for clean: what the contract would put in quarantine is not found here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::csv::{self, Month};
use super::events::{Event, Kind, Status};

/// One validity period of a unit.
pub struct Unit {
    pub enhet_orgnr: String,
    pub fylkesnr: String,
    pub gyldig_fra: Date,
    pub gyldig_til: Option<Date>,
}

/// Every event ever delivered, by `hendelse_guid`, with each content that it was delivered with. Events are only ever added: all
/// versions of a file count, and a row that is delivered twice is there once.
pub fn read_events(landing: &Path) -> BTreeMap<String, Vec<Event>> {
    let mut events: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for path in files(&landing.join("too_hendelse"), "too_hendelse_") {
        csv::read(&path, |header, row| {
            let text = |name| row.text(header.required(name)).map(str::to_owned);
            let filled = |name| row.filled(header.required(name)).to_owned();
            let status = match filled("status").as_str() {
                "N" => Status::Original,
                "M" => Status::Replaces,
                "C" => Status::Cancels,
                other => panic!("{}: status {other}", row.place),
            };
            let gjelder_guid = text("gjelder_guid").map(|guid| guid.to_ascii_lowercase());
            assert_eq!(gjelder_guid.is_some(), status != Status::Original, "{}: gjelder_guid", row.place);
            let kind = filled("hendelse_type");
            let time = filled("registrert_tid");
            let event = Event {
                hendelse_guid: filled("hendelse_guid").to_ascii_lowercase(),
                status,
                gjelder_guid,
                forlop_id: filled("forlop_id"),
                kind: Kind::parse(&kind).unwrap_or_else(|| panic!("{}: hendelse_type {kind}", row.place)),
                hendelse_dato: row.date(header.required("hendelse_dato")).expect("hendelse_dato"),
                registrert_tid: time.parse().unwrap_or_else(|error| panic!("{}: {time}: {error}", row.place)),
                fylkesnr: filled("fylkesnr"),
                enhet_orgnr: filled("enhet_orgnr"),
                pauseaarsak: text("pauseaarsak"),
                fra_fylkesnr: text("fra_fylkesnr"),
                henvisningskilde: text("henvisningskilde"),
                // Written with a hyphen or a dash, it is the same group.
                aldersgruppe: text("aldersgruppe").map(|group| group.replace('-', "–")),
                // The order in which a set is written says nothing.
                maalgruppe: text("maalgruppe").map(|set| {
                    let codes: BTreeSet<&str> = set.split('+').collect();
                    codes.into_iter().collect::<Vec<_>>().join("+")
                }),
                behandlingsbehov: text("behandlingsbehov"),
                oppmote: text("oppmote"),
                avslutningsaarsak: text("avslutningsaarsak"),
                ferdig_odontologisk: text("ferdig_odontologisk"),
                ferdig_psykologisk: text("ferdig_psykologisk"),
                finansiering: filled("finansiering"),
            };
            let contents = events.entry(event.hendelse_guid.clone()).or_default();
            if !contents.contains(&event) {
                contents.push(event);
            }
        });
    }
    events
}

/// The last day of each county's unbroken run of complete months, from its first month in the last `too_leveranse`.
pub fn complete_until(landing: &Path, delivered: &BTreeMap<String, Vec<Event>>) -> BTreeMap<String, Date> {
    let mut rows: BTreeMap<(&str, Month), i64> = BTreeMap::new();
    for contents in delivered.values() {
        let places = contents.iter().map(|event| (event.fylkesnr.as_str(), oslo_month(event.registrert_tid)));
        for place in places.collect::<BTreeSet<_>>() {
            *rows.entry(place).or_default() += 1;
        }
    }
    let mut announced: BTreeMap<String, BTreeMap<Month, i64>> = BTreeMap::new();
    csv::read(&last_file(&landing.join("too_leveranse"), "too_leveranse_"), |header, row| {
        let month = Month::parse(row.filled(header.required("maaned"))).expect("maaned is YYYY-MM");
        let count = row.whole(header.required("antall_hendelser")).expect("antall_hendelser");
        let county = announced.entry(row.filled(header.required("fylkesnr")).to_owned()).or_default();
        assert_eq!(county.insert(month, count), None, "{}: county and month twice", row.place);
    });
    let mut until = BTreeMap::new();
    for (county, months) in announced {
        let mut next = months.keys().next().copied();
        while let Some(month) = next {
            let counted = rows.get(&(county.as_str(), month)).copied().unwrap_or(0);
            if months.get(&month) != Some(&counted) {
                break;
            }
            until.insert(county.clone(), month.last_day());
            next = Some(Month(month.0 + 1));
        }
    }
    until
}

/// The last delivery of units.
pub fn read_units(landing: &Path) -> Vec<Unit> {
    let mut units = Vec::new();
    csv::read(&last_file(&landing.join("enhet"), "enhet_"), |header, row| {
        units.push(Unit {
            enhet_orgnr: row.filled(header.required("enhet_orgnr")).to_owned(),
            fylkesnr: row.filled(header.required("fylkesnr")).to_owned(),
            gyldig_fra: row.date(header.required("gyldig_fra")).expect("gyldig_fra"),
            gyldig_til: row.date(header.required("gyldig_til")),
        });
    });
    units
}

/// Persons older than 20 by year and county, in the last delivery of `befolkning`; none without one. A table of one content
/// and both sexes together, by region, age and year in any order.
pub fn read_adults(landing: &Path) -> BTreeMap<(i16, String), i64> {
    let mut adults = BTreeMap::new();
    let folder = landing.join("befolkning");
    let Some(path) = folder.is_dir().then(|| files(&folder, "befolkning_").pop()).flatten() else { return adults };
    let table: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let names: Vec<&str> = table["id"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let sizes: Vec<u64> = table["size"].as_array().unwrap().iter().map(|size| size.as_u64().unwrap()).collect();
    let step = |name: &str| -> u64 {
        let at = names.iter().position(|known| *known == name).unwrap();
        sizes[at + 1..].iter().product()
    };
    let codes = |name: &str| -> Vec<(String, u64)> {
        let index = table["dimension"][name]["category"]["index"].as_object().unwrap();
        index.iter().map(|(code, at)| (code.clone(), at.as_u64().unwrap())).collect()
    };
    for (county, region_at) in codes("Region") {
        for (age, age_at) in adult_ages(codes("Alder")) {
            for (year, year_at) in codes("Tid") {
                let at = region_at * step("Region") + age_at * step("Alder") + year_at * step("Tid");
                let number = table["value"][usize::try_from(at).unwrap()].as_i64();
                assert!(number.is_none_or(|number| number >= 0), "{county} {age} {year}");
                *adults.entry((year.parse().unwrap(), county.clone())).or_default() += number.unwrap_or(0);
            }
        }
    }
    adults.retain(|_, number| *number > 0);
    adults
}

/// Ages above 20 among `021`, `105+`.
fn adult_ages(ages: Vec<(String, u64)>) -> Vec<(String, u64)> {
    let is_adult = |age: &str| age.trim_end_matches('+').parse::<i32>().unwrap() > 20;
    ages.into_iter().filter(|(age, _)| is_adult(age)).collect()
}

/// The calendar month in Norway.
fn oslo_month(time: Timestamp) -> Month {
    Month::of(time.to_zoned(TimeZone::get("Europe/Oslo").expect("time zone data")).date())
}

/// The file `<prefix><date>[_vN].csv` with the last date, then the highest N (1 when the name has none).
fn last_file(folder: &Path, prefix: &str) -> PathBuf {
    let key = |path: &PathBuf| {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let stamp = name.strip_prefix(prefix).unwrap_or_default();
        let (date, version) = stamp.split_once("_v").unwrap_or((stamp, "1"));
        let date = csv::parse_date(date).unwrap_or_else(|| panic!("no date in {}", path.display()));
        (date, version.parse::<u32>().expect("version"))
    };
    files(folder, prefix).into_iter().max_by_key(key).unwrap_or_else(|| panic!("no file in {}", folder.display()))
}

/// The files of a folder whose names begin with `prefix`, by name.
fn files(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display())).path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
        .collect();
    paths.sort();
    paths
}
