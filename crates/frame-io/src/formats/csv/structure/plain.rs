//! The state machine that decides every case, one byte at a time, as the `csv` crate does: a quote opens only at the start of a
//! field, is written twice inside quotes, and is a letter anywhere else.

use super::{Found, Marks};

/// Where in a record a byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum State {
    /// At the start of a field.
    Start,
    /// In a field, outside quotes.
    Plain,
    /// Inside quotes.
    Quoted,
    /// Behind a quote that was inside quotes: it closes them, unless another one follows.
    Closing,
}

/// What a byte means where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Meaning {
    /// Part of a field.
    Text,
    /// The end of a field.
    Delimiter,
    /// The end of a record.
    Newline,
}

impl State {
    /// Takes one byte; gives what it means and the state behind it.
    #[inline(always)]
    pub(in super::super) fn step(self, byte: u8, marks: Marks) -> (Meaning, Self) {
        match self {
            Self::Quoted if byte == marks.quote => (Meaning::Text, Self::Closing),
            Self::Quoted => (Meaning::Text, Self::Quoted),
            Self::Start | Self::Closing if byte == marks.quote => (Meaning::Text, Self::Quoted),
            _ if byte == marks.delimiter => (Meaning::Delimiter, Self::Start),
            _ if byte == b'\n' => (Meaning::Newline, Self::Start),
            _ => (Meaning::Text, Self::Plain),
        }
    }
}

/// See [`super::Scanner::scan`].
pub(super) fn scan(bytes: &[u8], start: usize, end: usize, marks: Marks, bounds: &mut Vec<u32>) -> Found {
    bounds.clear();
    bounds.push(start as u32);
    let mut state = State::Start;
    let mut newlines = 0;
    for (at, byte) in bytes[start..end].iter().enumerate() {
        let (meaning, next) = state.step(*byte, marks);
        state = next;
        if meaning != Meaning::Text {
            bounds.push((start + at + 1) as u32);
            newlines += usize::from(meaning == Meaning::Newline);
        }
    }
    Found { newlines, inside: state == State::Quoted }
}
