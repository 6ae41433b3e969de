//! The lines that `sha256sum` writes: `<64 hex>  name`. Knows nothing of where they come from.

use anyhow::Context;

use crate::config::is_sha256;

/// A file of such lines is not larger.
pub(super) const LARGEST: u64 = 1 << 20;

/// The checksum of the first of these names that a line has; of the only line when that has no name.
pub(super) fn find(text: &str, names: &[&str]) -> anyhow::Result<String> {
    let lines: Vec<(&str, &str)> = text.lines().filter_map(line).collect();
    let named = names.iter().find_map(|name| lines.iter().find(|(_, of)| of == name));
    let only = || lines.first().filter(|(_, name)| lines.len() == 1 && name.is_empty());
    let (hex, _) = named.or_else(only).with_context(|| {
        format!("the file of checksums has no line for {}; it should look like `<64 hex>  name`", names.join(" or "))
    })?;
    Ok(hex.to_ascii_lowercase())
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
        assert_eq!(find(&two, &["x.zip", "a.zip"]).unwrap(), a);
        assert_eq!(find(&two, &["b.zip"]).unwrap(), "b".repeat(64));
        assert!(find(&two, &["c.zip"]).unwrap_err().to_string().contains("no line for c.zip"));
        assert_eq!(find(&format!("{a}\n"), &["c.zip"]).unwrap(), a);
        assert!(find(&format!("{a}  other.zip\n"), &["c.zip"]).is_err());
        assert!(find("<html>", &["c.zip"]).is_err());
    }
}
