//! Codes and changes of a classification as Klass's API gives them in JSON: rows of the contract's tables.
//!
//! `validTo` is the first day on which a code is no longer valid; the tables have last days. The validity within the
//! range that was asked for goes before `validFrom` and `validTo`, which Klass often leaves empty.

use std::io::Read;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::json;

/// The table of codes, and that of changes.
pub const CODES: &str = "klass_kode";
/// See [`CODES`].
pub const CHANGES: &str = "klass_endring";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    codes: Option<Vec<Code>>,
    code_changes: Option<Vec<Change>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Code {
    code: Option<String>,
    parent_code: Option<String>,
    level: Option<Level>,
    name: Option<String>,
    short_name: Option<String>,
    valid_from: Option<String>,
    valid_to: Option<String>,
    valid_from_in_requested_range: Option<String>,
    valid_to_in_requested_range: Option<String>,
}

/// A number that Klass writes as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Level {
    Text(String),
    Number(i64),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    old_code: Option<String>,
    old_name: Option<String>,
    new_code: Option<String>,
    new_name: Option<String>,
    change_occurred: Option<String>,
}

/// What a file holds: the table it fills, and its rows as fields in the contract's order.
#[derive(Debug)]
pub struct Rows {
    /// [`CODES`] or [`CHANGES`].
    pub table: &'static str,
    /// Fields as text; empty is absent.
    pub rows: Vec<Vec<String>>,
}

/// Reads a whole delivery of a kind like `104_koder`, which its name gives.
pub fn read(file: impl Read, kind: &str) -> anyhow::Result<Rows> {
    let (number, what) = kind.split_once('_').context("the name does not say which codes these are")?;
    let written: Written = json::read(file, "Klass's JSON of codes or changes")?;
    if what == "koder" {
        let codes = written.codes.context("there is no `codes` in the file; fetch …/codes, or name it _endringer_")?;
        ensure!(written.code_changes.is_none(), "the file holds both codes and changes");
        return Ok(Rows { table: CODES, rows: codes.into_iter().map(|code| code.fields(number)).collect() });
    }
    let changes = written.code_changes;
    let changes = changes.context("there is no `codeChanges` in the file; fetch …/changes, or name it _koder_")?;
    let rows = (1..).zip(changes).map(|(nth, change): (u32, Change)| change.fields(number, nth)).collect();
    Ok(Rows { table: CHANGES, rows })
}

impl Code {
    fn fields(self, number: &str) -> Vec<String> {
        let level = match self.level {
            Some(Level::Text(level)) => level,
            Some(Level::Number(level)) => level.to_string(),
            None => String::new(),
        };
        let from = self.valid_from_in_requested_range.or(self.valid_from);
        let to = self.valid_to_in_requested_range.or(self.valid_to);
        vec![
            number.to_owned(),
            trimmed(self.code),
            trimmed(self.parent_code),
            level,
            trimmed(self.name),
            trimmed(self.short_name),
            trimmed(from),
            last_day(trimmed(to)),
        ]
    }
}

impl Change {
    fn fields(self, number: &str, nth: u32) -> Vec<String> {
        vec![
            number.to_owned(),
            trimmed(self.change_occurred),
            nth.to_string(),
            trimmed(self.old_code),
            trimmed(self.old_name),
            trimmed(self.new_code),
            trimmed(self.new_name),
        ]
    }
}

fn trimmed(text: Option<String>) -> String {
    text.map_or(String::new(), |text| text.trim().to_owned())
}

/// The day before; a text that is no date stays, and the contract's check names it.
fn last_day(first_day_after: String) -> String {
    let day = first_day_after.parse::<jiff::civil::Date>().ok().and_then(|day| day.yesterday().ok());
    day.map_or(first_day_after, |day| day.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::intake::Intake;
    use super::super::intake::tests::Kept;
    use super::*;
    use crate::contract::Contract;

    const KODER: &str = include_str!("../../tests/fixtures/ssb/klass_104_koder_2026-11-01.json");
    const ENDRINGER: &str = include_str!("../../tests/fixtures/ssb/klass_104_endringer_2026-11-01.json");

    fn faults(rows: &Rows) -> Vec<(u64, String)> {
        let contract = Contract::embedded().unwrap().into_iter().find(|contract| contract.source == "klass").unwrap();
        let mut kept = Kept::default();
        let mut intake = Intake::new(&contract, contract.table(rows.table).unwrap(), None, &[], b'.');
        for (nth, fields) in (1..).zip(&rows.rows) {
            let fields: Vec<Option<&[u8]>> = fields.iter().map(|field| Some(field.as_bytes())).collect();
            intake.row(nth, &fields, &mut kept).unwrap();
        }
        kept.bad
    }

    #[test]
    fn codes_keep_their_names_in_all_languages_and_end_on_their_last_day() {
        let rows = read(KODER.as_bytes(), "104_koder").unwrap();
        assert_eq!((rows.table, faults(&rows)), (CODES, vec![]));
        let of = |code: &str| rows.rows.iter().find(|row| row[1] == code).unwrap().join(";");
        assert_eq!(of("55"), "104;55;;1;Troms - Romsa - Tromssa;;2024-01-01;");
        assert_eq!(of("30"), "104;30;;1;Viken;;2020-01-01;2023-12-31");
        assert_eq!(of("01"), "104;01;;1;Østfold;;2018-01-01;2019-12-31");
    }

    #[test]
    fn changes_are_numbered_since_one_code_may_become_several() {
        let rows = read(ENDRINGER.as_bytes(), "104_endringer").unwrap();
        assert_eq!((rows.table, faults(&rows)), (CHANGES, vec![]));
        assert!(rows.rows.iter().any(|row| row.join(";") == "104;2024-01-01;3;30;Viken;33;Buskerud"), "{rows:?}");
        assert!(rows.rows.iter().any(|row| row[5].is_empty()), "a code that ceased has no new code");
    }

    #[test]
    fn the_wrong_file_under_a_name_is_told() {
        let told = |text: &str, kind| format!("{:#}", read(text.as_bytes(), kind).unwrap_err());
        assert!(told(KODER, "104_endringer").contains("no `codeChanges`"));
        assert!(told(ENDRINGER, "104_koder").contains("no `codes`"));
        assert!(told("<codes/>", "104_koder").contains("not JSON"));
        assert!(told("[]", "104_koder").contains("not Klass's JSON"));
        let without = KODER.replacen("\"validFromInRequestedRange\": \"2018-01-01\"", "\"x\": 1", 1);
        let bad = faults(&read(without.as_bytes(), "104_koder").unwrap());
        assert_eq!(bad, [(1, "mangler: gyldig_fra: is empty".to_owned())]);
    }
}
