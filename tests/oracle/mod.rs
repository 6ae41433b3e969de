//! A second, independent route from deliveries to figures: it recomputes the product `reservasjon` from the files in the landing
//! folder, by `definitions.md` A2, A3, B1–B8, B10, B12, D1 and D7, so that a mistake of the pipeline has to be made twice to go unseen.
//!
//! It must not know the pipeline: no code, no reader and no table of it. Written for clarity, not speed. Bad input ends in a panic.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "test code: a panic is its way to report, counts are far below 2^52, worlds are written into temporary folders, not every test uses every part"
)]

pub mod areas;
pub mod compare;
pub mod csv;
mod deliveries;
mod doctors;
mod fest;
mod funnel;
mod goods;
mod groups;
pub mod hiding;
mod merutgift;
mod netting;
mod peers;
mod public;
pub mod table;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_classes;
#[cfg(test)]
mod tests_doctors;
#[cfg(test)]
mod tests_merutgift;
#[cfg(test)]
mod tests_public;
pub mod world;
mod world_fest;
mod world_files;
mod xml;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;

use csv::Month;
use deliveries::{Lege, Line};
use fest::{Answer, Archive};
pub use merutgift::Extra;
use table::Table;
pub use world_files::hpr as world_hpr;

/// Everything that is recomputed.
pub struct Figures {
    /// Net lines by month of `utleveringsdato` (`2026-01`) and class of B1.
    pub classes: BTreeMap<(String, String), u64>,
    /// A and R lines by month of `gjelder_utleveringsdato` and status of B2 (`virker`, `referanse_ukjent`, `avvist_…`).
    pub corrections: BTreeMap<(String, String), u64>,
    /// One row per doctor with a page, by HPR number.
    pub doctors: Vec<Doctor>,
    /// Each doctor's months, and the public tables before anything is hidden; none when no month is over.
    pub tables: Vec<Table>,
    /// Counties, substances, groups and funnels; `None` when there are no twelve months.
    pub areas: Option<areas::Areas>,
    /// Every net line and its class, by (`utleveringsdato`, `linje_id`).
    pub lines: Vec<Outcome>,
    /// What every reserved line of the grunnlag costs more than its reference, by (`utleveringsdato`, `linje_id`).
    pub extras: Vec<Extra>,
    /// Every A and R line and its status, by (`utleveringsdato`, `linje_id`).
    pub correction_lines: Vec<Outcome>,
}

/// What became of one delivered line.
pub struct Outcome {
    pub utleveringsdato: Date,
    pub linje_id: String,
    pub utfall: &'static str,
}

/// The figures on one doctor's page for the 12-month window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Doctor {
    pub rekvirent_hpr: i64,
    pub fra_maaned: String,
    pub til_maaned: String,
    pub forskrivninger: Option<u64>,
    pub reservert: Option<u64>,
    pub reservasjonsgrad: Option<f64>,
    pub nedre: Option<f64>,
    pub ovre: Option<f64>,
    pub forventet: Option<f64>,
    pub standardisert_ratio: Option<f64>,
    pub sr_nedre: Option<f64>,
    pub sr_ovre: Option<f64>,
    pub utleveringer: Option<u64>,
    pub utleveringer_ikke_lege: Option<u64>,
    pub utleveringer_andre: Option<u64>,
    pub trakt95_nedre: Option<f64>,
    pub trakt95_ovre: Option<f64>,
    pub trakt998_ovre: Option<f64>,
    pub reservert_pasient: Option<u64>,
    pub reservert_apotek: Option<u64>,
    pub virkestoff: Option<u64>,
    /// Of what was prescribed in the last three months.
    pub skrevet_siste: Option<u64>,
    pub reservert_siste: Option<u64>,
    /// Øre, of all reserved dispensings that have a reference; and those that have none, or a price far above it.
    pub merutgift: Option<i64>,
    pub uten_referanse: Option<u64>,
    pub avvikende_pris: Option<u64>,
    pub vurdering: Option<&'static str>,
    pub skiller_seg: Option<u64>,
    pub status: String,
}

/// Exact 95 % Poisson limits of a count, from `tests/fixtures/intervaller.csv`.
pub struct Limits(BTreeMap<u64, (f64, f64)>);

impl Limits {
    pub fn read(path: &Path) -> Self {
        let mut limits = BTreeMap::new();
        csv::read(path, |header, row| {
            let number = |name| row.filled(header.required(name)).parse().expect("a number");
            let o = row.filled(header.required("o")).parse().expect("a count");
            limits.insert(o, (number("nedre_teller"), number("ovre_teller")));
        });
        Self(limits)
    }

    fn of(&self, o: u64) -> (f64, f64) {
        *self.0.get(&o).unwrap_or_else(|| panic!("the fixture has no limits for a count of {o}"))
    }
}

/// A net line with its class.
struct Classed<'a> {
    line: &'a Line,
    class: &'static str,
    /// The byttegruppe of a `grunnlag` line.
    group: Option<String>,
    /// Thousandths of a package and øre, after returns.
    packages: i64,
    price: i64,
}

/// Recomputes everything from `landing`. `as_of` (`YYYY-MM-DD`) decides the window only: every delivery is read.
/// Lines of other paragraphs than `hjemler` take no part. Panics when a month is missing between two delivered ones.
pub fn compute(landing: &Path, as_of: &str, hjemler: &[u32], limits: &Limits) -> Figures {
    let as_of = csv::parse_date(as_of).expect("as_of is YYYY-MM-DD");
    let delivered = deliveries::read_utlevering(landing, hjemler);
    let register = deliveries::read_lege(landing);
    let mut archive = Archive::read(landing);
    let netting = netting::settle(&delivered.lines);

    let mut corrections = BTreeMap::new();
    for (line, status) in delivered.lines.iter().zip(&netting.status) {
        if let (Some((_, date)), Some(status)) = (&line.gjelder, status) {
            *corrections.entry((Month::of(*date).to_string(), (*status).to_owned())).or_default() += 1;
        }
    }

    let mut le_periods: BTreeMap<i64, Vec<&Lege>> = BTreeMap::new();
    for period in register.iter().filter(|period| period.profesjon == "LE") {
        le_periods.entry(period.hpr).or_default().push(period);
    }
    let mut net = Vec::new();
    for ((line, counts), (packages, price)) in delivered.lines.iter().zip(&netting.counts).zip(&netting.net) {
        if *counts {
            let (class, group) = classify(line, &le_periods, &mut archive);
            net.push(Classed { line, class, group, packages: *packages, price: *price });
        }
    }
    let extras = merutgift::extras(&net, &archive);
    let mut classes = BTreeMap::new();
    for Classed { line, class, .. } in &net {
        *classes.entry((Month::of(line.utleveringsdato).to_string(), (*class).to_owned())).or_default() += 1;
    }

    let mut areas = None;
    let (mut doctors, mut tables) = (Vec::new(), Vec::new());
    if let Some(window) = doctors::window(&delivered.months, as_of) {
        let first = delivered.months.first().copied().unwrap_or(window.from);
        areas = areas::areas(&window, &net, &register, &archive, first);
        let counted = doctors::count(&window, &net, &archive);
        doctors = doctors::figures(&window, &net, &extras, &counted, &register, limits);
        let pages: Vec<i64> = doctors.iter().map(|doctor| doctor.rekvirent_hpr).collect();
        let peers = peers::Peers::of(&window, &counted, &register, &deliveries::centrality(landing));
        tables = vec![
            public::doctor_months(&window, &net, &counted, &pages),
            groups::rolling(&window, &net, &delivered.months, &counted, &pages),
            groups::by_group(&window, &net, &extras, &counted, &peers, &archive, &pages),
            groups::by_substance(&window, &net, &extras, &counted, &archive, &pages),
            peers.percentiles(&window, &pages),
            peers.bins(&pages),
            peers.funnel(&pages),
            public::months(&window, &net),
            public::nation(&window, &counted),
            public::classes(&window, &net, &delivered, &netting),
            public::percentiles(&window, &counted),
            public::histogram(&window, &counted),
        ];
    }
    let lines = net.iter().map(|net| outcome(net.line, net.class)).collect();
    let with_status = delivered.lines.iter().zip(&netting.status);
    let correction_lines =
        with_status.filter_map(|(line, status)| status.map(|status| outcome(line, status))).collect();
    let (lines, correction_lines) = (sorted(lines), sorted(correction_lines));
    Figures { classes, corrections, doctors, tables, areas, lines, extras, correction_lines }
}

/// The class of a net line: the first of B1's list that holds.
fn classify(
    line: &Line,
    le_periods: &BTreeMap<i64, Vec<&Lege>>,
    archive: &mut Archive,
) -> (&'static str, Option<String>) {
    if matches!(line.rekvirent_hpr, 0 | 999_999_999) {
        return ("maskert", None);
    }
    let date = line.forskrivningsdato.unwrap_or(line.utleveringsdato);
    let periods = le_periods.get(&line.rekvirent_hpr);
    if !periods.is_some_and(|periods| periods.iter().any(|period| period.valid_on(date))) {
        return ("ikke_lege", None);
    }
    if line.virkestoffrekvirering {
        return ("virkestoff", None);
    }
    match archive.ask(line.varenr, line.utleveringsdato) {
        Answer::FestMangler => ("fest_mangler", None),
        Answer::UkjentVare => ("ukjent_vare", None),
        Answer::IkkeByttbar => ("ikke_byttbar", None),
        Answer::BegrensetBytte => ("begrenset_bytte", None),
        Answer::IngenAlternativ => ("ingen_alternativ", None),
        Answer::Byttbar(group) => ("grunnlag", Some(group)),
    }
}

fn outcome(line: &Line, utfall: &'static str) -> Outcome {
    Outcome { utleveringsdato: line.utleveringsdato, linje_id: line.linje_id.clone(), utfall }
}

fn sorted(mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
    outcomes.sort_by(|a, b| (a.utleveringsdato, &a.linje_id).cmp(&(b.utleveringsdato, &b.linje_id)));
    outcomes
}
