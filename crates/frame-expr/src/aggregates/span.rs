//! `span`: a made-up aggregate, in tests alone: the largest value less the smallest. It shows that one file and two lines are enough.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use frame_core::{Result, Scalar};

use super::numeric::wrong_argument;
use super::{AggregateFunction, BoundAggregate, GroupStates};
use crate::types::is_number;

/// `span x`: the largest value less the smallest. Null if there is no value.
#[derive(Debug)]
pub(super) struct Span;

impl AggregateFunction for Span {
    fn name(&self) -> &'static str {
        "span"
    }

    fn help(&self) -> &'static str {
        "The largest of the values less the smallest; null if there is none."
    }

    fn example(&self) -> &'static str {
        "span value"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        if !is_number(&arguments[0]) && !arguments[0].is_null() {
            return Err(wrong_argument(self.name(), &arguments[0], "a number"));
        }
        Ok(BoundAggregate::new(vec![DataType::Float64], DataType::Float64, Ends::default))
    }
}

/// The smallest and the largest value of each group.
#[derive(Default)]
struct Ends {
    least: Vec<Option<f64>>,
    most: Vec<Option<f64>>,
}

impl Ends {
    fn add(&mut self, groups: &[u32], values: &ArrayRef) {
        for (group, value) in groups.iter().zip(values.as_primitive::<Float64Type>()) {
            let Some(value) = value else { continue };
            let (least, most) = (&mut self.least[*group as usize], &mut self.most[*group as usize]);
            *least = Some(least.map_or(value, |least| if value.total_cmp(&least).is_lt() { value } else { least }));
            *most = Some(most.map_or(value, |most| if value.total_cmp(&most).is_gt() { value } else { most }));
        }
    }
}

impl GroupStates for Ends {
    fn resize(&mut self, groups: usize) {
        self.least.resize(groups, None);
        self.most.resize(groups, None);
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        self.add(groups, &arguments[0]);
        Ok(())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        let column = |ends: &mut Vec<Option<f64>>| -> ArrayRef { Arc::new(Float64Array::from(std::mem::take(ends))) };
        Ok(vec![column(&mut self.least), column(&mut self.most)])
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        states.iter().for_each(|ends| self.add(groups, ends));
        Ok(())
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        let ends = std::mem::take(self);
        let spans = ends.least.into_iter().zip(ends.most).map(|(least, most)| Some(most? - least?));
        Ok(Arc::new(spans.collect::<Float64Array>()))
    }

    fn bytes(&self) -> usize {
        (self.least.capacity() + self.most.capacity()) * size_of::<Option<f64>>()
    }
}
