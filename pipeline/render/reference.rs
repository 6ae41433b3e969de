//! What templates name in quotes: other templates, texts and assets, so that a wrong name is found before any page is made.
//!
//! Reads source text only. Names that a template puts together while it runs are checked when it runs.

/// Something that a template names.
#[derive(Debug, PartialEq)]
pub(super) struct Reference<'a> {
    /// Line in the template, from 1.
    pub(super) line: usize,
    /// What it is.
    pub(super) target: Target<'a>,
}

/// What a reference points to.
#[derive(Debug, PartialEq)]
pub(super) enum Target<'a> {
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
}

/// How a name in quotes becomes a target.
type Kind<'a> = fn(&'a str) -> Target<'a>;

/// All references of a template, by line.
pub(super) fn references<'a>(source: &'a str) -> Vec<Reference<'a>> {
    let mut references = Vec::new();
    let kinds: [(&str, Kind<'a>); 4] = [
        ("include \"", Target::Template),
        ("extends \"", Target::Template),
        ("text_n(\"", Target::Plural),
        ("asset(\"", Target::Asset),
    ];
    for (index, text) in source.lines().enumerate() {
        let line = index + 1;
        for (before, target) in kinds {
            references
                .extend(quoted(text, before).into_iter().map(|(name, _)| Reference { line, target: target(name) }));
        }
        for (name, after) in quoted(text, "text(\"") {
            let prefix = after.trim_start().starts_with('~');
            let target = if prefix { Target::TextPrefix(name) } else { Target::Text(name) };
            references.push(Reference { line, target });
        }
    }
    references
}

/// Every name that stands after `before` up to the next quote, with the rest of the line.
fn quoted<'a>(line: &'a str, before: &str) -> Vec<(&'a str, &'a str)> {
    line.match_indices(before).filter_map(|(at, _)| line.get(at + before.len()..)?.split_once('"')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_quotes_are_found_with_their_line() {
        let source = "{% extends \"base.html\" %}\n{{ text(\"a.b\", n=text(\"c\")) }} {{ text_n(\"d\", 2) }}\n{{ text(\"k.\" ~ x) }}{{ asset(\"s.css\") }}";
        let found: Vec<(usize, Target)> =
            references(source).into_iter().map(|found| (found.line, found.target)).collect();
        assert_eq!(
            found,
            [
                (1, Target::Template("base.html")),
                (2, Target::Plural("d")),
                (2, Target::Text("a.b")),
                (2, Target::Text("c")),
                (3, Target::Asset("s.css")),
                (3, Target::TextPrefix("k.")),
            ]
        );
    }
}
