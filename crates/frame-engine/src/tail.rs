//! The last rows: each worker keeps the last of those it has seen.

use std::collections::BTreeMap;
use std::sync::Arc;

use frame_core::{Batch, Error, Origin, Result};
use frame_graph::Scheduler;
use frame_memory::Reservation;

use crate::compact::compacted;
use crate::context::Context;
use crate::graph::Sink;
use crate::source::{Batches, Source};

/// Keeps the last `count` rows.
#[derive(Debug)]
pub(crate) struct Tail {
    pub(crate) count: u64,
}

/// The last batches that a worker has seen, in the order of the input.
pub(crate) struct Last {
    batches: BTreeMap<Origin, Batch>,
    rows: u64,
    bytes: usize,
    memory: Reservation,
}

impl Last {
    /// Drops batches that have enough rows behind them.
    fn prune(&mut self, count: u64) -> Result<()> {
        while let Some(first) = self.batches.first_entry() {
            if self.rows - (first.get().len() as u64) < count {
                break;
            }
            let dropped = first.remove();
            self.rows -= dropped.len() as u64;
            self.bytes -= dropped.memory_bytes();
        }
        self.memory.require(self.bytes)
    }
}

impl Sink for Tail {
    type Share = Last;

    fn start(&self, cx: &Context) -> Result<Last> {
        Ok(Last { batches: BTreeMap::new(), rows: 0, bytes: 0, memory: cx.budget.reserve("tail") })
    }

    fn push(&self, share: &mut Last, batch: Batch, _: &Context) -> Result<()> {
        let batch = compacted(batch)?;
        let origin = batch.origin().ok_or_else(|| Error::internal("a batch without an origin"))?;
        share.rows += batch.len() as u64;
        share.bytes += batch.memory_bytes();
        share.batches.insert(origin, batch);
        share.prune(self.count)
    }

    fn finish(&self, shares: Vec<Last>, _: &Scheduler, _: &Context) -> Result<Arc<dyn Source>> {
        let mut memory = Vec::new();
        let mut all = BTreeMap::new();
        for share in shares {
            all.extend(share.batches);
            memory.push(share.memory);
        }
        let rows: u64 = all.values().map(|batch| batch.len() as u64).sum();
        let mut skip = rows.saturating_sub(self.count);
        let mut kept = Vec::new();
        for batch in all.into_values() {
            let dropped = skip.min(batch.len() as u64);
            skip -= dropped;
            let left = batch.len() - dropped as usize;
            if left > 0 {
                kept.push(batch.slice(dropped as usize, left)?);
            }
        }
        Ok(Arc::new(Batches::new(kept, memory)))
    }

    fn explain(&self) -> String {
        format!("tail {}", self.count)
    }
}
