//! Spill files: blocks of bytes that do not fit into memory, on disk until they are read back.

mod access;
mod block;
mod dir;
mod file;

pub use access::{LocalScratch, ScratchAccess, ScratchFile};
pub use block::Block;
pub use dir::SpillDir;
pub use file::SpillFile;
