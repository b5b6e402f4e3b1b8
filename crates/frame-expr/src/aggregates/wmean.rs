//! `wmean`: the mean of one argument, weighted with another.

use std::ops::RangeInclusive;

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, numeric};
use crate::exact::Integer;
use crate::exact::power::{Digits, add_one, add_two};
use crate::states::Statistic;

/// `wmean(x, w)`: Σxw ÷ Σw over the rows where neither is null, exact and rounded once. Null if there is no row; NaN or infinite if the weights
/// add up to zero.
#[derive(Debug)]
pub(super) struct WeightedMean;

impl AggregateFunction for WeightedMean {
    fn name(&self) -> &'static str {
        "wmean"
    }

    fn help(&self) -> &'static str {
        "The mean of the first argument weighted with the second, over the rows where neither is null; null if there is none."
    }

    fn example(&self) -> &'static str {
        "wmean(value, id)"
    }

    fn arguments(&self) -> RangeInclusive<usize> {
        2..=2
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        numeric::statistic(Weighted, self.name(), arguments)
    }
}

/// What is computed from the sums of w and x · w.
#[derive(Debug, Clone, Copy)]
struct Weighted;

impl Statistic for Weighted {
    const TERMS: &'static [(usize, usize)] = &[(0, 1), (1, 1)];

    type Words = [u64; 9];

    type Small = [i64; 2];

    #[inline(always)]
    fn add(words: &mut [u64; 9], x: Digits, y: Digits) {
        add_one(&mut words[..3], y);
        add_two(&mut words[3..], x, y);
    }

    fn value<const WORDS: usize>(self, count: u64, terms: &[Integer<WORDS>], lowest: [i32; 2]) -> Option<f64> {
        let weights = terms[0].extended(lowest[1]);
        let products = terms[1].extended(lowest[0] + lowest[1]);
        match weights.is_zero() {
            _ if count == 0 => None,
            true => Some(products.to_f64() / 0.0),
            false => Some((products / weights).to_f64()),
        }
    }

    fn special(self, _: u64, terms: &[f64]) -> Option<f64> {
        Some(terms[1] / terms[0])
    }
}
