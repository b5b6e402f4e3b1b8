//! Digits in 128-bit words: what lies before the field becomes zeros, the point is found with a few word operations, and two
//! multiplications by powers of ten turn each eight digits into a number.

use super::{Digits, Field, Instructions};

const ZEROS: u128 = u128::from_le_bytes([b'0'; 16]);
const POINTS: u128 = u128::from_le_bytes([b'.'; 16]);
const LOW_BITS: u128 = u128::from_le_bytes([0x7f; 16]);

#[derive(Clone, Copy)]
pub(super) struct Words;

impl Instructions for Words {
    #[inline(always)]
    fn digits(self, field: Field<'_>, len: usize) -> Option<Digits> {
        let word = u128::from_le_bytes(*field.trailing());
        let field_mask = u128::MAX << (8 * (16 - len as u32));
        let digits = (word ^ ZEROS) & field_mask;
        // The lowest set bit marks the first point, if there is one within the field.
        let points = zero_bytes(word ^ POINTS) & field_mask;
        let (digits, decimals) = if points == 0 {
            (digits, 0)
        } else {
            let at = points.trailing_zeros() & !7;
            let behind = digits & u128::MAX.checked_shl(at + 8).unwrap_or(0);
            let before = digits & !(u128::MAX << at);
            (behind | before << 8, (120 - at) as usize / 8)
        };
        if !are_digits(digits) {
            return None;
        }
        let mantissa = eight_digits(digits as u64) * 100_000_000 + eight_digits((digits >> 64) as u64);
        Some(Digits { mantissa, decimals })
    }
}

/// The high bit of every byte of `word` that is zero.
#[inline(always)]
fn zero_bytes(word: u128) -> u128 {
    !(((word & LOW_BITS) + LOW_BITS) | word | LOW_BITS)
}

/// Whether every byte is at most nine.
#[inline(always)]
fn are_digits(word: u128) -> bool {
    const SIX: u128 = u128::from_le_bytes([0x76; 16]);
    // 0x0a + 0x76 reaches the high bit; bytes above 0x7f have it already.
    (((word & LOW_BITS) + SIX) | word) & !LOW_BITS == 0
}

/// Eight digits, the first in the lowest byte, as a number.
#[inline(always)]
fn eight_digits(word: u64) -> u64 {
    let pairs = (word * 10 + (word >> 8)) & 0x00ff_00ff_00ff_00ff;
    let quads = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (quads * 10_000 + (quads >> 32)) & 0xffff_ffff
}
