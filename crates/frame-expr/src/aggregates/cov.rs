//! `cov`: the sample covariance of two arguments.

use std::ops::RangeInclusive;

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, numeric};
use crate::exact::Integer;
use crate::exact::power::{Digits, add_one, add_two};
use crate::states::Statistic;

/// `cov(x, y)`: divided by n − 1, over the rows where neither is null, exact and rounded once. Null for fewer than two rows; NaN if a value is
/// NaN or infinite.
#[derive(Debug)]
pub(super) struct Cov;

impl AggregateFunction for Cov {
    fn name(&self) -> &'static str {
        "cov"
    }

    fn help(&self) -> &'static str {
        "The sample covariance (n − 1) of the rows where neither argument is null; null for fewer than two."
    }

    fn example(&self) -> &'static str {
        "cov(id, value)"
    }

    fn arguments(&self) -> RangeInclusive<usize> {
        2..=2
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        numeric::statistic(Covariance, self.name(), arguments)
    }
}

/// What is computed from the sums of x, y and x · y.
#[derive(Debug, Clone, Copy)]
struct Covariance;

impl Statistic for Covariance {
    const TERMS: &'static [(usize, usize)] = &[(1, 0), (0, 1), (1, 1)];

    type Words = [u64; 12];

    type Small = [i64; 3];

    #[inline(always)]
    fn add(words: &mut [u64; 12], x: Digits, y: Digits) {
        add_one(&mut words[..3], x);
        add_one(&mut words[3..6], y);
        add_two(&mut words[6..], x, y);
    }

    /// (n · Σxy − Σx · Σy) ÷ n ÷ (n − 1).
    fn value<const WORDS: usize>(self, count: u64, terms: &[Integer<WORDS>], lowest: [i32; 2]) -> Option<f64> {
        if count < 2 {
            return None;
        }
        let products = terms[2] * count - terms[0] * terms[1];
        Some(products.extended(lowest[0] + lowest[1]).divided_by(count).divided_by(count - 1).to_f64())
    }

    fn special(self, count: u64, _: &[f64]) -> Option<f64> {
        (count >= 2).then_some(f64::NAN)
    }
}
