//! An opened Parquet file.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use frame_core::{ColumnRange, Error, Result, TableFigures};
use parquet::file::metadata::ParquetMetaData;

use super::figures;
use super::footer::read_footer;
use super::partition::{Partition, split};
use super::reader::PartitionReader;
use super::schema::{Columns, read_columns};
use super::statistics::{group_range, joined};
use crate::{BatchReader, ReadAt, ScanRequest, Stop, Table};

/// A Parquet file whose footer was read and checked. A partition is a run of row groups.
#[derive(Debug)]
pub struct ParquetTable {
    file: Arc<ParquetFile>,
    partitions: Vec<Partition>,
}

/// What all readers of a table share.
#[derive(Debug)]
pub(super) struct ParquetFile {
    pub file: Arc<dyn ReadAt>,
    pub metadata: Arc<ParquetMetaData>,
    pub columns: Columns,
    /// No column chunk reaches beyond this offset.
    pub data_end: u64,
}

impl ParquetFile {
    pub(super) fn path(&self) -> &str {
        self.file.path()
    }
}

impl ParquetTable {
    /// Reads the footer of `file` and finds its columns and partitions.
    ///
    /// # Errors
    /// `DataError::Damaged` if it is not a whole Parquet file, `DataError::Unsupported` if it is encrypted; `IoError`.
    pub fn open(file: Arc<dyn ReadAt>) -> Result<Self> {
        let footer = read_footer(file.as_ref())?;
        let columns = read_columns(file.path(), &footer.metadata)?;
        let partitions = split(&footer.metadata);
        let file = ParquetFile { file, metadata: Arc::new(footer.metadata), columns, data_end: footer.data_end };
        Ok(Self { file: Arc::new(file), partitions })
    }
}

impl Table for ParquetTable {
    fn schema(&self) -> &SchemaRef {
        &self.file.columns.schema
    }

    fn partitions(&self) -> usize {
        self.partitions.len()
    }

    fn partition_bytes(&self, partition: usize) -> u64 {
        self.partitions.get(partition).map_or(0, |partition| partition.bytes)
    }

    fn may_restart(&self) -> bool {
        // Types and row groups are what the footer says.
        false
    }

    fn range(&self, partition: usize, column: &str) -> Option<ColumnRange> {
        let (columns, metadata) = (&self.file.columns, &self.file.metadata);
        let (field, of_type) = columns.schema.column_with_name(column)?;
        let leaf = columns.plain_leaf(field)?;
        let mut groups = self.partitions.get(partition)?.groups.clone().filter(|group| metadata.row_group(*group).num_rows() > 0);
        let of_group = |group: usize| group_range(metadata, metadata.row_group(group), leaf, of_type.data_type());
        let first = match groups.next() {
            Some(first) => of_group(first)?,
            None => return Some(ColumnRange { min: None, max: None, nulls: Some(0), rows: 0 }),
        };
        groups.try_fold(first, |range, group| Some(joined(range, of_group(group)?)))
    }

    fn rows(&self) -> Option<u64> {
        u64::try_from(self.file.metadata.file_metadata().num_rows()).ok()
    }

    fn has_figures(&self) -> bool {
        true
    }

    fn figures(&self) -> Result<TableFigures> {
        Ok(figures::figures(&self.file, self.partitions.len(), self.bytes()))
    }

    fn open(&self, partition: usize, request: &Arc<ScanRequest>) -> std::result::Result<Box<dyn BatchReader>, Stop> {
        let groups = self.partitions.get(partition).map(|partition| partition.groups.clone());
        let groups = groups.ok_or_else(|| Error::internal(format!("there is no partition {partition}")))?;
        Ok(Box::new(PartitionReader::new(Arc::clone(&self.file), groups, Arc::clone(request))?))
    }

    fn close(&self) -> std::result::Result<(), Stop> {
        Ok(self.file.file.check_unchanged()?)
    }
}
