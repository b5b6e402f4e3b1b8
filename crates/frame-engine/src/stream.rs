//! The ordered end of a query: batches in the order of their partitions, and limits on them.

use std::sync::Arc;

use arrow::datatypes::Schema;
use frame_core::{Batch, Result};
use frame_graph::{Ordered, OrderedWork, Scheduler};
use frame_io::Stop;
use frame_memory::Reservation;

use crate::graph::StageSink;
use crate::kept::Keeper;
use crate::pipeline::{Pipeline, Reading};
use crate::source::Source;

/// A pipeline as ordered work.
pub(crate) struct Streamed {
    pipeline: Pipeline,
    /// The most rows that anyone will take of a partition.
    limit: Option<u64>,
}

/// A partition on its way out, and the rows that may still be taken of it.
pub(crate) struct Cursor {
    reading: Reading,
    left: u64,
}

impl OrderedWork for Streamed {
    type Cursor = Cursor;
    /// A batch, and the memory it takes until it is handed out.
    type Item = (Batch, Reservation);
    type Stop = Stop;

    fn open(&self, partition: usize) -> Result<Cursor, Stop> {
        Ok(Cursor { reading: self.pipeline.open(partition)?, left: self.limit.unwrap_or(u64::MAX) })
    }

    fn next(&self, cursor: &mut Cursor) -> Result<Option<Self::Item>, Stop> {
        if cursor.left == 0 {
            self.pipeline.leave(&cursor.reading);
            return Ok(None);
        }
        let Some(batch) = self.pipeline.next(&mut cursor.reading)? else { return Ok(None) };
        let batch = batch.dense()?;
        let mut memory = self.pipeline.cx.budget.reserve("rows on their way out");
        // The batch is there already: if there is no memory for it, it is taken before another one is made.
        let _ = memory.resize(batch.memory_bytes());
        cursor.left = cursor.left.saturating_sub(batch.len() as u64);
        Ok(Some((batch, memory)))
    }

    fn bytes(&self, (_, memory): &Self::Item) -> usize {
        memory.bytes()
    }

    fn is_pressing(&self, (batch, memory): &Self::Item) -> bool {
        memory.bytes() == 0 && batch.memory_bytes() > 0
    }
}

/// The batches of a pipeline in order, cut to a stretch of rows.
pub(crate) struct Stream {
    ordered: Ordered<Streamed>,
    pipeline: Pipeline,
    scheduler: Arc<Scheduler>,
    per_partition: Option<u64>,
    skip: u64,
    left: u64,
    is_over: bool,
}

impl Stream {
    /// Starts a pipeline; `limit` is the rows to skip and the rows to keep.
    pub(crate) fn new(pipeline: Pipeline, per_partition: Option<u64>, limit: Option<(u64, u64)>, scheduler: &Arc<Scheduler>) -> Self {
        let (skip, left) = limit.unwrap_or((0, u64::MAX));
        let partitions = if left == 0 { 0 } else { pipeline.source.partitions() };
        let ordered = ordered(&pipeline, partitions, per_partition, scheduler);
        Self { ordered, pipeline, scheduler: scheduler.clone(), per_partition, skip, left, is_over: false }
    }

    /// What is there behind the last partition.
    fn end(&mut self) -> Result<(), Stop> {
        match self.pipeline.rest(&self.scheduler)? {
            Some(rest) => {
                self.ordered = ordered(&rest, rest.source.partitions(), self.per_partition, &self.scheduler);
                self.pipeline = rest;
            }
            None => {
                self.is_over = true;
                self.pipeline.source.close()?;
            }
        }
        Ok(())
    }
}

/// The partitions of a pipeline, one after the other.
fn ordered(pipeline: &Pipeline, partitions: usize, per_partition: Option<u64>, scheduler: &Arc<Scheduler>) -> Ordered<Streamed> {
    let waiting_bytes_max = pipeline.cx.budget.limit_bytes() / 8;
    let work = Arc::new(Streamed { pipeline: pipeline.clone(), limit: per_partition });
    Ordered::new(scheduler.clone(), work, partitions, scheduler.threads() + 1, waiting_bytes_max)
}

impl Iterator for Stream {
    type Item = Result<(Batch, Reservation), Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over && self.left > 0 {
            let (batch, memory) = match self.ordered.next() {
                Some(Ok(piece)) => piece,
                Some(Err(stop)) => {
                    self.is_over = true;
                    return Some(Err(stop));
                }
                None => match self.end() {
                    Ok(()) => continue,
                    Err(stop) => {
                        self.is_over = true;
                        return Some(Err(stop));
                    }
                },
            };
            let skipped = self.skip.min(batch.len() as u64);
            self.skip -= skipped;
            let kept = self.left.min(batch.len() as u64 - skipped);
            self.left -= kept;
            if kept > 0 {
                return Some(batch.slice(skipped as usize, kept as usize).map(|batch| (batch, memory)).map_err(Stop::from));
            }
        }
        None
    }
}

/// A limit with operators behind it: its rows are gathered before they begin, on disk if there are many.
#[derive(Debug)]
pub(crate) struct Limited {
    pub(crate) offset: u64,
    pub(crate) count: u64,
}

impl StageSink for Limited {
    fn collect(&self, pipeline: Pipeline, scheduler: &Arc<Scheduler>) -> Result<Arc<dyn Source>, Stop> {
        let mut keeper = Keeper::new("rows taken", &pipeline.cx);
        let mut schema = None;
        let enough = self.offset.saturating_add(self.count);
        for piece in Stream::new(pipeline, Some(enough), Some((self.offset, self.count)), scheduler) {
            let (batch, memory) = piece?;
            schema.get_or_insert_with(|| batch.schema().clone());
            keeper.push(batch)?;
            drop(memory);
        }
        // Without a row there is no batch that needs a schema.
        Ok(Arc::new(keeper.into_source(&schema.unwrap_or_else(|| Arc::new(Schema::empty())))))
    }

    fn is_cut(&self) -> bool {
        true
    }

    fn explain(&self) -> String {
        format!("take {} from {}, in order", self.count, self.offset)
    }
}
