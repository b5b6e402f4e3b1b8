//! Files and their formats: access, splitting, reading, writing.
//!
//! This crate knows nothing of plans, expressions or threads: a scan is asked for a partition and gives batches.

mod access;
pub mod formats;
mod reader;

pub use access::{FileAccess, LocalFiles, ReadAt};
pub use reader::{BatchReader, Restart, RowLedger, ScanRequest, Stop, Table};
