//! Joins: one side becomes a table in memory, the other one goes through it batch by batch. If that side does not fit in memory, both
//! sides go to disk by bucket of their keys, and buckets are joined.

mod bucket;
mod buckets;
mod build;
mod columns;
mod finder;
mod gathering;
mod hybrid;
mod keys;
mod marks;
mod near;
mod parted;
mod pieces;
mod probe;
mod sizes;
mod staying;
mod table;
mod unmatched;
mod within;

pub(crate) use build::{Build, BuiltSlot, Making, Once};
pub(crate) use keys::{Key, near_key, pair};
pub(crate) use marks::Marks;
pub(crate) use near::NearRule;
pub(crate) use probe::{Probe, Prober};
pub(crate) use sizes::rows;
pub(crate) use staying::Staying;
pub(crate) use unmatched::Unmatched;
pub(crate) use within::Within;
