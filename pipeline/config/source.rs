//! `[source.NAME]`: where a source is delivered, and what is expected of it. Knows no contract.

use anyhow::ensure;
use serde::Deserialize;

/// Where a source is delivered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A glob of local files, relative to the configuration file.
    pub url: String,
    /// The least share of the rows in force that a delivery may have, per cent; absent = what the contract says.
    pub minste_prosent: Option<u64>,
}

impl Source {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(self.minste_prosent.unwrap_or(0) <= 100, "`minste_prosent` is above 100");
        Ok(())
    }
}
