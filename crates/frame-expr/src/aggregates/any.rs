//! `any`: whether one of the truth values is true.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, extreme};
use crate::states::End;

/// `any x`: whether one of the truth values is true. Null if there is no value.
#[derive(Debug)]
pub(super) struct Any;

impl AggregateFunction for Any {
    fn name(&self) -> &'static str {
        "any"
    }

    fn help(&self) -> &'static str {
        "Whether one of the truth values that are not null is true; null if there is none."
    }

    fn example(&self) -> &'static str {
        "any(value > 1000) as any_large"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        extreme::of_truth(End::Max, self.name(), &arguments[0])
    }
}
