//! `mean`: the exact mean of the values that are not null, rounded once.

use arrow::datatypes::DataType;
use frame_core::Result;

use super::numeric::needs_number;
use super::{AggregateFunction, GroupStates};
use crate::states::Finish;

/// `mean x`: a float, the exact quotient of sum and count rounded once. Null if there is no value.
#[derive(Debug)]
pub(super) struct Mean;

impl AggregateFunction for Mean {
    fn name(&self) -> &'static str {
        "mean"
    }

    fn help(&self) -> &'static str {
        "The mean of the values that are not null, exact and rounded once; null if there is none."
    }

    fn output_type(&self, argument: Option<&DataType>) -> Result<DataType> {
        needs_number(self.name(), argument).map(|_| DataType::Float64)
    }

    fn input_type(&self, argument: &DataType) -> Result<DataType> {
        Ok(needs_number(self.name(), Some(argument))?.input_type(argument))
    }

    fn start(&self, argument: Option<&DataType>) -> Result<Box<dyn GroupStates>> {
        Ok(needs_number(self.name(), argument)?.total(Finish::Mean))
    }
}
