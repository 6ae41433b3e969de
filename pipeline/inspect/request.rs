//! One HTTP request: its head read within limits, its path brought to names of folders and a file.
//!
//! Knows nothing of releases. What is not plainly a path below the root is no path.

use std::io::{ErrorKind, Read};

/// The longest request head that is read.
const LONGEST_HEAD: usize = 8 * 1024;

/// A request that is answered with a file or not at all.
#[derive(Debug, PartialEq)]
pub(super) struct Request {
    /// Whether only the head of the answer is wanted.
    pub(super) head_only: bool,
    /// The path as asked for, without its query.
    pub(super) path: String,
}

/// A request that is turned down: status line and why.
pub(super) type Refusal = (&'static str, &'static str);

/// Reads a request's head. `None` when the other side said nothing.
pub(super) fn read(stream: &mut impl Read) -> Option<Result<Request, Refusal>> {
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > LONGEST_HEAD {
            return Some(Err(("431 Request Header Fields Too Large", "the request's head is too long")));
        }
        match stream.read(&mut part) {
            Ok(0) => return None,
            Ok(n) => head.extend_from_slice(&part[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    Some(parse(&head))
}

fn parse(head: &[u8]) -> Result<Request, Refusal> {
    const BAD: Refusal = ("400 Bad Request", "this is no request");
    let text = std::str::from_utf8(head).map_err(|_| BAD)?;
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(BAD);
    };
    if !version.starts_with("HTTP/1.") || !target.starts_with('/') {
        return Err(BAD);
    }
    let host = lines.filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("host"));
    if !host.is_some_and(|(_, host)| is_here(host.trim())) {
        return Err(("400 Bad Request", "ask for localhost or 127.0.0.1"));
    }
    let head_only = match method {
        "GET" => false,
        "HEAD" => true,
        _ => return Err(("405 Method Not Allowed", "only GET and HEAD")),
    };
    let path = target.split(['?', '#']).next().unwrap_or_default().to_owned();
    Ok(Request { head_only, path })
}

/// A page of another site that calls itself by a name that leads here must not read doctors' figures.
fn is_here(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    };
    ["localhost", "127.0.0.1"].contains(&name)
}

/// The names that a path is made of; the last is empty for a folder. `None` when one of them could lead elsewhere.
pub(super) fn names(path: &str) -> Option<Vec<String>> {
    let parts: Vec<String> = path.strip_prefix('/')?.split('/').map(decode).collect::<Option<_>>()?;
    let last = parts.len() - 1;
    let plain = |(at, name): (usize, &String)| {
        (at == last || !name.is_empty()) && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
    };
    parts.iter().enumerate().all(plain).then_some(parts)
}

/// Resolves `%C3%A5`.
fn decode(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after.get(2..)?;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_make_a_path() {
        assert_eq!(names("/a/b%20c/").unwrap(), ["a", "b c", ""]);
        assert_eq!(names("/").unwrap(), [""]);
        for path in
            ["a", "//a", "/a//b", "/../a", "/%2e%2e/a", "/a/.x", "/a%2fb", "/a%00", "/a%", "/a%zz", "/a\\b", "/%ff"]
        {
            assert_eq!(names(path), None, "{path}");
        }
    }

    #[test]
    fn a_request_is_read_or_turned_down() {
        let ask = |text: &str| read(&mut text.as_bytes());
        let request = ask("HEAD /a?b HTTP/1.1\r\nhost: localhost:8080\r\n\r\n").unwrap().unwrap();
        assert_eq!(request, Request { head_only: true, path: "/a".to_owned() });
        assert!(ask("GET / HTTP/1.1\r\n").is_none());
        for text in [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
            "PUT / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET / x HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ] {
            assert!(ask(text).unwrap().is_err(), "{text}");
        }
        let long = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(2 * LONGEST_HEAD));
        assert!(ask(&long).unwrap().unwrap_err().0.starts_with("431"));
    }
}
