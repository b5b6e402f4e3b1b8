//! Sorted rows for operators that go through them once more: batch by batch, while several partitions are read at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::row::{RowConverter, Rows, SortField};
use frame_core::{Batch, Error, Result};
use frame_graph::Scheduler;
use frame_io::Stop;
use frame_memory::{Grant, Reservation};

use super::keys::SortKeys;
use super::sorter::{Sorter, sorted};
use crate::context::Context;
use crate::gathered::Gathered;
use crate::group_by::ranks::ranks;
use crate::source::Source;

/// Rows in order.
pub(crate) struct SortedRows {
    source: Arc<dyn Source>,
    /// The first partition that was not read yet.
    next: usize,
    ready: VecDeque<(Batch, Reservation)>,
    /// Kept for what is read next, from sorters that the rows go on to.
    room: Reservation,
    room_bytes: usize,
}

impl SortedRows {
    /// The rows of some sorters, all of which go to disk: there has been too little memory for them.
    pub(crate) fn new(sorters: Vec<Sorter>, keys: &Arc<SortKeys>, schema: &SchemaRef, scheduler: &Scheduler, cx: &Context) -> Result<Self> {
        let sorters: Vec<_> = sorters.into_iter().map(|sorter| Mutex::new(Some(sorter))).collect();
        let sorters = scheduler.map(sorters.len(), |at| {
            let mut sorter = sorters[at].lock().unwrap_or_else(PoisonError::into_inner).take();
            sorter.iter_mut().try_for_each(|sorter| sorter.spill(cx))?;
            Ok(sorter)
        })?;
        let source = sorted(sorters.into_iter().flatten().collect(), keys, schema, scheduler, cx)?;
        let room_bytes = cx.budget.free_bytes() / 4 * 3;
        Ok(Self { source, next: 0, ready: VecDeque::new(), room: cx.budget.reserve("sorted rows"), room_bytes })
    }

    /// The next batch, and the memory that it takes.
    pub(crate) fn next(&mut self, scheduler: &Scheduler, cx: &Context) -> Result<Option<(Batch, Reservation)>> {
        while self.ready.is_empty() {
            self.leave_room()?;
            let first = self.next;
            self.next = self.source.partitions().min(first + scheduler.threads());
            if first == self.next {
                return Ok(None);
            }
            let read = scheduler.map(self.next - first, |at| self.read(first + at, cx).map_err(failure))?;
            self.ready.extend(read.into_iter().flatten());
        }
        Ok(self.ready.pop_front())
    }

    /// Begins again with the first row; all of them have been read.
    pub(crate) fn rewind(&mut self) {
        self.next = 0;
    }

    /// Sets aside what reading will need, besides so many bytes of what was read: nobody else takes it until then. If there is not that
    /// much, `spill` is to give something up.
    ///
    /// # Errors
    /// Those of `spill`.
    pub(crate) fn keep_room(&mut self, beside: usize, spill: impl FnOnce() -> Result<()>) -> Result<()> {
        let bytes = self.room_bytes.saturating_sub(beside);
        if self.room.resize(bytes) == Grant::Full {
            spill()?;
            // What is left has to do.
            let _: Grant = self.room.resize(bytes);
        }
        Ok(())
    }

    /// Gives back what was set aside.
    pub(crate) fn leave_room(&mut self) -> Result<()> {
        self.room.require(0)
    }

    fn read(&self, partition: usize, cx: &Context) -> Result<Vec<(Batch, Reservation)>, Stop> {
        let mut reader = self.source.open(partition)?;
        let mut batches = Vec::new();
        while let Some(batch) = reader.next()? {
            cx.cancel.check()?;
            let mut memory = cx.budget.reserve("sorted rows");
            memory.require(batch.memory_bytes())?;
            batches.push((batch, memory));
        }
        Ok(batches)
    }
}

/// Values of rows that can be compared, also between batches; `None` without a column.
pub(crate) fn comparable(columns: &[ArrayRef]) -> Result<Option<Rows>> {
    if columns.is_empty() {
        return Ok(None);
    }
    let fields = columns.iter().map(|column| SortField::new(column.data_type().clone()));
    Ok(Some(RowConverter::new(fields.collect())?.convert_columns(columns)?))
}

/// The error that reading the result of a stage ends with.
fn failure(stop: Stop) -> Error {
    match stop {
        Stop::Failed(error) => error,
        Stop::Restart(_) => Error::internal("the result of a stage asked for a restart"),
    }
}

/// The rows of a batch with their ranks as one more column, which brings them back into the order of the input.
pub(crate) fn ranked(batch: Batch) -> Result<Batch> {
    let (origin, batch) = (batch.origin(), batch.dense()?);
    let rank = Arc::new(ranks(origin, batch.len())?);
    let fields = batch.schema().fields().iter().cloned().chain([Arc::new(Field::new("", DataType::UInt64, false))]);
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let columns = batch.columns().iter().cloned().chain([rank as _]).collect();
    Ok(Batch::new(schema, columns, batch.len())?.with_origin(origin))
}

impl Sorter {
    /// Takes over gathered rows, with their ranks.
    pub(crate) fn take<T>(&mut self, mut gathered: Gathered<T>, cx: &Context) -> Result<()> {
        while let Some(batch) = gathered.pop()? {
            self.push(ranked(batch)?, cx)?;
        }
        Ok(())
    }
}
