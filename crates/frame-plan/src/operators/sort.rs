//! Ordering rows.

use frame_expr::SortKey;

use super::Plan;

/// Orders the rows by `keys`; rows that are equal in all of them keep their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// The order, most significant item first.
    pub keys: Vec<SortKey>,
}
