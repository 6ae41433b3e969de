//! The last part of `speil explain`: the delivered lines behind a row, with the file and line each was delivered in,
//! and whether they give the row's figures.
//!
//! Knows no table: what is looked up stands in the table's trace.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anyhow::Context;

use super::explain::Look;
use super::places::{Wanted, places};
use super::rows::{Rows, put_table};
use super::trace::{Listing, Trace};
use crate::calendar::Month;
use crate::contract::{Contract, Kind};
use crate::lake::{Parameter, State, tables_named};

impl Look<'_> {
    /// Tells the lines behind a row; `parameters` are its key and the column that is asked about, `row` the figures that
    /// the lines must give.
    pub(super) fn tell_lines(
        &self,
        trace: &Trace,
        row: &BTreeMap<&str, Option<&str>>,
        parameters: &BTreeMap<String, Parameter>,
        out: &mut String,
    ) -> anyhow::Result<()> {
        for Listing { heading, sql } in &trace.overviews {
            let (names, rows) = self.rows(sql, parameters)?;
            writeln!(out, "\n{heading}")?;
            put_table(&names, &rows, out)?;
        }
        let Some(lines) = &trace.lines else { return Ok(()) };
        let (names, rows) = self.rows(&lines.sql, parameters)?;
        let contracts = Contract::embedded()?;
        let contract = contracts.iter().find(|contract| contract.source == trace.source);
        let contract = contract.with_context(|| format!("{}: no contract for {}", trace.file, trace.source))?;
        writeln!(out, "\n{}", lines.heading)?;
        let placed = self.placed(trace, contract, &names, rows, out)?;
        self.tell_units(&lines.sql, contract, &names, out)?;
        match &trace.totals {
            Some(totals) => self.tell_totals(totals, row, parameters, placed, out),
            None => Ok(()),
        }
    }

    /// Tells the lines with their places. Returns how many there are.
    fn placed(
        &self,
        trace: &Trace,
        contract: &Contract,
        names: &[String],
        rows: Rows,
        out: &mut String,
    ) -> anyhow::Result<usize> {
        let at = |name: &str| names.iter().position(|column| column == name);
        let id = at(&trace.id).with_context(|| format!("{}: the lines have no `{}`", trace.file, trace.id))?;
        let month = trace.month.as_deref().and_then(at);
        let partition = |row: &[Option<String>]| {
            let number = row.get(month?)?.as_deref()?.parse().ok();
            number.and_then(Month::from_number).map(|month| month.to_string())
        };
        let mut wanted = Wanted::new();
        for row in &rows {
            wanted.entry(partition(row)).or_default().extend(row.get(id).cloned().flatten());
        }
        let mut columns = contract.tables.iter().flat_map(|table| &table.columns);
        let delivered = columns.find(|column| column.stored == trace.id).map(|column| column.delivered.as_str());
        let in_force = State::load(&self.config.root.join("state.json"))?;
        let places = places(&trace.source, delivered.unwrap_or(&trace.id), &wanted, self.config, &in_force)?;
        let placed: Rows = rows
            .into_iter()
            .map(|mut row| {
                let line = row.get(id).cloned().flatten().map(|id| (partition(&row), id));
                let found = line.and_then(|line| places.found.get(&line));
                row.push(Some(found.map_or_else(|| "(not found)".to_owned(), |found| found.join(", "))));
                row
            })
            .collect();
        put_table(&[names, &["levert".to_owned()]].concat(), &placed, out)?;
        for note in &places.notes {
            writeln!(out, "  {note}")?;
        }
        let table = contract.tables.first().map_or("", |table| table.name.as_str());
        for partition in &places.partitions {
            if in_force.entry(table, partition) != self.state.entry(table, partition) {
                writeln!(out, "  {partition}: another delivery has come since the release was made")?;
            }
        }
        Ok(placed.len())
    }

    /// What the codes in the columns mean: the contract's list, else the unit in a model's header.
    fn tell_units(&self, sql: &str, contract: &Contract, names: &[String], out: &mut String) -> anyhow::Result<()> {
        let delivered = || contract.tables.iter().flat_map(|table| &table.columns);
        let tables = tables_named(sql)?;
        let models = || self.models.iter().filter(|model| tables.contains(&model.name));
        for name in names {
            let codes = delivered().find_map(|column| match &column.kind {
                Kind::Code(codes) if column.stored == *name => Some(codes),
                _ => None,
            });
            let unit = models().find_map(|model| model.columns.get(name)?.unit.clone());
            match (codes, unit) {
                (Some(codes), _) => writeln!(out, "  {name}: {}", listed(codes))?,
                (None, Some(unit)) => writeln!(out, "  {name}: {unit}")?,
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// Whether the lines give what the row shows.
    fn tell_totals(
        &self,
        sql: &str,
        row: &BTreeMap<&str, Option<&str>>,
        parameters: &BTreeMap<String, Parameter>,
        n_lines: usize,
        out: &mut String,
    ) -> anyhow::Result<()> {
        let (names, totals) = self.rows(sql, parameters)?;
        let mut same = true;
        let mut parts = Vec::new();
        for (name, total) in names.iter().zip(totals.first().into_iter().flatten()) {
            // A figure that the row does not show is not compared.
            if let (Some(shown), Some(total)) = (row.get(name.as_str()).copied().flatten(), total) {
                same &= shown == total;
                parts.push(format!("{name} {total}"));
            }
        }
        if !parts.is_empty() {
            let verdict = if same { "the row says the same" } else { "THE ROW SAYS ANOTHER THING" };
            writeln!(out, "\n{n_lines} lines are shown. Counted again, they give {}: {verdict}.", parts.join(", "))?;
        }
        Ok(())
    }
}

/// `1 henvist, 2 vurdert`: each number with the first of its names.
fn listed(codes: &BTreeMap<String, i8>) -> String {
    let mut told = BTreeSet::new();
    let mut by_number: Vec<(i8, &String)> = codes.iter().map(|(name, number)| (*number, name)).collect();
    by_number.sort();
    by_number.retain(|(number, _)| told.insert(*number));
    by_number.iter().map(|(number, name)| format!("{number} {name}")).collect::<Vec<_>>().join(", ")
}
