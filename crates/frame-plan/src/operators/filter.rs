//! Keeping the rows for which a predicate is true.

use frame_expr::Expr;

use super::Plan;

/// Keeps the rows for which `predicate` is true; false and null both drop the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// A truth value per row.
    pub predicate: Expr,
}
