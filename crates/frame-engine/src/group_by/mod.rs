//! Group by: a partial table per worker, merged into one, sorted by key.

mod keys;
mod ranks;
mod sink;
mod totals;

pub(crate) use sink::GroupBy;
