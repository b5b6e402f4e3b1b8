//! What every task of a run may use.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use frame_core::CancelToken;
use frame_io::RowLedger;
use frame_memory::MemoryBudget;

/// Shared by the tasks of one attempt at a run.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// The most rows of a batch.
    pub(crate) batch_rows: usize,
    /// Read between batches.
    pub(crate) cancel: CancelToken,
    /// Where everything that grows is reserved.
    pub(crate) budget: MemoryBudget,
    /// What has happened so far.
    pub(crate) counters: Arc<Counters>,
}

/// Counts of one attempt.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    read: AtomicU64,
    kept: AtomicU64,
    filtered: AtomicU64,
    pub(crate) bytes_done: AtomicU64,
    pub(crate) bytes_total: AtomicU64,
}

impl Counters {
    /// Adds what became of the rows of a scan.
    pub(crate) fn add(&self, ledger: RowLedger) {
        self.read.fetch_add(ledger.read, Ordering::Relaxed);
        self.kept.fetch_add(ledger.kept, Ordering::Relaxed);
        self.filtered.fetch_add(ledger.filtered, Ordering::Relaxed);
    }

    /// What became of the rows of all scans so far.
    pub(crate) fn ledger(&self) -> RowLedger {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RowLedger { read: get(&self.read), kept: get(&self.kept), filtered: get(&self.filtered) }
    }
}
