//! Where a delivery's rows go while it is read: good ones to a stage, bad ones to quarantine.
//!
//! Its own failures (a full disk) are kept apart from the file's. Knows no formats.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Date32Type;

use super::intake::Outlet;
use super::quarantine::Quarantine;
use crate::calendar::{self, Month};
use crate::contract::{Batcher, Fault, TableContract};
use crate::lake::{Stage, Staged};

/// Stages one table after the other.
pub(super) struct StagingOutlet<'a> {
    temporary: &'a Path,
    stage: Option<Stage>,
    touches: Option<usize>,
    /// Months (`202601`) that the rows concern by the contract's `beroerer`.
    pub(super) touched: BTreeSet<i32>,
    /// The bad rows.
    pub(super) quarantine: Quarantine,
    /// What stopped the program itself, if anything did.
    pub(super) failure: Option<anyhow::Error>,
}

impl<'a> StagingOutlet<'a> {
    /// Without an open stage.
    pub(super) fn start(temporary: &'a Path, quarantine: Quarantine) -> StagingOutlet<'a> {
        StagingOutlet { temporary, stage: None, touches: None, touched: BTreeSet::new(), quarantine, failure: None }
    }

    /// Begins a table.
    pub(super) fn open(&mut self, table: &TableContract, month: Option<Month>) -> anyhow::Result<()> {
        let schema = Batcher::new(table, month).schema();
        self.touches = table.touches;
        let stage = Stage::start(self.temporary, schema);
        self.stage = Some(self.own(stage)?);
        Ok(())
    }

    /// Ends it.
    pub(super) fn close(&mut self) -> anyhow::Result<Staged> {
        let staged = self.stage.take().context("no stage is open").and_then(Stage::finish);
        self.own(staged)
    }

    fn own<T>(&mut self, result: anyhow::Result<T>) -> anyhow::Result<T> {
        result.map_err(|error| {
            self.failure = Some(error);
            anyhow::anyhow!("the program could not write")
        })
    }
}

impl Outlet for StagingOutlet<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        if let Some(at) = self.touches {
            let days: BTreeSet<i32> = batch.column(at).as_primitive::<Date32Type>().iter().flatten().collect();
            let months = days.into_iter().filter_map(calendar::date_from_days).map(|date| Month::of(date).number());
            self.touched.extend(months);
        }
        let written = match &mut self.stage {
            Some(stage) => stage.write(batch),
            None => Err(anyhow::anyhow!("no stage is open")),
        };
        self.own(written)
    }

    fn bad(&mut self, line: u64, fault: &Fault) -> anyhow::Result<()> {
        let added = self.quarantine.add(line, fault);
        self.own(added)
    }
}
