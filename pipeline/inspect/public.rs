//! The part of `speil explain` that says what the public sees of a row: for operators, who may see what is hidden and must
//! know that it is.
//!
//! Reads the table as the release shows it; how it came to be hidden is disclosure control's business.

use std::fmt::Write;

use anyhow::Context;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::explain::{Asked, Look, put_row};
use super::rows::{Rows, texts};
use crate::disk;
use crate::model::Audience;
use crate::publish::Releases;

impl Look<'_> {
    /// Tells the row as the public sees it, with what is hidden marked so.
    pub(super) fn tell_public(&self, asked: &Asked<'_>, out: &mut String) -> anyhow::Result<()> {
        let model = asked.model;
        let (Audience::Offentlig, Some(manifest)) = (model.audience, &self.manifest) else { return Ok(()) };
        let product = manifest.products.get(&model.product);
        let path = format!("tabeller/{}.parquet", model.name);
        let release = Releases::at(&self.config.root).folder(&manifest.release);
        if !manifest.files.contains_key(&path) {
            let why = product.and_then(|product| product.withheld.get(&model.name));
            let why = why.map_or("its first date of publication has not come", String::as_str);
            writeln!(out, "\nNot public: {why}")?;
            return Ok(());
        }
        let shown = product.and_then(|product| product.shown.get("offentlig"));
        let as_of = shown.map(|shown| &shown.as_of).or(product.map(|product| &product.as_of));
        writeln!(out, "\nShown to the public, figures of {}", as_of.map_or("", String::as_str))?;
        let (names, rows) = read(&release.join(&path))?;
        let at = |name: &str| names.iter().position(|column| column == name);
        let fits = |row: &Vec<Option<String>>| {
            asked.keys.iter().all(|key| at(&key.column).is_some_and(|at| row[at] == Some(key.value.to_string())))
        };
        let Some(row) = rows.iter().find(|row| fits(row)) else {
            writeln!(out, "  no such row")?;
            return Ok(());
        };
        let hidden = at("status").is_some_and(|at| row[at].as_deref() == Some("skjult"));
        put_row(asked, names.iter().zip(row), if hidden { "(HIDDEN FROM THE PUBLIC)" } else { "(absent)" }, out)
    }
}

fn read(place: &std::path::Path) -> anyhow::Result<(Vec<String>, Rows)> {
    let broken = || format!("{} is not readable as Parquet", place.display());
    let builder = ParquetRecordBatchReaderBuilder::try_new(disk::open(place)?).with_context(broken)?;
    let names = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    let mut rows = Rows::new();
    for batch in builder.build().with_context(broken)? {
        rows.extend(texts(&batch.with_context(broken)?)?);
    }
    Ok((names, rows))
}
