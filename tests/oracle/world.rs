//! Writes a small but nasty set of deliveries, the same bytes every time: about 30 prescribers, 14 months, every trap of B1–B3.
//!
//! It must not know how anything is computed. Every row is clean by the contract; what is wrong shows only across rows.

use std::path::Path;

use jiff::civil::Date;

use super::world_fest;
use super::world_files::{Row, hpr, write_lege, write_month};

const CONFIG: &str = r#"root = "."
syntetisk = true

[source.utlevering]
url = "landing/utlevering/utlevering_*"
[source.lege]
url = "landing/lege/lege_*"
[source.fest]
url = "landing/fest/fest_*"

[product.reservasjon]
hjemler = [200, 300, 301, 302, 400]

[henting]
ro_sekunder = 0      # nobody else writes here
"#;

const LINES_A_MONTH: u64 = 700;

/// Per group its share of the lines in percent; the rest goes to packages outside groups and unknown ones.
const SHARES: [u64; 14] = [19, 19, 15, 8, 8, 3, 3, 2, 3, 3, 3, 2, 3, 2];

/// Dispensings on the very days where a package (group, number) enters, leaves, moves or becomes limited, and the days before.
const EDGES: [(&str, u32, u32); 22] = [
    ("2025-12-18", 12, 2),
    ("2025-12-19", 12, 2),
    ("2026-01-31", 6, 0),
    ("2026-02-01", 6, 0),
    ("2026-03-02", 1, 0),
    ("2026-03-03", 1, 0),
    ("2026-03-26", 10, 2),
    ("2026-03-27", 10, 2),
    ("2026-04-14", 10, 2),
    ("2026-04-15", 10, 2),
    ("2026-04-23", 7, 0),
    ("2026-04-24", 7, 0),
    ("2026-05-14", 2, 2),
    ("2026-05-15", 2, 2),
    ("2026-06-18", 1, 3),
    ("2026-06-19", 1, 3),
    ("2026-06-24", 8, 0),
    ("2026-06-25", 8, 0),
    ("2026-07-30", 9, 0),
    ("2026-07-31", 9, 0),
    ("2026-09-17", 14, 0),
    ("2026-09-18", 14, 0),
];

/// Numbers that look random: a linear congruential generator.
struct Lcg(u64);

impl Lcg {
    /// A number below `n`.
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// Writes `speil.toml` and `landing/` into `dir`.
pub fn tiny_world(dir: &Path) {
    tiny_world_of(dir, 20_221_003);
}

/// The same with other lines and corrections, as many different ones as there are seeds.
pub fn tiny_world_of(dir: &Path, seed: u64) {
    let landing = dir.join("landing");
    std::fs::create_dir_all(landing.join("utlevering")).unwrap();
    std::fs::create_dir_all(landing.join("lege")).unwrap();
    std::fs::write(dir.join("speil.toml"), CONFIG).unwrap();
    world_fest::write(&landing.join("fest"));
    write_lege(&landing.join("lege"));

    let mut lcg = Lcg(seed);
    // Lines of the last months that no correction concerns yet.
    let mut free: Vec<Row> = Vec::new();
    for month in 0..14 {
        let first = Date::constant(2025, 9, 1) + jiff::Span::new().months(month);
        let mut rows: Vec<Row> = (0..LINES_A_MONTH).map(|k| dispensing(&mut lcg, first, k)).collect();
        free.retain(|row| (first - row.date).get_days() < 270);
        // What is dispensed after the 24th is corrected in a later month at the earliest.
        free.extend(rows.iter().filter(|row| row.date.day() <= 24).cloned());
        corrections(&mut lcg, first, &mut free, &mut rows);
        free.extend(rows.iter().filter(|row| row.linjetype == 'U' && row.date.day() > 24).cloned());
        rows.extend(edges(first));
        write_month(&landing.join("utlevering"), &first.to_string()[..7], &rows);
    }
}

/// The month's lines of `EDGES`, each by another doctor.
fn edges(first: Date) -> impl Iterator<Item = Row> {
    let month = first.to_string()[..7].to_owned();
    let of_month = (0..).zip(EDGES).filter(move |(_, (day, _, _))| day.starts_with(&month));
    of_month.map(|(k, (day, g, p))| Row {
        linje_id: format!("E{k:05}"),
        linjetype: 'U',
        gjelder: None,
        date: day.parse().unwrap(),
        forskrevet: None,
        nr: 1,
        hpr: hpr(k % 22),
        varenr: world_fest::varenr(g, p),
        antall: 1000,
        hjemmel: 200,
        reservasjon: 1,
        virkestoff: false,
        pris: 12_345,
        alder: "16–66",
    })
}

fn dispensing(lcg: &mut Lcg, first: Date, k: u64) -> Row {
    let date = first + jiff::Span::new().days(lcg.below(u64::try_from(first.days_in_month()).unwrap()).cast_signed());
    let (group, varenr) = package(lcg);
    let mut doctor = lcg.below(25);
    match group {
        // Many lines, too few doctors.
        Some(2) => doctor -= doctor % 2,
        // Many lines and doctors, but one has more than half.
        Some(3) if lcg.below(10) < 6 => doctor = 3,
        _ => {}
    }
    let mut virkestoff = lcg.below(20) == 0;
    let hpr = match lcg.below(60) {
        0 => 0,
        1 => 999_999_999,
        2 => hpr(25),
        3 => {
            virkestoff = true;
            hpr(27)
        }
        4 => hpr(28),
        5 => hpr(29),
        _ => hpr(doctor),
    };
    let nr = if lcg.below(10) < 6 { 1 } else { 2 + lcg.below(3) };
    let before = lcg.below(25) + (nr - 1) * 60;
    let reservasjon = match lcg.below(100) {
        // From 0 to 24 percent by doctor, and up to 16 more by group, so that the strata matter.
        roll if roll < doctor + 8 * u64::from(group.unwrap_or_default() % 3) => 1,
        roll if roll >= 93 => 2,
        92 => 3,
        _ => 0,
    };
    let antall = [1000, 1000, 1000, 2000, 3000, 500][usize::try_from(lcg.below(6)).unwrap()];
    Row {
        linje_id: format!("L{k:05}"),
        linjetype: 'U',
        gjelder: None,
        date,
        forskrevet: (lcg.below(30) > 0).then(|| date - jiff::Span::new().days(before.cast_signed())),
        nr,
        hpr,
        varenr,
        antall,
        hjemmel: [200, 200, 200, 200, 200, 200, 300, 301, 302, 400, 200, 200, 200, 200, 200, 200, 950, 601]
            [usize::try_from(lcg.below(18)).unwrap()],
        reservasjon: if virkestoff && reservasjon == 1 { 0 } else { reservasjon },
        virkestoff,
        // One price in some hundred is mistyped × 100.
        pris: antall * (5000 + lcg.below(20_000).cast_signed()) / if k % 350 == 7 { 10 } else { 1000 },
        alder: ["0–15", "16–66", "67–79", "80+"][usize::try_from(lcg.below(4)).unwrap()],
    }
}

/// A package and, unless it is a special one, its group.
fn package(lcg: &mut Lcg) -> (Option<u32>, String) {
    let mut roll = lcg.below(100);
    for (g, share) in (1..).zip(SHARES) {
        if roll < share {
            return (Some(g), world_fest::varenr(g, u32::try_from(lcg.below(u64::from(world_fest::size(g)))).unwrap()));
        }
        roll -= share;
    }
    let special = world_fest::SPECIAL;
    (None, special[usize::try_from(lcg.below(7)).unwrap()].to_owned())
}

/// Takes out of `free` a line that stands inside the paragraphs (or outside them).
fn take(lcg: &mut Lcg, free: &mut Vec<Row>, inside: bool) -> Row {
    loop {
        let at = usize::try_from(lcg.below(free.len() as u64)).unwrap();
        if (free[at].hjemmel < 500) == inside {
            return free.swap_remove(at);
        }
    }
}

/// Adds to `rows` two corrections or more of every kind, dated in the last days of the month.
fn corrections(lcg: &mut Lcg, first: Date, free: &mut Vec<Row>, rows: &mut Vec<Row>) {
    let mut number = 0;
    // A correction of x on the given day, by default one that is right.
    let mut correct = |x: &Row, linjetype, day, thousandths: i64| {
        number += 1;
        Row {
            // Ids fall while the file runs on, so that the order of the file is not the order of the ids.
            linje_id: format!("K{:05}", 99_999 - number),
            linjetype,
            gjelder: Some((x.linje_id.clone(), x.date)),
            date: first.with().day(day).build().unwrap(),
            antall: -thousandths,
            pris: -(x.pris * thousandths / x.antall),
            ..x.clone()
        }
    };
    for _ in 0..2 {
        let mut x: Vec<Row> = (0..24).map(|_| take(lcg, free, true)).collect();
        let all = |row: &Row| row.antall;
        // Right: a cancelled line, a part returned, all returned, all returned in two.
        rows.push(correct(&x[0], 'A', 25, all(&x[0])));
        rows.push(correct(&x[1], 'R', 25, all(&x[1]) / 2));
        rows.push(correct(&x[2], 'R', 26, all(&x[2])));
        rows.push(correct(&x[3], 'R', 25, all(&x[3]) / 2));
        rows.push(correct(&x[3], 'R', 26, all(&x[3]) / 2));
        // Too much returned: in one, and in two that would each be right.
        rows.push(correct(&x[4], 'R', 26, all(&x[4]) + 1));
        rows.push(correct(&x[5], 'R', 26, all(&x[5]) / 2));
        rows.push(correct(&x[5], 'R', 27, all(&x[5])));
        // Cancelled twice: on the same day the lower id holds, though it comes later in the file; else the earlier day.
        rows.push(correct(&x[6], 'A', 26, all(&x[6])));
        rows.push(correct(&x[6], 'A', 26, all(&x[6])));
        rows.push(correct(&x[7], 'A', 27, all(&x[7])));
        rows.push(correct(&x[7], 'A', 25, all(&x[7])));
        // Returned and cancelled.
        rows.push(correct(&x[8], 'R', 25, all(&x[8]) / 2));
        rows.push(correct(&x[8], 'A', 26, all(&x[8])));
        // A cancelled cancellation (the first still holds), returns of a cancellation and of a return, a cancelled return.
        for (at, one, two) in [(9, 'A', 'A'), (10, 'A', 'R'), (11, 'R', 'R'), (12, 'R', 'A')] {
            let (x, size) = (&x[at], all(&x[at]));
            let earlier = correct(x, one, 25, size);
            let mut later = correct(&earlier, two, 27, size);
            (later.antall, later.pris) = (-x.antall, -x.pris);
            rows.push(earlier);
            rows.push(later);
        }
        // Something else than in the line: price, packages, prescriber, package, day.
        let mut wrong: Vec<Row> = (13..18).map(|at| correct(&x[at], 'A', 26, all(&x[at]))).collect();
        wrong[0].pris -= 1;
        wrong[1].antall -= 1;
        wrong[2].hpr = if x[15].hpr == hpr(1) { hpr(2) } else { hpr(1) };
        wrong[3].varenr = if x[16].varenr == "001038" { "001045".to_owned() } else { "001038".to_owned() };
        if let Some((_, date)) = &mut wrong[4].gjelder {
            // Another day of the same month, so that the delivery is found and the line in it.
            let day = if date.day() > 1 { date.day() - 1 } else { 2 };
            *date = date.with().day(day).build().unwrap();
        }
        rows.append(&mut wrong);
        // A return of another price is right: only an A must be exact.
        let mut cheaper = correct(&x[18], 'R', 27, all(&x[18]) / 2);
        cheaper.pris -= 1234;
        rows.push(cheaper);
        // A package given back for more kroner than the whole line.
        let mut dearer = correct(&x[23], 'R', 27, all(&x[23]) / 2);
        dearer.pris = -(x[23].pris + 1);
        rows.push(dearer);
        // A wrong A does not stand in the way of the right one after it.
        let mut wrong = correct(&x[19], 'A', 25, all(&x[19]));
        wrong.pris -= 100;
        rows.push(wrong);
        rows.push(correct(&x[19], 'A', 26, all(&x[19])));
        // Unknown: no such line, no such delivery, a line outside the paragraphs.
        x[20].linje_id = "X99999".to_owned();
        rows.push(correct(&x[20], 'A', 26, all(&x[20])));
        if first < Date::constant(2026, 7, 1) {
            x[21].date = Date::constant(2025, 8, 20);
            x[21].forskrevet = None;
            rows.push(correct(&x[21], 'R', 26, all(&x[21])));
        }
        let outside = take(lcg, free, false);
        let mut inside = correct(&outside, 'A', 26, all(&outside));
        inside.hjemmel = 200;
        rows.push(inside);
        // A correction outside the paragraphs takes no part, though its line is inside.
        let mut outside = correct(&x[22], 'A', 26, all(&x[22]));
        outside.hjemmel = 950;
        rows.push(outside);
    }
    // A doctor whose only line of the month is cancelled: no line, no page.
    let mut only = take(lcg, free, true);
    (only.linje_id, only.hpr, only.date) = ("L99998".to_owned(), hpr(30), first);
    (only.forskrevet, only.nr) = (Some(first), 1);
    rows.push(correct(&only, 'A', 27, only.antall));
    rows.push(only);
}
