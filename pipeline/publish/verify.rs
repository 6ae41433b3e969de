//! Does a release hold? Its name is its content's; every file is there with its hash and no other; links lead somewhere
//! in their own tree; no doctor's number stands outside that doctor's folder, and no course's id anywhere; everybody who
//! should have a page has one, and nobody else; what is public is kept for ever.
//!
//! Reads a release folder, so that it can be run on a copy anywhere, and the register in the lake where that is at hand.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use anyhow::Context;
use rayon::prelude::*;

use super::complete;
use super::courses::Courses;
use super::erased;
use super::identity::Identities;
use super::manifest::{File, MANIFEST, Manifest};
use super::public::{FOLDER, History};
use super::site;
use crate::disk;
use crate::lake::Lake;

/// Something that does not hold, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path in the release.
    pub path: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

/// Everything that does not hold, sorted; empty when the release is whole. Doctors' numbers are those of the register in
/// the lake of the root that the release stands in; of a copy elsewhere, those that have a folder.
pub fn verify(release: &Path) -> anyhow::Result<Vec<Problem>> {
    let place = std::fs::canonicalize(release).with_context(|| format!("reading {}", release.display()))?;
    let root = place.ancestors().nth(2).filter(|root| root.join("lake").is_dir());
    let lake = root.map(|root| root.join("lake"));
    if lake.is_none() {
        tracing::warn!(
            "no lake is at hand: doctors' numbers are those that have a folder, not the whole register, and neither \
             courses' ids nor whether every page is there can be checked"
        );
    }
    let mut problems = verify_against(release, lake.map(|lake| Lake::at(&lake)).as_ref())?;
    problems.extend(misnamed(&place, &manifest(release)?));
    if let Some(root) = root {
        problems.extend(not_kept(&manifest(release)?, root)?);
    }
    Ok(problems)
}

/// A release is named after its content: one among the releases that has another name than its manifest gives was changed,
/// manifest and all. A copy elsewhere may be called anything.
fn misnamed(place: &Path, manifest: &Manifest) -> Option<Problem> {
    let named = place.file_name()?.to_string_lossy();
    let is_release = place.parent()?.file_name()? == "releases";
    let what = || format!("is that of {}, and the folder is called {named}", manifest.release);
    (is_release && named != manifest.release.as_str()).then(|| problem(MANIFEST, &what()))
}

/// Public tables that `offentliggjort/` does not have (D5), and files of it that are damaged.
fn not_kept(manifest: &Manifest, root: &Path) -> anyhow::Result<Vec<Problem>> {
    let history = match History::load(root) {
        Ok(history) => history,
        Err(error) => return Ok(vec![problem(FOLDER, &format!("{error:#}"))]),
    };
    let is_public = |table: &str, file: &File| {
        file.product.is_some() && manifest.files.contains_key(&format!("offentlig/data/{table}.csv"))
    };
    let tables = manifest.files.iter().filter_map(|(path, file)| {
        let table = path.strip_prefix("tabeller/")?.strip_suffix(".parquet")?;
        is_public(table, file).then_some((table, file.sha256.as_str()))
    });
    let lacking = history.lacks(tables);
    let lacking = lacking.iter().map(|table| {
        problem(&format!("tabeller/{table}.parquet"), &format!("is public, and {FOLDER}/ does not have it"))
    });
    let damaged = history.damaged();
    let damaged = damaged.iter().map(|file| problem(&format!("{FOLDER}/{file}"), "is missing or has another hash"));
    Ok(lacking.chain(damaged).collect())
}

/// The same, with the register of this lake.
pub(super) fn verify_with(release: &Path, lake: &Lake) -> anyhow::Result<Vec<Problem>> {
    verify_against(release, Some(lake))
}

fn verify_against(release: &Path, lake: Option<&Lake>) -> anyhow::Result<Vec<Problem>> {
    let mut problems = damaged(release)?;
    let manifest = manifest(release)?;
    let there: BTreeSet<String> = manifest.files.keys().filter(|path| release.join(path).is_file()).cloned().collect();
    let identities = match Identities::of(release, &manifest, lake) {
        Ok(identities) => identities,
        Err(error) => {
            problems.push(problem("state.json", &format!("does not lead to the register of doctors: {error:#}")));
            Identities::of(release, &manifest, None)?
        }
    };
    let courses = Courses::of(release, &manifest, lake).or_else(|error| {
        problems.push(problem("state.json", &format!("does not lead to the courses: {error:#}")));
        Courses::of(release, &manifest, None)
    })?;
    if let Some(lake) = lake {
        problems.extend(complete::problems(release, &manifest, lake).unwrap_or_else(|error| {
            vec![problem("state.json", &format!("does not tell who should have a page: {error:#}"))]
        }));
    }
    let in_files: Vec<Problem> = there
        .par_iter()
        .map(|path| {
            let bytes = disk::read(&release.join(path))?;
            let mut found: Vec<String> = identities.in_path(path).into_iter().collect();
            found.extend(courses.in_file(release, path, &manifest.files[path], &bytes)?);
            if let Ok(text) = std::str::from_utf8(&bytes) {
                if path.ends_with(".html") {
                    found.extend(broken_links(path, text, &there));
                }
                found.extend(identities.in_file(path, manifest.files[path].table.as_deref(), text));
            }
            Ok(found.iter().map(|what| problem(path, what)).collect())
        })
        .collect::<anyhow::Result<Vec<Vec<_>>>>()?
        .concat();
    problems.extend(in_files);
    problems.extend(out_of_place(&manifest));
    problems.sort();
    Ok(problems)
}

/// Files of a product that needs a legal basis lie where its staff alone can read them.
fn out_of_place(manifest: &Manifest) -> Vec<Problem> {
    let place = |(path, file): (&String, &File)| {
        let product = file.product.as_ref()?;
        manifest.products.get(product)?.legal_basis.as_ref()?;
        let is_inside = path.starts_with(&format!("intern/{product}/")) || path.starts_with("tabeller/");
        (!is_inside).then(|| problem(path, &format!("is of {product}, whose files lie in intern/{product}/ alone")))
    };
    manifest.files.iter().filter_map(place).collect()
}

/// The files that are not what the manifest says, and whether the manifest is what the release is named after.
pub(super) fn damaged(release: &Path) -> anyhow::Result<Vec<Problem>> {
    let manifest = manifest(release)?;
    let there = disk::files_below(release)?.into_iter().map(|path| path.to_string_lossy().into_owned());
    // What a killed `slett` was writing is nothing yet; the next run removes it.
    let there: BTreeSet<String> =
        there.filter(|path| path != MANIFEST && !path.starts_with(disk::HALF_WRITTEN)).collect();
    let mut problems: Vec<Problem> = there
        .iter()
        .filter(|path| !manifest.files.contains_key(*path))
        .map(|path| problem(path, "is not in the manifest"))
        .collect();
    if manifest.release != manifest.id()? {
        problems.push(problem(MANIFEST, &format!("is not that of {}: its content has another hash", manifest.release)));
    }
    let in_files: Vec<Option<Problem>> = manifest
        .files
        .par_iter()
        .map(|(path, file)| {
            if !there.contains(path) {
                return Ok(Some(problem(path, "is missing")));
            }
            let found = disk::sha256_of_file(&release.join(path))?;
            let changed = found != file.sha256 && !erased::is_without(&manifest, path, &found);
            Ok(changed.then(|| problem(path, "has another hash than the manifest says")))
        })
        .collect::<anyhow::Result<_>>()?;
    problems.extend(in_files.into_iter().flatten());
    problems.sort();
    Ok(problems)
}

fn manifest(release: &Path) -> anyhow::Result<Manifest> {
    Manifest::load(release)?.with_context(|| format!("{} has no {MANIFEST}: it is no release", release.display()))
}

fn problem(path: &str, what: &str) -> Problem {
    Problem { path: path.to_owned(), what: what.to_owned() }
}

/// Links that lead nowhere, or out of the tree. Links to other hosts are not followed.
fn broken_links(path: &str, html: &str, there: &BTreeSet<String>) -> Vec<String> {
    let tree = site::tree_of(path).unwrap_or("");
    let mut broken = Vec::new();
    for attribute in ["href=\"", "src=\""] {
        for rest in html.split(attribute).skip(1) {
            let link = rest.split(['"', '#', '?']).next().unwrap_or("");
            if link.is_empty() || link.starts_with("https://") || link.starts_with("mailto:") {
                continue;
            }
            match resolve(path, link) {
                Some(target) if target.starts_with(&format!("{tree}/")) && there.contains(&target) => {}
                Some(target) if !target.starts_with(&format!("{tree}/")) => {
                    broken.push(format!("link {link} leads out of {tree}/"));
                }
                _ => broken.push(format!("link {link} leads nowhere")),
            }
        }
    }
    broken
}

fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for step in link.split('/') {
        match step {
            "." => {}
            ".." => drop(parts.pop()?),
            step => parts.push(step),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_in_their_tree() {
        let there = BTreeSet::from(["offentlig/index.html".to_owned(), "lege/1/index.html".to_owned()]);
        let links = |html: &str| broken_links("offentlig/nasjonalt/index.html", html, &there);
        assert!(links(r##"<a href="../index.html#x"> <a href="#y"> <a href="https://a.no/">"##).is_empty());
        assert_eq!(
            links(r#"<a href="../../lege/1/index.html">"#),
            ["link ../../lege/1/index.html leads out of offentlig/"]
        );
        assert_eq!(links(r#"<img src="x.png">"#), ["link x.png leads nowhere"]);
        let staff = BTreeSet::from(["intern/a/t.csv".to_owned(), "intern/b/t.csv".to_owned()]);
        let links = |html: &str| broken_links("intern/a/index.html", html, &staff);
        assert!(links(r#"<a href="t.csv">"#).is_empty());
        assert_eq!(links(r#"<a href="../b/t.csv">"#), ["link ../b/t.csv leads out of intern/a/"]);
    }
}
