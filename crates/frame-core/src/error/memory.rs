//! The memory limit: reached, or impossible.

/// A reservation that the budget could not grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the memory limit of {} is reached: {consumer} needs {} more, {} are in use", size(*.limit_bytes), size(*.wanted_bytes), size(*.used_bytes))]
pub struct MemoryError {
    /// Who asked.
    pub consumer: String,
    /// Bytes asked for beyond those already held.
    pub wanted_bytes: usize,
    /// Bytes reserved by everyone at that moment; and what else the process holds, if the limit is one for all of that.
    pub used_bytes: usize,
    /// The limit.
    pub limit_bytes: usize,
}

impl MemoryError {
    pub(super) fn code(&self) -> (&'static str, &'static str) {
        ("E0501", "memory-limit")
    }

    pub(super) fn advice(&self) -> String {
        let enough = self.used_bytes.saturating_add(self.wanted_bytes).saturating_mul(5) / 4;
        format!("--memory {}M or more, fewer threads (-j), or fewer columns and groups", enough.div_ceil(1 << 20))
    }
}

/// Bytes with a unit, for people.
fn size(bytes: usize) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1_024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.2} GiB", bytes as f64 / 1_073_741_824.0),
    }
}
