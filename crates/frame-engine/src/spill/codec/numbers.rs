//! Numbers of a fixed width. Whole ones are stored as the distance from the smallest, in as few of 0, 1, 2, 4 or 8 bytes as the largest of
//! them needs (frame of reference: Lemire and Boytsov, "Decoding billions of integers per second through vectorization", 2015); the others
//! as they are.

use arrow::array::{Array, ArrayData, ArrayRef, make_array};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::DataType;
use frame_core::{Error, Result};

use super::section::{Input, Output};
use crate::whole::{Whole, WithWhole, column, range, values, with_whole};

/// A width behind which the values are as they were.
const PLAIN: u8 = 0xff;

/// Whether values of a type are numbers that this layout is for.
pub(super) fn has(data_type: &DataType) -> bool {
    data_type.is_primitive() && data_type.primitive_width().is_some_and(|width| width <= 16)
}

/// The numbers of a column; those of null rows may be any.
pub(super) fn put(output: &mut Output, column: &ArrayRef) {
    let data = column.to_data();
    if with_whole(column.data_type(), Putting { output, data: &data }).is_none() {
        let width = column.data_type().primitive_width().unwrap_or(0);
        output.byte(PLAIN);
        output.loose(&data.buffers()[0][data.offset() * width..][..data.len() * width]);
    }
}

/// Takes `rows` numbers of a type.
pub(super) fn take(input: &mut Input<'_>, data_type: DataType, rows: usize, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let width = input.byte()?;
    let data = if width == PLAIN {
        let bytes = data_type.primitive_width().and_then(|width| width.checked_mul(rows));
        let bytes = input.loose(bytes.ok_or_else(|| Error::internal("spilled numbers without a width"))?)?;
        ArrayData::builder(data_type).len(rows).add_buffer(Buffer::from(bytes)).nulls(nulls).build()?
    } else {
        let taking = Taking { input, data_type: &data_type, width, rows, nulls };
        with_whole(&data_type, taking).unwrap_or_else(|| Err(Error::internal("spilled distances of numbers that are not whole")))?
    };
    Ok(make_array(data))
}

struct Putting<'a> {
    output: &'a mut Output,
    data: &'a ArrayData,
}

impl WithWhole for Putting<'_> {
    type Output = ();

    fn with<T: Whole>(self) {
        narrow(self.output, values::<T>(self.data), self.data.nulls());
    }
}

struct Taking<'a, 'b> {
    input: &'a mut Input<'b>,
    data_type: &'a DataType,
    width: u8,
    rows: usize,
    nulls: Option<NullBuffer>,
}

impl WithWhole for Taking<'_, '_> {
    type Output = Result<ArrayData>;

    fn with<T: Whole>(self) -> Result<ArrayData> {
        column(self.data_type, widened::<T>(self.input, self.width, self.rows)?, self.nulls)
    }
}

/// Writes numbers; those of null rows may become others.
fn narrow<T: Whole>(output: &mut Output, values: &[T], nulls: Option<&NullBuffer>) {
    let (smallest, largest) = range(values, nulls).unwrap_or_default();
    let far = |value: &T| value.low_distance(smallest);
    let width = largest.distance(smallest).map_or(PLAIN, |distance| match distance {
        0 => 0,
        1..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ if size_of::<T>() > 8 => 8,
        _ => PLAIN,
    });
    output.byte(width);
    if width == PLAIN {
        values.iter().for_each(|value| output.loose(value.to_bytes().as_ref()));
        return;
    }
    output.dense(smallest.to_bytes().as_ref());
    match width {
        0 => {}
        1 => output.numbers(values.iter().map(|value| [far(value) as u8])),
        2 => output.numbers(values.iter().map(|value| (far(value) as u16).to_le_bytes())),
        4 => output.numbers(values.iter().map(|value| (far(value) as u32).to_le_bytes())),
        _ => output.numbers(values.iter().map(|value| far(value).to_le_bytes())),
    }
}

/// Reads numbers that [`narrow`] wrote, whose width has been read.
fn widened<T: Whole>(input: &mut Input<'_>, width: u8, rows: usize) -> Result<Vec<T>> {
    let smallest = T::Bytes::try_from(input.dense(size_of::<T>())?).map_err(|_| Error::internal("a number of another width"))?;
    let smallest = T::from_bytes(smallest);
    let bytes = rows.checked_mul(width.into()).ok_or_else(|| Error::internal("too many spilled numbers"))?;
    let bytes = input.dense(bytes)?;
    Ok(match width {
        0 => vec![smallest; rows],
        1 => bytes.iter().map(|byte| T::at((*byte).into(), smallest)).collect(),
        2 => bytes.as_chunks().0.iter().map(|bytes| T::at(u16::from_le_bytes(*bytes).into(), smallest)).collect(),
        4 => bytes.as_chunks().0.iter().map(|bytes| T::at(u32::from_le_bytes(*bytes).into(), smallest)).collect(),
        8 => bytes.as_chunks().0.iter().map(|bytes| T::at(u64::from_le_bytes(*bytes), smallest)).collect(),
        other => return Err(Error::internal(format!("spilled numbers of {other} bytes"))),
    })
}

/// Lengths of texts, as numbers are.
pub(super) fn put_lengths(output: &mut Output, lengths: &[u32]) {
    narrow(output, lengths, None);
}

/// Takes `rows` lengths.
pub(super) fn take_lengths(input: &mut Input<'_>, rows: usize) -> Result<Vec<u32>> {
    match input.byte()? {
        PLAIN => Err(Error::internal("spilled lengths of a type that is narrower")),
        width => widened(input, width, rows),
    }
}
