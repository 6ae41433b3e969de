//! The files of `queries/` and `site/`: built into the program, or read from folders that the configuration names; and
//! those of `pipeline/contracts/`, always built in.
//!
//! Knows nothing of what they hold.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use rust_embed::RustEmbed;

use crate::config::Config;
use crate::disk;

#[derive(RustEmbed)]
#[folder = "queries/"]
#[include = "*.sql"]
#[include = "*.spor.toml"]
#[include = "*.kube.toml"]
struct Queries;

#[derive(RustEmbed)]
#[folder = "pipeline/contracts/"]
#[include = "*.toml"]
struct Contracts;

#[derive(RustEmbed)]
#[folder = "site/"]
#[include = "templates/*"]
#[include = "texts/*"]
#[include = "pages/*"]
#[include = "assets/*"]
struct Site;

/// Path below the folder → bytes.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The files of `queries/`.
pub fn queries(config: &Config) -> anyhow::Result<Files> {
    config.queries.as_deref().map_or_else(embedded::<Queries>, below)
}

/// The files of `pipeline/contracts/`.
pub fn contracts() -> anyhow::Result<Files> {
    embedded::<Contracts>()
}

/// The files of `site/`.
pub fn site(config: &Config) -> anyhow::Result<Files> {
    config.site.as_deref().map_or_else(embedded::<Site>, below)
}

fn embedded<E: RustEmbed>() -> anyhow::Result<Files> {
    E::iter()
        .map(|name| {
            let file = E::get(&name).with_context(|| format!("{name} was not built into the program"))?;
            Ok((name.into_owned(), file.data.into_owned()))
        })
        .collect()
}

fn below(folder: &Path) -> anyhow::Result<Files> {
    disk::files_below(folder)?
        .into_iter()
        .map(|file| Ok((file.to_string_lossy().into_owned(), disk::read(&folder.join(&file))?)))
        .collect()
}
