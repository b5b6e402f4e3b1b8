//! The loop over blocks of 64 bytes, shared by every instruction set.

use super::{Found, Marks};

/// Bytes that must be readable behind the stretch that is scanned.
pub(in super::super) const PADDING: usize = 64;

/// A scan, or `None` if a quote stands where the masks cannot decide.
pub(super) type Scan = fn(bytes: &[u8], start: usize, end: usize, marks: Marks, bounds: &mut Vec<u32>) -> Option<Found>;

/// What an instruction set has to offer.
pub(super) trait Instructions: Copy {
    /// Bit i of the masks says whether byte i is a quote, a delimiter, a newline.
    fn masks(self, block: &[u8; 64], marks: Marks) -> (u64, u64, u64);

    /// Bit i of the result is the xor of bits 0 ..= i.
    fn prefix_xor(self, bits: u64) -> u64;

    /// Writes `base + i + 1` for every bit i of `bits` to `out`, in order, and perhaps garbage behind that; at most 64 places are touched.
    ///
    /// # Safety
    /// `out` must be valid for writing 64 values.
    unsafe fn write_bounds(self, bits: u64, base: u32, out: *mut u32);
}

/// See [`Scan`].
#[inline(always)]
pub(super) fn scan<I: Instructions>(isa: I, bytes: &[u8], start: usize, end: usize, marks: Marks, bounds: &mut Vec<u32>) -> Option<Found> {
    assert!(
        start <= end && end + PADDING <= bytes.len() && bytes.len() <= u32::MAX as usize,
        "the padding of a chunk is part of its buffer"
    );
    bounds.clear();
    // Every byte may be a separator; one more for the start, and a block of slack for writes past the last one.
    bounds.reserve(end - start + 1 + 64);
    bounds.push(start as u32);
    let mut count = 1;
    let mut newlines = 0;
    let mut stray = 0;
    // All ones if the block begins inside quotes.
    let mut inside_before = 0_u64;
    // Bit 0: the byte before the block is a separator or a quote, so that a quote may open.
    let mut may_open = 1_u64;
    let mut at = start;
    while at < end {
        let (block, _) = bytes[at..].split_first_chunk::<64>().expect("a block and its padding lie in the buffer");
        let (quote, delimiter, newline) = isa.masks(block, marks);
        // Bytes behind the end do not count.
        let valid = u64::MAX >> (64 - (end - at).min(64));
        let quote = quote & valid;
        let inside = isa.prefix_xor(quote) ^ inside_before;
        let separator = (delimiter | newline) & !inside & valid;
        let opening = quote & inside;
        stray |= opening & !((separator | quote) << 1 | may_open);
        may_open = (separator | quote) >> 63;
        inside_before = ((inside as i64) >> 63) as u64;
        newlines += (newline & separator).count_ones() as usize;
        // SAFETY: `count` is at most 1 + the number of bytes before this block, so 64 more places lie within what was reserved.
        unsafe { isa.write_bounds(separator, at as u32, bounds.as_mut_ptr().add(count)) };
        count += separator.count_ones() as usize;
        at += 64;
    }
    // SAFETY: the first `count` values were written above and lie within the capacity.
    unsafe { bounds.set_len(count) };
    (stray == 0).then_some(Found { newlines, inside: inside_before != 0 })
}
