//! What must hold of a table across deliveries and sources: enough rows, not the same rows again, not older than what
//! it replaces, and values that are known elsewhere. Read from the contract and checked as far as its file goes.
//!
//! Knows no rows; `ingest` and `check` compare them.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::Column;
use super::written::WrittenColumn;

/// How much smaller than what is in force a delivery's tables may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shrink {
    /// The least share of the rows in force, per cent.
    pub least_percent: u64,
    /// From how many rows in force the share means anything.
    pub from_rows: u64,
}

/// How many rows a new month may have, compared with the median of the months before it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// At least so many per cent of the median.
    #[serde(rename = "minste_prosent")]
    pub least_percent: u64,
    /// At most so many per cent of the median.
    #[serde(rename = "hoyst_prosent")]
    pub most_percent: u64,
    /// The comparison is made when so many months before it are there; at most 12 are used.
    #[serde(rename = "fra_maaneder")]
    pub from_months: usize,
    /// The same limits hold for rows per different value of this stored column.
    pub per: Option<String>,
}

/// How many rows of a county's month are usual, compared with the median of that county's months before it. Counties are
/// small and their numbers vary, so what is unusual is told and stops nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountyVolume {
    /// At least so many per cent of the median.
    #[serde(rename = "minste_prosent")]
    pub least_percent: u64,
    /// At most so many per cent of the median.
    #[serde(rename = "hoyst_prosent")]
    pub most_percent: u64,
    /// From how many rows in the median a share means anything.
    #[serde(rename = "fra_rader")]
    pub from_rows: u64,
}

/// The same rows again, in one month or in two: a file that was doubled, or that was sent under another month's name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeated {
    /// Rows are the same when these stored columns are, and the day of the month of `day`.
    #[serde(rename = "like")]
    pub same: Vec<String>,
    /// A stored date column.
    #[serde(rename = "dag")]
    pub day: String,
    /// How many months back the other rows may stand; 0 is the month itself.
    #[serde(rename = "maaneder_tilbake")]
    pub months_back: Vec<i32>,
    /// At most so many of the month's rows, per thousand, may stand there too.
    #[serde(rename = "hoyst_promille")]
    pub most_permille: u64,
}

/// The same events again under other keys, of which a county's month may have few.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doubled {
    /// Rows are the same when these stored columns are; the county's is among them.
    #[serde(rename = "like")]
    pub same: Vec<String>,
    /// The stored column that tells rows apart.
    #[serde(rename = "noekkel")]
    pub key: String,
    /// The stored column that names the key of a row that this one replaces or cancels.
    #[serde(rename = "retter")]
    pub corrects: String,
    /// The stored column with the county.
    #[serde(rename = "fylke")]
    pub county: String,
    /// The stored date whose month a row belongs to.
    #[serde(rename = "dag")]
    pub registered: String,
    /// At most so many of the new rows of a county's month, per thousand, may stand under other keys too.
    #[serde(rename = "hoyst_promille")]
    pub most_permille: u64,
    /// From how many such rows the share means anything.
    #[serde(rename = "fra_rader")]
    pub from_rows: u64,
}

/// A column whose values must be known in another table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The stored column.
    pub column: String,
    /// `table.column`, any of which may know the value.
    pub targets: Vec<Target>,
    /// Values that refer to nothing, such as masked numbers.
    pub except: Vec<i64>,
    /// At most so many of the rows, per thousand, may have a value that is not known.
    pub most_permille: u64,
}

/// A column of another table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The table.
    pub table: String,
    /// Its column.
    pub column: String,
}

impl Reference {
    /// Reads `viser_til`, `hoyst_promille` and `utenom`; `None` when the column refers to nothing.
    pub fn read(
        column: &str,
        targets: &[String],
        most_permille: Option<u64>,
        except: &[i64],
    ) -> anyhow::Result<Option<Reference>> {
        let Some(most_permille) = most_permille else {
            ensure!(
                targets.is_empty() && except.is_empty(),
                "`viser_til` needs `hoyst_promille`, and `utenom` needs both"
            );
            return Ok(None);
        };
        ensure!(!targets.is_empty(), "`hoyst_promille` is how many rows may break `viser_til`, which is not there");
        ensure!(most_permille < 1000, "`hoyst_promille` of 1000 or more lets everything through");
        let targets = targets.iter().map(|target| Target::read(target)).collect::<anyhow::Result<_>>()?;
        Ok(Some(Reference { column: column.to_owned(), targets, except: except.to_vec(), most_permille }))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}

impl Target {
    fn read(written: &str) -> anyhow::Result<Target> {
        let parts = written.split_once('.').filter(|(table, column)| !table.is_empty() && !column.is_empty());
        let (table, column) = parts.with_context(|| format!("`{written}` is not written table.column"))?;
        Ok(Target { table: table.to_owned(), column: column.to_owned() })
    }
}

/// The references of a contract's table.
pub(super) fn references(columns: &[WrittenColumn]) -> anyhow::Result<Vec<Reference>> {
    let mut references = Vec::new();
    for column in columns {
        let stored = column.lagres.as_ref().unwrap_or(&column.navn);
        let found = Reference::read(stored, &column.viser_til, column.hoyst_promille, &column.utenom);
        references.extend(found.with_context(|| format!("column {}", column.navn))?);
    }
    Ok(references)
}

impl Volume {
    pub(super) fn check(self, columns: &[Column], monthly: bool) -> anyhow::Result<Volume> {
        ensure!(monthly, "[tabell.volum] goes with partisjon maaned");
        ensure!(
            self.least_percent <= 100 && self.most_percent >= 100 && self.from_months > 0,
            "[tabell.volum] must have minste_prosent ≤ 100 ≤ hoyst_prosent and fra_maaneder > 0"
        );
        self.per.iter().try_for_each(|name| is_stored(columns, name))?;
        Ok(self)
    }
}

impl Repeated {
    pub(super) fn check(self, columns: &[Column], monthly: bool) -> anyhow::Result<Repeated> {
        ensure!(monthly, "[tabell.gjentatt] goes with partisjon maaned");
        ensure!(
            !self.same.is_empty() && !self.months_back.is_empty() && self.most_permille < 1000,
            "[tabell.gjentatt] must name columns and months, and hoyst_promille below 1000"
        );
        let different: BTreeSet<&i32> = self.months_back.iter().filter(|back| **back >= 0).collect();
        ensure!(
            different.len() == self.months_back.len(),
            "[tabell.gjentatt] maaneder_tilbake names each month once, from 0 on"
        );
        self.same.iter().chain([&self.day]).try_for_each(|name| is_stored(columns, name))?;
        Ok(self)
    }
}

impl Doubled {
    pub(super) fn check(self, columns: &[Column]) -> anyhow::Result<Doubled> {
        ensure!(
            self.same.contains(&self.county) && !self.same.contains(&self.registered) && self.most_permille < 1000,
            "[tabell.dobbelt] must have its `fylke` among `like` and its `dag` not, and hoyst_promille below 1000"
        );
        let named = [&self.key, &self.corrects, &self.registered];
        self.same.iter().chain(named).try_for_each(|name| is_stored(columns, name))?;
        Ok(self)
    }
}

fn is_stored(columns: &[Column], name: &str) -> anyhow::Result<()> {
    let stored = || columns.iter().map(|column| column.stored.as_str());
    let near = || crate::closed::nearest(name, stored()).unwrap_or("").to_owned();
    ensure!(stored().any(|stored| stored == name), "no column `{name}`; the nearest is `{}`", near());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Contract;

    fn told(old: &str, new: &str) -> String {
        let text = include_str!("../contracts/utlevering.toml");
        assert!(text.contains(old), "{old}");
        format!("{:#}", Contract::parse(&text.replacen(old, new, 1), "utlevering.toml").unwrap_err())
    }

    #[test]
    fn rules_over_whole_tables_are_checked_where_they_are_written() {
        assert!(told("per = \"rekvirent_hpr\"", "per = \"hpr\"").contains("no column `hpr`; the nearest is"));
        assert!(told("hoyst_prosent = 180", "hoyst_prosent = 90").contains("must have minste_prosent"));
        assert!(told("dag = \"", "dager = \"").contains("unknown key `dager`; the nearest known one is `dag`"));
        assert!(
            told("viser_til = [\"lege.rekvirent_hpr\"]", "viser_til = [\"lege\"]").contains("is not written table.c")
        );
        assert!(told("viser_til = [\"lege.rekvirent_hpr\"]\n", "").contains("which is not there"));
        let without_limit =
            told("viser_til = [\"lege.rekvirent_hpr\"]\nhoyst_promille = 200 ", "viser_til = [\"a.b\"]\n");
        assert!(without_limit.contains("needs `hoyst_promille`"), "{without_limit}");
    }
}
