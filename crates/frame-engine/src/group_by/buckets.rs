//! Groups that have left their table, by bucket of their hash.
//!
//! A table that has as many groups as it may is emptied: keys and states become columns, whose rows are put in the order of buckets. At
//! the end each bucket is merged on its own, so several are at once. If keys hardly repeat, this is all the work there is, and the table
//! stays in cache; if keys turn out to repeat, the table is allowed to grow until it holds them.

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take;
use frame_core::Result;
use frame_core::cardinality::Cardinality;

/// The number of buckets.
pub(super) const BUCKETS: usize = 1 << BITS;

const BITS: u32 = 6;

/// The bucket of a hash. Tables look at the lowest and the highest bits, buckets at those between.
fn bucket(hash: u64) -> usize {
    (hash >> 40) as usize % BUCKETS
}

/// Groups as columns, in the order of their buckets.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) keys: Vec<ArrayRef>,
    /// The states of each aggregate.
    pub(super) states: Vec<Vec<ArrayRef>>,
    /// Where each bucket ends.
    ends: Vec<usize>,
}

/// What one worker has put into buckets.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    pub(super) parts: Vec<Part>,
    /// Of the groups in all parts; a group may be in several.
    groups_total: u64,
    cardinality: Cardinality,
    bytes: usize,
}

impl Buckets {
    /// Adds groups with these hashes.
    pub(super) fn add(&mut self, hashes: &[u64], keys: &[ArrayRef], states: &[Vec<ArrayRef>]) -> Result<()> {
        let mut ends = vec![0; BUCKETS];
        hashes.iter().for_each(|hash| ends[bucket(*hash)] += 1);
        let mut next: Vec<usize> = ends.clone();
        let mut total = 0;
        for (next, end) in next.iter_mut().zip(&mut ends) {
            *next = total;
            total += *end;
            *end = total;
        }
        let mut order = vec![0; hashes.len()];
        for (row, hash) in (0..).zip(hashes) {
            let place = &mut next[bucket(*hash)];
            order[*place] = row;
            *place += 1;
            // Hashes are good enough for tables, but the ranks of registers need every bit to be fair.
            self.cardinality.add(frame_core::hash::word(*hash));
        }
        let order = UInt32Array::from(order);
        let ordered = |columns: &[ArrayRef]| columns.iter().map(|column| Ok(take(column, &order, None)?)).collect::<Result<Vec<_>>>();
        let part = Part { keys: ordered(keys)?, states: states.iter().map(|states| ordered(states)).collect::<Result<_>>()?, ends };
        self.groups_total += hashes.len() as u64;
        self.bytes += part.bytes();
        self.parts.push(part);
        Ok(())
    }

    /// About how many groups there are, if most of them were added more than once.
    pub(super) fn repeated(&self) -> Option<usize> {
        let groups = self.cardinality.estimate();
        (groups < self.groups_total / 2).then_some(groups as usize)
    }

    /// About how many different groups there are.
    pub(super) fn groups(&self) -> usize {
        self.cardinality.estimate() as usize
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Part {
    /// Keys and states of the groups in a bucket.
    pub(super) fn bucket(&self, at: usize) -> (usize, Vec<ArrayRef>, Vec<Vec<ArrayRef>>) {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        let rows = self.ends[at] - start;
        let slices = |columns: &[ArrayRef]| columns.iter().map(|column| column.slice(start, rows)).collect();
        (rows, slices(&self.keys), self.states.iter().map(|states| slices(states)).collect())
    }

    fn bytes(&self) -> usize {
        self.keys.iter().chain(self.states.iter().flatten()).map(|column| column.get_array_memory_size()).sum()
    }
}
