//! `percent_rank`: the part of the other rows that come before a row.

use std::sync::Arc;

use arrow::array::Float64Array;
use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{BoundFunction, Streams, WindowFunction};

/// `percent_rank() over (order x)`: (rank − 1) / (rows − 1), and 0 for a row alone, as in SQL.
#[derive(Debug)]
pub(super) struct PercentRank;

impl WindowFunction for PercentRank {
    fn name(&self) -> &'static str {
        "percent_rank"
    }

    fn help(&self) -> &'static str {
        "The part of the other rows that come before the row by the order, from 0 to 1."
    }

    fn example(&self) -> &'static str {
        "percent_rank() over (order value)"
    }

    fn bind(&self, _: &[DataType], _: &[Scalar]) -> Result<BoundFunction> {
        Ok(BoundFunction::new(Vec::new(), DataType::Float64, |_, stretch| {
            let parts = stretch.by_row(|_, group, peers| match group.1 - group.0 {
                1 => 0.0,
                rows => f64::from(peers.0 - group.0) / f64::from(rows - 1),
            });
            Ok(Arc::new(Float64Array::from(parts)))
        })
        .streaming(Streams::Place { peers: true, total: true }))
    }
}
