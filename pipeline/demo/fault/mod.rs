//! `speil generate --faults`: each kind of bad row and bad file planted once, and the list of them, `feil.csv`.
//!
//! Bad rows are added to clean deliveries and bad files laid beside them, so that without them the data are what they
//! were. Must not know how deliveries are read: what becomes of each fault is written here as it ought to be.

mod csv;
mod fest;
mod file;
mod json;
mod lege;
mod row;
mod too_hendelse;
mod too_register;
mod utlevering;

use std::path::{Path, PathBuf};

use crate::calendar::Month;
use crate::disk;

use super::Settings;
use csv::Csv;

/// Of so many delivered rows one may be bad.
const ROWS_PER_BAD_ONE: usize = 100;

/// The months before the last that row faults are spread over; older ones are left to files that are fine.
const MONTHS_WITH_BAD_ROWS: i32 = 9;

/// Files that are fine, the months with bad rows, and the last.
const LEAST_MONTHS: u32 = 12;

/// What ought to become of a fault.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// The row goes to quarantine.
    Quarantine,
    /// The file is refused.
    Refused,
    /// The row's county is refused, and the row is in quarantine; the file's other counties are taken in.
    County,
    /// A model classes the row, and it has no effect.
    Class,
    /// Nothing: it looks wrong and is fine.
    Nothing,
}

/// One planted fault: a row of the list.
struct Planted {
    source: &'static str,
    file: String,
    /// The line of the file; in FEST, the row of the table that the column belongs to.
    line: Option<usize>,
    column: &'static str,
    rule: &'static str,
    what: &'static str,
    expected: Expected,
}

impl Planted {
    fn row(&self) -> String {
        let Planted { source, file, column, rule, what, .. } = self;
        let line = self.line.map(|line| line.to_string()).unwrap_or_default();
        let expected = match self.expected {
            Expected::Quarantine => "karantene",
            Expected::Refused => "avvist fil",
            Expected::County => "avvist fylke",
            Expected::Class => rule,
            Expected::Nothing => "uten virkning",
        };
        format!("{source};{file};{line};{column};{rule};{what};{expected}\n")
    }
}

/// The deliveries that faults are planted in, and the list of what is planted.
struct Landing {
    folder: PathBuf,
    /// The months that prescriptions are delivered for.
    first: Month,
    last: Month,
    planted: Vec<Planted>,
}

impl Landing {
    fn path(&self, source: &str, file: &str) -> PathBuf {
        self.folder.join(source).join(file)
    }

    /// A clean delivery.
    fn read(&self, source: &str, file: &str) -> anyhow::Result<Csv> {
        Csv::read(&self.path(source, file))
    }

    fn write(&self, source: &str, file: &str, bytes: &[u8]) -> anyhow::Result<()> {
        disk::write(&self.path(source, file), bytes)
    }

    /// Lays a file that as a whole is a fault.
    fn lay(
        &mut self,
        source: &'static str,
        file: &str,
        bytes: &[u8],
        (rule, what, expected): (&'static str, &'static str, Expected),
    ) -> anyhow::Result<()> {
        self.write(source, file, bytes)?;
        self.planted.push(Planted { source, file: file.to_owned(), line: None, column: "", rule, what, expected });
        Ok(())
    }
}

/// Whether deliveries of these settings can bear the faults.
pub(super) fn check(settings: &Settings) -> anyhow::Result<()> {
    anyhow::ensure!(settings.months >= LEAST_MONTHS, "--faults needs --months {LEAST_MONTHS} or more");
    let split = Month::of(jiff::civil::date(2024, 1, 1));
    anyhow::ensure!(
        settings.until >= split,
        "--faults needs --until {split} or later, when there are counties of two structures"
    );
    Ok(())
}

/// Plants the faults in the clean deliveries of `out/landing` and writes their list to `out/feil.csv`.
///
/// Deliveries that are too small to bear their bad rows are an error.
pub(super) fn plant(out: &Path, settings: &Settings) -> anyhow::Result<()> {
    let last = settings.until;
    let first = last.plus(1 - i32::try_from(settings.months)?);
    check(settings)?;
    let mut landing = Landing { folder: out.join("landing"), first, last, planted: Vec::new() };
    // Bad files first: they are made from deliveries that are still clean.
    utlevering::plant(&mut landing)?;
    lege::plant(&mut landing)?;
    fest::plant(&mut landing)?;
    let added = too_hendelse::plant(&mut landing)?;
    too_register::plant(&mut landing, &added)?;
    json::plant(&mut landing)?;
    let list: String = landing.planted.iter().map(Planted::row).collect();
    disk::write(&out.join("feil.csv"), format!("kilde;fil;linje;kolonne;regel;hva;forventet\n{list}").as_bytes())
}
