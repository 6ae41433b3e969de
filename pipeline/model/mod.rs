//! Models: one `.sql` file = one table. Order comes from the tables that the SQL names; a model is run only when the
//! key of what it reads has changed.
//!
//! Knows tables by name, hash and month only; what a statistic means is in `queries/`. Sessions belong to `lake`.

mod build;
mod check;
mod forecast;
mod graph;
mod header;
mod task;

pub use build::{Builder, Built, Ran};
pub use check::{CheckFailed, found_by};
pub use forecast::{Arriving, Forecast, Foreseen, Own};
pub use graph::{Missing, Models, SHARED};
pub use header::{Audience, CheckSpec, ColumnSpec, Model, Outbox, Privacy, Touch};
