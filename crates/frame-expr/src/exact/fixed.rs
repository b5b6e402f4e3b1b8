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
        if shift > Self::SHIFT_MAX {
            return bits << 1 == 0;
        }
        let mantissa = (bits & ((1 << 52) - 1)) | (1 << 52);
        let wide = u128::from(mantissa) << (shift & 63);
        let (low, high) = (wide as u64, (wide >> 64) as u64);
        let (w0, w1, w2) = if shift < 64 { (low, high, 0) } else { (0, low, high) };
        // A negative number is added as its complement plus one.
        let sign = ((bits as i64) >> 63) as u64;
        let (s0, carry) = self.0[0].carrying(w0 ^ sign, sign & 1);
        let (s1, carry) = self.0[1].carrying(w1 ^ sign, carry);
        let (s2, _) = self.0[2].carrying(w2 ^ sign, carry);
        self.0 = [s0, s1, s2];
        true
    }

    /// Adds another sum.
    #[inline]
    pub fn merge(&mut self, other: Self) {
        let (s0, carry) = self.0[0].carrying(other.0[0], 0);
        let (s1, carry) = self.0[1].carrying(other.0[1], carry);
        let (s2, _) = self.0[2].carrying(other.0[2], carry);
        self.0 = [s0, s1, s2];
    }
}

trait Carrying: Sized {
    fn carrying(self, other: Self, carry: Self) -> (Self, Self);
}

impl Carrying for u64 {
    #[inline(always)]
    fn carrying(self, other: Self, carry: Self) -> (Self, Self) {
        let total = u128::from(self) + u128::from(other) + u128::from(carry);
        (total as Self, (total >> 64) as Self)
    }
}
