//! The outbox: rows about single events, handed over to whom they are about, outside the portal and its releases.
//!
//! `root/utboks/<to whom>/<key>/<table>.csv` is for the owner of the root alone, and no web server's. Each run writes it
//! whole; a file without rows is removed. Knows no product: the models' headers say what goes to whom.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;

use super::sealed::{self, HandedOver};
use super::{ALL, Publisher, pages};
use crate::model::{Model, Outbox};
use crate::{disk, export};

/// The outbox's folder in the root.
pub(crate) const FOLDER: &str = "utboks";

/// Writes what the models of the products that did not fail hand over to counties.
pub(super) fn write(publisher: &Publisher<'_>) -> anyhow::Result<()> {
    for model in publisher.models.ordered.iter().filter(|model| !publisher.carried.contains(&model.product)) {
        if let (Some(Outbox::Fylke), Some(column)) = (model.outbox, &model.folder_column) {
            write_table(publisher, model, column, &publisher.config.root.join(FOLDER).join("fylke"))?;
        }
    }
    Ok(())
}

/// Product → table → what became of it.
pub(crate) type ToKpr = BTreeMap<String, BTreeMap<String, HandedOver>>;

/// Hands over to KPR what the models of the products say that are shown.
pub(super) fn hand_over(publisher: &Publisher<'_>) -> anyhow::Result<ToKpr> {
    let mut done = ToKpr::new();
    let own = publisher.models.ordered.iter().filter(|model| !publisher.carried.contains(&model.product));
    for model in own.filter(|model| model.outbox == Some(Outbox::Kpr)) {
        done.entry(model.product.clone()).or_default().insert(model.name.clone(), sealed::write(publisher, model)?);
    }
    Ok(done)
}

fn write_table(publisher: &Publisher<'_>, model: &Model, column: &str, folder: &Path) -> anyhow::Result<()> {
    let entry = publisher.state.entry(&model.name, ALL).with_context(|| format!("{} was not built", model.name))?;
    publisher.lake.check_content(entry)?;
    let schema = publisher.lake.schema(entry)?;
    let rows = arrow::compute::concat_batches(&schema, &publisher.lake.read(entry)?).context("reading a table")?;
    let parts = pages::by_key(model, &rows, column)?;
    let name = format!("{}.csv", model.name);
    let mut files = BTreeMap::new();
    for (key, part) in parts {
        files.insert(Path::new(&key).join(&name), export::csv(model, &part)?);
    }
    for file in disk::files_below(folder)? {
        let is_half = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(disk::HALF_WRITTEN));
        if is_half || (file.ends_with(&name) && !files.contains_key(&file)) {
            disk::remove(&folder.join(file))?;
        }
    }
    files.iter().try_for_each(|(file, bytes)| disk::write_private(&folder.join(file), bytes))
}
