//! A source and the pipes behind it: what one task does with one partition.

use std::fmt::Debug;
use std::sync::Arc;

use frame_core::{Batch, Origin, Result};
use frame_graph::Flow;
use frame_io::Stop;

use crate::context::Context;
use crate::source::Source;

/// An operator that turns each batch into another one and remembers nothing.
pub(crate) trait Pipe: Send + Sync + Debug {
    /// The batch behind the operator.
    fn apply(&self, batch: Batch, cx: &Context) -> Result<Batch>;

    /// One line for `frame explain`.
    fn explain(&self) -> String;
}

/// A source and its pipes, ready to run.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) pipes: Arc<[Box<dyn Pipe>]>,
    pub(crate) cx: Context,
}

impl Pipeline {
    /// Reads one partition through all pipes into `take`; empty batches are left out.
    pub(crate) fn run(&self, partition: usize, mut take: impl FnMut(Batch) -> Result<Flow>) -> Result<(), Stop> {
        let mut reader = self.source.open(partition)?;
        let mut place = 0;
        while let Some(batch) = reader.next()? {
            self.cx.cancel.check()?;
            let mut batch = batch.with_origin(Some(Origin { partition, batch: place }));
            place += 1;
            for pipe in self.pipes.iter() {
                batch = pipe.apply(batch, &self.cx)?;
            }
            if !batch.is_empty() && take(batch)? == Flow::Enough {
                // The rest of the partition is not looked at, so nothing can be said of its rows.
                self.cx.counters.add(reader.ledger());
                return Ok(());
            }
        }
        self.source.done(partition, reader.ledger(), &self.cx)
    }
}
