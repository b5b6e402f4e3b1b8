//! Rows that wait to be grouped.
//!
//! A table with many groups does not fit the cache of a core. So batches are gathered: the keys of all of them are looked up first, and then
//! each aggregate takes the values of all of them. What one such pass looks up and writes is small enough to be met in the cache again.

use arrow::array::{Array, ArrayRef, BooleanArray};
use frame_core::Result;
use frame_expr::aggregates::GroupStates;

use super::keys::KeyTable;

/// The most rows that wait.
const ROWS_MAX: usize = 1 << 17;

/// What one batch brings.
struct Rows {
    keys: Vec<ArrayRef>,
    /// What each aggregate takes, and of which rows, if not of all of them.
    arguments: Vec<(Option<BooleanArray>, Vec<ArrayRef>)>,
    rows: usize,
    /// Group of each row.
    groups: Vec<u32>,
}

/// Batches in the order in which they came.
#[derive(Default)]
pub(super) struct Waiting {
    batches: Vec<Rows>,
    rows: usize,
    bytes: usize,
    /// Groups of the rows that count for the aggregate in hand.
    selected: Vec<u32>,
    /// Room for groups.
    spare: Vec<Vec<u32>>,
}

impl Waiting {
    /// Adds a batch.
    pub(super) fn push(&mut self, keys: Vec<ArrayRef>, arguments: Vec<(Option<BooleanArray>, Vec<ArrayRef>)>, rows: usize) {
        let columns = keys.iter().chain(arguments.iter().flat_map(|(_, values)| values));
        // Columns may share buffers: then this is too much.
        self.bytes += columns.map(|column| column.get_array_memory_size()).sum::<usize>();
        self.rows += rows;
        self.batches.push(Rows { keys, arguments, rows, groups: self.spare.pop().unwrap_or_default() });
    }

    /// Rows that wait.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Whether no more rows may wait.
    pub(super) fn is_full(&self, bytes_max: usize) -> bool {
        self.rows >= ROWS_MAX || self.bytes >= bytes_max
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        let spare: usize = self.spare.iter().map(Vec::capacity).sum();
        self.bytes + (self.rows + self.selected.capacity() + spare) * size_of::<u32>()
    }

    /// Numbers the keys of all rows.
    pub(super) fn assign(&mut self, keys: &mut dyn KeyTable) -> Result<()> {
        self.batches.iter_mut().try_for_each(|batch| keys.assign(&batch.keys, batch.rows, &mut batch.groups))
    }

    /// Shows the values of all rows to the aggregates.
    pub(super) fn update(&mut self, states: &mut [Box<dyn GroupStates>]) -> Result<()> {
        for (at, states) in states.iter_mut().enumerate() {
            for batch in &self.batches {
                let (keep, values) = &batch.arguments[at];
                let Some(keep) = keep else {
                    states.update(&batch.groups, values)?;
                    continue;
                };
                self.selected.clear();
                self.selected.extend(keep.values().set_indices().map(|row| batch.groups[row]));
                states.update(&self.selected, values)?;
            }
        }
        Ok(())
    }

    /// No row waits any more; gives the keys of the last batch.
    pub(super) fn clear(&mut self) -> Vec<ArrayRef> {
        (self.rows, self.bytes) = (0, 0);
        let mut last = Vec::new();
        for batch in self.batches.drain(..) {
            last = batch.keys;
            self.spare.push(batch.groups);
        }
        last
    }
}
