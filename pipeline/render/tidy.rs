//! Tests of the site as it lies in `site/`: every text used, none in templates, colours that can be told apart.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::reference::{Target, references};
use super::texts::{Texts, keys_used_in_code};
use super::{Site, SiteFiles};

const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/site");

/// Every file below a folder of the site, by path.
fn folder(name: &str) -> BTreeMap<String, String> {
    fn walk(root: &Path, at: &Path, files: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, files);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let root = Path::new(SITE).join(name);
    let mut files = BTreeMap::new();
    walk(&root, &root, &mut files);
    files
}

fn by_stem(name: &str) -> BTreeMap<String, String> {
    folder(name).into_iter().map(|(name, text)| (name.trim_end_matches(".toml").to_owned(), text)).collect()
}

/// The site as it lies in `site/`.
pub(super) fn site() -> Site {
    let assets = folder("assets").into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    Site::load(SiteFiles { templates: folder("templates"), texts: by_stem("texts"), pages: by_stem("pages"), assets })
        .unwrap()
}

#[test]
fn every_text_is_used_and_every_used_text_is_there() {
    let texts = Texts::parse(&by_stem("texts")["nb"]).unwrap();
    let mut unused: BTreeSet<&str> = texts.keys().collect();
    for key in keys_used_in_code() {
        unused.retain(|candidate| *candidate != key);
    }
    for (name, source) in folder("templates") {
        for reference in references(&source) {
            if let Target::Text(key) = reference.target {
                assert!(texts.has(key), "{name}:{}: {key}", reference.line);
            }
            unused.retain(|key| !reference.target.uses_text(key));
        }
    }
    assert!(unused.is_empty(), "no template uses {unused:?}");
}

/// What is left of a template without its tags: `{{ }}`, `{% %}`, `{# #}` and `< >`.
fn outside_tags(source: &str) -> String {
    let mut rest = source.to_owned();
    for (open, close) in [("{#", "#}"), ("{%", "%}"), ("{{", "}}"), ("<", ">")] {
        while let Some(start) = rest.find(open) {
            let end = rest[start..].find(close).map_or(rest.len(), |end| start + end + close.len());
            rest.replace_range(start..end, " ");
        }
    }
    rest
}

#[test]
fn templates_hold_no_words_no_arithmetic_and_no_inline_styles() {
    for (name, source) in folder("templates") {
        let words: String = outside_tags(&source).chars().filter(|c| c.is_alphanumeric()).collect();
        assert!(words.is_empty(), "{name}: text between tags: {words}");
        for forbidden in ["style=", "<script", "|safe", " + ", " - ", " * ", " / ", " // ", "http://", "https://"] {
            assert!(!source.contains(forbidden), "{name}: {forbidden}");
        }
        for attribute in ["aria-label=\"", "alt=\"", "title=\""] {
            for (at, _) in source.match_indices(attribute) {
                assert!(source[at + attribute.len()..].starts_with("{{"), "{name}: words in {attribute}");
            }
        }
        for svg in source.match_indices("<svg") {
            let tag = source[svg.0..].split('>').next().unwrap();
            assert!(
                ["viewBox", "role=\"img\"", "aria-labelledby", "aria-describedby"]
                    .iter()
                    .all(|part| tag.contains(part)),
                "{name}"
            );
        }
    }
}

/// The contrast between two colours by WCAG, from 1 to 21.
fn contrast(one: &str, other: &str) -> f64 {
    let luminance = |hex: &str| -> f64 {
        [(1, 0.2126), (3, 0.7152), (5, 0.0722)]
            .iter()
            .map(|(at, weight)| {
                let channel = f64::from(u8::from_str_radix(&hex[*at..at + 2], 16).unwrap()) / 255.0;
                let linear = if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) };
                weight * linear
            })
            .sum()
    };
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

/// The colours that a `:root` block names, in the order of the blocks: light, dark, print.
fn palettes(style: &str) -> Vec<BTreeMap<&str, &str>> {
    style
        .split(":root {")
        .skip(1)
        .map(|block| {
            let block = block.split('}').next().unwrap();
            let named = block.split(';').filter_map(|line| line.trim().split_once(": "));
            named.filter(|(name, value)| name.starts_with("--") && value.starts_with('#')).collect()
        })
        .collect()
}

#[test]
fn words_and_marks_stand_out_from_what_is_behind_them() {
    let style = &folder("assets")["style.css"];
    let palettes = palettes(style);
    assert_eq!(palettes.len(), 3, "light, dark, print");
    for palette in &palettes[..2] {
        for ink in ["--ink", "--soft", "--link", "--own", "--peer"] {
            for paper in ["--paper", "--surface", "--notice"] {
                let found = contrast(palette[ink], palette[paper]);
                assert!(found >= 4.5, "{ink} on {paper}: {found:.2}");
            }
        }
        assert!(contrast(palette["--banner-ink"], palette["--banner"]) >= 4.5);
        for mark in ["--own", "--peer", "--column", "--strong-rule", "--notice-rule"] {
            let found = contrast(palette[mark], palette["--paper"]);
            assert!(found >= 3.0, "{mark}: {found:.2}");
        }
        // The own column and the own line stand beside those of others.
        assert!(contrast(palette["--own"], palette["--column"]) >= 1.8);
    }
}
