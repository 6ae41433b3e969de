//! What a public table gives away beside what was public before (D5): two public values of one row that cover other
//! units differ by what came or went, so the new one is hidden where that is a small count; and cells that were public
//! and no longer are shown are counted, for nothing can be taken back.
//!
//! Knows tables as they were public, the latest first; where they are kept is no concern of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context, ensure};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::{cast, nullif};
use arrow::datatypes::{DataType, Float64Type, Int64Type, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::Disclosed;
use crate::model::Model;

/// A public table after what has been public was taken into account.
#[derive(Clone, Debug)]
pub struct Audited {
    /// What may be shown.
    pub disclosed: Disclosed,
    /// Rows that are hidden because an earlier value of them covered other units.
    pub by_difference: usize,
    /// Column → cells that were public and are not shown now.
    pub newly_hidden: BTreeMap<String, usize>,
}

/// Compares a table with every earlier public one of its name. Counts from 1 to `least_count` − 1 are small.
pub fn against_history(
    model: &Model,
    disclosed: Disclosed,
    earlier: &[RecordBatch],
    least_count: i64,
) -> anyhow::Result<Audited> {
    let mut now = View::of(model, &disclosed.batch)?;
    let earlier: Vec<View> = earlier.iter().map(|batch| View::of(model, batch)).collect::<anyhow::Result<_>>()?;
    let hidden = differences(&now, &earlier, least_count);
    let mut disclosed = disclosed;
    if !hidden.is_empty() {
        disclosed.batch = hide(model, &disclosed.batch, &now, &hidden)?;
        disclosed.hidden.extend(disclosed.counts.iter().cloned());
        now = View::of(model, &disclosed.batch)?;
    }
    Ok(Audited { newly_hidden: newly_hidden(&now, &earlier), by_difference: hidden.len(), disclosed })
}

/// A table's rows by their key, and its figures.
struct View {
    /// Key → row, and the key without its period.
    rows: BTreeMap<String, (usize, String)>,
    /// What a row covers, where the table says so: how many units, or better which.
    coverage: Vec<Option<String>>,
    /// Columns that are counts, and shares as the counts that they stand for.
    counts: BTreeMap<String, Vec<Option<i64>>>,
    /// Column → whether its cell is there.
    figures: BTreeMap<String, Vec<bool>>,
}

impl View {
    fn of(model: &Model, batch: &RecordBatch) -> anyhow::Result<View> {
        let texts = |name: &String| column_texts(batch, name);
        let keys: Vec<Vec<String>> = model.grain.iter().map(texts).collect::<anyhow::Result<_>>()?;
        let period = model.period_column().and_then(|period| model.grain.iter().position(|name| name == period));
        let mut rows = BTreeMap::new();
        for row in 0..batch.num_rows() {
            let parts = |without: Option<usize>| {
                let kept = keys.iter().enumerate().filter(|(at, _)| Some(*at) != without);
                kept.map(|(_, texts)| texts[row].as_str()).collect::<Vec<_>>().join("\u{1f}")
            };
            ensure!(rows.insert(parts(None), (row, parts(period))).is_none(), "{}: a row is there twice", model.name);
        }
        let mut view =
            View { rows, coverage: vec![None; batch.num_rows()], counts: BTreeMap::new(), figures: BTreeMap::new() };
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let (name, spec) = (field.name(), model.columns.get(field.name()));
            if spec.is_some_and(|spec| spec.dekning) {
                let covers = column_texts(batch, name)?.into_iter().enumerate();
                view.coverage = covers.map(|(row, covers)| column.is_valid(row).then_some(covers)).collect();
            }
            if !is_figure(model, name, field.data_type()) {
                continue;
            }
            view.figures.insert(name.clone(), (0..column.len()).map(|row| column.is_valid(row)).collect());
            if field.data_type().is_integer() {
                view.counts.insert(name.clone(), integers(column)?);
            }
        }
        let bases = model.columns.iter().filter(|(_, spec)| spec.grunnlag).map(|(name, _)| name);
        let base = bases.filter_map(|name| view.counts.get(name)).next().cloned();
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let is_share = model.columns.get(field.name()).and_then(|spec| spec.unit.as_deref()) == Some("andel");
            if let (true, Some(base), DataType::Float64) = (is_share, &base, field.data_type()) {
                let shares = column.as_primitive::<Float64Type>();
                let parts = shares.iter().zip(base).map(|(share, base)| part(share?, (*base)?));
                view.counts.insert(field.name().clone(), parts.collect());
            }
        }
        Ok(view)
    }
}

/// The count that a share of another stands for.
#[allow(clippy::cast_precision_loss, reason = "counts of people and prescriptions are exact in a double")]
fn part(share: f64, of: i64) -> Option<i64> {
    format!("{:.0}", (share * of as f64).round()).parse().ok()
}

/// A number that is neither key nor dimension.
fn is_figure(model: &Model, name: &String, kind: &DataType) -> bool {
    kind.is_numeric() && !model.grain.contains(name) && !model.dimensions.contains(name)
}

/// Rows whose earlier public values covered other units, where one of the differences, in whatever period, is small:
/// the other periods' and a longer period's would give it back.
fn differences(now: &View, earlier: &[View], least_count: i64) -> BTreeSet<usize> {
    let mut other: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    let mut small: BTreeSet<&str> = BTreeSet::new();
    for before in earlier {
        for (key, (row, group)) in &now.rows {
            let Some((then, _)) = before.rows.get(key) else { continue };
            // A row that did not say what it covers, and does now, may have covered anything.
            if now.coverage[*row] == before.coverage[*then] {
                continue;
            }
            let mut both = now.counts.iter().filter_map(|(name, values)| {
                let was = before.counts.get(name)?.get(*then).copied().flatten()?;
                Some((values[*row]? - was).abs())
            });
            let mut shown = false;
            let is_small = both.any(|difference| {
                shown = true;
                0 < difference && difference < least_count
            });
            if shown || is_small {
                other.entry(group).or_default().insert(*row);
            }
            if is_small {
                small.insert(group);
            }
        }
    }
    small.into_iter().filter_map(|group| other.get(group)).flatten().copied().collect()
}

fn newly_hidden(now: &View, earlier: &[View]) -> BTreeMap<String, usize> {
    let mut cells: BTreeSet<(&str, usize)> = BTreeSet::new();
    for before in earlier {
        for (key, (row, _)) in &now.rows {
            let Some((then, _)) = before.rows.get(key) else { continue };
            for (name, there) in &now.figures {
                if !there[*row] && before.figures.get(name).is_some_and(|there| there[*then]) {
                    cells.insert((name, *row));
                }
            }
        }
    }
    let mut counted = BTreeMap::new();
    for (name, _) in cells {
        *counted.entry(name.to_owned()).or_default() += 1;
    }
    counted
}

fn hide(model: &Model, batch: &RecordBatch, now: &View, hidden: &BTreeSet<usize>) -> anyhow::Result<RecordBatch> {
    let marks: Vec<bool> = (0..batch.num_rows()).map(|row| hidden.contains(&row)).collect();
    let fields =
        batch.schema().fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect::<Vec<_>>();
    let schema = Arc::new(Schema::new(fields));
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        let name = field.name();
        if name == "status" {
            let status = column.as_string_opt::<i32>().context("`status` is text")?;
            let marked = status.iter().zip(&marks).map(|(status, hide)| if *hide { Some("skjult") } else { status });
            return Ok(Arc::new(marked.collect::<StringArray>()) as ArrayRef);
        }
        if !now.figures.contains_key(name) {
            return Ok(column.clone());
        }
        nullif(column, &BooleanArray::from(marks.clone())).context("hiding cells")
    });
    let columns: Vec<ArrayRef> = columns.collect::<anyhow::Result<_>>()?;
    RecordBatch::try_new(schema.clone(), columns).with_context(|| format!("hiding rows of {}", model.name))
}

fn integers(column: &ArrayRef) -> anyhow::Result<Vec<Option<i64>>> {
    let numbers = cast(column, &DataType::Int64).context("reading counts")?;
    Ok(numbers.as_primitive::<Int64Type>().iter().collect())
}

/// A column as texts; absent is empty.
fn column_texts(batch: &RecordBatch, name: &str) -> anyhow::Result<Vec<String>> {
    let column = batch.column_by_name(name).with_context(|| format!("no column {name}"))?;
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column.as_ref(), &options).context("reading keys")?;
    Ok((0..column.len()).map(|row| formatter.value(row).to_string()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, Int64Array};

    const HEADER: &str = r#"/*---
title = "T"
audience = "offentlig"
grain = ["omraade", "periode"]
dimensjoner = ["omraade", "periode", "fylker"]
versjon = 1
[columns.n]
unit = "forløp"
grunnlag = true
mangler = "skjult"
[columns.over_maal]
unit = "andel"
mangler = "skjult"
[columns.fylker]
dekning = true
---*/
select omraade, periode, n, over_maal, fylker, status from t order by omraade, periode
"#;

    type Row = (&'static str, Option<i64>, &'static str);

    fn model() -> Model {
        Model::parse("too", "m", HEADER).unwrap()
    }

    /// Rows of the nation: period, n, which counties.
    fn batch(rows: &[Row]) -> RecordBatch {
        let n: Int64Array = rows.iter().map(|row| row.1).collect();
        let shares: Float64Array = rows.iter().map(|row| row.1.map(|_| 0.5)).collect();
        RecordBatch::try_from_iter([
            ("omraade", Arc::new(StringArray::from(vec!["landet"; rows.len()])) as ArrayRef),
            ("periode", Arc::new(rows.iter().map(|row| Some(row.0)).collect::<StringArray>())),
            ("n", Arc::new(n)),
            ("over_maal", Arc::new(shares)),
            ("fylker", Arc::new(rows.iter().map(|row| Some(row.2)).collect::<StringArray>())),
            ("status", Arc::new(StringArray::from(vec!["vist"; rows.len()]))),
        ])
        .unwrap()
    }

    fn audit(now: &[Row], earlier: &[&[Row]]) -> (Vec<Option<i64>>, usize, BTreeMap<String, usize>) {
        let counts = BTreeSet::from(["n".to_owned()]);
        let disclosed = Disclosed { batch: batch(now), hidden: BTreeSet::new(), counts };
        let earlier: Vec<RecordBatch> = earlier.iter().map(|rows| batch(rows)).collect();
        let audited = against_history(&model(), disclosed, &earlier, 5).unwrap();
        let n = integers(audited.disclosed.batch.column_by_name("n").unwrap()).unwrap();
        (n, audited.by_difference, audited.newly_hidden)
    }

    #[test]
    fn a_value_whose_earlier_one_covered_a_county_more_is_hidden_where_the_county_is_small() {
        let before: &[Row] =
            &[("2025-01", Some(100), "03 11 18"), ("2025-02", Some(90), "03 11 18"), ("2025-03", Some(80), "03 11 18")];
        // The county that fell behind had 3 in January, 20 in February; March is as it was.
        let now: &[Row] =
            &[("2025-01", Some(97), "03 11"), ("2025-02", Some(70), "03 11"), ("2025-03", Some(80), "03 11 18")];
        let (n, rows, newly) = audit(now, &[before]);
        // With February the county's third would be two months less one.
        assert_eq!((n, rows), (vec![None, None, Some(80)], 2));
        assert_eq!(newly, BTreeMap::from([("n".to_owned(), 2), ("over_maal".to_owned(), 2)]));
        // Also when the table in between did not show the month.
        let between: &[Row] = &[("2025-01", None, "03 11")];
        assert_eq!(audit(now, &[between, before]).1, 2);
    }

    #[test]
    fn corrections_and_large_differences_are_shown() {
        let before: &[Row] = &[("2025-01", Some(100), "03 11 18")];
        // The same counties: a correction, told in the log of revisions.
        assert_eq!(audit(&[("2025-01", Some(97), "03 11 18")], &[before]).0, [Some(97)]);
        // One county came and another went: as many counties, and 3 fewer.
        assert_eq!(audit(&[("2025-01", Some(97), "03 11 46")], &[before]).0, [None]);
        // The county had 20 (10 over the goal), or none.
        assert_eq!(audit(&[("2025-01", Some(80), "03 11")], &[before]).0, [Some(80)]);
        assert_eq!(audit(&[("2025-01", Some(100), "03 11")], &[before]).0, [Some(100)]);
    }

    #[test]
    fn a_share_is_compared_as_the_count_that_it_stands_for() {
        // Half of 100 and half of 92: 50 and 46, so that 4 were over the goal.
        assert_eq!(audit(&[("2025-01", Some(92), "03 11")], &[&[("2025-01", Some(100), "03 11 18")]]).0, [None]);
        assert_eq!([part(0.5, 7), part(1.0 / 3.0, 9), part(0.0, 4), part(1.0, 4)], [4, 3, 0, 4].map(Some));
    }

    #[test]
    fn cells_that_were_public_and_are_hidden_now_are_counted_once() {
        let before: &[Row] = &[("2025-01", Some(100), "03 11 18")];
        let (_, rows, newly) = audit(&[("2025-01", None, "03 11 18")], &[before, before]);
        assert_eq!((rows, newly), (0, BTreeMap::from([("n".to_owned(), 1), ("over_maal".to_owned(), 1)])));
    }
}
