//! Yearly figures in the layout of KPR's and FHI's cubes (C12): one row for each place, year, group, step and measure, with
//! a flag that says why a value is absent. Once with codes, once with labels.
//!
//! What the measures are stands in `queries/<product>/<name>.kube.toml`. Made from public tables as they are shown, so
//! that nothing is in a cube that is not public already. Knows neither which tables are public nor where files go.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use arrow::array::RecordBatch;
use serde::Deserialize;

use super::texts;
use crate::closed;
use crate::embedded::Files;
use crate::model::Model;

const ENDING: &str = ".kube.toml";

const HEADER: [&str; 11] =
    ["GEO", "AAR", "KJONN", "ALDER", "MAALGRUPPE", "STEG", "MAALTALL", "TELLER", "NEVNER", "VERDI", "SPVFLAGG"];

/// The flags of SPVFLAGG.
const SHOWN: &str = "0";
const MISSING: &str = "1";
const NOT_COMPUTABLE: &str = "2";
const HIDDEN: &str = "3";

/// All of a dimension that a measure is not split by.
const ALL: &str = "0";
const ALL_AGES: &str = "0_120";

/// One cube, as declared.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cube {
    /// The product it belongs to: the file's folder.
    #[serde(skip)]
    pub product: String,
    /// Path for messages.
    #[serde(skip)]
    pub file: String,
    /// What it is called: its files begin with it.
    pub navn: String,
    /// The folder below `offentlig/data/`.
    pub mappe: String,
    /// Who should have a row each year.
    enheter: Units,
    /// Places of the tables that are no place of the cube.
    #[serde(default)]
    uten_geo: BTreeSet<String>,
    /// Column → code → label.
    navn_paa: BTreeMap<String, BTreeMap<String, String>>,
    /// The measures, in the order of the rows.
    maal: Vec<Measure>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Units {
    tabell: String,
    kode: String,
    navn: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Measure {
    kode: String,
    navn: String,
    tabell: String,
    /// Column → values: the rows that are of the measure.
    der: BTreeMap<String, Vec<String>>,
    geo: String,
    aar: String,
    /// The step's column; absent = the measure is of all steps.
    steg: Option<String>,
    /// The target group's column; absent = all groups.
    maalgruppe: Option<String>,
    teller: Option<String>,
    nevner: Option<String>,
    verdi: String,
    /// The value is a share of `nevner`, and its numerator no column of its own.
    #[serde(default)]
    andel: bool,
    /// Steps that have no such measure.
    #[serde(default)]
    ikke_for: Vec<String>,
}

/// A public table as it is shown.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// Its header.
    pub model: &'a Model,
    /// Its rows.
    pub rows: &'a RecordBatch,
}

/// A cube's two files, and how many rows each has.
pub struct Written {
    /// With codes.
    pub codes: Vec<u8>,
    /// With labels.
    pub labels: Vec<u8>,
    /// Rows of each, the header not counted.
    pub rows: usize,
}

/// The dimensions of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    geo: String,
    year: String,
    group: String,
    step: String,
}

/// The figures of a row.
#[derive(Clone, Debug, Default)]
struct Figures {
    numerator: String,
    denominator: String,
    value: String,
    flag: &'static str,
}

impl Cube {
    /// Every cube that is declared among the files of `queries/`, with its tables and columns known.
    pub fn all(files: &Files, models: &[&Model]) -> anyhow::Result<Vec<Cube>> {
        let declared = files.iter().filter(|(path, _)| path.ends_with(ENDING));
        declared
            .map(|(path, bytes)| {
                let file = format!("queries/{path}");
                let text = std::str::from_utf8(bytes).with_context(|| format!("{file}:1: the file is not UTF-8"))?;
                let product = path.split('/').next().unwrap_or_default().to_owned();
                let cube = Cube { product, file: file.clone(), ..closed::parse(text, &file, 1)? };
                cube.check(models).context(file)?;
                Ok(cube)
            })
            .collect()
    }

    /// Names the tables that it is made from.
    pub fn tables(&self) -> BTreeSet<&str> {
        self.maal.iter().map(|measure| measure.tabell.as_str()).chain([self.enheter.tabell.as_str()]).collect()
    }

    fn check(&self, models: &[&Model]) -> anyhow::Result<()> {
        let mut codes = BTreeSet::new();
        for measure in &self.maal {
            ensure!(codes.insert(&measure.kode), "measure {} is declared twice", measure.kode);
            ensure!(!measure.andel || measure.nevner.is_some(), "measure {}: a share has a `nevner`", measure.kode);
        }
        // A product that is off has no models.
        let own = |name: &&str| models.iter().any(|model| model.name == **name);
        let is_on = models.iter().any(|model| model.product == self.product);
        let lacking: Vec<&str> = self.tables().into_iter().filter(|name| is_on && !own(name)).collect();
        ensure!(lacking.is_empty(), "there is no table {}", lacking.join(" nor "));
        Ok(())
    }

    /// Fills the cube. A measure whose table is not shown has no rows; without the table of units there is no cube.
    pub fn fill(&self, shown: &BTreeMap<&str, Shown<'_>>) -> anyhow::Result<Option<Written>> {
        let Some(units) = shown.get(self.enheter.tabell.as_str()) else { return Ok(None) };
        let units = Columns::of(units)?;
        let codes = units.column(&self.enheter.kode)?;
        let names = units.column(&self.enheter.navn)?;
        let places: BTreeMap<String, String> =
            codes.iter().cloned().zip(names.iter().cloned()).filter_map(|(code, name)| Some((code?, name?))).collect();
        let mut rows: BTreeMap<(Key, usize), Figures> = BTreeMap::new();
        for (at, measure) in self.maal.iter().enumerate() {
            if let Some(table) = shown.get(measure.tabell.as_str()) {
                let own = measure
                    .rows(table, &places, &self.uten_geo)
                    .with_context(|| format!("{}: {}", self.file, measure.kode))?;
                rows.extend(own.into_iter().map(|(key, figures)| ((key, at), figures)));
            }
        }
        Ok(Some(Written {
            codes: self.write(&rows, None)?,
            labels: self.write(&rows, Some(&places))?,
            rows: rows.len(),
        }))
    }

    /// With labels when places have names.
    fn write(
        &self,
        rows: &BTreeMap<(Key, usize), Figures>,
        places: Option<&BTreeMap<String, String>>,
    ) -> anyhow::Result<Vec<u8>> {
        let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
        writer.write_record(HEADER).context("writing CSV")?;
        let name = |column: &str, code: &str| -> anyhow::Result<String> {
            let Some(places) = places else { return Ok(code.to_owned()) };
            let label = self.navn_paa.get(column).and_then(|labels| labels.get(code));
            let label = label.or_else(|| places.get(code).filter(|_| column == "GEO"));
            label.cloned().with_context(|| format!("{}: `navn_paa.{column}` has no label for {code}", self.file))
        };
        for ((key, at), figures) in rows {
            let measure = self.maal.get(*at).context("a row of no measure")?;
            let year = if places.is_some() { key.year.clone() } else { format!("{0}_{0}", key.year) };
            let label = if places.is_some() { &measure.navn } else { &measure.kode };
            let fields = [
                name("GEO", &key.geo)?,
                year,
                name("KJONN", ALL)?,
                name("ALDER", ALL_AGES)?,
                name("MAALGRUPPE", &key.group)?,
                name("STEG", &key.step)?,
                label.clone(),
                figures.numerator.clone(),
                figures.denominator.clone(),
                figures.value.clone(),
                name("SPVFLAGG", figures.flag)?,
            ];
            writer.write_record(fields).context("writing CSV")?;
        }
        writer.into_inner().context("writing CSV")
    }
}

impl Measure {
    /// Its rows, and for each place, year, group and step that should have one and has none, one that says so.
    fn rows(
        &self,
        table: &Shown<'_>,
        places: &BTreeMap<String, String>,
        without: &BTreeSet<String>,
    ) -> anyhow::Result<BTreeMap<Key, Figures>> {
        let columns = Columns::of(table)?;
        let mut rows = BTreeMap::new();
        for row in 0..table.rows.num_rows() {
            let mut is_own = !columns.cell(&self.geo, row)?.is_some_and(|geo| without.contains(geo));
            for (column, values) in &self.der {
                is_own &= columns.cell(column, row)?.is_some_and(|value| values.iter().any(|own| own == value));
            }
            if is_own {
                rows.insert(self.key(&columns, row)?, self.figures(&columns, row)?);
            }
        }
        let all =
            |part: fn(&Key) -> &String| -> BTreeSet<String> { rows.keys().map(|key| part(key).clone()).collect() };
        let (years, groups, steps) = (all(|key| &key.year), all(|key| &key.group), all(|key| &key.step));
        // Places that are missing are named where the measure is split by place at all.
        let split = rows.keys().any(|key| key.geo != ALL);
        let mut lacking = Vec::new();
        for (geo, year) in places.keys().filter(|_| split).flat_map(|geo| years.iter().map(move |year| (geo, year))) {
            for (group, step) in groups.iter().flat_map(|group| steps.iter().map(move |step| (group, step))) {
                let (geo, year, group, step) = (geo.clone(), year.clone(), group.clone(), step.clone());
                lacking.push(Key { geo, year, group, step });
            }
        }
        for key in lacking {
            rows.entry(key).or_insert(Figures { flag: MISSING, ..Figures::default() });
        }
        Ok(rows)
    }

    fn key(&self, columns: &Columns, row: usize) -> anyhow::Result<Key> {
        let given = |column: &str| -> anyhow::Result<String> {
            let cell = columns.cell(column, row)?.with_context(|| format!("a row has no {column}"))?;
            Ok(cell.to_owned())
        };
        let or_all = |column: &Option<String>| column.as_deref().map_or(Ok(ALL.to_owned()), given);
        let geo = given(&self.geo)?;
        Ok(Key {
            geo: if geo == "landet" { ALL.to_owned() } else { geo },
            year: given(&self.aar)?,
            group: or_all(&self.maalgruppe)?,
            step: or_all(&self.steg)?,
        })
    }

    fn figures(&self, columns: &Columns, row: usize) -> anyhow::Result<Figures> {
        let optional = |column: &Option<String>| column.as_deref().map_or(Ok(None), |column| columns.cell(column, row));
        let status = columns.cell("status", row)?;
        let step = self.steg.as_deref().map_or(Ok(None), |column| columns.cell(column, row))?;
        let (value, denominator) = (columns.cell(&self.verdi, row)?, optional(&self.nevner)?);
        let absent = |flag| Ok(Figures { flag, ..Figures::default() });
        match (status, value) {
            (Some("mangler"), _) => absent(MISSING),
            // A row of which something is hidden may show this figure all the same.
            (Some("skjult"), None) => absent(HIDDEN),
            (_, Some(value)) => {
                let numerator = match (self.andel, denominator) {
                    (true, Some(denominator)) => numerator(columns.number(&self.verdi, row)?, denominator)?,
                    _ => optional(&self.teller)?.unwrap_or_default().to_owned(),
                };
                let denominator = denominator.unwrap_or_default().to_owned();
                Ok(Figures { numerator, denominator, value: value.to_owned(), flag: SHOWN })
            }
            _ if step.is_some_and(|step| self.ikke_for.iter().any(|other| other == step)) => absent(NOT_COMPUTABLE),
            _ if denominator == Some("0") => absent(NOT_COMPUTABLE),
            _ => absent(HIDDEN),
        }
    }
}

/// How many the share is of the denominator.
fn numerator(share: Option<f64>, denominator: &str) -> anyhow::Result<String> {
    let of: f64 = denominator.parse().with_context(|| format!("{denominator} is no count"))?;
    Ok(share.map_or_else(String::new, |share| format!("{:.0}", (share * of).round())))
}

/// A table's cells as its public CSV has them.
struct Columns<'a> {
    batch: &'a RecordBatch,
    texts: BTreeMap<String, Vec<Option<String>>>,
}

impl<'a> Columns<'a> {
    fn of(table: &Shown<'a>) -> anyhow::Result<Columns<'a>> {
        let schema = table.rows.schema();
        let columns = schema.fields().iter().zip(table.rows.columns());
        let texts = columns
            .map(|(field, column)| Ok((field.name().clone(), texts(table.model, table.rows, field.name(), column)?)))
            .collect::<anyhow::Result<_>>()?;
        Ok(Columns { batch: table.rows, texts })
    }

    fn column(&self, name: &str) -> anyhow::Result<&[Option<String>]> {
        Ok(self.texts.get(name).with_context(|| format!("no column {name}"))?)
    }

    fn cell(&self, name: &str, row: usize) -> anyhow::Result<Option<&str>> {
        Ok(self.column(name)?.get(row).and_then(|cell| cell.as_deref()))
    }

    /// A number as it is, not rounded.
    fn number(&self, name: &str, row: usize) -> anyhow::Result<Option<f64>> {
        use arrow::array::{Array, AsArray};
        let column = self.batch.column_by_name(name).with_context(|| format!("no column {name}"))?;
        let numbers = column.as_primitive_opt::<arrow::datatypes::Float64Type>();
        let numbers = numbers.with_context(|| format!("{name} is no share"))?;
        Ok((!numbers.is_null(row)).then(|| numbers.value(row)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};

    use super::*;

    const FILE: &str = "navn = \"t\"\nmappe = \"kpr\"\nenheter = { tabell = \"f\", kode = \"nr\", navn = \"navn\" }\n\
        [navn_paa]\nGEO = { 0 = \"Landet\" }\nKJONN = { 0 = \"Begge\" }\nALDER = { 0_120 = \"Alle\" }\n\
        MAALGRUPPE = { 0 = \"Alle\" }\nSTEG = { a = \"A\", b = \"B\" }\n\
        SPVFLAGG = { 0 = \"Vist\", 1 = \"Mangler\", 2 = \"Ikke\", 3 = \"Skjult\" }\n\
        [[maal]]\nkode = \"OVER\"\nnavn = \"Over målet\"\ntabell = \"m\"\nder = { type = [\"aar\"] }\ngeo = \"omraade\"\n\
        aar = \"periode\"\nsteg = \"steg\"\nnevner = \"n\"\nverdi = \"over\"\nandel = true\nikke_for = [\"b\"]\n\
        [[maal]]\nkode = \"N\"\nnavn = \"Antall\"\ntabell = \"m\"\nder = { type = [\"aar\"] }\ngeo = \"omraade\"\n\
        aar = \"periode\"\nsteg = \"steg\"\nteller = \"n\"\nverdi = \"n\"\n";

    fn model(name: &str, columns: &str) -> Model {
        let text = format!(
            "/*---\ntitle = \"T\"\naudience = \"offentlig\"\ngrain = [\"a\"]\nversjon = 1\n{columns}---*/\nselect a\nfrom t\norder by a\n"
        );
        Model::parse("p", name, &text).unwrap()
    }

    fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter(columns).unwrap()
    }

    #[test]
    fn each_absent_value_says_why_and_each_place_has_a_row_a_year() {
        let files = Files::from([("p/t.kube.toml".to_owned(), FILE.as_bytes().to_vec())]);
        let units = model("f", "");
        let waits = model("m", "[columns.over]\nunit = \"andel\"\n");
        let cube = Cube::all(&files, &[&units, &waits]).unwrap().remove(0);
        let text = |values: &[&str]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
        let of_units = batch(vec![("nr", text(&["03", "46"])), ("navn", text(&["Oslo", "Vestland"]))]);
        let rows = batch(vec![
            ("type", text(&["aar", "aar", "aar", "aar", "tertial", "aar"])),
            ("omraade", text(&["03", "03", "03", "46", "03", "landet"])),
            ("periode", text(&["2025", "2025", "2026", "2025", "2025-T1", "2025"])),
            ("steg", text(&["a", "b", "a", "a", "a", "a"])),
            ("n", Arc::new(Int64Array::from(vec![Some(30), Some(9), Some(0), None, Some(9), Some(7)])) as ArrayRef),
            (
                "over",
                Arc::new(Float64Array::from(vec![Some(2.0 / 3.0), None, None, None, Some(0.1), None])) as ArrayRef,
            ),
            ("status", text(&["vist", "vist", "vist", "skjult", "vist", "skjult"])),
        ]);
        let shown = BTreeMap::from([
            ("f", Shown { model: &units, rows: &of_units }),
            ("m", Shown { model: &waits, rows: &rows }),
        ]);
        let written = cube.fill(&shown).unwrap().unwrap();
        let codes = String::from_utf8(written.codes).unwrap();
        let wanted = [
            "GEO;AAR;KJONN;ALDER;MAALGRUPPE;STEG;MAALTALL;TELLER;NEVNER;VERDI;SPVFLAGG",
            // Seven waited and the share is too small a matter to show.
            "0;2025_2025;0;0_120;0;a;OVER;;;;3",
            "0;2025_2025;0;0_120;0;a;N;7;;7;0",
            // 2/3 of 30.
            "03;2025_2025;0;0_120;0;a;OVER;20;30;0,667;0",
            "03;2025_2025;0;0_120;0;a;N;30;;30;0",
            // No goal for this step.
            "03;2025_2025;0;0_120;0;b;OVER;;;;2",
            "03;2025_2025;0;0_120;0;b;N;9;;9;0",
            // Nobody waited.
            "03;2026_2026;0;0_120;0;a;OVER;;;;2",
            "03;2026_2026;0;0_120;0;a;N;0;;0;0",
            "03;2026_2026;0;0_120;0;b;OVER;;;;1",
            "03;2026_2026;0;0_120;0;b;N;;;;1",
            "46;2025_2025;0;0_120;0;a;OVER;;;;3",
            "46;2025_2025;0;0_120;0;a;N;;;;3",
            "46;2025_2025;0;0_120;0;b;OVER;;;;1",
            "46;2025_2025;0;0_120;0;b;N;;;;1",
            "46;2026_2026;0;0_120;0;a;OVER;;;;1",
            "46;2026_2026;0;0_120;0;a;N;;;;1",
            "46;2026_2026;0;0_120;0;b;OVER;;;;1",
            "46;2026_2026;0;0_120;0;b;N;;;;1",
        ];
        assert_eq!(codes.lines().collect::<Vec<_>>(), wanted);
        assert_eq!(written.rows, wanted.len() - 1);
        let labels = String::from_utf8(written.labels).unwrap();
        assert_eq!(labels.lines().nth(3).unwrap(), "Oslo;2025;Begge;Alle;Alle;A;Over målet;20;30;0,667;Vist");
        // Nothing is public: no measure, or no cube at all.
        let none = cube.fill(&BTreeMap::from([("f", shown["f"])])).unwrap().unwrap();
        assert_eq!(none.rows, 0);
        assert!(cube.fill(&BTreeMap::new()).unwrap().is_none());
    }

    #[test]
    fn a_wrong_declaration_names_its_file() {
        let error = |from: &str, to: &str| {
            let files = Files::from([("p/t.kube.toml".to_owned(), FILE.replace(from, to).into_bytes())]);
            let (f, m) = (model("f", ""), model("m", ""));
            format!("{:#}", Cube::all(&files, &[&f, &m]).unwrap_err())
        };
        assert_eq!(error("tabell = \"m\"", "tabell = \"x\""), "queries/p/t.kube.toml: there is no table x");
        assert!(error("mappe", "mape").contains("queries/p/t.kube.toml:2: unknown key `mape`"));
        assert!(error("kode = \"N\"", "kode = \"OVER\"").contains("measure OVER is declared twice"));
    }
}
