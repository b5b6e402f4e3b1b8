//! The masks without vector instructions: eight bytes at a time in a word.

use super::blocks::{self, Instructions, Loops};
use super::bounds::write_bits;
use super::{Counted, Found, Marks};

#[derive(Clone, Copy)]
struct Words;

/// Loops for every processor.
pub(super) const LOOPS: Loops = Loops { scan, count };

fn scan(bytes: &[u8], start: usize, end: usize, marks: Marks, bounds: &mut Vec<u32>) -> Option<Found> {
    blocks::scan(Words, bytes, start, end, marks, bounds)
}

fn count(bytes: &[u8], start: usize, end: usize, marks: Marks, fields: usize) -> Option<Counted> {
    blocks::count(Words, bytes, start, end, marks, fields)
}

/// Bit i says whether byte i of `word` is `byte`.
#[inline(always)]
fn equal_bits(word: u64, byte: u8) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let difference = word ^ (u64::from(byte) * 0x0101_0101_0101_0101);
    // The high bit of each byte is set exactly where the difference is zero.
    let zero = !(((difference & LOW) + LOW) | difference | LOW);
    (zero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

impl Instructions for Words {
    #[inline(always)]
    fn masks(self, block: &[u8; 64], marks: Marks) -> (u64, u64, u64) {
        let (words, _) = block.as_chunks::<8>();
        let mut masks = (0, 0, 0);
        for (at, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            masks.0 |= equal_bits(word, marks.quote) << (8 * at);
            masks.1 |= equal_bits(word, marks.delimiter) << (8 * at);
            masks.2 |= equal_bits(word, b'\n') << (8 * at);
        }
        masks
    }

    #[inline(always)]
    fn prefix_xor(self, bits: u64) -> u64 {
        [1, 2, 4, 8, 16, 32].into_iter().fold(bits, |bits, distance| bits ^ bits << distance)
    }

    #[inline(always)]
    unsafe fn write_bounds<const USUAL: usize>(self, bits: u64, base: u32, out: *mut u32) {
        // SAFETY: the caller lends as many places.
        unsafe { write_bits::<USUAL>(bits, base, out) }
    }

    #[inline(always)]
    fn deposit(self, bits: u64, places: u64) -> u64 {
        let (mut bits, mut places, mut deposited) = (bits, places, 0);
        while bits != 0 && places != 0 {
            deposited |= (places & places.wrapping_neg()) * (bits & 1);
            bits >>= 1;
            places &= places - 1;
        }
        deposited
    }
}
