//! `speil serve`: a look at the release that is shown, on this machine only.
//!
//! A preview, not the portal's web server: it lets whoever sits here see every tree. Files of the trees and nothing
//! else are shown, and under `/drift/` the page of how things stand; `tabeller`, manifest, state and ledger are no web
//! root.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context;

use super::request::{self, Request};
use crate::config::Config;
use crate::publish::Releases;
use crate::render::Tree;
use crate::run;

/// The trees that a reader may be let into, by their folders' names.
const TREES: [Tree; 4] = [Tree::Offentlig, Tree::Lege, Tree::Fylke, Tree::Intern];
/// Where the page of how things stand is shown.
const DRIFT: &str = "drift";
/// How long the other side may keep silent.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many are answered at a time; browsers ask for a handful of files at once.
const MOST_AT_A_TIME: usize = 32;

/// A server that listens on this machine's own address.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    shown: Shown,
}

/// What is shown.
#[derive(Clone, Debug)]
struct Shown {
    releases: Releases,
    /// The folder with the page of how things stand.
    runs: PathBuf,
}

impl Server {
    /// Listens on a port of 127.0.0.1; port 0 takes a free one.
    pub fn bind(config: &Config, port: u16) -> anyhow::Result<Server> {
        let address = (Ipv4Addr::LOCALHOST, port);
        let listener = TcpListener::bind(address).with_context(|| format!("listening on 127.0.0.1:{port}"))?;
        let shown = Shown { releases: Releases::at(&config.root), runs: config.root.join(run::RUNS_FOLDER) };
        Ok(Server { listener, shown })
    }

    /// Where it listens.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        self.listener.local_addr().context("the server's address")
    }

    /// Answers until the process ends. A new release is shown as soon as it is.
    pub fn run(&self) -> anyhow::Result<()> {
        let under_way = Arc::new(AtomicUsize::new(0));
        for stream in self.listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            if under_way.fetch_add(1, Ordering::SeqCst) >= MOST_AT_A_TIME {
                under_way.fetch_sub(1, Ordering::SeqCst);
                continue;
            }
            let (shown, under_way) = (self.shown.clone(), under_way.clone());
            std::thread::spawn(move || {
                // One who goes away while being answered is no failure.
                let _ = answer(&mut stream, &shown);
                under_way.fetch_sub(1, Ordering::SeqCst);
            });
        }
        Ok(())
    }
}

/// What is sent back.
enum Answer {
    Found(File, u64, &'static str),
    Text(&'static str, &'static str, String),
    Moved(String),
}

fn answer(stream: &mut TcpStream, shown: &Shown) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let Some(request) = request::read(stream) else { return Ok(()) };
    let (answer, head_only) = match request {
        Ok(Request { head_only, path }) => (find(shown, &path), head_only),
        Err((status, why)) => (Answer::Text(status, PLAIN, format!("{why}\n")), false),
    };
    send(stream, answer, head_only)
}

const PLAIN: &str = "text/plain; charset=utf-8";

fn send(stream: &mut TcpStream, answer: Answer, head_only: bool) -> std::io::Result<()> {
    let (status, kind, length, more) = match &answer {
        Answer::Found(_, length, kind) => ("200 OK", *kind, *length, String::new()),
        Answer::Text(status, kind, text) => {
            let more = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
            (*status, *kind, text.len() as u64, more.to_owned())
        }
        Answer::Moved(to) => ("301 Moved Permanently", PLAIN, 0, format!("Location: {to}\r\n")),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}Cache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    match answer {
        Answer::Found(file, length, _) if !head_only => drop(std::io::copy(&mut file.take(length), stream)?),
        Answer::Text(_, _, text) if !head_only => stream.write_all(text.as_bytes())?,
        _ => {}
    }
    stream.flush()
}

fn find(shown: &Shown, path: &str) -> Answer {
    let none = || Answer::Text("404 Not Found", PLAIN, "There is no such page in the release.\n".to_owned());
    let names = request::names(path);
    if let Some(names) = names.as_ref().filter(|names| names[0] == DRIFT) {
        return drift(&shown.runs, names).unwrap_or_else(none);
    }
    let Some(release) = shown.releases.current().and_then(|release| std::fs::canonicalize(release).ok()) else {
        return Answer::Text("404 Not Found", PLAIN, "Nothing is published yet.\n".to_owned());
    };
    let Some(names) = names else { return none() };
    if names == [""] {
        return Answer::Text("200 OK", "text/html; charset=utf-8", index(&release, &shown.runs));
    }
    let Some(tree) =
        TREES.into_iter().map(|tree| release.join(tree.to_string())).find(|tree| tree.ends_with(&names[0]))
    else {
        return none();
    };
    // What the path leads to in the end must lie in its tree, whatever links there are.
    let Ok(found) = std::fs::canonicalize(names.iter().fold(release, |path, name| path.join(name))) else {
        return none();
    };
    if !found.starts_with(&tree) {
        return none();
    }
    let as_folder = path.ends_with('/');
    match (found.is_dir(), as_folder) {
        (true, false) => Answer::Moved(format!("{path}/")),
        (true, true) => open(&found.join("index.html")).unwrap_or_else(none),
        (false, false) => open(&found).unwrap_or_else(none),
        (false, true) => none(),
    }
}

/// The page of how things stand and the files it needs; not the ledger beside it.
fn drift(runs: &Path, names: &[String]) -> Option<Answer> {
    match names {
        [_] => Some(Answer::Moved(format!("/{DRIFT}/"))),
        [_, page] if page.is_empty() => open(&runs.join(run::STATUS_PAGE)),
        [_, folder, file] if folder == "assets" && !file.is_empty() => {
            let assets = std::fs::canonicalize(runs.join(folder)).ok()?;
            let found = std::fs::canonicalize(assets.join(file)).ok()?;
            found.starts_with(&assets).then(|| open(&found))?
        }
        _ => None,
    }
}

fn open(path: &Path) -> Option<Answer> {
    let file = File::open(path).ok()?;
    let about = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    Some(Answer::Found(file, about.len(), content_type(path)))
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("csv") => "text/csv; charset=utf-8",
        Some("json") => "application/json",
        Some("txt") => PLAIN,
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("parquet") => "application/vnd.apache.parquet",
        _ => "application/octet-stream",
    }
}

/// The trees that there are; of those with one folder per reader, the first pages.
fn index(release: &Path, runs: &Path) -> String {
    const SHOWN: usize = 20;
    let mut items = String::new();
    if runs.join(run::STATUS_PAGE).is_file() {
        items += &format!("<li><a href=\"/{DRIFT}/\">/{DRIFT}/</a></li>\n");
    }
    for tree in TREES.map(|tree| tree.to_string()) {
        let folder = release.join(&tree);
        if folder.join("index.html").is_file() {
            items += &format!("<li><a href=\"/{tree}/\">/{tree}/</a></li>\n");
        }
        let pages = pages_below(&folder);
        for name in pages.iter().take(SHOWN) {
            items += &format!("<li><a href=\"/{tree}/{name}/\">/{tree}/{name}/</a></li>\n");
        }
        if pages.len() > SHOWN {
            items += &format!("<li>/{tree}/…/ and {} more</li>\n", pages.len() - SHOWN);
        }
    }
    let name = release.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{name}</title>\n<h1>{name}</h1>\n\
         <ul>\n{items}</ul>\n</html>\n"
    )
}

/// Folders of a tree that have a page of their own, by name; names that a path cannot have are left out.
fn pages_below(folder: &Path) -> Vec<String> {
    let plain = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path()).collect();
    let with_page = entries.iter().filter(|path| path.join("index.html").is_file());
    let mut names: Vec<String> =
        with_page.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).filter(plain).collect();
    names.sort();
    names
}
