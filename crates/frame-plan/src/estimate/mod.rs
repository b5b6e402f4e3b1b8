//! What a plan will take, before it runs: rows, bytes, memory, what goes to disk, and the smallest limit of memory.
//!
//! Pure functions over a plan and the figures that the catalog has of its inputs; nothing is read here. An estimate changes no answer.

mod columns;
mod groups;
mod joins;
mod means;
mod outcome;
mod rows;
mod selectivity;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod walk;

pub(crate) use joins::Matches;
pub use means::Means;
pub use outcome::{Estimate, OperatorEstimate};
pub(crate) use rows::Rows;
pub(crate) use selectivity::selectivity;
pub(crate) use walk::rows;
pub use walk::{about_rows, estimate};
