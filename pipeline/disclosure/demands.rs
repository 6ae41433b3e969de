//! What the header of a public table must say before any data is read, so that D1 and D7 can be carried out on it.
//!
//! It fails closed: a source is taken for personal data unless it is listed here, a table inherits that from whatever
//! it reads, through any chain of models, and what a rule needs and a header lacks is an error. Knows no rows.

use std::collections::BTreeSet;

use anyhow::ensure;
use arrow::datatypes::{DataType, SchemaRef};

use crate::contract::Contract;
use crate::ingest::STATISTIKK_TABELL;
use crate::model::{Audience, Model, Models, Privacy};

/// Sources about things, none of whose rows is about a person.
const SOURCES_WITHOUT_PERSONS: [&str; 6] = ["fest", "enhet", "klass", "befolkning", "too_kapasitet", "too_tilskudd"];

/// A table with this column is about doctors (D7); other personal data are about patients or courses (D1).
const DOCTOR: &str = "rekvirent_hpr";

/// The count of doctors behind a row.
const DOCTORS: &str = "n_leger";

/// Whose data a table is made from.
#[derive(Default)]
struct MadeFrom {
    persons: BTreeSet<String>,
    doctors: BTreeSet<String>,
}

impl MadeFrom {
    fn sources(models: &Models, contracts: &[Contract]) -> MadeFrom {
        let without = contracts.iter().filter(|contract| SOURCES_WITHOUT_PERSONS.contains(&contract.source.as_str()));
        let mut without: BTreeSet<&str> =
            without.flat_map(|contract| &contract.tables).map(|table| table.name.as_str()).collect();
        without.insert(STATISTIKK_TABELL);
        let mut made_from = MadeFrom::default();
        for (name, schema) in &models.schemas {
            if models.find(name).is_none() && !without.contains(name.as_str()) {
                made_from.persons.insert(name.clone());
                if schema.column_with_name(DOCTOR).is_some() {
                    made_from.doctors.insert(name.clone());
                }
            }
        }
        made_from
    }

    /// A model is made from what it reads is made from. Inputs come first.
    fn inherit(&mut self, model: &Model) {
        if !model.reads.is_disjoint(&self.persons) {
            self.persons.insert(model.name.clone());
        }
        if !model.reads.is_disjoint(&self.doctors) {
            self.doctors.insert(model.name.clone());
        }
    }
}

/// Every public table that is made from data about persons has what the rules ask of it:
///
/// - made from doctors' data (D7): `n_leger`; for each other count `storste` and `nest_storste`, and one of these
///   counts is `grunnlag`; what is no integer is a share or a ratio, since a sum that is none could not be tested for
///   dominance;
/// - made from other personal data (D1): the count that the others rest on is marked `grunnlag`.
///
/// A header that says `personvern = "uten_personer"` is excused, and may then have none of these.
pub fn demand(models: &Models, contracts: &[Contract]) -> anyhow::Result<()> {
    let mut made_from = MadeFrom::sources(models, contracts);
    for model in &models.ordered {
        made_from.inherit(model);
        needs_basis(model, models)?;
        let personal = made_from.persons.contains(&model.name);
        let (Audience::Offentlig, true, Some(schema)) = (model.audience, personal, models.schemas.get(&model.name))
        else {
            continue;
        };
        let doctors = made_from.doctors.contains(&model.name);
        match model.privacy {
            Some(Privacy::UtenPersoner) => counts_nobody(model, schema)?,
            None if doctors => about_doctors(model, schema)?,
            None => about_persons(model)?,
        }
    }
    Ok(())
}

/// Figures of single doctors for others than themselves: only with a legal basis.
fn needs_basis(model: &Model, models: &Models) -> anyhow::Result<()> {
    let names_doctors = |schema: &SchemaRef| schema.column_with_name(DOCTOR).is_some();
    ensure!(
        model.audience != Audience::Intern
            || model.needs_legal_basis
            || !models.schemas.get(&model.name).is_some_and(names_doctors),
        "{}: rule rettsgrunnlag: the table shows staff the figures of single doctors; say `krever_rettsgrunnlag = true`, \
         so that it is off until speil.toml names what allows it",
        model.at("audience")
    );
    Ok(())
}

fn counts_nobody(model: &Model, schema: &SchemaRef) -> anyhow::Result<()> {
    ensure!(
        schema.column_with_name(DOCTORS).is_none() && !has_base(model),
        "{}: rule personvern: the header says `uten_personer`, but the table counts doctors or has a `grunnlag`",
        model.at("personvern")
    );
    Ok(())
}

fn about_persons(model: &Model) -> anyhow::Result<()> {
    ensure!(
        has_base(model),
        "{}: rule D1: the table is made from personal data; mark the count that its figures rest on with `grunnlag = \
         true`, or say `personvern = \"uten_personer\"` and why",
        model.at("audience")
    );
    Ok(())
}

fn about_doctors(model: &Model, schema: &SchemaRef) -> anyhow::Result<()> {
    ensure!(
        schema.field_with_name(DOCTORS).is_ok_and(|field| field.data_type().is_integer()),
        "{}: rule D7: the table is made from doctors' data; give it the column `{DOCTORS}`, the number of doctors \
         behind each row, or say `personvern = \"uten_personer\"` and why",
        model.at("audience")
    );
    let helpers: BTreeSet<&String> =
        model.columns.values().flat_map(|spec| spec.storste.iter().chain(&spec.nest_storste)).collect();
    let told = |name: &String| model.grain.contains(name) || model.dimensions.contains(name) || helpers.contains(name);
    let numbers = schema.fields().iter().filter(|field| field.data_type().is_numeric() && !told(field.name()));
    let mut counts = 0;
    for field in numbers.filter(|field| field.name() != DOCTORS) {
        let (name, spec) = (field.name(), model.columns.get(field.name()));
        if field.data_type().is_integer() {
            counts += 1;
            ensure!(
                spec.is_some_and(|spec| spec.storste.is_some() && spec.nest_storste.is_some()),
                "{}: rule D7: `{name}` is a count of what doctors did; name the columns with the two largest doctors' \
                 parts in `storste` and `nest_storste`",
                model.at_column(name)
            );
        } else {
            ensure!(
                spec.is_some_and(|spec| !spec.avledet_av.is_empty() || is_pure(spec.unit.as_deref())),
                "{}: rule D7: `{name}` is neither a share nor a ratio nor an integer ({}); give sums as integers (money in øre), \
                 so that they can be tested for dominance",
                model.at_column(name),
                kind(field.data_type())
            );
        }
    }
    ensure!(
        counts == 0 || has_base(model),
        "{}: rule D7: mark the column with the number of lines behind each row with `grunnlag = true`",
        model.at("audience")
    );
    Ok(())
}

/// Numbers without a dimension: no sum of anybody's doings.
fn is_pure(unit: Option<&str>) -> bool {
    matches!(unit, Some("andel" | "forholdstall"))
}

fn has_base(model: &Model) -> bool {
    model.columns.values().any(|spec| spec.grunnlag)
}

fn kind(kind: &DataType) -> &'static str {
    if kind.is_floating() { "a double" } else { "a decimal" }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use arrow::datatypes::{Field, Schema};

    use super::*;

    const PUBLIC: &str = r#"/*---
title = "T"
audience = "offentlig"
grain = ["maaned"]
dimensjoner = ["maaned"]
versjon = 1
[columns.linjer]
unit = "linjer"
grunnlag = true
storste = "x1"
nest_storste = "x2"
---*/
select maaned, n_leger, linjer, grad, x1, x2, status from mellom order by maaned
"#;

    const BETWEEN: &str = "/*---\ntitle = \"T\"\naudience = \"arbeid\"\ngrain = [\"a\"]\nversjon = 1\n---*/\nselect \
                           a from SOURCE order by a\n";

    fn columns(names: &[(&str, DataType)]) -> SchemaRef {
        let fields: Vec<Field> = names.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect();
        Arc::new(Schema::new(fields))
    }

    /// A public table `m` over a work table over a source, with these columns.
    fn verdict(text: &str, source: &str, names: &[(&str, DataType)]) -> Result<(), String> {
        let between = Model::parse("reservasjon", "mellom", &BETWEEN.replace("SOURCE", source)).unwrap();
        let public = Model::parse("reservasjon", "m", text).unwrap();
        let contracts = Contract::embedded().unwrap();
        let tables = contracts.iter().flat_map(|contract| &contract.tables);
        let mut schemas: BTreeMap<String, SchemaRef> =
            tables.map(|table| (table.name.clone(), table.schema())).collect();
        schemas.insert("mottak".to_owned(), columns(&[("antall", DataType::Int64)]));
        schemas.insert("mellom".to_owned(), columns(&[("a", DataType::Int64)]));
        schemas.insert("m".to_owned(), columns(names));
        demand(&Models { ordered: vec![between, public], schemas }, &contracts).map_err(|error| error.to_string())
    }

    fn all() -> Vec<(&'static str, DataType)> {
        let whole = |name| (name, DataType::Int64);
        vec![whole("n_leger"), whole("linjer"), ("maaned", DataType::Utf8), whole("x1"), whole("x2")]
    }

    fn but(name: &str) -> Vec<(&'static str, DataType)> {
        all().into_iter().filter(|(other, _)| *other != name).collect()
    }

    #[test]
    fn a_table_from_doctors_data_needs_what_d7_asks_for() {
        assert_eq!(verdict(PUBLIC, "utlevering", &all()), Ok(()));
        let error = verdict(PUBLIC, "utlevering", &but("n_leger")).unwrap_err();
        assert!(error.starts_with("queries/reservasjon/m.sql:3: rule D7: "), "{error}");
        let error = verdict(&PUBLIC.replace("nest_storste = \"x2\"\n", ""), "lege", &but("x2")).unwrap_err();
        assert!(error.starts_with("queries/reservasjon/m.sql:7: rule D7: `linjer` is a count"), "{error}");
        let error = verdict(&PUBLIC.replace("grunnlag = true\n", ""), "utlevering", &all()).unwrap_err();
        assert!(error.contains("`grunnlag = true`"), "{error}");
        let money = [all(), vec![("kroner", DataType::Float64)]].concat();
        let error = verdict(PUBLIC, "utlevering", &money).unwrap_err();
        assert!(error.contains("`kroner` is neither a share nor a ratio nor an integer"), "{error}");
        // A histogram counts doctors and nothing else.
        let doctors = PUBLIC.split("[columns.linjer]").collect::<Vec<_>>().join("---*/\n--");
        let histogram = format!("{}---*/\nselect a from mellom order by a\n", doctors.split("---*/\n").next().unwrap());
        assert_eq!(verdict(&histogram, "utlevering", &[("n_leger", DataType::Int64)]), Ok(()));
    }

    #[test]
    fn a_table_from_other_personal_data_needs_its_base_and_one_from_things_nothing() {
        let bare = PUBLIC.replace("grunnlag = true\n", "");
        let error = verdict(&bare, "mottak", &but("n_leger")).unwrap_err();
        assert!(error.starts_with("queries/reservasjon/m.sql:3: rule D1: "), "{error}");
        assert_eq!(verdict(PUBLIC, "mottak", &but("n_leger")), Ok(()));
        assert_eq!(verdict(&bare, "fest_pakning", &but("n_leger")), Ok(()));
    }

    #[test]
    fn staff_see_single_doctors_only_with_a_legal_basis() {
        let staff = PUBLIC.replace("\"offentlig\"", "\"intern\"");
        let named = [all(), vec![("rekvirent_hpr", DataType::Int32)]].concat();
        assert_eq!(verdict(&staff, "utlevering", &all()), Ok(()));
        let error = verdict(&staff, "utlevering", &named).unwrap_err();
        assert!(error.starts_with("queries/reservasjon/m.sql:3: rule rettsgrunnlag: "), "{error}");
        let allowed = staff.replace("versjon = 1\n", "versjon = 1\nkrever_rettsgrunnlag = true\n");
        assert_eq!(verdict(&allowed, "utlevering", &named), Ok(()));
    }

    #[test]
    fn a_ratio_is_no_sum() {
        let ratio = [all(), vec![("spredning", DataType::Float64)]].concat();
        assert!(verdict(PUBLIC, "utlevering", &ratio).is_err());
        let said = PUBLIC.replace("---*/\nselect", "[columns.spredning]\nunit = \"forholdstall\"\n---*/\nselect");
        assert_eq!(verdict(&said, "utlevering", &ratio), Ok(()));
    }

    #[test]
    fn a_stated_reason_excuses_only_a_table_that_counts_nobody() {
        let excuse = "versjon = 1\npersonvern = \"uten_personer\"\npersonvern_grunn = \"bare navn på måneder\"\n";
        let excused = PUBLIC.replace("versjon = 1\n", excuse);
        let error = verdict(&excused, "utlevering", &all()).unwrap_err();
        assert!(error.starts_with("queries/reservasjon/m.sql:7: rule personvern: "), "{error}");
        let empty = excused.replace("grunnlag = true\n", "");
        assert_eq!(verdict(&empty, "utlevering", &[("maaned", DataType::Utf8)]), Ok(()));
    }
}
