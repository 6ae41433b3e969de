//! Everything that is tested from outside: whole runs on small worlds, a second route to the same figures, failures,
//! memory, and the repository's own rules. One binary, since each that links the engine costs half a minute.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "tests stop at the first surprise"
)]
#![allow(clippy::cast_precision_loss, missing_docs, unreachable_pub, reason = "test code")]

mod aalen_johansen;
mod attack_too;
mod checks;
mod control;
mod counties;
mod dates;
mod deliveries;
mod demo;
mod deploy;
mod disasters;
mod doctor_pages;
mod erasure;
mod failures;
mod faults;
mod fetch;
mod freshness;
mod geography;
mod incremental;
mod incremental_too;
mod inspect;
mod kills;
mod kpr;
mod leaks;
mod lists_too;
mod memory;
mod nights;
mod one_product;
mod operations;
mod oracle;
mod oracle_too;
mod outbox;
mod products;
mod properties;
mod publish;
mod recompute;
mod recompute_areas;
mod recompute_courses;
mod recompute_too;
mod revealed;
mod same_bytes;
mod short_history;
mod support;
mod tidy;
mod traps;
mod traps_too;
mod whole;
mod windows;
