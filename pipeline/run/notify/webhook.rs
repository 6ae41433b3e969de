//! A message by POST. Knows nothing of runs.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::StatusCode;
use reqwest::blocking::Client;
use reqwest::header::CONTENT_TYPE;

use crate::config::Webhook;

/// How long to wait before each new try.
const WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// Sends a JSON text; tries again twice when nobody answers, or with 429 or 5xx. Returns how often it was tried.
pub(super) fn post(hook: &Webhook, json: &str, patience: Duration) -> (u32, anyhow::Result<()>) {
    let token = match hook.token() {
        Ok(token) => token,
        Err(error) => return (0, Err(error)),
    };
    let mut waits = WAITS.iter();
    let mut tries = 0;
    loop {
        tries += 1;
        let (again, error) = match once(hook, token.as_deref(), json, patience) {
            Ok(status) if status.is_success() => return (tries, Ok(())),
            Ok(status) => {
                let again = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
                (again, anyhow::anyhow!("the webhook answered {}", status.as_u16()))
            }
            Err(error) => (true, error),
        };
        match waits.next().filter(|_| again) {
            Some(wait) => std::thread::sleep(*wait),
            None => return (tries, Err(error)),
        }
    }
}

/// Follows no redirect: the token is for the address that is configured.
fn once(hook: &Webhook, token: Option<&str>, json: &str, patience: Duration) -> anyhow::Result<StatusCode> {
    let mut client = Client::builder().timeout(patience).redirect(reqwest::redirect::Policy::none());
    if hook.is_here() {
        client = client.no_proxy();
    }
    let client = client.build().context("preparing to call the webhook")?;
    let mut request = client.post(&hook.url).header(CONTENT_TYPE, "application/json").body(json.to_owned());
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    match request.send() {
        Ok(answer) => Ok(answer.status()),
        Err(error) if error.is_timeout() => bail!("the webhook did not answer within {} s", patience.as_secs()),
        // Its address may hold a secret.
        Err(error) => Err(anyhow::Error::new(error.without_url()).context("calling the webhook")),
    }
}
