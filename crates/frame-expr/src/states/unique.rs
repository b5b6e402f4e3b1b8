//! The number of different values per group, and the most frequent one: the states of `nunique` and `mode`.

use std::cmp::Reverse;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryViewArray, Int64Array, UInt64Array};
use arrow::datatypes::DataType;
use frame_core::{Error, Result};

use super::Slide;
use super::distinct::{Distinct, Tally};
use super::values::{self, Coder};
use crate::aggregates::GroupStates;

/// What the different values of a group are finished into.
pub(crate) trait Answer: Send {
    /// What is kept of how often a value was met.
    type Count: Tally;

    /// The answers of all groups, from values of a type; the table is empty afterwards.
    fn take(values: &mut Distinct<Self::Count>, data_type: &DataType) -> Result<ArrayRef>;
}

/// How many different values each group has.
pub(crate) struct Number;

impl Answer for Number {
    type Count = ();

    fn take(values: &mut Distinct<()>, _: &DataType) -> Result<ArrayRef> {
        Ok(Arc::new(Int64Array::from(values.take_counts())))
    }
}

impl Unique<Number> {
    /// The values of frames: how often each value lies in the frame in hand.
    pub(crate) fn framed(&self, arguments: &[ArrayRef], frames: &[(u32, u32)]) -> Result<Option<ArrayRef>> {
        let column = arguments.first().ok_or_else(|| Error::internal("an aggregate without its argument"))?;
        let ids = match coder(&self.data_type)? {
            None => {
                let keys = values::equality_keys(column)?;
                ids(column, |row| keys[row])
            }
            Some(coder) => {
                let bytes = coder.encode(column)?;
                ids(column, |row| bytes.value(row))
            }
        };
        let (mut slide, mut times, mut different) = (Slide::default(), vec![0_u32; column.len()], 0_i64);
        let count = |frame: &(u32, u32)| {
            slide.to(*frame, |row, is_in| {
                let Some(id) = ids[row] else { return };
                let times = &mut times[id as usize];
                if is_in {
                    different += i64::from(*times == 0);
                    *times += 1;
                } else {
                    *times -= 1;
                    different -= i64::from(*times == 0);
                }
            });
            different
        };
        Ok(Some(Arc::new(Int64Array::from_iter_values(frames.iter().map(count)))))
    }
}

/// A number for the value of each row, the same for the same key; none for a null.
fn ids<K: Ord>(column: &ArrayRef, key: impl Fn(usize) -> K) -> Vec<Option<u32>> {
    let nulls = column.logical_nulls();
    let is_valid = |row: &u32| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row as usize));
    let mut sorted: Vec<u32> = (0..column.len() as u32).filter(is_valid).collect();
    sorted.sort_unstable_by_key(|row| key(*row as usize));
    let mut ids = vec![None; column.len()];
    let mut id = 0;
    for (at, row) in sorted.iter().enumerate() {
        if at > 0 && key(sorted[at - 1] as usize) != key(*row as usize) {
            id += 1;
        }
        ids[*row as usize] = Some(id);
    }
    ids
}

/// The most frequent value of each group, of several the smallest.
pub(crate) struct MostFrequent;

impl Answer for MostFrequent {
    type Count = u64;

    fn take(values: &mut Distinct<u64>, data_type: &DataType) -> Result<ArrayRef> {
        let (grouped, arena) = values.take();
        match coder(data_type)? {
            None => {
                let best = |values: &[(u64, u64)]| values.iter().max_by_key(|(key, count)| (*count, Reverse(*key))).map(|(key, _)| *key);
                values::column_of_keys(&grouped.slices().map(best).collect::<UInt64Array>(), data_type)
            }
            Some(coder) => {
                let bytes = grouped.slices().map(|values| {
                    let counted = values.iter().map(|(address, count)| (*count, Reverse(arena.get(*address))));
                    counted.max().map(|(_, Reverse(bytes))| bytes)
                });
                coder.decode(&bytes.collect::<BinaryViewArray>())
            }
        }
    }
}

/// The different values of each group, until they are finished into an answer.
pub(crate) struct Unique<A: Answer> {
    data_type: DataType,
    values: Distinct<A::Count>,
    answer: PhantomData<A>,
}

impl<A: Answer> Unique<A> {
    /// States for values of a type with keys or bytes.
    pub(crate) fn new(data_type: &DataType) -> Self {
        Self { data_type: data_type.clone(), values: Distinct::default(), answer: PhantomData }
    }
}

impl<A: Answer> GroupStates for Unique<A> {
    fn resize(&mut self, groups: usize) {
        self.values.resize(groups);
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let column = arguments.first().ok_or_else(|| Error::internal("an aggregate without its argument"))?;
        match coder(&self.data_type)? {
            None => self.values.add_keys(groups, &values::equality_keys(column)?, column),
            Some(coder) => self.values.add_all_bytes(groups, &coder.encode(column)?),
        }
        Ok(())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        self.values.take_states(!values::has_keys(&self.data_type))
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        self.values.merge(groups, states)
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        A::take(&mut self.values, &self.data_type)
    }

    fn bytes(&self) -> usize {
        self.values.bytes()
    }
}

/// What turns values into bytes, if they have no keys.
fn coder(data_type: &DataType) -> Result<Option<Coder>> {
    if values::has_keys(data_type) { Ok(None) } else { Coder::new(data_type).map(Some) }
}
