//! Joins: one side becomes a table in memory, the other one goes through it batch by batch.

mod build;
mod columns;
mod keys;
mod near;
mod probe;
mod sizes;
mod table;
mod unmatched;

pub(crate) use build::{Build, BuiltSlot, Once};
pub(crate) use keys::{Key, near_key, pair};
pub(crate) use near::NearRule;
pub(crate) use probe::{Probe, Prober};
pub(crate) use sizes::rows;
pub(crate) use unmatched::Unmatched;
