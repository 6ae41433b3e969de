//! JSON deliveries: read whole, up to a size. Their faults are told by place, never with what stands there.

use std::io::{BufReader, Read};

use anyhow::{Context, anyhow, ensure};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// The largest JSON delivery. A table of PxWebApi 2 has at most 800 000 numbers, which are far smaller than this.
const LARGEST: u64 = 16 << 20;

/// Reads a file as one JSON value. `what` says what it should be, in the message.
pub fn read<T: DeserializeOwned>(file: impl Read, what: &str) -> anyhow::Result<T> {
    let mut text = Vec::new();
    BufReader::new(file).take(LARGEST + 1).read_to_end(&mut text).context("reading the file")?;
    ensure!(text.len() as u64 <= LARGEST, "the file is larger than {} MiB; ask for fewer years", LARGEST >> 20);
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    serde_json::from_slice(text).map_err(|error| {
        let fault = match error.classify() {
            Category::Eof => "the file ends too early; fetch it again".to_owned(),
            Category::Syntax | Category::Io => "this is not JSON; fetch it again".to_owned(),
            Category::Data => format!("this is not {what}; see the contract for what to ask for"),
        };
        anyhow!("line {} column {}: {fault}", error.line(), error.column())
    })
}
