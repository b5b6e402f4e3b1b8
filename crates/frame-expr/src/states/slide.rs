//! Frames that move over rows: which rows come in and which go out from one frame to the next.

/// The frame in hand: its first row and the one behind the last.
#[derive(Debug, Default)]
pub(crate) struct Slide {
    start: u32,
    end: u32,
}

impl Slide {
    /// Goes on to a frame, neither of whose ends lies before those of the last one; says of each row that changes whether it came in.
    #[inline]
    pub(crate) fn to(&mut self, (start, end): (u32, u32), mut change: impl FnMut(usize, bool)) {
        (self.start..start.min(self.end)).for_each(|row| change(row as usize, false));
        (self.end.max(start)..end).for_each(|row| change(row as usize, true));
        (self.start, self.end) = (start, end.max(start));
    }
}

/// How many of some places are taken, and the place of the nth of them: a Fenwick tree (Fenwick, "A new data structure for cumulative
/// frequency tables", 1994).
#[derive(Debug)]
pub(crate) struct Places {
    /// At `i` the taken places among the last ones before it, as many as its lowest bit says; the first element is not used.
    counts: Vec<u32>,
    pub(crate) len: usize,
}

impl Places {
    /// So many places, none of them taken.
    pub(crate) fn new(places: usize) -> Self {
        Self { counts: vec![0; places + 1], len: 0 }
    }

    /// Takes a place, or gives it back.
    pub(crate) fn set(&mut self, place: usize, is_taken: bool) {
        let more = if is_taken { 1_u32 } else { u32::MAX };
        self.len = if is_taken { self.len + 1 } else { self.len - 1 };
        let mut at = place + 1;
        while let Some(count) = self.counts.get_mut(at) {
            *count = count.wrapping_add(more);
            at += at & at.wrapping_neg();
        }
    }

    /// The taken place with `before` taken ones before it; there must be one.
    pub(crate) fn nth(&self, before: usize) -> usize {
        let (mut at, mut left) = (0, before as u32);
        let mut bit = (self.counts.len() - 1).checked_ilog2().map_or(0, |bits| 1 << bits);
        while bit > 0 {
            if let Some(count) = self.counts.get(at + bit).filter(|count| **count <= left) {
                left -= count;
                at += bit;
            }
            bit /= 2;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_once_and_go_out_once() {
        let (mut slide, mut inside) = (Slide::default(), Vec::new());
        for frame in [(0, 3), (1, 3), (1, 5), (7, 7), (7, 9), (9, 12), (12, 12)] {
            slide.to(frame, |row, is_in| if is_in { inside.push(row) } else { inside.retain(|other| *other != row) });
            assert_eq!(inside, (frame.0 as usize..frame.1 as usize).collect::<Vec<_>>());
        }
    }

    #[test]
    fn places_are_found_by_their_number() {
        for size in [1, 2, 3, 7, 8, 9, 100] {
            let mut places = Places::new(size);
            let taken: Vec<usize> = (0..size).filter(|place| place % 3 != 1).collect();
            (0..size).for_each(|place| places.set(place, true));
            (0..size).filter(|place| place % 3 == 1).for_each(|place| places.set(place, false));
            assert_eq!(places.len, taken.len());
            assert_eq!((0..places.len).map(|nth| places.nth(nth)).collect::<Vec<_>>(), taken);
        }
    }
}
