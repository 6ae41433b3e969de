//! TOML with a closed list of keys: what is not known is an error that names file, line and the nearest known key.
//!
//! Knows nothing of what the keys mean; `config`, `contract`, `model` and `render` read their files through it.

use serde::de::DeserializeOwned;

/// Reads a TOML text whose first line is line `first_line` of `file`. The type must deny unknown fields.
pub fn parse<T: DeserializeOwned>(text: &str, file: &str, first_line: usize) -> anyhow::Result<T> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(first_line, |span| first_line + line_breaks(text, span.start));
        let message = error.message().lines().next().unwrap_or("not readable as TOML").to_owned();
        anyhow::anyhow!("{file}:{line}: {}", with_nearest(&message))
    })
}

fn line_breaks(text: &str, end: usize) -> usize {
    text.as_bytes().iter().take(end).filter(|byte| **byte == b'\n').count()
}

/// serde says "unknown field `a`, expected one of `b`, `c`"; readers are helped by the nearest of these.
fn with_nearest(message: &str) -> String {
    if !message.starts_with("unknown field") && !message.starts_with("unknown variant") {
        return message.to_owned();
    }
    let mut names = message.split('`').skip(1).step_by(2);
    let Some(wrong) = names.next() else { return message.to_owned() };
    match nearest(wrong, names) {
        Some(near) => format!("unknown key `{wrong}`; the nearest known one is `{near}`"),
        None => message.to_owned(),
    }
}

/// The name among `known` with the fewest letters to change; the first of equals.
pub fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known.min_by_key(|name| distance(wrong, name))
}

/// Levenshtein's edit distance, row by row.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Sample {
        root: String,
        reserve: Option<i32>,
    }

    #[test]
    fn an_unknown_key_names_line_and_nearest() {
        let error = parse::<Sample>("root = \"x\"\nrot = 1\n", "speil.toml", 1).unwrap_err();
        assert_eq!(error.to_string(), "speil.toml:2: unknown key `rot`; the nearest known one is `root`");
    }

    #[test]
    fn lines_count_from_where_the_text_starts() {
        let error = parse::<Sample>("root = 1\n", "a.sql", 7).unwrap_err();
        assert!(error.to_string().starts_with("a.sql:7: invalid type"), "{error}");
    }

    #[test]
    fn distances_count_changed_letters() {
        assert_eq!(distance("terskler", "tersker"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
