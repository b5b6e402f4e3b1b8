//! Exact sums and counts of decimals per group, in 192 bits: the states of `sum` and `mean`.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array, Float64Array, UInt64Array};
use arrow::datatypes::{DataType, Decimal128Type, DecimalType, UInt64Type};
use frame_core::{Error, QueryError, Result};

use super::{Finish, state};
use crate::aggregates::GroupStates;
use crate::exact::{FixedSum, divide_and_round};
use crate::types::DIGITS_MAX;

#[derive(Debug, Clone, Copy, Default)]
struct Total {
    /// In units of the last digit.
    sum: FixedSum,
    count: u64,
}

pub(crate) struct DecimalTotal {
    finish: Finish,
    scale: i8,
    totals: Vec<Total>,
}

impl DecimalTotal {
    /// The types of its states.
    pub(crate) const STATES: [DataType; 4] = [DataType::UInt64, DataType::UInt64, DataType::UInt64, DataType::UInt64];

    pub(crate) fn new(finish: Finish, scale: i8) -> Self {
        Self { finish, scale, totals: Vec::new() }
    }

    fn sum(&self, total: &Total) -> Result<Option<i128>> {
        if total.count == 0 {
            return Ok(None);
        }
        let [low, high, sign] = total.sum.0;
        let sum = (u128::from(low) | u128::from(high) << 64) as i128;
        let is_narrow = sign == (sum >> 127) as u64;
        let fits = is_narrow && Decimal128Type::validate_decimal_precision(sum, DIGITS_MAX, self.scale).is_ok();
        fits.then_some(Some(sum)).ok_or_else(|| {
            Error::new(QueryError::Arithmetic("a sum of decimals has more than 38 digits".to_owned()))
                .hint("sum the column as floats: sum(cast(x, float))")
        })
    }

    fn mean(&self, total: &Total) -> Option<f64> {
        let unit = u32::try_from(self.scale).ok().and_then(|scale| 10_u64.checked_pow(scale));
        Some(match unit.and_then(|unit| unit.checked_mul(total.count)) {
            _ if total.count == 0 => return None,
            Some(divisor) => divide_and_round(&total.sum.0, 0, divisor),
            None => divide_and_round(&total.sum.0, 0, total.count) / 10_f64.powi(i32::from(self.scale)),
        })
    }
}

impl GroupStates for DecimalTotal {
    fn resize(&mut self, groups: usize) {
        self.totals.resize(groups, Total::default());
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let values: &Decimal128Array = state(arguments, 0)?;
        for (group, value) in groups.iter().zip(values) {
            if let Some(value) = value {
                let total = &mut self.totals[*group as usize];
                total.sum.add_words(value);
                total.count += 1;
            }
        }
        Ok(())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        let totals = std::mem::take(&mut self.totals);
        let words = (0..3).map(|at| Arc::new(UInt64Array::from_iter_values(totals.iter().map(|total| total.sum.0[at]))) as ArrayRef);
        let counts = UInt64Array::from_iter_values(totals.iter().map(|total| total.count));
        Ok(words.chain([Arc::new(counts) as ArrayRef]).collect())
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        let columns = states.iter().map(|column| column.as_primitive_opt::<UInt64Type>()).collect::<Option<Vec<_>>>();
        let Some([low, middle, high, counts]) = columns.as_deref() else { return Err(Error::internal("states of another aggregate")) };
        for (row, group) in groups.iter().enumerate() {
            let total = &mut self.totals[*group as usize];
            total.sum.merge(FixedSum([low.value(row), middle.value(row), high.value(row)]));
            total.count += counts.value(row);
        }
        Ok(())
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        let totals = std::mem::take(&mut self.totals);
        if self.finish == Finish::Mean {
            return Ok(Arc::new(totals.iter().map(|total| self.mean(total)).collect::<Float64Array>()));
        }
        let sums = totals.iter().map(|total| self.sum(total)).collect::<Result<Decimal128Array>>()?;
        Ok(Arc::new(sums.with_precision_and_scale(DIGITS_MAX, self.scale)?))
    }

    fn bytes(&self) -> usize {
        self.totals.capacity() * size_of::<Total>()
    }
}
