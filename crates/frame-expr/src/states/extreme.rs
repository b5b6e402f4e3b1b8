//! The smallest or largest value per group, for every type that fits 64 bits: the states of `min` and `max`.
//!
//! Values are compared as order keys: 64-bit integers that sort as the values do (NaN after every number, −0.0 before 0.0,
//! so that the answer does not depend on the order of rows).

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use frame_core::{Error, Result};

use super::{End, state};
use crate::aggregates::GroupStates;

pub(crate) struct Extreme {
    end: End,
    data_type: DataType,
    /// The best order key of each group so far; [`Extreme::worst`] where there is none.
    keys: Vec<i64>,
    /// Groups whose best key is the worst one because such a value was seen.
    seen_worst: BTreeSet<u32>,
}

impl Extreme {
    pub(crate) fn new(end: End, data_type: &DataType) -> Self {
        Self { end, data_type: data_type.clone(), keys: Vec::new(), seen_worst: BTreeSet::new() }
    }

    /// Whether values of this type have order keys.
    pub(crate) fn takes(data_type: &DataType) -> bool {
        use DataType::{Boolean, Date32, Duration, Float32, Float64, Time64, Timestamp};
        data_type.is_integer() || matches!(data_type, Boolean | Float32 | Float64 | Date32 | Time64(_) | Timestamp(..) | Duration(_))
    }

    fn worst(&self) -> i64 {
        match self.end {
            End::Min => i64::MAX,
            End::Max => i64::MIN,
        }
    }

    fn add_all(&mut self, groups: &[u32], values: impl Iterator<Item = i64>, valid: impl Fn(usize) -> bool) {
        // The two ends get a loop of their own: a call through a pointer per row would cost more than the comparison.
        match self.end {
            End::Min => self.fold(groups, values, valid, |a, b| a.min(b)),
            End::Max => self.fold(groups, values, valid, |a, b| a.max(b)),
        }
    }

    /// Floats have no worst key, so there is nothing to remember about it.
    fn add_floats(&mut self, groups: &[u32], values: &[f64]) {
        let rows = groups.iter().zip(values);
        match self.end {
            End::Min => rows.for_each(|(group, value)| {
                let best = &mut self.keys[*group as usize];
                *best = float_key(*value).min(*best);
            }),
            End::Max => rows.for_each(|(group, value)| {
                let best = &mut self.keys[*group as usize];
                *best = float_key(*value).max(*best);
            }),
        }
    }

    #[inline(always)]
    fn fold(&mut self, groups: &[u32], values: impl Iterator<Item = i64>, valid: impl Fn(usize) -> bool, better: impl Fn(i64, i64) -> i64) {
        let worst = self.worst();
        for (row, (group, key)) in groups.iter().zip(values).enumerate() {
            if valid(row) {
                let best = &mut self.keys[*group as usize];
                *best = better(*best, key);
                if key == worst {
                    self.seen_worst.insert(*group);
                }
            }
        }
    }

    /// The order keys as a column, null for groups without a value.
    fn take_keys(&mut self) -> Int64Array {
        let worst = self.worst();
        let seen = std::mem::take(&mut self.seen_worst);
        let keys = std::mem::take(&mut self.keys);
        let known = |group: usize, key: i64| key != worst || seen.contains(&(group as u32));
        keys.into_iter().enumerate().map(|(group, key)| known(group, key).then_some(key)).collect()
    }
}

/// The order key of a float: its bits, turned so that they sort as integers.
#[inline(always)]
fn float_key(value: f64) -> i64 {
    let bits = if value.is_nan() { f64::NAN.to_bits() & (u64::MAX >> 1) } else { value.to_bits() } as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

fn float_of_key(key: i64) -> f64 {
    f64::from_bits((key ^ (((key >> 63) as u64) >> 1) as i64) as u64)
}

impl GroupStates for Extreme {
    fn resize(&mut self, groups: usize) {
        let worst = self.worst();
        self.keys.resize(groups, worst);
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let column = arguments.first().ok_or_else(|| Error::internal("min and max need an argument"))?;
        let nulls = column.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        if let Some(floats) = column.as_primitive_opt::<Float64Type>() {
            match nulls {
                None => self.add_floats(groups, floats.values()),
                Some(nulls) => {
                    for (start, end) in nulls.valid_slices() {
                        self.add_floats(&groups[start..end], &floats.values()[start..end]);
                    }
                }
            }
            return Ok(());
        }
        let ints = ordered_ints(column)?;
        let keys = ints.values().iter().copied();
        match nulls {
            None => self.add_all(groups, keys, |_| true),
            Some(nulls) => self.add_all(groups, keys, |row| nulls.is_valid(row)),
        }
        Ok(())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        Ok(vec![Arc::new(self.take_keys())])
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        let keys: &Int64Array = state(states, 0)?;
        self.add_all(groups, keys.values().iter().copied(), |row| keys.is_valid(row));
        Ok(())
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        let keys = self.take_keys();
        Ok(match &self.data_type {
            DataType::Float32 | DataType::Float64 => {
                cast(&keys.iter().map(|key| key.map(float_of_key)).collect::<Float64Array>(), &self.data_type)?
            }
            DataType::UInt64 => Arc::new(keys.unary::<_, arrow::datatypes::UInt64Type>(|key| (key as u64) ^ 1 << 63)),
            DataType::Boolean => Arc::new(keys.iter().map(|key| key.map(|key| key != 0)).collect::<BooleanArray>()),
            DataType::Date32 => cast(&cast(&keys, &DataType::Int32)?, &DataType::Date32)?,
            other => cast(&keys, other)?,
        })
    }

    fn bytes(&self) -> usize {
        self.keys.capacity() * size_of::<i64>() + self.seen_worst.len() * 16
    }
}

/// A column of integers, days, instants or truth values as integers in their order.
fn ordered_ints(column: &ArrayRef) -> Result<Int64Array> {
    if let Some(unsigned) = column.as_primitive_opt::<arrow::datatypes::UInt64Type>() {
        return Ok(unsigned.unary::<_, Int64Type>(|value| (value ^ 1 << 63) as i64));
    }
    let ints = match column.data_type() {
        DataType::Date32 => cast(&cast(column, &DataType::Int32)?, &DataType::Int64)?,
        _ => cast(column, &DataType::Int64)?,
    };
    Ok(ints.as_primitive::<Int64Type>().clone())
}
