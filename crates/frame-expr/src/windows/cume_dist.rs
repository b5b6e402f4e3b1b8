//! `cume_dist`: the part of the rows up to a row.

use std::sync::Arc;

use arrow::array::Float64Array;
use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{BoundFunction, Streams, WindowFunction};

/// `cume_dist() over (order x)`: the rows up to the last equal one, divided by all rows, as in SQL.
#[derive(Debug)]
pub(super) struct CumulativeDistribution;

impl WindowFunction for CumulativeDistribution {
    fn name(&self) -> &'static str {
        "cume_dist"
    }

    fn help(&self) -> &'static str {
        "The part of the rows that come before the row by the order or are equal to it, above 0 and up to 1."
    }

    fn example(&self) -> &'static str {
        "cume_dist() over (order value)"
    }

    fn bind(&self, _: &[DataType], _: &[Scalar]) -> Result<BoundFunction> {
        Ok(BoundFunction::new(Vec::new(), DataType::Float64, |_, stretch| {
            let parts = stretch.by_row(|_, group, peers| f64::from(peers.1 - group.0) / f64::from(group.1 - group.0));
            Ok(Arc::new(Float64Array::from(parts)))
        })
        .streaming(Streams::Place { peers: true, total: true }))
    }
}
