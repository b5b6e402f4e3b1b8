//! Where the rows of a text stand: their lines and bytes, counted only if a query asks for them.

use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, Int64Array};
use frame_core::{Result, Spot};

use crate::ReadAt;

/// Bytes between the places of a file at which the lines in front are remembered.
const STEP: u64 = 8 << 20;
/// Bytes that are read at a time.
const READ_BYTES: u64 = 1 << 20;

/// How many newlines lie in front of a byte of a file, for whoever begins in its middle: each stretch of it is counted once.
#[derive(Debug, Default)]
pub(crate) struct Newlines {
    /// The newlines in front of each multiple of the step, but the first.
    known: Mutex<Vec<u64>>,
}

impl Newlines {
    /// The newlines in front of `byte`.
    fn before(&self, file: &dyn ReadAt, byte: u64) -> Result<u64> {
        let steps = (byte / STEP) as usize;
        let mut known = self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        while known.len() < steps {
            let from = known.len() as u64 * STEP;
            let count = known.last().copied().unwrap_or(0) + count(file, from, from + STEP)?;
            known.push(count);
        }
        let before = steps.checked_sub(1).map_or(0, |step| known[step]);
        drop(known);
        Ok(before + count(file, steps as u64 * STEP, byte)?)
    }
}

fn count(file: &dyn ReadAt, mut from: u64, to: u64) -> Result<u64> {
    let mut buffer = vec![0; (to - from).min(READ_BYTES) as usize];
    let mut newlines = 0;
    while from < to {
        let size = (to - from).min(READ_BYTES) as usize;
        file.read_exact_at(&mut buffer[..size], from)?;
        newlines += memchr::memchr_iter(b'\n', &buffer[..size]).count() as u64;
        from += size as u64;
    }
    Ok(newlines)
}

/// The spots of the rows that a reader goes through.
#[derive(Debug)]
pub(crate) struct Spots {
    wanted: Vec<Spot>,
    /// A byte of the file, and how many lines of the input lie in front of it.
    byte: u64,
    lines: u64,
    /// The byte of the input at which the file begins.
    origin: u64,
}

impl Spots {
    /// Begins at byte `start` of a file.
    ///
    /// # Errors
    /// What reading the file up to there can fail with, if lines are wanted.
    pub(crate) fn new(wanted: &[Spot], file: &dyn ReadAt, start: u64, newlines: &Newlines) -> Result<Self> {
        let (origin, lines) = file.origin();
        let lines = if wanted.contains(&Spot::Line) && !file.is_turned() { lines + newlines.before(file, start)? } else { lines };
        Ok(Self { wanted: wanted.to_vec(), byte: start, lines, origin })
    }

    /// Counts the lines of a chunk up to `end`; byte 0 of the chunk is byte `offset` of the file.
    pub(crate) fn pass(&mut self, chunk: &[u8], offset: u64, end: usize) {
        if !self.wanted.contains(&Spot::Line) {
            return;
        }
        let start = self.byte.wrapping_sub(offset) as usize;
        if let Some(passed) = chunk.get(start..end) {
            self.lines += memchr::memchr_iter(b'\n', passed).count() as u64;
            self.byte = offset.wrapping_add(end as u64);
        }
    }

    /// A column for each spot of the rows that begin at `starts` of a chunk, ascending.
    pub(crate) fn of_rows(&mut self, file: &dyn ReadAt, chunk: &[u8], offset: u64, starts: impl Iterator<Item = usize>) -> Vec<ArrayRef> {
        if self.wanted.is_empty() {
            return Vec::new();
        }
        let (mut lines, mut bytes) = (Vec::new(), Vec::new());
        for start in starts {
            if file.is_turned() {
                let place = file.place(offset.wrapping_add(start as u64));
                lines.push(place.map(|(_, lines)| lines as i64 + 1));
                bytes.push(place.map(|(byte, _)| byte as i64));
                continue;
            }
            self.pass(chunk, offset, start);
            lines.push(Some(self.lines as i64 + 1));
            bytes.push(Some(self.origin.wrapping_add(offset).wrapping_add(start as u64) as i64));
        }
        let column =
            |spot: &Spot| -> ArrayRef { Arc::new(Int64Array::from(if *spot == Spot::Line { lines.clone() } else { bytes.clone() })) };
        self.wanted.iter().map(column).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryFile;

    #[test]
    fn newlines_are_counted_from_any_place() {
        let text: Vec<u8> = (0..3 * STEP as usize / 2).map(|at| if at % 7 == 3 { b'\n' } else { b'x' }).collect();
        let file = MemoryFile::new("t", text.clone());
        let newlines = Newlines::default();
        for byte in [STEP + 5, 0, 4, STEP - 1, STEP, 3 * STEP / 2] {
            let expected = text[..byte as usize].iter().filter(|byte| **byte == b'\n').count() as u64;
            assert_eq!(newlines.before(&file, byte).ok(), Some(expected), "{byte}");
        }
    }
}
