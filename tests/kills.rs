//! A run that is killed (`kill -9`) at any point: the portal is the old or the new one, whole; the next run finishes, does
//! not do again what was done, and ends where an undisturbed run ends.
//!
//! The program logs each change of the disk at level trace. A child process, which is this test binary running
//! [`the_child`], listens and stops at the change that it is told; its parent then kills it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use speil::publish::Manifest;
use speil::run::{ExitCode, Options, Step};
use tracing::field::{Field, Visit};
use tracing::span;

use crate::fetch::server::{Server, file};
use crate::support::{AS_OF, Root, not_shown};

const ROOT: &str = "SPEIL_TEST_CHILD_ROOT";
const STOP_AT: &str = "SPEIL_TEST_CHILD_STOP_AT";
/// The course that the child erases; without one it runs a night.
pub const ERASE: &str = "SPEIL_TEST_CHILD_ERASE";
const CHANGE: &str = "change: ";

/// Prints each change of the disk, and stops for good after the one it is told.
struct Listener {
    seen: AtomicUsize,
    stop_at: usize,
}

#[derive(Default)]
struct Change {
    what: String,
    path: String,
}

impl Visit for Change {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let value = format!("{value:?}");
        match field.name() {
            "what" => self.what = value.trim_matches('"').to_owned(),
            "path" => self.path = value,
            _ => {}
        }
    }
}

impl tracing::Subscriber for Listener {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == speil::disk::CHANGES
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let mut change = Change::default();
        event.record(&mut change);
        println!("{CHANGE}{} {}", change.what, change.path);
        if self.seen.fetch_add(1, Ordering::SeqCst) == self.stop_at {
            loop {
                std::thread::sleep(Duration::from_secs(3600));
            }
        }
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Not a test of its own: what a child process runs. Without a root to work in it does nothing.
#[test]
fn the_child() {
    let Ok(root) = std::env::var(ROOT) else { return };
    let stop_at = std::env::var(STOP_AT).unwrap().parse().unwrap();
    tracing::subscriber::set_global_default(Listener { seen: AtomicUsize::new(0), stop_at }).unwrap();
    let config = speil::config::Config::load(&Path::new(&root).join("speil.toml")).unwrap();
    if let Ok(id) = std::env::var(ERASE) {
        speil::run::erase(&config, &[id], jiff::civil::date(2026, 11, 29)).unwrap();
        return;
    }
    let as_of = speil::calendar::as_of(AS_OF).unwrap();
    let options = Options { as_of, steps: Step::ALL, only: None, progress: &|_| {} };
    assert_eq!(speil::run::run(&config, &options).unwrap().code, ExitCode::Done);
}

fn child(root: &Root, stop_at: usize) -> Child {
    command(root, stop_at).spawn().unwrap()
}

fn command(root: &Root, stop_at: usize) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["kills::the_child", "--exact", "--nocapture", "--test-threads=1"])
        .env(ROOT, root.path())
        .env(STOP_AT, stop_at.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Runs a child to its end, or until it has made this many changes and is killed. Returns the changes, with paths below
/// the root.
fn run_until(root: &Root, stop_at: usize) -> Vec<String> {
    changes_of(child(root, stop_at), root, stop_at)
}

/// The same for a child that erases a course.
pub fn erase_until(root: &Root, id: &str, stop_at: usize) -> Vec<String> {
    let child = command(root, stop_at).env(ERASE, id).spawn().unwrap();
    changes_of(child, root, stop_at)
}

fn changes_of(mut child: Child, root: &Root, stop_at: usize) -> Vec<String> {
    let root = format!("{}/", root.path().display());
    let mut changes = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        // The harness's own words may stand before the first one.
        if let Some((_, change)) = line.split_once(CHANGE) {
            changes.push(change.replace(&root, "").replace("./", ""));
            if changes.len() > stop_at {
                break;
            }
        }
    }
    let _ = child.kill();
    let ended = child.wait().unwrap();
    assert!(changes.len() > stop_at || ended.success(), "the child ended by itself: {ended}");
    changes
}

pub const NEVER: usize = usize::MAX;

/// A copy with all that is in it, links as links.
pub fn copy(of: &Root) -> Root {
    let root = Root::bare();
    let from = format!("{}/.", of.path().display());
    assert!(Command::new("cp").args(["-a", &from]).arg(root.path()).status().unwrap().success());
    root
}

const LEGE: &str = "lege_2026-10-31.csv";

/// Two nights are published and of each release one is to stay; a third night's deliveries are there. The register of
/// doctors is fetched from a server, which has a newer one tonight; public figures of `reservasjon` change on the first
/// and on the third date.
fn before_the_third_night() -> (Root, Server) {
    let world = Root::of_both_products();
    let register = std::fs::read(world.landing("lege/lege_2026-10-31_v2.csv")).unwrap();
    let mut rows: Vec<&[u8]> = register.split_inclusive(|byte| *byte == b'\n').collect();
    // Without the doctor who has no lines.
    rows.remove(rows.len() - 4);
    let newer = rows.concat();
    let server = Server::start(move |_, _| file(&register, &["ETag: \"1\""]));
    let second = |file: &str| file.contains("utlevering_2026-09");
    let third = |file: &str| file.contains("utlevering_2026-10") || file.contains("too_hendelse_03_");
    let root = Root::bare();
    root.copy_from(&world, |file| !second(file) && !third(file) && !file.contains("landing/lege/"));
    let config = root.path().join("speil.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replacen("\n[", "\n[utgivelser]\nbehold = 1\n[", 1);
    let text = text.replace("url = \"landing/lege/lege_*\"", &format!("url = \"{}\"", server.url(LEGE)));
    let dates = "[product.reservasjon]\nutgivelse = [\"2026-11-08\", \"2026-11-10\"]\n";
    std::fs::write(&config, text.replace("[product.reservasjon]\n", dates)).unwrap();
    assert_eq!(root.run_as_of("2026-11-08").unwrap().code, ExitCode::Done);
    root.copy_from(&world, second);
    assert_eq!(root.run_as_of("2026-11-09").unwrap().code, ExitCode::Done);
    root.copy_from(&world, third);
    server.now(move |_, _| file(&newer, &["ETag: \"2\""]));
    (root, server)
}

/// What a night leaves, but for what tells of every attempt: the ledger, and the card beside a fetched file.
#[derive(Debug, PartialEq)]
struct Left {
    release: BTreeMap<String, String>,
    manifest: Manifest,
    state: speil::lake::State,
    /// Path → SHA-256, or where a link leads.
    files: BTreeMap<String, String>,
}

fn left(root: &Root) -> Left {
    let files = speil::disk::files_below(root.path()).unwrap();
    let files = files.into_iter().map(|file| file.to_string_lossy().into_owned());
    let files = files.filter(|file| !file.starts_with("runs/")).map(|file| {
        let path = root.path().join(&file);
        let same = match std::fs::read_link(&path) {
            Ok(leads_to) => leads_to.to_string_lossy().into_owned(),
            Err(_) if file.ends_with(".hentet.json") => String::new(),
            Err(_) => speil::disk::sha256_of_file(&path).unwrap(),
        };
        (file, same)
    });
    Left { release: root.release_hashes(), manifest: root.manifest(), state: root.state(), files: files.collect() }
}

fn shown(root: &Root) -> String {
    std::fs::read_link(root.current()).unwrap().to_string_lossy().into_owned()
}

/// After a kill: the portal is whole and one of these; the next run finishes and leaves what an undisturbed one leaves.
fn holds_and_is_finished(root: &Root, portals: &[&str], undisturbed: &Left, when: &str) {
    assert!(portals.contains(&shown(root).as_str()), "{when}: {}", shown(root));
    assert_eq!(speil::publish::verify(&root.current()).unwrap(), [], "{when}");
    root.run_to(ExitCode::Done);
    let found = left(root);
    assert_eq!(found.files, undisturbed.files, "{when}");
    assert_eq!(found, *undisturbed, "{when}");
}

/// What kind of change it is: kills at two of the same kind are the same to a run.
pub fn kind(change: &str) -> String {
    let (what, path) = change.split_once(' ').unwrap();
    let parts: Vec<&str> = path.split('/').collect();
    let place = match parts.as_slice() {
        _ if path.contains("/.halv-") || path.starts_with(".halv-") => "beside",
        ["lake", ..] => "lake",
        ["landing", ..] => "landing",
        ["quarantine", ..] => "quarantine",
        ["releases"] => "releases",
        ["releases", "current"] => "current",
        ["releases", ".current"] => "link",
        ["releases", ".bygges"] => "draft",
        ["releases", ".bygges", ..] => "draft file",
        ["releases", name] if name.starts_with(".fjernes-") => "retired release",
        ["releases", _] => "release",
        ["runs", ..] => "runs",
        ["offentliggjort", ..] => "offentliggjort",
        ["utboks", ..] => "utboks",
        [only] if only.starts_with(".arbeid-") => "working folder",
        _ => path,
    };
    format!("{what} {place}")
}

/// What a third night must pass through; a point that is no longer there would be killed at no longer.
const POINTS: [&str; 20] = [
    "wrote landing",
    "renamed landing",
    "wrote offentliggjort",
    "wrote lake",
    "synced beside",
    "renaming state.json",
    "renamed state.json",
    "synced state.json",
    "appended ferdig.jsonl",
    "removed ferdig.jsonl",
    "wrote draft file",
    "synced draft",
    "renaming release",
    "renamed release",
    "renaming current",
    "renamed current",
    "renaming retired release",
    "renamed retired release",
    "removed retired release",
    "removed lake",
];

#[test]
fn kill_9_at_every_kind_of_point_leaves_the_old_or_the_new_portal() {
    let (before, _server) = before_the_third_night();
    let calm = copy(&before);
    let changes = run_until(&calm, NEVER);
    let undisturbed = left(&calm);
    let portals = [shown(&before), shown(&calm)];
    let portals = portals.each_ref().map(String::as_str);
    assert_ne!(portals[0], portals[1]);
    // Something was fetched, and something is public that was not.
    let public = |root: &Root| {
        let files = left(root).files.into_iter().filter(|(file, _)| file.starts_with("offentliggjort/"));
        files.collect::<BTreeMap<_, _>>()
    };
    assert!(undisturbed.files.contains_key("landing/lege/lege_2026-10-31_v2.csv"));
    assert_ne!(public(&before), public(&calm));

    let mut kinds: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, change) in changes.iter().enumerate() {
        kinds.entry(kind(change)).or_default().push(at);
    }
    for point in POINTS.iter().chain(&["appended runs"]) {
        assert!(kinds.contains_key(*point), "no {point} among {:?}", kinds.keys());
    }
    // Of each kind one in the middle. While two models are run at the same time, one may change places with a neighbour.
    for (kind, places) in kinds {
        let root = copy(&before);
        run_until(&root, places[places.len() / 2]);
        holds_and_is_finished(&root, &portals, &undisturbed, &kind);
    }
}

#[test]
fn kill_9_at_random_moments_leaves_the_old_or_the_new_portal() {
    let moments = if std::env::var_os("SPEIL_LONG").is_some() { 100 } else { 20 };
    let (before, _server) = before_the_third_night();
    let calm = copy(&before);
    let started = Instant::now();
    run_until(&calm, NEVER);
    let whole = started.elapsed();
    let undisturbed = left(&calm);
    let portals = [shown(&before), shown(&calm)];
    let portals = portals.each_ref().map(String::as_str);
    // Multiples of the golden ratio fall evenly, whatever their number.
    for moment in 1..=moments {
        let share = (f64::from(moment) * 0.618_033_988_75).fract();
        let root = copy(&before);
        let mut child = child(&root, NEVER);
        std::thread::sleep(whole.mul_f64(share));
        let _ = child.kill();
        child.wait().unwrap();
        holds_and_is_finished(&root, &portals, &undisturbed, &format!("at {share:.3} of a run"));
    }
}

#[test]
fn a_run_that_was_killed_goes_on_where_it_was() {
    let world = Root::of_both_products();
    let changes = run_until(&copy(&world), NEVER);
    let at = |kind_of: &str, nth: usize| {
        let of_kind = changes.iter().enumerate().filter(|(_, change)| kind(change) == kind_of);
        of_kind.map(|(at, _)| at).nth(nth).unwrap()
    };
    let calm = copy(&world);
    let all = calm.run_to(ExitCode::Done);

    // While deliveries are taken in: those that were committed are not read again.
    let root = copy(&world);
    run_until(&root, at("renamed state.json", 0));
    let taken = root.state().deliveries.values().map(BTreeMap::len).sum::<usize>();
    assert!(taken > 1 && taken < all.ingested.taken.len(), "{taken}");
    let rest = root.run_to(ExitCode::Done);
    assert_eq!(rest.ingested.taken.len() + taken, all.ingested.taken.len());
    assert_eq!(left(&root), left(&calm));

    // While computing: what was computed is not computed again, and no state named it before.
    let root = copy(&world);
    run_until(&root, at("appended ferdig.jsonl", 39));
    assert!(root.state().tables.values().flat_map(BTreeMap::values).all(|entry| entry.key.is_none()));
    // Two models are run at the same time, so that one more may be done before the kill; a cut line says nothing.
    let lines = std::fs::read_to_string(root.path().join("ferdig.jsonl")).unwrap();
    let computed = lines.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()).count();
    assert!((35..60).contains(&computed), "{computed}");
    let rest = root.run_to(ExitCode::Done);
    assert!(rest.ingested.taken.is_empty());
    assert_eq!((rest.built.skipped, rest.built.ran.len() + computed), (computed, all.built.ran.len()));
    assert_eq!(left(&root), left(&calm));
}

#[test]
fn both_renames_that_show_something_have_the_disk_synced_before_and_after() {
    let root = Root::of_both_products();
    let changes: Vec<String> = run_until(&root, NEVER).iter().map(|change| kind(change)).collect();
    let mut renames = BTreeSet::new();
    for place in ["state.json", "current"] {
        for (at, _) in changes.iter().enumerate().filter(|(_, change)| **change == format!("renaming {place}")) {
            assert!(changes[at - 1].starts_with("synced "), "{:?}", &changes[at - 1..at + 3]);
            assert_eq!(changes[at + 1], format!("renamed {place}"));
            assert!(changes[at + 2].starts_with("synced "), "{:?}", &changes[at - 1..at + 3]);
            renames.insert(place);
        }
    }
    assert_eq!(renames.len(), 2);
}

/// The same as the kernel sees it, where `strace` is there and may be used.
#[test]
fn strace_shows_syncfs_before_and_after_both_renames() {
    let root = Root::tiny();
    let trace = root.path().join("trace");
    let program = root.command(&["run"]);
    let mut command = Command::new("strace");
    command.args(["-f", "--seccomp-bpf", "-e", "trace=syncfs,rename,renameat,renameat2", "-o"]).arg(&trace);
    let output = command.arg(program.get_program()).args(program.get_args()).output();
    let traced = std::fs::read_to_string(&trace).unwrap_or_default();
    if !traced.contains("syncfs(") && !output.as_ref().is_ok_and(|output| output.status.success()) {
        return not_shown(&format!("strace is not here (apt-get install strace) or may not be used: {output:?}"));
    }
    assert!(output.unwrap().status.success());
    // As one thread made them: strace cuts a call in two lines where another thread does something meanwhile.
    let mut threads: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (thread, call) in traced.lines().filter_map(|line| line.split_once(' ')) {
        let call = call.trim_start();
        if call.starts_with("syncfs(") || call.starts_with("rename") {
            threads.entry(thread).or_default().push(call);
        }
    }
    for name in ["/state.json\"", "/current\""] {
        let mut renames = 0;
        for calls in threads.values() {
            for (at, call) in calls.iter().enumerate().filter(|(_, call)| call.starts_with("rename")) {
                if call.contains(name) {
                    let near = [at.checked_sub(1), Some(at + 1)].map(|near| near.and_then(|near| calls.get(near)));
                    assert!(
                        near.iter().all(|near| near.is_some_and(|near| near.starts_with("syncfs("))),
                        "{call}: {near:?}"
                    );
                    renames += 1;
                }
            }
        }
        assert!(renames > 0, "{traced}");
    }
}
