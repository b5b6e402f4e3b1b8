//! Numbers of a fixed width: whole ones as [`Narrow`] has them, the others as they are.

use std::sync::Arc;

use arrow::array::{Array, ArrayData, ArrayRef, AsArray, UInt32Array, make_array};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::{DataType, UInt32Type};
use frame_core::{Error, Result};

use super::section::{Input, Output};
use crate::narrow::Narrow;
use crate::packed::Packed;

/// A width behind which the values are as they were.
const PLAIN: u8 = 0xff;

/// Whether values of a type are numbers that this layout is for.
pub(super) fn has(data_type: &DataType) -> bool {
    data_type.is_primitive() && data_type.primitive_width().is_some_and(|width| width <= 16)
}

/// Whole numbers.
pub(super) fn put(output: &mut Output, numbers: &Narrow) {
    let (smallest, width, distances) = numbers.parts();
    output.byte(width as u8);
    output.dense(&smallest.to_le_bytes());
    output.dense(distances);
}

/// The numbers of a column that are not whole, or too far apart; those of null rows may be any.
pub(super) fn put_plain(output: &mut Output, column: &ArrayRef) {
    let data = column.to_data();
    let width = column.data_type().primitive_width().unwrap_or(0);
    output.byte(PLAIN);
    output.loose(&data.buffers()[0][data.offset() * width..][..data.len() * width]);
}

/// Takes `rows` numbers of a type.
pub(super) fn take(input: &mut Input<'_>, data_type: DataType, rows: usize, nulls: Option<NullBuffer>) -> Result<Packed> {
    match input.byte()? {
        PLAIN => {
            let bytes = data_type.primitive_width().and_then(|width| width.checked_mul(rows));
            let bytes = input.loose(bytes.ok_or_else(|| Error::internal("spilled numbers without a width"))?)?;
            let data = ArrayData::builder(data_type).len(rows).add_buffer(Buffer::from(bytes)).nulls(nulls).build()?;
            Ok(Packed::Plain(make_array(data)))
        }
        width => {
            let smallest = i128::from_le_bytes(input.array()?);
            let bytes = rows.checked_mul(width.into()).ok_or_else(|| Error::internal("too many spilled numbers"))?;
            Ok(Packed::Numbers(Narrow::from_parts(data_type, rows, (smallest, width.into(), input.dense(bytes)?), nulls)?))
        }
    }
}

/// Lengths of texts, as numbers are.
pub(super) fn put_lengths(output: &mut Output, lengths: Vec<u32>) -> Result<()> {
    let lengths: ArrayRef = Arc::new(UInt32Array::from(lengths));
    put(output, &Narrow::of(&lengths).ok_or_else(|| Error::internal("lengths that are not whole"))?);
    Ok(())
}

/// Takes `rows` lengths.
pub(super) fn take_lengths(input: &mut Input<'_>, rows: usize) -> Result<UInt32Array> {
    Ok(take(input, DataType::UInt32, rows, None)?.column()?.as_primitive::<UInt32Type>().clone())
}
