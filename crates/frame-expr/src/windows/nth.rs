//! `nth`: the value of a row of the frame by its number.

use std::ops::RangeInclusive;

use arrow::array::UInt32Array;
use arrow::compute::take;
use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Scalar};

use super::{BoundFunction, Streams, WindowFunction};

/// `nth(x, 2) over (order y rows ..)`: nulls count as values do; null if the frame has fewer rows.
#[derive(Debug)]
pub(super) struct Nth;

impl WindowFunction for Nth {
    fn name(&self) -> &'static str {
        "nth"
    }

    fn help(&self) -> &'static str {
        "nth(x, n): the value of the nth row of the frame, from 1; null if it has fewer rows."
    }

    fn example(&self) -> &'static str {
        "nth(value, 2) over (by category order ts rows ..)"
    }

    fn arguments(&self) -> usize {
        1
    }

    fn constants(&self) -> RangeInclusive<usize> {
        1..=1
    }

    fn takes_frame(&self) -> bool {
        true
    }

    fn bind(&self, arguments: &[DataType], constants: &[Scalar]) -> Result<BoundFunction> {
        let [Scalar::Int(number @ 1..)] = constants else {
            let text = constants.iter().map(Scalar::to_string).collect::<Vec<_>>().join(", ");
            return Err(
                Error::new(QueryError::OutOfRange { what: "the number of the row", text }).hint("it is a whole number from 1: nth(x, 2)")
            );
        };
        let before = u32::try_from(number - 1).unwrap_or(u32::MAX);
        Ok(BoundFunction::new(arguments.to_vec(), arguments[0].clone(), move |arguments, stretch| {
            let place = |(start, end): &(u32, u32)| start.checked_add(before).filter(|place| place < end);
            let places: UInt32Array = stretch.frames.iter().map(place).collect();
            Ok(take(&arguments[0], &places, None)?)
        })
        .streaming(Streams::Frame))
    }
}
