//! All public tables of TOO together, against one who knows the definitions: on generated worlds of some sizes and seeds, with
//! every planted fault, and over several releases. That the attack finds what it should is shown by planting a leak.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use speil::demo::{self, Settings};
use speil::run::ExitCode;

use crate::oracle_too::cells::{Cells, cell};
use crate::oracle_too::course_compare::region;
use crate::oracle_too::world;
use crate::oracle_too::world_files::{self, Count};
use crate::oracle_too::{csv, together};
use crate::support::{AS_OF, Root, as_csv};

/// The sources that the tables about the course need beside those of the tiny world.
const MORE_SOURCES: &str = r#"[source.befolkning]
url = "landing/befolkning/befolkning_*"
[source.too_kapasitet]
url = "landing/too_kapasitet/too_kapasitet_*"
[source.too_tilskudd]
url = "landing/too_tilskudd/too_tilskudd_*"
"#;

fn configure(root: &Root) {
    let sources = format!("{}{MORE_SOURCES}", world::SOURCES);
    let text = format!("root = \".\"\nsyntetisk = true\nhenting.ro_sekunder = 0\n\n{sources}");
    fs::write(root.path().join("speil.toml"), text).unwrap();
}

/// Deliveries until a month, of one course in `part`. Of some that stood open when their county was split nobody can tell
/// where they are: they are the nation's alone.
fn deliver(root: &Root, seed: u64, until: &str, part: u64) {
    let settings = Settings { doctors: 1, months: 1, until: until.parse().unwrap(), seed };
    let made = Root::bare();
    demo::generate(made.path(), &settings, &|_, _, _| {}).unwrap();
    let (mut gone, mut seen) = (Count::new(), BTreeSet::new());
    let events = made.landing("too_hendelse");
    for file in speil::disk::files_below(&events).unwrap() {
        thin(&events.join(file), part, &mut gone, &mut seen);
    }
    let announced = made.landing("too_leveranse");
    for file in speil::disk::files_below(&announced).unwrap() {
        announce(&announced.join(file), |county, month| {
            gone.get(&(county.to_owned(), csv::Month::parse(month).unwrap())).copied().unwrap_or(0)
        });
    }
    root.copy_from(&made, |file| {
        !["utlevering", "lege", "fest"].iter().any(|of| file.starts_with(&format!("landing/{of}")))
    });
    configure(root);
}

/// Leaves one course in `part` in a file of events, and counts the events that go, each once.
fn thin(path: &Path, part: u64, gone: &mut Count, seen: &mut BTreeSet<String>) {
    let text = fs::read_to_string(path).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split(';').collect();
    let [guid, course, time, county, unit] =
        ["hendelse_guid", "forlop_id", "registrert_tid", "fylkesnr", "enhet_orgnr"]
            .map(|name| header.iter().position(|column| *column == name).unwrap());
    let mut kept = format!("{}\n", header.join(";"));
    for line in text.lines().skip(1) {
        let mut fields: Vec<String> = line.split(';').map(str::to_owned).collect();
        let draw = fields[course].bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        if draw % part != 0 {
            if !seen.insert(fields[guid].clone()) {
                continue;
            }
            let time: Timestamp = fields[time].parse().unwrap();
            let day = time.to_zoned(TimeZone::get("Europe/Oslo").unwrap()).date();
            *gone.entry((fields[county].clone(), csv::Month::of(day))).or_default() += 1;
            continue;
        }
        if (draw / part).is_multiple_of(6) && ["30", "38", "54"].contains(&fields[county].as_str()) {
            // In no register.
            fields[unit] = world_files::orgnr(11);
        }
        kept += &(fields.join(";") + "\n");
    }
    fs::write(path, kept).unwrap();
}

/// Takes from what is announced.
fn announce(path: &Path, less: impl Fn(&str, &str) -> i64) {
    let text = fs::read_to_string(path).unwrap();
    let line = |line: &str| {
        let mut fields: Vec<String> = line.split(';').map(str::to_owned).collect();
        if let Ok(count) = fields[3].parse::<i64>() {
            fields[3] = (count - less(&fields[0], &fields[1])).to_string();
        }
        fields.join(";") + "\n"
    };
    fs::write(path, text.lines().map(line).collect::<String>()).unwrap();
}

/// A release, and all that its tables say.
fn release(root: &Root, as_of: &str, code: ExitCode) -> Cells {
    let outcome = root.run_as_of(as_of).unwrap();
    assert_eq!(outcome.code, code, "{:?} {:?}", outcome.ingested.refused, outcome.built.failed);
    assert!(!outcome.built.failed.contains_key("too"), "{:?}", outcome.built.failed);
    let cells = Cells::read(|table| {
        if table == "kpr" {
            let folder = root.current().join("offentlig/data/kpr");
            let file = speil::disk::files_below(&folder)
                .unwrap()
                .into_iter()
                .find(|file| file.to_string_lossy().ends_with("_koder.csv"));
            return folder.join(file.unwrap());
        }
        let path = root.path().join(format!("{table}.csv"));
        let published = root.current().join(format!("tabeller/{table}.parquet"));
        let file = if published.exists() {
            published
        } else {
            let state = root.state();
            root.path().join("lake").join(&state.tables[table].values().next().unwrap().file)
        };
        fs::write(&path, as_csv(&file)).unwrap();
        path
    });
    assert!(cells.untrue.is_empty(), "{:#?}", &cells.untrue[..cells.untrue.len().min(12)]);
    cells
}

/// Nothing small follows. Returns how many counts that are hidden do, which are not small.
#[track_caller]
fn nothing_follows(cells: &Cells, earlier: &[&Cells]) -> usize {
    let attack = together::attack(cells, earlier);
    assert!(
        attack.leaks.is_empty(),
        "{} leaks: {:#?}",
        attack.leaks.len(),
        &attack.leaks[..attack.leaks.len().min(20)]
    );
    // Nearly all that is expected to hold does, and a great deal is hidden.
    assert!(
        attack.n_sums > 30_000 && attack.broken.len() < attack.n_sums / 50,
        "{} {}",
        attack.n_sums,
        attack.broken.len()
    );
    assert!(attack.n_hidden > 50_000, "{}", attack.n_hidden);
    attack.n_solved
}

#[test]
fn nothing_small_follows_from_all_tables_of_a_national_world_with_every_fault() {
    let root = Root::bare();
    let settings = Settings { doctors: 300, months: 12, seed: 2, ..Settings::default() };
    demo::generate(root.path(), &settings, &|_, _, _| {}).unwrap();
    demo::plant_faults(root.path(), &settings).unwrap();
    configure(&root);
    let cells = release(&root, AS_OF, ExitCode::Refused);
    assert!(cells.shown.len() > 12_000, "{}", cells.shown.len());
    assert!(nothing_follows(&cells, &[]) > 1000);
}

#[test]
fn nothing_small_follows_in_worlds_where_most_counts_are_small_and_a_planted_leak_is_found() {
    let mut n_planted = 0;
    for (seed, part, until, as_of) in
        [(3, 15, "2026-10", AS_OF), (4, 4, "2025-12", "2026-01-10"), (5, 6, "2026-10", AS_OF)]
    {
        let root = Root::bare();
        deliver(&root, seed, until, part);
        let cells = release(&root, as_of, ExitCode::Done);
        assert!(cells.shown.len() > 3000, "{}", cells.shown.len());
        nothing_follows(&cells, &[]);
        n_planted += usize::from(a_planted_leak_is_found(cells));
    }
    assert!(n_planted > 0, "nowhere is there a small count to plant a leak of");
}

/// Shows more than the release does: all counties of a region but one, whose count is small, where there is such a one.
fn a_planted_leak_is_found(mut cells: Cells) -> bool {
    let counts = |cells: &Cells, area: &str| cells.count(&cell("m0_m1 venter over_26 med", area, "@2025-04"));
    let few =
        ["50", "15", "18", "55", "56", "11", "46"].into_iter().find(|area| (1..5).contains(&counts(&cells, area)));
    let Some(few) = few else { return false };
    let own = region(few);
    let others =
        cells.counties["2025-04"].iter().filter(|county| *county != few && *county != "99" && region(county) == own);
    let others: Vec<String> = others.cloned().chain([own.to_owned()]).collect();
    cells.shown.extend(others.iter().map(|area| cell("m0_m1 venter over_26 med", area, "@2025-04")));
    let leaks = together::attack(&cells, &[]).leaks;
    let wanted = format!("m0_m1 venter over_26 med|{few}|@2025-04 follows");
    assert!(leaks.iter().any(|leak| leak.starts_with(&wanted)), "{wanted}: {leaks:?}");
    true
}

#[test]
fn nothing_small_follows_from_releases_over_time_and_when_a_county_falls_behind() {
    let root = Root::bare();
    deliver(&root, 8, "2026-04", 3);
    let first = release(&root, "2026-05-10", ExitCode::Done);
    nothing_follows(&first, &[]);
    deliver(&root, 8, "2026-10", 3);
    let second = release(&root, AS_OF, ExitCode::Done);
    let alone = nothing_follows(&second, &[]);
    assert!(nothing_follows(&second, &[&first]) >= alone);
    // Vestland's June of the year before is said to have had one event more.
    let last = root.landing("too_leveranse/too_leveranse_2026-11-09.csv");
    let later = root.landing("too_leveranse/too_leveranse_2026-11-10.csv");
    fs::copy(last, &later).unwrap();
    announce(&later, |county, month| if (county, month) == ("46", "2025-06") { -1 } else { 0 });
    let third = release(&root, AS_OF, ExitCode::Done);
    assert!(third.shown.len() < second.shown.len());
    nothing_follows(&third, &[]);
    nothing_follows(&third, &[&second, &first]);
}
