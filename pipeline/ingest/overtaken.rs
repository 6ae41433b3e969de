//! Fetched files that were refused and that a later one from the same address has taken the place of: half a file, and
//! the whole one the night after. Nobody can mend the first any more, and nobody needs to.
//!
//! Knows what is in force and what came after what; reads no file.

use super::{Refused, Taken};
use crate::fetch::Delivered;
use crate::lake::State;

/// The refusals that still call for somebody. Each of the others is logged on the night on which the later file is taken
/// in. `taken` is what was taken in tonight of the same source.
pub(super) fn without(delivered: &Delivered, state: &State, taken: &[Taken], refused: Vec<Refused>) -> Vec<Refused> {
    let is_in_force = |source: &str, sha256: &str| {
        let deliveries = state.deliveries.get(source);
        deliveries.is_some_and(|deliveries| deliveries.values().any(|delivery| delivery.is_of(sha256)))
    };
    let still = |refused: &Refused| {
        let stands = refused.sha256.as_ref().is_some_and(|sha256| is_in_force(&refused.source, sha256));
        let mut later = delivered.came_later(&refused.source, &refused.file);
        let Some(later) = later.find(|sha256| is_in_force(&refused.source, sha256)).filter(|_| !stands) else {
            return true;
        };
        if let Some(taken) = taken.iter().find(|taken| taken.sha256 == later) {
            tracing::warn!(
                source = refused.source,
                file = refused.file,
                "{} came later from the same address and was taken in; the file that was refused is passed over from \
                 now on ({})",
                taken.file,
                refused.reason
            );
        }
        false
    };
    refused.into_iter().filter(still).collect()
}
