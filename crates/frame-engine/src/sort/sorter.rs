//! What one worker gathers for a sort, and how it goes to disk.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt64Array};
use arrow::datatypes::SchemaRef;
use arrow::row::Rows;
use frame_core::{Batch, Origin, Result};
use frame_graph::Scheduler;
use frame_memory::{Grant, Reservation, SpillFile};

use super::keys::SortKeys;
use super::memory::InMemory;
use super::merge::merged;
use super::ordering::{ORDER_BYTES, ordered};
use super::run::Run;
use crate::compact::compacted;
use crate::context::Context;
use crate::group_by::ranks::ranks;
use crate::packed::Packed;
use crate::source::Source;
use crate::sources::{Sources, slab_bytes};

/// The keys of pieces stay in memory: when those of one worker's runs take this part of the limit new pieces are twice as large, and so on.
const KEYS_PART: usize = 32;

/// Rows that are to be sorted.
pub(crate) struct Sorter {
    keys: Arc<SortKeys>,
    held: Vec<Held>,
    /// Of everything in `held`.
    held_bytes: usize,
    pub(super) runs: Vec<Run>,
    runs_bytes: usize,
    file: Option<Arc<SpillFile>>,
    pub(super) memory: Reservation,
}

/// A batch in memory.
pub(super) struct Held {
    /// Behind them are the ranks of the rows if they have them.
    pub(super) columns: Vec<Packed>,
    pub(super) keys: Rows,
    pub(super) origin: Option<Origin>,
    bytes: usize,
}

impl Sorter {
    /// No rows yet.
    pub(crate) fn new(keys: Arc<SortKeys>, cx: &Context) -> Self {
        let memory = cx.budget.reserve("sort");
        Self { keys, held: Vec::new(), held_bytes: 0, runs: Vec::new(), runs_bytes: 0, file: None, memory }
    }

    /// Adds rows; those it has go to disk if memory is full.
    pub(crate) fn push(&mut self, batch: Batch, cx: &Context) -> Result<()> {
        let batch = compacted(batch)?;
        let ranks = self.ranks(batch.origin(), batch.len())?;
        let keys = self.keys.rows(batch.columns(), batch.len(), ranks.as_ref())?;
        let mut columns: Vec<Packed> = batch.columns().iter().map(Packed::of).collect();
        columns.extend(ranks.map(|ranks| Packed::of(&(Arc::new(ranks) as ArrayRef))));
        let bytes = columns.iter().map(Packed::memory_bytes).sum::<usize>() + keys.size() + batch.len() * ORDER_BYTES;
        let is_much = !self.held.is_empty() && self.held_bytes + bytes > cx.gathered_bytes;
        if is_much || self.memory.resize(self.bytes(self.held_bytes + bytes, cx)) == Grant::Full {
            self.spill(cx)?;
            self.memory.require(self.bytes(bytes, cx))?;
        }
        self.held_bytes += bytes;
        self.held.push(Held { columns, keys, origin: batch.origin(), bytes });
        Ok(())
    }

    /// Bytes of the rows that are in memory.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    fn ranks(&self, origin: Option<Origin>, rows: usize) -> Result<Option<UInt64Array>> {
        if self.keys.is_ranked() { Ok(Some(ranks(origin, rows)?)) } else { Ok(None) }
    }

    fn bytes(&self, held: usize, cx: &Context) -> usize {
        held + slab_bytes(held) + self.runs_bytes + self.growth(cx) * cx.pieces().writing_bytes()
    }

    /// How many times as large as the first pieces new ones are.
    fn growth(&self, cx: &Context) -> usize {
        1 + self.runs_bytes / (cx.budget.limit_bytes() / KEYS_PART).max(1)
    }

    /// Puts the rows in memory on disk, as a run.
    pub(crate) fn spill(&mut self, cx: &Context) -> Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let file = match &self.file {
            Some(file) => file.clone(),
            None => self.file.insert(Arc::new(cx.spill.file()?)).clone(),
        };
        let held = std::mem::take(&mut self.held);
        let bytes: usize = held.iter().map(|batch| batch.bytes).sum();
        let (mut columns, mut keys) = (Vec::with_capacity(held.len()), Vec::with_capacity(held.len()));
        for batch in held {
            columns.push(batch.columns);
            keys.push(batch.keys);
        }
        let keys: Vec<&Rows> = keys.iter().collect();
        let sources = Sources::new(columns)?;
        let order = ordered(&keys, &Scheduler::here(), &cx.cancel)?;
        let mut run = Run::default();
        let borders = self.keys.borders();
        let piece_rows = self.growth(cx) * cx.pieces().rows(bytes, order.len());
        run.write(&file, &sources, (&keys, &order), (borders, piece_rows), &cx.cancel)?;
        if borders.offer(run.firsts()) {
            self.runs_bytes += borders.bytes();
        }
        self.runs_bytes += run.bytes();
        self.runs.push(run);
        self.held_bytes = 0;
        drop((sources, order));
        self.memory.require(self.runs_bytes)
    }
}

/// All rows of all sorters in order.
pub(crate) fn sorted(
    sorters: Vec<Sorter>,
    keys: &Arc<SortKeys>,
    schema: &SchemaRef,
    scheduler: &Scheduler,
    cx: &Context,
) -> Result<Arc<dyn Source>> {
    if sorters.iter().all(|sorter| sorter.runs.is_empty()) {
        let (mut held, mut memory) = (Vec::new(), Vec::new());
        for sorter in sorters {
            held.extend(sorter.held);
            memory.push(sorter.memory);
        }
        return Ok(Arc::new(InMemory::new(held, schema, memory, scheduler, cx)?));
    }
    // What is still in memory makes room for merging.
    let sorters: Vec<_> = sorters.into_iter().map(|sorter| std::sync::Mutex::new(Some(sorter))).collect();
    let sorters = scheduler.map(sorters.len(), |at| {
        let mut sorter = sorters[at].lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        sorter.iter_mut().try_for_each(|sorter| sorter.spill(cx))?;
        Ok(sorter)
    })?;
    let (mut runs, mut memory) = (Vec::new(), Vec::new());
    for sorter in sorters.into_iter().flatten() {
        runs.extend(sorter.runs);
        memory.push(sorter.memory);
    }
    merged(runs, keys, schema, memory, scheduler, cx)
}
