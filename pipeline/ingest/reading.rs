//! A delivered file's rows, checked and staged table by table; what its repeated keys and its bad counties leave of them.
//!
//! Knows formats by their endings only: how each is read is its own module's business. Decides nothing about the delivery.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufReader;

use anyhow::{Context, bail, ensure};

use super::arrivals::{self, Arrival};
use super::counties::{self, Counties};
use super::intake::{self, Intake, Placed, Tally};
use super::outlet::StagingOutlet;
use super::quarantine::Quarantine;
use super::{Ingest, csv_rows, klass, parquet_rows, population, snapshot};
use crate::calendar::Month;
use crate::contract::{Contract, Fault, Format, TableContract};
use crate::disk;
use crate::erasure::{ERASED, Loss};
use crate::lake::{Entry, Staged, TableWriter};

/// What a file holds.
pub(super) struct Parsed<'c> {
    pub(super) tables: Vec<Read<'c>>,
    /// Optional columns that it does not have.
    pub(super) lacking: BTreeSet<String>,
}

/// One table of a delivery, read and not yet written.
pub(super) struct Read<'c> {
    pub(super) contract: &'c TableContract,
    staged: Staged,
    /// Lines that are staged and must not be stored.
    without: BTreeSet<u64>,
    pub(super) tally: Tally,
    /// Rows of refused counties that are taken over from what is in force.
    carried: u64,
    /// Per county, in a delivery of several.
    counties: Option<BTreeMap<i64, Tally>>,
    /// Bad rows by their own county and month.
    pub(super) placed: Placed,
}

impl Read<'_> {
    /// Rows that share their key are all bad: nobody can tell which is right. Returns their lines.
    pub(super) fn without_repeated(
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
        self.place(ingest, &repeated, &fault)?;
        Ok(repeated)
    }

    fn place(&mut self, ingest: &Ingest<'_>, bad: &BTreeSet<u64>, fault: &Fault) -> anyhow::Result<()> {
        let (Some(county), Some(day)) = (self.contract.county, self.contract.receipt_month) else { return Ok(()) };
        if bad.is_empty() {
            return Ok(());
        }
        let mut counties = BTreeMap::new();
        self.staged.numbers(ingest.engine, &self.contract.columns[county].stored, |line, county| {
            counties.extend(bad.contains(&line).then_some((line, county)));
        })?;
        self.staged.numbers(ingest.engine, &self.contract.columns[day].stored, |line, day| {
            if let Some(county) = counties.get(&line) {
                intake::place(&mut self.placed, *county, day, line, fault);
            }
        })
    }

    /// A county with too many bad rows has none of its rows stored, as long as another county stands.
    pub(super) fn without_refused_counties(
        &mut self,
        ingest: &Ingest<'_>,
        contract: &Contract,
        repeated: &BTreeSet<u64>,
        in_force: Option<&Entry>,
    ) -> anyhow::Result<Option<Counties>> {
        let (Some(counties), Some(at)) = (self.counties.take(), self.contract.county) else { return Ok(None) };
        let column = &self.contract.columns[at].stored;
        let fault = repeated_key(&self.contract.key_names());
        let counties = Counties::part(contract, column, counties, &self.staged, repeated, &fault, ingest.engine)?;
        if !counties.some_stand() {
            return Ok(None);
        }
        counties.leave_out(ingest.engine, column, &self.staged, &mut self.without, &mut self.tally)?;
        self.placed.retain(|(county, _), _| !counties.refused.contains_key(county));
        let in_force = in_force.filter(|_| contract.replaces_by_county() && !counties.refused.is_empty());
        if let Some(entry) = in_force.filter(|entry| entry.version == contract.version) {
            let rows = counties.stored_rows(ingest.lake, entry, column)?;
            self.carried = rows.iter().map(|batch| batch.num_rows() as u64).sum();
            self.staged.add_stored(ingest.temporary, &rows)?;
        } else if in_force.is_some() {
            tracing::warn!(
                source = contract.source,
                "what its refused counties delivered before was stored under another version of the contract and is \
                 not taken over; put the earlier files back where [source.{}] looks and run again",
                contract.source
            );
        }
        Ok(Some(counties))
    }

    /// Counts the rows that the file lost to erasures: received, and not stored.
    pub(super) fn count_erased(&mut self, loss: &Loss) {
        let add = |tally: &mut Tally, rows| {
            tally.received += rows;
            *tally.outside.entry(ERASED.to_owned()).or_default() += rows;
        };
        for (place, rows) in &loss.rows {
            add(&mut self.tally, *rows);
            if let (Some(counties), Some(county)) = (&mut self.counties, place.county) {
                add(counties.entry(county).or_default(), *rows);
            }
            if let (Some(county), Some(month)) = (place.county, place.month) {
                let rules = self.placed.entry((county, month)).or_default();
                rules.entry(ERASED.to_owned()).or_default().rows += rows;
            }
        }
    }

    /// Writes the good rows, in order, to a file of the lake.
    pub(super) fn write(&self, ingest: &Ingest<'_>, partition: &str, version: u32) -> anyhow::Result<Entry> {
        let order = self.contract.order_names();
        let mut writer = TableWriter::start(ingest.lake.folder(), self.contract.schema(), &order)?;
        self.staged.write_sorted(ingest.engine, &order, &self.without, &mut writer)?;
        let entry = writer.finish(ingest.lake.folder(), &self.contract.name, partition, version)?;
        check_written(&self.contract.name, self.tally.stored() + self.carried, &entry)?;
        Ok(entry)
    }
}

fn repeated_key(key: &[String]) -> Fault {
    Fault::new("noekkel_gjentatt", &key.join("+"), "another row has the same key")
}

/// What is counted as stored must be what was written: a receipt that is wrong is worse than none.
fn check_written(table: &str, counted: u64, entry: &Entry) -> anyhow::Result<()> {
    ensure!(
        entry.rows == counted,
        "{} rows of {table} were written where {} are counted as stored; this is a fault of the program, and nothing \
         was committed",
        entry.rows,
        counted
    );
    Ok(())
}

/// Reads a file of any format of its contract.
pub(super) fn read<'c>(
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
    intake.name_delivery(&arrivals::partition_of(contract, arrival));
    intake.refuse_ids_in = Some(ingest.erasures);
    intake.counties = counties::are_several(table, arrival).then(BTreeMap::new);
    outlet.open(table, month)?;
    match format {
        Format::Csv => csv_rows::read(BufReader::with_capacity(1 << 18, file), contract, &mut intake, outlet)?,
        Format::JsonStat => population::read(file, contract, &mut intake, outlet)?,
        _ => parquet_rows::read(file, &arrival.path, &mut intake, outlet)?,
    }
    let without = intake.finish(outlet)?;
    let staged = outlet.close()?;
    let Intake { tally, counties, placed, lacking, .. } = intake;
    let read = Read { contract: table, staged, without, tally, carried: 0, counties, placed };
    Ok(Parsed { tables: vec![read], lacking })
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
    let (staged, tally) = (outlet.close()?, intake.tally);
    Ok(Read { contract: table, staged, without, tally, carried: 0, counties: None, placed: Placed::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_written_must_be_the_rows_counted_as_stored() {
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
        assert!(check_written("lege", 2, &entry(2)).is_ok());
        let error = check_written("lege", 2, &entry(1)).unwrap_err().to_string();
        assert!(error.starts_with("1 rows of lege were written where 2 are counted"), "{error}");
    }
}
