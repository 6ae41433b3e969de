//! Figures that readers have seen and that are others tonight: a delivery, a statement or a setting must explain it, and
//! a headline that moves further than its header allows stops the product even then.

use super::cause::causes;
use super::compare::{Moved, compare};
use super::{Checks, Findings, Made, ShownTable};
use crate::lake::Entry;
use crate::model::{CheckFailed, Model};

const RULE: &str = "endring";
/// By how much a figure may move without a reason, per thousand.
const UNEXPLAINED: &str = "endring_uforklart_promille";

pub(super) fn check(checks: &Checks<'_>, product: &str, found: &mut Findings) -> anyhow::Result<()> {
    for (model, entry) in checks.published(product) {
        let shown =
            checks.shown.and_then(|shown| Some((shown, shown.products.get(product)?, shown.tables.get(&model.name)?)));
        let broken = match shown {
            Some((shown, made, table)) => of_table(checks, model, entry, (&shown.release, made, table), found)?,
            // Nothing that anybody has seen can have changed. It is noted as held all the same: what a manifest says
            // must not depend on what was published before.
            None => Vec::new(),
        };
        found.add(&model.name, RULE, broken);
    }
    Ok(())
}

fn of_table(
    checks: &Checks<'_>,
    model: &Model,
    entry: &Entry,
    (release, made, table): (&str, &Made, &ShownTable),
    found: &mut Findings,
) -> anyhow::Result<Vec<CheckFailed>> {
    if table.sha256 == entry.sha256 {
        return Ok(Vec::new());
    }
    let Some(moved) = moved(checks, model, entry, table)? else { return Ok(Vec::new()) };
    let causes = causes(checks, model, made);
    let mut broken = too_far(checks, model, &moved, release);
    if moved.rows > 0 && causes.is_empty() {
        broken.push(unexplained(checks, model, &moved, release));
    } else if moved.rows > 0 {
        found.notes.push(format!(
            "{}: {} rows shown in {release} change, by at most {}; explained by {}",
            model.name,
            moved.rows,
            per_cent(moved.greatest),
            causes.join(", ")
        ));
    }
    Ok(broken)
}

fn moved(checks: &Checks<'_>, model: &Model, entry: &Entry, table: &ShownTable) -> anyhow::Result<Option<Moved>> {
    let shown = match table.read() {
        Ok(shown) => shown,
        Err(error) => {
            tracing::warn!("{} is not compared with what is shown: {error:#}", model.name);
            return Ok(None);
        }
    };
    let now = arrow::compute::concat_batches(&checks.lake.schema(entry)?, &checks.lake.read(entry)?)?;
    compare(model, &shown, &now, checks.threshold(model, UNEXPLAINED))
}

fn unexplained(checks: &Checks<'_>, model: &Model, moved: &Moved, release: &str) -> CheckFailed {
    CheckFailed {
        place: model.at("title"),
        rule: RULE.to_owned(),
        what: format!(
            "{} rows of {} are others than in {release}, by as much as {}, for periods that are over, and no delivery, \
             statement, threshold or paragraph has changed; at most {} per thousand is borne. Find out why before \
             anything is published. Is the new figure right? Then write {UNEXPLAINED} = 1000 below \
             [product.{}.terskler] in speil.toml, and take that out again after the run",
            moved.rows,
            model.name,
            per_cent(moved.greatest),
            checks.threshold(model, UNEXPLAINED),
            model.product
        ),
    }
}

/// Columns that moved further than their header's `hoyst_endret`.
fn too_far(checks: &Checks<'_>, model: &Model, moved: &Moved, release: &str) -> Vec<CheckFailed> {
    let mut broken = Vec::new();
    for (name, spec) in &model.columns {
        let (Some(threshold), Some(distance)) = (&spec.hoyst_endret, moved.columns.get(name)) else { continue };
        let most = checks.threshold(model, threshold);
        if *distance > most {
            let unit =
                if spec.unit.as_deref() == Some("andel") { "tenths of a percentage point" } else { "per thousand" };
            broken.push(CheckFailed {
                place: model.at_column(name),
                rule: RULE.to_owned(),
                what: format!(
                    "{name} of {} has moved by {distance:.1} {unit} since {release}; {threshold} = {most} is borne \
                     from one release to the next. Look at the newest deliveries. Is it right? Then write {threshold} \
                     = {} below [product.{}.terskler] in speil.toml, and take that out again after the run",
                    model.name,
                    distance.ceil(),
                    model.product
                ),
            });
        }
    }
    broken
}

fn per_cent(permille: f64) -> String {
    format!("{:.1} per cent", permille / 10.0)
}

impl Checks<'_> {
    /// A threshold of the model's product. [`super::faults`] has seen to it that there is one of that name.
    fn threshold(&self, model: &Model, name: &str) -> f64 {
        let value = self.config.product(&model.product).thresholds.get(name).copied();
        value.and_then(|value| i32::try_from(value).ok()).map_or(0.0, f64::from)
    }
}
