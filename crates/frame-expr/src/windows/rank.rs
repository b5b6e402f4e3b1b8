//! `rank`: the place of a row by the order, with gaps behind equal ones.

use std::sync::Arc;

use arrow::array::Int64Array;
use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{BoundFunction, Streams, WindowFunction};

/// `rank() over (order x)`: 1, 2, 2, 4 …
#[derive(Debug)]
pub(super) struct Rank;

impl WindowFunction for Rank {
    fn name(&self) -> &'static str {
        "rank"
    }

    fn help(&self) -> &'static str {
        "The place of the row by the order; equal rows share the first of their places and leave a gap behind them: 1, 2, 2, 4."
    }

    fn example(&self) -> &'static str {
        "rank() over (by category order -value)"
    }

    fn bind(&self, _: &[DataType], _: &[Scalar]) -> Result<BoundFunction> {
        Ok(BoundFunction::new(Vec::new(), DataType::Int64, |_, stretch| {
            Ok(Arc::new(Int64Array::from(stretch.by_row(|_, group, peers| i64::from(peers.0 - group.0) + 1))))
        })
        .streaming(Streams::Place { peers: true, total: false }))
    }
}
