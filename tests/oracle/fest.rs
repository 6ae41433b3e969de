//! The archive of FEST snapshots: which byttegruppe a dispensed package was in on a day (B3).
//!
//! It must not know lines, doctors or classes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use jiff::civil::Date;

use super::csv::parse_date;
use super::goods::{Goods, Offer};
use super::{deliveries, xml};

/// A snapshot older than this many days says nothing about a day.
const MAX_AGE_DAYS: i32 = 45;

/// What one snapshot says about one package.
pub struct Package {
    pub id: String,
    varenr: Option<i64>,
    varenr_utgaende: Option<i64>,
    pub atc: Option<String>,
    atc_name: Option<String>,
    /// `Byttegruppe/Kode@V` and `PakningByttegruppe/GyldigFraDato`.
    pub group: Option<(String, Date)>,
    /// What it costs and holds.
    pub goods: Goods,
}

impl Package {
    /// The group on day `d`, as far as this snapshot knows.
    fn group_on(&self, d: Date) -> Option<&str> {
        self.group.as_ref().filter(|(_, from)| *from <= d).map(|(code, _)| code.as_str())
    }
}

pub struct Snapshot {
    hentet: String,
    /// The civil date of `HentetDato` as written.
    pub date: Date,
    pub packages: Vec<Package>,
    by_varenr: BTreeMap<i64, usize>,
    by_varenr_utgaende: BTreeMap<i64, usize>,
    /// Per group, `MerknadTilByttbarhet`.
    merknad: BTreeMap<String, bool>,
    /// Per group, `Kode@DN`.
    names: BTreeMap<String, String>,
}

/// What a group is called.
pub struct Name {
    pub group: String,
    /// The lowest ATC code of its packages, and its name.
    pub atc: Option<String>,
    pub substance: Option<String>,
}

impl Snapshot {
    /// The package with that number, else the one that had it before it was renumbered; the lowest `Id` of several.
    fn package(&self, varenr: i64) -> Option<&Package> {
        let at = self.by_varenr.get(&varenr).or_else(|| self.by_varenr_utgaende.get(&varenr));
        at.map(|at| &self.packages[*at])
    }
}

/// Every snapshot in the order of `HentetDato`.
pub struct Archive {
    pub snapshots: Vec<Snapshot>,
    /// Per day, how many packages each group has.
    sizes: BTreeMap<Date, BTreeMap<String, usize>>,
}

/// What FEST says about a dispensed package on a day.
pub enum Answer {
    FestMangler,
    UkjentVare,
    IkkeByttbar,
    BegrensetBytte,
    IngenAlternativ,
    Byttbar(String),
}

impl Archive {
    /// Reads every `fest_*.xml` and `fest_*.zip`. The same `HentetDato` twice is one snapshot.
    pub fn read(landing: &Path) -> Self {
        let mut snapshots: BTreeMap<(String, String), Snapshot> = BTreeMap::new();
        for path in deliveries::files(&landing.join("fest"), "fest_") {
            let snapshot = parse(&text_of(&path));
            // As written, so up to the seconds first; whatever follows (fraction, offset) breaks ties.
            let clock = snapshot.hentet.get(..19).unwrap_or(&snapshot.hentet).to_owned();
            snapshots.entry((clock, snapshot.hentet.clone())).or_insert(snapshot);
        }
        Self { snapshots: snapshots.into_values().collect(), sizes: BTreeMap::new() }
    }

    /// The last snapshot on or before `d`, however old.
    pub fn last_before(&self, d: Date) -> Option<usize> {
        self.snapshots.iter().rposition(|snapshot| snapshot.date <= d)
    }

    /// Which group a dispensed package may be swapped in on day `d`, or why it may not.
    pub fn ask(&mut self, varenr: i64, d: Date) -> Answer {
        let Some(at) = self.last_before(d) else {
            return Answer::FestMangler;
        };
        let s = &self.snapshots[at];
        let next = self.snapshots.get(at + 1);
        if days(s.date, d) > MAX_AGE_DAYS {
            return Answer::FestMangler;
        }
        let in_s = s.package(varenr);
        let in_next = next.and_then(|next| next.package(varenr));
        if in_s.is_none() && in_next.is_none() {
            return Answer::UkjentVare;
        }
        let group =
            in_s.and_then(|package| package.group_on(d)).or_else(|| in_next.and_then(|package| package.group_on(d)));
        let Some(group) = group else {
            return Answer::IkkeByttbar;
        };
        if s.merknad.get(group) == Some(&true) {
            return Answer::BegrensetBytte;
        }
        let sizes = self.sizes.entry(d).or_insert_with(|| group_sizes(s, next, d));
        if sizes.get(group).is_none_or(|size| *size < 2) {
            return Answer::IngenAlternativ;
        }
        Answer::Byttbar(group.to_owned())
    }

    /// What can be bought in each group on day `d` (B4), one offer per number that leads to a package of the group.
    pub fn offers(&self, d: Date) -> BTreeMap<String, Vec<Offer>> {
        let mut offers: BTreeMap<String, Vec<Offer>> = BTreeMap::new();
        let Some(at) = self.last_before(d) else {
            return offers;
        };
        let (s, next) = (&self.snapshots[at], self.snapshots.get(at + 1));
        let numbers = |snapshot: &Snapshot| -> Vec<i64> {
            snapshot.by_varenr.keys().chain(snapshot.by_varenr_utgaende.keys()).copied().collect()
        };
        let known: BTreeSet<i64> = numbers(s).into_iter().chain(next.map(numbers).unwrap_or_default()).collect();
        for varenr in known {
            let (in_s, in_next) = (s.package(varenr), next.and_then(|next| next.package(varenr)));
            let group = in_s.and_then(|pack| pack.group_on(d)).or_else(|| in_next.and_then(|pack| pack.group_on(d)));
            if let Some(group) = group {
                // Only S has prices; of a package that is not in S the next snapshot tells the size.
                let offer = match (in_s, in_next) {
                    (Some(pack), _) => pack.goods.on(varenr, d),
                    (None, Some(pack)) => pack.goods.without_price(varenr),
                    (None, None) => continue,
                };
                offers.entry(group.to_owned()).or_default().push(offer);
            }
        }
        offers
    }

    /// What each group was called in the last snapshot, on or before `d`, that has it.
    pub fn names(&self, d: Date) -> BTreeMap<String, Name> {
        let mut names = BTreeMap::new();
        for snapshot in self.snapshots.iter().filter(|snapshot| snapshot.date <= d) {
            for (code, group) in &snapshot.names {
                let of_group = snapshot.packages.iter().filter(|package| {
                    package.group.as_ref().is_some_and(|(of, _)| of == code)
                        && package.atc.as_ref().is_some_and(|atc| atc.chars().count() == 7)
                });
                let lowest = of_group.min_by_key(|package| (&package.atc, &package.atc_name));
                let name = Name {
                    group: group.clone(),
                    atc: lowest.and_then(|package| package.atc.clone()),
                    substance: lowest.and_then(|package| package.atc_name.clone().or_else(|| package.atc.clone())),
                };
                names.insert(code.clone(), name);
            }
        }
        names
    }

    /// Per group the lowest ATC code among its packages, in the last snapshot on or before `d`.
    pub fn atc_of_groups(&self, d: Date) -> BTreeMap<String, String> {
        let mut lowest: BTreeMap<String, String> = BTreeMap::new();
        let packages = self.last_before(d).map_or(&[][..], |at| &self.snapshots[at].packages);
        for package in packages {
            if let (Some((group, _)), Some(atc)) = (&package.group, &package.atc) {
                let known = lowest.entry(group.clone()).or_insert_with(|| atc.clone());
                if atc < known {
                    known.clone_from(atc);
                }
            }
        }
        lowest
    }
}

/// Counts distinct package ids: an id is in the group S puts it in, else in the one the next snapshot puts it in.
fn group_sizes(s: &Snapshot, next: Option<&Snapshot>, d: Date) -> BTreeMap<String, usize> {
    let mut group_of_id: BTreeMap<&str, &str> = BTreeMap::new();
    for snapshot in [Some(s), next].into_iter().flatten() {
        for package in &snapshot.packages {
            if let Some(group) = package.group_on(d) {
                group_of_id.entry(&package.id).or_insert(group);
            }
        }
    }
    let mut sizes = BTreeMap::new();
    for group in group_of_id.into_values() {
        *sizes.entry(group.to_owned()).or_default() += 1;
    }
    sizes
}

fn days(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}

/// The document in a file; a zip holds exactly one.
fn text_of(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let bytes = if path.extension().is_some_and(|end| end == "zip") {
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a zip file");
        assert_eq!(zip.len(), 1, "{} holds one file", path.display());
        let mut inside = Vec::new();
        zip.by_index(0).expect("the file in the zip").read_to_end(&mut inside).expect("a whole file");
        inside
    } else {
        bytes
    };
    String::from_utf8(bytes).unwrap_or_else(|_| panic!("{} is not UTF-8", path.display()))
}

fn parse(document: &str) -> Snapshot {
    let root = xml::parse(document);
    let fest = root.find("FEST").expect("a FEST element");
    let hentet = fest.child("HentetDato").and_then(xml::Node::text).expect("HentetDato").to_owned();
    let date = leading_date(&hentet).expect("a date in HentetDato");

    // The id of a group is known inside one file only; its code is the same in all.
    let mut code_of_id = BTreeMap::new();
    let mut merknad = BTreeMap::new();
    let mut names = BTreeMap::new();
    for entry in entries(fest, "KatByttegruppe", "OppfByttegruppe") {
        let Some(group) = entry.child("Byttegruppe") else {
            continue;
        };
        let id = group.child("Id").and_then(xml::Node::text).expect("Byttegruppe/Id");
        let code = group.child("Kode").and_then(|kode| kode.attribute("V")).expect("Byttegruppe/Kode@V");
        let limited = group.child("MerknadTilByttbarhet").and_then(xml::Node::text);
        *merknad.entry(code.to_owned()).or_default() |= matches!(limited, Some("true" | "1"));
        let name = group.child("Kode").and_then(|kode| kode.attribute("DN"));
        names.insert(code.to_owned(), name.unwrap_or_default().to_owned());
        code_of_id.insert(id, code);
    }

    let mut packages = Vec::new();
    for entry in entries(fest, "KatLegemiddelpakning", "OppfLegemiddelpakning") {
        let Some(package) = entry.child("Legemiddelpakning") else {
            continue;
        };
        let number = |path: &[&str]| package.path(path).and_then(xml::Node::text).and_then(|text| text.parse().ok());
        packages.push(Package {
            id: package.child("Id").and_then(xml::Node::text).expect("Legemiddelpakning/Id").to_owned(),
            varenr: number(&["Varenr"]),
            varenr_utgaende: number(&["Markedsforingsinfo", "VarenrUtgaende"]),
            atc: package.child("Atc").and_then(|atc| atc.attribute("V")).map(str::to_owned),
            atc_name: package.child("Atc").and_then(|atc| atc.attribute("DN")).map(str::to_owned),
            group: package.child("PakningByttegruppe").and_then(|link| {
                let code = code_of_id.get(link.child("RefByttegruppe")?.text()?)?;
                let from = leading_date(link.child("GyldigFraDato")?.text()?)?;
                Some(((*code).to_owned(), from))
            }),
            goods: Goods::of(package),
        });
    }
    let by_varenr = lowest_id(&packages, |package| package.varenr);
    let by_varenr_utgaende = lowest_id(&packages, |package| package.varenr_utgaende);
    Snapshot { hentet, date, packages, by_varenr, by_varenr_utgaende, merknad, names }
}

fn entries<'n, 'a>(
    fest: &'n xml::Node<'a>,
    catalogue: &'n str,
    entry: &'n str,
) -> impl Iterator<Item = &'n xml::Node<'a>> {
    fest.all(catalogue).flat_map(move |catalogue| catalogue.all(entry))
}

/// The date that a date or a date and time begins with.
pub fn leading_date(text: &str) -> Option<Date> {
    parse_date(text.get(..10)?)
}

fn lowest_id(packages: &[Package], key: impl Fn(&Package) -> Option<i64>) -> BTreeMap<i64, usize> {
    let mut lowest: BTreeMap<i64, usize> = BTreeMap::new();
    for (at, package) in packages.iter().enumerate() {
        if let Some(key) = key(package) {
            let known = lowest.entry(key).or_insert(at);
            if package.id < packages[*known].id {
                *known = at;
            }
        }
    }
    lowest
}
