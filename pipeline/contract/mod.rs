//! What each source must look like: columns, types, units, code lists, keys, order and rules, from a closed TOML file.
//!
//! A contract drives the Arrow schema, the checks of every delivered value and row, and the order on disk.
//! Knows nothing of files on disk, of formats (CSV, Parquet, XML) or of what is done with rows that fail.

mod batch;
mod column;
mod county;
mod file_name;
mod header;
mod jsonstat;
mod period;
mod quote;
mod row;
mod whole;
mod written;

use std::sync::Arc;

use anyhow::{Context, ensure};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

pub use batch::{Batcher, LINE};
pub use column::{Column, Kind, Value};
pub use county::{codes_on as county_codes_on, is_county};
pub use file_name::{FileName, Named};
pub use jsonstat::Dimensions;
pub use period::{SEVERAL_COUNTIES, county_and_month, kind_and_date};
pub use quote::Quote;
pub use row::{Fault, Rule, RuleKind};
pub use whole::{CountyVolume, Doubled, Reference, Repeated, Shrink, Target, Volume};

use written::{WrittenContract, WrittenTable};

/// No contract has more columns: rows are checked in an array of this size, without an allocation each.
pub const MOST_COLUMNS: usize = 64;

/// One source's contract, checked.
#[derive(Clone, Debug)]
pub struct Contract {
    /// The source's name: `[source.NAME]` in the configuration.
    pub source: String,
    /// What is delivered, for the data dictionary.
    pub title: String,
    /// Raised when the meaning of a column changes; deliveries are then taken in again.
    pub version: u32,
    /// The product that stands or falls with this source.
    pub product: String,
    /// Whether the product is made without it too, so that the source alone is no reason to make it.
    pub optional: bool,
    /// How a file name tells what is delivered.
    pub file_name: FileName,
    /// Formats that are accepted.
    pub formats: Vec<Format>,
    /// What a delivery replaces.
    pub partition: Partition,
    /// Whether text is ISO-8859-1 instead of UTF-8.
    pub latin1: bool,
    /// The character between kroner and øre.
    pub decimal_mark: u8,
    /// The share of a table's rows, in thousandths, above which bad ones refuse the delivery whole.
    pub max_bad_permille: u64,
    /// When a delivery is so small that something must be missing; absent = never.
    pub shrink: Option<Shrink>,
    /// The tables that a delivery fills; one, but for FEST and Klass.
    pub tables: Vec<TableContract>,
    /// What JSON-stat deliveries call their dimensions; with format [`Format::JsonStat`] only.
    pub dimensions: Option<Dimensions>,
    /// The contract's file, for messages.
    file: String,
    text: String,
}

/// One table of a contract.
#[derive(Clone, Debug)]
pub struct TableContract {
    /// The table's name in the lake and in SQL.
    pub name: String,
    /// The delivered columns.
    pub columns: Vec<Column>,
    /// Stored columns, by position, that rows are sorted by on disk.
    pub order: Vec<usize>,
    /// Stored columns, by position, that no two rows of a delivery may share.
    pub key: Vec<usize>,
    /// The county column, when the limit of bad rows holds per county in a file of several.
    pub county: Option<usize>,
    /// The date column in whose month the receipt counts a bad row, under the row's own county; absent = the delivery's.
    pub receipt_month: Option<usize>,
    /// The column of ids by which rows can be erased (R3); absent = they cannot.
    pub erased_by: Option<usize>,
    /// Rules over one row, in order; the first that a row breaks is named.
    pub rules: Vec<Rule>,
    /// Rows that are counted, not stored, unless a column has one of the configured values.
    pub selection: Option<Selection>,
    /// The date column whose months a delivery touches besides its own.
    pub touches: Option<usize>,
    /// Periods of one key that may not overlap.
    pub disjoint: Option<Disjoint>,
    /// Columns whose values must be known in other tables.
    pub references: Vec<Reference>,
    /// How many rows a new month may have.
    pub volume: Option<Volume>,
    /// How many rows of a county's month are usual.
    pub county_volume: Option<CountyVolume>,
    /// What tells that the same rows are delivered again.
    pub repeated: Option<Repeated>,
    /// How many events may stand there under other keys too.
    pub doubled: Option<Doubled>,
    /// The stored date column whose greatest value may not be below that of the delivery that is replaced.
    pub not_older: Option<String>,
    /// Whether the month of the delivery is stored as the last column, `maaned`.
    pub stores_month: bool,
    /// Whether the delivery's name, without source and ending, is stored as the last column, `leveranse`.
    pub stores_delivery: bool,
}

/// Rows outside the configured values of a column are counted under a name and not stored.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The name they are counted under.
    pub rule: String,
    /// The column that decides.
    pub column: usize,
}

/// Periods `[from, to]` of one key that may not share a day.
#[derive(Clone, Debug)]
pub struct Disjoint {
    /// The rule's name.
    pub rule: String,
    /// The key column.
    pub key: usize,
    /// First day.
    pub from: usize,
    /// Last day; absent = open.
    pub to: usize,
}

/// A format that a source may be delivered in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `;`-separated text with a header row.
    Csv,
    /// Parquet with the same columns.
    Parquet,
    /// FEST's M30 XML, plain or in a zip.
    M30,
    /// A table of persons in JSON-stat 2.
    JsonStat,
    /// Codes or changes of a classification, in Klass's JSON.
    Klass,
}

/// What a delivery replaces, and so how a table's files are named in the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partition {
    /// The month that the file name gives.
    Month,
    /// The year that the file name gives.
    Year,
    /// Everything before it.
    Latest,
    /// Everything before it of the same kind, which the file name gives.
    LatestOfKind,
    /// Nothing: every delivery is kept, named by its file; rows are told apart by their key.
    Delivery,
    /// Nothing: every snapshot is kept, named by its own time.
    Snapshot,
}

impl Contract {
    /// Reads and checks a contract; errors name the file and, where it is known, the line.
    pub fn parse(text: &str, file: &str) -> anyhow::Result<Contract> {
        let written: WrittenContract = crate::closed::parse(text, file, 1)?;
        let contract = written.check().with_context(|| file.to_owned())?;
        Ok(Contract { file: file.to_owned(), text: text.to_owned(), ..contract })
    }

    /// `file:line` of the first line that holds a text; of the file alone when none does.
    pub fn at(&self, text: &str) -> String {
        let line = self.text.lines().position(|line| line.contains(text));
        line.map_or_else(|| self.file.clone(), |line| format!("{}:{}", self.file, line + 1))
    }

    /// The contracts built into the program, by source name.
    pub fn embedded() -> anyhow::Result<Vec<Contract>> {
        [
            ("utlevering.toml", include_str!("../contracts/utlevering.toml")),
            ("lege.toml", include_str!("../contracts/lege.toml")),
            ("fest.toml", include_str!("../contracts/fest.toml")),
            ("too_hendelse.toml", include_str!("../contracts/too_hendelse.toml")),
            ("too_leveranse.toml", include_str!("../contracts/too_leveranse.toml")),
            ("enhet.toml", include_str!("../contracts/enhet.toml")),
            ("too_kapasitet.toml", include_str!("../contracts/too_kapasitet.toml")),
            ("too_tilskudd.toml", include_str!("../contracts/too_tilskudd.toml")),
            ("befolkning.toml", include_str!("../contracts/befolkning.toml")),
            ("klass.toml", include_str!("../contracts/klass.toml")),
        ]
        .iter()
        .map(|(file, text)| Contract::parse(text, &format!("pipeline/contracts/{file}")))
        .collect()
    }

    /// Whether a delivery replaces the one before it county by county: a refused county keeps the rows it had.
    pub fn replaces_by_county(&self) -> bool {
        self.partition != Partition::Delivery && self.tables.iter().any(|table| table.county.is_some())
    }

    /// The table of that name.
    pub fn table(&self, name: &str) -> anyhow::Result<&TableContract> {
        let found = self.tables.iter().find(|table| table.name == name);
        found.with_context(|| format!("contract {} has no table {name}", self.source))
    }
}

impl TableContract {
    /// The stored columns as an Arrow schema, with units as field metadata.
    pub fn schema(&self) -> SchemaRef {
        let mut fields: Vec<Field> = self.columns.iter().map(Column::field).collect();
        if self.stores_month {
            fields.push(column::with_unit(Field::new("maaned", DataType::Int32, false), "ååååmm"));
        }
        if self.stores_delivery {
            fields.push(Field::new("leveranse", DataType::Utf8, false));
        }
        Arc::new(Schema::new(fields))
    }

    /// The names of the stored columns that rows are sorted by.
    pub fn order_names(&self) -> Vec<String> {
        self.order.iter().map(|at| self.columns[*at].stored.clone()).collect()
    }

    /// The names of the stored columns that form the key.
    pub fn key_names(&self) -> Vec<String> {
        self.key.iter().map(|at| self.columns[*at].stored.clone()).collect()
    }
}

impl WrittenContract {
    fn check(self) -> anyhow::Result<Contract> {
        let partition = self.partisjon.into();
        let prefix = self.filnavn.split(['{', '*']).next().unwrap_or("").to_owned();
        ensure!(!prefix.is_empty(), "`filnavn` must begin with the letters that all its files begin with");
        ensure!(self.maks_feil_promille <= 1000, "`maks_feil_promille` is above 1000");
        ensure!(matches!(self.desimaltegn, ',' | '.'), "`desimaltegn` is neither comma nor point");
        let shrink =
            self.krymping.map(|shrink| Shrink { least_percent: shrink.minste_prosent, from_rows: shrink.fra_rader });
        ensure!(shrink.is_none_or(|shrink| shrink.least_percent <= 100), "`minste_prosent` is above 100");
        ensure!(!self.tabell.is_empty(), "no [[tabell]]");
        let formats: Vec<Format> = self.format.into_iter().map(Into::into).collect();
        let has_dimensions = self.jsonstat.is_some();
        ensure!(has_dimensions == formats.contains(&Format::JsonStat), "[jsonstat] goes with the format jsonstat");
        let tables = self
            .tabell
            .into_iter()
            .map(|table| {
                let name = table.navn.clone();
                table.check(partition).with_context(|| format!("table {name}"))
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Contract {
            source: self.kilde,
            title: self.tittel,
            version: self.versjon,
            product: self.produkt,
            optional: self.valgfri,
            file_name: FileName { prefix, partition },
            formats,
            partition,
            latin1: self.tegnsett == written::Encoding::Latin1,
            decimal_mark: if self.desimaltegn == ',' { b',' } else { b'.' },
            max_bad_permille: self.maks_feil_promille,
            shrink,
            tables,
            dimensions: self.jsonstat,
            file: String::new(),
            text: String::new(),
        })
    }
}

impl WrittenTable {
    fn check(self, partition: Partition) -> anyhow::Result<TableContract> {
        let monthly = partition == Partition::Month;
        let references = whole::references(&self.kolonne)?;
        let columns: Vec<Column> = self
            .kolonne
            .into_iter()
            .map(|column| {
                let name = column.navn.clone();
                column.check().with_context(|| format!("column {name}"))
            })
            .collect::<anyhow::Result<_>>()?;
        ensure!(columns.len() <= MOST_COLUMNS, "more than {MOST_COLUMNS} columns");
        let delivered = |name: &str| column::place(&columns, name, |column| &column.delivered);
        let stored = |names: &[String]| -> anyhow::Result<Vec<usize>> {
            names.iter().map(|name| column::place(&columns, name, |column| &column.stored)).collect()
        };
        let order = stored(&self.orden)?;
        let key = stored(&self.noekkel)?;
        ensure!(!order.is_empty() && !key.is_empty(), "`orden` and `noekkel` must name columns");
        for at in order.iter().chain(&key) {
            ensure!(
                !columns[*at].may_be_absent(),
                "`{}` may be absent and so cannot order or be a key",
                columns[*at].stored
            );
        }
        let rules = self
            .regel
            .into_iter()
            .map(|rule| {
                let name = rule.navn.clone();
                rule.check(&delivered).with_context(|| format!("rule {name}"))
            })
            .collect::<anyhow::Result<_>>()?;
        let selection = self
            .utvalg
            .map(|selection| {
                ensure!(selection.innstilling == "hjemler", "`innstilling` can only be hjemler");
                Ok(Selection { rule: selection.regel, column: delivered(&selection.kolonne)? })
            })
            .transpose()?;
        let county = self.grense_per_fylke.map(|name| delivered(&name)).transpose()?;
        county.map_or(Ok(()), |county| county::check_limit(partition, county, &key))?;
        let receipt_month = self.kvittering_maaned.map(|name| delivered(&name)).transpose()?;
        ensure!(receipt_month.is_none() || county.is_some(), "`kvittering_maaned` goes with `grense_per_fylke`");
        ensure!(
            self.volum_per_fylke.is_none() || partition == Partition::Delivery,
            "[tabell.volum_per_fylke] goes with partisjon leveranse"
        );
        let erased_by = self.slettes_etter.map(|name| delivered(&name)).transpose()?;
        let touches = self.beroerer.map(|touched| delivered(&touched.kolonne)).transpose()?;
        let disjoint = self
            .uten_overlapp
            .map(|periods| {
                anyhow::Ok(Disjoint {
                    rule: periods.regel,
                    key: delivered(&periods.noekkel)?,
                    from: delivered(&periods.fra)?,
                    to: delivered(&periods.til)?,
                })
            })
            .transpose()?;
        let not_older = self.ikke_eldre.map(|name| delivered(&name)).transpose()?.map(|at| columns[at].stored.clone());
        Ok(TableContract {
            name: self.navn,
            order,
            key,
            county,
            receipt_month,
            erased_by,
            rules,
            selection,
            touches,
            disjoint,
            references,
            volume: self.volum.map(|volume| volume.check(&columns, monthly)).transpose()?,
            county_volume: self.volum_per_fylke,
            repeated: self.gjentatt.map(|repeated| repeated.check(&columns, monthly)).transpose()?,
            doubled: self.dobbelt.map(|doubled| doubled.check(&columns)).transpose()?,
            not_older,
            stores_month: monthly,
            stores_delivery: partition == Partition::Delivery,
            columns,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utlevering() -> Contract {
        Contract::embedded().unwrap().remove(0)
    }

    #[test]
    fn embedded_contracts_hold() {
        let names: Vec<String> = Contract::embedded().unwrap().iter().map(|contract| contract.source.clone()).collect();
        assert_eq!(names[..4], ["utlevering", "lege", "fest", "too_hendelse"]);
        let schema = utlevering().tables[0].schema();
        assert_eq!(schema.field_with_name("utsalgspris_ore").unwrap().data_type(), &DataType::Int64);
        assert_eq!(schema.field_with_name("rekvirent_hpr").unwrap().data_type(), &DataType::Int32);
        assert_eq!(schema.field_with_name("linjetype").unwrap().data_type(), &DataType::Int8);
        assert_eq!(schema.fields().last().unwrap().name(), "maaned");
    }

    #[test]
    fn a_contract_with_a_wrong_key_names_line_and_column() {
        let text = include_str!("../contracts/lege.toml");
        let error = Contract::parse(&text.replace("orden = [", "rekkefolge = ["), "lege.toml").unwrap_err();
        assert!(format!("{error:#}").contains("lege.toml:19: unknown key `rekkefolge`"), "{error:#}");
        let error = Contract::parse(&text.replace("grense = \"gyldig_til\"", "grense = \"gyldig_ti\""), "lege.toml");
        let error = format!("{:#}", error.unwrap_err());
        assert!(error.ends_with("no column `gyldig_ti`; the nearest is `gyldig_til`"), "{error}");
    }
}
