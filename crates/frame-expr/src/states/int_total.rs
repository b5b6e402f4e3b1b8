//! Exact sums and counts of integers and durations per group: the states of `sum` and `mean`.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, Decimal128Array, Float64Array, Int64Array, PrimitiveArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{
    DECIMAL_DEFAULT_SCALE, DECIMAL128_MAX_PRECISION, DataType, DurationMicrosecondType, DurationNanosecondType, Int64Type, TimeUnit,
    UInt64Type,
};
use frame_core::{Error, QueryError, Result};

use super::{Finish, state};
use crate::aggregates::GroupStates;
use crate::exact::divide_and_round;

/// What the hot loop touches for a group: small, so that the totals of many groups stay in the cache of a core.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    /// The lowest 64 bits of the sum, as a signed number; the rest is among the carries.
    sum: i64,
    count: u64,
}

pub(crate) struct IntTotal {
    finish: Finish,
    /// The type of the result: that of the values for durations, else an int or a float.
    output: DataType,
    totals: Vec<Total>,
    /// How often the sum of a group went over the upper end of 64 bits, less how often over the lower one.
    carries: BTreeMap<u32, i64>,
}

/// What can be added to a total.
trait Addend: Copy {
    /// The lowest 64 bits of the sum, and whether it went over their end.
    fn add_to(self, sum: i64) -> (i64, bool);

    /// What going over the end counts.
    fn carry(self) -> i64;
}

impl Addend for i64 {
    #[inline(always)]
    fn add_to(self, sum: i64) -> (i64, bool) {
        sum.overflowing_add(self)
    }

    fn carry(self) -> i64 {
        if self < 0 { -1 } else { 1 }
    }
}

impl Addend for u64 {
    #[inline(always)]
    fn add_to(self, sum: i64) -> (i64, bool) {
        sum.overflowing_add_unsigned(self)
    }

    fn carry(self) -> i64 {
        1
    }
}

impl IntTotal {
    /// The types of its states.
    pub(crate) const STATES: [DataType; 2] = [DataType::Decimal128(DECIMAL128_MAX_PRECISION, DECIMAL_DEFAULT_SCALE), DataType::UInt64];

    pub(crate) fn new(finish: Finish, output: DataType) -> Self {
        Self { finish, output, totals: Vec::new(), carries: BTreeMap::new() }
    }

    /// The values of frames: differences of the exact totals up to each row.
    pub(crate) fn framed(mut self, arguments: &[ArrayRef], frames: &[(u32, u32)]) -> Result<Option<ArrayRef>> {
        let rows = arguments.first().map_or(0, |column| column.len());
        self.resize(rows + 1);
        // Row n counts for the totals behind it.
        self.update(&(1..=rows as u32).collect::<Vec<_>>(), arguments)?;
        let mut before = (0, 0);
        let mut up_to = Vec::with_capacity(rows + 1);
        for (sum, count) in self.sums() {
            before = (before.0 + sum, before.1 + count);
            up_to.push(before);
        }
        let difference = |(start, end): &(u32, u32)| {
            let ((sum_before, before), (sum, count)) = (up_to[*start as usize], up_to[*end as usize]);
            (sum - sum_before, count - before)
        };
        self.values(frames.iter().map(difference)).map(Some)
    }

    fn add_all<T: ArrowPrimitiveType<Native: Addend>>(&mut self, groups: &[u32], values: &PrimitiveArray<T>) {
        match values.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => groups.iter().zip(values.values()).for_each(|(group, value)| self.add(*group, *value)),
            Some(nulls) => {
                for (start, end) in nulls.valid_slices() {
                    let rows = groups[start..end].iter().zip(&values.values()[start..end]);
                    rows.for_each(|(group, value)| self.add(*group, *value));
                }
            }
        }
    }

    #[inline(always)]
    fn add<T: Addend>(&mut self, group: u32, value: T) {
        let total = &mut self.totals[group as usize];
        total.count += 1;
        let is_over;
        (total.sum, is_over) = value.add_to(total.sum);
        if is_over {
            self.carry(group, value.carry());
        }
    }

    #[cold]
    fn carry(&mut self, group: u32, carry: i64) {
        *self.carries.entry(group).or_default() += carry;
    }

    /// Sum and count of each group.
    fn sums(&self) -> impl Iterator<Item = (i128, u64)> {
        let mut carries = self.carries.iter().peekable();
        self.totals.iter().zip(0..).map(move |(total, group)| {
            let carry = carries.next_if(|(of, _)| **of == group).map_or(0, |(_, carry)| i128::from(*carry));
            (i128::from(total.sum) + (carry << 64), total.count)
        })
    }

    fn values(&self, sums: impl Iterator<Item = (i128, u64)>) -> Result<ArrayRef> {
        let of_ints = |values: Int64Array| -> Result<ArrayRef> { Ok(cast(&values, &self.output)?) };
        Ok(match self.finish {
            Finish::Mean if self.output.is_temporal() => of_ints(sums.map(floor).collect())?,
            Finish::Mean => Arc::new(sums.map(mean).collect::<Float64Array>()),
            Finish::Sum => of_ints(sums.map(whole).collect::<Result<Int64Array>>()?)?,
        })
    }
}

fn mean((sum, count): (i128, u64)) -> Option<f64> {
    let words = [sum as u64, (sum >> 64) as u64];
    (count > 0).then(|| divide_and_round(&words, 0, count))
}

/// The mean, rounded down to a whole number: it lies between the smallest and the largest value, so it fits.
fn floor((sum, count): (i128, u64)) -> Option<i64> {
    (count > 0).then(|| sum.div_euclid(i128::from(count)) as i64)
}

fn whole((sum, count): (i128, u64)) -> Result<Option<i64>> {
    if count == 0 {
        return Ok(None);
    }
    i64::try_from(sum).map(Some).map_err(|_| {
        Error::new(QueryError::Arithmetic(format!("the sum {sum} does not fit a 64-bit integer")))
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
        let sums = Decimal128Array::from_iter_values(self.sums().map(|(sum, _)| sum));
        let counts = UInt64Array::from_iter_values(self.totals.iter().map(|total| total.count));
        (self.totals, self.carries) = (Vec::new(), BTreeMap::new());
        Ok(vec![Arc::new(sums), Arc::new(counts)])
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        let sums: &Decimal128Array = state(states, 0)?;
        let counts: &UInt64Array = state(states, 1)?;
        for ((group, sum), count) in groups.iter().zip(sums.values()).zip(counts.values()) {
            let total = &mut self.totals[*group as usize];
            total.count += count;
            let low = *sum as i64;
            let is_over;
            (total.sum, is_over) = low.add_to(total.sum);
            let carry = ((sum - i128::from(low)) >> 64) as i64 + if is_over { low.carry() } else { 0 };
            if carry != 0 {
                self.carry(*group, carry);
            }
        }
        Ok(())
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        let values = self.values(self.sums())?;
        (self.totals, self.carries) = (Vec::new(), BTreeMap::new());
        Ok(values)
    }

    fn bytes(&self) -> usize {
        self.totals.capacity() * size_of::<Total>() + self.carries.len() * 48
    }
}
