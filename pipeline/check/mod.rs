//! What must hold of a night as a whole before anything of it is published: each new delivery against those before it,
//! tables against each other, and tonight's figures against those that are shown.
//!
//! Contracts and model headers declare the rules; rules that one row breaks are `contract`'s and `model`'s. A product
//! that breaks one keeps what it has published. Knows nothing of releases but what [`Shown`] tells, and writes nothing.

mod agreement;
mod cause;
mod change;
mod compare;
mod counties;
mod declared;
mod doubled;
mod empty;
mod reference;
mod repeated;
mod shown;
mod volume;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type};

pub use declared::faults;
pub use shown::{Made, Shown, ShownTable};

use crate::config::Config;
use crate::contract::{Contract, TableContract};
use crate::engine::Engine;
use crate::lake::{Entry, Lake, Parameter, Query, State, Table};
use crate::model::{Audience, CheckFailed, Model, Models};

/// The partition of a table that is not divided.
const ALL: &str = "alle";

/// What the checks look at.
pub struct Checks<'a> {
    /// Thresholds, and what an operator accepts.
    pub config: &'a Config,
    /// What deliveries must look like.
    pub contracts: &'a [Contract],
    /// What is computed.
    pub models: &'a Models,
    /// `$as_of` and thresholds, per product.
    pub parameters: &'a BTreeMap<String, BTreeMap<String, Parameter>>,
    /// Runs statements.
    pub engine: &'a Engine,
    /// Where tables are.
    pub lake: &'a Lake,
    /// The files in force.
    pub state: &'a State,
    /// The release that is shown; absent before the first one.
    pub shown: Option<&'a Shown>,
}

/// Table → the rules that held of it.
pub type Held = BTreeMap<String, Vec<String>>;

/// What the checks found.
#[derive(Debug, Default)]
pub struct Checked {
    /// Products that may not be published, and why.
    pub failed: BTreeMap<String, anyhow::Error>,
    /// Product → what held.
    pub held: BTreeMap<String, Held>,
    /// What stops nothing: figures that readers have seen and will see otherwise, with the delivery or setting that
    /// explains it; and deliveries of an unusual size where the size varies much.
    pub notes: Vec<String>,
}

/// What is found of one product.
#[derive(Default)]
struct Findings {
    held: Held,
    stopped: Vec<CheckFailed>,
    notes: Vec<String>,
}

impl Findings {
    /// Notes that a rule held of a table, or what broke it.
    fn add(&mut self, table: &str, rule: &str, broken: Vec<CheckFailed>) {
        if broken.is_empty() {
            self.held.entry(table.to_owned()).or_default().push(rule.to_owned());
        }
        self.stopped.extend(broken);
    }
}

impl Checks<'_> {
    /// Checks every product that has not failed already.
    pub fn check(&self, failed: &BTreeSet<String>, progress: &dyn Fn(&str)) -> Checked {
        let mut checked = Checked::default();
        for product in self.models.products().into_iter().filter(|product| !failed.contains(*product)) {
            progress(&format!("checking {product}"));
            let mut found = Findings::default();
            match self.product(product, &mut found).and_then(|()| stop(found.stopped)) {
                Ok(()) => drop(checked.held.insert(product.to_owned(), found.held)),
                Err(error) => drop(checked.failed.insert(product.to_owned(), error)),
            }
            checked.notes.extend(found.notes);
        }
        checked
    }

    /// One product's checks, in the order in which data flow.
    fn product(&self, product: &str, found: &mut Findings) -> anyhow::Result<()> {
        volume::check(self, product, found)?;
        counties::check(self, product, found)?;
        repeated::check(self, product, found)?;
        doubled::check(self, product, found)?;
        reference::check(self, product, found)?;
        agreement::check(self, product, found)?;
        empty::check(self, product, found);
        change::check(self, product, found)
    }

    /// The delivered tables of a product.
    fn delivered(&self, product: &str) -> impl Iterator<Item = (&Contract, &TableContract)> {
        let own = self.contracts.iter().filter(move |contract| contract.product == product);
        own.flat_map(|contract| contract.tables.iter().map(move |table| (contract, table)))
    }

    /// The published models of a product, with what was computed.
    fn published(&self, product: &str) -> impl Iterator<Item = (&Model, &Entry)> {
        let own = self.models.ordered.iter().filter(move |model| model.product == product);
        own.filter(|model| model.audience != Audience::Arbeid)
            .filter_map(|model| Some((model, self.state.entry(&model.name, ALL)?)))
    }

    /// What the product was made from when it was last published.
    fn made(&self, product: &str) -> Option<&Made> {
        self.shown?.products.get(product)
    }

    /// Whether a part of a delivered table is another than the one that the shown figures are made from.
    fn is_new(&self, product: &str, table: &str, partition: &str, entry: &Entry) -> bool {
        let known = self.made(product).and_then(|made| made.inputs.get(table)?.get(partition));
        known != Some(&entry.content)
    }

    /// Whether any part of a table is.
    fn has_news(&self, product: &str, table: &str) -> bool {
        self.state.partitions(table).any(|(partition, entry)| self.is_new(product, table, partition, entry))
    }

    /// Whether the operator lets a check of a source fail in this run; then it is logged.
    fn accepts(&self, contract: &Contract, name: &str, broken: &CheckFailed) -> bool {
        let source = self.config.sources.get(&contract.source);
        let accepted = source.is_some_and(|source| source.accepted.iter().any(|accepted| accepted == name));
        if accepted {
            tracing::warn!(source = contract.source, "accepted by `godta`: {broken}");
        }
        accepted
    }

    /// A whole table of the state.
    fn table<'t>(&'t self, name: &'t str) -> anyhow::Result<Table<'t>> {
        let entries = self.state.partitions(name).map(|(_, entry)| entry).collect();
        self.part(name, name, entries)
    }

    /// Some files of a table, under a name of their own.
    fn part<'t>(&'t self, table: &str, name: &'t str, entries: Vec<&'t Entry>) -> anyhow::Result<Table<'t>> {
        let schema = self.models.schemas.get(table).with_context(|| format!("there is no table {table}"))?.clone();
        Ok(Table { name, schema, entries })
    }

    /// The whole numbers in the only row of a statement's result.
    fn numbers(&self, sql: &str, tables: Vec<Table<'_>>) -> anyhow::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        let query = Query { sql, tables, parameters: &BTreeMap::new() };
        self.lake.stream(self.engine, &query, |batch| {
            numbers.extend(first_row(batch)?);
            Ok(())
        })?;
        Ok(numbers)
    }
}

fn first_row(batch: &RecordBatch) -> anyhow::Result<Vec<u64>> {
    let columns = if batch.num_rows() == 0 { &[] } else { batch.columns() };
    let number = |column: &ArrayRef| {
        let column = arrow::compute::cast(column, &DataType::Int64).context("reading a count")?;
        u64::try_from(column.as_primitive::<Int64Type>().value(0)).context("a count is negative")
    };
    columns.iter().map(number).collect()
}

/// The first rule that was broken, and how many more are.
fn stop(mut stopped: Vec<CheckFailed>) -> anyhow::Result<()> {
    if stopped.is_empty() {
        return Ok(());
    }
    let mut first = stopped.remove(0);
    for other in stopped {
        first.what = format!("{}\n  also {other}", first.what);
    }
    Err(anyhow::Error::new(first))
}

/// A count as it stands in messages: `23 309`. In one piece it would look like somebody's number and be left out of logs.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// The message's end for a delivery that may be right all the same.
fn or_accept(contract: &Contract, name: &str) -> String {
    format!(
        "Is it right? Then write godta = [\"{name}\"] below [source.{}] in speil.toml, and take that out again after \
         the run",
        contract.source
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_in_messages_are_grouped() {
        assert_eq!([0, 999, 1000, 23_309, 2_000_001].map(grouped), ["0", "999", "1 000", "23 309", "2 000 001"]);
    }

    #[test]
    fn the_first_broken_rule_is_told_with_the_others_behind_it() {
        let broken = |rule: &str| CheckFailed { place: "a.toml:1".into(), rule: rule.into(), what: "x".into() };
        assert!(stop(Vec::new()).is_ok());
        let told = stop(vec![broken("en"), broken("to")]).unwrap_err().to_string();
        assert_eq!(told, "a.toml:1: rule en: x\n  also a.toml:1: rule to: x");
    }
}
