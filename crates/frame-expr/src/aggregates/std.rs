//! `std`: the sample standard deviation of the values that are not null.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::var::Spread;
use super::{AggregateFunction, BoundAggregate, numeric};

/// `std x`: the root of the variance that divides by n − 1, exact until it is rounded. Null for fewer than two values; NaN if one is NaN or
/// infinite.
#[derive(Debug)]
pub(super) struct Std;

impl AggregateFunction for Std {
    fn name(&self) -> &'static str {
        "std"
    }

    fn help(&self) -> &'static str {
        "The sample standard deviation (n − 1) of the values that are not null; null for fewer than two."
    }

    fn example(&self) -> &'static str {
        "std value"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        numeric::statistic(Spread::Deviation, self.name(), arguments)
    }
}
