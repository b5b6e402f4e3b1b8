//! The keys of runs cut into ranges: each is merged by itself.

use super::run::{Run, RunPiece};

/// Ranges of keys, all of about as many bytes.
#[derive(Debug)]
pub(super) struct Ranges {
    /// The first key of each range but the first one.
    pub(super) starts: Vec<Box<[u8]>>,
    /// Bytes of memory of the pieces that the largest one touches.
    pub(super) largest: usize,
}

impl Ranges {
    /// Cuts the keys of runs into ranges of about `range_bytes`, where as few pieces as may be are on both sides of a border.
    pub(super) fn new(runs: &[Run], range_bytes: usize) -> Self {
        let pieces = || runs.iter().flat_map(|run| &run.pieces);
        let mut firsts: Vec<(&[u8], usize)> = pieces().map(|piece| (piece.first.as_ref(), piece.loaded_bytes())).collect();
        let mut lasts: Vec<&[u8]> = pieces().map(|piece| piece.last.as_ref()).collect();
        firsts.sort_unstable();
        lasts.sort_unstable();
        let mut starts = Vec::<Box<[u8]>>::new();
        // Bytes of all pieces that begin in front of a key: those at it, at the last start, and at the best key for the next one.
        let (mut bytes, mut at_start, mut ended) = (0, 0, 0);
        let mut best: Option<(usize, usize, &[u8])> = None;
        for (at, (first, more)) in firsts.iter().enumerate() {
            if at > 0 && firsts[at - 1].0 < *first {
                ended += lasts[ended..].iter().take_while(|last| *last < first).count();
                let open = at - ended;
                if bytes - at_start > range_bytes / 2 && best.is_none_or(|(fewest, ..)| open <= fewest) {
                    best = Some((open, bytes, first));
                }
                if bytes - at_start >= range_bytes
                    && let Some((_, before, key)) = best.take()
                {
                    starts.push(key.into());
                    at_start = before;
                }
            }
            bytes += more;
        }
        let mut ranges = Self { starts, largest: 0 };
        ranges.largest = ranges.largest_of(pieces());
        ranges
    }

    fn largest_of<'a>(&self, pieces: impl Iterator<Item = &'a RunPiece>) -> usize {
        // How much more the pieces take that a range touches than those of the range in front of it.
        let (mut more, mut less) = (vec![0; self.count()], vec![0; self.count() + 1]);
        for piece in pieces {
            more[self.of(&piece.first)] += piece.loaded_bytes();
            less[self.of(&piece.last) + 1] += piece.loaded_bytes();
        }
        let touched = more.iter().zip(&less).scan(0, |bytes, (more, less)| {
            *bytes = *bytes + more - less;
            Some(*bytes)
        });
        touched.max().unwrap_or(0)
    }

    /// Number of ranges.
    pub(super) fn count(&self) -> usize {
        self.starts.len() + 1
    }

    /// The range that a key is in.
    pub(super) fn of(&self, key: &[u8]) -> usize {
        self.starts.partition_point(|start| start.as_ref() <= key)
    }

    /// The first key of a range and the one that it ends in front of, where it has them.
    pub(super) fn bounds(&self, range: usize) -> (Option<&[u8]>, Option<&[u8]>) {
        let start = |at: usize| self.starts.get(at).map(AsRef::as_ref);
        (range.checked_sub(1).and_then(start), start(range))
    }
}
