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

/// Made from the public waits.
const FUNNEL: &str = "too_trakt_offentlig";

/// Columns that are no figures, beside the keys.
const NOT_FIGURES: [&str; 13] = [
    "n_fylker",
    "maal",
    "fra_prosent",
    "til_prosent",
    "forelopig",
    "status",
    "fra_maaned",
    "til_maaned",
    "fylke",
    "atc",
    "navn",
    "varenavn",
    "plassering",
];

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

/// A public file as rows of cells by column.
struct Cells {
    header: Vec<String>,
    rows: Vec<BTreeMap<String, String>>,
}

impl Cells {
    fn of(file: &[u8]) -> Cells {
        let text = String::from_utf8(file.to_vec()).unwrap();
        let header: Vec<String> = text.lines().next().unwrap().split(';').map(str::to_owned).collect();
        let row = |line: &str| header.iter().cloned().zip(line.split(';').map(str::to_owned)).collect();
        Cells { rows: text.lines().skip(1).map(row).collect(), header }
    }

    fn bytes(&self) -> Vec<u8> {
        let line = |row: &BTreeMap<String, String>| {
            self.header.iter().map(|name| row[name].as_str()).collect::<Vec<_>>().join(";") + "\n"
        };
        let rows: String = self.rows.iter().map(line).collect();
        (self.header.join(";") + "\n" + &rows).into_bytes()
    }
}

/// Tables that are made from the public waits show nothing that these hide.
pub fn follow(now: &mut BTreeMap<String, Vec<u8>>) {
    let waits = Cells::of(&now[&WEIGHED[0].path()]);
    let find = |wanted: [&str; 5]| {
        let names = ["steg", "omraade", "periodetype", "periode", "populasjon"];
        let mut rows = waits.rows.iter().filter(|row| row["pauser"] == "med");
        rows.find(|row| names.iter().zip(wanted).all(|(name, value)| row[*name] == value))
    };
    let is_shown = |wanted: [&str; 5], cell: &str| find(wanted).is_some_and(|row| !row[cell].is_empty());

    let mut lists = Cells::of(&now[&WEIGHED[3].path()]);
    let mut before: BTreeMap<String, bool> = BTreeMap::new();
    let mut flows = Flows::new();
    for row in &mut lists.rows {
        let (step, month) = (row["steg"].clone(), row["periode"].clone());
        let of = |population| is_shown([step.as_str(), "landet", "maaned", month.as_str(), population], "n");
        let list = of("ventende");
        let opening = before.insert(step.clone(), list).unwrap_or(true) && list;
        let flowing = opening && of("avviklet") && row["status"] == "vist";
        let hidden: &[&str] = if list { &[] } else { &["utgaaende"] };
        let opening: &[&str] = if opening { &[] } else { &["inngaaende"] };
        [hidden, opening].concat().iter().for_each(|name| row.get_mut(*name).unwrap().clear());
        flows.insert([step, month], flowing);
    }
    tie(&lists.rows, &mut flows);
    for row in lists.rows.iter_mut().filter(|row| !flows[&[row["steg"].clone(), row["periode"].clone()]]) {
        ["kommet_til", "naadd", "andre_ut"].iter().for_each(|name| row.get_mut(*name).unwrap().clear());
        row.insert("status".to_owned(), "skjult".to_owned());
    }
    now.insert(WEIGHED[3].path(), lists.bytes());

    let mut contacts = Cells::of(&now[&WEIGHED[4].path()]);
    for row in &mut contacts.rows {
        if !is_shown(["m0_m1", "landet", "maaned", &row["periode"], "ventende"], "n") {
            for (name, cell) in row.iter_mut().filter(|(name, _)| !["omraade", "periode"].contains(&name.as_str())) {
                match name.as_str() {
                    "n_fylker" | "forelopig" => {}
                    "status" => "skjult".clone_into(cell),
                    _ => cell.clear(),
                }
            }
        }
    }
    now.insert(WEIGHED[4].path(), contacts.bytes());

    let funnel = format!("offentlig/data/{FUNNEL}.csv");
    let mut points = Cells::of(&now[&funnel]);
    for row in &mut points.rows {
        let (year, part) = row["periode"].split_once("-T").unwrap();
        let month = format!("{year}-{:02}", part.parse::<u32>().unwrap() * 4);
        let own =
            find([row["steg"].as_str(), &row["omraade"], "tertial", &row["periode"], "ventende"]).unwrap().clone();
        let nation = is_shown([row["steg"].as_str(), "landet", "maaned", &month, "ventende"], "over_maal");
        for name in ["n", "over_maal", "status"] {
            row.insert(name.to_owned(), own[name].clone());
        }
        if !nation {
            row.get_mut("over_maal_landet").unwrap().clear();
        }
        if !nation || own["over_maal"].is_empty() || own["n"].is_empty() {
            ["nedre_95", "ovre_95", "nedre_998", "ovre_998"]
                .iter()
                .for_each(|name| row.get_mut(*name).unwrap().clear());
        }
    }
    now.insert(funnel, points.bytes());
}

/// Step and month → whether flows are shown.
type Flows = BTreeMap<[String; 2], bool>;

/// Months whose flows others would give back are hidden with these.
fn tie(rows: &[BTreeMap<String, String>], flows: &mut Flows) {
    // Onto the lists for assessment and for teeth come the same: both show their flows, or neither does.
    let key = |step: &str, month: &str| [step.to_owned(), month.to_owned()];
    let referred = |flows: &Flows, month: &str| {
        ["m0_m1", "m0_m4"].iter().all(|step| flows.get(&key(step, month)).is_none_or(|shown| *shown))
    };
    let tied: Vec<[String; 2]> = flows
        .keys()
        .filter(|[step, month]| ["m0_m1", "m0_m4", "m1_m2"].contains(&step.as_str()) && !referred(flows, month))
        .cloned()
        .collect();
    flows.extend(tied.into_iter().map(|of| (of, false)));
    // No month is hidden alone of those whose sum is told elsewhere. A file that hides two may hide the second for this
    // only, and does not say what it is: where history hides a third, the model here keeps all three hidden.
    let mut sums: BTreeMap<[String; 2], Vec<&BTreeMap<String, String>>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row["steg"] != "m3_m4") {
        let (year, month) = row["periode"].split_once('-').unwrap();
        let tertial = month.parse::<u32>().unwrap().div_ceil(4);
        let of = if row["steg"] == "narkose" { format!("{year}-T{tertial}") } else { year.to_owned() };
        sums.entry([row["steg"].clone(), of]).or_default().push(row);
    }
    for ([step, _], months) in sums {
        let all = if step == "narkose" { 4 } else { 12 };
        let same = months.iter().all(|row| row["n_fylker"] == months[0]["n_fylker"]);
        let shown = months.iter().filter(|row| flows[&key(&step, &row["periode"])]);
        if months.len() == all && same && shown.clone().count() == all - 1 {
            let came = |row: &BTreeMap<String, String>| row["kommet_til"].parse::<i64>().unwrap();
            let fewest = shown.min_by_key(|row| (came(row) == 0, came(row), row["periode"].clone())).unwrap();
            flows.insert(key(&step, &fewest["periode"]), false);
        }
    }
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
        (FUNNEL, &["steg", "omraade", "periode"], "periode"),
        ("reservasjon_fylke", &["fylkesnr"], ""),
        ("reservasjon_prioritering", &["nivaa", "kode"], ""),
        ("too_oppmote_offentlig", &["fase", "omraade", "periodetype", "periode"], "periode"),
        ("too_narkose_offentlig", &["fase", "omraade", "periodetype", "periode"], "periode"),
        ("too_maalgruppe_offentlig", &["maalgruppe", "omraade", "periode"], "periode"),
        ("too_henvisning_offentlig", &["henvisningskilde", "omraade", "periode"], "periode"),
        ("too_aldersgruppe_offentlig", &["aldersgruppe", "periode"], "periode"),
        ("too_dekning_offentlig", &["omraade", "periode"], "periode"),
        ("too_gjennomforing_offentlig", &["omraade", "kohort"], "kohort"),
        ("too_prioritering_offentlig", &["omraade", "aar", "indikator"], "aar"),
        ("too_finansiering_offentlig", &["periode"], "periode"),
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
        let is_figure =
            |at: &usize| !NOT_FIGURES.contains(&new[0][*at].as_str()) && !keys.contains(&new[0][*at].as_str());
        let figures: Vec<usize> = (0..new[0].len()).filter(is_figure).collect();
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
