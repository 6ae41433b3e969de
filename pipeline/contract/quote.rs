//! What of a delivered value may be repeated, and where: decided here and nowhere else, by the contract's column.
//!
//! Ids, HPR numbers and free text are repeated nowhere. Must not know where messages or quarantine files end up.

use super::column::{Column, Kind};

/// A delivered value that may stand in a quarantine file, which only operators read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The value as delivered.
    pub text: String,
    /// Whether it may stand in messages, logs and the ledger too.
    pub in_messages: bool,
}

/// Longer than a date or any number a contract asks for, and shorter than a national identity number.
const LONGEST_NUMBER: usize = 10;

impl Column {
    /// The value, where it may be repeated. What looks like nothing the column could hold is not: it may be another
    /// column's content that got here by a slip.
    pub(super) fn quote(&self, delivered: &[u8]) -> Option<Quote> {
        let text = std::str::from_utf8(delivered).ok().filter(|text| !text.is_empty())?;
        let length = text.chars().count();
        let in_messages = match &self.kind {
            _ if self.identifies => return None,
            Kind::Code(codes) if codes.keys().any(|code| length <= code.chars().count()) => true,
            Kind::Integer { .. } | Kind::Digits { .. } | Kind::Decimal { .. } | Kind::Date
                if length <= LONGEST_NUMBER && text.bytes().all(is_of_a_number) =>
            {
                false
            }
            // Free text, and kinds that nobody has decided on.
            _ => return None,
        };
        Some(Quote { text: text.to_owned(), in_messages })
    }
}

fn is_of_a_number(byte: u8) -> bool {
    byte.is_ascii_digit() || b"+-.,".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::super::Contract;

    fn quoted(source: usize, column: &str, value: &str) -> Option<(String, bool)> {
        let contract = Contract::embedded().unwrap().remove(source);
        let column = contract.tables[0].columns.iter().find(|found| found.delivered == column).unwrap().clone();
        column.quote(value.as_bytes()).map(|quote| (quote.text, quote.in_messages))
    }

    #[test]
    fn ids_hpr_numbers_and_free_text_are_repeated_nowhere() {
        for (source, column, value) in [
            (0, "linje_id", "L1"),
            (0, "gjelder_linje_id", "L1"),
            (0, "rekvirent_hpr", "4000003"),
            (1, "hpr", "4000003"),
            (1, "spesialitet", "1+2"),
            // By a slip in a column that holds something else.
            (0, "utlevering_nr", "01019912345"),
            (0, "utleveringsdato", "Ola Normann"),
            (0, "linjetype", "4000003"),
        ] {
            assert_eq!(quoted(source, column, value), None, "{column}");
        }
    }

    #[test]
    fn codes_stand_in_messages_and_numbers_and_dates_in_quarantine_only() {
        assert_eq!(quoted(0, "linjetype", "X"), Some(("X".to_owned(), true)));
        assert_eq!(quoted(0, "varenr", "38448"), Some(("38448".to_owned(), false)));
        assert_eq!(quoted(0, "utleveringsdato", "2026-02-31"), Some(("2026-02-31".to_owned(), false)));
        assert_eq!(quoted(1, "kommunenr", "301"), Some(("301".to_owned(), false)));
    }
}
