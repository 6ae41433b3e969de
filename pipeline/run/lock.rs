//! One run at a time per root. Knows nothing of what a run does.

use std::fs::{File, TryLockError};
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
