//! Reading a file from its start to its end, as the crates that unpack want it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use frame_core::{CancelToken, Error};

use crate::ReadAt;

/// A place in a file, from which reads go on.
#[derive(Debug)]
pub(super) struct Cursor {
    file: Arc<dyn ReadAt>,
    position: Arc<AtomicU64>,
    cancel: CancelToken,
}

impl Cursor {
    /// The start of `file`; `position` tells how far it was read.
    pub(super) fn new(file: Arc<dyn ReadAt>, position: Arc<AtomicU64>, cancel: CancelToken) -> Self {
        Self { file, position, cancel }
    }
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.cancel.check().map_err(io::Error::other)?;
        let position = self.position.load(Ordering::Relaxed);
        let read = self.file.read_at(buffer, position).map_err(io::Error::other)?;
        self.position.store(position + read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// The error of this project that is inside one of the system, if there is one.
pub(super) fn inner(error: &io::Error) -> Option<Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).cloned()
}
