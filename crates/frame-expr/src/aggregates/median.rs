//! `median`: the middle of the values that are not null.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, quantile};

/// `median x`: a float; half way between the two middle values if their number is even. Null if there is no value; NaN if one is NaN.
#[derive(Debug)]
pub(super) struct Median;

impl AggregateFunction for Median {
    fn name(&self) -> &'static str {
        "median"
    }

    fn help(&self) -> &'static str {
        "The middle of the values that are not null, or the mean of the two middle ones; null if there is none."
    }

    fn example(&self) -> &'static str {
        "median value"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        quantile::bind(self.name(), &arguments[0], 0.5)
    }
}
