//! One request for one file over HTTP: what is asked, which answers are taken, and what a failure allows next.
//!
//! Knows nothing of sources, names or places on disk. No message holds a query, a token or what a server sent.

use std::io::Read;
use std::time::{Duration, Instant};

use anyhow::Context;
use reqwest::StatusCode;
use reqwest::blocking::{self, RequestBuilder, Response};
use reqwest::header::{self, HeaderMap};
use reqwest::redirect::Policy;
use sha2::{Digest, Sha256};
use url::{Host, Url};

use super::deadline::{self, Deadline};
use super::header_text::{disposition_name, looks_like_html, retry_after};
use super::told;
use crate::config::Fetching;
use crate::disk::{self, Beside};

/// More redirects than these are a loop.
const MOST_REDIRECTS: usize = 5;

/// Asks one host.
pub(super) struct Client<'a> {
    inner: blocking::Client,
    fetching: &'a Fetching,
    deadline: Deadline,
}

/// What is asked for.
pub(super) struct Ask<'a> {
    pub(super) url: &'a Url,
    /// Sent as a bearer token to this host, and to no other that it redirects to.
    pub(super) token: Option<&'a str>,
    /// What is known of the file that landed before: only a changed one is wanted.
    pub(super) known: Option<&'a Validators>,
    /// A file of more bytes is not taken.
    pub(super) largest: u64,
}

/// What tells one version of a file from another, in the server's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Validators {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_modified: Option<String>,
}

/// What came of a request.
#[derive(Debug)]
pub(super) enum Answer {
    /// The file is the one that is known.
    Unchanged,
    /// The server has no such file.
    Absent,
    /// The whole file is written.
    Whole(Received),
}

/// A file that arrived whole.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) bytes: u64,
    pub(super) sha256: String,
    pub(super) validators: Validators,
    /// What the server calls it, unchecked.
    pub(super) name: Option<String>,
}

/// Why no file came.
#[derive(Debug)]
pub(super) enum Miss {
    /// It may come when it is asked for again, at the earliest after `wait` if the server says so.
    Again { why: String, wait: Option<Duration> },
    /// Asking again tonight would give the same.
    Final(String),
    /// Nothing comes of this server tonight, whatever it is asked for.
    Server(String),
}

impl<'a> Client<'a> {
    /// A client for a host; one for this machine asks no proxy. No answer is waited for beyond the deadline.
    pub(super) fn start(fetching: &'a Fetching, deadline: Deadline, url: &Url) -> anyhow::Result<Client<'a>> {
        let builder = blocking::Client::builder()
            .connect_timeout(fetching.connect)
            .timeout(fetching.silence)
            .redirect(Policy::custom(follow))
            // The address asked for may hold a secret, which another host must not see.
            .referer(false)
            .user_agent(concat!("speil/", env!("CARGO_PKG_VERSION")));
        let builder = if is_loopback(url) { builder.no_proxy() } else { builder };
        let inner = builder.build().context("starting the HTTP client")?;
        Ok(Client { inner, fetching, deadline })
    }

    /// Asks once. What comes is written to `into`, which is emptied first.
    pub(super) fn get(&self, ask: &Ask<'_>, into: &mut Beside) -> Result<Answer, Miss> {
        into.restart().map_err(on_disk)?;
        let started = Instant::now();
        let response = self.request(ask).send().map_err(|error| self.not_answered(error))?;
        let status = response.status();
        match status {
            StatusCode::OK => self.receive(response, ask, started, into).map(Answer::Whole),
            StatusCode::NOT_MODIFIED if ask.known.is_some() => Ok(Answer::Unchanged),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Answer::Absent),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Miss::Final(format!("the server answers {status}; look at `token_miljo` or `token_fil`")))
            }
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Err(busy(&response)),
            _ if status.is_server_error() => Err(busy(&response)),
            _ => Err(Miss::Final(format!("the server answers {status}, which is no file; look at `url`"))),
        }
    }

    fn request(&self, ask: &Ask<'_>) -> RequestBuilder {
        let mut request = self.inner.get(ask.url.clone());
        // A request's own timeout is for all of it, the client's for each silence.
        let left = self.deadline.left();
        if left < self.fetching.silence {
            request = request.timeout(left);
        }
        if let Some(token) = ask.token {
            request = request.bearer_auth(token);
        }
        if let Some(known) = ask.known {
            let conditions = [(header::IF_NONE_MATCH, &known.etag), (header::IF_MODIFIED_SINCE, &known.last_modified)];
            for (name, value) in conditions {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
        }
        request
    }

    fn over(&self) -> Miss {
        Miss::Server(deadline::over(self.fetching))
    }

    fn not_answered(&self, error: reqwest::Error) -> Miss {
        let (timeout, redirect, wrong) = (error.is_timeout(), error.is_redirect(), error.is_builder());
        let why = causes(&error.without_url());
        if redirect || wrong {
            return Miss::Final(why);
        }
        if self.deadline.is_over() {
            return self.over();
        }
        let silent = || format!("no answer within {} s", self.fetching.silence.as_secs_f64());
        Miss::Again { why: if timeout { silent() } else { why }, wait: None }
    }

    fn receive(
        &self,
        mut response: Response,
        ask: &Ask<'_>,
        started: Instant,
        into: &mut Beside,
    ) -> Result<Received, Miss> {
        let declared = response.content_length();
        acceptable(response.headers(), declared, ask.largest)?;
        let validators = validators(response.headers());
        let name = text(response.headers(), header::CONTENT_DISPOSITION).and_then(|value| disposition_name(&value));
        let mut hash = Sha256::new();
        let mut bytes: u64 = 0;
        let mut buffer = vec![0; 1 << 16];
        let broken = |bytes, why: &str| Miss::Again {
            why: format!("the file broke off after {bytes} bytes ({why})"),
            wait: None,
        };
        loop {
            let n = match response.read(&mut buffer) {
                Ok(n) => n,
                Err(_) if self.deadline.is_over() => return Err(self.over()),
                Err(error) => return Err(broken(bytes, &innermost(&error))),
            };
            if n == 0 {
                break;
            }
            if bytes == 0 && looks_like_html(&buffer[..n]) {
                return Err(html());
            }
            bytes += n as u64;
            if bytes > ask.largest {
                return Err(too_large(ask.largest));
            }
            if started.elapsed() > self.fetching.total {
                let limit = self.fetching.total.as_secs_f64();
                return Err(Miss::Server(format!("the file took longer than {limit} s (`totalt_sekunder`)")));
            }
            if self.deadline.is_over() {
                return Err(self.over());
            }
            hash.update(&buffer[..n]);
            into.add(&buffer[..n]).map_err(on_disk)?;
        }
        if bytes == 0 {
            return Err(Miss::Final("the server sent an empty file".to_owned()));
        }
        if declared.is_some_and(|declared| declared != bytes) {
            return Err(broken(bytes, "another length was declared"));
        }
        Ok(Received { bytes, sha256: disk::hex(&hash.finalize()), validators, name })
    }
}

/// Whether a file may be read to its end, by what the server says of it.
fn acceptable(headers: &HeaderMap, declared: Option<u64>, largest: u64) -> Result<(), Miss> {
    let kind = text(headers, header::CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    if kind.starts_with("text/html") || kind.starts_with("application/xhtml") {
        return Err(html());
    }
    if text(headers, header::CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Err(Miss::Final("the server sent the file in an encoding that was not asked for".to_owned()));
    }
    if declared.is_some_and(|declared| declared > largest) {
        return Err(too_large(largest));
    }
    // Such a file ends where the connection ends, so that half of it looks whole.
    if declared.is_none() && text(headers, header::TRANSFER_ENCODING).is_none() {
        let what = "the server tells neither the file's length nor its end, so that half a file would pass for a whole \
                    one; it must send Content-Length or chunks";
        return Err(Miss::Final(what.to_owned()));
    }
    Ok(())
}

/// Redirects stay encrypted, or on this machine when that is where they began.
fn follow(attempt: reqwest::redirect::Attempt<'_>) -> reqwest::redirect::Action {
    let started_here = attempt.previous().first().is_some_and(|url| url.scheme() == "http" && is_loopback(url));
    let allowed = attempt.url().scheme() == "https" || (started_here && is_loopback(attempt.url()));
    if attempt.previous().len() > MOST_REDIRECTS {
        attempt.error(format!("more than {MOST_REDIRECTS} redirects"))
    } else if !allowed {
        attempt.error("a redirect to an address that is not https://")
    } else {
        attempt.follow()
    }
}

/// Whether an address is this machine's.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// An address as messages may show it: without its query, which may hold a secret.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.to_string()
}

fn busy(response: &Response) -> Miss {
    let of = |name| text(response.headers(), name);
    let wait = of(header::RETRY_AFTER).and_then(|after| retry_after(&after, of(header::DATE).as_deref()));
    Miss::Again { why: format!("the server answers {}", response.status()), wait }
}

fn html() -> Miss {
    let what = "the server sent a web page where a file was asked for: a page for signing in, or of an error? Open `url` \
                in a browser";
    Miss::Final(what.to_owned())
}

fn too_large(largest: u64) -> Miss {
    Miss::Final(format!("the file is larger than {} MiB (`storste_mib` in [henting])", largest >> 20))
}

/// On this machine's disk the next file would meet the same.
fn on_disk(error: anyhow::Error) -> Miss {
    Miss::Server(told(&error))
}

fn validators(headers: &HeaderMap) -> Validators {
    Validators { etag: text(headers, header::ETAG), last_modified: text(headers, header::LAST_MODIFIED) }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// An error with its causes; the address is taken out before.
fn causes(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_told = cause.to_string();
        if !told.contains(&cause_told) {
            told = format!("{told}: {cause_told}");
        }
        next = cause.source();
    }
    told
}

/// The cause that says most: those around it say only that a body could not be read, and may name the address.
fn innermost(error: &std::io::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    if let Some(inner) = error.get_ref() {
        innermost = inner;
    }
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}
