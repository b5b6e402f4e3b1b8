//! `row_number`: the place of a row in its group.

use std::sync::Arc;

use arrow::array::Int64Array;
use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{BoundFunction, Streams, WindowFunction};

/// `row_number() over (by x order y)`: 1, 2, 3 …; without an order in that of the rows.
#[derive(Debug)]
pub(super) struct RowNumber;

impl WindowFunction for RowNumber {
    fn name(&self) -> &'static str {
        "row_number"
    }

    fn help(&self) -> &'static str {
        "The number of the row in its group, from 1, by the order or else as the rows come."
    }

    fn example(&self) -> &'static str {
        "row_number() over (by category order ts)"
    }

    fn needs_order(&self) -> bool {
        false
    }

    fn bind(&self, _: &[DataType], _: &[Scalar]) -> Result<BoundFunction> {
        Ok(BoundFunction::new(Vec::new(), DataType::Int64, |_, stretch| {
            Ok(Arc::new(Int64Array::from(stretch.by_row(|row, group, _| i64::from(row - group.0) + 1))))
        })
        .streaming(Streams::Place { peers: false, total: false }))
    }
}
