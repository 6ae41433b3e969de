//! A release under construction: built beside the current one, then switched to by one rename.
//!
//! Knows files and hashes; what they show is no concern of it. A file that the current release has with the same
//! hash is a second name for the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::manifest::{File, MANIFEST, Manifest};
use super::verify;
use crate::disk;

/// The name of the link that says which release is shown.
const CURRENT: &str = "current";

/// Begins the name of a release that is being removed.
pub(super) const RETIRED: &str = ".fjernes-";

/// The part of a release that no reader has: whole tables, also of what is hidden. Its folders are the owner's alone.
const UNSHOWN: &str = "tabeller/";

/// The folder of releases.
#[derive(Clone, Debug)]
pub struct Releases {
    folder: PathBuf,
}

impl Releases {
    /// The releases below a root.
    pub fn at(root: &Path) -> Releases {
        Releases { folder: root.join("releases") }
    }

    /// The release that is shown, if there is one.
    pub fn current(&self) -> Option<PathBuf> {
        let target = std::fs::read_link(self.folder.join(CURRENT)).ok()?;
        Some(self.folder.join(target))
    }

    /// The name of the release that is shown, if there is one.
    pub fn shown(&self) -> Option<String> {
        name(&self.current()?)
    }

    /// The folder of the release of that name.
    pub fn folder(&self, id: &str) -> PathBuf {
        self.folder.join(id)
    }

    /// The names of all releases, sorted.
    pub fn names(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.all()?.iter().filter_map(|release| name(release)).collect())
    }

    /// All releases, by name; not the one that is being built.
    pub fn all(&self) -> anyhow::Result<Vec<PathBuf>> {
        if !self.folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder).with_context(|| format!("listing {}", self.folder.display()))? {
            let path = entry.with_context(|| format!("listing {}", self.folder.display()))?.path();
            let is_named = name(&path).is_some_and(|name| !name.starts_with('.'));
            if is_named && !path.is_symlink() && path.join(MANIFEST).is_file() {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Removes the folders of releases that are no more, also those that a stopped removal left.
    pub(super) fn remove_retired(&self) -> anyhow::Result<()> {
        let entries = std::fs::read_dir(&self.folder).with_context(|| format!("listing {}", self.folder.display()))?;
        for entry in entries {
            let path = entry.with_context(|| format!("listing {}", self.folder.display()))?.path();
            if name(&path).is_some_and(|name| name.starts_with(RETIRED)) {
                disk::remove_folder(&path)?;
            }
        }
        Ok(())
    }

    /// Begins a release; what an ended process left half-built or half-removed goes.
    pub fn begin(&self) -> anyhow::Result<Draft> {
        disk::create_folder(&self.folder)?;
        let folder = self.folder.join(".bygges");
        disk::remove_folder(&folder)?;
        self.remove_retired()?;
        disk::create_folder(&folder)?;
        let shown = self.current();
        let manifest = |path: &PathBuf| {
            Manifest::load(path).map_err(|error| tracing::warn!("nothing is taken over: {error:#}")).ok().flatten()
        };
        let before = shown.as_ref().and_then(manifest);
        let releases = self.clone();
        Ok(Draft { folder, releases, shown, before, files: BTreeMap::new(), folders: BTreeSet::new() })
    }

    /// Names a finished draft and shows it. Where a release of that name is whole it stays; a damaged one is replaced.
    /// Returns its folder.
    pub fn show(&self, draft: Draft, id: &str) -> anyhow::Result<PathBuf> {
        let place = self.folder.join(id);
        disk::sync(&draft.folder)?;
        if !place.exists() {
            disk::rename(&draft.folder, &place)?;
        } else if is_whole(&place, id) {
            disk::remove_folder(&draft.folder)?;
        } else {
            tracing::warn!("{} was damaged and is replaced", place.display());
            disk::exchange(&draft.folder, &place)?;
            disk::remove_folder(&draft.folder)?;
        }
        match self.current() == Some(place.clone()) {
            true => disk::sync(&self.folder)?,
            false => self.switch(id)?,
        }
        Ok(place)
    }

    /// Shows the release of that name, if it is whole.
    pub fn roll_back(&self, id: &str) -> anyhow::Result<()> {
        let kept = self.names()?;
        ensure!(kept.iter().any(|name| name == id), "there is no release {id}; there are: {}", kept.join(", "));
        let place = self.folder.join(id);
        ensure!(is_whole(&place, id), "release {id} is damaged (`speil verify {}` says how)", place.display());
        self.switch(id)
    }

    /// Makes a release the one that is shown, by one rename of the link.
    pub fn switch(&self, id: &str) -> anyhow::Result<()> {
        ensure!(self.folder.join(id).join(MANIFEST).is_file(), "there is no release {id}");
        let link = self.folder.join(".current");
        disk::remove(&link)?;
        std::os::unix::fs::symlink(id, &link).with_context(|| format!("linking {}", link.display()))?;
        disk::sync(&self.folder)?;
        disk::rename(&link, &self.folder.join(CURRENT))?;
        disk::sync(&self.folder)
    }
}

fn name(release: &Path) -> Option<String> {
    release.file_name().map(|name| name.to_string_lossy().into_owned())
}

/// Whether a release holds all files that its manifest names, unchanged, and the manifest is the one of that name.
fn is_whole(release: &Path, id: &str) -> bool {
    let is_named = Manifest::load(release).is_ok_and(|manifest| manifest.is_some_and(|found| found.release == id));
    is_named && verify::damaged(release).is_ok_and(|problems| problems.is_empty())
}

/// A release under construction.
#[derive(Debug)]
pub struct Draft {
    folder: PathBuf,
    releases: Releases,
    shown: Option<PathBuf>,
    /// The manifest of the release that is shown now.
    pub before: Option<Manifest>,
    /// The files so far.
    pub files: BTreeMap<String, File>,
    folders: BTreeSet<PathBuf>,
}

/// What a file of a release is about.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The product it belongs to.
    pub product: Option<String>,
    /// The table it shows.
    pub table: Option<String>,
    /// Rows.
    pub rows: Option<u64>,
}

impl Draft {
    /// The draft's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Adds a file.
    pub fn put(&mut self, path: &str, bytes: &[u8], about: &About) -> anyhow::Result<()> {
        let sha256 = disk::sha256(bytes);
        let size = bytes.len() as u64;
        let target = self.target(path)?;
        match self.shown_file(path, &sha256) {
            Some(shown) => disk::link(&shown, &target)?,
            None => disk::write_new(&target, bytes)?,
        }
        self.record(path, sha256, size, about)
    }

    /// Adds a file that lies elsewhere on the same disk, under a second name.
    pub fn link(&mut self, path: &str, from: &Path, sha256: &str, about: &About) -> anyhow::Result<()> {
        let target = self.target(path)?;
        disk::link(from, &target)?;
        let size = std::fs::metadata(&target).with_context(|| format!("reading {}", target.display()))?.len();
        self.record(path, sha256.to_owned(), size, about)
    }

    /// Takes a file over from the release that is shown now; where it is damaged, from another one that has it whole.
    pub fn carry(&mut self, path: &str, file: &File) -> anyhow::Result<()> {
        let shown = self.shown.as_ref().context("there is no release to carry files from")?.join(path);
        let about = About { product: file.product.clone(), table: file.table.clone(), rows: file.rows };
        let is_whole = |place: &PathBuf| disk::sha256_of_file(place).is_ok_and(|found| found == file.sha256);
        let place = if is_whole(&shown) {
            shown
        } else {
            tracing::warn!("{} is damaged", shown.display());
            let others = self.releases.all()?.into_iter().rev().map(|release| release.join(path));
            others.filter(|other| *other != shown).find(is_whole).with_context(|| {
                format!(
                    "{} is shown, is not what its manifest says, and no kept release has it whole; it cannot be made \
                     again before its product's figures change. Restore it from backup, or show a release that holds \
                     (`speil rollback`), and run again",
                    shown.display()
                )
            })?
        };
        self.link(path, &place, &file.sha256, &about)
    }

    /// Where a file of the release that is shown now lies, if it has it.
    pub fn shown_at(&self, path: &str) -> Option<PathBuf> {
        self.before.as_ref()?.files.contains_key(path).then_some(())?;
        Some(self.shown.as_ref()?.join(path))
    }

    fn record(&mut self, path: &str, sha256: String, bytes: u64, about: &About) -> anyhow::Result<()> {
        let file = File { product: about.product.clone(), sha256, bytes, table: about.table.clone(), rows: about.rows };
        ensure!(self.files.insert(path.to_owned(), file).is_none(), "{path} is written twice");
        Ok(())
    }

    fn target(&mut self, path: &str) -> anyhow::Result<PathBuf> {
        let target = self.folder.join(path);
        if let Some(folder) = target.parent()
            && self.folders.insert(folder.to_owned())
        {
            match path.starts_with(UNSHOWN) {
                true => disk::keep_to_owner(folder)?,
                false => disk::create_folder(folder)?,
            }
        }
        Ok(target)
    }

    /// The same file in the release that is shown, when its hash is the same and it is whole.
    fn shown_file(&self, path: &str, sha256: &str) -> Option<PathBuf> {
        let known = self.before.as_ref()?.files.get(path)?;
        let place = self.shown.as_ref()?.join(path);
        // The bytes themselves are hashed: a damaged file must not be carried from release to release.
        let is_same = known.sha256 == sha256;
        let whole = is_same && disk::sha256_of_file(&place).is_ok_and(|found| found == sha256);
        if is_same && !whole {
            tracing::warn!("{} was damaged, and is made anew; find out who changed it", place.display());
        }
        whole.then_some(place)
    }
}
