//! The one rounding at the end of an exact sum or mean: to the nearest float, ties to even.

use std::cmp::Ordering;

/// The float nearest to `words × 2^lowest`; `words` are two's complement, least significant first.
pub fn round(words: &[u64], lowest: i32) -> f64 {
    let Some(number) = Magnitude::of(words) else { return 0.0 };
    // The highest word that is not zero and the next lower one have at least 65 bits; the others only break ties.
    let from = number.top - 1;
    let rounded = round_magnitude(&[number.word(from), number.word(from + 1)], lowest + 64 * from, number.first < from);
    with_sign(rounded, number.negative)
}

/// The float nearest to `words × 2^lowest ÷ divisor`, divided without rounding first.
pub fn divide_and_round(words: &[u64], lowest: i32, divisor: u64) -> f64 {
    const EXACT_MAX: u64 = 1 << 53;
    let Some(number) = Magnitude::of(words) else { return 0.0 };
    if lowest == 0 && number.top == 0 && number.word(0) <= EXACT_MAX && divisor <= EXACT_MAX {
        // Both are floats, and the processor rounds their quotient once.
        return with_sign(number.word(0) as f64 / divisor as f64, number.negative);
    }
    // Three words make a quotient of at least 64 bits; those below them and the remainder only break ties.
    let from = number.top - 2;
    let mut quotient = [0; 3];
    let mut remainder = 0_u128;
    for (at, quotient) in (from..from + 3).zip(&mut quotient).rev() {
        let dividend = remainder << 64 | u128::from(number.word(at));
        *quotient = (dividend / u128::from(divisor)) as u64;
        remainder = dividend % u128::from(divisor);
    }
    with_sign(round_magnitude(&quotient, lowest + 64 * from, remainder != 0 || number.first < from), number.negative)
}

/// A two's complement number as sign and magnitude.
struct Magnitude<'a> {
    words: &'a [u64],
    negative: bool,
    /// The lowest word that is not zero, and the highest one of the magnitude.
    first: i32,
    top: i32,
}

impl<'a> Magnitude<'a> {
    /// `None` for zero.
    fn of(words: &'a [u64]) -> Option<Self> {
        let first = words.iter().position(|word| *word != 0)? as i32;
        let negative = words.last().is_some_and(|word| (*word as i64) < 0);
        let mut number = Self { words, negative, first, top: words.len() as i32 - 1 };
        while number.word(number.top) == 0 {
            number.top -= 1;
        }
        Some(number)
    }

    /// A word of the magnitude; there are zeros below the lowest.
    fn word(&self, at: i32) -> u64 {
        let word = usize::try_from(at).map_or(0, |at| self.words[at]);
        match at.cmp(&self.first) {
            Ordering::Less => 0,
            _ if !self.negative => word,
            Ordering::Equal => word.wrapping_neg(),
            Ordering::Greater => !word,
        }
    }
}

pub(crate) fn with_sign(magnitude: f64, negative: bool) -> f64 {
    if negative { -magnitude } else { magnitude }
}

/// Rounds an unsigned number; `more` says that something non-zero lies below its lowest bit.
pub(crate) fn round_magnitude(words: &[u64], lowest: i32, more: bool) -> f64 {
    let Some(top) = words.iter().rposition(|word| *word != 0) else { return 0.0 };
    let leading = top as i32 * 64 + 63 - words[top].leading_zeros() as i32;
    // The weight of the last bit of the result: 52 below the leading one, or that of the smallest subnormal.
    let last = (leading + lowest - 52).max(-1074);
    let drop = last - lowest;
    let mantissa = if drop <= 0 {
        words[0] << -drop
    } else {
        let kept = bits_from(words, drop as usize);
        let half = bit(words, drop as usize - 1);
        let below = more || any_below(words, drop as usize - 1);
        kept + u64::from(half && (below || kept & 1 == 1))
    };
    assemble(mantissa, last)
}

/// `mantissa × 2^last` for a mantissa of at most 2⁵³.
fn assemble(mantissa: u64, last: i32) -> f64 {
    let (mantissa, last) = if mantissa == 1 << 53 { (1 << 52, last + 1) } else { (mantissa, last) };
    if mantissa < 1 << 52 {
        return f64::from_bits(mantissa); // subnormal: last is −1074
    }
    match last + 1075 {
        exponent @ 1..2047 => f64::from_bits((exponent as u64) << 52 | (mantissa & ((1 << 52) - 1))),
        _ => f64::INFINITY,
    }
}

fn bit(words: &[u64], at: usize) -> bool {
    words.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
}

/// The bits from `at` upwards; they fit one word.
fn bits_from(words: &[u64], at: usize) -> u64 {
    let word = |index: usize| u128::from(words.get(index).copied().unwrap_or(0));
    ((word(at / 64) | word(at / 64 + 1) << 64) >> (at % 64)) as u64
}

fn any_below(words: &[u64], at: usize) -> bool {
    let whole = (at / 64).min(words.len());
    words[..whole].iter().any(|word| *word != 0) || words.get(at / 64).is_some_and(|word| word & ((1 << (at % 64)) - 1) != 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{FixedSum, WideSum};
    use super::*;

    /// The sum by both accumulators; they must agree where both apply.
    fn sums(values: &[f64]) -> f64 {
        let (mut wide, mut fixed, mut rest) = (WideSum::default(), FixedSum::default(), WideSum::default());
        for value in values {
            wide.add(*value);
            if !fixed.add(*value) {
                rest.add(*value);
            }
        }
        rest.add_fixed(fixed);
        assert_eq!(wide.finish().map_err(f64::to_bits), rest.finish().map_err(f64::to_bits));
        wide.finish().map_or_else(|special| special, |words| round(words, WideSum::LOWEST))
    }

    /// The quotient by long division: 54 bits from the first one on, and whether anything is left.
    fn divided_bit_by_bit(sum: i128, divisor: u64) -> f64 {
        let (mut rest, divisor) = (sum.unsigned_abs(), u128::from(divisor));
        if rest == 0 {
            return 0.0;
        }
        // Scaled so that the whole part has 54 bits and what is left stays below the divisor.
        let (mut whole, mut exponent) = (rest / divisor, 0);
        rest %= divisor;
        while whole < 1 << 53 {
            rest <<= 1;
            whole = (whole << 1) | (rest / divisor);
            rest %= divisor;
            exponent -= 1;
        }
        let mut more = rest != 0;
        while whole >= 1 << 54 {
            more |= whole & 1 == 1;
            whole >>= 1;
            exponent += 1;
        }
        let rounds_up = whole & 1 == 1 && (more || whole & 2 == 2);
        let rounded = ((whole >> 1) + u128::from(rounds_up)) as f64 * 2_f64.powi(exponent + 1);
        if sum < 0 { -rounded } else { rounded }
    }

    #[test]
    fn known_sums() {
        assert_eq!(sums(&[1e308, 1e308, -1e308, -1e308, 5e-324]), 5e-324);
        assert_eq!(sums(&[0.1; 10]), 1.0);
        assert_eq!(sums(&[1.0, 1e100, 1.0, -1e100]), 2.0);
        assert_eq!(sums(&[f64::MAX, f64::MAX]), f64::INFINITY);
        assert_eq!(sums(&[-0.0]).to_bits(), 0);
        assert!(sums(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert_eq!(sums(&[f64::NEG_INFINITY, 1.0]), f64::NEG_INFINITY);
        // Half an ulp above one, then a hair more: rounds up only with the hair.
        assert_eq!(sums(&[1.0, f64::EPSILON / 2.0]), 1.0);
        assert_eq!(sums(&[1.0, f64::EPSILON / 2.0, 5e-324]), 1.0 + f64::EPSILON);
    }

    proptest! {
        #[test]
        fn one_float_is_itself(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(!value.is_nan() && value != 0.0);
            prop_assert_eq!(sums(&[value]).to_bits(), bits);
        }

        #[test]
        fn integers_are_summed_as_integers(values in prop::collection::vec(-(1_i64 << 52)..1 << 52, 0..200)) {
            let total: i128 = values.iter().map(|value| i128::from(*value)).sum();
            let floats: Vec<f64> = values.iter().map(|value| *value as f64).collect();
            prop_assert_eq!(sums(&floats), total as f64);
        }

        #[test]
        fn order_does_not_matter(bits in prop::collection::vec(any::<u64>(), 1..50)) {
            let mut values: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
            let forward = sums(&values);
            values.reverse();
            prop_assert_eq!(forward.to_bits(), sums(&values).to_bits());
        }

        #[test]
        fn two_floats_round_like_the_processor(a: f64, b: f64) {
            let sum = a + b;
            prop_assume!(sum != 0.0);
            prop_assert!(sum.is_nan() && sums(&[a, b]).is_nan() || sums(&[a, b]).to_bits() == sum.to_bits());
        }

        #[test]
        fn means_are_rounded_once(a in -1_000_000_000_000_i64..1_000_000_000_000, count in 1_u64..1 << 40) {
            // An integer below 2^53 divided by another: the processor rounds the quotient once, too.
            let mut wide = WideSum::default();
            wide.add(a as f64);
            let words = wide.finish().expect("finite");
            prop_assert_eq!(divide_and_round(words, WideSum::LOWEST, count), a as f64 / count as f64);
        }

        #[test]
        fn whole_means_are_rounded_once(sum: i128, shift in 0_u32..128, zeros in 0_u32..128, divisor in 1_u64.., narrow in 0_u32..64) {
            let (sum, divisor) = ((sum >> shift) << zeros, (divisor >> narrow).max(1));
            let words = [sum as u64, (sum >> 64) as u64, (sum >> 127) as u64];
            let mean = divide_and_round(&words, 0, divisor);
            prop_assert_eq!(round(&words, 0).to_bits(), (sum as f64).to_bits());
            prop_assert_eq!(mean.to_bits(), divided_bit_by_bit(sum, divisor).to_bits(), "{} / {}", sum, divisor);
            // A power of two moves nothing across the place of the rounding.
            prop_assert_eq!(divide_and_round(&words, -7, divisor), mean / 128.0);
        }

        #[test]
        fn bytes_round_trip(bits in prop::collection::vec(any::<u64>(), 0..8)) {
            let mut sum = WideSum::default();
            bits.into_iter().for_each(|bits| sum.add(f64::from_bits(bits)));
            prop_assert_eq!(WideSum::from_bytes(&sum.to_bytes()), Some(sum));
        }
    }
}
