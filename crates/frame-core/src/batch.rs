//! The unit of data between operators: equal-length Arrow columns, an optional selection of rows and an optional origin.
//!
//! It deliberately has no kernels: operators bring their own.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, GenericByteViewArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{ByteViewType, DataType, SchemaRef};

use crate::{Error, Result};

/// Where the rows of a batch come from: operators whose answer depends on row order ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The partition that was read.
    pub partition: usize,
    /// The place of the batch among the batches of its partition.
    pub batch: usize,
}

/// Rows on their way through a pipeline.
///
/// A filter narrows `selection` and copies nothing; an operator that needs dense columns calls [`Batch::dense`].
#[derive(Debug, Clone)]
pub struct Batch {
    columns: Vec<ArrayRef>,
    schema: SchemaRef,
    /// Length of every column, selected or not.
    rows: usize,
    /// Indices of the rows that are still wanted, ascending; `None` means all of them.
    selection: Option<Arc<UInt32Array>>,
    origin: Option<Origin>,
}

impl Batch {
    /// Makes a batch of `rows` rows; every column must have that length.
    ///
    /// # Errors
    /// An internal error if a column has another length or the number of columns differs from the schema's.
    pub fn new(schema: SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<Self> {
        if columns.len() != schema.fields().len() || columns.iter().any(|column| column.len() != rows) {
            return Err(Error::internal(format!(
                "a batch of {rows} rows and {} fields was given columns of lengths {:?}",
                schema.fields().len(),
                columns.iter().map(|column| column.len()).collect::<Vec<_>>()
            )));
        }
        Ok(Self { columns, schema, rows, selection: None, origin: None })
    }

    /// The same batch with another origin.
    #[must_use]
    pub fn with_origin(mut self, origin: Option<Origin>) -> Self {
        self.origin = origin;
        self
    }

    /// The same batch with only the rows at `selection` (indices into the columns, ascending) still wanted.
    #[must_use]
    pub fn with_selection(mut self, selection: Option<Arc<UInt32Array>>) -> Self {
        self.selection = selection;
        self
    }

    /// Columns at full length: apply [`Batch::selection`] before counting on their rows.
    pub fn columns(&self) -> &[ArrayRef] {
        &self.columns
    }

    /// The schema.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Number of rows that are still wanted.
    pub fn len(&self) -> usize {
        self.selection.as_ref().map_or(self.rows, |selection| selection.len())
    }

    /// Whether no row is wanted any more.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows still wanted, or `None` for all.
    pub fn selection(&self) -> Option<&Arc<UInt32Array>> {
        self.selection.as_ref()
    }

    /// Where the rows come from.
    pub fn origin(&self) -> Option<Origin> {
        self.origin
    }

    /// Bytes of memory that the rows take. What else lies in a buffer that is only partly theirs is not counted.
    pub fn memory_bytes(&self) -> usize {
        self.columns.iter().map(memory_bytes).sum()
    }

    /// The batch with its selection applied, so that every column has exactly [`Batch::len`] rows.
    ///
    /// # Errors
    /// An internal error if a selected index lies outside the batch.
    pub fn dense(self) -> Result<Self> {
        let Some(selection) = self.selection else { return Ok(self) };
        let columns =
            self.columns.iter().map(|column| take(column, selection.as_ref(), None)).collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(Self { columns, schema: self.schema, rows: selection.len(), selection: None, origin: self.origin })
    }

    /// Rows `offset .. offset + len` of a dense batch, without copying.
    ///
    /// # Errors
    /// See [`Batch::dense`].
    pub fn slice(self, offset: usize, len: usize) -> Result<Self> {
        let dense = self.dense()?;
        let columns = dense.columns.iter().map(|column| column.slice(offset, len)).collect();
        Ok(Self { columns, schema: dense.schema, rows: len, selection: None, origin: dense.origin })
    }

    /// The batch as an Arrow record batch, selection applied.
    ///
    /// # Errors
    /// An internal error if the columns do not fit the schema.
    pub fn into_record_batch(self) -> Result<RecordBatch> {
        let dense = self.dense()?;
        let options = RecordBatchOptions::new().with_row_count(Some(dense.rows));
        Ok(RecordBatch::try_new_with_options(dense.schema, dense.columns, &options)?)
    }
}

/// Bytes of memory that the values of a column take. What else lies in a buffer that is only partly theirs is not counted.
pub fn memory_bytes(column: &ArrayRef) -> usize {
    let views = match column.data_type() {
        DataType::Utf8View => Some(long_bytes(column.as_string_view())),
        DataType::BinaryView => Some(long_bytes(column.as_binary_view())),
        _ => None,
    };
    match views {
        Some(texts) => size_of::<u128>() * column.len() + texts + column.len() / 8,
        // Nested texts and the like: all that is kept alive.
        None => column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size()),
    }
}

/// Bytes of the texts that do not lie in their views.
fn long_bytes<T: ByteViewType + ?Sized>(texts: &GenericByteViewArray<T>) -> usize {
    if texts.data_buffers().is_empty() { 0 } else { texts.total_buffer_bytes_used() }
}

impl From<RecordBatch> for Batch {
    fn from(batch: RecordBatch) -> Self {
        let rows = batch.num_rows();
        let (schema, columns, _) = batch.into_parts();
        Self { columns, schema, rows, selection: None, origin: None }
    }
}
