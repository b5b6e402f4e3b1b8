//! Rows side by side: what is at hand of sorted rows.

use std::ops::Range;

use arrow::array::{Array, ArrayRef};
use arrow::compute::concat;
use frame_core::Result;

use crate::compact::compact;

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
    /// Some of the rows, which are to stay when the others are let go: with texts of their own, as joined rows keep those of all their parts.
    pub(super) fn rest(&self, rows: Range<usize>) -> Self {
        let Self { columns, len } = self.slice(rows);
        Self { columns: columns.iter().map(compact).collect(), len }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{AsArray, StringViewArray};

    use super::*;

    #[test]
    fn rows_that_stay_let_go_of_the_texts_of_others() {
        let text = "a text that is too long for its view";
        let mut kept = Rows::default();
        for _ in 0..5 {
            let read = Rows { columns: vec![Arc::new(StringViewArray::from(vec![text; 100]))], len: 100 };
            let joined = Rows::joined(&[kept, read]).expect("columns of one type");
            kept = joined.rest(joined.len - 2..joined.len);
        }
        let texts = kept.columns[0].as_string_view();
        assert_eq!(texts.iter().collect::<Vec<_>>(), [Some(text); 2]);
        assert_eq!(texts.data_buffers().iter().map(|buffer| buffer.len()).sum::<usize>(), 2 * text.len());
    }
}
