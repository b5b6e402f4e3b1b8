//! The bytes of a stream in pieces of whole records.
//!
//! Unpacking has an order, parsing has none: whoever needs a piece takes the lock, unpacks up to it and lets go before parsing. Pieces that
//! others will ask for are kept for them; only as many as there are tasks at work.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, TryLockError};

use frame_core::{CancelToken, DataError, Error, FilePosition, Result};
use frame_memory::{MemoryBudget, Reservation};

use super::blocks::Blocks;
use super::content::{Content, Position};
use super::dialect::{Records, Turned};
use crate::ReadAt;

/// Readable bytes behind the bytes that a cutter is given.
pub(crate) const PADDING: usize = 64;

/// The largest record that is accepted.
const RECORD_BYTES_MAX: usize = 1 << 30;

/// Finds the end of the last whole record: given a buffer and how much of it counts, which begins with a record.
pub(crate) trait Cutter {
    /// The byte behind the last record that ends within `bytes[..end]`.
    fn cut(&self, bytes: &[u8], end: usize) -> Option<usize>;
}

/// The byte behind the last newline in `bytes`.
pub(crate) fn last_line(bytes: &[u8]) -> Option<usize> {
    memchr::memrchr(b'\n', bytes).map(|at| at + 1)
}

/// Whole records of a stream, as a file.
#[derive(Debug)]
pub(crate) struct Piece {
    path: String,
    bytes: Vec<u8>,
    /// Byte and line of the stream at which it begins.
    origin: (u64, u64),
    /// Whether it is the first one of the stream.
    pub(crate) is_first: bool,
    /// What was turned into it, if its dialect was another.
    turned: Option<Content>,
    /// Where its records stood, if a query asks.
    records: Vec<Turned>,
    _memory: Option<Reservation>,
}

impl ReadAt for Piece {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..)).unwrap_or_default();
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

    fn origin(&self) -> (u64, u64) {
        self.origin
    }

    fn is_turned(&self) -> bool {
        self.turned.is_some()
    }

    fn place(&self, byte: u64) -> Option<(u64, u64)> {
        let plain = self.origin.0 + byte;
        let known = self.records.partition_point(|record| record.plain <= plain).checked_sub(1).map(|at| self.records[at]);
        let found = || Some(self.turned.as_ref()?.turned(&[plain]).ok()?.first()?.0);
        known.or_else(found).map(|record| (record.start, record.lines))
    }

    fn check_unchanged(&self) -> Result<()> {
        Ok(())
    }
}

/// One way through a stream, from its start to its end.
pub(super) struct Pass {
    state: Mutex<State>,
    content: Content,
    piece_bytes: usize,
    budget: MemoryBudget,
    position: Position,
}

struct State {
    bytes: Box<dyn Read + Send>,
    /// The record that the last piece did not finish.
    carry: Vec<u8>,
    /// The number of the next piece.
    next: usize,
    /// Byte and line of the stream at which it begins.
    origin: (u64, u64),
    /// Pieces that nobody has asked for yet.
    waiting: BTreeMap<usize, Piece>,
    is_over: bool,
    /// Bytes of the file behind each piece, for progress.
    packed: Vec<u64>,
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass").field("content", &self.content).finish_non_exhaustive()
    }
}

impl Pass {
    /// Starts at the first byte; with spots, records of other dialects keep in mind where they stood.
    pub(super) fn new(content: &Content, piece_bytes: usize, budget: MemoryBudget, cancel: CancelToken, has_spots: bool) -> Result<Self> {
        let records = (has_spots && content.dialect.is_some()).then(Records::default);
        let blocks = content.packing.and_then(|packing| Blocks::of(&content.file, packing, &budget, &cancel));
        let position = Position { records, blocks, ..Position::default() };
        let bytes = content.bytes(&position, cancel)?;
        let state =
            State { bytes, carry: Vec::new(), next: 0, origin: (0, 0), waiting: BTreeMap::new(), is_over: false, packed: Vec::new() };
        Ok(Self { state: Mutex::new(state), content: content.clone(), piece_bytes: piece_bytes.max(1), budget, position })
    }

    /// The way as far as it went. While another one is on it, blocks in front of it are unpacked, if the file has any.
    fn lock(&self) -> MutexGuard<'_, State> {
        loop {
            match self.state.try_lock() {
                Ok(state) => return state,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) if self.position.blocks.as_ref().is_some_and(|blocks| blocks.help()) => {}
                Err(TryLockError::WouldBlock) => return self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner()),
            }
        }
    }

    /// Piece `number`, or `None` behind the last one. Each is given once.
    pub(super) fn piece(&self, number: usize, cutter: &dyn Cutter) -> Result<Option<Piece>> {
        let mut state = self.lock();
        while state.next <= number && !state.is_over {
            let piece = self.unpack(&mut state, cutter)?;
            if let Some(piece) = piece {
                let at = state.next;
                state.waiting.insert(at, piece);
                state.next += 1;
            }
        }
        Ok(state.waiting.remove(&number))
    }

    /// The next piece behind those with a number, for whoever takes all that are left. What waits belongs to others.
    pub(super) fn rest(&self, cutter: &dyn Cutter) -> Result<Option<Piece>> {
        let mut state = self.lock();
        if state.is_over { Ok(None) } else { self.unpack(&mut state, cutter) }
    }

    /// Bytes of the file that made piece `number`.
    pub(super) fn packed_bytes(&self, number: usize) -> u64 {
        let state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let before = number.checked_sub(1).and_then(|before| state.packed.get(before)).copied().unwrap_or(0);
        state.packed.get(number).map_or(0, |behind| behind - before)
    }

    /// Unpacks the next piece; `None` at the end.
    fn unpack(&self, state: &mut State, cutter: &dyn Cutter) -> Result<Option<Piece>> {
        let mut memory = self.budget.reserve("unpacking");
        let mut bytes = std::mem::take(&mut state.carry);
        let mut size = self.piece_bytes;
        let cut = loop {
            let capacity = bytes.len() + size + PADDING;
            // Reserved once more for the beginning of the next piece.
            memory.require(capacity + size.min(bytes.len())).map_err(|error| self.unreserved(error, &bytes, state.origin))?;
            let end = self.fill(state, &mut bytes, size)?;
            if state.is_over {
                break end;
            }
            match cutter.cut(&bytes, end) {
                Some(cut) => break cut,
                None if end >= RECORD_BYTES_MAX => return Err(self.too_large(RECORD_BYTES_MAX, state.origin)),
                // Not one record has ended: the next try holds twice as much.
                None => size = end,
            }
            bytes.truncate(end);
        };
        let end = bytes.len() - PADDING;
        state.carry = bytes[cut..end].to_vec();
        bytes.truncate(cut);
        state.packed.push(self.position.packed.load(Ordering::Relaxed));
        if bytes.is_empty() {
            return Ok(None);
        }
        let origin = state.origin;
        state.origin = (origin.0 + bytes.len() as u64, origin.1 + memchr::memchr_iter(b'\n', &bytes).count() as u64);
        let records = self.records(origin.0 + bytes.len() as u64);
        if records.is_empty() {
            let _ = memory.resize(bytes.capacity());
        } else {
            memory.require(bytes.capacity() + records.capacity() * size_of::<Turned>())?;
        }
        Ok(Some(Piece {
            path: self.content.file.path().to_owned(),
            bytes,
            origin,
            is_first: origin.0 == 0,
            turned: self.content.dialect.is_some().then(|| self.content.clone()),
            records,
            _memory: Some(memory),
        }))
    }

    /// Takes where the records stood that begin in front of byte `end` of the plain text.
    fn records(&self, end: u64) -> Vec<Turned> {
        let Some(records) = &self.position.records else { return Vec::new() };
        let mut records = records.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let rest = records.partition_point(|record| record.plain < end);
        records.drain(..rest).collect()
    }

    /// Adds up to `size` bytes of the stream, and padding; gives where they end.
    fn fill(&self, state: &mut State, bytes: &mut Vec<u8>, size: usize) -> Result<usize> {
        let mut end = bytes.len();
        let target = end + size;
        bytes.resize(target + PADDING, 0);
        while end < target && !state.is_over {
            // Decoders of text want room for a letter, which the padding has.
            match state.bytes.read(&mut bytes[end..target.max(end + 4)]) {
                Ok(0) => state.is_over = true,
                Ok(read) => end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.content.failed(&error)),
            }
        }
        bytes.truncate(end);
        bytes.resize(end + PADDING, 0);
        Ok(end)
    }

    /// A record that does not fit the memory is told as one: most often a quote was not closed.
    fn unreserved(&self, error: Error, bytes: &[u8], origin: (u64, u64)) -> Error {
        if bytes.len() > self.piece_bytes { self.too_large(bytes.len(), origin) } else { error }
    }

    fn too_large(&self, limit: usize, origin: (u64, u64)) -> Error {
        let position =
            FilePosition { file: self.content.file.path().to_owned(), byte: Some(origin.0), line: Some(origin.1 + 1), column: None };
        Error::new(DataError::RecordTooLarge { position, limit: limit as u64 })
    }
}
