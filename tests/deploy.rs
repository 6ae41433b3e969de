//! The units in `pipeline/deploy/` as systemd itself reads them, and what of them the program's own codes decide.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use speil::run::ExitCode;

use crate::support::not_shown;

const PROGRAM: &str = "/usr/local/bin/speil";

fn units() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipeline/deploy")
}

fn text(name: &str) -> String {
    fs::read_to_string(units().join(name)).unwrap()
}

const UNITS: [&str; 4] = ["speil.service", "speil.timer", "speil-morning.timer", "speil-failed.service"];

/// What systemd says of the units, which lead to the program under test instead of the installed one, and of the service
/// after a change. Absent where there is no systemd, which CI must have.
fn analyze(arguments: &[&str], change: impl Fn(String) -> String) -> Option<Output> {
    let folder = tempfile::tempdir().unwrap();
    for name in UNITS {
        let unit = text(name).replace(PROGRAM, env!("CARGO_BIN_EXE_speil"));
        let unit = if name == "speil.service" { change(unit) } else { unit };
        fs::write(folder.path().join(name), unit).unwrap();
    }
    let mut command = Command::new("systemd-analyze");
    match command.current_dir(folder.path()).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) => {
            not_shown(&format!("systemd-analyze: {error}; install it (apt-get install systemd)"));
            None
        }
    }
}

#[test]
fn the_units_hold() {
    let units = UNITS.map(|name| format!("./{name}"));
    let verify: Vec<&str> = ["verify"].into_iter().chain(units.iter().map(String::as_str)).collect();
    let Some(output) = analyze(&verify, |unit| unit) else { return };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}");
    // What is verified is the unit: one that is wrong is found.
    let wrong = analyze(&verify, |unit| unit.replace("Type=oneshot", "Type=onshot")).unwrap();
    assert!(!wrong.stderr.is_empty());
    // 0 is shut off from everything, 100 open.
    let exposed = analyze(&["security", "--offline=yes", "--threshold=15", "./speil.service"], |unit| unit).unwrap();
    assert!(exposed.status.success(), "{}", String::from_utf8_lossy(&exposed.stdout));
}

/// Public figures change at 08:00 in Oslo on announced dates: a run must come then, and not at some time after.
#[test]
fn a_run_comes_at_the_hour_of_publication_and_the_nights_run_is_over_by_then() {
    let morning = text("speil-morning.timer");
    let has = |line: &str| morning.lines().any(|other| other == line);
    assert!(has("OnCalendar=*-*-* 08:05:00 Europe/Oslo") && has("Unit=speil.service"), "{morning}");
    assert!(!morning.lines().any(|line| line.starts_with("RandomizedDelaySec=")), "{morning}");
    let job = text("cronjob.yaml");
    assert!(job.contains("schedule: \"5 3,8 * * *\"") && job.contains("timeZone: Europe/Oslo"), "{job}");
    // The night starts at 03:30 at the latest.
    let unit = text("speil.service");
    for line in ["TimeoutStartSec=4h", "StartLimitIntervalSec=4h"] {
        assert!(unit.lines().any(|other| other == line), "{unit}");
    }
    assert!(job.contains("activeDeadlineSeconds: 14400"), "{job}");
}

/// `status` reads in /proc/locks who holds a root, and below /proc/sys what the machine is called.
#[test]
fn the_service_sees_what_tells_a_killed_run_from_one_under_way() {
    let unit = text("speil.service");
    assert!(!unit.lines().any(|line| line.starts_with("ProcSubset=")), "{unit}");
}

#[test]
fn only_try_again_later_is_tried_again() {
    let unit = text("speil.service");
    let line = |key: &str| unit.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    let never: Vec<u8> = line("RestartPreventExitStatus=").split(' ').map(|code| code.parse().unwrap()).collect();
    let person = [
        ExitCode::Usage,
        ExitCode::Configuration,
        ExitCode::Refused,
        ExitCode::CheckFailed,
        ExitCode::Disclosure,
        ExitCode::Publishing,
    ];
    let codes = person.map(|code| code as u8);
    assert!(codes.iter().all(|code| never.contains(code)), "{never:?}");
    assert!(!never.contains(&(ExitCode::TryAgain as u8)));
    assert!(!unit.lines().any(|line| line.starts_with("SuccessExitStatus=")), "a refused delivery is no success");
    let job = text("cronjob.yaml");
    let values = codes.map(|code| code.to_string()).join(", ");
    assert!(job.contains(&format!("values: [{values}]")), "{values}");
    assert!(job.contains("concurrencyPolicy: Forbid"));
}
