//! From hashes to the numbers of groups: open addressing with linear probing over words of half a hash and a number.
//!
//! Keys are compared where they lie, and only if the halves of their hashes are the same. So a row whose key is new touches eight bytes of
//! the table, and the table of many groups fits into the cache: with keys of five words in the slots it was six times as large. Where most
//! keys come again a table with the keys in it is faster.

/// Numbers of groups by half the hash of their keys.
#[derive(Default)]
pub(super) struct Index {
    /// Half a hash, and behind it the number of a group plus one; 0 if there is none.
    slots: Vec<u64>,
    len: usize,
}

/// The fewest slots.
const SLOTS_MIN: usize = 16;

impl Index {
    /// The group with this half of a hash that `is_same` says yes to, or else `new`, which is added.
    #[inline(always)]
    pub(super) fn group(&mut self, half: u32, new: u32, is_same: impl Fn(u32) -> bool) -> u32 {
        if (self.len + 1) * 8 > self.slots.len() * 5 {
            self.grow(self.len + 1);
        }
        let last = self.slots.len() - 1;
        let mut place = half as usize & last;
        loop {
            let slot = self.slots[place];
            if slot == 0 {
                self.slots[place] = u64::from(half) << 32 | (u64::from(new) + 1);
                self.len += 1;
                return new;
            }
            let group = (slot as u32).wrapping_sub(1);
            if (slot >> 32) as u32 == half && is_same(group) {
                return group;
            }
            place = (place + 1) & last;
        }
    }

    /// Makes room for as many groups more.
    pub(super) fn reserve(&mut self, groups: usize) {
        if (self.len + groups) * 8 > self.slots.len() * 5 {
            self.grow(self.len + groups);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, groups: usize) {
        let slots = (groups * 8).div_ceil(5).next_power_of_two().max(SLOTS_MIN);
        let old = std::mem::replace(&mut self.slots, vec![0; slots]);
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            let mut place = (slot >> 32) as usize & (slots - 1);
            while self.slots[place] != 0 {
                place = (place + 1) & (slots - 1);
            }
            self.slots[place] = slot;
        }
    }

    /// Forgets all groups, and keeps the room.
    pub(super) fn clear(&mut self) {
        self.slots.fill(0);
        self.len = 0;
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_get_the_numbers_of_a_map(
            keys in proptest::collection::vec(0_u64..300, 0..900),
            bits in 0_u32..33,
            reserved in 0_usize..400,
            cleared_at in 0_usize..900,
        ) {
            // Few bits of a hash, so that many are the same.
            let half = |key: u64| frame_core::hash::word(key) as u32 & (1_u64 << bits).wrapping_sub(1) as u32;
            let (mut index, mut numbers, mut known) = (Index::default(), HashMap::new(), Vec::new());
            index.reserve(reserved);
            for (at, key) in keys.into_iter().enumerate() {
                if at == cleared_at {
                    index.clear();
                    numbers.clear();
                    known.clear();
                }
                let group = index.group(half(key), known.len() as u32, |group| known[group as usize] == key);
                if group as usize == known.len() {
                    known.push(key);
                }
                let expected = numbers.len() as u32;
                prop_assert_eq!(group, *numbers.entry(key).or_insert(expected));
            }
        }
    }
}
