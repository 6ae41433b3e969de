//! What is left of an error or a message when it leaves the program: no number that could be a person's.

/// An error with its causes, without numbers that could be a person's.
pub fn told(error: &anyhow::Error) -> String {
    reduced(&format!("{error:#}"))
}

/// The same, the error and each of its causes on its own, the outermost first.
pub(crate) fn chain(error: &anyhow::Error) -> Vec<String> {
    error.chain().map(|cause| reduced(&cause.to_string())).collect()
}

/// Hashes are told by at least so many digits, as in names of releases.
const HASH: usize = 12;

/// A text without numbers of 6 to 11 digits: they may be a doctor's, a package's, a unit's or a patient's (they stand in
/// paths of pages and in names of files, too). Dates, months and small counts are shorter, snapshots' times are longer;
/// what stands among 12 or more hexadecimal digits is part of a hash, and what stands between `.` and `Z` of a time.
pub fn reduced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let (digits, after) = from.split_at(from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len()));
        let at = text.len() - from.len();
        let is_hex = |c: &char| matches!(c, '0'..='9' | 'a'..='f');
        let hex = text[..at].chars().rev().take_while(is_hex).count() + text[at..].chars().take_while(is_hex).count();
        let is_part = hex >= HASH || (text[..at].ends_with('.') && after.starts_with('Z'));
        out += before;
        out += if (6..=11).contains(&digits.len()) && !is_part { "…" } else { digits };
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_may_be_a_persons_are_not_kept() {
        assert_eq!(
            reduced("lege/4000003/index.html: 999999999, lake/t/2026-03/a1234567bcde.parquet"),
            "lege/…/index.html: …, lake/t/2026-03/a1234567bcde.parquet"
        );
        for (text, kept) in [
            ("4000003", "…"),
            ("hpr_4000003.csv", "hpr_….csv"),
            ("HPR4000003 og 01019912345", "HPR… og …"),
            ("<p id=\"l4000003\">", "<p id=\"l…\">"),
            ("4000003;9144900", "…;…"),
            ("lege_lege4000003.csv", "lege_lege….csv"),
            ("4000003Z", "…Z"),
        ] {
            assert_eq!(reduced(text), kept);
        }
    }

    #[test]
    fn places_dates_times_and_hashes_are_kept() {
        let hash = "0123456789abcdef".repeat(4);
        for text in
            ["x.csv:12345: row 12 on 2026-11-10", "at 2026-11-10T08:00:00.123456Z", "20260115041200", "æøå…", "", &hash]
        {
            assert_eq!(reduced(text), text);
        }
    }

    #[test]
    fn a_chain_has_one_text_per_cause() {
        let error = anyhow::anyhow!("reading lege/4000003.csv").context("it failed");
        assert_eq!(chain(&error), ["it failed", "reading lege/….csv"]);
        assert_eq!(told(&error), "it failed: reading lege/….csv");
    }
}
