//! One run at a time per root. Knows nothing of what a run does.

use std::fs::File;
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
    file.try_lock()
        .map_err(|_| anyhow::anyhow!("another run holds {}; try again when it has ended", path.display()))
        .or_exit(ExitCode::TryAgain)?;
    Ok(Lock(file))
}
