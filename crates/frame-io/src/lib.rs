//! Files and their formats: access, splitting, reading, writing.
//!
//! This crate knows nothing of plans, expressions or threads: a scan is asked for a partition and gives batches.

mod access;
pub mod formats;
mod identity;
mod memory_file;
mod no_rows;
mod pending;
mod position;
mod reader;
mod sample;
mod spots;
mod streams;

pub use access::{FileAccess, LocalFiles, ReadAt};
pub use identity::Identity;
pub use memory_file::MemoryFile;
pub use no_rows::NoRows;
pub use pending::Pending;
pub use reader::{BatchReader, Lesson, Restart, RowLedger, ScanRequest, Stop, Table};
pub use streams::{Content, Dialect, Encoding, Packing, Spool, StreamTable, Turned};
