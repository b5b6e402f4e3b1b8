//! Delimited text: comma-separated values and their relatives.
//!
//! README.md beside this file draws the way of a chunk through these modules.

mod class;
mod columns;
mod figures;
mod header;
mod infer;
mod notation;
mod parse;
mod partition;
mod policy;
mod records;
mod refusal;
mod rejects;
mod sniff;
mod split;
mod stream;
mod structure;
mod table;
mod write;

pub use class::Class;
pub use header::header_len;
pub use notation::Notation;
pub use policy::{BadValues, RaggedRows};
pub use rejects::{Reject, Rejects};
pub use sniff::{Sniffed, sniff};
pub use table::{CsvSettings, CsvTable, Learnt};
pub use write::Writer;
pub(super) use write::{CSV, TSV};
