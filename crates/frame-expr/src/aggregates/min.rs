//! `min`: the smallest of the values that are not null.

use arrow::datatypes::DataType;
use frame_core::Result;

use super::{AggregateFunction, GroupStates, extreme};
use crate::states::End;

/// `min x`: the smallest value; NaN is larger than every number, text compares bytewise. Null if there is no value.
#[derive(Debug)]
pub(super) struct Min;

impl AggregateFunction for Min {
    fn name(&self) -> &'static str {
        "min"
    }

    fn help(&self) -> &'static str {
        "The smallest of the values that are not null; null if there is none."
    }

    fn output_type(&self, argument: Option<&DataType>) -> Result<DataType> {
        extreme::output_type(self.name(), argument)
    }

    fn input_type(&self, argument: &DataType) -> Result<DataType> {
        extreme::input_type(self.name(), argument)
    }

    fn start(&self, argument: Option<&DataType>) -> Result<Box<dyn GroupStates>> {
        extreme::start(End::Min, self.name(), argument)
    }
}
