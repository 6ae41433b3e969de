//! Tables against each other: the `[[avstemming]]` of a model header is a statement over tables of its product which must
//! find nothing, such as doctors that do not sum to the nation.
//!
//! A header's `[[sjekk]]` sees only what the model reads, while it is computed; this sees all tables when all are.

use crate::lake::{Query, tables_named};
use crate::model::{CheckFailed, CheckSpec, Model, found_by};

use super::{Checks, Findings};

pub(super) fn check(checks: &Checks<'_>, product: &str, found: &mut Findings) -> anyhow::Result<()> {
    for model in checks.models.ordered.iter().filter(|model| model.product == product) {
        for check in &model.agreements {
            let broken = of_model(checks, model, check)?;
            found.add(&model.name, &check.navn, broken.into_iter().collect());
        }
    }
    Ok(())
}

fn of_model(checks: &Checks<'_>, model: &Model, check: &CheckSpec) -> anyhow::Result<Option<CheckFailed>> {
    let named = tables_named(&check.sql)?;
    let tables = named.iter().map(|name| checks.table(name)).collect::<anyhow::Result<_>>()?;
    let none = std::collections::BTreeMap::new();
    let parameters = checks.parameters.get(&model.product).unwrap_or(&none);
    found_by(model, check, &Query { sql: &check.sql, tables, parameters }, checks.engine, checks.lake)
}
