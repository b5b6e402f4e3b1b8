//! Keeping rows by their place.

use super::Plan;

/// Skips `offset` rows, then keeps at most `count`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to keep.
    pub count: u64,
}
