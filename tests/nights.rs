//! A month of nights (a year with `SPEIL_LONG=1`): deliveries come on their days, late, corrected, broken or not at all,
//! and dates of publication fall in between. On every night ledger, pages, figures and public values are compared with
//! what a simple model here says they must be; the figures themselves with a build from scratch of the same deliveries.

mod waits;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use speil::run::{ExitCode, Outcome};

use crate::support::{self, Root};
use waits::Waits;

/// When public figures change, and the day of the month on which doctors' pages do.
const DATES: [(&str, &[&str]); 2] = [
    ("reservasjon", &["2026-02-10", "2026-05-12", "2026-08-11", "2026-11-10"]),
    ("too", &["2026-01-20", "2026-06-16", "2026-10-27", "2026-11-12"]),
];
const DOCTORS_DAY: i8 = 9;
/// Models that read the run's date: on a new day they run, and nothing after them when they give the same.
const OF_THE_DAY: [&str; 3] = ["reservasjon_vindu", "too_periode", "klass_avvik"];
const PUBLIC: [(&str, &[&str]); 2] = [
    (
        "reservasjon",
        &[
            "reservasjon_klasser",
            "reservasjon_fordeling",
            "reservasjonsgrad_histogram",
            "reservasjonsgrad_landet",
            "reservasjon_nasjonal_maaned",
            "reservasjon_fylke",
            "reservasjon_prioritering",
        ],
    ),
    (
        "too",
        &[
            "too_fylke",
            "too_fylke_over_tid",
            "too_ventetid_offentlig",
            "too_trakt_offentlig",
            "too_gjennomforing_offentlig",
            "too_oppmote_offentlig",
            "too_narkose_offentlig",
            "too_maalgruppe_offentlig",
            "too_henvisning_offentlig",
            "too_aldersgruppe_offentlig",
            "too_dekning_offentlig",
            "too_prioritering_offentlig",
            "too_finansiering_offentlig",
            "too_ventekurve_offentlig",
            "too_maaloppnaaelse_offentlig",
            "too_venteliste_offentlig",
            "too_venteliste_oppfolging_offentlig",
        ],
    ),
];

/// A file that comes on a day: its place below `landing/`, and what it holds; `None` takes a file away.
type Arrival = (Date, String, Option<Vec<u8>>);

/// The day on which a file is delivered, by its name.
fn due(file: &str) -> Date {
    let name = file.rsplit('/').next().unwrap();
    let stem = name.split('.').next().unwrap().trim_end_matches("_v2");
    let month = |part: &str| format!("{part}-01").parse::<Date>().ok().map(|first| first + 1.month() + 6.days());
    let day = stem.split('_').find_map(|part| part.parse::<Date>().ok().or_else(|| month(part))).unwrap();
    let late = match (stem, name.contains("_v2")) {
        // April comes after May: for a month there is a gap.
        ("utlevering_2026-04", _) => 40.days(),
        ("utlevering_2026-10", _) => 4.days(),
        ("too_hendelse_03_2026-10", _) => 9.days(),
        (_, true) => 20.days(),
        _ => 0.days(),
    };
    day + late
}

/// Everything that comes, first to last.
fn arrivals(world: &Root) -> Vec<Arrival> {
    let landing = world.path().join("landing");
    let mut all: Vec<Arrival> = Vec::new();
    for file in speil::disk::files_below(&landing).unwrap() {
        let name = file.to_string_lossy().into_owned();
        all.push((due(&name), name.clone(), Some(fs::read(landing.join(&name)).unwrap())));
    }
    // Two corrections: months in which fewer prescriptions were reserved than was said.
    for (month, from, day) in [("2025-12", 5, date(2026, 3, 3)), ("2026-08", 2, date(2026, 10, 28))] {
        let text = fs::read_to_string(landing.join(format!("utlevering/utlevering_{month}.csv"))).unwrap();
        let corrected = with_fewer_reservations(&text, from);
        let name = format!("utlevering/utlevering_{month}_v2.csv");
        // It is broken at first, and mended two days later.
        all.push((day, name.clone(), Some(b"ikke;en;leveranse\n1;2;3\n".to_vec())));
        all.push((day + 2.days(), name, Some(corrected.into_bytes())));
    }
    all.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    all
}

/// Every nth reserved line is not reserved after all.
fn with_fewer_reservations(text: &str, nth: usize) -> String {
    let header: Vec<&str> = text.lines().next().unwrap().split(';').collect();
    let at = header.iter().position(|name| *name == "reservasjon").unwrap();
    let mut reserved = 0;
    let mut lines = String::new();
    for line in text.lines() {
        let mut fields: Vec<&str> = line.split(';').collect();
        if fields[at] == "1" {
            reserved += 1;
            if reserved % nth == 0 {
                fields[at] = "0";
            }
        }
        lines += &(fields.join(";") + "\n");
    }
    lines
}

/// A world so small, in which doctors leave and months are corrected by much, is no reason to stop.
fn tolerate(root: &Root) {
    let file = root.path().join("speil.toml");
    let text = fs::read_to_string(&file).unwrap();
    let text = text.replace("[source.utlevering]\n", "[source.utlevering]\ngodta = [\"referanse\"]\n");
    let limits = "endring_maaned_promille = 1000\nendring_landet_promille = 1000\n";
    fs::write(file, format!("{text}\n[product.reservasjon.terskler]\n{limits}")).unwrap();
}

fn configure(root: &Root) {
    let file = root.path().join("speil.toml");
    let text = fs::read_to_string(&file).unwrap();
    let of = |product: &str| {
        let dates = DATES.iter().find(|(name, _)| *name == product).unwrap().1;
        format!("utgivelse = {dates:?}\n")
    };
    let doctors = format!("[product.reservasjon]\nlege_dag = {DOCTORS_DAY}\n{}", of("reservasjon"));
    let text = text.replace("[product.reservasjon]\n", &doctors);
    fs::write(&file, format!("{text}\n[product.too]\n{}", of("too"))).unwrap();
}

/// Path → bytes of the files of a release that a test names by where they lie.
fn files(root: &Root, wanted: impl Fn(&str) -> bool) -> BTreeMap<String, Vec<u8>> {
    let release = fs::canonicalize(root.current()).unwrap();
    let found = speil::disk::files_below(&release).unwrap().into_iter();
    let named = found.map(|file| file.to_string_lossy().into_owned()).filter(|file| wanted(file));
    named.map(|file| (file.clone(), fs::read(release.join(&file)).unwrap())).collect()
}

fn public_files(root: &Root, product: &str) -> BTreeMap<String, Vec<u8>> {
    let tables = PUBLIC.iter().find(|(name, _)| *name == product).unwrap().1;
    let paths: BTreeSet<String> = tables.iter().map(|table| format!("offentlig/data/{table}.csv")).collect();
    files(root, |file| paths.contains(file))
}

fn county_figures(root: &Root) -> BTreeMap<String, Vec<u8>> {
    files(root, |file| file.starts_with("fylke/") && file.ends_with(".csv"))
}

fn doctors_figures(root: &Root) -> BTreeMap<String, Vec<u8>> {
    files(root, |file| file.starts_with("lege/") && file.ends_with(".csv"))
}

/// Table → content of every table that is computed and published.
fn computed(root: &Root) -> BTreeMap<String, String> {
    let state = root.state();
    let published = state.tables.iter().filter(|(_, partitions)| {
        partitions.values().any(|entry| entry.key.is_some()) && partitions.contains_key("alle")
    });
    published.map(|(table, partitions)| (table.clone(), partitions["alle"].content.clone())).collect()
}

/// A product's public tables: the run's date, the date of publication, and their bytes.
type Public = (Date, Date, BTreeMap<String, Vec<u8>>);

/// What the model here expects of the portal.
#[derive(Default)]
struct Expected {
    /// Product → the date whose public figures are shown, the night on which they came, and these.
    public: BTreeMap<&'static str, Public>,
    doctors: Option<(Date, BTreeMap<String, Vec<u8>>)>,
    release: String,
}

/// The last date that has come by this day's run, in the afternoon.
fn last_date(product: &str, night: Date) -> Option<Date> {
    let dates = DATES.iter().find(|(name, _)| *name == product).unwrap().1;
    dates.iter().map(|text| text.parse::<Date>().unwrap()).rfind(|day| *day <= night)
}

fn last_doctors_day(night: Date) -> Date {
    let own = date(night.year(), night.month(), DOCTORS_DAY);
    if own <= night { own } else { own - 1.month() }
}

struct Nights {
    /// Every public file of waits, curves and lists that there has been.
    waits: BTreeMap<&'static str, Vec<Waits>>,
    /// Rows that were hidden because of these.
    weighed: usize,
    root: Root,
    world: Root,
    scratch: Option<(String, Root)>,
    expected: Expected,
    revisions: BTreeSet<String>,
}

impl Nights {
    /// A build from scratch of what lies in landing, as of this night.
    fn built_anew(&mut self, night: Date) -> &Root {
        let as_of = format!("{night}T15:00");
        if self.scratch.as_ref().is_none_or(|(made, _)| *made != as_of) {
            let scratch = Root::bare();
            scratch.copy_from(&self.root, |file| file.starts_with("landing/"));
            scratch.copy_from(&self.world, |file| file == "speil.toml");
            tolerate(&scratch);
            fs::create_dir_all(scratch.landing("klass")).unwrap();
            scratch.run_as_of(&as_of).unwrap();
            self.scratch = Some((as_of, scratch));
        }
        &self.scratch.as_ref().unwrap().1
    }

    fn night(&mut self, night: Date, came: &[&Arrival], compare: bool) {
        let shown_before = self.expected.release.clone();
        let outcome = self.root.run_as_of(&format!("{night}T15:00")).unwrap();
        let failed: BTreeSet<String> = outcome.built.failed.keys().cloned().collect();
        self.code(night, &outcome);
        self.ledger(night, &outcome);
        let release = outcome.published.as_ref().map(|published| published.release.clone());
        self.expected.release = release.unwrap_or(shown_before.clone());
        let mut falls_due = false;
        for (product, _) in PUBLIC {
            let due = last_date(product, night);
            let shown = self.expected.public.get(product).map(|(date, ..)| *date);
            if due > shown && !failed.contains(product) {
                falls_due = true;
                let before = self.expected.public.get(product).map(|(.., files)| files.clone());
                let mut now = public_files(self.built_anew(night), product);
                for table in &waits::WEIGHED {
                    if let Some(file) = now.get_mut(&table.path()) {
                        self.weighed += waits::weigh(self.waits.entry(table.name).or_default(), file, table);
                    }
                    if table.name == waits::WEIGHED[0].name && product == "too" {
                        waits::follow(&mut now);
                    }
                }
                if let Some(before) = before {
                    self.revisions.extend(waits::revised(&before, &now, due.unwrap()));
                }
                self.expected.public.insert(product, (due.unwrap(), night, now));
            }
            let expected = self.expected.public.get(product).map(|(.., files)| files.clone()).unwrap_or_default();
            assert_eq!(public_files(&self.root, product), expected, "{night} {product}");
        }
        let day = last_doctors_day(night);
        if self.expected.doctors.as_ref().is_none_or(|(shown, _)| *shown < day) && !failed.contains("reservasjon") {
            falls_due = true;
            let now = doctors_figures(self.built_anew(night));
            self.expected.doctors = Some((day, now));
        }
        if let Some((_, doctors)) = &self.expected.doctors {
            assert!(doctors_figures(&self.root) == *doctors, "{night}: doctors' figures");
        }
        self.pages(night);
        self.revised(night);
        if compare && failed.is_empty() {
            let scratch = self.built_anew(night);
            let (wanted, counties) = (computed(scratch), county_figures(scratch));
            assert_eq!(computed(&self.root), wanted, "{night}");
            assert!(county_figures(&self.root) == counties, "{night}: counties' figures");
        }
        let quiet = came.is_empty() && !falls_due && failed.is_empty() && outcome.ingested.taken.is_empty();
        if quiet && outcome.built.ran.iter().all(|ran| OF_THE_DAY.contains(&ran.model.as_str())) {
            assert!(!outcome.published.unwrap().new, "{night}: nothing was new");
            assert_eq!(self.expected.release, shown_before, "{night}");
        }
    }

    /// The exit code: a file that is broken is refused for as long as it lies there, and a gap fails the product.
    fn code(&self, night: Date, outcome: &Outcome) {
        let mut wanted = ExitCode::Done;
        for entry in fs::read_dir(self.root.landing("utlevering")).unwrap() {
            let broken = fs::read(entry.unwrap().path()).unwrap().starts_with(b"ikke;en");
            wanted = wanted.max(if broken { ExitCode::Refused } else { ExitCode::Done });
        }
        let months: BTreeSet<String> = fs::read_dir(self.root.landing("utlevering"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy()[11..18].to_owned())
            .collect();
        let gap = months.contains("2026-05") && !months.contains("2026-04");
        wanted = wanted.max(if gap { ExitCode::CheckFailed } else { ExitCode::Done });
        assert_eq!(outcome.code, wanted, "{night}: {:?} {:?}", outcome.ingested.refused, outcome.built.failed);
    }

    /// One line a night: its date, its code, what was taken in and what is shown.
    fn ledger(&self, night: Date, outcome: &Outcome) {
        let lines = support::ledger(self.root.path());
        let last = |event: &str| lines.iter().rev().find(|line| line["event"] == event).unwrap();
        let (started, ended) = (last("started"), last("ended"));
        assert_eq!(started["as_of"].as_str().unwrap().split('T').next().unwrap(), night.to_string());
        assert_eq!((&ended["run"], &ended["exit"]), (&started["run"], &(outcome.code as u8).into()));
        let ingest = lines.iter().rev().find(|line| line["step"] == "ingest").unwrap();
        assert_eq!(ingest["taken"].as_array().map_or(0, Vec::len), outcome.ingested.taken.len());
        let shown = fs::read_link(self.root.current()).unwrap().to_string_lossy().into_owned();
        assert_eq!(ended["shown"], shown, "{night}");
    }

    /// Public pages say the day of their figures, or when the first come.
    fn pages(&self, night: Date) {
        let page = |path: &str| fs::read_to_string(self.root.current().join(path)).unwrap();
        for (product, path) in [("reservasjon", "offentlig/nasjonalt/index.html"), ("too", "offentlig/too/index.html")]
        {
            let Ok(html) = fs::read_to_string(self.root.current().join(path)) else { continue };
            match self.expected.public.get(product) {
                Some((_, came, _)) => assert!(html.contains(&in_words("Utgitt", *came)), "{night} {path}"),
                None => {
                    let first = DATES.iter().find(|(name, _)| *name == product).unwrap().1[0].parse().unwrap();
                    assert!(html.contains(&in_words("kommer", first)), "{night} {path}");
                    assert!(!html.contains("<svg"), "{night} {path}");
                }
            }
        }
        assert!(page("offentlig/index.html").contains("<h1>"));
    }

    fn revised(&self, night: Date) {
        let log = fs::read_to_string(self.root.current().join("offentlig/data/revisjoner.csv")).unwrap();
        let told: BTreeSet<String> = log
            .lines()
            .skip(1)
            .map(|line| {
                let fields: Vec<&str> = line.split(';').collect();
                [fields[0], fields[1], fields[2], fields[4], fields[5]].join(";")
            })
            .collect();
        assert_eq!(told, self.revisions, "{night}");
    }
}

fn in_words(before: &str, date: Date) -> String {
    const MONTHS: [&str; 12] = [
        "januar",
        "februar",
        "mars",
        "april",
        "mai",
        "juni",
        "juli",
        "august",
        "september",
        "oktober",
        "november",
        "desember",
    ];
    let month = MONTHS[usize::try_from(date.month()).unwrap() - 1];
    format!("{before} {}. {month} {}", date.day(), date.year())
}

#[test]
fn a_month_of_nights_is_right_on_every_one() {
    let long = std::env::var("SPEIL_LONG").is_ok_and(|long| long == "1");
    let (first, last) = (date(2026, 10, 20), date(2026, 11, 20));
    let first = if long { first - 11.months() } else { first };
    let world = Root::of_both_products();
    let root = Root::bare();
    root.copy_from(&world, |file| file == "speil.toml");
    tolerate(&root);
    configure(&root);
    let arrivals = arrivals(&world);
    let mut nights = Nights {
        root,
        world,
        scratch: None,
        expected: Expected::default(),
        revisions: BTreeSet::new(),
        waits: BTreeMap::new(),
        weighed: 0,
    };
    fs::create_dir_all(nights.root.landing("klass")).unwrap();
    let mut night = first;
    let mut since = Date::MIN;
    while night <= last {
        let came: Vec<&Arrival> = arrivals.iter().filter(|(day, ..)| since < *day && *day <= night).collect();
        for (_, file, bytes) in &came {
            let place = nights.root.landing(file);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, bytes.as_ref().unwrap()).unwrap();
        }
        nights.night(night, &came, !came.is_empty() || night.day() == 1);
        since = night;
        night = night.tomorrow().unwrap();
    }
    assert_eq!(speil::publish::verify(&nights.root.current()).unwrap(), []);
    // The month had what it is for.
    assert!(nights.expected.public.len() == 2 && !nights.revisions.is_empty(), "{:?}", nights.revisions);
}
