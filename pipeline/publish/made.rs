//! How a table is made, in one structure: its header, the deliveries that it leads back to, the thresholds on the way.
//! Pages print it as "slik er tallet laget", `speil explain` for operators.
//!
//! Knows headers, contracts and which files are in force; no rows.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::Contract;
use crate::lake::{State, parameters_named};
use crate::model::{Audience, Model};
use crate::render::{Made, MadeColumn, MadeFrom};

/// The thresholds of disclosure control, which no SQL names: all public tables, and those that count doctors.
const PUBLIC: [&str; 1] = ["minste_antall"];
const OF_DOCTORS: [&str; 3] = ["dominans_prosent", "offentlig_leger", "offentlig_linjer"];

/// What is known of tables.
pub struct Making<'a> {
    /// Every model there is.
    pub models: Vec<&'a Model>,
    /// What the sources are called.
    pub contracts: &'a [Contract],
    /// The files in force.
    pub state: &'a State,
}

impl Making<'_> {
    /// How a table is made, with these thresholds, as of this day.
    pub fn made(&self, model: &Model, thresholds: &BTreeMap<String, i64>, as_of: &str) -> Made {
        let upstream = self.upstream(model);
        let models = || self.models.iter().filter(|model| upstream.contains(&model.name));
        let mut named: BTreeSet<String> = models().flat_map(|model| parameters_named(&model.sql)).collect();
        if model.audience == Audience::Offentlig && model.privacy.is_none() {
            named.extend(PUBLIC.map(str::to_owned));
            if model.columns.contains_key("n_leger") {
                named.extend(OF_DOCTORS.map(str::to_owned));
            }
        }
        let helpers: BTreeSet<&String> =
            model.columns.values().flat_map(|spec| spec.storste.iter().chain(&spec.nest_storste)).collect();
        let shown = model.columns.iter().filter(|(name, _)| !helpers.contains(name));
        Made {
            title: model.title.clone(),
            file: model.file.clone(),
            sha256: model.hash(),
            version: model.version,
            grain: model.grain.clone(),
            columns: shown
                .map(|(name, spec)| MadeColumn {
                    name: name.clone(),
                    unit: spec.unit.clone(),
                    missing: spec.mangler.clone(),
                })
                .collect(),
            sources: self.sources(&upstream),
            thresholds: thresholds
                .iter()
                .filter(|(name, _)| named.contains(*name))
                .map(|(n, v)| (n.clone(), *v))
                .collect(),
            as_of: as_of.to_owned(),
        }
    }

    /// The table and everything that it is made from.
    fn upstream(&self, model: &Model) -> BTreeSet<String> {
        let mut found = BTreeSet::from([model.name.clone()]);
        let mut open: Vec<&String> = model.reads.iter().collect();
        while let Some(name) = open.pop() {
            if found.insert(name.clone()) {
                open.extend(self.models.iter().filter(|model| model.name == *name).flat_map(|model| &model.reads));
            }
        }
        found
    }

    fn sources(&self, upstream: &BTreeSet<String>) -> Vec<MadeFrom> {
        let read = |contract: &&Contract| contract.tables.iter().any(|table| upstream.contains(&table.name));
        self.contracts
            .iter()
            .filter(read)
            .map(|contract| {
                let tables = contract.tables.iter().filter(|table| upstream.contains(&table.name));
                let partitions = tables.flat_map(|table| self.state.partitions(&table.name)).map(|(at, _)| day(at));
                let days: BTreeSet<String> = partitions.flatten().collect();
                let span = days.first().cloned().zip(days.last().cloned());
                MadeFrom { name: contract.source.clone(), title: contract.title.clone(), span }
            })
            .filter(|source| source.span.is_some() || self.is_required(&source.name))
            .collect()
    }

    /// A source that need not be delivered is named only when it is.
    fn is_required(&self, source: &str) -> bool {
        self.contracts.iter().any(|contract| contract.source == source && !contract.optional)
    }
}

/// The month or day that a partition is of: `2026-01`, `2026-01-15`; a snapshot's `20260115041200` is its day.
fn day(partition: &str) -> Option<String> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if let (true, Some(head)) = (digits(partition), partition.get(..8)) {
        let date = format!("{}-{}-{}", &head[..4], &head[4..6], &head[6..]);
        return date.parse::<jiff::civil::Date>().is_ok().then_some(date);
    }
    let is_month = partition.parse::<crate::calendar::Month>().is_ok();
    let is_day = partition.parse::<jiff::civil::Date>().is_ok();
    (is_month || is_day).then(|| partition.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_of_months_or_days() {
        assert_eq!(day("2026-01").as_deref(), Some("2026-01"));
        assert_eq!(day("20260115041200").as_deref(), Some("2026-01-15"));
        assert_eq!(day("2026-01-15").as_deref(), Some("2026-01-15"));
        assert_eq!([day("alle"), day("03_2022"), day("20261315041200")], [None, None, None]);
    }
}
