//! Columns that keep nothing alive but their own values: texts that were read share the buffers of what they were read from.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::DataType;
use frame_core::{Batch, Result};

/// A column with buffers of its own for its texts.
pub(crate) fn compact(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Utf8View => Arc::new(column.as_string_view().gc()),
        DataType::BinaryView => Arc::new(column.as_binary_view().gc()),
        _ => column.clone(),
    }
}

/// A dense batch of such columns.
pub(crate) fn compacted(batch: Batch) -> Result<Batch> {
    let (origin, batch) = (batch.origin(), batch.dense()?);
    let columns = batch.columns().iter().map(compact).collect();
    Ok(Batch::new(batch.schema().clone(), columns, batch.len())?.with_origin(origin))
}
