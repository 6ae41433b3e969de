//! What templates name in quotes: other templates, texts and assets, so that a wrong name is found before any page is made.
//!
//! Reads source text only. Names that a template puts together while it runs are checked when it runs.

/// Something that a template names.
#[derive(Debug, PartialEq)]
pub struct Reference<'a> {
    /// Line in the template, from 1.
    pub line: usize,
    /// What it is.
    pub target: Target<'a>,
}

/// What a reference points to.
#[derive(Debug, PartialEq)]
pub enum Target<'a> {
    /// `{% include "x" %}` or `{% extends "x" %}`.
    Template(&'a str),
    /// `text("x", …)`.
    Text(&'a str),
    /// `text("x." ~ y)`: any text that begins so.
    TextPrefix(&'a str),
    /// `text_n("x", …)`: the texts `x.one` and `x.other`.
    Plural(&'a str),
    /// `asset("x")`.
    Asset(&'a str),
    /// `row("x")`: the table has one row wherever the template is filled.
    Row(&'a str),
}

impl Target<'_> {
    /// Whether a template that names this uses the text of that key.
    pub fn uses_text(&self, key: &str) -> bool {
        match self {
            Target::Text(name) => *name == key,
            Target::TextPrefix(prefix) => key.starts_with(prefix),
            Target::Plural(stem) => key.rsplit_once('.').is_some_and(|(start, _)| start == *stem),
            Target::Template(_) | Target::Asset(_) | Target::Row(_) => false,
        }
    }
}

/// How a name in quotes becomes a target.
type Kind<'a> = fn(&'a str) -> Target<'a>;

/// All references of a template, by line.
pub fn references<'a>(source: &'a str) -> Vec<Reference<'a>> {
    let kinds: [(&str, Kind<'a>); 6] = [
        ("include \"", Target::Template),
        ("extends \"", Target::Template),
        ("text(\"", Target::Text),
        ("text_n(\"", Target::Plural),
        ("asset(\"", Target::Asset),
        ("row(\"", Target::Row),
    ];
    let mut references = Vec::new();
    for (index, line) in source.lines().enumerate() {
        for (before, kind) in kinds {
            for (name, after) in quoted(line, before) {
                let begins = before == "text(\"" && after.trim_start().starts_with('~');
                let target = if begins { Target::TextPrefix(name) } else { kind(name) };
                references.push(Reference { line: index + 1, target });
            }
        }
    }
    references
}

/// Every name that stands after `before` up to the next quote, with the rest of the line. `has_text("x")` asks, and may
/// be answered no: what ends a longer word is not meant.
fn quoted<'a>(line: &'a str, before: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let places = line.match_indices(before).map(|(at, _)| (at, at + before.len())).collect::<Vec<_>>();
    let meant = places.into_iter().filter(move |(at, _)| !line[..*at].ends_with(is_part));
    meant.filter_map(|(_, end)| line.get(end..)?.split_once('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_quotes_are_found_with_their_line() {
        let source = "{% extends \"base.html\" %}\n{{ text(\"a.b\", n=text(\"c\")) }} {{ text_n(\"d\", 2) }}\n{{ text(\"k.\" ~ x) }}{{ asset(\"s.css\") }}{{ has_text(\"e\") }}{{ row(\"t\").n }}";
        let found: Vec<(usize, Target)> =
            references(source).into_iter().map(|found| (found.line, found.target)).collect();
        assert_eq!(
            found,
            [
                (1, Target::Template("base.html")),
                (2, Target::Text("a.b")),
                (2, Target::Text("c")),
                (2, Target::Plural("d")),
                (3, Target::TextPrefix("k.")),
                (3, Target::Asset("s.css")),
                (3, Target::Row("t")),
            ]
        );
    }
}
