//! Tests of the doctors' figures (A2, B5, B6, B12), worked out by hand, and of the tiny world.
//!
//! They must not know the pipeline either.

use super::compare::close;
use super::csv::Month;
use super::tests::World;
use super::{Doctor, compute, world, world_files};

/// Delivers the 12 months 2025-01 … 2025-12, all but the last empty, with a snapshot on 2025-12-01.
fn year(world: &World, december: &[String]) {
    for month in 0..11 {
        world.month(&Month(2025 * 12 + month).to_string(), &[]);
    }
    world.month("2025-12", &december.iter().map(String::as_str).collect::<Vec<_>>());
    snapshot(world, "000102");
}

/// Packages 1 and 2 in group 000101, 3 and 4 in another one. All have the same ATC code.
fn snapshot(world: &World, second: &str) {
    world.fest(
        "2025-12-01T03:00:00",
        &[
            ("A", "000001", "", "000101", "2020-01-01"),
            ("B", "000002", "", "000101", "2020-01-01"),
            ("C", "000003", "", second, "2020-01-01"),
            ("D", "000004", "", second, "2020-01-01"),
        ],
        &[],
    );
}

/// The register: these doctors, for ever.
fn register(world: &World, doctors: impl Iterator<Item = u64>) {
    let rows: String = doctors.map(|hpr| format!("{hpr};LE;2000-01-01;\n")).collect();
    world.write("lege/lege_2026-01-02.csv", &format!("hpr;profesjon;gyldig_fra;gyldig_til\n{rows}"));
}

/// `n` lines of a doctor and package in December, the first `r` reserved.
fn lines(hpr: u64, varenr: &str, n: u64, r: u64) -> Vec<String> {
    let row = |k| format!("L{hpr}-{varenr}-{k};U;;;2025-12-05;;1;{hpr};{varenr};1,000;200;{};0;10,00", u8::from(k < r));
    (0..n).map(row).collect()
}

fn of(doctors: &[Doctor], hpr: i64) -> &Doctor {
    doctors.iter().find(|doctor| doctor.rekvirent_hpr == hpr).unwrap_or_else(|| panic!("no HPR {hpr}"))
}

fn near(found: Option<f64>, wanted: f64) -> bool {
    found.is_some_and(|found| close(found, wanted))
}

#[test]
fn rate_expected_ratio_and_limits_by_hand() {
    let world = World::new("by-hand");
    register(&world, [11, 13, 14, 15].into_iter());
    // 11: 4 lines, 2 reserved. 13: 6 lines, 0 reserved. 15 is in no register row on the last day but counts in the mean: 2 of 2.
    world.write("lege/lege_2026-01-03.csv", "hpr;profesjon;gyldig_fra;gyldig_til\n11;LE;2000-01-01;\n12;TL;2000-01-01;\n13;LE;2000-01-01;2025-12-31\n14;LE;2000-01-01;\n15;LE;2000-01-01;2025-12-30\n");
    let mut december = [lines(11, "000001", 4, 2), lines(13, "000002", 6, 0), lines(15, "000001", 2, 2)].concat();
    // Two repeats by 11 (one reserved by the doctor, one by the patient) are dispensings but no prescriptions.
    december.push("M1;U;;;2025-12-06;;2;11;000001;1,000;200;1;0;10,00".to_owned());
    december.push("M2;U;;;2025-12-06;;3;11;000001;1,000;200;2;0;10,00".to_owned());
    // 14 only by substance, 12 is a dentist: pages without figures. Masked: no page.
    december.push("M3;U;;;2025-12-06;;1;14;000001;1,000;200;0;1;10,00".to_owned());
    december.push("M4;U;;;2025-12-06;;1;12;000001;1,000;200;1;0;10,00".to_owned());
    december.push("M5;U;;;2025-12-06;;1;0;000001;1,000;200;1;0;10,00".to_owned());
    year(&world, &december);
    let doctors = world.compute("2026-01-10").doctors;
    let pages: Vec<i64> = doctors.iter().map(|doctor| doctor.rekvirent_hpr).collect();
    assert_eq!(pages, [11, 12, 13, 14]);

    // All in øvrige: rate 4 / 12 = 1/3. E = 4/3, SR = 1.5; limits for O = 2: 0.2422092785… and 7.2246876677… over E.
    let doctor = of(&doctors, 11);
    assert_eq!(
        (doctor.fra_maaned.as_str(), doctor.til_maaned.as_str(), doctor.status.as_str()),
        ("2025-01", "2025-12", "vist")
    );
    assert_eq!((doctor.forskrivninger, doctor.reservert, doctor.utleveringer), (Some(4), Some(2), Some(6)));
    assert_eq!(doctor.reservasjonsgrad, Some(0.5));
    assert!(near(doctor.forventet, 4.0 / 3.0) && near(doctor.standardisert_ratio, 1.5));
    assert!(
        near(doctor.sr_nedre, 0.242_209_278_543_964_96 * 0.75) && near(doctor.sr_ovre, 7.224_687_667_723_51 * 0.75)
    );
    // Wilson at n = 4, r = 2 is 0.5 ± z·√(1/16 + z²/64) / (1 + z²/4) = 0.5 ± z / (4·√(1 + z²/4)) = 0.5 ± 0.34996094…
    let half = 1.959964 / (4.0 * (1.0 + 1.959964_f64.powi(2) / 4.0).sqrt());
    assert!(near(doctor.nedre, 0.5 - half) && near(doctor.ovre, 0.5 + half));

    // E = 2, O = 0: SR 0 with lower limit exactly 0 and upper 3.688879454… / 2. The rate's limits: 0 and z² / (6 + z²).
    let doctor = of(&doctors, 13);
    assert_eq!(
        (doctor.reservasjonsgrad, doctor.nedre, doctor.standardisert_ratio, doctor.sr_nedre),
        (Some(0.0), Some(0.0), Some(0.0), Some(0.0))
    );
    assert!(near(doctor.forventet, 2.0) && near(doctor.sr_ovre, 3.688_879_454_113_935_4 / 2.0));
    let z2 = 1.959964_f64 * 1.959964;
    assert!(near(doctor.ovre, z2 / (6.0 + z2)));

    for hpr in [12, 14] {
        let doctor = of(&doctors, hpr);
        assert_eq!((doctor.forskrivninger, doctor.reservert, doctor.utleveringer), (Some(0), Some(0), Some(0)));
        assert_eq!((doctor.reservasjonsgrad, doctor.forventet, doctor.status.as_str()), (None, None, "mangler"));
    }
}

#[test]
fn nothing_reserved_anywhere_gives_no_ratio() {
    let world = World::new("no-ratio");
    year(&world, &lines(11, "000001", 3, 0));
    let doctor = world.compute("2026-01-10").doctors.remove(0);
    assert_eq!(
        (doctor.forventet, doctor.standardisert_ratio, doctor.sr_nedre, doctor.sr_ovre),
        (Some(0.0), None, None, None)
    );
    assert_eq!((doctor.reservasjonsgrad, doctor.status.as_str()), (Some(0.0), "vist"));
}

#[test]
fn missing_utlevering_nr_makes_the_whole_window_dispensings() {
    let world = World::new("dispensings");
    // 3 first dispensings (1 reserved), a repeat (reserved), and a line of another class, by a dentist, without a number.
    let mut december = lines(11, "000001", 3, 1);
    december.push("M1;U;;;2025-12-06;;2;11;000001;1,000;200;1;0;10,00".to_owned());
    december.push("M2;U;;;2025-12-06;;;12;000001;1,000;200;1;0;10,00".to_owned());
    year(&world, &december);
    assert_eq!(of(&world.compute("2026-01-10").doctors, 11).forskrivninger, Some(3));
    // In the grunnlag it decides for everybody.
    december.push("M3;U;;;2025-12-06;;;11;000001;1,000;200;0;0;10,00".to_owned());
    year(&world, &december);
    let doctors = world.compute("2026-01-10").doctors;
    let doctor = of(&doctors, 11);
    assert_eq!((doctor.forskrivninger, doctor.reservert, doctor.utleveringer), (None, Some(2), Some(5)));
    // The only doctor: what is expected is what is observed.
    assert_eq!(
        (doctor.reservasjonsgrad, doctor.forventet, doctor.standardisert_ratio),
        (Some(0.4), Some(2.0), Some(1.0))
    );
    assert_eq!((doctor.nedre, doctor.ovre, doctor.sr_nedre, doctor.sr_ovre), (None, None, None, None));
    assert_eq!((of(&doctors, 12).forskrivninger, of(&doctors, 12).reservert), (None, Some(0)));
    // Cancelled, the line does not hurt: only net lines are asked.
    december.push("K1;A;M3;2025-12-06;2025-12-07;;;11;000001;-1,000;200;0;0;-10,00".to_owned());
    year(&world, &december);
    assert_eq!(of(&world.compute("2026-01-10").doctors, 11).forskrivninger, Some(3));
}

#[test]
fn short_history_shows_doctors_without_figures() {
    let world = World::new("short");
    year(&world, &lines(11, "000001", 3, 1));
    std::fs::remove_file(world.0.join("utlevering/utlevering_2025-01.csv")).unwrap();
    let doctors = world.compute("2026-01-10").doctors;
    let wanted = Doctor {
        rekvirent_hpr: 11,
        fra_maaned: "2025-01".to_owned(),
        til_maaned: "2025-12".to_owned(),
        status: "mangler".to_owned(),
        ..Doctor::default()
    };
    assert_eq!(doctors, [wanted]);
}

#[test]
fn window_ends_with_the_last_month_that_is_over() {
    let world = World::new("window");
    year(&world, &lines(11, "000001", 3, 1));
    world.month("2026-01", &["M1;U;;;2026-01-10;;1;11;000001;1,000;200;1;0;10,00"]);
    // On 31 January the month is not over at 23:59; on 1 February it is.
    let at = |as_of| of(&world.compute(as_of).doctors, 11).clone();
    assert_eq!((at("2026-01-31").til_maaned.as_str(), at("2026-01-31").forskrivninger), ("2025-12", Some(3)));
    assert_eq!((at("2026-02-01").til_maaned.as_str(), at("2026-02-01").forskrivninger), ("2026-01", Some(4)));
    assert!(world.compute("2025-01-31").doctors.is_empty());
}

#[test]
fn gap_between_delivered_months_stops() {
    let world = World::new("month-gap");
    year(&world, &[]);
    world.month("2026-02", &[]);
    let stopped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.compute("2026-03-10"))).err().unwrap();
    let told = stopped.downcast_ref::<String>().unwrap();
    assert!(told.contains("a gap between the delivered months 2025-12 and 2026-02"), "{told}");
}

#[test]
fn large_group_is_a_stratum_of_its_own_at_500_lines_20_doctors_and_half() {
    // Group 000101: doctors 1–20. The first has `first` lines, the others `other` each, a tenth or so reserved by nobody but doctor 2.
    // The rest: doctor 30 with 10 lines in the second group, all reserved.
    let expected = |name: &str, first: u64, other: u64, doctors: u64| {
        let world = World::new(name);
        register(&world, (1..=doctors).chain([30]));
        let mut december = lines(1, "000001", first, 0);
        for hpr in 2..=doctors {
            december.extend(lines(hpr, "000002", other, if hpr == 2 { 10 } else { 0 }));
        }
        december.extend(lines(30, "000003", 10, 10));
        year(&world, &december);
        of(&world.compute("2026-01-10").doctors, 30).forventet
    };
    // 500 lines by 20 doctors pass: the second group fails alone, its rate is 1, E = 10.
    assert!(near(expected("stratum-500", 25, 25, 20), 10.0));
    // 499 fail: both groups share ATC C10AA05 with 509 lines by 21 doctors, 20 of them reserved: E = 10 · 20 / 509.
    assert!(near(expected("stratum-499", 24, 25, 20), 10.0 * 20.0 / 509.0));
    // 19 doctors fail, but with doctor 30 there are 20 in the ATC code: 19 · 27 = 513, so E = 10 · 20 / 523.
    assert!(near(expected("stratum-19", 27, 27, 19), 10.0 * 20.0 / 523.0));
    // Exactly half passes: 475 of 950. One more does not, but in the ATC code it is less than half: E = 10 · 20 / 961.
    assert!(near(expected("stratum-half", 475, 25, 20), 10.0));
    assert!(near(expected("stratum-more", 476, 25, 20), 10.0 * 20.0 / 961.0));
}

#[test]
fn group_without_an_atc_code_at_the_end_goes_to_the_rest() {
    let world = World::new("rest");
    register(&world, 1..=21);
    // 480 lines by 20 doctors in 000101, none reserved; 30 lines by doctor 21 in the other group, all reserved.
    let mut december: Vec<String> = (1..=20).flat_map(|hpr| lines(hpr, "000001", 24, 0)).collect();
    december.extend(lines(21, "000003", 30, 30));
    year(&world, &december);
    // Together in the ATC code: E = 30 · 30 / 510.
    assert!(near(of(&world.compute("2026-01-10").doctors, 21).forventet, 30.0 * 30.0 / 510.0));
    // The other group is gone on the window's last day: alone in the rest. 000101 has 480 lines, fails in its ATC code too
    // and goes to the rest as well, so nothing changes; with 20 lines more it is a stratum of its own and E = 30.
    world.fest(
        "2025-12-31T03:00:00",
        &[("A", "000001", "", "000101", "2020-01-01"), ("B", "000002", "", "000101", "2020-01-01")],
        &[],
    );
    assert!(near(of(&world.compute("2026-01-10").doctors, 21).forventet, 30.0 * 30.0 / 510.0));
    december.extend(lines(20, "000002", 20, 0));
    year(&world, &december);
    assert!(near(of(&world.compute("2026-01-10").doctors, 21).forventet, 30.0));
}

#[test]
fn tiny_world_springs_every_trap_and_is_the_same_every_time() {
    let (one, two) = (World::new("tiny-1"), World::new("tiny-2"));
    world::tiny_world(&one.0);
    world::tiny_world(&two.0);
    for folder in ["utlevering", "lege", "fest"] {
        for entry in std::fs::read_dir(one.0.join("landing").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let other = two.0.join("landing").join(folder).join(path.file_name().unwrap());
            assert!(std::fs::read(&path).unwrap() == std::fs::read(other).unwrap(), "{}", path.display());
        }
    }
    let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/intervaller.csv");
    let at = |as_of| compute(&one.0.join("landing"), as_of, &[200, 300, 301, 302, 400], &super::Limits::read(&fixture));
    let figures = at("2026-11-10");
    let classes: std::collections::BTreeSet<&str> = figures.classes.keys().map(|(_, class)| class.as_str()).collect();
    assert_eq!(classes.len(), 9, "{classes:?}");
    let statuses: std::collections::BTreeSet<&str> =
        figures.corrections.keys().map(|(_, status)| status.as_str()).collect();
    assert_eq!(statuses.len(), 7, "{statuses:?}");
    // Pages: 0–21, 23, 24, the dentist 25, 27 and 29; not 22 (gone), 26 (no line), 28 (unknown) and 30 (cancelled).
    let pages: Vec<i64> = (0..22).chain([23, 24, 25, 27, 29]).map(|k| world_files::hpr(k).cast_signed()).collect();
    assert_eq!(figures.doctors.iter().map(|doctor| doctor.rekvirent_hpr).collect::<Vec<_>>(), pages);
    assert_eq!(figures.doctors.iter().filter(|doctor| doctor.status == "mangler").count(), 2);
    // A window that reaches back to September 2025, where the number is not delivered; and one that is too short.
    assert!(
        at("2026-09-10")
            .doctors
            .iter()
            .all(|doctor| doctor.forskrivninger.is_none() && doctor.nedre.is_none() && doctor.reservert.is_some())
    );
    assert!(at("2026-06-10").doctors.iter().all(|doctor| doctor.status == "mangler" && doctor.reservert.is_none()));
}
