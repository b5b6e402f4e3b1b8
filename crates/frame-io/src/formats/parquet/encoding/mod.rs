//! Encoding of flat columns of texts, whole numbers, floats, dates and timestamps: values to pages, by our own loops. All other columns are
//! left to the `parquet` crate, which also writes the headers of these pages, the footer and the indexes.

mod bits;
mod bounds;
mod column;
mod differences;
mod levels;
mod numbers;
mod pages;
mod table;
mod texts;

pub(super) use column::{FlatColumn, different};
pub(super) use pages::Chunk;
