//! A column as cells of text: the form is chosen once per batch, then every cell is appended to one buffer.

use std::fmt::Write as _;
use std::ops::Range;

use arrow::array::{Array, ArrayAccessor, ArrayRef, AsArray, BooleanArray, Date32Array, Float32Array, Float64Array, Int64Array};
use arrow::array::{StringViewArray, TimestampMicrosecondArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType, UInt64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use frame_core::Result;

use super::Spelling;
use super::numbers::{push_date, push_float, push_float32, push_int, push_timestamp};

/// A column in the type that it is written in.
pub(super) enum Cells {
    Bool(BooleanArray),
    Int(Int64Array),
    UInt(UInt64Array),
    Float(Float64Array),
    Float32(Float32Array),
    Date(Date32Array),
    Timestamp(TimestampMicrosecondArray),
    Text(StringViewArray),
    /// Whatever Arrow prints.
    Other(ArrayRef),
}

/// Cells one behind the other, and where each one ends.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<usize>,
}

/// What stands around every cell of a column.
#[derive(Debug, Default, Clone)]
pub(super) struct Around {
    pub(super) before: Vec<u8>,
    pub(super) after: Vec<u8>,
}

impl Cells {
    pub(super) fn new(column: &ArrayRef) -> Result<Self> {
        let to = |data_type: DataType| cast(column, &data_type);
        Ok(match column.data_type() {
            DataType::Boolean => Self::Bool(column.as_boolean().clone()),
            DataType::UInt64 => Self::UInt(column.as_primitive::<UInt64Type>().clone()),
            integer if integer.is_integer() => Self::Int(to(DataType::Int64)?.as_primitive::<Int64Type>().clone()),
            DataType::Float64 => Self::Float(column.as_primitive::<Float64Type>().clone()),
            DataType::Float32 => Self::Float32(column.as_primitive::<Float32Type>().clone()),
            DataType::Date32 => Self::Date(column.as_primitive::<Date32Type>().clone()),
            DataType::Timestamp(TimeUnit::Second | TimeUnit::Millisecond | TimeUnit::Microsecond, None) => {
                let micros = to(DataType::Timestamp(TimeUnit::Microsecond, None))?;
                Self::Timestamp(micros.as_primitive::<TimestampMicrosecondType>().clone())
            }
            // A column of the null type has no bits that say so.
            text if is_text(text) || *text == DataType::Null => Self::Text(to(DataType::Utf8View)?.as_string_view().clone()),
            _ => Self::Other(column.clone()),
        })
    }

    /// Fills `lane` with the cells of some rows.
    pub(super) fn fill<S: Spelling>(&self, rows: Range<usize>, spelling: &S, around: &Around, lane: &mut Lane) -> Result<()> {
        lane.bytes.clear();
        lane.ends.clear();
        match self {
            Self::Bool(array) => each::<_, S>(array, rows, around, lane, |out, value| {
                out.extend_from_slice(if value { b"true" } else { b"false" });
            }),
            Self::Int(array) => each::<_, S>(array, rows, around, lane, push_int),
            Self::UInt(array) => each::<_, S>(array, rows, around, lane, push_int),
            Self::Float(array) => each::<_, S>(array, rows, around, lane, |out, value| {
                if S::IS_FINITE && !value.is_finite() { out.extend_from_slice(S::NULL) } else { push_float(out, value) }
            }),
            Self::Float32(array) => each::<_, S>(array, rows, around, lane, |out, value| {
                if S::IS_FINITE && !value.is_finite() { out.extend_from_slice(S::NULL) } else { push_float32(out, value) }
            }),
            Self::Date(array) => each::<_, S>(array, rows, around, lane, |out, days| quoted::<S>(out, |out| push_date(out, days))),
            Self::Timestamp(array) => {
                each::<_, S>(array, rows, around, lane, |out, micros| quoted::<S>(out, |out| push_timestamp(out, micros)));
            }
            Self::Text(array) => each::<_, S>(array, rows, around, lane, |out, value| spelling.text(out, value)),
            Self::Other(array) => return others(array, rows, spelling, around, lane),
        }
        Ok(())
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Dictionary(_, values) if values.is_string()) || data_type.is_string()
}

fn each<A: ArrayAccessor, S: Spelling>(
    array: A,
    rows: Range<usize>,
    around: &Around,
    lane: &mut Lane,
    push: impl Fn(&mut Vec<u8>, A::Item),
) {
    let all_valid = array.null_count() == 0;
    for row in rows {
        append(&mut lane.bytes, &around.before);
        if all_valid || array.is_valid(row) {
            push(&mut lane.bytes, array.value(row));
        } else {
            lane.bytes.extend_from_slice(S::NULL);
        }
        append(&mut lane.bytes, &around.after);
        lane.ends.push(lane.bytes.len());
    }
}

/// Appends bytes that are mostly none or one: those need no call.
fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes {
        [] => {}
        [byte] => out.push(*byte),
        more => out.extend_from_slice(more),
    }
}

fn quoted<S: Spelling>(out: &mut Vec<u8>, push: impl Fn(&mut Vec<u8>)) {
    out.extend_from_slice(S::QUOTE);
    push(out);
    out.extend_from_slice(S::QUOTE);
}

/// Values of rare types, through one reused text.
fn others<S: Spelling>(array: &ArrayRef, rows: Range<usize>, spelling: &S, around: &Around, lane: &mut Lane) -> Result<()> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
    let is_number = array.data_type().is_numeric();
    let mut text = String::new();
    for row in rows {
        append(&mut lane.bytes, &around.before);
        if array.is_null(row) {
            lane.bytes.extend_from_slice(S::NULL);
        } else {
            text.clear();
            // Writing to a string fails only if the formatter does: for a value outside its type's calendar.
            write!(text, "{}", formatter.value(row)).map_err(|_| outside(array.data_type()))?;
            match is_number {
                true => lane.bytes.extend_from_slice(text.as_bytes()),
                false => spelling.other(&mut lane.bytes, &text),
            }
        }
        append(&mut lane.bytes, &around.after);
        lane.ends.push(lane.bytes.len());
    }
    Ok(())
}

fn outside(data_type: &DataType) -> frame_core::Error {
    let what = format!("a value of type {data_type} has no text form: it lies outside the calendar");
    frame_core::Error::new(frame_core::QueryError::Arithmetic(what)).hint("leave the column out, or write parquet or arrow")
}
