//! Grouping and aggregating.

use frame_expr::{AggregateCall, Expr};

use super::Plan;

/// A key of a grouping and its output name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyItem {
    /// What to group by.
    pub expr: Expr,
    /// The name of the output column.
    pub name: String,
}

/// Groups rows by `keys` and aggregates each group. The result is sorted by the keys, nulls last.
/// Without keys the result is exactly one row, also for no input rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// The keys: the first columns of the result.
    pub keys: Vec<KeyItem>,
    /// The aggregates: the other columns of the result.
    pub aggregates: Vec<AggregateCall>,
}
