//! Blocks of a spill file come back as they went, or an error does.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use frame_memory::{ScratchAccess, ScratchFile, SpillDir};

/// A file in memory that takes and gives few bytes at a time.
#[derive(Debug, Default, Clone)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl ScratchAccess for Memory {
    fn create(&self) -> io::Result<Arc<dyn ScratchFile>> {
        Ok(Arc::new(self.clone()))
    }

    fn folder(&self) -> &Path {
        Path::new("memory")
    }
}

impl ScratchFile for Memory {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut file = self.0.lock().expect("no panic");
        let (offset, len) = (offset as usize, bytes.len().min(50));
        let end = file.len().max(offset + len);
        file.resize(end, 0);
        file[offset..offset + len].copy_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let file = self.0.lock().expect("no panic");
        let rest = file.get(offset as usize..).unwrap_or_default();
        let len = bytes.len().min(rest.len()).min(50);
        bytes[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }
}

/// Blocks of any bytes and any damage to the file: the first half of the input is written, the second half says what is damaged.
pub(crate) fn block(bytes: &[u8]) {
    let Some((size, rest)) = bytes.split_first() else { return };
    let (written, damage) = rest.split_at(rest.len() / 2);
    let memory = Memory::default();
    let dir = SpillDir::new(Arc::new(memory.clone()), 1 << 30);
    let file = dir.file().expect("memory does not fail");
    let mut blocks = Vec::new();
    for raw in written.chunks(usize::from(*size) + 1) {
        // Repeated bytes compress, so blocks of both kinds are met.
        let raw = raw.repeat(1 + usize::from(raw[0] % 5));
        blocks.push((file.append(&raw[..raw.len() / 4], &raw[raw.len() / 4..]).expect("there is room"), raw));
    }
    for (block, raw) in &blocks {
        assert_eq!(&file.read(block).expect("the block"), raw);
    }
    {
        let mut stored = memory.0.lock().expect("no panic");
        for change in damage.chunks_exact(3) {
            let at = usize::from(u16::from_le_bytes([change[0], change[1]]));
            match stored.len() {
                0 => {}
                len if change[2] == 0 => stored.truncate(at % (len + 1)),
                len => stored[at % len] ^= change[2],
            }
        }
    }
    for (block, raw) in &blocks {
        match file.read(block) {
            Ok(found) => assert_eq!(&found, raw, "damage was not noticed"),
            Err(error) => assert_eq!(error.exit_code(), 5, "{error}"),
        }
    }
    drop(file);
    assert_eq!(dir.used_bytes(), 0);
}
