//! The units in `pipeline/deploy/` as systemd itself reads them, and what of them the program's own codes decide.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use speil::run::ExitCode;

const PROGRAM: &str = "/usr/local/bin/speil";

fn units() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipeline/deploy")
}

fn text(name: &str) -> String {
    fs::read_to_string(units().join(name)).unwrap()
}

/// What systemd says of the units, which lead to the program under test instead of the installed one, and of the service
/// after a change. Absent where there is no systemd.
fn analyze(arguments: &[&str], change: impl Fn(String) -> String) -> Option<Output> {
    let folder = tempfile::tempdir().unwrap();
    for name in ["speil.service", "speil.timer", "speil-failed.service"] {
        let unit = text(name).replace(PROGRAM, env!("CARGO_BIN_EXE_speil"));
        let unit = if name == "speil.service" { change(unit) } else { unit };
        fs::write(folder.path().join(name), unit).unwrap();
    }
    let mut command = Command::new("systemd-analyze");
    match command.current_dir(folder.path()).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) => {
            eprintln!("the units are not verified: systemd-analyze: {error}");
            None
        }
    }
}

#[test]
fn the_units_hold() {
    let verify = ["verify", "./speil.service", "./speil.timer", "./speil-failed.service"];
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
