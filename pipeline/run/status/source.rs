//! Per source: what is in force, what was put in quarantine, and what has been refused or not fetched since when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Serialize;

use crate::config::Config;
use crate::contract::{Contract, Partition};
use crate::lake::{self, State};
use crate::run::freshness::{self, Freshness, Level};
use crate::run::ledger::{Ledger, Refused, Run, Taken};

/// How a source stands.
#[derive(Debug, Default, Serialize)]
pub struct SourceStatus {
    /// How it stands in one word, for pages: `avvist` (the last thing that came was refused), `mangler` (nothing is in
    /// force), `for_sent` (far too late, at the last run's time), `ikke_hentet` (the last run could not fetch it),
    /// `forsinket` (late), `i_bruk`.
    pub level: &'static str,
    /// How it stood against when it is due, at the last run's time; absent before the first run.
    pub freshness: Option<Freshness>,
    /// How many deliveries are in force.
    pub deliveries: usize,
    /// Of these, the one of the latest period.
    pub last: Option<Delivery>,
    /// Rows of the deliveries in force that were put in quarantine, by rule; of those that the ledger still knows.
    pub quarantined: BTreeMap<String, u64>,
    /// Of the deliveries in force, those that lost rows to quarantine, the latest period first.
    pub quarantine: Vec<Quarantined>,
    /// Deliveries that the last run refused.
    pub refused: Vec<RefusedDelivery>,
    /// What the last run that fetched could not fetch.
    pub not_fetched: Vec<NotFetched>,
    /// What that run found that stops nothing and somebody should look at: a folder where there were deliveries is empty.
    pub notes: Vec<String>,
}

/// A delivery in force. What the ledger no longer tells is absent.
#[derive(Debug, Serialize)]
pub struct Delivery {
    /// The month, year or day that it is of, as its name says; a snapshot's time.
    pub period: String,
    /// The file's name.
    pub file: String,
    /// The version its name gives.
    pub version: u32,
    /// When the run that took it in started.
    pub taken: Option<Timestamp>,
    /// Rows in the delivery.
    pub received: Option<u64>,
    /// Rows stored.
    pub stored: Option<u64>,
    /// Rows counted, not stored, by what they are counted under.
    pub outside: BTreeMap<String, u64>,
    /// Bad rows by rule.
    pub quarantined: BTreeMap<String, u64>,
}

/// A delivery in force that lost rows to quarantine.
#[derive(Debug, Serialize)]
pub struct Quarantined {
    /// Its period.
    pub period: String,
    /// The file's name.
    pub file: String,
    /// Rows in the delivery.
    pub received: u64,
    /// Bad rows by rule.
    pub rules: BTreeMap<String, u64>,
}

/// A delivery that was refused.
#[derive(Debug, Serialize)]
pub struct RefusedDelivery {
    /// The file's name.
    pub file: String,
    /// The first run since which every one that took in deliveries refused it.
    pub since: Option<Timestamp>,
    /// Why, and what to do.
    pub reason: String,
}

/// What was not fetched.
#[derive(Debug, Serialize)]
pub struct NotFetched {
    /// Its address, without a query.
    pub what: String,
    /// The first run since which every one that fetched failed to.
    pub since: Option<Timestamp>,
    /// Why, and what to do.
    pub reason: String,
}

/// The sources that are configured.
pub(super) fn all(
    config: &Config,
    contracts: &[Contract],
    state: &State,
    ledger: &Ledger,
) -> BTreeMap<String, SourceStatus> {
    let taken = taken(ledger);
    let last_time = ledger.runs.iter().rev().find_map(|run| run.started.as_ref()?.1.as_of.as_ref()?.parse().ok());
    let mut freshness: BTreeMap<String, Freshness> = last_time
        .map(|as_of: DateTime| freshness::of(config, contracts, state, as_of))
        .into_iter()
        .flatten()
        .map(|freshness| (freshness.source.clone(), freshness))
        .collect();
    let configured = contracts.iter().filter(|contract| config.sources.contains_key(&contract.source));
    configured
        .map(|contract| {
            let freshness = freshness.remove(&contract.source);
            (contract.source.clone(), of(contract, state, ledger, &taken, freshness))
        })
        .collect()
}

/// By source, partition and hash of the file, what the ledger says of it.
type Known<'a> = BTreeMap<(&'a str, &'a str, &'a str), (Option<Timestamp>, &'a Taken)>;

fn taken(ledger: &Ledger) -> Known<'_> {
    let mut known = Known::new();
    for run in &ledger.runs {
        let at = run.started.as_ref().map(|(at, _)| *at);
        for taken in run.steps.iter().flat_map(|step| &step.facts.taken) {
            known.insert((&taken.source, &taken.partition, &taken.sha256), (at, taken));
        }
    }
    known
}

fn of(
    contract: &Contract,
    state: &State,
    ledger: &Ledger,
    taken: &Known<'_>,
    freshness: Option<Freshness>,
) -> SourceStatus {
    let in_force = state.deliveries.get(&contract.source).into_iter().flatten();
    let mut deliveries: Vec<Delivery> = in_force
        .map(|(partition, delivery)| {
            let known = taken.get(&(contract.source.as_str(), partition.as_str(), delivery.sha256.as_str()));
            described(contract, partition, delivery, known.copied())
        })
        .collect();
    deliveries.sort_by_key(|delivery| (day(&delivery.period), delivery.taken));
    let mut status = SourceStatus { deliveries: deliveries.len(), freshness, ..SourceStatus::default() };
    for delivery in deliveries.iter().rev().filter(|delivery| !delivery.quarantined.is_empty()) {
        for (rule, rows) in &delivery.quarantined {
            *status.quarantined.entry(rule.clone()).or_default() += rows;
        }
        status.quarantine.push(Quarantined {
            period: delivery.period.clone(),
            file: delivery.file.clone(),
            received: delivery.received.unwrap_or_default(),
            rules: delivery.quarantined.clone(),
        });
    }
    status.last = deliveries.pop();
    status.refused = refused(&contract.source, ledger);
    status.not_fetched = not_fetched(&contract.source, ledger);
    let last = ledger.runs.iter().rev().find_map(|run| run.step("fetch").filter(|step| step.error.is_empty()));
    let fetched = last.and_then(|step| step.facts.fetched.get(&contract.source));
    status.notes = fetched.map(|fetched| fetched.notes.clone()).unwrap_or_default();
    status.level = level(&status);
    status
}

/// One word for how a source stands. The only place that decides it.
fn level(status: &SourceStatus) -> &'static str {
    match status.freshness.as_ref().map(|freshness| freshness.level) {
        _ if !status.refused.is_empty() => "avvist",
        _ if status.deliveries == 0 => "mangler",
        Some(Level::ForSent) => "for_sent",
        _ if !status.not_fetched.is_empty() => "ikke_hentet",
        Some(Level::Forsinket) => "forsinket",
        Some(Level::IRute) | None => "i_bruk",
    }
}

fn described(
    contract: &Contract,
    partition: &str,
    delivery: &lake::Delivery,
    known: Option<(Option<Timestamp>, &Taken)>,
) -> Delivery {
    let named = contract.file_name.read(&delivery.file).ok().filter(|_| contract.partition != Partition::Snapshot);
    let tally = known.map(|(_, taken)| taken);
    Delivery {
        period: named.map_or_else(|| time_of(partition), |named| named.period),
        file: crate::run::reduced(&delivery.file),
        version: delivery.version,
        taken: known.and_then(|(at, _)| at),
        received: tally.map(|taken| taken.received),
        stored: tally.map(|taken| taken.stored),
        outside: tally.map(|taken| taken.outside.clone()).unwrap_or_default(),
        quarantined: tally.map(|taken| taken.quarantined.clone()).unwrap_or_default(),
    }
}

/// A snapshot's time in a form that is easier to read: `20260115041200` → `2026-01-15T04:12:00`.
fn time_of(partition: &str) -> String {
    let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", partition);
    time.map_or_else(|_| partition.to_owned(), |time| time.to_string())
}

/// What a period sorts by: its digits from the first group of four on, so that a county's code before it does not count.
fn day(period: &str) -> String {
    let digits = period.split(|c: char| !c.is_ascii_digit()).skip_while(|part| part.len() < 4);
    digits.collect()
}

/// What the last run that took in deliveries refused, and since when each has been refused by all of them.
fn refused(source: &str, ledger: &Ledger) -> Vec<RefusedDelivery> {
    let of_run = |run: &'_ Run| {
        let step = run.step("ingest").filter(|step| step.error.is_empty())?;
        let own: Vec<Refused> = step.facts.refused.iter().filter(|one| one.source == source).cloned().collect();
        Some((run.started.as_ref().map(|(at, _)| *at), own))
    };
    let newest_first: Vec<(Option<Timestamp>, Vec<Refused>)> = ledger.runs.iter().rev().filter_map(of_run).collect();
    let last = newest_first.first().map(|(_, refused)| refused.as_slice()).unwrap_or_default();
    let described = |one: &Refused| {
        let unbroken = newest_first.iter().take_while(|(_, all)| all.iter().any(|other| other.file == one.file));
        let since = unbroken.filter_map(|(at, _)| *at).last();
        RefusedDelivery { file: one.file.clone(), since, reason: one.reason.clone() }
    };
    last.iter().map(described).collect()
}

/// What the last run that fetched could not fetch of a source, and since when none could.
fn not_fetched(source: &str, ledger: &Ledger) -> Vec<NotFetched> {
    let of_run = |run: &'_ Run| {
        let step = run.step("fetch").filter(|step| step.error.is_empty())?;
        let failed = step.facts.fetched.get(source).map(|fetched| fetched.failed.clone()).unwrap_or_default();
        Some((run.started.as_ref().map(|(at, _)| *at), failed))
    };
    let newest_first: Vec<(Option<Timestamp>, BTreeMap<String, String>)> =
        ledger.runs.iter().rev().filter_map(of_run).collect();
    let described = |(what, reason): (&String, &String)| {
        let unbroken = newest_first.iter().take_while(|(_, failed)| failed.contains_key(what));
        let since = unbroken.filter_map(|(at, _)| *at).last();
        NotFetched { what: what.clone(), since, reason: reason.clone() }
    };
    newest_first.first().into_iter().flat_map(|(_, failed)| failed).map(described).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_sort_by_their_days_whatever_stands_before() {
        let mut periods = ["15_2026-09", "03_2026-10", "2026-10-31", "2025"];
        periods.sort_by_key(|period| day(period));
        assert_eq!(periods, ["2025", "15_2026-09", "03_2026-10", "2026-10-31"]);
        assert!(day(&time_of("20260115041200")) < day("2026-02-01T04:12:00"));
        assert_eq!(["20260115041200", "alle"].map(time_of), ["2026-01-15T04:12:00", "alle"]);
    }
}
