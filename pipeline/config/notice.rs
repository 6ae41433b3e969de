//! `[maaling]` and `[varsling]`: where a run's measures go, and who is told when it fails and when it is well again.
//!
//! Calls nobody. What can be told of it without calling is told here.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::disk;

/// Where the measures go, and who is told.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The file for Prometheus' textfile collector.
    pub metrics: PathBuf,
    /// An address that takes JSON by POST.
    pub webhook: Option<Webhook>,
    /// A program and its arguments; JSON goes to its standard input.
    pub command: Option<Vec<String>>,
    /// How long each try may take, seconds.
    pub seconds: u64,
}

/// An address that takes JSON by POST.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// `https://…`, or `http://` on this machine.
    pub url: String,
    token: Option<Token>,
}

#[derive(Clone, Debug)]
enum Token {
    Environment(String),
    File(PathBuf),
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenMetrics {
    fil: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenNotice {
    webhook: Option<String>,
    token_miljo: Option<String>,
    token_fil: Option<String>,
    kommando: Option<Vec<String>>,
    tidsfrist_sekunder: Option<u64>,
}

impl Notice {
    /// `base` is the configuration file's folder, `root` the working root.
    pub(super) fn check(
        metrics: WrittenMetrics,
        written: WrittenNotice,
        base: &Path,
        root: &Path,
    ) -> anyhow::Result<Notice> {
        ensure!(metrics.fil.as_deref() != Some(""), "`fil` of `maaling` is empty; name a file, or leave it out");
        let metrics = metrics.fil.map_or_else(|| root.join("runs").join("speil.prom"), |file| base.join(file));
        let seconds = written.tidsfrist_sekunder.unwrap_or(10);
        ensure!((1..=300).contains(&seconds), "`tidsfrist_sekunder` of `varsling` is not between 1 and 300");
        let empty = written.kommando.as_ref().is_some_and(|words| words.first().is_none_or(String::is_empty));
        ensure!(!empty, "`kommando` of `varsling` names no program; write it as [\"/usr/local/bin/varsle\"]");
        let token = match (written.token_miljo, written.token_fil) {
            (None, None) => None,
            (Some(name), None) => Some(Token::Environment(name)),
            (None, Some(file)) => Some(Token::File(base.join(file))),
            _ => anyhow::bail!("`token_miljo` and `token_fil` of `varsling` exclude each other; keep one"),
        };
        ensure!(token.is_none() || written.webhook.is_some(), "`varsling` has a token, but no `webhook` to send it to");
        if let Some(url) = &written.webhook {
            ensure!(is_safe(url), "`webhook` of `varsling` must begin with https:// (http:// on this machine only)");
        }
        let webhook = written.webhook.map(|url| Webhook { url, token });
        Ok(Notice { metrics, webhook, command: written.kommando, seconds })
    }

    /// What would keep somebody from being told, as far as this machine shows: the text of the setting, and what is
    /// wrong with it.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        if let Some(error) = self.webhook.as_ref().and_then(|webhook| webhook.token().err()) {
            faults.push(("token_", format!("[varsling] {error:#}")));
        }
        if let Some(program) = self.command.as_ref().and_then(|words| words.first())
            && !is_program(program)
        {
            let what = format!("[varsling] kommando: {program} is no program that can be run; give its whole path");
            faults.push(("kommando", what));
        }
        let folder = self.metrics.parent().unwrap_or(Path::new("."));
        if self.metrics.is_dir() {
            faults.push(("fil", format!("[maaling] fil: {} is a folder; name a file", self.metrics.display())));
        } else if folder.exists() && !folder.is_dir() {
            faults.push(("fil", format!("[maaling] fil: {} is no folder", folder.display())));
        }
        faults
    }
}

impl Webhook {
    /// The token to send, if one is configured. Never shown to anybody else.
    pub fn token(&self) -> anyhow::Result<Option<String>> {
        let text = match &self.token {
            None => return Ok(None),
            Some(Token::Environment(name)) => {
                std::env::var(name).ok().with_context(|| format!("the environment has no {name}"))?
            }
            Some(Token::File(file)) => disk::read_text(file)?,
        };
        let token = text.trim();
        ensure!(
            !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()),
            "the token is empty or no token"
        );
        Ok(Some(token.to_owned()))
    }

    /// Whether it leads to this machine.
    pub fn is_here(&self) -> bool {
        self.url.starts_with("http://")
    }
}

/// `https://`, or `http://` to this machine under one of its own names.
fn is_safe(url: &str) -> bool {
    let rest = |scheme| url.strip_prefix(scheme).filter(|rest: &&str| !rest.contains(char::is_whitespace));
    let host = |rest: &str| rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned();
    if let Some(rest) = rest("https://") {
        return !host(rest).is_empty();
    }
    let Some(host) = rest("http://").map(host) else { return false };
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    ["localhost", "127.0.0.1", "[::1]"].contains(&name.map_or(host.as_str(), |(name, _)| name))
}

fn is_program(program: &str) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let may_run = |path: &Path| {
        std::fs::metadata(path).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return Path::new(program).is_absolute() && may_run(Path::new(program));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| may_run(&folder.join(program)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> anyhow::Result<Notice> {
        let written: WrittenNotice = toml::from_str(text)?;
        Notice::check(WrittenMetrics::default(), written, Path::new("/d"), Path::new("/d/root"))
    }

    #[test]
    fn nothing_configured_tells_nobody_and_measures_beside_the_ledger() {
        let notice = check("").unwrap();
        assert!(notice.webhook.is_none() && notice.command.is_none());
        assert_eq!(notice.metrics, Path::new("/d/root/runs/speil.prom"));
        assert!(notice.faults().is_empty());
    }

    #[test]
    fn a_webhook_is_https_or_on_this_machine() {
        for (url, safe) in [
            ("https://varsel.example.no/x", true),
            ("http://127.0.0.1:8080/x", true),
            ("http://localhost", true),
            ("http://[::1]:9/x", true),
            ("http://varsel.example.no", false),
            ("http://127.0.0.1.example.no/", false),
            ("http://localhost@example.no/", false),
            ("http://localhost:80@example.no/", false),
            ("https://", false),
            ("ftp://localhost", false),
            ("https://a b", false),
        ] {
            assert_eq!(check(&format!("webhook = \"{url}\"")).is_ok(), safe, "{url}");
        }
    }

    #[test]
    fn half_settings_are_errors() {
        for text in [
            "token_fil = \"t\"",
            "webhook = \"https://a\"\ntoken_fil = \"t\"\ntoken_miljo = \"T\"",
            "kommando = []",
            "kommando = [\"\"]",
            "tidsfrist_sekunder = 0",
            "webhok = \"https://a\"",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_would_keep_somebody_from_being_told_is_told() {
        let told = |text: &str| check(text).unwrap().faults().into_iter().map(|(_, what)| what).collect::<String>();
        assert_eq!(told("kommando = [\"sh\", \"-c\", \"true\"]"), "");
        assert!(told("kommando = [\"/no/such/program\"]").contains("/no/such/program is no program"));
        let webhook = "webhook = \"https://a\"\n";
        assert!(told(&format!("{webhook}token_fil = \"/no/such/token\"")).contains("reading /no/such/token"));
        assert!(told(&format!("{webhook}token_miljo = \"SPEIL_NO_SUCH\"")).contains("has no SPEIL_NO_SUCH"));
    }
}
