//! Exact sums of products: of x, x², x·y, x³ and so on, in fixed point.
//!
//! A number is its mantissa and a shift; a product of `degree` numbers multiplies the mantissas as integers and adds the shifts. The sum of
//! products of that degree is a two's complement integer of `degree` times as many words as a sum of plain numbers has: three for everyday
//! numbers, thirty-five for all others. 2⁴⁰ additions cannot overflow it.

/// Words of a sum of everyday numbers; those of a sum of products of `degree` numbers are `degree` times as many.
pub const FIXED_WORDS: usize = 3;

/// Words of a sum of any finite numbers.
pub const WIDE_WORDS: usize = 35;

/// A number as an integer: `± mantissa × 2^shift` units, where the unit depends on the type of the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits {
    /// The magnitude.
    pub mantissa: u64,
    /// How far the mantissa's lowest bit is above the unit.
    pub shift: u32,
    /// The sign.
    pub negative: bool,
}

/// A type of numbers whose powers can be summed.
pub trait Number: Copy {
    /// The binary exponent of the unit of everyday numbers.
    const FIXED_LOWEST: i32;

    /// The binary exponent of the unit of all others.
    const WIDE_LOWEST: i32;

    /// The number in units of `2^FIXED_LOWEST`, if it is an everyday one: less than 2¹⁵¹ of them.
    fn fixed(self) -> Option<Digits>;

    /// The number in units of `2^WIDE_LOWEST`, if it is finite.
    fn wide(self) -> Option<Digits>;

    /// The number, if its type is one of whole numbers and 64 bits with a sign hold it.
    fn whole(self) -> Option<i64>;

    /// The nearest float.
    fn float(self) -> f64;
}

impl Number for f64 {
    const FIXED_LOWEST: i32 = super::FixedSum::LOWEST;
    const WIDE_LOWEST: i32 = super::WideSum::LOWEST;

    #[inline(always)]
    fn fixed(self) -> Option<Digits> {
        let bits = self.to_bits();
        let shift = ((bits >> 52) & 0x7ff).wrapping_sub((1075 + Self::FIXED_LOWEST) as u64);
        if shift > super::FixedSum::SHIFT_MAX {
            return (bits << 1 == 0).then_some(Digits { mantissa: 0, shift: 0, negative: false });
        }
        Some(Digits { mantissa: (bits & ((1 << 52) - 1)) | (1 << 52), shift: shift as u32, negative: bits >> 63 == 1 })
    }

    fn wide(self) -> Option<Digits> {
        let bits = self.to_bits();
        let (exponent, fraction) = ((bits >> 52) as u32 & 0x7ff, bits & ((1 << 52) - 1));
        let (mantissa, shift) = if exponent == 0 { (fraction, 0) } else { (fraction | 1 << 52, exponent - 1) };
        self.is_finite().then_some(Digits { mantissa, shift, negative: self < 0.0 })
    }

    #[inline(always)]
    fn whole(self) -> Option<i64> {
        None
    }

    fn float(self) -> f64 {
        self
    }
}

impl Number for i64 {
    const FIXED_LOWEST: i32 = 0;
    const WIDE_LOWEST: i32 = 0;

    #[inline(always)]
    fn fixed(self) -> Option<Digits> {
        Some(Digits { mantissa: self.unsigned_abs(), shift: 0, negative: self < 0 })
    }

    fn wide(self) -> Option<Digits> {
        self.fixed()
    }

    #[inline(always)]
    fn whole(self) -> Option<i64> {
        Some(self)
    }

    fn float(self) -> f64 {
        self as f64
    }
}

impl Number for u64 {
    const FIXED_LOWEST: i32 = 0;
    const WIDE_LOWEST: i32 = 0;

    #[inline(always)]
    fn fixed(self) -> Option<Digits> {
        Some(Digits { mantissa: self, shift: 0, negative: false })
    }

    fn wide(self) -> Option<Digits> {
        self.fixed()
    }

    #[inline(always)]
    fn whole(self) -> Option<i64> {
        i64::try_from(self).ok()
    }

    fn float(self) -> f64 {
        self as f64
    }
}

/// Adds a number to a sum of everyday numbers.
#[inline(always)]
pub fn add_one(sum: &mut [u64], x: Digits) {
    let wide = u128::from(x.mantissa) << (x.shift & 63);
    let (low, high) = (wide as u64, (wide >> 64) as u64);
    let (w0, w1, w2) = if x.shift < 64 { (low, high, 0) } else { (0, low, high) };
    // A negative number is added as its complement plus one.
    let sign = u64::from(x.negative).wrapping_neg();
    let (s0, carry) = carrying(sum[0], w0 ^ sign, sign & 1);
    let (s1, carry) = carrying(sum[1], w1 ^ sign, carry);
    let (s2, _) = carrying(sum[2], w2 ^ sign, carry);
    sum[..FIXED_WORDS].copy_from_slice(&[s0, s1, s2]);
}

/// Adds the product of two everyday numbers to a sum of such products.
#[inline(always)]
pub fn add_two(sum: &mut [u64], x: Digits, y: Digits) {
    let product = u128::from(x.mantissa) * u128::from(y.mantissa);
    let shift = x.shift + y.shift;
    let bits = shift % 64;
    let low = product << bits;
    let top = (product >> 65) as u64 >> (63 - bits);
    add_slice(sum, &[low as u64, (low >> 64) as u64, top], (shift / 64) as usize, x.negative != y.negative);
}

/// Adds the product of up to four numbers to a sum of such products, of any width.
pub fn add_many(sum: &mut [u64], factors: &[Digits]) {
    let mut product = [1, 0, 0, 0, 0];
    for factor in factors {
        let mut carry = 0;
        for word in &mut product {
            let next = u128::from(*word) * u128::from(factor.mantissa) + u128::from(carry);
            (*word, carry) = (next as u64, (next >> 64) as u64);
        }
    }
    let shift: u32 = factors.iter().map(|factor| factor.shift).sum();
    let bits = shift % 64;
    if bits > 0 {
        for at in (0..product.len()).rev() {
            product[at] = product[at] << bits | at.checked_sub(1).map_or(0, |below| product[below] >> (64 - bits));
        }
    }
    let negative = factors.iter().filter(|factor| factor.negative).count() % 2 == 1;
    // The words above the highest one that is not zero are left out: they might lie beyond the sum.
    let len = product.iter().rposition(|word| *word != 0).map_or(0, |top| top + 1);
    add_slice(sum, &product[..len], (shift / 64) as usize, negative);
}

/// Adds a whole number to a sum of such products as it is one.
pub fn add_word(sum: &mut [u64], word: i64) {
    add_slice(sum, &[word.unsigned_abs()], 0, word < 0);
}

/// Adds a sum to another of the same width.
#[inline]
pub fn merge(sum: &mut [u64], other: &[u64]) {
    add_slice(sum, other, 0, false);
}

/// Adds or subtracts words at a place and carries as far as it goes.
#[inline(always)]
fn add_slice(sum: &mut [u64], addend: &[u64], at: usize, negative: bool) {
    let (here, above) = sum[at..].split_at_mut(addend.len());
    let mut carry = false;
    if negative {
        for (word, other) in here.iter_mut().zip(addend) {
            let (value, first) = word.overflowing_sub(*other);
            let (value, second) = value.overflowing_sub(u64::from(carry));
            (*word, carry) = (value, first | second);
        }
        for word in above {
            if !carry {
                break;
            }
            (*word, carry) = word.overflowing_sub(1);
        }
    } else {
        for (word, other) in here.iter_mut().zip(addend) {
            let (value, first) = word.overflowing_add(*other);
            let (value, second) = value.overflowing_add(u64::from(carry));
            (*word, carry) = (value, first | second);
        }
        for word in above {
            if !carry {
                break;
            }
            (*word, carry) = word.overflowing_add(1);
        }
    }
}

#[inline(always)]
fn carrying(a: u64, b: u64, carry: u64) -> (u64, u64) {
    let total = u128::from(a) + u128::from(b) + u128::from(carry);
    (total as u64, (total >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Integer;
    use super::*;

    fn everyday() -> impl Strategy<Value = f64> {
        (-1.0..1.0_f64, -38..58_i32).prop_map(|(mantissa, exponent)| (mantissa + mantissa.signum()) * 2_f64.powi(exponent))
    }

    proptest! {
        #[test]
        fn fixed_and_wide_sums_are_equal(values in prop::collection::vec((everyday(), everyday()), 0..20)) {
            let (mut one, mut two, mut four) = ([0; 3], [0; 6], [0; 12]);
            let (mut wide_one, mut wide_two, mut wide_four) = ([0; 35], [0; 70], [0; 140]);
            for (x, y) in values {
                let (a, b) = (x.fixed().expect("everyday"), y.fixed().expect("everyday"));
                let (c, d) = (x.wide().expect("finite"), y.wide().expect("finite"));
                add_one(&mut one, a);
                add_two(&mut two, a, b);
                add_many(&mut four, &[a, a, a, b]);
                add_many(&mut wide_one, &[c]);
                add_many(&mut wide_two, &[c, d]);
                add_many(&mut wide_four, &[c, c, c, d]);
            }
            let (f, w) = (f64::FIXED_LOWEST, f64::WIDE_LOWEST);
            prop_assert_eq!(Integer::<4>::from_words(&one).extended(f), Integer::<36>::from_words(&wide_one).extended(w));
            prop_assert_eq!(Integer::<8>::from_words(&two).extended(2 * f), Integer::<72>::from_words(&wide_two).extended(2 * w));
            prop_assert_eq!(Integer::<16>::from_words(&four).extended(4 * f), Integer::<144>::from_words(&wide_four).extended(4 * w));
        }

        #[test]
        fn products_of_integers_are_those_of_128_bits(values in prop::collection::vec((any::<i64>(), any::<i64>()), 0..20)) {
            let mut sum = [0; 6];
            let mut expected = Integer::<6>::from(0);
            for (x, y) in values {
                add_two(&mut sum, x.fixed().expect("an integer"), y.fixed().expect("an integer"));
                let product = i128::from(x) * i128::from(y);
                expected = expected + Integer::from_words(&[product as u64, (product >> 64) as u64]);
            }
            prop_assert_eq!(Integer::from_words(&sum), expected);
        }
    }

    #[test]
    fn the_largest_and_smallest_floats_fit() {
        for value in [f64::MAX, -f64::MAX, 5e-324, f64::MIN_POSITIVE, 1.0] {
            let digits = value.wide().expect("finite");
            let mut sum = [0; 140];
            add_many(&mut sum, &[digits; 4]);
            let fourth = Integer::<144>::from_words(&sum).extended(4 * f64::WIDE_LOWEST);
            assert_eq!(fourth.sqrt().sqrt().to_f64(), value.abs());
        }
        assert_eq!(f64::NAN.wide(), None);
        assert_eq!(f64::INFINITY.fixed(), None);
    }
}
