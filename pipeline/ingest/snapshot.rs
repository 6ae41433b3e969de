//! FEST files: which snapshot a file holds, and its rows in the contract's columns.
//!
//! Knows where files are; how the XML is read is `m30`'s business, what is a good row the contract's.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::ensure;

use super::m30::{self, Snapshot};
use super::zipped;
use crate::disk;

/// Which snapshot a file holds: `HentetDato` as `20260115041200`. Reads the beginning of the file only.
pub(super) fn key(path: &Path) -> anyhow::Result<String> {
    zipped::with_xml(disk::open(path)?, |xml| key_of(&m30::fetched(xml)?))
}

/// A whole file, and its key.
pub(super) fn read(path: &Path) -> anyhow::Result<(String, Snapshot)> {
    let snapshot = zipped::with_xml(disk::open(path)?, |xml| m30::read(xml))?;
    ensure!(!snapshot.packages.is_empty(), "no Legemiddelpakning in the file; a snapshot without packages is refused");
    Ok((key_of(&snapshot.fetched)?, snapshot))
}

fn key_of(fetched: &str) -> anyhow::Result<String> {
    let key: String = fetched.chars().take(19).filter(char::is_ascii_digit).collect();
    ensure!(key.len() == 14, "HentetDato is no time like 2026-01-15T04:12:00; the snapshot cannot be placed");
    Ok(key)
}

/// A snapshot's rows as text fields in the contract's order, by table.
pub(super) fn rows(snapshot: &Snapshot, key: &str) -> BTreeMap<&'static str, Vec<Vec<String>>> {
    let date = snapshot.fetched.get(..10).unwrap_or("").to_owned();
    let group =
        |group: &m30::Group| vec![key.to_owned(), group.code.0.clone(), group.code.1.clone(), group.limited.clone()];
    BTreeMap::from([
        ("fest_snapshot", vec![vec![key.to_owned(), date]]),
        ("fest_pakning", packages(snapshot, key)),
        ("fest_pris", snapshot.packages.iter().flat_map(|package| prices(package, key)).collect()),
        ("fest_byttegruppe", snapshot.groups.iter().map(group).collect()),
    ])
}

fn packages(snapshot: &Snapshot, key: &str) -> Vec<Vec<String>> {
    let codes: BTreeMap<&str, &str> =
        snapshot.groups.iter().map(|group| (group.id.as_str(), group.code.0.as_str())).collect();
    let row = |package: &m30::Package| {
        // A reference to no group stands as it is: the contract's check then names it, since it is no group code.
        let group = codes.get(package.group.as_str()).copied().unwrap_or(&package.group).to_owned();
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
        ]
    };
    snapshot.packages.iter().map(row).collect()
}

/// Prices are numbered within their kind, in an order that does not depend on the file's.
fn prices(package: &m30::Package, key: &str) -> Vec<Vec<String>> {
    let mut prices = package.prices.clone();
    prices.sort();
    let mut number = 0;
    let mut last_kind = String::new();
    let rows = prices.into_iter().map(|price| {
        number = if price.kind == last_kind { number + 1 } else { 1 };
        last_kind.clone_from(&price.kind);
        vec![key.to_owned(), package.id.clone(), price.kind, number.to_string(), price.amount, price.from, price.to]
    });
    rows.collect()
}
