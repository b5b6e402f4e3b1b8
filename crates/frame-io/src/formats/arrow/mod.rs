//! Arrow IPC, also called Feather: files, whose record batches are read in parallel, and streams, which are read from their start.

mod columns;
mod file;
mod reader;
mod stream;
mod write;

pub use file::ArrowTable;
pub use stream::ArrowStreamTable;
pub(super) use write::ARROW;

/// How a file begins, and ends.
pub const FILE_MAGIC: &[u8] = b"ARROW1";
/// How a stream begins: the mark of a message.
pub const STREAM_MAGIC: &[u8] = b"\xff\xff\xff\xff";
