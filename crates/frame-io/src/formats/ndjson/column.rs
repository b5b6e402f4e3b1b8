//! Columns in the making: values of JSON become Arrow columns of the shape that was found for them.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::builder::{
    BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, NullBufferBuilder, StringViewBuilder, TimestampMicrosecondBuilder,
};
use arrow::array::{Array, ArrayBuilder, ArrayRef, ListArray, StringViewArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{Field, Fields};
use frame_core::{Error, Result, calendar};

use super::json::{Fault, Json, Kind};
use super::shape::{Shape, text_class};
use crate::formats::csv::Class;

/// Why a value was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is no JSON.
    Fault(Fault),
    /// It has another shape than the column.
    Misfit,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The largest integer below which every integer is a float.
const EXACT_INT_MAX: u64 = 1 << 53;

/// A column that grows value by value.
#[derive(Debug)]
pub(super) enum Column {
    Nulls(usize),
    Bools(BooleanBuilder),
    Ints(Int64Builder),
    Floats(Float64Builder),
    Dates(Date32Builder),
    Timestamps(TimestampMicrosecondBuilder),
    Texts(StringViewBuilder),
    Lists { offsets: Vec<i32>, valid: NullBufferBuilder, items: Box<Column> },
    Objects { fields: Vec<(String, Column)>, valid: NullBufferBuilder },
}

impl Column {
    /// An empty column for values of a shape.
    pub(super) fn new(shape: &Shape) -> Self {
        match shape {
            Shape::Single(Class::Null) => Self::Nulls(0),
            Shape::Single(Class::Bool) => Self::Bools(BooleanBuilder::new()),
            Shape::Single(Class::SmallInt | Class::Int) => Self::Ints(Int64Builder::new()),
            Shape::Single(Class::Float) => Self::Floats(Float64Builder::new()),
            Shape::Single(Class::Date) => Self::Dates(Date32Builder::new()),
            Shape::Single(Class::Timestamp) => Self::Timestamps(TimestampMicrosecondBuilder::new()),
            Shape::Single(Class::Text) => Self::Texts(StringViewBuilder::new()),
            Shape::List(item) => Self::Lists { offsets: vec![0], valid: NullBufferBuilder::new(0), items: Box::new(Self::new(item)) },
            Shape::Object(fields) if fields.is_empty() => Self::Texts(StringViewBuilder::new()),
            Shape::Object(fields) => Self::Objects {
                fields: fields.iter().map(|(name, shape)| (name.clone(), Self::new(shape))).collect(),
                valid: NullBufferBuilder::new(0),
            },
        }
    }

    /// Number of values.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Nulls(len) => *len,
            Self::Bools(values) => values.len(),
            Self::Ints(values) => values.len(),
            Self::Floats(values) => values.len(),
            Self::Dates(values) => values.len(),
            Self::Timestamps(values) => values.len(),
            Self::Texts(values) => values.len(),
            Self::Lists { offsets, .. } => offsets.len() - 1,
            Self::Objects { valid, .. } => valid.len(),
        }
    }

    /// Adds a null.
    pub(super) fn push_null(&mut self) {
        match self {
            Self::Nulls(len) => *len += 1,
            Self::Bools(values) => values.append_null(),
            Self::Ints(values) => values.append_null(),
            Self::Floats(values) => values.append_null(),
            Self::Dates(values) => values.append_null(),
            Self::Timestamps(values) => values.append_null(),
            Self::Texts(values) => values.append_null(),
            Self::Lists { offsets, valid, items } => {
                offsets.push(items.len() as i32);
                valid.append_null();
            }
            Self::Objects { fields, valid } => {
                fields.iter_mut().for_each(|(_, field)| field.push_null());
                valid.append_null();
            }
        }
    }

    /// Adds the next value of a text. After a refusal the column may hold a part of the value; only rows before it count.
    pub(super) fn push(&mut self, json: &mut Json<'_>) -> Result<(), Refusal> {
        let kind = json.kind()?;
        if kind == Kind::Null {
            json.null()?;
            self.push_null();
            return Ok(());
        }
        match (self, kind) {
            (Self::Bools(values), Kind::Bool) => values.append_value(json.bool()?),
            (Self::Ints(values), Kind::Number) => values.append_value(int(json.number()?).ok_or(Refusal::Misfit)?),
            (Self::Floats(values), Kind::Number) => values.append_value(float(json.number()?).ok_or(Refusal::Misfit)?),
            (Self::Dates(values), Kind::Text) => {
                values.append_value(calendar::parse_date(&json.text()?).ok_or(Refusal::Misfit)?);
            }
            (Self::Timestamps(values), Kind::Text) => values.append_value(timestamp(&json.text()?).ok_or(Refusal::Misfit)?),
            (Self::Texts(values), Kind::Text) => values.append_value(utf8(&json.text()?)),
            (Self::Texts(values), _) => {
                let start = json.at();
                json.skip()?;
                values.append_value(utf8(json.since(start)));
            }
            (Self::Lists { offsets, valid, items }, Kind::List) => {
                json.list(|json| items.push(json))?;
                offsets.push(i32::try_from(items.len()).map_err(|_| Refusal::Misfit)?);
                valid.append_non_null();
            }
            (Self::Objects { fields, valid }, Kind::Object) => {
                let len = valid.len();
                let mut next = 0;
                json.object(|json, key| -> Result<(), Refusal> {
                    let at = find(fields, &mut next, &key).ok_or(Refusal::Misfit)?;
                    if fields[at].1.len() > len {
                        return Err(Fault { at: json.at(), reason: "a key stands twice in its object" }.into());
                    }
                    fields[at].1.push(json)
                })?;
                fields.iter_mut().filter(|(_, field)| field.len() == len).for_each(|(_, field)| field.push_null());
                valid.append_non_null();
            }
            _ => return Err(Refusal::Misfit),
        }
        Ok(())
    }

    /// The first `len` values as an array.
    ///
    /// # Errors
    /// An internal error if the parts do not fit each other.
    pub(super) fn finish(self, len: usize) -> Result<ArrayRef> {
        let array: ArrayRef = match self {
            Self::Nulls(len) => Arc::new(StringViewArray::new_null(len)),
            Self::Bools(mut values) => Arc::new(values.finish()),
            Self::Ints(mut values) => Arc::new(values.finish()),
            Self::Floats(mut values) => Arc::new(values.finish()),
            Self::Dates(mut values) => Arc::new(values.finish()),
            Self::Timestamps(mut values) => Arc::new(values.finish()),
            Self::Texts(mut values) => Arc::new(values.finish()),
            Self::Lists { offsets, mut valid, items } => {
                let items_len = offsets.last().map_or(0, |last| *last as usize);
                let items = items.finish(items_len)?;
                let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
                Arc::new(ListArray::try_new(field, OffsetBuffer::new(offsets.into()), items, valid.finish())?)
            }
            Self::Objects { fields, mut valid } => {
                let len = valid.len();
                let fields = fields.into_iter().map(|(name, field)| Ok((name, field.finish(len)?))).collect::<Result<Vec<_>>>()?;
                let types: Fields = fields.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
                Arc::new(StructArray::try_new(types, fields.into_iter().map(|(_, array)| array).collect(), valid.finish())?)
            }
        };
        if array.len() < len {
            return Err(Error::internal(format!("a column of {} values for {len} rows", array.len())));
        }
        Ok(if array.len() == len { array } else { array.slice(0, len) })
    }
}

/// The column of a key. `next` is where it is looked for first: keys mostly come in the same order.
pub(super) fn find(columns: &[(String, Column)], next: &mut usize, key: &[u8]) -> Option<usize> {
    let is_key = |(name, _): &(String, Column)| name.as_bytes() == key;
    let at = match columns.get(*next) {
        Some(column) if is_key(column) => *next,
        _ => columns.iter().position(is_key)?,
    };
    *next = at + 1;
    Some(at)
}

fn int(number: &[u8]) -> Option<i64> {
    // A minus zero is a float.
    if number == b"-0" { None } else { atoi_simd::parse::<i64, false, false>(number).ok() }
}

fn float(number: &[u8]) -> Option<f64> {
    if number.len() > 15 && number.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-') {
        return int(number).filter(|value| value.unsigned_abs() <= EXACT_INT_MAX).map(|value| value as f64);
    }
    fast_float2::parse(number).ok()
}

fn timestamp(text: &[u8]) -> Option<i64> {
    match text_class(text) {
        Class::Date => calendar::parse_date(text).map(|days| i64::from(days) * 86_400_000_000),
        Class::Timestamp => calendar::parse_timestamp(text),
        _ => None,
    }
}

/// Text whose encoding the reader has checked; escapes give whole letters.
fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
