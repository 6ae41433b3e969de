//! Pages from tables: templates, texts and chart geometry become HTML.
//!
//! Knows neither DataFusion nor Arrow, and does no IO: the site's files and the tables come as arguments,
//! a page goes out as a string. A new page is a template and an entry in `site/pages/`, not Rust.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "coordinates and rounded figures: what a cast loses is finer than what is drawn or printed"
)]

mod chart;
mod environment;
mod facts;
mod filter;
mod funnel;
mod number;
mod page;
mod period;
mod places;
mod reference;
mod rows;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod sample_doctor;
#[cfg(test)]
mod sample_too;
mod table;
mod texts;
#[cfg(test)]
mod tidy;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use jiff::civil::Date;
use minijinja::value::Value;
use minijinja::{Environment, context};
use sha2::{Digest, Sha256};

pub use page::{Page, Tree};
pub use table::{Cell, Column, Table};

use crate::export::variables::Variable;
use environment::Position;
pub use facts::{Made, MadeColumn, MadeFrom, Revision};
pub use reference::{Reference, Target, references};
use texts::Texts;

/// The language that pages are rendered in; its catalogue must be there.
const LANGUAGE: &str = "nb";

/// The site's sources, by name: what lies in `site/`.
#[derive(Clone, Debug, Default)]
pub struct SiteFiles {
    /// Path below `site/templates/` → source.
    pub templates: BTreeMap<String, String>,
    /// Language → TOML.
    pub texts: BTreeMap<String, String>,
    /// Product → TOML.
    pub pages: BTreeMap<String, String>,
    /// Path below `site/assets/` → bytes.
    pub assets: BTreeMap<String, Vec<u8>>,
}

/// What a page says about the release it is part of.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The deliveries were generated: every page carries a banner.
    pub synthetic: bool,
    /// The day of publication (`--as-of`).
    pub published: Date,
    /// Public tables that are not published yet, and pages, by their path, that the release does not have.
    pub withheld: BTreeSet<String>,
    /// Products whose figures the release's own run could not renew → the day they were made; absent when they have
    /// never been made.
    pub older: BTreeMap<String, Option<Date>>,
    /// Of these tables, those whose first figures come on a date that is announced.
    pub coming: BTreeMap<String, Date>,
    /// Sources that are late: what the page's figures are of instead.
    pub late: Vec<Late>,
    /// The product's thresholds by their configured names, as printed: `offentlig_leger` → `10`.
    pub thresholds: BTreeMap<String, String>,
    /// Product → what allows it, for those that need it and are on.
    pub legal_bases: BTreeMap<String, String>,
    /// Product → whom readers of its single figures turn to, where the configuration says it.
    pub contacts: BTreeMap<String, String>,
    /// How tables are made, by their names.
    pub made: Arc<BTreeMap<String, Made>>,
    /// Files of public cubes, `<name>_koder` and `<name>_navn` → path in the public tree.
    pub cubes: BTreeMap<String, String>,
    /// Source → what counties deliver of it.
    pub variables: Arc<BTreeMap<String, Vec<Variable>>>,
    /// What changed in figures that were public, the latest first.
    pub revisions: Arc<Vec<Revision>>,
}

/// A source that is late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Late {
    /// What it delivers, in the contract's words.
    pub title: String,
    /// What its newest delivery is of.
    pub until: Until,
}

/// What a delivery is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// A month, `202601`.
    Month(i32),
    /// All that was known on a date.
    Date(Date),
    /// A year.
    Year(i16),
}

impl std::fmt::Display for Until {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Until::Month(number) => write!(f, "{}-{:02}", number / 100, number % 100),
            Until::Date(of) => write!(f, "{of}"),
            Until::Year(of) => write!(f, "{of}"),
        }
    }
}

impl Late {
    /// As templates see it: the title, and `maaned`, `dato` or `aar`; the other two are empty texts.
    fn to_value(&self) -> Value {
        let (mut month, mut date, mut year) = (Value::from(""), String::new(), String::new());
        match self.until {
            Until::Month(number) => month = number.into(),
            Until::Date(of) => date = of.to_string(),
            Until::Year(of) => year = of.to_string(),
        }
        context! { title => self.title.as_str(), maaned => month, dato => date, aar => year }
    }
}

/// A site that was checked: templates compile, texts parse, and what they name exists.
#[derive(Debug)]
pub struct Site {
    environment: Environment<'static>,
    pages: Vec<Page>,
    assets: BTreeMap<String, Vec<u8>>,
    hash: String,
}

impl Site {
    /// Checks the sources and compiles them. Errors name the file, and the line where it is known.
    pub fn load(files: SiteFiles) -> anyhow::Result<Site> {
        let hash = hash_of(&files);
        let texts = Arc::new(catalogue(&files.texts)?);
        let pages = declared_pages(&files)?;
        let names = files.assets.iter().map(|(name, bytes)| (name.clone(), hashed_name(name, bytes))).collect();
        check_references(&files, &texts)?;
        for name in files.assets.keys() {
            let plain = name.split('.').all(|part| page::is_plain(&part.replace('-', "_")));
            ensure!(plain, "site/assets/{name}: an asset's name is written in a-z, 0-9, - and _");
        }
        let targets = pages.iter().map(|page| ((page.tree, page.path.clone()), page.mappe.is_some())).collect();
        let mut environment = environment::environment(&texts, names, targets)?;
        environment.add_global("language", LANGUAGE);
        for (name, source) in files.templates {
            environment.add_template_owned(name.clone(), source).with_context(|| format!("site/templates/{name}"))?;
        }
        let assets = files.assets.into_iter().map(|(name, bytes)| (hashed_name(&name, &bytes), bytes)).collect();
        Ok(Site { environment, pages, assets, hash })
    }

    /// All pages, by product and then in the order of the product's file.
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// Hashed name (`style-<10 hex>.css`) → bytes: what belongs in each tree's `assets/`.
    pub fn assets(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.assets
    }

    /// SHA-256 of all its sources.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Renders a page. `key` is the value of the page's `mappe`; tables that have that column must hold the key's rows
    /// only. Every table that the page declares must be given, but for those that `about` withholds.
    pub fn render(
        &self,
        page: &Page,
        key: Option<&str>,
        tables: &BTreeMap<String, Table>,
        about: &About,
    ) -> anyhow::Result<String> {
        self.fill(page, key, tables, about)
            .with_context(|| format!("rendering {}/{} from {}", page.tree, page.path, page.template))
    }

    fn fill(
        &self,
        page: &Page,
        key: Option<&str>,
        tables: &BTreeMap<String, Table>,
        about: &About,
    ) -> anyhow::Result<String> {
        page.ensure_key(key)?;
        let mut values: BTreeMap<&str, Value> = BTreeMap::new();
        for name in &page.tables {
            match (tables.get(name), about.withheld.contains(name)) {
                (Some(table), false) => {
                    if let Some((column, key)) = page.mappe.as_deref().zip(key) {
                        table.ensure_only(column, key)?;
                    }
                    values.insert(name, table.to_value()?);
                }
                (None, true) => {}
                (None, false) => bail!("table {name} is neither given nor withheld"),
                (Some(_), true) => bail!("table {name} is withheld, but was given"),
            }
        }
        let position = Position {
            page: page.clone(),
            withheld: about.withheld.clone(),
            coming: about.coming.clone(),
            made: about.made.clone(),
            revisions: about.revisions.clone(),
            thresholds: about.thresholds.clone(),
            legal_bases: about.legal_bases.clone(),
            contacts: about.contacts.clone(),
            cubes: about.cubes.clone(),
            variables: about.variables.clone(),
        };
        let context = context! {
            page => Value::from_object(position),
            key => key.unwrap_or_default(),
            tables => values,
            about => context! {
                synthetic => about.synthetic,
                published => about.published.to_string(),
                older => older(about),
                late => about.late.iter().map(Late::to_value).collect::<Vec<_>>(),
            },
        };
        let template = self.environment.get_template(&page.template)?;
        Ok(template.render(context)?)
    }
}

/// Product → day; empty when its figures are not there yet.
fn older(about: &About) -> BTreeMap<&str, String> {
    let day = |day: &Option<Date>| day.map_or(String::new(), |day| day.to_string());
    about.older.iter().map(|(product, since)| (product.as_str(), day(since))).collect()
}

fn catalogue(sources: &BTreeMap<String, String>) -> anyhow::Result<Texts> {
    let source = sources.get(LANGUAGE).with_context(|| format!("site/texts/{LANGUAGE}.toml is missing"))?;
    let texts = Texts::parse(source).with_context(|| format!("site/texts/{LANGUAGE}.toml"))?;
    for key in texts::keys_used_in_code() {
        ensure!(texts.has(&key), "site/texts/{LANGUAGE}.toml: there is no text '{key}'");
    }
    for (language, source) in sources.iter().filter(|(language, _)| *language != LANGUAGE) {
        Texts::parse(source)
            .and_then(|other| texts.ensure_same_shape(&other))
            .with_context(|| format!("site/texts/{language}.toml"))?;
    }
    Ok(texts)
}

fn declared_pages(files: &SiteFiles) -> anyhow::Result<Vec<Page>> {
    let mut pages: Vec<Page> = Vec::new();
    for (product, source) in &files.pages {
        let declared = page::parse(product, source).with_context(|| format!("site/pages/{product}.toml"))?;
        for page in declared {
            let file = page.file(page.mappe.as_deref());
            ensure!(
                files.templates.contains_key(&page.template),
                "site/pages/{product}.toml: there is no template '{}' for {file}",
                page.template
            );
            let twice = pages.iter().any(|other| other.file(other.mappe.as_deref()) == file);
            ensure!(!twice, "site/pages/{product}.toml: {file} is declared twice");
            pages.push(page);
        }
    }
    Ok(pages)
}

/// Checks what templates name in quotes.
fn check_references(files: &SiteFiles, texts: &Texts) -> anyhow::Result<()> {
    for (name, source) in &files.templates {
        for reference in references(source) {
            let (kind, target, known) = match reference.target {
                Target::Template(target) => ("template", target, files.templates.contains_key(target)),
                Target::Asset(target) => ("asset", target, files.assets.contains_key(target)),
                Target::Text(target) => ("text", target, texts.has(target)),
                Target::TextPrefix(target) => {
                    ("text that begins with", target, texts.keys().any(|key| key.starts_with(target)))
                }
                Target::Row(_) => continue,
                Target::Plural(target) => {
                    let known = ["one", "other"].iter().all(|form| texts.has(&format!("{target}.{form}")));
                    ("pair of texts", target, known)
                }
            };
            ensure!(known, "site/templates/{name}:{}: there is no {kind} '{target}'", reference.line);
        }
    }
    Ok(())
}

/// SHA-256 of all sources of a site, as hexadecimal digits.
fn hash_of(files: &SiteFiles) -> String {
    let mut hash = Sha256::new();
    let texts = [&files.templates, &files.texts, &files.pages].into_iter().flatten();
    let texts = texts.map(|(name, text)| (name, text.as_bytes()));
    for (name, bytes) in texts.chain(files.assets.iter().map(|(name, bytes)| (name, bytes.as_slice()))) {
        for part in [name.as_bytes(), bytes] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `style.css` → `style-<10 hex of its SHA-256>.css`.
fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hex: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{hex}.{extension}"),
        None => format!("{name}-{hex}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOGUE: &str = include_str!("../../site/texts/nb.toml");

    /// A site of one front page and one page per doctor.
    fn files() -> SiteFiles {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        SiteFiles {
            templates: map(&[
                ("front.html", "{{ text(\"hei\", navn=\"<b>&\") }}{% if not published(\"t\") %}!{% endif %}"),
                ("own.html", "{% for r in tables.t.rows %}{{ r.n|antall }} {% endfor %}{{ key }}"),
            ]),
            texts: map(&[("nb", &format!("hei = \"Hei, {{navn}}\"\n{CATALOGUE}"))]),
            pages: map(&[(
                "p",
                "[[page]]\ntemplate = \"front.html\"\ntree = \"offentlig\"\npath = \"index.html\"\ntables = [\"t\"]\n\
                 [[page]]\ntemplate = \"own.html\"\ntree = \"lege\"\npath = \"index.html\"\nmappe = \"hpr\"\ntables = [\"t\"]",
            )]),
            assets: BTreeMap::from([("style.css".to_owned(), b"body{}".to_vec())]),
        }
    }

    fn about(withheld: &[&str]) -> About {
        About {
            synthetic: false,
            published: jiff::civil::date(2026, 11, 10),
            withheld: withheld.iter().map(|name| (*name).to_owned()).collect(),
            ..About::default()
        }
    }

    fn tables(rows: Vec<Vec<Cell>>) -> BTreeMap<String, Table> {
        let column = |name: &str| Column { name: name.into(), unit: None, missing: Some("for få".into()) };
        let table = Table { name: "t".into(), title: "T".into(), columns: vec![column("hpr"), column("n")], rows };
        BTreeMap::from([("t".to_owned(), table)])
    }

    fn load_error(change: impl FnOnce(&mut SiteFiles)) -> String {
        let mut files = files();
        change(&mut files);
        format!("{:#}", Site::load(files).unwrap_err())
    }

    #[test]
    fn a_page_is_filled_escaped_and_says_what_is_absent() {
        let site = Site::load(files()).unwrap();
        let [front, own] = site.pages() else { panic!("two pages") };
        assert_eq!(site.render(front, None, &tables(vec![]), &about(&[])).unwrap(), "Hei, &lt;b&gt;&amp;");
        assert_eq!(site.render(front, None, &BTreeMap::new(), &about(&["t"])).unwrap(), "Hei, &lt;b&gt;&amp;!");
        let rows = vec![vec![Cell::Integer(7), Cell::Integer(1234)], vec![Cell::Integer(7), Cell::Absent]];
        assert_eq!(
            site.render(own, Some("7"), &tables(rows), &about(&[])).unwrap(),
            "1\u{202f}234 ikke tilgjengelig (for få) 7"
        );
    }

    #[test]
    fn a_table_that_is_missing_withheld_yet_given_or_anothers_stops_the_page() {
        let site = Site::load(files()).unwrap();
        let [front, own] = site.pages() else { panic!("two pages") };
        let other = tables(vec![vec![Cell::Integer(8), Cell::Integer(1)]]);
        let error = |page, key, tables: &BTreeMap<String, Table>, about: &About| {
            format!("{:#}", site.render(page, key, tables, about).unwrap_err())
        };
        assert!(error(front, None, &BTreeMap::new(), &about(&[])).ends_with("table t is neither given nor withheld"));
        assert!(error(front, None, &other, &about(&["t"])).ends_with("table t is withheld, but was given"));
        assert!(
            error(own, Some("7"), &other, &about(&[])).ends_with("row 0: the row belongs to another hpr than the page")
        );
        assert!(error(own, None, &other, &about(&[])).starts_with("rendering lege/index.html from own.html"));
    }

    #[test]
    fn a_broken_site_is_refused_with_file_and_line() {
        let template =
            |source: &str| load_error(|files| drop(files.templates.insert("front.html".into(), source.into())));
        assert_eq!(template("\n{{ text(\"hallo\") }}"), "site/templates/front.html:2: there is no text 'hallo'");
        assert_eq!(template("{% include \"x.html\" %}"), "site/templates/front.html:1: there is no template 'x.html'");
        let syntax = template("\n\n{% if %}");
        assert!(syntax.starts_with("site/templates/front.html: ") && syntax.contains("front.html:3"), "{syntax}");
        assert!(
            load_error(|files| drop(files.texts.insert("nn".into(), "hei = \"Hei\"".into())))
                .starts_with("site/texts/nn.toml")
        );
        assert!(load_error(|files| files.texts.clear()).contains("nb.toml is missing"));
        assert!(
            load_error(|files| drop(files.templates.remove("own.html"))).contains("there is no template 'own.html'")
        );
        assert!(
            load_error(|files| drop(files.pages.insert("q".into(), files.pages["p"].clone())))
                .contains("declared twice")
        );
    }

    #[test]
    fn assets_are_named_by_content() {
        let site = Site::load(files()).unwrap();
        let name = site.assets().keys().next().unwrap();
        assert!(
            name.starts_with("style-") && name.ends_with(".css") && name.len() == "style-0123456789.css".len(),
            "{name}"
        );
        assert_ne!(hashed_name("style.css", b"a"), hashed_name("style.css", b"b"));
    }
}
