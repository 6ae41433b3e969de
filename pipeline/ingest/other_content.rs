//! Why a file is refused that has other content than the one that was taken in under its name and version, and what to do.
//! Most often somebody put a correction under the old name; sometimes the file was taken in before it was whole.
//!
//! Knows bytes and row ends; nothing of what rows mean.

use std::io::BufRead;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::arrivals::Arrival;
use crate::disk;
use crate::lake::Delivery;

/// What is said of such a file.
pub(super) fn reason(arrival: &Arrival, in_force: &Delivery) -> String {
    let (name, next) = (&arrival.name, arrival.version + 1);
    // What cannot be read is no beginning of anything.
    if is_of_rows(name) && begins_with(&arrival.path, &in_force.sha256).unwrap_or(false) {
        return format!(
            "{name} was taken in before it was whole: what is in force is its beginning. Name the whole file _v{next}; and \
             let such files be written under a name that ends in .part and renamed when they are whole, or raise \
             `ro_sekunder` in [henting]"
        );
    }
    format!("{name} was taken in before with other content; a correction needs a new version: name it _v{next}")
}

/// Of other formats a part is never taken in.
fn is_of_rows(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("csv"))
}

/// Whether the file up to the end of one of its rows, with or without its line break, has this SHA-256.
fn begins_with(path: &Path, sha256: &str) -> anyhow::Result<bool> {
    let mut file = std::io::BufReader::new(disk::open(path)?);
    let mut hash = Sha256::new();
    let mut row = Vec::new();
    while file.read_until(b'\n', &mut row)? > 0 {
        let text = row.strip_suffix(b"\n").unwrap_or(&row);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        hash.update(text);
        let without = hash.clone();
        hash.update(&row[text.len()..]);
        let ends = [without, hash.clone()];
        if ends.into_iter().any(|hash| disk::hex(&hash.finalize()) == sha256) {
            return Ok(true);
        }
        row.clear();
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_cut_at_the_end_of_a_row_is_known_as_the_beginning_of_the_whole_one() {
        let folder = tempfile::tempdir().unwrap();
        for end in ["\n", "\r\n"] {
            let whole = ["a;b", "1;2", "3;4", "5;6"].map(|row| format!("{row}{end}")).concat();
            let path = folder.path().join("x.csv");
            disk::write(&path, whole.as_bytes()).unwrap();
            let begins = |part: &str| begins_with(&path, &disk::sha256(part.as_bytes())).unwrap();
            assert!(begins(&format!("a;b{end}1;2{end}")) && begins(&format!("a;b{end}1;2")));
            assert!(!begins(&format!("a;b{end}1;")) && !begins(&format!("a;b{end}3;4{end}")) && !begins("x"));
        }
        assert!(is_of_rows("utlevering_2026-01.CSV") && !is_of_rows("utlevering_2026-01.parquet"));
    }
}
