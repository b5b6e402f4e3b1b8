//! The one trait through which files are read. Tests put faulty or shrinking files behind it.

use std::collections::HashMap;
use std::fmt::Debug;
use std::fs::File;
use std::io::Seek;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use frame_core::{DataError, Error, IoError, Result};

use crate::{Spool, StoreOptions, url};

/// A way to open files.
pub trait FileAccess: Send + Sync + Debug {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// `IoError`, also for a folder.
    fn open(&self, path: &str) -> Result<Arc<dyn ReadAt>>;

    /// The files that a path stands for: itself, the files in it and below it if it is a folder, or the files that it is a pattern of;
    /// sorted by name.
    ///
    /// # Errors
    /// `IoError` if the pattern fits no file.
    fn expand(&self, path: &str) -> Result<Vec<String>> {
        Ok(vec![path.to_owned()])
    }
}

/// All files that this build can read; what a pipe gave is kept in `folder`. The options are of use with the feature `remote` only.
#[cfg(feature = "remote")]
pub fn files(folder: &Path, options: &StoreOptions) -> Arc<dyn FileAccess> {
    Arc::new(crate::RemoteFiles::new(LocalFiles::keeping_pipes_in(folder), options.clone()))
}

/// All files that this build can read; what a pipe gave is kept in `folder`. The options are of use with the feature `remote` only.
#[cfg(not(feature = "remote"))]
pub fn files(folder: &Path, _options: &StoreOptions) -> Arc<dyn FileAccess> {
    Arc::new(LocalFiles::keeping_pipes_in(folder))
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

    /// Whether it is a pipe whose end was not seen yet: its bytes come one after the other, and its length is not known.
    fn is_stream(&self) -> bool {
        false
    }

    /// Reads and keeps all of a pipe, so that its length is known; nothing to do for a file.
    ///
    /// # Errors
    /// `IoError`.
    fn read_all(&self) -> Result<()> {
        Ok(())
    }

    /// Byte and line (both from 0) of the input that this is a piece of, at which the piece begins.
    fn origin(&self) -> (u64, u64) {
        (0, 0)
    }

    /// Whether its text was turned from another dialect, so that its bytes stand elsewhere in the input.
    fn is_turned(&self) -> bool {
        false
    }

    /// Byte and line (both from 0) of the input at which the record began that holds a byte of a text that was turned. It may be looked for
    /// from the start of the input.
    fn place(&self, _byte: u64) -> Option<(u64, u64)> {
        None
    }

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

/// Files of the operating system, read with `pread`; pipes, and standard input as `-`, are kept as they are read. URLs are refused.
#[derive(Debug, Default)]
pub struct LocalFiles {
    /// The pipes that were opened: one can be read only once, so every later opening gets the same.
    pipes: Mutex<HashMap<String, Arc<dyn ReadAt>>>,
    /// Where they are kept; a folder on a disk if none is named.
    folder: Option<PathBuf>,
}

impl LocalFiles {
    /// Files whose pipes are kept in `folder`.
    pub fn keeping_pipes_in(folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()), ..Self::default() }
    }
}

#[derive(Debug)]
struct LocalFile {
    file: File,
    path: String,
    len: u64,
    modified: Option<SystemTime>,
}

impl FileAccess for LocalFiles {
    fn open(&self, path: &str) -> Result<Arc<dyn ReadAt>> {
        url::check_input(path)?;
        let failed = |error| Error::new(IoError::new("open", path, &error));
        let mut pipes = self.pipes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(pipe) = pipes.get(path) {
            return Ok(pipe.clone());
        }
        let mut file = if path == STDIN { stdin().map_err(failed)? } else { File::open(Path::new(path)).map_err(failed)? };
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is a folder")));
        }
        // A redirected file is read as a file, unless someone has read a part of it already.
        if metadata.is_file() && (path != STDIN || file.stream_position().is_ok_and(|position| position == 0)) {
            return Ok(Arc::new(LocalFile { path: path.to_owned(), len: metadata.len(), modified: metadata.modified().ok(), file }));
        }
        let pipe: Arc<dyn ReadAt> = Arc::new(Spool::new(path, Box::new(file), &self.folder.clone().unwrap_or_else(spool_folder)));
        pipes.insert(path.to_owned(), pipe.clone());
        Ok(pipe)
    }

    fn expand(&self, path: &str) -> Result<Vec<String>> {
        url::check_input(path)?;
        let nothing =
            |reason: &str| Error::new(IoError::new("open", path, &std::io::Error::new(std::io::ErrorKind::NotFound, reason.to_owned())));
        let mut files = Vec::new();
        if Path::new(path).is_dir() {
            below(Path::new(path), &mut files).map_err(|error| Error::new(IoError::new("look into", path, &error)))?;
            files.sort();
            return if files.is_empty() { Err(nothing("the folder holds no file")) } else { Ok(files) };
        }
        if !path.contains(['*', '?', '[']) || Path::new(path).exists() {
            return Ok(vec![path.to_owned()]);
        }
        let found = glob::glob(path).map_err(|error| nothing(&format!("the pattern cannot be read: {error}")))?;
        files.extend(found.flatten().filter(|file| file.is_file()).map(|file| file.display().to_string()));
        if files.is_empty() { Err(nothing("no file fits the pattern")) } else { Ok(files) }
    }
}

/// The files in a folder and in the folders below it. Names that begin with a point or an underscore are notes of other programs.
fn below(folder: &Path, files: &mut Vec<String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(['.', '_']) {
            continue;
        }
        let path = entry.path();
        if path.is_dir() { below(&path, files)? } else { files.push(path.display().to_string()) }
    }
    Ok(())
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

/// The path of standard input.
const STDIN: &str = "-";

/// Where pipes are kept: a folder on a disk, if there is one.
fn spool_folder() -> PathBuf {
    let on_disk = Path::new("/var/tmp");
    if on_disk.is_dir() { on_disk.to_owned() } else { std::env::temp_dir() }
}

/// Standard input as a file.
#[cfg(unix)]
fn stdin() -> std::io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(std::io::stdin().as_fd().try_clone_to_owned()?))
}

/// Standard input as a file.
#[cfg(windows)]
fn stdin() -> std::io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(std::io::stdin().as_handle().try_clone_to_owned()?))
}

#[cfg(unix)]
pub(crate) fn pread(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
pub(crate) fn pread(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}
