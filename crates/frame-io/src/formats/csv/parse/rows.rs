//! Records as a parser sees them: bytes, and the bounds of their fields.

use std::borrow::Cow;

/// Some records, all of the same number of fields.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Rows<'a> {
    bytes: &'a [u8],
    /// Field k is `bounds[k] .. bounds[k + 1] - 1`.
    bounds: &'a [u32],
    fields: usize,
    len: usize,
}

/// A field: where it stands in its chunk.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Field<'a> {
    chunk: &'a [u8],
    /// First byte.
    pub(in super::super) start: usize,
    /// One past the last byte.
    pub(in super::super) end: usize,
}

impl<'a> Rows<'a> {
    /// The records that `bounds` describes, `fields` to each.
    pub(in super::super) fn new(bytes: &'a [u8], bounds: &'a [u32], fields: usize) -> Self {
        Self { bytes, bounds, fields, len: (bounds.len() - 1) / fields }
    }

    /// Number of records.
    pub(in super::super) fn len(&self) -> usize {
        self.len
    }

    /// The first `len` records.
    pub(in super::super) fn first(self, len: usize) -> Self {
        Self { bounds: &self.bounds[..=len * self.fields], len, ..self }
    }

    /// From the first byte of the first record to the last of the last.
    pub(in super::super) fn all_bytes(&self) -> &'a [u8] {
        &self.bytes[self.bounds[0] as usize..self.bounds[self.len * self.fields] as usize - 1]
    }

    /// Field `column` of record `row`. The carriage return of a CRLF line end is no part of the last one.
    #[inline(always)]
    pub(in super::super) fn field(&self, row: usize, column: usize) -> Field<'a> {
        let at = row * self.fields + column;
        let start = self.bounds[at] as usize;
        let mut end = self.bounds[at + 1] as usize - 1;
        if column + 1 == self.fields && end > start && self.bytes[end - 1] == b'\r' {
            end -= 1;
        }
        Field { chunk: self.bytes, start, end }
    }
}

impl<'a> Field<'a> {
    /// Number of bytes.
    #[inline(always)]
    pub(in super::super) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether nothing stands between the separators: a null.
    #[inline(always)]
    pub(in super::super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The bytes between the separators, quotes included.
    #[inline(always)]
    pub(in super::super) fn bytes(&self) -> &'a [u8] {
        &self.chunk[self.start..self.end]
    }

    /// The sixteen bytes that begin with the field.
    #[inline(always)]
    pub(in super::super) fn leading(&self) -> u128 {
        let mut word = [0; 16];
        word.copy_from_slice(&self.chunk[self.start..self.start + 16]);
        u128::from_le_bytes(word)
    }

    /// The sixteen bytes that end with the field.
    #[inline(always)]
    pub(in super::super) fn trailing(&self) -> &'a [u8; 16] {
        self.chunk[..self.end].last_chunk().expect("padding comes before the first field")
    }

    /// The first three bytes from the field's start on, whether they belong to it or not.
    #[inline(always)]
    pub(in super::super) fn first_three(&self) -> (u8, u8, u8) {
        let [a, b, c] = *self.chunk[self.start..].first_chunk().expect("padding comes behind the last field");
        (a, b, c)
    }

    /// The last byte of a field that is not empty.
    #[inline(always)]
    pub(in super::super) fn last(&self) -> u8 {
        self.chunk[self.end - 1]
    }
}

/// The value of a field that begins with a quote, or `None` for one that does not. Doubled quotes become one, and what follows the
/// closing quote is kept, as the `csv` crate does.
pub(in super::super) fn unquoted(field: &[u8]) -> Option<Cow<'_, [u8]>> {
    let rest = field.strip_prefix(b"\"")?;
    match memchr::memchr(b'"', rest) {
        None => return Some(Cow::Borrowed(rest)),
        Some(at) if at + 1 == rest.len() => return Some(Cow::Borrowed(&rest[..at])),
        Some(_) => {}
    }
    let mut value = Vec::with_capacity(rest.len());
    let mut bytes = rest.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'"' {
            value.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'"') => value.push(b'"'),
            // Closed: the rest is plain text, in which quotes are letters.
            Some(other) => {
                value.push(other);
                value.extend(bytes.by_ref());
            }
            None => {}
        }
    }
    Some(Cow::Owned(value))
}
