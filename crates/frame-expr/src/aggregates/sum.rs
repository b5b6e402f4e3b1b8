//! `sum`: the exact total of the values that are not null.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, numeric};
use crate::states::Finish;

/// `sum x`: an int for ints and truth values (an error if it does not fit 64 bits), a decimal or a duration for such, else a float, rounded
/// once. Null if there is no value.
#[derive(Debug)]
pub(super) struct Sum;

impl AggregateFunction for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn help(&self) -> &'static str {
        "The exact total of the values that are not null; null if there is none."
    }

    fn example(&self) -> &'static str {
        "sum value"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        numeric::total(Finish::Sum, self.name(), &arguments[0])
    }
}
