//! Windows of twelve months that follow each other, set against each other by somebody who has all of them: what is shown of a
//! substance, a group or a county must not tell what a month, or a few months, hold.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use speil::demo;

use crate::support::{Root, integers, texts};

/// What is known of a sum from one month to another: the months' sums up to each month are the nodes, a window is an edge.
#[derive(Clone)]
struct Sums {
    /// Node → another one of its component, and how much more that one is.
    towards: Vec<(usize, i64)>,
    /// How far sums of rounded figures may be off.
    slack: i64,
}

impl Sums {
    fn new(months: usize, slack: i64) -> Sums {
        Sums { towards: (0..=months).map(|node| (node, 0)).collect(), slack }
    }

    /// The component's own node, and how much more it is.
    fn end(&self, mut node: usize) -> (usize, i64) {
        let mut more = 0;
        while self.towards[node].0 != node {
            more += self.towards[node].1;
            node = self.towards[node].0;
        }
        (node, more)
    }

    /// The months after `from` and up to `to` have so much together; where that is nothing, so has each of them.
    fn add(&mut self, from: usize, to: usize, sum: i64) {
        let steps = if sum == 0 { (from..to).map(|at| (at, at + 1)).collect() } else { vec![(from, to)] };
        for (from, to) in steps {
            let ((a, more_a), (b, more_b)) = (self.end(from), self.end(to));
            if a == b {
                assert!((more_a - more_b - sum).abs() <= self.slack, "figures do not agree");
            } else {
                self.towards[a] = (b, sum + more_b - more_a);
            }
        }
    }

    /// Spans of months whose sum is known, positive and less than `least`; of the whole windows themselves only where they are.
    fn told(&self, least: i64, longest: usize) -> Vec<String> {
        let mut told = Vec::new();
        for from in 0..self.towards.len() {
            for to in from + 1..self.towards.len().min(from + longest + 1) {
                let ((a, more_a), (b, more_b)) = (self.end(from), self.end(to));
                let sum = more_a - more_b;
                if a == b && sum > self.slack && sum < least {
                    told.push(format!("months {from} to {to} hold {sum}"));
                }
            }
        }
        told
    }
}

/// n, r and kroner of a row in one window.
type Figures = [i64; 3];

/// A row's or a rest's name → first and last month of a window → its figures.
type Known = BTreeMap<String, BTreeMap<(usize, usize), Figures>>;

fn month(text: &str) -> usize {
    let (year, month) = text.split_once('-').unwrap();
    12 * year.parse::<usize>().unwrap() + month.parse::<usize>().unwrap() - 1
}

/// What a release shows: of rows, and of what shown substances less their shown groups leave. Beside it, the groups of each rest.
fn read(root: &Root, known: &mut Known, rests: &mut BTreeMap<String, BTreeSet<i64>>) -> usize {
    let text = fs::read_to_string(root.current().join("offentlig/data/reservasjon_prioritering.csv")).unwrap();
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let header: Vec<&str> = lines.next().unwrap().split(';').collect();
    let at = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let mut window = (0, 0);
    let (mut substances, mut groups) = (BTreeMap::new(), BTreeMap::<String, Vec<(i64, Option<Figures>)>>::new());
    let mut shown = 0;
    for row in lines {
        let cells: Vec<&str> = row.split(';').collect();
        window = (month(cells[at("fra_maaned")]), month(cells[at("til_maaned")]));
        let figures = (cells[at("status")] == "vist")
            .then(|| ["forskrivninger", "reservert", "merutgift"].map(|name| cells[at(name)].parse::<i64>().unwrap()));
        let (level, code) = (cells[at("nivaa")], cells[at("kode")]);
        if let (Some(figures), true) = (figures, level != "landet") {
            known.entry(format!("{level} {code}")).or_default().insert(window, figures);
            shown += 1;
        }
        if level == "atc" {
            substances.extend(figures.map(|figures| (code.to_owned(), figures)));
        } else if level == "byttegruppe" {
            groups.entry(cells[at("atc")].to_owned()).or_default().push((code.parse().unwrap(), figures));
        }
    }
    for (substance, whole) in substances {
        let parts = groups.get(&substance).cloned().unwrap_or_default();
        let hidden: BTreeSet<i64> = parts.iter().filter(|(_, shown)| shown.is_none()).map(|(code, _)| *code).collect();
        if !hidden.is_empty() {
            let rest =
                |k: usize| whole[k] - parts.iter().filter_map(|(_, shown)| shown.map(|shown| shown[k])).sum::<i64>();
            let name = format!("rest of {substance}: {hidden:?}");
            known.entry(name.clone()).or_default().insert(window, [rest(0), rest(1), rest(2)]);
            rests.insert(name, hidden);
        }
    }
    shown
}

/// The rows of a public table, by their columns.
fn table(root: &Root, name: &str) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(root.current().join(format!("offentlig/data/{name}.csv"))).unwrap();
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(|line| line.split(';').map(str::to_owned));
    let header: Vec<String> = lines.next().unwrap().collect();
    lines.map(|cells| header.iter().cloned().zip(cells).collect()).collect()
}

fn window(row: &BTreeMap<String, String>) -> (usize, usize) {
    (month(&row["fra_maaned"]), month(&row["til_maaned"]))
}

/// B1's classes, what a correction may be besides, and what is outside the paragraphs.
const CLASSES: [&str; 11] = [
    "maskert",
    "ikke_lege",
    "virkestoff",
    "fest_mangler",
    "ukjent_vare",
    "ikke_byttbar",
    "begrenset_bytte",
    "ingen_alternativ",
    "grunnlag",
    "referanse_ukjent",
    "utenfor_hjemmel",
];

/// What a release shows of counties, and of the nation less these; counties have no kroner. How many it shows.
fn read_counties(root: &Root, known: &mut Known, rests: &mut BTreeMap<String, BTreeSet<i64>>) -> usize {
    let figures = |row: &BTreeMap<String, String>| -> Figures {
        [row["forskrivninger"].parse().unwrap(), row["reservert"].parse().unwrap(), 0]
    };
    let nation = table(root, "reservasjonsgrad_landet").remove(0);
    let (mut rest, mut hidden, mut shown) = (figures(&nation), BTreeSet::new(), 0);
    for row in table(root, "reservasjon_fylke") {
        assert_eq!(window(&row), window(&nation));
        if row["status"] == "vist" {
            let own = figures(&row);
            rest = [rest[0] - own[0], rest[1] - own[1], 0];
            known.entry(format!("fylke {}", row["fylkesnr"])).or_default().insert(window(&row), own);
            shown += 1;
        } else if row["status"] == "skjult" {
            hidden.insert(row["fylkesnr"].parse().unwrap());
        }
    }
    if !hidden.is_empty() {
        let name = format!("counties {hidden:?}");
        known.entry(name.clone()).or_default().insert(window(&nation), rest);
        rests.insert(name, hidden);
    }
    shown
}

/// A month's delivery with `count` returns of what was never delivered, of one doctor each, dated in the month.
fn with_unknown_returns(delivery: &[u8], month: &str, count: usize) -> Vec<u8> {
    let text = std::str::from_utf8(delivery).unwrap();
    let (mut doctors, mut more) = (BTreeSet::new(), String::new());
    for line in text.lines().filter(|line| line.contains(";U;")) {
        let mut fields: Vec<&str> = line.split(';').collect();
        if more.lines().count() < count && fields[7].len() == 7 && doctors.insert(fields[7].to_owned()) {
            let (id, unknown) = (format!("9{}", fields[0]), format!("8{}", fields[0]));
            let date = format!("{month}-05");
            fields[..5].copy_from_slice(&[&id, "R", &unknown, &date, &date]);
            (fields[9], fields[13]) = ("-1", "-10,00");
            more += &format!("{}\n", fields.join(";"));
        }
    }
    assert_eq!(more.lines().count(), count);
    format!("{}\n{more}", text.trim_end()).into_bytes()
}

/// What a release shows of classes of lines; one that it does not name has no line. How many it hides.
fn read_classes(root: &Root, known: &mut Known) -> usize {
    let (window, rows) = (window(&table(root, "reservasjonsgrad_landet")[0]), table(root, "reservasjon_klasser"));
    let names: BTreeSet<String> = CLASSES.into_iter().map(str::to_owned).collect();
    assert!(rows.iter().all(|row| names.contains(&row["klasse"]) || row["klasse"].starts_with("avvist_")));
    for name in names {
        let lines = match rows.iter().find(|row| row["klasse"] == name) {
            Some(row) if row["status"] == "vist" => row["linjer"].parse().unwrap(),
            Some(_) => continue,
            None => 0,
        };
        known.entry(format!("klasse {name}")).or_default().insert(window, [lines, 0, 0]);
    }
    rows.iter().filter(|row| row["status"] == "skjult").count()
}

/// Its name, what it is of a window's figures, how far rounding may put sums off, and the least that may be known of a span that is
/// shorter than a window.
type Quantity = (&'static str, fn(&Figures) -> i64, i64, i64);

/// What follows from all windows; months in which nothing was prescribed are known to everybody.
fn leaks(windows: &BTreeMap<(usize, usize), Figures>, empty: &dyn Fn(usize) -> bool) -> Vec<String> {
    let first = windows.keys().map(|(from, _)| *from).min().unwrap();
    let months = windows.keys().map(|(_, to)| *to).max().unwrap() + 1 - first;
    let quantities: [Quantity; 4] = [
        ("forskrivninger", |figures| figures[0], 0, 30),
        ("reservert", |figures| figures[1], 0, 5),
        ("ikke reservert", |figures| figures[0] - figures[1], 0, 5),
        ("merutgift", |figures| figures[2], 4, i64::MAX),
    ];
    let mut found = Vec::new();
    for (name, of, slack, least) in quantities {
        let mut sums = Sums::new(months, slack);
        for at in (0..months).filter(|at| empty(first + at)) {
            sums.add(at, at + 1, 0);
        }
        for ((from, to), figures) in windows {
            sums.add(from - first, to + 1 - first, of(figures));
        }
        found.extend(sums.told(least, 11).into_iter().map(|told| format!("{name}: {told}")));
    }
    found
}

#[test]
fn a_window_of_nothing_beside_one_of_five_and_one_of_six_tells_a_month() {
    let windows = |figures: &[(usize, i64)]| -> BTreeMap<(usize, usize), Figures> {
        figures.iter().map(|(from, r)| ((*from, from + 11), [1000, *r, 0])).collect()
    };
    let never = |_: usize| false;
    assert!(leaks(&windows(&[(0, 5), (1, 6), (2, 9), (12, 8)]), &never).is_empty());
    let found = leaks(&windows(&[(0, 0), (3, 5), (4, 6)]), &never);
    assert!(found.contains(&"reservert: months 15 to 16 hold 1".to_owned()), "{found:?}");
    // Of a month that is known to be empty, the other is the difference.
    let found = leaks(&windows(&[(0, 5), (1, 7)]), &|at| at == 0);
    assert!(found.contains(&"reservert: months 12 to 13 hold 2".to_owned()), "{found:?}");
}

#[test]
fn windows_that_follow_each_other_tell_no_month() {
    let root = Root::bare();
    let settings = demo::Settings { doctors: 130, months: 29, until: "2026-10".parse().unwrap(), seed: 5 };
    demo::generate(root.path(), &settings, &|_, _, _| {}).unwrap();
    root.keep_reservasjon();
    let later: Vec<String> = (6..=10).map(|month| format!("utlevering/utlevering_2026-{month:02}.csv")).collect();
    let held: Vec<Vec<u8>> = later
        .iter()
        .map(|file| {
            let bytes = fs::read(root.landing(file)).unwrap();
            fs::remove_file(root.landing(file)).unwrap();
            // A class of lines begins in July with many doctors, and two more follow in August.
            match file.get(22..29) {
                Some(month @ "2026-07") => with_unknown_returns(&bytes, month, 35),
                Some(month @ "2026-08") => with_unknown_returns(&bytes, month, 2),
                _ => bytes,
            }
        })
        .collect();
    root.run();
    let (mut known, mut rests) = (Known::new(), BTreeMap::new());
    let mut shown = read(&root, &mut known, &mut rests);
    let mut hidden_classes = read_classes(&root, &mut known);
    let mut counties = read_counties(&root, &mut known, &mut rests);
    for (file, bytes) in later.iter().zip(held) {
        fs::write(root.landing(file), bytes).unwrap();
        root.run();
        shown += read(&root, &mut known, &mut rests);
        hidden_classes += read_classes(&root, &mut known);
        counties += read_counties(&root, &mut known, &mut rests);
    }
    assert!(shown > 6 * 20, "{shown} rows are shown in six windows");
    assert!(counties > 6, "{counties} counties are shown in six windows");
    assert!(hidden_classes > 0 && known.keys().any(|name| name.starts_with("klasse ")));

    // Groups and counties → months in which something was prescribed; substances by the groups that a release names with them.
    let by_month = |table: &str, code: &str| {
        let mut months: BTreeMap<i64, BTreeSet<usize>> = BTreeMap::new();
        for batch in root.table(table) {
            let column = |name: &str| integers(&batch, name).into_iter().map(Option::unwrap);
            for ((code, month), n) in column(code).zip(column("maaned")).zip(column("forskrivninger")) {
                if n > 0 {
                    let month = usize::try_from(month).unwrap();
                    months.entry(code).or_default().insert(month / 100 * 12 + month % 100 - 1);
                }
            }
        }
        months
    };
    let of_groups = by_month("lege_gruppe_maaned", "byttegruppe");
    let of_counties = by_month("lege_fylke_maaned", "fylkesnr");
    let mut substances: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for batch in root.table("byttegruppe_atc") {
        let codes = texts(batch.column_by_name("atc").unwrap());
        for (code, group) in codes.into_iter().zip(integers(&batch, "byttegruppe")) {
            substances.entry(code).or_default().insert(group.unwrap());
        }
    }
    let mut found = Vec::new();
    for (name, windows) in &known {
        let (parts, months) = match name.split_once(' ').unwrap() {
            ("byttegruppe", code) => (BTreeSet::from([code.parse().unwrap()]), &of_groups),
            ("atc", code) => (substances.get(code).cloned().unwrap_or_default(), &of_groups),
            ("fylke", code) => (BTreeSet::from([code.parse().unwrap()]), &of_counties),
            ("klasse", _) => (BTreeSet::new(), &of_groups),
            ("counties", _) => (rests[name].clone(), &of_counties),
            _ => (rests[name].clone(), &of_groups),
        };
        let empty = |month: usize| {
            !parts.is_empty() && !parts.iter().any(|part| months.get(part).is_some_and(|at| at.contains(&month)))
        };
        found.extend(leaks(windows, &empty).into_iter().map(|leak| format!("{name}, {leak}")));
    }
    assert!(found.is_empty(), "{} of {} rows: {:#?}", found.len(), known.len(), &found[..found.len().min(20)]);
}
