//! What a run may use.

/// Smaller pieces are not worth a read of the disk.
const PIECE_BYTES_MIN: f64 = 32.0 * 1024.0;

/// Threads, memory and sizes of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Means {
    /// Threads.
    pub threads: usize,
    /// The memory limit.
    pub memory_bytes: usize,
    /// Bytes that the process holds beside what is reserved, if the limit is one of the process; else none.
    pub beside_bytes: usize,
    /// The most rows of a batch.
    pub batch_rows: usize,
    /// The groups that a worker's table holds before it is emptied into buckets.
    pub table_groups: usize,
    /// The most bytes of a piece in which rows go to disk.
    pub piece_bytes: usize,
}

impl Means {
    /// Bytes that may be reserved.
    pub(super) fn reservable(&self) -> f64 {
        self.memory_bytes.saturating_sub(self.beside_bytes) as f64
    }

    /// Bytes of that for those who can give something up; an eighth of the limit is left to those who cannot.
    pub(super) fn yielding(&self) -> f64 {
        (self.reservable() - self.memory_bytes as f64 / 8.0).max(0.0)
    }

    /// Bytes of the pieces in which rows go to disk.
    pub(super) fn piece(&self) -> f64 {
        (self.memory_bytes as f64 / 1024.0).max(PIECE_BYTES_MIN).min(self.piece_bytes as f64)
    }

    /// Bytes of the smallest pieces.
    pub(super) fn least_piece(&self) -> f64 {
        PIECE_BYTES_MIN.min(self.piece_bytes as f64)
    }
}
