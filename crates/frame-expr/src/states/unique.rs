//! The number of different values per group, and the most frequent one: the states of `nunique` and `mode`.

use std::cmp::Reverse;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryViewArray, Int64Array, UInt64Array};
use arrow::datatypes::DataType;
use frame_core::{Error, Result};

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
