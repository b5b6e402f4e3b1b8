//! A column chunk in memory: its place is checked against the file, then it is read with one `pread`.

use std::ops::Range;

use bytes::Bytes;
use frame_core::Result;
use frame_memory::{MemoryBudget, Reservation};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};

use super::footer::has_encrypted_columns;
use super::pages::check_pages;
use super::refusal::{damaged, in_column, unsupported};
use crate::ReadAt;

/// The compressed bytes of one column chunk, addressed by their offsets in the file.
#[derive(Debug)]
pub(super) struct Chunk {
    start: u64,
    file_len: u64,
    bytes: Bytes,
    /// Covers `bytes` and the pages that are decoded at one time.
    _reservation: Reservation,
}

/// Where a chunk lies in the file.
///
/// # Errors
/// `DataError::Damaged` if that is outside `4 .. data_end`.
fn chunk_range(path: &str, chunk: &ColumnChunkMetaData, data_end: u64) -> Result<Range<u64>> {
    if chunk.file_path().is_some() {
        return Err(unsupported(path, "a column stored in another file"));
    }
    let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    let is_inside = |start: u64, len: u64| start >= 4 && start.checked_add(len).is_some_and(|end| end <= data_end);
    match (u64::try_from(start), u64::try_from(chunk.compressed_size())) {
        (Ok(start), Ok(len)) if is_inside(start, len) => Ok(start..start + len),
        _ => {
            let (name, len) = (chunk.column_path().string(), chunk.compressed_size());
            Err(damaged(path, format!("column `{name}` claims {len} bytes at byte {start}, the data ends at byte {data_end}")))
        }
    }
}

impl Chunk {
    /// Reads a chunk and checks the header of every page.
    ///
    /// # Errors
    /// `DataError::Damaged`; `MemoryError` if the budget has no room for it; `IoError`; `DataError::Changed`.
    pub(super) fn read(file: &dyn ReadAt, metadata: &ColumnChunkMetaData, data_end: u64, budget: &MemoryBudget) -> Result<Self> {
        let range = chunk_range(file.path(), metadata, data_end)?;
        let len = (range.end - range.start) as usize;
        let mut reservation = budget.reserve("reading Parquet");
        reservation.require(len)?;
        let mut bytes = vec![0; len];
        file.read_exact_at(&mut bytes, range.start)?;
        let name = || metadata.column_path().string();
        let pages = check_pages(metadata, &bytes).map_err(|reason| match has_encrypted_columns(file, data_end) {
            true => in_column(unsupported(file.path(), "an encrypted column"), &name()).hint("decrypt the file first: frame has no keys"),
            false => in_column(damaged(file.path(), reason), &name()),
        })?;
        reservation.require(len.saturating_add(pages.dictionary_len).saturating_add(pages.largest_len))?;
        Ok(Self { start: range.start, file_len: file.len(), bytes: bytes.into(), _reservation: reservation })
    }
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.file_len
    }
}

impl ChunkReader for Chunk {
    type T = std::io::Cursor<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let at = start.checked_sub(self.start).filter(|at| *at <= self.bytes.len() as u64);
        let at = at.ok_or_else(|| ParquetError::EOF(format!("byte {start} lies outside its column")))?;
        Ok(std::io::Cursor::new(self.bytes.slice(at as usize..)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let range = start.checked_sub(self.start).and_then(|at| Some(at as usize..(at as usize).checked_add(length)?));
        let range = range.filter(|range| range.end <= self.bytes.len());
        let range = range.ok_or_else(|| ParquetError::EOF(format!("{length} bytes at byte {start} lie outside their column")))?;
        Ok(self.bytes.slice(range))
    }
}
