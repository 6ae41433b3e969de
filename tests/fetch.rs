//! Sources on a server that hangs, resets, lies, redirects and mends itself. Whole runs on the tiny world, with one or
//! two sources served on this machine: every bad night ends as stated, the portal stands, the next good night catches up.

mod kept;
mod overtaken;
pub mod server;
mod sums;
mod told;
mod waits;

use std::fs;
use std::path::PathBuf;

use speil::fetch::Fetched;
use speil::run::{self, ExitCode, Options, Outcome, Step};

use crate::support::Root;
use server::{Reply, Server, file, response, status};

const LEGE: &str = "lege_2026-10-31.csv";
const SHORT: &str = "forsok = 2\npause_sekunder = 0.001\nstille_sekunder = 60\nstorste_mib = 1\n";

/// The tiny world with the register of doctors on a server, and the register as it is delivered.
fn served() -> (Root, Server, Vec<u8>) {
    let root = Root::tiny();
    let folder = root.landing("lege");
    let name = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let lege = fs::read(&name).unwrap();
    fs::remove_dir_all(folder).unwrap();
    let register = lege.clone();
    let server = Server::start(move |_, _| file(&register, &["ETag: \"1\""]));
    configure(&root, &server, "");
    (root, server, lege)
}

/// Names the server as the source of doctors, with more keys, and fetches without long pauses.
fn configure(root: &Root, server: &Server, keys: &str) {
    let path = root.path().join("speil.toml");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("[source.lege]\n").unwrap();
    let (_, after) = rest.split_once("[source.fest]").unwrap();
    let after = after.split("[henting]").next().unwrap();
    let url = server.url(LEGE);
    let lege = format!("[source.lege]\nurl = \"{url}\"\n{keys}\n");
    fs::write(path, format!("{before}{lege}[source.fest]{after}[henting]\nro_sekunder = 0\n{SHORT}")).unwrap();
}

fn landed(root: &Root) -> Vec<String> {
    let files = speil::disk::files_below(&root.landing("lege")).unwrap();
    files.iter().map(|file| file.to_str().unwrap().to_owned()).filter(|file| file.ends_with(".csv")).collect()
}

/// Fetching and taking in alone.
fn ingest(root: &Root, as_of: &str) -> Outcome {
    let as_of = speil::calendar::as_of(as_of).unwrap();
    let steps = &[Step::Fetch, Step::Ingest];
    run::run(&root.config(), &Options { as_of, steps, only: None, progress: &|_| {} }).unwrap()
}

fn fetched(outcome: &Outcome) -> &Fetched {
    &outcome.fetched.sources["lege"]
}

/// The one reason why nothing was fetched.
fn reason(outcome: &Outcome) -> &str {
    let [failed] = fetched(outcome).failed.as_slice() else { panic!("{:?}", outcome.fetched) };
    &failed.reason
}

fn chunked(body: &[u8], end: &[u8]) -> Reply {
    let head = response("200 OK", &["Transfer-Encoding: chunked"], b"");
    let size = format!("{:x}\r\n", body.len());
    Reply::Bytes([head.as_slice(), size.as_bytes(), body, b"\r\n", end].concat())
}

#[test]
fn every_bad_night_ends_with_75_and_leaves_portal_and_landing_and_a_good_one_catches_up() {
    let (root, server, lege) = served();
    let outcome = root.run_to(ExitCode::Done);
    assert_eq!(fetched(&outcome).new, [LEGE]);
    let (release, state) = (root.release_hashes(), root.state());
    let large = vec![b'x'; (1 << 20) + 1];
    let sized =
        |length: usize, body: &[u8]| Reply::Bytes(response("200 OK", &[&format!("Content-Length: {length}")], body));
    let half = &lege[..lege.len() / 2];
    for (reply, what, asked) in [
        (Reply::Reset, "tried 2 times", 2),
        (Reply::Bytes(b"HTTP/1.1 200".to_vec()), "tried 2 times", 2),
        (Reply::Bytes(b"220 mail ready\r\n".to_vec()), "tried 2 times", 2),
        (sized(lege.len(), half), "the file broke off after", 2),
        (chunked(half, b""), "the file broke off after", 2),
        (Reply::Bytes(response("200 OK", &[], &lege)), "tells neither the file's length nor its end", 1),
        (sized(0, b""), "an empty file", 1),
        (sized(large.len(), &large), "larger than 1 MiB", 1),
        (chunked(&large, b"0\r\n\r\n"), "larger than 1 MiB", 1),
        (status("404 Not Found", &[]), "no such file", 1),
        (status("401 Unauthorized", &[]), "look at `token_miljo` or `token_fil`", 1),
        (status("204 No Content", &[]), "which is no file", 1),
        (status("500 Internal Server Error", &[]), "answers 500 Internal Server Error; tried 2 times", 2),
        (status("429 Too Many Requests", &["Retry-After: 0"]), "answers 429 Too Many Requests; tried 2 times", 2),
        (status("503 Service Unavailable", &["Retry-After: 86400"]), "asks to wait 86400 s", 1),
        (file(b"<!doctype html><p>Logg inn", &[]), "a web page where a file was asked for", 1),
        (file(b"\xef\xbb\xbf <html>", &["Content-Type: text/csv"]), "a web page", 1),
        (file(&lege, &["Content-Type: text/html; charset=utf-8"]), "a web page", 1),
        (file(&lege, &["Content-Encoding: gzip"]), "an encoding that was not asked for", 1),
        (status("302 Found", &["Location: http://example.org/x.csv"]), "a redirect to an address that is not https", 1),
        (status("302 Found", &[&format!("Location: {}", server.url(LEGE))]), "more than 5 redirects", 6),
    ] {
        server.always(reply);
        let outcome = root.run_to(ExitCode::TryAgain);
        let told = reason(&outcome);
        assert!(told.contains(what), "{what}: {told}");
        assert_eq!(server.asked().len(), asked, "{what}");
        assert!(outcome.ingested.refused.is_empty(), "{what}");
        assert_eq!((landed(&root), root.state()), (vec![LEGE.to_owned()], state.clone()), "{what}");
        assert_eq!(root.release_hashes(), release, "{what}");
        assert_eq!(speil::disk::files_below(&root.landing("lege")).unwrap().len(), 2, "{what}");
    }
    // A doctor less, after one more failure.
    let shorter: Vec<&[u8]> = lege.split_inclusive(|byte| *byte == b'\n').collect();
    let shorter = shorter[..shorter.len() - 1].concat();
    let mended = shorter.clone();
    server.now(
        move |_, nth| {
            if nth == 0 { status("500 Internal Server Error", &[]) } else { file(&mended, &["ETag: \"2\""]) }
        },
    );
    let outcome = root.run_to(ExitCode::Done);
    assert_eq!(fetched(&outcome).new, ["lege_2026-10-31_v2.csv"]);
    assert_eq!(outcome.ingested.taken.len(), 1);
    assert_eq!(fs::read(root.landing("lege/lege_2026-10-31_v2.csv")).unwrap(), shorter);
    assert_eq!(fs::read(root.landing("lege").join(LEGE)).unwrap(), lege);
}

#[test]
fn a_server_that_hangs_is_left_after_its_time_and_the_other_sources_are_taken_in() {
    let (root, server, lege) = served();
    let path = root.path().join("speil.toml");
    let text = fs::read_to_string(&path).unwrap().replace("stille_sekunder = 60", "stille_sekunder = 0.2");
    fs::write(path, text).unwrap();
    server.always(Reply::Stall(Vec::new()));
    let outcome = ingest(&root, "2026-11-10");
    assert_eq!(outcome.code, ExitCode::TryAgain);
    assert_eq!(reason(&outcome), "no answer within 0.2 s; tried 2 times; left for the next run");
    let sources: std::collections::BTreeSet<_> = outcome.ingested.taken.iter().map(|taken| &*taken.source).collect();
    assert_eq!(sources, ["fest", "utlevering"].into());
    server.always(Reply::Stall(response("200 OK", &["Content-Length: 100000"], &lege[..100])));
    let told = reason(&ingest(&root, "2026-11-10")).to_owned();
    assert!(told.starts_with("the file broke off after 100 bytes"), "{told}");
    // Never silent for long, and never done.
    let path = root.path().join("speil.toml");
    let text = fs::read_to_string(&path).unwrap().replace("stille_sekunder = 0.2", "totalt_sekunder = 0.2");
    fs::write(path, text).unwrap();
    let endless = response("200 OK", &["Transfer-Encoding: chunked"], b"");
    server.always(Reply::Drip(endless, b"1\r\nx\r\n".to_vec()));
    assert_eq!(reason(&ingest(&root, "2026-11-10")), "the file took longer than 0.2 s (`totalt_sekunder`)");
}

#[test]
fn what_is_known_is_asked_for_on_condition_and_lands_once() {
    let (root, server, lege) = served();
    ingest(&root, "2026-11-10");
    let (old, plain) = (lege.clone(), lege.clone());
    server.now(move |request, _| match request.headers.get("if-none-match").map(String::as_str) {
        Some("\"1\"") => Reply::Bytes(response("304 Not Modified", &[], b"")),
        _ => file(&old, &[]),
    });
    let outcome = ingest(&root, "2026-11-11");
    assert_eq!((outcome.code, &fetched(&outcome).unchanged), (ExitCode::Done, &vec![LEGE.to_owned()]));
    // A server that does not know conditions sends the same bytes again, and tells another time.
    server.now(move |_, _| file(&plain, &["Last-Modified: Sun, 01 Nov 2026 04:00:00 GMT"]));
    let outcome = ingest(&root, "2026-11-12");
    assert_eq!((outcome.code, &fetched(&outcome).unchanged), (ExitCode::Done, &vec![LEGE.to_owned()]));
    assert_eq!(landed(&root), [LEGE]);
    server.always(Reply::Bytes(response("304 Not Modified", &[], b"")));
    assert_eq!(ingest(&root, "2026-11-13").code, ExitCode::Done);
    let asked = &server.asked()[0].headers;
    assert_eq!(asked["if-modified-since"], "Sun, 01 Nov 2026 04:00:00 GMT");
    // The file is gone: it is fetched again without conditions, and 304 would be no answer.
    fs::remove_file(root.landing("lege").join(LEGE)).unwrap();
    let outcome = ingest(&root, "2026-11-14");
    assert!(reason(&outcome).contains("answers 304"), "{}", reason(&outcome));
    server.now(move |_, _| file(&lege, &[]));
    assert_eq!(fetched(&ingest(&root, "2026-11-15")).new, [LEGE]);
    let card = fs::read_to_string(root.landing(&format!("lege/{LEGE}.hentet.json"))).unwrap();
    assert!(card.contains("\"sha256\"") && card.contains("\"hentet\"") && card.contains(LEGE), "{card}");
}

#[test]
fn a_token_goes_to_its_own_host_alone_and_stands_nowhere() {
    const TOKEN: &str = "not-for-others";
    let (root, server, lege) = served();
    fs::write(root.path().join("token"), format!("{TOKEN}\n")).unwrap();
    configure(&root, &server, "token_fil = \"token\"");
    let other = Server::start(move |_, _| file(&lege, &[]));
    let location = format!("Location: {}", other.url("elsewhere.csv"));
    server.now(move |_, _| status("302 Found", &[&location]));
    let path = root.path().join("speil.toml");
    let with_query = format!("{LEGE}?nokkel=hemmelig");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace(LEGE, &with_query)).unwrap();
    let output = root.command(&["ingest"]).env("SPEIL_LOG", "trace").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(server.asked()[0].headers["authorization"], format!("Bearer {TOKEN}"));
    let asked = &other.asked()[0].headers;
    assert!(!asked.contains_key("authorization") && !asked.contains_key("referer"), "{asked:?}");
    assert_eq!(landed(&root), [LEGE]);
    let said = [output.stdout, output.stderr].concat();
    let mut told = vec![String::from_utf8(said).unwrap()];
    for file in speil::disk::files_below(root.path()).unwrap() {
        let secret = ["token", "speil.toml"].contains(&file.to_str().unwrap());
        if !secret && let Ok(text) = fs::read_to_string(root.path().join(&file)) {
            told.push(text);
        }
    }
    assert!(told.iter().all(|text| !text.contains(TOKEN) && !text.contains("hemmelig")));
    fs::remove_file(root.path().join("token")).unwrap();
    let outcome = ingest(&root, "2026-11-10");
    assert!(reason(&outcome).starts_with("`token_fil`: reading"), "{}", reason(&outcome));
}

#[test]
fn a_declared_checksum_decides_also_when_a_length_lies() {
    let (root, server, lege) = served();
    configure(&root, &server, &format!("sha256_url = \"{}\"", server.url("SHA256SUMS")));
    let sums = format!("{}  {LEGE}\n", speil::disk::sha256(&lege));
    let serve = |body: Reply| {
        let sums = sums.clone();
        server.now(
            move |request, _| if request.path == "/SHA256SUMS" { file(sums.as_bytes(), &[]) } else { body.clone() },
        );
    };
    // More bytes than declared: what follows is not of the file by HTTP's rules, and the checksum tells.
    let too_short = format!("Content-Length: {}", lege.len() - 9);
    serve(Reply::Bytes(response("200 OK", &[&too_short], &lege)));
    let told = reason(&ingest(&root, "2026-11-10")).to_owned();
    assert!(told.starts_with("the file's SHA-256 is ") && told.contains("declared is"), "{told}");
    assert!(landed(&root).is_empty());
    serve(file(&lege, &[]));
    assert_eq!(fetched(&ingest(&root, "2026-11-10")).new, [LEGE]);
    // The checksum shows that nothing is new: the file itself is not asked for.
    serve(status("500 Internal Server Error", &[]));
    assert_eq!(fetched(&ingest(&root, "2026-11-11")).unchanged, [LEGE]);
    configure(&root, &server, &format!("sha256 = \"{}\"", "0".repeat(64)));
    serve(file(&lege, &[]));
    assert!(reason(&ingest(&root, "2026-11-12")).contains("declared is 0000"));
    server.always(status("404 Not Found", &[]));
    configure(&root, &server, &format!("sha256_url = \"{}\"", server.url("SHA256SUMS")));
    let told = reason(&ingest(&root, "2026-11-12")).to_owned();
    assert!(told.starts_with("checksums from http://") && told.contains("no such file"), "{told}");
}

#[test]
fn months_are_fetched_as_they_are_over_and_one_that_is_not_there_yet_is_no_failure() {
    let root = Root::tiny();
    let folder = root.landing("utlevering");
    let months: PathBuf = root.path().join("on_server");
    fs::rename(&folder, &months).unwrap();
    let served = months.clone();
    let server = Server::start(move |request, _| {
        let name = request.path.rsplit('=').next().unwrap();
        match fs::read(served.join(format!("utlevering_{name}.csv"))) {
            Ok(body) => file(&body, &["Content-Disposition: attachment; filename=\"../../../etc/x.csv\""]),
            Err(_) => status("404 Not Found", &[]),
        }
    });
    let path = root.path().join("speil.toml");
    let text = fs::read_to_string(&path).unwrap();
    let url = server.url("uttrekk?maaned={maaned}");
    let keys = format!("url = \"{url}\"\nfra_maaned = \"2026-08\"");
    let text = text.replace("url = \"landing/utlevering/utlevering_*\"", &keys) + SHORT;
    fs::write(&path, &text).unwrap();
    let outcome = ingest(&root, "2026-10-05");
    let failed: Vec<&str> = outcome.fetched.failed().map(|(_, failed)| failed.reason.as_str()).collect();
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert!(failed[0].starts_with("the name in Content-Disposition is no plain file name"), "{failed:?}");
    assert!(!root.path().join("etc").exists());

    fs::write(&path, text.replace(&keys, &format!("{keys}\nnavn = \"utlevering_{{maaned}}.csv\""))).unwrap();
    let outcome = ingest(&root, "2026-10-05");
    let august_september = ["utlevering_2026-08.csv", "utlevering_2026-09.csv"];
    assert_eq!(outcome.fetched.sources["utlevering"].new, august_september);
    fs::rename(months.join("utlevering_2026-10.csv"), months.join("later")).unwrap();
    let outcome = ingest(&root, "2026-11-10");
    let utlevering = &outcome.fetched.sources["utlevering"];
    assert_eq!((outcome.code, &utlevering.absent), (ExitCode::Done, &vec!["2026-10".to_owned()]));
    assert_eq!(utlevering.unchanged, august_september);
    // A month that landed may leave the server.
    fs::remove_file(months.join("utlevering_2026-08.csv")).unwrap();
    fs::rename(months.join("later"), months.join("utlevering_2026-10.csv")).unwrap();
    let outcome = ingest(&root, "2026-11-10");
    assert_eq!((outcome.code, outcome.fetched.sources["utlevering"].new.len()), (ExitCode::Done, 1));
    assert_eq!(outcome.ingested.taken[0].partition, "2026-10");
    // With checksums, a month counts as there when it has one.
    let november = format!("{keys}\nnavn = \"utlevering_{{maaned}}.csv\"\nsha256_url = \"{}\"", server.url("sums"));
    fs::write(&path, text.replace(&keys, &november.replace("2026-08", "2026-09"))).unwrap();
    let sums = speil::disk::sha256(&fs::read(months.join("utlevering_2026-09.csv")).unwrap());
    let sums = format!("{sums}  utlevering_2026-09.csv\n");
    server.now(move |_, _| file(sums.as_bytes(), &[]));
    let outcome = ingest(&root, "2026-12-10");
    let utlevering = &outcome.fetched.sources["utlevering"];
    assert_eq!(outcome.code, ExitCode::Done, "{utlevering:?}");
    assert_eq!((utlevering.unchanged.len(), utlevering.absent.as_slice()), (2, ["2026-11".to_owned()].as_slice()));

    let empty = Root::empty();
    let without_sums = text.replace(&keys, &format!("{keys}\nnavn = \"utlevering_{{maaned}}.csv\""));
    fs::write(empty.path().join("speil.toml"), without_sums).unwrap();
    server.always(status("404 Not Found", &[]));
    let outcome = ingest(&empty, "2026-11-10");
    let failed: Vec<&str> = outcome.fetched.failed().map(|(_, failed)| failed.reason.as_str()).collect();
    assert_eq!(failed, ["the server has none of the months; look at `url`"]);
}

#[test]
fn a_moving_latest_lands_under_the_runs_date_and_only_when_it_is_new() {
    let (root, server, lege) = served();
    configure(&root, &server, "navn = \"lege_{dato}.csv\"");
    let path = root.path().join("speil.toml");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace(LEGE, "siste.csv")).unwrap();
    let body = lege.clone();
    server.now(move |_, _| file(&body, &[]));
    assert_eq!(fetched(&ingest(&root, "2026-11-10")).new, ["lege_2026-11-10.csv"]);
    assert_eq!(fetched(&ingest(&root, "2026-11-11")).unchanged, ["lege_2026-11-10.csv"]);
    // A run of an earlier day cannot ask for what was newest then.
    server.always(Reply::Reset);
    let outcome = ingest(&root, "2026-11-09");
    assert_eq!((outcome.code, fetched(&outcome).unchanged.len()), (ExitCode::Done, 1));
    let longer = [lege.as_slice(), b"8000008;LE;1;1;0301;2;2010-01-01;\n"].concat();
    server.now(move |_, _| file(&longer, &[]));
    assert_eq!(fetched(&ingest(&root, "2026-11-12")).new, ["lege_2026-11-12.csv"]);
    assert_eq!(landed(&root), ["lege_2026-11-10.csv", "lege_2026-11-12.csv"]);
    // A name that no delivery of the source has never lands.
    configure(&root, &server, "navn = \"register_{dato}.csv\"");
    let told = reason(&ingest(&root, "2026-11-13")).to_owned();
    assert!(told.starts_with("`navn` is no name that lege is delivered under"), "{told}");
}

#[test]
fn several_addresses_of_one_source_are_told_apart_by_their_queries_and_fail_apart() {
    const KINDS: [&str; 2] = ["104_koder", "104_endringer"];
    let root = Root::bare();
    let ssb = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ssb");
    let server = Server::start(move |request, _| {
        let kind = request.path.rsplit('=').next().unwrap();
        let known = request.headers.contains_key("if-modified-since");
        match fs::read(ssb.join(format!("klass_{kind}_2026-11-01.json"))) {
            Ok(_) if known => Reply::Bytes(response("304 Not Modified", &[], b"")),
            Ok(body) => file(&body, &["Last-Modified: Sun, 01 Nov 2026 04:00:00 GMT"]),
            Err(_) => status("404 Not Found", &[]),
        }
    });
    let address =
        |kind: &&str| format!("\"klass_{kind}_{{dato}}.json\" = \"{}\"\n", server.url(&format!("klass?kind={kind}")));
    let configured = |kinds: &[&str]| {
        let addresses: String = kinds.iter().map(address).collect();
        let text = format!("root = \".\"\n[source.klass.filer]\n{addresses}[henting]\n{SHORT}");
        fs::write(root.path().join("speil.toml"), text).unwrap();
    };
    configured(&[KINDS[0], "999_koder"]);
    let outcome = ingest(&root, "2026-11-10");
    let klass = &outcome.fetched.sources["klass"];
    assert_eq!((outcome.code, klass.failed.len()), (ExitCode::TryAgain, 1));
    assert_eq!(klass.new, ["klass_104_koder_2026-11-10.json"]);
    // Another query is another file: what is known of the first is not said of it.
    configured(&KINDS);
    let outcome = ingest(&root, "2026-11-11");
    let klass = &outcome.fetched.sources["klass"];
    assert_eq!(klass.unchanged, ["klass_104_koder_2026-11-10.json"], "{klass:?}");
    assert_eq!(klass.new, ["klass_104_endringer_2026-11-11.json"], "{klass:?}");
    assert_eq!((outcome.code, outcome.ingested.taken.len()), (ExitCode::Done, 1), "{:?}", outcome.ingested.refused);
}

#[test]
fn a_local_file_that_is_being_written_is_left_for_the_next_run() {
    let root = Root::tiny();
    let month = root.landing("utlevering/utlevering_2026-10.csv");
    let (unnamed, growing) = (root.landing("utlevering/utlevering_2026-09.csv.part"), month.clone());
    fs::rename(root.landing("utlevering/utlevering_2026-09.csv"), &unnamed).unwrap();
    let as_of = speil::calendar::as_of("2026-11-10").unwrap();
    let whole = fs::read(&month).unwrap();
    fs::write(&month, &whole[..whole.len() / 2]).unwrap();
    // It grows after it was found and hashed, while it is read.
    let rest = whole[whole.len() / 2..].to_vec();
    let progress = move |what: &str| {
        if what == "utlevering_2026-10.csv" && fs::metadata(&growing).unwrap().len() < whole.len() as u64 {
            use std::io::Write;
            fs::File::options().append(true).open(&growing).unwrap().write_all(&rest).unwrap();
        }
    };
    let steps = &[Step::Ingest];
    let outcome = run::run(&root.config(), &Options { as_of, steps, only: None, progress: &progress }).unwrap();
    let [refused] = outcome.ingested.refused.as_slice() else { panic!("{:?}", outcome.ingested.refused) };
    assert!(refused.reason.starts_with("the file was changed while it was read"), "{}", refused.reason);
    assert_eq!(outcome.ingested.taken.iter().filter(|taken| taken.source == "utlevering").count(), 12);
    fs::rename(unnamed, root.landing("utlevering/utlevering_2026-09.csv")).unwrap();
    let outcome = run::run(&root.config(), &Options { as_of, steps, only: None, progress: &progress }).unwrap();
    let taken: Vec<&str> = outcome.ingested.taken.iter().map(|taken| taken.partition.as_str()).collect();
    assert_eq!((outcome.code, taken), (ExitCode::Done, vec!["2026-09", "2026-10"]));
}
