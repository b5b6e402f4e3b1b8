//! The header before each page: the few fields that must be plausible before the page is decoded.

use super::thrift::{Cursor, wire};

/// What a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageKind {
    Data,
    DataV2,
    Dictionary,
    /// An index page, or a kind of page that came after this code: stepped over.
    Other,
}

/// A page header, its sizes and counts not yet checked against anything but their sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageHeader {
    pub kind: PageKind,
    /// Length of the header itself.
    pub header_len: usize,
    /// Bytes of the page behind its header.
    pub compressed_len: usize,
    pub uncompressed_len: usize,
    /// Values, nulls included.
    pub values: usize,
    /// Bytes of the levels, which version 2 does not compress.
    pub levels_len: usize,
}

/// Reads the header at the start of `bytes`; `None` if it is malformed or has a negative size.
pub(super) fn read_page_header(bytes: &[u8]) -> Option<PageHeader> {
    let mut cursor = Cursor::new(bytes);
    let (mut kind, mut compressed, mut uncompressed) = (None, None, None);
    let mut counts = None;
    let mut last = 0;
    while let Some((field, wire_type)) = cursor.field(&mut last)? {
        match (field, wire_type) {
            (1, wire::I32) => kind = Some(cursor.int()?),
            (2, wire::I32) => uncompressed = Some(size(&mut cursor)?),
            (3, wire::I32) => compressed = Some(size(&mut cursor)?),
            (5 | 7, wire::STRUCT) => counts = Some(read_counts(&mut cursor, None)?),
            (8, wire::STRUCT) => counts = Some(read_counts(&mut cursor, Some((5, 6)))?),
            _ => cursor.skip(wire_type)?,
        }
    }
    let kind = match kind? {
        0 => PageKind::Data,
        2 => PageKind::Dictionary,
        3 => PageKind::DataV2,
        _ => PageKind::Other,
    };
    let (values, levels_len) = match kind {
        PageKind::Other => (0, 0),
        _ => counts?,
    };
    let (compressed_len, uncompressed_len) = (compressed?, uncompressed?);
    Some(PageHeader { kind, header_len: cursor.position(), compressed_len, uncompressed_len, values, levels_len })
}

fn size(cursor: &mut Cursor<'_>) -> Option<usize> {
    i32::try_from(cursor.int()?).ok().and_then(|size| usize::try_from(size).ok())
}

/// Number of values (field 1 of each kind's own header) and bytes of both kinds of levels (the fields `levels`).
fn read_counts(cursor: &mut Cursor<'_>, levels: Option<(i16, i16)>) -> Option<(usize, usize)> {
    let (mut values, mut levels_len) = (None, 0);
    let mut last = 0;
    while let Some((field, wire_type)) = cursor.field(&mut last)? {
        match (field, wire_type) {
            (1, wire::I32) => values = Some(size(cursor)?),
            (field, wire::I32) if levels.is_some_and(|(first, second)| field == first || field == second) => levels_len += size(cursor)?,
            _ => cursor.skip(wire_type)?,
        }
    }
    Some((values?, levels_len))
}
