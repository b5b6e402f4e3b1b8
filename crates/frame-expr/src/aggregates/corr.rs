//! `corr`: the correlation of two arguments.

use std::ops::RangeInclusive;

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, numeric};
use crate::exact::Integer;
use crate::exact::power::{Digits, add_one, add_two};
use crate::states::Statistic;

/// `corr(x, y)`: Pearson's, from −1 to 1, over the rows where neither is null. Null for fewer than two rows; NaN if an argument does not vary,
/// or a value is NaN or infinite.
#[derive(Debug)]
pub(super) struct Corr;

impl AggregateFunction for Corr {
    fn name(&self) -> &'static str {
        "corr"
    }

    fn help(&self) -> &'static str {
        "The correlation (Pearson) of the rows where neither argument is null; null for fewer than two, NaN if one does not vary."
    }

    fn example(&self) -> &'static str {
        "corr(id, value)"
    }

    fn arguments(&self) -> RangeInclusive<usize> {
        2..=2
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        numeric::statistic(Correlation, self.name(), arguments)
    }
}

/// What is computed from the sums of x, y, x · y, x² and y².
#[derive(Debug, Clone, Copy)]
struct Correlation;

impl Statistic for Correlation {
    const TERMS: &'static [(usize, usize)] = &[(1, 0), (0, 1), (1, 1), (2, 0), (0, 2)];

    type Words = [u64; 24];

    type Small = [i64; 5];

    #[inline(always)]
    fn add(words: &mut [u64; 24], x: Digits, y: Digits) {
        add_one(&mut words[..3], x);
        add_one(&mut words[3..6], y);
        add_two(&mut words[6..12], x, y);
        add_two(&mut words[12..18], x, x);
        add_two(&mut words[18..], y, y);
    }

    /// (n · Σxy − Σx · Σy) ÷ √((n · Σx² − (Σx)²) · (n · Σy² − (Σy)²)): whatever the units are, they cancel.
    fn value<const WORDS: usize>(self, count: u64, terms: &[Integer<WORDS>], _: [i32; 2]) -> Option<f64> {
        if count < 2 {
            return None;
        }
        let [x, y, xy, xx, yy] = [terms[0], terms[1], terms[2], terms[3], terms[4]];
        let both = (xx * count - x * x).extended(0) * (yy * count - y * y).extended(0);
        if both.is_zero() {
            return Some(f64::NAN);
        }
        let products = (xy * count - x * y).extended(0);
        Some((products / both.sqrt()).to_f64())
    }

    fn special(self, count: u64, _: &[f64]) -> Option<f64> {
        (count >= 2).then_some(f64::NAN)
    }
}
