//! `mode`: the most frequent of the values that are not null.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, value};
use crate::states::{MostFrequent, Unique};

/// `mode x`: among equally frequent values the smallest; −0.0 is 0.0, and NaN is one value. Null if there is no value.
#[derive(Debug)]
pub(super) struct Mode;

impl AggregateFunction for Mode {
    fn name(&self) -> &'static str {
        "mode"
    }

    fn help(&self) -> &'static str {
        "The most frequent of the values that are not null, of several the smallest; null if there is none."
    }

    fn example(&self) -> &'static str {
        "mode category"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        let input = value::value(self.name(), &arguments[0])?;
        Ok(BoundAggregate::new(vec![input.clone()], input.clone(), move || Unique::<MostFrequent>::new(&input)))
    }
}
