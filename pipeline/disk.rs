//! Reading, writing, renaming and syncing files. Every error names its path and what was tried.
//!
//! Knows nothing of what the bytes mean. All writing of the program goes through here, so that a file is either
//! whole or not there: bytes are written beside their place and renamed into it. Each change is logged at level trace
//! under [`CHANGES`], so that a test can stop the process just there.

mod fault;

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

pub use fault::{advice, cause};

/// Where changes of the disk are logged: what was done, or is about to be, and with which path.
pub const CHANGES: &str = "speil::changes";

fn log(what: &str, path: &Path) {
    tracing::trace!(target: CHANGES, what, path = %path.display());
}

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
    put_in_place(beside.into_temp_path(), path)
}

/// Gives a file that was written beside its place its name.
pub fn put_in_place(beside: tempfile::TempPath, path: &Path) -> anyhow::Result<()> {
    beside.persist(path).with_context(|| format!("writing {}", path.display()))?;
    log("wrote", path);
    Ok(())
}

/// The same, for the owner's eyes alone, in folders of the owner's below one that is there.
pub fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    replace_private(path, |out| out.write_all(bytes).with_context(|| format!("writing {}", path.display())))
}

/// The same, for bytes that come bit by bit.
pub fn replace_private(
    path: &Path,
    put: impl FnOnce(&mut BufWriter<&File>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    create_private_folder(folder)?;
    // Temporary files are made for their owner alone.
    let writing = || format!("writing {}", path.display());
    let beside = tempfile::Builder::new().prefix(HALF_WRITTEN).tempfile_in(folder).with_context(writing)?;
    let mut out = BufWriter::new(beside.as_file());
    put(&mut out)?;
    out.flush().with_context(writing)?;
    drop(out);
    beside.persist(path).with_context(writing)?;
    log("wrote", path);
    Ok(())
}

/// Other bytes for a file that is there, whose mode stays.
pub fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let writing = || format!("writing {}", path.display());
    let mode = std::fs::metadata(path).with_context(writing)?.permissions();
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut beside = tempfile::Builder::new().prefix(HALF_WRITTEN).tempfile_in(folder).with_context(writing)?;
    beside.write_all(bytes).with_context(writing)?;
    beside.as_file().set_permissions(mode).with_context(writing)?;
    put_in_place(beside.into_temp_path(), path)
}

/// The same, for a file whose rename makes others visible: these and the file itself are on the disk before its name
/// is, and its name is when this returns.
pub fn commit(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let beside = write_beside(path, bytes)?;
    sync(beside.path())?;
    log("renaming", path);
    beside.persist(path).with_context(|| format!("writing {}", path.display()))?;
    log("renamed", path);
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

/// A file that is being written beside its place, and is gone when nobody keeps it.
pub struct Beside(tempfile::NamedTempFile);

impl Beside {
    /// An empty one in the folder that it shall stay in. For its owner alone: what is delivered is nobody else's.
    pub fn start(folder: &Path) -> anyhow::Result<Beside> {
        let file = tempfile::Builder::new().prefix(HALF_WRITTEN).tempfile_in(folder);
        file.map(Beside).with_context(|| format!("writing in {}", folder.display()))
    }

    /// Empties it.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        let file = self.0.as_file_mut();
        file.set_len(0).and_then(|()| file.rewind()).with_context(|| format!("emptying {}", self.0.path().display()))
    }

    /// Adds bytes to its end.
    pub fn add(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.0.write_all(bytes).with_context(|| format!("writing {}", self.0.path().display()))
    }

    /// Where it is for now.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Gives it its name once its bytes are on the disk. A file of that name is never replaced: that is an error.
    pub fn keep(self, path: &Path) -> anyhow::Result<()> {
        self.0.as_file().sync_all().with_context(|| format!("syncing {}", path.display()))?;
        log("renaming", path);
        self.0.persist_noclobber(path).with_context(|| format!("writing {}", path.display()))?;
        log("renamed", path);
        Ok(())
    }
}

/// Size and time of change: two looks that differ show a file that somebody is writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Bytes.
    pub bytes: u64,
    /// When the file was changed last.
    pub changed: std::time::SystemTime,
}

/// Looks at a file without reading it.
pub fn look(path: &Path) -> anyhow::Result<Look> {
    let about = std::fs::metadata(path).with_context(|| format!("looking at {}", path.display()))?;
    let changed = about.modified().with_context(|| format!("looking at {}", path.display()))?;
    Ok(Look { bytes: about.len(), changed })
}

/// Adds a line to the end of a file, which is made when it is not there: one write, so that lines never mix. After a
/// line that was cut short it begins on a line of its own.
pub fn append_line(path: &Path, line: &str) -> anyhow::Result<()> {
    create_folder(path.parent().unwrap_or(Path::new(".")))?;
    let mut options = File::options();
    let mut file = options
        .read(true)
        .append(true)
        .create(true)
        .open(path)
        .with_context(|| format!("opening {}", path.display()))?;
    let mut last = *b"\n";
    // An empty file has no last byte.
    if file.seek(SeekFrom::End(-1)).is_ok() {
        file.read_exact(&mut last).with_context(|| format!("reading {}", path.display()))?;
    }
    let before = if last == *b"\n" { "" } else { "\n" };
    file.write_all(format!("{before}{line}\n").as_bytes()).with_context(|| format!("writing {}", path.display()))?;
    log("appended", path);
    Ok(())
}

/// Writes a file in a folder that nobody sees yet (a release under construction): no rename needed.
pub fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut file = create(path)?;
    file.write_all(bytes).with_context(|| format!("writing {}", path.display()))?;
    log("wrote", path);
    Ok(())
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

/// The same, for the owner alone; one that is there stays as open as it is.
pub fn create_private_folder(path: &Path) -> anyhow::Result<()> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("making folder {}", path.display()))
}

/// A folder that only the owner may enter, whoever may read the files in it; made where it is not there.
pub fn keep_to_owner(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    create_private_folder(path)?;
    let mode = std::fs::metadata(path).with_context(|| format!("reading {}", path.display()))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode & 0o700))
        .with_context(|| format!("closing {} to others", path.display()))
}

/// Renames within one file system: the step that makes a change visible.
pub fn rename(from: &Path, to: &Path) -> anyhow::Result<()> {
    log("renaming", to);
    std::fs::rename(from, to).with_context(|| format!("renaming {} to {}", from.display(), to.display()))?;
    log("renamed", to);
    Ok(())
}

/// Two folders swap names, in one step.
pub fn exchange(one: &Path, other: &Path) -> anyhow::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
        .with_context(|| format!("exchanging {} and {}", one.display(), other.display()))?;
    log("exchanged", other);
    Ok(())
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
        Err(_) => Ok(()),
        Ok(()) => {
            log("removed", path);
            Ok(())
        }
    }
}

/// Removes a folder and all below it, if it is there.
pub fn remove_folder(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        Err(_) => Ok(()),
        Ok(()) => {
            log("removed", path);
            Ok(())
        }
    }
}

/// Removes a folder if there is nothing in it, and then those above it that are empty too, but not `top`.
pub fn remove_empty(folder: &Path, top: &Path) {
    let above = folder.ancestors().take_while(|folder| folder.starts_with(top) && *folder != top);
    // One that is not empty ends it; that a folder stays behind harms nobody.
    let _ = above.map(std::fs::remove_dir).take_while(Result::is_ok).count();
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
    rustix::fs::syncfs(&file).with_context(|| format!("syncing the disk that holds {}", path.display()))?;
    log("synced", path);
    Ok(())
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
        assert_eq!(read_text(&path).unwrap(), "abc\nd\ne\n");
        commit(&path, b"abcd").unwrap();
        assert_eq!(files_below(folder.path()).unwrap(), [PathBuf::from("a/b.txt")]);
        assert_eq!(sha256_of_file(&path).unwrap(), sha256(b"abcd"));
    }

    #[test]
    fn a_file_beside_its_place_never_replaces_another() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a");
        for (bytes, kept) in [(b"first", true), (b"other", false)] {
            let mut beside = Beside::start(folder.path()).unwrap();
            beside.add(b"half").unwrap();
            beside.restart().unwrap();
            beside.add(bytes).unwrap();
            assert_eq!(beside.keep(&place).is_ok(), kept);
        }
        assert_eq!(read(&place).unwrap(), b"first");
        assert_eq!(look(&place).unwrap().bytes, 5);
        assert_eq!(files_below(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_private_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/c.csv");
        write_private(&path, b"abc").unwrap();
        write_private(&path, b"abcd").unwrap();
        assert_eq!(read_text(&path).unwrap(), "abcd");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            [mode(&path), mode(&folder.path().join("a/b")), mode(&folder.path().join("a"))],
            [0o600, 0o700, 0o700]
        );
    }

    #[test]
    fn errors_name_the_path() {
        let error = read(Path::new("/no/such/file")).unwrap_err();
        assert_eq!(error.to_string(), "reading /no/such/file");
    }
}
