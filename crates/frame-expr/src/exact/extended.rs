//! Floats of 128 bits of mantissa and any exponent: what exact integers are divided and rooted in, before the one rounding to a float.
//!
//! Every operation errs by less than 2⁻⁶¹ of its result, so a float that comes out is within 0.51 units in the last place; a result that
//! is a float comes out as that float. They know no infinity and no NaN.

use std::ops::{Div, Mul};

use super::round::{round_magnitude, with_sign};

/// `mantissa × 2^exponent`; the highest bit of the mantissa is set unless the number is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extended {
    negative: bool,
    mantissa: u128,
    exponent: i32,
}

impl Extended {
    /// The number one.
    pub const ONE: Self = Self { negative: false, mantissa: 1 << 127, exponent: -127 };

    fn normal(negative: bool, mantissa: u128, exponent: i32) -> Self {
        let shift = mantissa.leading_zeros();
        if mantissa == 0 {
            return Self { negative, mantissa, exponent: 0 };
        }
        Self { negative, mantissa: mantissa << shift, exponent: exponent - shift as i32 }
    }

    /// The number with the words `magnitude`, least significant first, times `2^lowest`.
    pub fn from_magnitude(magnitude: &[u64], lowest: i32, negative: bool) -> Self {
        let Some(top) = magnitude.iter().rposition(|word| *word != 0) else { return Self::normal(negative, 0, 0) };
        let word = |below: usize| u128::from(top.checked_sub(below).map_or(0, |at| magnitude[at]));
        let shift = magnitude[top].leading_zeros();
        let (high, low) = (word(0) << 64 | word(1), word(2) << 64 | word(3));
        let mantissa = if shift == 0 { high } else { high << shift | low >> (128 - shift) };
        // Bits that fell off leave a trace, so that a result just above half way is not taken for half way.
        let lost = low << shift != 0 || magnitude[..top.saturating_sub(3)].iter().any(|word| *word != 0);
        Self { negative, mantissa: mantissa | u128::from(lost), exponent: lowest + (top as i32 - 1) * 64 - shift as i32 }
    }

    /// A float that is a number and not infinite.
    pub fn from_f64(value: f64) -> Self {
        let bits = value.abs().to_bits();
        let (exponent, fraction) = ((bits >> 52) as i32, u128::from(bits & ((1 << 52) - 1)));
        let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
        Self::normal(value.is_sign_negative(), mantissa, exponent.max(1) - 1075)
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// The number divided by an integer that is not zero.
    #[must_use]
    pub fn divided_by(self, divisor: u64) -> Self {
        let (high, low) = ((self.mantissa >> 64) as u64, self.mantissa as u64);
        let rest = u128::from(high % divisor) << 64 | u128::from(low);
        let (lower, rest) = ((rest / u128::from(divisor)), rest % u128::from(divisor));
        let quotient = u128::from(high / divisor) << 64 | lower;
        // The quotient lost as many bits as the divisor has; the remainder gives them back.
        let shift = quotient.leading_zeros().min(63);
        let more = (rest << shift) / u128::from(divisor);
        let lost = !(rest << shift).is_multiple_of(u128::from(divisor));
        Self::normal(self.negative, quotient << shift | more | u128::from(lost), self.exponent - shift as i32)
    }

    /// The square root of a number that is not negative.
    #[must_use]
    pub fn sqrt(self) -> Self {
        let odd = self.exponent & 1;
        let radicand = self.mantissa >> odd;
        let root = radicand.isqrt();
        let lost = root * root != radicand;
        Self::normal(self.negative, root << 1 | u128::from(lost), (self.exponent + odd) / 2 - 1)
    }

    /// The nearest float; infinity if it is too large for one.
    pub fn to_f64(self) -> f64 {
        let words = [self.mantissa as u64, (self.mantissa >> 64) as u64];
        with_sign(round_magnitude(&words, self.exponent, false), self.negative)
    }
}

impl From<u64> for Extended {
    fn from(value: u64) -> Self {
        Self::normal(false, value.into(), 0)
    }
}

impl Mul for Extended {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let halves = |value: u128| (value >> 64, value & u128::from(u64::MAX));
        let ((a1, a0), (b1, b0)) = (halves(self.mantissa), halves(other.mantissa));
        let (middle, low) = halves(a0 * b0);
        let (c1, c0) = halves(a1 * b0);
        let (d1, d0) = halves(a0 * b1);
        let (carry, below) = halves(middle + c0 + d0);
        let high = a1 * b1 + c1 + d1 + carry;
        let (lower, negative) = (below << 64 | low, self.negative != other.negative);
        let exponent = self.exponent + other.exponent + 128;
        let shift = u32::from(high >> 127 == 0);
        let high = if shift == 0 { high } else { high << 1 | lower >> 127 };
        Self::normal(negative, high | u128::from(high != 0 && lower << shift != 0), exponent - shift as i32)
    }
}

impl Div for Extended {
    type Output = Self;

    /// The quotient; the divisor is not zero, and only its upper 64 bits count.
    fn div(self, divisor: Self) -> Self {
        let negative = self.negative != divisor.negative;
        let divisor_high = (divisor.mantissa >> 64) as u64;
        let quotient = self.divided_by(divisor_high);
        Self { negative, exponent: if quotient.is_zero() { 0 } else { quotient.exponent - divisor.exponent - 64 }, ..quotient }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(found: f64, expected: f64) -> bool {
        // Both are rounded once, from values that differ by 2⁻⁶⁰ at most.
        found == expected || (found - expected).abs() <= expected.abs() * f64::EPSILON
    }

    proptest! {
        #[test]
        fn operations_agree_with_the_processor(a in -1e100..1e100_f64, b in 1e-100..1e100_f64, divisor in 1_u64..1 << 53) {
            let (x, y) = (Extended::from_f64(a), Extended::from_f64(b));
            prop_assert_eq!(x.to_f64(), a);
            prop_assert_eq!((x * y).to_f64(), a * b);
            prop_assert_eq!(x.divided_by(divisor).to_f64(), a / divisor as f64);
            prop_assert!(close((x / y).to_f64(), a / b));
            prop_assert_eq!(y.sqrt().to_f64(), b.sqrt());
        }

        #[test]
        fn every_float_is_itself(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(Extended::from_f64(value).to_f64().to_bits(), bits);
        }
    }

    #[test]
    fn exact_results_are_exact() {
        assert_eq!(Extended::from(144).sqrt().to_f64(), 12.0);
        assert_eq!((Extended::from(1) / Extended::from(3) * Extended::from(3)).to_f64(), 1.0);
        assert_eq!(Extended::from(u64::MAX).divided_by(u64::MAX).to_f64(), 1.0);
        assert_eq!(Extended::from_magnitude(&[0, 0, 0, 0, 1], -256, true).to_f64(), -1.0);
        assert_eq!((Extended::ONE * Extended::from(0)).to_f64(), 0.0);
        // Half way, and half way with a hair 300 bits further down.
        assert_eq!(Extended::from_magnitude(&[0, 0, 0, 0, 0, (1 << 53) + 1], -320, false).to_f64(), 9_007_199_254_740_992.0);
        assert_eq!(Extended::from_magnitude(&[1, 0, 0, 0, 0, (1 << 53) + 1], -320, false).to_f64(), 9_007_199_254_740_994.0);
    }
}
