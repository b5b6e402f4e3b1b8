//! Whole numbers that lie close together: the group of a key stands at the distance of the key from the smallest one.
//!
//! No hash, no comparison, and four bytes per place: with most ids, days and codes the lookup stays in the cache of a core.

/// A place whose number no row had.
const UNKNOWN: u32 = u32::MAX;
/// The most places: 16 MiB.
const PLACES_MAX: u64 = 1 << 22;
/// With so many places it does not matter how many keys there are.
const PLACES_FEW: u64 = 1 << 10;
/// With at most as many places per key they take no more memory than a hash table.
const SPREAD: u64 = 6;

#[derive(Debug, Default)]
pub(super) struct Dense {
    /// The key of the first place.
    first: i64,
    groups: Vec<u32>,
}

impl Dense {
    /// Whether `keys` keys between these two lie close together. If they did so far, they may lie twice as far apart.
    pub(super) fn takes((smallest, largest): (i64, i64), keys: usize, did_so_far: bool) -> bool {
        let spread = if did_so_far { 2 * SPREAD } else { SPREAD };
        let places = largest.abs_diff(smallest).saturating_add(1);
        places <= PLACES_MAX.min((keys as u64).saturating_mul(spread)).max(PLACES_FEW)
    }

    /// Makes places for the keys from `smallest` to `largest` beside those there are.
    pub(super) fn reach(&mut self, (smallest, largest): (i64, i64)) {
        if self.groups.is_empty() {
            self.first = smallest;
        }
        if smallest < self.first {
            // Room for more of them, so that numbers that count down do not move all places each time.
            let more = (self.first.abs_diff(smallest) as usize).max(self.groups.len() / 2);
            let more = (more as u64).min(self.first.abs_diff(i64::MIN));
            self.groups.splice(..0, std::iter::repeat_n(UNKNOWN, more as usize));
            self.first = self.first.wrapping_sub_unsigned(more);
        }
        let places = largest.abs_diff(self.first) as usize + 1;
        self.groups.resize(places.max(self.groups.len()), UNKNOWN);
    }

    /// The group of a key within reach, `new` if it has none so far.
    #[inline(always)]
    pub(super) fn group(&mut self, key: i64, new: impl FnOnce() -> u32) -> u32 {
        let group = &mut self.groups[key.wrapping_sub(self.first) as usize];
        if *group == UNKNOWN {
            *group = new();
        }
        *group
    }

    pub(super) fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers keys as a map would, and forgets none.
    fn check(batches: &[&[i64]]) {
        let (mut dense, mut keys) = (Dense::default(), Vec::new());
        for batch in batches {
            dense.reach((*batch.iter().min().expect("keys"), *batch.iter().max().expect("keys")));
            for key in *batch {
                let group = dense.group(*key, || {
                    keys.push(*key);
                    keys.len() as u32 - 1
                });
                assert_eq!(keys[group as usize], *key);
            }
        }
        let mut distinct = keys.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), keys.len());
    }

    #[test]
    fn places_grow_at_both_ends() {
        check(&[&[5, 3, 5], &[9, 3, 1], &[-7, 12], &[-20, 5, 30]]);
        check(&[&[100], &[99], &[98, 101], &[97], &[96], &[95, 90]]);
        check(&[&[i64::MIN, i64::MIN + 3], &[i64::MIN + 1, i64::MIN + 9]]);
        check(&[&[i64::MIN + 2], &[i64::MIN + 1], &[i64::MIN]]);
        check(&[&[i64::MAX - 1], &[i64::MAX]]);
    }

    #[test]
    fn keys_far_apart_are_turned_down() {
        assert!(!Dense::takes((0, 1 << 40), 8192, false));
        assert!(!Dense::takes((i64::MIN, i64::MAX), usize::MAX, true));
        assert!(Dense::takes((0, 10_000), 2_000, false));
        assert!(!Dense::takes((0, 20_000), 2_000, false));
        assert!(Dense::takes((0, 20_000), 2_000, true));
        assert!(Dense::takes((-500, 500), 0, false));
        assert!(!Dense::takes((0, PLACES_MAX as i64), usize::MAX, true));
    }
}
