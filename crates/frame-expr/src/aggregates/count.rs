//! `count`: the number of rows, or of values that are not null.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use frame_core::Result;

use super::{AggregateFunction, GroupStates};
use crate::states::state;

/// `count`: rows; `count(x)`: values of x that are not null. Never null.
#[derive(Debug)]
pub(super) struct Count;

impl AggregateFunction for Count {
    fn name(&self) -> &'static str {
        "count"
    }

    fn help(&self) -> &'static str {
        "The number of rows; with an argument, the number of its values that are not null."
    }

    fn output_type(&self, _: Option<&DataType>) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn input_type(&self, argument: &DataType) -> Result<DataType> {
        Ok(argument.clone())
    }

    fn start(&self, _: Option<&DataType>) -> Result<Box<dyn GroupStates>> {
        Ok(Box::<Counts>::default())
    }
}

#[derive(Default)]
struct Counts(Vec<i64>);

impl GroupStates for Counts {
    fn resize(&mut self, groups: usize) {
        self.0.resize(groups, 0);
    }

    fn update(&mut self, groups: &[u32], argument: Option<&ArrayRef>) -> Result<()> {
        match argument.and_then(|column| column.logical_nulls()).filter(|nulls| nulls.null_count() > 0) {
            None => groups.iter().for_each(|group| self.0[*group as usize] += 1),
            Some(nulls) => groups.iter().zip(&nulls).for_each(|(group, valid)| self.0[*group as usize] += i64::from(valid)),
        }
        Ok(())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        self.take_values().map(|counts| vec![counts])
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        let counts: &Int64Array = state(states, 0)?;
        groups.iter().zip(counts.values()).for_each(|(group, count)| self.0[*group as usize] += count);
        Ok(())
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        Ok(Arc::new(Int64Array::from(std::mem::take(&mut self.0))))
    }

    fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<i64>()
    }
}
