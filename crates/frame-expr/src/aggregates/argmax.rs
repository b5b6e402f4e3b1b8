//! `argmax`: the value of the row where another is greatest.

use std::ops::RangeInclusive;

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, value};
use crate::states::End;

/// `argmax(x, by)`: the x of the row where `by` is greatest, of several the earliest; rows where either is null do not count, and NaN is larger
/// than every number. Null if there is no row.
#[derive(Debug)]
pub(super) struct ArgMax;

impl AggregateFunction for ArgMax {
    fn name(&self) -> &'static str {
        "argmax"
    }

    fn help(&self) -> &'static str {
        "The first argument of the row where the second is greatest, of several the earliest; null if there is none."
    }

    fn example(&self) -> &'static str {
        "argmax(id, value)"
    }

    fn arguments(&self) -> RangeInclusive<usize> {
        2..=2
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        value::by(self.name(), End::Max, arguments)
    }
}
