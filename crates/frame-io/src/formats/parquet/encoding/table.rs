//! The numbers of values in a dictionary, found by the hashes of the values.

/// Slots for so many values at first.
const FEWEST: usize = 256;

/// An open table: the values are kept by whoever asks.
#[derive(Debug)]
pub(super) struct Table {
    /// The upper half of a value's hash and its number plus one, or 0. A power of two, at most half of them taken.
    slots: Vec<u64>,
    count: u32,
}

impl Default for Table {
    fn default() -> Self {
        Self { slots: vec![0; 2 * FEWEST], count: 0 }
    }
}

impl Table {
    /// The number of the value with this hash for which `is_same` is true, and whether it is a new one: the next number.
    #[inline(always)]
    pub(super) fn number(&mut self, hash: u64, is_same: impl Fn(u32) -> bool) -> (u32, bool) {
        let tag = hash >> 32;
        let mask = self.slots.len() - 1;
        let mut at = tag as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return (self.insert(tag, at), true);
            }
            let number = (slot as u32).wrapping_sub(1);
            if slot >> 32 == tag && is_same(number) {
                return (number, false);
            }
            at = (at + 1) & mask;
        }
    }

    #[inline(never)]
    fn insert(&mut self, tag: u64, at: usize) -> u32 {
        let number = self.count;
        self.count += 1;
        self.slots[at] = tag << 32 | u64::from(self.count);
        if 2 * self.count as usize > self.slots.len() {
            let mut slots = vec![0; 2 * self.slots.len()];
            let mask = slots.len() - 1;
            for slot in self.slots.iter().filter(|slot| **slot != 0) {
                let mut at = (slot >> 32) as usize & mask;
                while slots[at] != 0 {
                    at = (at + 1) & mask;
                }
                slots[at] = *slot;
            }
            self.slots = slots;
        }
        number
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.slots.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use frame_core::hash;

    use super::*;

    #[test]
    fn values_keep_the_number_they_came_with() {
        for hash in [|value: u64| hash::word(value), |_| 0, |value| value << 62] {
            let mut table = Table::default();
            let mut values = Vec::new();
            for row in 0..5000_u64 {
                let value = row * row % 1201;
                let (number, is_new) = table.number(hash(value), |number| values[number as usize] == value);
                if is_new {
                    values.push(value);
                }
                assert_eq!(values[number as usize], value);
                assert_eq!(table.len(), values.len());
            }
            values.sort_unstable();
            values.dedup();
            assert_eq!(values.len(), table.len());
        }
    }
}
