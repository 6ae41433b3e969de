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
mod filter;
mod number;
mod page;
mod period;
mod reference;
mod rows;
#[cfg(test)]
mod sample;
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

use environment::Position;
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
#[derive(Clone, Debug)]
pub struct About {
    /// The deliveries were generated: every page carries a banner.
    pub synthetic: bool,
    /// The day of publication (`--as-of`).
    pub published: Date,
    /// Public tables that are not published yet, and pages, by their path, that the release does not have.
    pub withheld: BTreeSet<String>,
    /// The product's thresholds by their configured names, as printed: `offentlig_leger` → `10`.
    pub thresholds: BTreeMap<String, String>,
}

/// A site that was checked: templates compile, texts parse, and what they name exists.
#[derive(Debug)]
pub struct Site {
    environment: Environment<'static>,
    pages: Vec<Page>,
    assets: BTreeMap<String, Vec<u8>>,
}

impl Site {
    /// Checks the sources and compiles them. Errors name the file, and the line where it is known.
    pub fn load(files: SiteFiles) -> anyhow::Result<Site> {
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
        Ok(Site { environment, pages, assets })
    }

    /// All pages, by product and then in the order of the product's file.
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// Hashed name (`style-<10 hex>.css`) → bytes: what belongs in each tree's `assets/`.
    pub fn assets(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.assets
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
        let position =
            Position { page: page.clone(), withheld: about.withheld.clone(), thresholds: about.thresholds.clone() };
        let context = context! {
            page => Value::from_object(position),
            key => key.unwrap_or_default(),
            tables => values,
            about => context! { synthetic => about.synthetic, published => about.published.to_string() },
        };
        let template = self.environment.get_template(&page.template)?;
        Ok(template.render(context)?)
    }
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
            thresholds: BTreeMap::new(),
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
