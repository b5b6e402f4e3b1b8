//! The spill folder of a session: how much has been written there, and how much may be.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use frame_core::{DiskError, Error, Result};

use super::access::{LocalScratch, ScratchAccess};
use super::file::SpillFile;

/// Where a session spills. Cheap to clone; clones count together.
#[derive(Debug, Clone)]
pub struct SpillDir(Arc<Dir>);

#[derive(Debug)]
struct Dir {
    access: Arc<dyn ScratchAccess>,
    max_bytes: u64,
    /// Bytes in files that exist.
    used_bytes: AtomicU64,
    peak_bytes: AtomicU64,
    /// Bytes ever written.
    written_bytes: AtomicU64,
}

impl SpillDir {
    /// Files through `access`, of at most `max_bytes` at any time.
    pub fn new(access: Arc<dyn ScratchAccess>, max_bytes: u64) -> Self {
        let counter = AtomicU64::default;
        Self(Arc::new(Dir { access, max_bytes, used_bytes: counter(), peak_bytes: counter(), written_bytes: counter() }))
    }

    /// Files in a folder of the system.
    pub fn local(folder: impl Into<std::path::PathBuf>, max_bytes: u64) -> Self {
        Self::new(Arc::new(LocalScratch::new(folder)), max_bytes)
    }

    /// A new file.
    ///
    /// # Errors
    /// `DiskError`.
    pub fn file(&self) -> Result<SpillFile> {
        let file = self.0.access.create().map_err(|error| self.failed("create a file", &error))?;
        Ok(SpillFile::new(file, self.clone()))
    }

    /// Bytes in spill files now.
    pub fn used_bytes(&self) -> u64 {
        self.0.used_bytes.load(Ordering::Relaxed)
    }

    /// The most bytes that were in spill files at once.
    pub fn peak_bytes(&self) -> u64 {
        self.0.peak_bytes.load(Ordering::Relaxed)
    }

    /// Bytes that were ever written to spill files.
    pub fn written_bytes(&self) -> u64 {
        self.0.written_bytes.load(Ordering::Relaxed)
    }

    /// Counts bytes before they are written.
    pub(super) fn take(&self, bytes: u64) -> Result<()> {
        let max = self.0.max_bytes;
        let grown = self
            .0
            .used_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| used.checked_add(bytes).filter(|total| *total <= max));
        match grown {
            Ok(before) => {
                self.0.peak_bytes.fetch_max(before + bytes, Ordering::Relaxed);
                self.0.written_bytes.fetch_add(bytes, Ordering::Relaxed);
                Ok(())
            }
            Err(used) => {
                let reason = format!("{used} bytes are in use, {bytes} more would be beyond the limit of {max}");
                Err(Error::new(DiskError::Full { folder: self.folder(), reason }))
            }
        }
    }

    /// The bytes of a file that is gone, or were not written after all.
    pub(super) fn give_back(&self, bytes: u64) {
        self.0.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn failed(&self, operation: &'static str, error: &io::Error) -> Error {
        let (folder, reason) = (self.folder(), error.to_string());
        Error::new(match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => DiskError::Full { folder, reason },
            _ => DiskError::Failed { folder, operation, reason },
        })
    }

    pub(super) fn damaged(&self, what: fmt::Arguments<'_>) -> Error {
        Error::new(DiskError::Damaged { folder: self.folder(), reason: what.to_string() })
    }

    fn folder(&self) -> String {
        self.0.access.folder().display().to_string()
    }
}
