//! Delimited text: comma-separated values and their relatives.
//!
//! README.md beside this file draws the way of a chunk through these modules.

mod class;
mod columns;
mod header;
mod infer;
mod parse;
mod partition;
mod position;
mod records;
mod refusal;
mod split;
mod structure;
mod table;
mod write;

pub use class::Class;
pub use table::{CsvSettings, CsvTable, Learnt};
pub use write::Writer;
pub(super) use write::{CSV, TSV};
