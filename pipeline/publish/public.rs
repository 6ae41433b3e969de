//! `root/offentliggjort/`: every public table as it has ever been shown (D5), and `index.json`, which says when.
//!
//! Written before the release that shows it is switched to, so that nothing public is ever missing here. A run that is
//! killed between leaves a switch that nobody saw; the next run settles that. Files are only added. They are no second
//! names of a release's: what is kept for ever must not be damaged with a release. Knows no rule of disclosure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::{Deserialize, Serialize};

use super::dates::PUBLIC;
use super::manifest::{Manifest, Shown};
use super::revision::Revision;
use crate::disk;

/// The folder below a root.
pub(crate) const FOLDER: &str = "offentliggjort";
const INDEX: &str = "index.json";
const FORMAT: u32 = 1;

/// What has been public.
pub(super) struct History {
    folder: PathBuf,
    index: Index,
    /// Where tonight's switches begin.
    tonight: usize,
    changed: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    format: u32,
    switches: Vec<Switch>,
}

/// One change of a product's public tables.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Switch {
    pub(super) product: String,
    /// The run that made the figures, and the announced date.
    pub(super) figures: Shown,
    /// Whether a release showed it. What a killed run left has not been seen, and is kept all the same.
    shown: bool,
    /// The release that showed it first; absent when none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    release: Option<String>,
    /// What the tables were made from; of a product's last switch only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) basis: Option<Basis>,
    /// Table → its file.
    pub(super) tables: BTreeMap<String, Kept>,
    /// What changed since the switch before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) revisions: Vec<Revision>,
    /// Table → column → cells that were public until then and are not shown from then on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) newly_hidden: NewlyHidden,
}

/// Table → column → cells.
pub(super) type NewlyHidden = BTreeMap<String, BTreeMap<String, usize>>;

/// What a product's tables were made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Basis {
    /// Source table → partition → content hash.
    pub(super) inputs: BTreeMap<String, BTreeMap<String, String>>,
    /// Model → hash of its file.
    pub(super) models: BTreeMap<String, String>,
    pub(super) thresholds: BTreeMap<String, i64>,
    pub(super) paragraphs: BTreeSet<i64>,
}

/// One kept file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    /// Path below the folder.
    file: String,
    pub(super) sha256: String,
}

impl History {
    /// What has been public below a root; nothing before the first release.
    pub(super) fn load(root: &Path) -> anyhow::Result<History> {
        let folder = root.join(FOLDER);
        let place = folder.join(INDEX);
        let index = match place.exists() {
            true => {
                let what = || format!("{} cannot be read; restore it from backup", place.display());
                serde_json::from_str(&disk::read_text(&place)?).with_context(what)?
            }
            false => Index { format: FORMAT, switches: Vec::new() },
        };
        ensure!(index.format == FORMAT, "{} has format {}, not {FORMAT}", place.display(), index.format);
        Ok(History { folder, tonight: index.switches.len(), index, changed: false })
    }

    /// The products that have ever shown figures to the public.
    pub(super) fn products(&self) -> BTreeSet<String> {
        let shown = self.index.switches.iter().filter(|switch| switch.shown);
        shown.map(|switch| switch.product.clone()).collect()
    }

    /// The switch whose tables are public now: the last that was shown.
    pub(super) fn last(&self, product: &str) -> Option<&Switch> {
        self.index.switches.iter().rev().find(|switch| switch.product == product && switch.shown)
    }

    /// The switch whose tables a product shows after tonight.
    pub(super) fn after_tonight(&self, product: &str) -> Option<&Switch> {
        self.index.switches[self.tonight..].iter().find(|switch| switch.product == product).or(self.last(product))
    }

    /// A table as it has ever been, the latest first; also what nobody may have seen.
    pub(super) fn ever(&self, table: &str) -> anyhow::Result<Vec<RecordBatch>> {
        let mut told = BTreeSet::new();
        let switches = self.index.switches.iter().rev();
        let files = switches.filter_map(|switch| switch.tables.get(table)).filter(|kept| told.insert(&kept.sha256));
        files.map(|kept| self.read(kept)).collect()
    }

    /// Reads a kept file, if it is what it was.
    pub(super) fn read(&self, kept: &Kept) -> anyhow::Result<RecordBatch> {
        let place = self.folder.join(&kept.file);
        let found = disk::sha256_of_file(&place)?;
        ensure!(found == kept.sha256, "{} has another hash than {INDEX} says; restore it from backup", place.display());
        read_table(&place)
    }

    /// All revisions that were shown or are tonight, the latest first, each with its switch.
    pub(super) fn revisions(&self) -> impl Iterator<Item = (&Switch, &Revision)> {
        let switches = self.index.switches.iter().enumerate().rev();
        let shown = switches.filter(|(at, switch)| switch.shown || *at >= self.tonight);
        shown.flat_map(|(_, switch)| switch.revisions.iter().map(move |revision| (switch, revision)))
    }

    /// Which of these tables (name, hash) have not been kept.
    pub(super) fn lacks<'a>(&self, tables: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<String> {
        let tables_of = |switch: &'_ Switch| {
            switch.tables.iter().map(|(table, kept)| (table.clone(), kept.sha256.clone())).collect::<Vec<_>>()
        };
        let kept: BTreeSet<(String, String)> = self.index.switches.iter().flat_map(tables_of).collect();
        let is_kept = |table: &str, hash: &str| kept.contains(&(table.to_owned(), hash.to_owned()));
        tables.filter(|(table, hash)| !is_kept(table, hash)).map(|(table, _)| table.to_owned()).collect()
    }

    /// Kept files that are gone or are not what they were.
    pub(super) fn damaged(&self) -> Vec<String> {
        let files: BTreeMap<&str, &str> = self
            .index
            .switches
            .iter()
            .flat_map(|switch| switch.tables.values())
            .map(|kept| (kept.file.as_str(), kept.sha256.as_str()))
            .collect();
        let is_damaged =
            |file: &str, hash: &str| disk::sha256_of_file(&self.folder.join(file)).map_or(true, |found| found != hash);
        files.into_iter().filter(|(file, hash)| is_damaged(file, hash)).map(|(file, _)| file.to_owned()).collect()
    }

    /// A switch that a killed run left was shown when the release that is shown now has its tables.
    pub(super) fn settle(&mut self, current: Option<&Manifest>) {
        let Some(current) = current else { return };
        for switch in self.index.switches.iter_mut().filter(|switch| !switch.shown) {
            // On a date whose figures are those of the date before, the tables do not tell.
            let of_product = current.products.get(&switch.product).and_then(|part| part.shown.get(PUBLIC));
            if switch.figures.date.is_some() && of_product != Some(&switch.figures) {
                continue;
            }
            let shown = |(table, kept): (&String, &Kept)| {
                let file = current.files.get(&format!("tabeller/{table}.parquet"));
                file.is_some_and(|file| file.sha256 == kept.sha256)
            };
            if switch.tables.iter().all(shown) {
                switch.shown = true;
                switch.release = Some(current.release.clone());
                self.changed = true;
            }
        }
        // Only what is public now is compared with what comes.
        let mut told = BTreeSet::new();
        for switch in self.index.switches.iter_mut().rev().filter(|switch| switch.shown) {
            if !told.insert(&switch.product) {
                switch.basis = None;
            }
        }
    }

    /// Keeps the tables that a product shows from now on (name → Parquet). When they are those that are public already,
    /// only what they are made from is noted, and the date if it is another; else `changes` says what changed.
    pub(super) fn keep(
        &mut self,
        product: &str,
        figures: Shown,
        basis: Basis,
        tables: &BTreeMap<String, Vec<u8>>,
        changes: impl FnOnce(&History) -> anyhow::Result<(Vec<Revision>, NewlyHidden)>,
    ) -> anyhow::Result<()> {
        let files = tables.iter().map(|(table, bytes)| Ok((table.clone(), self.put(table, bytes, &figures.as_of)?)));
        let files: BTreeMap<String, Kept> = files.collect::<anyhow::Result<_>>()?;
        let last = self.index.switches.iter().rposition(|switch| switch.product == product && switch.shown);
        let last = last.map(|at| &mut self.index.switches[at]).filter(|last| last.tables == files);
        let is_same = last.is_some();
        if let Some(last) = last.filter(|last| figures.date.is_none() || last.figures.date == figures.date) {
            self.changed |= last.basis.as_ref() != Some(&basis);
            last.basis = Some(basis);
            return Ok(());
        }
        // A killed run has left the same: it is tonight's that is shown, once.
        let same = |switch: &Switch| !switch.shown && switch.product == product && switch.tables == files;
        self.tonight -= self.index.switches[..self.tonight].iter().filter(|switch| same(switch)).count();
        self.index.switches.retain(|switch| !same(switch));
        let (revisions, newly_hidden) = if is_same { Default::default() } else { changes(self)? };
        self.index.switches.push(Switch {
            product: product.to_owned(),
            figures,
            shown: false,
            release: None,
            basis: Some(basis),
            tables: files,
            revisions,
            newly_hidden,
        });
        self.changed = true;
        Ok(())
    }

    fn put(&self, table: &str, bytes: &[u8], as_of: &str) -> anyhow::Result<Kept> {
        let sha256 = disk::sha256(bytes);
        let mut earlier = self.index.switches.iter().filter_map(|switch| switch.tables.get(table));
        if let Some(kept) = earlier.find(|kept| kept.sha256 == sha256) {
            return Ok(kept.clone());
        }
        let file = format!("{table}/{as_of}-{}.parquet", &sha256[..12]);
        disk::write(&self.folder.join(&file), bytes)?;
        Ok(Kept { file, sha256 })
    }

    /// Brings it to the disk; before the release that shows it.
    pub(super) fn commit(&mut self) -> anyhow::Result<()> {
        if std::mem::take(&mut self.changed) {
            disk::commit(&self.folder.join(INDEX), self.to_json()?.as_bytes())?;
        }
        Ok(())
    }

    /// Notes that a release shows the last switches. Not brought to the disk by force: the next run would see it itself.
    pub(super) fn confirm(&mut self, shown: &Manifest) -> anyhow::Result<()> {
        self.settle(Some(shown));
        if std::mem::take(&mut self.changed) {
            disk::write(&self.folder.join(INDEX), self.to_json()?.as_bytes())?;
        }
        Ok(())
    }

    fn to_json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(&self.index).context("writing what has been public")? + "\n")
    }
}

/// Product → the release that first showed the public figures that wait for their next date: they are explained from it,
/// however many releases have come since. Products whose figures change on every run have none.
pub fn releases_of_dates(root: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let history = History::load(root)?;
    let products: BTreeSet<&String> = history.index.switches.iter().map(|switch| &switch.product).collect();
    let of_date = |product: &String| {
        let last = history.last(product).filter(|switch| switch.figures.date.is_some())?;
        Some((product.clone(), last.release.clone()?))
    };
    Ok(products.into_iter().filter_map(of_date).collect())
}

/// All rows of a table's Parquet file.
pub(super) fn read_table(place: &Path) -> anyhow::Result<RecordBatch> {
    let broken = || format!("{} is not readable as Parquet", place.display());
    let builder = ParquetRecordBatchReaderBuilder::try_new(disk::open(place)?).with_context(broken)?;
    let schema = builder.schema().clone();
    let batches: Vec<RecordBatch> =
        builder.build().with_context(broken)?.map(|batch| batch.with_context(broken)).collect::<anyhow::Result<_>>()?;
    arrow::compute::concat_batches(&schema, &batches).with_context(broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::File;

    /// A night that keeps one table; its revisions are told apart by the cells that changed.
    fn keep(history: &mut History, bytes: &[u8], cells: usize) {
        let figures = Shown { as_of: "2026-11-12".to_owned(), date: None };
        let hidden = NewlyHidden::from([("t".to_owned(), BTreeMap::from([("n".to_owned(), cells)]))]);
        let tables = BTreeMap::from([("t".to_owned(), bytes.to_vec())]);
        history.keep("p", figures, Basis::default(), &tables, |_| Ok((Vec::new(), hidden))).unwrap();
        history.commit().unwrap();
    }

    /// The manifest of a release that shows the table.
    fn release(bytes: &[u8]) -> Manifest {
        let sha256 = disk::sha256(bytes);
        let file = File { product: Some("p".to_owned()), sha256, bytes: 1, table: Some("t".to_owned()), rows: Some(1) };
        Manifest {
            format: 1,
            release: String::new(),
            as_of: "2026-11-12".to_owned(),
            synthetic: false,
            settings: BTreeMap::new(),
            products: BTreeMap::new(),
            erased: None,
            files: [("tabeller/t.parquet".to_owned(), file)].into(),
        }
    }

    #[test]
    fn a_date_on_which_nothing_changed_is_a_date_all_the_same() {
        let root = tempfile::tempdir().unwrap();
        let on = |as_of: &str, date: &str| Shown { as_of: as_of.to_owned(), date: Some(date.to_owned()) };
        let keep = |history: &mut History, figures: Shown| {
            let tables = BTreeMap::from([("t".to_owned(), b"one".to_vec())]);
            history.keep("p", figures, Basis::default(), &tables, |_| Ok(Default::default())).unwrap();
            history.commit().unwrap();
        };
        let shows = |figures: Shown, id: &str| {
            let shown = [(PUBLIC.to_owned(), figures)].into();
            let part = crate::publish::Product { shown, ..Default::default() };
            Manifest { release: id.to_owned(), products: [("p".to_owned(), part)].into(), ..release(b"one") }
        };
        let (first, second) = (on("2026-11-12", "2026-11-12"), on("2026-11-20", "2026-11-20"));
        let mut history = History::load(root.path()).unwrap();
        keep(&mut history, first.clone());
        history.confirm(&shows(first.clone(), "a")).unwrap();
        // Killed before the release of the second date was switched to: the tables alone would say that it was.
        keep(&mut History::load(root.path()).unwrap(), second.clone());
        let mut next = History::load(root.path()).unwrap();
        next.settle(Some(&shows(first.clone(), "a")));
        assert_eq!(next.last("p").unwrap().figures, first);
        keep(&mut next, second.clone());
        next.confirm(&shows(second.clone(), "b")).unwrap();

        let known = History::load(root.path()).unwrap();
        assert_eq!(known.last("p").unwrap().figures, second);
        assert_eq!(known.index.switches.len(), 2);
        assert_eq!(releases_of_dates(root.path()).unwrap()["p"], "b");
        // Where every run changes the figures, the same ones are kept once.
        let mut history = History::load(root.path()).unwrap();
        keep(&mut history, second);
        assert_eq!(history.index.switches.len(), 2);
    }

    #[test]
    fn what_a_killed_run_left_is_told_once_when_the_next_night_shows_the_same() {
        let root = tempfile::tempdir().unwrap();
        let mut first = History::load(root.path()).unwrap();
        keep(&mut first, b"one", 1);
        first.confirm(&release(b"one")).unwrap();
        // Killed before the release was switched to.
        keep(&mut History::load(root.path()).unwrap(), b"two", 2);
        let mut next = History::load(root.path()).unwrap();
        next.settle(Some(&release(b"one")));
        keep(&mut next, b"two", 3);
        assert_eq!(next.after_tonight("p").unwrap().newly_hidden["t"]["n"], 3);
        next.confirm(&release(b"two")).unwrap();

        let known = History::load(root.path()).unwrap();
        let told: Vec<usize> = known.index.switches.iter().map(|switch| switch.newly_hidden["t"]["n"]).collect();
        assert_eq!(told, [1, 3]);
        assert!(known.index.switches.iter().all(|switch| switch.shown && switch.release.is_some()));
        assert!(releases_of_dates(root.path()).unwrap().is_empty());
    }
}
