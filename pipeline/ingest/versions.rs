//! What a delivery needs of the versions before it: some are compared with them, some take a refused county's rows over.
//!
//! Whatever order files come in, the end is where a night for each version would have ended. Reads no file.

use std::collections::BTreeMap;

use super::arrivals::{self, Arrival};
use crate::contract::{Contract, Partition};
use crate::lake::{Delivery, Entry, State};

/// Whether earlier versions are taken in first: nothing is in force that this one could be compared with, or could take
/// rows over from. A snapshot is compared with another snapshot.
pub(super) fn come_before(contract: &Contract, arrival: &Arrival, state: &State) -> bool {
    let compared = contract.shrink.is_some() && contract.partition != Partition::Snapshot;
    let nothing_in_force = state.delivery(&contract.source, &arrivals::partition_of(contract, arrival)).is_none();
    nothing_in_force && (compared || contract.replaces_by_county())
}

/// What was in force of a partition.
pub(super) struct Aside {
    partition: String,
    delivery: Delivery,
    tables: BTreeMap<String, Entry>,
}

/// Takes what is in force out of the state when all its versions are to be taken in anew: it was taken in with other
/// settings, or an earlier file has come that refused counties may have rows in. Nothing is taken out when its own file
/// is not there any more.
pub(super) fn set_aside(
    contract: &Contract,
    candidates: &[Vec<Arrival>],
    taken_with: &str,
    state: &mut State,
) -> Option<Aside> {
    let arrival = candidates.iter().flatten().next().filter(|_| contract.replaces_by_county())?;
    let partition = arrivals::partition_of(contract, arrival);
    let in_force = state.delivery(&contract.source, &partition)?;
    let at = candidates.iter().position(|version| version.iter().any(|file| in_force.is_of(&file.sha256)))?;
    let is_late = |file: &Arrival| !in_force.earlier.contains(&file.sha256);
    let late = !in_force.refused_counties.is_empty() && candidates[at + 1..].iter().flatten().any(is_late);
    if in_force.taken_with == taken_with && !late {
        return None;
    }
    let delivery = state.deliveries.get_mut(&contract.source)?.remove(&partition)?;
    let mut tables = BTreeMap::new();
    for table in &contract.tables {
        let entry = state.tables.get_mut(&table.name).and_then(|entries| entries.remove(&partition));
        tables.extend(entry.map(|entry| (table.name.clone(), entry)));
    }
    Some(Aside { partition, delivery, tables })
}

/// Puts what was set aside back when none of the files could take its place.
pub(super) fn put_back_unless_replaced(contract: &Contract, aside: Option<Aside>, state: &mut State) {
    let Some(Aside { partition, delivery, tables }) = aside else { return };
    if state.delivery(&contract.source, &partition).is_none() {
        for (table, entry) in tables {
            state.put(&table, &partition, entry);
        }
        state.deliveries.entry(contract.source.clone()).or_default().insert(partition, delivery);
    }
}

/// Notes which earlier files a delivery's refused counties have had the chance to be in.
pub(super) fn note_earlier(contract: &Contract, arrival: &Arrival, earlier: &[Vec<Arrival>], state: &mut State) {
    let partition = arrivals::partition_of(contract, arrival);
    let deliveries = state.deliveries.get_mut(&contract.source);
    let Some(delivery) = deliveries.and_then(|deliveries| deliveries.get_mut(&partition)) else { return };
    if !delivery.refused_counties.is_empty() {
        delivery.earlier = earlier.iter().flatten().map(|file| file.sha256.clone()).collect();
    }
}
