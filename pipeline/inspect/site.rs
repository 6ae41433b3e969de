//! The site without data: pages name tables that they may show, and every page can be filled with tables that are
//! empty, that have one row of absent values or of plain ones, and that are not published yet.
//!
//! Goes on after a fault by taking the template that has it out; the same code loads and fills as in a run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::catalogue;
use super::codes;
use super::fault::{Fault, Sources, line_of};
use super::filling::Filling;
use super::sql::Planned;
use crate::closed;
use crate::config::Config;
use crate::contract::Contract;
use crate::embedded::{self, Files};
use crate::lake::State;
use crate::model::{Audience, Model};
use crate::publish::{self, Making};
use crate::render::{About, Late, Made, Page, Site, Tree, Until};
use crate::run::{ExitCode, Failure};

/// More templates than a page has.
const MOST_TRIES: usize = 100;

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
        older: BTreeMap::new(),
        late: [Until::Month(202_601), Until::Date(day), Until::Year(2026)]
            .map(|until| Late { title: "x".to_owned(), until })
            .into(),
        thresholds: planned
            .products()
            .flat_map(|product| config.product(product).thresholds)
            .map(|(name, value)| (name, value.to_string()))
            .collect(),
        legal_bases: BTreeMap::from([("reservasjon_kontroll".to_owned(), "x".to_owned())]),
        made: made(config, planned, day).map_err(super::fail(ExitCode::Configuration))?.into(),
        ..About::default()
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

/// How tables are made, as far as is known without data.
fn made(config: &Config, planned: &Planned, day: Date) -> anyhow::Result<BTreeMap<String, Made>> {
    let (contracts, state) = (Contract::embedded()?, State::default());
    let models: Vec<&Model> = planned.models.ordered.iter().collect();
    let making = Making { models, contracts: &contracts, state: &state };
    let made = |model: &Model| {
        making.made(model, &planned.models.settings(config, &model.product).thresholds, &day.to_string())
    };
    Ok(planned.models.ordered.iter().map(|model| (model.name.clone(), made(model))).collect())
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
    if let (Some(name), Some(column)) = (&page.complete, &page.mappe) {
        let schema = planned.models.schemas.get(name);
        if !planned.unread.contains(name) && schema.is_none_or(|schema| schema.column_with_name(column).is_none()) {
            fault(name, format!("there is no table `{name}` with a column `{column}` that says who has the page"));
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

/// The template engine ends its messages with `(in lege.html:10)`; the innermost template stands last.
pub(super) fn template_fault(error: &anyhow::Error, sources: &Sources) -> Option<Fault> {
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
