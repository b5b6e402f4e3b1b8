//! How many values fall into bins of nearly equal ratio: the states of `approx_quantile`.
//!
//! A bin is what floats share in sign, exponent and their first seven bits, so its ends differ by 1 part in 128. Counts of bins can be
//! added in any order. (The bins are those of HdrHistogram, cut at the bits of a float.)

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use frame_core::{Error, Result};

use super::distinct::Distinct;
use super::values::{self, float_of_key};
use crate::aggregates::GroupStates;

/// The bits of a float that do not tell bins apart.
const DROPPED: u32 = 52 - 7;

pub(crate) struct Bins {
    /// Between 0 and 1.
    fraction: f64,
    counts: Distinct<u64>,
}

impl Bins {
    pub(crate) fn new(fraction: f64) -> Self {
        Self { fraction, counts: Distinct::default() }
    }
}

/// The number in the middle of a bin; the bins beside zero are zero, those of what is not finite stay.
fn middle(bin: u64) -> f64 {
    let ends = [bin << DROPPED, (bin << DROPPED) | ((1 << DROPPED) - 1)].map(float_of_key);
    match ends {
        [low, high] if low == 0.0 || high == 0.0 => 0.0,
        [low, high] if low.is_finite() && high.is_finite() => low + (high - low) / 2.0,
        // Infinity is the one number of its bin; all others are NaN.
        [low, high] if low.is_infinite() || high.is_infinite() => {
            if low.is_infinite() {
                low
            } else {
                high
            }
        }
        _ => f64::NAN,
    }
}

/// The value at a place of values that were counted by bin.
fn quantile(mut bins: Vec<(u64, u64)>, fraction: f64) -> Option<f64> {
    bins.sort_unstable();
    let total: u64 = bins.iter().map(|(_, count)| count).sum();
    let (largest, _) = bins.last()?;
    if middle(*largest).is_nan() {
        return Some(f64::NAN);
    }
    let place = ((total - 1) as f64 * fraction).round() as u64;
    let mut seen = 0;
    bins.iter().find_map(|(bin, count)| {
        seen += count;
        (seen > place).then(|| middle(*bin))
    })
}

impl GroupStates for Bins {
    fn resize(&mut self, groups: usize) {
        self.counts.resize(groups);
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let column = arguments.first().ok_or_else(|| Error::internal("an aggregate without its argument"))?;
        let mut keys = values::equality_keys(column)?;
        keys.iter_mut().for_each(|key| *key >>= DROPPED);
        self.counts.add_keys(groups, &keys, column);
        Ok(())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        self.counts.take_states(false)
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        self.counts.merge(groups, states)
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        let (grouped, _) = self.counts.take();
        Ok(Arc::new(grouped.slices().map(|bins| quantile(bins.to_vec(), self.fraction)).collect::<Float64Array>()))
    }

    fn bytes(&self) -> usize {
        self.counts.bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::values::float_key;
    use super::*;

    proptest! {
        #[test]
        fn middles_are_near(value: f64) {
            let found = middle(float_key(value) >> DROPPED);
            prop_assert!(
                found == value || found.is_nan() && value.is_nan() || value.abs() < 1e-300 || (found - value).abs() <= value.abs() / 250.0,
                "{value} {found}"
            );
        }
    }

    #[test]
    fn quantiles_are_at_their_place() {
        let bins = |values: &[f64]| values.iter().map(|value| (float_key(*value) >> DROPPED, 1)).collect::<Vec<_>>();
        assert_eq!(quantile(bins(&[]), 0.5), None);
        assert!(quantile(bins(&[3.0, 1.0, 2.0]), 0.5).is_some_and(|found| (found - 2.0).abs() < 0.01));
        assert!(quantile(bins(&[3.0, f64::NAN]), 0.0).is_some_and(f64::is_nan));
        assert_eq!(quantile(bins(&[f64::NEG_INFINITY, 0.0, f64::INFINITY]), 0.5), Some(0.0));
        assert_eq!(quantile(bins(&[f64::NEG_INFINITY, 0.0, f64::INFINITY]), 1.0), Some(f64::INFINITY));
        assert_eq!(quantile(bins(&[f64::NEG_INFINITY, 0.0]), 0.0), Some(f64::NEG_INFINITY));
    }
}
