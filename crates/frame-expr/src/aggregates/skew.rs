//! `skew`: the sample skewness of the values that are not null.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, numeric};
use crate::exact::power::{Digits, add_many};
use crate::exact::{Extended, Integer};
use crate::states::Statistic;

/// `skew x`: corrected for bias, as pandas defines it; 0 if the values do not vary. Null for fewer than three values; NaN if one is NaN or
/// infinite.
#[derive(Debug)]
pub(super) struct Skew;

impl AggregateFunction for Skew {
    fn name(&self) -> &'static str {
        "skew"
    }

    fn help(&self) -> &'static str {
        "The skewness of the values that are not null, corrected for bias; null for fewer than three."
    }

    fn example(&self) -> &'static str {
        "skew value"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        numeric::statistic(Shape::Skewness, self.name(), arguments)
    }
}

/// What is computed from the sums of x, x², x³ and x⁴.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// How far the values lean to one side.
    Skewness,
    /// How heavy the tails are.
    Kurtosis,
}

impl Statistic for Shape {
    const TERMS: &'static [(usize, usize)] = &[(1, 0), (2, 0), (3, 0), (4, 0)];

    type Words = [u64; 30];

    type Small = [i64; 4];

    fn add(words: &mut [u64; 30], x: Digits, _: Digits) {
        add_many(&mut words[..3], &[x]);
        add_many(&mut words[3..9], &[x; 2]);
        add_many(&mut words[9..18], &[x; 3]);
        add_many(&mut words[18..], &[x; 4]);
    }

    /// With the central moments times powers of n as integers: whatever the unit is, it cancels.
    fn value<const WORDS: usize>(self, n: u64, terms: &[Integer<WORDS>], _: [i32; 2]) -> Option<f64> {
        let [x, xx, xxx, xxxx] = [terms[0], terms[1], terms[2], terms[3]];
        if n < 3 || n < 4 && matches!(self, Self::Kurtosis) {
            return None;
        }
        // n² times the second moment.
        let second = xx * n - x * x;
        if second.is_zero() {
            return Some(0.0);
        }
        let unit = second.extended(0);
        Some(match self {
            Self::Skewness => {
                // n³ times the third moment.
                let third = xxx * n * n - x * xx * n * 3 + x * x * x * 2;
                let bias = (Extended::from(n) * Extended::from(n - 1) / (unit * unit * unit)).sqrt();
                (third.extended(0) * bias).divided_by(n - 2).to_f64()
            }
            Self::Kurtosis => {
                // n⁴ times the fourth moment.
                let fourth = xxxx * n * n * n - x * xxx * n * n * 4 + x * x * xx * n * 6 - x * x * x * x * 3;
                let excess = fourth * (n + 1) - second * second * (n - 1) * 3;
                let bias = Extended::from(n - 1).divided_by(n - 2).divided_by(n - 3);
                (excess.extended(0) / (unit * unit) * bias).to_f64()
            }
        })
    }

    fn special(self, n: u64, _: &[f64]) -> Option<f64> {
        (n >= 4 || n == 3 && matches!(self, Self::Skewness)).then_some(f64::NAN)
    }
}
