//! Reads the next deliveries of a source while the one before is sorted and written.
//!
//! Reading looks at the file alone, so it does not matter when it is done. What is in force decides the rest, one
//! delivery after the other. Knows nothing of what becomes of a reading.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
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
    /// What is being read and not yet asked for, and where its reading comes.
    coming: VecDeque<(&'c Arrival, Receiver<Read<'c>>)>,
}

/// What nobody has begun to read, and where its reading goes.
type Unread<'c> = Arc<Mutex<VecDeque<(&'c Arrival, SyncSender<Read<'c>>)>>>;

impl<'a: 'c, 'c> Ahead<'a, 'c> {
    /// Begins to read, unless the engine has one thread only; else in as many threads as statements may run at once, each of
    /// which reads on when its last reading was asked for.
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
        let (mut coming, mut unread) = (VecDeque::new(), VecDeque::new());
        for arrival in partitions.iter().filter_map(first).filter(|_| threads > 1) {
            let (sender, reading) = sync_channel(0);
            coming.push_back((arrival, reading));
            unread.push_back((arrival, sender));
        }
        let unread: Unread<'c> = Arc::new(Mutex::new(unread));
        for _ in 0..threads.min(coming.len()) {
            let unread = unread.clone();
            scope.spawn(move || {
                let next = || unread.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                while let Some((arrival, sender)) = next() {
                    progress(&arrival.name);
                    // Nobody waits for more: the source is done, or failed.
                    if sender.send(take::read(ingest, contract, arrival)).is_err() {
                        break;
                    }
                }
            });
        }
        Ahead { ingest, progress, contract, coming }
    }

    /// What a delivery holds.
    pub(super) fn read(&mut self, arrival: &Arrival) -> Read<'c> {
        let Some(at) = self.coming.iter().position(|(coming, _)| coming.path == arrival.path) else {
            (self.progress)(&arrival.name);
            return take::read(self.ingest, self.contract, arrival);
        };
        for (_, passed) in self.coming.drain(..at) {
            drop(passed.recv());
        }
        let (_, reading) = self.coming.pop_front().context("nothing is read ahead")?;
        reading.recv().context("reading ahead came to an end")?
    }
}
