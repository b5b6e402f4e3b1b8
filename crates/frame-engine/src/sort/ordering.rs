//! The order of rows, found in numbers made of the bytes that tell their keys apart.
//!
//! Keys are bytes that sort, of which no key begins with all of another one (`arrow-row`), often with many that all of them share. Eight
//! bytes that differ make a number for each row. Rows are spread over buckets between numbers of a sample, so that those of a bucket are in
//! the cache while they are sorted (samplesort: Frazer and McKellar, JACM 17, 1970), and rows with equal numbers are sorted by the bytes
//! behind. So a key is fetched from memory once for eight bytes, where comparing keys would fetch two for each comparison.

use std::ops::Range;

use arrow::row::Rows;
use frame_core::{CancelToken, Result};
use frame_graph::Scheduler;

use crate::narrow::Place;
use crate::spans::Spans;

/// Rows that are spread over buckets as one task.
const CHUNK_ROWS: usize = 1 << 16;

/// Rows of a bucket, about.
const BUCKET_ROWS: usize = 1 << 15;

/// More buckets than this are too many places to write to at once.
const BUCKETS_MAX: usize = 1 << 10;

/// Rows of the sample for each bucket.
const SAMPLED: usize = 16;

/// The bytes of keys that are looked at. Rows that are equal in all of them are compared by what is behind.
const LOOKED_AT: usize = 256;

/// Bytes that a row takes while the order of rows is found: in its chunk, and in its bucket while that is sorted, which may have all rows.
pub(super) const ORDER_BYTES: usize = 2 * size_of::<Entry>();

/// A row with some bytes of its key.
#[derive(Debug, Clone, Copy)]
struct Entry {
    telling: u64,
    /// The batch in the upper half, the row in the lower one.
    place: u64,
}

impl Entry {
    fn new((batch, row): Place, telling: u64) -> Self {
        Self { telling, place: u64::from(batch) << 32 | u64::from(row) }
    }

    fn place(place: u64) -> Place {
        ((place >> 32) as u32, place as u32)
    }

    /// What entries are sorted by: those of equal numbers as they come.
    fn rank(&self) -> u128 {
        u128::from(self.telling) << 64 | u128::from(self.place)
    }
}

/// The rows of some batches by their keys; those with equal keys as they come.
///
/// # Errors
/// `Cancelled`.
pub(crate) fn ordered(keys: &[&Rows], scheduler: &Scheduler, cancel: &CancelToken) -> Result<Vec<Place>> {
    let all: Vec<Range<usize>> = keys.iter().map(|keys| 0..keys.num_rows()).collect();
    ordered_parts(keys, &all, scheduler, cancel)
}

/// Some rows of each of some batches, in order.
///
/// # Errors
/// `Cancelled`.
pub(super) fn ordered_parts(keys: &[&Rows], parts: &[Range<usize>], scheduler: &Scheduler, cancel: &CancelToken) -> Result<Vec<Place>> {
    let rows: usize = parts.iter().map(ExactSizeIterator::len).sum();
    let chunks = chunks(parts);
    let seen = scheduler.map(chunks.len(), |chunk| {
        cancel.check()?;
        Ok(Seen::of(places(&chunks[chunk]).map(|place| key(keys, place))))
    })?;
    let Some(seen) = seen.into_iter().flatten().reduce(Seen::join) else { return Ok(Vec::new()) };
    let telling = seen.telling();
    let Some((first, behind)) = telling.split_first() else { return Ok(chunks.iter().flat_map(|chunk| places(chunk)).collect()) };
    let splitters = splitters(keys, &chunks, rows, first);
    let chunks = scheduler.map(chunks.len(), |chunk| {
        cancel.check()?;
        Ok(Spread::new(keys, &chunks[chunk], first, &splitters))
    })?;
    let buckets: Vec<Vec<u64>> = scheduler.map(splitters.len() + 1, |bucket| {
        cancel.check()?;
        let mut entries = Vec::with_capacity(chunks.iter().map(|chunk| chunk.bucket(bucket).len()).sum());
        chunks.iter().for_each(|chunk| entries.extend_from_slice(chunk.bucket(bucket)));
        sort(&mut entries, keys, first, behind);
        // Of a bucket that has most rows they take the room of the entries, which is not given back.
        let has_most = entries.len() > rows / 4;
        Ok(if has_most {
            entries.into_iter().map(|entry| entry.place).collect()
        } else {
            entries.iter().map(|entry| entry.place).collect()
        })
    })?;
    drop(chunks);
    let mut order = Vec::with_capacity(rows);
    buckets.iter().for_each(|bucket| order.extend(bucket.iter().map(|place| Entry::place(*place))));
    Ok(order)
}

/// The key of a row.
#[inline]
fn key<'a>(keys: &[&'a Rows], (batch, row): Place) -> &'a [u8] {
    keys[batch as usize].row(row as usize).data()
}

/// Rows of batches: the number of the batch, and which rows of it.
type Part = (u32, Range<usize>);

/// The rows in a chunk.
fn places(chunk: &[Part]) -> impl Iterator<Item = Place> {
    chunk.iter().flat_map(|(batch, rows)| rows.clone().map(|row| (*batch, row as u32)))
}

/// All rows in chunks of about equal size.
fn chunks(parts: &[Range<usize>]) -> Vec<Vec<Part>> {
    let (mut chunks, mut chunk, mut rows) = (Vec::new(), Vec::new(), 0);
    for (batch, part) in (0..).zip(parts) {
        let mut start = part.start;
        while start < part.end {
            let end = part.end.min(start + CHUNK_ROWS - rows);
            chunk.push((batch, start..end));
            rows += end - start;
            start = end;
            if rows == CHUNK_ROWS {
                chunks.push(std::mem::take(&mut chunk));
                rows = 0;
            }
        }
    }
    chunks.push(chunk);
    chunks
}

/// The numbers between buckets, each of which is the least of its bucket.
fn splitters(keys: &[&Rows], chunks: &[Vec<Part>], rows: usize, telling: &Telling) -> Vec<u64> {
    let buckets = (rows / BUCKET_ROWS).min(BUCKETS_MAX);
    if buckets < 2 {
        return Vec::new();
    }
    let step = rows / (buckets * SAMPLED);
    let all = chunks.iter().flat_map(|chunk| places(chunk).step_by(step));
    let mut sample: Vec<u64> = all.map(|place| telling.number(key(keys, place))).collect();
    sample.sort_unstable();
    let mut splitters: Vec<u64> = (1..buckets).map(|bucket| sample[bucket * sample.len() / buckets]).collect();
    splitters.dedup();
    splitters
}

/// The rows of a chunk by bucket.
struct Spread {
    entries: Vec<Entry>,
    spans: Spans,
}

impl Spread {
    fn new(keys: &[&Rows], chunk: &[Part], telling: &Telling, splitters: &[u64]) -> Self {
        let came: Vec<Entry> = places(chunk).map(|place| Entry::new(place, telling.number(key(keys, place)))).collect();
        if splitters.is_empty() {
            return Self { spans: Spans::of(vec![came.len()]).0, entries: came };
        }
        let buckets: Vec<u16> = came.iter().map(|entry| splitters.partition_point(|least| *least <= entry.telling) as u16).collect();
        let mut counts = vec![0; splitters.len() + 1];
        buckets.iter().for_each(|bucket| counts[usize::from(*bucket)] += 1);
        let (spans, mut next) = Spans::of(counts);
        let mut entries = came.clone();
        for (entry, bucket) in came.into_iter().zip(buckets) {
            let at = &mut next[usize::from(bucket)];
            entries[*at] = entry;
            *at += 1;
        }
        Self { entries, spans }
    }

    fn bucket(&self, at: usize) -> &[Entry] {
        &self.entries[self.spans.get(at)]
    }
}

/// Sorts rows by the numbers that they have, which are of some bytes of their keys; where these are equal by the bytes behind.
fn sort(entries: &mut [Entry], keys: &[&Rows], telling: &Telling, behind: &[Telling]) {
    let key = |entry: &Entry| key(keys, Entry::place(entry.place));
    if let Telling::Rest = telling {
        let rest = |entry: &Entry| key(entry).get(LOOKED_AT..).unwrap_or_default();
        entries.sort_unstable_by(|a, b| rest(a).cmp(rest(b)).then(a.place.cmp(&b.place)));
        return;
    }
    entries.sort_unstable_by_key(Entry::rank);
    let Some((next, behind)) = behind.split_first() else { return };
    for equal in entries.chunk_by_mut(|a, b| a.telling == b.telling).filter(|equal| equal.len() > 1) {
        equal.iter_mut().for_each(|entry| entry.telling = next.number(key(entry)));
        sort(equal, keys, next, behind);
    }
}

/// How some keys differ in the bytes that are looked at.
struct Seen {
    /// The bytes of the first key.
    first: [u8; LOOKED_AT],
    /// The bits in which any key differs from it.
    differing: [u8; LOOKED_AT],
    /// The lengths of the shortest and the longest key.
    shortest: usize,
    longest: usize,
}

impl Seen {
    /// None of no keys.
    fn of<'a>(mut keys: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        let first = keys.next()?;
        let mut seen = Self { first: [0; LOOKED_AT], differing: [0; LOOKED_AT], shortest: first.len(), longest: first.len() };
        seen.first.iter_mut().zip(first).for_each(|(to, byte)| *to = *byte);
        for key in keys {
            seen.shortest = seen.shortest.min(key.len());
            seen.longest = seen.longest.max(key.len());
            seen.differing.iter_mut().zip(&seen.first).zip(key).for_each(|((differing, a), b)| *differing |= a ^ b);
        }
        Some(seen)
    }

    /// The same of these keys and of others.
    fn join(mut self, other: Self) -> Self {
        for at in 0..LOOKED_AT {
            self.differing[at] |= other.differing[at] | self.first[at] ^ other.first[at];
        }
        Self { shortest: self.shortest.min(other.shortest), longest: self.longest.max(other.longest), ..self }
    }

    /// The bytes that tell the keys apart, eight by eight.
    fn telling(&self) -> Vec<Telling> {
        let tells = |place: &usize| *place >= self.shortest || self.differing[*place] != 0;
        let places: Vec<usize> = (0..self.longest.min(LOOKED_AT)).filter(tells).collect();
        let mut telling: Vec<Telling> = places.chunks(size_of::<u64>()).map(Telling::new).collect();
        if self.longest > LOOKED_AT {
            telling.push(Telling::Rest);
        }
        telling
    }
}

/// Bytes of keys that make a number.
enum Telling {
    /// Eight one behind the other.
    Word(usize),
    /// At most eight at some places.
    Places(Vec<usize>),
    /// More bytes than a number has: all behind those that are looked at.
    Rest,
}

impl Telling {
    /// Bytes at some places, which ascend. Those between them are the same in all keys.
    fn new(places: &[usize]) -> Self {
        match places {
            [first, .., last] if last - first < size_of::<u64>() => Self::Word(*first),
            _ => Self::Places(places.to_vec()),
        }
    }

    /// A number that orders as the keys do, as far as it reaches. Where a key has no byte there is a zero.
    #[inline]
    fn number(&self, key: &[u8]) -> u64 {
        let join = |number: u64, place: usize| number << 8 | u64::from(key.get(place).copied().unwrap_or_default());
        match self {
            Self::Word(first) => match key.get(*first..).and_then(<[u8]>::first_chunk) {
                Some(word) => u64::from_be_bytes(*word),
                None => (*first..*first + size_of::<u64>()).fold(0, join),
            },
            Self::Places(places) => places.iter().copied().fold(0, join),
            Self::Rest => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray, UInt32Array};
    use arrow::row::{RowConverter, SortField};
    use proptest::prelude::*;

    use super::*;

    fn rows(columns: &[ArrayRef]) -> Rows {
        let fields = columns.iter().map(|column| SortField::new(column.data_type().clone()));
        RowConverter::new(fields.collect()).and_then(|converter| converter.convert_columns(columns)).expect("keys")
    }

    /// The order is that of the keys, and equal keys stay as they come.
    fn check(keys: &[&Rows], parts: &[Range<usize>], threads: &Scheduler) {
        let mut expected: Vec<Place> =
            (0..).zip(parts).flat_map(|(batch, part)| part.clone().map(move |row| (batch, row as u32))).collect();
        expected.sort_by_key(|(batch, row)| keys[*batch as usize].row(*row as usize));
        assert!(ordered_parts(keys, parts, threads, &CancelToken::new()).expect("an order") == expected);
    }

    fn check_all(columns: &[ArrayRef]) {
        let keys = rows(columns);
        let all = 0..keys.num_rows();
        check(&[&keys], std::slice::from_ref(&all), &Scheduler::here());
        check(&[&keys, &keys], &[all.clone(), all.end / 3..all.end], &Scheduler::here());
    }

    proptest! {
        #[test]
        fn texts_of_any_length(texts in prop::collection::vec("(a{0,300}|)[\\x00ab]{0,20}", 0..200)) {
            check_all(&[Arc::new(StringArray::from(texts))]);
        }

        #[test]
        fn numbers_far_apart_or_not(values in prop::collection::vec(prop::option::of(-300_i64..300), 1..150), far in -1_i64..2) {
            let near: ArrayRef = Arc::new(Int64Array::from(values.clone()));
            let values: ArrayRef = Arc::new(values.into_iter().map(|value| value.map(|value| value + far * (1 << 40))).collect::<Int64Array>());
            check_all(std::slice::from_ref(&values));
            check_all(&[values, near]);
        }
    }

    #[test]
    fn more_rows_than_a_bucket_has() {
        let count = 5 * BUCKET_ROWS as u64 / 2;
        let mixed = |row: u64| row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24;
        // Many of them equal in eight bytes, or in all that are looked at and behind; one that most have.
        let texts = |row: u64| match mixed(row) % 10 {
            0..6 => format!("{}{}", "x".repeat(200), mixed(row) % 1000),
            6 => "x".repeat(300) + &(mixed(row) % 100).to_string(),
            rest => format!("eight letters and {} of {rest}", mixed(row) % 77),
        };
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..count).map(texts)));
        let few: ArrayRef = Arc::new(Int64Array::from_iter_values((0..count).map(|row| (mixed(row) % 90) as i64)));
        let ascending: ArrayRef = Arc::new(UInt32Array::from_iter_values(0..count as u32));
        let long: ArrayRef = Arc::new(StringArray::from_iter_values((0..99).map(|row| format!("{}{}", "x".repeat(300), mixed(row) % 50))));
        check_all(&[long]);
        let threads = Scheduler::new(2).expect("threads");
        for columns in [vec![texts.clone()], vec![few.clone(), texts], vec![few], vec![ascending]] {
            let keys = rows(&columns);
            let all = 0..count as usize;
            check(&[&keys], std::slice::from_ref(&all), &threads);
            check(&[&keys, &keys, &keys], &[7..all.end, 0..0, 5..99], &threads);
        }
        let cancel = CancelToken::new();
        cancel.cancel();
        let keys = rows(&[Arc::new(Int64Array::from(vec![1, 2]))]);
        let error = ordered(&[&keys], &threads, &cancel).expect_err("cancelled");
        assert!(matches!(error.kind(), frame_core::ErrorKind::Cancelled));
    }
}
