//! TOO deliveries that come one by one, late, corrected or refused for a county, end in the same bytes as a build from
//! scratch, and a night without news computes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use speil::run::{ExitCode, Outcome};

use crate::oracle_too::world;
use crate::support::Root;

/// Everything of the world but the last months, one county and what corrects.
fn is_early(file: &str) -> bool {
    !is_late_county(file) && !is_second_version(file) && !is_of_last_months(file) && !is_last_register(file)
}

fn is_late_county(file: &str) -> bool {
    file.contains("/too_hendelse_18_")
}

fn is_second_version(file: &str) -> bool {
    file.contains("/too_hendelse_") && file.contains("_v2")
}

fn is_of_last_months(file: &str) -> bool {
    file.contains("/too_hendelse_") && file.contains("_2026-")
}

fn is_last_register(file: &str) -> bool {
    file.ends_with("too_leveranse_2026-11-03.csv") || file.ends_with("enhet_2025-03-10.csv")
}

fn night(root: &Root, code: ExitCode) -> Outcome {
    let outcome = root.run_as_of(world::AS_OF).unwrap();
    assert_eq!(outcome.code, code, "{:?} {:?}", outcome.ingested.refused, outcome.built.failed);
    outcome
}

fn ran(outcome: &Outcome) -> BTreeSet<&str> {
    outcome.built.ran.iter().map(|ran| ran.model.as_str()).collect()
}

/// A register of three counties, of which Oslo's row is bad.
const REGISTER: &str = "aar;fylkesnr;tildelt_kr\n2025;03;x\n2025;11;7\n2025;46;8\n";

#[test]
fn deliveries_one_by_one_end_where_a_build_from_scratch_ends() {
    let world = Root::bare();
    world::tiny_world(world.path());
    let config = world.path().join("speil.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text + "\n[source.too_tilskudd]\nurl = \"landing/too_tilskudd/too_tilskudd_*\"\n").unwrap();
    let grants = |root: &Root, file: &str, text: &str| {
        fs::create_dir_all(root.landing("too_tilskudd")).unwrap();
        fs::write(root.landing(&format!("too_tilskudd/{file}")), text).unwrap();
    };

    let root = Root::bare();
    root.copy_from(&world, is_early);
    grants(&root, "too_tilskudd_2025.csv", &REGISTER.replace(";x", ";6"));
    night(&root, ExitCode::Done);
    assert!(ran(&night(&root, ExitCode::Done)).is_empty(), "nothing had come");

    // Corrections and additions of months that were delivered, and a file in which a county is refused.
    root.copy_from(&world, |file| is_second_version(file) && !is_late_county(file) && !is_of_last_months(file));
    grants(&root, "too_tilskudd_2025_v2.csv", REGISTER);
    let corrected = night(&root, ExitCode::Refused);
    assert!(ran(&corrected).contains("too_gjeldende"), "{:?}", ran(&corrected));

    // The county that delivers late, all of it at once; then the registers that tell of it.
    root.copy_from(&world, is_late_county);
    assert!(ran(&night(&root, ExitCode::Done)).contains("too_ulik"));
    root.copy_from(&world, is_last_register);
    assert!(ran(&night(&root, ExitCode::Done)).contains("too_komplett"));

    // The last months, with what they correct in earlier ones, file by file.
    let mut last: Vec<String> = speil::disk::files_below(&world.landing("too_hendelse"))
        .unwrap()
        .into_iter()
        .map(|file| format!("landing/too_hendelse/{}", file.display()))
        .filter(|file| is_of_last_months(file) && !root.path().join(file).exists())
        .collect();
    // In another order than they were delivered in.
    last.reverse();
    assert!(last.len() > 5, "{last:?}");
    for some in last.chunks(last.len().div_ceil(4)) {
        root.copy_from(&world, |file| some.iter().any(|one| one == file));
        night(&root, ExitCode::Done);
    }
    // The same rows once more change no figure.
    let again = root.landing("too_hendelse/too_hendelse_03_2026-10_v77.csv");
    fs::copy(root.path().join(&last[0]), &again).unwrap();
    let repeated = night(&root, ExitCode::Done);
    assert!(!ran(&repeated).contains("too_gjeldende"), "{:?}", ran(&repeated));

    let scratch = Root::bare();
    scratch.copy_from(&root, |_| true);
    night(&scratch, ExitCode::Refused);
    assert_eq!(root.state().released(), scratch.state().released());
    // Public waits also answer to what has been public before (D5), and a build from scratch has no before.
    let figures = |root: &Root| -> BTreeMap<String, String> {
        let is_public = |file: &str| file.contains("_offentlig.") || file.starts_with("offentlig/");
        root.figure_hashes().into_iter().filter(|(file, _)| !is_public(file)).collect()
    };
    assert_eq!(figures(&root), figures(&scratch));
    let (one_by_one, at_once) = (root.manifest(), scratch.manifest());
    assert_eq!(one_by_one.products["too"].inputs, at_once.products["too"].inputs);
    assert_eq!(one_by_one.products["too"].models, at_once.products["too"].models);
    let grants: Vec<_> =
        root.table("too_tilskudd").iter().flat_map(|rows| crate::support::integers(rows, "tildelt_kr")).collect();
    assert_eq!(grants, [Some(6), Some(7), Some(8)]);
}
