//! A sum in 192-bit fixed point: fast, for numbers whose bits lie between 2⁻⁹² and 2⁵⁹.

/// A two's complement number of 192 bits, least significant word first, whose lowest bit weighs 2⁻⁹².
///
/// 2⁴⁰ additions cannot overflow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FixedSum(pub [u64; 3]);

impl FixedSum {
    /// The binary exponent of the lowest bit.
    pub const LOWEST: i32 = -92;

    /// Largest distance of a mantissa from the lowest bit: 191 bits − 53 of the mantissa − 40 for the number of additions.
    pub(super) const SHIFT_MAX: u64 = 98;

    /// Adds `value`, or leaves the sum alone and answers `false` if the value needs a [`super::WideSum`].
    #[inline(always)]
    #[must_use]
    pub fn add(&mut self, value: f64) -> bool {
        let bits = value.to_bits();
        // A float is mantissa × 2^(exponent − 1075).
        let shift = ((bits >> 52) & 0x7ff).wrapping_sub((1075 + Self::LOWEST) as u64);
        let sign = bits as i64 >> 63;
        let mantissa = (((bits & ((1 << 52) - 1)) | (1 << 52)) as i64 ^ sign) - sign;
        if shift < 64 {
            self.add_words(i128::from(mantissa) << shift);
            return true;
        }
        self.add_far(bits, shift, mantissa)
    }

    /// Adds what lies entirely above the lowest word, or not at all.
    #[inline(never)]
    fn add_far(&mut self, bits: u64, shift: u64, mantissa: i64) -> bool {
        if shift > Self::SHIFT_MAX {
            return bits << 1 == 0;
        }
        self.add_upper(mantissa, shift);
        true
    }

    /// Adds so many times 2^`shift` lowest bits, if these are no more than can be added.
    #[inline]
    pub(super) fn add_units(&mut self, units: i64, shift: u64) {
        if shift < 64 { self.add_words(i128::from(units) << shift) } else { self.add_upper(units, shift) }
    }

    /// The same for a `shift` of a word and more.
    #[inline(always)]
    fn add_upper(&mut self, units: i64, shift: u64) {
        let wide = i128::from(units) << (shift - 64);
        let upper = (u128::from(self.0[1]) | u128::from(self.0[2]) << 64).wrapping_add(wide as u128);
        (self.0[1], self.0[2]) = (upper as u64, (upper >> 64) as u64);
    }

    /// Adds a whole number of lowest bits.
    #[inline(always)]
    pub fn add_words(&mut self, wide: i128) {
        let lower = u128::from(self.0[0]) | u128::from(self.0[1]) << 64;
        let (lower, carry) = lower.overflowing_add(wide as u128);
        let highest = self.0[2].wrapping_add((wide >> 127) as u64).wrapping_add(u64::from(carry));
        self.0 = [lower as u64, (lower >> 64) as u64, highest];
    }

    /// Adds another sum.
    #[inline]
    pub fn merge(&mut self, other: Self) {
        let lower = |sum: &Self| u128::from(sum.0[0]) | u128::from(sum.0[1]) << 64;
        let (words, carry) = lower(self).overflowing_add(lower(&other));
        let highest = self.0[2].wrapping_add(other.0[2]).wrapping_add(u64::from(carry));
        self.0 = [words as u64, (words >> 64) as u64, highest];
    }

    /// The sum with the other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        let mut negated = Self(self.0.map(|word| !word));
        negated.add_words(1);
        negated
    }
}
