//! Several pipelines as one source: their partitions, one after the other.

use std::sync::Arc;

use frame_core::{Batch, Error};
use frame_graph::Scheduler;
use frame_io::{BatchReader, RowLedger, Stop};

use crate::context::Context;
use crate::pipeline::{Cascade, Pipeline};
use crate::source::Source;

/// The partitions of every pipeline, in order.
#[derive(Debug)]
pub(crate) struct Union {
    pub(crate) pipelines: Vec<Pipeline>,
}

impl Union {
    /// The pipeline that a partition belongs to, and its number there.
    fn place(&self, mut partition: usize) -> Result<(&Pipeline, usize), Stop> {
        for pipeline in &self.pipelines {
            let own = pipeline.source.partitions();
            if partition < own {
                return Ok((pipeline, partition));
            }
            partition -= own;
        }
        Err(Error::internal("a partition behind the last one").into())
    }
}

impl Source for Union {
    fn partitions(&self) -> usize {
        self.pipelines.iter().map(|pipeline| pipeline.source.partitions()).sum()
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        let (pipeline, partition) = self.place(partition)?;
        let cascade = Cascade::new(pipeline, partition);
        Ok(Box::new(Piped { reader: pipeline.source.open(partition)?, pipeline: pipeline.clone(), cascade }))
    }

    fn done(&self, partition: usize, ledger: RowLedger, cx: &Context) -> Result<(), Stop> {
        let (pipeline, partition) = self.place(partition)?;
        pipeline.source.done(partition, ledger, cx)
    }

    fn left(&self, partition: usize, ledger: RowLedger, cx: &Context) {
        if let Ok((pipeline, partition)) = self.place(partition) {
            pipeline.source.left(partition, ledger, cx);
        }
    }

    fn file(&self, partition: usize) -> Option<&str> {
        let (pipeline, partition) = self.place(partition).ok()?;
        pipeline.source.file(partition)
    }

    fn rest(&self, scheduler: &Arc<Scheduler>) -> Result<Option<Arc<dyn Source>>, Stop> {
        let mut rests = Vec::new();
        for pipeline in &self.pipelines {
            rests.push(pipeline.rest(scheduler)?);
        }
        if rests.iter().all(Option::is_none) {
            return Ok(None);
        }
        let closed = self.pipelines.iter().zip(&rests).filter(|(_, rest)| rest.is_none());
        closed.map(|(pipeline, _)| pipeline).try_for_each(|pipeline| pipeline.source.close())?;
        Ok(Some(Arc::new(Self { pipelines: rests.into_iter().flatten().collect() })))
    }

    fn close(&self) -> Result<(), Stop> {
        self.pipelines.iter().try_for_each(|pipeline| pipeline.source.close())
    }
}

/// A reader with the pipes of its input behind it.
struct Piped {
    reader: Box<dyn BatchReader>,
    pipeline: Pipeline,
    cascade: Cascade,
}

impl BatchReader for Piped {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        loop {
            if let Some(batch) = self.cascade.next(&self.pipeline)? {
                // Readers give dense batches.
                return Ok(Some(batch.dense()?));
            }
            let Some(batch) = self.reader.next()? else { return Ok(None) };
            self.cascade.push(&self.pipeline, batch)?;
        }
    }

    fn ledger(&self) -> RowLedger {
        self.reader.ledger().rejecting(self.cascade.rejected)
    }
}
