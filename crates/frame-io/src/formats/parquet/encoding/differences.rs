//! Whole numbers as differences to the number before, in blocks, each as a distance from the block's smallest difference.
//!
//! <https://parquet.apache.org/docs/file-format/data-pages/encodings/>, DELTA_BINARY_PACKED.

use super::bits::{put_varint, put_words, width};

/// Parts of a block with a width of their own.
const PARTS: usize = 4;

/// A whole number that wraps in its own width, as readers undo it.
pub(super) trait Whole: Copy + Ord + Into<i64> {
    /// Numbers in a part of a block.
    const PART: usize;

    fn difference(self, before: Self) -> Self;

    /// How far this difference is above the smallest one.
    fn above(self, smallest: Self) -> u64;
}

impl Whole for i32 {
    const PART: usize = 32;

    fn difference(self, before: Self) -> Self {
        self.wrapping_sub(before)
    }

    fn above(self, smallest: Self) -> u64 {
        u64::from(self.wrapping_sub(smallest) as u32)
    }
}

impl Whole for i64 {
    const PART: usize = 64;

    fn difference(self, before: Self) -> Self {
        self.wrapping_sub(before)
    }

    fn above(self, smallest: Self) -> u64 {
        self.wrapping_sub(smallest) as u64
    }
}

fn put_signed(value: i64, out: &mut Vec<u8>) {
    put_varint((value << 1 ^ value >> 63) as u64, out);
}

/// Appends the numbers of a page.
pub(super) fn put_differences<T: Whole>(values: &[T], out: &mut Vec<u8>) {
    put_varint((PARTS * T::PART) as u64, out);
    put_varint(PARTS as u64, out);
    put_varint(values.len() as u64, out);
    put_signed(values.first().map_or(0, |first| (*first).into()), out);
    let mut distances = Vec::with_capacity(PARTS * T::PART);
    let mut start = 1;
    while start < values.len() {
        let end = values.len().min(start + PARTS * T::PART);
        let differences = || values[start..end].iter().zip(&values[start - 1..]).map(|(value, before)| value.difference(*before));
        let Some(smallest) = differences().min() else { break };
        distances.clear();
        distances.extend(differences().map(|difference| difference.above(smallest)));
        // What is left of the last part are zeros.
        distances.resize(distances.len().next_multiple_of(T::PART), 0);
        put_signed(smallest.into(), out);
        let widths = out.len();
        out.extend([0; PARTS]);
        for (part, distances) in distances.chunks_exact(T::PART).enumerate() {
            let width = width(distances.iter().fold(0, |bits, distance| bits | distance));
            out[widths + part] = width as u8;
            put_words(distances, width, out);
        }
        start = end;
    }
}
