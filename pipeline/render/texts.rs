//! The catalogue of texts for readers: `site/texts/<language>.toml`, dotted keys, `{n}` slots.
//!
//! Knows nothing of pages. A key or a slot that does not exist is an error, never an empty string.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, anyhow, bail, ensure};

/// The keys that Rust looks up itself; all other keys are named by templates.
pub(super) fn keys_used_in_code() -> impl Iterator<Item = String> {
    let values = ["mangler", "mangler_fordi", "skjult", "uten_nevner", "under", "litt_under", "uker.one", "uker.other"];
    let months = (1..=12).flat_map(|n| ["navn", "kort"].map(|form| format!("maaned.{form}_{n:02}")));
    let durations = ["sekunder", "minutter", "timer"].map(|unit| format!("verdi.varighet.{unit}"));
    let dates = ["dato", "tidspunkt", "maaned.med_aar", "periode.tertial", "periode.tertial_kort"].map(str::to_owned);
    values.into_iter().map(|key| format!("verdi.{key}")).chain(months).chain(durations).chain(dates)
}

/// All texts of one language.
#[derive(Debug)]
pub(super) struct Texts {
    entries: BTreeMap<String, Vec<Part>>,
}

#[derive(Debug, PartialEq)]
enum Part {
    Literal(String),
    Slot(String),
}

impl Texts {
    /// Reads a catalogue; nested tables count as dotted keys.
    pub(super) fn parse(source: &str) -> anyhow::Result<Texts> {
        let table: toml::Table = source.parse()?;
        let mut entries = BTreeMap::new();
        flatten("", &table, &mut entries)?;
        Ok(Texts { entries })
    }

    /// The text under a key, with its slots filled.
    pub(super) fn get(&self, key: &str, slots: &[(&str, &str)]) -> anyhow::Result<String> {
        let parts = self.entries.get(key).ok_or_else(|| anyhow!("there is no text '{key}'"))?;
        for (name, _) in slots {
            ensure!(
                parts.iter().any(|part| matches!(part, Part::Slot(slot) if slot == name)),
                "text '{key}' has no slot {{{name}}}"
            );
        }
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Slot(slot) => match slots.iter().find(|(name, _)| name == slot) {
                    Some((_, filling)) => text.push_str(filling),
                    None => bail!("text '{key}': nothing was given for slot {{{slot}}}"),
                },
            }
        }
        Ok(text)
    }

    /// Whether the key exists.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// All keys, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Checks that another language has the same keys and slots as this one.
    pub(super) fn ensure_same_shape(&self, other: &Texts) -> anyhow::Result<()> {
        for key in self.keys() {
            ensure!(other.has(key), "text '{key}' is missing");
        }
        for key in other.keys() {
            ensure!(self.has(key), "text '{key}' is not in the main catalogue");
            ensure!(self.slots(key) == other.slots(key), "text '{key}' has other slots than in the main catalogue");
        }
        Ok(())
    }

    fn slots(&self, key: &str) -> BTreeSet<&str> {
        let parts = self.entries.get(key).map(Vec::as_slice).unwrap_or_default();
        parts.iter().filter_map(|part| if let Part::Slot(slot) = part { Some(slot.as_str()) } else { None }).collect()
    }
}

fn flatten(prefix: &str, table: &toml::Table, entries: &mut BTreeMap<String, Vec<Part>>) -> anyhow::Result<()> {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::String(text) => {
                let parts = parts(text).with_context(|| format!("text '{key}'"))?;
                ensure!(entries.insert(key.clone(), parts).is_none(), "text '{key}' is there twice");
            }
            toml::Value::Table(inner) => flatten(&key, inner, entries)?,
            _ => bail!("text '{key}' is not a string"),
        }
    }
    Ok(())
}

/// Splits `av {n} leger` into literals and slots.
fn parts(text: &str) -> anyhow::Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(open);
        let Some((slot, after)) = from.strip_prefix('{').and_then(|inner| inner.split_once('}')) else {
            bail!("a brace without its partner");
        };
        ensure!(
            !slot.is_empty() && slot.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
            "'{{{slot}}}' is not a slot; write it in a-z, 0-9 and _"
        );
        if !before.is_empty() {
            parts.push(Part::Literal(before.to_owned()));
        }
        parts.push(Part::Slot(slot.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.to_owned()));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Texts {
        Texts::parse("lege.tittel = \"Tall\"\nlege.antall = \"{n} av {alle} leger\"").unwrap()
    }

    #[test]
    fn slots_are_filled() {
        assert_eq!(texts().get("lege.antall", &[("n", "2"), ("alle", "9")]).unwrap(), "2 av 9 leger");
        assert_eq!(texts().get("lege.tittel", &[]).unwrap(), "Tall");
    }

    #[test]
    fn an_unknown_key_or_slot_is_an_error() {
        let message = |key: &str, slots: &[(&str, &str)]| texts().get(key, slots).unwrap_err().to_string();
        assert_eq!(message("lege.titel", &[]), "there is no text 'lege.titel'");
        assert_eq!(message("lege.tittel", &[("n", "1")]), "text 'lege.tittel' has no slot {n}");
        assert_eq!(message("lege.antall", &[("n", "1")]), "text 'lege.antall': nothing was given for slot {alle}");
    }

    #[test]
    fn broken_catalogues_are_errors() {
        for source in ["a = 1", "a = \"{n\"", "a = \"n}\"", "a = \"{N}\"", "a = \"{}\"", "a = \"x\"\na = \"y\""] {
            assert!(Texts::parse(source).is_err(), "{source}");
        }
    }

    #[test]
    fn languages_must_have_the_same_keys_and_slots() {
        let nb = texts();
        assert!(nb.ensure_same_shape(&texts()).is_ok());
        for other in ["lege.tittel = \"Tal\"", "lege.tittel = \"Tal\"\nlege.antall = \"{n} legar\""] {
            assert!(nb.ensure_same_shape(&Texts::parse(other).unwrap()).is_err());
        }
    }
}
