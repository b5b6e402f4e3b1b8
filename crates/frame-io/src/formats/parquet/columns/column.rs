//! A column of one row group: rows are read or stepped over, in order.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Fields};
use frame_core::Result;
use parquet::basic::{Encoding, Type};
use parquet::data_type::{DoubleType, FloatType, Int32Type, Int64Type};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::booleans::Booleans;
use super::crate_column::CrateColumn;
use super::flat::{FlatColumn, Values};
use super::numbers::Numbers;
use super::text::Text;
use crate::formats::parquet::chunk::Chunk;

/// Which column of which row group, and what it becomes.
#[derive(Debug, Clone)]
pub(in super::super) struct ColumnPlace<'a> {
    pub path: &'a str,
    pub metadata: &'a Arc<ParquetMetaData>,
    pub group: usize,
    /// One, unless the column is nested.
    pub leaves: Range<usize>,
    pub data_type: &'a DataType,
    /// All fields of the file: the crate takes types by position.
    pub fields: &'a Fields,
}

impl ColumnPlace<'_> {
    /// The column's first chunk in the row group.
    pub(in super::super) fn chunk(&self) -> &ColumnChunkMetaData {
        self.metadata.row_group(self.group).column(self.leaves.start)
    }
}

/// A column being decoded.
pub(in super::super) enum Column {
    Flat(FlatColumn),
    Crate(CrateColumn),
}

impl Column {
    /// Starts decoding `chunks`, one for each leaf, in batches of about `batch_rows` rows.
    ///
    /// # Errors
    /// `DataError::Damaged`.
    pub(in super::super) fn new(place: &ColumnPlace<'_>, chunks: Vec<Arc<Chunk>>, batch_rows: usize) -> Result<Self> {
        match (flat_values(place), chunks.as_slice()) {
            (Some(values), [chunk]) => Ok(Self::Flat(FlatColumn::new(place, Arc::clone(chunk), values, batch_rows)?)),
            _ => Ok(Self::Crate(CrateColumn::new(place, chunks, batch_rows)?)),
        }
    }

    /// The next `rows` rows.
    ///
    /// # Errors
    /// `DataError::Damaged`.
    pub(in super::super) fn read(&mut self, rows: usize) -> Result<ArrayRef> {
        match self {
            Self::Flat(column) => column.read(rows),
            Self::Crate(column) => column.read(rows),
        }
    }

    /// Steps over `rows` rows.
    ///
    /// # Errors
    /// `DataError::Damaged`.
    pub(in super::super) fn skip(&mut self, rows: usize) -> Result<()> {
        match self {
            Self::Flat(column) => column.skip(rows),
            Self::Crate(column) => column.skip(rows),
        }
    }
}

/// The decoder of a flat column, if this module has one for its type and encodings.
fn flat_values(place: &ColumnPlace<'_>) -> Option<Box<dyn Values>> {
    use DataType as T;
    let chunk = place.chunk();
    if place.leaves.len() != 1 || chunk.column_path().parts().len() != 1 || chunk.column_descr().max_rep_level() > 0 {
        return None;
    }
    let is_known = |encoding| match encoding {
        Encoding::PLAIN | Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => true,
        // Levels are listed too; only of truth values are these encodings of the values themselves.
        #[expect(deprecated, reason = "old files list it for their levels")]
        Encoding::RLE | Encoding::BIT_PACKED => true,
        _ => false,
    };
    if !chunk.encodings().all(is_known) {
        return None;
    }
    let data_type = place.data_type;
    match (chunk.column_type(), data_type) {
        (Type::BOOLEAN, T::Boolean) => Some(Box::new(Booleans::new())),
        (Type::INT32, T::Int8 | T::Int16 | T::Int32 | T::UInt8 | T::UInt16 | T::UInt32 | T::Date32 | T::Decimal128(_, _)) => {
            Some(Box::new(Numbers::<Int32Type>::new(data_type)))
        }
        (Type::INT64, T::Int64 | T::UInt64 | T::Timestamp(_, _) | T::Decimal128(_, _)) => {
            Some(Box::new(Numbers::<Int64Type>::new(data_type)))
        }
        (Type::FLOAT, T::Float32) => Some(Box::new(Numbers::<FloatType>::new(data_type))),
        (Type::DOUBLE, T::Float64) => Some(Box::new(Numbers::<DoubleType>::new(data_type))),
        (Type::BYTE_ARRAY, T::Utf8View | T::Dictionary(_, _)) => Some(Box::new(Text::new(data_type))),
        _ => None,
    }
}
