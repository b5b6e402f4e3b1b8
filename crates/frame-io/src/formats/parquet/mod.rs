//! Apache Parquet: row groups as partitions, pruning by statistics, checked pages, columns decoded to Arrow.
//!
//! Nested columns are listed, not read. Nothing here knows threads: a partition is read by whoever opens it.

mod chunk;
mod columns;
mod encode;
mod encoding;
mod figures;
mod footer;
mod page_header;
mod page_index;
mod pages;
mod partition;
mod projection;
mod prune;
mod reader;
mod refusal;
mod row_group;
mod schema;
mod statistics;
mod table;
mod thrift;
mod write;

pub use table::ParquetTable;
pub(super) use write::PARQUET;
pub use write::ParquetOptions;
