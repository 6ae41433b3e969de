//! A doctor's own tables: by byttegruppe, by substance and month, and twelve months at a time (B4, B5, B10).
//!
//! It must not know how a line got its class, nor how peers were told.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::csv::Month;
use super::doctors::{Count, Counted, Window};
use super::fest::Archive;
use super::peers::Peers;
use super::table::{Cell, Table};
use super::{Classed, Extra};

/// A group's rate is shown with so many other doctors, none with more than half.
const OTHERS: u64 = 20;

/// How far back the series goes.
const MONTHS: i32 = 36;

fn whole(count: u64) -> i64 {
    count.try_into().expect("counts are small")
}

/// What reserved lines cost, and where their references came from.
#[derive(Clone, Default)]
struct Costs {
    ore: i64,
    without: i64,
    unusual: i64,
    rules: BTreeSet<i64>,
    reserved: i64,
}

impl Costs {
    fn add(&mut self, extra: &Extra) {
        self.ore += extra.ore.unwrap_or_default();
        self.without += i64::from(extra.rule == 0);
        self.unusual += i64::from(extra.unusual);
        self.rules.extend(Some(extra.rule).filter(|rule| *rule != 0));
        self.reserved += 1;
    }

    fn reference(&self) -> Cell {
        match (self.rules.len(), self.rules.first()) {
            (1, Some(1)) => Cell::text("egen_trinnpris"),
            (1, Some(2)) => Cell::text("laveste_trinnpris"),
            (1, Some(3)) => Cell::text("laveste_aup"),
            (1, Some(4)) => Cell::text("laveste_tidel"),
            (0, _) => Cell::Absent,
            _ => Cell::text("flere"),
        }
    }
}

/// Doctors, lines and the largest doctor behind a rate.
#[derive(Clone, Copy, Default)]
struct Behind {
    doctors: u64,
    count: Count,
    largest: u64,
}

impl Behind {
    fn add(&mut self, count: Count) {
        self.doctors += 1;
        self.count.add(count);
        self.largest = self.largest.max(count.n);
    }

    fn may_be_shown(&self, reader_is_in: bool) -> bool {
        self.doctors - u64::from(reader_is_in) >= OTHERS && 2 * self.largest <= self.count.n
    }
}

/// The lines of the grunnlag in the window, with what each costs if it was reserved.
fn basis<'a>(
    window: &'a Window,
    net: &'a [Classed<'a>],
    extras: &'a [Extra],
) -> impl Iterator<Item = (&'a Classed<'a>, &'a str, Option<&'a Extra>)> {
    let costs: BTreeMap<(Date, &str), &Extra> =
        extras.iter().map(|extra| ((extra.utleveringsdato, extra.linje_id.as_str()), extra)).collect();
    net.iter().filter_map(move |net| {
        let group = net.group.as_deref().filter(|_| window.contains(net.line.utleveringsdato))?;
        Some((net, group, costs.get(&(net.line.utleveringsdato, net.line.linje_id.as_str())).copied()))
    })
}

/// `reservasjon_lege_byttegruppe`.
pub fn by_group(
    window: &Window,
    net: &[Classed],
    extras: &[Extra],
    counted: &Counted,
    peers: &Peers,
    archive: &Archive,
    pages: &[i64],
) -> Table {
    let mut costs: BTreeMap<(i64, String), Costs> = BTreeMap::new();
    for (net, group, extra) in basis(window, net, extras) {
        let of = costs.entry((net.line.rekvirent_hpr, group.to_owned())).or_default();
        if let Some(extra) = extra {
            of.add(extra);
        }
    }
    let mut nation: BTreeMap<&str, Behind> = BTreeMap::new();
    let mut alike: BTreeMap<(i64, &str), Behind> = BTreeMap::new();
    for ((hpr, group), count) in &counted.groups {
        nation.entry(group).or_default().add(*count);
        if let Some(specialty) = peers.specialty(*hpr).filter(|_| peers.is_compared(*hpr)) {
            alike.entry((specialty, group)).or_default().add(*count);
        }
    }
    let names = archive.names(window.to.last_day());
    let shown = costs.into_iter().filter(|((hpr, _), _)| window.complete && pages.contains(hpr));
    let mut rows: BTreeMap<i64, Vec<(f64, String, Vec<Cell>)>> = BTreeMap::new();
    for ((hpr, group), costs) in shown {
        let key = (hpr, group);
        let Count { n, r } = counted.groups.get(&key).copied().unwrap_or_default();
        let (hpr, group) = key;
        let stratum = counted.strata.get(&group).copied().unwrap_or_default();
        let expected = if stratum.n == 0 { 0.0 } else { (n * stratum.r) as f64 / stratum.n as f64 };
        let same = peers.specialty(hpr).and_then(|specialty| alike.get(&(specialty, group.as_str())));
        let among = peers.is_compared(hpr) && n > 0;
        let (whose, rate) = match (same, nation.get(group.as_str())) {
            (Some(same), _) if same.may_be_shown(among) => (Cell::text("spesialitet"), Some(same.count)),
            (_, Some(all)) if all.may_be_shown(n > 0) => (Cell::text("landet"), Some(all.count)),
            _ => (Cell::Absent, None),
        };
        let rate = rate.map_or(Cell::Absent, |count| Cell::Ratio(whole(count.r), whole(count.n)));
        let text = |text: Option<&String>| text.map_or(Cell::Absent, Cell::text);
        let name = names.get(&group);
        let over = r as f64 - expected;
        let cells = vec![
            Cell::Count(hpr),
            Cell::text(format!("{group:0>6}")),
            text(name.map(|name| &name.group)),
            text(name.and_then(|name| name.atc.as_ref())),
            text(name.and_then(|name| name.substance.as_ref())),
            Cell::Count(whole(n)),
            Cell::Count(whole(r)),
            Cell::ratio(Some(whole(r)), Some(whole(n))),
            rate,
            whose,
            Cell::Real(expected, 1),
            Cell::Real(over, 1),
            Cell::Count(0),
            Cell::Kroner(costs.ore),
            costs.reference(),
            Cell::Count(costs.without),
            Cell::Count(costs.unusual),
            Cell::text("vist"),
        ];
        rows.entry(hpr).or_default().push((over, group, cells));
    }
    let columns = [
        "rekvirent_hpr",
        "byttegruppe",
        "legemiddel",
        "atc",
        "virkestoff",
        "antall",
        "reservert",
        "reservasjonsgrad",
        "kolleger_andel",
        "kolleger",
        "forventet",
        "over_forventet",
        "rekkefolge",
        "merutgift",
        "referanse",
        "uten_referanse",
        "avvikende_pris",
        "status",
    ];
    let ranked = rows.into_values().flat_map(|mut rows| {
        rows.sort_by(|(over1, group1, _), (over2, group2, _)| over2.total_cmp(over1).then(group1.cmp(group2)));
        for (rank, (_, _, cells)) in (1..).zip(rows.iter_mut()) {
            cells[12] = Cell::Count(rank);
        }
        rows.sort_by(|(_, group1, _), (_, group2, _)| group1.cmp(group2));
        rows.into_iter().map(|(_, _, cells)| cells)
    });
    Table { name: "reservasjon_lege_byttegruppe", columns: columns.to_vec(), rows: ranked.collect() }
}

/// Doctor, substance and the month in which it was prescribed.
type SubstanceMonth = (i64, String, Month);

/// The substance's names, what was counted and what it cost.
type SubstanceSums = (BTreeSet<String>, Count, Costs);

/// `reservasjon_lege_substans_maaned`.
pub fn by_substance(
    window: &Window,
    net: &[Classed],
    extras: &[Extra],
    counted: &Counted,
    archive: &Archive,
    pages: &[i64],
) -> Table {
    let names = archive.names(window.to.last_day());
    let mut sums: BTreeMap<SubstanceMonth, SubstanceSums> = BTreeMap::new();
    for (net, group, extra) in basis(window, net, extras) {
        let name = names.get(group).and_then(|name| Some((name.atc.clone()?, name.substance.clone()?)));
        let (atc, substance) = name.unwrap_or_else(|| ("ukjent".to_owned(), "ukjent".to_owned()));
        let written = Month::of(net.line.forskrivningsdato.unwrap_or(net.line.utleveringsdato));
        let (substances, count, costs) = sums.entry((net.line.rekvirent_hpr, atc, written)).or_default();
        substances.insert(substance);
        if !counted.prescriptions || net.line.utlevering_nr == Some(1) {
            count.add(Count { n: 1, r: u64::from(net.line.reservasjon == 1) });
        }
        if let Some(extra) = extra {
            costs.add(extra);
        }
    }
    let shown = sums
        .into_iter()
        .filter(|((hpr, ..), (.., costs))| window.complete && pages.contains(hpr) && costs.reserved > 0);
    let row = |((hpr, atc, written), (substances, count, costs)): (SubstanceMonth, SubstanceSums)| {
        vec![
            Cell::Count(hpr),
            Cell::text(atc),
            Cell::text(written),
            substances.first().map_or(Cell::Absent, Cell::text),
            Cell::Count(whole(count.n)),
            Cell::Count(whole(count.r)),
            Cell::Count(costs.reserved),
            Cell::Kroner(costs.ore),
            Cell::Count(costs.without),
            Cell::text("vist"),
        ]
    };
    let columns = [
        "rekvirent_hpr",
        "atc",
        "maaned",
        "virkestoff",
        "antall",
        "reservert",
        "reserverte_uttak",
        "merutgift",
        "uten_referanse",
        "status",
    ];
    Table { name: "reservasjon_lege_substans_maaned", columns: columns.to_vec(), rows: shown.map(row).collect() }
}

/// `reservasjonsgrad_lege_rullerende`.
pub fn rolling(
    window: &Window,
    net: &[Classed],
    delivered: &BTreeSet<Month>,
    counted: &Counted,
    pages: &[i64],
) -> Table {
    let basis: Vec<&Classed> = net.iter().filter(|net| net.group.is_some()).collect();
    let unnumbered: BTreeSet<Month> = basis
        .iter()
        .filter(|net| net.line.utlevering_nr.is_none())
        .map(|net| Month::of(net.line.utleveringsdato))
        .collect();
    let mut sums: BTreeMap<(i64, Month), Count> = BTreeMap::new();
    for Classed { line, .. } in &basis {
        if !counted.prescriptions || line.utlevering_nr == Some(1) {
            let count = sums.entry((line.rekvirent_hpr, Month::of(line.utleveringsdato))).or_default();
            count.add(Count { n: 1, r: u64::from(line.reservasjon == 1) });
        }
    }
    let mut rows = Vec::new();
    for hpr in pages {
        for last in delivered.iter().filter(|last| **last <= window.to && last.0 > window.to.0 - MONTHS) {
            let twelve: Vec<Month> = (last.0 - 11..=last.0).map(Month).collect();
            if !delivered.contains(&twelve[0]) {
                continue;
            }
            let is_break = counted.prescriptions && twelve.iter().any(|month| unnumbered.contains(month));
            let mut sum = Count::default();
            for month in &twelve {
                sum.add(sums.get(&(*hpr, *month)).copied().unwrap_or_default());
            }
            let known = (!is_break).then_some(sum);
            let (n, r) = (known.map(|sum| whole(sum.n)), known.map(|sum| whole(sum.r)));
            rows.push(vec![
                Cell::Count(*hpr),
                Cell::text(last),
                Cell::count(n),
                Cell::count(r),
                Cell::ratio(r, n),
                Cell::Count(i64::from(is_break)),
                Cell::text(if n > Some(0) { "vist" } else { "mangler" }),
            ]);
        }
    }
    let columns = ["rekvirent_hpr", "maaned", "antall", "reservert", "reservasjonsgrad", "brudd", "status"];
    Table { name: "reservasjonsgrad_lege_rullerende", columns: columns.to_vec(), rows }
}
