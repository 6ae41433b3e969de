//! What holds of counts by definition: which are the same, and which add up to which.
//!
//! It must not know what is public.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::{Cells, cell};
use super::course_attack::SOURCE_GROUPS;
use super::course_compare::region;
use super::course_tables::{GROUPS, PHASES};
use super::geography::UNKNOWN;
use super::linear::Sum;

pub const STEPS: [&str; 5] = ["m0_m1", "m1_m2", "m3_m4", "m0_m4", "narkose"];
const REGIONS: [&str; 4] = ["region_nord", "region_midt", "region_vest", "region_sorost"];
pub const WEEKS: [&str; 8] = ["4", "8", "12", "26", "52", "104", "156", "208"];

/// Sums that are 0, and how many that one would expect and are not.
pub struct Identities {
    pub sums: Vec<Sum>,
    /// Counts that only a sum names, with their true value; those of `signed` may be below 0.
    pub named: BTreeMap<String, i64>,
    pub signed: BTreeSet<String>,
    pub broken: Vec<String>,
}

impl Identities {
    pub fn of(cells: &Cells) -> Identities {
        let mut all = Identities { sums: vec![], named: BTreeMap::new(), signed: BTreeSet::new(), broken: vec![] };
        for what in &cells.told_of {
            all.areas(cells, what);
            all.years(cells, what);
        }
        all.months(cells);
        all.lists(cells);
        all.the_same(cells);
        all.courses(cells);
        all.over_cohorts(cells);
        all
    }

    fn count(&self, cells: &Cells, cell: &str) -> i64 {
        self.named.get(cell).copied().unwrap_or_else(|| cells.count(cell))
    }

    /// Keeps what is so: where a unit moved in between, or a course without a referral is in one table and not in another,
    /// a sum that one would expect is off, and who reckons with it is misled.
    fn add(&mut self, cells: &Cells, sum: Sum) {
        let off: i64 = sum.iter().map(|(cell, times)| times * self.count(cells, cell)).sum();
        if off == 0 {
            self.sums.push(sum);
        } else {
            self.broken.push(format!("{off}: {sum:?}"));
        }
    }

    /// `whole` is the sum of `parts`.
    fn whole(&mut self, cells: &Cells, whole: String, parts: impl IntoIterator<Item = String>) {
        let mut sum: Sum = parts.into_iter().map(|part| (part, 1)).collect();
        sum.push((whole, -1));
        self.add(cells, sum);
    }

    /// Gives a sum a name: it is a count of its own. `signed` where it may be below 0.
    fn name(&mut self, cells: &Cells, name: String, mut sum: Sum, signed: bool) {
        let value = sum.iter().map(|(cell, times)| times * self.count(cells, cell)).sum();
        if value < 0 && !signed {
            self.broken.push(format!("{name} is {value}"));
            return;
        }
        if signed {
            self.signed.insert(name.clone());
        }
        self.named.insert(name.clone(), value);
        sum.push((name, -1));
        self.sums.push(sum);
    }

    /// Counties, with the unknown one, are the nation; those of a region are the region.
    fn areas(&mut self, cells: &Cells, what: &str) {
        let places: BTreeSet<&str> = cells.counties.keys().map(String::as_str).collect();
        for period in places {
            let stocks = [format!("@{period}")];
            let flows = [period.to_owned()];
            let counties = &cells.counties[period];
            for at in stocks.iter().chain(&flows) {
                // Nothing of a month is public below the nation, but where it ends a tertial, or a year.
                let month = period.len() == 7 && !period.contains('T');
                if month && !(at.starts_with('@') && ["04", "08", "12"].contains(&&period[5..])) {
                    continue;
                }
                let nation = cell(what, "landet", at);
                if !cells.truth.contains_key(&nation) {
                    continue;
                }
                // A tertial's curve is the nation's alone.
                if !counties.iter().any(|county| cells.truth.contains_key(&cell(what, county, at))) {
                    continue;
                }
                self.whole(cells, nation, counties.iter().map(|county| cell(what, county, at)));
                for area in REGIONS {
                    let whole = cell(what, area, at);
                    let own = counties.iter().filter(|county| *county != UNKNOWN && region(county) == area);
                    if cells.truth.contains_key(&whole) {
                        self.whole(cells, whole, own.map(|county| cell(what, county, at)));
                    }
                }
            }
        }
    }

    /// A county's year is its tertials.
    fn years(&mut self, cells: &Cells, what: &str) {
        for (year, counties) in cells.counties.iter().filter(|(period, _)| period.len() == 4) {
            for county in counties {
                let tertials: Vec<String> = (1..=3).map(|t| cell(what, county, &format!("{year}-T{t}"))).collect();
                let whole = cell(what, county, year);
                if cells.truth.contains_key(&whole) && tertials.iter().any(|tertial| cells.truth.contains_key(tertial))
                {
                    self.whole(cells, whole, tertials);
                }
            }
        }
    }

    /// The nation's tertial is its months, without what counties had there that are no more at its end.
    fn months(&mut self, cells: &Cells) {
        let flows: Vec<String> = cells
            .told_of
            .iter()
            .filter(|what| {
                let of_month = |what: &str| cells.truth.contains_key(&cell(what, "landet", "2022-03"));
                of_month(what)
                    && !what.ends_with("inngaaende")
                    && !what.ends_with("andre_ut")
                    && !what.starts_with("narkose ")
            })
            .cloned()
            .chain([
                "narkose naadd".to_owned(),
                "narkose alle narkose_behov".into(),
                "narkose alle narkose_gjort".into(),
            ])
            .collect();
        for (tertial, counties) in cells.counties.iter().filter(|(period, _)| period.contains('T')) {
            let last: u32 = 4 * tertial[6..].parse::<u32>().unwrap();
            for what in &flows {
                let mut sum: Sum = Vec::new();
                for month in (last - 3..=last).map(|month| format!("{}-{month:02}", &tertial[..4])) {
                    sum.push((cell(what, "landet", &month), 1));
                    let Some(then) = cells.counties.get(&month) else { continue };
                    sum.extend(then.difference(counties).map(|county| (cell(what, county, &month), -1)));
                }
                sum.push((cell(what, "landet", tertial), -1));
                self.add(cells, sum);
            }
        }
    }

    /// A list opens with what the month before closed with, and closes with what it opened with, less who left it.
    fn lists(&mut self, cells: &Cells) {
        let months: Vec<&String> =
            cells.counties.keys().filter(|period| period.len() == 7 && !period.contains('T')).collect();
        for steg in STEPS {
            let of = |what: &str, month: &str| cell(&format!("liste {steg} {what}"), "landet", month);
            for (at, month) in months.iter().enumerate() {
                let stock = format!("@{month}");
                let waiting = cell(&format!("{steg} venter"), "landet", &stock);
                self.whole(cells, waiting.clone(), [of("utgaaende", &stock)]);
                self.whole(cells, of("naadd", month), [cell(&format!("{steg} naadd"), "landet", month)]);
                if at > 0 {
                    let before = cell(&format!("{steg} venter"), "landet", &format!("@{}", months[at - 1]));
                    self.whole(cells, of("inngaaende", month), [before]);
                }
                self.add(
                    cells,
                    vec![
                        (of("inngaaende", month), 1),
                        (of("kommet_til", month), 1),
                        (of("naadd", month), -1),
                        (of("andre_ut", month), -1),
                        (waiting, -1),
                    ],
                );
                self.signed.insert(of("andre_ut", month));
            }
        }
        // The same over more months: who left, otherwise than to the next step.
        let of_period = |(period, counties)| places(counties).map(move |area| (period, area));
        for (period, area) in cells.counties.iter().flat_map(of_period) {
            let Some((before, after)) = ends(period) else { continue };
            for steg in STEPS {
                let waiting = |at: &str| cell(&format!("{steg} venter"), area, at);
                let came = cell(&format!("liste {steg} kommet_til"), area, period);
                let reached = cell(&format!("{steg} naadd"), area, period);
                if [&waiting(&before), &waiting(&after), &came].iter().all(|cell| cells.truth.contains_key(*cell)) {
                    let sum = vec![(waiting(&before), 1), (came, 1), (reached, -1), (waiting(&after), -1)];
                    self.name(cells, cell(&format!("{steg} andre ut"), area, period), sum, true);
                }
            }
        }
        // Needs for narkose, by area: what is left over when opening, coming, doing and closing are told.
        for (period, counties) in &cells.counties {
            let Some((before, after)) = ends(period) else { continue };
            for area in places(counties) {
                let open = |at: &str| cell("narkose alle narkose_aapne", area, at);
                if !cells.truth.contains_key(&open(&before)) || !cells.truth.contains_key(&open(&after)) {
                    continue;
                }
                let flow = |what: &str| cell(&format!("narkose alle narkose_{what}"), area, period);
                let sum = vec![(open(&before), 1), (flow("behov"), 1), (flow("gjort"), -1), (open(&after), -1)];
                self.name(cells, cell("narkose balanse", area, period), sum, true);
                let sum = vec![(flow("gjort"), 1), (cell("narkose naadd", area, period), -1)];
                self.name(cells, cell("narkose gjort uten ventetid", area, period), sum, false);
            }
        }
    }

    /// The same count in two tables.
    fn the_same(&mut self, cells: &Cells) {
        for (period, counties) in &cells.counties {
            let month = period.len() == 7 && !period.contains('T');
            let stock = format!("@{period}");
            for area in places(counties) {
                let mut same: Vec<Vec<String>> = vec![
                    [
                        "henvisning henviste",
                        "dekning henviste",
                        "kohort henviste",
                        "alder henviste",
                        "liste m0_m1 kommet_til",
                        "liste m0_m4 kommet_til",
                        "m0_m1 kohort",
                        "m0_m4 kohort",
                    ]
                    .map(|what| cell(what, area, period))
                    .to_vec(),
                    ["liste narkose kommet_til", "narkose kohort", "narkose alle narkose_behov"]
                        .map(|what| cell(what, area, period))
                        .to_vec(),
                    ["liste m1_m2 kommet_til", "m1_m2 kohort"].map(|what| cell(what, area, period)).to_vec(),
                    ["liste m3_m4 kommet_til", "m3_m4 kohort"].map(|what| cell(what, area, period)).to_vec(),
                ];
                if month {
                    same.push(
                        ["narkose venter", "narkose alle narkose_aapne"].map(|what| cell(what, area, &stock)).to_vec(),
                    );
                    same.push(["m0_m1 venter", "oppfolging ventende"].map(|what| cell(what, area, &stock)).to_vec());
                }
                for cells_of_one in same {
                    let there: Vec<&String> =
                        cells_of_one.iter().filter(|cell| cells.truth.contains_key(*cell)).collect();
                    for pair in there.windows(2) {
                        self.whole(cells, pair[0].clone(), [pair[1].clone()]);
                    }
                }
                if month && area != "landet" {
                    continue;
                }
                // Who was assessed without having waited for it, or without waiting for the team then.
                let assessed = cell("maalgruppe vurderte", area, period);
                if cells.truth.contains_key(&assessed) {
                    for (name, waited) in [
                        ("vurdert uten ventetid", "m0_m1 naadd"),
                        ("vurdert uten vent på team", "liste m1_m2 kommet_til"),
                    ] {
                        let waited = cell(waited, area, period);
                        if cells.truth.contains_key(&waited) {
                            self.name(
                                cells,
                                cell(name, area, period),
                                vec![(assessed.clone(), 1), (waited, -1)],
                                false,
                            );
                        }
                    }
                }
                let [reached, came] = ["m0_m1 naadd", "liste m1_m2 kommet_til"].map(|what| cell(what, area, period));
                if cells.truth.contains_key(&came) && cells.truth.contains_key(&reached) {
                    let sum = vec![(came, 1), (reached, -1)];
                    self.name(cells, cell("på team-listen uten ventetid", area, period), sum, true);
                }
            }
        }
    }

    /// What adds up within a row, or a few rows of one table.
    fn courses(&mut self, cells: &Cells) {
        for (period, counties) in &cells.counties {
            let stock = format!("@{period}");
            let month = period.len() == 7 && !period.contains('T');
            for area in places(counties) {
                let mut parts: Vec<(String, Vec<String>, &str)> = Vec::new();
                let mut part = |whole: &str, of: Vec<String>, at| parts.push((whole.to_owned(), of, at));
                let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
                if month {
                    let needs = ["lite", "middels", "stort", "uoppgitt"].map(|need| format!("oppfolging behov_{need}"));
                    part("oppfolging behov_vurdert", needs.to_vec(), &stock);
                    let phases = PHASES[1..].iter().map(|phase| format!("narkose {phase} narkose_aapne"));
                    part("narkose alle narkose_aapne", phases.collect(), &stock);
                } else {
                    for (about, count) in [
                        ("oppmote", "avtalte"),
                        ("oppmote", "ikke_mott"),
                        ("oppmote", "avbestilt"),
                        ("narkose", "narkose_behov"),
                        ("narkose", "narkose_gjort"),
                        ("narkose", "narkose_foer_team"),
                    ] {
                        let phases = PHASES[1..].iter().map(|phase| format!("{about} {phase} {count}"));
                        part(&format!("{about} alle {count}"), phases.collect(), period);
                    }
                    let before = named(&["narkose henvist narkose_gjort", "narkose vurdert narkose_gjort"]);
                    part("narkose alle narkose_foer_team", before, period);
                    for (group, sources) in SOURCE_GROUPS {
                        let sources = sources.iter().map(|source| format!("henvisning {source} henviste_fra"));
                        part(&format!("henvisning {group} henviste_fra"), sources.collect(), period);
                    }
                    let groups = SOURCE_GROUPS.map(|(group, _)| format!("henvisning {group} henviste_fra"));
                    part("henvisning henviste", groups.to_vec(), period);
                    let ages = ["18_20", "21_24", "25_44", "45_66", "67_og_eldre", "ikke_oppgitt"];
                    part("alder henviste", ages.map(|age| format!("alder {age} henviste_i_alderen")).to_vec(), period);
                    let ends =
                        ["slutt_ferdigbehandlet", "slutt_avbrutt", "slutt_ikke_kvalifisert", "slutt_ellers", "aapne"];
                    part("kohort henviste", ends.map(|end| format!("kohort {end}")).to_vec(), period);
                    let ends = ["avbrutt_pasient", "avbrutt_team", "ikke_kontakt"];
                    part("kohort slutt_avbrutt", ends.map(|end| format!("kohort slutt_{end}")).to_vec(), period);
                    let ends = ["vurdert", "papir"].map(|end| format!("kohort slutt_ikke_kvalifisert_{end}"));
                    part("kohort slutt_ikke_kvalifisert", ends.to_vec(), period);
                }
                for (whole, of, at) in parts {
                    let whole = cell(&whole, area, at);
                    if cells.truth.contains_key(&whole) {
                        self.whole(cells, whole, of.iter().map(|what| cell(what, area, at)));
                    }
                }
                // Who has a group counts once in each of them.
                let assessed = cell("maalgruppe vurderte", area, period);
                if !month && cells.truth.contains_key(&assessed) {
                    let mut sum: Sum = GROUPS
                        .iter()
                        .map(|group| (cell(&format!("maalgruppe {group} vurderte_med"), area, period), 1))
                        .collect();
                    sum.push((assessed, -1));
                    self.name(cells, cell("i flere målgrupper", area, period), sum, true);
                }
                // The nation's curve by year is that of its tertials.
                if period.len() == 4 && area == "landet" {
                    for steg in STEPS {
                        let points = WEEKS
                            .iter()
                            .flat_map(|weeks| ["naadd", "andre"].map(|what| format!("{steg} kurve {what} {weeks}")));
                        for what in points.chain([format!("{steg} kohort")]) {
                            if cells.truth.contains_key(&cell(&what, area, period)) {
                                let tertials = (1..=3).map(|t| cell(&what, area, &format!("{period}-T{t}")));
                                self.whole(cells, cell(&what, area, period), tertials);
                            }
                        }
                    }
                }
            }
        }
    }

    /// All cohorts together are all periods together, where the last year is over: who reached M1 or M4 did so in some month.
    fn over_cohorts(&mut self, cells: &Cells) {
        let years: Vec<&String> = cells.counties.keys().filter(|period| period.len() == 4).collect();
        let months: Vec<&String> =
            cells.counties.keys().filter(|period| period.len() == 7 && !period.contains('T')).collect();
        if months.len() != 12 * years.len() {
            return;
        }
        for (column, steg) in [("naadd_m1", "m0_m1"), ("naadd_m4", "m0_m4")] {
            let mut sum: Sum =
                years.iter().map(|year| (cell(&format!("kohort {column}"), "landet", year), 1)).collect();
            sum.extend(months.iter().map(|month| (cell(&format!("{steg} naadd"), "landet", month), -1)));
            self.name(cells, cell(&format!("{column} uten ventetid"), "landet", "alle"), sum, true);
        }
    }
}

/// The months before a tertial or a year, and in which it ends.
fn ends(period: &str) -> Option<(String, String)> {
    let year: i32 = period[..4].parse().unwrap();
    match period.as_bytes().get(5) {
        None => Some((format!("@{}-12", year - 1), format!("@{year}-12"))),
        Some(b'T') => {
            let last = 4 * period[6..].parse::<i32>().unwrap();
            let before = if last == 4 { format!("@{}-12", year - 1) } else { format!("@{year}-{:02}", last - 4) };
            Some((before, format!("@{year}-{last:02}")))
        }
        Some(_) => None,
    }
}

/// The counties of a period, the regions and the nation.
fn places(counties: &BTreeSet<String>) -> impl Iterator<Item = &str> {
    counties.iter().map(String::as_str).chain(REGIONS).chain(["landet"])
}
