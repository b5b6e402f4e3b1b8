//! The rows of a stage in memory, in the order of the input.

use arrow::array::{Array, ArrayRef, new_empty_array};
use arrow::compute::concat;
use arrow::datatypes::DataType;
use frame_core::{Batch, Result};
use frame_memory::Reservation;

/// Batches of one worker and the memory that they take.
pub(crate) struct Gathered<T> {
    batches: Vec<(Batch, T)>,
    bytes: usize,
    memory: Reservation,
}

impl<T> Gathered<T> {
    /// No batches yet.
    pub(crate) fn new(memory: Reservation) -> Self {
        Self { batches: Vec::new(), bytes: 0, memory }
    }

    /// Keeps a batch and what was computed of it; together, and what will be made of them, they take so many bytes.
    pub(crate) fn push(&mut self, batch: Batch, computed: T, bytes: usize) -> Result<()> {
        self.bytes += bytes;
        self.memory.require(self.bytes)?;
        self.batches.push((batch, computed));
        Ok(())
    }

    /// The batches of all workers in the order of the input, and the memory that they take.
    pub(crate) fn merged(shares: Vec<Self>) -> (Vec<(Batch, T)>, Vec<Reservation>) {
        let (mut batches, mut memory) = (Vec::new(), Vec::new());
        for share in shares {
            batches.extend(share.batches);
            memory.push(share.memory);
        }
        batches.sort_by_key(|(batch, _)| batch.origin());
        (batches, memory)
    }
}

/// Parts of a column as one.
pub(crate) fn whole<'a>(parts: impl Iterator<Item = &'a ArrayRef>, data_type: &DataType) -> Result<ArrayRef> {
    let parts: Vec<&dyn Array> = parts.map(|part| part.as_ref()).collect();
    Ok(if parts.is_empty() { new_empty_array(data_type) } else { concat(&parts)? })
}
