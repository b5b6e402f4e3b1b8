//! The loops over blocks of 64 bytes, shared by every instruction set.

use super::{Counted, Found, Marks};

/// Bytes that must be readable behind the stretch that is scanned.
pub(in super::super) const PADDING: usize = 64;

/// A scan, or `None` if a quote stands where the masks cannot decide.
pub(super) type Scan = fn(bytes: &[u8], start: usize, end: usize, marks: Marks, bounds: &mut Vec<u32>) -> Option<Found>;

/// A count of records, or `None` if one of them has another number of fields or a quote stands where the masks cannot decide.
pub(super) type Count = fn(bytes: &[u8], start: usize, end: usize, marks: Marks, fields: usize) -> Option<Counted>;

/// What an instruction set can do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loops {
    pub(super) scan: Scan,
    pub(super) count: Count,
}

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

    /// Puts bit i of `bits` to the place of the bit i that is set in `places`.
    fn deposit(self, bits: u64, places: u64) -> u64;
}

/// What the blocks so far say of the next one.
struct Blocks<'a, I> {
    isa: I,
    bytes: &'a [u8],
    end: usize,
    marks: Marks,
    /// All ones if the next block begins inside quotes.
    inside_before: u64,
    /// Bit 0: the byte before the next block is a separator or a quote, so that a quote may open.
    may_open: u64,
    /// Quotes that open where none may.
    stray: u64,
}

impl<'a, I: Instructions> Blocks<'a, I> {
    #[inline(always)]
    fn new(isa: I, bytes: &'a [u8], start: usize, end: usize, marks: Marks) -> Self {
        assert!(
            start <= end && end + PADDING <= bytes.len() && bytes.len() <= u32::MAX as usize,
            "the padding of a chunk is part of its buffer"
        );
        Self { isa, bytes, end, marks, inside_before: 0, may_open: 1, stray: 0 }
    }

    /// The separators of the block that begins at `at`, and those of them that are newlines.
    #[inline(always)]
    fn next(&mut self, at: usize) -> (u64, u64) {
        let (block, _) = self.bytes[at..].split_first_chunk::<64>().expect("a block and its padding lie in the buffer");
        let (quote, delimiter, newline) = self.isa.masks(block, self.marks);
        // Bytes behind the end do not count.
        let valid = u64::MAX >> (64 - (self.end - at).min(64));
        let quote = quote & valid;
        let inside = self.isa.prefix_xor(quote) ^ self.inside_before;
        let separator = (delimiter | newline) & !inside & valid;
        let opening = quote & inside;
        self.stray |= opening & !((separator | quote) << 1 | self.may_open);
        self.may_open = (separator | quote) >> 63;
        self.inside_before = ((inside as i64) >> 63) as u64;
        (separator, newline & separator)
    }
}

/// See [`Scan`].
#[inline(always)]
pub(super) fn scan<I: Instructions>(isa: I, bytes: &[u8], start: usize, end: usize, marks: Marks, bounds: &mut Vec<u32>) -> Option<Found> {
    let mut blocks = Blocks::new(isa, bytes, start, end, marks);
    bounds.clear();
    // Every byte may be a separator; one more for the start, and a block of slack for writes past the last one.
    bounds.reserve(end - start + 1 + 64);
    bounds.push(start as u32);
    let mut count = 1;
    let mut newlines = 0;
    let mut at = start;
    while at < end {
        let (separator, newline) = blocks.next(at);
        newlines += newline.count_ones() as usize;
        // SAFETY: `count` is at most 1 + the number of bytes before this block, so 64 more places lie within what was reserved.
        unsafe { isa.write_bounds(separator, at as u32, bounds.as_mut_ptr().add(count)) };
        count += separator.count_ones() as usize;
        at += 64;
    }
    // SAFETY: the first `count` values were written above and lie within the capacity.
    unsafe { bounds.set_len(count) };
    (blocks.stray == 0).then_some(Found { newlines, inside: blocks.inside_before != 0 })
}

/// See [`Count`].
#[inline(always)]
pub(super) fn count<I: Instructions>(isa: I, bytes: &[u8], start: usize, end: usize, marks: Marks, fields: usize) -> Option<Counted> {
    let mut blocks = Blocks::new(isa, bytes, start, end, marks);
    let every_nth = (0..64).step_by(fields.max(1)).fold(0_u64, |bits, at| bits | 1 << at);
    let mut counted = Counted { records: 0, rest: start as u32 };
    // Separators that come before the next newline, as long as nothing is odd.
    let mut left = fields.max(1) - 1;
    let mut odd = 0;
    let mut at = start;
    while at < end {
        let (separator, newline) = blocks.next(at);
        let expected = if left < 64 { every_nth << left } else { 0 };
        odd |= newline ^ isa.deposit(expected, separator);
        let newlines = newline.count_ones() as usize;
        left = left.wrapping_add(newlines * fields).wrapping_sub(separator.count_ones() as usize);
        counted.records += newlines;
        counted.rest = if newline == 0 { counted.rest } else { at as u32 + 64 - newline.leading_zeros() };
        at += 64;
    }
    (blocks.stray | odd == 0).then_some(counted)
}

/// See [`Instructions::write_bounds`]: the first twelve without asking how many there are, as more of them are rare and a branch on the number would be guessed
/// wrong for most blocks.
///
/// # Safety
/// `out` must be valid for writing 64 values.
#[inline(always)]
pub(super) unsafe fn write_bounds(bits: u64, base: u32, out: *mut u32) {
    const AT_ONCE: usize = 12;
    let mut rest = bits;
    for place in 0..AT_ONCE {
        // SAFETY: the caller lends 64 places.
        unsafe { out.add(place).write(base.wrapping_add(rest.trailing_zeros() + 1)) };
        rest &= rest.wrapping_sub(1);
    }
    let mut place = AT_ONCE;
    while rest != 0 {
        // SAFETY: the caller lends 64 places; one is written per bit.
        unsafe { out.add(place).write(base + rest.trailing_zeros() + 1) };
        rest &= rest - 1;
        place += 1;
    }
}
