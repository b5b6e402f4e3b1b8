//! The number of different values per group, and the most frequent one: the states of `nunique` and `mode`.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryViewArray, Int64Array, UInt64Array};
use arrow::datatypes::DataType;
use frame_core::{Error, Result};

use super::distinct::Distinct;
use super::values::{self, Coder};
use crate::aggregates::GroupStates;

/// The argument of a row, and what turns it into bytes if it has no key.
fn argument(arguments: &[ArrayRef]) -> Result<&ArrayRef> {
    arguments.first().ok_or_else(|| Error::internal("an aggregate without its argument"))
}

fn coder(data_type: &DataType) -> Result<Option<Coder>> {
    if values::has_keys(data_type) { Ok(None) } else { Coder::new(data_type).map(Some) }
}

/// How many different values each group has.
pub(crate) struct Unique {
    data_type: DataType,
    values: Distinct<()>,
}

impl Unique {
    /// States for values of a type with keys or bytes.
    pub(crate) fn new(data_type: &DataType) -> Self {
        Self { data_type: data_type.clone(), values: Distinct::default() }
    }
}

impl GroupStates for Unique {
    fn resize(&mut self, groups: usize) {
        self.values.resize(groups);
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let column = argument(arguments)?;
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
        Ok(Arc::new(Int64Array::from(self.values.take_counts())))
    }

    fn bytes(&self) -> usize {
        self.values.bytes()
    }
}

/// The most frequent value of each group.
pub(crate) struct MostFrequent {
    data_type: DataType,
    values: Distinct<u64>,
}

impl MostFrequent {
    /// States for values of a type with keys or bytes.
    pub(crate) fn new(data_type: &DataType) -> Self {
        Self { data_type: data_type.clone(), values: Distinct::default() }
    }
}

impl GroupStates for MostFrequent {
    fn resize(&mut self, groups: usize) {
        self.values.resize(groups);
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let column = argument(arguments)?;
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
        let (grouped, arena) = self.values.take();
        match coder(&self.data_type)? {
            None => {
                let best = |values: &[(u64, u64)]| values.iter().max_by_key(|(key, count)| (*count, Reverse(*key))).map(|(key, _)| *key);
                values::column_of_keys(&grouped.slices().map(best).collect::<UInt64Array>(), &self.data_type)
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

    fn bytes(&self) -> usize {
        self.values.bytes()
    }
}
