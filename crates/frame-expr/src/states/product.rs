//! Products per group, free of order: the states of `product`.
//!
//! While the odd parts of the mantissas have at most 127 bits together, their product is kept exactly. Behind that the logarithms are
//! summed in fixed point with 63 bits behind the point; whether that happens depends on the values alone, not on their order.

use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, Decimal128Array, Float64Array, Int64Array, PrimitiveArray, UInt32Array, UInt64Array};
use arrow::datatypes::{Float64Type, Int64Type, UInt64Type};
use frame_core::{Error, QueryError, Result};

use super::state;
use crate::aggregates::GroupStates;
use crate::exact::{round_magnitude, with_sign};

/// Significant bits of a product that is kept exactly.
const BITS_MAX: u32 = 127;

/// One, with the point of logarithms and mantissas.
const ONE: u64 = 1 << 63;

const ZERO: u32 = 1;
const INFINITE: u32 = 2;
const NAN: u32 = 4;
const NEGATIVE: u32 = 8;
const SEEN: u32 = 16;

#[derive(Debug, Clone, Copy)]
struct Factors {
    /// The product of the odd parts, while `bits` allows it.
    odd: u128,
    /// The bits of all odd parts together.
    bits: u32,
    /// `ZERO`, `INFINITE`, `NAN`, `SEEN` if there was such a value; `NEGATIVE` if there was an odd number of negative ones.
    flags: u32,
    /// The sum of the exponents that belong to the odd parts.
    exponent: i64,
    /// The sum of the binary logarithms of the odd parts, in units of 2⁻⁶³.
    log: u128,
}

impl Default for Factors {
    fn default() -> Self {
        Self { odd: 1, bits: 0, flags: 0, exponent: 0, log: 0 }
    }
}

/// A number as a product can use it.
pub(crate) trait Factor: Copy {
    /// Whether it is negative, its magnitude as `odd part × 2^exponent`; or flags if it has none.
    fn parts(self) -> (bool, std::result::Result<(u64, i64), u32>);
}

fn odd(magnitude: u64, exponent: i64) -> std::result::Result<(u64, i64), u32> {
    if magnitude == 0 {
        return Err(ZERO);
    }
    let even = magnitude.trailing_zeros();
    Ok((magnitude >> even, exponent + i64::from(even)))
}

impl Factor for i64 {
    fn parts(self) -> (bool, std::result::Result<(u64, i64), u32>) {
        (self < 0, odd(self.unsigned_abs(), 0))
    }
}

impl Factor for u64 {
    fn parts(self) -> (bool, std::result::Result<(u64, i64), u32>) {
        (false, odd(self, 0))
    }
}

impl Factor for f64 {
    fn parts(self) -> (bool, std::result::Result<(u64, i64), u32>) {
        let bits = self.to_bits();
        let (exponent, fraction) = ((bits >> 52) as i64 & 0x7ff, bits & ((1 << 52) - 1));
        let parts = match exponent {
            0x7ff => Err(if fraction == 0 { INFINITE } else { NAN }),
            0 => odd(fraction, -1074),
            _ => odd(fraction | 1 << 52, exponent - 1075),
        };
        (self.is_sign_negative() && !self.is_nan(), parts)
    }
}

/// The binary logarithm of a number ≥ 1 in units of 2⁻⁶³; wrong by less than 2⁻⁵⁶.
///
/// Digit by digit: squaring a number doubles its logarithm, and its next binary digit is whether the square is 2 or more.
fn log2(value: u64) -> u128 {
    let whole = 63 - value.leading_zeros();
    let mut mantissa = value << value.leading_zeros();
    let mut digits = 0_u64;
    for _ in 0..63 {
        let square = u128::from(mantissa) * u128::from(mantissa);
        let is_two = square >> 127 == 1;
        mantissa = (square >> if is_two { 64 } else { 63 }) as u64;
        digits = digits << 1 | u64::from(is_two);
    }
    u128::from(whole) << 63 | u128::from(digits)
}

impl Factors {
    fn multiply(&mut self, value: impl Factor) {
        let (is_negative, parts) = value.parts();
        self.flags = (self.flags ^ if is_negative { NEGATIVE } else { 0 }) | SEEN;
        match parts {
            Err(flag) => self.flags |= flag,
            Ok((1, exponent)) => self.exponent += exponent,
            Ok((odd, exponent)) => {
                self.exponent += exponent;
                self.log += log2(odd);
                self.take(u128::from(odd), 64 - odd.leading_zeros());
            }
        }
    }

    fn take(&mut self, odd: u128, bits: u32) {
        self.bits = self.bits.saturating_add(bits);
        if self.bits <= BITS_MAX {
            self.odd *= odd;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.flags = ((self.flags ^ other.flags) & NEGATIVE) | ((self.flags | other.flags) & !NEGATIVE);
        self.exponent += other.exponent;
        self.log += other.log;
        self.take(other.odd, other.bits);
    }

    fn float(&self) -> Option<f64> {
        let magnitude = match self.flags & (ZERO | INFINITE | NAN) {
            _ if self.flags & SEEN == 0 => return None,
            0 => self.magnitude(),
            ZERO => 0.0,
            INFINITE => f64::INFINITY,
            _ => return Some(f64::NAN),
        };
        Some(with_sign(magnitude, self.flags & NEGATIVE != 0))
    }

    fn magnitude(&self) -> f64 {
        // What lies outside is infinite or zero anyway.
        let exponent = |exponent: i64| exponent.clamp(-100_000, 100_000) as i32;
        if self.bits <= BITS_MAX {
            return round_magnitude(&[self.odd as u64, (self.odd >> 64) as u64], exponent(self.exponent), false);
        }
        let fraction = (self.log as u64 & (ONE - 1)) as f64 / ONE as f64;
        let mantissa = (fraction.exp2() * (1_u64 << 52) as f64) as u64;
        let whole = i64::try_from(self.log >> 63).unwrap_or(i64::MAX);
        round_magnitude(&[mantissa], exponent(self.exponent.saturating_add(whole) - 52), false)
    }

    fn int(&self) -> Result<Option<i64>> {
        if self.flags & SEEN == 0 {
            return Ok(None);
        }
        if self.flags & ZERO != 0 {
            return Ok(Some(0));
        }
        let magnitude = (self.bits <= BITS_MAX && self.exponent < 64).then(|| self.odd.checked_mul(1 << self.exponent)).flatten();
        let signed = magnitude.and_then(|magnitude| i128::try_from(magnitude).ok());
        let signed = signed.map(|value| if self.flags & NEGATIVE != 0 { -value } else { value });
        signed.and_then(|value| i64::try_from(value).ok()).map(Some).ok_or_else(|| {
            Error::new(QueryError::Arithmetic("a product does not fit a 64-bit integer".to_owned()))
                .hint("multiply the column as floats: product(cast(x, float))")
        })
    }
}

pub(crate) struct Product {
    of_ints: bool,
    groups: Vec<Factors>,
}

impl Product {
    /// States whose values are ints or floats.
    pub(crate) fn new(of_ints: bool) -> Self {
        Self { of_ints, groups: Vec::new() }
    }

    fn multiply<T: ArrowPrimitiveType<Native: Factor>>(&mut self, groups: &[u32], values: &PrimitiveArray<T>) {
        for (group, value) in groups.iter().zip(values) {
            if let Some(value) = value {
                self.groups[*group as usize].multiply(value);
            }
        }
    }
}

impl GroupStates for Product {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups, Factors::default());
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        if !self.of_ints {
            self.multiply::<Float64Type>(groups, state(arguments, 0)?);
        } else if let Ok(values) = state::<UInt64Array>(arguments, 0) {
            self.multiply::<UInt64Type>(groups, values);
        } else {
            self.multiply::<Int64Type>(groups, state(arguments, 0)?);
        }
        Ok(())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        let groups = std::mem::take(&mut self.groups);
        let wide = |part: fn(&Factors) -> u128| Arc::new(Decimal128Array::from_iter_values(groups.iter().map(|group| part(group) as i128)));
        let small = |part: fn(&Factors) -> u32| Arc::new(UInt32Array::from_iter_values(groups.iter().map(part)));
        let exponents = Int64Array::from_iter_values(groups.iter().map(|group| group.exponent));
        Ok(vec![
            wide(|group| group.odd),
            small(|group| group.bits),
            small(|group| group.flags),
            Arc::new(exponents),
            wide(|group| group.log),
        ])
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        let (odd, log): (&Decimal128Array, &Decimal128Array) = (state(states, 0)?, state(states, 4)?);
        let (bits, flags): (&UInt32Array, &UInt32Array) = (state(states, 1)?, state(states, 2)?);
        let exponents: &Int64Array = state(states, 3)?;
        for (row, group) in groups.iter().enumerate() {
            self.groups[*group as usize].merge(&Factors {
                odd: odd.value(row) as u128,
                bits: bits.value(row),
                flags: flags.value(row),
                exponent: exponents.value(row),
                log: log.value(row) as u128,
            });
        }
        Ok(())
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        let groups = std::mem::take(&mut self.groups);
        Ok(match self.of_ints {
            true => Arc::new(groups.iter().map(Factors::int).collect::<Result<Int64Array>>()?),
            false => Arc::new(groups.iter().map(Factors::float).collect::<Float64Array>()),
        })
    }

    fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Factors>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn product(values: &[f64]) -> Option<f64> {
        let mut factors = Factors::default();
        values.iter().for_each(|value| factors.multiply(*value));
        factors.float()
    }

    proptest! {
        #[test]
        fn two_factors_are_multiplied_as_floats_are(a: f64, b: f64) {
            let found = product(&[a, b]).unwrap_or(0.0);
            prop_assert!(found.to_bits() == (a * b).to_bits() || found.is_nan() && (a * b).is_nan(), "{} {}", found, a * b);
        }

        #[test]
        fn many_factors_are_near(values in prop::collection::vec(0.5..2.0_f64, 3..40)) {
            let (found, expected) = (product(&values).unwrap_or(0.0), values.iter().product::<f64>());
            prop_assert!((found - expected).abs() <= expected * 1e-14, "{} {}", found, expected);
        }

        #[test]
        fn logarithms_are_near(value in 1_u64..) {
            let found = log2(value) as f64 / ONE as f64;
            prop_assert!((found - (value as f64).log2()).abs() < 1e-14);
        }
    }

    #[test]
    fn special_factors() {
        assert_eq!(product(&[]), None);
        assert_eq!(product(&[2.0, 3.0, -0.5]), Some(-3.0));
        assert_eq!(product(&[f64::INFINITY, -1.0]), Some(f64::NEG_INFINITY));
        assert!(product(&[f64::INFINITY, 0.0]).is_some_and(f64::is_nan));
        assert_eq!(product(&[f64::MAX, 2.0, 0.25]), Some(f64::MAX / 2.0));
        let mut ints = Factors::default();
        [i64::MIN, 1].iter().for_each(|value| ints.multiply(*value));
        assert_eq!(ints.int().expect("a product"), Some(i64::MIN));
        ints.multiply(3_i64);
        assert!(ints.int().is_err());
        ints.multiply(0_i64);
        assert_eq!(ints.int().expect("a product"), Some(0));
    }
}
