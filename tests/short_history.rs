//! A2 on the pages: before 12 months are delivered, figures of a year are not there, and every page says why.

use crate::support::Root;

/// A text for readers, whatever it says.
fn text(key: &str) -> String {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("site/texts/nb.toml");
    let texts = std::fs::read_to_string(file).unwrap();
    let line = texts.lines().find_map(|line| line.strip_prefix(&format!("{key} = "))).unwrap();
    line.trim_matches('"').to_owned()
}

#[test]
fn a_short_history_has_no_figures_of_a_year_and_says_why() {
    let root = Root::tiny();
    // Nine months are over.
    root.run_as_of("2026-06-10").unwrap();
    let read = |path: &str| std::fs::read_to_string(root.current().join(path)).unwrap();
    let rows = |table: &str| -> Vec<String> {
        read(&format!("offentlig/data/{table}.csv")).lines().skip(1).map(str::to_owned).collect()
    };
    assert_eq!(rows("reservasjon_fordeling"), ["2025-06;2026-05;;;;;;;mangler"]);
    assert_eq!(rows("reservasjonsgrad_landet"), ["2025-06;2026-05;;;;;mangler"]);
    assert_eq!(rows("reservasjonsgrad_histogram"), Vec::<String>::new());
    for class in rows("reservasjon_klasser") {
        assert!(class.ends_with(";;;mangler"), "{class}");
    }

    let (short, few) = (text("nasjonalt.kort_historie"), text("nasjonalt.faa_leger"));
    let doctor =
        root.manifest().files.keys().find(|file| file.starts_with("lege/") && file.ends_with(".html")).cloned();
    let doctor = read(&doctor.unwrap());
    let national = read("offentlig/nasjonalt/index.html");
    for (page, notices) in [(&read("offentlig/index.html"), 1), (&national, 4), (&doctor, 1)] {
        assert_eq!(page.matches(&short).count(), notices);
        assert!(!page.contains(&few));
    }
    assert!(doctor.contains(&text("lege.kort_historie")));
    // Said once, not in every row of the table.
    assert!(!national.contains("<td class=\"n\">ikke tilgjengelig"));
    // The months that are there are shown.
    assert!(doctor.contains("<svg") && rows("reservasjon_nasjonal_maaned").len() > 3);
}

#[test]
fn twelve_months_and_too_few_doctors_is_another_reason() {
    let root = Root::tiny();
    let config = root.path().join("speil.toml");
    let limits = "\n[product.reservasjon.terskler]\ntrakt_forskrivninger = 100000\n";
    let settings = std::fs::read_to_string(&config).unwrap() + limits;
    std::fs::write(&config, settings).unwrap();
    root.run();
    let national = std::fs::read_to_string(root.current().join("offentlig/nasjonalt/index.html")).unwrap();
    assert!(national.contains(&text("nasjonalt.faa_leger")) && !national.contains(&text("nasjonalt.kort_historie")));
    let table = std::fs::read_to_string(root.current().join("offentlig/data/reservasjon_fordeling.csv")).unwrap();
    assert_eq!(table.lines().nth(1), Some("2025-11;2026-10;0;;;;;;mangler"));
}
