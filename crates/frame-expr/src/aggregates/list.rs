//! `list`: the values that are not null, in the order of the rows.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, value};
use crate::states::{List, list_of};

/// `list x`, `list x order day`: a list of the values that are not null. Null if there is no value.
#[derive(Debug)]
pub(super) struct ListOf;

impl AggregateFunction for ListOf {
    fn name(&self) -> &'static str {
        "list"
    }

    fn help(&self) -> &'static str {
        "A list of the values that are not null, in the order of the rows; null if there is none."
    }

    fn example(&self) -> &'static str {
        "list id"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        let input = value::value(self.name(), &arguments[0])?;
        Ok(BoundAggregate::new(vec![input.clone()], list_of(&input), move || List::new(&input, None)).ordered())
    }
}
