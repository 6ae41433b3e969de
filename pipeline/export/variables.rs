//! What a county must deliver, from the contract itself: a list of variables for people (CSV, in bokmål and nynorsk) and a
//! JSON Schema of one row for programs.
//!
//! Says what the contract says and nothing else, so that the list cannot be older than the checks.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::{Map, Value, json};

use crate::contract::{Column, Contract, Kind};

/// The two languages that lists are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Bokmål.
    Nb,
    /// Nynorsk.
    Nn,
}

/// One delivered column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name in a delivery.
    pub name: String,
    /// What its text must be: the contract's word for it, with length or range.
    pub kind: String,
    /// The values it may have, when they are listed.
    pub codes: Vec<String>,
    /// Whether a row may leave it empty.
    pub may_be_empty: bool,
    /// What it is, in bokmål.
    pub nb: String,
    /// The same in nynorsk.
    pub nn: String,
}

/// The delivered columns of a source, in the contract's order; one that is stored twice stands once.
pub fn variables(contract: &Contract) -> Vec<Variable> {
    let columns = contract.tables.first().map_or(&[][..], |table| table.columns.as_slice());
    let mut all: Vec<Variable> = Vec::new();
    for column in columns.iter().filter(|column| column.stored == column.delivered) {
        all.push(Variable {
            name: column.delivered.clone(),
            kind: kind(&column.kind),
            codes: codes(&column.kind).into_iter().map(str::to_owned).collect(),
            may_be_empty: column.may_be_absent(),
            nb: column.description.clone(),
            nn: column.description_nn.clone().unwrap_or_else(|| column.description.clone()),
        });
    }
    all
}

/// The list as CSV.
pub fn csv(contract: &Contract, language: Language) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    let header = match language {
        Language::Nb => ["variabel", "type", "koder", "kan_mangle", "beskrivelse"],
        Language::Nn => ["variabel", "type", "kodar", "kan_mangle", "skildring"],
    };
    writer.write_record(header).context("writing CSV")?;
    for variable in variables(contract) {
        let may = if variable.may_be_empty { "ja" } else { "nei" };
        let what = if language == Language::Nb { &variable.nb } else { &variable.nn };
        let fields = [&variable.name, &variable.kind, &variable.codes.join(" | "), may, what];
        writer.write_record(fields).context("writing CSV")?;
    }
    writer.into_inner().context("writing CSV")
}

/// A row as an object of texts, by JSON Schema 2020-12. What the rules ask of several columns together is not in it.
pub fn schema(contract: &Contract) -> anyhow::Result<Vec<u8>> {
    let columns = contract.tables.first().map_or(&[][..], |table| table.columns.as_slice());
    let own = || columns.iter().filter(|column| column.stored == column.delivered);
    let properties: Map<String, Value> = own().map(|column| (column.delivered.clone(), property(column))).collect();
    let required: Vec<&str> = own().filter(|column| !column.optional).map(|column| column.delivered.as_str()).collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("{}-v{}.schema.json", contract.source, contract.version),
        "title": contract.title,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    let mut bytes = serde_json::to_vec_pretty(&schema).context("writing a JSON Schema")?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn property(column: &Column) -> Value {
    let mut property = BTreeMap::from([("type", json!("string")), ("description", json!(column.description))]);
    let empty = column.may_be_absent();
    let or_empty = |pattern: String| if empty { format!("^({pattern})?$") } else { format!("^({pattern})$") };
    let listed = codes(&column.kind);
    match &column.kind {
        Kind::Code(_) => {
            let values: Vec<&str> = listed.into_iter().chain(empty.then_some("")).collect();
            property.insert("enum", json!(values));
        }
        Kind::Set(_) => {
            let one = listed.join("|");
            property.insert("pattern", json!(or_empty(format!("({one})(\\+({one}))*"))));
        }
        Kind::Text { max } => {
            property.insert("maxLength", json!(max));
            property.insert("minLength", json!(usize::from(!empty)));
        }
        kind => {
            property.insert("pattern", json!(or_empty(pattern(kind))));
        }
    }
    json!(property)
}

/// What a text of this kind looks like. Whether a date exists, or a check digit is right, no pattern tells.
fn pattern(kind: &Kind) -> String {
    const DATE: &str = "\\d{4}-\\d{2}-\\d{2}";
    match kind {
        Kind::Guid => "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}".to_owned(),
        Kind::Organisation => "\\d{9}".to_owned(),
        Kind::Instant | Kind::DateInOslo => {
            format!("{DATE}T\\d{{2}}:\\d{{2}}(:\\d{{2}}(\\.\\d+)?)?(Z|[+-]\\d{{2}}:\\d{{2}})")
        }
        Kind::Month => "\\d{4}-\\d{2}".to_owned(),
        Kind::Date => DATE.to_owned(),
        Kind::Digits { length } => format!("\\d{{{length}}}"),
        Kind::Integer { .. } => "-?\\d+".to_owned(),
        Kind::Decimal { places } => format!("-?\\d+([,.]\\d{{1,{places}}})?"),
        Kind::Text { .. } | Kind::Code(_) | Kind::Set(_) => ".*".to_owned(),
    }
}

/// The contract's words.
fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Text { max } => format!("tekst({max})"),
        Kind::Code(_) => "kode".to_owned(),
        Kind::Set(_) => "mengde".to_owned(),
        Kind::Guid => "guid".to_owned(),
        Kind::Organisation => "orgnr".to_owned(),
        Kind::Instant | Kind::DateInOslo => "tidspunkt".to_owned(),
        Kind::Month => "maaned".to_owned(),
        Kind::Integer { min, max } => format!("heltall({min}..{max})"),
        Kind::Digits { length } => format!("siffer({length})"),
        Kind::Decimal { places } => format!("desimal({places})"),
        Kind::Date => "dato".to_owned(),
    }
}

/// The listed values, by the number they are stored as, then by name.
fn codes(kind: &Kind) -> Vec<&str> {
    let (Kind::Code(codes) | Kind::Set(codes)) = kind else { return Vec::new() };
    let mut all: Vec<(&i8, &str)> = codes.iter().map(|(name, number)| (number, name.as_str())).collect();
    all.sort_unstable();
    all.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events() -> Contract {
        Contract::embedded().unwrap().into_iter().find(|contract| contract.source == "too_hendelse").unwrap()
    }

    #[test]
    fn the_list_says_what_the_contract_says() {
        let text = String::from_utf8(csv(&events(), Language::Nb).unwrap()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 21);
        assert_eq!(lines[0], "variabel;type;koder;kan_mangle;beskrivelse");
        assert_eq!(lines[1], "hendelse_guid;guid;;nei;Hendelsens nøkkel");
        assert_eq!(lines[4], "forlop_id;tekst(64);;nei;Forløpets pseudonym");
        assert!(lines.contains(&"oppmote;kode;mott | ikke_mott | avbestilt;ja;Oppmøte til time"));
        let nynorsk = String::from_utf8(csv(&events(), Language::Nn).unwrap()).unwrap();
        assert!(nynorsk.contains("\nhendelse_guid;guid;;nei;Nøkkelen til hendinga\n"));
    }

    #[test]
    fn every_variable_of_the_counties_sources_has_both_languages() {
        for contract in Contract::embedded().unwrap().iter().filter(|contract| contract.product == "too") {
            for column in contract.tables.iter().filter(|table| table.county.is_some()).flat_map(|table| &table.columns)
            {
                let name = format!("{} {}", contract.source, column.delivered);
                assert!(contract.source == "befolkning" || column.description_nn.is_some(), "{name}");
            }
        }
    }

    #[test]
    fn the_schema_asks_for_each_column() {
        let schema: Value = serde_json::from_slice(&schema(&events()).unwrap()).unwrap();
        assert_eq!(schema["required"].as_array().unwrap().len(), 20);
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["properties"]["fylkesnr"]["pattern"], "^(\\d{2})$");
        assert_eq!(schema["properties"]["status"]["enum"], json!(["N", "M", "C"]));
        assert_eq!(schema["properties"]["oppmote"]["enum"], json!(["mott", "ikke_mott", "avbestilt", ""]));
        let set = "(tortur|overgrep|odontofobi)";
        assert_eq!(schema["properties"]["maalgruppe"]["pattern"], format!("^({set}(\\+{set})*)?$"));
    }
}
