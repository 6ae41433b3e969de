//! Which pages there are: `site/pages/<product>.toml`, and where each lies in the release.
//!
//! Knows nothing of templates' content or of figures. A new page is a new entry there, not Rust.

use std::fmt;

use anyhow::{Context, ensure};
use serde::Deserialize;

/// The output trees: one closed list of audiences, never one inside another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tree {
    /// Anyone.
    Offentlig,
    /// One doctor each.
    Lege,
    /// One county each.
    Fylke,
    /// One group of staff per product.
    Intern,
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tree::Offentlig => "offentlig",
            Tree::Lege => "lege",
            Tree::Fylke => "fylke",
            Tree::Intern => "intern",
        })
    }
}

/// A page, or one page per key when it has a `mappe`.
#[derive(Clone, Debug)]
pub struct Page {
    /// The product whose file declares the page.
    pub product: String,
    /// The template that makes it.
    pub template: String,
    /// The tree it lies in.
    pub tree: Tree,
    /// Its path in the tree, or in the key's folder: `index.html`, `nasjonalt/index.html`.
    pub path: String,
    /// The key column the page repeats over: the page then lies in `<tree>/<key>/`.
    pub mappe: Option<String>,
    /// The tables that the template reads.
    pub tables: Vec<String>,
    /// The table of all keys that should have the page, made another way than the tables that it shows; absent = whoever
    /// has rows in the first table has it.
    pub complete: Option<String>,
}

impl Page {
    /// The page's file in the release: `lege/9144900/index.html`.
    pub fn file(&self, key: Option<&str>) -> String {
        // Each product's staff have a tree of their own.
        let tree = match self.tree {
            Tree::Intern => format!("{}/{}", self.tree, self.product),
            tree => tree.to_string(),
        };
        match key {
            Some(key) => format!("{tree}/{key}/{}", self.path),
            None => format!("{tree}/{}", self.path),
        }
    }

    /// The way from the page to its tree's root: `../` for each folder between.
    pub(super) fn root(&self) -> String {
        let folders = self.path.matches('/').count() + usize::from(self.mappe.is_some());
        "../".repeat(folders)
    }

    /// The way from the page to its key's folder, or to its tree's root when it has no key.
    pub(super) fn folder(&self) -> String {
        "../".repeat(self.path.matches('/').count())
    }

    /// Checks that a key is there exactly when the page repeats, and that it can name a folder.
    pub(super) fn ensure_key(&self, key: Option<&str>) -> anyhow::Result<()> {
        match (&self.mappe, key) {
            (None, None) => Ok(()),
            (Some(column), None) => {
                anyhow::bail!("the page repeats over {column}, but no key was given")
            }
            (None, Some(_)) => anyhow::bail!("a key was given, but the page does not repeat"),
            (Some(_), Some(key)) => {
                let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                ensure!(plain, "the key cannot name a folder");
                Ok(())
            }
        }
    }
}

/// Reads one product's declarations.
pub(super) fn parse(product: &str, source: &str) -> anyhow::Result<Vec<Page>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Declarations {
        page: Vec<Declaration>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Declaration {
        template: String,
        tree: Tree,
        path: String,
        mappe: Option<String>,
        tables: Vec<String>,
        fullstendig: Option<String>,
    }
    let declarations: Declarations = toml::from_str(source)?;
    declarations
        .page
        .into_iter()
        .map(|Declaration { template, tree, path, mappe, tables, fullstendig }| {
            let product = product.to_owned();
            let page = Page { product, template, tree, path, mappe, tables, complete: fullstendig };
            check(&page).with_context(|| format!("page {}", page.file(page.mappe.as_ref().map(|_| "<key>"))))?;
            Ok(page)
        })
        .collect()
}

fn check(page: &Page) -> anyhow::Result<()> {
    let folders = page.path.split('/').all(|part| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.'))
    });
    ensure!(
        folders && page.path.ends_with(".html"),
        "the path must be relative, in a-z, 0-9, - and _, and end in .html"
    );
    ensure!(page.tables.iter().all(|table| is_plain(table)), "a table's name is written in a-z, 0-9 and _");
    ensure!(
        page.complete.is_none() || page.mappe.is_some(),
        "`fullstendig` says who has the page; without a mappe it is one"
    );
    let personal = matches!(page.tree, Tree::Lege | Tree::Fylke);
    ensure!(
        !personal || page.mappe.is_some(),
        "a page in {} needs a mappe: the tree has one folder per key",
        page.tree
    );
    Ok(())
}

/// Whether a name can stand in an address as it is.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, rest: &str) -> anyhow::Result<Page> {
        let source = format!("[[page]]\ntemplate = \"a.html\"\ntables = []\npath = \"{path}\"\n{rest}");
        parse("reservasjon", &source).map(|mut pages| pages.remove(0))
    }

    #[test]
    fn links_climb_to_the_trees_root() {
        let front = page("index.html", "tree = \"offentlig\"").unwrap();
        assert_eq!((front.root().as_str(), front.file(None).as_str()), ("", "offentlig/index.html"));
        assert_eq!(page("a/b/index.html", "tree = \"offentlig\"").unwrap().root(), "../../");
        let own = page("index.html", "tree = \"lege\"\nmappe = \"rekvirent_hpr\"").unwrap();
        assert_eq!((own.root().as_str(), own.folder().as_str()), ("../", ""));
        assert_eq!(own.file(Some("42")), "lege/42/index.html");
        let staff = page("index.html", "tree = \"intern\"").unwrap();
        assert_eq!((staff.root().as_str(), staff.file(None).as_str()), ("", "intern/reservasjon/index.html"));
    }

    #[test]
    fn a_wrong_declaration_is_an_error() {
        for (path, rest) in [
            ("../index.html", "tree = \"offentlig\""),
            ("/index.html", "tree = \"offentlig\""),
            ("index.htm", "tree = \"offentlig\""),
            ("index.html", "tree = \"lege\""),
            ("index.html", "tree = \"alle\""),
            ("index.html", "tree = \"offentlig\"\ntittel = \"x\""),
        ] {
            assert!(page(path, rest).is_err(), "{path} {rest}");
        }
    }

    #[test]
    fn a_key_must_be_there_exactly_when_the_page_repeats() {
        let own = page("index.html", "tree = \"lege\"\nmappe = \"rekvirent_hpr\"").unwrap();
        assert!(own.ensure_key(Some("9144900")).is_ok());
        for key in [None, Some(""), Some(".."), Some("1/2")] {
            assert!(own.ensure_key(key).is_err(), "{key:?}");
        }
        assert!(page("index.html", "tree = \"offentlig\"").unwrap().ensure_key(Some("1")).is_err());
    }
}
