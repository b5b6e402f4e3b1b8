//! The naive model: an interpreter of plans over rows of scalars, made to be obviously right and not to be fast.

mod aggregates;
mod exact;
mod expressions;
mod functions;
mod joins;
mod kind;
mod operators;
mod order;
mod windows;

pub use expressions::kind;
pub use kind::Kind;
pub use operators::{Rows, aggregate_kind, answer, columns};
pub use order::is_same;

/// Why the model has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// A number does not fit its type: the engine may fail with an arithmetic error.
    Arithmetic(String),
    /// The plan has something that the model does not know, or types that do not fit.
    Unknown(String),
}

/// What the model computes, or why it cannot.
pub type Result<T> = std::result::Result<T, Failure>;

/// Names and kinds of columns.
pub type Columns = Vec<(String, Kind)>;
