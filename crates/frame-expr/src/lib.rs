//! Expressions: their tree, binding to a schema, evaluation over batches; scalar and aggregate functions; exact accumulators.
//!
//! This crate knows nothing of files, plans, threads or query text.

pub mod aggregates;
mod arithmetic;
mod bind;
mod builder;
mod call;
mod evaluate;
pub mod exact;
mod expr;
mod extremes;
mod fold;
mod lists;
mod partial;
mod pattern;
mod predicate;
mod print;
mod prune;
mod rounding;
pub mod scalars;
mod states;
mod texts;
mod time;
mod types;
pub mod windows;

pub use bind::{BoundExpr, bind};
pub use builder::{col, lit};
pub use call::{AggregateCall, BoundCall};
pub use expr::{BadCast, BinaryOp, Expr, Node, SortKey, UnaryOp};
pub use fold::fold;
pub use lists::{Lists, item_type};
pub use partial::Step;
pub use predicate::{Predicate, predicate};
pub use print::{RESERVED, WORD_OPERATORS, quoted};
pub use time::Steps;
pub use types::{common_type, type_name};
pub use windows::{BoundWindow, Frame, GroupStream, Needs, Stretch, Window};
