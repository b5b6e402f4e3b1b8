//! `ntile`: the part of a group that a row falls into.

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow::array::Int64Array;
use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Scalar};

use super::{BoundFunction, Streams, WindowFunction};

/// `ntile(4) over (order x)`: parts of equal size; the first ones have one row more if it does not come out even.
#[derive(Debug)]
pub(super) struct Tile;

impl WindowFunction for Tile {
    fn name(&self) -> &'static str {
        "ntile"
    }

    fn help(&self) -> &'static str {
        "ntile(n): which of n parts of (nearly) equal size the row falls into by the order, from 1."
    }

    fn example(&self) -> &'static str {
        "ntile(4) over (order value)"
    }

    fn constants(&self) -> RangeInclusive<usize> {
        1..=1
    }

    fn bind(&self, _: &[DataType], constants: &[Scalar]) -> Result<BoundFunction> {
        let [Scalar::Int(parts @ 1..)] = constants else {
            let text = constants.iter().map(Scalar::to_string).collect::<Vec<_>>().join(", ");
            return Err(
                Error::new(QueryError::OutOfRange { what: "the number of parts", text }).hint("it is a whole number from 1: ntile(4)")
            );
        };
        let parts = *parts;
        Ok(BoundFunction::new(Vec::new(), DataType::Int64, move |_, stretch| {
            let tiles = stretch.by_row(|row, group, _| {
                let (rows, place) = (i64::from(group.1 - group.0), i64::from(row - group.0));
                let (size, larger) = (rows / parts, rows % parts);
                let in_larger = larger * (size + 1);
                if place < in_larger { place / (size + 1) + 1 } else { larger + (place - in_larger) / size.max(1) + 1 }
            });
            Ok(Arc::new(Int64Array::from(tiles)))
        })
        .streaming(Streams::Place { peers: false, total: true }))
    }
}
