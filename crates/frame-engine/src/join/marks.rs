//! The keys of a side on disk, as far as a Bloom filter remembers them: rows of the other side that can match none of its rows are known
//! before they go to disk. A key sets a few bits of one word (Putze, Sanders and Singler, "Cache-, hash- and space-efficient Bloom
//! filters", 2007).

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use frame_memory::{MemoryBudget, Reservation};

/// Bits for each row: one key in a hundred that is not there passes for one that is.
const ROW_BITS: usize = 12;

/// Bits that a key sets.
const BITS: u32 = 5;

/// The bits take one part in so many of the limit at most, and there are as many as rows at least: a side often has fewer than is thought.
const PART: usize = 32;

/// With more eighths of the bits set, every fourth key and more would pass for one that is there.
const EIGHTHS: u32 = 6;

/// Marks of keys, made when the first rows go to disk.
#[derive(Debug)]
pub(crate) struct Marks {
    /// About how many rows the side has.
    rows: u64,
    words: OnceLock<Option<Words>>,
}

#[derive(Debug)]
struct Words {
    words: Vec<AtomicU64>,
    /// Held as long as the words.
    _memory: Reservation,
}

impl Marks {
    /// For the keys of about so many rows.
    pub(crate) fn new(rows: u64) -> Self {
        Self { rows, words: OnceLock::new() }
    }

    /// The first keys are about to be added. Without room for them nothing is remembered.
    pub(super) fn begin(&self, budget: &MemoryBudget) {
        self.words.get_or_init(|| {
            let rows = usize::try_from(self.rows).unwrap_or(usize::MAX).max(64);
            let bits = rows.saturating_mul(ROW_BITS).min(budget.limit_bytes() / PART * 8);
            if bits < rows {
                return None;
            }
            let words = bits.div_ceil(64);
            let mut memory = budget.reserve("join");
            // Memory is full now, but not for long.
            memory.require(words * size_of::<AtomicU64>()).ok()?;
            Some(Words { words: (0..words).map(|_| AtomicU64::new(0)).collect(), _memory: memory })
        });
    }

    /// Remembers the hash of a key.
    #[inline(always)]
    pub(super) fn add(&self, hash: u64) {
        if let Some(Some(words)) = self.words.get() {
            let (word, bits) = words.place(hash);
            // Most keys that come again find their bits.
            if word.load(Ordering::Relaxed) & bits != bits {
                word.fetch_or(bits, Ordering::Relaxed);
            }
        }
    }

    /// Whether it is of use to ask, when all keys are there.
    pub(super) fn tells_apart(&self) -> bool {
        let Some(Some(words)) = self.words.get() else { return false };
        let eighths = |word: &AtomicU64| u64::from(word.load(Ordering::Relaxed).count_ones() * 8);
        words.words.iter().map(eighths).sum::<u64>() <= words.words.len() as u64 * u64::from(u64::BITS * EIGHTHS)
    }

    /// Whether a key with this hash may be there.
    #[inline(always)]
    pub(super) fn may_have(&self, hash: u64) -> bool {
        let Some(Some(words)) = self.words.get() else { return true };
        let (word, bits) = words.place(hash);
        word.load(Ordering::Relaxed) & bits == bits
    }
}

impl Words {
    /// The word of a hash by its upper half, and its bits by the lower one.
    #[inline(always)]
    fn place(&self, hash: u64) -> (&AtomicU64, u64) {
        let at = ((hash >> 32) * self.words.len() as u64) >> 32;
        let bits = (0..BITS).fold(0, |bits, bit| bits | 1 << ((hash >> (6 * bit)) & 63));
        (&self.words[at as usize], bits)
    }
}

#[cfg(test)]
mod tests {
    use frame_core::hash;

    use super::*;

    #[test]
    fn keys_that_were_added_are_there_and_few_others() {
        let marks = Marks::new(100_000);
        assert!(marks.may_have(1) && !marks.tells_apart());
        marks.begin(&MemoryBudget::new(64 << 20));
        (0..100_000).for_each(|key| marks.add(hash::word(key)));
        assert!(marks.tells_apart() && (0..100_000).all(|key| marks.may_have(hash::word(key))));
        let others = (100_000..200_000).filter(|key| marks.may_have(hash::word(*key))).count();
        assert!(others < 3_000, "{others} of 100,000");
        // Many more than was thought.
        (0..1_000_000).for_each(|key| marks.add(hash::word(key)));
        assert!(!marks.tells_apart());
    }

    #[test]
    fn without_room_every_key_may_be_there() {
        let marks = Marks::new(100_000_000);
        marks.begin(&MemoryBudget::new(64 << 20));
        marks.add(1);
        assert!(!marks.tells_apart() && marks.may_have(2));
    }
}
