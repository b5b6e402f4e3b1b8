//! A spill file: blocks are added at its end and read back in any order, by any thread.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use frame_core::{Error, Result};

use super::access::ScratchFile;
use super::block::{Block, checksum};
use super::dir::SpillDir;

/// Blocks on disk, gone when the file is dropped.
#[derive(Debug)]
pub struct SpillFile {
    file: Arc<dyn ScratchFile>,
    dir: SpillDir,
    /// Where the next block begins.
    end: AtomicU64,
    /// Bytes that the folder counts for this file.
    counted: AtomicU64,
}

impl SpillFile {
    pub(super) fn new(file: Arc<dyn ScratchFile>, dir: SpillDir) -> Self {
        Self { file, dir, end: AtomicU64::new(0), counted: AtomicU64::new(0) }
    }

    /// Writes a block: bytes that are dense already, and behind them others, which are compressed.
    ///
    /// # Errors
    /// `DiskError`: no room, more than may be spilled, a failing disk. A block of 2 GiB or more is an internal error.
    pub fn append(&self, dense: &[u8], loose: &[u8]) -> Result<Block> {
        let len = dense.len() + loose.len();
        let raw = u32::try_from(len).ok().filter(|len| *len <= i32::MAX as u32);
        let raw = raw.ok_or_else(|| Error::internal(format!("a spill block of {len} bytes")))?;
        let mut stored = vec![0; dense.len() + lz4_flex::block::get_maximum_output_size(loose.len())];
        let (plain, packed) = stored.split_at_mut(dense.len());
        plain.copy_from_slice(dense);
        let packed = lz4_flex::block::compress_into(loose, packed).map_err(|error| Error::internal(format!("a spill block: {error}")))?;
        stored.truncate(dense.len() + packed);
        self.dir.take(stored.len() as u64)?;
        self.counted.fetch_add(stored.len() as u64, Ordering::Relaxed);
        let offset = self.end.fetch_add(stored.len() as u64, Ordering::Relaxed);
        let block = Block { offset, stored: stored.len() as u32, dense: dense.len() as u32, raw, checksum: checksum(&stored) };
        self.write(&stored, offset).map_err(|error| self.dir.failed("write", &error))?;
        Ok(block)
    }

    /// Reads a block back, both parts in one.
    ///
    /// # Errors
    /// `DiskError`: a failing disk, or bytes that are not those that were written.
    pub fn read(&self, block: &Block) -> Result<Vec<u8>> {
        let mut stored = vec![0; block.stored as usize];
        let read = self.read_exact(&mut stored, block.offset).map_err(|error| self.dir.failed("read", &error))?;
        if read < stored.len() {
            return Err(self.dir.damaged(format_args!("a block of {} bytes has only {read}", stored.len())));
        }
        if checksum(&stored) != block.checksum {
            return Err(self.dir.damaged(format_args!("the block at byte {} has another checksum than when it was written", block.offset)));
        }
        let (plain, packed) = stored.split_at(block.dense as usize);
        let mut raw = vec![0; block.raw as usize];
        let (dense, loose) = raw.split_at_mut(plain.len());
        dense.copy_from_slice(plain);
        let unpacked = lz4_flex::block::decompress_into(packed, loose)
            .map_err(|error| self.dir.damaged(format_args!("the block at byte {}: {error}", block.offset)))?;
        if unpacked != loose.len() {
            return Err(self.dir.damaged(format_args!("the block at byte {} has {} bytes", block.offset, plain.len() + unpacked)));
        }
        Ok(raw)
    }

    /// Lets the system read a block ahead: it will be asked for soon.
    pub fn will_read(&self, block: &Block) {
        self.file.will_read(block.offset, block.stored.into());
    }

    fn write(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut written = 0;
        while written < bytes.len() {
            match self.file.write_at(&bytes[written..], offset + written as u64) {
                Ok(0) => return Err(io::Error::new(io::ErrorKind::WriteZero, "nothing was written")),
                Ok(more) => written += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Fills `bytes` as far as the file goes.
    fn read_exact(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut read = 0;
        while read < bytes.len() {
            match self.file.read_at(&mut bytes[read..], offset + read as u64) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }
}

impl Drop for SpillFile {
    fn drop(&mut self) {
        self.dir.give_back(self.counted.load(Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Mutex;

    use proptest::prelude::*;

    use super::super::access::ScratchAccess;
    use super::*;

    /// A file in memory of which one bit may be flipped, and that takes few bytes at a time.
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
            let (offset, len) = (offset as usize, bytes.len().min(700));
            let end = file.len().max(offset + len);
            file.resize(end, 0);
            file[offset..offset + len].copy_from_slice(&bytes[..len]);
            Ok(len)
        }

        fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
            let file = self.0.lock().expect("no panic");
            let rest = &file[(offset as usize).min(file.len())..];
            let len = rest.len().min(bytes.len()).min(600);
            bytes[..len].copy_from_slice(&rest[..len]);
            Ok(len)
        }
    }

    #[test]
    fn blocks_come_back_and_leave_no_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = SpillDir::local(folder.path(), u64::MAX);
        let file = dir.file().expect("a file");
        let blocks: Vec<Vec<u8>> = (0..50_usize).map(|at| (0..at * 997).map(|byte| (byte / (at + 1)) as u8).collect()).collect();
        let places: Vec<Block> =
            blocks.iter().map(|block| file.append(&block[..block.len() / 3], &block[block.len() / 3..]).expect("room")).collect();
        for (place, block) in places.iter().zip(&blocks).rev() {
            assert_eq!(&file.read(place).expect("the same bytes"), block);
            assert_eq!(place.raw_bytes(), block.len());
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "the file has no name");
        let stored: usize = places.iter().map(Block::stored_bytes).sum();
        assert_eq!((dir.used_bytes(), dir.peak_bytes(), dir.written_bytes()), (stored as u64, stored as u64, stored as u64));
        drop(file);
        assert_eq!((dir.used_bytes(), dir.peak_bytes()), (0, stored as u64));
    }

    #[test]
    fn no_more_is_written_than_may_be() {
        let dir = SpillDir::new(Arc::new(Memory::default()), 1_000);
        let file = dir.file().expect("a file");
        let noise: Vec<u8> = (0..600_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        file.append(&[], &noise).expect("room");
        let error = file.append(&[], &noise).expect_err("no room");
        assert_eq!(error.exit_code(), 5);
        assert!(error.to_string().contains("1000"), "{error}");
        assert!(dir.used_bytes() <= 1_000);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]
        #[test]
        fn a_flipped_bit_is_noticed(len in 1_usize..3_000, seed: u32, place: prop::sample::Index, bit in 0..8) {
            let memory = Memory::default();
            let dir = SpillDir::new(Arc::new(memory.clone()), u64::MAX);
            let file = dir.file().expect("a file");
            let bytes: Vec<u8> = (0..len as u32).map(|at| (at.wrapping_mul(seed | 1) >> 27) as u8).collect();
            let block = file.append(&bytes[..len / 3], &bytes[len / 3..]).expect("room");
            prop_assert_eq!(&file.read(&block).expect("the same bytes"), &bytes);
            let at = place.index(block.stored_bytes());
            memory.0.lock().expect("no panic")[at] ^= 1_u8 << bit;
            let error = file.read(&block).expect_err("other bytes");
            prop_assert_eq!(error.exit_code(), 5);
            memory.0.lock().expect("no panic").truncate(at);
            prop_assert!(file.read(&block).is_err());
        }
    }
}
