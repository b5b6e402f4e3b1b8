//! `max`: the largest of the values that are not null.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, extreme};
use crate::states::End;

/// `max x`: the largest value; NaN is larger than every number, text compares bytewise. Null if there is no value.
#[derive(Debug)]
pub(super) struct Max;

impl AggregateFunction for Max {
    fn name(&self) -> &'static str {
        "max"
    }

    fn help(&self) -> &'static str {
        "The largest of the values that are not null; null if there is none."
    }

    fn example(&self) -> &'static str {
        "max value"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        extreme::bind(End::Max, self.name(), &arguments[0])
    }
}
