//! The smallest and the largest of several columns, row by row. Nulls do not count; NaN is larger than every number.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::kernels::zip::zip;
use frame_core::Result;

use crate::evaluate::compare_columns;
use crate::expr::BinaryOp;

/// Of columns of one type, in each row the value that `op` (less or greater) says.
pub(crate) fn pick(op: BinaryOp, columns: &[ArrayRef]) -> Result<ArrayRef> {
    let mut best = Arc::clone(&columns[0]);
    for next in &columns[1..] {
        if next.data_type().is_null() {
            continue;
        }
        let is_better = compare_columns(op, next, &best)?;
        // Unknown is the comparison with a null: then the one that is there is taken.
        let (values, nulls) = (is_better.values(), is_better.logical_nulls());
        let is_missing = best.logical_nulls();
        let take = BooleanBuffer::collect_bool(next.len(), |row| match &nulls {
            Some(nulls) if nulls.is_null(row) => is_missing.as_ref().is_some_and(|missing| missing.is_null(row)),
            _ => values.value(row),
        });
        best = zip(&BooleanArray::new(take, None), next, &best)?;
    }
    Ok(best)
}
