//! `nunique`: the number of different values that are not null.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, value};
use crate::states::{Number, Unique};

/// `nunique x`: −0.0 is 0.0, and NaN is one value. Never null: 0 if there is no value.
#[derive(Debug)]
pub(super) struct CountUnique;

impl AggregateFunction for CountUnique {
    fn name(&self) -> &'static str {
        "nunique"
    }

    fn help(&self) -> &'static str {
        "The number of different values that are not null."
    }

    fn example(&self) -> &'static str {
        "nunique category"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        let input = value::value(self.name(), &arguments[0])?;
        Ok(BoundAggregate::new(vec![input.clone()], DataType::Int64, move || Unique::<Number>::new(&input)))
    }
}
