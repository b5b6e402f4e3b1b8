//! The file formats, one per folder.

pub mod csv;
pub mod parquet;
