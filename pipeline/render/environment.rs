//! The template engine, closed: what is not registered here or in `filter`, a template cannot do.
//!
//! Strict about undefined names, escapes everything, and refuses to print what no reader should see:
//! none, true and false, an absent value, a float that nobody rounded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Object, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, State, UndefinedBehavior, escape_formatter};

use crate::export::variables::Variable;

use super::chart::{self, Bar, Bars, Bin, Goal, Histogram, Line, Own, Percentile, Series, Size, Strip, Unit};
use super::facts::{self, Made, Revision};
use super::filter::{cell, count, figure, period, refuse, register, short_absence, short_period};
use super::number;
use super::page::{Page, Tree, is_plain};
use super::period::Period;
use super::places;
use super::table::Absent;
use super::texts::Texts;

/// What functions need to know of the page that is being rendered; templates see it as `page`.
#[derive(Debug)]
pub(super) struct Position {
    pub(super) page: Page,
    pub(super) withheld: BTreeSet<String>,
    pub(super) coming: BTreeMap<String, Date>,
    pub(super) made: Arc<BTreeMap<String, Made>>,
    pub(super) revisions: Arc<Vec<Revision>>,
    pub(super) thresholds: BTreeMap<String, String>,
    pub(super) legal_bases: BTreeMap<String, String>,
    pub(super) contacts: BTreeMap<String, String>,
    pub(super) cubes: BTreeMap<String, String>,
    pub(super) variables: Arc<BTreeMap<String, Vec<Variable>>>,
}

impl Object for Position {}

/// The pages that links may go to, by tree and path → whether there is one per key.
pub(super) type Targets = BTreeMap<(Tree, String), bool>;

/// An engine without templates. `assets` is file name → hashed name.
pub(super) fn environment(
    texts: &Arc<Texts>,
    assets: BTreeMap<String, String>,
    pages: Targets,
) -> Result<Environment<'static>, Error> {
    let mut env = Environment::empty();
    // Debug information would quote the values around an error.
    env.set_debug(false);
    // A line that holds only a tag leaves no empty line in the page.
    env.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_formatter(|out, state, value| match value.kind() {
        ValueKind::None | ValueKind::Undefined => Err(refuse("a missing value reached the page; say what is missing")),
        ValueKind::Number if !value.is_integer() => Err(refuse("a float reached the page; use a filter that rounds")),
        ValueKind::Bool => Err(refuse("true or false reached the page")),
        ValueKind::String | ValueKind::Number => escape_formatter(out, state, value),
        _ => Err(refuse("a value that is neither text nor a number reached the page; an absent one needs a filter")),
    });
    register(&mut env, texts);
    add_texts(&mut env, texts);
    add_links(&mut env, assets, pages);
    facts::register(&mut env);
    add_figures(&mut env);
    add_charts(&mut env, texts);
    super::funnel::register(&mut env);
    places::register(&mut env, texts);
    Ok(env)
}

fn add_texts(env: &mut Environment<'static>, texts: &Arc<Texts>) {
    let all = texts.clone();
    env.add_function("text", move |key: &str, slots: Kwargs| fill(&all, key, &slots, None));
    let all = texts.clone();
    env.add_function("has_text", move |key: &str| all.has(key));
    let all = texts.clone();
    env.add_function("text_n", move |key: &str, n: i64, slots: Kwargs| {
        let form = if n == 1 { "one" } else { "other" };
        fill(&all, &format!("{key}.{form}"), &slots, Some(number::grouped(n)))
    });
}

fn fill(texts: &Texts, key: &str, slots: &Kwargs, n: Option<String>) -> Result<String, Error> {
    let mut fillings = Vec::new();
    for name in slots.args() {
        let value: Value = slots.peek(name)?;
        let text = value
            .as_str()
            .ok_or_else(|| refuse(format!("slot {{{name}}} of text '{key}' was not given text; use a filter")))?;
        fillings.push((name, text.to_owned()));
    }
    let mut pairs: Vec<(&str, &str)> = fillings.iter().map(|(name, text)| (*name, text.as_str())).collect();
    pairs.extend(n.as_deref().map(|n| ("n", n)));
    texts.get(key, &pairs).map_err(|error| refuse(error.to_string()))
}

/// Runs `f` with the page that is being rendered.
pub(super) fn here<T>(state: &State, f: impl FnOnce(&Position) -> Result<T, Error>) -> Result<T, Error> {
    let page = state.lookup("page").ok_or_else(|| refuse("no page is being rendered"))?;
    f(page.downcast_object_ref::<Position>().ok_or_else(|| refuse("a template has put another value in 'page'"))?)
}

fn add_links(env: &mut Environment<'static>, assets: BTreeMap<String, String>, pages: Targets) {
    let targets = Arc::new(pages);
    let pages = targets.clone();
    env.add_function("asset", move |state: &State, name: &str| {
        let hashed = assets.get(name).ok_or_else(|| refuse(format!("there is no asset '{name}'")))?;
        here(state, |position| Ok(address(format!("{}assets/{hashed}", position.page.root()))))
    });
    env.add_function("link", move |state: &State, path: &str, options: Kwargs| {
        let key = options.get::<Option<String>>("key")?;
        options.assert_all_used()?;
        here(state, |position| {
            let page = &position.page;
            // Folders of these trees are for one reader each: no link leads from one key's folder to another's.
            let open = !matches!(page.tree, Tree::Lege | Tree::Fylke);
            let known = match pages.get(&(page.tree, path.to_owned())) {
                Some(true) => key.as_deref().is_some_and(|key| open && is_plain(key)),
                Some(false) => key.is_none(),
                None => false,
            };
            if !known {
                return Err(refuse(format!("there is no page '{path}' in {} to link to in this way", page.tree)));
            }
            let folder = key.map(|key| format!("{key}/")).unwrap_or_default();
            Ok(address(format!("{}{folder}{path}", page.root())))
        })
    });
    env.add_function("data", |state: &State, table: &str| {
        here(state, |position| {
            declared(position, table)?;
            let page = &position.page;
            Ok(address(if page.tree == Tree::Offentlig {
                format!("{}data/{table}.csv", page.root())
            } else {
                format!("{}{table}.csv", page.folder())
            }))
        })
    });
    env.add_function("has_cube", |state: &State, file: &str| {
        here(state, |position| Ok(position.cubes.contains_key(file) && position.page.tree == Tree::Offentlig))
    });
    env.add_function("cube", |state: &State, file: &str| {
        here(state, |position| {
            let path = position.cubes.get(file).filter(|_| position.page.tree == Tree::Offentlig);
            let path = path.ok_or_else(|| refuse(format!("there is no cube '{file}' to link to from here")))?;
            Ok(address(format!("{}{path}", position.page.root())))
        })
    });
    env.add_function("published", move |state: &State, name: &str| {
        here(state, |position| {
            if !targets.contains_key(&(position.page.tree, name.to_owned())) {
                declared(position, name)?;
            }
            Ok(!position.withheld.contains(name))
        })
    });
}

/// A relative address, printed as it is: its parts were checked when the site was loaded, and an escaped `/` is hard to
/// read and to check.
pub(super) fn address(path: String) -> Value {
    Value::from_safe_string(path)
}

pub(super) fn declared(position: &Position, table: &str) -> Result<(), Error> {
    if position.page.tables.iter().any(|name| name == table) {
        Ok(())
    } else {
        Err(refuse(format!("the page does not declare table '{table}'")))
    }
}

fn add_figures(env: &mut Environment<'static>) {
    env.add_function("row", |state: &State, table: &str| {
        let tables = state.lookup("tables").ok_or_else(|| refuse("no page is being rendered"))?;
        let rows = cell(&tables.get_attr(table)?, "rows")?;
        match rows.len() {
            Some(1) => rows.get_item_by_index(0),
            n_rows => Err(refuse(format!("table '{table}' should have one row here, not {}", n_rows.unwrap_or(0)))),
        }
    });
    env.add_function("threshold", |state: &State, name: &str| {
        here(state, |position| {
            let value = position.thresholds.get(name).cloned();
            value.ok_or_else(|| refuse(format!("there is no threshold '{name}'")))
        })
    });
    env.add_function("below_threshold", |state: &State, value: Value, name: &str| {
        here(state, |position| {
            let threshold = position.thresholds.get(name).and_then(|threshold| threshold.parse::<f64>().ok());
            let threshold =
                threshold.ok_or_else(|| refuse(format!("there is no threshold '{name}' that is a number")))?;
            Ok(figure(&value)?.is_some_and(|value| value < threshold))
        })
    });
}

fn add_charts(env: &mut Environment<'static>, texts: &Arc<Texts>) {
    let names = texts.clone();
    env.add_function("series_chart", move |lines: Vec<Value>, options: Kwargs| {
        let lines = lines.iter().map(line).collect::<Result<Vec<Line>, Error>>()?;
        let (size, unit, goal) = (size(&options)?, unit(&options)?, goal(&options)?);
        let axis = options.get("axis")?;
        options.assert_all_used()?;
        let periods: Vec<Period> = lines.iter().flat_map(|line| &line.points).map(|(period, _)| *period).collect();
        if periods.windows(2).any(|two| !two[0].same_kind(two[1])) {
            return Err(refuse("a series holds periods of one kind"));
        }
        let span = periods.iter().min().zip(periods.iter().max());
        let steps = span.map_or(0..0, |(first, last)| 0..last.since(*first) + 1);
        for (step, (first, _)) in steps.zip(span.into_iter().cycle()) {
            short_period(&names, first.plus(step))?;
        }
        Ok(chart::to_value(Series::draw(&lines, (goal, axis), unit, size, |period| {
            // Every name was looked up above.
            short_period(&names, period).unwrap_or_default()
        })))
    });
    let words = texts.clone();
    env.add_function("bar_chart", move |rows: Value, columns: Value, options: Kwargs| {
        let bars = rows.try_iter()?.map(|row| bar(&words, &row, &columns)).collect::<Result<Vec<Bar>, Error>>()?;
        let (size, unit, goal) = (size(&options)?, unit(&options)?, goal(&options)?);
        let axis = options.get("axis")?;
        options.assert_all_used()?;
        Ok::<_, Error>(chart::to_value(Bars::draw(&bars, goal, axis, unit, size)))
    });
    env.add_function("histogram_chart", |rows: Value, columns: Value, options: Kwargs| {
        let bins = rows.try_iter()?.map(|row| bin(&row, &columns)).collect::<Result<Vec<Bin>, Error>>()?;
        let mark = match options.get::<Option<Value>>("mark")? {
            Some(mark) => figure(&mark)?.map(|share| Ok::<_, Error>((share, options.get("label")?))).transpose()?,
            None => None,
        };
        // A label without a mark is what a page has whose own value is absent.
        options.get::<Option<Value>>("label")?;
        let size = size(&options)?;
        options.assert_all_used()?;
        Ok::<_, Error>(chart::to_value(Histogram::draw(&bins, mark, size)))
    });
    env.add_function("strip_chart", |marks: Vec<Value>, options: Kwargs| {
        let mut percentiles = Vec::new();
        for mark in &marks {
            if let Some(value) = figure(&cell(mark, "value")?)? {
                percentiles.push(Percentile { name: string(mark, "name")?, value });
            }
        }
        let own = figure(&options.get::<Value>("own")?)?;
        let interval = figure(&options.get::<Value>("low")?)?.zip(figure(&options.get::<Value>("high")?)?);
        let label: String = options.get("label")?;
        let (size, unit) = (size(&options)?, unit(&options)?);
        options.assert_all_used()?;
        let own = own.map(|value| Own { value, interval, label });
        Ok::<_, Error>(chart::to_value(Strip::draw(own, &percentiles, unit, size)))
    });
}

/// `{"class": …, "name": …, "rows": …, "x": period column, "y": value column}`.
fn line(given: &Value) -> Result<Line, Error> {
    let (x, y) = (string(given, "x")?, string(given, "y")?);
    let rows = cell(given, "rows")?;
    let points = rows
        .try_iter()?
        .map(|row| Ok((period(&cell(&row, &x)?)?, figure(&cell(&row, &y)?)?)))
        .collect::<Result<_, Error>>()?;
    Ok(Line { class: string(given, "class")?, name: string(given, "name")?, points })
}

/// A row as a bar; `columns` is `{"name": …, "value": …}`.
pub(super) fn bar(texts: &Texts, row: &Value, columns: &Value) -> Result<Bar, Error> {
    let value = cell(row, &string(columns, "value")?)?;
    let value = match (value.downcast_object_ref::<Absent>(), figure(&value)?) {
        (None, Some(figure)) => Ok(figure),
        (Some(absent), _) => Err(short_absence(texts, absent)?),
        (None, None) => return Err(refuse("a bar without a value")),
    };
    Ok(Bar { name: string(row, &string(columns, "name")?)?, value })
}

/// `goal=…, goal_label=…`, when the chart has a goal.
fn goal(options: &Kwargs) -> Result<Option<Goal>, Error> {
    let label: Option<String> = options.get("goal_label")?;
    let value = options.get::<Option<Value>>("goal")?.map(|value| figure(&value)).transpose()?.flatten();
    match (value, label) {
        (Some(value), Some(label)) => Ok(Some(Goal { value, label })),
        (Some(_), None) => Err(refuse("a goal needs a label")),
        (None, _) => Ok(None),
    }
}

/// A row as a bin; `columns` is `{"from": …, "to": …, "count": …}`.
fn bin(row: &Value, columns: &Value) -> Result<Bin, Error> {
    let read = |part: &str| count(&cell(row, &string(columns, part)?)?);
    let from = read("from")?.ok_or_else(|| refuse("a bin without a lower edge"))?;
    Ok(Bin { from, to: read("to")?, count: read("count")? })
}

pub(super) fn string(map: &Value, key: &str) -> Result<String, Error> {
    let value = cell(map, key)?;
    value.as_str().map(str::to_owned).ok_or_else(|| refuse(format!("'{key}' must be text")))
}

pub(super) fn size(options: &Kwargs) -> Result<Size, Error> {
    Size::named(options.get("size")?).ok_or_else(|| refuse("a chart's size is wide or narrow"))
}

pub(super) fn unit(options: &Kwargs) -> Result<Unit, Error> {
    Unit::named(options.get("unit")?).ok_or_else(|| refuse("a chart's unit is andel, antall, rate or uker"))
}

#[cfg(test)]
mod tests;
