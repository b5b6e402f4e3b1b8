//! `var`: the sample variance of the values that are not null.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, numeric};
use crate::exact::Integer;
use crate::exact::power::{Digits, add_one, add_two};
use crate::states::Statistic;

/// `var x`: divided by n − 1, exact and rounded once. Null for fewer than two values; NaN if one is NaN or infinite.
#[derive(Debug)]
pub(super) struct Var;

impl AggregateFunction for Var {
    fn name(&self) -> &'static str {
        "var"
    }

    fn help(&self) -> &'static str {
        "The sample variance (n − 1) of the values that are not null; null for fewer than two."
    }

    fn example(&self) -> &'static str {
        "var value"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        numeric::statistic(Spread::Variance, self.name(), arguments)
    }
}

/// What is computed from the sums of x and x².
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spread {
    /// The variance.
    Variance,
    /// Its square root.
    Deviation,
}

impl Statistic for Spread {
    const TERMS: &'static [(usize, usize)] = &[(1, 0), (2, 0)];

    type Words = [u64; 9];

    type Small = [i64; 2];

    #[inline(always)]
    fn add(words: &mut [u64; 9], x: Digits, _: Digits) {
        add_one(&mut words[..3], x);
        add_two(&mut words[3..], x, x);
    }

    /// (n · Σx² − (Σx)²) ÷ n ÷ (n − 1).
    fn value<const WORDS: usize>(self, count: u64, terms: &[Integer<WORDS>], lowest: [i32; 2]) -> Option<f64> {
        if count < 2 {
            return None;
        }
        let squares = terms[1] * count - terms[0] * terms[0];
        let variance = squares.extended(2 * lowest[0]).divided_by(count).divided_by(count - 1);
        Some(match self {
            Self::Variance => variance.to_f64(),
            Self::Deviation => variance.sqrt().to_f64(),
        })
    }

    fn special(self, count: u64, _: &[f64]) -> Option<f64> {
        (count >= 2).then_some(f64::NAN)
    }
}
