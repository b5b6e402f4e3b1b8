//! Integers of a fixed number of words: what exact sums are combined in. They do not grow; the caller chooses enough words.

use std::ops::{Add, Mul, Sub};

use super::Extended;

/// A two's complement integer of `WORDS` words of 64 bits, least significant first. What does not fit is lost, as in wrapping arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Integer<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> Integer<WORDS> {
    /// The number with these two's complement words.
    pub fn from_words(words: &[u64]) -> Self {
        let sign = if words.last().is_some_and(|word| (*word as i64) < 0) { u64::MAX } else { 0 };
        Self(std::array::from_fn(|at| words.get(at).copied().unwrap_or(sign)))
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The number times `2^bits`.
    #[must_use]
    pub fn shifted(self, bits: usize) -> Self {
        let (words, bits) = (bits / 64, bits % 64);
        let word = |at: usize, below: usize| at.checked_sub(words + below).map_or(0, |from| self.0[from]);
        Self(std::array::from_fn(|at| word(at, 0) << bits | if bits == 0 { 0 } else { word(at, 1) >> (64 - bits) }))
    }

    /// The number times `2^lowest`, to 128 significant bits.
    pub fn extended(&self, lowest: i32) -> Extended {
        let negative = self.0.last().is_some_and(|word| (*word as i64) < 0);
        let magnitude = if negative { Self([0; WORDS]) - *self } else { *self };
        Extended::from_magnitude(&magnitude.0, lowest, negative)
    }
}

impl<const WORDS: usize> From<u64> for Integer<WORDS> {
    fn from(value: u64) -> Self {
        Self::from_words(&[value, 0])
    }
}

impl<const WORDS: usize> Add for Integer<WORDS> {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        let mut carry = false;
        for (word, addend) in self.0.iter_mut().zip(other.0) {
            let (value, first) = word.overflowing_add(addend);
            let (value, second) = value.overflowing_add(u64::from(carry));
            carry = first || second;
            *word = value;
        }
        self
    }
}

impl<const WORDS: usize> Sub for Integer<WORDS> {
    type Output = Self;

    fn sub(mut self, other: Self) -> Self {
        let mut borrow = false;
        for (word, subtrahend) in self.0.iter_mut().zip(other.0) {
            let (value, first) = word.overflowing_sub(subtrahend);
            let (value, second) = value.overflowing_sub(u64::from(borrow));
            borrow = first || second;
            *word = value;
        }
        self
    }
}

impl<const WORDS: usize> Mul for Integer<WORDS> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let mut product = [0; WORDS];
        for (at, a) in self.0.iter().enumerate().filter(|(_, a)| **a != 0) {
            let mut carry = 0;
            for (word, b) in product[at..].iter_mut().zip(other.0) {
                let sum = u128::from(*a) * u128::from(b) + u128::from(*word) + u128::from(carry);
                (*word, carry) = (sum as u64, (sum >> 64) as u64);
            }
        }
        Self(product)
    }
}

impl<const WORDS: usize> Mul<u64> for Integer<WORDS> {
    type Output = Self;

    fn mul(mut self, factor: u64) -> Self {
        let mut carry = 0;
        for word in &mut self.0 {
            let product = u128::from(*word) * u128::from(factor) + u128::from(carry);
            (*word, carry) = (product as u64, (product >> 64) as u64);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(value: i128) -> Integer<3> {
        Integer::from_words(&[value as u64, (value >> 64) as u64])
    }

    proptest! {
        #[test]
        fn small_numbers_are_computed_as_by_the_processor(a in -(1_i128 << 60)..1 << 60, b in -(1_i128 << 60)..1 << 60, factor in 0_u64..1 << 60) {
            prop_assert_eq!(of(a) + of(b), of(a + b));
            prop_assert_eq!(of(a) - of(b), of(a - b));
            prop_assert_eq!(of(a) * of(b), of(a * b));
            prop_assert_eq!(of(a) * factor, of(a * i128::from(factor)));
            prop_assert_eq!(of(a).shifted(67), of(a) * (1 << 40) * (1 << 27));
            prop_assert_eq!(of(a).extended(0).to_f64(), a as f64);
        }

        #[test]
        fn products_wider_than_a_word_distribute(a: i128, b in -(1_i128 << 40)..1 << 40, c in -(1_i128 << 40)..1 << 40) {
            prop_assert_eq!(of(a) * (of(b) + of(c)), of(a) * of(b) + of(a) * of(c));
            prop_assert_eq!((of(a) - of(a)).is_zero(), true);
        }
    }
}
