//! What contracts and headers declare for the whole-night checks, before any data is read: the tables, columns and
//! thresholds that they name are there.

use crate::closed::nearest;
use crate::config::Product;
use crate::contract::{Contract, Target};
use crate::lake::tables_named;
use crate::model::{CheckSpec, Model, Models, SHARED};

/// Everything that is named and not there, with file and line.
pub fn faults(models: &Models, contracts: &[Contract]) -> Vec<anyhow::Error> {
    let mut faults = Vec::new();
    for contract in contracts {
        let references = contract.tables.iter().flat_map(|table| &table.references);
        for target in references.flat_map(|reference| &reference.targets) {
            faults.extend(of_target(models, target, &contract.at(&target.to_string())));
        }
    }
    for model in &models.ordered {
        for target in model.references.iter().flat_map(|reference| &reference.targets) {
            faults.extend(of_target(models, target, &model.at(&target.to_string())));
        }
        faults.extend(of_thresholds(model));
        for check in &model.agreements {
            faults.extend(of_agreement(models, model, check));
        }
    }
    faults
}

fn of_thresholds(model: &Model) -> Vec<anyhow::Error> {
    let thresholds = Product::default().thresholds;
    let named = model.columns.iter().filter_map(|(name, spec)| Some((name, spec.hoyst_endret.as_ref()?)));
    let unknown = named.filter(|(_, threshold)| !thresholds.contains_key(*threshold));
    let told = |(name, threshold): (&String, &String)| {
        let near = nearest(threshold, thresholds.keys().map(String::as_str)).unwrap_or("");
        let place = model.at_column(name);
        anyhow::anyhow!("{place}: `hoyst_endret` names no threshold `{threshold}`; the nearest is `{near}`")
    };
    unknown.map(told).collect()
}

fn of_agreement(models: &Models, model: &Model, check: &CheckSpec) -> Vec<anyhow::Error> {
    let place = model.at(&format!("\"{}\"", check.navn));
    let named = match tables_named(&check.sql) {
        Ok(named) => named,
        Err(error) => return vec![anyhow::anyhow!("{place}: {error:#}")],
    };
    let told = |name: &String| {
        if !models.schemas.contains_key(name) {
            let near = nearest(name, models.schemas.keys().map(String::as_str)).unwrap_or("");
            return Some(anyhow::anyhow!("{place}: there is no table `{name}`; the nearest is `{near}`"));
        }
        let own = |read: &&Model| [model.product.as_str(), SHARED].contains(&read.product.as_str());
        let other = models.find(name).filter(|read| !own(read) && !model.products_read.contains(&read.product))?;
        let product = &other.product;
        Some(anyhow::anyhow!(
            "{place}: {name} belongs to {product}; an agreement is of one product, or of what it is built on"
        ))
    };
    named.iter().filter_map(told).collect()
}

fn of_target(models: &Models, target: &Target, place: &str) -> Option<anyhow::Error> {
    let Target { table, column } = target;
    let Some(schema) = models.schemas.get(table) else {
        let near = nearest(table, models.schemas.keys().map(String::as_str)).unwrap_or("");
        return Some(anyhow::anyhow!("{place}: `viser_til` names no table `{table}`; the nearest is `{near}`"));
    };
    let columns = || schema.fields().iter().map(|field| field.name().as_str());
    let near = || nearest(column, columns()).unwrap_or("").to_owned();
    let is_there = columns().any(|known| known == column);
    (!is_there).then(|| anyhow::anyhow!("{place}: {table} has no column `{column}`; the nearest is `{}`", near()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "/*---\ntitle = \"T\"\naudience = \"arbeid\"\ngrain = [\"a\"]\nversjon = 1\n[columns.a]\nunit = \
                          \"stk\"\nviser_til = [\"lege.rekvirent_hpr\"]\nhoyst_promille = 0\nhoyst_endret = \
                          \"endring_landet_promille\"\n[[avstemming]]\nnavn = \"lik\"\nsql = \"select a from m, lege\"\n\
                          melding = \"x\"\n---*/\nselect a from lege order by a\n";

    /// What is told after a change of the header.
    fn told(old: &str, new: &str) -> Vec<String> {
        assert!(HEADER.contains(old), "{old}");
        let model = Model::parse("reservasjon", "m", &HEADER.replacen(old, new, 1)).unwrap();
        let contracts = Contract::embedded().unwrap();
        let tables = contracts.iter().flat_map(|contract| &contract.tables);
        let mut schemas: std::collections::BTreeMap<_, _> =
            tables.map(|table| (table.name.clone(), table.schema())).collect();
        schemas.insert("m".to_owned(), std::sync::Arc::new(arrow::datatypes::Schema::empty()));
        let models = Models { ordered: vec![model], schemas };
        faults(&models, &contracts).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_named_and_not_there_is_told_with_file_line_and_the_nearest_name() {
        assert!(told("versjon", "versjon").is_empty());
        for (old, new, what) in [
            ("lege.rek", "leger.rek", ":8: `viser_til` names no table `leger`; the nearest is `lege`"),
            ("lege.rekvirent_hpr", "lege.rekvirent", ":8: lege has no column `rekvirent`; the nearest is"),
            (
                "landet_pro",
                "lande_pro",
                ":6: `hoyst_endret` names no threshold `endring_lande_promille`; the nearest is",
            ),
            ("from m, lege", "from m, leger", ":12: there is no table `leger`; the nearest is `lege`"),
        ] {
            let told = told(old, new);
            assert!(told.len() == 1 && told[0].contains(what), "{what}: {told:?}");
        }
    }
}
