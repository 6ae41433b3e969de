//! The machine fails: a full disk, a disk that may not be written, files that may not be read. Each ends with its exit code
//! and a message that names the path and what to do, yesterday's portal stands, and the next night ends where a night
//! without the failure ends.
//!
//! Where the tests run as root, to which permissions say nothing, the program runs as nobody. A limit on file size
//! (`EFBIG`) stands for a full disk everywhere; a full disk itself (`ENOSPC`) and a read-only one (`EROFS`) are made
//! where `unshare` may mount, and the test says so where it may not.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use speil::run::ExitCode;

use crate::support::{AS_OF, Root};

const MONTH: &str = "utlevering/utlevering_2026-10.csv";
const NOBODY: u32 = 65534;

/// Thirteen months are published, the fourteenth has been delivered.
fn before_the_night() -> Root {
    let root = Root::tiny();
    let october = fs::read(root.landing(MONTH)).unwrap();
    fs::remove_file(root.landing(MONTH)).unwrap();
    root.run_to(ExitCode::Done);
    fs::write(root.landing(MONTH), october).unwrap();
    root
}

fn undisturbed() -> BTreeMap<String, String> {
    let root = before_the_night();
    root.run_to(ExitCode::Done);
    root.release_hashes()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Exit code 75, a message with these words, and the portal of the night before.
fn tries_again(root: &Root, output: &Output, portal: &BTreeMap<String, String>, words: &[&str]) {
    assert_eq!(output.status.code(), Some(75), "{}", said(output));
    for word in words {
        assert!(said(output).contains(word), "no {word}: {}", said(output));
    }
    assert_eq!(root.release_hashes(), *portal);
    assert_eq!(speil::publish::verify(&root.current()).unwrap(), []);
}

/// The program, in a shell that does something first.
fn after(root: &Root, first: &str, arguments: &[&str]) -> Output {
    let program = root.command(arguments);
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{first}; exec \"$@\"")).arg("sh");
    command.arg(program.get_program()).args(program.get_args()).output().unwrap()
}

#[test]
fn a_disk_that_takes_no_more_ends_with_75_and_the_next_night_mends_all() {
    let root = before_the_night();
    let (portal, wanted) = (root.release_hashes(), undisturbed());
    let path = root.path().display().to_string();
    // In units of 512 bytes: nothing fits, no delivery does, the state does not.
    for limit in [1, 8, 64] {
        let output = after(&root, &format!("trap '' XFSZ; ulimit -f {limit}"), &["run"]);
        tries_again(&root, &output, &portal, &["a file may not grow that large", &path]);
    }
    // Only the release does not fit.
    assert_eq!(root.output(&["ingest"]).status.code(), Some(0));
    assert_eq!(root.output(&["build"]).status.code(), Some(0));
    // The ledger begins anew, so that its line has room.
    fs::remove_dir_all(root.path().join("runs")).unwrap();
    let output = after(&root, "trap '' XFSZ; ulimit -f 64", &["publish"]);
    tries_again(&root, &output, &portal, &["a file may not grow that large", "releases/.bygges/"]);
    root.run_to(ExitCode::Done);
    assert_eq!(root.release_hashes(), wanted);
}

/// Runs a script in a mount namespace of its own; `None`, said aloud, where that may not be.
fn with_mounts(script: &str, arguments: &[&Path]) -> Option<Output> {
    let mut unshare = Command::new("unshare");
    unshare.arg(if is_root() { "-m" } else { "-rm" });
    let may = unshare.args(["sh", "-c", "mount -t tmpfs tmpfs /mnt"]).output();
    if !may.as_ref().is_ok_and(|may| may.status.success()) {
        eprintln!("not shown on a real mount, which may not be made here: {may:?}");
        return None;
    }
    let mut unshare = Command::new("unshare");
    unshare.arg(if is_root() { "-m" } else { "-rm" }).args(["sh", "-c", script, "sh", env!("CARGO_BIN_EXE_speil")]);
    Some(unshare.args(arguments).output().unwrap())
}

#[test]
fn a_full_disk_ends_with_75_and_with_room_again_the_run_finishes() {
    let root = before_the_night();
    let (portal, wanted) = (root.release_hashes(), undisturbed());
    for spare in [16, 512] {
        let (full, mended) = (Root::bare(), Root::bare());
        let script = format!(
            "set -e; mount -t tmpfs tmpfs /mnt; cp -a \"$2/.\" /mnt
             used=$(du -sk /mnt | cut -f1); mount -o remount,size=$((used + {spare}))k /mnt
             code=0; $1 run --config /mnt/speil.toml --as-of {AS_OF} || code=$?
             cp -a /mnt/. \"$3\"; mount -o remount,size=1g /mnt
             $1 run --config /mnt/speil.toml --as-of {AS_OF}; cp -a /mnt/. \"$4\"; exit $code"
        );
        let Some(output) = with_mounts(&script, &[root.path(), full.path(), mended.path()]) else { return };
        tries_again(&full, &output, &portal, &["the disk is full; free space on it and run again", "/mnt/"]);
        assert_eq!(mended.release_hashes(), wanted, "{spare} KiB");
    }
}

#[test]
fn a_read_only_disk_ends_with_75() {
    let root = before_the_night();
    let portal = root.release_hashes();
    let script = format!(
        "mount --bind \"$2\" /mnt && mount -o remount,bind,ro /mnt && $1 run --config /mnt/speil.toml --as-of {AS_OF}"
    );
    let Some(output) = with_mounts(&script, &[root.path()]) else { return };
    tries_again(&root, &output, &portal, &["the disk is mounted read-only; mount it writable", "/mnt/./run.lock"]);
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A user to whom permissions apply, with a program that this user may run.
struct User {
    folder: tempfile::TempDir,
}

impl User {
    /// Gives a root to that user.
    fn of(root: &Root) -> User {
        let folder = tempfile::tempdir().unwrap();
        if is_root() {
            fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
            fs::copy(env!("CARGO_BIN_EXE_speil"), folder.path().join("speil")).unwrap();
            let all = Command::new("chown").args(["-R", &format!("{NOBODY}:{NOBODY}")]).arg(root.path()).status();
            assert!(all.unwrap().success());
        }
        User { folder }
    }

    fn run(&self, root: &Root) -> Output {
        let program = root.command(&["run"]);
        if !is_root() {
            return root.output(&["run"]);
        }
        let mut command = Command::new(self.folder.path().join("speil"));
        command.args(program.get_args()).current_dir("/").uid(NOBODY).gid(NOBODY).output().unwrap()
    }
}

/// Does something while a path has another mode.
fn with_mode<T>(path: &Path, mode: u32, what: impl FnOnce() -> T) -> T {
    let before = fs::metadata(path).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let done = what();
    fs::set_permissions(path, before.permissions()).unwrap();
    done
}

#[test]
fn folders_that_may_not_be_written_end_with_75_and_their_path() {
    let root = before_the_night();
    let (portal, wanted) = (root.release_hashes(), undisturbed());
    let user = User::of(&root);
    let advice = "the program's user may not do this; give it access to the path";
    for folder in ["", "lake", "releases"] {
        let path = root.path().join(folder);
        let output = with_mode(&path, 0o555, || user.run(&root));
        let named = format!("{}/./{folder}", root.path().display());
        tries_again(&root, &output, &portal, &[advice, &named]);
    }
    // The lock of another user's run.
    let lock = root.path().join("run.lock");
    let output = with_mode(&lock, 0o444, || user.run(&root));
    tries_again(&root, &output, &portal, &[advice, "run.lock"]);
    assert_eq!(user.run(&root).status.code(), Some(0));
    assert_eq!(root.release_hashes(), wanted);
}

#[test]
fn a_delivery_that_may_not_be_read_is_refused_by_name_and_the_rest_is_published() {
    let root = before_the_night();
    let (portal, wanted) = (root.release_hashes(), undisturbed());
    let user = User::of(&root);
    let file = root.landing(MONTH);
    let output = with_mode(&file, 0o000, || user.run(&root));
    assert_eq!(output.status.code(), Some(20), "{}", said(&output));
    assert!(said(&output).contains("refused: utlevering_2026-10.csv (utlevering): the program's user may not do this"));
    assert!(said(&output).contains(file.to_str().unwrap()), "{}", said(&output));
    assert_eq!(root.release_hashes(), portal);

    // A folder that may not be listed, and one whose files may not be opened.
    for mode in [0o000, 0o444] {
        let output = with_mode(&root.landing("utlevering"), mode, || user.run(&root));
        assert_eq!(output.status.code(), Some(20), "{}", said(&output));
        assert!(said(&output).contains("(utlevering): the program's user may not do this"), "{}", said(&output));
        assert_eq!(root.release_hashes(), portal);
    }
    assert_eq!(user.run(&root).status.code(), Some(0));
    assert_eq!(root.release_hashes(), wanted);
}
