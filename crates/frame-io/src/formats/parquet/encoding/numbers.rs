//! Columns of numbers: their places in a dictionary, or whole numbers as differences and floats as they are.

use arrow::array::{Array, AsArray, PrimitiveArray};
use arrow::datatypes::ArrowPrimitiveType;
use frame_core::hash;
use parquet::basic::Encoding;
use parquet::file::statistics::{Statistics, ValueStatistics};

use super::bits::put_places;
use super::bounds::Bounds;
use super::column::{PAGE_BYTES, Values};
use super::differences::{Whole, put_differences};
use super::pages::{ChunkFacts, PageFacts};
use super::table::Table;

/// What a column of numbers is made of.
pub(super) trait Number: Copy + PartialOrd + Send {
    /// How values are stored that are not in a dictionary.
    const ENCODING: Encoding;

    /// The bits, by which equal ones are found.
    fn bits(self) -> u64;

    /// Appends numbers one behind the other.
    fn put(values: &[Self], out: &mut Vec<u8>);

    /// Appends numbers that are not in a dictionary.
    fn put_page(values: &[Self], out: &mut Vec<u8>);

    /// The smallest and the largest, as statistics have them.
    fn bounds(values: &[Self]) -> Option<(Self, Self)>;

    fn statistics(bounds: Option<(Self, Self)>, nulls: u64) -> Statistics;
}

/// Whole numbers, of which the differences are stored; see [`Number`].
trait WholeNumber: Whole + Send {
    fn word(self) -> u64;

    fn put(values: &[Self], out: &mut Vec<u8>);

    fn statistics(bounds: Option<(Self, Self)>, nulls: u64) -> Statistics;
}

/// Numbers of `SIZE` bytes one behind the other.
fn put_plain<T: Copy, const SIZE: usize>(values: &[T], bytes: impl Fn(T) -> [u8; SIZE], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + values.len() * SIZE, 0);
    for (place, value) in out[start..].as_chunks_mut().0.iter_mut().zip(values) {
        *place = bytes(*value);
    }
}

/// Statistics with both bounds in the fields of old readers too, as all numbers here have a sign.
fn signed<T>(bounds: Option<(T, T)>, nulls: u64) -> ValueStatistics<T> {
    let (min, max) = bounds.unzip();
    ValueStatistics::new(min, max, None, Some(nulls), false).with_backwards_compatible_min_max(true)
}

impl WholeNumber for i32 {
    fn word(self) -> u64 {
        u64::from(self as u32)
    }

    fn put(values: &[Self], out: &mut Vec<u8>) {
        put_plain(values, Self::to_le_bytes, out);
    }

    fn statistics(bounds: Option<(Self, Self)>, nulls: u64) -> Statistics {
        Statistics::Int32(signed(bounds, nulls))
    }
}

impl WholeNumber for i64 {
    fn word(self) -> u64 {
        self as u64
    }

    fn put(values: &[Self], out: &mut Vec<u8>) {
        put_plain(values, Self::to_le_bytes, out);
    }

    fn statistics(bounds: Option<(Self, Self)>, nulls: u64) -> Statistics {
        Statistics::Int64(signed(bounds, nulls))
    }
}

impl<T: WholeNumber> Number for T {
    const ENCODING: Encoding = Encoding::DELTA_BINARY_PACKED;

    fn bits(self) -> u64 {
        self.word()
    }

    fn put(values: &[Self], out: &mut Vec<u8>) {
        WholeNumber::put(values, out);
    }

    fn put_page(values: &[Self], out: &mut Vec<u8>) {
        put_differences(values, out);
    }

    fn bounds(values: &[Self]) -> Option<(Self, Self)> {
        let first = *values.first()?;
        Some(values.iter().fold((first, first), |(min, max), value| (min.min(*value), max.max(*value))))
    }

    fn statistics(bounds: Option<(Self, Self)>, nulls: u64) -> Statistics {
        WholeNumber::statistics(bounds, nulls)
    }
}

impl Number for f64 {
    const ENCODING: Encoding = Encoding::PLAIN;

    fn bits(self) -> u64 {
        self.to_bits()
    }

    fn put(values: &[Self], out: &mut Vec<u8>) {
        put_plain(values, Self::to_le_bytes, out);
    }

    fn put_page(values: &[Self], out: &mut Vec<u8>) {
        Self::put(values, out);
    }

    /// Without what is no number; a zero is the smaller one below and the larger one above, as the format asks for.
    fn bounds(values: &[Self]) -> Option<(Self, Self)> {
        const LANES: usize = 8;
        let (mut mins, mut maxs) = ([Self::INFINITY; LANES], [Self::NEG_INFINITY; LANES]);
        let (eights, rest) = values.as_chunks::<LANES>();
        // Each lane has values of its own to wait for.
        for values in eights {
            for lane in 0..LANES {
                mins[lane] = if values[lane] < mins[lane] { values[lane] } else { mins[lane] };
                maxs[lane] = if values[lane] > maxs[lane] { values[lane] } else { maxs[lane] };
            }
        }
        let min = mins.iter().chain(rest).copied().fold(Self::INFINITY, Self::min);
        let max = maxs.iter().chain(rest).copied().fold(Self::NEG_INFINITY, Self::max);
        if min > max {
            return None;
        }
        Some((if min == 0.0 { -0.0 } else { min }, if max == 0.0 { 0.0 } else { max }))
    }

    fn statistics(bounds: Option<(Self, Self)>, nulls: u64) -> Statistics {
        Statistics::Double(signed(bounds, nulls))
    }
}

/// The different numbers.
#[derive(Debug)]
struct Dictionary<N> {
    table: Table,
    values: Vec<N>,
    /// Whether pages still refer to it.
    is_open: bool,
}

/// A column of numbers.
pub(super) struct Numbers<T: ArrowPrimitiveType> {
    dictionary: Option<Dictionary<T::Native>>,
    /// The page in hand: numbers, or their places in the dictionary.
    values: Vec<T::Native>,
    places: Vec<u32>,
    bounds: Bounds<T::Native>,
}

impl<T: ArrowPrimitiveType<Native: Number>> Numbers<T> {
    pub(super) fn new(are_repeated: bool) -> Self {
        let dictionary = are_repeated.then(|| Dictionary { table: Table::default(), values: Vec::new(), is_open: true });
        Self { dictionary, values: Vec::new(), places: Vec::new(), bounds: Bounds::default() }
    }

    fn add_values(&mut self, numbers: &PrimitiveArray<T>) {
        match numbers.nulls() {
            None => self.values.extend_from_slice(numbers.values()),
            Some(nulls) => nulls.valid_slices().for_each(|(start, end)| self.values.extend_from_slice(&numbers.values()[start..end])),
        }
    }
}

impl<N: Number> Dictionary<N> {
    /// Adds the places of numbers; gives how many rows that were if no more go in.
    fn add(&mut self, rows: impl Iterator<Item = (usize, N)>, places: &mut Vec<u32>) -> Option<usize> {
        let Self { table, values, .. } = self;
        for (row, value) in rows {
            let (place, is_new) = table.number(hash::word(value.bits()), |place| values[place as usize].bits() == value.bits());
            places.push(place);
            if is_new {
                values.push(value);
                if size_of_val(values.as_slice()) >= PAGE_BYTES {
                    self.is_open = false;
                    return Some(row + 1);
                }
            }
        }
        None
    }
}

impl<T: ArrowPrimitiveType<Native: Number>> Values for Numbers<T> {
    fn add(&mut self, array: &dyn Array) -> Option<usize> {
        let numbers = array.as_primitive::<T>();
        match &mut self.dictionary {
            Some(dictionary) if dictionary.is_open => {
                self.places.reserve(numbers.len());
                let values = numbers.values();
                match numbers.nulls() {
                    None => dictionary.add(values.iter().copied().enumerate(), &mut self.places),
                    Some(nulls) => dictionary.add(nulls.valid_indices().map(|row| (row, values[row])), &mut self.places),
                }
            }
            _ => {
                self.add_values(numbers);
                None
            }
        }
    }

    fn different(&self) -> usize {
        self.dictionary.as_ref().map_or(0, |dictionary| dictionary.table.len())
    }

    fn bytes(&self) -> usize {
        let dictionary = self.dictionary.as_ref().map_or(0, |known| known.table.bytes() + size_of_val(known.values.as_slice()));
        dictionary + size_of_val(self.values.as_slice()) + size_of_val(self.places.as_slice())
    }

    fn take(&mut self, out: &mut Vec<u8>) -> PageFacts {
        let (encoding, bounds) = match &self.dictionary {
            // A page without any value of its own may come behind a dictionary that is closed.
            Some(dictionary) if dictionary.is_open || !self.places.is_empty() => {
                put_places(&self.places, dictionary.values.len(), out);
                self.values.extend(self.places.iter().map(|place| dictionary.values[*place as usize]));
                (Encoding::RLE_DICTIONARY, T::Native::bounds(&self.values))
            }
            _ => {
                T::Native::put_page(&self.values, out);
                (T::Native::ENCODING, T::Native::bounds(&self.values))
            }
        };
        self.values.clear();
        self.places.clear();
        if let Some((min, max)) = bounds {
            self.bounds.add(min, max);
        }
        let bytes = |value| {
            let mut bytes = Vec::new();
            T::Native::put(&[value], &mut bytes);
            bytes
        };
        PageFacts { encoding, bounds: bounds.map(|(min, max)| (bytes(min), bytes(max))), text_bytes: None }
    }

    fn close(&mut self, nulls: usize) -> (ChunkFacts, Statistics) {
        let dictionary = self.dictionary.take().map(|dictionary| {
            let mut bytes = Vec::new();
            T::Native::put(&dictionary.values, &mut bytes);
            (bytes, dictionary.values.len())
        });
        let statistics = T::Native::statistics(self.bounds.all().copied(), nulls as u64);
        (ChunkFacts { dictionary, order: self.bounds.order() }, statistics)
    }
}
