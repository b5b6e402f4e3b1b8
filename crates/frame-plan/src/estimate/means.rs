//! What a run may use.

/// Threads, memory and sizes of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Means {
    /// Threads.
    pub threads: usize,
    /// The memory limit.
    pub memory_bytes: usize,
    /// Bytes that the process holds beside what is reserved, if the limit is one of the process; else none.
    pub beside_bytes: usize,
    /// Bytes of the limit that those who can give something up leave to those who cannot.
    pub headroom_bytes: usize,
    /// The most rows of a batch.
    pub batch_rows: usize,
    /// The groups that a worker's table holds before it is emptied into buckets.
    pub table_groups: usize,
    /// Bytes of the pieces in which rows go to disk.
    pub piece_bytes: usize,
    /// The same with the smallest limit.
    pub least_piece_bytes: usize,
}

impl Means {
    /// Bytes that may be reserved.
    pub(super) fn reservable(&self) -> f64 {
        self.memory_bytes.saturating_sub(self.beside_bytes) as f64
    }

    /// Bytes of that for those who can give something up.
    pub(super) fn yielding(&self) -> f64 {
        (self.reservable() - self.headroom_bytes as f64).max(0.0)
    }
}
