//! Memory does not grow with the delivery: both sorts spill. Measured on a child process, as the kernel counts it.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use crate::support::Root;

/// One month of so many lines, in an order that has nothing to do with the one on disk.
fn write_month(path: &Path, lines: u64) {
    let mut out = BufWriter::new(fs::File::create(path).unwrap());
    out.write_all(
        b"linje_id;linjetype;gjelder_linje_id;gjelder_utleveringsdato;utleveringsdato;forskrivningsdato;utlevering_nr;\
          rekvirent_hpr;varenr;antall_pakninger;refusjonshjemmel;reservasjon;virkestoffrekvirering;utsalgspris\n",
    )
    .unwrap();
    let mut row = String::new();
    for at in 0..lines {
        // Multiplying by an odd number permutes the numbers below a power of two.
        let mixed = at.wrapping_mul(2_654_435_761) % (1 << 32);
        row.clear();
        writeln!(
            row,
            "L{mixed:010};U;;;2026-01-{:02};2026-01-01;1;{};{:06};1;200;{};0;{},50",
            mixed % 28 + 1,
            1_000_000 + mixed % 30_000,
            mixed % 10_000,
            mixed % 4,
            100 + mixed % 400
        )
        .unwrap();
        out.write_all(row.as_bytes()).unwrap();
    }
    out.flush().unwrap();
}

/// Peak memory in KiB of a child that ingests so many lines with a pool of 128 MiB.
fn peak(lines: u64) -> (u64, Root) {
    let root = Root::empty();
    fs::create_dir_all(root.landing("utlevering")).unwrap();
    let config = root.path().join("speil.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[engine]\nmemory_mib = 128\ntarget_partitions = 2\n")).unwrap();
    write_month(&root.landing("utlevering/utlevering_2026-01.csv"), lines);
    // One heap for all threads: what the allocator keeps free in each thread's own heap is not what the rows need.
    let mut child = root.command(&["ingest"]).env("MALLOC_ARENA_MAX", "1").spawn().unwrap();
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(&status_file).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let seen = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.trim().parse().ok());
        peak = seen.unwrap_or(0).max(peak);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait().unwrap().success());
    (peak, root)
}

#[test]
fn four_million_lines_take_no_more_memory_than_one_million() {
    let (one, _) = peak(1_000_000);
    let (four, root) = peak(4_000_000);
    println!("peak: {one} KiB for 1 million lines, {four} KiB for 4 million");
    assert!(four * 10 <= one * 12, "{four} KiB for 4 million lines, {one} KiB for 1 million");
    // In the contract's order: the state was only committed because the writer saw rows strictly ascending; look again.
    let mut rows = 0;
    let mut last = None;
    for batch in root.table("utlevering") {
        let column = |name: &str| crate::support::texts(batch.column_by_name(name).unwrap());
        let numbers = |name: &str| column(name).into_iter().map(|text| text.parse::<u64>().unwrap());
        let keys =
            numbers("rekvirent_hpr").zip(numbers("varenr")).zip(column("utleveringsdato")).zip(column("linje_id"));
        for key in keys {
            assert!(last.as_ref() < Some(&key), "{last:?} {key:?}");
            last = Some(key);
        }
        rows += batch.num_rows();
    }
    assert_eq!(rows, 4_000_000);
}
