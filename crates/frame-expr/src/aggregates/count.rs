//! `count`: the number of rows, or of values that are not null.

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, GroupStates};
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

    fn example(&self) -> &'static str {
        "count"
    }

    fn arguments(&self) -> RangeInclusive<usize> {
        0..=1
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        Ok(BoundAggregate::new(arguments.to_vec(), DataType::Int64, Counts::default).framed(framed).with_states([DataType::Int64]))
    }
}

/// The counts of frames: differences of the counts up to each row.
fn framed(arguments: &[ArrayRef], frames: &[(u32, u32)]) -> Result<Option<ArrayRef>> {
    let counts: Int64Array = match arguments.first().and_then(|column| column.logical_nulls()).filter(|nulls| nulls.null_count() > 0) {
        None => frames.iter().map(|(start, end)| i64::from(end - start)).collect(),
        Some(nulls) => {
            let mut total = 0;
            let add = |valid: bool| {
                total += i64::from(valid);
                total
            };
            let totals: Vec<i64> = std::iter::once(0).chain(nulls.iter().map(add)).collect();
            frames.iter().map(|(start, end)| totals[*end as usize] - totals[*start as usize]).collect()
        }
    };
    Ok(Some(Arc::new(counts)))
}

#[derive(Default)]
struct Counts(Vec<i64>);

impl GroupStates for Counts {
    fn resize(&mut self, groups: usize) {
        self.0.resize(groups, 0);
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let nulls = arguments.first().and_then(|column| column.logical_nulls()).filter(|nulls| nulls.null_count() > 0);
        if let [count] = self.0.as_mut_slice() {
            *count += (groups.len() - nulls.map_or(0, |nulls| nulls.null_count())) as i64;
            return Ok(());
        }
        match nulls {
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
