//! `speil serve`: a look at the release that is shown, on this machine only.
//!
//! A preview, not the portal's web server: it lets whoever sits here see every tree. Files of the trees and nothing
//! else are shown; `tabeller`, manifest and state are no web root.

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

/// The trees that a reader may be let into, by their folders' names.
const TREES: [Tree; 4] = [Tree::Offentlig, Tree::Lege, Tree::Fylke, Tree::Intern];
/// How long the other side may keep silent.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many are answered at a time; browsers ask for a handful of files at once.
const MOST_AT_A_TIME: usize = 32;

/// A server that listens on this machine's own address.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    releases: Releases,
}

impl Server {
    /// Listens on a port of 127.0.0.1; port 0 takes a free one.
    pub fn bind(config: &Config, port: u16) -> anyhow::Result<Server> {
        let address = (Ipv4Addr::LOCALHOST, port);
        let listener = TcpListener::bind(address).with_context(|| format!("listening on 127.0.0.1:{port}"))?;
        Ok(Server { listener, releases: Releases::at(&config.root) })
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
            let (releases, under_way) = (self.releases.clone(), under_way.clone());
            std::thread::spawn(move || {
                // One who goes away while being answered is no failure.
                let _ = answer(&mut stream, &releases);
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

fn answer(stream: &mut TcpStream, releases: &Releases) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let Some(request) = request::read(stream) else { return Ok(()) };
    let (answer, head_only) = match request {
        Ok(Request { head_only, path }) => (find(releases, &path), head_only),
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

fn find(releases: &Releases, path: &str) -> Answer {
    let none = || Answer::Text("404 Not Found", PLAIN, "There is no such page in the release.\n".to_owned());
    let Some(release) = releases.current().and_then(|release| std::fs::canonicalize(release).ok()) else {
        return Answer::Text("404 Not Found", PLAIN, "Nothing is published yet.\n".to_owned());
    };
    let Some(names) = request::names(path) else { return none() };
    if names == [""] {
        return Answer::Text("200 OK", "text/html; charset=utf-8", index(&release));
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
fn index(release: &Path) -> String {
    const SHOWN: usize = 20;
    let mut items = String::new();
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
