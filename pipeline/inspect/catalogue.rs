//! Texts and what templates name: every key that is named is there, every key that is there is used, in every language.
//!
//! Loading a site stops at the first of these; here all are told, and what is missing is put in, so that the rest of
//! the site can be checked as if it were there.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::Fault;
use crate::closed;
use crate::embedded::Files;
use crate::publish;
use crate::render::{Reference, Target, references};

/// The language that pages are made in.
const MAIN: &str = "texts/nb.toml";

/// What was found in the catalogues and in what templates name.
#[derive(Default)]
pub(super) struct Catalogue {
    /// What does not hold.
    pub(super) faults: Vec<Fault>,
    /// Keys of the main language that are there.
    pub(super) keys: BTreeSet<String>,
    /// Keys that were put in: what templates do with these cannot be told.
    pub(super) put_in: BTreeSet<String>,
}

/// A text and the line it stands on.
struct Text {
    line: usize,
    text: String,
}

/// Checks the texts, and puts into `files` what templates name and is not there. Texts that cannot be read are replaced
/// by those of `stand_in`; what templates name is then not told.
pub(super) fn check(files: &mut Files, stand_in: &Files) -> Catalogue {
    let mut found = Catalogue::default();
    let mut main = match files.get(MAIN).map(|bytes| texts(bytes)) {
        Some(Ok(main)) => main,
        broken => {
            let file = format!("site/{MAIN}");
            found.faults.push(match broken {
                Some(Err((line, what))) => Fault::at(&file, line, "text", what),
                _ => Fault::at(&file, 1, "text", "the file is missing; it holds all texts of the pages"),
            });
            files.insert(MAIN.to_owned(), stand_in.get(MAIN).cloned().unwrap_or_default());
            put_in(files, &mut found, &BTreeMap::new(), false);
            return found;
        }
    };
    other_languages(files, &main, &mut found);
    put_in_what_the_program_needs(&mut main, &mut found);
    found.keys = main.keys().cloned().collect();
    let templates = templates(files);
    let named: Vec<Target<'_>> =
        templates.iter().flat_map(|(_, source)| references(source)).map(|reference| reference.target).collect();
    put_in(files, &mut found, &main, true);
    let in_code = |key: &str| !loads_without(&main, key);
    for (key, text) in &main {
        if !named.iter().any(|target| target.uses_text(key)) && !in_code(key) {
            let what = format!("'{key}' is used by no template; remove it, or use it");
            found.faults.push(Fault::at(&format!("site/{MAIN}"), text.line, "text", what));
        }
    }
    found
}

/// The program refuses to load a site that lacks a text which it looks up itself.
fn put_in_what_the_program_needs(texts: &mut BTreeMap<String, Text>, found: &mut Catalogue) {
    while let Err(error) = publish::load_site(alone(texts.iter())) {
        let message = error.to_string();
        let missing = message.split("there is no text '").nth(1).and_then(|rest| rest.split('\'').next());
        let Some(key) = missing.filter(|key| !texts.contains_key(*key)).map(str::to_owned) else { return };
        let what = format!("there is no text '{key}', which the program looks up; add it");
        found.faults.push(Fault::at(&format!("site/{MAIN}"), 1, "text", what));
        texts.insert(key.clone(), Text { line: 1, text: String::new() });
        found.put_in.insert(key);
    }
}

/// Whether the program can do without a text.
fn loads_without(texts: &BTreeMap<String, Text>, key: &str) -> bool {
    publish::load_site(alone(texts.iter().filter(|(name, _)| *name != key))).is_ok()
}

/// A site of these texts and nothing else.
fn alone<'t>(texts: impl Iterator<Item = (&'t String, &'t Text)>) -> Files {
    let texts: toml::Table = texts.map(|(name, text)| (name.clone(), toml::Value::String(text.text.clone()))).collect();
    Files::from([(MAIN.to_owned(), texts.to_string().into_bytes())])
}

/// Every language has the keys and slots of the main one.
fn other_languages(files: &mut Files, main: &BTreeMap<String, Text>, found: &mut Catalogue) {
    let others: Vec<String> =
        files.keys().filter(|path| path.starts_with("texts/") && *path != MAIN).cloned().collect();
    for path in others {
        let file = format!("site/{path}");
        let mut fault = |line: usize, what: String| found.faults.push(Fault::at(&file, line, "text", what));
        match texts(files.remove(&path).as_deref().unwrap_or_default()) {
            Err((line, what)) => fault(line, what),
            Ok(other) => {
                for (key, text) in main.iter().filter(|(key, _)| !other.contains_key(*key)) {
                    fault(1, format!("'{key}' is missing; site/{MAIN}:{} has it", text.line));
                }
                for (key, text) in &other {
                    match main.get(key) {
                        None => fault(text.line, format!("'{key}' is not in site/{MAIN}; remove it, or add it there")),
                        Some(own) if slots(&own.text) != slots(&text.text) => {
                            fault(text.line, format!("'{key}' has other slots than in site/{MAIN}:{}", own.line));
                        }
                        Some(_) => {}
                    }
                }
            }
        }
    }
}

/// The `{slots}` of a text.
fn slots(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(slot, _)| slot).collect()
}

/// The templates' names and sources.
fn templates(files: &Files) -> Vec<(String, String)> {
    let templates = files.iter().filter(|(path, _)| path.starts_with("templates/"));
    templates.map(|(path, bytes)| (path.clone(), String::from_utf8_lossy(bytes).into_owned())).collect()
}

/// Puts in what templates name and is not there, and tells it; of texts only when `tell_texts`.
fn put_in(files: &mut Files, found: &mut Catalogue, main: &BTreeMap<String, Text>, tell_texts: bool) {
    let mut missing = std::mem::take(&mut found.put_in);
    for (path, source) in templates(files) {
        for Reference { line, target } in references(&source) {
            let mut fault = |kind: &str, name: &str, known: Option<&str>| {
                let nearest = known.map(|near| format!("; the nearest is '{near}'")).unwrap_or_default();
                let what = format!("there is no {kind} '{name}'{nearest}");
                found.faults.push(Fault::at(&format!("site/{path}"), line, "template", what));
            };
            let keys = || main.keys().map(String::as_str);
            let mut text = |kind: &str, key: &str| {
                if tell_texts {
                    fault(kind, key, closed::nearest(key, keys()).filter(|_| kind == "text"));
                }
                missing.insert(key.to_owned());
            };
            match target {
                Target::Text(key) if !main.contains_key(key) => text("text", key),
                Target::TextPrefix(prefix) if !keys().any(|key| key.starts_with(prefix)) => {
                    text("text that begins with", prefix);
                }
                Target::Plural(stem) => {
                    let forms = ["one", "other"].map(|form| format!("{stem}.{form}"));
                    forms.iter().filter(|form| !main.contains_key(*form)).for_each(|form| text("text", form));
                }
                Target::Template(name) | Target::Asset(name) => {
                    let (kind, folder) = match target {
                        Target::Template(_) => ("template", "templates/"),
                        _ => ("asset", "assets/"),
                    };
                    if !files.contains_key(&format!("{folder}{name}")) {
                        let known = files.keys().filter_map(|path| path.strip_prefix(folder));
                        fault(kind, name, closed::nearest(name, known));
                        files.insert(format!("{folder}{name}"), Vec::new());
                    }
                }
                Target::Text(_) | Target::TextPrefix(_) | Target::Row(_) => {}
            }
        }
    }
    let mut text: String = missing.iter().map(|key| format!("{} = \"\"\n", toml::Value::String(key.clone()))).collect();
    let catalogue = files.entry(MAIN.to_owned()).or_default();
    text += &String::from_utf8_lossy(catalogue);
    // A stand-in may have the key already.
    if tell_texts || toml::from_str::<toml::Table>(&text).is_ok() {
        *catalogue = text.into_bytes();
    }
    found.put_in = missing;
}

/// Dotted key → text. An error names its line.
fn texts(bytes: &[u8]) -> Result<BTreeMap<String, Text>, (usize, String)> {
    let source = std::str::from_utf8(bytes).map_err(|_| (1, "the file is not UTF-8".to_owned()))?;
    let line_at = |at: usize| source.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
    let table = toml::de::DeTable::parse(source).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(span.start));
        (line, error.message().lines().next().unwrap_or("not readable as TOML").to_owned())
    })?;
    let mut found = BTreeMap::new();
    flatten("", table.get_ref(), &line_at, &mut found)?;
    Ok(found)
}

fn flatten(
    prefix: &str,
    table: &toml::de::DeTable<'_>,
    line_at: &dyn Fn(usize) -> usize,
    found: &mut BTreeMap<String, Text>,
) -> Result<(), (usize, String)> {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.get_ref().to_string() } else { format!("{prefix}.{}", name.get_ref()) };
        let line = line_at(value.span().start);
        match value.get_ref() {
            toml::de::DeValue::String(text) => drop(found.insert(key, Text { line, text: text.to_string() })),
            toml::de::DeValue::Table(inner) => flatten(&key, inner, line_at, found)?,
            _ => return Err((line, format!("'{key}' is not a string"))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_lines_and_slots() {
        let texts = texts(b"a.b = \"x {n}\"\n[c]\nd = \"{m} av {n}\"\n").unwrap();
        let lines: Vec<(&str, usize)> = texts.iter().map(|(key, text)| (key.as_str(), text.line)).collect();
        assert_eq!(lines, [("a.b", 1), ("c.d", 3)]);
        assert_eq!(slots(&texts["c.d"].text), BTreeSet::from(["m", "n"]));
        assert_eq!(super::texts(b"a = 1\n").err().unwrap().0, 1);
        assert_eq!(super::texts(b"a = \"x\"\na = \"y\"\n").err().unwrap().0, 2);
    }
}
