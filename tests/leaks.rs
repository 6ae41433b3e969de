//! Delivered values stay where they belong: a delivery of planted bad values, and everything the program says about it.

use std::fs;

use crate::support::Root;

const HEADER: [&str; 15] = [
    "linje_id",
    "linjetype",
    "gjelder_linje_id",
    "gjelder_utleveringsdato",
    "utleveringsdato",
    "forskrivningsdato",
    "utlevering_nr",
    "rekvirent_hpr",
    "varenr",
    "antall_pakninger",
    "refusjonshjemmel",
    "reservasjon",
    "virkestoffrekvirering",
    "utsalgspris",
    "pasient_aldersgruppe",
];
const GOOD: [&str; 15] =
    ["L1", "U", "", "", "2026-01-02", "2026-01-01", "1", "4000003", "038448", "1", "200", "0", "0", "100,50", "80+"];

/// Column, what is planted there, whether the quarantine file may hold it.
const PLANTED: [(&str, &str, bool); 20] = [
    ("linje_id", "Kari-Nordmann-0101991234567890123456789012345678901234567890123456", false),
    ("linjetype", "Kari", false),
    ("linjetype", "5551234", false),
    ("gjelder_linje_id", "Ola-Nordmann-0101991234567890123456789012345678901234567890123456", false),
    ("gjelder_utleveringsdato", "02.13.2026", true),
    ("utleveringsdato", "2026-13-02", true),
    ("utleveringsdato", "2026-03-31", true),
    ("forskrivningsdato", "2026-01-29", true),
    ("utlevering_nr", "98765", true),
    ("rekvirent_hpr", "7654321000", false),
    ("rekvirent_hpr", "-7654321", false),
    ("rekvirent_hpr", "Doktor Dyregod", false),
    ("varenr", "7418529", true),
    ("varenr", "01019912345", false),
    ("antall_pakninger", "3.14159", true),
    ("refusjonshjemmel", "8642", true),
    ("reservasjon", "7531", false),
    ("virkestoffrekvirering", "kreft", false),
    ("utsalgspris", "951.753", true),
    ("pasient_aldersgruppe", "43 år og tre", false),
];

fn planted_rows() -> Vec<String> {
    let row = |(at, (column, value, _)): (usize, &(&str, &str, bool))| {
        let id = format!("L{at:05}");
        let mut cells = GOOD;
        cells[0] = &id;
        cells[HEADER.iter().position(|name| name == column).unwrap()] = value;
        cells.join(";") + "\n"
    };
    PLANTED.iter().enumerate().map(row).collect()
}

fn good_rows(n: usize) -> String {
    (0..n).map(|at| GOOD.join(";").replacen("L1", &format!("G{at:05}"), 1) + "\n").collect()
}

/// Everything that a run says, all that it writes for those who look after the pipeline, and what `status` says.
fn said(root: &Root, log: &str) -> String {
    let output = root.command(&["run", "--log", log]).env("SPEIL_LOG", "info").output().unwrap();
    let status = [vec!["status"], vec!["status", "--json"]].map(|arguments| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_speil"));
        command.args(arguments).arg("--config").arg(root.path().join("speil.toml")).output().unwrap().stdout
    });
    let runs = root.path().join("runs");
    let written = speil::disk::files_below(&runs).unwrap().into_iter().filter(|file| !file.starts_with("assets"));
    let written: String = written.map(|file| fs::read_to_string(runs.join(file)).unwrap()).collect();
    let printed = [output.stdout, output.stderr, status.concat()].concat();
    format!("{}{written}", String::from_utf8_lossy(&printed))
}

/// Whether a text holds a value; a number as a word of its own, since hashes and times hold any digits.
fn holds(text: &str, value: &str) -> bool {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.split(|c: char| !c.is_alphanumeric()).any(|word| word == value) } else { text.contains(value) }
}

/// A root that tells a script of failures, which keeps what it is told beside the ledger.
fn root() -> Root {
    let root = Root::empty();
    let file = root.path().join("speil.toml");
    let text = fs::read_to_string(&file).unwrap();
    let hook = "[varsling]\nkommando = [\"sh\", \"-c\", \"cat >> runs/varsel.txt\"]\n";
    fs::write(file, format!("{text}\n{hook}")).unwrap();
    root
}

fn deliver(root: &Root, text: &str) {
    fs::create_dir_all(root.landing("utlevering")).unwrap();
    fs::write(root.landing("utlevering/utlevering_2026-01.csv"), text).unwrap();
}

#[test]
fn no_message_log_ledger_page_or_hook_repeats_a_delivered_value() {
    let root = root();
    let header = HEADER.join(";") + "\n";
    // Each alone: the first bad rows of a refused delivery are told.
    for (row, (column, value, _)) in planted_rows().into_iter().zip(PLANTED) {
        deliver(&root, &format!("{header}{row}{}", good_rows(1)));
        let said = said(&root, "json");
        assert!(said.contains("1 of 2 rows of utlevering are bad"), "{column} {value}: {said}");
        assert!(!holds(&said, value), "{column} {value}: {said}");
        assert!(!said.contains("G00000") && !said.contains("4000003"), "{said}");
    }
    // In the header's place, split wrongly, repeated, and in a quote that is not closed.
    let row = &planted_rows()[9];
    let twice = format!("{header}{}{}", row.repeat(2), good_rows(2).repeat(2));
    for text in [
        row.clone(),
        format!("{}{row}", header.replacen("varenr", "01019912345", 1)),
        format!("{header}{}", row.replace(';', ",")),
        twice,
        format!("{header}\"{row}"),
    ] {
        deliver(&root, &text);
        let said = said(&root, "text");
        assert!(said.contains("refused: utlevering_2026-01.csv"), "{said}");
        for (_, value, _) in PLANTED {
            assert!(!holds(&said, value), "{value}: {said}");
        }
        assert!(!said.contains("G0000") && !said.contains("L00009") && !said.contains("4000003"), "{said}");
    }
}

#[test]
fn quarantine_holds_dates_numbers_and_codes_and_no_id_hpr_number_or_free_text() {
    use std::os::unix::fs::PermissionsExt;
    let root = root();
    deliver(&root, &format!("{}\n{}{}", HEADER.join(";"), planted_rows().concat(), good_rows(3000)));
    let said = said(&root, "text");
    assert!(said.contains("refused 0"), "{said}");
    let file = root.path().join("quarantine/utlevering/utlevering_2026-01.csv.csv");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0);
    let text = fs::read_to_string(file).unwrap();
    assert_eq!(text.lines().count(), PLANTED.len() + 1, "{text}");
    for (column, value, may) in PLANTED {
        assert_eq!(text.contains(value), may, "{column} {value}: {text}");
        assert!(!holds(&said, value), "{column} {value}: {said}");
    }
}

#[test]
fn a_number_in_a_files_name_is_told_nowhere() {
    let root = root();
    deliver(&root, "x");
    fs::rename(root.landing("utlevering/utlevering_2026-01.csv"), root.landing("utlevering/utlevering_4000003.csv"))
        .unwrap();
    for log in ["text", "json"] {
        let said = said(&root, log);
        assert!(!said.contains("4000003"), "{said}");
        // In the log, the ledger, both forms of status, the page and the hook's message.
        assert!(said.matches("utlevering_….csv").count() >= 6, "{said}");
    }
}
