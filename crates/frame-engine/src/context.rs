//! What every task of a run may use.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use frame_core::CancelToken;
use frame_io::RowLedger;
use frame_memory::{MemoryBudget, SpillDir};

use crate::write::Outputs;

/// Shared by the tasks of one attempt at a run.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// The most rows of a batch.
    pub(crate) batch_rows: usize,
    /// The groups that a worker's table holds before it is emptied into buckets.
    pub(crate) table_groups: usize,
    /// Rows of a slice, about, and of the left side of a slice of a join.
    pub(crate) slice_rows: u64,
    pub(crate) join_slice_rows: u64,
    /// Bytes that an operator of one worker gathers before it puts them on disk.
    pub(crate) gathered_bytes: usize,
    /// Bytes of the texts that a worker numbers at most while rows wait to be grouped.
    pub(crate) numbered_bytes: usize,
    /// Memory was short in an attempt before: what can go to disk goes there as a whole.
    pub(crate) is_short: bool,
    /// Bytes of the pieces in which rows go to disk.
    pub(crate) piece_bytes: usize,
    /// Read between batches.
    pub(crate) cancel: CancelToken,
    /// Where everything that grows is reserved.
    pub(crate) budget: MemoryBudget,
    /// Where what does not fit goes.
    pub(crate) spill: SpillDir,
    /// What has happened so far.
    pub(crate) counters: Arc<Counters>,
    /// Files that wait for their names.
    pub(crate) outputs: Arc<Outputs>,
}

/// Smaller pieces are not worth a read of the disk.
const PIECE_BYTES_MIN: usize = 32 << 10;

/// A piece is on its way to disk in this many copies: picked, as dense and loose bytes, compressed.
const PIECE_COPIES: usize = 4;

/// Bytes of the pieces in which rows go to disk, at most `most`: small against the limit of memory, as merging holds one of each run; large
/// enough for disks.
pub(crate) fn piece_bytes(limit_bytes: usize, most: usize) -> usize {
    (limit_bytes / 3072).max(PIECE_BYTES_MIN).min(most.max(1))
}

/// A piece of a bucket is such a part of the limit, at most so many times as large as others.
const BUCKET_PIECES: usize = 1024;
const BUCKET_GROWTH: usize = 4;

/// Smaller batches are not worth the calls.
const BATCH_ROWS_MIN: usize = 1024;

/// A row of a batch for so many bytes of the limit that a thread has to itself: some batches of a thread are under way at any moment, nothing
/// of which can be given up, and columns of large batches leave larger holes in memory.
const BYTES_PER_BATCH_ROW: usize = 32 << 10;

/// The rows of a batch, at most `most`: few where memory is small.
pub(crate) fn batch_rows(limit_bytes: usize, threads: usize, most: usize) -> usize {
    (limit_bytes / threads.max(1) / BYTES_PER_BATCH_ROW).max(BATCH_ROWS_MIN).min(most.max(1))
}

/// A chunk of an input behind a URL is a request, which takes its time however small it is; so it is larger, as far as such a part allows of
/// what a thread has of the limit.
const FAR_CHUNK_BYTES: usize = 2 << 20;
const FAR_CHUNK_PART: usize = 64;

/// Bytes of text that are read at a time from behind a URL; no fewer than from a local file.
pub(crate) fn far_chunk_bytes(limit_bytes: usize, threads: usize, chunk_bytes: usize) -> usize {
    chunk_bytes.max((limit_bytes / threads.max(1) / FAR_CHUNK_PART).min(FAR_CHUNK_BYTES))
}

/// A thread that groups a slice has so many bytes of the limit for each of its rows, which may all be groups.
const SLICE_ROW_BYTES: usize = 3 << 9;

/// The rows of a slice of a group by, at most `most`: few where memory is small.
pub(crate) fn slice_rows(limit_bytes: usize, threads: usize, most: u64) -> u64 {
    ((limit_bytes / threads.max(1) / SLICE_ROW_BYTES) as u64).clamp(1, most.max(1))
}

/// A slice of a join has so many times the rows of one of a group by at most, as the other side is opened once for each; and as many times as
/// a thread has so many bytes of the limit to itself.
const OF_JOIN: u64 = 4;
const JOIN_SLICE_BYTES: usize = 64 << 20;

/// The rows of the left side of a slice of a join.
pub(crate) fn join_slice_rows(limit_bytes: usize, threads: usize, slice_rows: u64) -> u64 {
    let times = limit_bytes / threads.max(1) / JOIN_SLICE_BYTES;
    slice_rows.saturating_mul((times as u64).clamp(1, OF_JOIN))
}

/// The texts that all threads number take such a part of the limit at most: their rows may go to disk, the texts stay in memory.
const NUMBERED_PART: usize = 16;

/// Bytes of the texts that a worker numbers at most while rows wait to be grouped.
pub(crate) fn numbered_bytes(limit_bytes: usize, threads: usize) -> usize {
    limit_bytes / NUMBERED_PART / threads.max(1)
}

impl Context {
    /// The pieces of rows that are merged.
    pub(crate) fn pieces(&self) -> PieceSize {
        PieceSize(self.piece_bytes)
    }

    /// Those of buckets: a bucket is loaded as a whole or piece by piece, so they may be larger.
    pub(crate) fn bucket_pieces(&self) -> PieceSize {
        PieceSize((self.budget.limit_bytes() / BUCKET_PIECES).clamp(self.piece_bytes, BUCKET_GROWTH * self.piece_bytes))
    }
}

/// How large the pieces are in which rows go to disk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PieceSize(usize);

impl PieceSize {
    /// Bytes of a piece.
    pub(crate) fn bytes(self) -> usize {
        self.0
    }

    /// Bytes of memory that writing a piece takes.
    pub(crate) fn writing_bytes(self) -> usize {
        PIECE_COPIES * self.0
    }

    /// How many rows make a piece, if so many rows have so many bytes.
    pub(crate) fn rows(self, bytes: usize, rows: usize) -> usize {
        (self.0 / (bytes / rows.max(1)).max(1)).max(1)
    }
}

/// Counts of one attempt.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    read: AtomicU64,
    kept: AtomicU64,
    filtered: AtomicU64,
    rejected: AtomicU64,
    /// Rejected rows that no scan has read, such as groups.
    rejected_derived: AtomicU64,
    written: AtomicU64,
    /// Whether a join has kept a part of a side in memory.
    stays: AtomicBool,
    pub(crate) bytes_done: AtomicU64,
    pub(crate) bytes_total: AtomicU64,
}

impl Counters {
    /// Adds what became of the rows of a scan.
    pub(crate) fn add(&self, ledger: RowLedger) {
        self.read.fetch_add(ledger.read, Ordering::Relaxed);
        self.kept.fetch_add(ledger.kept, Ordering::Relaxed);
        self.filtered.fetch_add(ledger.filtered, Ordering::Relaxed);
        self.rejected.fetch_add(ledger.rejected, Ordering::Relaxed);
    }

    /// Rows that were kept in a first pass were rejected behind the second one.
    pub(crate) fn reject_again(&self, rows: u64) {
        self.kept.fetch_sub(rows, Ordering::Relaxed);
        self.rejected.fetch_add(rows, Ordering::Relaxed);
    }

    /// Rows of a stage's result were rejected.
    pub(crate) fn reject_derived(&self, rows: u64) {
        self.rejected_derived.fetch_add(rows, Ordering::Relaxed);
    }

    /// Rows were written to a file.
    pub(crate) fn wrote(&self, rows: u64) {
        self.written.fetch_add(rows, Ordering::Relaxed);
    }

    /// A part of a side of a join stays in memory.
    pub(crate) fn stays(&self) {
        self.stays.store(true, Ordering::Relaxed);
    }

    /// Whether a part of a side of a join has stayed in memory: another attempt can do with less.
    pub(crate) fn has_stayed(&self) -> bool {
        self.stays.load(Ordering::Relaxed)
    }

    /// Rows of results of stages that were rejected.
    pub(crate) fn rejected_derived(&self) -> u64 {
        self.rejected_derived.load(Ordering::Relaxed)
    }

    /// Rows that were written to files.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// What became of the rows of all scans so far.
    pub(crate) fn ledger(&self) -> RowLedger {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RowLedger { read: get(&self.read), kept: get(&self.kept), filtered: get(&self.filtered), rejected: get(&self.rejected) }
    }
}
