//! Several pipelines as one source: their partitions, one after the other.

use frame_core::{Batch, Error, Origin};
use frame_io::{BatchReader, RowLedger, Stop};

use crate::context::Context;
use crate::pipeline::Pipeline;
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
        let origin = Origin { partition, batch: 0 };
        Ok(Box::new(Piped { reader: pipeline.source.open(partition)?, pipeline: pipeline.clone(), origin, rejected: 0, failure: None }))
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

    fn close(&self) -> Result<(), Stop> {
        self.pipelines.iter().try_for_each(|pipeline| pipeline.source.close())
    }
}

/// A reader with the pipes of its input behind it.
struct Piped {
    reader: Box<dyn BatchReader>,
    pipeline: Pipeline,
    /// Where the next batch comes from.
    origin: Origin,
    rejected: u64,
    /// What a pipe failed with behind the rows that were given last.
    failure: Option<Error>,
}

impl BatchReader for Piped {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        if let Some(failure) = self.failure.take() {
            return Err(failure.into());
        }
        let Some(batch) = self.reader.next()? else { return Ok(None) };
        let (batch, failure) = self.pipeline.piped(batch, self.origin, &mut self.rejected)?;
        self.failure = failure;
        self.origin.batch += 1;
        // Readers give dense batches.
        Ok(Some(batch.dense()?))
    }

    fn ledger(&self) -> RowLedger {
        self.reader.ledger().rejecting(self.rejected)
    }
}
