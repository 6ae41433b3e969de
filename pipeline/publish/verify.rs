//! Does a release hold? Every file is there with its hash and no other; links lead somewhere in their own tree; no
//! doctor's number stands outside that doctor's folder.
//!
//! Reads a release folder and nothing else, so that it can be run on a copy anywhere.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use anyhow::Context;
use rayon::prelude::*;

use super::manifest::{MANIFEST, Manifest};
use crate::disk;

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

/// Shorter numbers are coordinates and counts as likely as HPR numbers.
const SHORTEST_TOLD: usize = 6;

/// Everything that does not hold, sorted; empty when the release is whole.
pub fn verify(release: &Path) -> anyhow::Result<Vec<Problem>> {
    let manifest = Manifest::load(release)?
        .with_context(|| format!("{} has no {MANIFEST}: it is no release", release.display()))?;
    let there: BTreeSet<String> = disk::files_below(release)?
        .into_iter()
        .map(|path| path.to_string_lossy().into_owned())
        .filter(|path| path != MANIFEST)
        .collect();
    let doctors: BTreeSet<&str> = there
        .iter()
        .filter_map(|path| path.strip_prefix("lege/")?.split_once('/'))
        .map(|(hpr, _)| hpr)
        .filter(|hpr| hpr.bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    let problem = |path: &str, what: &str| Problem { path: path.to_owned(), what: what.to_owned() };
    let mut problems: Vec<Problem> = there
        .iter()
        .filter(|path| !manifest.files.contains_key(*path))
        .map(|path| problem(path, "is not in the manifest"))
        .collect();
    let in_files: Vec<Problem> = manifest
        .files
        .par_iter()
        .map(|(path, file)| {
            if !there.contains(path) {
                return Ok(vec![problem(path, "is missing")]);
            }
            let bytes = disk::read(&release.join(path))?;
            let mut found = Vec::new();
            if disk::sha256(&bytes) != file.sha256 {
                found.push(problem(path, "has another hash than the manifest says"));
            }
            if let Ok(text) = std::str::from_utf8(&bytes) {
                if path.ends_with(".html") {
                    found.extend(broken_links(path, text, &there).into_iter().map(|what| problem(path, &what)));
                }
                found.extend(strangers(path, text, &doctors).into_iter().map(|what| problem(path, &what)));
            }
            Ok(found)
        })
        .collect::<anyhow::Result<Vec<_>>>()?
        .concat();
    problems.extend(in_files);
    problems.sort();
    Ok(problems)
}

/// Links that lead nowhere, or out of the tree. Links to other hosts are not followed.
fn broken_links(path: &str, html: &str, there: &BTreeSet<String>) -> Vec<String> {
    let tree = path.split('/').next().unwrap_or("");
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

/// Doctors' numbers that do not belong in a file: in `lege/<hpr>/` any but its own; in `offentlig/` and `fylke/` all.
/// Counts in public CSV files may happen to look like one, so there the columns decide.
fn strangers(path: &str, text: &str, doctors: &BTreeSet<&str>) -> Vec<String> {
    let tree = path.split('/').next().unwrap_or("");
    let own = path.strip_prefix("lege/").and_then(|rest| rest.split('/').next()).unwrap_or("");
    if !matches!(tree, "offentlig" | "fylke" | "lege") || path.contains("/assets/") {
        return Vec::new();
    }
    if path.ends_with(".csv") {
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap_or("").split(';').collect();
        let Some(at) = header.iter().position(|name| name.contains("hpr")) else { return Vec::new() };
        if tree != "lege" {
            return vec!["has a column of HPR numbers".to_owned()];
        }
        let other = lines.any(|line| line.split(';').nth(at) != Some(own));
        return if other { vec!["holds another doctor's row".to_owned()] } else { Vec::new() };
    }
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|number| number.len() >= SHORTEST_TOLD);
    let strange: BTreeSet<&str> = numbers.filter(|number| *number != own && doctors.contains(number)).collect();
    strange.iter().map(|_| "holds another doctor's number".to_owned()).collect()
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
    }

    #[test]
    fn a_doctors_number_in_another_folder_is_told_but_never_printed() {
        let doctors = BTreeSet::from(["1234567", "7654321"]);
        assert!(strangers("lege/1234567/index.html", "<p>HPR 1234567</p>", &doctors).is_empty());
        assert_eq!(strangers("lege/1234567/index.html", "7654321", &doctors), ["holds another doctor's number"]);
        assert_eq!(strangers("offentlig/index.html", "x=1234567;", &doctors).len(), 1);
        assert!(strangers("offentlig/data/t.csv", "maaned;n\n2026-01;1234567\n", &doctors).is_empty());
        assert_eq!(strangers("offentlig/data/t.csv", "rekvirent_hpr;n\n", &doctors).len(), 1);
        let foreign = "rekvirent_hpr;n\n1234567;2\n7654321;3\n";
        assert_eq!(strangers("lege/1234567/t.csv", foreign, &doctors), ["holds another doctor's row"]);
    }
}
