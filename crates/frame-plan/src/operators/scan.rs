//! Reading an input: the only operator without one of its own.

use frame_expr::Expr;

use crate::Input;

/// Reads an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// What to read.
    pub input: Input,
    /// The columns to read, in the order of the file; `None` for all (the optimizer narrows them).
    pub columns: Option<Vec<String>>,
    /// A predicate that the scan applies early; its columns need not be among `columns` (the optimizer pushes it here).
    pub filter: Option<Expr>,
    /// Read at most this many rows that pass the filter (the optimizer pushes limits here).
    pub limit: Option<u64>,
}
