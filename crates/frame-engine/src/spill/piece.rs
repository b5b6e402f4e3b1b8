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
}

impl Piece {
    /// Writes columns to a file.
    ///
    /// # Errors
    /// `DiskError`.
    pub(crate) fn write(file: &Arc<SpillFile>, columns: &[ArrayRef], rows: usize) -> Result<Self> {
        let block = file.append(&codec::encode(columns, rows)?)?;
        Ok(Self { file: file.clone(), block, rows })
    }

    /// The columns, of these types.
    ///
    /// # Errors
    /// `DiskError`, also for bytes that are not those that were written.
    pub(crate) fn read(&self, types: &[DataType]) -> Result<Vec<ArrayRef>> {
        codec::with_types(&self.read_as_written()?, types)
    }

    /// The columns; those that were dictionaries are plain.
    ///
    /// # Errors
    /// See [`Piece::read`].
    pub(crate) fn read_as_written(&self) -> Result<Vec<ArrayRef>> {
        codec::decode(self.file.read(&self.block)?)
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// About as many bytes of memory as the columns take.
    pub(crate) fn bytes(&self) -> usize {
        self.block.raw_bytes()
    }

    /// Bytes of memory that reading takes for a moment, besides the columns.
    pub(crate) fn reading_bytes(&self) -> usize {
        self.block.stored_bytes()
    }
}
