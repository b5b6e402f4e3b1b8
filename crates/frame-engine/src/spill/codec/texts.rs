//! Texts and bytes of any length: their lengths as numbers, then all of them end to end.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BinaryViewArray, StringArray, StringViewArray};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::DataType;
use frame_core::{Error, Result, memory_bytes};

use super::numbers::{put_lengths, take_lengths};
use super::section::{Input, Output};

/// Whether 32 bits are enough for offsets into the texts of a column.
pub(super) fn fits(column: &ArrayRef) -> bool {
    i32::try_from(memory_bytes(column)).is_ok()
}

/// The texts of a column; those of null rows are empty.
pub(super) fn put(output: &mut Output, column: &ArrayRef) -> Result<()> {
    match column.data_type() {
        DataType::Utf8 => put_values(output, column.as_string::<i32>().iter().map(|text| text.map(str::as_bytes))),
        DataType::Utf8View => put_values(output, column.as_string_view().iter().map(|text| text.map(str::as_bytes))),
        DataType::Binary => put_values(output, column.as_binary::<i32>().iter()),
        _ => put_values(output, column.as_binary_view().iter()),
    }
}

fn put_values<'a>(output: &mut Output, values: impl Iterator<Item = Option<&'a [u8]>> + Clone) -> Result<()> {
    let lengths: Vec<u32> = values.clone().map(|value| value.map_or(0, |value| value.len() as u32)).collect();
    put_lengths(output, lengths)?;
    values.flatten().for_each(|value| output.loose(value));
    Ok(())
}

/// Takes `rows` texts of a type.
pub(super) fn take(input: &mut Input<'_>, data_type: &DataType, rows: usize, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let lengths = take_lengths(input, rows)?;
    let lengths = lengths.values();
    let total = lengths.iter().map(|length| *length as usize).sum::<usize>();
    if i32::try_from(total).is_err() {
        return Err(Error::internal("too many bytes of spilled texts"));
    }
    let offsets = OffsetBuffer::from_lengths(lengths.iter().map(|length| *length as usize));
    let bytes = Buffer::from(input.loose(total)?);
    Ok(match data_type {
        DataType::Utf8 => Arc::new(StringArray::try_new(offsets, bytes, nulls)?),
        DataType::Utf8View => Arc::new(StringViewArray::from(&StringArray::try_new(offsets, bytes, nulls)?)),
        DataType::Binary => Arc::new(BinaryArray::try_new(offsets, bytes, nulls)?),
        DataType::BinaryView => Arc::new(BinaryViewArray::from(&BinaryArray::try_new(offsets, bytes, nulls)?)),
        other => return Err(Error::internal(format!("spilled texts of type {other}"))),
    })
}
