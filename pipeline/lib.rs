//! `speil`: from deliveries to a portal where each doctor sees their own figures against other doctors'.
//!
//! Modules stand in the order in which data flows; each calls only what stands before it.

pub mod calendar;
pub mod closed;
pub mod config;
pub mod contract;
pub mod disk;
#[cfg(feature = "engine")]
pub mod engine;
pub mod ingest;
#[cfg(feature = "engine")]
pub mod lake;
