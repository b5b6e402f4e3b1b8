//! The rows of a stage in memory, in the order of the input, as long as there is room.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, new_empty_array};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, Schema};
use frame_core::{Batch, ErrorKind, Result};
use frame_expr::BoundExpr;
use frame_graph::Scheduler;
use frame_memory::{Grant, Reservation};

use crate::context::Context;
use crate::sort::{Order, SortKeys, SortedRows, Sorter, ranked};
use crate::source::Batches;

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
}

/// The columns of all batches of all workers in the order of the input, each as one, and the number of rows.
pub(crate) fn columns<T: Sync>(shares: &[Gathered<T>], schema: &Schema, scheduler: &Scheduler) -> Result<(Vec<ArrayRef>, usize)> {
    let mut batches: Vec<&Batch> = shares.iter().flat_map(Gathered::batches).map(|(batch, _)| batch).collect();
    batches.sort_by_key(|batch| batch.origin());
    let rows = batches.iter().map(|batch| batch.len()).sum();
    let column = |at: usize| whole(batches.iter().map(|batch| &batch.columns()[at]), schema.field(at).data_type());
    Ok((scheduler.map(schema.fields().len(), column)?, rows))
}

/// What one worker has gathered: in memory, or on its way to disk with the ranks of the rows.
pub(crate) enum Share {
    Held(Gathered<()>),
    Sorting(Sorter),
}

impl Share {
    /// Keeps a batch, for which and for what will be made of it so many bytes are needed; all of them go to disk if there is no room.
    pub(crate) fn push(&mut self, batch: Batch, bytes: usize, keys: &Arc<SortKeys>, cx: &Context) -> Result<()> {
        let held = match self {
            Self::Held(held) => held,
            Self::Sorting(sorter) => return sorter.push(ranked(batch)?, cx),
        };
        let Some(batch) = held.offer(batch, (), bytes, cx.gathered_bytes) else { return Ok(()) };
        let mut sorter = Sorter::new(keys.clone(), cx);
        while let Some(batch) = held.pop()? {
            sorter.push(ranked(batch)?, cx)?;
        }
        sorter.push(ranked(batch)?, cx)?;
        *self = Self::Sorting(sorter);
        Ok(())
    }

    /// What is in memory, and what is on its way to disk.
    pub(crate) fn parted(shares: Vec<Self>) -> (Vec<Gathered<()>>, Vec<Sorter>) {
        let (mut all, mut sorters) = (Vec::new(), Vec::new());
        for share in shares {
            match share {
                Self::Held(held) => all.push(held),
                Self::Sorting(sorter) => sorters.push(sorter),
            }
        }
        (all, sorters)
    }
}

/// What has become of all rows of a stage.
pub(crate) enum Whole {
    /// The result, which fits into memory.
    InMemory(Batches),
    /// The rows, sorted on disk.
    Sorted(SortedRows),
}

/// Makes the result of all rows in memory, as `make` does, if they are there and there is room for it; else sorts them on disk by `keys`.
pub(crate) fn in_memory_or_sorted(
    shares: Vec<Share>,
    (keys, schema): (&Arc<SortKeys>, &Schema),
    scheduler: &Scheduler,
    cx: &Context,
    make: impl FnOnce(&[Gathered<()>]) -> Result<(Vec<Batch>, Vec<Reservation>)>,
) -> Result<Whole> {
    let (all, sorters) = Share::parted(shares);
    if sorters.is_empty() {
        match make(&all) {
            Ok((batches, mut memory)) => {
                memory.extend(all.into_iter().map(Gathered::into_memory));
                return Ok(Whole::InMemory(Batches::new(batches, memory)));
            }
            Err(error) if matches!(error.kind(), ErrorKind::Memory(_)) => {}
            Err(error) => return Err(error),
        }
    }
    on_disk((all, sorters), keys, schema, scheduler, cx).map(Whole::Sorted)
}

/// Sorts all rows on disk by the columns `by` and by their ranks, which are one more column behind those of the schema.
fn on_disk(
    (all, mut sorters): (Vec<Gathered<()>>, Vec<Sorter>),
    keys: &Arc<SortKeys>,
    schema: &Schema,
    scheduler: &Scheduler,
    cx: &Context,
) -> Result<SortedRows> {
    let all: Vec<_> = all.into_iter().map(|held| Mutex::new(Some(held))).collect();
    let taken = scheduler.map(all.len(), |at| {
        let held = all[at].lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut sorter = Sorter::new(keys.clone(), cx);
        held.map_or(Ok(()), |held| sorter.take(held, cx))?;
        Ok(sorter)
    })?;
    sorters.extend(taken);
    let rank = Arc::new(Field::new("", DataType::UInt64, false));
    let schema = Arc::new(Schema::new(schema.fields().iter().cloned().chain([rank]).collect::<Vec<_>>()));
    SortedRows::new(sorters, keys, &schema, scheduler, cx)
}

/// The order by some columns, and of rows that are equal in them that of the input.
pub(crate) fn order_by(columns: impl Iterator<Item = usize>, schema: &Schema) -> Result<Arc<SortKeys>> {
    let keys = columns.map(|at| BoundExpr::column(at, schema.field(at).data_type().clone()));
    let rank = BoundExpr::column(schema.fields().len(), DataType::UInt64);
    Ok(Arc::new(SortKeys::new(keys.chain([rank]).map(|key| (key, Order::default())).collect(), false)?))
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
