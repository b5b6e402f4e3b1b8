//! Floats that are not too far apart as two parts, whose sums are exact as floats.
//!
//! Adding a large number and taking it away again rounds a float to a multiple of a power of two, and what that leaves of it is a float too
//! (`ExtractScalar` of Rump, Ogita and Oishi, "Accurate floating-point summation, part I", SIAM J. Sci. Comput. 31, 2008). If the least
//! bits of some thousand floats are not too far from their largest ones, their high parts add up in 53 bits, and so do their low parts.

use super::FixedSum;

/// Where floats are split, and which ones are.
#[derive(Debug, Clone, Copy)]
pub struct Split {
    /// The bits of the least magnitude, and how many magnitudes there are from it on.
    least: u64,
    magnitudes: u64,
    /// 1.5 · 2^(52 + `unit`): floats of its size are multiples of 2^`unit`.
    rounder: f64,
    /// The binary exponent of what high parts are multiples of.
    unit: i32,
}

/// Bits of the number of floats whose parts add up.
const TERM_BITS: i32 = 13;

/// Bits of a float.
const BITS: i32 = f64::MANTISSA_DIGITS as i32;

/// A high part is below 2^(`unit` + `HIGH_BITS`), so that sums of them are below 2^(`unit` + 53).
const HIGH_BITS: i32 = BITS - TERM_BITS;

/// A low part is a multiple of 2^(`unit` − `LOW_BITS`) and at most half a unit, so that sums of them are at most 2^53 such multiples.
const LOW_BITS: i32 = BITS - TERM_BITS + 1;

impl Split {
    /// The parts of so many floats add up without rounding.
    pub const TERMS: usize = 1 << TERM_BITS;

    /// A split for floats whose largest magnitude is about this one; `None` if such sums are too large or too small for a [`FixedSum`].
    pub fn around(largest: f64) -> Option<Self> {
        let exponent = ((largest.to_bits() >> (BITS - 1)) & 0x7ff) as i32 - 1023;
        // Twice as large ones fit as well.
        let unit = exponent + 2 - HIGH_BITS;
        let fits = FixedSum::LOWEST + LOW_BITS..=FixedSum::LOWEST + FixedSum::SHIFT_MAX as i32 - TERM_BITS;
        // The last bit of a float weighs 2^(exponent − 52).
        let (least, most) = (unit - LOW_BITS + BITS - 1, unit + HIGH_BITS);
        fits.contains(&unit).then(|| Self {
            least: power_of_two(least).to_bits(),
            magnitudes: power_of_two(most).to_bits() - power_of_two(least).to_bits(),
            rounder: 1.5 * power_of_two(unit + BITS - 1),
            unit,
        })
    }

    /// Whether a float may be split.
    #[inline(always)]
    pub fn takes(&self, value: f64) -> bool {
        let magnitude = value.abs().to_bits();
        (magnitude.wrapping_sub(self.least) < self.magnitudes) | (magnitude == 0)
    }

    /// The high and the low part of a float that [`Split::takes`].
    #[inline(always)]
    pub fn parts(&self, value: f64) -> (f64, f64) {
        let high = (value + self.rounder) - self.rounder;
        (high, value - high)
    }

    /// Adds the sums of the high and of the low parts of at most [`Split::TERMS`] floats.
    #[inline]
    pub fn add_parts(&self, sum: &mut FixedSum, high: f64, low: f64) {
        let above = |exponent: i32| (exponent - FixedSum::LOWEST) as u64;
        sum.add_units((high * power_of_two(-self.unit)) as i64, above(self.unit));
        sum.add_units((low * power_of_two(LOW_BITS - self.unit)) as i64, above(self.unit - LOW_BITS));
    }
}

/// 2^`exponent`, for exponents of floats that are not subnormal.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << (BITS - 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Adds floats in both ways.
    fn check(largest: f64, values: &[f64]) {
        let split = Split::around(largest).expect("everyday floats");
        let (mut sum, mut expected, mut high, mut low, mut terms) = (FixedSum::default(), FixedSum::default(), 0.0, 0.0, 0);
        for value in values {
            assert!(expected.add(*value));
            if !split.takes(*value) {
                assert!(sum.add(*value));
                continue;
            }
            let parts = split.parts(*value);
            (high, low, terms) = (high + parts.0, low + parts.1, terms + 1);
            if terms == Split::TERMS {
                split.add_parts(&mut sum, high, low);
                (high, low, terms) = (0.0, 0.0, 0);
            }
        }
        split.add_parts(&mut sum, high, low);
        assert_eq!(sum, expected, "{largest} {values:?}");
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_floats(
            largest in -11_i32..31,
            values in prop::collection::vec((any::<u64>(), 0_u64..31, any::<bool>()), 0..300),
        ) {
            let largest = power_of_two(largest);
            let float = |(bits, below, zero): &(u64, u64, bool)| {
                let exponent = (largest.to_bits() >> 52) + 2 - below;
                f64::from_bits(bits & (1 << 63) | exponent << 52 | if *zero { 0 } else { bits & ((1 << 52) - 1) })
            };
            check(largest, &values.iter().map(float).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_most_terms_of_the_largest_and_the_least_magnitudes() {
        for exponent in [-11, 0, 9, 30] {
            let largest = power_of_two(exponent);
            let split = Split::around(largest).expect("everyday floats");
            let most = f64::from_bits(split.least + split.magnitudes - 1);
            let (least, odd) = (f64::from_bits(split.least), f64::from_bits(split.least + 1));
            assert!([most, least, odd, 0.0, -0.0, -most].iter().all(|value| split.takes(*value)));
            assert!(![2.0 * most, least / 2.0, f64::NAN, f64::INFINITY, 5e-324].iter().any(|value| split.takes(*value)));
            // The most of a high part, of a low part, and of both.
            let half = most - power_of_two(split.unit - 1);
            for value in [most, -most, least, odd, -odd, half, power_of_two(split.unit - 1) + least, largest] {
                check(largest, &[value; 2 * Split::TERMS + 5]);
            }
        }
        assert!(Split::around(f64::MAX).is_none() && Split::around(0.0).is_none() && Split::around(f64::NAN).is_none());
    }
}
