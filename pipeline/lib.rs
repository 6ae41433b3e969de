//! `speil`: from deliveries to a portal where each doctor sees their own figures against other doctors'.
//!
//! Modules stand in the order in which one may call another; a module calls only what stands before it.
//!
//! 1. [`calendar`] months and civil dates; [`closed`] TOML with a closed list of keys; [`disk`] files, renames, syncs.
//! 2. [`config`] what an operator wrote in `speil.toml`, checked; [`embedded`] the files of `queries/` and `site/`.
//! 3. [`contract`] what each source must look like, and the checks that follow from it.
//! 4. [`engine`] DataFusion with its memory pool; [`lake`] immutable Parquet files and the state that names them.
//! 5. [`erasure`] which courses were erased. [`fetch`] how deliveries arrive: found in a folder, or fetched from a server; [`ingest`] deliveries in: read, checked, quarantined or refused, sorted, stored.
//! 6. [`model`] SQL files in the order of what they read, run only where their inputs changed.
//! 7. [`check`] what must hold of a night as a whole before anything of it is published.
//! 8. [`disclosure`] what a public table may show.
//! 9. [`export`] tables as CSV and Parquet; [`render`] tables as pages.
//! 10. [`publish`] a release: built beside, verified, switched to by one rename.
//! 11. [`run`] the night's list of steps.
//! 12. [`inspect`] what people ask: does all hold, would this delivery do, where does a figure come from, how does it look.
//! 13. [`demo`] made-up deliveries of national size.

pub mod calendar;
#[cfg(feature = "engine")]
pub mod check;
pub mod closed;
pub mod config;
pub mod contract;
#[cfg(feature = "engine")]
pub mod demo;
#[cfg(feature = "engine")]
pub mod disclosure;
pub mod disk;
pub mod embedded;
#[cfg(feature = "engine")]
pub mod engine;
pub mod erasure;
#[cfg(feature = "engine")]
pub mod export;
#[cfg(feature = "engine")]
pub mod fetch;
pub mod ingest;
#[cfg(feature = "engine")]
pub mod inspect;
#[cfg(feature = "engine")]
pub mod lake;
#[cfg(feature = "engine")]
pub mod model;
#[cfg(feature = "engine")]
pub mod publish;
#[cfg(feature = "engine")]
pub mod render;
#[cfg(feature = "engine")]
pub mod run;
