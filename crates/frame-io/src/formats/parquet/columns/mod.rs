//! Columns of a row group being decoded, one file per way of doing it.
//!
//! Flat columns in the everyday encodings are decoded here ([`flat`]): that is faster than the `parquet` crate's general reader
//! and can step over rows. Everything else goes through the crate ([`crate_column`]).

mod booleans;
mod column;
mod crate_column;
mod delta;
mod flat;
mod hybrid;
mod numbers;
mod text;
mod unpack;
mod validity;

pub(super) use column::{Column, ColumnPlace};
