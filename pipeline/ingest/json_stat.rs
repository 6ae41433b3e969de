//! JSON-stat 2: a table of numbers over dimensions, as PxWebApi 2 writes it.
//!
//! Reads all the forms that the standard allows: `value` and `status` as a list, as an object of those that are
//! there, `status` as one sign for all; the codes of a dimension in a list or with their places. Knows no table.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

use anyhow::{Context, bail, ensure};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::Number;

use super::json;

/// Signs in `status` that say that there is no number, whatever `value` holds: it cannot be, it is missing, it is
/// missing for now, it may not be shown.
const NO_NUMBER: [&str; 5] = [".", "..", "...", "…", ":"];

/// A table, checked: as many codes as each dimension says, and no number beyond them.
#[derive(Debug)]
pub struct Table {
    axes: BTreeMap<String, Axis>,
    values: Cells<Option<Number>>,
    status: Cells<Option<String>>,
}

/// One dimension.
#[derive(Debug)]
pub struct Axis {
    /// Its codes, in the order of the numbers.
    pub codes: Vec<String>,
    /// How far the number of the next code is away.
    pub stride: usize,
    /// Per code the unit, where the table gives one.
    pub units: BTreeMap<String, Unit>,
}

/// What a code of the contents is counted in.
#[derive(Debug, Deserialize)]
pub struct Unit {
    /// Decimals of its numbers.
    pub decimals: Option<u32>,
}

/// One thing per number: a list, those that are there by place, or the same for all.
#[derive(Debug)]
enum Cells<T> {
    List(Vec<T>),
    Sparse(BTreeMap<usize, T>),
    All(T),
}

#[derive(Deserialize)]
struct Written {
    version: String,
    class: String,
    id: Vec<String>,
    size: Vec<usize>,
    dimension: BTreeMap<String, WrittenDimension>,
    value: Cells<Option<Number>>,
    status: Option<Cells<Option<String>>>,
}

#[derive(Deserialize)]
struct WrittenDimension {
    category: WrittenCategory,
}

#[derive(Deserialize)]
struct WrittenCategory {
    index: Option<Index>,
    #[serde(default)]
    label: BTreeMap<String, String>,
    #[serde(default)]
    unit: BTreeMap<String, Unit>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Index {
    List(Vec<String>),
    Places(BTreeMap<String, usize>),
}

/// Reads and checks a table.
pub fn read(file: impl Read) -> anyhow::Result<Table> {
    let written: Written = json::read(file, "a JSON-stat 2 dataset")?;
    ensure!(
        written.version == "2.0" && written.class == "dataset",
        "this is not a JSON-stat 2 dataset; ask PxWebApi for outputFormat=json-stat2"
    );
    ensure!(written.id.len() == written.size.len(), "`id` and `size` do not have the same number of dimensions");
    let mut dimensions = written.dimension;
    let mut axes = BTreeMap::new();
    let mut stride = 1_usize;
    for (name, size) in written.id.into_iter().zip(written.size).rev() {
        let dimension = dimensions.remove(&name).with_context(|| format!("`dimension` does not hold `{name}`"))?;
        let units = dimension.category.unit;
        let codes = codes(dimension.category.index, dimension.category.label)
            .with_context(|| format!("the codes of dimension `{name}` do not each have a place"))?;
        ensure!(codes.len() == size, "dimension `{name}` has {} codes where `size` says {size}", codes.len());
        axes.insert(name, Axis { codes, stride, units });
        stride = stride.checked_mul(size).context("`size` is too large")?;
    }
    let fits = match &written.value {
        Cells::List(values) => values.len() == stride,
        Cells::Sparse(values) => values.keys().all(|at| *at < stride),
        Cells::All(_) => false,
    };
    ensure!(fits, "`value` does not have the {stride} numbers that `size` says");
    let status = written.status.unwrap_or(Cells::Sparse(BTreeMap::new()));
    Ok(Table { axes, values: written.value, status })
}

/// The codes in the order of their places; none when two share one.
fn codes(index: Option<Index>, label: BTreeMap<String, String>) -> Option<Vec<String>> {
    match index {
        Some(Index::List(codes)) => Some(codes),
        Some(Index::Places(places)) => {
            let mut codes: Vec<(usize, String)> = places.into_iter().map(|(code, at)| (at, code)).collect();
            codes.sort();
            let in_place = codes.iter().enumerate().all(|(at, (place, _))| at == *place);
            in_place.then(|| codes.into_iter().map(|(_, code)| code).collect())
        }
        // A dimension of one code needs no index.
        None if label.len() == 1 => Some(label.into_keys().collect()),
        None => None,
    }
}

impl Table {
    /// The names of its dimensions.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.axes.keys()
    }

    /// A dimension.
    pub fn axis(&self, name: &str) -> anyhow::Result<&Axis> {
        match self.axes.get(name) {
            Some(axis) => Ok(axis),
            None => bail!("the table has no dimension `{name}`; ask for it"),
        }
    }

    /// The number at a place; absent when it is missing or its status says that there is none.
    pub fn number(&self, at: usize) -> Option<&Number> {
        let hidden = self.status.at(at).and_then(Option::as_deref).is_some_and(|sign| NO_NUMBER.contains(&sign));
        self.values.at(at).and_then(Option::as_ref).filter(|_| !hidden)
    }
}

impl<T> Cells<T> {
    fn at(&self, at: usize) -> Option<&T> {
        match self {
            Cells::List(cells) => cells.get(at),
            Cells::Sparse(cells) => cells.get(&at),
            Cells::All(cell) => Some(cell),
        }
    }
}

/// Written out, since serde's untagged enums would first hold every number several times over.
impl<'de, T: Deserialize<'de> + FromSign> Deserialize<'de> for Cells<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellsVisitor(PhantomData))
    }
}

/// What one text in the place of all cells means.
trait FromSign: Sized {
    fn from_sign(sign: &str) -> Option<Self>;
}

impl FromSign for Option<String> {
    fn from_sign(sign: &str) -> Option<Self> {
        Some(Some(sign.to_owned()))
    }
}

impl FromSign for Option<Number> {
    fn from_sign(_: &str) -> Option<Self> {
        None
    }
}

struct CellsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + FromSign> Visitor<'de> for CellsVisitor<T> {
    type Value = Cells<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or an object by place")
    }

    fn visit_str<E: de::Error>(self, sign: &str) -> Result<Cells<T>, E> {
        T::from_sign(sign).map(Cells::All).ok_or_else(|| E::custom("a text where numbers should be"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Cells<T>, A::Error> {
        let mut cells = Vec::new();
        while let Some(cell) = seq.next_element()? {
            cells.push(cell);
        }
        Ok(Cells::List(cells))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cells<T>, A::Error> {
        let mut cells = BTreeMap::new();
        while let Some((place, cell)) = map.next_entry::<String, T>()? {
            let place: usize = place.parse().map_err(|_| de::Error::custom("a place that is no number"))?;
            cells.insert(place, cell);
        }
        Ok(Cells::Sparse(cells))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(index: &str, rest: &str) -> anyhow::Result<Table> {
        let text = format!(
            r#"{{"version": "2.0", "class": "dataset", "id": ["a", "b"], "size": [2, 3], "dimension": {{
                "a": {{"category": {{"index": ["x", "y"]}}}}, "b": {{"category": {index}}}}}, {rest}}}"#
        );
        read(text.as_bytes())
    }

    const INDEX: &str = r#"{"index": {"r": 2, "p": 0, "q": 1}}"#;

    fn numbers(table: &Table) -> Vec<Option<u64>> {
        (0..6).map(|at| table.number(at).and_then(Number::as_u64)).collect()
    }

    #[test]
    fn lists_and_objects_say_the_same() {
        let list = r#""value": [1, 2, null, 4, 5, 0], "status": [null, "*", "..", "", null, ":"]"#;
        let list = table(INDEX, list).unwrap();
        let sparse = table(INDEX, r#""value": {"0": 1, "1": 2, "3": 4, "4": 5}, "status": {"2": ".."}"#).unwrap();
        assert_eq!(numbers(&list), [Some(1), Some(2), None, Some(4), Some(5), None]);
        assert_eq!(numbers(&sparse), numbers(&list));
        assert_eq!(list.axis("b").unwrap().codes, ["p", "q", "r"]);
        assert_eq!((list.axis("a").unwrap().stride, list.axis("b").unwrap().stride), (3, 1));
        let hidden = table(INDEX, r#""value": [1, 2, 3, 4, 5, 6], "status": ":""#).unwrap();
        assert_eq!(numbers(&hidden), [None; 6]);
    }

    #[test]
    fn what_does_not_fit_is_refused_and_never_quoted() {
        let told = |index, rest| format!("{:#}", table(index, rest).unwrap_err());
        assert!(told(INDEX, r#""value": [1, 2]"#).contains("does not have the 6 numbers"));
        assert!(told(INDEX, r#""value": {"6": 1}"#).contains("does not have the 6 numbers"));
        let places = r#"{"index": {"r": 2, "p": 0, "q": 0}}"#;
        assert!(told(places, r#""value": []"#).contains("codes of dimension `b` do not each have a place"));
        assert!(told(r#"{"index": ["p"]}"#, r#""value": []"#).contains("`b` has 1 codes where `size` says 3"));
        let text = told(INDEX, r#""value": [1, "hemmelig", 3, 4, 5, 6]"#);
        assert!(text.starts_with("line 2 column ") && !text.contains("hemmelig"), "{text}");
        assert!(format!("{:#}", read(&b"{\"id\": ["[..]).unwrap_err()).contains("ends too early"));
    }
}
