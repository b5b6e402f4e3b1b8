//! Group by: a partial table per worker, merged into one or by buckets of their hash, in memory or from disk, sorted by key.

mod buckets;
pub(crate) mod keys;
mod numbers;
pub(crate) mod ranks;
mod sink;
mod spelling;
mod spilled;
mod totals;
mod unmerged;
mod waiting;

pub(crate) use sink::GroupBy;
