//! Whole numbers of any width and their distances from the smallest of them.

use arrow::array::ArrayData;
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::{ArrowNativeType, DataType};
use frame_core::Result;

/// A whole number as Arrow stores it.
pub(crate) trait Whole: ArrowNativeType + Ord + Into<i128> {
    /// The lowest 64 bits of how far it is from a smaller one.
    fn low_distance(self, smallest: Self) -> u64;

    /// The value so far from the smallest one.
    fn at(distance: u64, smallest: Self) -> Self;

    /// The value with the lowest bits of another one: itself, if it is of this type.
    fn of(value: i128) -> Self;
}

macro_rules! whole {
    ($($type:ty, $unsigned:ty),*) => {$(
        impl Whole for $type {
            #[inline]
            fn low_distance(self, smallest: Self) -> u64 {
                self.wrapping_sub(smallest) as $unsigned as u64
            }

            #[inline]
            fn at(distance: u64, smallest: Self) -> Self {
                smallest.wrapping_add(distance as Self)
            }

            fn of(value: i128) -> Self {
                value as Self
            }
        }
    )*};
}

whole!(i32, u32, u32, u32, i64, u64, u64, u64, i128, u128);

/// What is done with the numbers of a column, whatever their width.
pub(crate) trait WithWhole {
    /// What comes of it.
    type Output;

    fn with<T: Whole>(self) -> Self::Output;
}

/// Does something with the numbers of columns of a type, if they are whole and of 32 bits or more.
pub(crate) fn with_whole<W: WithWhole>(data_type: &DataType, work: W) -> Option<W::Output> {
    match data_type {
        DataType::Int32 | DataType::Date32 | DataType::Time32(_) => Some(work.with::<i32>()),
        DataType::Int64 | DataType::Date64 | DataType::Time64(_) | DataType::Timestamp(..) | DataType::Duration(_) => {
            Some(work.with::<i64>())
        }
        DataType::UInt32 => Some(work.with::<u32>()),
        DataType::UInt64 => Some(work.with::<u64>()),
        DataType::Decimal128(..) => Some(work.with::<i128>()),
        _ => None,
    }
}

/// The smallest and the largest of some numbers that are not null.
pub(crate) fn range<T: Whole>(values: &[T], nulls: Option<&NullBuffer>) -> Option<(T, T)> {
    match nulls.filter(|nulls| nulls.null_count() > 0) {
        None => range_of(values.iter().copied()),
        Some(nulls) => range_of(nulls.valid_indices().map(|row| values[row])),
    }
}

fn range_of<T: Whole>(mut values: impl Iterator<Item = T>) -> Option<(T, T)> {
    let first = values.next()?;
    Some(values.fold((first, first), |(smallest, largest), value| (smallest.min(value), largest.max(value))))
}

/// The numbers of a column.
pub(crate) fn values<T: Whole>(data: &ArrayData) -> &[T] {
    &data.buffer::<T>(0)[..data.len()]
}

/// A column of numbers of a type.
pub(crate) fn column<T: Whole>(data_type: &DataType, values: Vec<T>, nulls: Option<NullBuffer>) -> Result<ArrayData> {
    let builder = ArrayData::builder(data_type.clone()).len(values.len());
    Ok(builder.add_buffer(Buffer::from_vec(values)).nulls(nulls).build()?)
}
