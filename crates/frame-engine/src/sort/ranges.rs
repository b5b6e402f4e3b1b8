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

/// Where the pieces of some runs begin and end, in the order of their keys.
pub(super) struct Ends<'a> {
    firsts: Vec<End<'a>>,
    lasts: Vec<End<'a>>,
}

struct End<'a> {
    key: &'a [u8],
    /// Bytes of memory of the piece.
    bytes: usize,
    run: usize,
}

impl<'a> Ends<'a> {
    pub(super) fn of(runs: &'a [Run]) -> Self {
        let ends = |key: fn(&RunPiece) -> &[u8]| {
            let of_run = |(run, pieces): (usize, &'a Run)| {
                pieces.pieces.iter().map(move |piece| End { key: key(piece), bytes: piece.loaded_bytes(), run })
            };
            let mut ends: Vec<End<'a>> = runs.iter().enumerate().flat_map(of_run).collect();
            ends.sort_unstable_by_key(|end| end.key);
            ends
        };
        Self { firsts: ends(|piece| &piece.first), lasts: ends(|piece| &piece.last) }
    }

    /// Cuts the keys of the first `runs` into ranges of about `range_bytes`, where as few pieces as may be are on both sides of a border.
    pub(super) fn ranges(&self, runs: usize, range_bytes: usize) -> Ranges {
        let mut lasts = self.lasts.iter().filter(|end| end.run < runs).map(|end| end.key).peekable();
        let mut starts = Vec::<Box<[u8]>>::new();
        // Bytes of all pieces that begin in front of a key: those at it, at the last start, and at the best key for the next one.
        let (mut bytes, mut at_start) = (0, 0);
        let mut best: Option<(usize, usize, &[u8])> = None;
        // How many of them there are, and how many have ended.
        let (mut begun, mut ended) = (0, 0);
        let mut before = None;
        for End { key, bytes: more, .. } in self.firsts.iter().filter(|end| end.run < runs) {
            if before.replace(*key).is_some_and(|before| before < *key) {
                while lasts.next_if(|last| last < key).is_some() {
                    ended += 1;
                }
                let open = begun - ended;
                if bytes - at_start > range_bytes / 2 && best.is_none_or(|(fewest, ..)| open <= fewest) {
                    best = Some((open, bytes, key));
                }
                if bytes - at_start >= range_bytes
                    && let Some((_, in_front, key)) = best.take()
                {
                    starts.push(key.into());
                    at_start = in_front;
                }
            }
            bytes += more;
            begun += 1;
        }
        let largest = self.largest(runs, &starts);
        Ranges { starts, largest }
    }

    /// Bytes of memory of the pieces that the largest range touches.
    fn largest(&self, runs: usize, starts: &[Box<[u8]>]) -> usize {
        // The bytes of the ends in each range.
        let of_ranges = |ends: &[End<'_>]| {
            let (mut bytes, mut range) = (vec![0; starts.len() + 1], 0);
            for end in ends.iter().filter(|end| end.run < runs) {
                while starts.get(range).is_some_and(|start| start.as_ref() <= end.key) {
                    range += 1;
                }
                bytes[range] += end.bytes;
            }
            bytes
        };
        let (begin, end) = (of_ranges(&self.firsts), of_ranges(&self.lasts));
        let touched = begin.iter().zip(end).scan(0, |open, (begin, end)| {
            let touched = *open + begin;
            *open = touched - end;
            Some(touched)
        });
        touched.max().unwrap_or(0)
    }
}

impl Ranges {
    /// Number of ranges.
    pub(super) fn count(&self) -> usize {
        self.starts.len() + 1
    }

    /// Whether a key is in a range or behind it; none is behind the last one.
    pub(super) fn reaches(&self, key: &[u8], range: usize) -> bool {
        range.checked_sub(1).is_none_or(|start| self.starts.get(start).is_some_and(|start| start.as_ref() <= key))
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
