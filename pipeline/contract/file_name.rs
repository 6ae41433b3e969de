//! How a source's file names tell what is delivered: a month, a year, a date, a county, and a version.
//!
//! Knows nothing of what is in the files.

use anyhow::{Context, ensure};

use super::Partition;
use super::period::{self, county_and_month, kind_and_date};
use crate::calendar::Month;

/// How a file name tells month or date and version: `utlevering_{maaned}` reads `utlevering_2026-01_v2.csv`.
#[derive(Clone, Debug)]
pub struct FileName {
    pub(super) prefix: String,
    pub(super) partition: Partition,
}

/// What a file name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The month (`2026-01`) or date (`2026-10-31`); empty when the file itself tells.
    pub period: String,
    /// 1 when the name has no `_vN`.
    pub version: u32,
}

impl FileName {
    /// Reads a file name; an error says how it should look.
    pub fn read(&self, name: &str) -> anyhow::Result<Named> {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let example = match self.partition {
            Partition::Month => "2026-01.csv, or 2026-01_v2.csv for a correction",
            Partition::Year => "2026.csv, or 2026_v2.csv for a correction",
            Partition::Latest => "2026-10-31.csv, or 2026-10-31_v2.csv for a correction",
            Partition::LatestOfKind => "104_koder_2026-11-01.json or 104_endringer_2026-11-01.json",
            Partition::Delivery => "03_2026-10.csv, or 03_2026-10_v2.csv for a later delivery",
            Partition::Snapshot => "2026-01-15.zip, or 2026-01-15_v2.zip for a correction",
        };
        let wrong = || format!("'{name}' does not look like {}{example}; rename it", self.prefix);
        let rest = stem.strip_prefix(&self.prefix).with_context(wrong)?;
        if self.partition == Partition::Snapshot {
            // The file itself tells which snapshot it is; only its version stands in the name.
            let version = rest.rsplit_once("_v").and_then(|(_, version)| version.parse().ok());
            return Ok(Named { period: String::new(), version: version.filter(|version| *version > 0).unwrap_or(1) });
        }
        let (period, version) = match rest.split_once("_v") {
            Some((period, version)) => (period, version.parse().with_context(wrong)?),
            None => (rest, 1),
        };
        let known = match self.partition {
            Partition::Month => period.parse::<Month>().is_ok(),
            Partition::Year => period.len() == 4 && period.bytes().all(|byte| byte.is_ascii_digit()),
            Partition::Delivery => county_and_month(period).is_some(),
            Partition::LatestOfKind => kind_and_date(period).is_some(),
            _ => period::is_date(period),
        };
        ensure!(known && version > 0, wrong());
        Ok(Named { period: period.to_owned(), version })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Contract;

    #[test]
    fn file_names_tell_month_and_version() {
        let names = Contract::embedded().unwrap().remove(0).file_name;
        let read = |name: &str| names.read(name).map(|named| (named.period, named.version));
        assert_eq!(read("utlevering_2026-01.csv").unwrap(), ("2026-01".to_owned(), 1));
        assert_eq!(read("utlevering_2026-01_v12.parquet").unwrap(), ("2026-01".to_owned(), 12));
        let snapshots = Contract::embedded().unwrap().remove(2).file_name;
        for (name, version) in
            [("fest_2026-01-15.zip", 1), ("fest_2026-01-15_v2.zip", 2), ("fest_v2.5.1.xml", 1), ("fest_251_v0.xml", 1)]
        {
            assert_eq!(snapshots.read(name).unwrap().version, version, "{name}");
        }
        for wrong in ["utlevering_2026-13.csv", "utlevering_2026-01_v0.csv", "utlevering.csv", "lege_2026-01.csv"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
