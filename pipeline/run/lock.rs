//! One run at a time per root. Knows nothing of what a run does.

use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{ExitCode, Failure, OrExit};
use crate::disk;

/// The file whose lock a run holds.
pub(super) const LOCK_FILE: &str = "run.lock";

/// The lock of a root. It is the file's, so that it ends with the process however that ends.
pub(super) struct Lock(File);

/// Closing the file is not enough: a child that another thread is just starting may hold it open for a moment longer.
impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Refuses to work as the superuser on a root that is somebody else's: the files that came of it the nightly run could
/// neither change nor remove.
pub(super) fn check_user(root: &Path) -> Result<(), Failure> {
    let owner = std::fs::metadata(root).map(|found| found.uid()).ok();
    match (effective_user(), owner) {
        (Some(0), Some(owner)) if owner != 0 => Err(Failure {
            code: ExitCode::Configuration,
            error: anyhow::anyhow!(
                "{} belongs to user {owner}, and this is root: its next run could not change what is written now. Run it as \
                 that user, such as `sudo -u speil speil …`",
                root.display()
            ),
        }),
        _ => Ok(()),
    }
}

/// Who this process is; absent where the system does not tell.
fn effective_user() -> Option<u32> {
    let status = disk::read_text(Path::new("/proc/self/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Takes the lock of a root, or tells that somebody has it.
pub(super) fn lock(root: &Path) -> Result<Lock, Failure> {
    let path = root.join(LOCK_FILE);
    let file = disk::create_folder(root).and_then(|()| disk::create(&path)).or_exit(ExitCode::TryAgain)?;
    file.try_lock().map_err(|error| not_locked(&path, error)).or_exit(ExitCode::TryAgain)?;
    Ok(Lock(file))
}

/// Why a file could not be locked, and what to do.
fn not_locked(path: &Path, error: TryLockError) -> anyhow::Error {
    let place = path.display();
    match error {
        TryLockError::WouldBlock => anyhow::anyhow!("another run holds {place}; try again when it has ended"),
        TryLockError::Error(error) => anyhow::Error::new(error).context(format!(
            "{place} cannot be locked, so that two runs could work at once; let `root` be on a file system that has flock, \
             such as a local disk"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_does_not_write_among_the_files_of_another() {
        let root = tempfile::tempdir().unwrap();
        assert!(check_user(root.path()).is_ok() && check_user(&root.path().join("none")).is_ok());
        // Only root can give a folder away.
        if std::os::unix::fs::chown(root.path(), Some(65_534), None).is_ok() {
            let failure = check_user(root.path()).unwrap_err();
            assert_eq!(failure.code, ExitCode::Configuration);
            assert!(failure.error.to_string().contains("belongs to user 65534"), "{}", failure.error);
        }
    }

    #[test]
    fn one_who_comes_second_waits_and_a_disk_that_cannot_lock_is_told_of_as_such() {
        let root = tempfile::tempdir().unwrap();
        let first = lock(root.path()).unwrap();
        let Err(second) = lock(root.path()) else { panic!("locked twice") };
        assert_eq!(second.code, ExitCode::TryAgain);
        assert!(second.error.to_string().starts_with("another run holds "), "{}", second.error);
        drop(first);
        lock(root.path()).unwrap();
        // ENOLCK, as a network file system without locks gives it; EIO, a disk that fails.
        for (code, what) in [(37, "let `root` be on a file system that has flock"), (5, "have it looked at")] {
            let error = TryLockError::Error(std::io::Error::from_raw_os_error(code));
            let failure = Failure::new(ExitCode::TryAgain, not_locked(Path::new("/r/run.lock"), error));
            let told = format!("{:#}", failure.error);
            assert!(told.contains(what) && told.contains("/r/run.lock") && !told.contains("another run"), "{told}");
        }
    }
}
