//! Writes a small but nasty set of TOO deliveries, the same bytes every time: five counties, one of them split in 2024, about 100
//! courses, 2022–2026, every trap of C1–C6.
//!
//! It must not know how anything is computed. Every row is clean by the contract; what is wrong shows only across rows.

use std::path::Path;

use jiff::Span;
use jiff::civil::{Date, date};

use super::csv::Month;
use super::world_courses::COURSES;
use super::world_files::{self, Count};

/// The day the tiny world is looked at from: the ninetieth after August 2026.
pub const AS_OF: &str = "2026-11-29";

/// The sections of `speil.toml` for these deliveries.
pub const SOURCES: &str = r#"[source.too_hendelse]
url = "landing/too_hendelse/too_hendelse_*"
[source.too_leveranse]
url = "landing/too_leveranse/too_leveranse_*"
[source.enhet]
url = "landing/enhet/enhet_*"
"#;

const LAST_DAY: Date = date(2026, 10, 31);

/// Courses that are made by rule, beside those written by hand.
const ORDINARY: u64 = 24;

/// Units: (number, county, first day, last day). 11 is in no register.
pub const UNITS: [(u32, &str, &str, &str); 14] = [
    (1, "03", "2010-01-01", ""),
    (2, "46", "2020-01-01", ""),
    (3, "50", "2018-01-01", ""),
    (4, "18", "2010-01-01", ""),
    (5, "30", "2020-01-01", "2023-12-31"),
    (5, "31", "2024-01-01", ""),
    (6, "30", "2020-01-01", "2023-12-31"),
    (6, "32", "2024-01-01", ""),
    (7, "30", "2020-01-01", "2023-12-31"),
    (7, "33", "2024-01-01", ""),
    (8, "31", "2024-01-01", "2025-02-28"),
    (8, "33", "2025-03-01", ""),
    (9, "30", "2020-01-01", "2023-12-31"),
    (10, "30", "2020-01-01", ""),
];

/// Writes `speil.toml` and `landing/` into `dir`.
pub fn tiny_world(dir: &Path) {
    let landing = dir.join("landing");
    std::fs::create_dir_all(&landing).unwrap();
    std::fs::write(
        dir.join("speil.toml"),
        format!("root = \".\"\nsyntetisk = true\nhenting.ro_sekunder = 0\n\n{SOURCES}"),
    )
    .unwrap();

    let mut lines: Vec<String> = COURSES.iter().map(|line| (*line).to_owned()).collect();
    let mut lcg = Lcg(20_220_901);
    lines.extend((0..ORDINARY).map(|k| ordinary(&mut lcg, k)));
    let rows = world_files::rows(&lines, quarter_end);
    world_files::write_events(&landing, &rows);

    let counted = world_files::counts(&rows);
    let mut announced = Count::new();
    for (county, first, last) in [
        ("03", "2022-01", "2026-10"),
        ("18", "2022-01", "2026-10"),
        ("50", "2022-01", "2026-10"),
        // Stops delivering.
        ("46", "2022-01", "2025-05"),
        // The old county's late rows are delivered once after the split.
        ("30", "2022-01", "2024-01"),
        ("31", "2024-01", "2026-10"),
        ("32", "2024-01", "2026-10"),
        // Begins late.
        ("33", "2024-03", "2026-10"),
    ] {
        world_files::announce(&mut announced, &counted, county, first, last);
    }
    // A row is missing, and from then on the county is unknown, though the months after agree.
    *announced.get_mut(&("50".to_owned(), month("2024-09"))).unwrap() += 1;
    // Earlier deliveries do not count: when 18's May 2023 was late, and when everything seemed to agree.
    let mut early = announced.clone();
    early.retain(|(_, delivered), _| *delivered <= month("2023-08"));
    early.remove(&("18".to_owned(), month("2023-05")));
    world_files::write_leveranse(&landing, "2023-09-05", &early);
    let mut seeming = announced.clone();
    *seeming.get_mut(&("50".to_owned(), month("2024-09"))).unwrap() -= 1;
    seeming.retain(|(_, delivered), _| *delivered <= month("2025-12"));
    world_files::write_leveranse(&landing, "2026-01-05", &seeming);
    world_files::write_leveranse(&landing, "2026-11-03", &announced);

    // An earlier register has unit 9 in 31 and does not know unit 6.
    let mut before: Vec<_> = UNITS.iter().copied().filter(|unit| unit.0 != 6).collect();
    before.push((9, "31", "2024-01-01", ""));
    world_files::write_units(&landing, "2024-01-15", &before);
    world_files::write_units(&landing, "2025-03-10", &UNITS);
}

/// Most events are registered on the last day of their quarter, so that there are few files.
fn quarter_end(date: Date) -> Date {
    let month = Month::of(date).0;
    Month(month - month % 3 + 2).last_day().min(LAST_DAY)
}

fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

/// Numbers that look random: a linear congruential generator.
struct Lcg(u64);

impl Lcg {
    /// A number below `n`.
    fn below(&mut self, n: u64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n).cast_signed()
    }
}

/// A course without traps: how far it comes is a matter of its waits and the last day.
fn ordinary(lcg: &mut Lcg, k: u64) -> String {
    let old =
        [("03", "03"), ("18", "18"), ("46", "46"), ("50", "50"), ("30", "31"), ("30", "32 org=6"), ("30", "33 org=7")];
    let (before, after) = old[usize::try_from(k).unwrap() % old.len()];
    let start = date(2022, 1, 3) + Span::new().days(lcg.below(1500));
    let waits = [
        ("henvist", 0),
        ("behov_vurdert", lcg.below(60)),
        ("vurdert", lcg.below(250)),
        ("team_start", lcg.below(90)),
        ("team_slutt", 60 + lcg.below(90)),
        ("tannbehandling_start", lcg.below(60)),
        ("time", 20),
        ("avsluttet", 90 + lcg.below(300)),
    ];
    let mut line = format!("H{k:02} {}: ", if start.year() < 2024 { before } else { &after[..2] });
    let (mut at, mut events) = (start, Vec::new());
    let mut unit = after.strip_prefix("32 ").or(after.strip_prefix("33 ")).unwrap_or_default().to_owned();
    for (kind, days) in waits {
        at += Span::new().days(days);
        if at > LAST_DAY {
            break;
        }
        if at.year() >= 2024 && before == "30" {
            unit = format!("fylke={after}");
        }
        events.push(format!("{at} {kind} {unit}").trim_end().to_owned());
    }
    line += &events.join(", ");
    line
}
