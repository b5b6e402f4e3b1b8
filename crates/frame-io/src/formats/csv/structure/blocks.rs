//! The loops over blocks of 64 bytes, shared by every instruction set.

use super::bounds::{Bounds, GROUP};
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

    /// Writes `base + i` for every bit i of `bits` to `out`, in order, and perhaps garbage behind that; at most 64 places are touched. It is fastest
    /// where more than `USUAL` bits are rare.
    ///
    /// # Safety
    /// `out` must be valid for writing 64 values.
    unsafe fn write_bounds<const USUAL: usize>(self, bits: u64, base: u32, out: *mut u32);

    /// Puts bit i of `bits` to the place of the bit i that is set in `places`.
    fn deposit(self, bits: u64, places: u64) -> u64;
}

/// A stretch in blocks, and what those so far say of the next one.
struct Blocks<'a, I> {
    isa: I,
    bytes: &'a [u8],
    start: usize,
    end: usize,
    marks: Marks,
    /// All ones if the next block begins inside quotes.
    inside_before: u64,
    /// Bit 0: the byte before the next block is a separator or a quote, so that a quote may open.
    may_open: u64,
    /// Quotes that open where none may.
    stray: u64,
}

/// What is found in a block.
struct Block {
    /// Where it begins.
    at: usize,
    /// Delimiters and newlines outside quotes.
    separators: u64,
    newlines: u64,
}

/// Looks at the blocks of a stretch, one after the other.
trait Look {
    /// Looks at the next block; gives those of its separators whose bounds are to be written.
    fn look(&mut self, block: &Block) -> u64;
}

impl<'a, I: Instructions> Blocks<'a, I> {
    #[inline(always)]
    fn new(isa: I, bytes: &'a [u8], start: usize, end: usize, marks: Marks) -> Self {
        assert!(
            start <= end && end + PADDING <= bytes.len() && bytes.len() <= u32::MAX as usize,
            "the padding of a chunk is part of its buffer"
        );
        Self { isa, bytes, start, end, marks, inside_before: 0, may_open: 1, stray: 0 }
    }

    /// Has all blocks looked at, and writes bounds if there is somewhere to write them.
    #[inline(always)]
    fn each(&mut self, look: &mut impl Look, mut bounds: Option<&mut Bounds<'_, I>>) {
        let (whole, rest) = self.bytes[self.start..self.end].as_chunks::<64>();
        let mut at = self.start;
        let mut wanted = [0; GROUP];
        for group in whole.chunks(GROUP) {
            let first = at;
            for (block, wanted) in group.iter().zip(&mut wanted) {
                *wanted = look.look(&self.next(block, at, u64::MAX));
                at += 64;
            }
            if let Some(bounds) = &mut bounds {
                // SAFETY: separators are bytes of the stretch.
                unsafe { bounds.write(&wanted[..group.len()], first) };
            }
        }
        if !rest.is_empty() {
            let (block, _) = self.bytes[at..].split_first_chunk::<64>().expect("a block and its padding lie in the buffer");
            // Bytes behind the end do not count.
            let wanted = look.look(&self.next(block, at, u64::MAX >> (64 - rest.len())));
            if let Some(bounds) = bounds {
                // SAFETY: separators are bytes of the stretch.
                unsafe { bounds.write(&[wanted], at) };
            }
        }
    }

    /// What is in a block that begins at `at`, of whose bytes those count that are `valid`.
    #[inline(always)]
    fn next(&mut self, block: &[u8; 64], at: usize, valid: u64) -> Block {
        let (quote, delimiter, newline) = self.isa.masks(block, self.marks);
        let quote = quote & valid;
        let inside = self.isa.prefix_xor(quote) ^ self.inside_before;
        let separators = (delimiter | newline) & !inside & valid;
        let opening = quote & inside;
        self.stray |= opening & !((separators | quote) << 1 | self.may_open);
        self.may_open = (separators | quote) >> 63;
        self.inside_before = ((inside as i64) >> 63) as u64;
        Block { at, separators, newlines: newline & separators }
    }
}

/// Wants all bounds, and counts newlines.
struct All {
    newlines: usize,
}

impl Look for All {
    #[inline(always)]
    fn look(&mut self, block: &Block) -> u64 {
        self.newlines += block.newlines.count_ones() as usize;
        block.separators
    }
}

/// See [`Scan`].
#[inline(always)]
pub(super) fn scan<I: Instructions>(isa: I, bytes: &[u8], start: usize, end: usize, marks: Marks, bounds: &mut Vec<u32>) -> Option<Found> {
    let mut blocks = Blocks::new(isa, bytes, start, end, marks);
    let mut bounds = Bounds::new(isa, start, end, bounds);
    let mut all = All { newlines: 0 };
    blocks.each(&mut all, Some(&mut bounds));
    bounds.finish();
    (blocks.stray == 0).then_some(Found { newlines: all.newlines, inside: blocks.inside_before != 0 })
}

/// Wants no bounds, and counts records that have as many fields each.
struct Records<I> {
    isa: I,
    fields: usize,
    every_nth: u64,
    count: usize,
    /// Separators that come before the next newline, as long as nothing is odd.
    left: usize,
    /// Newlines where none belong, and other separators where they do.
    odd: u64,
    /// The last block without newlines and its newlines, and the last with some.
    last: [(usize, u64); 2],
}

impl<I: Instructions> Look for Records<I> {
    #[inline(always)]
    fn look(&mut self, block: &Block) -> u64 {
        let expected = if self.left < 64 { self.every_nth << self.left } else { 0 };
        self.odd |= block.newlines ^ self.isa.deposit(expected, block.separators);
        let newlines = block.newlines.count_ones() as usize;
        self.left = self.left.wrapping_add(newlines * self.fields).wrapping_sub(block.separators.count_ones() as usize);
        self.count += newlines;
        self.last[usize::from(block.newlines != 0)] = (block.at, block.newlines);
        0
    }
}

/// See [`Count`].
#[inline(always)]
pub(super) fn count<I: Instructions>(isa: I, bytes: &[u8], start: usize, end: usize, marks: Marks, fields: usize) -> Option<Counted> {
    let mut blocks = Blocks::new(isa, bytes, start, end, marks);
    let fields = fields.max(1);
    let every_nth = (0..64).step_by(fields).fold(0_u64, |bits, at| bits | 1 << at);
    let mut records = Records { isa, fields, every_nth, count: 0, left: fields - 1, odd: 0, last: [(start, 0); 2] };
    blocks.each(&mut records, None);
    let (at, newlines) = records.last[1];
    let rest = if newlines == 0 { at as u32 } else { at as u32 + 64 - newlines.leading_zeros() };
    (blocks.stray | records.odd == 0).then_some(Counted { records: records.count, rest })
}
