//! The pages of a chunk, walked and checked before any is decoded: the `parquet` crate allocates what headers declare.

use parquet::basic::{Compression, Type};
use parquet::file::metadata::ColumnChunkMetaData;

use super::page_header::{PageHeader, PageKind, read_page_header};

/// What decoding a chunk will need, as its checked headers say.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageTotals {
    /// Uncompressed bytes of the dictionary.
    pub dictionary_len: usize,
    /// Uncompressed bytes of the largest other page.
    pub largest_len: usize,
    /// Values of all data pages, nulls included.
    pub values: usize,
}

/// Walks the pages of `chunk`, whose bytes are `bytes`, and checks every header. The reason is returned if one is impossible.
pub(super) fn check_pages(chunk: &ColumnChunkMetaData, bytes: &[u8]) -> Result<PageTotals, String> {
    let mut totals = PageTotals::default();
    let mut at = 0;
    let mut pages = 0;
    while at < bytes.len() {
        let header = read_page_header(&bytes[at..]).ok_or_else(|| format!("the header of page {pages} cannot be read"))?;
        let left = bytes.len() - at - header.header_len;
        check_header(chunk, &header, left).map_err(|reason| format!("page {pages} {reason}"))?;
        match header.kind {
            PageKind::Dictionary if pages > 0 => return Err("a dictionary comes after other pages".to_owned()),
            PageKind::Dictionary => totals.dictionary_len = header.uncompressed_len,
            PageKind::Data | PageKind::DataV2 => {
                totals.values += header.values;
                totals.largest_len = totals.largest_len.max(header.uncompressed_len);
            }
            PageKind::Other => {}
        }
        at += header.header_len + header.compressed_len;
        pages += 1;
    }
    if i64::try_from(totals.values) != Ok(chunk.num_values()) {
        return Err(format!("its pages have {} values, the footer says {}", totals.values, chunk.num_values()));
    }
    Ok(totals)
}

fn check_header(chunk: &ColumnChunkMetaData, header: &PageHeader, left: usize) -> Result<(), String> {
    let PageHeader { compressed_len, uncompressed_len, levels_len, values, .. } = *header;
    if compressed_len > left {
        return Err(format!("claims {compressed_len} bytes, its column has {left} left"));
    }
    if header.kind == PageKind::Other {
        return Ok(());
    }
    if i64::try_from(uncompressed_len).is_ok_and(|len| len > chunk.uncompressed_size()) {
        return Err(format!("claims {uncompressed_len} bytes uncompressed, its column {}", chunk.uncompressed_size()));
    }
    if chunk.compression() == Compression::UNCOMPRESSED && uncompressed_len != compressed_len {
        return Err(format!("is not compressed and claims {compressed_len} and {uncompressed_len} bytes"));
    }
    if levels_len > compressed_len || levels_len > uncompressed_len {
        return Err(format!("claims {levels_len} bytes of levels in {compressed_len} bytes"));
    }
    let value_len_min = match chunk.column_type() {
        Type::BOOLEAN => 0,
        Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 4,
        Type::INT64 | Type::DOUBLE => 8,
        Type::INT96 => 12,
        Type::FIXED_LEN_BYTE_ARRAY => usize::try_from(chunk.column_descr().type_length()).unwrap_or(0),
    };
    if header.kind == PageKind::Dictionary && values.saturating_mul(value_len_min) > uncompressed_len {
        return Err(format!("claims a dictionary of {values} values in {uncompressed_len} bytes"));
    }
    if header.kind != PageKind::Dictionary && i64::try_from(values).is_ok_and(|values| values > chunk.num_values()) {
        return Err(format!("claims {values} values, its column has {}", chunk.num_values()));
    }
    Ok(())
}
