//! Integers, floats and what is stored as integers: dates, timestamps, short decimals.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, ArrowPrimitiveType, Date32Array, Decimal128Array, Float32Array, Float64Array, Int32Array, Int64Array, PrimitiveArray,
    UInt32Array, UInt64Array,
};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::{
    DataType, Int8Type, Int16Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type,
};
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::data_type::{DoubleType, FloatType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result};

use super::flat::Values;
use super::hybrid::Hybrid;
use super::validity::{Slots, Stretch};

/// A stored type of fixed width.
pub(super) trait Number: Send {
    type Native: Copy + Default + Send;
    const WIDTH: usize;

    /// Appends plain values; the length of `bytes` is a multiple of the width.
    fn extend(bytes: &[u8], out: &mut Vec<Self::Native>);

    /// The values as an array of `data_type`.
    fn array(values: Vec<Self::Native>, nulls: Option<NullBuffer>, data_type: &DataType) -> Result<ArrayRef>;
}

/// Decodes numbers.
pub(super) struct Numbers<N: Number> {
    data_type: DataType,
    dictionary: Vec<N::Native>,
    page: PageValues,
    slots: Slots<N::Native>,
    ids: Vec<i32>,
}

/// The values of a page: plain, or ids of the dictionary.
enum PageValues {
    Plain { bytes: Bytes, at: usize },
    Ids(Hybrid),
}

impl<N: Number> Numbers<N> {
    pub(super) fn new(data_type: &DataType) -> Self {
        let page = PageValues::Plain { bytes: Bytes::new(), at: 0 };
        Self { data_type: data_type.clone(), dictionary: Vec::new(), page, slots: Slots::new(), ids: Vec::new() }
    }
}

impl<N: Number> Values for Numbers<N> {
    fn set_dictionary(&mut self, bytes: Bytes, count: usize) -> Result<()> {
        self.dictionary.clear();
        N::extend(take_plain(&bytes, &mut 0, count, N::WIDTH)?, &mut self.dictionary);
        Ok(())
    }

    fn set_page(&mut self, encoding: Encoding, bytes: Bytes) -> Result<()> {
        self.page = match encoding {
            Encoding::PLAIN => PageValues::Plain { bytes, at: 0 },
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => PageValues::Ids(ids_of(&bytes)?),
            other => return Err(unexpected(other)),
        };
        Ok(())
    }

    fn append(&mut self, stretch: Stretch<'_>) -> Result<()> {
        let Self { dictionary, page, slots, ids, .. } = self;
        match page {
            PageValues::Plain { bytes, at } => slots.append(stretch, |count, out| {
                N::extend(take_plain(bytes, at, count, N::WIDTH)?, out);
                Ok(())
            }),
            PageValues::Ids(stream) => slots.append(stretch, |count, out| {
                ids.clear();
                stream.read(count, ids)?;
                check_ids(ids, dictionary.len())?;
                out.extend(ids.iter().map(|id| dictionary[*id as usize]));
                Ok(())
            }),
        }
    }

    fn skip(&mut self, values: usize) -> Result<()> {
        match &mut self.page {
            PageValues::Plain { bytes, at } => take_plain(bytes, at, values, N::WIDTH).map(drop),
            PageValues::Ids(stream) => stream.skip(values),
        }
    }

    fn finish(&mut self, nulls: Option<NullBuffer>, batch_rows: usize) -> Result<ArrayRef> {
        N::array(self.slots.take(batch_rows), nulls, &self.data_type)
    }
}

/// The stream of ids in the values of a page: a byte with their width comes first.
pub(super) fn ids_of(bytes: &Bytes) -> Result<Hybrid> {
    match bytes.first() {
        Some(width) => Hybrid::new(bytes.slice(1..), *width),
        // A page of nulls only may have no values at all.
        None => Hybrid::new(Bytes::new(), 0),
    }
}

/// Fails unless every id is one of a dictionary of `len` values.
pub(super) fn check_ids(ids: &[i32], len: usize) -> Result<()> {
    // As unsigned numbers negative ids are large: one maximum finds both.
    let max = ids.iter().fold(0_u32, |max, id| max.max(*id as u32));
    if ids.is_empty() || (max as usize) < len {
        return Ok(());
    }
    Err(ParquetError::General(format!("id {max} is not in a dictionary of {len} values")))
}

pub(super) fn unexpected(encoding: Encoding) -> ParquetError {
    ParquetError::General(format!("a page is encoded as {encoding}, which the footer does not list"))
}

/// The next `count` values of `width` bytes.
fn take_plain<'a>(bytes: &'a Bytes, at: &mut usize, count: usize, width: usize) -> Result<&'a [u8]> {
    let end = count.checked_mul(width).and_then(|len| at.checked_add(len));
    let taken = end.and_then(|end| bytes.get(*at..end));
    let taken = taken.ok_or_else(|| ParquetError::EOF("a page has fewer values than its header says".to_owned()))?;
    *at += taken.len();
    Ok(taken)
}

impl Number for Int32Type {
    type Native = i32;
    const WIDTH: usize = 4;

    fn extend(bytes: &[u8], out: &mut Vec<i32>) {
        out.extend(bytes.as_chunks::<4>().0.iter().map(|value| i32::from_le_bytes(*value)));
    }

    fn array(values: Vec<i32>, nulls: Option<NullBuffer>, data_type: &DataType) -> Result<ArrayRef> {
        Ok(match data_type {
            DataType::Int8 => narrowed::<Int8Type>(&values, nulls, |value| value as i8),
            DataType::Int16 => narrowed::<Int16Type>(&values, nulls, |value| value as i16),
            DataType::UInt8 => narrowed::<UInt8Type>(&values, nulls, |value| value as u8),
            DataType::UInt16 => narrowed::<UInt16Type>(&values, nulls, |value| value as u16),
            DataType::UInt32 => Arc::new(UInt32Array::new(ScalarBuffer::from(ScalarBuffer::from(values).into_inner()), nulls)),
            DataType::Date32 => Arc::new(Date32Array::new(values.into(), nulls)),
            DataType::Decimal128(precision, scale) => decimal(values.iter().map(|value| i128::from(*value)), nulls, *precision, *scale)?,
            _ => Arc::new(Int32Array::new(values.into(), nulls)),
        })
    }
}

impl Number for Int64Type {
    type Native = i64;
    const WIDTH: usize = 8;

    fn extend(bytes: &[u8], out: &mut Vec<i64>) {
        out.extend(bytes.as_chunks::<8>().0.iter().map(|value| i64::from_le_bytes(*value)));
    }

    fn array(values: Vec<i64>, nulls: Option<NullBuffer>, data_type: &DataType) -> Result<ArrayRef> {
        Ok(match data_type {
            DataType::UInt64 => Arc::new(UInt64Array::new(ScalarBuffer::from(ScalarBuffer::from(values).into_inner()), nulls)),
            DataType::Timestamp(unit, zone) => {
                let zone = zone.clone();
                let values = ScalarBuffer::from(values);
                match unit {
                    TimeUnit::Second => {
                        Arc::new(PrimitiveArray::<TimestampSecondType>::new(values, nulls).with_timezone_opt(zone)) as ArrayRef
                    }
                    TimeUnit::Millisecond => {
                        Arc::new(PrimitiveArray::<TimestampMillisecondType>::new(values, nulls).with_timezone_opt(zone))
                    }
                    TimeUnit::Microsecond => {
                        Arc::new(PrimitiveArray::<TimestampMicrosecondType>::new(values, nulls).with_timezone_opt(zone))
                    }
                    TimeUnit::Nanosecond => Arc::new(PrimitiveArray::<TimestampNanosecondType>::new(values, nulls).with_timezone_opt(zone)),
                }
            }
            DataType::Decimal128(precision, scale) => decimal(values.iter().map(|value| i128::from(*value)), nulls, *precision, *scale)?,
            _ => Arc::new(Int64Array::new(values.into(), nulls)),
        })
    }
}

impl Number for FloatType {
    type Native = f32;
    const WIDTH: usize = 4;

    fn extend(bytes: &[u8], out: &mut Vec<f32>) {
        out.extend(bytes.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)));
    }

    fn array(values: Vec<f32>, nulls: Option<NullBuffer>, _data_type: &DataType) -> Result<ArrayRef> {
        Ok(Arc::new(Float32Array::new(values.into(), nulls)))
    }
}

impl Number for DoubleType {
    type Native = f64;
    const WIDTH: usize = 8;

    fn extend(bytes: &[u8], out: &mut Vec<f64>) {
        out.extend(bytes.as_chunks::<8>().0.iter().map(|value| f64::from_le_bytes(*value)));
    }

    fn array(values: Vec<f64>, nulls: Option<NullBuffer>, _data_type: &DataType) -> Result<ArrayRef> {
        Ok(Arc::new(Float64Array::new(values.into(), nulls)))
    }
}

/// Small integers are stored in 32 bits.
fn narrowed<T: ArrowPrimitiveType>(values: &[i32], nulls: Option<NullBuffer>, narrow: impl Fn(i32) -> T::Native) -> ArrayRef {
    let values: Vec<T::Native> = values.iter().map(|value| narrow(*value)).collect();
    Arc::new(PrimitiveArray::<T>::new(values.into(), nulls))
}

fn decimal(values: impl Iterator<Item = i128>, nulls: Option<NullBuffer>, precision: u8, scale: i8) -> Result<ArrayRef> {
    let values: Vec<i128> = values.collect();
    Ok(Arc::new(Decimal128Array::new(values.into(), nulls).with_precision_and_scale(precision, scale)?))
}
