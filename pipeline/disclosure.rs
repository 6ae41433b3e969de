//! What a public table may show: definitions D1 and the primary rules of D7, cell by cell, and the tables that must
//! wait because their hidden cells could be computed from others.
//!
//! Every table with audience `offentlig` passes here, and only what comes out is exported or drawn. It fails closed:
//! a table that lacks what a rule needs is an error. Knows no file and no page.

mod demands;
mod history;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context, ensure};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::{cast, nullif};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};

use crate::model::Model;

pub use demands::demand;
pub use history::{Audited, against_history};

/// A public table after primary suppression.
#[derive(Clone, Debug)]
pub struct Disclosed {
    /// What may be shown: hidden cells are absent, `status` says `skjult`, dominance columns are gone.
    pub batch: RecordBatch,
    /// The count columns that have a hidden cell.
    pub hidden: BTreeSet<String>,
    /// All count columns.
    pub counts: BTreeSet<String>,
}

/// The thresholds of D1 and D7, by their names in the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Thresholds {
    /// D1: counts below it, but zero, are hidden.
    pub least_count: i64,
    /// D7: doctors behind a cell.
    pub least_doctors: i64,
    /// D7: lines behind a row.
    pub least_lines: i64,
    /// D7: what is left without the two largest, in per cent of the largest.
    pub dominance_percent: i64,
}

impl Thresholds {
    /// Picks the thresholds from a product's settings.
    pub fn of(settings: &BTreeMap<String, i64>) -> anyhow::Result<Thresholds> {
        let get = |name: &str| settings.get(name).copied().with_context(|| format!("threshold `{name}` is missing"));
        Ok(Thresholds {
            least_count: get("minste_antall")?,
            least_doctors: get("offentlig_leger")?,
            least_lines: get("offentlig_linjer")?,
            dominance_percent: get("dominans_prosent")?,
        })
    }
}

/// Hides what D1 and D7 hide.
///
/// - A count of 1 to `least_count` − 1 is hidden; zero shows. Kroner are no count.
/// - A share is hidden with its numerator or denominator, and when the numerator, or the denominator without it, is
///   such a count, or the denominator is below `least_count`; its numerator is hidden with it.
/// - Where a row counts doctors (`n_leger`), too few doctors or too few lines hide all its counts, and a count that
///   one or two doctors make up is hidden.
/// - Any other number (percentiles, means) is hidden with the count that its header marks as `grunnlag`; where none is
///   marked, when any count of its row is (D3).
pub fn primary(model: &Model, batch: &RecordBatch, thresholds: Thresholds) -> anyhow::Result<Disclosed> {
    let table = Counts::of(model, batch)?;
    let rows = batch.num_rows();
    let mut hidden: BTreeMap<&str, Vec<bool>> =
        table.counts.keys().chain(&table.shares).map(|name| (name.as_str(), vec![false; rows])).collect();
    let mut hide = |name: &str, row: usize| {
        if let Some(marks) = hidden.get_mut(name) {
            marks[row] = true;
        }
    };
    let small = |count: i64| 0 < count && count < thresholds.least_count;
    for row in 0..rows {
        for (name, values) in &table.counts {
            let Some(value) = values[row] else { continue };
            let dominated = table
                .largest(model, name, row)?
                .is_some_and(|(x1, x2)| (value - x1 - x2) * 100 < thresholds.dominance_percent * x1);
            if (small(value) && !is_money(model, name)) || dominated {
                hide(name, row);
            }
        }
        if table.too_thin(model, row, thresholds) {
            for name in table.counts.keys() {
                hide(name, row);
            }
        }
    }
    for share in &table.shares {
        let [numerator, denominator] = model.columns[share].avledet_av.as_slice() else { continue };
        for row in 0..rows {
            let numbers = (table.value(numerator, row), table.value(denominator, row));
            let revealing = match numbers {
                (Some(part), Some(whole)) => small(part) || small(whole - part) || whole < thresholds.least_count,
                _ => false,
            };
            let with_count =
                [numerator, denominator].iter().any(|name| hidden.get(name.as_str()).is_some_and(|marks| marks[row]));
            if revealing && let Some(marks) = hidden.get_mut(numerator.as_str()) {
                marks[row] = true;
            }
            if (revealing || with_count)
                && let Some(marks) = hidden.get_mut(share.as_str())
            {
                marks[row] = true;
            }
        }
    }
    let any: Vec<bool> = (0..rows).map(|row| hidden.values().any(|marks| marks[row])).collect();
    let bases: Vec<&Vec<bool>> = model
        .columns
        .iter()
        .filter(|(_, spec)| spec.grunnlag)
        .filter_map(|(name, _)| hidden.get(name.as_str()))
        .collect();
    let with_base: Vec<bool> = if bases.is_empty() {
        any.clone()
    } else {
        (0..rows).map(|row| bases.iter().any(|marks| marks[row])).collect()
    };
    let batch = blank(model, batch, &table, &hidden, &Marks { any: &any, with_base: &with_base })?;
    let with_hidden = |name: &&String| hidden[name.as_str()].contains(&true);
    Ok(Disclosed {
        batch,
        hidden: table.counts.keys().filter(with_hidden).cloned().collect(),
        counts: table.counts.keys().cloned().collect(),
    })
}

/// Tables that are not published yet, and why: a count is hidden in the table or in one with fewer dimensions, both
/// carry it, and so one of them would give the other's hidden cell back. The same word is the same count everywhere.
/// `n_leger` is no such count: a doctor is counted once in each row, so rows do not add up. A table that is made from the
/// other, of which only what is shown is read, holds no cell that the other hides.
pub fn withheld(tables: &[(&Model, &Disclosed)]) -> BTreeMap<String, String> {
    let mut withheld = BTreeMap::new();
    for (detail, detailed) in tables {
        for (total, totals) in tables {
            let coarser = total.dimensions.len() < detail.dimensions.len()
                && total.dimensions.iter().all(|dimension| detail.dimensions.contains(dimension));
            if total.reads.contains(&detail.name) {
                continue;
            }
            let both = detailed.counts.intersection(&totals.counts).filter(|count| *count != "n_leger");
            let revealing = both.filter(|count| detailed.hidden.contains(*count) || totals.hidden.contains(*count));
            let counts: Vec<&str> = revealing.map(String::as_str).collect();
            if coarser && !counts.is_empty() {
                let why = format!("hidden cells of {} could be computed from {}", counts.join(", "), total.name);
                withheld.insert(detail.name.clone(), why);
            }
        }
    }
    withheld
}

/// The numbers of a table, by what they are.
struct Counts {
    counts: BTreeMap<String, Vec<Option<i64>>>,
    helpers: BTreeMap<String, Vec<Option<i64>>>,
    shares: Vec<String>,
}

impl Counts {
    fn of(model: &Model, batch: &RecordBatch) -> anyhow::Result<Counts> {
        let helpers: BTreeSet<&String> =
            model.columns.values().flat_map(|spec| spec.storste.iter().chain(&spec.nest_storste)).collect();
        let mut table = Counts { counts: BTreeMap::new(), helpers: BTreeMap::new(), shares: Vec::new() };
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let name = field.name();
            if field.data_type().is_integer() {
                let numbers = cast(column, &DataType::Int64).context("reading counts")?;
                let numbers: Vec<Option<i64>> = numbers.as_primitive::<Int64Type>().iter().collect();
                if helpers.contains(name) {
                    table.helpers.insert(name.clone(), numbers);
                } else if !model.grain.contains(name) && !model.dimensions.contains(name) {
                    table.counts.insert(name.clone(), numbers);
                }
            } else if model.columns.get(name).is_some_and(|spec| !spec.avledet_av.is_empty()) {
                table.shares.push(name.clone());
            }
        }
        Ok(table)
    }

    fn value(&self, name: &str, row: usize) -> Option<i64> {
        self.counts.get(name).and_then(|values| values[row])
    }

    /// The two largest doctors' parts of a count, where the table has them.
    fn largest(&self, model: &Model, name: &str, row: usize) -> anyhow::Result<Option<(i64, i64)>> {
        let Some(spec) = model.columns.get(name) else { return Ok(None) };
        let (Some(first), Some(second)) = (&spec.storste, &spec.nest_storste) else { return Ok(None) };
        let of = |helper: &String| self.helpers.get(helper).and_then(|values| values[row]);
        match (of(first), of(second)) {
            (Some(x1), Some(x2)) => Ok(Some((x1, x2))),
            // No doctors behind the count: nobody can dominate it.
            (None, None) if self.value("n_leger", row).is_none() => Ok(None),
            _ => anyhow::bail!("{}: {name} has doctors but not their largest parts", model.at_column(name)),
        }
    }

    fn too_thin(&self, model: &Model, row: usize, thresholds: Thresholds) -> bool {
        let Some(doctors) = self.value("n_leger", row) else { return false };
        let few_lines = self.counts.iter().any(|(name, values)| {
            let is_base = model.columns.get(name).is_some_and(|spec| spec.grunnlag);
            is_base && values[row].is_some_and(|lines| 0 < lines && lines < thresholds.least_lines)
        });
        (0 < doctors && doctors < thresholds.least_doctors) || few_lines
    }
}

/// Rows in which something is hidden, and rows whose base is.
struct Marks<'a> {
    any: &'a [bool],
    with_base: &'a [bool],
}

fn blank(
    model: &Model,
    batch: &RecordBatch,
    table: &Counts,
    hidden: &BTreeMap<&str, Vec<bool>>,
    marks: &Marks<'_>,
) -> anyhow::Result<RecordBatch> {
    let mut fields: Vec<Arc<Field>> = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let name = field.name();
        if table.helpers.contains_key(name) {
            continue;
        }
        let identifies = model.grain.contains(name) || model.dimensions.contains(name);
        let column = if name == "status" {
            let status = column.as_string_opt::<i32>().context("`status` is text")?;
            let marked = marks.any.iter().enumerate().map(|(row, any)| {
                if *any { Some("skjult") } else { (!status.is_null(row)).then(|| status.value(row)) }
            });
            Arc::new(marked.collect::<StringArray>()) as ArrayRef
        } else if let Some(own) = hidden.get(name.as_str()) {
            absent_where(column, own)?
        } else if field.data_type().is_numeric() && !identifies {
            absent_where(column, marks.with_base)?
        } else {
            column.clone()
        };
        fields.push(Arc::new(field.as_ref().clone().with_nullable(true)));
        columns.push(column);
    }
    ensure!(!columns.is_empty(), "{}: nothing is left to show", model.file);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).context("hiding cells")
}

fn absent_where(column: &ArrayRef, marks: &[bool]) -> anyhow::Result<ArrayRef> {
    nullif(column, &BooleanArray::from(marks.to_vec())).context("hiding cells")
}

fn is_money(model: &Model, column: &str) -> bool {
    model.columns.get(column).and_then(|spec| spec.unit.as_deref()).is_some_and(|unit| matches!(unit, "kr" | "øre"))
}

/// Reads a count column back, for tests and audits.
pub fn counts_of(batch: &RecordBatch, name: &str) -> Option<Int64Array> {
    let column = cast(batch.column_by_name(name)?, &DataType::Int64).ok()?;
    Some(column.as_primitive::<Int64Type>().clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Float64Array;

    const HEADER: &str = r#"/*---
title = "T"
audience = "offentlig"
grain = ["maaned"]
dimensjoner = DIMENSIONS
versjon = 1
[columns.n_leger]
unit = "leger"
[columns.linjer]
unit = "linjer"
grunnlag = true
storste = "x1"
nest_storste = "x2"
[columns.reservert]
unit = "linjer"
[columns.grad]
unit = "andel"
avledet_av = ["reservert", "linjer"]
mangler = "ingen"
[columns.x1]
unit = "linjer"
[columns.x2]
unit = "linjer"
---*/
select maaned, n_leger, linjer, reservert, grad, x1, x2, status from t order by maaned
"#;

    const LIMITS: Thresholds = Thresholds { least_count: 5, least_doctors: 10, least_lines: 30, dominance_percent: 10 };

    fn model(name: &str, dimensions: &str) -> Model {
        Model::parse("reservasjon", name, &HEADER.replace("DIMENSIONS", dimensions)).unwrap()
    }

    /// One row: n_leger, linjer, reservert, x1, x2.
    fn row(numbers: [i64; 5]) -> RecordBatch {
        let [doctors, lines, reserved, x1, x2] = numbers;
        let one = |number: i64| Arc::new(Int64Array::from(vec![number])) as ArrayRef;
        RecordBatch::try_from_iter([
            ("maaned", Arc::new(StringArray::from(vec!["2026-01"])) as ArrayRef),
            ("n_leger", one(doctors)),
            ("linjer", one(lines)),
            ("reservert", one(reserved)),
            ("grad", Arc::new(Float64Array::from(vec![0.5])) as ArrayRef),
            ("x1", one(x1)),
            ("x2", one(x2)),
            ("status", Arc::new(StringArray::from(vec!["vist"])) as ArrayRef),
        ])
        .unwrap()
    }

    /// Which of linjer, reservert and grad are shown, and the status.
    fn shown(numbers: [i64; 5]) -> (bool, bool, bool, String) {
        let table = primary(&model("m", "[\"maaned\"]"), &row(numbers), LIMITS).unwrap();
        assert!(table.batch.column_by_name("x1").is_none());
        let visible = |name: &str| table.batch.column_by_name(name).unwrap().is_valid(0);
        let status = table.batch.column_by_name("status").unwrap().as_string::<i32>().value(0).to_owned();
        (visible("linjer"), visible("reservert"), visible("grad"), status)
    }

    #[test]
    fn small_counts_hide_themselves_and_their_share() {
        assert_eq!(shown([20, 100, 50, 10, 5]), (true, true, true, "vist".into()));
        assert_eq!(shown([20, 100, 4, 10, 5]), (true, false, false, "skjult".into()));
        assert_eq!(shown([20, 100, 5, 10, 5]), (true, true, true, "vist".into()));
        assert_eq!(shown([20, 100, 0, 10, 5]), (true, true, true, "vist".into()));
        // All but 4: the rest is a small count.
        assert_eq!(shown([20, 100, 96, 10, 5]), (true, false, false, "skjult".into()));
        assert_eq!(shown([20, 100, 95, 10, 5]), (true, true, true, "vist".into()));
    }

    #[test]
    fn kroner_are_no_count_of_persons() {
        let text = HEADER
            .replace("DIMENSIONS", "[\"maaned\"]")
            .replace("[columns.reservert]\nunit = \"linjer\"", "[columns.reservert]\nunit = \"kr\"");
        let text = text.replace("avledet_av = [\"reservert\", \"linjer\"]\n", "");
        let table = Model::parse("reservasjon", "m", &text).unwrap();
        let shown = primary(&table, &row([20, 100, 3, 10, 5]), LIMITS).unwrap();
        assert!(shown.hidden.is_empty());
    }

    #[test]
    fn few_doctors_few_lines_and_dominance_hide() {
        assert_eq!(shown([9, 100, 50, 10, 5]), (false, false, false, "skjult".into()));
        assert_eq!(shown([10, 29, 10, 3, 3]), (false, false, false, "skjult".into()));
        assert_eq!(shown([10, 30, 10, 3, 3]), (true, true, true, "vist".into()));
        // 100 − 60 − 35 = 5 < 6 = 10 % of 60; with 34 it is 6.
        assert_eq!(shown([20, 100, 50, 60, 35]), (false, true, false, "skjult".into()));
        assert_eq!(shown([20, 100, 50, 60, 34]), (true, true, true, "vist".into()));
    }

    #[test]
    fn a_detail_with_a_hidden_cell_waits_while_its_total_is_published() {
        let (detail, total, other) =
            (model("detalj", "[\"maaned\"]"), model("sum", "[]"), model("annen", "[\"fylke\"]"));
        let hidden = primary(&detail, &row([20, 100, 4, 10, 5]), LIMITS).unwrap();
        let open = primary(&total, &row([20, 100, 50, 10, 5]), LIMITS).unwrap();
        let waiting = withheld(&[(&detail, &hidden), (&total, &open)]);
        assert_eq!(waiting.keys().collect::<Vec<_>>(), ["detalj"]);
        assert!(withheld(&[(&detail, &hidden), (&other, &open)]).is_empty());
        assert!(withheld(&[(&detail, &open), (&total, &open)]).is_empty());
        // A hidden total that visible parts add up to is given back just as well.
        assert_eq!(withheld(&[(&detail, &open), (&total, &hidden)]).len(), 1);
    }
}
