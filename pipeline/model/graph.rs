//! All models together: every table that a statement names is known, there is no cycle, and inputs come first.
//! Planning each statement against empty tables gives its columns, before any data is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};

use super::header::{Audience, Model};
use crate::closed;
use crate::config::{Config, Product};
use crate::engine::Engine;
use crate::lake::{Lake, Parameter, Query, Table, parameters_named};

/// The models of all products, inputs before what reads them, with the columns of each.
pub struct Models {
    /// In the order they are run.
    pub ordered: Vec<Model>,
    /// Columns of every table: sources and models.
    pub schemas: BTreeMap<String, SchemaRef>,
}

/// What a survey makes do without.
#[derive(Default)]
pub struct Missing {
    /// Tables whose files could not be read: naming them is no fault.
    pub unread: BTreeSet<String>,
    /// Columns of tables that may have none of their own, so that what reads them can be planned all the same.
    pub stand_ins: BTreeMap<String, SchemaRef>,
}

impl Models {
    /// Orders and plans models over source tables with these schemas.
    pub fn plan(
        models: Vec<Model>,
        sources: &BTreeMap<String, SchemaRef>,
        parameters: &BTreeMap<String, Parameter>,
        engine: &Engine,
        lake: &Lake,
    ) -> anyhow::Result<Models> {
        let (models, mut faults) = Models::survey(models, sources, &Missing::default(), parameters, engine, lake);
        if faults.is_empty() { Ok(models) } else { Err(faults.swap_remove(0)) }
    }

    /// The same, but goes on after a fault and tells all of them. A model is planned when all that it reads has columns.
    pub fn survey(
        models: Vec<Model>,
        sources: &BTreeMap<String, SchemaRef>,
        missing: &Missing,
        parameters: &BTreeMap<String, Parameter>,
        engine: &Engine,
        lake: &Lake,
    ) -> (Models, Vec<anyhow::Error>) {
        let (ordered, mut faults) = order_all(models, sources, &missing.unread);
        let mut schemas = missing.stand_ins.clone();
        schemas.extend(sources.clone());
        for model in &ordered {
            let table = |name| {
                let schema: &SchemaRef = schemas.get(name)?;
                Some(Table { name, schema: schema.clone(), entries: Vec::new() })
            };
            let Some(tables) = model.reads.iter().map(|name| table(name.as_str())).collect() else { continue };
            match lake.plan(engine, &Query { sql: &model.sql, tables, parameters }) {
                Ok(schema) => {
                    faults.extend(column_faults(model, &schema));
                    schemas.insert(model.name.clone(), if_hidden(model, schema));
                }
                Err(error) => faults.push(located(model, &error)),
            }
        }
        (Models { ordered, schemas }, faults)
    }

    /// The same, in waves: what a model reads is in an earlier wave than its own.
    pub fn waves(&self) -> Vec<&[Model]> {
        let mut waves = Vec::new();
        let mut rest = self.ordered.as_slice();
        while !rest.is_empty() {
            let reads = |model: &Model, wave: &[Model]| wave.iter().any(|other| model.reads.contains(&other.name));
            let end = (1..rest.len()).find(|at| reads(&rest[*at], &rest[..*at])).unwrap_or(rest.len());
            let (wave, later) = rest.split_at(end);
            waves.push(wave);
            rest = later;
        }
        waves
    }

    /// The model of that name.
    pub fn find(&self, name: &str) -> Option<&Model> {
        self.ordered.iter().find(|model| model.name == name)
    }

    /// The products whose tables a product reads, directly or through others; without itself and `felles`.
    pub fn foundation(&self, product: &str) -> BTreeSet<&str> {
        let mut all: BTreeSet<&str> = BTreeSet::new();
        let mut waiting = vec![product];
        while let Some(next) = waiting.pop() {
            let own = self.ordered.iter().filter(|model| model.product == next);
            for read in own.flat_map(|model| &model.products_read) {
                if read != product && all.insert(read) {
                    waiting.push(read);
                }
            }
        }
        all
    }

    /// A product that is built on one that failed fails with it: its figures would be of two different nights.
    pub fn fail_with(&self, failed: &mut BTreeMap<String, anyhow::Error>) {
        for product in self.products() {
            let cause = self.foundation(product).into_iter().find(|read| failed.contains_key(*read));
            if let Some(cause) = cause.filter(|_| !failed.contains_key(product)) {
                let what = format!("{product} is built on {cause}, which failed; it keeps what it has published");
                failed.insert(product.to_owned(), anyhow::anyhow!(what));
            }
        }
    }

    /// A product's settings, with the thresholds and paragraphs that decide the tables it is built on.
    pub fn settings(&self, config: &Config, product: &str) -> Product {
        let mut settings = config.product(product);
        for read in self.foundation(product) {
            let theirs = config.product(read);
            let models = self.ordered.iter().filter(|model| model.product == read);
            let named: BTreeSet<String> = models.flat_map(|model| parameters_named(&model.sql)).collect();
            settings.thresholds.extend(theirs.thresholds.into_iter().filter(|(name, _)| named.contains(name)));
            settings.paragraphs = theirs.paragraphs;
        }
        settings
    }

    /// The products that have a folder, without `felles`.
    pub fn products(&self) -> BTreeSet<&str> {
        self.ordered.iter().map(|model| model.product.as_str()).filter(|product| *product != SHARED).collect()
    }
}

/// Any figure of a public table may be hidden, so that what is made from it meets absent values, also where the model counts.
fn if_hidden(model: &Model, schema: SchemaRef) -> SchemaRef {
    if model.audience != Audience::Offentlig {
        return schema;
    }
    let fields = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone()))
}

/// The folder of models that every product reads.
pub const SHARED: &str = "felles";

/// The engine names columns and tables, not lines; the first line that holds the name is where to look.
fn located(model: &Model, error: &anyhow::Error) -> anyhow::Error {
    let message = format!("{error:#}");
    let named = message.split("named ").nth(1).and_then(|rest| rest.split([' ', ',']).next());
    let place = match named {
        Some(name) => model.at_name(name.trim_end_matches('.').trim_matches('"').rsplit('.').next().unwrap_or(name)),
        None => model.file.clone(),
    };
    anyhow::anyhow!("{place}: {message}")
}

/// What does not hold of a model's columns.
fn column_faults(model: &Model, schema: &SchemaRef) -> Vec<anyhow::Error> {
    let mut faults = Vec::new();
    let mut must = |holds: bool, place: String, what: String| {
        if !holds {
            faults.push(anyhow::anyhow!("{place}: {what}"));
        }
    };
    let has = |name: &String| schema.column_with_name(name).is_some();
    let nearest = |name: &str| {
        let names = schema.fields().iter().map(|field| field.name().as_str());
        closed::nearest(name, names).unwrap_or("").to_owned()
    };
    for column in model.grain.iter().chain(&model.folder_column).chain(&model.dimensions) {
        must(has(column), model.at(column), format!("`{column}` is no column of the result"));
    }
    for (name, spec) in &model.columns {
        let place = model.at_column(name);
        let what = format!("`{name}` is no column of the result; the nearest is `{}`", nearest(name));
        must(has(name), place.clone(), what);
        for other in spec.avledet_av.iter().chain(&spec.storste).chain(&spec.nest_storste) {
            must(has(other), place.clone(), format!("`{other}` is no column of the result"));
        }
        let pair = spec.avledet_av.is_empty() || spec.avledet_av.len() == 2;
        must(pair, place, "`avledet_av` names numerator and denominator".to_owned());
    }
    for field in schema.fields() {
        let name = field.name();
        let numeric = field.data_type().is_numeric() && *field.data_type() != DataType::Boolean;
        let spec = model.columns.get(name);
        let unit = spec.and_then(|spec| spec.unit.as_deref());
        let rounding = spec.is_some_and(|spec| spec.desimaler.is_some()) || unit == Some("andel");
        must(
            model.audience == Audience::Arbeid || !field.data_type().is_floating() || rounding,
            model.at_column(name),
            format!("rule desimaler: `{name}` is published and is no share; say to how many decimals"),
        );
        must(
            !numeric || unit.is_some(),
            model.at_name(name),
            format!("rule unit: column `{name}` is a number without a unit; give [columns.{name}] unit"),
        );
    }
    let published = model.audience != Audience::Arbeid;
    let status = !published || has(&"status".to_owned());
    must(status, model.file.clone(), "a published table has a column `status`".to_owned());
    faults
}

/// Inputs first: all that are ready, by name, then all that are ready after these. Goes on after a fault.
fn order_all(
    models: Vec<Model>,
    sources: &BTreeMap<String, SchemaRef>,
    unread: &BTreeSet<String>,
) -> (Vec<Model>, Vec<anyhow::Error>) {
    let mut faults = Vec::new();
    let mut waiting: BTreeMap<String, Model> = BTreeMap::new();
    for model in models {
        if sources.contains_key(&model.name) {
            faults.push(anyhow::anyhow!("{}: a source has the same name", model.file));
        } else if let Some(other) = waiting.get(&model.name) {
            faults.push(anyhow::anyhow!("{}: {} has the same name", model.file, other.file));
        } else {
            waiting.insert(model.name.clone(), model);
        }
    }
    // What can be read, or cannot be and was told: it holds up nobody.
    let mut done: BTreeSet<String> = sources.keys().chain(unread).cloned().collect();
    for model in waiting.values() {
        for read in &model.reads {
            if let Some(other) = waiting.get(read) {
                let declared = || model.products_read.contains(&other.product);
                if other.product != model.product && other.product != SHARED && !declared() {
                    faults.push(anyhow::anyhow!(
                        "{}: {read} belongs to {}; a product reads its own tables, those of {SHARED}, and those of products \
                         that the header names in `bygger_paa`",
                        model.at_name(read),
                        other.product
                    ));
                }
            } else if !sources.contains_key(read) && !unread.contains(read) {
                done.insert(read.clone());
                let known = waiting.keys().chain(sources.keys()).map(String::as_str);
                faults.push(anyhow::anyhow!(
                    "{}: there is no table `{read}`; the nearest is `{}`",
                    model.at_name(read),
                    closed::nearest(read, known).unwrap_or("")
                ));
            }
        }
    }
    let mut ordered: Vec<Model> = Vec::new();
    while !waiting.is_empty() {
        let ready = waiting.values().filter(|model| model.reads.is_subset(&done));
        let mut leaving: Vec<String> = ready.map(|model| model.name.clone()).collect();
        if leaving.is_empty() {
            let circle = circle(&waiting);
            faults.push(in_a_circle(&circle, &waiting));
            leaving = circle.iter().map(|model| model.name.clone()).collect();
        }
        for name in leaving {
            ordered.extend(waiting.remove(&name));
            done.insert(name);
        }
    }
    (ordered, faults)
}

/// Follows one input after another until a table comes again: the models from there on read each other.
fn circle(waiting: &BTreeMap<String, Model>) -> Vec<&Model> {
    let mut path: Vec<&Model> = Vec::new();
    let mut next = waiting.values().next();
    while let Some(model) = next {
        if let Some(start) = path.iter().position(|seen| seen.name == model.name) {
            return path.split_off(start);
        }
        path.push(model);
        next = model.reads.iter().find_map(|read| waiting.get(read));
    }
    path
}

fn in_a_circle(circle: &[&Model], waiting: &BTreeMap<String, Model>) -> anyhow::Error {
    let place = |model: &&Model| {
        let read = model.reads.iter().find(|read| waiting.contains_key(*read));
        model.at_name(read.map_or("", String::as_str))
    };
    let steps: Vec<String> = circle.iter().map(place).collect();
    let first = steps.first().map_or("", String::as_str);
    anyhow::anyhow!("{first}: these models read each other in a circle: {}", steps.join(" → "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str, reads: &str) -> Model {
        let text = format!(
            "/*---\ntitle = \"T\"\naudience = \"arbeid\"\ngrain = [\"a\"]\nversjon = 1\n---*/\nselect a\nfrom {reads}\norder by a\n"
        );
        Model::parse("reservasjon", name, &text).unwrap()
    }

    /// In order, or the first fault.
    fn order(models: Vec<Model>, sources: &BTreeMap<String, SchemaRef>) -> anyhow::Result<Vec<Model>> {
        let (ordered, faults) = order_all(models, sources, &BTreeSet::new());
        faults.into_iter().next().map_or(Ok(ordered), Err)
    }

    fn sources() -> BTreeMap<String, SchemaRef> {
        BTreeMap::from([("kilde".to_owned(), std::sync::Arc::new(arrow::datatypes::Schema::empty()))])
    }

    #[test]
    fn inputs_come_first() {
        let ordered = order(vec![model("a", "b"), model("b", "c"), model("c", "kilde")], &sources()).unwrap();
        let names: Vec<&str> = ordered.iter().map(|model| model.name.as_str()).collect();
        assert_eq!(names, ["c", "b", "a"]);
    }

    #[test]
    fn models_that_do_not_read_each_other_make_a_wave() {
        let models = vec![model("a", "b"), model("b", "kilde"), model("c", "kilde"), model("d", "kilde, a")];
        let models = Models { ordered: order(models, &sources()).unwrap(), schemas: BTreeMap::new() };
        let names = |wave: &&[Model]| wave.iter().map(|model| model.name.clone()).collect::<Vec<_>>();
        let waves: Vec<Vec<String>> = models.waves().iter().map(names).collect();
        assert_eq!(waves, [vec!["b", "c"], vec!["a"], vec!["d"]]);
    }

    #[test]
    fn a_cycle_and_an_unknown_table_name_file_and_line() {
        let error = order(vec![model("a", "b"), model("b", "a")], &sources()).unwrap_err().to_string();
        assert!(error.starts_with("queries/reservasjon/a.sql:8: these models read each other in a circle"), "{error}");
        let error = order(vec![model("a", "kidle")], &sources()).unwrap_err().to_string();
        assert_eq!(error, "queries/reservasjon/a.sql:8: there is no table `kidle`; the nearest is `kilde`");
    }

    /// A model of a product, with what its header says of other products.
    fn of(product: &str, name: &str, reads: &str, header: &str) -> Model {
        let text = format!(
            "/*---\ntitle = \"T\"\naudience = \"arbeid\"\ngrain = [\"a\"]\nversjon = 1\n{header}\n---*/\nselect a\nfrom {reads}\norder by a\n"
        );
        Model::parse(product, name, &text).unwrap()
    }

    #[test]
    fn another_products_table_is_read_only_by_who_says_so() {
        let other = || model("a", "kilde");
        let error = order(vec![other(), of("b", "x", "a", "")], &sources()).unwrap_err().to_string();
        assert!(error.starts_with("queries/b/x.sql:8: a belongs to reservasjon; "), "{error}");
        let built_on = of("b", "x", "a", "bygger_paa = [\"reservasjon\"]");
        assert_eq!(order(vec![built_on, other()], &sources()).unwrap().len(), 2);
    }

    #[test]
    fn a_product_fails_with_what_it_is_built_on_through_any_chain() {
        let on = |product: &str| format!("bygger_paa = [\"{product}\"]");
        let ordered = vec![
            of("a", "x", "kilde", ""),
            of("b", "y", "x", &on("a")),
            of("c", "z", "y", &on("b")),
            of("d", "w", "kilde", ""),
        ];
        let models = Models { ordered, schemas: BTreeMap::new() };
        assert_eq!(models.foundation("c"), ["a", "b"].into());
        assert!(models.foundation("a").is_empty());
        let mut failed = BTreeMap::from([("a".to_owned(), anyhow::anyhow!("x"))]);
        models.fail_with(&mut failed);
        assert_eq!(failed.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
        let mut failed = BTreeMap::from([("c".to_owned(), anyhow::anyhow!("x"))]);
        models.fail_with(&mut failed);
        assert_eq!(failed.keys().collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn every_fault_is_told_and_a_file_that_could_not_be_read_is_not_unknown() {
        let models = vec![model("a", "b"), model("b", "a"), model("c", "kidle"), model("d", "kidle"), model("e", "f")];
        let (ordered, faults) = order_all(models, &sources(), &BTreeSet::from(["f".to_owned()]));
        let told: Vec<String> = faults.iter().map(|fault| fault.to_string()[..27].to_owned()).collect();
        assert_eq!(told, ["c", "d", "a"].map(|name| format!("queries/reservasjon/{name}.sql:8")[..27].to_owned()));
        assert_eq!(ordered.len(), 5);
    }
}
