//! Records as a parser sees them: bytes, and the bounds of their fields.

use std::borrow::Cow;

use crate::formats::csv::Notation;

/// Some records, all of the same number of fields.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Rows<'a> {
    bytes: &'a [u8],
    /// Field k is `bounds[k] .. bounds[k + 1] - 1`.
    bounds: &'a [u32],
    fields: usize,
    len: usize,
    /// How their numbers are written.
    notation: Notation,
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
        Self { bytes, bounds, fields, len: (bounds.len() - 1) / fields, notation: Notation::default() }
    }

    /// The same with numbers that are written in this way.
    pub(in super::super) fn noted(self, notation: Notation) -> Self {
        Self { notation, ..self }
    }

    /// How numbers are written.
    pub(in super::super) fn notation(&self) -> Notation {
        self.notation
    }

    /// Number of records.
    pub(in super::super) fn len(&self) -> usize {
        self.len
    }

    /// The first `len` records.
    pub(in super::super) fn first(self, len: usize) -> Self {
        Self { bounds: &self.bounds[..=len * self.fields], len, ..self }
    }

    /// The bytes that the records lie in.
    pub(in super::super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Fields of each record.
    pub(in super::super) fn fields(&self) -> usize {
        self.fields
    }

    /// Whether a column is the last one, which may end with a carriage return.
    pub(in super::super) fn is_last(&self, column: usize) -> bool {
        column + 1 == self.fields
    }

    /// From where field `column` of record `first` begins to behind that of the last of `records` records.
    #[inline(always)]
    pub(in super::super) fn bounds_of(&self, first: usize, records: usize, column: usize) -> &'a [u32] {
        &self.bounds[first * self.fields + column..][..(records - 1) * self.fields + 2]
    }

    /// The records from record `first` on.
    pub(in super::super) fn from(&self, first: usize) -> Self {
        Self { bounds: &self.bounds[first * self.fields..], len: self.len - first, ..*self }
    }

    /// The bytes of record `row` in its chunk, with its line end; a record that was filled up ends where it ends in the file.
    pub(in super::super) fn record(&self, row: usize) -> std::ops::Range<usize> {
        let bounds = &self.bounds[row * self.fields..=(row + 1) * self.fields];
        let end = bounds[1..].iter().map(|bound| *bound as usize).find_map(|bound| match (self.bytes[bound - 1], self.bytes[bound]) {
            (b'\n', _) => Some(bound),
            (b'\r', b'\n') => Some(bound + 1),
            _ => None,
        });
        bounds[0] as usize..end.unwrap_or(bounds[self.fields] as usize)
    }

    /// From the first byte of the first record to the last of the last.
    pub(in super::super) fn all_bytes(&self) -> &'a [u8] {
        &self.bytes[self.bounds[0] as usize..self.bounds[self.len * self.fields] as usize - 1]
    }

    /// Field `column` of every record, in order.
    #[inline(always)]
    pub(in super::super) fn column(&self, column: usize) -> impl Iterator<Item = Field<'a>> {
        let is_last = self.is_last(column);
        let chunk = self.bytes;
        let bounds = self.bounds.get(column..).unwrap_or_default().windows(2).step_by(self.fields).take(self.len);
        bounds.map(move |bounds| Field::new(chunk, bounds[0] as usize, bounds[1] as usize - 1, is_last))
    }

    /// Field `column` of record `row`. The carriage return of a CRLF line end is no part of the last one.
    #[inline(always)]
    pub(in super::super) fn field(&self, row: usize, column: usize) -> Field<'a> {
        let at = row * self.fields + column;
        Field::new(self.bytes, self.bounds[at] as usize, self.bounds[at + 1] as usize - 1, self.is_last(column))
    }
}

impl<'a> Field<'a> {
    /// The bytes from `start` to `end`, less the carriage return that the last field of a record may have.
    #[inline(always)]
    fn new(chunk: &'a [u8], start: usize, end: usize, is_last: bool) -> Self {
        let has_return = is_last && end > start && chunk[end - 1] == b'\r';
        Self { chunk, start, end: end - usize::from(has_return) }
    }

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

    /// Whether the field begins with a quote.
    #[inline(always)]
    pub(in super::super) fn is_quoted(&self) -> bool {
        self.chunk[self.start] == b'"' && !self.is_empty()
    }

    /// Sixteen bytes as two words: four before the field's start, twelve from there on.
    #[inline(always)]
    pub(in super::super) fn around_start(&self) -> (u64, u64) {
        let around: &[u8; 16] = self.chunk[self.start - 4..].first_chunk().expect("padding lies around every field");
        let word = u128::from_le_bytes(*around);
        (word as u64, (word >> 64) as u64)
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
#[inline]
pub(in super::super) fn unquoted(field: &[u8]) -> Option<Cow<'_, [u8]>> {
    field.strip_prefix(b"\"").map(behind_quote)
}

/// The value of a field whose bytes behind the first quote are `rest`.
fn behind_quote(rest: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memchr(b'"', rest) {
        None => return Cow::Borrowed(rest),
        Some(at) if at + 1 == rest.len() => return Cow::Borrowed(&rest[..at]),
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
    Cow::Owned(value)
}
