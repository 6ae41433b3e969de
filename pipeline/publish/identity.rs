//! No doctor's number where it does not belong: in `offentlig/` and `fylke/` none of the register's, in `lege/<hpr>/`
//! none but that doctor's own, and in `intern/<product>/` none unless the product has a legal basis.
//!
//! A count may by chance be the same digits as a number of 7 to 9 digits, so it is decided by context:
//!
//! - **Tables.** A column is one of figures only if its type and unit say so (they stand in the release's Parquet file
//!   of the table): an integer or double with a unit other than HPR number, in a column not named after it. In every
//!   other column, also when the table has no Parquet file, a registered number is told. Figures are trusted, unless a
//!   column of them has three or more different registered numbers and these are more than half of it: no count is.
//! - **Pages and charts.** Figures are grouped by thin or no-break spaces, and so are never a run of six digits or
//!   more. Such a run that is a registered number is told, wherever it stands: text, links, ids, `data-` attributes.
//!   Left out are digits behind a decimal point (coordinates) and the hashed names of assets.
//! - **Paths.** As pages. Assets come from `site/`, not from data, and are not read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::manifest::Manifest;
use super::switch::STAGED;
use crate::disk;
use crate::lake::{Lake, State};

/// Shorter runs of digits on a page are years, codes and coordinates.
const SHORTEST_TOLD: usize = 6;

/// The table that is the register of doctors, and its numbers' column.
const REGISTER: (&str, &str) = ("lege", "rekvirent_hpr");

/// What a release's files are compared with.
pub(super) struct Identities {
    /// Every registered number, and those that have a folder.
    numbers: BTreeSet<String>,
    /// Table → its columns of figures.
    figures: BTreeMap<String, BTreeSet<String>>,
    /// The products whose staff may see single doctors.
    allowed: BTreeSet<String>,
}

impl Identities {
    /// Of a release. Without a lake, only the doctors that have a folder are known.
    pub(super) fn of(release: &Path, manifest: &Manifest, lake: Option<&Lake>) -> anyhow::Result<Identities> {
        let folders = manifest.files.keys().filter_map(|path| path.strip_prefix("lege/")?.split_once('/'));
        let mut numbers: BTreeSet<String> = folders
            .map(|(hpr, _)| hpr.to_owned())
            .filter(|hpr| hpr.bytes().all(|byte| byte.is_ascii_digit()))
            .collect();
        if let Some(lake) = lake {
            numbers.extend(registered(release, lake)?);
        }
        let tables =
            manifest.files.iter().filter(|(path, _)| path.starts_with("tabeller/") && !path.starts_with(STAGED));
        let figures = tables
            .filter_map(|(path, file)| Some((file.table.clone()?, release.join(path))))
            // A file that is gone or damaged is told elsewhere; its table then has no column of figures.
            .map(|(table, path)| (table, figures(&path).unwrap_or_default()))
            .collect();
        let allowed = manifest.products.iter().filter(|(_, product)| product.legal_basis.is_some());
        let allowed = allowed.map(|(product, _)| product.clone()).collect();
        Ok(Identities { numbers, figures, allowed })
    }

    /// What is wrong with a file's path.
    pub(super) fn in_path(&self, path: &str) -> Option<String> {
        let told =
            self.is_watched(path) && !path.starts_with("lege/") && runs(path).any(|run| self.numbers.contains(run));
        told.then(|| "has a doctor's number in its path".to_owned())
    }

    /// What is wrong with a file. `table` is the table that the manifest says it shows.
    pub(super) fn in_file(&self, path: &str, table: Option<&str>, text: &str) -> Option<String> {
        if !self.is_watched(path) {
            return None;
        }
        if path.ends_with(".csv") {
            return self.in_table(path, table, text);
        }
        let own = own(path);
        let strange = runs(text).any(|run| run != own && self.numbers.contains(run));
        strange.then(|| "holds another doctor's number".to_owned())
    }

    fn is_watched(&self, path: &str) -> bool {
        let mut folders = path.split('/');
        let watched = match folders.next() {
            Some("offentlig" | "fylke" | "lege") => true,
            Some("intern") => !folders.next().is_some_and(|product| self.allowed.contains(product)),
            _ => false,
        };
        watched && !path.contains("/assets/")
    }

    fn in_table(&self, path: &str, table: Option<&str>, text: &str) -> Option<String> {
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').flexible(true).from_reader(text.as_bytes());
        let Ok(header) = reader.headers().cloned() else { return Some("is not readable as CSV".to_owned()) };
        let rows: Vec<csv::StringRecord> = match reader.records().collect() {
            Ok(rows) => rows,
            Err(_) => return Some("is not readable as CSV".to_owned()),
        };
        let of_doctors = header.iter().position(names_doctors);
        if path.starts_with("lege/") {
            let other = of_doctors.is_some_and(|at| rows.iter().any(|row| row.get(at) != Some(own(path))));
            return other.then(|| "holds another doctor's row".to_owned());
        }
        if of_doctors.is_some() {
            return Some("has a column of HPR numbers".to_owned());
        }
        let figures = table.and_then(|table| self.figures.get(table));
        header.iter().enumerate().find_map(|(at, name)| {
            let cells = || rows.iter().filter_map(|row| row.get(at)).filter(|cell| !cell.is_empty());
            let told = match figures.is_some_and(|figures| figures.contains(name)) {
                true => {
                    let same: Vec<&str> = cells().filter(|cell| self.numbers.contains(*cell)).collect();
                    2 * same.len() > cells().count() && same.into_iter().collect::<BTreeSet<_>>().len() >= 3
                }
                false => cells().any(|cell| words(cell).any(|word| self.numbers.contains(word))),
            };
            told.then(|| format!("has a doctor's number in column {name}"))
        })
    }
}

fn registered(release: &Path, lake: &Lake) -> anyhow::Result<BTreeSet<String>> {
    let state = State::load_existing(&release.join("state.json"))?;
    let (table, column) = REGISTER;
    let mut numbers = BTreeSet::new();
    for (_, entry) in state.partitions(table) {
        for batch in lake.read(entry)? {
            let column = batch.column_by_name(column).with_context(|| format!("{table} has no column {column}"))?;
            let column = arrow::compute::cast(column, &arrow::datatypes::DataType::Int64).context("reading numbers")?;
            numbers.extend(column.as_primitive::<Int64Type>().iter().flatten().map(|number| number.to_string()));
        }
    }
    Ok(numbers)
}

/// The columns of a table's Parquet file that hold figures.
fn figures(file: &Path) -> anyhow::Result<BTreeSet<String>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(disk::open(file)?).context("reading a table's columns")?;
    let is_figure = |field: &&std::sync::Arc<arrow::datatypes::Field>| {
        let unit = field.metadata().get("unit");
        field.data_type().is_numeric() && !names_doctors(field.name()) && unit.is_some_and(|unit| !names_doctors(unit))
    };
    Ok(reader.schema().fields().iter().filter(is_figure).map(|field| field.name().clone()).collect())
}

fn names_doctors(name: &str) -> bool {
    name.to_ascii_lowercase().contains("hpr")
}

/// Whose folder a file lies in.
fn own(path: &str) -> &str {
    path.strip_prefix("lege/").and_then(|rest| rest.split('/').next()).unwrap_or("")
}

fn words(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty())
}

/// The runs of digits on a page that are no figures.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let starts = (0..bytes.len()).filter(move |at| is_digit(*at) && (*at == 0 || !is_digit(at - 1)));
    starts.filter_map(move |start| {
        let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_fraction = start >= 2 && bytes[start - 1] == b'.' && is_digit(start - 2);
        let is_told = length >= SHORTEST_TOLD && !is_fraction && !is_in_asset_name(&text[..start]);
        is_told.then(|| &text[start..start + length])
    })
}

/// Whether what stands before leads into `assets/<name>`.
fn is_in_asset_name(before: &str) -> bool {
    let name = before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).next().unwrap_or("");
    before[..before.len() - name.len()].ends_with("assets/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identities() -> Identities {
        let figures = BTreeSet::from(["n".to_owned(), "m".to_owned()]);
        let numbers = ["1234567", "7654321", "2345678", "3456789"].map(str::to_owned);
        let figures = BTreeMap::from([("t".to_owned(), figures)]);
        Identities { numbers: numbers.into(), figures, allowed: BTreeSet::from(["p".to_owned()]) }
    }

    fn found(path: &str, text: &str) -> String {
        identities().in_file(path, Some("t"), text).unwrap_or_default()
    }

    #[test]
    fn a_page_holds_its_own_doctors_number_alone() {
        assert_eq!(found("lege/1234567/index.html", "<p>HPR 1234567</p>"), "");
        assert_eq!(found("lege/1234567/index.html", "7654321"), "holds another doctor's number");
        for leak in ["x=1234567;", "<a href=\"l1234567.html\">", "1234567, 7", "<p id=lege_7654321>", "1234567,7654321"]
        {
            for tree in ["offentlig/index.html", "offentlig/kart.svg", "fylke/03/index.html"] {
                assert_eq!(found(tree, leak), "holds another doctor's number", "{tree}: {leak}");
            }
        }
    }

    #[test]
    fn figures_coordinates_and_asset_names_are_no_numbers_of_doctors() {
        for fine in ["1\u{a0}234\u{a0}567", "1\u{202f}234\u{202f}567", "M0.1234567 1", "../assets/style-1234567.css"] {
            assert_eq!(found("offentlig/index.html", fine), "", "{fine}");
        }
        assert_eq!(found("offentlig/assets/style.css", "1234567"), "");
        // Staff see single doctors where the product has a legal basis, and nowhere else.
        assert_eq!(found("intern/p/t.csv", "rekvirent_hpr\n1234567\n"), "");
        assert_eq!(found("intern/too/t.csv", "rekvirent_hpr\n1234567\n"), "has a column of HPR numbers");
        assert_eq!(found("intern/too/index.html", "1234567"), "holds another doctor's number");
    }

    #[test]
    fn a_paths_numbers_are_told_outside_the_doctors_own_tree() {
        let told = |path: &str| identities().in_path(path).is_some();
        assert!(told("offentlig/1234567/index.html") && told("fylke/03/lege1234567.csv"));
        assert!(!told("lege/1234567/index.html") && !told("offentlig/assets/a-1234567.css"));
    }

    #[test]
    fn in_tables_the_column_decides() {
        let public = "offentlig/data/t.csv";
        assert_eq!(found(public, "maaned;n\n2026-01;1234567\n"), "");
        assert_eq!(found(public, "maaned;kode\n2026-01;1234567\n"), "has a doctor's number in column kode");
        assert_eq!(found(public, "maaned;kode\n2026-01;\"a;7654321\"\n"), "has a doctor's number in column kode");
        assert_eq!(found(public, "rekvirent_hpr;n\n"), "has a column of HPR numbers");
        // A count may be a number by chance, most of a column may not.
        assert_eq!(found(public, "n\n1234567\n7654321\n12\n14\n15\n"), "");
        assert_eq!(found(public, "n\n1234567\n7654321\n2345678\n14\n15\n"), "has a doctor's number in column n");
        // Without the table's Parquet file no column is one of figures.
        let unknown = identities().in_file(public, None, "maaned;n\n2026-01;1234567\n");
        assert_eq!(unknown.unwrap(), "has a doctor's number in column n");
        let foreign = "rekvirent_hpr;n\n1234567;2\n7654321;3\n";
        assert_eq!(found("lege/1234567/t.csv", foreign), "holds another doctor's row");
    }
}
