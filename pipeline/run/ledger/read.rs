//! The ledger read back: runs, with what is known of each. Damaged lines are told and passed over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;

use super::line::{Command, Ended, Event, Line, Started, Step, Told};
use super::{FOLDER, FORMAT};
use crate::disk;

/// All runs of a root that the ledger still knows.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// By their first line, the oldest first.
    pub(crate) runs: Vec<Run>,
    /// Lines that say nothing: `2026-11.jsonl:17: why`.
    pub(crate) damaged: Vec<String>,
}

/// What is known of one run.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// Its id.
    pub(crate) id: String,
    /// What was asked for, and when.
    pub(crate) started: Option<(Timestamp, Started)>,
    /// The steps that ended, in order.
    pub(crate) steps: Vec<Step>,
    /// How it ended, and when; absent while it is under way and when it was killed.
    pub(crate) ended: Option<(Timestamp, Ended)>,
    /// Who was told.
    pub(crate) told: Vec<Told>,
}

impl Run {
    /// The step of that name, when it has ended.
    pub(crate) fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.step == name)
    }

    /// Whether it is a rollback, which takes no steps.
    pub(crate) fn is_rollback(&self) -> bool {
        self.started.as_ref().is_some_and(|(_, started)| started.command == Command::Rollback)
    }

    /// Whether it was asked to publish.
    pub(crate) fn publishes(&self) -> bool {
        self.started.as_ref().is_some_and(|(_, started)| started.steps.iter().any(|step| step == "publish"))
    }

    /// The release that the run made or found to be the same.
    pub(crate) fn release(&self) -> Option<&String> {
        let of_step = self.step("publish").and_then(|step| step.facts.release.as_ref());
        of_step.or_else(|| self.ended.as_ref().and_then(|(_, ended)| ended.release.as_ref()))
    }
}

impl Ledger {
    /// Reads the ledger of a root; an empty one where nothing was run.
    pub(crate) fn read(root: &Path) -> anyhow::Result<Ledger> {
        let mut ledger = Ledger::default();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for file in files(&root.join(FOLDER))? {
            let bytes = disk::read(&file)?;
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            for (number, line) in (1..).zip(String::from_utf8_lossy(&bytes).lines()) {
                if line.trim().is_empty() {
                    continue;
                }
                match parse(line) {
                    Ok(line) => {
                        let at = *known.entry(line.run.clone()).or_insert_with(|| {
                            ledger.runs.push(Run { id: line.run.clone(), ..Run::default() });
                            ledger.runs.len() - 1
                        });
                        ledger.runs[at].add(line);
                    }
                    Err(why) => ledger.damaged.push(format!("{name}:{number}: {why}")),
                }
            }
        }
        Ok(ledger)
    }

    /// The releases that runs have published, each once, by when that was done last.
    pub(crate) fn published(&self) -> Vec<String> {
        let mut order: Vec<String> = Vec::new();
        for release in self.runs.iter().filter(|run| !run.is_rollback()).filter_map(Run::release) {
            order.retain(|earlier| earlier != release);
            order.push(release.clone());
        }
        order
    }
}

impl Run {
    fn add(&mut self, line: Line) {
        match line.event {
            Event::Started(started) => self.started = Some((line.at, *started)),
            Event::Step(step) => self.steps.push(*step),
            Event::Ended(ended) => self.ended = Some((line.at, *ended)),
            Event::Told(told) => self.told.push(told),
        }
    }
}

/// A line; what is wrong with it must not repeat it.
fn parse(line: &str) -> Result<Line, String> {
    #[derive(serde::Deserialize)]
    struct Version {
        format: u32,
    }
    let error = match serde_json::from_str::<Line>(line) {
        Ok(line) if line.format == FORMAT => return Ok(line),
        Ok(_) => return Err(format!("is not of format {FORMAT}")),
        Err(error) => error,
    };
    match serde_json::from_str::<Version>(line) {
        Ok(version) if version.format == FORMAT => Err(format!("is no line of a ledger (column {})", error.column())),
        Ok(_) => Err(format!("is not of format {FORMAT}")),
        Err(_) => Err("is cut short or no JSON".to_owned()),
    }
}

/// The ledger's files, the oldest month first.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        entries => {
            for entry in entries.with_context(|| format!("listing {}", folder.display()))? {
                let path = entry.with_context(|| format!("listing {}", folder.display()))?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let month = name.strip_suffix(".jsonl").and_then(|month| month.parse::<crate::calendar::Month>().ok());
                found.extend(month.is_some().then(|| path.clone()));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What this machine (or container) is called; empty where the system does not tell.
pub(crate) fn this_host() -> String {
    disk::read_text(Path::new("/proc/sys/kernel/hostname")).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(run: &str, rest: &str) -> String {
        format!(r#"{{"format":1,"run":"{run}","at":"2026-11-10T03:00:00Z",{rest}}}"#)
    }

    fn started(run: &str, command: &str) -> String {
        let settings = r#""settings":{"engine":{},"thresholds":{},"hjemler":{},"synthetic":false}"#;
        let rest = r#""steps":["publish"],"host":"h","pid":1,"program":"0""#;
        line(run, &format!(r#""event":"started","command":"{command}",{rest},{settings}"#))
    }

    fn published(run: &str, release: &str) -> String {
        let step = r#""event":"step","step":"publish","seconds":1.5,"code":"Done","exit":0"#;
        line(run, &format!(r#"{step},"release":"{release}""#))
    }

    fn ended(run: &str, release: &str) -> String {
        line(run, &format!(r#""event":"ended","code":"Done","exit":0,"release":{release}"#))
    }

    #[test]
    fn releases_come_by_their_last_publication_and_rollbacks_do_not_count() {
        let root = tempfile::tempdir().unwrap();
        assert!(Ledger::read(root.path()).unwrap().published().is_empty());
        let (first, second) = (root.path().join("runs/2026-10.jsonl"), root.path().join("runs/2026-11.jsonl"));
        let lines = [
            (&first, vec![started("r1", "run"), ended("r1", "\"b\""), started("r2", "run"), ended("r2", "\"a\"")]),
            // Killed after it had published, before it could say that it ended.
            (&second, vec![started("r3", "run"), published("r3", "c")]),
            (&second, vec![started("r4", "rollback"), ended("r4", "\"a\""), started("r5", "run"), ended("r5", "null")]),
            (&second, vec![started("r6", "run"), ended("r6", "\"b\"")]),
        ];
        for (file, line) in lines.into_iter().flat_map(|(file, lines)| lines.into_iter().map(move |line| (file, line)))
        {
            disk::append_line(file, &line).unwrap();
        }
        let ledger = Ledger::read(root.path()).unwrap();
        assert_eq!((ledger.published(), ledger.damaged), (["a", "c", "b"].map(str::to_owned).into(), vec![]));
    }

    #[test]
    fn damaged_lines_are_told_by_place_and_the_rest_is_read() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("runs/2026-11.jsonl");
        let torn = &ended("r1", "\"hemmelig\"")[..60];
        let newer = line("r2", r#""event":"ended""#).replace("\"format\":1", "\"format\":2");
        let text = format!("{}\n{torn}\n{newer}\n{}\n", started("r1", "run"), line("r3", r#""event":"slept""#));
        disk::write(&file, text.as_bytes()).unwrap();
        disk::write(&root.path().join("runs/notes.jsonl"), b"x").unwrap();
        let ledger = Ledger::read(root.path()).unwrap();
        assert_eq!(ledger.runs.len(), 1);
        assert!(ledger.runs[0].started.is_some() && ledger.runs[0].ended.is_none());
        assert_eq!(ledger.damaged[0], "2026-11.jsonl:2: is cut short or no JSON");
        assert_eq!(ledger.damaged[1], "2026-11.jsonl:3: is not of format 1");
        assert!(ledger.damaged[2].starts_with("2026-11.jsonl:4: is no line of a ledger"), "{:?}", ledger.damaged);
        disk::write(&file, &[b'{', 0xff, b'\n']).unwrap();
        assert_eq!(Ledger::read(root.path()).unwrap().damaged, ["2026-11.jsonl:1: is cut short or no JSON"]);
    }
}
