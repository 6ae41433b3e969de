//! One page filled with every kind of tables that it may meet: empty, absent values, plain ones, tables that are not
//! published yet. Knows nothing of how pages are declared.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::{DataType, Field};
use jiff::civil::Date;

use super::catalogue::Catalogue;
use super::codes::Codes;
use super::fault::{Fault, Sources};
use super::site::template_fault;
use super::sql::Planned;
use crate::calendar::Month;
use crate::embedded::Files;
use crate::model::{Audience, Model};
use crate::publish;
use crate::render::{About, Cell, Column, Page, Site, Table, Target, references};

/// More templates than a page has.
const MOST_TRIES: usize = 100;
/// Most made-up rows of a table.
const MOST_ROWS: usize = 2000;
/// A made-up folder name.
const FOLDER: &str = "1";

/// What tables hold when a page is filled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    None,
    Absent,
    Plain,
    /// Public tables are not published yet.
    Withheld,
    /// Public tables come on a date.
    Coming,
}

/// What pages are filled with and from.
pub(super) struct Filling<'a> {
    pub(super) planned: &'a Planned,
    pub(super) files: &'a Files,
    pub(super) site: &'a Site,
    pub(super) catalogue: &'a Catalogue,
    /// What text columns hold besides a made-up text.
    pub(super) codes: Codes,
    pub(super) about: About,
    pub(super) sources: &'a Sources,
}

impl Filling<'_> {
    /// The faults that a page has however its tables are.
    pub(super) fn faults(&self, page: &Page) -> Vec<Fault> {
        let models: Option<Vec<(&Model, Vec<&Field>)>> = page.tables.iter().map(|name| self.columns(name)).collect();
        // A table that could not be planned has been told.
        let Some(models) = models else { return Vec::new() };
        let mut faults = Vec::new();
        for (model, fields) in &models {
            for field in fields.iter().filter(|field| plain(field, Date::ZERO, String::new()).is_none()) {
                let what = format!("`{}` has type {}, which has no form on a page", field.name(), field.data_type());
                faults.push(Fault::by(self.sources, &model.file, field.name(), "page", what));
            }
        }
        if faults.is_empty() {
            let all = [Rows::None, Rows::Absent, Rows::Plain, Rows::Withheld, Rows::Coming];
            faults.extend(all.into_iter().flat_map(|rows| self.fill(page, &models, rows)));
        }
        faults
    }

    fn columns(&self, table: &str) -> Option<(&Model, Vec<&Field>)> {
        let schema = self.planned.models.schemas.get(table)?;
        Some((self.planned.models.find(table)?, schema.fields().iter().map(AsRef::as_ref).collect()))
    }

    /// Fills a page; a template that stops it is told and taken out, and the page is filled again.
    fn fill(&self, page: &Page, models: &[(&Model, Vec<&Field>)], rows: Rows) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut codes = self.made_up(models);
        let mut files = self.files.clone();
        let mut without: Option<Site> = None;
        let mut about = self.about.clone();
        if rows == Rows::Withheld {
            // A table without figures that could be hidden is never held back.
            let held_back =
                models.iter().filter(|(model, fields)| fields.iter().any(|field| may_be_hidden(model, field)));
            about.withheld = held_back.map(|(model, _)| model.name.clone()).collect();
        }
        if rows == Rows::Coming {
            let public = models.iter().filter(|(model, _)| model.audience == Audience::Offentlig);
            about.coming = public.map(|(model, _)| (model.name.clone(), about.published)).collect();
            about.withheld = about.coming.keys().cloned().collect();
            about.revisions = publish::sample_revisions(about.published).into();
        }
        for _ in 0..MOST_TRIES {
            let given = models.iter().filter(|(model, _)| !about.withheld.contains(&model.name));
            let tables =
                given.map(|(model, fields)| (model.name.clone(), self.table(model, fields, rows, &codes))).collect();
            let key = page.mappe.as_ref().map(|column| self.key(column, models, &codes));
            let Err(error) = without.as_ref().unwrap_or(self.site).render(page, key.as_deref(), &tables, &about) else {
                return faults;
            };
            if let Some((column, code)) = self.known_code(&error, &codes) {
                codes.insert(column, code);
                continue;
            }
            let fault = template_fault(&error, self.sources).unwrap_or_else(|| {
                let what = format!("{error:#}");
                Fault::at(&format!("site/templates/{}", page.template), 1, "template", what)
            });
            let fault = Fault { what: fault.what + &self.unknown_column(&fault.file, fault.line, models), ..fault };
            let path = fault.file.trim_start_matches("site/").to_owned();
            let ends = path == format!("templates/{}", page.template);
            if !self.catalogue.put_in.iter().any(|key| fault.what.contains(&format!("'{key}'"))) {
                faults.push(fault);
            }
            let empty = files.insert(path, Vec::new()).is_none_or(|bytes| bytes.is_empty());
            without = publish::load_site(files.clone()).ok();
            if ends || empty || without.is_none() {
                return faults;
            }
        }
        faults
    }

    /// Texts for the columns of a page. Each is a month of its own, since a text is a code or a month, and a code that
    /// a text is looked up by can then be told from the message; a column that names folders has a plain name.
    fn made_up(&self, models: &[(&Model, Vec<&Field>)]) -> BTreeMap<String, String> {
        let names: BTreeSet<&String> = models.iter().flat_map(|(_, fields)| fields).map(|field| field.name()).collect();
        let months = (0..).filter_map(|n| Some(Month::from_number(200_001)?.plus(n).to_string()));
        let text = |name: &String, month| if self.names_folders(name) { FOLDER.to_owned() } else { month };
        names.into_iter().zip(months).map(|(name, month)| (name.clone(), text(name, month))).collect()
    }

    fn names_folders(&self, column: &str) -> bool {
        self.site.pages().iter().any(|page| page.mappe.as_deref() == Some(column))
    }

    /// A template looked up a text by a made-up code: the column, and a code for which there is a text.
    fn known_code(&self, error: &anyhow::Error, codes: &BTreeMap<String, String>) -> Option<(String, String)> {
        let message = format!("{error:#}");
        let wanted = message.rsplit_once("there is no text '")?.1.split('\'').next()?;
        let (column, made_up) = codes.iter().find(|(_, code)| code.len() > 4 && wanted.contains(code.as_str()))?;
        let (before, after) = wanted.split_once(made_up.as_str())?;
        let keys = self.catalogue.keys.iter();
        let code =
            keys.filter_map(|key| key.strip_prefix(before)?.strip_suffix(after)).find(|code| !code.is_empty())?;
        Some((column.clone(), code.to_owned()))
    }

    /// The engine does not say which name it did not know: a hint, when a name in the line is a column of no table.
    fn unknown_column(&self, file: &str, line: usize, models: &[(&Model, Vec<&Field>)]) -> String {
        const NO_ROWS: [&str; 7] = ["tables", "about", "page", "loop", "chart", "rows", "title"];
        let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let text = self.sources.get(file).and_then(|text| text.lines().nth(line - 1)).unwrap_or_default();
        let known = |name: &str| models.iter().flat_map(|(_, fields)| fields).any(|field| field.name() == name);
        let inside = text.split("{{").skip(1).chain(text.split("{%").skip(1)).map(|rest| rest.split('}').next());
        for expression in inside.flatten() {
            // What stands in quotes is no name.
            for plain in expression.split('"').step_by(2) {
                for (before, after) in plain.match_indices('.').map(|(at, _)| (&plain[..at], &plain[at + 1..])) {
                    let root = before.rsplit(|c| !part(c)).next().unwrap_or_default();
                    let name: String = after.chars().take_while(|c| part(*c)).collect();
                    let of_row = root.starts_with(|c: char| c.is_ascii_lowercase()) && !NO_ROWS.contains(&root);
                    if of_row && !name.is_empty() && !NO_ROWS.contains(&name.as_str()) && !known(&name) {
                        return format!("; no table of the page has a column `{name}`");
                    }
                }
            }
        }
        String::new()
    }

    fn key(&self, column: &str, models: &[(&Model, Vec<&Field>)], codes: &BTreeMap<String, String>) -> String {
        let field = models.iter().flat_map(|(_, fields)| fields).find(|field| field.name() == column);
        match field.and_then(|field| self.cell(field, codes)) {
            Some(Cell::Integer(number)) => number.to_string(),
            Some(Cell::Text(text)) => text,
            _ => String::new(),
        }
    }

    fn table(&self, model: &Model, fields: &[&Field], rows: Rows, codes: &BTreeMap<String, String>) -> Table {
        let columns = fields.iter().map(|field| {
            let spec = model.columns.get(field.name());
            let missing = spec.and_then(|spec| spec.mangler.clone());
            Column { name: field.name().clone(), unit: spec.and_then(|spec| spec.unit.clone()), missing }
        });
        let cell = |field: &&Field| {
            // Only rows that belong in a folder reach a page that has one.
            let absent = rows != Rows::Plain && may_be_absent(model, field) && !self.names_folders(field.name());
            let status = if rows == Rows::Plain { "vist" } else { "mangler" };
            match field.name().as_str() {
                "status" => Cell::Text(status.to_owned()),
                _ if absent => Cell::Absent,
                _ => self.cell(field, codes).unwrap_or(Cell::Absent),
            }
        };
        let row: Vec<Cell> = fields.iter().map(cell).collect();
        let rows = match (rows, self.has_one_row(&model.name)) {
            (Rows::None, false) => Vec::new(),
            (_, true) => vec![row],
            (_, false) => self.with_every_code(row, fields),
        };
        Table { name: model.name.clone(), title: model.title.clone(), columns: columns.collect(), rows }
    }

    /// A row, and one for every combination of codes that the site tells apart.
    fn with_every_code(&self, row: Vec<Cell>, fields: &[&Field]) -> Vec<Vec<Cell>> {
        let mut rows = vec![row];
        for (at, field) in fields.iter().enumerate() {
            let coded = *field.data_type() == DataType::Utf8 && !self.names_folders(field.name());
            let codes = self.codes.get(field.name()).filter(|_| coded && field.name() != "status");
            for code in codes.into_iter().flatten().map(String::as_str).chain(codes.map(|_| FOLDER)) {
                let of_code = |row: &Vec<Cell>| {
                    let mut row = row.clone();
                    if let Some(cell) = row.get_mut(at) {
                        *cell = Cell::Text(code.to_owned());
                    }
                    row
                };
                // The first rows are those with the made-up code.
                let others: Vec<Vec<Cell>> =
                    rows.iter().filter(|row| row.get(at) == first(&rows, at)).map(of_code).collect();
                rows.extend(others.into_iter().take(MOST_ROWS.saturating_sub(rows.len())));
            }
        }
        rows
    }

    /// Whether templates take the table's one row: it then has one, whatever the figures are.
    fn has_one_row(&self, table: &str) -> bool {
        let templates = self.files.iter().filter(|(path, _)| path.starts_with("templates/"));
        templates.into_iter().any(|(_, source)| {
            let source = String::from_utf8_lossy(source);
            references(&source).iter().any(|reference| reference.target == Target::Row(table))
        })
    }

    fn cell(&self, field: &Field, codes: &BTreeMap<String, String>) -> Option<Cell> {
        plain(field, self.about.published, codes.get(field.name()).cloned().unwrap_or_default())
    }
}

/// A column's cell in the first row.
fn first(rows: &[Vec<Cell>], at: usize) -> Option<&Cell> {
    rows.first()?.get(at)
}

/// A value that a column may have; `None` when its type has no form on a page.
fn plain(field: &Field, day: Date, text: String) -> Option<Cell> {
    let month = ["maaned", "periode"].iter().any(|part| field.name().contains(part));
    Some(match field.data_type() {
        DataType::Utf8 => Cell::Text(text),
        DataType::Float64 => Cell::Number(0.5),
        DataType::Date32 => Cell::Date(day),
        kind if kind.is_integer() => Cell::Integer(if month { 202_601 } else { 1 }),
        _ => return None,
    })
}

/// A value is absent where the header says so, and where disclosure control may hide it.
fn may_be_absent(model: &Model, field: &Field) -> bool {
    may_be_hidden(model, field) || model.columns.get(field.name()).is_some_and(|spec| spec.mangler.is_some())
}

fn may_be_hidden(model: &Model, field: &Field) -> bool {
    let name = field.name();
    let figure = field.data_type().is_numeric() && !model.grain.contains(name) && !model.dimensions.contains(name);
    figure && model.audience == Audience::Offentlig
}
