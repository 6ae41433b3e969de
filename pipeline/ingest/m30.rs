//! FEST's M30 XML (2.5.1), read as a stream: packages, their groups, prices and marketing dates.
//!
//! Element paths: implementation guide for FEST v3.5 and the M30 information model (2013-10-08, updated 2017-12).
//! Elements are told by their local names, so that the two namespaces of the message may carry any prefix; the root
//! must be `FEST` in an M30 namespace. Knows nothing of days or of what a group means: see the models.

use std::collections::BTreeMap;
use std::io::BufRead;

use anyhow::ensure;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

/// What one snapshot holds, as text: the contract checks it.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// `HentetDato` as written, `2026-01-15T04:12:00`.
    pub fetched: String,
    /// Packages in the order of the file.
    pub packages: Vec<Package>,
    /// Groups in the order of the file.
    pub groups: Vec<Group>,
    /// Brand name by the brand's Id.
    pub brands: BTreeMap<String, String>,
}

/// One `Legemiddelpakning`. Empty text = not given.
#[derive(Debug, Default, Clone)]
pub struct Package {
    /// Line of the file where the package ends.
    pub line: u64,
    /// The package's lasting Id.
    pub id: String,
    /// `Varenr`.
    pub varenr: String,
    /// `Markedsforingsinfo/VarenrUtgaende`.
    pub varenr_outgoing: String,
    /// `Atc@V` and `Atc@DN`.
    pub atc: (String, String),
    /// `NavnFormStyrke`.
    pub name: String,
    /// `PakningByttegruppe/RefByttegruppe`: the group's Id.
    pub group: String,
    /// `PakningByttegruppe/GyldigFraDato`.
    pub group_from: String,
    /// `Pakningsinfo/RefLegemiddelMerkevare`: the brand's Id.
    pub brand: String,
    /// `Pakningsinfo/Pakningsstr`.
    pub size: String,
    /// `Pakningsinfo/EnhetPakning@V`.
    pub size_unit: String,
    /// `Pakningsinfo/Statistikkfaktor`: DDD in the package.
    pub ddd: String,
    /// `Markedsforingsinfo/{Markedsforingsdato, MidlUtgattDato, AvregDato}`.
    pub marketed: [String; 3],
    /// `PrisVare`.
    pub prices: Vec<Price>,
}

/// One `PrisVare`.
#[derive(Debug, Default, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price {
    /// `Type@DN`; the codes in `@V` changed meaning between versions.
    pub kind: String,
    /// `GyldigFraDato`.
    pub from: String,
    /// `GyldigTilDato`.
    pub to: String,
    /// `Pris@V`.
    pub amount: String,
}

/// One `Byttegruppe`.
#[derive(Debug, Default, Clone)]
pub struct Group {
    /// Line of the file where the group ends.
    pub line: u64,
    /// The Id that packages refer to.
    pub id: String,
    /// `Kode@V` and `Kode@DN`.
    pub code: (String, String),
    /// `MerknadTilByttbarhet`.
    pub limited: String,
}

/// Reads one XML document. Malformed XML, another root or a missing `HentetDato` is an error.
pub fn read(input: impl BufRead) -> anyhow::Result<Snapshot> {
    stream(input, false)
}

/// `HentetDato` alone: what comes after it is not read.
pub fn fetched(input: impl BufRead) -> anyhow::Result<String> {
    stream(input, true).map(|snapshot| snapshot.fetched)
}

fn stream(input: impl BufRead, only_fetched: bool) -> anyhow::Result<Snapshot> {
    let mut reader = NsReader::from_reader(Counted { input, line: 1 });
    reader.config_mut().expand_empty_elements = true;
    let mut snapshot = Snapshot::default();
    let mut package = Package::default();
    let mut group = Group::default();
    let mut brand = (String::new(), String::new());
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer);
        let line = reader.get_ref().line;
        match event.map_err(|error| malformed(line, error))? {
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_owned();
                if path.is_empty() {
                    check_root(&reader, &start, &name)?;
                }
                path.push(name);
                text.clear();
                attributes(&start, &steps(&path), &mut package, &mut group).map_err(|error| malformed(line, error))?;
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(part) => {
                let written = format!("&{};", &*part);
                let meant = quick_xml::escape::unescape(&written).map_err(|error| malformed(line, error.into()))?;
                text.push_str(&meant);
            }
            Event::CData(part) => text.push_str(&part),
            Event::End(_) => {
                let value = text.trim();
                match steps(&path).as_slice() {
                    ["FEST", "HentetDato"] if snapshot.fetched.is_empty() => {
                        snapshot.fetched = value.to_owned();
                        if only_fetched {
                            return Ok(snapshot);
                        }
                    }
                    ["FEST", _, "OppfLegemiddelpakning", "Legemiddelpakning"] => {
                        package.line = line;
                        snapshot.packages.push(std::mem::take(&mut package));
                    }
                    ["FEST", _, "OppfLegemiddelpakning", "Legemiddelpakning", rest @ ..] => {
                        set_package(&mut package, rest, value)
                    }
                    ["FEST", _, "OppfByttegruppe", "Byttegruppe"] => {
                        group.line = line;
                        snapshot.groups.push(std::mem::take(&mut group));
                    }
                    ["FEST", _, "OppfByttegruppe", "Byttegruppe", "Id"] => group.id = value.to_owned(),
                    ["FEST", _, "OppfByttegruppe", "Byttegruppe", "MerknadTilByttbarhet"] => {
                        group.limited = value.to_owned()
                    }
                    ["FEST", _, "OppfLegemiddelMerkevare", "LegemiddelMerkevare"] => {
                        let (id, name) = std::mem::take(&mut brand);
                        snapshot.brands.insert(id, name);
                    }
                    ["FEST", _, "OppfLegemiddelMerkevare", "LegemiddelMerkevare", "Id"] => brand.0 = value.to_owned(),
                    ["FEST", _, "OppfLegemiddelMerkevare", "LegemiddelMerkevare", "Varenavn"] => {
                        brand.1 = value.to_owned()
                    }
                    _ => {}
                }
                path.pop();
                text.clear();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    ensure!(path.is_empty(), "the XML ends inside <{}>: the file is cut off", path.join("/"));
    let fetched = snapshot.fetched.get(..19).and_then(|time| time.parse::<jiff::civil::DateTime>().ok());
    ensure!(fetched.is_some(), "no FEST/HentetDato with a date and time that exist; the snapshot cannot be placed");
    Ok(snapshot)
}

fn check_root<R>(reader: &NsReader<R>, start: &BytesStart<'_>, name: &str) -> anyhow::Result<()> {
    const M30: &str = "http://www.kith.no/xmlstds/eresept/m30/";
    let (namespace, _) = reader.resolver().resolve_element(start.name());
    let found = match namespace {
        ResolveResult::Bound(namespace) => namespace.as_ref().to_owned(),
        _ => String::new(),
    };
    ensure!(
        name == "FEST" && found.starts_with(M30),
        "the root is <{name}> in namespace '{found}', not <FEST> in {M30}…; is this an M30 file?"
    );
    Ok(())
}

/// What is wrong with the XML, without the text that is wrong.
fn malformed(line: u64, error: quick_xml::Error) -> anyhow::Error {
    use quick_xml::Error;
    let what = match error {
        Error::Io(error) => {
            return anyhow::anyhow!("line {line}: the file breaks off here ({}); fetch it again", error.kind());
        }
        Error::Syntax(_) => "a tag is not closed",
        Error::IllFormed(_) => "tags do not match",
        Error::InvalidAttr(_) => "an attribute is not readable",
        Error::Encoding(_) => "a character is not in the encoding that the file names",
        Error::Escape(_) => "an entity is not known",
        _ => "a name is not readable",
    };
    anyhow::anyhow!("line {line}: the XML is malformed: {what}")
}

fn attributes(
    start: &BytesStart<'_>,
    path: &[&str],
    package: &mut Package,
    group: &mut Group,
) -> Result<(), quick_xml::Error> {
    let of = |key: &str| -> Result<String, quick_xml::Error> {
        let found = start.try_get_attribute(key)?;
        Ok(found
            .map(|attribute| attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0))
            .transpose()?
            .map(|value| value.trim().to_owned())
            .unwrap_or_default())
    };
    match path {
        ["FEST", _, "OppfByttegruppe", "Byttegruppe", "Kode"] => group.code = (of("V")?, of("DN")?),
        ["FEST", _, "OppfLegemiddelpakning", "Legemiddelpakning", rest @ ..] => match rest {
            ["Atc"] => package.atc = (of("V")?, of("DN")?),
            ["Pakningsinfo", "EnhetPakning"] => package.size_unit = of("V")?,
            ["PrisVare"] => package.prices.push(Price::default()),
            ["PrisVare", "Type"] => set_price(package, |price, value| price.kind = value, of("DN")?),
            ["PrisVare", "Pris"] => set_price(package, |price, value| price.amount = value, of("V")?),
            _ => {}
        },
        _ => {}
    }
    Ok(())
}

fn set_package(package: &mut Package, path: &[&str], value: &str) {
    let value = value.to_owned();
    match path {
        ["Id"] => package.id = value,
        ["Varenr"] => package.varenr = value,
        ["NavnFormStyrke"] => package.name = value,
        ["PakningByttegruppe", "RefByttegruppe"] => package.group = value,
        ["PakningByttegruppe", "GyldigFraDato"] => package.group_from = day(value),
        ["Pakningsinfo", "RefLegemiddelMerkevare"] => package.brand = value,
        ["Pakningsinfo", "Pakningsstr"] => package.size = value,
        ["Pakningsinfo", "Statistikkfaktor"] => package.ddd = value,
        ["Markedsforingsinfo", "VarenrUtgaende"] => package.varenr_outgoing = value,
        ["Markedsforingsinfo", "Markedsforingsdato"] => package.marketed[0] = day(value),
        ["Markedsforingsinfo", "MidlUtgattDato"] => package.marketed[1] = day(value),
        ["Markedsforingsinfo", "AvregDato"] => package.marketed[2] = day(value),
        ["PrisVare", "GyldigFraDato"] => set_price(package, |price, value| price.from = value, day(value)),
        ["PrisVare", "GyldigTilDato"] => set_price(package, |price, value| price.to = value, day(value)),
        _ => {}
    }
}

fn set_price(package: &mut Package, set: impl Fn(&mut Price, String), value: String) {
    if let Some(price) = package.prices.last_mut() {
        set(price, value);
    }
}

/// The civil date as written: an `xs:date` may carry a time zone, an `xs:dateTime` a time.
fn day(value: String) -> String {
    match value.get(..10) {
        Some(date) => date.to_owned(),
        None => value,
    }
}

fn steps(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}

/// Counts the lines that the XML reader has consumed, so that faults name the line.
struct Counted<R> {
    input: R,
    line: u64,
}

impl<R: BufRead> std::io::Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.input.read(into)?;
        self.line += breaks(&into[..n]);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // The bytes are still in the buffer; asking again does no input or output.
        if let Ok(bytes) = self.input.fill_buf() {
            self.line += breaks(&bytes[..amount.min(bytes.len())]);
        }
        self.input.consume(amount);
    }
}

fn breaks(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXTURE: &str = include_str!("../../tests/fixtures/fest/m30.xml");

    #[test]
    fn a_message_with_both_namespaces_is_read_by_its_paths() {
        let snapshot = read(FIXTURE.as_bytes()).unwrap();
        assert_eq!(snapshot.fetched, "2026-01-15T04:12:00");
        assert_eq!(fetched(&FIXTURE.as_bytes()[..300]).unwrap(), snapshot.fetched);
        let ids: Vec<&str> = snapshot.packages.iter().map(|package| package.varenr.as_str()).collect();
        assert_eq!(ids, ["038448", "368361", "500001"]);
        let first = &snapshot.packages[0];
        assert_eq!(first.atc, ("A02BC01".to_owned(), "Omeprazol".to_owned()));
        assert_eq!((first.group.as_str(), first.group_from.as_str()), ("ID_G554", "2025-12-01"));
        assert_eq!((first.size.as_str(), first.size_unit.as_str(), first.ddd.as_str()), ("98", "stk", "98"));
        assert_eq!(first.name, "Ome & Co enterokapsler 20 mg");
        assert_eq!(first.prices.len(), 3);
        assert_eq!(first.prices[1].kind, "AUP");
        assert_eq!(first.prices[1].amount, "69.8");
        assert_eq!(snapshot.packages[1].varenr_outgoing, "112233");
        assert_eq!(snapshot.packages[2].group, "");
        assert_eq!(snapshot.groups[0].code, ("000554".to_owned(), "Omeprazol enterokapsler 20 mg, ca. 100".to_owned()));
        assert_eq!(snapshot.groups[0].limited, "false");
        assert_eq!(snapshot.brands["ID_M1"], "Ome & Co");
        assert_eq!(snapshot.groups[0].line, 91);
    }

    #[test]
    fn another_root_and_a_cut_file_are_refused() {
        let other = FIXTURE.replace("eresept/m30/2014-12-01", "eresept/m1/2013-10-08");
        assert!(read(other.as_bytes()).unwrap_err().to_string().contains("is this an M30 file?"));
        let cut = &FIXTURE[..FIXTURE.len() / 2];
        assert!(read(cut.as_bytes()).is_err());
        let impossible = FIXTURE.replace("2026-01-15T04:12:00", "2026-13-45T04:12:00");
        assert!(read(impossible.as_bytes()).unwrap_err().to_string().contains("HentetDato"));
        let undated = FIXTURE.replace("HentetDato", "Hentet");
        assert!(read(undated.as_bytes()).unwrap_err().to_string().contains("HentetDato"));
    }
}
