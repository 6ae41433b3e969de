//! A message to a program's standard input. Knows nothing of runs.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// Between two looks at whether the program has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Runs a program, without a shell, with nothing of the environment but `PATH`, and ends it when it takes too long.
/// What it prints is not kept. It starts in the configuration file's folder.
pub(super) fn run(words: &[String], folder: &Path, json: &str, patience: Duration) -> anyhow::Result<()> {
    let (program, arguments) = words.split_first().context("`kommando` names no program")?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    if !folder.as_os_str().is_empty() {
        command.current_dir(folder);
    }
    let mut child = command.spawn().with_context(|| format!("starting {program}"))?;
    if let Some(mut input) = child.stdin.take() {
        let text = json.to_owned();
        // One that does not read must not hold the run up.
        std::thread::spawn(move || drop(input.write_all(text.as_bytes())));
    }
    match wait(&mut child, patience).with_context(|| format!("waiting for {program}"))? {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("{program} ended with {status}"),
        None => bail!("{program} had not ended after {} s and was ended", patience.as_secs()),
    }
}

fn wait(child: &mut Child, patience: Duration) -> std::io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(LOOK);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> anyhow::Result<()> {
        let words = ["sh", "-c", script].map(str::to_owned);
        run(&words, Path::new(""), "{\"x\":1}", Duration::from_secs(1))
    }

    #[test]
    fn the_program_reads_the_message_and_knows_no_more_than_path() {
        shell("test \"$(cat)\" = '{\"x\":1}' && test -z \"$HOME$CARGO_MANIFEST_DIR\" && test -n \"$PATH\"").unwrap();
        shell("exit 0").unwrap();
    }

    #[test]
    fn one_that_fails_hangs_or_is_not_there_is_an_error() {
        assert_eq!(shell("exit 3").unwrap_err().to_string(), "sh ended with exit status: 3");
        assert_eq!(shell("exec sleep 600").unwrap_err().to_string(), "sh had not ended after 1 s and was ended");
        let nowhere = ["/no/such/program".to_owned()];
        let error = run(&nowhere, Path::new(""), "{}", Duration::from_secs(1)).unwrap_err();
        assert_eq!(error.to_string(), "starting /no/such/program");
    }
}
