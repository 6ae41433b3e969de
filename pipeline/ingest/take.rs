//! One delivery, from file to lake: read, checked, its repeated keys found, sorted, written.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufReader;

use anyhow::{Context, bail, ensure};

use super::arrivals::{self, Arrival};
use super::counties::{self, Counties};
use super::intake::{Intake, Tally};
use super::outlet::StagingOutlet;
use super::quarantine::Quarantine;
use super::{Ingest, MOTTAK, Taken, csv_rows, klass, parquet_rows, population, receipt, shrink, snapshot};
use crate::calendar::Month;
use crate::config::Product;
use crate::contract::{self, Contract, Fault, Format, Partition, TableContract};
use crate::disk;
use crate::lake::{Delivery, Entry, Staged, State, TableWriter};

/// Raised when ingest itself changes what it makes of a delivery.
const INGEST_VERSION: u32 = 2;

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
    lacking: BTreeSet<String>,
    quarantine: Quarantine,
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

/// Reads, checks and writes a delivery. The inner error is a refusal: what is wrong with the file and how to mend it.
pub(super) fn prepare(
    ingest: &Ingest<'_>,
    contract: &Contract,
    arrival: &Arrival,
    settings: &Settings,
    state: &State,
) -> anyhow::Result<Result<Prepared, String>> {
    let month = arrival.period.parse::<Month>().ok().filter(|_| contract.partition == Partition::Month);
    let mut outlet = StagingOutlet::start(ingest.temporary, Quarantine::start(ingest.temporary, &arrival.name)?);
    let read = read(ingest, contract, arrival, month, &mut outlet);
    if let Some(failure) = outlet.failure {
        return Err(failure);
    }
    let Parsed { mut tables, lacking } = match read {
        Ok(read) => read,
        Err(error) => return Ok(Err(format!("{error:#}"))),
    };
    let partition = arrivals::partition_of(contract, arrival);
    let mut counties = None;
    for table in &mut tables {
        let repeated = table.without_repeated(ingest, contract, &mut outlet.quarantine)?;
        counties = table.without_refused_counties(ingest, contract, &repeated)?;
    }
    if let Err(reason) = acceptable(ingest, contract, &tables, &partition, settings, state) {
        return Ok(Err(reason));
    }

    let mut entries = Vec::new();
    let mut tally = Tally::default();
    for table in tables {
        let contract_table = table.contract;
        let mut entry = table.write(ingest, &partition, contract.version)?;
        if contract_table.touches.is_some() {
            entry.touches = outlet.touched.iter().copied().filter(|at| Some(*at) != month.map(Month::number)).collect();
        }
        entries.push((contract_table.name.clone(), entry));
        tally.add(table.tally);
    }
    Ok(Ok(Prepared { partition, entries, month, tally, counties, lacking, quarantine: outlet.quarantine }))
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
    let Prepared { partition, entries, month, tally, counties, lacking, quarantine } = prepared;
    warn_of_lost_columns(contract, arrival, &lacking, month, &partition, state);
    for (name, entry) in entries {
        state.put(&name, &partition, entry);
    }
    let concerns = match contract::county_and_month(&arrival.period) {
        Some((county, month)) => receipt::Concerns { month: Some(month), county: Some(county) },
        None => receipt::Concerns { month, county: None },
    };
    let receipt = receipt::write(
        ingest.lake,
        &contract.source,
        &partition,
        &concerns,
        &tally,
        counties.as_ref().map(|counties| &counties.standing),
    )?;
    state.put(MOTTAK, &format!("{}-{partition}", contract.source), receipt);
    quarantine.keep(&ingest.config.root.join("quarantine"), &contract.source)?;
    let delivery = Delivery {
        file: arrival.name.clone(),
        version: arrival.version,
        sha256: arrival.sha256.clone(),
        taken_with: settings.hash.clone(),
        paragraphs: settings.paragraphs.clone(),
        lacking,
        copies,
    };
    state.deliveries.entry(contract.source.clone()).or_default().insert(partition.clone(), delivery);
    let refused = counties.map_or(Vec::new(), |counties| {
        counties.reasons(arrival, |tally| bad_rows(contract, &contract.tables[0], tally))
    });
    Ok(Taken { source: contract.source.clone(), file: arrival.name.clone(), partition, tally, refused })
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
    let may_be_empty = |table: &Read<'_>| contract.partition == Partition::Delivery && table.tally.received == 0;
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
    let rules: Vec<String> = tally.bad.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
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

struct Parsed<'c> {
    tables: Vec<Read<'c>>,
    lacking: BTreeSet<String>,
}

/// One table of a delivery, read and not yet written.
struct Read<'c> {
    contract: &'c TableContract,
    staged: Staged,
    /// Lines that are staged and must not be stored.
    without: BTreeSet<u64>,
    tally: Tally,
    /// Per county, in a delivery of several.
    counties: Option<BTreeMap<i64, Tally>>,
}

impl Read<'_> {
    /// Rows that share their key are all bad: nobody can tell which is right. Returns their lines.
    fn without_repeated(
        &mut self,
        ingest: &Ingest<'_>,
        contract: &Contract,
        quarantine: &mut Quarantine,
    ) -> anyhow::Result<BTreeSet<u64>> {
        let key = self.contract.key_names();
        let received = self.tally.received;
        // One county's repeated keys must not hide another's.
        let most = if self.counties.is_some() { received } else { received * contract.max_bad_permille / 1000 };
        let mut repeated = self.staged.repeated(ingest.engine, &key, most)?;
        repeated.retain(|line| !self.without.contains(line));
        let fault = repeated_key(&key);
        for line in &repeated {
            self.tally.count_bad(*line, &fault);
            quarantine.add(*line, &fault)?;
        }
        self.without.extend(&repeated);
        Ok(repeated)
    }

    /// A county with too many bad rows has none of its rows stored, as long as another county stands.
    fn without_refused_counties(
        &mut self,
        ingest: &Ingest<'_>,
        contract: &Contract,
        repeated: &BTreeSet<u64>,
    ) -> anyhow::Result<Option<Counties>> {
        let (Some(counties), Some(at)) = (self.counties.take(), self.contract.county) else { return Ok(None) };
        let column = &self.contract.columns[at].stored;
        let fault = repeated_key(&self.contract.key_names());
        let counties = Counties::part(contract, column, counties, &self.staged, repeated, &fault, ingest.engine)?;
        if !counties.some_stand() {
            return Ok(None);
        }
        counties.leave_out(ingest.engine, column, &self.staged, &mut self.without, &mut self.tally)?;
        Ok(Some(counties))
    }

    /// Writes the good rows, in order, to a file of the lake.
    fn write(&self, ingest: &Ingest<'_>, partition: &str, version: u32) -> anyhow::Result<Entry> {
        let order = self.contract.order_names();
        let mut writer = TableWriter::start(ingest.lake.folder(), self.contract.schema(), &order)?;
        self.staged.write_sorted(ingest.engine, &order, &self.without, &mut writer)?;
        let entry = writer.finish(ingest.lake.folder(), &self.contract.name, partition, version)?;
        check_written(&self.contract.name, &self.tally, &entry)?;
        Ok(entry)
    }
}

fn repeated_key(key: &[String]) -> Fault {
    Fault::new("noekkel_gjentatt", &key.join("+"), "another row has the same key")
}

/// What is counted as stored must be what was written: a receipt that is wrong is worse than none.
fn check_written(table: &str, tally: &Tally, entry: &Entry) -> anyhow::Result<()> {
    ensure!(
        entry.rows == tally.stored(),
        "{} rows of {table} were written where {} are counted as stored; this is a fault of the program, and nothing \
         was committed",
        entry.rows,
        tally.stored()
    );
    Ok(())
}

fn read<'c>(
    ingest: &Ingest<'_>,
    contract: &'c Contract,
    arrival: &Arrival,
    month: Option<Month>,
    outlet: &mut StagingOutlet<'_>,
) -> anyhow::Result<Parsed<'c>> {
    let ending = arrival.name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let format = match ending.as_deref() {
        Some("csv") => Format::Csv,
        Some("parquet") => Format::Parquet,
        Some("xml" | "zip") => Format::M30,
        Some("json") if contract.dimensions.is_some() => Format::JsonStat,
        Some("json") => Format::Klass,
        _ => bail!("the file ending tells no format; use .csv, .parquet, .json, .xml or .zip"),
    };
    ensure!(contract.formats.contains(&format), "{} is not delivered in this format", contract.source);
    let selected = ingest.config.product(&contract.product).paragraphs;
    let decimal_mark = if format == Format::Csv { contract.decimal_mark } else { b'.' };
    if format == Format::M30 {
        return read_m30(contract, arrival, outlet);
    }
    if format == Format::Klass {
        return read_klass(contract, arrival, outlet);
    }
    let file = disk::open(&arrival.path)?;
    let table = contract.tables.first().context("the contract has no table")?;
    let mut intake = Intake::new(contract, table, month, &selected, decimal_mark);
    intake.counties = counties::are_several(table, arrival).then(BTreeMap::new);
    outlet.open(table, month)?;
    match format {
        Format::Csv => csv_rows::read(BufReader::with_capacity(1 << 18, file), contract, &mut intake, outlet)?,
        Format::JsonStat => population::read(file, contract, &mut intake, outlet)?,
        _ => parquet_rows::read(file, &arrival.path, &mut intake, outlet)?,
    }
    let without = intake.finish(outlet)?;
    let staged = outlet.close()?;
    let Intake { tally, counties, lacking, .. } = intake;
    Ok(Parsed { tables: vec![Read { contract: table, staged, without, tally, counties }], lacking })
}

/// A file of Klass fills one of the contract's tables.
fn read_klass<'c>(
    contract: &'c Contract,
    arrival: &Arrival,
    outlet: &mut StagingOutlet<'_>,
) -> anyhow::Result<Parsed<'c>> {
    let klass = klass::read(disk::open(&arrival.path)?, &arrivals::partition_of(contract, arrival))?;
    let table = read_rows(contract, contract.table(klass.table)?, &klass.rows, outlet)?;
    Ok(Parsed { tables: vec![table], lacking: BTreeSet::new() })
}

fn read_m30<'c>(
    contract: &'c Contract,
    arrival: &Arrival,
    outlet: &mut StagingOutlet<'_>,
) -> anyhow::Result<Parsed<'c>> {
    let (key, snapshot) = snapshot::read(&arrival.path)?;
    let mut rows = snapshot::rows(&snapshot, &key);
    let mut tables = Vec::new();
    for table in &contract.tables {
        let own = rows.remove(table.name.as_str()).unwrap_or_default();
        tables.push(read_rows(contract, table, &own, outlet)?);
    }
    Ok(Parsed { tables, lacking: BTreeSet::new() })
}

/// Rows that stand on no line of their own are told apart by their number among the table's rows.
fn read_rows<'c, R: AsRef<[F]>, F: AsRef<[u8]>>(
    contract: &'c Contract,
    table: &'c TableContract,
    rows: &[R],
    outlet: &mut StagingOutlet<'_>,
) -> anyhow::Result<Read<'c>> {
    let mut intake = Intake::new(contract, table, None, &[], b'.');
    outlet.open(table, None)?;
    for (number, fields) in (1..).zip(rows) {
        let fields: Vec<Option<&[u8]>> = fields.as_ref().iter().map(|field| Some(field.as_ref())).collect();
        intake.row(number, &fields, outlet)?;
    }
    let without = intake.finish(outlet)?;
    Ok(Read { contract: table, staged: outlet.close()?, without, tally: intake.tally, counties: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_written_must_be_the_rows_counted_as_stored() {
        let tally = Tally { received: 3, bad: [("mangler".to_owned(), 1)].into(), ..Tally::default() };
        let entry = |rows| Entry {
            file: String::new(),
            bytes: 0,
            rows,
            sha256: String::new(),
            content: String::new(),
            version: 1,
            touches: Vec::new(),
            key: None,
        };
        assert!(check_written("lege", &tally, &entry(2)).is_ok());
        let error = check_written("lege", &tally, &entry(1)).unwrap_err().to_string();
        assert!(error.starts_with("1 rows of lege were written where 2 are counted"), "{error}");
    }
}
