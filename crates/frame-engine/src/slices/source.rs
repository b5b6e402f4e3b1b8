//! What comes of the slices, one behind the other.

use std::fmt;
use std::sync::Arc;

use frame_core::{Batch, Result};
use frame_graph::Scheduler;
use frame_io::{BatchReader, RowLedger, Stop};

use super::SlicedScan;
use crate::pipeline::{Pipeline, Reading};
use crate::source::Source;

/// What is done with a slice: its result as a pipeline, made with a scheduler of one thread.
pub(crate) type Work = Box<dyn Fn(usize, &Arc<Scheduler>) -> Result<Pipeline, Stop> + Send + Sync>;

/// The results of slices; each partition is that of one slice, which is computed when it is read.
pub(crate) struct Sliced {
    scans: Vec<Arc<SlicedScan>>,
    work: Arc<Work>,
    text: String,
}

impl Sliced {
    /// Work on the slices of tables that are cut at the same places.
    pub(crate) fn new(scans: Vec<Arc<SlicedScan>>, work: Work, text: String) -> Self {
        Self { scans, work: Arc::new(work), text }
    }

    /// Bytes of the files, for progress.
    pub(crate) fn bytes(&self) -> u64 {
        self.scans.iter().map(|scan| scan.bytes()).sum()
    }

    /// Lines for `frame explain`.
    pub(crate) fn explain(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Sliced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sliced {{ {} }}", self.text)
    }
}

impl Source for Sliced {
    fn partitions(&self) -> usize {
        self.scans.first().map_or(0, |scan| scan.slices())
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        Ok(Box::new(SliceReader { at: partition, work: self.work.clone(), running: None }))
    }

    fn close(&self) -> Result<(), Stop> {
        self.scans.iter().try_for_each(|scan| scan.close())
    }
}

struct SliceReader {
    at: usize,
    work: Arc<Work>,
    running: Option<Running>,
}

/// The result of a slice being read.
struct Running {
    pipeline: Pipeline,
    /// The next partition of it.
    next: usize,
    reading: Option<Reading>,
}

impl BatchReader for SliceReader {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        let running = match &mut self.running {
            Some(running) => running,
            None => {
                let pipeline = (self.work)(self.at, &Arc::new(Scheduler::here()))?;
                self.running.insert(Running { pipeline, next: 0, reading: None })
            }
        };
        let Running { pipeline, next, reading } = running;
        loop {
            if let Some(open) = reading {
                if let Some(batch) = pipeline.next(open)? {
                    return Ok(Some(batch.dense()?));
                }
                *reading = None;
            }
            if *next >= pipeline.source.partitions() {
                return Ok(None);
            }
            *reading = Some(pipeline.open(*next)?);
            *next += 1;
        }
    }

    fn ledger(&self) -> RowLedger {
        RowLedger::default()
    }
}
