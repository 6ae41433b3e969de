//! How many releases stay: the last ones, and always the one that is shown, the one that going back would show, and those
//! whose figures are public until the next date.
//!
//! Knows nothing of what is in them. Files that kept releases share with removed ones are hard links, and stay.

use std::collections::BTreeSet;

use super::release::{RETIRED, Releases};
use crate::disk;
use crate::lake::State;

/// The release that is shown, and the one that going back would show.
const LEAST: usize = 2;

impl Releases {
    /// Removes all but the last releases and those that are needed. `published` are their names by when they were published
    /// last; one that it does not know is older than those that it does. Call it after a release is shown. Returns the names
    /// of those removed.
    pub fn retire(&self, published: &[String], keep: usize, needed: &BTreeSet<String>) -> anyhow::Result<Vec<String>> {
        let (shown, names) = (self.shown(), self.names()?);
        let rank = |name: &String| (Some(name) == shown.as_ref(), published.iter().position(|known| known == name));
        let mut by_age = names;
        by_age.sort_by_key(rank);
        by_age.truncate(by_age.len().saturating_sub(keep.max(LEAST)));
        by_age.retain(|name| !needed.contains(name));
        // A folder is renamed first, so that what a stopped removal leaves is no release, and the names are on the disk
        // before a file is gone.
        for name in &by_age {
            disk::rename(&self.folder(name), &self.folder(&format!("{RETIRED}{name}")))?;
        }
        if !by_age.is_empty() {
            disk::sync(&self.folder(""))?;
        }
        self.remove_retired()?;
        Ok(by_age)
    }

    /// The states of all releases: what the lake must keep for them.
    pub fn states(&self) -> anyhow::Result<Vec<State>> {
        self.all()?.iter().map(|release| State::load_existing(&release.join("state.json"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Releases `a` … `f`, of which one is shown; says which are left.
    fn left(shown: &str, published: &[&str], keep: usize) -> String {
        left_with(shown, published, keep, &[])
    }

    fn left_with(shown: &str, published: &[&str], keep: usize, needed: &[&str]) -> String {
        let root = tempfile::tempdir().unwrap();
        let releases = Releases::at(root.path());
        for name in ["a", "b", "c", "d", "e", "f"] {
            disk::write(&releases.folder(name).join("manifest.json"), b"{}").unwrap();
        }
        disk::write(&releases.folder(".fjernes-x").join("manifest.json"), b"{}").unwrap();
        releases.switch(shown).unwrap();
        let published: Vec<String> = published.iter().map(|name| (*name).to_owned()).collect();
        let removed =
            releases.retire(&published, keep, &needed.iter().map(|name| (*name).to_owned()).collect()).unwrap();
        assert!(!releases.folder(".fjernes-x").exists());
        let names = releases.names().unwrap();
        assert_eq!(names.len() + removed.len(), 6);
        names.concat()
    }

    #[test]
    fn the_last_published_stay_with_the_one_that_is_shown_and_the_one_before_it() {
        assert_eq!(left("f", &["a", "b", "c", "d", "e", "f"], 3), "def");
        // By when they were published, not by name; the ledger does not know of the last one yet.
        assert_eq!(left("a", &["f", "e", "d", "c", "b"], 3), "abc");
        assert_eq!(left("a", &["a", "b", "c", "d", "e", "f"], 3), "aef");
        // Of some the ledger knows nothing: they are the oldest.
        assert_eq!(left("b", &["c", "b"], 4), "bcef");
        for keep in [1, 2] {
            assert_eq!(left("f", &["a", "b", "c", "d", "e", "f"], keep), "ef");
        }
        assert_eq!(left("f", &["a", "b", "c", "d", "e", "f"], 6), "abcdef");
        assert_eq!(left("f", &["a", "b", "c", "d", "e", "f"], 14), "abcdef");
        // What the public sees until the next date is of `b`.
        assert_eq!(left_with("f", &["a", "b", "c", "d", "e", "f"], 3, &["b"]), "bdef");
    }
}
