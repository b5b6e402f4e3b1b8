//! `top`: the largest values, largest first.

use std::ops::RangeInclusive;

use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Scalar};

use super::{AggregateFunction, BoundAggregate, value};
use crate::states::{Top, list_of};

/// More than anybody looks at, and few enough to hold for each group.
const COUNT_MAX: usize = 1_000_000;

/// `top 3 x`: a list of up to three values; equal ones all count, and NaN is larger than every number. Null if there is no value.
#[derive(Debug)]
pub(super) struct Largest;

impl AggregateFunction for Largest {
    fn name(&self) -> &'static str {
        "top"
    }

    fn help(&self) -> &'static str {
        "A list of the n largest values that are not null, largest first; null if there is none."
    }

    fn example(&self) -> &'static str {
        "top 3 value"
    }

    fn constants(&self) -> RangeInclusive<usize> {
        1..=1
    }

    fn bind(&self, arguments: &[DataType], constants: &[Scalar]) -> Result<BoundAggregate> {
        let count = match &constants[0] {
            Scalar::Int(count) => usize::try_from(*count).ok().filter(|count| (1..=COUNT_MAX).contains(count)),
            _ => None,
        };
        let count = count.ok_or_else(|| {
            let error = QueryError::OutOfRange { what: "the number of values", text: constants[0].to_string() };
            Error::new(error).hint(format!("it is a whole number from 1 to {COUNT_MAX}, for example `top 3 value`"))
        })?;
        let input = value::ordered_value(self.name(), &arguments[0])?;
        Ok(BoundAggregate::new(vec![input.clone()], list_of(&input), move || Top::new(count, &input)))
    }
}
