//! The page index of one column in one row group: where pages begin, and the bounds of their values.
//!
//! It only ever saves work, so an index that does not fit together is not used.
//! <https://github.com/apache/parquet-format/blob/master/PageIndex.md>

use std::ops::Range;

use arrow::datatypes::DataType;
use frame_core::{ColumnRange, Result};
use parquet::basic::Type;
use parquet::file::metadata::ColumnChunkMetaData;

use super::statistics::bounds;
use super::thrift::{Cursor, wire};
use crate::ReadAt;

/// An index larger than this is not read.
const INDEX_LEN_MAX: u64 = 16 << 20;

/// The pages of a column: each begins where the one before ends.
#[derive(Debug, Default)]
pub(super) struct PageIndex {
    /// First row of each page, ascending from 0.
    pub first_rows: Vec<usize>,
    /// What is known of each page.
    pub ranges: Vec<ColumnRange>,
}

/// Reads the index of `chunk`, a column of `rows` rows read as `data_type`; `None` if there is none that can be used.
///
/// # Errors
/// `IoError`; `DataError::Changed`.
pub(super) fn read_page_index(
    file: &dyn ReadAt,
    data_end: u64,
    chunk: &ColumnChunkMetaData,
    rows: usize,
    data_type: &DataType,
) -> Result<Option<PageIndex>> {
    let place = |offset: Option<i64>, len: Option<i32>| {
        let (start, len) = (u64::try_from(offset?).ok()?, u64::try_from(len?).ok()?);
        let end = start.checked_add(len)?;
        (start >= 4 && end <= data_end && len <= INDEX_LEN_MAX).then_some(start..end)
    };
    let bounds_at = place(chunk.column_index_offset(), chunk.column_index_length());
    let pages_at = place(chunk.offset_index_offset(), chunk.offset_index_length());
    let (Some(bounds_at), Some(pages_at)) = (bounds_at, pages_at) else { return Ok(None) };
    let pages = read_range(file, pages_at)?;
    let Some(first_rows) = read_first_rows(&pages, rows) else { return Ok(None) };
    if first_rows.len() < 2 {
        return Ok(None);
    }
    let text = chunk.column_type() == Type::BYTE_ARRAY;
    let index = read_range(file, bounds_at)?;
    Ok(read_ranges(&index, &first_rows, rows, (data_type, text)).map(|ranges| PageIndex { first_rows, ranges }))
}

fn read_range(file: &dyn ReadAt, range: Range<u64>) -> Result<Vec<u8>> {
    let mut bytes = vec![0; (range.end - range.start) as usize];
    file.read_exact_at(&mut bytes, range.start)?;
    Ok(bytes)
}

/// The offset index: of each page location (field 1) the first row (field 3).
fn read_first_rows(bytes: &[u8], rows: usize) -> Option<Vec<usize>> {
    let mut cursor = Cursor::new(bytes);
    let mut first_rows = Vec::new();
    let mut last = 0;
    while let Some((field, kind)) = cursor.field(&mut last)? {
        if (field, kind) != (1, wire::LIST) {
            cursor.skip(kind)?;
            continue;
        }
        let (_, len) = cursor.list().filter(|(element, _)| *element == wire::STRUCT)?;
        for _ in 0..len {
            let mut inner = 0;
            let mut first_row = None;
            while let Some((field, kind)) = cursor.field(&mut inner)? {
                match (field, kind) {
                    (3, wire::I64) => first_row = usize::try_from(cursor.int()?).ok(),
                    _ => cursor.skip(kind)?,
                }
            }
            first_rows.push(first_row?);
        }
    }
    let ascends = first_rows.first() == Some(&0) && first_rows.is_sorted_by(|a, b| a < b);
    (ascends && first_rows.last().is_some_and(|last| *last < rows)).then_some(first_rows)
}

/// The column index: null pages (field 1), lower and upper bounds (2, 3), null counts (5).
fn read_ranges(bytes: &[u8], first_rows: &[usize], rows: usize, (data_type, text): (&DataType, bool)) -> Option<Vec<ColumnRange>> {
    let mut cursor = Cursor::new(bytes);
    let (mut null_pages, mut mins, mut maxs, mut null_counts) = (Vec::new(), Vec::new(), Vec::new(), None);
    let mut last = 0;
    while let Some((field, kind)) = cursor.field(&mut last)? {
        match (field, kind) {
            (1, wire::LIST) => null_pages = read_list(&mut cursor, Cursor::list_bool)?,
            (2, wire::LIST) => mins = read_list(&mut cursor, Cursor::binary)?,
            (3, wire::LIST) => maxs = read_list(&mut cursor, Cursor::binary)?,
            (5, wire::LIST) => null_counts = Some(read_list(&mut cursor, Cursor::int)?),
            _ => cursor.skip(kind)?,
        }
    }
    let pages = first_rows.len();
    let counts_fit = null_counts.as_ref().is_none_or(|counts| counts.len() == pages);
    if null_pages.len() != pages || mins.len() != pages || maxs.len() != pages || !counts_fit {
        return None;
    }
    let ends = first_rows.iter().skip(1).chain([&rows]);
    let ranges = first_rows.iter().zip(ends).enumerate().map(|(page, (start, end))| {
        let rows = (end - start) as u64;
        let nulls = null_counts.as_ref().and_then(|counts| u64::try_from(counts[page]).ok()).filter(|nulls| *nulls <= rows);
        if null_pages[page] {
            return ColumnRange { min: None, max: None, nulls: Some(rows), rows };
        }
        let (min, max) = bounds(Some(mins[page]), Some(maxs[page]), data_type, text);
        ColumnRange { min, max, nulls, rows }
    });
    Some(ranges.collect())
}

fn read_list<'a, T>(cursor: &mut Cursor<'a>, read: impl Fn(&mut Cursor<'a>) -> Option<T>) -> Option<Vec<T>> {
    let (_, len) = cursor.list()?;
    (0..len).map(|_| read(cursor)).collect()
}
