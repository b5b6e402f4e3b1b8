//! Sums of powers and products of small whole numbers, in one word for each term. They take a fifth of the memory that sums of any numbers
//! do, so those of ten thousand groups stay in the cache beside the core, and a term is one multiplication and one addition.

/// Bits of the largest term of a row.
const TERM_BITS: u32 = 52;

/// So many terms fit into a word together, whatever they are.
const ROWS_MAX: u64 = 1 << (62 - TERM_BITS);

/// The sums of up to [`ROWS_MAX`] rows; `T` is an array of words, one for each term.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SmallSums<T> {
    pub(super) count: u64,
    pub(super) terms: T,
}

impl<T: AsMut<[i64]>> SmallSums<T> {
    /// Adds x^i · y^j for each of the terms (i, j), of numbers up to [`largest`]; gives whether no more rows go in.
    #[inline(always)]
    pub(super) fn add(&mut self, terms: &[(usize, usize)], x: i64, y: i64) -> bool {
        for (sum, (i, j)) in self.terms.as_mut().iter_mut().zip(terms) {
            *sum += power(x, *i) * power(y, *j);
        }
        self.count += 1;
        self.count == ROWS_MAX
    }
}

/// The largest magnitude of a number whose terms are small.
pub(super) const fn largest(terms: &[(usize, usize)]) -> u64 {
    let (mut degree, mut at) = (1, 0);
    while at < terms.len() {
        let factors = (terms[at].0 + terms[at].1) as u32;
        degree = if factors > degree { factors } else { degree };
        at += 1;
    }
    1 << (TERM_BITS / degree)
}

#[inline(always)]
fn power(x: i64, exponent: usize) -> i64 {
    match exponent {
        0 => 1,
        1 => x,
        2 => x * x,
        3 => x * x * x,
        _ => x.pow(exponent as u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_rows_fit_as_may_come() {
        let terms = [(1, 0), (0, 1), (1, 1), (2, 0), (0, 2)];
        for (terms, bits) in [(&terms[..], 26), (&[(1, 0), (2, 0), (3, 0), (4, 0)], 13), (&[(1, 0)], 52)] {
            assert_eq!(largest(terms), 1 << bits);
            let mut sums = SmallSums::<[i64; 5]>::default();
            let x = -(1 << bits);
            while !sums.add(terms, x, x) {}
            assert_eq!(sums.count, ROWS_MAX);
            for (sum, (i, j)) in sums.terms.iter().zip(terms) {
                assert_eq!(i128::from(*sum), i128::from(x).pow((i + j) as u32) * i128::from(ROWS_MAX));
            }
        }
    }
}
