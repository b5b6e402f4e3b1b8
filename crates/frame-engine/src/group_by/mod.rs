//! Group by: a partial table per worker, merged into one, sorted by key.

pub(crate) mod keys;
pub(crate) mod ranks;
mod sink;
mod totals;

pub(crate) use sink::GroupBy;
