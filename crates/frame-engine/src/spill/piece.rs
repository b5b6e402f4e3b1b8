//! A piece: some rows that lie in memory or on disk.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use frame_core::Result;
use frame_memory::{Block, SpillFile};

use super::codec;
use super::shared::SharedValues;
use crate::packed::{Packed, bytes_of_texts};

/// Values of dictionaries that stay in memory, and which columns have theirs there.
#[derive(Debug, Clone)]
pub(crate) struct Shares {
    pub(crate) values: Arc<SharedValues>,
    pub(crate) columns: Arc<[bool]>,
}

/// Columns of equal length on disk.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    file: Arc<SpillFile>,
    block: Block,
    rows: usize,
    /// Bytes of memory that the columns take, as Arrow has them and packed.
    bytes: usize,
    packed_bytes: usize,
    shares: Option<Shares>,
}

impl Piece {
    /// Writes columns to a file.
    ///
    /// # Errors
    /// `DiskError`.
    pub(crate) fn write(file: &Arc<SpillFile>, columns: &[ArrayRef], rows: usize) -> Result<Self> {
        Self::write_packed(file, columns.iter().map(Packed::of).collect(), rows, None)
    }

    /// Writes packed columns to a file; of those that share their values only the ids.
    ///
    /// # Errors
    /// `DiskError`.
    pub(crate) fn write_packed(file: &Arc<SpillFile>, mut columns: Vec<Packed>, rows: usize, shares: Option<Shares>) -> Result<Self> {
        let are_shared: &[bool] = shares.as_ref().map_or(&[], |shares| &shares.columns);
        let mut text_bytes = 0;
        for (column, _) in columns.iter_mut().zip(are_shared).filter(|(_, is_shared)| **is_shared) {
            if let Packed::Ids(ids, values) = column {
                // They may become texts where others of the column are.
                text_bytes += bytes_of_texts(values, ids.len());
                *column = Packed::Numbers(ids.clone());
            }
        }
        let encoded = codec::encode(&columns, rows)?;
        let block = file.append(&encoded.dense, &encoded.loose)?;
        Ok(Self { file: file.clone(), block, rows, bytes: encoded.column_bytes + text_bytes, packed_bytes: encoded.packed_bytes, shares })
    }

    /// The columns, of these types.
    ///
    /// # Errors
    /// `DiskError`, also for bytes that are not those that were written.
    pub(crate) fn read(&self, types: &[DataType]) -> Result<Vec<ArrayRef>> {
        codec::with_types(&self.read_any()?, types)
    }

    /// The columns; those that were dictionaries are plain.
    ///
    /// # Errors
    /// See [`Piece::read`].
    pub(crate) fn read_plain(&self) -> Result<Vec<ArrayRef>> {
        codec::plain(&self.read_any()?)
    }

    /// The columns; some of those that were dictionaries are plain.
    ///
    /// # Errors
    /// See [`Piece::read`].
    pub(crate) fn read_any(&self) -> Result<Vec<ArrayRef>> {
        self.packed()?.iter().map(Packed::column).collect()
    }

    /// The columns, of these types, packed.
    ///
    /// # Errors
    /// See [`Piece::read`].
    pub(crate) fn read_packed(&self, types: &[DataType]) -> Result<Vec<Packed>> {
        let with_type = |(column, data_type): (Packed, &DataType)| {
            if column.data_type() == *data_type { Ok(column) } else { Ok(Packed::of(&codec::with_type(&column.column()?, data_type)?)) }
        };
        self.packed()?.into_iter().zip(types).map(with_type).collect()
    }

    /// The same, packed.
    ///
    /// # Errors
    /// See [`Piece::read`].
    pub(crate) fn packed(&self) -> Result<Vec<Packed>> {
        let mut columns = codec::decode(&self.file.read(&self.block)?)?;
        if let Some(Shares { values, columns: are_shared }) = &self.shares {
            for (at, column) in columns.iter_mut().enumerate().filter(|(at, _)| are_shared[*at]) {
                if let Packed::Numbers(ids) = column {
                    *column = Packed::Ids(ids.clone(), values.values(at)?);
                }
            }
        }
        Ok(columns)
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

    /// About as many bytes of memory as the columns take while they are packed.
    pub(crate) fn packed_bytes(&self) -> usize {
        self.packed_bytes
    }

    /// Bytes of memory that reading takes for a moment, besides the columns.
    pub(crate) fn reading_bytes(&self) -> usize {
        self.block.stored_bytes() + self.block.raw_bytes()
    }
}
