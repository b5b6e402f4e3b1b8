//! Newline-delimited JSON: an object per line.
//!
//! `json.rs` reads JSON, `shape.rs` has the lattice of what values look like, `column.rs` makes Arrow columns of them.

mod column;
mod json;
mod reader;
mod shape;
mod table;
mod write;

pub use shape::Shape;
pub use table::{NdjsonSettings, NdjsonTable};
pub(super) use write::NDJSON;
