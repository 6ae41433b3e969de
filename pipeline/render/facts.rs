//! What pages say of their figures: how a table is made, what changed in it, and when it comes.
//!
//! Knows no table; `publish` and `inspect` fill these in, templates write them for a reader.

use jiff::civil::Date;
use minijinja::value::Value;
use minijinja::{Environment, State, context};

use super::environment::{address, declared, here};
use crate::export::variables::Variable;

/// How a table is made: the same facts on pages and in `speil explain`.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// The table's title.
    pub title: String,
    /// Its file, `queries/reservasjon/x.sql`.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The header's `versjon`.
    pub version: u32,
    /// The columns that tell its rows apart.
    pub grain: Vec<String>,
    /// Its columns that have a unit or may be absent.
    pub columns: Vec<MadeColumn>,
    /// The deliveries that it is made from.
    pub sources: Vec<MadeFrom>,
    /// The thresholds that shape it: name → value.
    pub thresholds: Vec<(String, i64)>,
    /// The run's date, as `2026-12-01`.
    pub as_of: String,
}

/// One column.
#[derive(Clone, Debug)]
pub struct MadeColumn {
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: Option<String>,
    /// Why a value can be absent.
    pub missing: Option<String>,
}

/// One source.
#[derive(Clone, Debug)]
pub struct MadeFrom {
    /// Its name in the configuration.
    pub name: String,
    /// Its title, for readers.
    pub title: String,
    /// The first and last month, or day, that its deliveries are of; absent when they name none.
    pub span: Option<(String, String)>,
}

/// The changes of one table in one period.
#[derive(Clone, Debug)]
pub struct Revision {
    /// When they became public, as `2026-12-01`.
    pub date: String,
    /// The table.
    pub table: String,
    /// The period, as the table writes it; empty when it has none.
    pub period: String,
    /// Why: codes that the texts know.
    pub causes: Vec<String>,
    /// Between how many …
    pub at_least: i64,
    /// … and how many cells, both included.
    pub at_most: i64,
}

impl Revision {
    pub(super) fn to_value(&self) -> Value {
        context! {
            date => self.date.as_str(), table => self.table.as_str(), period => self.period.as_str(),
            causes => self.causes.clone(), at_least => self.at_least, at_most => self.at_most,
        }
    }
}

impl Made {
    pub(super) fn to_value(&self) -> Value {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let columns = self.columns.iter().map(|column| {
            context! { name => column.name.as_str(), unit => text(&column.unit), missing => text(&column.missing) }
        });
        let sources = self.sources.iter().map(|source| {
            let (first, last) = source.span.clone().unwrap_or_default();
            let of_days = first.len() > "2026-01".len();
            context! { title => source.title.as_str(), first => first, last => last, of_days => of_days }
        });
        let thresholds =
            self.thresholds.iter().map(|(name, value)| context! { name => name.as_str(), value => *value });
        context! {
            title => self.title.as_str(), file => self.file.as_str(), sha256 => self.sha256.as_str(),
            version => self.version, grain => self.grain.clone(), columns => columns.collect::<Vec<_>>(),
            sources => sources.collect::<Vec<_>>(), thresholds => thresholds.collect::<Vec<_>>(),
            as_of => self.as_of.as_str(),
        }
    }
}

fn variable(variable: &Variable) -> Value {
    context! {
        name => variable.name.as_str(), kind => variable.kind.as_str(), codes => variable.codes.join(", "),
        may_be_empty => variable.may_be_empty, nb => variable.nb.as_str(), nn => variable.nn.as_str(),
    }
}

/// Registers what templates ask with.
pub(super) fn register(env: &mut Environment<'static>) {
    // When the first figures of a table come; empty for one that is not waiting for a date.
    env.add_function("coming", |state: &State, table: &str| {
        here(state, |position| {
            declared(position, table)?;
            Ok(position.coming.get(table).map(Date::to_string).unwrap_or_default())
        })
    });
    // How a table is made; false where the page does not know, as of tables that others publish.
    env.add_function("made", |state: &State, table: &str| {
        here(state, |position| {
            declared(position, table)?;
            Ok(position.made.get(table).map_or(Value::from(false), Made::to_value))
        })
    });
    env.add_function("revisions", |state: &State| {
        here(state, |position| Ok(position.revisions.iter().map(Revision::to_value).collect::<Vec<_>>()))
    });
    // What allows a product; empty for one that is off or needs nothing.
    env.add_function("legal_basis", |state: &State, product: &str| {
        here(state, |position| Ok(position.legal_bases.get(product).cloned().unwrap_or_default()))
    });
    // Whom readers turn to; empty where the configuration does not say it.
    env.add_function("contact", |state: &State, product: &str| {
        here(state, |position| Ok(position.contacts.get(product).cloned().unwrap_or_default()))
    });
    // What counties deliver of a source; none where the page does not know.
    env.add_function("variables", |state: &State, source: &str| {
        here(state, |position| {
            let own = position.variables.get(source).into_iter().flatten();
            Ok(own.map(variable).collect::<Vec<_>>())
        })
    });
    // A file of the folder that the page repeats over.
    env.add_function("own_file", |state: &State, path: &str| {
        here(state, |position| Ok(address(format!("{}{path}", position.page.folder()))))
    });
    // A file of the page's own tree that shows no table of a model.
    env.add_function("file", |state: &State, path: &str| {
        here(state, |position| Ok(address(format!("{}{path}", position.page.root()))))
    });
}
