//! The one trait through which files are read. Tests put faulty or shrinking files behind it.

use std::fmt::Debug;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use frame_core::{DataError, Error, IoError, Result};

/// A way to open files.
pub trait FileAccess: Send + Sync + Debug {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// `IoError`, also for a folder.
    fn open(&self, path: &str) -> Result<Arc<dyn ReadAt>>;

    /// The files that a path stands for: itself, or the files that it is a pattern of, sorted by name.
    ///
    /// # Errors
    /// `IoError` if the pattern fits no file.
    fn expand(&self, path: &str) -> Result<Vec<String>> {
        Ok(vec![path.to_owned()])
    }
}

/// An open file that any number of tasks read at once.
pub trait ReadAt: Send + Sync + Debug {
    /// Fills `buffer` from byte `offset` on, as far as the file goes; gives the bytes read, fewer than asked only at the end.
    ///
    /// # Errors
    /// `IoError`.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize>;

    /// Length in bytes when the file was opened.
    fn len(&self) -> u64;

    /// Whether the file had no bytes when it was opened.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The path as the user gave it, for errors.
    fn path(&self) -> &str;

    /// Fails if the file is not the one that was opened any more: other length or other time of change.
    ///
    /// # Errors
    /// `DataError::Changed`.
    fn check_unchanged(&self) -> Result<()>;

    /// Fills the whole of `buffer`: the caller knows from [`ReadAt::len`] that the bytes were there.
    ///
    /// # Errors
    /// `DataError::Changed` if the file has become shorter; `IoError`.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        let read = self.read_at(buffer, offset)?;
        if read == buffer.len() {
            return Ok(());
        }
        Err(Error::new(DataError::Changed {
            file: self.path().to_owned(),
            reason: format!("it ends at byte {}, it had {} bytes", offset + read as u64, self.len()),
        }))
    }
}

/// Files of the operating system, read with `pread`.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalFiles;

#[derive(Debug)]
struct LocalFile {
    file: File,
    path: String,
    len: u64,
    modified: Option<SystemTime>,
}

impl FileAccess for LocalFiles {
    fn open(&self, path: &str) -> Result<Arc<dyn ReadAt>> {
        let failed = |error| Error::new(IoError::new("open", path, &error));
        let file = File::open(Path::new(path)).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is a folder")));
        }
        Ok(Arc::new(LocalFile { path: path.to_owned(), len: metadata.len(), modified: metadata.modified().ok(), file }))
    }

    fn expand(&self, path: &str) -> Result<Vec<String>> {
        if !path.contains(['*', '?', '[']) || std::path::Path::new(path).exists() {
            return Ok(vec![path.to_owned()]);
        }
        let nothing =
            |reason: &str| Error::new(IoError::new("open", path, &std::io::Error::new(std::io::ErrorKind::NotFound, reason.to_owned())));
        let found = glob::glob(path).map_err(|error| nothing(&format!("the pattern cannot be read: {error}")))?;
        let files: Vec<String> = found.flatten().filter(|file| file.is_file()).map(|file| file.display().to_string()).collect();
        if files.is_empty() { Err(nothing("no file fits the pattern")) } else { Ok(files) }
    }
}

impl ReadAt for LocalFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let mut read = 0;
        while read < buffer.len() {
            match pread(&self.file, &mut buffer[read..], offset + read as u64) {
                Ok(0) => break,
                Ok(bytes) => read += bytes,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::new(IoError::new("read", &self.path, &error))),
            }
        }
        Ok(read)
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn check_unchanged(&self) -> Result<()> {
        let metadata = self.file.metadata().map_err(|error| Error::new(IoError::new("read", &self.path, &error)))?;
        let reason = if metadata.len() != self.len {
            format!("it had {} bytes, now {}", self.len, metadata.len())
        } else if metadata.modified().ok() != self.modified {
            "it was written to".to_owned()
        } else {
            return Ok(());
        };
        Err(Error::new(DataError::Changed { file: self.path.clone(), reason }))
    }
}

#[cfg(unix)]
fn pread(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn pread(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}
