//! `all`: whether all of the truth values are true.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, extreme};
use crate::states::End;

/// `all x`: whether all of the truth values are true. Null if there is no value.
#[derive(Debug)]
pub(super) struct All;

impl AggregateFunction for All {
    fn name(&self) -> &'static str {
        "all"
    }

    fn help(&self) -> &'static str {
        "Whether all of the truth values that are not null are true; null if there is none."
    }

    fn example(&self) -> &'static str {
        "all(value > 1000) as all_large"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        extreme::of_truth(End::Min, self.name(), &arguments[0])
    }
}
