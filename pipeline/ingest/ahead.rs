//! Reads the next delivery of a source while the one before is sorted and written.
//!
//! Reading looks at the file alone, so it does not matter when it is done. What is in force decides the rest, one
//! delivery after the other. Knows nothing of what becomes of a reading.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use anyhow::Context;

use super::Ingest;
use super::arrivals::{self, Arrival, Verdict};
use super::take::{self, Reading};
use super::versions;
use crate::contract::Contract;
use crate::lake::State;

/// A delivery as it was read; the inner error is a refusal.
type Read<'c> = anyhow::Result<Result<Reading<'c>, String>>;

/// Readings of a source's deliveries, made in the order in which they will most likely be asked for.
pub(super) struct Ahead<'a, 'c> {
    ingest: &'a Ingest<'a>,
    /// Told each file when it is read.
    progress: &'a (dyn Fn(&str) + Sync),
    /// Of the source.
    pub(super) contract: &'c Contract,
    /// What is being read and not yet asked for.
    coming: VecDeque<&'c Arrival>,
    readings: Receiver<Read<'c>>,
}

impl<'a: 'c, 'c> Ahead<'a, 'c> {
    /// Begins to read, unless the engine has one thread only. At most one reading waits while another is made.
    pub(super) fn start<'s>(
        scope: &'s Scope<'s, '_>,
        ingest: &'a Ingest<'a>,
        contract: &'c Contract,
        partitions: &'c [Vec<Vec<Arrival>>],
        taken_with: &str,
        state: &State,
        progress: &'a (dyn Fn(&str) + Sync),
    ) -> Ahead<'a, 'c>
    where
        'c: 's,
        'a: 's,
    {
        let first = |versions: &'c Vec<Vec<Arrival>>| -> Option<&'c Arrival> {
            let newest = versions.first()?;
            match arrivals::judge(contract, newest, taken_with, state, ingest.erasures) {
                Verdict::Take(different)
                    if versions.len() == 1 || !versions::come_before(contract, different[0], state) =>
                {
                    different.first().copied()
                }
                _ => None,
            }
        };
        let threads = ingest.engine.divided().1;
        let coming: VecDeque<&Arrival> = partitions.iter().filter_map(first).filter(|_| threads > 1).collect();
        let (sender, readings) = sync_channel(0);
        let likely = coming.clone();
        scope.spawn(move || {
            for arrival in likely {
                progress(&arrival.name);
                // Nobody waits for more: the source is done, or failed.
                if sender.send(take::read(ingest, contract, arrival)).is_err() {
                    break;
                }
            }
        });
        Ahead { ingest, progress, contract, coming, readings }
    }

    /// What a delivery holds.
    pub(super) fn read(&mut self, arrival: &Arrival) -> Read<'c> {
        let Some(at) = self.coming.iter().position(|coming| coming.path == arrival.path) else {
            (self.progress)(&arrival.name);
            return take::read(self.ingest, self.contract, arrival);
        };
        for _ in self.coming.drain(..at) {
            drop(self.readings.recv());
        }
        self.coming.pop_front();
        self.readings.recv().context("reading ahead came to an end")?
    }
}
