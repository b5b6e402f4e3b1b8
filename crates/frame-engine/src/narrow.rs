//! Whole numbers as distances from the smallest of them, in as few bytes as the largest distance needs (frame of reference: Lemire and
//! Boytsov, "Decoding billions of integers per second through vectorization", 2015). They take a fraction of the room, on disk and in
//! memory, where rows that are picked here and there are then mostly found in the cache.

use std::ops::Range;

use arrow::array::{Array, ArrayData, ArrayRef, BooleanBufferBuilder, make_array};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::DataType;
use frame_core::{Error, Result};

use crate::whole::{Whole, WithWhole, column, range, values, with_whole};

/// The most bytes of a distance.
const WIDTH_MAX: usize = size_of::<u64>();

/// Where a row of several batches is: the batch, and its row there.
pub(crate) type Place = (u32, u32);

/// The numbers of a column.
#[derive(Debug, Clone)]
pub(crate) struct Narrow {
    data_type: DataType,
    rows: usize,
    smallest: i128,
    /// Bytes of each distance, at most [`WIDTH_MAX`].
    width: usize,
    /// The distances, and as many bytes behind them as make every one the begin of [`WIDTH_MAX`] bytes. Those of null rows may be any.
    bytes: Buffer,
    nulls: Option<NullBuffer>,
}

impl Narrow {
    /// The numbers of a column; `None` if they are not whole, not of 32 bits or more, or too far apart for 64 bits.
    pub(crate) fn of(column: &ArrayRef) -> Option<Self> {
        let data = column.to_data();
        let (smallest, width, bytes) = with_whole(column.data_type(), Narrowing(&data)).flatten()?;
        let nulls = data.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
        Some(Self { data_type: column.data_type().clone(), rows: data.len(), smallest, width, bytes, nulls })
    }

    /// Numbers of a type from their parts: the smallest, and the `width` bytes of each distance without what is behind them.
    ///
    /// # Errors
    /// An internal error if the type is none of whole numbers or there are more or fewer bytes than rows need.
    pub(crate) fn from_parts(
        data_type: DataType,
        rows: usize,
        (smallest, width, distances): (i128, usize, &[u8]),
        nulls: Option<NullBuffer>,
    ) -> Result<Self> {
        if width > WIDTH_MAX || rows.checked_mul(width) != Some(distances.len()) || with_whole(&data_type, Anything).is_none() {
            return Err(Error::internal(format!("{rows} numbers of type {data_type} from {} bytes", distances.len())));
        }
        Ok(Self { data_type, rows, smallest, width, bytes: padded(distances.len(), |bytes| bytes.copy_from_slice(distances)), nulls })
    }

    pub(crate) fn data_type(&self) -> &DataType {
        &self.data_type
    }

    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// The smallest number, how many bytes each distance from it has, and those bytes.
    pub(crate) fn parts(&self) -> (i128, usize, &[u8]) {
        (self.smallest, self.width, &self.bytes[..self.rows * self.width])
    }

    pub(crate) fn nulls(&self) -> Option<&NullBuffer> {
        self.nulls.as_ref()
    }

    /// Bytes of memory that the numbers take.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.bytes.len() + self.nulls.as_ref().map_or(0, |nulls| nulls.len() / 8)
    }

    /// Bytes of memory that the numbers take as a column.
    pub(crate) fn column_bytes(&self) -> usize {
        let width = self.data_type.primitive_width().unwrap_or(0);
        self.rows * width + self.nulls.as_ref().map_or(0, |nulls| nulls.len() / 8)
    }

    /// The numbers as a column.
    pub(crate) fn column(&self) -> Result<ArrayRef> {
        let mut distances = vec![0; self.rows];
        let reader = Reader::new(self, self.smallest);
        distances.iter_mut().zip(0..).for_each(|(distance, row)| *distance = reader.distance(row));
        Distances { smallest: self.smallest, distances, nulls: self.nulls.clone() }.column(&self.data_type)
    }
}

/// Some numbers by their distances from one that is not larger than any of them.
pub(crate) struct Distances {
    smallest: i128,
    distances: Vec<u64>,
    nulls: Option<NullBuffer>,
}

impl Distances {
    /// The numbers at some places of several columns of one type that are [`near`] each other.
    pub(crate) fn picked(parts: &[Narrow], places: &[Place]) -> Self {
        let smallest = parts.iter().map(|part| part.smallest).min().unwrap_or_default();
        let readers: Vec<_> = parts.iter().map(|part| Reader::new(part, smallest)).collect();
        let distances = places.iter().map(|(part, row)| readers[*part as usize].distance(*row as usize)).collect();
        Self { smallest, distances, nulls: nulls(parts, places) }
    }

    /// Changes every number, which is one of 64 bits.
    pub(crate) fn change(&mut self, new: impl Fn(usize, i64) -> i64) {
        let smallest = self.smallest as i64;
        for (at, distance) in self.distances.iter_mut().enumerate() {
            *distance = new(at, smallest.wrapping_add_unsigned(*distance)) as u64;
        }
        self.smallest = 0;
    }

    /// The numbers as a column of a type.
    pub(crate) fn column(&self, data_type: &DataType) -> Result<ArrayRef> {
        let widened = with_whole(data_type, Widening { data_type, numbers: self });
        widened.unwrap_or_else(|| Err(Error::internal("narrow numbers that are not whole")))
    }

    /// Some of the numbers, in as few bytes as may be.
    pub(crate) fn narrow(&self, data_type: DataType, rows: Range<usize>) -> Narrow {
        let nulls = self.nulls.as_ref().map(|nulls| nulls.slice(rows.start, rows.len())).filter(|nulls| nulls.null_count() > 0);
        let distances = &self.distances[rows];
        let (smallest, largest) = range(distances, nulls.as_ref()).unwrap_or_default();
        let width = width(largest - smallest);
        let bytes = narrowed(distances, smallest, width);
        Narrow { data_type, rows: distances.len(), smallest: self.smallest + i128::from(smallest), width, bytes, nulls }
    }
}

/// Whether all numbers of some columns of one type are so near each other that 64 bits hold their distances.
pub(crate) fn near(parts: &[Narrow]) -> bool {
    // What 64 bits hold is not farther apart than 64 bits tell.
    if parts.iter().all(|part| part.data_type.primitive_width().is_some_and(|width| width <= WIDTH_MAX)) {
        return true;
    }
    let smallest = parts.iter().map(|part| part.smallest).min();
    let largest = parts.iter().map(|part| part.smallest.saturating_add(mask(part.width).into())).max();
    smallest.zip(largest).is_some_and(|(smallest, largest)| largest.checked_sub(smallest).is_some_and(|far| u64::try_from(far).is_ok()))
}

/// Reads distances from a number that is not larger than the smallest.
struct Reader<'a> {
    bytes: &'a [u8],
    width: usize,
    /// The bits of a distance.
    mask: u64,
    /// How far the smallest number is from that one.
    offset: u64,
}

impl<'a> Reader<'a> {
    fn new(numbers: &'a Narrow, from: i128) -> Self {
        let offset = numbers.smallest.wrapping_sub(from) as u64;
        Self { bytes: &numbers.bytes, width: numbers.width, mask: mask(numbers.width), offset }
    }

    #[inline]
    fn distance(&self, row: usize) -> u64 {
        let bytes = self.bytes[row * self.width..].first_chunk();
        // Beyond 64 bits are only null rows, which may be any.
        self.offset.wrapping_add(bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes) & self.mask))
    }
}

/// Which of the picked rows are null, if any is.
fn nulls(parts: &[Narrow], places: &[Place]) -> Option<NullBuffer> {
    if parts.iter().all(|part| part.nulls.is_none()) {
        return None;
    }
    let mut valid = BooleanBufferBuilder::new(places.len());
    for (part, row) in places {
        valid.append(parts[*part as usize].nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row as usize)));
    }
    Some(NullBuffer::new(valid.finish())).filter(|nulls| nulls.null_count() > 0)
}

/// The fewest bytes that hold a distance.
fn width(distance: u64) -> usize {
    (u64::BITS - distance.leading_zeros()).div_ceil(8) as usize
}

/// The bits of so many bytes.
fn mask(width: usize) -> u64 {
    u64::MAX.unbounded_shr(u64::BITS - 8 * width as u32)
}

/// Bytes that something is written to, and those behind them.
fn padded(len: usize, write: impl FnOnce(&mut [u8])) -> Buffer {
    let mut bytes = vec![0; len + WIDTH_MAX];
    write(&mut bytes[..len]);
    bytes.into()
}

/// The lowest `width` bytes of how far numbers are from the smallest.
fn narrowed<T: Whole>(values: &[T], smallest: T, width: usize) -> Buffer {
    padded(values.len() * width, |bytes| match width {
        0 => {}
        1 => write::<T, 1>(bytes, values, smallest),
        2 => write::<T, 2>(bytes, values, smallest),
        3 => write::<T, 3>(bytes, values, smallest),
        4 => write::<T, 4>(bytes, values, smallest),
        5 => write::<T, 5>(bytes, values, smallest),
        6 => write::<T, 6>(bytes, values, smallest),
        7 => write::<T, 7>(bytes, values, smallest),
        _ => write::<T, 8>(bytes, values, smallest),
    })
}

fn write<T: Whole, const WIDTH: usize>(bytes: &mut [u8], values: &[T], smallest: T) {
    for (slot, value) in bytes.as_chunks_mut::<WIDTH>().0.iter_mut().zip(values) {
        slot.copy_from_slice(&value.low_distance(smallest).to_le_bytes()[..WIDTH]);
    }
}

struct Narrowing<'a>(&'a ArrayData);

impl WithWhole for Narrowing<'_> {
    type Output = Option<(i128, usize, Buffer)>;

    fn with<T: Whole>(self) -> Self::Output {
        let values = values::<T>(self.0);
        let (smallest, largest) = range(values, self.0.nulls()).unwrap_or_default();
        let distance = largest.into().checked_sub(smallest.into())?;
        let width = width(distance.try_into().ok()?);
        Some((smallest.into(), width, narrowed(values, smallest, width)))
    }
}

struct Widening<'a> {
    data_type: &'a DataType,
    numbers: &'a Distances,
}

impl WithWhole for Widening<'_> {
    type Output = Result<ArrayRef>;

    fn with<T: Whole>(self) -> Result<ArrayRef> {
        let smallest = T::of(self.numbers.smallest);
        let values: Vec<T> = self.numbers.distances.iter().map(|distance| T::at(*distance, smallest)).collect();
        Ok(make_array(column(self.data_type, values, self.numbers.nulls.clone())?))
    }
}

/// Whether there are numbers of a type at all.
struct Anything;

impl WithWhole for Anything {
    type Output = ();

    fn with<T: Whole>(self) {}
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Date32Array, Decimal128Array, Float64Array, Int64Array, UInt64Array};
    use arrow::compute::interleave;
    use proptest::prelude::*;

    use super::*;

    /// Every row of every part, from the last to the first.
    fn check(parts: &[ArrayRef]) -> Option<()> {
        let narrow: Vec<Narrow> = parts.iter().map(Narrow::of).collect::<Option<_>>()?;
        for (narrow, part) in narrow.iter().zip(parts) {
            assert_eq!(&narrow.column().expect("a column"), part);
        }
        let rows = |(part, values): (usize, &ArrayRef)| (0..values.len() as u32).map(move |row| (part as u32, row));
        let mut places: Vec<Place> = parts.iter().enumerate().flat_map(rows).collect();
        places.reverse();
        let picked = near(&narrow).then(|| Distances::picked(&narrow, &places))?;
        let places: Vec<_> = places.iter().map(|(part, row)| (*part as usize, *row as usize)).collect();
        let expected = interleave(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>(), &places).expect("rows");
        assert_eq!(&picked.column(parts[0].data_type()).expect("rows"), &expected);
        for rows in [0..expected.len(), expected.len() / 3..expected.len() / 2] {
            let narrow = picked.narrow(parts[0].data_type().clone(), rows.clone());
            assert_eq!(&narrow.column().expect("rows"), &expected.slice(rows.start, rows.len()));
        }
        Some(())
    }

    #[test]
    fn numbers_of_many_types_are_narrowed() {
        let parts: [ArrayRef; 2] = [Arc::new(Date32Array::from(vec![Some(-1), None])), Arc::new(Date32Array::from(vec![300, 70_000]))];
        assert!(check(&parts).is_some());
        assert!(check(&[Arc::new(Int64Array::from(vec![None::<i64>; 3]))]).is_some());
        assert!(check(&[Arc::new(Int64Array::from(vec![i64::MIN, i64::MAX]))]).is_some());
        assert!(check(&[Arc::new(UInt64Array::from(vec![u64::MAX, 0]))]).is_some());
        assert!(check(&[Arc::new(Decimal128Array::from(vec![i128::MAX - 300, i128::MAX]))]).is_some());
        assert!(check(&[Arc::new(Decimal128Array::from(vec![0, i128::MAX]))]).is_none());
        assert!(check(&[Arc::new(Decimal128Array::from(vec![0])), Arc::new(Decimal128Array::from(vec![1 << 64]))]).is_none());
        assert!(check(&[Arc::new(Float64Array::from(vec![1.0]))]).is_none());
    }

    #[test]
    fn numbers_take_as_many_bytes_as_the_largest_distance() {
        for (distance, bytes) in [(0, 0), (1, 1), (255, 1), (256, 2), (65_536, 3), (1 << 24, 4), (1 << 32, 5), (1 << 40, 6), (1 << 62, 8)] {
            let narrow = Narrow::of(&(Arc::new(Int64Array::from(vec![-7, distance - 7])) as ArrayRef)).expect("whole numbers");
            assert_eq!(narrow.parts().1, bytes, "{distance}");
        }
    }

    proptest! {
        #[test]
        fn the_rows_are_those_of_the_parts(
            parts in prop::collection::vec((prop::collection::vec(prop::option::of(any::<u32>()), 1..20), 0_u32..32), 1..5), base in any::<i32>(),
        ) {
            let of_part = |(part, shift): (Vec<Option<u32>>, u32)| -> ArrayRef {
                Arc::new(part.into_iter().map(|value| value.map(|value| i64::from(value >> shift) + i64::from(base) * 1_000_000)).collect::<Int64Array>())
            };
            let parts: Vec<ArrayRef> = parts.into_iter().map(of_part).collect();
            prop_assert!(check(&parts).is_some());
            let slices: Vec<_> = parts.iter().map(|part| part.slice(part.len() / 2, part.len() - part.len() / 2)).collect();
            prop_assert!(check(&slices).is_some());
        }
    }
}
