//! Several keys, or one of any other type: packed into one byte string by `arrow-row`.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, Rows, SortField};
use frame_core::{Result, hash};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::KeyTable;

pub(super) struct Packed {
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
        let converter = RowConverter::new(types.iter().cloned().map(SortField::new).collect())?;
        let keys = converter.empty_rows(0, 0);
        Ok(Self { converter, table: HashTable::new(), keys })
    }
}

impl KeyTable for Packed {
    fn assign(&mut self, keys: &[ArrayRef], rows: usize, groups: &mut Vec<u32>) -> Result<()> {
        let packed = self.converter.convert_columns(keys)?;
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
