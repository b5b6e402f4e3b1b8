//! Where pieces of runs end: at the same keys in every run, as far as runs are alike. A range of keys can then be merged without pieces of
//! which only some rows are in it.

use std::ops::Range;
use std::sync::OnceLock;

use arrow::row::Rows;

use crate::narrow::Place;

/// Keys that begin pieces, in order: those of the first run that was written.
#[derive(Debug, Default)]
pub(super) struct Borders(OnceLock<Vec<Box<[u8]>>>);

impl Borders {
    /// Takes the keys at which the pieces of a run begin, unless there are some; tells whether it has.
    pub(super) fn offer<'a>(&self, firsts: impl Iterator<Item = &'a [u8]>) -> bool {
        self.0.get().is_none() && self.0.set(firsts.skip(1).map(Box::from).collect()).is_ok()
    }

    /// Bytes of memory that they take.
    pub(super) fn bytes(&self) -> usize {
        self.0.get().map_or(0, |borders| borders.iter().map(|border| size_of::<Box<[u8]>>() + border.len() + 16).sum())
    }

    /// Cuts sorted rows into pieces of about `piece_rows`, and of at most half as many more.
    pub(super) fn cut(&self, order: &[Place], keys: &[&Rows], piece_rows: usize) -> Vec<Range<usize>> {
        let borders = self.0.get().map_or(&[][..], Vec::as_slice);
        let is_before = |(batch, row): &Place, border: &[u8]| keys[*batch as usize].row(*row as usize).as_ref() < border;
        let ends = borders.iter().map(|border| order.partition_point(|place| is_before(place, border)));
        parts(order.len(), piece_rows.max(1), ends)
    }
}

/// Cuts `0 .. len` at some of the `ends`, which ascend: into parts of more than half of `rows`, and of at most half more.
fn parts(len: usize, rows: usize, ends: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let (mut parts, mut start) = (Vec::with_capacity(len.div_ceil(rows)), 0);
    for end in ends.chain([len]) {
        while end - start > rows + rows / 2 {
            parts.push(start..start + rows);
            start += rows;
        }
        if end - start > rows / 2 || end == len && start < end {
            parts.push(start..end);
            start = end;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parts;

    #[test]
    fn pieces_end_where_others_do() {
        assert_eq!(parts(10, 4, [3, 7].into_iter()), [0..3, 3..7, 7..10]);
        assert_eq!(parts(10, 4, [1, 2, 6, 7].into_iter()), [0..6, 6..10], "too few rows are no piece");
        assert_eq!(parts(10, 2, [9].into_iter()), [0..2, 2..4, 4..6, 6..9, 9..10]);
        assert!(parts(0, 2, [0, 0].into_iter()).is_empty());
    }

    proptest! {
        #[test]
        fn every_row_is_in_one_piece(len in 0_usize..200, rows in 1_usize..30, mut ends in prop::collection::vec(0_usize..200, 0..20)) {
            ends.retain(|end| *end <= len);
            ends.sort_unstable();
            let parts = parts(len, rows, ends.into_iter());
            prop_assert!(parts.iter().all(|part| !part.is_empty() && part.len() <= rows + rows / 2));
            prop_assert_eq!(parts.into_iter().flatten().collect::<Vec<_>>(), (0..len).collect::<Vec<_>>());
        }
    }
}
