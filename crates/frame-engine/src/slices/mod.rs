//! Work by slices of a column's values.
//!
//! Files are often written in the order of a key: of time, of a number that counts up. Then few partitions have rows of any stretch of
//! its values, and statistics say which. Groups and joins by such a key are computed slice by slice: what belongs together is in one
//! slice, so a slice is done when its rows are read, and nothing has to wait on disk for the rest of the file.
//!
//! Each slice is a run of its own, with the operators that a whole run has, on the thread that reads it.

mod cut;
mod in_range;
mod scan;
mod source;

pub(crate) use cut::{cut, extents};
pub(crate) use scan::SlicedScan;
pub(crate) use source::{Sliced, Work};
