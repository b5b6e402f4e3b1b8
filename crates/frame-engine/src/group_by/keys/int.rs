//! One key that fits a 64-bit integer.

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, hash};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::KeyTable;

pub(super) struct Ints {
    data_type: DataType,
    table: HashTable<Slot>,
    /// Key of each group; the null group has any.
    keys: Vec<i64>,
    null: Option<u32>,
}

#[derive(Clone, Copy)]
struct Slot {
    key: i64,
    group: u32,
}

/// Whether keys of this type convert to 64-bit integers and back.
pub(super) fn takes(data_type: &DataType) -> bool {
    data_type.is_integer() && *data_type != DataType::UInt64 || matches!(data_type, DataType::Timestamp(..) | DataType::Date32)
}

impl Ints {
    pub(super) fn new(data_type: &DataType) -> Self {
        Self { data_type: data_type.clone(), table: HashTable::new(), keys: Vec::new(), null: None }
    }

    #[inline(always)]
    fn group(&mut self, key: i64) -> u32 {
        let rehash = |slot: &Slot| hash::word(slot.key as u64);
        match self.table.entry(hash::word(key as u64), |slot| slot.key == key, rehash) {
            Entry::Occupied(slot) => slot.get().group,
            Entry::Vacant(place) => {
                let group = self.keys.len() as u32;
                self.keys.push(key);
                place.insert(Slot { key, group });
                group
            }
        }
    }

    fn null_group(&mut self) -> u32 {
        let keys = &mut self.keys;
        *self.null.get_or_insert_with(|| {
            keys.push(0);
            keys.len() as u32 - 1
        })
    }
}

/// Through 32 bits for days: there is no direct way.
pub(super) fn convert(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let is_days = |data_type: &DataType| *data_type == DataType::Date32;
    if is_days(array.data_type()) || is_days(to) {
        return Ok(cast(&cast(array, &DataType::Int32)?, to)?);
    }
    Ok(cast(array, to)?)
}

impl KeyTable for Ints {
    fn assign(&mut self, keys: &[ArrayRef], rows: usize, groups: &mut Vec<u32>) -> Result<()> {
        let ints = convert(&keys[0], &DataType::Int64)?;
        let ints = ints.as_primitive::<Int64Type>();
        groups.clear();
        groups.reserve(rows);
        match ints.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => groups.extend(ints.values().iter().map(|key| self.group(*key))),
            Some(nulls) => {
                let rows = ints.values().iter().zip(nulls);
                groups.extend(rows.map(|(key, valid)| if valid { self.group(*key) } else { self.null_group() }));
            }
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.keys.len()
    }

    fn hashes(&self) -> Vec<u64> {
        let mut hashes: Vec<u64> = self.keys.iter().map(|key| hash::word(*key as u64)).collect();
        if let Some(null) = self.null {
            hashes[null as usize] = hash::NULL;
        }
        hashes
    }

    fn take_keys(&mut self) -> Result<Vec<ArrayRef>> {
        let null = self.null.take();
        self.table.clear();
        let keys = std::mem::take(&mut self.keys).into_iter().enumerate();
        let keys: Int64Array = keys.map(|(group, key)| (Some(group as u32) != null).then_some(key)).collect();
        let keys: ArrayRef = std::sync::Arc::new(keys);
        Ok(vec![convert(&keys, &self.data_type)?])
    }

    fn bytes(&self) -> usize {
        self.table.allocation_size() + self.keys.capacity() * size_of::<i64>()
    }
}
