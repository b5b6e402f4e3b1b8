//! One key that fits a 64-bit integer: looked up by its distance from the smallest one while keys lie close together, else by its hash.

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::compute::{cast, max, min};
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, hash};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::KeyTable;
use super::dense::Dense;

pub(super) struct Ints {
    data_type: DataType,
    /// The smallest and the largest key so far.
    range: Option<(i64, i64)>,
    /// Where keys are found if they lie close together …
    dense: Option<Dense>,
    /// … and if they do not.
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

impl Slot {
    #[inline(always)]
    fn hash(&self) -> u64 {
        hash::word(self.key as u64)
    }
}

/// Keys and their groups, without the one of nulls.
fn slots(keys: &[i64], null: Option<u32>) -> impl Iterator<Item = Slot> {
    keys.iter().zip(0..).filter(move |(_, group)| Some(*group) != null).map(|(key, group)| Slot { key: *key, group })
}

/// Whether keys of this type convert to 64-bit integers and back.
pub(super) fn takes(data_type: &DataType) -> bool {
    data_type.is_integer() && *data_type != DataType::UInt64 || matches!(data_type, DataType::Timestamp(..) | DataType::Date32)
}

impl Ints {
    pub(super) fn new(data_type: &DataType) -> Self {
        Self { data_type: data_type.clone(), range: None, dense: None, table: HashTable::new(), keys: Vec::new(), null: None }
    }

    /// Chooses where keys are found, these and those before.
    fn choose(&mut self, ints: &Int64Array) {
        let (Some(smallest), Some(largest)) = (min(ints), max(ints)) else { return };
        let range = self.range.map_or((smallest, largest), |range| (range.0.min(smallest), range.1.max(largest)));
        self.range = Some(range);
        let is_new = self.dense.is_none();
        if !Dense::takes(range, self.keys.len(), !is_new) {
            if self.dense.take().is_some() {
                self.table.reserve(self.keys.len(), Slot::hash);
                for slot in slots(&self.keys, self.null) {
                    self.table.insert_unique(slot.hash(), slot, Slot::hash);
                }
            }
            return;
        }
        let dense = self.dense.get_or_insert_default();
        dense.reach(range);
        if is_new {
            self.table = HashTable::new();
            for slot in slots(&self.keys, self.null) {
                dense.group(slot.key, || slot.group);
            }
        }
    }

    #[inline(always)]
    fn group(&mut self, key: i64) -> u32 {
        match self.table.entry(hash::word(key as u64), |slot| slot.key == key, Slot::hash) {
            Entry::Occupied(slot) => slot.get().group,
            Entry::Vacant(place) => {
                let group = new_group(key, &mut self.keys);
                place.insert(Slot { key, group });
                group
            }
        }
    }

    /// The groups of keys within reach of `dense`.
    fn assign_dense(&mut self, ints: &Int64Array, groups: &mut Vec<u32>) {
        let Self { dense: Some(dense), keys, null, .. } = self else { return };
        let mut group = |key: i64, keys: &mut Vec<i64>| dense.group(key, || new_group(key, keys));
        match ints.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => groups.extend(ints.values().iter().map(|key| group(*key, keys))),
            Some(nulls) => {
                let rows = ints.values().iter().zip(nulls);
                groups.extend(rows.map(|(key, valid)| if valid { group(*key, keys) } else { null_group(null, keys) }));
            }
        }
    }

    fn null_group(&mut self) -> u32 {
        null_group(&mut self.null, &mut self.keys)
    }
}

fn new_group(key: i64, keys: &mut Vec<i64>) -> u32 {
    keys.push(key);
    keys.len() as u32 - 1
}

fn null_group(null: &mut Option<u32>, keys: &mut Vec<i64>) -> u32 {
    *null.get_or_insert_with(|| new_group(0, keys))
}

/// A column of whole numbers, days or instants as another of these types; through 32 bits for days, as there is no direct way.
pub(crate) fn convert(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
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
        self.choose(ints);
        if self.dense.is_some() {
            self.assign_dense(ints, groups);
            return Ok(());
        }
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
        (self.range, self.dense) = (None, None);
        let keys = std::mem::take(&mut self.keys).into_iter().enumerate();
        let keys: Int64Array = keys.map(|(group, key)| (Some(group as u32) != null).then_some(key)).collect();
        let keys: ArrayRef = std::sync::Arc::new(keys);
        Ok(vec![convert(&keys, &self.data_type)?])
    }

    fn bytes(&self) -> usize {
        self.table.allocation_size() + self.dense.as_ref().map_or(0, Dense::bytes) + self.keys.capacity() * size_of::<i64>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use super::*;

    /// Shows a table batches of keys and compares its groups with those of a map; gives whether keys were dense after each of them.
    fn check(batches: &[Vec<Option<i64>>]) -> Vec<bool> {
        let (mut table, mut expected) = (Ints::new(&DataType::Int64), HashMap::new());
        let (mut groups, mut were_dense) = (Vec::new(), Vec::new());
        for batch in batches {
            let keys: ArrayRef = Arc::new(Int64Array::from(batch.clone()));
            table.assign(&[keys], batch.len(), &mut groups).expect("groups");
            for (key, group) in batch.iter().zip(&groups) {
                let next = expected.len() as u32;
                assert_eq!(group, expected.entry(*key).or_insert(next), "{key:?}");
            }
            were_dense.push(table.dense.is_some());
        }
        let keys = table.take_keys().expect("keys").remove(0);
        let keys = keys.as_primitive::<Int64Type>();
        assert_eq!(keys.len(), expected.len());
        keys.iter().zip(0..).for_each(|(key, group)| assert_eq!(expected[&key], group));
        were_dense
    }

    #[test]
    fn keys_are_found_when_they_draw_together_or_apart() {
        let some = |keys: Vec<i64>| keys.into_iter().map(Some).collect::<Vec<_>>();
        let near = || some((0..3000).map(|n| n * 7 % 9000).collect());
        let far = some(vec![1 << 40, -5, 17, 1 << 40]);
        let nulls = vec![None, Some(3), None, Some(8999), None];
        assert_eq!(check(&[near(), near(), nulls.clone(), near()]), [false, true, true, true]);
        assert_eq!(check(&[nulls.clone(), near(), near(), far.clone(), near(), nulls.clone()]), [false, false, true, false, false, false]);
        assert_eq!(check(&[vec![None, None], vec![Some(2), None], far, vec![None]]), [false, true, false, false]);
        let (up, down) = (some((0..9000).collect()), some((0..9000).map(|n| -n).collect()));
        assert_eq!(check(&[up.clone(), down, up]), [false, true, true]);
    }
}
