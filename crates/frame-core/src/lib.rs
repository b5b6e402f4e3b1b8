//! Core types that every package of frame shares: batches, errors, scalars, partitions, the scan's filter.
//!
//! This crate knows nothing of files, threads, plans or query text.

mod batch;
pub mod calendar;
mod cancel;
pub mod cardinality;
pub mod duration;
pub mod error;
mod figures;
pub mod hash;
mod scalar;
mod scan_filter;
mod sound;
mod spot;

pub use batch::{Batch, Origin, memory_bytes};
pub use cancel::CancelToken;
pub use error::{DataError, DiskError, Error, ErrorKind, FilePosition, IoError, MemoryError, QueryError, Result, Span};
pub use figures::{ColumnFigures, TableFigures};
pub use scalar::Scalar;
pub use scan_filter::{ColumnRange, ScanFilter, keep_sound};
pub use sound::sound_rows;
pub use spot::Spot;
