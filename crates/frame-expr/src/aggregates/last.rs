//! `last`: the last of the values that are not null.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, value};
use crate::states::{End, Pick, Place};

/// `last x`, `last x order day`: the value of the last row that has one, in the order of the input or the one that is asked for. Null if
/// there is no value.
#[derive(Debug)]
pub(super) struct Last;

impl AggregateFunction for Last {
    fn name(&self) -> &'static str {
        "last"
    }

    fn help(&self) -> &'static str {
        "The last of the values that are not null, in the order of the rows; null if there is none."
    }

    fn example(&self) -> &'static str {
        "last value order ts"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        let input = value::value(self.name(), &arguments[0])?;
        Ok(BoundAggregate::new(vec![input.clone()], input.clone(), move || Pick::new(Place::Order(End::Max), &input)).ordered())
    }
}
