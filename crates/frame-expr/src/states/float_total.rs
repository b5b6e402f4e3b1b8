//! Exact sums and counts of floats per group: the states of `sum` and `mean`.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryArray, FixedSizeBinaryArray, Float64Array, UInt64Array};
use arrow::buffer::Buffer;
use arrow::datatypes::DataType;
use frame_core::{Error, Result};

use super::{Finish, state};
use crate::aggregates::GroupStates;
use crate::exact::{FixedSum, Split, WideSum, divide_and_round, round};

/// What the hot loop touches for a group, side by side: one cache line serves it.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    sum: FixedSum,
    count: u64,
}

/// The sums of the parts of a group's values that are not in its total yet.
#[derive(Debug, Clone, Copy, Default)]
struct Parts {
    high: f64,
    low: f64,
    count: usize,
}

/// The parts and the totals of more groups do not stay in the fastest cache, where parts save most.
const PARTED_MAX: usize = 1 << 9;

/// So many splits are chosen; values that none of them takes go into their totals one by one.
const SPLITS_MAX: u32 = 8;

/// Values that are added side by side if there is one group.
const LANES: usize = 8;

pub(crate) struct FloatTotal {
    finish: Finish,
    totals: Vec<Total>,
    /// How values are split in two; none as long as it is not known how large they are.
    split: Option<Split>,
    /// As many as groups; none if there are too many groups, or values that no split takes.
    parts: Vec<Parts>,
    /// Values since the split was chosen that it did not take.
    far: usize,
    /// So many more splits may be chosen.
    splits_left: u32,
    /// The part of a group's sum that does not fit a `FixedSum`.
    wide: BTreeMap<u32, Box<WideSum>>,
}

impl FloatTotal {
    /// The types of its states.
    pub(crate) const STATES: [DataType; 3] = [DataType::FixedSizeBinary(24), DataType::UInt64, DataType::Binary];

    pub(crate) fn new(finish: Finish) -> Self {
        Self { finish, totals: Vec::new(), split: None, parts: Vec::new(), far: 0, splits_left: SPLITS_MAX, wide: BTreeMap::new() }
    }

    /// The values of frames: differences of the exact totals up to each row. `None` if a value does not fit fixed point.
    pub(crate) fn framed(mut self, arguments: &[ArrayRef], frames: &[(u32, u32)]) -> Result<Option<ArrayRef>> {
        let rows = arguments.first().map_or(0, |column| column.len());
        // Each row is a group of its own, which parts would save nothing for.
        self.splits_left = 0;
        self.resize(rows + 1);
        // Row n counts for the totals behind it.
        self.update(&(1..=rows as u32).collect::<Vec<_>>(), arguments)?;
        if !self.wide.is_empty() {
            return Ok(None);
        }
        for row in 0..rows {
            let before = self.totals[row];
            let total = &mut self.totals[row + 1];
            total.sum.merge(before.sum);
            total.count += before.count;
        }
        let difference = |(start, end): &(u32, u32)| {
            let (before, total) = (self.totals[*start as usize], self.totals[*end as usize]);
            let mut sum = before.sum.negated();
            sum.merge(total.sum);
            Total { sum, count: total.count - before.count }
        };
        self.totals = frames.iter().map(difference).collect();
        self.take_values().map(Some)
    }

    #[inline(always)]
    fn add(&mut self, group: u32, value: f64) {
        let total = &mut self.totals[group as usize];
        total.count += 1;
        if !total.sum.add(value) {
            self.wide.entry(group).or_default().add(value);
        }
    }

    /// Adds values to their groups.
    fn add_all(&mut self, groups: &[u32], values: &[f64]) {
        let Some(split) = self.split.filter(|_| !self.parts.is_empty()) else {
            return groups.iter().zip(values).for_each(|(group, value)| self.add(*group, *value));
        };
        if self.parts.len() == 1 {
            return values.chunks(Split::TERMS).for_each(|values| self.add_to_one(split, values));
        }
        for (group, value) in groups.iter().zip(values) {
            self.add_parts(split, *group, *value);
        }
    }

    #[inline(always)]
    fn add_parts(&mut self, split: Split, group: u32, value: f64) {
        if !split.takes(value) {
            self.far += 1;
            return self.add(group, value);
        }
        let parts = &mut self.parts[group as usize];
        let (high, low) = split.parts(value);
        *parts = Parts { high: parts.high + high, low: parts.low + low, count: parts.count + 1 };
        if parts.count == Split::TERMS {
            self.settle_group(split, group as usize);
        }
    }

    /// Adds at most [`Split::TERMS`] values to the only group, which has no parts before or after that.
    fn add_to_one(&mut self, split: Split, values: &[f64]) {
        let (mut high, mut low, mut count) = ([0.0; LANES], [0.0; LANES], 0);
        let (blocks, rest) = values.as_chunks::<LANES>();
        for block in blocks {
            if !block.iter().fold(true, |all, value| all & split.takes(*value)) {
                block.iter().for_each(|value| self.add_parts(split, 0, *value));
                continue;
            }
            for lane in 0..LANES {
                let parts = split.parts(block[lane]);
                high[lane] += parts.0;
                low[lane] += parts.1;
            }
            count += LANES;
        }
        rest.iter().for_each(|value| self.add_parts(split, 0, *value));
        // All terms together are no more than may be added without rounding.
        let parts = &mut self.parts[0];
        let with = |sum: f64, lanes: [f64; LANES]| lanes.iter().fold(sum, |sum, lane| sum + lane);
        *parts = Parts { high: with(parts.high, high), low: with(parts.low, low), count: parts.count + count };
        self.settle_group(split, 0);
    }

    /// Chooses how to split values like these, if that is not known or the last choice was a bad one.
    fn aim(&mut self, values: &[f64]) {
        if self.parts.is_empty() || self.split.is_some() && self.far <= values.len() / 8 {
            self.far = 0;
            return;
        }
        let largest = values.iter().filter(|value| value.is_finite()).fold(0.0_f64, |largest, value| largest.max(value.abs()));
        if largest == 0.0 {
            return;
        }
        self.settle();
        self.split = Split::around(largest);
        self.far = 0;
        self.splits_left -= 1;
        if self.splits_left == 0 {
            (self.split, self.parts) = (None, Vec::new());
        }
    }

    /// Adds the parts of all groups to their totals.
    fn settle(&mut self) {
        if let Some(split) = self.split {
            (0..self.parts.len()).for_each(|group| self.settle_group(split, group));
        }
    }

    /// The same for good: the totals are all there is from now on.
    fn leave_parts(&mut self) {
        self.settle();
        self.parts.clear();
    }

    fn settle_group(&mut self, split: Split, group: usize) {
        let parts = std::mem::take(&mut self.parts[group]);
        let total = &mut self.totals[group];
        total.count += parts.count as u64;
        split.add_parts(&mut total.sum, parts.high, parts.low);
    }

    fn value(&self, group: usize, total: &Total) -> Option<f64> {
        let rounded = |words: &[u64], lowest| match self.finish {
            Finish::Sum => round(words, lowest),
            Finish::Mean => divide_and_round(words, lowest, total.count),
        };
        (total.count > 0).then(|| match self.wide.get(&(group as u32)) {
            None => rounded(&total.sum.0, FixedSum::LOWEST),
            Some(wide) => {
                let mut wide = wide.clone();
                wide.add_fixed(total.sum);
                wide.finish().map_or_else(|special| special, |words| rounded(words, WideSum::LOWEST))
            }
        })
    }
}

fn little_endian(words: [u64; 3]) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes.as_chunks_mut::<8>().0.iter_mut().zip(words).for_each(|(bytes, word)| *bytes = word.to_le_bytes());
    bytes
}

fn of_little_endian(bytes: &[u8; 24]) -> [u64; 3] {
    let mut words = [0; 3];
    words.iter_mut().zip(bytes.as_chunks::<8>().0).for_each(|(word, bytes)| *word = u64::from_le_bytes(*bytes));
    words
}

impl GroupStates for FloatTotal {
    fn resize(&mut self, groups: usize) {
        if groups <= PARTED_MAX && self.parts.len() == self.totals.len() && self.splits_left > 0 {
            self.parts.resize(groups, Parts::default());
        } else {
            self.leave_parts();
        }
        self.totals.resize(groups, Total::default());
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let values: &Float64Array = state(arguments, 0)?;
        self.aim(values.values());
        match values.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => self.add_all(groups, values.values()),
            Some(nulls) => {
                for (start, end) in nulls.valid_slices() {
                    self.add_all(&groups[start..end], &values.values()[start..end]);
                }
            }
        }
        Ok(())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        self.leave_parts();
        let totals = std::mem::take(&mut self.totals);
        let wide = std::mem::take(&mut self.wide);
        let words: Vec<[u8; 24]> = totals.iter().map(|total| little_endian(total.sum.0)).collect();
        let sums = FixedSizeBinaryArray::try_new(24, Buffer::from_vec(words.into_flattened()), None)?;
        let counts = UInt64Array::from_iter_values(totals.iter().map(|total| total.count));
        let mut states: Vec<ArrayRef> = vec![Arc::new(sums), Arc::new(counts)];
        if !wide.is_empty() {
            let rest = (0..totals.len() as u32).map(|group| wide.get(&group).map(|sum| sum.to_bytes()));
            states.push(Arc::new(rest.collect::<BinaryArray>()));
        }
        Ok(states)
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        let sums: &FixedSizeBinaryArray = state(states, 0)?;
        let counts: &UInt64Array = state(states, 1)?;
        let (words, _) = sums.value_data().as_chunks::<24>();
        for ((group, words), count) in groups.iter().zip(words).zip(counts.values()) {
            let total = &mut self.totals[*group as usize];
            total.sum.merge(FixedSum(of_little_endian(words)));
            total.count += count;
        }
        if states.len() > 2 {
            let wide: &BinaryArray = state(states, 2)?;
            for (group, sum) in groups.iter().zip(wide).filter_map(|(group, sum)| Some((group, sum?))) {
                let sum = WideSum::from_bytes(sum).ok_or_else(|| Error::internal("a wide sum of another width"))?;
                self.wide.entry(*group).or_default().merge(&sum);
            }
        }
        Ok(())
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        self.settle();
        let values: Float64Array = self.totals.iter().enumerate().map(|(group, total)| self.value(group, total)).collect();
        self.resize(0);
        self.wide.clear();
        Ok(Arc::new(values))
    }

    fn bytes(&self) -> usize {
        self.totals.capacity() * size_of::<Total>() + self.parts.capacity() * size_of::<Parts>() + self.wide.len() * (WideSum::BYTES + 64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sums of values that come in batches, against those of one value after the other.
    fn check(batches: &[Vec<Option<f64>>], groups: u32) {
        let mut total = FloatTotal::new(Finish::Sum);
        total.resize(groups as usize);
        let mut expected = vec![(WideSum::default(), 0_u64); groups as usize];
        let mut row = 0_u32;
        for batch in batches {
            let of_rows: Vec<u32> =
                (row..).take(batch.len()).map(|row| row.wrapping_mul(0x9e37_79b1) >> 7).map(|mixed| mixed % groups).collect();
            row += batch.len() as u32;
            for (group, value) in of_rows.iter().zip(batch) {
                if let Some(value) = value {
                    let (sum, count) = &mut expected[*group as usize];
                    sum.add(*value);
                    *count += 1;
                }
            }
            total.update(&of_rows, &[Arc::new(Float64Array::from(batch.clone()))]).expect("floats");
        }
        let counts: Vec<u64> = expected.iter().map(|(_, count)| *count).collect();
        let values = expected
            .into_iter()
            .map(|(sum, count)| (count > 0).then(|| sum.finish().map_or_else(|special| special, |words| round(words, WideSum::LOWEST))));
        let values: Vec<Option<u64>> = values.map(|value| value.map(f64::to_bits)).collect();
        let states = total.take_states().expect("states");
        assert_eq!(state::<UInt64Array>(&states, 1).expect("counts").values(), &counts);
        total.resize(groups as usize);
        total.merge(&(0..groups).collect::<Vec<_>>(), &states).expect("states");
        let found = total.take_values().expect("sums");
        let found: &Float64Array = state(std::slice::from_ref(&found), 0).expect("floats");
        assert_eq!(found.iter().map(|value| value.map(f64::to_bits)).collect::<Vec<_>>(), values);
    }

    proptest! {
        #[test]
        fn sums_are_those_of_one_value_after_the_other(
            batches in prop::collection::vec((-60_i32..70, prop::collection::vec(prop::option::of((-9999_i32..9999, 0_i32..40)), 0..60)), 0..14),
            groups in 1_u32..5,
        ) {
            let float = |scale: i32, (number, below): (i32, i32)| f64::from(number) * 2_f64.powi(scale - below) / 100.0;
            let batch = |(scale, values): &(i32, Vec<Option<(i32, i32)>>)| values.iter().map(|value| value.map(|value| float(*scale, value))).collect();
            check(&batches.iter().map(batch).collect::<Vec<_>>(), groups);
        }
    }

    #[test]
    fn many_values_of_few_groups() {
        let mixed = |row: u64| row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
        let decimals = |count: u64| (0..count).map(|row| Some((mixed(row) % 2_000_003) as f64 / 1e3 - 200.0)).collect::<Vec<_>>();
        let mut odd = decimals(30_000);
        for at in (0..odd.len()).step_by(701) {
            odd[at] = [None, Some(0.0), Some(1e-9), Some(1e12), Some(-1e300), Some(3e-308)][at / 701 % 6];
        }
        for groups in [1, 3, 500, 600] {
            check(&[decimals(50_000), decimals(9), decimals(8192), decimals(8193)], groups);
            check(&[odd.clone(), vec![Some(0.0); 20_000], decimals(20_000)], groups);
            check(&[decimals(100), odd.clone(), vec![Some(f64::INFINITY)], odd.clone()], groups);
            check(&[vec![Some(1e15); 9000], vec![Some(1e-5); 9000], decimals(9000), vec![Some(7e8); 9000], vec![Some(0.3); 9000]], groups);
        }
    }

    #[test]
    fn frames_of_few_and_of_many_rows() {
        for rows in [3, 1000, PARTED_MAX, 5000] {
            let values: ArrayRef = Arc::new(Float64Array::from_iter_values((0..rows).map(|row| row as f64 / 8.0)));
            let frames: Vec<(u32, u32)> = (0..rows as u32).map(|row| (row.saturating_sub(4), row + 1)).collect();
            let sums = FloatTotal::new(Finish::Sum).framed(&[values], &frames).expect("floats").expect("everyday floats");
            let sums: &Float64Array = state(std::slice::from_ref(&sums), 0).expect("floats");
            let expected = |(start, end): &(u32, u32)| (*start..*end).map(|row| f64::from(row) / 8.0).sum::<f64>();
            assert!(sums.values().iter().copied().eq(frames.iter().map(expected)), "{rows}");
        }
    }

    #[test]
    fn groups_that_come_one_after_the_other() {
        let mut total = FloatTotal::new(Finish::Sum);
        let rows = 3 * PARTED_MAX;
        for row in 0..rows {
            total.resize(row + 1);
            total.update(&[row as u32, 0], &[Arc::new(Float64Array::from(vec![0.1, 1.0]))]).expect("floats");
        }
        let sums = total.take_values().expect("sums");
        let sums: &Float64Array = state(std::slice::from_ref(&sums), 0).expect("floats");
        assert_eq!((sums.value(0), sums.value(1), sums.value(rows - 1)), (rows as f64 + 0.1, 0.1, 0.1));
    }
}
