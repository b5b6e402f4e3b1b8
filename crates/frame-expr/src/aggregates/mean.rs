//! `mean`: the exact mean of the values that are not null, rounded once.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, numeric};
use crate::states::Finish;

/// `mean x`: a float, the exact quotient of sum and count rounded once; a duration for durations, rounded down. Null if there is no value.
#[derive(Debug)]
pub(super) struct Mean;

impl AggregateFunction for Mean {
    fn name(&self) -> &'static str {
        "mean"
    }

    fn help(&self) -> &'static str {
        "The mean of the values that are not null, exact and rounded once; null if there is none."
    }

    fn example(&self) -> &'static str {
        "mean value"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        numeric::total(Finish::Mean, self.name(), &arguments[0])
    }
}
