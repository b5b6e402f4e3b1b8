//! `dense_rank`: the place of a row by the order, without gaps.

use std::sync::Arc;

use arrow::array::Int64Array;
use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{BoundFunction, Streams, WindowFunction};

/// `dense_rank() over (order x)`: 1, 2, 2, 3 …
#[derive(Debug)]
pub(super) struct DenseRank;

impl WindowFunction for DenseRank {
    fn name(&self) -> &'static str {
        "dense_rank"
    }

    fn help(&self) -> &'static str {
        "The place of the row by the order; equal rows share one, without gaps: 1, 2, 2, 3."
    }

    fn example(&self) -> &'static str {
        "dense_rank() over (order category)"
    }

    fn bind(&self, _: &[DataType], _: &[Scalar]) -> Result<BoundFunction> {
        Ok(BoundFunction::new(Vec::new(), DataType::Int64, |_, stretch| {
            let mut rank = stretch.runs();
            let ranks = stretch.by_row(|row, group, peers| {
                if row == group.0 {
                    rank = 0;
                }
                rank += i64::from(row == peers.0);
                rank
            });
            Ok(Arc::new(Int64Array::from(ranks)))
        })
        .streaming(Streams::Place { peers: true, total: false }))
    }
}
