//! The rows of a stage in memory, in the order of the input, as long as there is room.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, new_empty_array};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Schema};
use frame_core::{Batch, Result};
use frame_graph::Scheduler;
use frame_memory::{Grant, Reservation};

use crate::context::Context;

/// Batches of one worker and the memory that they take.
pub(crate) struct Gathered<T> {
    batches: Vec<(Batch, T)>,
    /// What was asked for each of them.
    sizes: Vec<usize>,
    bytes: usize,
    memory: Reservation,
}

impl<T> Gathered<T> {
    /// No batches yet.
    pub(crate) fn new(memory: Reservation) -> Self {
        Self { batches: Vec::new(), sizes: Vec::new(), bytes: 0, memory }
    }

    /// Keeps a batch and what was computed of it; together, and what will be made of them, they take so many bytes.
    pub(crate) fn push(&mut self, batch: Batch, computed: T, bytes: usize) -> Result<()> {
        self.bytes += bytes;
        self.memory.require(self.bytes)?;
        self.batches.push((batch, computed));
        self.sizes.push(bytes);
        Ok(())
    }

    /// Keeps a batch and what was computed of it, if there is room: together, and what will be made of them, they take so many bytes, and
    /// all batches no more than `bytes_max`. Else the batch comes back, and those that are here are to go to disk.
    pub(crate) fn offer(&mut self, batch: Batch, computed: T, bytes: usize, bytes_max: usize) -> Option<Batch> {
        let total = self.bytes + bytes;
        if total > bytes_max || self.memory.resize(total) == Grant::Full {
            return Some(batch);
        }
        self.bytes = total;
        self.batches.push((batch, computed));
        self.sizes.push(bytes);
        None
    }

    /// Gives a batch up, and with it the memory that it takes.
    pub(crate) fn pop(&mut self) -> Result<Option<Batch>> {
        let (Some((batch, _)), Some(bytes)) = (self.batches.pop(), self.sizes.pop()) else { return Ok(None) };
        self.bytes -= bytes;
        self.memory.require(self.bytes)?;
        Ok(Some(batch))
    }

    /// The batches, as they came.
    pub(crate) fn batches(&self) -> &[(Batch, T)] {
        &self.batches
    }

    /// The memory alone.
    pub(crate) fn into_memory(self) -> Reservation {
        self.memory
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

impl Gathered<()> {
    /// The columns of all batches, each as one, the number of rows, and the memory that they take.
    pub(crate) fn columns(shares: Vec<Self>, schema: &Schema, scheduler: &Scheduler) -> Result<(Vec<ArrayRef>, usize, Vec<Reservation>)> {
        let (batches, memory) = Self::merged(shares);
        let rows = batches.iter().map(|(batch, ())| batch.len()).sum();
        let column = |at: usize| whole(batches.iter().map(|(batch, ())| &batch.columns()[at]), schema.field(at).data_type());
        Ok((scheduler.map(schema.fields().len(), column)?, rows, memory))
    }
}

/// The rows of a result, of which each batch is made on its own.
pub(crate) fn in_batches(
    rows: usize,
    scheduler: &Scheduler,
    cx: &Context,
    batch: impl Fn(Range<usize>) -> Result<Batch> + Sync,
) -> Result<Vec<Batch>> {
    scheduler.map(rows.div_ceil(cx.batch_rows), |piece| {
        cx.cancel.check()?;
        let first = piece * cx.batch_rows;
        batch(first..(first + cx.batch_rows).min(rows))
    })
}

/// Parts of a column as one.
pub(crate) fn whole<'a>(parts: impl Iterator<Item = &'a ArrayRef>, data_type: &DataType) -> Result<ArrayRef> {
    let parts: Vec<&dyn Array> = parts.map(|part| part.as_ref()).collect();
    Ok(if parts.is_empty() { new_empty_array(data_type) } else { concat(&parts)? })
}
