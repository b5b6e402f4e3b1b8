//! `approx_nunique`: about how many different values there are, in bounded memory.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, value};
use crate::states::Sketch;

/// `approx_nunique x`: within about 1 % (one standard error is 0.8 %), with at most 16 KiB per group. Never null: 0 if there is no value.
#[derive(Debug)]
pub(super) struct ApproximateCountUnique;

impl AggregateFunction for ApproximateCountUnique {
    fn name(&self) -> &'static str {
        "approx_nunique"
    }

    fn help(&self) -> &'static str {
        "About how many different values there are that are not null, within about 1 %."
    }

    fn example(&self) -> &'static str {
        "approx_nunique category"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        let input = value::value(self.name(), &arguments[0])?;
        Ok(BoundAggregate::new(vec![input.clone()], DataType::Int64, move || Sketch::new(&input)))
    }
}
