//! `first`: the first of the values that are not null.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, value};
use crate::states::{End, Pick, Place};

/// `first x`, `first x order day`: the value of the first row that has one, in the order of the input or the one that is asked for. Null if
/// there is no value.
#[derive(Debug)]
pub(super) struct First;

impl AggregateFunction for First {
    fn name(&self) -> &'static str {
        "first"
    }

    fn help(&self) -> &'static str {
        "The first of the values that are not null, in the order of the rows; null if there is none."
    }

    fn example(&self) -> &'static str {
        "first value order ts"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        let input = value::value(self.name(), &arguments[0])?;
        Ok(BoundAggregate::new(vec![input.clone()], input.clone(), move || Pick::new(Place::Order(End::Min), &input)).ordered())
    }
}
