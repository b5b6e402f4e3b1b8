//! Inputs that can only be read from their start: compressed files, other encodings than UTF-8, pipes.
//!
//! `content.rs` looks at the first bytes of a file and says what is around and in it; `pieces.rs` cuts the bytes that come out into pieces
//! of whole records, and `table.rs` makes partitions of them, so that parsing runs in parallel with unpacking.

mod blocks;
mod content;
mod cursor;
mod dialect;
mod encoding;
mod packing;
mod pieces;
mod spool;
mod table;

pub use content::Content;
pub(crate) use content::Position;
pub use dialect::{Dialect, Turned};
pub use encoding::Encoding;
pub use packing::Packing;
pub(crate) use pieces::{Cutter, last_line};
pub use spool::Spool;
pub(crate) use table::Pieced;
pub use table::StreamTable;
