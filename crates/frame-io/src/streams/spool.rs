//! A pipe as a file: what was read of it is kept, so that a run can begin again.
//!
//! The first bytes stay in memory; what comes behind them goes to a temporary file without a name, which vanishes with the process.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use frame_core::{Error, IoError, Result};

use crate::ReadAt;
use crate::access::pread;

/// Bytes that are kept in memory.
const HEAD_BYTES: usize = 1 << 20;

/// A pipe that is read as far as someone asks for, and no further.
#[derive(Debug)]
pub struct Spool {
    path: String,
    folder: PathBuf,
    state: Mutex<State>,
}

struct State {
    source: Box<dyn Read + Send>,
    head: Vec<u8>,
    rest: Option<File>,
    len: u64,
    is_over: bool,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("len", &self.len).field("is_over", &self.is_over).finish_non_exhaustive()
    }
}

impl Spool {
    /// A pipe that errors call `path`; what does not stay in memory goes to a file in `folder`.
    pub fn new(path: &str, source: Box<dyn Read + Send>, folder: &Path) -> Self {
        let state = State { source, head: Vec::new(), rest: None, len: 0, is_over: false };
        Self { path: path.to_owned(), folder: folder.to_owned(), state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn failed(&self, operation: &'static str) -> impl Fn(io::Error) -> Error {
        move |error| Error::new(IoError::new(operation, &self.path, &error))
    }
}

impl State {
    /// Keeps what was read.
    fn keep(&mut self, bytes: &[u8], folder: &Path) -> io::Result<()> {
        self.len += bytes.len() as u64;
        let to_head = bytes.len().min(HEAD_BYTES - self.head.len().min(HEAD_BYTES));
        self.head.extend_from_slice(&bytes[..to_head]);
        if to_head == bytes.len() {
            return Ok(());
        }
        let rest = match &mut self.rest {
            Some(rest) => rest,
            None => self.rest.insert(tempfile::tempfile_in(folder)?),
        };
        rest.write_all(&bytes[to_head..])
    }

    /// Copies what is kept from `offset` on.
    fn copy(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let wanted = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX).min(buffer.len());
        let mut done = 0;
        if offset < self.head.len() as u64 {
            let from = offset as usize;
            done = wanted.min(self.head.len() - from);
            buffer[..done].copy_from_slice(&self.head[from..from + done]);
        }
        while done < wanted {
            let Some(rest) = &self.rest else { break };
            match pread(rest, &mut buffer[done..wanted], offset + done as u64 - HEAD_BYTES as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}

impl ReadAt for Spool {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let mut state = self.lock();
        let end = offset.saturating_add(buffer.len() as u64);
        if state.len == offset && !state.is_over && !buffer.is_empty() {
            // The next bytes: what the pipe has in hand is enough, so that nobody waits for more than is there.
            let read = loop {
                match state.source.read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other.map_err(self.failed("read"))?,
                }
            };
            state.is_over = read == 0;
            let folder = &self.folder;
            state.keep(&buffer[..read], folder).map_err(self.failed("keep what was read of"))?;
            return Ok(read);
        }
        let mut piece = Vec::new();
        while state.len < end.min(state.len.max(offset + 1)) && !state.is_over {
            piece.resize(64 << 10, 0);
            let read = match state.source.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other.map_err(self.failed("read"))?,
            };
            state.is_over = read == 0;
            state.keep(&piece[..read], &self.folder).map_err(self.failed("keep what was read of"))?;
        }
        state.copy(buffer, offset).map_err(self.failed("read"))
    }

    fn len(&self) -> u64 {
        let state = self.lock();
        if state.is_over { state.len } else { u64::MAX }
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn is_stream(&self) -> bool {
        !self.lock().is_over
    }

    fn read_all(&self) -> Result<()> {
        let mut state = self.lock();
        let mut piece = vec![0; 256 << 10];
        while !state.is_over {
            let read = match state.source.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other.map_err(self.failed("read"))?,
            };
            state.is_over = read == 0;
            state.keep(&piece[..read], &self.folder).map_err(self.failed("keep what was read of"))?;
        }
        Ok(())
    }

    fn check_unchanged(&self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_can_be_read_again() {
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
        let spool = Spool::new("-", Box::new(io::Cursor::new(bytes.clone())), &std::env::temp_dir());
        assert!(spool.is_stream());
        let mut buffer = vec![0; 700_000];
        for offset in [0, 700_000, 100, 900_000, 2_900_000, 2_999_999, 3_000_000, 5_000_000, 0] {
            let (mut read, mut all) = (usize::MAX, 0);
            while read != 0 && all < buffer.len() {
                read = spool.read_at(&mut buffer[all..], (offset + all) as u64).expect("bytes");
                all += read;
            }
            let expected = &bytes[offset.min(bytes.len())..(offset + buffer.len()).min(bytes.len())];
            assert_eq!((all, &buffer[..all] == expected), (expected.len(), true), "{offset}");
        }
        assert_eq!((spool.len(), spool.is_stream()), (3_000_000, false));
    }
}
