//! Who holds the lock of a root, without taking it: what Linux tells in `/proc/locks`.
//!
//! To try the lock, even for a moment, would turn away a run that starts at that moment.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::disk;
use crate::run::lock::LOCK_FILE;

/// Who holds the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Nobody,
    Process(u32),
    /// The system does not tell.
    Unknown,
}

pub(super) fn holder(root: &Path) -> Holder {
    let about = match std::fs::metadata(root.join(LOCK_FILE)) {
        Ok(about) => about,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Holder::Nobody,
        Err(_) => return Holder::Unknown,
    };
    let Ok(locks) = disk::read_text(Path::new("/proc/locks")) else { return Holder::Unknown };
    let device = format!("{:02x}:{:02x}", rustix::fs::major(about.dev()), rustix::fs::minor(about.dev()));
    find(&locks, &device, about.ino()).map_or(Holder::Nobody, Holder::Process)
}

/// The process in a line like `1: FLOCK  ADVISORY  WRITE 21168 fe:00:10010658 0 EOF`; those that wait have `->` before.
/// Some file systems give programs another device number than the kernel uses here: then the file's number decides.
fn find(locks: &str, device: &str, inode: u64) -> Option<u32> {
    let held = locks.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, place, ..] = words.as_slice() else { return None };
        let (at, number) = place.rsplit_once(':')?;
        (number.parse() == Ok(inode)).then_some((at == device, pid.parse::<u32>().ok()?))
    });
    held.max_by_key(|(same_device, _)| *same_device).map(|(_, pid)| pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_found_by_device_and_number_and_not_among_those_who_wait() {
        let locks = "1: POSIX  ADVISORY  WRITE 7 fe:00:11 0 EOF\n2: FLOCK  ADVISORY  WRITE 8 fe:01:11 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 9 fe:00:11 0 EOF\n3: -> FLOCK  ADVISORY  WRITE 10 fe:00:11 0 EOF\n";
        assert_eq!(find(locks, "fe:00", 11), Some(9));
        assert_eq!(find(locks, "fe:07", 12), None);
        assert_eq!(find("1: FLOCK  ADVISORY  WRITE 8 00:2a:11 0 EOF\n", "00:2b", 11), Some(8));
        assert_eq!(find("nonsense\n", "fe:00", 11), None);
    }

    #[test]
    fn nobody_holds_what_is_not_there_and_this_process_holds_what_it_locks() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(holder(root.path()), Holder::Nobody);
        let file = disk::create(&root.path().join(LOCK_FILE)).unwrap();
        assert_eq!(holder(root.path()), Holder::Nobody);
        file.lock().unwrap();
        assert_eq!(holder(root.path()), Holder::Process(std::process::id()));
        file.unlock().unwrap();
        assert_eq!(holder(root.path()), Holder::Nobody);
    }
}
