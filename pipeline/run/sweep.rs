//! After a release is shown: older ones than configured go, and then the files of the lake that nothing kept names.
//!
//! Each removal is of something that no longer counts, so that a stopped sweep harms nothing and the next one ends it.

use super::Ledger;
use crate::config::Config;
use crate::lake::{Lake, State};
use crate::publish::{self, Releases};

/// Removes what is kept no longer. `in_force` is the state that is committed. Returns how many files went from the lake,
/// absent when that could not be swept.
pub(super) fn sweep(config: &Config, lake: &Lake, in_force: State) -> anyhow::Result<Option<usize>> {
    let releases = Releases::at(&config.root);
    let needed = publish::releases_of_dates(&config.root)?.into_values().collect();
    let removed = releases.retire(&Ledger::read(&config.root)?.published(), config.releases_kept, &needed)?;
    if !removed.is_empty() {
        tracing::info!("removed releases: {}", removed.join(", "));
    }
    match releases.states() {
        Ok(mut kept) => {
            kept.push(in_force);
            lake.sweep(&kept).map(Some)
        }
        // What a release needs that cannot say it would be removed.
        Err(error) => {
            tracing::warn!("the lake is not swept: {error:#}");
            Ok(None)
        }
    }
}
