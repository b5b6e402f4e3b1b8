//! The file formats, one per folder or file. [`WRITTEN`] lists those that answers can be written in, and help is derived from it.

pub mod arrow;
mod columns;
pub mod csv;
mod html;
mod markdown;
pub mod ndjson;
mod none;
pub mod parquet;
mod text;
mod writer;

pub use writer::{Alone, Destination, Out, OutputFormat, Workers, Writer, by_name, by_path, failure};

/// Every format that answers can be written in, in the order in which help shows them.
pub const WRITTEN: &[OutputFormat] =
    &[csv::CSV, csv::TSV, ndjson::NDJSON, parquet::PARQUET, arrow::ARROW, markdown::MARKDOWN, html::HTML, none::NONE];
