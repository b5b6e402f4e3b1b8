//! Whole numbers of several batches, end to end and as distances from the smallest of them. They take a fraction of the room, so that rows
//! that are picked here and there are mostly found in the cache.

use std::sync::Arc;

use arrow::array::{Array, ArrayData, ArrayRef, AsArray, BooleanBufferBuilder, PrimitiveArray, UInt32Array, make_array};
use arrow::buffer::NullBuffer;
use arrow::compute::take;
use arrow::datatypes::{ArrowPrimitiveType, DataType, UInt8Type, UInt16Type, UInt32Type};
use frame_core::{Error, Result};

use crate::whole::{Whole, WithWhole, column, range, values, with_whole};

/// The numbers of a column.
#[derive(Debug)]
pub(crate) struct Narrow {
    data_type: DataType,
    /// The smallest number, as its bytes.
    smallest: Vec<u8>,
    /// Unsigned numbers of 8, 16 or 32 bits.
    distances: ArrayRef,
}

impl Narrow {
    /// The numbers of the parts of a column; `None` if they are not whole, not of 32 bits or more, or too far apart for that.
    pub(crate) fn of(parts: &[ArrayRef]) -> Option<Self> {
        let data_type = parts.first()?.data_type();
        let parts: Vec<ArrayData> = parts.iter().map(|part| part.to_data()).collect();
        with_whole(data_type, Narrowing { data_type, parts: &parts }).flatten()
    }

    /// The numbers at some places, with their own type.
    pub(crate) fn rows(&self, rows: &UInt32Array) -> Result<ArrayRef> {
        let distances = take(&self.distances, rows, None)?;
        let widening = Widening { data_type: &self.data_type, smallest: &self.smallest, distances: &distances };
        with_whole(&self.data_type, widening).unwrap_or_else(|| Err(Error::internal("narrow numbers that are not whole")))
    }
}

struct Narrowing<'a> {
    data_type: &'a DataType,
    parts: &'a [ArrayData],
}

impl WithWhole for Narrowing<'_> {
    type Output = Option<Narrow>;

    fn with<T: Whole>(self) -> Option<Narrow> {
        let ranges = self.parts.iter().filter_map(|part| range(values::<T>(part), part.nulls()));
        let range = ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let (smallest, largest) = range.unwrap_or_default();
        let distances = match largest.distance(smallest)? {
            0..=0xff => distances::<T, UInt8Type>(self.parts, smallest, |distance| distance as u8),
            0x100..=0xffff => distances::<T, UInt16Type>(self.parts, smallest, |distance| distance as u16),
            0x1_0000..=0xffff_ffff => distances::<T, UInt32Type>(self.parts, smallest, |distance| distance as u32),
            _ => return None,
        };
        Some(Narrow { data_type: self.data_type.clone(), smallest: smallest.to_bytes().as_ref().to_vec(), distances })
    }
}

fn distances<T: Whole, D: ArrowPrimitiveType>(parts: &[ArrayData], smallest: T, narrow: impl Fn(u64) -> D::Native) -> ArrayRef {
    let mut distances = Vec::with_capacity(parts.iter().map(ArrayData::len).sum());
    for part in parts {
        // Those of null rows may be any.
        distances.extend(values::<T>(part).iter().map(|value| narrow(value.low_distance(smallest))));
    }
    Arc::new(PrimitiveArray::<D>::new(distances.into(), nulls(parts)))
}

fn nulls(parts: &[ArrayData]) -> Option<NullBuffer> {
    if parts.iter().all(|part| part.null_count() == 0) {
        return None;
    }
    let mut valid = BooleanBufferBuilder::new(parts.iter().map(ArrayData::len).sum());
    for part in parts {
        match part.nulls() {
            Some(nulls) => valid.append_buffer(nulls.inner()),
            None => valid.append_n(part.len(), true),
        }
    }
    Some(NullBuffer::new(valid.finish()))
}

struct Widening<'a> {
    data_type: &'a DataType,
    smallest: &'a [u8],
    distances: &'a ArrayRef,
}

impl WithWhole for Widening<'_> {
    type Output = Result<ArrayRef>;

    fn with<T: Whole>(self) -> Result<ArrayRef> {
        let smallest = T::Bytes::try_from(self.smallest).map_err(|_| Error::internal("a number of another width"))?;
        let smallest = T::from_bytes(smallest);
        let values = match self.distances.data_type() {
            DataType::UInt8 => wide::<T, UInt8Type>(self.distances, smallest),
            DataType::UInt16 => wide::<T, UInt16Type>(self.distances, smallest),
            _ => wide::<T, UInt32Type>(self.distances, smallest),
        };
        Ok(make_array(column(self.data_type, values, self.distances.nulls().cloned())?))
    }
}

fn wide<T: Whole, D: ArrowPrimitiveType<Native: Into<u64>>>(distances: &ArrayRef, smallest: T) -> Vec<T> {
    distances.as_primitive::<D>().values().iter().map(|distance| T::at((*distance).into(), smallest)).collect()
}

#[cfg(test)]
mod tests {
    use arrow::array::{Date32Array, Decimal128Array, Int64Array};
    use arrow::compute::interleave;
    use proptest::prelude::*;

    use super::*;

    fn check(parts: &[ArrayRef], is_narrow: bool) {
        let narrow = Narrow::of(parts);
        assert_eq!(narrow.is_some(), is_narrow, "{parts:?}");
        let Some(narrow) = narrow else { return };
        let places: Vec<_> =
            parts.iter().enumerate().flat_map(|(part, values)| (0..values.len()).map(move |row| (part, row))).rev().collect();
        let rows = UInt32Array::from_iter_values((0..places.len() as u32).rev());
        let expected = interleave(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>(), &places).expect("rows");
        assert_eq!(&narrow.rows(&rows).expect("rows"), &expected);
    }

    #[test]
    fn numbers_of_many_types_are_narrowed() {
        check(&[Arc::new(Date32Array::from(vec![Some(-1), None])), Arc::new(Date32Array::from(vec![300, 70_000]))], true);
        check(&[Arc::new(Int64Array::from(vec![None::<i64>; 3]))], true);
        check(&[Arc::new(Int64Array::from(vec![i64::MIN, i64::MAX]))], false);
        check(&[Arc::new(Int64Array::from(vec![i64::MIN, i64::MIN + 5]))], true);
        check(&[Arc::new(Decimal128Array::from(vec![i128::MAX - 300, i128::MAX]))], true);
        check(&[Arc::new(arrow::array::Float64Array::from(vec![1.0]))], false);
    }

    proptest! {
        #[test]
        fn the_rows_are_those_of_the_parts(parts in prop::collection::vec(prop::collection::vec(prop::option::of(0_i64..100_000), 0..20), 1..5), base in any::<i32>()) {
            let of_part = |part: Vec<Option<i64>>| -> ArrayRef {
                Arc::new(part.into_iter().map(|value| value.map(|value| value + i64::from(base) * 1_000_000)).collect::<Int64Array>())
            };
            let parts: Vec<ArrayRef> = parts.into_iter().map(of_part).collect();
            check(&parts, true);
            check(&parts.iter().map(|part| part.slice(part.len() / 2, part.len() - part.len() / 2)).collect::<Vec<_>>(), true);
        }
    }
}
