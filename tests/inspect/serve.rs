//! `speil serve` over loopback: what a browser gets, and what it does not.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};

use speil::run::ExitCode;

use super::explain::a_doctor;
use super::{command, hashes};
use crate::support::Root;

/// `speil serve` on a free port; ended when the test is.
struct Served(Child, SocketAddr);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn serve(root: &Root) -> Served {
    let mut child = command(root, &["serve", "--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    let address = first.split("http://").nth(1).unwrap().trim().trim_end_matches('/').parse().unwrap();
    Served(child, address)
}

impl Served {
    fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.1).unwrap();
        // The server may answer and close before it has read all.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn ask(&self, method: &str, path: &str) -> (String, String, String) {
        let answer = self.raw(&format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.1));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{path}: {answer}"));
        let (status, headers) = head.split_once("\r\n").unwrap();
        (status.trim_start_matches("HTTP/1.1 ").to_owned(), headers.to_owned(), body.to_owned())
    }
}

#[test]
fn a_release_is_shown_on_loopback_and_nothing_else_is() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let hpr = a_doctor(&root)["rekvirent_hpr"].clone();
    let served = serve(&root);
    assert!(served.1.ip().is_loopback());
    let (status, headers, body) = served.ask("GET", "/");
    assert_eq!(status, "200 OK");
    assert!(headers.contains("text/html; charset=utf-8"), "{headers}");
    assert!(
        body.contains("href=\"/offentlig/\"") && body.contains("href=\"/lege/") && !body.contains("tabeller"),
        "{body}"
    );

    for (path, file, kind) in [
        ("/offentlig/", "offentlig/index.html".to_owned(), "text/html; charset=utf-8"),
        ("/offentlig/nasjonalt/?x=1", "offentlig/nasjonalt/index.html".to_owned(), "text/html; charset=utf-8"),
        (
            "/offentlig/data/reservasjon_klasser.csv",
            "offentlig/data/reservasjon_klasser.csv".to_owned(),
            "text/csv; charset=utf-8",
        ),
        (&format!("/lege/{hpr}/"), format!("lege/{hpr}/index.html"), "text/html; charset=utf-8"),
    ] {
        let (status, headers, body) = served.ask("GET", path);
        assert_eq!(status, "200 OK", "{path}");
        assert!(headers.contains(&format!("Content-Type: {kind}")), "{path}: {headers}");
        let file = fs::read_to_string(root.current().join(file)).unwrap();
        assert!(body == file, "{path}");
        let (status, head, none) = served.ask("HEAD", path);
        assert_eq!((status.as_str(), none.as_str()), ("200 OK", ""));
        assert!(head.contains(&format!("Content-Length: {}", file.len())), "{head}");
    }
    let style = hashes(&root.current().join("offentlig/assets")).into_keys().find(|f| f.extension().unwrap() == "css");
    let (_, headers, _) = served.ask("GET", &format!("/offentlig/assets/{}", style.unwrap().display()));
    assert!(headers.contains("Content-Type: text/css; charset=utf-8"), "{headers}");
    let (status, headers, _) = served.ask("GET", "/offentlig");
    assert!(status.starts_with("301") && headers.contains("Location: /offentlig/\r\n"), "{status} {headers}");

    std::os::unix::fs::symlink(root.path().join("speil.toml"), root.current().join("offentlig/ut.html")).unwrap();
    for path in [
        "/offentlig/nei.html",
        "/offentlig/../state.json",
        "/offentlig/%2e%2e/state.json",
        "/offentlig/..%2fstate.json",
        "/offentlig//index.html",
        "/offentlig/ut.html",
        "/offentlig/index.html/",
        "/state.json",
        "/manifest.json",
        "/tabeller/reservasjonsgrad_lege.parquet",
        "//etc/passwd",
        "/etc/passwd",
        "/offentlig/index.html%00",
        "/lege/",
    ] {
        let (status, headers, _) = served.ask("GET", path);
        assert_eq!(status, "404 Not Found", "{path}");
        assert!(headers.contains("Content-Type: text/plain"), "{headers}");
    }
}

#[test]
fn other_requests_are_turned_down_and_the_server_goes_on() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let served = serve(&root);
    let (status, headers, _) = served.ask("POST", "/offentlig/");
    assert!(status.starts_with("405") && headers.contains("Allow: GET, HEAD"), "{status}");
    assert!(served.raw("hei\r\n\r\n").starts_with("HTTP/1.1 400"));
    assert!(served.raw("GET offentlig HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 400"));
    // A page of another site must not reach in under that site's name.
    assert!(served.raw("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n").starts_with("HTTP/1.1 400"));
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    let answer = served.raw(&long);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    drop(TcpStream::connect(served.1).unwrap());
    // One who says nothing holds nobody up.
    let _silent = TcpStream::connect(served.1).unwrap();
    assert_eq!(served.ask("GET", "/offentlig/").0, "200 OK");
}
