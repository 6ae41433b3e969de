//! Reading, writing, renaming and syncing files. Every error names its path and what was tried.
//!
//! Knows nothing of what the bytes mean. All writing of the program goes through here, so that a file is either
//! whole or not there: bytes are written beside their place and renamed into it.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

/// A whole text file in UTF-8.
pub fn read_text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

/// A whole file.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("reading {}", path.display()))
}

/// An open file for reading.
pub fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("opening {}", path.display()))
}

/// An empty new file for writing; replaces what was there. For files that are renamed into place when they are whole.
pub fn create(path: &Path) -> anyhow::Result<File> {
    File::create(path).with_context(|| format!("creating {}", path.display()))
}

/// Begins the name of a file that is being written beside its place.
pub const HALF_WRITTEN: &str = ".halv-";

/// Writes a whole file: beside its place, then renamed into it. Folders above it are made.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let beside = write_beside(path, bytes)?;
    beside.persist(path).with_context(|| format!("writing {}", path.display()))?;
    Ok(())
}

/// The same, for a file whose rename makes others visible: these and the file itself are on the disk before its name
/// is, and its name is when this returns.
pub fn commit(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let beside = write_beside(path, bytes)?;
    sync(beside.path())?;
    beside.persist(path).with_context(|| format!("writing {}", path.display()))?;
    sync(path)
}

fn write_beside(path: &Path, bytes: &[u8]) -> anyhow::Result<tempfile::NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    create_folder(folder)?;
    let mut beside = tempfile::Builder::new()
        .prefix(HALF_WRITTEN)
        .tempfile_in(folder)
        .with_context(|| format!("writing beside {}", path.display()))?;
    beside.write_all(bytes).with_context(|| format!("writing {}", path.display()))?;
    readable_by_all(beside.as_file(), path)?;
    Ok(beside)
}

/// Adds a line to the end of a file, which is made when it is not there: one write, so that lines never mix.
pub fn append_line(path: &Path, line: &str) -> anyhow::Result<()> {
    create_folder(path.parent().unwrap_or(Path::new(".")))?;
    let mut file =
        File::options().append(true).create(true).open(path).with_context(|| format!("opening {}", path.display()))?;
    file.write_all(format!("{line}\n").as_bytes()).with_context(|| format!("writing {}", path.display()))
}

/// Writes a file in a folder that nobody sees yet (a release under construction): no rename needed.
pub fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut file = create(path)?;
    file.write_all(bytes).with_context(|| format!("writing {}", path.display()))
}

/// Temporary files are made for their owner alone; what is published must be readable by the web server.
fn readable_by_all(file: &File, path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
        .with_context(|| format!("setting the mode of {}", path.display()))
}

/// Makes a folder and those above it.
pub fn create_folder(path: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(path).with_context(|| format!("making folder {}", path.display()))
}

/// Renames within one file system: the step that makes a change visible.
pub fn rename(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::rename(from, to).with_context(|| format!("renaming {} to {}", from.display(), to.display()))
}

/// Two folders swap names, in one step.
pub fn exchange(one: &Path, other: &Path) -> anyhow::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
        .with_context(|| format!("exchanging {} and {}", one.display(), other.display()))
}

/// A second name for the same bytes; a copy where the file system cannot link.
pub fn link(from: &Path, to: &Path) -> anyhow::Result<()> {
    if std::fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    std::fs::copy(from, to).map(|_| ()).with_context(|| format!("linking {} to {}", from.display(), to.display()))
}

/// Removes a file if it is there.
pub fn remove(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Removes a folder and all below it, if it is there.
pub fn remove_folder(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Every file below a folder, as sorted paths relative to it; none when the folder is not there.
pub fn files_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    fn walk(folder: &Path, base: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
        let entries = std::fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
        for entry in entries {
            let path = entry.with_context(|| format!("listing {}", folder.display()))?.path();
            if path.is_dir() && !path.is_symlink() {
                walk(&path, base, found)?;
            } else if let Ok(relative) = path.strip_prefix(base) {
                found.push(relative.to_owned());
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    if folder.is_dir() {
        walk(folder, folder, &mut found)?;
    }
    found.sort();
    Ok(found)
}

/// Brings everything written on the path's file system to the disk (`syncfs`): called before and after the one
/// rename that makes a change visible, instead of once per file.
pub fn sync(path: &Path) -> anyhow::Result<()> {
    let file = open(path)?;
    rustix::fs::syncfs(&file).with_context(|| format!("syncing the disk that holds {}", path.display()))
}

/// SHA-256 of bytes, as 64 hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a file, read as a stream.
pub fn sha256_of_file(path: &Path) -> anyhow::Result<String> {
    let mut file = open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let n = file.read(&mut buffer).with_context(|| format!("reading {}", path.display()))?;
        if n == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&buffer[..n]);
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_is_whole_and_readable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.txt");
        write(&path, b"abc").unwrap();
        write(&path, b"abcd").unwrap();
        assert_eq!(read_text(&path).unwrap(), "abcd");
        commit(&path, b"abc").unwrap();
        append_line(&path, "d").unwrap();
        append_line(&path, "e").unwrap();
        assert_eq!(read_text(&path).unwrap(), "abcd\ne\n");
        commit(&path, b"abcd").unwrap();
        assert_eq!(files_below(folder.path()).unwrap(), [PathBuf::from("a/b.txt")]);
        assert_eq!(sha256_of_file(&path).unwrap(), sha256(b"abcd"));
    }

    #[test]
    fn errors_name_the_path() {
        let error = read(Path::new("/no/such/file")).unwrap_err();
        assert_eq!(error.to_string(), "reading /no/such/file");
    }
}
