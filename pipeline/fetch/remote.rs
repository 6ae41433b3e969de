//! One source on a server: which files it should have, which of them are news, and under which name they land.
//!
//! Knows nothing of HTTP's ways or of how long is waited; see `http` and `retry`.

use anyhow::{Context, ensure};
use url::Url;

use super::checksum;
use super::deadline::Deadline;
use super::http::{self, Answer, Ask, Client, Received, Validators};
use super::landing::{self, Card, Shelf};
use super::retry::{Clock, GivenUp, persist};
use super::{Failed, Fetch, Fetched, pause, told};
use crate::calendar::Month;
use crate::config::{Checksum, DATE_SLOT, MONTH_SLOT, Remote, Token, is_plain_name};
use crate::contract::Contract;
use crate::disk::{self, Beside};

/// What came of one file.
enum Got {
    New(String),
    Unchanged(String),
    Absent,
}

/// What is declared of a file's bytes.
enum Declared {
    /// Nothing, and nothing should be.
    Nothing,
    Sum(String),
    /// There are checksums of other files and none of this one: why that is a failure, where it is one.
    Missing(String),
    /// The file of checksums itself is not there.
    Gone(String),
}

/// Fetches what is new at one address of a source.
pub(super) fn bring(
    fetch: &Fetch<'_>,
    deadline: Deadline,
    contract: &Contract,
    remote: &Remote,
    fetched: &mut Fetched,
) {
    let mut of_address = Fetched::default();
    let whole = Address::open(fetch, deadline, contract, remote).and_then(|mut address| address.bring(&mut of_address));
    if let Err(error) = whole {
        let what = remote.url.split('?').next().unwrap_or("").to_owned();
        of_address.failed.push(Failed { what, reason: told(&error) });
    }
    for failed in &of_address.failed {
        tracing::error!("{}: {} was not fetched: {}", contract.source, failed.what, failed.reason);
    }
    fetched.new.extend(of_address.new);
    fetched.unchanged.extend(of_address.unchanged);
    fetched.absent.extend(of_address.absent);
    fetched.failed.extend(of_address.failed);
}

/// An address of a source while it is being fetched.
struct Address<'a> {
    fetch: &'a Fetch<'a>,
    contract: &'a Contract,
    remote: &'a Remote,
    shelf: Shelf,
    client: Client<'a>,
    deadline: Deadline,
    token: Option<String>,
}

impl<'a> Address<'a> {
    fn open(
        fetch: &'a Fetch<'a>,
        deadline: Deadline,
        contract: &'a Contract,
        remote: &'a Remote,
    ) -> anyhow::Result<Address<'a>> {
        let token = remote.token.as_ref().map(read_token).transpose()?;
        let shelf = Shelf::open(landing::folder(&fetch.config.root, &contract.source))?;
        let client = Client::start(&fetch.config.fetching, deadline, &address(&remote.url, None)?)?;
        Ok(Address { fetch, contract, remote, shelf, client, deadline, token })
    }

    fn bring(&mut self, fetched: &mut Fetched) -> anyhow::Result<()> {
        let months = months(self.remote.first_month, self.fetch.as_of);
        for (at, month) in months.iter().enumerate() {
            let url = address(&self.remote.url, *month)?;
            let what = http::shown(&url);
            (self.fetch.progress)(&what);
            match self.file(&url, *month) {
                Ok(Got::New(name)) => {
                    tracing::info!("{}: {what} landed as {name}", self.contract.source);
                    fetched.new.push(name);
                }
                Ok(Got::Unchanged(name)) => fetched.unchanged.push(name),
                Ok(Got::Absent) => match month {
                    Some(month) => fetched.absent.push(month.to_string()),
                    None => fetched.failed.push(Failed { what, reason: NOT_THERE.to_owned() }),
                },
                Err(GivenUp::File(reason)) => fetched.failed.push(Failed { what, reason }),
                Err(GivenUp::Server(reason)) => {
                    let left = months.len() - at - 1;
                    let left =
                        if left > 0 { format!(" ({left} more months were not asked for)") } else { String::new() };
                    fetched.failed.push(Failed { what, reason: reason + &left });
                    break;
                }
            }
        }
        let nothing = fetched.new.is_empty() && fetched.unchanged.is_empty() && fetched.failed.is_empty();
        ensure!(!nothing || fetched.absent.is_empty(), "the server has none of the months; look at `url`");
        if fetched.new.is_empty() { Ok(()) } else { disk::sync(self.shelf.folder()) }
    }

    fn file(&mut self, url: &Url, month: Option<Month>) -> Result<Got, GivenUp> {
        let before = self.shelf.last_from(&identity(url)).cloned();
        if let Some(before) = before.as_ref().filter(|before| self.moves() && before.card.per > self.fetch.as_of) {
            tracing::info!("{}: what the server has now came after the run's date", before.name);
            return Ok(Got::Unchanged(before.name.clone()));
        }
        let declared = match self.declared(url, month)? {
            Declared::Nothing => None,
            Declared::Sum(sum) => Some(sum),
            // A month that is not there yet has no checksum either; without one nothing is taken.
            Declared::Missing(_) if month.is_some() => {
                return Ok(before.map_or(Got::Absent, |before| Got::Unchanged(before.name)));
            }
            Declared::Missing(why) => return Err(GivenUp::File(why)),
            Declared::Gone(why) => return self.without_checksum(url, month, before, why),
        };
        if let Some(before) = before.as_ref().filter(|before| declared.as_ref() == Some(&before.card.sha256)) {
            return Ok(Got::Unchanged(before.name.clone()));
        }
        // With a checksum that the file before does not have, it is the new file that is wanted. And one that landed and
        // was not taken in may be half of what the server calls by the same tag.
        let known = before.as_ref().filter(|before| declared.is_none() && self.is_in_force(&before.card.sha256));
        let known = known.map(|before| &before.card.validators);
        let known = known.filter(|validators| **validators != Validators::default());
        let mut file = Beside::start(self.shelf.folder()).map_err(here)?;
        let largest = self.fetch.config.fetching.largest;
        let received = match (self.ask(url, known, largest, &mut file)?, before) {
            (Answer::Whole(received), _) => received,
            (Answer::Unchanged, Some(before)) => return Ok(Got::Unchanged(before.name)),
            // A server need not keep what has landed.
            (Answer::Absent, Some(before)) if month.is_some() => return Ok(Got::Unchanged(before.name)),
            _ => return Ok(Got::Absent),
        };
        if let Some(declared) = declared.filter(|declared| *declared != received.sha256) {
            return Err(GivenUp::File(format!(
                "the file's SHA-256 is {}, declared is {declared}: it was changed on its way, or the checksum is of \
                 another version",
                received.sha256
            )));
        }
        self.land(url, month, received, file)
    }

    fn land(&mut self, url: &Url, month: Option<Month>, received: Received, file: Beside) -> Result<Got, GivenUp> {
        let name = self.name(url, month, received.name.as_deref());
        let name = name.map_err(|error| GivenUp::File(format!("{error:#}")))?;
        let card = Card {
            url: http::shown(url),
            adresse: identity(url),
            sha256: received.sha256,
            bytes: received.bytes,
            hentet: self.fetch.now,
            per: self.fetch.as_of,
            nummer: 0,
            validators: received.validators,
        };
        let (name, is_new) = self.shelf.keep(&name, card, file).map_err(here)?;
        Ok(if is_new { Got::New(name) } else { Got::Unchanged(name) })
    }

    /// Whether a file that landed was taken in, and stands.
    fn is_in_force(&self, sha256: &str) -> bool {
        let deliveries = self.fetch.state.deliveries.get(&self.contract.source);
        deliveries.is_some_and(|deliveries| deliveries.values().any(|delivery| delivery.is_of(sha256)))
    }

    /// A month that is not there yet has no file of checksums of its own either; with the month there, and for checksums
    /// that all months share, it is lost.
    fn without_checksum(
        &self,
        url: &Url,
        month: Option<Month>,
        before: Option<landing::Landed>,
        why: String,
    ) -> Result<Got, GivenUp> {
        let per_month = matches!(&self.remote.checksum, Some(Checksum::At(at)) if at.contains(MONTH_SLOT));
        if !per_month {
            return Err(GivenUp::Server(why));
        }
        let mut file = Beside::start(self.shelf.folder()).map_err(here)?;
        let known = before.as_ref().map(|before| &before.card.validators);
        match self.ask(url, known, self.fetch.config.fetching.largest, &mut file)? {
            Answer::Absent if month.is_some() => Ok(before.map_or(Got::Absent, |before| Got::Unchanged(before.name))),
            _ => Err(GivenUp::File(why)),
        }
    }

    /// Asks until an answer comes.
    fn ask(&self, url: &Url, known: Option<&Validators>, largest: u64, into: &mut Beside) -> Result<Answer, GivenUp> {
        let own = address(&self.remote.url, None).ok();
        let is_own = own.is_some_and(|own| own.origin() == url.origin());
        let ask = Ask { url, token: self.token.as_deref().filter(|_| is_own), known, largest };
        let what = format!("{}: {}", self.contract.source, http::shown(url));
        let clock = Clock { left: &|| self.deadline.left(), pause: &pause };
        persist(&self.fetch.config.fetching, &what, &clock, || self.client.get(&ask, into))
    }

    /// The checksum that the file must have.
    fn declared(&self, url: &Url, month: Option<Month>) -> Result<Declared, GivenUp> {
        let at = match &self.remote.checksum {
            None => return Ok(Declared::Nothing),
            Some(Checksum::Fixed(hex)) => return Ok(Declared::Sum(hex.clone())),
            Some(Checksum::At(at)) => address(at, month).map_err(here)?,
        };
        let mut file = Beside::start(self.shelf.folder()).map_err(here)?;
        let context = |why| format!("checksums from {}: {why}", http::shown(&at));
        match self.ask(&at, None, checksum::LARGEST, &mut file) {
            Ok(Answer::Whole(_)) => {}
            Ok(_) => return Ok(Declared::Gone(context(NOT_THERE.to_owned()))),
            Err(GivenUp::File(why)) => return Err(GivenUp::File(context(why))),
            Err(GivenUp::Server(why)) => return Err(GivenUp::Server(context(why))),
        }
        let text = disk::read_text(file.path()).map_err(here)?;
        let named = self.remote.name.as_ref().map(|name| self.filled(name, month));
        let names: Vec<&str> = last_segment(url).into_iter().chain(named.as_deref()).collect();
        match checksum::find(&text, &names) {
            Ok(Some(sum)) => Ok(Declared::Sum(sum)),
            Ok(None) => Ok(Declared::Missing(context(format!("there is no line for {}", names.join(" or "))))),
            Err(error) => Err(GivenUp::Server(context(error.to_string()))),
        }
    }

    /// Whether the address is of whatever is newest.
    fn moves(&self) -> bool {
        self.remote.name.as_ref().is_some_and(|name| name.contains(DATE_SLOT))
    }

    fn filled(&self, name: &str, month: Option<Month>) -> String {
        fill(name, month).replace(DATE_SLOT, &self.fetch.as_of.to_string())
    }

    /// The name that a file lands under: the configured one, the server's, or the address's.
    fn name(&self, url: &Url, month: Option<Month>, servers: Option<&str>) -> anyhow::Result<String> {
        let (name, of) = match (&self.remote.name, servers) {
            (Some(name), _) => (self.filled(name, month), "`navn`"),
            (None, Some(name)) => (name.to_owned(), "the name in Content-Disposition"),
            (None, None) => (last_segment(url).unwrap_or("").to_owned(), "the end of `url`"),
        };
        ensure!(is_plain_name(&name), "{of} is no plain file name; give the source a `navn`");
        self.contract.file_name.read(&name).with_context(|| {
            format!("{of} is no name that {} is delivered under; give the source a `navn`", self.contract.source)
        })?;
        Ok(name)
    }
}

/// What did not succeed on this machine. Where its disk is the cause, the next file would meet the same.
fn here(error: anyhow::Error) -> GivenUp {
    let because_of_the_disk = disk::advice(&error).is_some();
    if because_of_the_disk { GivenUp::Server(told(&error)) } else { GivenUp::File(told(&error)) }
}

const NOT_THERE: &str = "the server has no such file; look at the address";

/// The months that an address is asked for, oldest first: those that are over before the run's date. One answer without
/// a month for an address without months.
fn months(first: Option<Month>, as_of: jiff::civil::Date) -> Vec<Option<Month>> {
    let Some(first) = first else { return vec![None] };
    let over = Month::of(as_of).since(first).max(0);
    (0..over).map(|n| Some(first.plus(n))).collect()
}

fn fill(text: &str, month: Option<Month>) -> String {
    match month {
        Some(month) => text.replace(MONTH_SLOT, &month.to_string()),
        None => text.to_owned(),
    }
}

/// An address for a month.
fn address(text: &str, month: Option<Month>) -> anyhow::Result<Url> {
    // The error would quote the address.
    Url::parse(&fill(text, month)).map_err(|error| anyhow::anyhow!("`url` is no address: {error}"))
}

/// Tells an address from every other, its query included, and does not tell the address.
fn identity(url: &Url) -> String {
    disk::sha256(url.as_str().as_bytes()).chars().take(16).collect()
}

fn last_segment(url: &Url) -> Option<&str> {
    url.path_segments()?.next_back().filter(|segment| !segment.is_empty())
}

/// A bearer token. No error holds it.
fn read_token(token: &Token) -> anyhow::Result<String> {
    let (value, place) = match token {
        Token::Variable(name) => {
            let value = std::env::var(name).ok();
            (value.with_context(|| format!("`token_miljo`: there is no environment variable {name}"))?, name.clone())
        }
        Token::File(path) => {
            let text = disk::read_text(path).context("`token_fil`")?;
            (text, path.display().to_string())
        }
    };
    let value = value.trim();
    ensure!(!value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()), "{place} holds no token");
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_asked_for_when_they_are_over() {
        let asked = |first: &str, as_of| -> Vec<String> {
            months(first.parse().ok(), as_of).into_iter().flatten().map(|month| month.to_string()).collect()
        };
        let date = jiff::civil::date;
        assert_eq!(asked("2025-11", date(2026, 1, 31)), ["2025-11", "2025-12"]);
        assert_eq!(asked("2025-11", date(2026, 2, 1)), ["2025-11", "2025-12", "2026-01"]);
        assert!(asked("2026-11", date(2026, 11, 30)).is_empty());
        assert_eq!(months(None, date(2026, 1, 1)), [None]);
    }

    #[test]
    fn a_token_is_one_word_and_never_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let read = |text: &str| {
            disk::write(&file, text.as_bytes()).unwrap();
            read_token(&Token::File(file.clone())).map_err(|error| format!("{error:#}"))
        };
        assert_eq!(read("abc.def\n").unwrap(), "abc.def");
        for text in ["", "\n", "two words", "sécret"] {
            let error = read(text).unwrap_err();
            assert!(error.ends_with("token holds no token"), "{error}");
        }
        disk::remove(&file).unwrap();
        assert!(read_token(&Token::File(file)).is_err());
        let error = read_token(&Token::Variable("SPEIL_NO_SUCH_TOKEN".into())).unwrap_err().to_string();
        assert!(error.contains("no environment variable SPEIL_NO_SUCH_TOKEN"), "{error}");
    }
}
