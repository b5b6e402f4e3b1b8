//! Exact numbers: big integers, and their quotients and roots as the nearest floats. Rounding happens once, to even.

use num_bigint::{BigInt, BigUint, Sign};

/// Every float is a multiple of 2 to this power.
pub(super) const LOWEST: i64 = -1074;

/// More bits than a float has, so that what lies below them only breaks ties.
const ENOUGH_BITS: i64 = 70;

/// A finite float as a multiple of 2^[`LOWEST`].
pub(super) fn of_float(value: f64) -> BigInt {
    let bits = value.to_bits();
    let (exponent, fraction) = (bits >> 52 & 0x7ff, bits & ((1 << 52) - 1));
    let magnitude = match exponent {
        0 => BigUint::from(fraction),
        _ => BigUint::from(fraction | 1 << 52) << (exponent - 1),
    };
    BigInt::from_biguint(if value.is_sign_negative() { Sign::Minus } else { Sign::Plus }, magnitude)
}

/// An integer as a multiple of 2^[`LOWEST`].
pub(super) fn of_int(value: i64) -> BigInt {
    BigInt::from(value) << -LOWEST
}

/// The float nearest to `numerator ÷ denominator × 2^scale`.
pub(super) fn quotient(numerator: &BigInt, denominator: u64, scale: i64) -> f64 {
    let (quotient, scale, more) = divided(numerator.magnitude(), denominator, scale, ENOUGH_BITS);
    let size = nearest(quotient, scale, more);
    if numerator.sign() == Sign::Minus { -size } else { size }
}

/// The float nearest to the square root of `numerator ÷ denominator × 2^scale`, which is not negative.
pub(super) fn root(numerator: &BigInt, denominator: u64, scale: i64) -> f64 {
    let (quotient, scale, mut more) = divided(numerator.magnitude(), denominator, scale, 2 * ENOUGH_BITS);
    let root = quotient.sqrt();
    more |= &root * &root != quotient;
    nearest(root, scale / 2, more)
}

/// A quotient of at least so many bits with an even scale, and whether there is a rest.
fn divided(numerator: &BigUint, denominator: u64, scale: i64, bits: i64) -> (BigUint, i64, bool) {
    let missing = (bits + 64 - numerator.bits() as i64).max(0);
    let shift = missing + (scale - missing).rem_euclid(2);
    let dividend = numerator << shift;
    let quotient = &dividend / denominator;
    let more = &quotient * denominator != dividend;
    (quotient, scale - shift, more)
}

/// The float nearest to `number × 2^scale`, or to a little more than that.
fn nearest(number: BigUint, scale: i64, more: bool) -> f64 {
    if number == BigUint::ZERO && !more {
        return 0.0;
    }
    // One more bit stands for what is left over.
    let (number, scale) = ((number << 1_u32) + u32::from(more), scale - 1);
    let last = (number.bits() as i64 + scale - 53).max(LOWEST);
    let dropped = last - scale;
    let mantissa = if dropped <= 0 {
        number << -dropped
    } else {
        let kept = &number >> dropped;
        let rest = number - (&kept << dropped);
        let half = BigUint::from(1_u32) << (dropped - 1);
        let is_up = rest > half || rest == half && kept.bit(0);
        kept + u32::from(is_up)
    };
    let mantissa = u64::try_from(mantissa).expect("53 bits and at most one more") as f64;
    if last > 1023 { f64::INFINITY } else { mantissa * power_of_two(last) }
}

fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(if exponent < -1022 { 1 << (exponent - LOWEST) } else { ((exponent + 1023) as u64) << 52 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sums_quotients_and_roots_are_those_of_the_processor(a: f64, b: f64, int in 0..1_i64 << 53, divisor in 1..1_u64 << 53) {
            prop_assume!(a + b != 0.0);
            prop_assert_eq!(quotient(&(of_float(a) + of_float(b)), 1, LOWEST), a + b);
            prop_assert_eq!(quotient(&of_int(-int), divisor, LOWEST), -int as f64 / divisor as f64);
            prop_assert_eq!(root(&of_float(a.abs()), 1, LOWEST), a.abs().sqrt());
        }
    }

    #[test]
    fn bounds() {
        assert_eq!(quotient(&(of_float(f64::MAX) * 2), 1, LOWEST), f64::INFINITY);
        assert_eq!(quotient(&of_float(5e-324), 2, LOWEST), 0.0);
        assert_eq!(quotient(&(of_float(5e-324) * 3), 2, LOWEST), 1e-323);
        assert_eq!(quotient(&(of_float(1.0) + of_float(f64::EPSILON / 2.0)), 1, LOWEST), 1.0);
        assert_eq!(root(&of_float(5e-324), 1, LOWEST), 5e-324_f64.sqrt());
    }
}
