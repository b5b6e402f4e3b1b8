//! Expressions: their tree, binding to a schema, evaluation over batches; scalar and aggregate functions; exact accumulators.
//!
//! This crate knows nothing of files, plans, threads or query text.

pub mod aggregates;
mod expr;

pub use expr::{AggregateCall, BadCast, BinaryOp, Expr, Node, SortKey, UnaryOp};
