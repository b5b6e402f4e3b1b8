//! Exact sums and counts of floats per group: the states of `sum` and `mean`.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryArray, FixedSizeBinaryArray, Float64Array, UInt64Array};
use arrow::buffer::Buffer;
use arrow::datatypes::DataType;
use frame_core::{Error, Result};

use super::{Finish, state};
use crate::aggregates::GroupStates;
use crate::exact::{FixedSum, WideSum, divide_and_round, round};

/// What the hot loop touches for a group, side by side: one cache line serves it.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    sum: FixedSum,
    count: u64,
}

pub(crate) struct FloatTotal {
    finish: Finish,
    totals: Vec<Total>,
    /// The part of a group's sum that does not fit a `FixedSum`.
    wide: BTreeMap<u32, Box<WideSum>>,
}

impl FloatTotal {
    /// The types of its states.
    pub(crate) const STATES: [DataType; 3] = [DataType::FixedSizeBinary(24), DataType::UInt64, DataType::Binary];

    pub(crate) fn new(finish: Finish) -> Self {
        Self { finish, totals: Vec::new(), wide: BTreeMap::new() }
    }

    /// The values of frames: differences of the exact totals up to each row. `None` if a value does not fit fixed point.
    pub(crate) fn framed(mut self, arguments: &[ArrayRef], frames: &[(u32, u32)]) -> Result<Option<ArrayRef>> {
        let rows = arguments.first().map_or(0, |column| column.len());
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
        self.totals.resize(groups, Total::default());
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let values: &Float64Array = state(arguments, 0)?;
        match values.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => groups.iter().zip(values.values()).for_each(|(group, value)| self.add(*group, *value)),
            Some(nulls) => {
                for (start, end) in nulls.valid_slices() {
                    let rows = groups[start..end].iter().zip(&values.values()[start..end]);
                    rows.for_each(|(group, value)| self.add(*group, *value));
                }
            }
        }
        Ok(())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
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
        let values: Float64Array = self.totals.iter().enumerate().map(|(group, total)| self.value(group, total)).collect();
        self.resize(0);
        self.wide.clear();
        Ok(Arc::new(values))
    }

    fn bytes(&self) -> usize {
        self.totals.capacity() * size_of::<Total>() + self.wide.len() * (WideSum::BYTES + 64)
    }
}
