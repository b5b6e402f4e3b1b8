//! Decisions read from random words. Words that shrink lead to the first, simplest choices; behind the last word all choices are such.

/// The words of one random thing and how many have been used.
pub(crate) struct Choices<'a> {
    words: std::slice::Iter<'a, u16>,
}

impl<'a> Choices<'a> {
    pub(crate) fn new(words: &'a [u16]) -> Self {
        Self { words: words.iter() }
    }

    /// A number below `count`, which is not 0.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::from(self.words.next().copied().unwrap_or(0)) % count
    }

    /// One of some things; `None` only if there is none.
    pub(crate) fn one<'b, T>(&mut self, things: &'b [T]) -> Option<&'b T> {
        if things.is_empty() { None } else { things.get(self.below(things.len())) }
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }
}
