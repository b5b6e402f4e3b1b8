//! A file that is nothing but bytes in memory.

use frame_core::Result;

use crate::ReadAt;

/// Bytes behind the file-access trait.
#[derive(Debug, Clone)]
pub struct MemoryFile {
    path: String,
    bytes: Vec<u8>,
}

impl MemoryFile {
    /// A file of these bytes; `path` is what errors call it.
    pub fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into() }
    }
}

impl ReadAt for MemoryFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let rest = self.bytes.get(offset as usize..).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn check_unchanged(&self) -> Result<()> {
        Ok(())
    }
}
