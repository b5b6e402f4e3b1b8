//! The small trait by which a scan filters early without knowing expressions.

use std::fmt::Debug;

use arrow::array::{ArrayRef, BooleanArray};

use crate::{Result, Scalar};

/// What a file knows of one column over a stretch of rows (a row group, a page).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnRange {
    /// A lower bound of the values that are not null; `None` if unknown (NaNs are outside every bound).
    pub min: Option<Scalar>,
    /// An upper bound of the values that are not null; `None` if unknown.
    pub max: Option<Scalar>,
    /// Number of nulls, if known.
    pub nulls: Option<u64>,
    /// Number of rows.
    pub rows: u64,
}

/// A predicate that a scan applies as soon as its columns are parsed.
pub trait ScanFilter: Send + Sync + Debug {
    /// Names of the columns that the predicate reads, in the order in which [`ScanFilter::keep`] wants them.
    fn columns(&self) -> &[String];

    /// One truth value per row; null and false both drop the row. `columns` are dense, of `rows` rows each.
    ///
    /// # Errors
    /// What evaluating the predicate can fail with, for example a cast of a bad value.
    fn keep(&self, columns: &[ArrayRef], rows: usize) -> Result<BooleanArray>;

    /// Whether some row of a stretch can pass, given what `range` knows of a column (by its place in [`ScanFilter::columns`]).
    /// Must answer `true` when in doubt, and when the predicate could fail on such a stretch.
    fn may_keep(&self, range: &dyn Fn(usize) -> Option<ColumnRange>) -> bool;
}
