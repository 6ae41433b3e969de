//! Public tables and the counties' own, read alike: what each row says of which count. A count has one name, wherever it
//! stands: `what|area|period`, where a stock's period is the last month of it, `@2026-04`.
//!
//! It must not know the pipeline, nor what adds up to what.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::course_attack::SOURCE_GROUPS;
use super::csv;
use super::public_tables::{Column, Of, TABLES, Table, When};

pub const LIMITS: [&str; 6] = ["over_4", "over_8", "over_26", "over_52", "over_104", "over_208"];

pub fn cell(what: &str, area: &str, period: &str) -> String {
    [what, area, period].join("|")
}

/// What is true, and what of it is public.
#[derive(Default)]
pub struct Cells {
    pub truth: BTreeMap<String, i64>,
    pub shown: BTreeSet<String>,
    /// Counts that are told in tens: lowest and highest.
    pub between: BTreeMap<String, (i64, i64)>,
    /// What public tables have a column for, hidden or not.
    pub told_of: BTreeSet<String>,
    /// The counties that count: by month, tertial (`2026-T1`) and year.
    pub counties: BTreeMap<String, BTreeSet<String>>,
    /// What a public table says and is not so.
    pub untrue: Vec<String>,
}

/// What of `too_bevegelse_omraade` is a public age group.
const AGES: [&str; 6] = ["ikke_oppgitt", "18_20", "21_24", "25_44", "45_66", "67_og_eldre"];

impl Cells {
    /// `path` gives the file of a table, the counties' own, a public one or `too_bevegelse_omraade`, as text with every digit;
    /// and `kpr`, the yearly public file with codes.
    pub fn read(path: impl Fn(&str) -> PathBuf) -> Cells {
        let mut cells = Cells::default();
        cells.waits(&path("too_ventetid"), false);
        cells.waits(&path("too_ventetid_offentlig"), true);
        cells.trakt(&path("too_trakt_offentlig"));
        cells.curves(&path("too_ventekurve"), &path("too_ventekurve_offentlig"));
        cells.goals(&path("too_maaloppnaaelse"), &path("too_maaloppnaaelse_offentlig"));
        for table in TABLES.iter().filter(|table| table.name != "too_aldersgruppe") {
            cells.plain(table, &path(table.name), false);
        }
        cells.ages(&path("too_bevegelse_omraade"));
        cells.source_groups();
        for table in &TABLES {
            cells.plain(table, &path(&format!("{}_offentlig", table.name)), true);
        }
        cells.indicators(&path("too_prioritering_offentlig"));
        cells.kpr(&path("kpr"));
        cells
    }

    pub fn count(&self, cell: &str) -> i64 {
        self.truth.get(cell).copied().unwrap_or(0)
    }

    /// What a row says of a count; nothing where it is hidden.
    fn tell(&mut self, public: bool, what: &str, (area, period): (&str, &str), value: Option<i64>) {
        let cell = cell(what, area, period);
        if !public {
            self.truth.insert(cell, value.unwrap_or(0));
            return;
        }
        if !self.told_of.contains(what) {
            self.told_of.insert(what.to_owned());
        }
        if let Some(value) = value {
            if value != self.count(&cell) {
                self.untrue.push(format!("{cell} is {value} and should be {}", self.count(&cell)));
            }
            self.shown.insert(cell);
        }
    }

    fn plain(&mut self, table: &Table, path: &std::path::Path, public: bool) {
        csv::read(path, |header, row| {
            let kind = header.optional("periodetype").map_or("", |at| row.filled(at));
            if kind == "rullerende12" {
                return;
            }
            let area = header.optional("omraade").map_or("landet", |at| row.filled(at));
            let period = row.filled(header.required(table.period));
            let slice = table.slice.map(|name| row.filled(header.required(name)));
            for Column(name, when, of, parts) in table.columns {
                let value = match header.optional(name) {
                    Some(at) => row.whole(at),
                    None if public => continue,
                    None => parts
                        .iter()
                        .map(|part| match part.strip_prefix('-') {
                            Some(part) => row.whole(header.required(part)).map(|count| -count),
                            None => row.whole(header.required(part)),
                        })
                        .sum(),
                };
                let what = match slice.filter(|_| *of == Of::Slice) {
                    Some(slice) => [table.about, slice, name].join(" "),
                    None => [table.about, name].join(" "),
                };
                let period = if *when == When::Stock { stock(period) } else { period.to_owned() };
                self.tell(public, &what, (area, &period), value);
            }
        });
    }

    fn waits(&mut self, path: &std::path::Path, public: bool) {
        csv::read(path, |header, row| {
            let of = |name: &str| row.filled(header.required(name));
            let (steg, area, kind, period) = (of("steg"), of("omraade"), of("periodetype"), of("periode"));
            if !public && area.len() == 2 && kind != "rullerende12" {
                self.counties.entry(period.to_owned()).or_default().insert(area.to_owned());
            }
            let n = row.whole(header.required("n"));
            let over = row.text(header.required("over_maal")).map(|text| text.parse::<f64>().unwrap());
            let over = over.zip(n).map(|(share, n)| whole(share * n as f64));
            let has_goal = ["m0_m1", "m1_m2", "m3_m4"].contains(&steg);
            if of("populasjon") == "avviklet" {
                if kind != "rullerende12" {
                    self.tell(public, &format!("{steg} naadd"), (area, period), n);
                    if has_goal {
                        let what = format!("{steg} naadd_sent {}", of("pauser"));
                        self.tell(public, &what, (area, period), over);
                    }
                }
                return;
            }
            let at = stock(period);
            self.tell(public, &format!("{steg} venter"), (area, &at), n);
            let goal = if steg == "m0_m1" { "over_8" } else { "over_4" };
            let mut counts: Vec<(&str, Option<i64>)> =
                LIMITS[1..].iter().map(|limit| (*limit, row.whole(header.required(limit)))).collect();
            if has_goal {
                counts.push((goal, over));
            }
            for (limit, count) in counts {
                // A share over the goal tells nothing of where the count of the same is hidden.
                if !public || count.is_some() {
                    self.tell(public, &format!("{steg} venter {limit} {}", of("pauser")), (area, &at), count);
                }
            }
            if public {
                self.told_of.extend(LIMITS.map(|limit| format!("{steg} venter {limit} {}", of("pauser"))));
            }
        });
    }

    fn trakt(&mut self, path: &std::path::Path) {
        csv::read(path, |header, row| {
            let of = |name: &str| row.filled(header.required(name));
            let Some(n) = row.whole(header.required("n")) else { return };
            let at = stock(of("periode"));
            self.tell(true, &format!("{} venter", of("steg")), (of("omraade"), &at), Some(n));
            if let Some(share) = row.text(header.required("over_maal")) {
                let over = whole(share.parse::<f64>().unwrap() * n as f64);
                let limit = if of("steg") == "m0_m1" { "over_8" } else { "over_4" };
                self.tell(true, &format!("{} venter {limit} med", of("steg")), (of("omraade"), &at), Some(over));
            }
        });
    }

    /// A shown point is taken for known to the last course, though shares are all that is told, where nobody was lost
    /// before it.
    fn curves(&mut self, own: &std::path::Path, public: &std::path::Path) {
        let mut exact: BTreeSet<String> = BTreeSet::new();
        let names = |header: &csv::Header, row: &csv::Row<'_>| {
            let of = |name: &str| row.filled(header.required(name)).to_owned();
            let steg = of("steg");
            let whats = [
                format!("{steg} kohort"),
                format!("{steg} kurve naadd {}", of("uker")),
                format!("{steg} kurve andre {}", of("uker")),
            ];
            (whats, of("omraade"), of("periode"))
        };
        csv::read(own, |header, row| {
            let (whats, area, period) = names(header, row);
            let counts = ["n", "naadd", "andre"].map(|name| row.whole(header.required(name)).unwrap());
            for (what, count) in whats.iter().zip(counts) {
                self.tell(false, what, (&area, &period), Some(count));
            }
            let is = |share: &str, count: i64| {
                let share = row.text(header.required(share)).map(|text| text.parse::<f64>().unwrap());
                share.is_some_and(|share| (share * counts[0] as f64 - count as f64).abs() < 1e-6)
            };
            if is("andel_naadd", counts[1]) && is("andel_andre", counts[2]) {
                exact.insert(cell(&whats[1], &area, &period));
            }
        });
        csv::read(public, |header, row| {
            let (whats, area, period) = names(header, row);
            self.told_of.extend(whats.clone());
            if row.filled(header.required("status")) == "vist" {
                self.shown.insert(cell(&whats[0], &area, &period));
                if exact.contains(&cell(&whats[1], &area, &period)) {
                    self.shown.extend([cell(&whats[1], &area, &period), cell(&whats[2], &area, &period)]);
                }
            }
        });
    }

    fn goals(&mut self, own: &std::path::Path, public: &std::path::Path) {
        let mut exact: BTreeSet<String> = BTreeSet::new();
        let names = |header: &csv::Header, row: &csv::Row<'_>| {
            let of = |name: &str| row.filled(header.required(name)).to_owned();
            let steg = of("steg");
            let weeks = row.whole(header.required("maal"));
            (
                format!("{steg} kohort"),
                weeks.map(|weeks| format!("{steg} kurve naadd {weeks}")),
                of("omraade"),
                of("periode"),
            )
        };
        csv::read(own, |header, row| {
            let (all, within, area, period) = names(header, row);
            let n = row.whole(header.required("n")).unwrap();
            self.tell(false, &all, (&area, &period), Some(n));
            let (Some(within), Some(count)) = (within, row.whole(header.required("naadd_innen_maal"))) else { return };
            self.tell(false, &within, (&area, &period), Some(count));
            let share = row.text(header.required("innen_maal")).map(|text| text.parse::<f64>().unwrap());
            if share.is_some_and(|share| (share * n as f64 - count as f64).abs() < 1e-6) {
                exact.insert(cell(&within, &area, &period));
            }
        });
        csv::read(public, |header, row| {
            let (all, within, area, period) = names(header, row);
            self.told_of.extend([Some(all.clone()), within.clone()].into_iter().flatten());
            if row.filled(header.required("status")) == "vist" {
                let least = row.whole(header.required("n_minst")).unwrap();
                if within.is_none() {
                    self.between.insert(cell(&all, &area, &period), (least, least + 9));
                    return;
                }
                // A share with three digits of so many tells how many they are.
                self.shown.insert(cell(&all, &area, &period));
                self.shown
                    .extend(within.map(|within| cell(&within, &area, &period)).filter(|name| exact.contains(name)));
            }
        });
    }

    fn ages(&mut self, path: &std::path::Path) {
        let mut counts: BTreeMap<(String, String, String), i64> = BTreeMap::new();
        csv::read(path, |header, row| {
            let of = |name: &str| row.filled(header.required(name));
            if of("maal") != "henvist" || of("periodetype") == "rullerende12" {
                return;
            }
            let group: usize = of("gruppe").parse().unwrap();
            let n = row.whole(header.required("antall")).unwrap();
            for what in [format!("alder {} henviste_i_alderen", AGES[group]), "alder henviste".to_owned()] {
                *counts.entry((what, of("omraade").to_owned(), of("periode").to_owned())).or_default() += n;
            }
        });
        for ((what, area, period), count) in counts {
            self.tell(false, &what, (&area, &period), Some(count));
        }
    }

    /// Groups of sources stand in public tables only.
    fn source_groups(&mut self) {
        let mut groups: BTreeMap<String, i64> = BTreeMap::new();
        for (group, sources) in SOURCE_GROUPS {
            for source in sources {
                let prefix = format!("henvisning {source} henviste_fra|");
                for (cell, count) in self.truth.iter().filter(|(cell, _)| cell.starts_with(&prefix)) {
                    let name = cell.replacen(source, group, 1);
                    *groups.entry(name).or_default() += count;
                }
            }
        }
        self.truth.extend(groups);
    }

    /// What indicators are shares and rates of.
    fn indicators(&mut self, path: &std::path::Path) {
        csv::read(path, |header, row| {
            let of = |name: &str| row.filled(header.required(name));
            let (area, year) = (of("omraade"), of("aar"));
            let last = stock(&format!("{year}-T3"));
            let (all, part, factor) = match of("indikator") {
                "behandlede_per_10000" => (None, Some(("dekning behandlede", year)), 10_000.0),
                "ferdigbehandlet_per_10000" => (None, Some(("dekning ferdigbehandlet", year)), 10_000.0),
                "andel_ventende_over_8_uker" => {
                    (Some(("m0_m1 venter", last.as_str())), Some(("m0_m1 venter over_8 med", last.as_str())), 1.0)
                }
                "andel_ventende_over_52_uker" => {
                    (Some(("m0_m4 venter", last.as_str())), Some(("m0_m4 venter over_52 med", last.as_str())), 1.0)
                }
                "andel_ikke_mott" => {
                    (Some(("oppmote alle avtalte", year)), Some(("oppmote alle ikke_mott", year)), 1.0)
                }
                "tilskudd_per_ferdigbehandlet" | "aarsverk_per_100_ferdigbehandlede" => {
                    (Some(("dekning ferdigbehandlet", year)), None, 1.0)
                }
                _ => (None, None, 1.0),
            };
            let Some(nevner) = row.text(header.required("nevner")).map(|text| text.parse::<f64>().unwrap()) else {
                return;
            };
            if let Some((what, period)) = all {
                self.tell(true, what, (area, period), Some(whole(nevner)));
            }
            if let (Some((what, period)), Some(value)) = (part, row.text(header.required("verdi"))) {
                let count = whole(value.parse::<f64>().unwrap() * nevner / factor);
                self.tell(true, what, (area, period), Some(count));
            }
        });
    }

    /// Numerators and denominators of KPR's yearly figures.
    fn kpr(&mut self, path: &std::path::Path) {
        csv::read(path, |header, row| {
            let of = |name: &str| row.filled(header.required(name));
            let (step, group, year) = (of("STEG"), of("MAALGRUPPE"), &of("AAR")[..4]);
            let area = if of("GEO") == "0" { "landet" } else { of("GEO") };
            let last = stock(year);
            let waiting = Some((format!("{step} venter"), last.as_str()));
            let reached = Some((format!("{step} naadd"), year));
            let of_year = |what: &str| Some((what.to_owned(), year));
            let (numerator, denominator) = match of("MAALTALL") {
                "ANTALL_AVVIKLET" => (reached, None),
                "MEDIAN_AVVIKLET" | "P80_AVVIKLET" | "P90_AVVIKLET" => (None, reached),
                "ANDEL_OVER_MAAL" => (of_year(&format!("{step} naadd_sent med")), reached),
                "ANTALL_VENTENDE" => (waiting, None),
                "MEDIAN_VENTENDE" => (None, waiting),
                "VENTENDE_OVER_52_UKER" => (Some((format!("{step} venter over_52 med"), last.as_str())), waiting),
                "HENVISTE" | "HENVISTE_PER_10000" => (of_year("dekning henviste"), None),
                "BEHANDLEDE_PER_10000" => (of_year("dekning behandlede"), None),
                "FERDIGBEHANDLET" | "FERDIGBEHANDLET_PER_10000" => (of_year("dekning ferdigbehandlet"), None),
                "IKKE_MOTT" => (of_year("oppmote alle ikke_mott"), of_year("oppmote alle avtalte")),
                "VURDERTE" => (of_year(&format!("maalgruppe {group} vurderte_med")), None),
                "INNEN_MAAL" => (None, None),
                other => panic!("what {other} counts is not told here"),
            };
            for (what, column) in [(numerator, "TELLER"), (denominator, "NEVNER")] {
                if let (Some((what, period)), Some(count)) = (what, row.whole(header.required(column))) {
                    self.tell(true, &what, (area, period), Some(count));
                }
            }
        });
    }
}

/// The count that a share with every digit gives.
#[expect(clippy::cast_possible_truncation, reason = "counts are far below 2^53")]
fn whole(number: f64) -> i64 {
    number.round() as i64
}

/// The last month of a period.
fn stock(period: &str) -> String {
    match period.len() {
        4 => format!("@{period}-12"),
        7 if period.as_bytes()[5] == b'T' => {
            format!("@{}-{:02}", &period[..4], 4 * period[6..].parse::<u32>().unwrap())
        }
        _ => format!("@{period}"),
    }
}
