//! Where the items of buckets lie that are put one bucket behind the other (counting sort).

use std::ops::Range;

/// The places of the items of each bucket.
#[derive(Debug)]
pub(crate) struct Spans {
    ends: Vec<usize>,
}

impl Spans {
    /// Buckets with so many items each; and the places of their first items, which count up as items are put there.
    pub(crate) fn of(mut counts: Vec<usize>) -> (Self, Vec<usize>) {
        let (mut starts, mut total) = (Vec::with_capacity(counts.len()), 0);
        for count in &mut counts {
            starts.push(total);
            total += *count;
            *count = total;
        }
        (Self { ends: counts }, starts)
    }

    /// The places of a bucket.
    pub(crate) fn get(&self, bucket: usize) -> Range<usize> {
        let start = if bucket == 0 { 0 } else { self.ends[bucket - 1] };
        start..self.ends[bucket]
    }

    /// The number of all items.
    pub(crate) fn total(&self) -> usize {
        self.ends.last().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_lie_one_behind_the_other() {
        let (spans, starts) = Spans::of(vec![2, 0, 3]);
        assert_eq!(starts, [0, 2, 2]);
        assert_eq!([0, 1, 2].map(|bucket| spans.get(bucket)), [0..2, 2..2, 2..5]);
        assert_eq!((spans.total(), Spans::of(Vec::new()).0.total()), (5, 0));
    }
}
