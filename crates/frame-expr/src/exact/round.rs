//! The one rounding at the end of an exact sum or mean: to the nearest float, ties to even.

/// The float nearest to `words × 2^lowest`; `words` are two's complement, least significant first.
pub fn round(words: &[u64], lowest: i32) -> f64 {
    let negative = is_negative(words);
    let magnitude = if negative { negated(words) } else { words.to_vec() };
    with_sign(round_magnitude(&magnitude, lowest, false), negative)
}

/// The float nearest to `words × 2^lowest ÷ divisor`, divided without rounding first.
pub fn divide_and_round(words: &[u64], lowest: i32, divisor: u64) -> f64 {
    let negative = is_negative(words);
    let magnitude = if negative { negated(words) } else { words.to_vec() };
    // Two more words below: the quotient then has at least 64 significant bits, and the remainder only breaks ties.
    let mut quotient = vec![0; magnitude.len() + 2];
    let mut remainder = 0_u128;
    for at in (0..quotient.len()).rev() {
        let word = if at >= 2 { magnitude[at - 2] } else { 0 };
        let dividend = remainder << 64 | u128::from(word);
        quotient[at] = (dividend / u128::from(divisor)) as u64;
        remainder = dividend % u128::from(divisor);
    }
    with_sign(round_magnitude(&quotient, lowest - 128, remainder != 0), negative)
}

fn is_negative(words: &[u64]) -> bool {
    words.last().is_some_and(|word| (*word as i64) < 0)
}

pub(crate) fn with_sign(magnitude: f64, negative: bool) -> f64 {
    if negative { -magnitude } else { magnitude }
}

/// The negative of a two's complement number.
pub(super) fn negated(words: &[u64]) -> Vec<u64> {
    let mut carry = true;
    words
        .iter()
        .map(|word| {
            let (value, over) = (!word).overflowing_add(u64::from(carry));
            carry = over;
            value
        })
        .collect()
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
        fn bytes_round_trip(bits in prop::collection::vec(any::<u64>(), 0..8)) {
            let mut sum = WideSum::default();
            bits.into_iter().for_each(|bits| sum.add(f64::from_bits(bits)));
            prop_assert_eq!(WideSum::from_bytes(&sum.to_bytes()), Some(sum));
        }
    }
}
