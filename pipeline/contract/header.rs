//! A delivery's header against the contract's columns: no column may be missing, none may be unknown.
//!
//! Must not know rows or formats.

use std::collections::BTreeSet;

use anyhow::{bail, ensure};

use super::TableContract;

impl TableContract {
    /// Which delivered column stands at which place of the header; an unknown or missing column refuses the
    /// delivery, and the message says what to mend.
    pub fn match_header(&self, header: &[String]) -> anyhow::Result<Vec<Option<usize>>> {
        let mut seen = BTreeSet::new();
        let known = |name: &String| self.columns.iter().any(|column| column.delivered == *name);
        ensure!(
            header.iter().any(known),
            "this is no header: it names none of the contract's columns; write a header row first"
        );
        for (at, name) in (1..).zip(header) {
            // It may be a row's value that stands in the header's place.
            ensure!(known(name) || is_a_name(name), "column {at} of the header has no name that a column can have");
            ensure!(seen.insert(name), "column `{name}` stands twice in the header");
            if !known(name) {
                let near = crate::closed::nearest(name, self.columns.iter().map(|column| column.delivered.as_str()));
                bail!(
                    "column `{name}` is not in the contract (the nearest that is, is `{}`); remove or rename it: a \
                     column that nobody agreed on is refused, not ignored",
                    near.unwrap_or("")
                );
            }
        }
        self.columns
            .iter()
            .map(|column| {
                let at = header.iter().position(|name| *name == column.delivered);
                ensure!(at.is_some() || column.optional, "column `{}` is missing; add it", column.delivered);
                Ok(at)
            })
            .collect()
    }
}

/// Names have few digits; ids and numbers of people have many.
fn is_a_name(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.len() <= 40 && digits <= 4 && text.starts_with(char::is_alphabetic) && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::super::Contract;

    #[test]
    fn a_header_with_an_unknown_or_missing_column_says_what_to_mend() {
        let table = &Contract::embedded().unwrap().remove(0).tables[0];
        let mut header: Vec<String> = table.columns.iter().map(|column| column.delivered.clone()).collect();
        assert!(table.match_header(&header).is_ok());
        header.retain(|name| name != "utlevering_nr");
        assert_eq!(table.match_header(&header).unwrap().iter().filter(|at| at.is_none()).count(), 1);
        header.push("pasient_fnr".to_owned());
        let error = table.match_header(&header).unwrap_err().to_string();
        assert!(error.starts_with("column `pasient_fnr` is not in the contract"), "{error}");
        header.pop();
        header.retain(|name| name != "varenr");
        assert_eq!(table.match_header(&header).unwrap_err().to_string(), "column `varenr` is missing; add it");
        header.push("01019912345".to_owned());
        let error = table.match_header(&header).unwrap_err().to_string();
        assert!(error.starts_with("column 14 of the header has no name"), "{error}");
        let row = ["L00017".to_owned(), "U".to_owned()];
        let error = table.match_header(&row).unwrap_err().to_string();
        assert!(error.starts_with("this is no header") && !error.contains("L00017"), "{error}");
    }
}
