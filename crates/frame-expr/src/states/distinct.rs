//! The different values of each group, counted or not: the states of `nunique`, `mode` and `approx_quantile`.
//!
//! One table for all groups, keyed by group and value, so that its size follows the number of different values.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryViewArray, LargeBinaryArray, LargeListArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt64Type};
use frame_core::{Error, Result, hash};
use hashbrown::HashTable;

use super::arena::Arena;
use super::log::{Grouped, Log, flatten};
use super::state;

/// How often a value was met, or nothing if that does not matter.
pub(crate) trait Tally: Copy + Default + Send {
    /// This many, as far as it matters.
    fn of(count: u64) -> Self;

    /// The sum of both.
    fn plus(self, other: Self) -> Self;

    /// How many.
    fn count(self) -> u64;
}

impl Tally for () {
    fn of(_: u64) {}

    fn plus(self, _: Self) {}

    fn count(self) -> u64 {
        1
    }
}

impl Tally for u64 {
    fn of(count: u64) -> Self {
        count
    }

    fn plus(self, other: Self) -> Self {
        self + other
    }

    fn count(self) -> u64 {
        self
    }
}

#[derive(Debug, Clone, Copy)]
struct Entry<C> {
    /// The value's key, or the address of its bytes.
    value: u64,
    group: u32,
    count: C,
}

/// The different values of each group.
#[derive(Debug)]
pub(crate) struct Distinct<C> {
    table: HashTable<Entry<C>>,
    arena: Arena,
    groups: usize,
}

impl<C> Default for Distinct<C> {
    fn default() -> Self {
        Self { table: HashTable::new(), arena: Arena::default(), groups: 0 }
    }
}

impl<C: Tally> Distinct<C> {
    /// Makes room for groups `0 .. groups`.
    pub(crate) fn resize(&mut self, groups: usize) {
        self.groups = groups;
    }

    /// Adds a value that is a key. A table holds either keys or bytes.
    #[inline]
    pub(crate) fn add_key(&mut self, group: u32, value: u64, count: C) {
        let hash_of = |entry: &Entry<C>| hash::words(entry.value, entry.group.into());
        let entry = self.table.entry(hash::words(value, group.into()), |entry| entry.value == value && entry.group == group, hash_of);
        entry.and_modify(|entry| entry.count = entry.count.plus(count)).or_insert(Entry { value, group, count });
    }

    /// Adds a value that is bytes.
    #[inline]
    pub(crate) fn add_bytes(&mut self, group: u32, value: &[u8], count: C) {
        let hash_of = |group: u32, value: &[u8]| hash::combine(hash::bytes(value), group.into());
        let (hash, arena) = (hash_of(group, value), &self.arena);
        let found = self.table.find_mut(hash, |entry| entry.group == group && arena.get(entry.value) == value);
        if let Some(entry) = found {
            entry.count = entry.count.plus(count);
            return;
        }
        let address = self.arena.push(value);
        let arena = &self.arena;
        self.table.insert_unique(hash, Entry { value: address, group, count }, |entry| hash_of(entry.group, arena.get(entry.value)));
    }

    /// Adds the values of a column that are not null.
    pub(crate) fn add_keys(&mut self, groups: &[u32], keys: &[u64], column: &ArrayRef) {
        match column.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
            None => groups.iter().zip(keys).for_each(|(group, key)| self.add_key(*group, *key, C::of(1))),
            Some(nulls) => nulls.valid_indices().for_each(|row| self.add_key(groups[row], keys[row], C::of(1))),
        }
    }

    /// Adds the byte strings that are not null.
    pub(crate) fn add_all_bytes(&mut self, groups: &[u32], values: &BinaryViewArray) {
        for (group, value) in groups.iter().zip(values) {
            if let Some(value) = value {
                self.add_bytes(*group, value, C::of(1));
            }
        }
    }

    /// The number of different values of each group; the table is empty afterwards.
    pub(crate) fn take_counts(&mut self) -> Vec<i64> {
        let mut counts = vec![0; self.groups];
        self.table.iter().for_each(|entry| counts[entry.group as usize] += 1);
        *self = Self::default();
        counts
    }

    /// The values and their counts by group, in no order, and the bytes that values may point to; the table is empty afterwards.
    pub(crate) fn take(&mut self) -> (Grouped<(u64, u64)>, Arena) {
        let mut log = Log::default();
        log.resize(self.groups);
        self.table.iter().for_each(|entry| log.push(entry.group, (entry.value, entry.count.count())));
        let arena = std::mem::take(&mut self.arena);
        *self = Self::default();
        (log.take(), arena)
    }

    /// The table as two columns of lists: values (`as_bytes` says of which kind) and counts.
    pub(crate) fn take_states(&mut self, as_bytes: bool) -> Result<Vec<ArrayRef>> {
        let (grouped, arena) = self.take();
        let values = grouped.values();
        let counts = UInt64Array::from_iter_values(values.iter().map(|(_, count)| *count));
        let items: ArrayRef = if as_bytes {
            Arc::new(LargeBinaryArray::from_iter_values(values.iter().map(|(address, _)| arena.get(*address))))
        } else {
            Arc::new(UInt64Array::from_iter_values(values.iter().map(|(value, _)| *value)))
        };
        Ok(vec![grouped.lists(items)?, grouped.lists(Arc::new(counts))?])
    }

    /// Adds what [`Distinct::take_states`] gave.
    pub(crate) fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        let lists: &LargeListArray = state(states, 0)?;
        let (of_items, items) = flatten(groups, lists);
        let (_, counts) = flatten(groups, state(states, 1)?);
        let counts = counts.as_primitive_opt::<UInt64Type>().ok_or_else(|| Error::internal("counts of another type"))?.values();
        let rows = of_items.iter().zip(counts);
        if let Some(keys) = items.as_primitive_opt::<UInt64Type>() {
            rows.zip(keys.values()).for_each(|((group, count), key)| self.add_key(*group, *key, C::of(*count)));
        } else {
            let items = cast(&items, &DataType::LargeBinary)?;
            rows.zip(items.as_binary::<i64>()).for_each(|((group, count), value)| {
                self.add_bytes(*group, value.unwrap_or_default(), C::of(*count));
            });
        }
        Ok(())
    }

    /// Bytes of memory held.
    pub(crate) fn bytes(&self) -> usize {
        self.table.allocation_size() + self.arena.bytes()
    }
}
