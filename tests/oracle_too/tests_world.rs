//! Tests of the tiny world: that it holds the traps that it is there for, and that its table adds up.
//!
//! They must not know the pipeline either.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::courses::End;
use super::tests::{World, shown, wait};
use super::{Course, Figures, compute, world};

fn tiny(name: &str) -> (World, Figures) {
    let world = World::empty(name);
    world::tiny_world(&world.0);
    let figures = compute(&world.0.join("landing"), world::AS_OF);
    (world, figures)
}

/// Every file below a folder with its content.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            all.extend(files(&path).into_iter().map(|(file, text)| (format!("{name}/{file}"), text)));
        } else {
            all.insert(name, fs::read(&path).unwrap());
        }
    }
    all
}

#[test]
fn the_tiny_world_is_the_same_every_time() {
    let (first, second) = (tiny("same1").0, tiny("same2").0);
    assert_eq!(files(&first.0), files(&second.0));
}

#[test]
fn the_tiny_world_holds_every_class() {
    let (_world, figures) = tiny("classes");
    // A07's two corrections. 46 stops in May 2025, 50 is wrong in September 2024, 30 ends after January 2024.
    assert_eq!(figures.unknown_target.len(), 2);
    let until: Vec<String> = figures.complete_until.iter().map(|(county, last)| format!("{county} {last}")).collect();
    assert_eq!(
        until,
        [
            "03 2026-10-31",
            "18 2026-10-31",
            "30 2024-01-31",
            "31 2026-10-31",
            "32 2026-10-31",
            "33 2026-10-31",
            "46 2025-05-31",
            "50 2024-08-31"
        ]
    );
    let ids = |courses: &[Course], which: &dyn Fn(&Course) -> bool| -> String {
        courses.iter().filter(|course| which(course)).map(Course::id).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ids(&figures.courses, &|course| course.avvist_rekkefolge), "C08#1 C09#1 C10#1 C11#1 C12#1");
    assert_eq!(ids(&figures.known_courses, &|course| course.avvist_rekkefolge), "B07#1 C08#1 C09#1 C10#1 C11#1 C12#1");
    let known = &figures.known_courses;
    assert_eq!(ids(known, &Course::uten_henvist), "C06#1 C07#1");
    assert_eq!(ids(known, &|course| course.dobbel_henvisning > 0), "C01#1 C05#1 C07#1");
    assert_eq!(ids(known, &|course| course.nr > 1), "C01#2 C02#2 C10#2");
    assert_eq!(ids(known, &|course| course.somlos), "D04#1 D05#1");
    assert_eq!(ids(known, &|course| course.tilbakesendt > 0), "D06#1 D10#1");
    assert_eq!(ids(known, &|course| !course.tilskudd()), "G01#1 G03#1");
    let skipped = |course: &Course, a, b| {
        !course.avvist_rekkefolge
            && course.wait(a, b).is_some_and(|wait| wait.until.is_some_and(|(_, end)| end == End::HoppetOver))
    };
    assert_eq!(ids(known, &|course| skipped(course, 0, 1)), "D07#1 D08#1 D09#1");
    assert_eq!(ids(known, &|course| skipped(course, 1, 2)), "D10#1");
}

#[test]
fn the_tiny_world_by_hand() {
    let (_world, figures) = tiny("hand");
    // On 31 January 2022: A01 since the 3rd (28 days), A02 since the 10th (21), A03 the 12th (19), A04 the 14th (17).
    assert_eq!(shown(wait(&figures, "m0_m1 landet maaned 2022-01 ventende med")), "4 21.25 19 28 28 0");
    // July 2022, assessed: D01 30, D02 32, D03 31, D04 28, D05 28, D06 28, D12 31, D13 29; not C08, C09, C11, C12 (rejected),
    // C07 (never referred before it was open).
    assert_eq!(shown(wait(&figures, "m0_m1 landet maaned 2022-07 avviklet med")), "8 29.625 29 31 32 0");
    // September 2022 in 03 and 46: E03–E06 with 70 days, of which 21 (patient), 0 (service, unknown), 21 and 7+7+7; and C02#2,
    // assessed on the day of its referral.
    assert_eq!(
        shown(wait(&figures, "m0_m1 03 maaned 2022-09 avviklet uten")),
        format!("3 {} 49 70 70 {}", 119.0 / 3.0, 1.0 / 3.0)
    );
    assert_eq!(shown(wait(&figures, "m0_m1 46 maaned 2022-09 avviklet uten")), "2 49 49 49 49 0");
    // 31 December 2024 without a known county: F10 since 8 February 2023 (692 days).
    assert_eq!(shown(wait(&figures, "m0_m1 99 maaned 2024-12 ventende med")), "1 692 692 692 692 1");
    // Unit 8 is in 31 to February 2025, then in 33: F08 waits for its team since 8 May 2023.
    assert_eq!(
        wait(&figures, "m1_m2 31 maaned 2025-02 ventende med").n,
        wait(&figures, "m1_m2 31 maaned 2025-03 ventende med").n + 1
    );
    assert_eq!(wait(&figures, "m1_m2 33 maaned 2025-03 ventende med").n, 1);
    // The nation: five counties, seven after the split, without 50 from September 2024, without 46 from June 2025.
    let counties = |month| wait(&figures, &format!("m0_m1 landet maaned {month} ventende med")).n_fylker.unwrap();
    assert_eq!(["2023-12", "2024-01", "2024-08", "2024-09", "2025-05", "2025-06"].map(counties), [5, 7, 7, 6, 6, 5]);
}

#[test]
fn every_month_of_the_stock_follows_from_the_one_before() {
    // To the end of 2023 all counties are complete: stock = stock before + begun − reached Mb − jumped over − ended.
    let (_world, figures) = tiny("stock");
    let counted = || figures.known_courses.iter().filter(|course| !course.avvist_rekkefolge && course.tilskudd());
    for (steg, a, b) in [("m0_m1", 0, 1), ("m1_m2", 1, 2), ("m3_m4", 3, 4), ("m0_m4", 0, 4)] {
        let waits: Vec<_> = counted().filter_map(|course| course.wait(a, b)).collect();
        let mut stock = 0;
        for month in (2022..2024).flat_map(|year| (1..=12).map(move |month| format!("{year}-{month:02}"))) {
            let within = |date: jiff::civil::Date| date.to_string().starts_with(&month);
            let row = |who| wait(&figures, &format!("{steg} landet maaned {month} {who} med")).n;
            stock += waits.iter().filter(|wait| within(wait.from)).count() as u64;
            stock -= row("avviklet");
            let otherwise = |end| end != End::Reached;
            stock -=
                waits.iter().filter(|wait| wait.until.is_some_and(|(day, end)| within(day) && otherwise(end))).count()
                    as u64;
            assert_eq!(row("ventende"), stock, "{steg} {month}");
        }
    }
}

#[test]
fn counties_and_regions_add_up_to_the_nation() {
    let (_world, figures) = tiny("sums");
    let mut sums: BTreeMap<String, [u64; 3]> = BTreeMap::new();
    for row in &figures.waits {
        let key = format!("{} {} {} {} {}", row.steg, row.periodetype, row.periode, row.populasjon, row.pauser);
        let sum = sums.entry(key).or_default();
        match row.omraade.as_str() {
            "landet" => sum[0] += row.n,
            "99" => *sum = [sum[0], sum[1] + row.n, sum[2] + row.n],
            region if region.starts_with("region") => sum[1] += row.n,
            _ => sum[2] += row.n,
        }
    }
    assert!(sums.len() > 1000);
    for (key, [nation, regions, counties]) in sums {
        assert!(nation == regions && nation == counties, "{key}: {nation}, {regions}, {counties}");
    }
}
