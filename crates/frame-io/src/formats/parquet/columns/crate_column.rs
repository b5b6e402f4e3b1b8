//! A column of a row group decoded by the `parquet` crate's own Arrow reader: every encoding, every type.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_empty_array};
use arrow::compute::{cast, concat};
use arrow::datatypes::DataType;
use frame_core::Result;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowGroups};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::column::page::{PageIterator, PageReader};
use parquet::errors::{ParquetError, Result as Decoded};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::SerializedPageReader;

use super::column::ColumnPlace;
use super::delta::CheckedPages;
use crate::formats::parquet::chunk::Chunk;
use crate::formats::parquet::refusal::{guard, in_column};

/// A column being decoded in batches of the crate's own size.
pub(in super::super) struct CrateColumn {
    path: Arc<str>,
    name: String,
    reader: ParquetRecordBatchReader,
    /// The crate's latest batch, as far as it was not read yet.
    rest: ArrayRef,
    /// What the crate gives is cast to this.
    data_type: DataType,
}

/// The leaves of one column of one row group, as the crate wants to see them.
struct Leaves {
    metadata: Arc<ParquetMetaData>,
    group: usize,
    first: usize,
    chunks: Vec<Arc<Chunk>>,
}

impl CrateColumn {
    pub(super) fn new(place: &ColumnPlace<'_>, chunks: Vec<Arc<Chunk>>, batch_rows: usize) -> Result<Self> {
        let column = Leaves { metadata: Arc::clone(place.metadata), group: place.group, first: place.leaves.start, chunks };
        let reader = guard(place.path, || {
            let schema = column.metadata.file_metadata().schema_descr();
            let mask = ProjectionMask::leaves(schema, place.leaves.clone());
            let levels = parquet_to_arrow_field_levels(schema, mask, Some(place.fields))?;
            ParquetRecordBatchReader::try_new_with_row_groups(&levels, &column, batch_rows, None)
        })?;
        let name = place.chunk().column_path().string();
        Ok(Self { path: place.path.into(), name, reader, rest: new_empty_array(place.data_type), data_type: place.data_type.clone() })
    }

    /// The next `rows` rows.
    ///
    /// # Errors
    /// `DataError::Damaged`.
    pub(super) fn read(&mut self, rows: usize) -> Result<ArrayRef> {
        let path = Arc::clone(&self.path);
        guard(&path, || self.read_rows(rows)).map_err(|error| in_column(error, &self.name))
    }

    /// Steps over `rows` rows; they are decoded all the same.
    ///
    /// # Errors
    /// `DataError::Damaged`.
    pub(super) fn skip(&mut self, rows: usize) -> Result<()> {
        self.read(rows).map(drop)
    }

    fn read_rows(&mut self, rows: usize) -> Decoded<ArrayRef> {
        let mut parts = Vec::new();
        let mut wanted = rows;
        while wanted > 0 {
            if self.rest.is_empty() {
                let batch = self.reader.next().transpose()?;
                let batch = batch.ok_or_else(|| ParquetError::EOF("its pages end before its rows do".to_owned()))?;
                self.rest = match batch.column(0) {
                    column if *column.data_type() == self.data_type => Arc::clone(column),
                    column => cast(column, &self.data_type)?,
                };
            }
            let taken = wanted.min(self.rest.len());
            parts.push(self.rest.slice(0, taken));
            self.rest = self.rest.slice(taken, self.rest.len() - taken);
            wanted -= taken;
        }
        match parts.as_slice() {
            [part] => Ok(Arc::clone(part)),
            parts => Ok(concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>())?),
        }
    }
}

impl RowGroups for Leaves {
    fn num_rows(&self) -> usize {
        self.metadata.row_group(self.group).num_rows() as usize
    }

    fn column_chunks(&self, leaf: usize) -> parquet::errors::Result<Box<dyn PageIterator>> {
        let bytes = leaf.checked_sub(self.first).and_then(|at| self.chunks.get(at));
        let bytes = bytes.ok_or_else(|| ParquetError::General(format!("column {leaf} was not asked for")))?;
        let chunk = self.metadata.row_group(self.group).column(leaf);
        let pages = SerializedPageReader::new(Arc::clone(bytes), chunk, self.num_rows(), None)?;
        let levels = chunk.column_descr();
        let pages = CheckedPages { pages: Box::new(pages), levels_max: [levels.max_rep_level(), levels.max_def_level()] };
        Ok(Box::new(SinglePages(Some(Box::new(pages)))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.metadata.row_group(self.group)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// The pages of one chunk, given out once.
struct SinglePages(Option<Box<dyn PageReader>>);

impl Iterator for SinglePages {
    type Item = parquet::errors::Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl PageIterator for SinglePages {}
