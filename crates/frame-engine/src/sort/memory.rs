//! Sorted rows that all fit into memory: the batches as they came, and the order of their rows.

use arrow::datatypes::SchemaRef;
use arrow::row::Rows;
use frame_core::{Batch, Result};
use frame_graph::Scheduler;
use frame_io::{BatchReader, Stop};
use frame_memory::Reservation;

use super::ordering::ordered;
use super::sorter::Held;
use crate::compact::compacted;
use crate::context::Context;
use crate::narrow::Place;
use crate::source::{Once, Source};
use crate::sources::Sources;

/// Rows in order; each partition is a batch of the result.
pub(super) struct InMemory {
    sources: Sources,
    order: Vec<Place>,
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
        let order = ordered(&keys, scheduler, &cx.cancel)?;
        // Ranks have done their work.
        let without_ranks = |batch: Held| batch.columns.into_iter().take(schema.fields().len()).collect();
        let sources = Sources::new(held.into_iter().map(without_ranks).collect())?;
        Ok(Self { sources, order, schema: schema.clone(), batch_rows: cx.batch_rows, _memory: memory })
    }
}

impl Source for InMemory {
    fn partitions(&self) -> usize {
        self.order.len().div_ceil(self.batch_rows)
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        let first = partition * self.batch_rows;
        let part = &self.order[first..self.order.len().min(first + self.batch_rows)];
        let columns = self.sources.rows(part, self.schema.fields().len())?;
        Ok(Box::new(Once(Some(compacted(Batch::new(self.schema.clone(), columns, part.len())?)?))))
    }
}
