//! All numbers per group: the states of `median` and `quantile`.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, Float64Array, LargeListArray, PrimitiveArray};
use arrow::buffer::ScalarBuffer;
use frame_core::{Error, Result};

use super::log::{Log, flatten};
use super::{Places, Slide, state};
use crate::aggregates::GroupStates;
use crate::exact::power::Number;

pub(crate) struct Quantile<T: ArrowPrimitiveType> {
    /// Between 0 and 1.
    fraction: f64,
    values: Log<T::Native>,
}

impl<T: ArrowPrimitiveType<Native: Number + PartialOrd>> Quantile<T> {
    pub(crate) fn new(fraction: f64) -> Self {
        Self { fraction, values: Log::default() }
    }

    /// The values of frames: the numbers are sorted once, and each frame knows which places of them are its own.
    pub(crate) fn framed(&self, arguments: &[ArrayRef], frames: &[(u32, u32)]) -> Result<Option<ArrayRef>> {
        let values: &PrimitiveArray<T> = state(arguments, 0)?;
        let is_nan = |row: usize| values.value(row).float().is_nan();
        let mut sorted: Vec<u32> =
            (0..values.len() as u32).filter(|row| values.is_valid(*row as usize) && !is_nan(*row as usize)).collect();
        sorted.sort_unstable_by(|a, b| order(&values.value(*a as usize), &values.value(*b as usize)));
        // Where each row stands among the sorted ones.
        let mut place = vec![u32::MAX; values.len()];
        (0..).zip(&sorted).for_each(|(at, row)| place[*row as usize] = at);
        let number = |place: usize| values.value(sorted[place] as usize).float();
        let (mut slide, mut places, mut nans) = (Slide::default(), Places::new(sorted.len()), 0_usize);
        let quantile = |frame: &(u32, u32)| {
            slide.to(*frame, |row, is_in| match place[row] {
                u32::MAX if values.is_null(row) => {}
                u32::MAX => nans = if is_in { nans + 1 } else { nans - 1 },
                place => places.set(place as usize, is_in),
            });
            if nans > 0 {
                return Some(f64::NAN);
            }
            let last = places.len.checked_sub(1)?;
            let (below, part) = at(last, self.fraction);
            let low = number(places.nth(below));
            let high = if below < last { number(places.nth(below + 1)) } else { low };
            Some(between(low, high, part))
        };
        Ok(Some(Arc::new(frames.iter().map(quantile).collect::<Float64Array>())))
    }

    fn add_all(&mut self, groups: &[u32], values: &PrimitiveArray<T>) {
        match values.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => self.values.extend(groups, values.values()),
            Some(nulls) => {
                nulls.valid_slices().for_each(|(start, end)| self.values.extend(&groups[start..end], &values.values()[start..end]));
            }
        }
    }
}

/// The quantile of some numbers, linear between the two nearest ones; NaN if one of them is NaN.
fn quantile<N: Number + PartialOrd>(values: &mut [N], fraction: f64) -> Option<f64> {
    if values.iter().any(|value| value.float().is_nan()) {
        return Some(f64::NAN);
    }
    let (below, part) = at(values.len().checked_sub(1)?, fraction);
    let (_, low, above) = values.select_nth_unstable_by(below, order);
    let low = low.float();
    let high = above.iter().min_by(|a, b| order::<N>(a, b)).map_or(low, |value| value.float());
    Some(between(low, high, part))
}

/// The place of the lower neighbour among numbers whose last place is `last`, and the part of the way from it to the next one.
fn at(last: usize, fraction: f64) -> (usize, f64) {
    let place = last as f64 * fraction;
    let below = (place as usize).min(last);
    (below, place - below as f64)
}

/// The order of numbers. Where they compare as equal their floats may still differ: −0.0 comes before 0.0.
fn order<N: Number + PartialOrd>(a: &N, b: &N) -> Ordering {
    a.partial_cmp(b).filter(|order| order.is_ne()).unwrap_or_else(|| a.float().total_cmp(&b.float()))
}

/// The number a part of the way from `low` to `high`.
fn between(low: f64, high: f64, part: f64) -> f64 {
    let distance = high - low;
    if part == 0.0 || low == high {
        return low;
    }
    let value = if distance.is_infinite() {
        low * (1.0 - part) + high * part
    } else if part < 0.5 {
        low + distance * part
    } else {
        high - distance * (1.0 - part)
    };
    // Rounding may lead past an end; NaN stays.
    if value < low {
        low
    } else if value > high {
        high
    } else {
        value
    }
}

impl<T: ArrowPrimitiveType<Native: Number + PartialOrd>> GroupStates for Quantile<T> {
    fn resize(&mut self, groups: usize) {
        self.values.resize(groups);
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        self.add_all(groups, state(arguments, 0)?);
        Ok(())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        let grouped = self.values.take();
        let items = PrimitiveArray::<T>::new(ScalarBuffer::from(grouped.values().to_vec()), None);
        Ok(vec![grouped.lists(Arc::new(items))?])
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        let lists: &LargeListArray = state(states, 0)?;
        let (groups, items) = flatten(groups, lists);
        let items = items.as_primitive_opt::<T>().ok_or_else(|| Error::internal("quantile states of another type"))?;
        self.add_all(&groups, items);
        Ok(())
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        let mut grouped = self.values.take();
        let mut quantiles = Vec::new();
        grouped.for_each_mut(|values| quantiles.push(quantile(values, self.fraction)));
        Ok(Arc::new(Float64Array::from(quantiles)))
    }

    fn bytes(&self) -> usize {
        self.values.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_linear_between_neighbours() {
        assert_eq!(quantile(&mut [4.0, 1.0, 3.0, 2.0], 0.5), Some(2.5));
        assert_eq!(quantile(&mut [4_i64, 1, 3, 2], 0.25), Some(1.75));
        assert_eq!(quantile(&mut [4_i64, 1, 3, 2], 1.0), Some(4.0));
        assert_eq!(quantile(&mut [7_u64], 0.3), Some(7.0));
        assert_eq!(quantile::<f64>(&mut [], 0.5), None);
        assert!(quantile(&mut [1.0, f64::NAN, 2.0], 0.0).is_some_and(f64::is_nan));
        assert_eq!(quantile(&mut [f64::MAX, -f64::MAX], 0.5), Some(0.0));
        assert_eq!(quantile(&mut [f64::INFINITY, f64::INFINITY], 0.5), Some(f64::INFINITY));
        assert_eq!(quantile(&mut [1.0, f64::INFINITY], 0.0), Some(1.0));
        assert_eq!(quantile(&mut [1.0, f64::INFINITY], 0.5), Some(f64::INFINITY));
        assert_eq!(quantile(&mut [f64::NEG_INFINITY, 1.0], 0.25), Some(f64::NEG_INFINITY));
        assert!(quantile(&mut [f64::NEG_INFINITY, f64::INFINITY], 0.5).is_some_and(f64::is_nan));
        assert_eq!(quantile(&mut [0.0, -0.0], 0.0).map(f64::to_bits), Some((-0.0_f64).to_bits()));
    }
}
