//! Generated deliveries, national in character: a year and more of dispensed lines, the register and FEST.
//!
//! For `speil demo` and `speil generate`. Every byte is a function of [`Settings`]: no clock, no order of threads.
//! Must not know how deliveries are read; it writes what the contracts ask for, clean at contract level.

mod assortment;
mod delivery;
mod fault;
mod fest;
mod medicines;
mod names;
mod pharmacy;
mod prescriptions;
mod prices;
mod random;
mod register;
mod reversals;
mod text;
mod too;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use rayon::prelude::*;

use crate::calendar::Month;
use crate::disk;

use delivery::Deliveries;
use medicines::World;
use prescriptions::Practice;
use random::Seed;

/// How large a world to generate, and which one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Doctors in the register; dentists and unregistered prescribers come on top.
    pub doctors: u32,
    /// How many months are delivered.
    pub months: u32,
    /// The last month delivered.
    pub until: Month,
    /// The same seed gives the same bytes.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        // A constant and not today, so that the demo looks the same on every day.
        let until = Month::of(jiff::civil::date(2026, 10, 1));
        Settings { doctors: 800, months: 36, until, seed: 1 }
    }
}

impl Settings {
    /// Whether such a world can be made: within the years that dates and prices are made for, and of a size that line
    /// numbers fit.
    pub fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.doctors > 0 && self.months > 0, "a demo needs at least one doctor and one month");
        // With more, line numbers would no longer fit the ids.
        anyhow::ensure!(self.doctors <= 500_000, "a demo has at most 500000 doctors");
        anyhow::ensure!(self.months <= 120, "a demo has at most 120 months");
        let (first, last) = (Month::of(jiff::civil::date(2010, 1, 1)), Month::of(jiff::civil::date(2098, 12, 1)));
        let begins = i32::try_from(self.months).context("too many months")?;
        anyhow::ensure!(
            self.until <= last && self.until.since(first) >= begins - 1,
            "a demo's months lie from {first} to {last}; ask for other ones than {begins} until {}",
            self.until
        );
        let too = too::first_month();
        anyhow::ensure!(self.until >= too, "a demo's last month is {too} or later: TOO is delivered from then on");
        Ok(())
    }
}

const CONFIGURATION: &str = r#"root = "."
syntetisk = true      # every page carries a banner

[source.utlevering]
url = "landing/utlevering/utlevering_*"
[source.lege]
url = "landing/lege/lege_*"
[source.fest]
url = "landing/fest/fest_*"

[product.reservasjon]
hjemler = [200, 300, 301, 302, 400]

[henting]
ro_sekunder = 0       # a made-up file has its name when it is whole: nobody is still writing

[product.reservasjon_kontroll]
rettsgrunnlag = "OPPDIKTET for demoen: ingen lov er navngitt, og ingen virkelige leger står på listen"
"#;

/// Writes all deliveries to `out/landing/<source>/` and the configuration that reads them to `out/speil.toml`.
///
/// `progress` hears what is being written, how much of it is done, and how much there is.
pub fn generate(out: &Path, settings: &Settings, progress: &(dyn Fn(&str, u64, u64) + Sync)) -> anyhow::Result<()> {
    settings.check()?;
    let seed = Seed(settings.seed);
    let last = settings.until;
    let first = last.plus(1 - i32::try_from(settings.months).context("too many months")?);
    let landing = out.join("landing");

    let world = World::new(seed);
    let days = fest::snapshot_days(first, last);
    let total = u64::try_from(days.len())?;
    let done = AtomicU64::new(0);
    days.par_iter().try_for_each(|day| {
        disk::write(&landing.join(format!("fest/fest_{day}.zip")), &fest::zipped(&world, seed, *day)?)?;
        progress("fest", done.fetch_add(1, Ordering::Relaxed) + 1, total);
        anyhow::Ok(())
    })?;

    let prescribers = register::prescribers(&world, seed, settings.doctors, first, last);
    disk::write(&landing.join(format!("lege/lege_{}.csv", last.last_day())), &register::csv(&prescribers))?;
    progress("lege", 1, 1);

    let folder = landing.join("utlevering");
    disk::create_folder(&folder)?;
    let practice = Practice::new(&world, &prescribers, seed, Deliveries::history(first), last);
    let deliveries = Deliveries::new(&practice, first, last);
    let each = u64::try_from(prescribers.len())?;
    let total = each * u64::from(settings.months);
    for (nth, month) in (0..u64::from(settings.months)).zip((0..).map(|n| first.plus(n))) {
        deliveries.write(&folder, month, &|done| progress("utlevering", nth * each + done, total))?;
    }
    too::generate(out, settings, progress)?;
    let configuration = CONFIGURATION.replacen("\n[product.", &format!("{}\n[product.", too::SOURCES), 1);
    disk::write(&out.join("speil.toml"), configuration.as_bytes())
}

/// Whether deliveries of these settings can bear the faults of [`plant_faults`].
pub fn check_faults(settings: &Settings) -> anyhow::Result<()> {
    fault::check(settings)
}

/// Plants each kind of bad row and bad file once in what [`generate`] wrote, and lists them in `out/feil.csv`.
pub fn plant_faults(out: &Path, settings: &Settings) -> anyhow::Result<()> {
    fault::plant(out, settings)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn tiny() -> Settings {
        Settings { doctors: 40, months: 3, ..Settings::default() }
    }

    /// Every file written, by its path below the folder.
    fn generated(settings: &Settings) -> BTreeMap<String, Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        generate(folder.path(), settings, &|_, _, _| {}).unwrap();
        let names = disk::files_below(folder.path()).unwrap();
        names
            .into_iter()
            .map(|name| (name.display().to_string(), disk::read(&folder.path().join(name)).unwrap()))
            .collect()
    }

    fn rows(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Vec<Vec<String>> {
        let text = str::from_utf8(&files[name]).unwrap();
        text.lines().skip(1).map(|line| line.split(';').map(str::to_owned).collect()).collect()
    }

    #[test]
    fn the_same_settings_give_the_same_bytes_on_any_number_of_threads() {
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let files = generated(&tiny());
        assert!(files == one.install(|| generated(&tiny())));
        let other = generated(&Settings { seed: 2, ..tiny() });
        assert!(files.keys().eq(other.keys()));
        assert!(files["landing/lege/lege_2026-10-31.csv"] != other["landing/lege/lege_2026-10-31.csv"]);
    }

    #[test]
    fn absurd_settings_are_refused_before_anything_is_written() {
        let until = |month: &str| Settings { until: month.parse().unwrap(), ..tiny() };
        let wrong = [
            until("9999-12"),
            until("0001-01"),
            until("2020-12"),
            Settings { months: u32::MAX, ..tiny() },
            Settings { months: 121, ..tiny() },
            Settings { doctors: 0, ..tiny() },
            Settings { doctors: u32::MAX, ..tiny() },
        ];
        for settings in wrong {
            let error = settings.check().unwrap_err().to_string();
            assert!(error.starts_with("a demo ") || error.starts_with("a demo's "), "{error}");
        }
        assert!(until("2021-01").check().is_ok() && until("2098-12").check().is_ok());
        for month in ["2021-01", "2098-12"] {
            assert!(generated(&Settings { doctors: 5, ..until(month) }).len() > 5, "{month}");
        }
    }

    #[test]
    fn medicines_do_not_depend_on_the_number_of_doctors_or_months() {
        let files = generated(&tiny());
        let other = generated(&Settings { doctors: 10, months: 1, ..tiny() });
        let snapshots: Vec<_> = other.iter().filter(|(name, _)| name.starts_with("landing/fest")).collect();
        assert_eq!(snapshots.len(), 4);
        assert!(snapshots.into_iter().all(|(name, bytes)| files[name] == *bytes));
    }

    #[test]
    fn each_month_is_inside_itself_and_takes_back_what_was_delivered() {
        let files = generated(&Settings { doctors: 300, ..tiny() });
        let mut delivered = BTreeMap::new();
        let (mut found, mut unknown) = (0, 0);
        for month in ["2026-08", "2026-09", "2026-10"] {
            let rows = rows(&files, &format!("landing/utlevering/utlevering_{month}.csv"));
            let ids: BTreeSet<&String> = rows.iter().map(|row| &row[0]).collect();
            assert_eq!(ids.len(), rows.len());
            assert!(rows.iter().all(|row| row.len() == 15 && row[4].starts_with(month)));
            for row in rows.iter().filter(|row| row[1] == "U") {
                delivered.insert((row[0].clone(), row[4].clone()), row.clone());
            }
            for row in rows.iter().filter(|row| row[1] == "A") {
                assert!(row[3] <= row[4] && row[9].starts_with('-') && row[13].starts_with('-'));
                match delivered.get(&(row[2].clone(), row[3].clone())) {
                    Some(line) => {
                        found += 1;
                        assert_eq!(row[5..9], line[5..9]);
                        assert_eq!((&row[9][1..], &row[13][1..]), (&line[9][..], &line[13][..]));
                    }
                    None => unknown += 1,
                }
            }
        }
        assert!(found > 200 && unknown < found / 3, "{found} found, {unknown} unknown");
    }

    #[test]
    fn a_snapshot_is_one_m30_message_of_national_size() {
        let files = generated(&tiny());
        let archive = &files["landing/fest/fest_2026-10-15.zip"];
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
        let text = std::io::read_to_string(archive.by_name("fest251.xml").unwrap()).unwrap();
        assert!(text.starts_with("\u{feff}<?xml"));
        let mut reader = quick_xml::Reader::from_str(&text);
        let mut counts = BTreeMap::<String, u32>::new();
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Start(element) => {
                    let name = element.name().as_ref().to_owned();
                    *counts.entry(name).or_default() += 1;
                }
                quick_xml::events::Event::Eof => break,
                _ => {}
            }
        }
        assert!((9_000..11_000).contains(&counts["Legemiddelpakning"]), "{counts:?}");
        assert!((1_550..1_850).contains(&counts["Byttegruppe"]), "{counts:?}");
        let grouped = f64::from(counts["PakningByttegruppe"]) / f64::from(counts["Legemiddelpakning"]);
        assert!((0.5..0.7).contains(&grouped), "{grouped}");
    }
}
