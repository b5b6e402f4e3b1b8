//! Several keys, or one of any other type: packed into one byte string by `arrow-row`.

use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, Rows, SortField};
use frame_core::{Result, hash};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::KeyTable;

pub(super) struct Packed {
    types: Vec<DataType>,
    converter: RowConverter,
    table: HashTable<Slot>,
    /// Key of each group.
    keys: Rows,
}

#[derive(Clone, Copy)]
struct Slot {
    hash: u64,
    group: u32,
}

impl Packed {
    pub(super) fn new(types: &[DataType]) -> Result<Self> {
        // Keys come back without dictionaries, and then come in again at a merge.
        let plain = |data_type: &DataType| match data_type {
            DataType::Dictionary(_, values) => values.as_ref().clone(),
            other => other.clone(),
        };
        let types: Vec<DataType> = types.iter().map(plain).collect();
        let converter = RowConverter::new(types.iter().cloned().map(SortField::new).collect())?;
        let keys = converter.empty_rows(0, 0);
        Ok(Self { types, converter, table: HashTable::new(), keys })
    }
}

impl KeyTable for Packed {
    fn assign(&mut self, keys: &[ArrayRef], rows: usize, groups: &mut Vec<u32>) -> Result<()> {
        let plain =
            |(key, data_type): (&ArrayRef, &DataType)| Ok(if key.data_type() == data_type { key.clone() } else { cast(key, data_type)? });
        let keys = keys.iter().zip(&self.types).map(plain).collect::<Result<Vec<_>>>()?;
        let packed = self.converter.convert_columns(&keys)?;
        groups.clear();
        groups.reserve(rows);
        for row in &packed {
            let hash = hash::bytes(row.as_ref());
            let is_same = |slot: &Slot| slot.hash == hash && self.keys.row(slot.group as usize) == row;
            groups.push(match self.table.entry(hash, is_same, |slot| slot.hash) {
                Entry::Occupied(slot) => slot.get().group,
                Entry::Vacant(place) => {
                    let group = self.keys.num_rows() as u32;
                    self.keys.push(row);
                    place.insert(Slot { hash, group });
                    group
                }
            });
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.keys.num_rows()
    }

    fn hashes(&self) -> Vec<u64> {
        self.keys.iter().map(|key| hash::bytes(key.as_ref())).collect()
    }

    fn take_keys(&mut self) -> Result<Vec<ArrayRef>> {
        self.table.clear();
        let keys = std::mem::replace(&mut self.keys, self.converter.empty_rows(0, 0));
        Ok(self.converter.convert_rows(&keys)?)
    }

    fn bytes(&self) -> usize {
        self.table.allocation_size() + self.keys.size()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Decimal128Array, DictionaryArray};
    use arrow::datatypes::Int32Type;

    use super::*;

    #[test]
    fn keys_with_dictionaries_come_back_and_in_again() {
        let texts: DictionaryArray<Int32Type> = ["a", "b", "a"].into_iter().collect();
        let decimals = Decimal128Array::from(vec![1, 2, 1]);
        let keys: Vec<ArrayRef> = vec![Arc::new(texts), Arc::new(decimals)];
        let types: Vec<DataType> = keys.iter().map(|key| key.data_type().clone()).collect();
        let mut table = Packed::new(&types).expect("a table");
        let mut groups = Vec::new();
        table.assign(&keys, 3, &mut groups).expect("groups");
        assert_eq!(groups, [0, 1, 0]);
        let taken = table.take_keys().expect("keys");
        table.assign(&taken, 2, &mut groups).expect("groups");
        assert_eq!(groups, [0, 1]);
    }
}
