//! A piece: some rows that lie in memory or on disk.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use frame_core::Result;
use frame_memory::{Block, SpillFile};

use super::codec;

/// Columns of equal length on disk.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    file: Arc<SpillFile>,
    block: Block,
    rows: usize,
    /// Bytes of memory that the columns take.
    bytes: usize,
}

impl Piece {
    /// Writes columns to a file.
    ///
    /// # Errors
    /// `DiskError`.
    pub(crate) fn write(file: &Arc<SpillFile>, columns: &[ArrayRef], rows: usize) -> Result<Self> {
        let encoded = codec::encode(columns, rows)?;
        let block = file.append(&encoded.dense, &encoded.loose)?;
        Ok(Self { file: file.clone(), block, rows, bytes: encoded.loaded_bytes })
    }

    /// The columns, of these types.
    ///
    /// # Errors
    /// `DiskError`, also for bytes that are not those that were written.
    pub(crate) fn read(&self, types: &[DataType]) -> Result<Vec<ArrayRef>> {
        codec::with_types(&self.columns()?, types)
    }

    /// The columns; those that were dictionaries are plain.
    ///
    /// # Errors
    /// See [`Piece::read`].
    pub(crate) fn read_plain(&self) -> Result<Vec<ArrayRef>> {
        codec::plain(&self.columns()?)
    }

    fn columns(&self) -> Result<Vec<ArrayRef>> {
        codec::decode(&self.file.read(&self.block)?)
    }

    /// Says that it will be read soon.
    pub(crate) fn will_read(&self) {
        self.file.will_read(&self.block);
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// About as many bytes of memory as the columns take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes of memory that reading takes for a moment, besides the columns.
    pub(crate) fn reading_bytes(&self) -> usize {
        self.block.stored_bytes() + self.block.raw_bytes()
    }
}
