//! Exact sums of powers and products per group: the states of variances, correlations and other statistics.
//!
//! A statistic says which terms it needs, such as x and x². Everyday numbers go into a few words side by side, small whole ones into one
//! word for each term; a group that meets any other number has another set of sums, wide enough for every float. All are integers, so their
//! order cannot matter; the statistic is computed from the integers and rounded at the very end.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BinaryBuilder, FixedSizeBinaryArray, FixedSizeBinaryBuilder, Float64Array,
    PrimitiveArray, UInt64Array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};
use frame_core::{Error, Result};

use super::small::{SmallSums, largest};
use super::state;
use crate::aggregates::GroupStates;
use crate::exact::Integer;
use crate::exact::power::{Digits, FIXED_WORDS, Number, WIDE_WORDS, add_many, add_word, merge};

/// A number that is computed from sums of products x^i · y^j.
pub(crate) trait Statistic: Copy + Send + Sync + 'static {
    /// The exponents i and j of each term.
    const TERMS: &'static [(usize, usize)];

    /// The words of the sums of everyday numbers, one term behind the other: three for each factor of a term.
    type Words: AsRef<[u64]> + AsMut<[u64]> + Clone + Default + Send;

    /// A word for each term.
    type Small: AsRef<[i64]> + AsMut<[i64]> + Clone + Default + Send;

    /// Adds the terms of a row of everyday numbers; y is x if the statistic has one argument.
    fn add(words: &mut Self::Words, x: Digits, y: Digits);

    /// The statistic of `count` rows whose sums are `terms`, in units of powers of `2^lowest`.
    fn value<const WORDS: usize>(self, count: u64, terms: &[Integer<WORDS>], lowest: [i32; 2]) -> Option<f64>;

    /// The statistic of `count` rows where a sum is NaN or infinite.
    fn special(self, count: u64, terms: &[f64]) -> Option<f64>;
}

/// Words enough for what statistics compute from everyday sums of terms of up to two factors.
const SMALL: usize = 8;

/// The same with up to four factors.
const LARGE: usize = 16;

/// The same for wide sums.
const WIDE: usize = 160;

/// Terms that a statistic can have.
const TERMS_MAX: usize = 5;

#[derive(Debug, Clone, Default)]
struct Sums<W> {
    count: u64,
    words: W,
}

/// The sums of the rows that have a number out of the ordinary.
#[derive(Debug, Clone)]
struct WideSums {
    words: Vec<u64>,
    /// For each term, whether a NaN, an infinity, a negative infinity was added: bits 0, 1 and 2.
    special: Vec<u8>,
}

pub(crate) struct Moments<S: Statistic> {
    statistic: S,
    /// Units of everyday and of wide sums, for each argument.
    lowest: [(i32, i32); 2],
    groups: usize,
    /// Sums of small numbers, if all arguments are whole.
    small: Option<Vec<SmallSums<S::Small>>>,
    /// Those of all others; none if all numbers were small so far.
    sums: Vec<Sums<S::Words>>,
    wide: BTreeMap<u32, WideSums>,
}

impl<S: Statistic> Moments<S> {
    /// States for arguments of these types, one or two of them: `Int64`, `UInt64` or `Float64`.
    pub(crate) fn new(statistic: S, arguments: &[DataType]) -> Self {
        let lowest = |data_type: &DataType| match data_type {
            DataType::Float64 => (f64::FIXED_LOWEST, f64::WIDE_LOWEST),
            _ => (i64::FIXED_LOWEST, i64::WIDE_LOWEST),
        };
        let first = arguments.first().map_or((0, 0), lowest);
        let are_whole = arguments.iter().all(|data_type| *data_type != DataType::Float64);
        Self {
            statistic,
            lowest: [first, arguments.get(1).map_or(first, lowest)],
            groups: 0,
            small: are_whole.then(Vec::new),
            sums: Vec::new(),
            wide: BTreeMap::new(),
        }
    }

    fn add_first<X: ArrowPrimitiveType<Native: Number>>(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let xs: &PrimitiveArray<X> = state(arguments, 0)?;
        match arguments.get(1).map(|column| column.data_type()) {
            None => self.add_all(groups, xs, xs),
            Some(DataType::Int64) => self.add_all::<X, Int64Type>(groups, xs, state(arguments, 1)?),
            Some(DataType::UInt64) => self.add_all::<X, UInt64Type>(groups, xs, state(arguments, 1)?),
            Some(_) => self.add_all::<X, Float64Type>(groups, xs, state(arguments, 1)?),
        }
        Ok(())
    }

    fn add_all<X, Y>(&mut self, groups: &[u32], xs: &PrimitiveArray<X>, ys: &PrimitiveArray<Y>)
    where
        X: ArrowPrimitiveType<Native: Number>,
        Y: ArrowPrimitiveType<Native: Number>,
    {
        let both = NullBuffer::union(xs.nulls(), ys.nulls());
        let (xs, ys) = (xs.values(), ys.values());
        match both.filter(|nulls| nulls.null_count() > 0) {
            None => self.add_rows(groups, xs, ys),
            Some(nulls) => {
                nulls.valid_slices().for_each(|(start, end)| self.add_rows(&groups[start..end], &xs[start..end], &ys[start..end]))
            }
        }
    }

    fn add_rows<X: Number, Y: Number>(&mut self, groups: &[u32], xs: &[X], ys: &[Y]) {
        let Some(small) = &mut self.small else {
            groups.iter().zip(xs).zip(ys).for_each(|((group, x), y)| self.add(*group, *x, *y));
            return;
        };
        let mut small = std::mem::take(small);
        let largest = const { largest(S::TERMS) };
        for ((group, x), y) in groups.iter().zip(xs).zip(ys) {
            match (x.whole(), y.whole()) {
                (Some(x), Some(y)) if x.unsigned_abs() <= largest && y.unsigned_abs() <= largest => {
                    let small = &mut small[*group as usize];
                    if small.add(S::TERMS, x, y) {
                        std::mem::take(small).settle::<S>(self.sums(*group as usize));
                    }
                }
                _ => self.add(*group, *x, *y),
            }
        }
        self.small = Some(small);
    }

    #[inline(always)]
    fn add<X: Number, Y: Number>(&mut self, group: u32, x: X, y: Y) {
        let sums = self.sums(group as usize);
        sums.count += 1;
        match (x.fixed(), y.fixed()) {
            (Some(x), Some(y)) => S::add(&mut sums.words, x, y),
            _ => self.wide.entry(group).or_insert_with(WideSums::new::<S>).add::<S>(x, y),
        }
    }

    /// The sums of a group for numbers that are not small.
    #[inline(always)]
    fn sums(&mut self, group: usize) -> &mut Sums<S::Words> {
        if self.sums.len() < self.groups {
            self.sums.resize_with(self.groups, Sums::default);
        }
        &mut self.sums[group]
    }

    /// The sums of each group, taken out.
    fn take_sums(&mut self) -> Vec<Sums<S::Words>> {
        let mut sums = std::mem::take(&mut self.sums);
        sums.resize_with(std::mem::take(&mut self.groups), Sums::default);
        if let Some(small) = &mut self.small {
            std::mem::take(small).into_iter().zip(&mut sums).for_each(|(small, sums)| small.settle::<S>(sums));
        }
        sums
    }

    fn value(&self, group: usize, sums: &Sums<S::Words>) -> Option<f64> {
        let lowest = self.lowest.map(|(fixed, _)| fixed);
        let words = sums.words.as_ref();
        match self.wide.get(&(group as u32)) {
            Some(wide) => self.wide_value(sums.count, words, wide),
            None if S::TERMS.iter().all(|(i, j)| i + j <= 2) => {
                self.statistic.value(sums.count, &terms::<S, SMALL>(words, FIXED_WORDS), lowest)
            }
            None => self.statistic.value(sums.count, &terms::<S, LARGE>(words, FIXED_WORDS), lowest),
        }
    }

    fn wide_value(&self, count: u64, everyday: &[u64], wide: &WideSums) -> Option<f64> {
        let lowest = self.lowest.map(|(_, wide)| wide);
        let shifts = self.lowest.map(|(fixed, wide)| (fixed - wide) as usize);
        let everyday = terms::<S, WIDE>(everyday, FIXED_WORDS);
        let mut sums = terms::<S, WIDE>(&wide.words, WIDE_WORDS);
        for ((sum, fixed), (i, j)) in sums.iter_mut().zip(everyday).zip(S::TERMS) {
            *sum = *sum + fixed.shifted(i * shifts[0] + j * shifts[1]);
        }
        if wide.special.iter().all(|flags| *flags == 0) {
            return self.statistic.value(count, &sums, lowest);
        }
        let floats = sums.iter().zip(S::TERMS).zip(&wide.special).map(|((sum, (i, j)), flags)| match flags {
            0 => sum.extended(*i as i32 * lowest[0] + *j as i32 * lowest[1]).to_f64(),
            0b010 => f64::INFINITY,
            0b100 => f64::NEG_INFINITY,
            _ => f64::NAN,
        });
        self.statistic.special(count, &floats.collect::<Vec<_>>())
    }
}

/// The sums of the terms as integers; zeros behind them.
fn terms<S: Statistic, const WORDS: usize>(words: &[u64], unit: usize) -> [Integer<WORDS>; TERMS_MAX] {
    let mut from = 0;
    std::array::from_fn(|at| {
        let len = S::TERMS.get(at).map_or(0, |(i, j)| (i + j) * unit);
        from += len;
        Integer::from_words(&words[from - len..from])
    })
}

impl<T: AsRef<[i64]>> SmallSums<T> {
    /// Adds them to sums of a group.
    fn settle<S: Statistic>(self, sums: &mut Sums<S::Words>) {
        sums.count += self.count;
        let mut rest = sums.words.as_mut();
        for ((i, j), term) in S::TERMS.iter().zip(self.terms.as_ref()) {
            let (sum, behind) = rest.split_at_mut((i + j) * FIXED_WORDS);
            rest = behind;
            add_word(sum, *term);
        }
    }
}

impl WideSums {
    fn new<S: Statistic>() -> Self {
        let factors: usize = S::TERMS.iter().map(|(i, j)| i + j).sum();
        Self { words: vec![0; factors * WIDE_WORDS], special: vec![0; S::TERMS.len()] }
    }

    fn add<S: Statistic>(&mut self, x: impl Number, y: impl Number) {
        let mut rest = self.words.as_mut_slice();
        for ((i, j), special) in S::TERMS.iter().zip(&mut self.special) {
            let (sum, behind) = rest.split_at_mut((i + j) * WIDE_WORDS);
            rest = behind;
            let digits = std::iter::repeat_n(x.wide(), *i).chain(std::iter::repeat_n(y.wide(), *j)).collect::<Option<Vec<_>>>();
            match digits {
                Some(digits) => add_many(sum, &digits),
                None => {
                    let factors = std::iter::repeat_n(x.float(), *i).chain(std::iter::repeat_n(y.float(), *j));
                    let product: f64 = factors.product();
                    *special |= if product.is_nan() {
                        0b001
                    } else if product > 0.0 {
                        0b010
                    } else {
                        0b100
                    };
                }
            }
        }
    }

    fn merge<S: Statistic>(&mut self, other: &Self) {
        let mut from = 0;
        for (i, j) in S::TERMS {
            let words = from..from + (i + j) * WIDE_WORDS;
            from = words.end;
            merge(&mut self.words[words.clone()], &other.words[words]);
        }
        self.special.iter_mut().zip(&other.special).for_each(|(mine, theirs)| *mine |= theirs);
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.words.iter().flat_map(|word| word.to_le_bytes()).chain(self.special.iter().copied()).collect()
    }

    fn from_bytes<S: Statistic>(bytes: &[u8]) -> Result<Self> {
        let mut sums = Self::new::<S>();
        let (words, special) = bytes.split_at_checked(sums.words.len() * 8).unwrap_or_default();
        if special.len() != sums.special.len() {
            return Err(Error::internal("wide sums of another width"));
        }
        sums.special.copy_from_slice(special);
        read_words(words, &mut sums.words);
        Ok(sums)
    }

    fn bytes(&self) -> usize {
        self.words.capacity() * 8 + self.special.capacity()
    }
}

fn read_words(bytes: &[u8], words: &mut [u64]) {
    words.iter_mut().zip(bytes.as_chunks::<8>().0).for_each(|(word, bytes)| *word = u64::from_le_bytes(*bytes));
}

impl<S: Statistic> GroupStates for Moments<S> {
    fn resize(&mut self, groups: usize) {
        self.groups = groups;
        match &mut self.small {
            Some(small) => small.resize_with(groups, SmallSums::default),
            None => self.sums.resize_with(groups, Sums::default),
        }
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        match arguments.first().map(|column| column.data_type()) {
            Some(DataType::Int64) => self.add_first::<Int64Type>(groups, arguments),
            Some(DataType::UInt64) => self.add_first::<UInt64Type>(groups, arguments),
            _ => self.add_first::<Float64Type>(groups, arguments),
        }
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        let sums = self.take_sums();
        let wide = std::mem::take(&mut self.wide);
        let width = S::Words::default().as_ref().len() * 8;
        let mut everyday = FixedSizeBinaryBuilder::with_capacity(sums.len(), width as i32);
        let mut rest = BinaryBuilder::new();
        let mut buffer = Vec::with_capacity(width);
        for (group, sums) in sums.iter().enumerate() {
            buffer.clear();
            sums.words.as_ref().iter().for_each(|word| buffer.extend_from_slice(&word.to_le_bytes()));
            everyday.append_value(&buffer)?;
            rest.append_option(wide.get(&(group as u32)).map(WideSums::to_bytes));
        }
        let counts = UInt64Array::from_iter_values(sums.iter().map(|sums| sums.count));
        Ok(vec![Arc::new(everyday.finish()), Arc::new(rest.finish()), Arc::new(counts)])
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        let everyday: &FixedSizeBinaryArray = state(states, 0)?;
        let rest: &BinaryArray = state(states, 1)?;
        let counts: &UInt64Array = state(states, 2)?;
        let mut other = S::Words::default();
        for (row, group) in groups.iter().enumerate() {
            read_words(everyday.value(row), other.as_mut());
            let sums = self.sums(*group as usize);
            sums.count += counts.value(row);
            let mut from = 0;
            for (i, j) in S::TERMS {
                let words = from..from + (i + j) * FIXED_WORDS;
                from = words.end;
                merge(&mut sums.words.as_mut()[words.clone()], &other.as_ref()[words]);
            }
            if rest.is_valid(row) {
                let theirs = WideSums::from_bytes::<S>(rest.value(row))?;
                self.wide.entry(*group).or_insert_with(WideSums::new::<S>).merge::<S>(&theirs);
            }
        }
        Ok(())
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        let sums = self.take_sums();
        let values: Float64Array = sums.iter().enumerate().map(|(group, sums)| self.value(group, sums)).collect();
        self.wide.clear();
        Ok(Arc::new(values))
    }

    fn bytes(&self) -> usize {
        let wide = self.wide.first_key_value().map_or(0, |(_, sums)| sums.bytes() + size_of::<(u32, WideSums)>() + 16);
        let small = self.small.as_ref().map_or(0, |small| small.capacity() * size_of::<SmallSums<S::Small>>());
        small + self.sums.capacity() * size_of::<Sums<S::Words>>() + self.wide.len() * wide
    }
}
