//! Columns of all other types: an Arrow stream of one batch each.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::buffer::Buffer;
use arrow::datatypes::{Field, Schema};
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::writer::StreamWriter;
use frame_core::{Error, Result};

use super::section::{Input, Output};
use crate::compact::compact;

pub(super) fn put(output: &mut Output, column: &ArrayRef) -> Result<()> {
    let schema = Arc::new(Schema::new(vec![Field::new("", column.data_type().clone(), true)]));
    let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
    writer.write(&RecordBatch::try_new(schema, vec![compact(column)])?)?;
    let bytes = writer.into_inner()?;
    output.size(bytes.len());
    output.loose(&bytes);
    Ok(())
}

pub(super) fn take(input: &mut Input<'_>) -> Result<ArrayRef> {
    let len = input.size()?;
    let mut bytes = Buffer::from(input.loose(len)?);
    let batch = StreamDecoder::new().decode(&mut bytes)?;
    batch.map(|batch| batch.column(0).clone()).ok_or_else(|| Error::internal("a spilled column without rows"))
}
