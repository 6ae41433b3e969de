//! What explains that a table's figures are others than those shown: a delivery, a statement, a threshold, paragraphs, a
//! window that moved.
//!
//! Looks at everything that leads to the table, through any chain of models.

use std::collections::BTreeSet;

use super::{Checks, Made};
use crate::ingest::MOTTAK;
use crate::lake::{State, parameters_named};
use crate::model::Model;

/// What leads to a table.
struct Origin<'m> {
    models: Vec<&'m Model>,
    sources: BTreeSet<&'m str>,
}

impl<'m> Origin<'m> {
    fn of(checks: &Checks<'m>, model: &'m Model) -> Origin<'m> {
        let mut origin = Origin { models: vec![model], sources: BTreeSet::new() };
        let mut at = 0;
        while let Some(model) = origin.models.get(at).copied() {
            at += 1;
            for name in &model.reads {
                match checks.models.find(name) {
                    Some(read) if origin.models.iter().all(|known| known.name != read.name) => origin.models.push(read),
                    Some(_) => {}
                    None => drop(origin.sources.insert(name)),
                }
            }
        }
        origin
    }
}

/// Tables that follow from the run's date, such as the window, and are others than they were: time passed.
fn moved_windows(checks: &Checks<'_>, origin: &Origin<'_>) -> Vec<String> {
    let Some(shown) = checks.shown else { return Vec::new() };
    let dated = origin.models.iter().filter(|model| parameters_named(&model.sql).contains("as_of"));
    let content = |state: &State, name: &str| -> Vec<String> {
        state.partitions(name).map(|(_, entry)| entry.content.clone()).collect()
    };
    let moved = dated.filter(|model| content(&shown.state, &model.name) != content(checks.state, &model.name));
    moved.map(|model| format!("{} (the run's date)", model.name)).collect()
}

/// Whether a part of the receipts, `<source>-<partition>`, is of a source of the product.
fn is_receipt_of(checks: &Checks<'_>, product: &str, part: &str) -> bool {
    let is_of = |source: &str| part.strip_prefix(source).is_some_and(|rest| rest.starts_with('-'));
    checks.contracts.iter().any(|contract| contract.product == product && is_of(&contract.source))
}

/// What differs between what the shown figures are made from and what there is now; none when nothing does.
pub(super) fn causes(checks: &Checks<'_>, model: &Model, made: &Made) -> Vec<String> {
    let origin = Origin::of(checks, model);
    let mut causes = Vec::new();
    for source in origin.sources.iter().copied() {
        let known = made.inputs.get(source);
        let here = checks.state.partitions(source);
        let news = here.filter(|(at, entry)| known.and_then(|known| known.get(*at)) != Some(&entry.content));
        let gone = known.into_iter().flatten().filter(|(at, _)| checks.state.entry(source, at).is_none());
        let mut parts: BTreeSet<&str> =
            news.map(|(at, _)| at.as_str()).chain(gone.map(|(at, _)| at.as_str())).collect();
        // Ingest keeps the receipts of all products in one table; another product's explain nothing here.
        parts.retain(|part| source != MOTTAK || is_receipt_of(checks, &model.product, part));
        if let Some(first) = parts.first() {
            let more = if parts.len() > 1 { format!(" and {} more", parts.len() - 1) } else { String::new() };
            causes.push(format!("{source} {first}{more}"));
        }
    }
    let settings = checks.models.settings(checks.config, &model.product);
    for of in &origin.models {
        if made.models.get(&of.name) != Some(&of.hash()) {
            causes.push(of.file.clone());
        }
        for name in parameters_named(&of.sql) {
            if settings.thresholds.get(&name) != made.thresholds.get(&name) {
                causes.push(format!("threshold {name}"));
            }
        }
    }
    causes.extend(moved_windows(checks, &origin));
    if settings.paragraphs.into_iter().collect::<BTreeSet<i64>>() != made.paragraphs {
        causes.push("hjemler".to_owned());
    }
    causes.dedup();
    causes
}
