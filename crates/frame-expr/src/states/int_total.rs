//! Exact sums and counts of integers and durations per group, in 128 bits: the states of `sum` and `mean`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, Decimal128Array, Float64Array, Int64Array, PrimitiveArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, DurationMicrosecondType, DurationNanosecondType, Int64Type, TimeUnit, UInt64Type};
use frame_core::{Error, QueryError, Result};

use super::{Finish, state};
use crate::aggregates::GroupStates;
use crate::exact::divide_and_round;

#[derive(Debug, Clone, Copy, Default)]
struct Total {
    sum: i128,
    count: u64,
}

pub(crate) struct IntTotal {
    finish: Finish,
    /// The type of the result: that of the values for durations, else an int or a float.
    output: DataType,
    totals: Vec<Total>,
}

impl IntTotal {
    pub(crate) fn new(finish: Finish, output: DataType) -> Self {
        Self { finish, output, totals: Vec::new() }
    }

    /// The values of frames: differences of the exact totals up to each row.
    pub(crate) fn framed(mut self, arguments: &[ArrayRef], frames: &[(u32, u32)]) -> Result<Option<ArrayRef>> {
        let rows = arguments.first().map_or(0, |column| column.len());
        self.resize(rows + 1);
        // Row n counts for the totals behind it.
        self.update(&(1..=rows as u32).collect::<Vec<_>>(), arguments)?;
        for row in 0..rows {
            let before = self.totals[row];
            let total = &mut self.totals[row + 1];
            total.sum += before.sum;
            total.count += before.count;
        }
        let difference = |(start, end): &(u32, u32)| {
            let (before, total) = (self.totals[*start as usize], self.totals[*end as usize]);
            Total { sum: total.sum - before.sum, count: total.count - before.count }
        };
        self.totals = frames.iter().map(difference).collect();
        self.take_values().map(Some)
    }

    fn add_all<T: ArrowPrimitiveType<Native: Into<i128>>>(&mut self, groups: &[u32], values: &PrimitiveArray<T>) {
        match values.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => groups.iter().zip(values.values()).for_each(|(group, value)| self.add(*group, (*value).into())),
            Some(nulls) => {
                for (start, end) in nulls.valid_slices() {
                    let rows = groups[start..end].iter().zip(&values.values()[start..end]);
                    rows.for_each(|(group, value)| self.add(*group, (*value).into()));
                }
            }
        }
    }

    #[inline(always)]
    fn add(&mut self, group: u32, value: i128) {
        let total = &mut self.totals[group as usize];
        total.sum += value;
        total.count += 1;
    }
}

fn mean(total: &Total) -> Option<f64> {
    let words = [total.sum as u64, (total.sum >> 64) as u64];
    (total.count > 0).then(|| divide_and_round(&words, 0, total.count))
}

/// The mean, rounded down to a whole number: it lies between the smallest and the largest value, so it fits.
fn floor(total: &Total) -> Option<i64> {
    (total.count > 0).then(|| total.sum.div_euclid(i128::from(total.count)) as i64)
}

fn sum(total: &Total) -> Result<Option<i64>> {
    if total.count == 0 {
        return Ok(None);
    }
    i64::try_from(total.sum).map(Some).map_err(|_| {
        Error::new(QueryError::Arithmetic(format!("the sum {} does not fit a 64-bit integer", total.sum)))
            .hint("sum the column as floats: sum(cast(x, float))")
    })
}

impl GroupStates for IntTotal {
    fn resize(&mut self, groups: usize) {
        self.totals.resize(groups, Total::default());
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        match arguments.first().map(|column| column.data_type()) {
            Some(DataType::UInt64) => self.add_all::<UInt64Type>(groups, state(arguments, 0)?),
            Some(DataType::Duration(TimeUnit::Microsecond)) => self.add_all::<DurationMicrosecondType>(groups, state(arguments, 0)?),
            Some(DataType::Duration(TimeUnit::Nanosecond)) => self.add_all::<DurationNanosecondType>(groups, state(arguments, 0)?),
            _ => self.add_all::<Int64Type>(groups, state(arguments, 0)?),
        }
        Ok(())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        let totals = std::mem::take(&mut self.totals);
        let sums = Decimal128Array::from_iter_values(totals.iter().map(|total| total.sum));
        let counts = UInt64Array::from_iter_values(totals.iter().map(|total| total.count));
        Ok(vec![Arc::new(sums), Arc::new(counts)])
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        let sums: &Decimal128Array = state(states, 0)?;
        let counts: &UInt64Array = state(states, 1)?;
        for (row, group) in groups.iter().enumerate() {
            let total = &mut self.totals[*group as usize];
            total.sum += sums.value(row);
            total.count += counts.value(row);
        }
        Ok(())
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        let totals = std::mem::take(&mut self.totals);
        let of_ints = |values: Int64Array| -> Result<ArrayRef> { Ok(cast(&values, &self.output)?) };
        Ok(match self.finish {
            Finish::Mean if self.output.is_temporal() => of_ints(totals.iter().map(floor).collect())?,
            Finish::Mean => Arc::new(totals.iter().map(mean).collect::<Float64Array>()),
            Finish::Sum => of_ints(totals.iter().map(sum).collect::<Result<Int64Array>>()?)?,
        })
    }

    fn bytes(&self) -> usize {
        self.totals.capacity() * size_of::<Total>()
    }
}
