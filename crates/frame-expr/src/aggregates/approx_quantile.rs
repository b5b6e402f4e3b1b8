//! `approx_quantile`: about the value below which a part of the values lies, in bounded memory.

use std::ops::RangeInclusive;

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, numeric, quantile};
use crate::states::Bins;

/// `approx_quantile 0.95 x`: within 0.4 % of the value at that place; not interpolated. Null if there is no value; NaN if one is NaN.
#[derive(Debug)]
pub(super) struct ApproximateQuantile;

impl AggregateFunction for ApproximateQuantile {
    fn name(&self) -> &'static str {
        "approx_quantile"
    }

    fn help(&self) -> &'static str {
        "The value below which this part (0 to 1) of the values lies, within 0.4 %, in bounded memory; null if there is none."
    }

    fn example(&self) -> &'static str {
        "approx_quantile 0.95 value"
    }

    fn constants(&self) -> RangeInclusive<usize> {
        1..=1
    }

    fn bind(&self, arguments: &[DataType], constants: &[Scalar]) -> Result<BoundAggregate> {
        numeric::number(self.name(), &arguments[0])?;
        let fraction = quantile::fraction(self, &constants[0])?;
        Ok(BoundAggregate::new(vec![DataType::Float64], DataType::Float64, move || Bins::new(fraction)))
    }
}
