//! Where records begin in the middle of a file.
//!
//! From the middle nobody can tell whether a newline stands inside quotes. A guess tries both states on a window of the file and takes
//! the one under which the following records look right (Ge et al., "Speculative Distributed CSV Data Parsing for Big Data Analytics",
//! 2019); the partition before proves or disproves it. A disproved guess makes the run begin again with the exact starts.

use frame_core::{DataError, Error, Result};

use super::records::LastRecord;
use super::structure::{Marks, Meaning, PADDING, State};
use super::table::Opened;

const WINDOW_MIN: u64 = 64 << 10;
const WINDOW_MAX: u64 = 16 << 20;

/// The first record start at or behind `place`, as far as a look at the bytes from there can tell; the end of the file if there is none.
pub(super) fn guess(table: &Opened, place: u64) -> Result<u64> {
    if place <= table.data_start {
        return Ok(table.data_start);
    }
    let len = table.file.len();
    let from = place - 1;
    let mut window = WINDOW_MIN;
    loop {
        let mut bytes = vec![0; window.min(len - from) as usize];
        table.file.read_exact_at(&mut bytes, from)?;
        let is_all = from + bytes.len() as u64 == len;
        match guess_in(&bytes, table.scanner.marks(), table.columns.len()) {
            Some(at) => return Ok(from + at as u64),
            None if is_all => return Ok(len),
            None if window >= WINDOW_MAX => return Ok(first_newline(&bytes).map_or(len, |at| from + at as u64)),
            None => window *= 8,
        }
    }
}

fn first_newline(bytes: &[u8]) -> Option<usize> {
    memchr::memchr(b'\n', bytes).map(|at| at + 1)
}

/// How well a window reads if its first byte stands in a given state.
struct Reading {
    state: State,
    start: Option<usize>,
    faults: usize,
    /// Fields of the record in hand, and where it begins.
    fields: usize,
    record: usize,
}

/// The first record start in a window, under the likelier of the two states in which its first byte can stand.
fn guess_in(bytes: &[u8], marks: Marks, fields: usize) -> Option<usize> {
    /// Bytes to read before both readings are compared.
    const STEP: usize = 1 << 10;
    if memchr::memchr(marks.quote, bytes).is_none() {
        // What begins inside quotes would never leave them.
        return first_newline(bytes);
    }
    let state = if bytes.first() == Some(&marks.quote) { State::Start } else { State::Plain };
    let (mut outside, mut inside) = (Reading::new(state), Reading::new(State::Quoted));
    for from in (0..bytes.len()).step_by(STEP) {
        let step = &bytes[from..bytes.len().min(from + STEP)];
        outside.read(step, from, marks, fields);
        inside.read(step, from, marks, fields);
        // Usually the wrong one gets into step at the end of a quoted field: from there on both find the same faults.
        if outside.goes_on_like(&inside) {
            break;
        }
    }
    let inside_is_likelier = inside.faults < outside.faults && inside.start.is_some();
    if inside_is_likelier { inside.start } else { outside.start }
}

impl Reading {
    fn new(state: State) -> Self {
        Self { state, start: None, faults: 0, fields: 1, record: 0 }
    }

    /// Whether both find the same in what follows.
    fn goes_on_like(&self, other: &Self) -> bool {
        let is_under_way = self.start.is_some() && other.start.is_some();
        is_under_way && (self.state, self.fields, self.record) == (other.state, other.fields, other.record)
    }

    /// Reads on with `bytes`, which begin at `from` of the window.
    fn read(&mut self, bytes: &[u8], from: usize, marks: Marks, fields: usize) {
        for (at, byte) in (from..).zip(bytes) {
            let (meaning, next) = self.state.step(*byte, marks);
            // Quotes in plain fields, and text behind closed ones, are legal but rare: under the wrong state they are everywhere.
            let is_odd = self.state == State::Plain && *byte == marks.quote
                || self.state == State::Closing && meaning == Meaning::Text && *byte != marks.quote && *byte != b'\r';
            self.faults += usize::from(is_odd && at > 0);
            self.state = next;
            match meaning {
                Meaning::Text => {}
                Meaning::Delimiter => self.fields += 1,
                Meaning::Newline => {
                    let is_blank = at <= self.record + 1 && self.fields == 1;
                    self.faults += usize::from(self.start.is_some() && self.fields != fields && !is_blank);
                    self.start.get_or_insert(at + 1);
                    (self.fields, self.record) = (1, at + 1);
                }
            }
        }
    }
}

/// The first record start at or behind each of `places` (ascending), found by reading the file from its start.
pub(super) fn exact(table: &Opened, places: &[u64]) -> Result<Vec<u64>> {
    const CHUNK: usize = 1 << 20;
    let len = table.file.len();
    let mut starts = Vec::with_capacity(places.len());
    let mut bytes = Vec::new();
    let mut bounds = Vec::new();
    let mut offset = table.data_start;
    let mut chunk = CHUNK;
    let mut wanted = places.iter().copied().peekable();
    while let Some(place) = wanted.next_if(|place| *place <= table.data_start) {
        starts.push(place.max(table.data_start));
    }
    while wanted.peek().is_some() && offset < len {
        let size = (chunk as u64).min(len - offset) as usize;
        bytes.clear();
        bytes.resize(size + PADDING, 0);
        table.file.read_exact_at(&mut bytes[..size], offset)?;
        let found = table.scanner.scan(&bytes, 0, size, &mut bounds);
        let newlines: Vec<u32> = bounds[1..].iter().copied().filter(|bound| bytes[*bound as usize - 1] == b'\n').collect();
        debug_assert_eq!(newlines.len(), found.newlines);
        let Some(last) = newlines.last() else {
            if offset + size as u64 == len {
                break;
            }
            chunk = LastRecord::grown(chunk).ok_or_else(|| too_large(table, offset))?;
            continue;
        };
        while let Some(place) = wanted.next_if(|place| *place <= offset + u64::from(*last)) {
            let at = newlines.partition_point(|newline| offset + u64::from(*newline) < place);
            starts.push(offset + u64::from(newlines[at]));
        }
        offset += u64::from(*last);
        chunk = CHUNK;
    }
    starts.extend(wanted.map(|_| len));
    Ok(starts)
}

fn too_large(table: &Opened, byte: u64) -> Error {
    let position = crate::position::locate(table.file.as_ref(), byte, None);
    Error::new(DataError::RecordTooLarge { position, limit: LastRecord::BYTES_MAX as u64 })
}
