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
#[cfg(feature = "remote")]
mod remote;
mod sample;
mod spots;
mod store_options;
mod streams;
pub mod url;

pub use access::{FileAccess, LocalFiles, ReadAt, files};
pub use identity::Identity;
pub use memory_file::MemoryFile;
pub use no_rows::NoRows;
pub use pending::Pending;
pub use reader::{BatchReader, Lesson, Restart, RowLedger, ScanRequest, Stop, Table};
#[cfg(feature = "remote")]
pub use remote::RemoteFiles;
pub use store_options::StoreOptions;
pub use streams::{Content, Dialect, Encoding, Packing, Spool, StreamTable, Turned};
