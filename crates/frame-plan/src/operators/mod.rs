//! The operators of the logical plan, one per file. The enum dispatches; each operator's struct does the work.

mod aggregate;
mod filter;
mod limit;
mod project;
mod scan;
mod sort;

pub use aggregate::{Aggregate, KeyItem};
pub use filter::Filter;
pub use limit::Limit;
pub use project::Project;
pub use scan::Scan;
pub use sort::Sort;

/// A logical plan: what to compute, not how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Reads an input.
    Scan(Scan),
    /// Keeps the rows for which a predicate is true.
    Filter(Filter),
    /// Computes, renames and drops columns.
    Project(Project),
    /// Groups rows by keys and aggregates each group; without keys, all rows are one group.
    Aggregate(Aggregate),
    /// Orders the rows.
    Sort(Sort),
    /// Keeps a stretch of the rows by their place.
    Limit(Limit),
}
