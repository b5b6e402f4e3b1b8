//! The two parts of a block: bytes that are dense as they are, and loose ones, which are worth compressing.

use frame_core::{Error, Result};

/// A block that is being made.
pub(super) struct Output {
    /// Begins with its length.
    dense: Vec<u8>,
    loose: Vec<u8>,
}

/// Bytes of a length.
const LENGTH: usize = size_of::<u64>();

impl Output {
    pub(super) fn with_capacity(dense: usize, loose: usize) -> Self {
        let mut output = Self { dense: Vec::with_capacity(LENGTH + dense), loose: Vec::with_capacity(loose) };
        output.size(0);
        output
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.dense.push(byte);
    }

    pub(super) fn dense(&mut self, bytes: &[u8]) {
        self.dense.extend_from_slice(bytes);
    }

    pub(super) fn loose(&mut self, bytes: &[u8]) {
        self.loose.extend_from_slice(bytes);
    }

    /// A number of rows, columns or bytes.
    pub(super) fn size(&mut self, size: usize) {
        self.dense(&(size as u64).to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.size(text.len());
        self.dense(text.as_bytes());
    }

    /// The dense and the loose bytes.
    pub(super) fn into_parts(mut self) -> (Vec<u8>, Vec<u8>) {
        let len = self.dense.len() as u64;
        self.dense[..LENGTH].copy_from_slice(&len.to_le_bytes());
        (self.dense, self.loose)
    }
}

/// A block that is being read.
pub(super) struct Input<'a> {
    dense: &'a [u8],
    loose: &'a [u8],
}

impl<'a> Input<'a> {
    /// Reads what [`Output`] wrote, one part behind the other.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self> {
        let mut input = Self { dense: bytes, loose: &[] };
        let len = input.size()?;
        let dense = len.checked_sub(LENGTH).ok_or_else(ended)?;
        let (dense, loose) = input.dense.split_at_checked(dense).ok_or_else(ended)?;
        Ok(Self { dense, loose })
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn dense(&mut self, len: usize) -> Result<&'a [u8]> {
        let (bytes, rest) = self.dense.split_at_checked(len).ok_or_else(ended)?;
        self.dense = rest;
        Ok(bytes)
    }

    pub(super) fn loose(&mut self, len: usize) -> Result<&'a [u8]> {
        let (bytes, rest) = self.loose.split_at_checked(len).ok_or_else(ended)?;
        self.loose = rest;
        Ok(bytes)
    }

    pub(super) fn array<const LEN: usize>(&mut self) -> Result<[u8; LEN]> {
        let (bytes, rest) = self.dense.split_first_chunk().ok_or_else(ended)?;
        self.dense = rest;
        Ok(*bytes)
    }

    pub(super) fn size(&mut self) -> Result<usize> {
        usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| ended())
    }

    pub(super) fn text(&mut self) -> Result<&'a str> {
        let len = self.size()?;
        std::str::from_utf8(self.dense(len)?).map_err(|error| Error::internal(format!("a spilled name: {error}")))
    }
}

fn ended() -> Error {
    Error::internal("a spilled block ends too early")
}
