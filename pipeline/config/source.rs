//! `[source.NAME]`: where a source is delivered, how it is fetched, and when it is due. Knows no contract and no network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use super::schedule::Schedule;
use crate::calendar::Month;
use crate::closed;

/// Stands for a month in `url`, `sha256_url` and `navn`.
pub const MONTH_SLOT: &str = "{maaned}";
/// Stands for the run's date in `navn`.
pub const DATE_SLOT: &str = "{dato}";

/// Where a source is delivered, and what is expected of it.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// A glob of local files, relative to the configuration file; absent for a source that is fetched.
    pub files: Option<String>,
    /// What is fetched, one address for `url` or one for each name in `filer`; none for local files.
    pub remotes: Vec<Remote>,
    /// The least share of the rows in force that a delivery may have, per cent; absent = what the contract says.
    pub minste_prosent: Option<u64>,
    /// Checks of this source that may fail in this run, since somebody found that the delivery is right: some of
    /// [`ACCEPTABLE`].
    pub accepted: Vec<String>,
    /// When deliveries are due; absent = nobody waits for them.
    pub expected: Option<Expected>,
}

/// What `godta` may name: a month's size, rows that stand there twice, values that no other table knows, a register
/// that is older than the one it replaces.
pub const ACCEPTABLE: [&str; 4] = ["volum", "gjentatt", "referanse", "eldre"];

/// An address that is fetched.
#[derive(Clone, Debug)]
pub struct Remote {
    /// The address; `{maaned}` in it stands for each month from [`Remote::first_month`].
    pub url: String,
    /// The first month that is asked for; there exactly when the address names months.
    pub first_month: Option<Month>,
    /// The name that a file lands under, with `{maaned}` or `{dato}` (the run's date); absent = what the server calls it.
    pub name: Option<String>,
    /// Where the bearer token is; absent = none is sent.
    pub token: Option<Token>,
    /// What the bytes must hash to; absent = whatever comes.
    pub checksum: Option<Checksum>,
}

/// Where a bearer token is. Never the token itself: the configuration is no place for secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// An environment variable.
    Variable(String),
    /// A file, such as one that systemd's `LoadCredential=` gives.
    File(PathBuf),
}

/// A declared SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// 64 hexadecimal digits, in lower case.
    Fixed(String),
    /// The address of a file of lines `<hex>  name`, as `sha256sum` writes them.
    At(String),
}

/// When deliveries are due, and how long a product bears that they are late.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The times at which a delivery is due.
    pub schedule: Schedule,
    /// Days past due after which the products that need the source fail; absent = never.
    pub grace_days: Option<u32>,
}

/// Keys that say how something is fetched.
const OF_FETCHED: &[&str] = &["fra_maaned", "navn", "token_miljo", "token_fil", "sha256", "sha256_url"];
/// Those of them that say something of one address.
const OF_ONE_ADDRESS: &[&str] = &["fra_maaned", "navn", "sha256", "sha256_url"];

/// The keys as an operator writes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSource {
    url: Option<String>,
    filer: Option<BTreeMap<String, String>>,
    minste_prosent: Option<u64>,
    #[serde(default)]
    godta: Vec<String>,
    cron: Option<Schedule>,
    frist_dager: Option<u32>,
    fra_maaned: Option<String>,
    navn: Option<String>,
    token_miljo: Option<String>,
    token_fil: Option<String>,
    sha256: Option<String>,
    sha256_url: Option<String>,
}

impl WrittenSource {
    /// `base` is what a token's file is relative to.
    pub(super) fn check(self, base: &Path) -> anyhow::Result<Source> {
        ensure!(self.minste_prosent.unwrap_or(0) <= 100, "`minste_prosent` is above 100");
        ensure!(
            self.cron.is_some() || self.frist_dager.is_none(),
            "`frist_dager` counts from when a delivery is due; add `cron`, or take `frist_dager` out"
        );
        self.godta.iter().try_for_each(|name| check_acceptable(name))?;
        let expected = self.cron.clone().map(|schedule| Expected { schedule, grace_days: self.frist_dager });
        let (files, remotes) = match (&self.url, &self.filer) {
            (Some(_), Some(_)) => bail!("`url` and `filer` are both given; keep one"),
            (None, None) => bail!("`url` is missing: a glob of local files or an https:// address"),
            (Some(url), None) if url.contains("://") => (None, vec![self.remote(url, base)?]),
            (Some(glob), None) => (Some(self.local(glob)?), Vec::new()),
            (None, Some(named)) => (None, self.several(named, base)?),
        };
        Ok(Source { files, remotes, minste_prosent: self.minste_prosent, accepted: self.godta.clone(), expected })
    }

    fn local(&self, glob: &str) -> anyhow::Result<String> {
        self.has_no("an https:// `url`", OF_FETCHED)?;
        match glob::Pattern::new(glob) {
            Ok(_) => Ok(glob.to_owned()),
            Err(error) => bail!("`url` of local files is no glob: {}", error.msg),
        }
    }

    fn several(&self, named: &BTreeMap<String, String>, base: &Path) -> anyhow::Result<Vec<Remote>> {
        self.has_no("a single `url`", OF_ONE_ADDRESS)?;
        ensure!(!named.is_empty(), "`filer` names no file");
        let remote = |(name, url): (&String, &String)| {
            check_name(name, false).with_context(|| format!("`filer`, {name}"))?;
            Ok(Remote { name: Some(name.clone()), ..self.remote(url, base)? })
        };
        named.iter().map(remote).collect()
    }

    fn has_no(&self, goes_with: &str, keys: &[&str]) -> anyhow::Result<()> {
        let given = [
            ("fra_maaned", &self.fra_maaned),
            ("navn", &self.navn),
            ("token_miljo", &self.token_miljo),
            ("token_fil", &self.token_fil),
            ("sha256", &self.sha256),
            ("sha256_url", &self.sha256_url),
        ];
        let wrong = given.iter().find(|(key, value)| value.is_some() && keys.contains(key));
        wrong.map_or(Ok(()), |(key, _)| bail!("`{key}` goes with {goes_with}"))
    }

    fn remote(&self, url: &str, base: &Path) -> anyhow::Result<Remote> {
        check_address("url", url)?;
        let first_month = self.fra_maaned.as_ref().map(|month| month.parse::<Month>()).transpose();
        let first_month = first_month.context("`fra_maaned`")?;
        let has_months = url.contains(MONTH_SLOT);
        ensure!(
            has_months == first_month.is_some(),
            "`fra_maaned` and {MONTH_SLOT} in `url` go together: the months from the one are asked for in the other"
        );
        if let Some(name) = &self.navn {
            check_name(name, has_months)?;
        }
        ensure!(
            self.token_miljo.is_none() || self.token_fil.is_none(),
            "`token_miljo` and `token_fil` are both given; keep one"
        );
        let variable = self.token_miljo.clone().map(Token::Variable);
        let token = variable.or(self.token_fil.as_ref().map(|file| Token::File(base.join(file))));
        let checksum = check_checksum(self.sha256.clone(), self.sha256_url.clone(), has_months)?;
        Ok(Remote { url: url.to_owned(), first_month, name: self.navn.clone(), token, checksum })
    }
}

fn check_acceptable(name: &str) -> anyhow::Result<()> {
    let nearest = closed::nearest(name, ACCEPTABLE.into_iter()).unwrap_or("");
    ensure!(ACCEPTABLE.contains(&name), "`godta` knows no check `{name}`; the nearest is `{nearest}`");
    Ok(())
}

/// `https://host…`, or `http://` on this machine. No user name and no fragment.
fn check_address(key: &str, url: &str) -> anyhow::Result<()> {
    let (scheme, rest) = url.split_once("://").with_context(|| format!("`{key}` is no https:// address"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or("");
    ensure!(matches!(scheme, "https" | "http"), "`{key}`: {scheme}:// is not fetched; use https:// or a glob of files");
    ensure!(!host.contains('@'), "`{key}` holds a user name or password; use `token_miljo` or `token_fil`");
    let plain = !host.is_empty() && url.chars().all(|c| c.is_ascii_graphic()) && !url.contains('#');
    ensure!(plain, "`{key}` is no address: it needs a host, and neither spaces, letters beyond ASCII nor #");
    ensure!(
        scheme == "https" || is_loopback(host),
        "`{key}`: http:// can be read and changed on its way; use https:// (http:// is for 127.0.0.1 and localhost only)"
    );
    check_slots(key, &url.replace(MONTH_SLOT, ""), MONTH_SLOT)
}

/// Whether a host, with or without port, is this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

fn check_slots(key: &str, without_known: &str, known: &str) -> anyhow::Result<()> {
    ensure!(!without_known.contains(['{', '}']), "`{key}`: what stands in braces can only be {known}");
    Ok(())
}

fn check_name(name: &str, has_months: bool) -> anyhow::Result<()> {
    ensure!(
        name.contains(MONTH_SLOT) == has_months,
        "`navn`: with {MONTH_SLOT} in `url` the name needs it too, or months would share a name; without, it has none"
    );
    let filled = name.replace(MONTH_SLOT, "2026-01").replace(DATE_SLOT, "2026-01-31");
    check_slots("navn", &filled, &format!("{MONTH_SLOT} or {DATE_SLOT}"))?;
    ensure!(
        is_plain_name(&filled),
        "`navn` is no plain file name: letters a-z, digits, `.`, `-` and `_`, not first a `.`, with an ending"
    );
    Ok(())
}

/// A file name that can do no harm: no path, nothing hidden, nothing that looks half-written, with an ending.
pub fn is_plain_name(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    let ending = name.rsplit_once('.').is_some_and(|(stem, ending)| !stem.is_empty() && !ending.is_empty());
    plain && ending && name.len() <= 200 && !name.starts_with(['.', '-']) && !is_half_written(name)
}

/// Names that say that somebody is still writing: hidden ones, and what transfer programs add to the end.
pub fn is_half_written(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with('.') || [".part", ".filepart", ".tmp"].iter().any(|ending| lower.ends_with(ending))
}

fn check_checksum(fixed: Option<String>, at: Option<String>, has_months: bool) -> anyhow::Result<Option<Checksum>> {
    match (fixed, at) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => bail!("`sha256` and `sha256_url` are both given; keep one"),
        (Some(hex), None) => {
            ensure!(!has_months, "`sha256` holds for one file and `url` names many; use `sha256_url`");
            ensure!(is_sha256(&hex), "`sha256` is not 64 hexadecimal digits");
            Ok(Some(Checksum::Fixed(hex.to_ascii_lowercase())))
        }
        (None, Some(url)) => {
            check_address("sha256_url", &url)?;
            ensure!(has_months || !url.contains(MONTH_SLOT), "`sha256_url` names months, but `url` does not");
            Ok(Some(Checksum::At(url)))
        }
    }
}

/// Whether a text is 64 hexadecimal digits.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(keys: &str) -> Result<Source, String> {
        let written: WrittenSource = crate::closed::parse(keys, "f", 1).map_err(|error| error.to_string())?;
        written.check(Path::new("/etc/speil")).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_fetched_source_has_its_keys_and_a_local_one_has_not() {
        let source = check(
            "url = \"https://a.no/u_{maaned}.csv?k=1\"\nfra_maaned = \"2025-11\"\ntoken_fil = \"token\"\n\
             sha256_url = \"https://a.no/SHA256SUMS\"\ncron = \"0 6 10 * *\"\nfrist_dager = 20",
        )
        .unwrap();
        let [remote] = source.remotes.as_slice() else { panic!("{source:?}") };
        assert_eq!(remote.first_month.unwrap().to_string(), "2025-11");
        assert_eq!(remote.token, Some(Token::File("/etc/speil/token".into())));
        assert_eq!(remote.checksum, Some(Checksum::At("https://a.no/SHA256SUMS".into())));
        assert_eq!(source.expected.unwrap().grace_days, Some(20));
        assert_eq!(check("url = \"landing/lege_*\"").unwrap().files.as_deref(), Some("landing/lege_*"));
        assert_eq!(
            check("url = \"http://localhost:8080/x.zip\"\nnavn = \"fest_{dato}.zip\"").unwrap().remotes.len(),
            1
        );
        let several = "token_miljo = \"A\"\n[filer]\n\"klass_104_koder_{dato}.json\" = \"https://a.no/104?from=2018\"\n\
                       \"klass_131_koder_{dato}.json\" = \"https://a.no/131\"";
        let names: Vec<_> = check(several).unwrap().remotes.into_iter().map(|remote| remote.name.unwrap()).collect();
        assert_eq!(names, ["klass_104_koder_{dato}.json", "klass_131_koder_{dato}.json"]);
    }

    #[test]
    fn what_cannot_be_meant_says_what_to_write() {
        let https = "url = \"https://a.no/x.csv\"\n";
        for (keys, what) in [
            ("url = \"http://a.no/x.csv\"", "use https://"),
            ("url = \"http://127.0.0.1.a.no/x.csv\"", "use https://"),
            ("url = \"s3://a/x.csv\"", "s3:// is not fetched"),
            ("url = \"https://me:pw@a.no/x.csv\"", "use `token_miljo` or `token_fil`"),
            ("url = \"https:///x.csv\"", "needs a host"),
            ("url = \"https://a.no/{dag}.csv\"", "can only be {maaned}"),
            ("url = \"https://a.no/{maaned}.csv\"", "go together"),
            ("url = \"https://a.no/{maaned}.csv\"\nfra_maaned = \"2026-13\"", "is not a month"),
            ("url = \"https://a.no/{maaned}.csv\"\nfra_maaned = \"2026-01\"\nnavn = \"u.csv\"", "share a name"),
            (&format!("{https}navn = \"../u.csv\""), "no plain file name"),
            (&format!("{https}navn = \"{{aar}}.csv\""), "{maaned} or {dato}"),
            (&format!("{https}sha256 = \"abc\""), "not 64 hexadecimal digits"),
            (&format!("{https}token_miljo = \"A\"\ntoken_fil = \"b\""), "keep one"),
            (&format!("{https}frist_dager = 3"), "add `cron`"),
            (&format!("{https}tokn_miljo = \"A\""), "the nearest known one is `token_miljo`"),
            ("url = \"l/*\"\ntoken_miljo = \"A\"", "goes with an https:// `url`"),
            ("url = \"l/***\"", "no glob"),
            ("minste_prosent = 3", "`url` is missing"),
            ("url = \"l/*\"\nfiler = {}", "keep one"),
            ("filer = {}", "names no file"),
            ("[filer]\n\"../a.json\" = \"https://a.no/a\"", "no plain file name"),
            ("[filer]\n\"a.json\" = \"http://a.no/a\"", "use https://"),
            ("navn = \"a.json\"\n[filer]\n\"a.json\" = \"https://a.no/a\"", "goes with a single `url`"),
        ] {
            let error = check(keys).unwrap_err();
            assert!(error.contains(what), "{keys}: {error}");
        }
        // A wrong schedule is told at its own line.
        let error = check(&format!("{https}\ncron = \"0 25 * * *\"")).unwrap_err();
        assert!(error.starts_with("f:3: `cron`"), "{error}");
    }

    #[test]
    fn names_with_path_tricks_are_not_plain() {
        for name in ["a.csv", "fest251.zip", "utlevering_2026-01_v2.csv"] {
            assert!(is_plain_name(name), "{name}");
        }
        for name in
            ["", "a", "..", "../a.csv", "a/b.csv", "a\\b.csv", ".a.csv", "a.csv.part", "a b.csv", "å.csv", "-a.csv"]
        {
            assert!(!is_plain_name(name), "{name}");
        }
    }
}
