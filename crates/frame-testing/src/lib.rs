//! What the tests of frame compare it with: a naive model that answers plans row by row, random tables, and random plans over them.
//!
//! Only tests use this crate. The model shares the trees of plans and expressions with the engine and nothing else: no binding, no
//! kernels, no states of aggregates.

mod choices;
mod expressions;
pub mod model;
mod plans;
mod table;

pub use plans::{Case, cases, grouped_joins};
pub use table::{Table, tables};
