//! Which rows of a batch are not null: a bitmap that begins only at the first null, and values spread out over its gaps.

use arrow::array::BooleanBufferBuilder;
use arrow::buffer::NullBuffer;

/// The rows of a batch so far.
#[derive(Debug, Default)]
pub(super) struct Validity {
    len: usize,
    nulls: usize,
    bits: Option<BooleanBufferBuilder>,
}

impl Validity {
    /// Appends `count` rows that are all valid or all null; gives the number of valid ones.
    pub(super) fn append_run(&mut self, count: usize, valid: bool) -> usize {
        if !valid && count > 0 {
            self.nulls += count;
            self.bits();
        }
        if let Some(bits) = &mut self.bits {
            bits.append_n(count, valid);
        }
        self.len += count;
        if valid { count } else { 0 }
    }

    /// Appends `count` bits of `bytes` from `bit` on; gives the number of ones.
    pub(super) fn append_bits(&mut self, bytes: &[u8], bit: usize, count: usize) -> usize {
        self.bits().append_packed_range(bit..bit + count, bytes);
        let ones = (0..count.div_ceil(64)).map(|word| word_at(bytes, bit + word * 64, count - word * 64).count_ones() as usize).sum();
        self.nulls += count - ones;
        self.len += count;
        ones
    }

    /// Rows so far.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The bitmap for Arrow; `None` if no row is null.
    pub(super) fn finish(self) -> Option<NullBuffer> {
        let mut bits = self.bits.filter(|_| self.nulls > 0)?;
        Some(NullBuffer::new(bits.finish()))
    }

    fn bits(&mut self) -> &mut BooleanBufferBuilder {
        self.bits.get_or_insert_with(|| {
            let mut bits = BooleanBufferBuilder::new(self.len.max(1024));
            bits.append_n(self.len, true);
            bits
        })
    }

    fn bytes(&self) -> &[u8] {
        self.bits.as_ref().map_or(&[], |bits| bits.as_slice())
    }
}

/// Up to 64 bits of `bytes` from `bit` on; of fewer than 64 the rest is 0.
fn word_at(bytes: &[u8], bit: usize, count: usize) -> u64 {
    let rest = &bytes[(bit / 8).min(bytes.len())..];
    let (mut low, len) = ([0; 8], rest.len().min(8));
    low[..len].copy_from_slice(&rest[..len]);
    let mut word = u64::from_le_bytes(low) >> (bit % 8);
    if let (true, Some(high)) = (!bit.is_multiple_of(8), rest.get(8)) {
        word |= u64::from(*high) << (64 - bit % 8);
    }
    if count >= 64 { word } else { word & ((1 << count) - 1) }
}

/// With at least so many of 64 rows valid it is faster to copy runs of valid rows than to place single ones.
const RUNS_MIN: u32 = 48;

/// A stretch of a page: `rows` rows from row `from` of the batch on, `valid` of them not null.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch<'a> {
    pub validity: &'a Validity,
    pub from: usize,
    pub rows: usize,
    pub valid: usize,
}

/// One value per row, nulls included; what a null row holds is of no meaning.
#[derive(Debug)]
pub(super) struct Slots<T> {
    slots: Vec<T>,
    packed: Vec<T>,
}

impl<T: Copy + Default> Slots<T> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), packed: Vec::new() }
    }

    /// Appends a stretch; `decode` appends that many values without gaps to what it is given.
    pub(super) fn append<E>(&mut self, stretch: Stretch<'_>, decode: impl FnOnce(usize, &mut Vec<T>) -> Result<(), E>) -> Result<(), E> {
        if stretch.valid == stretch.rows {
            return decode(stretch.valid, &mut self.slots);
        }
        self.packed.clear();
        decode(stretch.valid, &mut self.packed)?;
        self.spread(stretch);
        Ok(())
    }

    /// Appends values without gaps.
    pub(super) fn extend(&mut self, values: impl Iterator<Item = T>) {
        self.slots.extend(values);
    }

    /// The values so far; the next batch will have room for `rows` at once.
    pub(super) fn take(&mut self, rows: usize) -> Vec<T> {
        std::mem::replace(&mut self.slots, Vec::with_capacity(rows))
    }

    fn spread(&mut self, stretch: Stretch<'_>) {
        let Some(last) = self.packed.len().checked_sub(1) else {
            self.slots.resize(self.slots.len() + stretch.rows, T::default());
            return;
        };
        let (bits, mut next) = (stretch.validity.bytes(), 0);
        for start in (0..stretch.rows).step_by(64) {
            let count = (stretch.rows - start).min(64);
            let word = word_at(bits, stretch.from + start, count);
            if word.count_ones() >= RUNS_MIN {
                next += self.copy_runs(word, next, count);
                continue;
            }
            let mut block = [T::default(); 64];
            for (place, slot) in block.iter_mut().enumerate() {
                *slot = self.packed[next.min(last)];
                next += (word >> place & 1) as usize;
            }
            self.slots.extend_from_slice(&block[..count]);
        }
    }

    /// Appends `count` rows run by run; gives the number of values used, from `next` on.
    fn copy_runs(&mut self, mut word: u64, next: usize, count: usize) -> usize {
        let (mut row, mut used) = (0, 0);
        while row < count {
            let run = word.trailing_ones() as usize;
            self.slots.extend_from_slice(&self.packed[next + used..next + used + run]);
            used += run;
            row += run;
            if row >= count {
                break;
            }
            word >>= run;
            let gap = (word.trailing_zeros() as usize).min(count - row);
            self.slots.extend(std::iter::repeat_n(self.packed[next + used.saturating_sub(1)], gap));
            word >>= gap;
            row += gap;
        }
        used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_spread_over_any_bitmap() {
        for (seed, from) in [(1_u64, 0), (0x9e37_79b9_7f4a_7c15, 3), (u64::MAX, 64), (0, 7), (0xffff_ffff_0000_ffff, 130)] {
            let bytes: Vec<u8> = (0..40_u64).map(|n| (seed.rotate_left(n as u32 * 5) >> 7) as u8).collect();
            let mut validity = Validity::default();
            assert_eq!(validity.append_run(from, true), from);
            let valid = validity.append_bits(&bytes, 5, 300);
            let is_valid = |row: usize| bytes[(row + 5) / 8] >> ((row + 5) % 8) & 1 == 1;
            assert_eq!(valid, (0..300).filter(|row| is_valid(*row)).count());
            let mut slots = Slots::<i32>::new();
            let stretch = Stretch { validity: &validity, from, rows: 300, valid };
            let decode = |count, out: &mut Vec<i32>| {
                out.extend(0..count as i32);
                Ok::<_, ()>(())
            };
            slots.append(stretch, decode).expect("no failure");
            let out = slots.take(0);
            let mut next = 0;
            for (row, value) in out.iter().enumerate().filter(|(row, _)| is_valid(*row)) {
                assert_eq!(*value, next, "row {row}");
                next += 1;
            }
            assert_eq!((out.len(), next as usize), (300, valid));
            assert_eq!(validity.len(), from + 300);
            let nulls = validity.finish();
            assert_eq!(nulls.map_or(0, |nulls| nulls.null_count()), 300 - valid);
        }
    }
}
