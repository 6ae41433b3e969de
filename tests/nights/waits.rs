//! What the public may see of figures after what it has seen, worked out from public files alone: waits that would give
//! a county away (D5), and the lines of the log of revisions (D6).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

/// A public table that is compared with what was public of it.
pub struct Weighed {
    pub name: &'static str,
    key: &'static [&'static str],
    counts: &'static [&'static str],
    /// Shares of the first count.
    shares: &'static [&'static str],
}

impl Weighed {
    pub fn path(&self) -> String {
        format!("offentlig/data/{}.csv", self.name)
    }
}

pub const WEIGHED: [Weighed; 5] = [
    Weighed {
        name: "too_ventetid_offentlig",
        key: &["steg", "omraade", "periodetype", "periode", "populasjon", "pauser"],
        counts: &["n", "over_8", "over_26", "over_52", "over_104", "over_208"],
        shares: &["over_maal"],
    },
    Weighed {
        name: "too_ventekurve_offentlig",
        key: &["steg", "omraade", "periodetype", "periode", "uker"],
        counts: &["n_minst"],
        shares: &["andel_naadd", "nedre", "ovre", "andel_andre"],
    },
    Weighed {
        name: "too_maaloppnaaelse_offentlig",
        key: &["steg", "omraade", "periodetype", "periode"],
        counts: &["n_minst"],
        shares: &["innen_maal", "nedre", "ovre"],
    },
    Weighed {
        name: "too_venteliste_offentlig",
        key: &["steg", "omraade", "periode"],
        counts: &["utgaaende", "inngaaende", "kommet_til", "naadd", "andre_ut"],
        shares: &[],
    },
    Weighed {
        name: "too_venteliste_oppfolging_offentlig",
        key: &["omraade", "periode"],
        counts: &[
            "ventende",
            "behov_vurdert",
            "behov_lite",
            "behov_middels",
            "behov_stort",
            "behov_uoppgitt",
            "kontaktet",
            "kontakt_siste_12",
            "kontakt_siste_26",
            "kontakt_siste_52",
        ],
        shares: &["andel_behov_vurdert"],
    },
];

/// Its second column is the last month of the window of tables that name none.
const LANDET: &str = "offentlig/data/reservasjonsgrad_landet.csv";

/// One public file of waits: key → the row's figures.
pub type Waits = BTreeMap<Vec<String>, Figures>;

/// What a row covers and counts.
pub struct Figures {
    counties: String,
    counts: Vec<Option<i64>>,
}

/// D5: a row is not shown again over other counties, where one of these had few. Returns how many rows were hidden.
pub fn weigh(earlier: &mut Vec<Waits>, file: &mut Vec<u8>, table: &Weighed) -> usize {
    let text = String::from_utf8(file.clone()).unwrap();
    let header: Vec<String> = text.lines().next().unwrap().split(';').map(str::to_owned).collect();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let mut rows: Vec<Vec<String>> =
        text.lines().skip(1).map(|line| line.split(';').map(str::to_owned).collect()).collect();
    let key = |row: &[String]| table.key.iter().map(|name| row[at(name)].clone()).collect::<Vec<_>>();
    let group = |row: &[String]| key(row).into_iter().filter(|cell| *cell != row[at("periode")]).collect::<Vec<_>>();
    let (mut other, mut small) = (BTreeSet::new(), BTreeSet::new());
    for (place, row) in rows.iter().enumerate() {
        let now = figures(row, &at, table);
        for before in earlier.iter().filter_map(|file| file.get(&key(row))) {
            if before.counties == now.counties || before.counties.is_empty() || now.counties.is_empty() {
                continue;
            }
            let both = before.counts.iter().zip(&now.counts);
            let differences: Vec<i64> = both.filter_map(|(was, is)| Some(((*was)? - (*is)?).abs())).collect();
            if !differences.is_empty() {
                other.insert(place);
            }
            if differences.iter().any(|difference| (1..5).contains(difference)) {
                small.insert(group(row));
            }
        }
    }
    let mut hidden = 0;
    for place in other {
        if !small.contains(&group(&rows[place])) {
            continue;
        }
        hidden += 1;
        for (name, cell) in header.iter().zip(&mut rows[place]) {
            if name == "status" {
                "skjult".clone_into(cell);
            } else if ![table.key, &["n_fylker", "forelopig", "maal"]].concat().contains(&name.as_str()) {
                cell.clear();
            }
        }
    }
    earlier.push(rows.iter().map(|row| (key(row), figures(row, &at, table))).collect());
    let lines: Vec<String> = [&header].into_iter().chain(&rows).map(|row| row.join(";") + "\n").collect();
    *file = lines.concat().into_bytes();
    hidden
}

/// Counts, and those that shares of the first stand for.
fn figures(row: &[String], at: &dyn Fn(&str) -> usize, table: &Weighed) -> Figures {
    let mut counts: Vec<Option<i64>> = table.counts.iter().map(|name| row[at(name)].parse().ok()).collect();
    let of: Option<f64> = row[at(table.counts[0])].parse().ok();
    for name in table.shares {
        let share: Option<f64> = row[at(name)].replace(',', ".").parse().ok();
        counts.push(share.zip(of).and_then(|(share, of)| format!("{:.0}", share * of).parse().ok()));
    }
    Figures { counties: row[at("n_fylker")].clone(), counts }
}

/// Lines of the log, counted from the public files: per table and period the changed cells of rows that are in both,
/// in steps of five. Tables of the last twelve months only where these are the same months.
pub fn revised(before: &BTreeMap<String, Vec<u8>>, now: &BTreeMap<String, Vec<u8>>, date: Date) -> BTreeSet<String> {
    let rows = |files: &BTreeMap<String, Vec<u8>>, file: &str| -> Vec<Vec<String>> {
        let text = String::from_utf8(files[file].clone()).unwrap();
        text.lines().map(|line| line.split(';').map(str::to_owned).collect()).collect()
    };
    let mut lines = BTreeSet::new();
    for (file, keys, period) in [
        ("reservasjon_nasjonal_maaned", &["maaned"][..], "maaned"),
        ("reservasjonsgrad_landet", &["til_maaned"], "til_maaned"),
        ("reservasjon_fordeling", &["til_maaned"], "til_maaned"),
        ("reservasjonsgrad_histogram", &["fra_prosent"], ""),
        ("reservasjon_klasser", &["klasse"], ""),
        (WEIGHED[0].name, WEIGHED[0].key, "periode"),
        (WEIGHED[1].name, WEIGHED[1].key, "periode"),
        (WEIGHED[2].name, WEIGHED[2].key, "periode"),
        (WEIGHED[3].name, WEIGHED[3].key, "periode"),
        (WEIGHED[4].name, WEIGHED[4].key, "periode"),
    ] {
        let path = format!("offentlig/data/{file}.csv");
        if !before.contains_key(&path) || !now.contains_key(&path) {
            continue;
        }
        let (old, new) = (rows(before, &path), rows(now, &path));
        let window = |files| rows(files, LANDET)[1][1].clone();
        if period.is_empty() && window(before) != window(now) {
            continue;
        }
        let at = |name: &str| new[0].iter().position(|column| column == name).unwrap();
        let key = |row: &Vec<String>| keys.iter().map(|name| row[at(name)].clone()).collect::<Vec<_>>();
        let by_key: BTreeMap<Vec<String>, &Vec<String>> = old[1..].iter().map(|row| (key(row), row)).collect();
        let not_figures =
            ["steg", "omraade", "periodetype", "periode", "populasjon", "pauser", "n_fylker", "uker", "maal"];
        let also =
            ["klasse", "fra_prosent", "til_prosent", "forelopig", "status", "maaned", "fra_maaned", "til_maaned"];
        let figures: Vec<usize> = (0..new[0].len())
            .filter(|at| ![&not_figures[..], &also[..]].concat().contains(&new[0][*at].as_str()))
            .collect();
        let mut changed: BTreeMap<String, i64> = BTreeMap::new();
        for row in &new[1..] {
            let Some(was) = by_key.get(&key(row)) else { continue };
            let cells = figures.iter().filter(|at| !was[**at].is_empty() && !row[**at].is_empty());
            let cells = cells.filter(|at| was[**at] != row[**at]).count();
            let of = if period.is_empty() { window(now) } else { row[at(period)].clone() };
            *changed.entry(of).or_default() += i64::try_from(cells).unwrap();
        }
        for (period, cells) in changed.into_iter().filter(|(_, cells)| *cells > 0) {
            let to = (cells + 4) / 5 * 5;
            lines.insert(format!("{date};{file};{period};{};{to}", to - 4));
        }
    }
    lines
}
