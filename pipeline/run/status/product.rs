//! Per product: the date of its pages, and since when it has failed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use crate::config::Config;
use crate::contract::Contract;
use crate::publish::{HandedOver, Manifest};
use crate::run::ledger::{Ledger, Run};

/// How a product stands.
#[derive(Debug, Default, Serialize)]
pub struct ProductStatus {
    /// The date of the run that made the pages that are shown; absent when it has none.
    pub as_of: Option<String>,
    /// The first run since which every one that came to it failed; absent when the last did not.
    pub failed_since: Option<Timestamp>,
    /// Why the last of them failed: the error and its causes, the outermost first.
    pub error: Vec<String>,
    /// Table of events for KPR → what the last run that published the product made of it.
    pub handed_over: BTreeMap<String, HandedOver>,
}

/// Products that are switched on by a source, are shown, or have failed.
pub(super) fn all(
    config: &Config,
    contracts: &[Contract],
    manifest: Option<&Manifest>,
    ledger: &Ledger,
) -> BTreeMap<String, ProductStatus> {
    let configured = contracts.iter().filter(|contract| !contract.optional);
    let configured = configured.filter(|contract| config.sources.contains_key(&contract.source));
    let shown = manifest.map(|manifest| &manifest.products);
    let failed = ledger.runs.iter().rev().find(|run| judges(run)).and_then(|run| run.ended.as_ref());
    let names: BTreeSet<&String> = configured
        .map(|contract| &contract.product)
        .chain(shown.into_iter().flatten().map(|(name, _)| name))
        .chain(failed.into_iter().flat_map(|(_, ended)| ended.failed.keys()))
        .collect();
    let status = |name: &String| {
        let as_of = shown.and_then(|products| products.get(name)).map(|product| product.as_of.clone());
        let (failed_since, error) = failing(name, ledger);
        let handed_over = handed_over(name, ledger).cloned().unwrap_or_default();
        (name.clone(), ProductStatus { as_of, failed_since, error, handed_over })
    };
    names.into_iter().map(status).collect()
}

/// A run that got as far as to know whether products hold.
fn judges(run: &Run) -> bool {
    run.ended.as_ref().is_some_and(|(_, ended)| run.release().is_some() || !ended.failed.is_empty())
}

fn handed_over<'l>(product: &str, ledger: &'l Ledger) -> Option<&'l BTreeMap<String, HandedOver>> {
    let mut published = ledger.runs.iter().rev().filter_map(|run| run.step("publish"));
    published.find_map(|step| step.facts.handed_over.get(product))
}

fn failing(product: &str, ledger: &Ledger) -> (Option<Timestamp>, Vec<String>) {
    let (mut since, mut error) = (None, Vec::new());
    for run in ledger.runs.iter().rev().filter(|run| judges(run) && !run.is_rollback()) {
        let Some(why) = run.ended.as_ref().and_then(|(_, ended)| ended.failed.get(product)) else { break };
        if error.is_empty() {
            error.clone_from(why);
        }
        since = run.started.as_ref().map(|(at, _)| *at).or(since);
    }
    (since, error)
}
