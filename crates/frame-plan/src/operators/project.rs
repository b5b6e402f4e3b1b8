//! Computing, renaming and dropping columns.

use frame_expr::Expr;

use super::Plan;

/// Replaces the columns by `items`, in that order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// Expression and output name of each column; names differ from each other.
    pub items: Vec<(Expr, String)>,
}
