//! The lines that `sha256sum` writes: `<64 hex>  name`. Knows nothing of where they come from.

use anyhow::ensure;

use crate::config::is_sha256;

/// A file of such lines is not larger.
pub(super) const LARGEST: u64 = 1 << 20;

/// The checksum of the first of these names that a line has; of the only line when that has no name. Absent when other
/// files have lines and these have none. A text without any such line is an error: it is no file of checksums, and says
/// nothing of what is there.
pub(super) fn find(text: &str, names: &[&str]) -> anyhow::Result<Option<String>> {
    let lines: Vec<(&str, &str)> = text.lines().filter_map(line).collect();
    ensure!(!lines.is_empty(), "the file of checksums has no line like `<64 hex>  name`");
    let named = names.iter().find_map(|name| lines.iter().find(|(_, of)| of == name));
    let only = || lines.first().filter(|(_, name)| lines.len() == 1 && name.is_empty());
    Ok(named.or_else(only).map(|(hex, _)| hex.to_ascii_lowercase()))
}

/// Checksum and name; `*` before the name means that the file was read as bytes.
fn line(line: &str) -> Option<(&str, &str)> {
    let (hex, name) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
    let name = name.trim_start();
    let name = name.strip_prefix('*').unwrap_or(name);
    is_sha256(hex).then_some((hex, name.strip_prefix("./").unwrap_or(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_name_counts() {
        let (a, b) = ("a".repeat(64), "B".repeat(64));
        let two = format!("# sums\n{a}  a.zip\n{b} *./b.zip\n");
        assert_eq!(find(&two, &["x.zip", "a.zip"]).unwrap().as_deref(), Some(a.as_str()));
        assert_eq!(find(&two, &["b.zip"]).unwrap(), Some("b".repeat(64)));
        assert_eq!(find(&two, &["c.zip"]).unwrap(), None);
        assert_eq!(find(&format!("{a}\n"), &["c.zip"]).unwrap().as_deref(), Some(a.as_str()));
        assert_eq!(find(&format!("{a}  other.zip\n"), &["c.zip"]).unwrap(), None);
        for text in ["", "\n", "<html>", &format!("{}  c.zip\n", &a[1..])] {
            assert!(find(text, &["c.zip"]).unwrap_err().to_string().contains("no line like"), "{text}");
        }
    }
}
