//! Which codes a site tells apart: those that templates ask for (`where(steg="m0_m1")`) and those that have texts of
//! their own (`too.steg.m0_m1`). Made-up rows need them, or what stands behind a filter is never filled.
//!
//! Knows no table: every name before `=` may be a column.

use std::collections::{BTreeMap, BTreeSet};

use crate::embedded::Files;

/// Column → codes.
pub(super) type Codes = BTreeMap<String, BTreeSet<String>>;

/// The codes of templates and of the keys of texts.
pub(super) fn codes<'k>(files: &Files, keys: impl Iterator<Item = &'k String>) -> Codes {
    let mut codes = Codes::new();
    for (_, bytes) in files.iter().filter(|(path, _)| path.starts_with("templates/")) {
        asked_for(&String::from_utf8_lossy(bytes), &mut codes);
    }
    for key in keys {
        let mut parts = key.rsplit('.');
        if let (Some(code), Some(column), Some(_)) = (parts.next(), parts.next(), parts.next()) {
            codes.entry(column.to_owned()).or_default().insert(code.to_owned());
        }
    }
    codes
}

/// `column="code"` and `column=["code", "code"]`.
fn asked_for(source: &str, codes: &mut Codes) {
    for (at, _) in source.match_indices('=') {
        let column = source[..at].rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        let after = &source[at + 1..];
        let literals = if after.starts_with('"') {
            after.split('"').nth(1)
        } else {
            after.strip_prefix('[').and_then(|list| list.split(']').next())
        };
        let Some(literals) = literals.filter(|_| !column.is_empty()) else { continue };
        let found: Vec<&str> =
            if after.starts_with('"') { vec![literals] } else { literals.split('"').skip(1).step_by(2).collect() };
        for code in found.into_iter().filter(|code| !code.is_empty() && !code.contains(['{', '\n'])) {
            codes.entry(column.to_owned()).or_default().insert(code.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_templates_and_texts_are_found_by_column() {
        let template = "{{ rows|where(steg=\"a\", omraade=[\"b\", \"c\"], n=1) }}<p class=\"x\">{% if x == \"y\" %}";
        let files = Files::from([("templates/t.html".to_owned(), template.as_bytes().to_vec())]);
        let keys = ["too.steg.d".to_owned(), "too.tittel".to_owned()];
        let found = codes(&files, keys.iter());
        let of = |column: &str| found.get(column).into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
        assert_eq!((of("steg"), of("omraade"), of("too"), of("x")), (vec!["a", "d"], vec!["b", "c"], vec![], vec![]));
    }
}
