//! `kurtosis`: the excess kurtosis of the values that are not null.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::skew::Shape;
use super::{AggregateFunction, BoundAggregate, numeric};

/// `kurtosis x`: corrected for bias, as pandas defines it: 0 for a normal distribution, and 0 if the values do not vary. Null for fewer than
/// four values; NaN if one is NaN or infinite.
#[derive(Debug)]
pub(super) struct Kurtosis;

impl AggregateFunction for Kurtosis {
    fn name(&self) -> &'static str {
        "kurtosis"
    }

    fn help(&self) -> &'static str {
        "The excess kurtosis of the values that are not null, corrected for bias; null for fewer than four."
    }

    fn example(&self) -> &'static str {
        "kurtosis value"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        numeric::statistic(Shape::Kurtosis, self.name(), arguments)
    }
}
