//! One delivery: what it must be to be taken in, and how it is put in force.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::arrivals::{self, Arrival};
use super::counties::Counties;
use super::intake::{Placed, Tally};
use super::outlet::StagingOutlet;
use super::quarantine::Quarantine;
use super::reading::{self, Parsed, Read};
use super::{Ingest, MOTTAK, Taken, older, receipt, shrink};
use crate::calendar::Month;
use crate::config::Product;
use crate::contract::{self, Contract, Partition, TableContract};
use crate::disk;
use crate::erasure::ERASED;
use crate::lake::{Delivery, Entry, State};

/// Raised when ingest itself changes what it makes of a delivery.
const INGEST_VERSION: u32 = 3;

const CHANGED: &str = "the file was changed while it was read, so nobody knows what it holds; it is looked at again by \
                       the next run. Deliver under a name that ends in .part, and rename when it is whole";

/// What a delivery is taken in with, besides the contract.
pub(super) struct Settings {
    /// Identifies contract version and settings; a delivery taken in with others is taken in again.
    pub(super) hash: String,
    /// The paragraphs whose rows are stored; absent for a source that is stored whole.
    pub(super) paragraphs: Option<BTreeSet<i64>>,
}

impl Settings {
    /// Those of a source now.
    pub(super) fn of(contract: &Contract, product: &Product) -> Settings {
        let selects = contract.tables.iter().any(|table| table.selection.is_some());
        let paragraphs: Option<BTreeSet<i64>> = selects.then(|| product.paragraphs.iter().copied().collect());
        let hash = disk::sha256(format!("{INGEST_VERSION}/{}/{paragraphs:?}", contract.version).as_bytes());
        Settings { hash, paragraphs }
    }
}

/// A delivery that holds: its rows are in lake files that no state names yet.
pub(super) struct Prepared {
    pub(super) partition: String,
    /// Table → file.
    pub(super) entries: Vec<(String, Entry)>,
    month: Option<Month>,
    tally: Tally,
    /// In a delivery of several counties: which stand, and which do not.
    counties: Option<Counties>,
    placed: Placed,
    lacking: BTreeSet<String>,
    newest: Option<i32>,
    quarantine: Quarantine,
    took: Duration,
}

impl Prepared {
    /// What the tables hold, whatever the file's bytes.
    pub(super) fn contents(&self) -> Vec<&str> {
        self.entries.iter().map(|(_, entry)| entry.content.as_str()).collect()
    }

    /// Whether what is in force holds the same.
    pub(super) fn is_in_force(&self, state: &State) -> bool {
        let in_force = |name: &str| state.entry(name, &self.partition);
        self.entries.iter().all(|(name, entry)| in_force(name).is_some_and(|known| known.content == entry.content))
    }
}

/// A file that was found to hold what is in force is not read again.
pub(super) fn remember_copy(contract: &Contract, arrival: &Arrival, state: &mut State) {
    let partition = arrivals::partition_of(contract, arrival);
    let known = state.deliveries.get_mut(&contract.source).and_then(|deliveries| deliveries.get_mut(&partition));
    if let Some(known) = known {
        known.copies.insert(arrival.sha256.clone());
    }
}

/// A delivery's rows, each checked on its own; nothing of what is in force was looked at.
pub(super) struct Reading<'c> {
    tables: Vec<(Read<'c>, BTreeSet<u64>)>,
    lacking: BTreeSet<String>,
    month: Option<Month>,
    touched: BTreeSet<i32>,
    quarantine: Quarantine,
    took: Duration,
}

/// Reads a delivery. The inner error is a refusal: what is wrong with the file and how to mend it.
pub(super) fn read<'c>(
    ingest: &Ingest<'_>,
    contract: &'c Contract,
    arrival: &Arrival,
) -> anyhow::Result<Result<Reading<'c>, String>> {
    let begun = Instant::now();
    let month = arrival.period.parse::<Month>().ok().filter(|_| contract.partition == Partition::Month);
    let mut outlet = StagingOutlet::start(ingest.temporary, Quarantine::start(ingest.temporary, &arrival.name)?);
    let read = reading::read(ingest, contract, arrival, month, &mut outlet);
    if let Some(failure) = outlet.failure {
        return Err(failure);
    }
    let Parsed { tables, lacking } = match read {
        _ if arrival.has_changed() => return Ok(Err(CHANGED.to_owned())),
        Ok(read) => read,
        Err(error) => return Ok(Err(format!("{error:#}"))),
    };
    let StagingOutlet { touched, mut quarantine, .. } = outlet;
    let loss = ingest.erasures.loss(&contract.source, &arrival.name, &arrival.sha256);
    let mut whole = Vec::new();
    for (at, mut table) in tables.into_iter().enumerate() {
        if let Some(loss) = loss.filter(|_| at == 0) {
            table.count_erased(loss);
        }
        let repeated = table.without_repeated(ingest, contract, &mut quarantine)?;
        whole.push((table, repeated));
    }
    Ok(Ok(Reading { tables: whole, lacking, month, touched, quarantine, took: begun.elapsed() }))
}

/// Compares what was read with what is in force, and writes it. The inner error is a refusal.
pub(super) fn prepare(
    ingest: &Ingest<'_>,
    contract: &Contract,
    arrival: &Arrival,
    settings: &Settings,
    state: &State,
    reading: Reading<'_>,
) -> anyhow::Result<Result<Prepared, String>> {
    let begun = Instant::now();
    let Reading { tables: whole, lacking, month, touched, quarantine, took } = reading;
    let partition = arrivals::partition_of(contract, arrival);
    let mut counties = None;
    let mut tables = Vec::new();
    for (mut table, repeated) in whole {
        let in_force = state.entry(&table.contract.name, &partition);
        counties = table.without_refused_counties(ingest, contract, &repeated, in_force)?;
        tables.push(table);
    }
    if let Err(reason) = acceptable(ingest, contract, &tables, &partition, settings, state) {
        return Ok(Err(reason));
    }

    let mut entries = Vec::new();
    let (mut tally, mut placed) = (Tally::default(), Placed::new());
    let mut newest = None;
    for table in tables {
        let contract_table = table.contract;
        let mut entry = table.write(ingest, &partition, contract.version)?;
        if contract_table.touches.is_some() {
            entry.touches = touched.iter().copied().filter(|at| Some(*at) != month.map(Month::number)).collect();
        }
        newest = newest.max(older::newest(ingest.lake, contract_table, &entry)?);
        entries.push((contract_table.name.clone(), entry));
        placed.extend(table.placed);
        tally.add(table.tally);
    }
    let source = ingest.config.sources.get(&contract.source);
    if let Some(reason) = older::fault(contract, source, &partition, newest, state) {
        return Ok(Err(reason));
    }
    let took = took + begun.elapsed();
    Ok(Ok(Prepared { partition, entries, month, tally, counties, placed, lacking, newest, quarantine, took }))
}

/// Puts a delivery in force. `copies` are other files that were found to hold the same.
pub(super) fn put(
    ingest: &Ingest<'_>,
    contract: &Contract,
    arrival: &Arrival,
    copies: BTreeSet<String>,
    settings: &Settings,
    prepared: Prepared,
    state: &mut State,
) -> anyhow::Result<Taken> {
    let begun = Instant::now();
    let Prepared { partition, entries, month, tally, counties, placed, lacking, newest, quarantine, took } = prepared;
    warn_of_lost_columns(contract, arrival, &lacking, month, &partition, state);
    for (name, entry) in entries {
        state.put(&name, &partition, entry);
    }
    let concerns = match contract::county_and_month(&arrival.period) {
        Some((county, month)) => receipt::Concerns { month: Some(month), county: Some(county) },
        None => receipt::Concerns { month, county: None },
    };
    let standing = counties.as_ref().map(|counties| &counties.standing);
    let counts = receipt::counts(&concerns, &tally, standing, &placed)?;
    let receipt = receipt::write(ingest.lake, &contract.source, &partition, &arrival.name, &counts)?;
    state.put(MOTTAK, &format!("{}-{partition}", contract.source), receipt);
    quarantine.keep(&ingest.config.root.join("quarantine"), &contract.source)?;
    let delivery = Delivery {
        file: arrival.name.clone(),
        version: arrival.version,
        sha256: arrival.sha256.clone(),
        taken_with: settings.hash.clone(),
        paragraphs: settings.paragraphs.clone(),
        lacking,
        newest,
        copies,
        refused_counties: counties.iter().flat_map(|counties| counties.refused.keys().copied()).collect(),
        earlier: BTreeSet::new(),
    };
    state.deliveries.entry(contract.source.clone()).or_default().insert(partition.clone(), delivery);
    let refused = counties.map_or(Vec::new(), |counties| {
        counties.reasons(arrival, |tally| bad_rows(contract, &contract.tables[0], tally))
    });
    let (source, file, sha256) = (contract.source.clone(), arrival.name.clone(), arrival.sha256.clone());
    let took = took + begun.elapsed();
    Ok(Taken { source, file, version: arrival.version, sha256, partition, tally, refused, took })
}

/// Whether what was read may be stored; otherwise why not, and what to do.
fn acceptable(
    ingest: &Ingest<'_>,
    contract: &Contract,
    tables: &[Read<'_>],
    partition: &str,
    settings: &Settings,
    state: &State,
) -> Result<(), String> {
    if let Some(table) = tables.iter().find(|table| table.tally.too_bad(contract)) {
        return Err(bad_rows(contract, table.contract, &table.tally) + "; mend these rows and deliver again");
    }
    // Only where deliveries add to each other can one without rows be right.
    let erased = |table: &Read<'_>| table.tally.outside.get(ERASED).copied().unwrap_or(0);
    let has_no_row = |table: &Read<'_>| table.tally.received == erased(table);
    let may_be_empty = |table: &Read<'_>| contract.partition == Partition::Delivery && has_no_row(table);
    if tables.iter().all(|table| table.tally.stored() == 0 && !may_be_empty(table)) {
        return Err("no row could be stored; a delivery without content is refused, since it would empty what is in \
                    force"
            .to_owned());
    }
    let known = state.delivery(&contract.source, partition);
    // Under other paragraphs other rows are stored, and fewer of them mean nothing.
    let comparable = known.is_none_or(|known| known.paragraphs == settings.paragraphs);
    let source = ingest.config.sources.get(&contract.source);
    let shrunk = tables
        .iter()
        .filter(|_| comparable)
        .find_map(|table| shrink::fault(contract, source, table.contract, partition, &table.tally, state));
    shrunk.map_or(Ok(()), Err)
}

fn bad_rows(contract: &Contract, table: &TableContract, tally: &Tally) -> String {
    let rules: Vec<String> = tally.bad.iter().map(|(rule, bad)| format!("{rule} {}", bad.rows)).collect();
    let examples: Vec<String> = tally.examples.iter().map(|(line, why)| format!("line {line}: {why}")).collect();
    format!(
        "{} of {} rows of {} are bad ({}), more than the {} per thousand that the contract bears; {}",
        tally.bad_rows(),
        tally.received,
        table.name,
        rules.join(", "),
        contract.max_bad_permille,
        examples.join("; ")
    )
}

/// An optional column that the delivery before had, and this one lacks, changes what can be counted.
fn warn_of_lost_columns(
    contract: &Contract,
    arrival: &Arrival,
    lacking: &BTreeSet<String>,
    month: Option<Month>,
    partition: &str,
    state: &State,
) {
    let before = month.map_or(partition.to_owned(), |month| month.plus(-1).to_string());
    let Some(before) = state.delivery(&contract.source, &before) else { return };
    for column in lacking.difference(&before.lacking) {
        tracing::warn!(
            source = contract.source,
            file = arrival.name,
            "column {column} is not delivered; {} had it, and figures that need it are left out",
            before.file
        );
    }
}
