//! Rows side by side: what is at hand of sorted rows.

use std::ops::Range;

use arrow::array::{Array, ArrayRef};
use arrow::compute::concat;
use frame_core::Result;

/// Columns of equal length.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub(super) columns: Vec<ArrayRef>,
    pub(super) len: usize,
}

impl Rows {
    /// Several rows, one behind the other.
    pub(super) fn joined(parts: &[Self]) -> Result<Self> {
        let parts: Vec<&Self> = parts.iter().filter(|part| part.len > 0).collect();
        let (columns, len) = match parts.as_slice() {
            [] => return Ok(Self::default()),
            [only] => (only.columns.clone(), only.len),
            [first, ..] => {
                let column = |at: usize| {
                    let arrays: Vec<&dyn Array> = parts.iter().map(|part| part.columns[at].as_ref()).collect();
                    Ok(concat(&arrays)?)
                };
                let columns = (0..first.columns.len()).map(column).collect::<Result<_>>()?;
                (columns, parts.iter().map(|part| part.len).sum())
            }
        };
        Ok(Self { columns, len })
    }

    /// Some of the rows.
    pub(super) fn slice(&self, rows: Range<usize>) -> Self {
        let columns = self.columns.iter().map(|column| column.slice(rows.start, rows.len())).collect();
        Self { columns, len: rows.len() }
    }
}
