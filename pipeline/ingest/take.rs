//! One delivery, from file to lake: read, checked, its repeated keys found, sorted, written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Date32Type;

use super::arrivals::{ALL, Arrival};
use super::intake::{Intake, Outlet, Tally};
use super::quarantine::Quarantine;
use super::{Ingest, MOTTAK, Taken, csv_rows, m30, parquet_rows, receipt};
use crate::calendar::{self, Month};
use crate::config::Product;
use crate::contract::{Contract, Fault, Format, Partition, TableContract};
use crate::disk;
use crate::lake::{Delivery, Entry, Stage, Staged, State, TableWriter};

/// Raised when ingest itself changes what it makes of a delivery.
const INGEST_VERSION: u32 = 1;

/// Identifies the contract version and settings that a delivery is taken in with.
pub(super) fn settings_hash(contract: &Contract, product: &Product) -> String {
    let selects = contract.tables.iter().any(|table| table.selection.is_some());
    let paragraphs = if selects { format!("{:?}", product.paragraphs) } else { String::new() };
    disk::sha256(format!("{INGEST_VERSION}/{}/{paragraphs}", contract.version).as_bytes())
}

/// Takes a delivery in. The inner error is a refusal: what is wrong with the file and how to mend it.
pub(super) fn delivery(
    ingest: &Ingest<'_>,
    contract: &Contract,
    arrival: &Arrival,
    taken_with: &str,
    state: &mut State,
) -> anyhow::Result<Result<Option<Taken>, String>> {
    let month = arrival.period.parse::<Month>().ok().filter(|_| contract.partition == Partition::Month);
    let mut outlet = StagingOutlet {
        temporary: ingest.temporary,
        stage: None,
        touches: None,
        touched: BTreeSet::new(),
        quarantine: Quarantine::start(ingest.temporary, &arrival.name)?,
        failure: None,
    };
    let read = read(ingest, contract, arrival, month, &mut outlet);
    if let Some(failure) = outlet.failure {
        return Err(failure);
    }
    let Parsed { mut tables, snapshot, mut tally } = match read {
        Ok(read) => read,
        Err(error) => return Ok(Err(format!("{error:#}"))),
    };
    for (table, staged, without) in &mut tables {
        let most = tally.received * contract.max_bad_permille / 1000;
        for line in staged.repeated(ingest.engine, &table.key_names(), most)?.difference(&without.clone()) {
            let fault = Fault {
                rule: "noekkel_gjentatt".to_owned(),
                column: table.key_names().join("+"),
                reason: "another row has the same key".to_owned(),
            };
            tally.count_bad(*line, &fault);
            outlet.quarantine.add(*line, &fault)?;
            without.insert(*line);
        }
    }
    if tally.stored() == 0 {
        return Ok(Err(
            "no row could be stored; a delivery without content is refused, since it would empty what is in \
                       force"
                .to_owned(),
        ));
    }
    if tally.too_bad(contract) {
        return Ok(Err(too_bad(contract, &tally)));
    }

    let partition = match (month, &snapshot) {
        (Some(month), _) => month.to_string(),
        (None, Some(snapshot)) => snapshot.clone(),
        (None, None) => ALL.to_owned(),
    };
    let mut entries: Vec<(&str, Entry)> = Vec::new();
    for (table, staged, without) in &tables {
        let mut writer = TableWriter::start(ingest.lake.folder(), table.schema(), &table.order_names())?;
        staged.write_sorted(ingest.engine, &table.order_names(), without, &mut writer)?;
        let mut entry = writer.finish(ingest.lake.folder(), &table.name, &partition, contract.version)?;
        if table.touches.is_some() {
            entry.touches = outlet.touched.iter().copied().filter(|at| Some(*at) != month.map(Month::number)).collect();
        }
        entries.push((&table.name, entry));
    }
    if contract.partition == Partition::Snapshot
        && let Some(known) = state.deliveries.get(&contract.source).and_then(|known| known.get(&partition))
        && known.taken_with == taken_with
    {
        let same = entries
            .iter()
            .all(|(name, entry)| state.entry(name, &partition).is_some_and(|known| known.content == entry.content));
        return Ok(if same {
            Ok(None)
        } else {
            Err(format!("{} holds another snapshot of the same HentetDato; remove the wrong one", known.file))
        });
    }
    for (name, entry) in entries {
        state.put(name, &partition, entry);
    }
    let receipt = receipt::write(ingest.lake, &contract.source, &partition, month, &tally)?;
    state.put(MOTTAK, &format!("{}-{partition}", contract.source), receipt);
    outlet.quarantine.keep(&ingest.config.root.join("quarantine"), &contract.source)?;
    let delivery = Delivery {
        file: arrival.name.clone(),
        version: arrival.version,
        sha256: arrival.sha256.clone(),
        taken_with: taken_with.to_owned(),
    };
    state.deliveries.entry(contract.source.clone()).or_default().insert(partition.clone(), delivery);
    Ok(Ok(Some(Taken { source: contract.source.clone(), file: arrival.name.clone(), partition, tally })))
}

fn too_bad(contract: &Contract, tally: &Tally) -> String {
    let rules: Vec<String> = tally.bad.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
    let examples: Vec<String> = tally.examples.iter().map(|(line, why)| format!("line {line}: {why}")).collect();
    format!(
        "{} of {} rows are bad ({}), more than the {} per thousand that the contract bears; {}; mend these rows and \
         deliver again",
        tally.bad_rows(),
        tally.received,
        rules.join(", "),
        contract.max_bad_permille,
        examples.join("; ")
    )
}

struct Parsed<'c> {
    tables: Vec<(&'c TableContract, Staged, BTreeSet<u64>)>,
    snapshot: Option<String>,
    tally: Tally,
}

fn read<'c>(
    ingest: &Ingest<'_>,
    contract: &'c Contract,
    arrival: &Arrival,
    month: Option<Month>,
    outlet: &mut StagingOutlet<'_>,
) -> anyhow::Result<Parsed<'c>> {
    let format = match arrival.name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("csv") => Format::Csv,
        Some("parquet") => Format::Parquet,
        Some("xml" | "zip") => Format::M30,
        _ => bail!("the file ending tells no format; use .csv, .parquet, .xml or .zip"),
    };
    ensure!(contract.formats.contains(&format), "{} is not delivered in this format", contract.source);
    let selected = ingest.config.product(&contract.product).paragraphs;
    let decimal_mark = if format == Format::Csv { contract.decimal_mark } else { b'.' };
    let file = disk::open(&arrival.path)?;
    if format == Format::M30 {
        return read_m30(file, contract, outlet);
    }
    let table = contract.tables.first().context("the contract has no table")?;
    let mut intake = Intake::new(contract, table, month, &selected, decimal_mark);
    outlet.open(table, month)?;
    match format {
        Format::Csv => csv_rows::read(BufReader::with_capacity(1 << 18, file), contract, &mut intake, outlet)?,
        _ => parquet_rows::read(file, &arrival.path, &mut intake, outlet)?,
    }
    let overlapping = intake.finish(outlet)?;
    let staged = outlet.close()?;
    Ok(Parsed { tables: vec![(table, staged, overlapping)], snapshot: None, tally: intake.tally })
}

/// A real M30 is about 120 MB; one that unpacks to more than this is not FEST.
const LARGEST_XML: u64 = 2 << 30;

fn read_m30<'c>(mut file: File, contract: &'c Contract, outlet: &mut StagingOutlet<'_>) -> anyhow::Result<Parsed<'c>> {
    let mut magic = [0; 2];
    let zipped = file.read_exact(&mut magic).is_ok() && magic == *b"PK";
    file.rewind().context("reading the file again")?;
    let snapshot = if zipped {
        let mut archive = zip::ZipArchive::new(file).context("the zip is not readable")?;
        let mut found = Vec::new();
        for at in 0..archive.len() {
            let entry = archive.by_index_raw(at).context("the zip is not readable")?;
            if entry.name().context("a file name in the zip is not readable")?.ends_with(".xml") {
                found.push(at);
            }
        }
        let [at] = found.as_slice() else {
            bail!("the zip holds {} XML files, not one", found.len());
        };
        let entry = archive.by_index(*at).context("unpacking the zip")?;
        m30::read(BufReader::with_capacity(1 << 16, entry.take(LARGEST_XML)))?
    } else {
        m30::read(BufReader::with_capacity(1 << 16, file.take(LARGEST_XML)))?
    };
    ensure!(!snapshot.packages.is_empty(), "no Legemiddelpakning in the file; a snapshot without packages is refused");
    let key: String = snapshot.fetched.chars().take(19).filter(char::is_ascii_digit).collect();
    let rows = m30_rows(&snapshot, &key);
    let mut read = Parsed { tables: Vec::new(), snapshot: Some(key), tally: Tally::default() };
    for table in &contract.tables {
        let mut intake = Intake::new(contract, table, None, &[], b'.');
        outlet.open(table, None)?;
        // Several elements may end on one line; a row is told apart by its number among the table's rows.
        for (number, (_, fields)) in (1..).zip(rows.of(&table.name)) {
            let fields: Vec<&[u8]> = fields.iter().map(String::as_bytes).collect();
            intake.row(number, &fields, outlet)?;
        }
        let without = intake.finish(outlet)?;
        read.tables.push((table, outlet.close()?, without));
        read.tally.add(intake.tally);
    }
    Ok(read)
}

/// A snapshot's rows as text fields in the contract's order.
#[derive(Default)]
struct M30Rows {
    snapshots: Vec<(u64, Vec<String>)>,
    packages: Vec<(u64, Vec<String>)>,
    groups: Vec<(u64, Vec<String>)>,
    prices: Vec<(u64, Vec<String>)>,
}

impl M30Rows {
    fn of(&self, table: &str) -> &[(u64, Vec<String>)] {
        match table {
            "fest_snapshot" => &self.snapshots,
            "fest_pakning" => &self.packages,
            "fest_byttegruppe" => &self.groups,
            "fest_pris" => &self.prices,
            _ => &[],
        }
    }
}

fn m30_rows(snapshot: &m30::Snapshot, key: &str) -> M30Rows {
    let mut rows = M30Rows::default();
    let date = snapshot.fetched.get(..10).unwrap_or("").to_owned();
    rows.snapshots.push((1, vec![key.to_owned(), date]));
    let codes: BTreeMap<&str, &str> =
        snapshot.groups.iter().map(|group| (group.id.as_str(), group.code.0.as_str())).collect();
    for package in &snapshot.packages {
        // A reference to no group stands as it is: the contract's check then names it, since it is no group code.
        let group = codes.get(package.group.as_str()).copied().unwrap_or(&package.group).to_owned();
        rows.packages.push((
            package.line,
            vec![
                key.to_owned(),
                package.id.clone(),
                package.varenr.clone(),
                package.varenr_outgoing.clone(),
                group,
                package.group_from.clone(),
                package.atc.0.clone(),
                package.atc.1.clone(),
                package.name.clone(),
                snapshot.brands.get(&package.brand).cloned().unwrap_or_default(),
                package.size.clone(),
                package.size_unit.clone(),
                package.ddd.clone(),
                package.marketed[0].clone(),
                package.marketed[1].clone(),
                package.marketed[2].clone(),
            ],
        ));
        let mut prices = package.prices.clone();
        prices.sort();
        let mut number = 0;
        let mut last_kind = String::new();
        for price in prices {
            number = if price.kind == last_kind { number + 1 } else { 1 };
            last_kind.clone_from(&price.kind);
            let fields = [
                key.to_owned(),
                package.id.clone(),
                price.kind,
                number.to_string(),
                price.amount,
                price.from,
                price.to,
            ];
            rows.prices.push((package.line, fields.into()));
        }
    }
    for group in &snapshot.groups {
        let fields = [key.to_owned(), group.code.0.clone(), group.code.1.clone(), group.limited.clone()];
        rows.groups.push((group.line, fields.into()));
    }
    rows
}

/// Good rows to the stage, bad rows to quarantine. Its own failures (a full disk) are kept apart from the file's.
struct StagingOutlet<'a> {
    temporary: &'a Path,
    stage: Option<Stage>,
    touches: Option<usize>,
    touched: BTreeSet<i32>,
    quarantine: Quarantine,
    failure: Option<anyhow::Error>,
}

impl StagingOutlet<'_> {
    fn open(&mut self, table: &TableContract, month: Option<Month>) -> anyhow::Result<()> {
        let schema = crate::contract::Batcher::new(table, month).schema();
        self.touches = table.touches;
        let stage = Stage::start(self.temporary, schema);
        self.stage = Some(self.own(stage)?);
        Ok(())
    }

    fn close(&mut self) -> anyhow::Result<Staged> {
        let staged = self.stage.take().context("no stage is open").and_then(Stage::finish);
        self.own(staged)
    }

    fn own<T>(&mut self, result: anyhow::Result<T>) -> anyhow::Result<T> {
        result.map_err(|error| {
            self.failure = Some(error);
            anyhow::anyhow!("the program could not write")
        })
    }
}

impl Outlet for StagingOutlet<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        if let Some(at) = self.touches {
            let days: BTreeSet<i32> = batch.column(at).as_primitive::<Date32Type>().iter().flatten().collect();
            let months = days.into_iter().filter_map(calendar::date_from_days).map(|date| Month::of(date).number());
            self.touched.extend(months);
        }
        let written = match &mut self.stage {
            Some(stage) => stage.write(batch),
            None => Err(anyhow::anyhow!("no stage is open")),
        };
        self.own(written)
    }

    fn bad(&mut self, line: u64, fault: &Fault) -> anyhow::Result<()> {
        let added = self.quarantine.add(line, fault);
        self.own(added)
    }
}
