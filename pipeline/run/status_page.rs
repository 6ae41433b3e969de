//! `runs/status.html`: how things stand, as a page for those who look after the pipeline. It lies outside every release,
//! since releases know no clock; the stylesheet lies beside it, so that it works from disk.
//!
//! Knows which figures stand on the page; words and look are the site's.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::ledger::{FOLDER, Ledger};
use super::status::{RunState, RunStatus, Status};
use crate::config::Config;
use crate::render::{About, Cell, Column, Page, Site, Table, Tree};
use crate::{disk, embedded, publish};

/// The page's file below [`FOLDER`].
pub(crate) const FILE: &str = "status.html";
const TEMPLATE: &str = "drift.html";

/// Writes the page and what it needs. A site that is being worked on and is broken must not hide how things stand: then
/// the built-in one is used.
pub(super) fn write(config: &Config, status: &Status) -> anyhow::Result<()> {
    let (site, html) = render(config, status).or_else(|error| {
        tracing::warn!("the status page is made from the built-in site: {error:#}");
        let mut built_in = config.clone();
        built_in.site = None;
        render(&built_in, status)
    })?;
    let folder = config.root.join(FOLDER);
    for (name, bytes) in site.assets() {
        let file = folder.join("assets").join(name);
        if !file.exists() {
            disk::write(&file, bytes)?;
        }
    }
    disk::write(&folder.join(FILE), html.as_bytes())?;
    for file in disk::files_below(&folder.join("assets"))? {
        if !site.assets().contains_key(file.to_string_lossy().as_ref()) {
            disk::remove(&folder.join("assets").join(file))?;
        }
    }
    Ok(())
}

/// Whether the site's template of the page can be filled where nothing was run yet.
pub(crate) fn check(config: &Config) -> anyhow::Result<()> {
    render(config, &Status::of(config, &Ledger::default())).map(drop)
}

fn render(config: &Config, status: &Status) -> anyhow::Result<(Site, String)> {
    let site = publish::load_site(embedded::site(config)?)?;
    let tables = tables(status);
    let page = Page {
        product: "drift".to_owned(),
        template: TEMPLATE.to_owned(),
        tree: Tree::Intern,
        path: FILE.to_owned(),
        mappe: None,
        complete: None,
        tables: tables.iter().map(|table| table.name.clone()).collect(),
    };
    // No release's date stands on it.
    let (withheld, thresholds) = (BTreeSet::new(), Default::default());
    let about = About { synthetic: config.synthetic, withheld, thresholds, ..About::default() };
    let tables = tables.into_iter().map(|table| (table.name.clone(), table)).collect();
    let html = site.render(&page, None, &tables, &about)?;
    Ok((site, html))
}

fn tables(status: &Status) -> Vec<Table> {
    let last = status.runs.first();
    let products = status
        .products
        .iter()
        .map(|(name, product)| vec![text(name), date(product.as_of.as_deref()), moment(product.failed_since)]);
    let sources = status.sources.iter().map(|(name, source)| {
        let last = source.last.as_ref();
        let bad = last.filter(|last| last.received.is_some()).map(|last| last.quarantined.values().sum());
        vec![
            text(name),
            text(source.level),
            last.map_or(Cell::Absent, |last| text(&last.period)),
            moment(last.and_then(|last| last.taken)),
            count(last.and_then(|last| last.received)),
            count(last.and_then(|last| last.stored)),
            count(bad),
        ]
    });
    let refused = status.sources.iter().flat_map(|(name, source)| {
        source.refused.iter().map(|one| vec![text(name), text(&one.file), moment(one.since), text(&one.reason)])
    });
    let not_fetched = status.sources.iter().flat_map(|(name, source)| {
        source.not_fetched.iter().map(|one| vec![text(name), text(&one.what), moment(one.since), text(&one.reason)])
    });
    let quarantine = status.sources.iter().flat_map(|(name, source)| {
        source.quarantine.iter().flat_map(move |of| {
            let row = |(rule, rows): (&String, &u64)| {
                vec![text(name), text(&of.file), text(rule), count(Some(*rows)), count(Some(of.received))]
            };
            of.rules.iter().map(row)
        })
    });
    let steps =
        last.into_iter().flat_map(|run| &run.steps).map(|step| vec![text(&step.step), Cell::Number(step.seconds)]);
    vec![
        table(
            "drift_kjoringer",
            "startet sluttet utfall per sekunder minne_mib varsel_feilet",
            status.runs.iter().map(run_row),
        ),
        table("drift_feil", "produkt feil", last.into_iter().flat_map(faults)),
        table("drift_steg", "steg sekunder", steps),
        table("drift_utgave", "utgave", status.release.iter().map(|release| vec![text(&release.release)])),
        table("drift_produkter", "produkt per feilet_siden", products),
        table("drift_kilder", "kilde nivaa periode tatt_inn mottatt lagret karantene", sources),
        table("drift_avvist", "kilde fil siden grunn", refused),
        table("drift_ikke_hentet", "kilde adresse siden grunn", not_fetched),
        table("drift_karantene", "kilde fil regel rader mottatt", quarantine),
        table("drift_skadet", "hva", status.damaged.iter().map(|what| vec![text(what)])),
    ]
}

fn run_row(run: &RunStatus) -> Vec<Cell> {
    let outcome = match (run.state, run.code) {
        (RunState::UnderWay, _) => "under_way".to_owned(),
        (RunState::Killed, _) => "killed".to_owned(),
        (RunState::Ended, Some(code)) => snake(&format!("{code:?}")),
        (RunState::Unknown | RunState::Ended, _) => "unknown".to_owned(),
    };
    let failed: Vec<&str> = run.told.iter().filter(|told| !told.done).map(|told| told.hook.as_str()).collect();
    vec![
        moment(run.started),
        moment(run.ended),
        text(&outcome),
        date(run.as_of.as_deref()),
        run.seconds.map_or(Cell::Absent, Cell::Number),
        count(run.peak_memory_bytes.map(|bytes| bytes >> 20)),
        if failed.is_empty() { Cell::Absent } else { text(&failed.join(", ")) },
    ]
}

/// What ended the run, and what stopped each product: the error and its causes.
fn faults(run: &RunStatus) -> Vec<Vec<Cell>> {
    let whole = Some(&run.error).filter(|error| !error.is_empty());
    let whole = whole.map(|error| vec![Cell::Absent, text(&error.join(": "))]);
    let of_products = run.failed.iter().map(|(product, error)| vec![text(product), text(&error.join(": "))]);
    whole.into_iter().chain(of_products).collect()
}

/// `CheckFailed` → `check_failed`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

fn table(name: &str, columns: &str, rows: impl Iterator<Item = Vec<Cell>>) -> Table {
    let column = |name: &str| Column { name: name.to_owned(), unit: None, missing: None };
    let columns = columns.split(' ').map(column).collect();
    Table { name: name.to_owned(), title: name.to_owned(), columns, rows: rows.collect() }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn count(n: Option<u64>) -> Cell {
    n.and_then(|n| i64::try_from(n).ok()).map_or(Cell::Absent, Cell::Integer)
}

/// A moment as clocks in Oslo show it.
fn moment(at: Option<Timestamp>) -> Cell {
    let oslo = at.and_then(|at| at.in_tz("Europe/Oslo").ok());
    oslo.map_or(Cell::Absent, |oslo| Cell::Text(oslo.strftime("%Y-%m-%dT%H:%M").to_string()))
}

/// The day of `2026-11-10` and of `2026-11-10T23:59:00`.
fn date(text: Option<&str>) -> Cell {
    text.and_then(|text| text.get(..10)?.parse().ok()).map_or(Cell::Absent, Cell::Date)
}
