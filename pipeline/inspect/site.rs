//! The site without data: pages name tables that they may show, and every page can be filled with tables that are
//! empty, that have one row of absent values or of plain ones, and that are not published yet.
//!
//! Goes on after a fault by taking the template that has it out; the same code loads and fills as in a run.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::{DataType, Field};
use jiff::civil::Date;

use super::catalogue::{self, Catalogue};
use super::codes::{self, Codes};
use super::fault::{Fault, Sources, line_of};
use super::sql::Planned;
use crate::calendar::Month;
use crate::closed;
use crate::config::Config;
use crate::embedded::{self, Files};
use crate::model::{Audience, Model};
use crate::publish;
use crate::render::{About, Cell, Column, Page, Site, Table, Target, Tree, references};
use crate::run::{ExitCode, Failure};

/// More templates than a page has.
const MOST_TRIES: usize = 100;
/// Most made-up rows of a table.
const MOST_ROWS: usize = 2000;
/// A made-up folder name.
const FOLDER: &str = "1";

/// What was found.
pub(super) struct Pages {
    pub(super) faults: Vec<Fault>,
    pub(super) n_pages: usize,
    pub(super) n_texts: usize,
}

/// Checks texts, templates and page declarations.
pub(super) fn check(
    config: &Config,
    planned: &Planned,
    mut files: Files,
    day: Date,
    sources: &Sources,
) -> Result<Pages, Failure> {
    let mut built_in = config.clone();
    built_in.site = None;
    let stand_in = embedded::site(&built_in).map_err(super::fail(ExitCode::Configuration))?;
    let catalogue = catalogue::check(&mut files, &stand_in);
    let mut faults = catalogue.faults.clone();
    let site = load(&mut files, &stand_in, sources, &mut faults);
    let mut pages = Pages { faults, n_pages: 0, n_texts: catalogue.keys.len() };
    let Some(site) = site else { return Ok(pages) };
    pages.n_pages = site.pages().len();
    let about = About {
        synthetic: config.synthetic,
        published: day,
        withheld: BTreeSet::new(),
        thresholds: planned
            .products()
            .flat_map(|product| config.product(product).thresholds)
            .map(|(name, value)| (name, value.to_string()))
            .collect(),
    };
    let codes = codes::codes(&files, catalogue.keys.iter());
    let filling = Filling { planned, files: &files, site: &site, catalogue: &catalogue, codes, about, sources };
    for page in site.pages() {
        let declared = declaration_faults(page, planned, sources);
        if declared.is_empty() {
            pages.faults.extend(filling.faults(page));
        }
        pages.faults.extend(declared);
    }
    Ok(pages)
}

/// Loads the site; files that stop it are told and taken out. `None` when that does not help.
fn load(files: &mut Files, stand_in: &Files, sources: &Sources, faults: &mut Vec<Fault>) -> Option<Site> {
    templates_of_pages(files, sources, faults);
    for _ in 0..MOST_TRIES {
        let error = match publish::load_site(files.clone()) {
            Ok(site) => return Some(site),
            Err(error) => error,
        };
        let fault = template_fault(&error, sources).unwrap_or_else(|| Fault::told(&error, kind(&error), sources));
        let path = fault.file.strip_prefix("site/").unwrap_or("").to_owned();
        faults.push(fault);
        let replaced = match path.split_once('/') {
            Some(("templates", _)) => files.insert(path, Vec::new()).is_some_and(|bytes| !bytes.is_empty()),
            Some(("texts", "nb.toml")) => {
                let built_in = stand_in.get(&path).cloned();
                let other = built_in.as_ref() != files.get(&path);
                files.extend(built_in.map(|bytes| (path, bytes)));
                other
            }
            _ => files.remove(&path).is_some(),
        };
        if !replaced {
            return None;
        }
    }
    None
}

fn kind(error: &anyhow::Error) -> &'static str {
    let message = error.to_string();
    ["text", "page", "template"].into_iter().find(|kind| message.starts_with(&format!("site/{kind}"))).unwrap_or("site")
}

/// Pages whose template is not there; an empty one is put in, so that the other pages can be looked at.
fn templates_of_pages(files: &mut Files, sources: &Sources, faults: &mut Vec<Fault>) {
    let declared: Vec<String> = files.keys().filter(|path| path.starts_with("pages/")).cloned().collect();
    for path in declared {
        let source = files.get(&path).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default();
        let Ok(table) = source.parse::<toml::Table>() else { continue };
        let pages = table.get("page").and_then(toml::Value::as_array).into_iter().flatten();
        for name in pages.filter_map(|page| page.get("template")?.as_str()) {
            let template = format!("templates/{name}");
            if !files.contains_key(&template) {
                let known = files.keys().filter_map(|path| path.strip_prefix("templates/"));
                let what = format!(
                    "there is no template '{name}'; the nearest is '{}'",
                    closed::nearest(name, known).unwrap_or("")
                );
                faults.push(Fault::by(sources, &format!("site/{path}"), &format!("\"{name}\""), "page", what));
                files.insert(template, Vec::new());
            }
        }
    }
}

/// What does not hold of a page's declaration: unknown tables, and tables that its readers may not see.
fn declaration_faults(page: &Page, planned: &Planned, sources: &Sources) -> Vec<Fault> {
    let file = format!("site/pages/{}.toml", page.product);
    let declared_at = line_of(sources, &file, &format!("\"{}\"", page.template)).unwrap_or(1);
    let line = |name: &str| {
        let lines = sources.get(&file).map(String::as_str).unwrap_or_default().lines().enumerate();
        let mut after = lines.skip(declared_at - 1);
        after.find(|(_, line)| line.contains(&format!("\"{name}\""))).map_or(declared_at, |(at, _)| at + 1)
    };
    let mut faults = Vec::new();
    let mut fault = |name: &str, what: String| faults.push(Fault::at(&file, line(name), "page", what));
    for name in &page.tables {
        let Some(model) = planned.models.find(name) else {
            if !planned.unread.contains(name) {
                let known = planned.models.ordered.iter().map(|model| model.name.as_str());
                let nearest = closed::nearest(name, known).unwrap_or("");
                fault(name, format!("there is no table `{name}` that is computed; the nearest is `{nearest}`"));
            }
            continue;
        };
        let may_see = match (page.tree, model.audience) {
            (_, Audience::Arbeid) => false,
            (_, Audience::Offentlig) | (Tree::Intern, _) => true,
            (tree, audience) => {
                (tree, audience) == (Tree::Lege, Audience::Lege) || (tree, audience) == (Tree::Fylke, Audience::Fylke)
            }
        };
        if !may_see {
            let audience = format!("{:?}", model.audience).to_lowercase();
            fault(name, format!("{name} is for {audience} and must not stand on a page in {}", page.tree));
        }
    }
    let schemas: Option<Vec<_>> = page.tables.iter().map(|name| planned.models.schemas.get(name)).collect();
    if let (Some(column), Some(schemas)) = (&page.mappe, schemas)
        && !schemas.iter().any(|schema| schema.column_with_name(column).is_some())
    {
        fault(column, format!("no table of the page has the column `{column}`, so nobody has a page"));
    }
    faults
}

/// What tables hold when a page is filled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    None,
    Absent,
    Plain,
    /// Public tables are not published yet.
    Withheld,
}

/// What pages are filled with and from.
struct Filling<'a> {
    planned: &'a Planned,
    files: &'a Files,
    site: &'a Site,
    catalogue: &'a Catalogue,
    /// What text columns hold besides a made-up text.
    codes: Codes,
    about: About,
    sources: &'a Sources,
}

impl Filling<'_> {
    fn faults(&self, page: &Page) -> Vec<Fault> {
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
            let all = [Rows::None, Rows::Absent, Rows::Plain, Rows::Withheld];
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

/// The template engine ends its messages with `(in lege.html:10)`; the innermost template stands last.
fn template_fault(error: &anyhow::Error, sources: &Sources) -> Option<Fault> {
    let message = format!("{error:#}");
    let (before, place) = message.rsplit_once(" (in ")?;
    let (name, line) = place.split_once(')')?.0.rsplit_once(':')?;
    let what = before.rsplit_once("): ").map_or(before, |(_, what)| what);
    // Which page was being filled matters less than the line, which may be one fault on many pages.
    let what = what.strip_prefix("rendering ").and_then(|rest| rest.split_once(": ")).map_or(what, |(_, what)| what);
    let what = what.split_once(&format!("{name}: ")).map_or(what, |(_, what)| what);
    let what = what.strip_prefix("invalid operation: ").unwrap_or(what);
    let file = format!("site/templates/{name}");
    sources.contains_key(&file).then_some(())?;
    Some(Fault::at(&file, line.parse().ok()?, "template", what))
}
