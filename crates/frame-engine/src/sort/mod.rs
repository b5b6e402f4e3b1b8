//! Sort: workers gather rows and, when memory is full, put them on disk as sorted runs; the result is merged while it is read.

mod borders;
mod keys;
mod memory;
mod merge;
mod order;
mod ordering;
mod ranges;
mod rows;
mod run;
mod sink;
mod sorter;

pub(crate) use keys::SortKeys;
pub(crate) use order::{Order, canonical, sorted_indices};
pub(crate) use ordering::ordered;
pub(crate) use rows::{SortedRows, comparable, ranked};
pub(crate) use sink::Sort;
pub(crate) use sorter::{Sorter, sorted};
