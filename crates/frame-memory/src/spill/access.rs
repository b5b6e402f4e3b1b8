//! The one trait through which spill files are made, written and read. Tests put failing disks behind it.

use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A place for files that nobody else sees.
pub trait ScratchAccess: Send + Sync + Debug {
    /// A new, empty file.
    ///
    /// # Errors
    /// What the system says.
    fn create(&self) -> io::Result<Arc<dyn ScratchFile>>;

    /// The folder, for errors.
    fn folder(&self) -> &Path;
}

/// A file that is gone when it is dropped, and when the process ends in whatever way.
pub trait ScratchFile: Send + Sync + Debug {
    /// Writes bytes from `offset` on and gives how many were written.
    ///
    /// # Errors
    /// What the system says.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    /// Reads bytes from `offset` on and gives how many were read; none at the end.
    ///
    /// # Errors
    /// What the system says.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Says that so many bytes from `offset` on will be read soon. What comes of it is the system's affair.
    fn will_read(&self, _offset: u64, _bytes: u64) {}
}

/// Files of the operating system. They have no name where the system allows that, so nothing is left behind even by `kill -9`; where
/// they have one, only their owner may open them.
#[derive(Debug, Clone)]
pub struct LocalScratch(PathBuf);

impl LocalScratch {
    /// Files in a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }
}

impl ScratchAccess for LocalScratch {
    fn create(&self) -> io::Result<Arc<dyn ScratchFile>> {
        Ok(Arc::new(LocalFile(tempfile::tempfile_in(&self.0)?)))
    }

    fn folder(&self) -> &Path {
        &self.0
    }
}

#[derive(Debug)]
struct LocalFile(File);

#[cfg(unix)]
impl ScratchFile for LocalFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::write_at(&self.0, bytes, offset)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.0, bytes, offset)
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    fn will_read(&self, offset: u64, bytes: u64) {
        if let Some(bytes) = std::num::NonZeroU64::new(bytes) {
            // Without advice it is only slower.
            let _ = rustix::fs::fadvise(&self.0, offset, Some(bytes), rustix::fs::Advice::WillNeed);
        }
    }
}

#[cfg(windows)]
impl ScratchFile for LocalFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_write(&self.0, bytes, offset)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.0, bytes, offset)
    }
}
