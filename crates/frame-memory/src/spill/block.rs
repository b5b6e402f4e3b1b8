//! A block: bytes that were written together, those behind the dense ones compressed with LZ4, and what is needed to trust them when they
//! come back.

use std::hash::Hasher;

use twox_hash::XxHash64;

/// Where a block lies in its file, and how to tell that it came back as it went.
///
/// The checksum stays in memory, so a block that comes back from another place, or that belongs to an older write, is noticed too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    pub(super) offset: u64,
    /// Bytes on disk.
    pub(super) stored: u32,
    /// Bytes in front that are not compressed.
    pub(super) dense: u32,
    /// All bytes before compression.
    pub(super) raw: u32,
    pub(super) checksum: u64,
}

impl Block {
    /// Bytes of the block in memory.
    pub fn raw_bytes(&self) -> usize {
        self.raw as usize
    }

    /// Bytes of the block on disk.
    pub fn stored_bytes(&self) -> usize {
        self.stored as usize
    }
}

/// A number that tells blocks of bytes apart: xxHash of 64 bits.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = XxHash64::with_seed(0);
    hasher.write(bytes);
    hasher.finish()
}
