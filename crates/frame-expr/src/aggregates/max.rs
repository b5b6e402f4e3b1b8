//! `max`: the largest of the values that are not null.

use arrow::datatypes::DataType;
use frame_core::Result;

use super::{AggregateFunction, GroupStates, extreme};
use crate::states::End;

/// `max x`: the largest value; NaN is larger than every number, text compares bytewise. Null if there is no value.
#[derive(Debug)]
pub(super) struct Max;

impl AggregateFunction for Max {
    fn name(&self) -> &'static str {
        "max"
    }

    fn help(&self) -> &'static str {
        "The largest of the values that are not null; null if there is none."
    }

    fn output_type(&self, argument: Option<&DataType>) -> Result<DataType> {
        extreme::output_type(self.name(), argument)
    }

    fn input_type(&self, argument: &DataType) -> Result<DataType> {
        extreme::input_type(self.name(), argument)
    }

    fn start(&self, argument: Option<&DataType>) -> Result<Box<dyn GroupStates>> {
        extreme::start(End::Max, self.name(), argument)
    }
}
