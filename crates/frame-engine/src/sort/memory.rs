//! Sorted rows that all fit into memory: the batches as they came, and the order of their rows.

use std::cmp::Ordering;

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use arrow::row::Rows;
use frame_core::{Batch, Result};
use frame_graph::Scheduler;
use frame_io::{BatchReader, Stop};
use frame_memory::Reservation;

use super::keys::entries;
use super::run::taken;
use super::sorter::Held;
use crate::compact::compacted;
use crate::context::Context;
use crate::dictionaries::unify;
use crate::source::{Once, Source};

/// Rows in order; each partition is a batch of the result.
pub(super) struct InMemory {
    /// The columns of each batch.
    columns: Vec<Vec<ArrayRef>>,
    /// Batch and row of each row of the result.
    order: Vec<(u32, u32)>,
    schema: SchemaRef,
    batch_rows: usize,
    /// Held as long as the rows.
    _memory: Vec<Reservation>,
}

impl std::fmt::Debug for InMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "InMemory {{ rows: {} }}", self.order.len())
    }
}

impl InMemory {
    /// Finds the order of the rows.
    pub(super) fn new(
        mut held: Vec<Held>,
        schema: &SchemaRef,
        memory: Vec<Reservation>,
        scheduler: &Scheduler,
        cx: &Context,
    ) -> Result<Self> {
        // Rows without ranks keep this order where their keys are equal.
        held.sort_by_key(|batch| batch.origin);
        let keys: Vec<&Rows> = held.iter().map(|batch| &batch.keys).collect();
        let mut order = entries(&keys);
        // An order that nobody waits for any more is found without looking at keys.
        scheduler.sort_by(&mut order, |a, b| if cx.cancel.is_cancelled() { Ordering::Equal } else { a.compare(b, &keys) });
        cx.cancel.check()?;
        let order = order.into_iter().map(|entry| (entry.batch, entry.row)).collect();
        let mut columns: Vec<_> = held.into_iter().map(|batch| batch.columns).collect();
        unify(&mut columns)?;
        Ok(Self { columns, order, schema: schema.clone(), batch_rows: cx.batch_rows, _memory: memory })
    }
}

impl Source for InMemory {
    fn partitions(&self) -> usize {
        self.order.len().div_ceil(self.batch_rows)
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        let first = partition * self.batch_rows;
        let part = &self.order[first..self.order.len().min(first + self.batch_rows)];
        let places: Vec<_> = part.iter().map(|(batch, row)| (*batch as usize, *row as usize)).collect();
        let columns = taken(&self.columns, &places)?;
        Ok(Box::new(Once(Some(compacted(Batch::new(self.schema.clone(), columns, part.len())?)?))))
    }
}
