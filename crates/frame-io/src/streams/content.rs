//! What is around and in a file: a look at its first bytes.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use frame_core::{CancelToken, DataError, Error, ErrorKind, IoError, Result};

use super::blocks::{Blocks, InOrder};
use super::cursor::{Cursor, inner};
use super::dialect::{Dialect, Plain, Records, Turned};
use super::encoding::Encoding;
use super::packing::Packing;
use crate::ReadAt;

/// Bytes that are looked at.
const FIRST_BYTES: usize = 4 << 10;

/// A file, and what has to be taken off before its text can be read.
#[derive(Debug, Clone)]
pub struct Content {
    /// The file as it lies there.
    pub file: Arc<dyn ReadAt>,
    /// Its compression.
    pub packing: Option<Packing>,
    /// The encoding of its text, if that is not UTF-8.
    pub encoding: Option<Encoding>,
    /// How its delimited text differs from plain CSV, if it does so that it must be turned.
    pub dialect: Option<Dialect>,
    /// The first bytes, unpacked and not turned.
    pub first: Vec<u8>,
}

/// How far a stream was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Position {
    /// Bytes of the file that were taken.
    pub(crate) packed: Arc<AtomicU64>,
    /// The records of a dialect that was turned, if anyone asks where they stood.
    pub(crate) records: Option<Records>,
    /// The blocks of the file, if others may help to unpack them.
    pub(super) blocks: Option<Arc<Blocks>>,
}

impl Content {
    /// Looks at a file. An encoding that was given holds; otherwise the first bytes may announce one.
    ///
    /// # Errors
    /// `IoError`; `DataError::Damaged` for a compressed file without a whole beginning.
    pub fn of(file: Arc<dyn ReadAt>, encoding: Option<Encoding>) -> Result<Self> {
        let first = beginning(&mut Cursor::new(file.clone(), Arc::default(), CancelToken::new()), file.path())?;
        let mut content = Self { packing: Packing::of(&first), file, encoding: None, dialect: None, first };
        if content.packing.is_some() {
            let mut unpacked = content.bytes(&Position::default(), CancelToken::new())?;
            content.first = beginning(&mut unpacked, content.file.path()).map_err(|error| content.refused(error))?;
        }
        content.encoding = encoding.or_else(|| Encoding::announced(&content.first));
        Ok(content)
    }

    /// Reads the text as delimited in this way.
    pub fn set_dialect(&mut self, dialect: &Dialect) {
        let mut dialect = dialect.clone();
        // Old programs end lines with a carriage return alone.
        dialect.returns |=
            self.encoding.is_none() && self.first.contains(&b'\r') && !self.first.contains(&b'\n') && !ends_with_return(&self.first);
        self.dialect = dialect.is_turned().then_some(dialect);
    }

    /// Whether the text can be read anywhere in the file, as it is.
    pub fn is_plain(&self) -> bool {
        self.packing.is_none() && self.encoding.is_none() && self.dialect.is_none() && !self.file.is_stream()
    }

    /// The text from its start, as UTF-8 if it is text; `position` tells how far the file was read.
    ///
    /// # Errors
    /// `DataError::Damaged`.
    pub(crate) fn bytes(&self, position: &Position, cancel: CancelToken) -> Result<Box<dyn Read + Send>> {
        let mut bytes: Box<dyn Read + Send> = match (&position.blocks, self.packing) {
            (Some(blocks), _) => Box::new(InOrder::new(blocks.clone(), position.packed.clone())),
            (None, packing) => {
                let bytes: Box<dyn Read + Send> = Box::new(Cursor::new(self.file.clone(), position.packed.clone(), cancel));
                match packing {
                    Some(packing) => packing.unpack(bytes).map_err(|error| self.failed(&error))?,
                    None => bytes,
                }
            }
        };
        if let Some(encoding) = self.encoding {
            bytes = Box::new(encoding.turn(bytes, self.file.path()));
        }
        if let Some(dialect) = &self.dialect {
            bytes = Box::new(Plain::new(bytes, dialect.clone(), position.records.clone()));
        }
        Ok(bytes)
    }

    /// The first `len` bytes of the text, as UTF-8, and whether that is all of it.
    ///
    /// # Errors
    /// `DataError::Damaged` for what cannot be unpacked.
    pub fn head(&self, len: usize) -> Result<(Vec<u8>, bool)> {
        let mut head = Vec::new();
        let mut bytes = self.bytes(&Position::default(), CancelToken::new())?;
        let mut piece = vec![0; 16 << 10];
        while head.len() < len {
            match bytes.read(&mut piece) {
                Ok(0) => return Ok((head, true)),
                Ok(read) => head.extend_from_slice(&piece[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(&error)),
            }
        }
        Ok((head, false))
    }

    /// Where records of a dialect that is turned stood, and their bytes there: those that hold the bytes `plain` (ascending) of the plain text.
    /// All of the text in front of them is read.
    ///
    /// # Errors
    /// What reading the file can fail with.
    pub fn turned(&self, plain: &[u64]) -> Result<Vec<(Turned, Vec<u8>)>> {
        let records = Records::default();
        let position = Position { records: Some(records.clone()), ..Position::default() };
        let mut bytes = self.bytes(&position, CancelToken::new())?;
        let (mut found, mut last) = (Vec::with_capacity(plain.len()), Turned::default());
        let mut piece = vec![0; 64 << 10];
        while found.len() < plain.len() {
            let read = self.read(bytes.as_mut(), &mut piece)?;
            for record in std::mem::take(&mut *records.lock().unwrap_or_else(|poisoned| poisoned.into_inner())) {
                while plain.get(found.len()).is_some_and(|byte| *byte < record.plain) {
                    found.push(last);
                }
                last = record;
            }
            if read == 0 {
                found.resize(plain.len(), last);
            }
        }
        // Once more, to take their bytes.
        let mut bytes = Self { dialect: None, ..self.clone() }.bytes(&Position::default(), CancelToken::new())?;
        let mut at = 0;
        let mut rows: Vec<(Turned, Vec<u8>)> = Vec::with_capacity(found.len());
        for record in found {
            if let Some((_, row)) = rows.last().filter(|(before, _)| *before == record) {
                let row = row.clone();
                rows.push((record, row));
                continue;
            }
            while at < record.start {
                let size = (record.start - at).min(piece.len() as u64) as usize;
                match self.read(bytes.as_mut(), &mut piece[..size])? {
                    0 => break,
                    read => at += read as u64,
                }
            }
            let mut row = vec![0; record.end.saturating_sub(record.start) as usize];
            let mut len = 0;
            while len < row.len() {
                match self.read(bytes.as_mut(), &mut row[len..])? {
                    0 => break,
                    read => len += read,
                }
            }
            row.truncate(len);
            at += len as u64;
            rows.push((record, row));
        }
        Ok(rows)
    }

    fn read(&self, bytes: &mut dyn Read, buffer: &mut [u8]) -> Result<usize> {
        loop {
            match bytes.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other.map_err(|error| self.failed(&error)),
            }
        }
    }

    /// The error for a failure of [`Content::bytes`].
    pub(crate) fn failed(&self, error: &io::Error) -> Error {
        inner(error).unwrap_or_else(|| self.damaged(&error.to_string()))
    }

    fn refused(&self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::Io(failure) if self.packing.is_some() && failure.operation == "unpack" => self.damaged(&failure.reason),
            _ => error,
        }
    }

    fn damaged(&self, reason: &str) -> Error {
        let file = self.file.path().to_owned();
        let format = self.packing.map_or("text", Packing::name);
        let reason = if reason.is_empty() { "it ends too early" } else { reason };
        Error::new(DataError::Damaged { file, format, reason: reason.to_owned() }).hint("it may be cut short: copy or download it again")
    }
}

/// Whether the only carriage return ends the text: then it may as well be a line end that was cut.
fn ends_with_return(first: &[u8]) -> bool {
    first.iter().position(|byte| *byte == b'\r').is_some_and(|at| at + 1 == first.len())
}

/// The first bytes of a stream.
fn beginning(bytes: &mut dyn Read, path: &str) -> Result<Vec<u8>> {
    let mut first = vec![0; FIRST_BYTES];
    let mut len = 0;
    while len < first.len() {
        match bytes.read(&mut first[len..]) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // What can be read before the damage may still be looked at; whoever reads on meets it again.
            Err(error) if len > 0 && inner(&error).is_none() => break,
            Err(error) => return Err(inner(&error).unwrap_or_else(|| Error::new(IoError::new("unpack", path, &error)))),
        }
    }
    first.truncate(len);
    Ok(first)
}
