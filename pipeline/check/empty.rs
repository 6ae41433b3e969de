//! A published table that had rows and has none, and a product without a row: both look like a good night from outside.
//!
//! A table that may be empty says so, and why, in its header: `kan_vaere_tom`. A product of such tables alone may begin
//! without a row, and never loses all of them.

use super::{Checks, Findings, grouped};
use crate::model::CheckFailed;

const RULE: &str = "tom";

pub(super) fn check(checks: &Checks<'_>, product: &str, found: &mut Findings) {
    let (mut rows, mut rows_before, mut all_may) = (0, 0, true);
    let mut first = None;
    for (model, entry) in checks.published(product) {
        rows += entry.rows;
        first.get_or_insert(model);
        let before = checks.shown.and_then(|shown| shown.tables.get(&model.name)).map_or(0, |table| table.rows);
        rows_before += before;
        if model.may_be_empty.is_some() {
            continue;
        }
        all_may = false;
        let broken = (entry.rows == 0 && before > 0).then(|| CheckFailed {
            place: model.at("title"),
            rule: RULE.to_owned(),
            what: format!(
                "{} has no row, and {} in the release that is shown; find out which delivery or statement lost \
                 them. Is it right that it is empty? Then say why in its header: kan_vaere_tom = \"…\"",
                model.name,
                grouped(before)
            ),
        });
        found.add(&model.name, RULE, broken.into_iter().collect());
    }
    if let Some(model) = first.filter(|_| rows == 0 && !(all_may && rows_before == 0)) {
        let what = format!("no published table of {product} has a row; nothing would be there to read");
        let broken = CheckFailed { place: model.at("title"), rule: RULE.to_owned(), what };
        found.add(&model.name, RULE, vec![broken]);
    }
}
