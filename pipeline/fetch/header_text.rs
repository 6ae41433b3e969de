//! What servers write in headers and first bytes, read with suspicion. Pure functions.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// How long `Retry-After` asks to wait: seconds, or a time, which counts from the server's own `Date`, so that it does
/// not matter whose clock is right. Absent when it is neither.
pub(super) fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let (until, now) = (time(value)?, time(date?)?);
    Some(Duration::from_secs(u64::try_from(until.as_second() - now.as_second()).unwrap_or(0)))
}

/// `Sun, 22 Nov 2026 21:00:00 GMT`.
fn time(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

/// The file name in a `Content-Disposition`; absent when there is none. The caller checks it.
pub(super) fn disposition_name(value: &str) -> Option<String> {
    let parts = value.split(';').skip(1).filter_map(|part| part.split_once('='));
    let name = parts.filter(|(key, _)| key.trim().eq_ignore_ascii_case("filename")).map(|(_, value)| value.trim());
    name.map(|value| value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value).to_owned())
        .next()
}

/// Whether a file begins as a web page does, whatever its type is said to be.
pub(super) fn looks_like_html(bytes: &[u8]) -> bool {
    let beginning = String::from_utf8_lossy(&bytes[..bytes.len().min(512)]).to_ascii_lowercase();
    let beginning = beginning.trim_start_matches('\u{feff}').trim_start();
    let page = |text: &str| text.starts_with("<!doctype html") || text.starts_with("<html");
    page(beginning)
        || (beginning.starts_with("<?xml") && beginning.split('<').skip(2).any(|tag| page(&format!("<{tag}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_time_by_the_servers_clock() {
        let date = Some("Sun, 22 Nov 2026 21:00:00 GMT");
        assert_eq!(retry_after("7", None), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 22 Nov 2026 21:01:30 GMT", date), Some(Duration::from_secs(90)));
        assert_eq!(retry_after("Sun, 22 Nov 2026 20:00:00 GMT", date), Some(Duration::ZERO));
        assert_eq!(retry_after("Sun, 22 Nov 2026 21:01:30 GMT", None), None);
        assert_eq!(retry_after("soon", date), None);
    }

    #[test]
    fn a_disposition_gives_the_name_as_it_is_written() {
        assert_eq!(disposition_name("attachment; filename=\"u.csv\"").as_deref(), Some("u.csv"));
        assert_eq!(disposition_name("attachment; FileName = u.csv").as_deref(), Some("u.csv"));
        assert_eq!(disposition_name("attachment; filename=\"../u.csv\"").as_deref(), Some("../u.csv"));
        assert_eq!(disposition_name("inline"), None);
    }

    #[test]
    fn web_pages_are_told_from_deliveries() {
        for page in ["<!DOCTYPE html><p>", "\u{feff}\n <HTML lang=\"no\">", "<?xml version=\"1.0\"?><!DOCTYPE html>"] {
            assert!(looks_like_html(page.as_bytes()), "{page}");
        }
        for file in
            ["<?xml version=\"1.0\"?><FEST xmlns=\"x\">", "hpr;profesjon\n", "PK\u{3}\u{4}", "", "{\"a\":\"<html>\"}"]
        {
            assert!(!looks_like_html(file.as_bytes()), "{file}");
        }
    }
}
