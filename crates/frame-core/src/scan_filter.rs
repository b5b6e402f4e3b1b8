//! The small trait by which a scan filters early without knowing expressions.

use std::fmt::Debug;

use arrow::array::{Array, ArrayRef, BooleanArray};

use crate::{Error, Result, Scalar, sound_rows};

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

/// What [`ScanFilter::keep`] answers, up to the first row that it fails for, and that failure: rows in front of it may be all that anyone
/// takes.
///
/// # Errors
/// A failure that no row is to blame for.
pub fn keep_sound(filter: &dyn ScanFilter, columns: &[ArrayRef], rows: usize) -> Result<(BooleanArray, Option<Error>)> {
    let failure = match filter.keep(columns, rows) {
        Ok(keep) => return Ok((keep, None)),
        Err(failure) if rows == 0 => return Err(failure),
        Err(failure) => failure,
    };
    let part = |start: usize, len: usize| {
        let columns: Vec<ArrayRef> = columns.iter().map(|column| column.slice(start, len)).collect();
        filter.keep(&columns, len)
    };
    let sound = sound_rows(rows, |range| part(range.start, range.len()).is_ok());
    // Of several failures that of the first row is told, whatever the size of the batch.
    Ok((part(0, sound)?, Some(part(sound, 1).err().unwrap_or(failure))))
}
