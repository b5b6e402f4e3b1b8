//! `sum`: the exact total of the values that are not null.

use arrow::datatypes::DataType;
use frame_core::Result;

use super::numeric::{Numeric, needs_number};
use super::{AggregateFunction, GroupStates};
use crate::states::Finish;

/// `sum x`: an int for ints (an error if it does not fit 64 bits), else a float, rounded once. Null if there is no value.
#[derive(Debug)]
pub(super) struct Sum;

impl AggregateFunction for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn help(&self) -> &'static str {
        "The exact total of the values that are not null; null if there is none."
    }

    fn output_type(&self, argument: Option<&DataType>) -> Result<DataType> {
        Ok(match needs_number(self.name(), argument)? {
            Numeric::Int => DataType::Int64,
            Numeric::Float => DataType::Float64,
        })
    }

    fn input_type(&self, argument: &DataType) -> Result<DataType> {
        Ok(needs_number(self.name(), Some(argument))?.input_type(argument))
    }

    fn start(&self, argument: Option<&DataType>) -> Result<Box<dyn GroupStates>> {
        Ok(needs_number(self.name(), argument)?.total(Finish::Sum))
    }
}
