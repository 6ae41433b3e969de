//! Has everybody who should have a page one, and nobody else? Who should is a table of its own, which is made another way
//! than the tables that the pages show.
//!
//! Knows keys and paths, not whose they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;

use super::manifest::Manifest;
use super::pages;
use super::switch::Turns;
use super::verify::Problem;
use crate::lake::{Lake, State};
use crate::render::Site;

/// Stands in a path where the key is.
const KEY: &str = "<key>";

/// The trees in which each folder is somebody's.
const PERSONAL: [&str; 2] = ["lege", "fylke"];

/// What a product's pages say of this, as the manifest has it. Pages that stay as they were until their date are those
/// of everybody who should have one then.
pub(super) fn declared(site: &Site, product: &str, turns: &Turns) -> BTreeMap<String, (String, String)> {
    let pages = site.pages().iter().filter(|page| page.product == product && !turns.keeps(page));
    let by_key = pages.filter_map(|page| {
        let (column, table) = page.mappe.clone().zip(page.complete.clone())?;
        Some((page.file(Some(KEY)), (column, table)))
    });
    by_key.collect()
}

/// What is missing, and what there is too much of.
pub(super) fn problems(release: &Path, manifest: &Manifest, lake: &Lake) -> anyhow::Result<Vec<Problem>> {
    let state = State::load_existing(&release.join("state.json"))?;
    let mut problems = Vec::new();
    let mut owners: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (page, (column, table)) in manifest.products.values().flat_map(|product| &product.complete) {
        let Some((tree, rest)) = page.split_once(&format!("/{KEY}")) else { continue };
        let keys = keys(&state, lake, table, column)?;
        let file = |key: &String| format!("{tree}/{key}{rest}");
        let lacking = keys.iter().map(file).filter(|file| !manifest.files.contains_key(file));
        problems.extend(lacking.map(|path| Problem { path, what: format!("is missing: its key is in {table}") }));
        if PERSONAL.contains(&tree) {
            owners.entry(tree).or_default().extend(keys);
        } else {
            let prefix = format!("{tree}/");
            let key = |path: &String| Some(path.strip_prefix(&prefix)?.strip_suffix(rest)?.to_owned());
            let others = manifest.files.keys().filter(|path| key(path).is_some_and(|key| !keys.contains(&key)));
            problems.extend(others.map(|path| nobodys(path)));
        }
    }
    for (tree, owners) in owners {
        let prefix = format!("{tree}/");
        let owner = |path: &str| Some(path.strip_prefix(&prefix)?.split_once('/')?.0.to_owned());
        let is_strange = |path: &&String| owner(path).is_some_and(|key| key != "assets" && !owners.contains(&key));
        problems.extend(manifest.files.keys().filter(is_strange).map(|path| nobodys(path)));
    }
    Ok(problems)
}

fn nobodys(path: &str) -> Problem {
    Problem { path: path.to_owned(), what: "belongs to nobody who should have a page".to_owned() }
}

/// Everybody who should have a page, by the table that says so.
pub(super) fn keys(state: &State, lake: &Lake, table: &str, column: &str) -> anyhow::Result<BTreeSet<String>> {
    let mut keys = BTreeSet::new();
    let mut partitions = state.partitions(table).peekable();
    partitions.peek().with_context(|| format!("the release's state has no table {table}"))?;
    for (_, entry) in partitions {
        for batch in lake.read(entry)? {
            keys.extend(pages::keys(&batch, column)?.into_iter().flatten());
        }
    }
    Ok(keys)
}
