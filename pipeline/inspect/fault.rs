//! A fault found without data: where it is, which rule it breaks, and what to mend.
//!
//! Knows how the program's own messages look, so that each ends up with a file and a line.

use std::collections::BTreeMap;
use std::fmt;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, as it is called in the repository.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The rule it breaks.
    pub rule: String,
    /// What is wrong and how to mend it.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.rule, self.what)
    }
}

/// The texts of the files that are checked, by the name that messages use.
pub(super) type Sources = BTreeMap<String, String>;

impl Fault {
    /// A fault in a known line.
    pub(super) fn at(file: &str, line: usize, rule: &str, what: impl Into<String>) -> Fault {
        Fault { file: file.to_owned(), line, rule: rule.to_owned(), what: what.into() }
    }

    /// A fault in the first line that holds a text.
    pub(super) fn by(sources: &Sources, file: &str, text: &str, rule: &str, what: impl Into<String>) -> Fault {
        Fault::at(file, line_of(sources, file, text).unwrap_or(1), rule, what)
    }

    /// A fault that another module told: `file:line: what`, `file: what`, `file:line: rule NAME: what`. A line that is
    /// not told is looked for: the parsers name it in their words, else it is where the quoted name stands.
    pub(super) fn told(error: &anyhow::Error, rule: &str, sources: &Sources) -> Fault {
        let message = format!("{error:#}");
        let (head, what) = message.split_once(": ").unwrap_or(("", message.as_str()));
        let (file, line) = match head.rsplit_once(':') {
            Some((file, line)) => (file, line.parse().ok()),
            None => (head, None),
        };
        let (rule, what) = match what.strip_prefix("rule ").and_then(|rest| rest.split_once(": ")) {
            Some((rule, what)) => (rule, what),
            None => (rule, what),
        };
        let line = line.or_else(|| line_in_words(what)).or_else(|| quoted_line(sources, file, what));
        let line = line.unwrap_or_else(|| first_line(sources, file));
        Fault::at(file, line, rule, one_line(what))
    }
}

/// The first line of a file that holds a text.
pub(super) fn line_of(sources: &Sources, file: &str, text: &str) -> Option<usize> {
    Some(sources.get(file)?.lines().position(|line| line.contains(text))? + 1)
}

/// `at Line: 10, Column: 3` (SQL), `at line 10, column 3` (TOML), `(in lege.html:10)` (templates; the innermost is last).
fn line_in_words(what: &str) -> Option<usize> {
    let number = |rest: &str| rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    ["at Line: ", "at line "].iter().find_map(|words| number(what.split(words).nth(1)?))
}

/// The line of the first name that the file holds: a parameter, a name in quotes, or what the engine calls "named x".
fn quoted_line(sources: &Sources, file: &str, what: &str) -> Option<usize> {
    let quoted = what.split(['`', '\'']).skip(1).step_by(2);
    let parameters = what.split_whitespace().filter(|word| word.starts_with(['$', '[']));
    let named = what.split("named ").nth(1).and_then(|rest| rest.split([' ', ',']).next());
    let named = named.map(|name| name.trim_end_matches('.').rsplit('.').next().unwrap_or(name).trim_matches('"'));
    let names = parameters.map(|word| word.trim_end_matches(':')).chain(quoted).chain(named);
    let mut names = names.filter(|name| !name.is_empty());
    names.find_map(|name| line_naming(sources, file, name).or_else(|| line_of(sources, file, name)))
}

/// The first line, comments apart, in which a name stands by itself and not as part of a longer one.
fn line_naming(sources: &Sources, file: &str, name: &str) -> Option<usize> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let by_itself = |line: &str| {
        line.match_indices(name)
            .any(|(at, _)| !line[..at].ends_with(part) && !line[at + name.len()..].starts_with(part))
    };
    let comment = |line: &str| line.trim_start().starts_with("--") || line.starts_with('#');
    Some(sources.get(file)?.lines().position(|line| !comment(line) && by_itself(line))? + 1)
}

/// Where a file's own content begins: after a model's header.
fn first_line(sources: &Sources, file: &str) -> usize {
    let Some(text) = sources.get(file).filter(|_| file.ends_with(".sql")) else { return 1 };
    let mut lines = text.lines().enumerate().skip_while(|(_, line)| !line.starts_with("---*/")).skip(1);
    let code = lines.find(|(_, line)| !line.trim().is_empty() && !line.starts_with("--"));
    code.map_or(1, |(at, _)| at + 1)
}

/// Parsers may show the place over several lines; the last of them says what is wrong.
fn one_line(what: &str) -> String {
    let mut lines = what.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or(what);
    match lines.next_back() {
        Some(last) => last.to_owned(),
        None => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_message_becomes_a_file_a_line_and_a_rule() {
        let sql = "/*---\ntitle = 1\n---*/\n-- why\nselect $dag\nfrom t\n".to_owned();
        let sources = BTreeMap::from([("q/m.sql".to_owned(), sql), ("a.toml".to_owned(), "a = 1\nb = 2\n".to_owned())]);
        for (message, expected) in [
            ("q/m.sql:6: there is no table `t`", "q/m.sql:6: sql: there is no table `t`"),
            ("q/m.sql:2: rule unit: give one", "q/m.sql:2: unit: give one"),
            ("q/m.sql: parser: found x at Line: 5, Column: 3", "q/m.sql:5: sql: parser: found x at Line: 5, Column: 3"),
            ("q/m.sql: there is no parameter $dag", "q/m.sql:5: sql: there is no parameter $dag"),
            ("q/m.sql: not allowed", "q/m.sql:5: sql: not allowed"),
            ("a.toml: TOML parse error at line 2, column 1\n  |\n2 | b\n  | ^\nno", "a.toml:2: sql: no"),
            ("a.toml: 'b' is wrong", "a.toml:2: sql: 'b' is wrong"),
        ] {
            let fault = Fault::told(&anyhow::anyhow!("{message}"), "sql", &sources);
            assert_eq!(fault.to_string(), expected);
        }
    }
}
