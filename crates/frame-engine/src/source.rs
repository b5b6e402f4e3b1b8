//! Where the batches of a stage come from: an opened table, or what an earlier stage left.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use frame_core::{Batch, Error, Result};
use frame_graph::Scheduler;
use frame_io::{BatchReader, RowLedger, ScanRequest, Stop, Table};
use frame_memory::Reservation;

use crate::context::Context;
use crate::join::Within;

/// Something that is read partition by partition. What is not said here otherwise is so for the result of a stage: its rows are of no file,
/// and those that are rejected were read by no scan.
pub(crate) trait Source: Send + Sync + Debug {
    /// Number of partitions.
    fn partitions(&self) -> usize;

    /// Starts reading a partition.
    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop>;

    /// A partition was read to its end.
    fn done(&self, partition: usize, ledger: RowLedger, cx: &Context) -> Result<(), Stop> {
        self.left(partition, ledger, cx);
        Ok(())
    }

    /// A partition was read only as far as its rows were wanted.
    fn left(&self, _partition: usize, ledger: RowLedger, cx: &Context) {
        cx.counters.reject_derived(ledger.rejected);
    }

    /// The path of the file that a partition is of, if it is one of a file.
    fn file(&self, _partition: usize) -> Option<&str> {
        None
    }

    /// What there is to read when every partition was read, in place of which that is closed; asked once. Only a result whose order nobody
    /// looks at has a rest.
    fn rest(&self, _scheduler: &Arc<Scheduler>) -> Result<Option<Arc<dyn Source>>, Stop> {
        Ok(None)
    }

    /// Every partition was read, and there is no rest.
    fn close(&self) -> Result<(), Stop> {
        Ok(())
    }
}

/// A scan of a table.
#[derive(Debug)]
pub(crate) struct TableSource {
    pub(crate) table: Arc<dyn Table>,
    pub(crate) request: Arc<ScanRequest>,
    /// The path as it was given.
    pub(crate) path: String,
    /// The rows were read before, in a first pass that has counted them.
    pub(crate) is_again: bool,
    /// Only rows that may find something in a table are wanted.
    pub(crate) within: Option<Arc<Within>>,
}

impl Source for TableSource {
    fn partitions(&self) -> usize {
        self.table.partitions()
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        match &self.within {
            Some(within) => self.table.open(partition, &within.request(&self.request)),
            None => self.table.open(partition, &self.request),
        }
    }

    fn done(&self, partition: usize, ledger: RowLedger, cx: &Context) -> Result<(), Stop> {
        if !ledger.is_balanced() {
            return Err(Error::internal(format!("partition {partition} lost or invented rows: {ledger:?}")).into());
        }
        self.left(partition, ledger, cx);
        cx.counters.bytes_done.fetch_add(self.table.partition_bytes(partition), Ordering::Relaxed);
        Ok(())
    }

    fn left(&self, _: usize, mut ledger: RowLedger, cx: &Context) {
        if self.within.is_some() {
            // A join drops the rows that find nothing, wherever that is known: they are no less kept by the scan, which has no filter.
            ledger = RowLedger { kept: ledger.kept + ledger.filtered, filtered: 0, ..ledger };
        }
        if self.is_again { cx.counters.reject_again(ledger.rejected) } else { cx.counters.add(ledger) }
    }

    fn file(&self, _: usize) -> Option<&str> {
        Some(&self.path)
    }

    fn close(&self) -> Result<(), Stop> {
        self.table.close()
    }
}

/// Batches in memory: the result of a stage. Each batch is a partition.
#[derive(Debug)]
pub(crate) struct Batches {
    batches: Vec<Batch>,
    /// Held as long as the batches.
    _memory: Vec<Reservation>,
}

impl Batches {
    /// Batches whose memory is reserved in `memory`.
    pub(crate) fn new(batches: Vec<Batch>, memory: Vec<Reservation>) -> Self {
        Self { batches, _memory: memory }
    }
}

impl Source for Batches {
    fn partitions(&self) -> usize {
        self.batches.len()
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        Ok(Box::new(Once(Some(self.batches[partition].clone()))))
    }
}

/// One batch.
pub(crate) struct Once(pub(crate) Option<Batch>);

impl BatchReader for Once {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        Ok(self.0.take())
    }

    fn ledger(&self) -> RowLedger {
        RowLedger::default()
    }
}
