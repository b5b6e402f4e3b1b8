//! `min`: the smallest of the values that are not null.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, extreme};
use crate::states::End;

/// `min x`: the smallest value; NaN is larger than every number, text compares bytewise. Null if there is no value.
#[derive(Debug)]
pub(super) struct Min;

impl AggregateFunction for Min {
    fn name(&self) -> &'static str {
        "min"
    }

    fn help(&self) -> &'static str {
        "The smallest of the values that are not null; null if there is none."
    }

    fn example(&self) -> &'static str {
        "min value"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        extreme::bind(End::Min, self.name(), &arguments[0])
    }
}
