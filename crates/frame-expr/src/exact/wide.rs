//! A sum that takes every float: slow, 280 bytes, for the rare group that needs it.

use super::FixedSum;

const WORDS: usize = 35;

/// A two's complement number of 2240 bits whose lowest bit weighs 2⁻¹⁰⁷⁴, and flags for what is not a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WideSum {
    words: [u64; WORDS],
    nan: bool,
    infinite: [bool; 2],
}

impl Default for WideSum {
    fn default() -> Self {
        Self { words: [0; WORDS], nan: false, infinite: [false; 2] }
    }
}

impl WideSum {
    /// The binary exponent of the lowest bit.
    pub const LOWEST: i32 = -1074;

    /// Length of [`WideSum::to_bytes`].
    pub const BYTES: usize = WORDS * 8 + 1;

    /// Adds a float.
    pub fn add(&mut self, value: f64) {
        if value.is_nan() {
            self.nan = true;
        } else if value.is_infinite() {
            self.infinite[usize::from(value < 0.0)] = true;
        } else {
            let bits = value.to_bits();
            let exponent = ((bits >> 52) & 0x7ff) as usize;
            let fraction = bits & ((1 << 52) - 1);
            let (mantissa, shift) = if exponent == 0 { (fraction, 0) } else { (fraction | 1 << 52, exponent - 1) };
            let wide = u128::from(mantissa) << (shift % 64);
            self.add_words(&[wide as u64, (wide >> 64) as u64], shift / 64, value.is_sign_negative());
        }
    }

    /// Adds a sum in fixed point.
    pub fn add_fixed(&mut self, sum: FixedSum) {
        let negative = (sum.0[2] as i64) < 0;
        let FixedSum(magnitude) = if negative { sum.negated() } else { sum };
        let shift = (FixedSum::LOWEST - Self::LOWEST) as usize;
        let mut shifted = [0; 4];
        for (at, word) in magnitude.iter().enumerate() {
            let wide = u128::from(*word) << (shift % 64);
            shifted[at] |= wide as u64;
            shifted[at + 1] = (wide >> 64) as u64;
        }
        self.add_words(&shifted, shift / 64, negative);
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.add_words(&other.words, 0, false);
        self.nan |= other.nan;
        for (mine, theirs) in self.infinite.iter_mut().zip(other.infinite) {
            *mine |= theirs;
        }
    }

    /// The words of the number, least significant first, or the float that the sum is if it is not a number.
    pub fn finish(&self) -> Result<&[u64], f64> {
        match (self.nan, self.infinite) {
            (false, [false, false]) => Ok(&self.words),
            (false, [true, false]) => Err(f64::INFINITY),
            (false, [false, true]) => Err(f64::NEG_INFINITY),
            _ => Err(f64::NAN),
        }
    }

    /// The sum as [`WideSum::BYTES`] bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let flags = u8::from(self.nan) | u8::from(self.infinite[0]) << 1 | u8::from(self.infinite[1]) << 2;
        self.words.iter().flat_map(|word| word.to_le_bytes()).chain([flags]).collect()
    }

    /// The sum that [`WideSum::to_bytes`] wrote; `None` for bytes of another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (flags, words) = bytes.split_last()?;
        let (words, []) = words.as_chunks::<8>() else { return None };
        let words = words.iter().map(|word| u64::from_le_bytes(*word)).collect::<Vec<_>>().try_into().ok()?;
        Some(Self { words, nan: flags & 1 != 0, infinite: [flags & 2 != 0, flags & 4 != 0] })
    }

    fn add_words(&mut self, addend: &[u64], at: usize, negative: bool) {
        let mut carry = false;
        for (index, word) in self.words[at..].iter_mut().enumerate() {
            let other = addend.get(index).copied().unwrap_or(0);
            let (first, second);
            (*word, first, second) = if negative {
                let (value, borrow) = word.overflowing_sub(other);
                let (value, again) = value.overflowing_sub(u64::from(carry));
                (value, borrow, again)
            } else {
                let (value, over) = word.overflowing_add(other);
                let (value, again) = value.overflowing_add(u64::from(carry));
                (value, over, again)
            };
            carry = first | second;
            if !carry && index + 1 >= addend.len() {
                return;
            }
        }
    }
}
