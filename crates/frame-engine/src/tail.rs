//! The last rows: each worker keeps the last of those it has seen, on disk if they are many.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Error, Origin, Result};
use frame_graph::Scheduler;
use frame_memory::{Grant, Reservation};

use crate::compact::compacted;
use crate::context::Context;
use crate::graph::Sink;
use crate::kept::{Kept, Part, PartFile};
use crate::source::Source;

/// Keeps the last `count` rows.
#[derive(Debug)]
pub(crate) struct Tail {
    pub(crate) count: u64,
    pub(crate) schema: SchemaRef,
}

/// The last batches that a worker has seen, in the order of the input.
pub(crate) struct Last {
    parts: BTreeMap<Origin, Part>,
    rows: u64,
    bytes: usize,
    file: PartFile,
    memory: Reservation,
}

impl Last {
    /// Drops batches that have enough rows behind them.
    fn prune(&mut self, count: u64) {
        while let Some(first) = self.parts.first_entry() {
            if self.rows - (first.get().rows() as u64) < count {
                break;
            }
            let dropped = first.remove();
            self.rows -= dropped.rows() as u64;
            self.bytes -= dropped.bytes();
        }
    }

    /// Puts all batches on disk.
    fn spill(&mut self) -> Result<()> {
        for part in self.parts.values_mut() {
            self.bytes -= part.bytes();
            self.file.spill(part)?;
            self.bytes += part.bytes();
        }
        self.memory.require(self.bytes)
    }
}

impl Sink for Tail {
    type Share = Last;

    fn start(&self, cx: &Context) -> Result<Last> {
        Ok(Last { parts: BTreeMap::new(), rows: 0, bytes: 0, file: PartFile::new(cx), memory: cx.budget.reserve("tail") })
    }

    fn push(&self, share: &mut Last, batch: Batch, cx: &Context) -> Result<()> {
        let batch = compacted(batch)?;
        let origin = batch.origin().ok_or_else(|| Error::internal("a batch without an origin"))?;
        let part = Part::Held(batch);
        share.rows += part.rows() as u64;
        share.bytes += part.bytes();
        share.parts.insert(origin, part);
        share.prune(self.count);
        if share.bytes > cx.gathered_bytes || share.memory.resize(share.bytes) == Grant::Full {
            share.spill()?;
        }
        Ok(())
    }

    fn finish(&self, shares: Vec<Last>, _: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let mut memory = Vec::new();
        let mut all = BTreeMap::new();
        for share in shares {
            all.extend(share.parts);
            memory.push(share.memory);
        }
        let rows: u64 = all.values().map(|part| part.rows() as u64).sum();
        let mut skip = rows.saturating_sub(self.count);
        let mut kept = Vec::new();
        for part in all.into_values() {
            let rows = part.rows() as u64;
            if kept.is_empty() && skip >= rows {
                skip -= rows;
            } else {
                kept.push(part);
            }
        }
        Ok(Arc::new(Kept::new(kept, &self.schema, cx.budget.clone(), memory).skipping(skip as usize)))
    }

    fn explain(&self) -> String {
        format!("tail {}", self.count)
    }
}
