//! Files that others put into a folder: which there are, and which of them somebody may still be writing.
//!
//! A name that begins with `.` or ends with `.part`, `.filepart` or `.tmp` is not looked at. A file that was changed a
//! moment ago is looked at twice; when it has changed in between it is left for the next run. That is all that can be
//! told from outside: whoever delivers should write under such a name and rename. Knows no contract.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context;

use crate::config::is_half_written;
use crate::disk::{self, Look};

/// What a glob finds, sorted; and the folders that may not be listed.
pub(super) fn matching(base: &Path, url: &str) -> anyhow::Result<(Vec<PathBuf>, Vec<anyhow::Error>)> {
    // Only what the operator wrote is a pattern: the folders above may have brackets in their names.
    let pattern = Path::new(&glob::Pattern::escape(&base.to_string_lossy())).join(url);
    let pattern = pattern.to_string_lossy();
    let (mut files, mut unlisted) = (Vec::new(), Vec::new());
    for path in glob::glob(&pattern).with_context(|| format!("url '{url}'"))? {
        match path {
            // Where a file may not even be looked at it is there all the same.
            Ok(path) => {
                let half = path.file_name().is_some_and(|name| is_half_written(&name.to_string_lossy()));
                files.extend(Some(path).filter(|path| !half && !path.is_dir()));
            }
            Err(error) => {
                let listing = format!("listing {}", error.path().display());
                unlisted.push(anyhow::Error::new(std::io::Error::from(error)).context(listing));
            }
        }
    }
    files.sort();
    Ok((files, unlisted))
}

/// The folder of a glob's files, as far as no pattern names it.
pub(super) fn folder(base: &Path, url: &str) -> PathBuf {
    let parts: Vec<&str> = url.split('/').collect();
    let is_plain = |part: &&&str| !part.contains(['*', '?', '[']);
    let plain = parts[..parts.len() - 1].iter().take_while(is_plain).copied().collect::<Vec<_>>().join("/");
    match plain.is_empty() && url.starts_with('/') {
        true => PathBuf::from("/"),
        false => base.join(plain),
    }
}

/// Whether there is no such folder. One that may not be looked at is there.
pub(super) fn is_missing(folder: &Path) -> bool {
    std::fs::metadata(folder).map_or_else(
        |error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
        |found| !found.is_dir(),
    )
}

/// The files among these that are being written. Waits `settle` at the most, and only when a file was changed less than
/// that before `now`, or after it: the clock of a file server may go ahead of ours.
pub(super) fn unfinished(
    files: &[&PathBuf],
    now: SystemTime,
    settle: Duration,
    pause: &dyn Fn(Duration),
) -> anyhow::Result<Vec<PathBuf>> {
    let mut young: Vec<(&PathBuf, Look)> = Vec::new();
    for path in files.iter().copied() {
        // What cannot be looked at cannot be read either, and is told of then.
        let Ok(look) = disk::look(path) else { continue };
        let is_young = now.duration_since(look.changed).map_or(true, |age| age < settle);
        young.extend(is_young.then_some((path, look)));
    }
    if young.is_empty() || settle.is_zero() {
        return Ok(Vec::new());
    }
    pause(settle);
    let changed = |(path, before): &(&PathBuf, Look)| disk::look(path).map_or(true, |after| after != *before);
    Ok(young.into_iter().filter(changed).map(|(path, _)| path.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_in_the_making_are_not_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("a[1]");
        for name in ["u_1.csv", "u_2.csv.part", ".u_3.csv", "u_4.csv.filepart", "u_5.tmp", "u_6.CSV.TMP"] {
            disk::write(&base.join(name), b"x").unwrap();
        }
        disk::create_folder(&base.join("u_folder")).unwrap();
        assert_eq!(matching(&base, "*").unwrap().0, [base.join("u_1.csv")]);
    }

    #[test]
    fn the_folder_of_a_glob_ends_where_its_pattern_begins() {
        let of = |url: &str| folder(Path::new("/etc/speil"), url).display().to_string();
        assert_eq!(of("landing/lege/lege_*"), "/etc/speil/landing/lege");
        assert_eq!(of("/srv/levert/*/utlevering_*"), "/srv/levert");
        assert_eq!(of("/srv/a/b.csv"), "/srv/a");
        assert_eq!((of("*.csv").trim_end_matches('/'), &*of("/*.csv")), ("/etc/speil", "/"));
        let there = tempfile::tempdir().unwrap();
        disk::write(&there.path().join("file"), b"x").unwrap();
        let missing = ["", "file", "file/below", "gone"].map(|name| is_missing(&there.path().join(name)));
        assert_eq!(missing, [false, true, true, true]);
    }

    #[test]
    fn a_file_that_grows_between_two_looks_is_unfinished() {
        let folder = tempfile::tempdir().unwrap();
        let (whole, growing) = (folder.path().join("a"), folder.path().join("b"));
        disk::write(&whole, b"a").unwrap();
        disk::write(&growing, b"b").unwrap();
        let changed = disk::look(&growing).unwrap().changed;
        let files = [&whole, &growing];
        let settle = Duration::from_secs(5);
        let grow = |_| disk::write(&growing, b"longer").unwrap();
        let never = |_| panic!("no reason to wait");
        assert_eq!(unfinished(&files, changed + settle, settle, &never).unwrap(), Vec::<PathBuf>::new());
        assert_eq!(unfinished(&files, changed, Duration::ZERO, &never).unwrap(), Vec::<PathBuf>::new());
        for now in [changed, changed - Duration::from_secs(3600)] {
            assert_eq!(unfinished(&files, now, settle, &grow).unwrap(), std::slice::from_ref(&growing));
            disk::write(&growing, b"b").unwrap();
        }
        // Gone between two looks: whoever writes has taken it back.
        let files = [&growing];
        let gone = |_| disk::remove(&growing).unwrap();
        assert_eq!(unfinished(&files, changed, settle, &gone).unwrap().len(), 1);
    }
}
