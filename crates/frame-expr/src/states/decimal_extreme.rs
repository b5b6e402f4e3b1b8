//! The smallest or largest decimal per group: the states of `min` and `max`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array};
use frame_core::Result;

use super::{End, state};
use crate::aggregates::GroupStates;

pub(crate) struct DecimalExtreme {
    end: End,
    precision: u8,
    scale: i8,
    best: Vec<Option<i128>>,
}

impl DecimalExtreme {
    pub(crate) fn new(end: End, precision: u8, scale: i8) -> Self {
        Self { end, precision, scale, best: Vec::new() }
    }

    fn take(&mut self) -> Result<ArrayRef> {
        let values: Decimal128Array = std::mem::take(&mut self.best).into_iter().collect();
        Ok(Arc::new(values.with_precision_and_scale(self.precision, self.scale)?))
    }
}

impl GroupStates for DecimalExtreme {
    fn resize(&mut self, groups: usize) {
        self.best.resize(groups, None);
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let values: &Decimal128Array = state(arguments, 0)?;
        for (group, value) in groups.iter().zip(values) {
            let best = &mut self.best[*group as usize];
            *best = match (*best, value, self.end) {
                (Some(best), Some(value), End::Min) => Some(value.min(best)),
                (Some(best), Some(value), End::Max) => Some(value.max(best)),
                (best, value, _) => best.or(value),
            };
        }
        Ok(())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.take()?])
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        self.update(groups, states)
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        self.take()
    }

    fn bytes(&self) -> usize {
        self.best.capacity() * size_of::<Option<i128>>()
    }
}
